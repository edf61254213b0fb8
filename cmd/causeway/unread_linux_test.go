package main

import (
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestUnreadEnds: a command whose work is its output ends as soon as nobody reads that, whether it would ever write again or not. Elsewhere
// than on Linux it ends with its next write.
func TestUnreadEnds(t *testing.T) {
	w := newWard(t)
	tail := w.command("causeway", "tail", "--after", "none") // begins with what has happened, and then nothing does
	out, err := tail.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.endsUnread(tail, w.lineOf(tail, out, "entity.created"))

	tap := w.command("causeway", "tap", "hyco")
	if out, err = tap.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	talk, err := tap.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	ended := w.lineOf(tap, talk, "from now on")
	_ = out.Close() // before it has written anything
	w.endsUnread(tap, ended)
}

// endsUnread wants that a command ends by the signal of an output that nobody reads.
func (w *ward) endsUnread(cmd *exec.Cmd, ended <-chan struct{}) {
	w.t.Helper()
	select {
	case <-ended:
	case <-time.After(patience):
		w.t.Fatalf("%v does not end", cmd.Args)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGPIPE {
		w.t.Errorf("%v: %v", cmd.Args, cmd.ProcessState)
	}
}
