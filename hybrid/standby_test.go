package hybrid_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/hybrid"
)

// dials counts the connections that a listener opens.
type dials struct {
	mu   sync.Mutex
	more sync.Cond
	n    int
}

func newDials() *dials {
	d := new(dials)
	d.more.L = &d.mu
	return d
}

func (d *dials) option() hybrid.Option {
	return hybrid.WithNetDial(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.n++
		d.more.Broadcast()
		return conn, err
	})
}

// reach waits until there were n.
func (d *dials) reach(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.n < n {
		d.more.Wait()
	}
}

func (d *dials) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// TestStandby: a sender is met on a connection that waits, no rendezvous is dialled for it, and another waits in its place at once.
func TestStandby(t *testing.T) {
	t.Parallel()
	both(t, func(s *set) {
		d := newDials()
		l := s.listener(hybrid.WithStandby(2), d.option())
		want := 3 // the control channel and two that wait
		for range 4 {
			d.reach(want)
			near, far := s.pair(l)
			want++ // the replacement
			if _, err := near.Write([]byte("x")); err != nil {
				s.t.Fatal(err)
			}
			if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
				s.t.Fatal(err)
			}
			part(near, far)
		}
		d.reach(want)
		// A connection that has been dialled may not have its 101 when the sender comes: then a rendezvous is dialled as ever.
		if n := d.count(); n > want+2 {
			s.t.Errorf("%d connections were dialled, want about %d", n, want)
		}
	})
}

// standbyFake answers listeners with what it grants, and standby connections as the test wants.
func standbyFake(f *fake, granted string, stand func(w http.ResponseWriter, r *http.Request)) {
	f.answers(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("sb-hc-action") {
		case "standby":
			stand(w, r)
		default:
			conn, err := (&websocket.Upgrader{}).Upgrade(w, r, http.Header{"Causeway-Agent": {granted}})
			if err != nil {
				f.t.Error(err)
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, conn)
			f.mu.Unlock()
			for err == nil { // it answers pings
				_, _, err = conn.NextReader()
			}
		}
	})
}

// stands are the times of the standby handshakes.
func (f *fake) stands() (at []time.Time) {
	for _, k := range f.seen() {
		if strings.Contains(k.query, "sb-hc-action=standby") {
			at = append(at, k.at)
		}
	}
	return at
}

// hijacked takes a connection and answers its handshake.
func hijacked(w http.ResponseWriter) net.Conn {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return nil
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: causeway/1\r\nConnection: Upgrade\r\n\r\n")
	return conn
}

// TestStandbyNotGranted: a gateway that grants nothing sees no such connection, one that grants fewer sees as many.
func TestStandbyNotGranted(t *testing.T) {
	for granted, want := range map[string]int{"": 0, "raw": 0, "raw, standby=1": 1, "raw, standby=8": 3} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			defer f.close()
			var conns []net.Conn
			var mu sync.Mutex
			standbyFake(f, granted, func(w http.ResponseWriter, _ *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				conns = append(conns, hijacked(w))
			})
			l, err := f.listen(hybrid.WithStandby(3))
			if err != nil {
				t.Fatal(err)
			}
			pause(t.Context(), time.Hour)
			if n := len(f.stands()); n != want {
				t.Errorf("%q: %d connections, want %d", granted, n, want)
			}
			l.Close()
			mu.Lock()
			defer mu.Unlock()
			for _, c := range conns {
				if _, err := c.Read(make([]byte, 1)); err == nil {
					t.Error("a connection waits although the listener has closed")
				}
				_ = c.Close()
			}
		})
	}
}

// TestStandbyElsewhere: a node that does not know the listener is asked again after half a minute, one that is lost with the pauses
// of the ladder, and the control channel is not hurt.
func TestStandbyElsewhere(t *testing.T) {
	rows := map[string]struct {
		stand func(w http.ResponseWriter, r *http.Request)
		want  []time.Duration // between two attempts, at the least
	}{
		"409":  {status(409, "Conflict"), []time.Duration{30 * time.Second, 30 * time.Second}},
		"503":  {status(503, "Draining"), []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, 30 * time.Second}},
		"lost": {func(w http.ResponseWriter, _ *http.Request) { _ = hijacked(w).Close() }, []time.Duration{time.Second, 2 * time.Second, 5 * time.Second}},
		"noise": {func(w http.ResponseWriter, _ *http.Request) {
			conn := hijacked(w)
			_, _ = io.WriteString(conn, "{\"request\":{}}\n")
			_ = conn.Close()
		}, []time.Duration{time.Second, 2 * time.Second}},
		"no end": {func(w http.ResponseWriter, _ *http.Request) {
			conn := hijacked(w)
			_, _ = io.WriteString(conn, strings.Repeat(" ", 70000))
			_ = conn.Close()
		}, []time.Duration{time.Second, 2 * time.Second}},
	}
	for name, row := range rows {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t)
			defer f.close()
			standbyFake(f, "raw, standby=1", row.stand)
			heard := newEvents()
			l, err := f.listen(hybrid.WithStandby(1), heard.option())
			if err != nil {
				t.Fatal(err)
			}
			pause(t.Context(), 5*time.Minute)
			at := f.stands()
			for i, least := range row.want {
				if len(at) < i+2 {
					t.Errorf("%s: %d attempts", name, len(at))
					break
				}
				if got := at[i+1].Sub(at[i]); got < least || got > least+least/4+200*time.Millisecond {
					t.Errorf("%s: pause %d is %v, want %v", name, i, got, least)
				}
			}
			l.Close()
			heard.next(t, hybrid.Online)
			if len(heard) > 0 {
				t.Errorf("%s: event %v", name, <-heard)
			}
		})
	}
}

// TestStandbyLives: a connection that waited for long and is lost is replaced at once.
func TestStandbyLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		defer f.close()
		conns := make(chan net.Conn, 16)
		standbyFake(f, "raw, standby=1", func(w http.ResponseWriter, _ *http.Request) { conns <- hijacked(w) })
		l, err := f.listen(hybrid.WithStandby(1))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for range 3 {
			conn := <-conns
			pause(t.Context(), time.Minute)
			_ = conn.Close()
			synctest.Wait()
			lost := time.Now()
			next := <-conns
			if took := time.Since(lost); took > 200*time.Millisecond {
				t.Errorf("replaced after %v", took)
			}
			conns <- next
		}
		_ = (<-conns).Close()
	})
}
