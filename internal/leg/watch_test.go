package leg

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// TestWatch: who leaves is noticed, by a late watch once it has begun; what a peer sends is given back by whoever read it.
func TestWatch(t *testing.T) {
	for _, row := range []struct {
		name  string
		late  bool
		after time.Duration // until the peer acts
		act   func(net.Conn)
		stop  time.Duration // behind that
		gone  bool
		early string // what Stop gives
		left  string // what is still to be read
	}{
		{"left", false, 0, func(c net.Conn) { c.Close() }, time.Millisecond, true, "", ""},
		{"left early, late watch", true, 0, func(c net.Conn) { c.Close() }, watchAfter + time.Millisecond, true, "", ""},
		{"left later, late watch", true, time.Second, func(c net.Conn) { c.Close() }, time.Millisecond, true, "", ""},
		{"answered before a late watch", true, 0, func(net.Conn) {}, time.Millisecond, false, "", ""},
		{"answered at last", true, time.Minute, func(net.Conn) {}, time.Millisecond, false, "", ""},
		{"spoke", false, 0, func(c net.Conn) { go c.Write([]byte("x")) }, time.Millisecond, false, "x", ""},
		{"spoke before a late watch", true, 0, func(c net.Conn) { go c.Write([]byte("x")) }, time.Millisecond, false, "", "x"},
		{"spoke later", true, time.Second, func(c net.Conn) { go c.Write([]byte("x")) }, time.Millisecond, false, "x", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer near.Close()
				defer far.Close()
				ctx, leave := context.WithCancelCause(t.Context())
				defer leave(nil)
				watch := Watch
				if row.late {
					watch = WatchLate
				}
				w := watch(near, false, leave)
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
				if row.left != "" {
					var one [1]byte
					if _, err := near.Read(one[:]); err != nil || string(one[:]) != row.left {
						t.Errorf("still to be read: %q, %v", one, err)
					}
				}
			})
		})
	}
}
