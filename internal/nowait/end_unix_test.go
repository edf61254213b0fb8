//go:build unix

package nowait_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// TestCloseWrite: what is sent ends, what comes does not, and errors are those of package net, of a Conn and of package net's own.
func TestCloseWrite(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"nowait":      func(c net.Conn) net.Conn { n := new(nowait.Conn); n.Init(c.(*net.TCPConn)); return n },
		"package net": func(c net.Conn) net.Conn { return c },
	} {
		t.Run(name, func(t *testing.T) {
			peer, raw := netx.Loopback(t)
			ours := wrap(raw)
			half := ours.(interface{ CloseWrite() error })
			if err := errors.Join(peer.SetDeadline(time.Now().Add(20*time.Second)), ours.SetDeadline(time.Now().Add(20*time.Second))); err != nil {
				t.Fatal(err)
			}
			if !connected(t, ours) {
				t.Error("not connected at the beginning")
			}
			if _, err := ours.Write([]byte("last")); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(half.CloseWrite(), half.CloseWrite()); err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(peer); err != nil || string(b) != "last" {
				t.Fatalf("the peer read %q, %v", b, err)
			}
			if _, err := peer.Write([]byte("answer")); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 8)
			if n, err := ours.Read(buf); err != nil || string(buf[:n]) != "answer" || !connected(t, ours) {
				t.Fatalf("read %q, %v", buf[:n], err)
			}
			if err := errors.Join(peer.SetLinger(0), peer.Close()); err != nil {
				t.Fatal(err)
			}
			if _, err := ours.Read(buf); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
				t.Fatalf("a reset reads as %v", err)
			}
			if connected(t, ours) {
				t.Error("connected behind a reset")
			}
			lost := half.CloseWrite()
			if !errors.Is(lost, syscall.ENOTCONN) {
				t.Errorf("behind a reset: %v", lost)
			}
			closed := errors.Join(ours.Close(), half.CloseWrite())
			if !errors.Is(closed, net.ErrClosed) {
				t.Errorf("behind Close: %v", closed)
			}
			for _, err := range []error{lost, half.CloseWrite()} {
				if e, ok := errors.AsType[*net.OpError](err); !ok || e.Op != "close" || e.Net != "tcp" || e.Addr == nil || e.Source == nil {
					t.Errorf("%v is not as package net says it", err)
				}
			}
		})
	}
}

func connected(t *testing.T, conn net.Conn) (yes bool) {
	t.Helper()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { yes = nowait.Connected(fd) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return yes
}
