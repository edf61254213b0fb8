//go:build !linux

package interop

import (
	"os"
	"os/exec"
)

// ownGroup has nothing to set here.
func ownGroup(*exec.Cmd) {}

// killGroup ends a program.
func killGroup(p *os.Process) error { return p.Kill() }
