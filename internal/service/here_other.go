//go:build !linux && !windows

package service

import (
	"context"
	"os"
)

// Here is the manager of this machine.
func Here() (Manager, error) { return nil, ErrSystem }

// Run runs the program with the process's arguments.
func Run(program func(ctx context.Context, args []string) int) int {
	return program(context.Background(), os.Args[1:])
}
