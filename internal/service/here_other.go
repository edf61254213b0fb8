//go:build !linux && !windows

package service

import "context"

// Here is the manager of this machine.
func Here() (Manager, error) { return nil, ErrSystem }

// Run runs the program.
func Run(program func(context.Context) int) int { return program(context.Background()) }
