//go:build unix

package nowait_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// TestWriteLast: what is written last arrives in front of the end, and by itself when no end follows; errors are those of Write.
func TestWriteLast(t *testing.T) {
	begin := func(t *testing.T) (*net.TCPConn, *nowait.Conn) {
		t.Helper()
		peer, raw := netx.Loopback(t)
		ours := new(nowait.Conn)
		ours.Init(raw)
		if err := errors.Join(peer.SetDeadline(time.Now().Add(20*time.Second)), ours.SetDeadline(time.Now().Add(20*time.Second))); err != nil {
			t.Fatal(err)
		}
		return peer, ours
	}
	t.Run("close follows", func(t *testing.T) {
		peer, ours := begin(t)
		if _, err := ours.Write([]byte("one, ")); err != nil {
			t.Fatal(err)
		}
		n, err := ours.WriteLast([]byte("two"))
		if err = errors.Join(err, ours.Close()); err != nil || n != len("two") {
			t.Fatal(n, err)
		}
		if b, err := io.ReadAll(peer); err != nil || string(b) != "one, two" {
			t.Errorf("%q, %v", b, err)
		}
		if n, err := ours.WriteLast([]byte("x")); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("behind Close: %d, %v", n, err)
		}
	})
	t.Run("nothing follows", func(t *testing.T) {
		peer, ours := begin(t)
		if _, err := ours.WriteLast([]byte("word")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, len("word"))
		if _, err := io.ReadFull(peer, buf); err != nil || string(buf) != "word" {
			t.Errorf("%q, %v", buf, err)
		}
	})
	t.Run("another write follows", func(t *testing.T) { // the flag is of one write
		peer, ours := begin(t)
		if _, err := ours.WriteLast([]byte("a")); err != nil {
			t.Fatal(err)
		}
		if _, err := ours.Write([]byte("b")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 2)
		if _, err := io.ReadFull(peer, buf); err != nil || string(buf) != "ab" {
			t.Errorf("%q, %v", buf, err)
		}
	})
}
