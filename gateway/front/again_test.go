package front

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/internal/leg"
)

// takeOwn gives every request below /own to a Take that answers it and gives the connection back, with what it read too much.
func takeOwn(a *leg.Arrival) Take {
	if !strings.HasPrefix(a.Head.Target, "/own") {
		return nil
	}
	return func(_ context.Context, a *leg.Arrival) {
		fmt.Fprintf(a.Conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(a.Head.Target), a.Head.Target)
		a.Again = true
	}
}

// TestTakeGivesBack: a connection that comes back is read on, with what came already, for entries and handlers alike; it is idle and
// is drained as any other, and one that is not given back stays away.
func TestTakeGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, func(p *Params) { p.Route, p.IdleTimeout = takeOwn, time.Minute })
		c := w.dial(t, "80")
		r := bufio.NewReader(c)
		long := "/own/" + strings.Repeat("x", 3*bufferBytes)
		send(t, c, get("/own/1")+get("/2")+get(long)+get("/own/4")+get("/own/5"))
		for _, want := range []string{"/own/1", "", long, "/own/4", "/own/5"} {
			if _, body := answer(t, r, "GET"); want != "" && body != want {
				t.Errorf("%.20q in place of %.20q", body, want)
			}
		}
		for range 3 { // byte by byte, and after a pause
			<-time.After(30 * time.Second)
			for _, b := range []byte(get("/own/slow")) {
				send(t, c, string(b))
			}
			if _, body := answer(t, r, "GET"); body != "/own/slow" {
				t.Errorf("%q", body)
			}
		}
		began := time.Now()
		ended(t, r)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("an idle connection ended after %v", took)
		}

		kept := w.dial(t, "80")
		send(t, kept, get("/own/last"))
		answer(t, bufio.NewReader(kept), "GET")
		synctest.Wait()
		began = time.Now()
		if err := w.Shutdown(t.Context()); err != nil || time.Since(began) != 0 {
			t.Errorf("a shutdown took %v, %v", time.Since(began), err)
		}
	})
}

// TestTakeKeepsItsArrival: what comes later on the connection, for a Take or for the handler, has an arrival of its own.
func TestTakeKeepsItsArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken []*leg.Arrival
		w := open(t, func(p *Params) {
			p.Route = func(a *leg.Arrival) Take {
				take := takeOwn(a)
				if take == nil {
					return nil
				}
				return func(ctx context.Context, a *leg.Arrival) {
					taken = append(taken, a)
					take(ctx, a)
				}
			}
		})
		c := w.dial(t, "80")
		r := bufio.NewReader(c)
		for _, target := range []string{"/own/1", "/2", "/own/3", "/4"} {
			send(t, c, get(target))
			answer(t, r, "GET")
		}
		_ = c.Close()
		synctest.Wait()
		if len(taken) != 2 || taken[0].Head.Target != "/own/1" || taken[1].Head.Target != "/own/3" || taken[0].Conn == nil {
			t.Errorf("%+v", taken)
		}
	})
}

// TestTakeBorrows: what a Take is given stays as it is until the Take returns, whatever comes on the connection meanwhile; behind an upgrade
// it stays for good.
func TestTakeBorrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := make(chan *leg.Arrival, 1)
		route := func(a *leg.Arrival) Take {
			if a.Head.Fields.Has("Upgrade") {
				return func(_ context.Context, a *leg.Arrival) { kept <- a }
			}
			return func(_ context.Context, a *leg.Arrival) {
				more := make([]byte, 5) // what comes later goes past the buffer
				if _, err := io.ReadFull(a.Conn, more); err != nil {
					_ = a.Conn.Close() // the test is through
					return
				}
				fmt.Fprintf(a.Conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s%s", len(a.Head.Target)+len(a.Read)+len(more), a.Head.Target, a.Read, more)
				a.Read, a.Again = append(a.Read[:0], "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"...), true // in the borrowed place, and longer
			}
		}
		w := open(t, func(p *Params) { p.Route, p.IdleTimeout = route, time.Minute })
		c := w.dial(t, "80")
		r := bufio.NewReader(c)
		for _, target := range []string{"/first", "/next"} {
			want := target + "later"
			if target == "/first" {
				send(t, c, get(target)+"early")
				want = target + "early" + "later"
			}
			synctest.Wait()
			send(t, c, "later")
			if _, body := answer(t, r, "GET"); body != want {
				t.Errorf("%s: a Take saw %q, not %q", target, body, want)
			}
		}
		_ = c.Close()

		up := w.dial(t, "80")
		const head = "GET /up HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
		send(t, up, head+"early")
		a := <-kept
		for range 3 { // other connections use the buffers of the pool
			c := w.dial(t, "80")
			send(t, c, get("/"+strings.Repeat("z", 2000)))
			synctest.Wait()
			send(t, c, "later")
			answer(t, bufio.NewReader(c), "GET")
			_ = c.Close()
		}
		if a.Head.Target != "/up" || string(a.Read) != "early" {
			t.Errorf("behind an upgrade: %q, %q", a.Head.Target, a.Read)
		}
		_ = a.Conn.Close()
	})
}
