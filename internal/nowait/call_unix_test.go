//go:build unix

package nowait_test

import (
	"errors"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// on does f with the descriptor of a connection, waiting for what f waits for until it reports true.
func on(t *testing.T, conn *net.TCPConn, f func(fd uintptr) bool) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err == nil {
		err = raw.Read(f)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestCalls: the bare calls say when there is nothing, give what there is, leave it where they only look, and know the end.
func TestCalls(t *testing.T) {
	peer, ours := netx.Loopback(t)
	_ = ours.SetDeadline(time.Now().Add(patience))
	p := make([]byte, 2*nowait.Most)
	on(t, ours, func(fd uintptr) bool {
		if n, err := nowait.Read(fd, p); n != 0 || err != nowait.ErrNothing {
			t.Errorf("a read of nothing: %d, %v", n, err)
		}
		if err := nowait.Peek(fd, p[:1]); err != nowait.ErrNothing {
			t.Errorf("a look at nothing: %v", err)
		}
		return true
	})
	if err := errors.Join(write(peer, "hello"), peer.CloseWrite()); err != nil {
		t.Fatal(err)
	}
	var looks int
	on(t, ours, func(fd uintptr) bool {
		err := nowait.Peek(fd, p)
		looks++
		if err != nil && err != nowait.ErrNothing {
			t.Errorf("a look: %v", err)
		}
		return err == nil
	})
	if looks == 0 {
		t.Error("nobody looked")
	}
	read := func(p []byte, want string, end error) {
		t.Helper()
		on(t, ours, func(fd uintptr) bool {
			n, err := nowait.Read(fd, p)
			if err == nowait.ErrNothing {
				return false
			}
			if string(p[:n]) != want || err != end {
				t.Errorf("read %q, %v", p[:n], err)
			}
			return true
		})
	}
	read(p[:2], "he", nil)
	read(p, "llo", nil)
	read(p, "", io.EOF)
	read(p[:1], "", io.EOF)
	on(t, ours, func(fd uintptr) bool {
		if err := nowait.Peek(fd, p[:1]); err != io.EOF {
			t.Errorf("a look at the end: %v", err)
		}
		return true
	})
}

// TestCallsFindNoRoom: Write gives what there is room for, and then that there is none; short or long.
func TestCallsFindNoRoom(t *testing.T) {
	for _, most := range []int{1 << 10, nowait.Most, 2 * nowait.Most} {
		peer, ours := netx.Loopback(t)
		_ = peer.SetDeadline(time.Now().Add(patience))
		var sent []byte
		raw, err := ours.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		err = raw.Control(func(fd uintptr) {
			for {
				p := pattern(len(sent), most)
				n, err := nowait.Write(fd, p)
				sent = append(sent, p[:n]...)
				if err == nowait.ErrNothing {
					return
				} else if err != nil || n == 0 {
					t.Errorf("a write: %d, %v", n, err)
					return
				}
			}
		})
		if err := errors.Join(err, ours.CloseWrite()); err != nil {
			t.Fatal(err)
		}
		arrives(t, peer, sent)
	}
}

// TestCallsOnALoss: a reset is the kernel's error under the name of the call.
func TestCallsOnALoss(t *testing.T) {
	peer, ours := netx.Loopback(t)
	_ = ours.SetDeadline(time.Now().Add(patience))
	if err := errors.Join(peer.SetLinger(0), peer.Close()); err != nil {
		t.Fatal(err)
	}
	on(t, ours, func(fd uintptr) bool {
		err := nowait.Peek(fd, make([]byte, 1))
		if err == nowait.ErrNothing {
			return false
		}
		if call, ok := errors.AsType[*os.SyscallError](err); !ok || call.Syscall != "recvfrom" || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a look: %v", err)
		}
		_, err = nowait.Write(fd, []byte("x"))
		if call, ok := errors.AsType[*os.SyscallError](err); !ok || call.Syscall != "write" || !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a write: %v", err)
		}
		return true
	})
}

// TestNoBrokenPipeSignal: a write to a peer that has gone is an error, and no signal to the program, which may wait for that one for its
// standard output.
func TestNoBrokenPipeSignal(t *testing.T) {
	if !nowait.Better {
		t.Skip("package net writes here")
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGPIPE, syscall.SIGUSR2)
	defer signal.Stop(signals)
	peer, ours := ways[1].pair(t)
	if err := errors.Join(peer.SetLinger(0), peer.Close()); err != nil {
		t.Fatal(err)
	}
	var first error
	for first == nil {
		_, first = ours.Write([]byte("x"))
	}
	for range 2 {
		if _, err := ours.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a write: %v, behind %v", err, first)
		}
		all := net.Buffers{[]byte("x"), []byte("y")}
		if _, err := nowait.Gather(ours, &all); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a gathered write: %v", err)
		}
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR2); err != nil { // behind which no other is under way
		t.Fatal(err)
	}
	select {
	case s := <-signals:
		if s != syscall.SIGUSR2 {
			t.Errorf("the program got %v", s)
		}
	case <-time.After(patience):
		t.Error("no signals come")
	}
}

// TestNeverWaits: a descriptor that blocks is not waited for either. Nothing in the program has one; should one come, a thread that nobody
// was told of must not stay in the kernel.
func TestNeverWaits(t *testing.T) {
	if !nowait.Better {
		t.Skip("package syscall's calls wait here")
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(pair[0])
	defer syscall.Close(pair[1])
	fd := uintptr(pair[0])
	if _, err := nowait.Read(fd, make([]byte, 1)); err != nowait.ErrNothing {
		t.Errorf("a read: %v", err)
	}
	if err := nowait.Peek(fd, make([]byte, 1)); err != nowait.ErrNothing {
		t.Errorf("a look: %v", err)
	}
	for err == nil {
		_, err = nowait.Write(fd, make([]byte, nowait.Most))
	}
	if err != nowait.ErrNothing {
		t.Errorf("a write: %v", err)
	}
}
