//go:build unix

package leg

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg/park"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// TestWatchLeaves: what a peer says on a connection of the kernel's while it is watched is left there, and comes in one piece: one read, one
// message.
func TestWatchLeaves(t *testing.T) {
	const words = "what was said before there was a listener"
	frame := wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: wsframe.Text, Masked: true}, []byte(words))
	for name, row := range map[string]struct {
		sent []byte
		make func(conn net.Conn, read []byte) shape.Leg
	}{
		"bytes":  {[]byte(words), func(c net.Conn, read []byte) shape.Leg { return NewTCP(c, read, 0) }},
		"frames": {frame, func(c net.Conn, read []byte) shape.Leg { return NewWS(c, read, Options{Role: wsframe.Server}) }},
	} {
		for kind, around := range map[string]func(*net.TCPConn) net.Conn{
			"plain": func(c *net.TCPConn) net.Conn { return c },
			"parkable": func(c *net.TCPConn) net.Conn {
				p := new(park.Conn)
				p.Init(c, new(park.Lot))
				return p
			},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				peer, ours := netx.Loopback(t)
				conn := around(ours)
				w := Watch(conn, true, func(err error) { t.Error(err) })
				if _, err := peer.Write(row.sent); err != nil {
					t.Fatal(err)
				}
				w.running.Wait() // it has seen them
				read, err := w.Stop()
				if err != nil || len(read) != 0 || !w.Heard() {
					t.Fatalf("%q, %v, heard: %t", read, err, w.Heard())
				}
				l := row.make(conn, read)
				defer l.Close()
				var b shape.Batch
				if err := l.Read(&b); err != nil || len(b.Pieces) != 1 {
					t.Fatalf("%d pieces, %v", len(b.Pieces), err)
				}
				if p := b.Pieces[0]; string(b.Buf[p.Off:p.Off+p.Len]) != words || !p.Last {
					t.Errorf("%q, last: %t", b.Buf[p.Off:p.Off+p.Len], p.Last)
				}
			})
		}
	}
}

// TestWatchEnds: how a connection of the kernel's ends while it is watched.
func TestWatchEnds(t *testing.T) {
	for name, row := range map[string]struct {
		end    func(peer, ours *net.TCPConn) error
		halves bool
		gone   bool
	}{
		"end":         {func(peer, _ *net.TCPConn) error { return peer.CloseWrite() }, false, true},
		"half":        {func(peer, _ *net.TCPConn) error { return peer.CloseWrite() }, true, false},
		"reset":       {func(peer, _ *net.TCPConn) error { return errors.Join(peer.SetLinger(0), peer.Close()) }, true, true},
		"closed here": {func(_, ours *net.TCPConn) error { return ours.Close() }, true, true},
		"words, then an end": {func(peer, _ *net.TCPConn) error {
			_, err := peer.Write([]byte("x"))
			return errors.Join(err, peer.CloseWrite())
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			peer, ours := netx.Loopback(t)
			ctx, leave := context.WithCancelCause(t.Context())
			defer leave(nil)
			w := Watch(ours, row.halves, leave)
			if err := row.end(peer, ours); err != nil {
				t.Fatal(err)
			}
			w.running.Wait()
			if got := fail.Is(context.Cause(ctx), fail.SenderGone); got != row.gone {
				t.Errorf("noticed: %t", got)
			}
			if read, err := w.Stop(); (err != nil) != row.gone || len(read) != 0 {
				t.Errorf("Stop: %q, %v", read, err)
			}
		})
	}
}

// TestWatchStops: a watch that saw nothing leaves a connection without a deadline.
func TestWatchStops(t *testing.T) {
	for range 50 { // the watch may be anywhere
		peer, ours := netx.Loopback(t)
		w := Watch(ours, false, func(err error) { t.Error(err) })
		if read, err := w.Stop(); err != nil || len(read) != 0 || w.Heard() {
			t.Fatalf("%q, %v, heard: %t", read, err, w.Heard())
		}
		if _, err := peer.Write([]byte("words")); err != nil {
			t.Fatal(err)
		}
		var got [5]byte
		if _, err := io.ReadFull(ours, got[:]); err != nil || string(got[:]) != "words" {
			t.Fatalf("%q, %v", got, err)
		}
	}
}
