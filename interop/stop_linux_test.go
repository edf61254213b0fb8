package interop

import (
	"syscall"
	"testing"
)

// TestSignalStops: behind SIGSTOP a program that is busy stands still, and goes on when it is told to.
func TestSignalStops(t *testing.T) {
	t.Parallel()
	p := Start(t, t.TempDir(), nil, "sh", "-c", "echo busy; while :; do :; done")
	p.Await("busy")
	for range 3 {
		p.Signal(syscall.SIGSTOP)
		if !stopped(p.PID()) {
			t.Error("it goes on")
		}
		p.Signal(syscall.SIGCONT)
	}
	p.Kill()
	if !stopped(p.PID()) {
		t.Error("one that has ended does not stand still")
	}
}
