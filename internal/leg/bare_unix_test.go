//go:build unix

package leg

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/netx"
)

// nothingThere makes an attempt that must find nothing.
func nothingThere(t *testing.T, b *bare) {
	t.Helper()
	if err := b.raw.Control(func(fd uintptr) {
		if b.attempt(fd) {
			t.Errorf("an attempt on a quiet connection brought %d bytes, %v", b.n, b.err)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// TestIdleHoldsNoBuffer: what an idle connection costs is the point of reading this way.
func TestIdleHoldsNoBuffer(t *testing.T) {
	peer, ours := netx.Loopback(t)
	var s source
	s.init(ours, nil)
	if !s.raw.able() {
		t.Fatal("a TCP connection is read through a buffer of its own")
	}
	nothingThere(t, &s.raw)
	if s.in.buf != nil || s.in.small != nil {
		t.Error("a leg that waits from the start holds a buffer")
	}
	if _, err := peer.Write([]byte("words")); err != nil {
		t.Fatal(err)
	}
	if err := s.fill(); err != nil {
		t.Fatal(err)
	}
	if got := string(s.in.buf[s.in.start:s.in.end]); got != "words" || s.in.start < shape.Headroom {
		t.Errorf("read %q at %d", got, s.in.start)
	}
	s.in.start += 3
	nothingThere(t, &s.raw)
	if got := string(s.in.buf[s.in.start:s.in.end]); got != "ds" {
		t.Errorf("waiting lost what was unread: %q is left", got)
	}
	s.in.start = s.in.end
	nothingThere(t, &s.raw)
	if s.in.buf != nil || s.in.small != nil {
		t.Error("a leg whose bytes are used up holds a buffer")
	}
}

// TestBareEnds: an end and a loss are what they are through a net.Conn.
func TestBareEnds(t *testing.T) {
	for name, end := range map[string]func(peer, ours *net.TCPConn) error{
		"end":    func(peer, _ *net.TCPConn) error { return peer.CloseWrite() },
		"reset":  func(peer, _ *net.TCPConn) error { return errors.Join(peer.SetLinger(0), peer.Close()) },
		"closed": func(_, ours *net.TCPConn) error { return ours.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			peer, ours := netx.Loopback(t)
			var s source
			s.init(ours, nil)
			if err := end(peer, ours); err != nil {
				t.Fatal(err)
			}
			err := s.fill()
			if err == nil || errors.Is(err, io.EOF) != (name == "end") {
				t.Errorf("the read gave %v", err)
			}
		})
	}
}

// TestBareOnlyForTheKernel: TLS and connections in memory are read as they are.
func TestBareOnlyForTheKernel(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	var s source
	s.init(b, []byte("ahead"))
	if s.raw.able() {
		t.Fatal("a pipe has no descriptor")
	}
	s.in.start = s.in.end
	go a.Write([]byte("words"))
	if err := s.fill(); err != nil {
		t.Fatal(err)
	}
	if got := string(s.in.buf[s.in.start:s.in.end]); got != "words" {
		t.Errorf("read %q", got)
	}
	s.in.release()
	s.in.release()
	if s.in.buf != nil {
		t.Error("a released inbox holds a buffer")
	}
}
