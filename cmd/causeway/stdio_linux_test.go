package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// TestStdioEnds: 'forward --bind -' ends by itself, without a word, once nobody reads what it writes, and by a signal, although its input goes
// on and nothing comes.
func TestStdioEnds(t *testing.T) {
	w := newWard(t)
	w.stop()
	w.gone()
	target := w.service(func(conn net.Conn) {
		_, _ = conn.Write([]byte("here\n"))
		_, _ = io.Copy(io.Discard, conn)
	})
	listener := w.command("causeway", "listen", "hyco", "--target", "tcp://"+target, "-o", "json")
	lines, err := listener.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.lineOf(listener, lines, "listener.connected")

	for _, by := range []struct {
		what string
		sign os.Signal
	}{{"nobody reads", nil}, {"interrupt", os.Interrupt}, {"hang-up", syscall.SIGHUP}} {
		if by.sign == syscall.SIGHUP && signal.Ignored(syscall.SIGHUP) {
			continue // as below nohup: then it is ignored there too
		}
		forward := w.command("causeway", "forward", "hyco", "--bind", "-")
		in, say, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		hear, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		var talk bytes.Buffer
		forward.Stdin, forward.Stdout, forward.Stderr = in, out, &talk
		if err := forward.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = in.Close(), out.Close() // they are the command's now
		bound := time.AfterFunc(patience, func() { _ = forward.Process.Kill() })
		var word [5]byte
		if _, err := io.ReadFull(hear, word[:]); err != nil || string(word[:]) != "here\n" {
			t.Fatalf("%s: %q, %v", by.what, word, err)
		}
		if by.sign == nil {
			hear.Close()
		} else if err := forward.Process.Signal(by.sign); err != nil {
			t.Fatal(err)
		}
		_ = forward.Wait()
		bound.Stop()
		if code := forward.ProcessState.ExitCode(); code != 1 || talk.Len() != 0 {
			t.Errorf("%s: exit code %d (%v): %s", by.what, code, forward.ProcessState, talk.String())
		}
		_, _ = say.Close(), hear.Close()
	}
}
