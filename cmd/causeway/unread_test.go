package main

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/hybrid"
)

// lineOf starts a command, gives the first line of a pipe of its, and closes the pipe. The command is killed at the end of the test, and
// ended is closed when it has ended.
func (w *ward) lineOf(cmd *exec.Cmd, pipe io.ReadCloser, wants string) (ended <-chan struct{}) {
	w.t.Helper()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	bound := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer bound.Stop()
	r := bufio.NewReader(pipe)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			w.t.Fatalf("no line like %q: %v", wants, err)
		}
		if strings.Contains(line, wants) {
			break
		}
	}
	_ = pipe.Close()
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }()
	w.t.Cleanup(func() { _ = cmd.Process.Kill(); <-done })
	return done
}

// service listens until the test ends, serves one connection after the other, and closes it then. It gives the address.
func (w *ward) service(serve func(net.Conn)) string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	w.t.Cleanup(func() { _ = l.Close(); <-over })
	return l.Addr().String()
}

// TestUnread: a node and a connector whose lines nobody reads any more go on with their work.
func TestUnread(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: Windows has no SIGPIPE")
	}
	w := newWard(t)
	w.stop()
	w.gone()
	target := w.service(func(conn net.Conn) { _, _ = conn.Write([]byte("here")) })
	listener := w.command("causeway", "listen", "hyco", "--target", "tcp://"+target, "-o", "json")
	out, err := listener.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	ended := w.lineOf(listener, out, "listener.connected")
	for n := range 3 { // each of them is a line that nobody reads
		conn, err := hybrid.Dial(t.Context(), w.ready.ConnectionString, hybrid.WithEntity("hyco"), hybrid.WithCAFile(w.ready.CAFile))
		if err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		got, err := io.ReadAll(conn)
		if string(got) != "here" {
			t.Fatalf("connection %d: %q, %v", n, got, err)
		}
		_ = conn.Close()
	}
	w.endsWell(listener, ended)

	node := w.command("causeway", "serve", "--data", t.TempDir(), "--https", "127.0.0.1:0", "--http", "off", "--admin", "off", "--ready-file", "unread.json")
	log, err := node.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	ended = w.lineOf(node, log, "msg=ready")
	w.endsWell(node, ended) // it tells its log that it drains
}

// endsWell ends a command by a signal, and wants that this was its end.
func (w *ward) endsWell(cmd *exec.Cmd, ended <-chan struct{}) {
	w.t.Helper()
	_ = cmd.Process.Signal(syscall.SIGTERM) // of one that has ended already is told below
	select {
	case <-ended:
	case <-time.After(patience):
		w.t.Fatalf("%v does not end", cmd.Args)
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		w.t.Errorf("%v: exit code %d: %v", cmd.Args, code, cmd.ProcessState)
	}
}
