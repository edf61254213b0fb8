package leg

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/netx"
)

// says is a peer who says something, piece by piece.
func says(pieces ...string) func(net.Conn) {
	return func(c net.Conn) {
		go func() { // the test's end closes the connection
			for _, piece := range pieces {
				_, _ = io.WriteString(c, piece)
			}
		}()
	}
}

// TestWatch: who leaves is noticed; what a peer sends is given back by whoever read it.
func TestWatch(t *testing.T) {
	many := strings.Repeat("word", watchMost)
	for _, row := range []struct {
		name  string
		after time.Duration // until the peer acts
		act   func(net.Conn)
		stop  time.Duration // behind that
		gone  bool
		early string // what Stop gives
		left  string // what is still to be read
	}{
		{"left", 0, func(c net.Conn) { c.Close() }, time.Millisecond, true, "", ""},
		{"left later", time.Second, func(c net.Conn) { c.Close() }, time.Millisecond, true, "", ""},
		{"answered at last", time.Minute, func(net.Conn) {}, time.Millisecond, false, "", ""},
		{"spoke", 0, says("words"), time.Millisecond, false, "words", ""},
		{"spoke later", time.Second, says("words"), time.Millisecond, false, "words", ""},
		{"spoke twice", time.Second, says("wo", "rds"), time.Millisecond, false, "words", ""},
		{"one byte", time.Second, says("x"), time.Millisecond, false, "x", ""},
		{"more than is kept", time.Second, says(many[:watchMost], "rest"), time.Millisecond, false, many[:watchMost], "rest"},
		{"spoke and left", time.Second, func(c net.Conn) { go func() { _, _ = io.WriteString(c, "words"); c.Close() }() }, time.Millisecond, false, "words", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer near.Close()
				defer far.Close()
				ctx, leave := context.WithCancelCause(t.Context())
				defer leave(nil)
				w := Watch(near, false, leave)
				<-time.After(row.after)
				row.act(far)
				<-time.After(row.stop)
				if got := fail.Is(context.Cause(ctx), fail.SenderGone); got != row.gone {
					t.Errorf("noticed: %t", got)
				}
				for range 2 {
					early, err := w.Stop()
					if string(early) != row.early || (err != nil) != row.gone {
						t.Errorf("Stop: %q, %v", early, err)
					}
				}
				if got := w.Heard(); got != (row.early != "") {
					t.Errorf("heard: %t", got)
				}
				if row.left != "" {
					left := make([]byte, len(row.left))
					if _, err := io.ReadFull(near, left); err != nil || string(left) != row.left {
						t.Errorf("still to be read: %q, %v", left, err)
					}
				}
			})
		})
	}
}

// TestAwait: who awaits a peer learns what he says, all of it of a connection of the kernel's, that he goes, and that time is over.
func TestAwait(t *testing.T) {
	for name, pair := range map[string]func() (peer, ours net.Conn){
		"kernel": func() (net.Conn, net.Conn) { return netx.Loopback(t) },
		"memory": func() (net.Conn, net.Conn) { a, b := netx.Pipe(); return a, b },
	} {
		t.Run(name, func(t *testing.T) {
			peer, ours := pair()
			defer peer.Close()
			defer ours.Close()
			if err := ours.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if b, err := Await(ours, 8); len(b) > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("%q, %v while nothing comes", b, err)
			}
			if err := ours.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
				t.Fatal(err)
			}
			wrote := make(chan error, 1)
			go func() {
				_, err := io.WriteString(peer, "the whole line")
				wrote <- errors.Join(err, peer.Close())
			}()
			first, err := Await(ours, 8)
			if err != nil || len(first) == 0 || len(first) > 8 {
				t.Fatalf("%q, %v", first, err)
			}
			rest, err := io.ReadAll(ours)
			if err = errors.Join(err, <-wrote); err != nil || string(first)+string(rest) != "the whole line" {
				t.Fatalf("%q and %q, %v", first, rest, err)
			}
			if b, err := Await(ours, 8); len(b) > 0 || !errors.Is(err, io.EOF) {
				t.Errorf("%q, %v at the end", b, err)
			}
			_ = ours.Close()
			if b, err := Await(ours, 8); len(b) > 0 || err == nil {
				t.Errorf("%q of a closed connection", b)
			}
		})
	}
}
