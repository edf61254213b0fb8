package late_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/alarm"
	"github.com/causeway-relay/causeway/internal/late"
	"github.com/causeway-relay/causeway/internal/netx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// unwatched fails the test when anybody reads it.
type unwatched struct {
	net.Conn
	t *testing.T
}

func (u unwatched) Read([]byte) (int, error) {
	u.t.Error("it was looked at")
	return 0, io.EOF
}

// TestBefore: a peer that has its answer at once is never looked at, however it behaves, and Stop may be called twice.
func TestBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock alarm.Clock
		var w late.Watch
		w.Start(&clock, unwatched{t: t}, false, func(error) { t.Error("it left") })
		<-time.After(9 * time.Millisecond)
		for range 2 {
			if read, err := w.Stop(); read != nil || err != nil {
				t.Errorf("%q, %v", read, err)
			}
		}
		<-time.After(time.Second)
	})
}

// TestNever: a watch that was never started is over.
func TestNever(t *testing.T) {
	var w late.Watch
	if read, err := w.Stop(); read != nil || err != nil {
		t.Errorf("%q, %v", read, err)
	}
}

// TestLate: behind the time a peer is watched: that it leaves is told, what it says is given back.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock alarm.Clock
		for name, row := range map[string]struct {
			act  func(peer net.Conn) error
			gone bool
			read string
		}{
			"leaves":       {act: net.Conn.Close, gone: true},
			"speaks":       {act: func(peer net.Conn) error { _, err := io.WriteString(peer, "words"); return err }, read: "words"},
			"says nothing": {act: func(net.Conn) error { return nil }},
		} {
			peer, ours := net.Pipe()
			ctx, leave := context.WithCancelCause(t.Context())
			var w late.Watch
			w.Start(&clock, ours, false, leave)
			<-time.After(11 * time.Millisecond)
			acted := make(chan error, 1)
			go func() { acted <- row.act(peer) }()
			synctest.Wait()
			if got := fail.Is(context.Cause(ctx), fail.SenderGone); got != row.gone {
				t.Errorf("one that %s is told of as gone: %t", name, got)
			}
			for range 2 {
				if read, err := w.Stop(); string(read) != row.read || (err != nil) != row.gone {
					t.Errorf("one that %s: %q, %v", name, read, err)
				}
			}
			leave(nil)
			if err := errors.Join(<-acted, peer.Close(), ours.Close()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestAtOnce: whoever stops a watch in the very moment in which it begins leaves nobody behind who reads the connection.
func TestAtOnce(t *testing.T) {
	var clock alarm.Clock
	for range 20 {
		peer, ours := netx.Loopback(t)
		var w late.Watch
		w.Start(&clock, ours, false, func(err error) { t.Error(err) })
		<-time.After(10 * time.Millisecond)
		if read, err := w.Stop(); len(read) != 0 || err != nil {
			t.Fatalf("%q, %v", read, err)
		}
		if _, err := io.WriteString(peer, "words"); err != nil {
			t.Fatal(err)
		}
		if err := ours.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		var got [5]byte
		if _, err := io.ReadFull(ours, got[:]); err != nil || string(got[:]) != "words" {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

// TestAllocations: one that never looks costs nothing.
func TestAllocations(t *testing.T) {
	var clock alarm.Clock
	watches := make([]late.Watch, 200)
	conn, leave := net.Conn(unwatched{t: t}), func(error) {}
	if n := testing.AllocsPerRun(100, func() {
		w := &watches[0]
		watches = watches[1:]
		w.Start(&clock, conn, false, leave)
		_, _ = w.Stop()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
