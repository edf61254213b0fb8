package leg_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/netx"
)

// TestGoodbye: bytes over TLS end in order with the goodbye of TLS alone. A bare FIN, as the system sends for a process that was
// killed, is a loss.
func TestGoodbye(t *testing.T) {
	for name, row := range map[string]struct {
		end  func(peer *tls.Conn) error
		want fail.Code
	}{
		"goodbye":           {func(p *tls.Conn) error { return p.CloseWrite() }, fail.PeerClosed},
		"goodbye and a FIN": {func(p *tls.Conn) error { return p.Close() }, fail.PeerClosed},
		"FIN":               {func(p *tls.Conn) error { return p.NetConn().(*net.TCPConn).CloseWrite() }, fail.Aborted},
		"killed":            {func(p *tls.Conn) error { return p.NetConn().Close() }, fail.Aborted},
	} {
		t.Run(name, func(t *testing.T) {
			near, ours := tlsPair(t)
			peer := near.(*tls.Conn)
			_ = ours.SetDeadline(time.Now().Add(30 * time.Second))
			l := leg.NewTCP(ours, nil, 0)
			defer l.Close()
			if _, err := peer.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			if err := row.end(peer); err != nil {
				t.Fatal(err)
			}
			var got []byte
			for {
				var b shape.Batch
				err := l.Read(&b)
				if err == nil {
					for _, p := range b.Pieces {
						got = append(got, b.Buf[p.Off:p.Off+p.Len]...)
					}
					continue
				}
				end, ok := errors.AsType[*shape.End](err)
				if !ok || end.Why != row.want || string(got) != "hello" {
					t.Errorf("%v behind %q, want %s", err, got, row.want)
				}
				return
			}
		})
	}
}

// TestGoodbyeWaits: what lies in full buffers is not lost because its reader is slower than the five seconds of package tls; a leg's
// write timeout bounds the wait, and so does a deadline that the owner has set, if it is longer than those five seconds.
func TestGoodbyeWaits(t *testing.T) {
	for name, row := range map[string]struct {
		shut  func(ours net.Conn) error
		pause time.Duration // the reader's
		late  bool
	}{
		"a leg": {func(c net.Conn) error { return leg.NewTCP(c, nil, 0).CloseWrite(nil) }, 50 * time.Second, false},
		"a leg, behind its last deadline": {func(c net.Conn) error {
			_ = c.SetWriteDeadline(time.Now().Add(-time.Second))
			return leg.NewTCP(c, nil, 0).CloseWrite(nil)
		}, 50 * time.Second, false},
		"a leg's timeout":   {func(c net.Conn) error { return leg.NewTCP(c, nil, 20*time.Second).CloseWrite(nil) }, 21 * time.Second, true},
		"without deadlines": {func(c net.Conn) error { return c.(*leg.Secured).CloseWrite() }, 50 * time.Second, false},
		"a deadline": {func(c net.Conn) error {
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			return c.(*leg.Secured).CloseWrite()
		}, 9 * time.Second, false},
		"a deadline that is over": {func(c net.Conn) error {
			_ = c.SetDeadline(time.Now().Add(time.Second))
			return c.(*leg.Secured).CloseWrite()
		}, 6 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := netx.Pipe()
				peer, ours := tlsOver(t, a, b)
				defer a.Close()
				defer b.Close()
				tail := make([]byte, 32<<10)
				if _, err := ours.Write(tail); err != nil {
					t.Fatal(err)
				}
				if err := a.SetBuffer(1); err != nil { // no room for more
					t.Fatal(err)
				}
				done := make(chan error, 1)
				go func() { done <- row.shut(ours) }()
				<-time.After(row.pause)
				if row.late {
					if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("%v", err)
					}
					return
				}
				got, err := io.ReadAll(peer)
				if err != nil || len(got) != len(tail) {
					t.Errorf("%d bytes of %d, %v", len(got), len(tail), err)
				}
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestWatchSecured: what a peer says by TLS while it is watched, in one record or in more, comes in one piece, one message, behind what was
// read before.
func TestWatchSecured(t *testing.T) {
	for name, sent := range map[string][]string{"one record": {"the words"}, "many": {"t", "he ", "words"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := netx.Pipe()
				peer, ours := tlsOver(t, a, b)
				defer a.Close()
				defer b.Close()
				w := leg.Watch(ours, true, func(err error) { t.Error(err) })
				for _, words := range sent {
					<-time.After(time.Second)
					if _, err := peer.Write([]byte(words)); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				read, err := w.Stop()
				if err != nil || !w.Heard() {
					t.Fatalf("%v, heard: %t", err, w.Heard())
				}
				l := leg.NewTCP(ours, slices.Concat([]byte("first "), read), 0)
				defer l.Close()
				for _, want := range []string{"first the words", "and more"} {
					var b shape.Batch
					if err := l.Read(&b); err != nil || len(b.Pieces) != 1 {
						t.Fatalf("%d pieces, %v", len(b.Pieces), err)
					}
					if p := b.Pieces[0]; string(b.Buf[p.Off:p.Off+p.Len]) != want {
						t.Errorf("%q, want %q", b.Buf[p.Off:p.Off+p.Len], want)
					}
					if _, err := peer.Write([]byte("and more")); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
}
