//go:build unix

package netend

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/netx"
)

// around is a wrapper such as those of carried connections.
type around struct{ net.Conn }

func (a around) Below() net.Conn { return a.Conn }

// pair gives two ends of a loopback connection, bounded in time.
func pair(t *testing.T) (peer, ours *net.TCPConn) {
	t.Helper()
	peer, ours = netx.Loopback(t)
	for _, c := range []net.Conn{peer, ours} {
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	return peer, ours
}

// TestReset: behind a reset of which a write was told, the read's io.EOF is a loss; behind a FIN it is an end.
func TestReset(t *testing.T) {
	t.Run("reset", func(t *testing.T) {
		peer, ours := pair(t)
		if err := errors.Join(peer.SetLinger(0), peer.Close()); err != nil {
			t.Fatal(err)
		}
		var err error
		for err == nil { // the write that is told
			_, err = ours.Write([]byte("x"))
		}
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Fatal(err)
		}
		if _, err := ours.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Fatalf("read gives %v: this system tells of a reset more than once", err)
		}
		if !Reset(ours) || !Reset(around{around{ours}}) {
			t.Error("the loss shows as an end")
		}
	})
	t.Run("end", func(t *testing.T) {
		peer, ours := pair(t)
		if err := peer.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := ours.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if Reset(ours) || Reset(around{ours}) {
			t.Error("an end in order shows as a loss")
		}
	})
	t.Run("closed", func(t *testing.T) {
		_, ours := pair(t)
		ours.Close()
		if Reset(ours) {
			t.Error("our own close shows as a loss")
		}
	})
	t.Run("none of the system's", func(t *testing.T) {
		a, b := net.Pipe()
		a.Close()
		b.Close()
		if Reset(b) {
			t.Error("a pipe was reset")
		}
	})
}
