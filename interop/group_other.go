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

// stops is false: no test here stops a program.
func stops(os.Signal) bool { return false }

func stopped(int) bool { return true }
