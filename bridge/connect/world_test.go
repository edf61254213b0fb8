package connect_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logged is how much of the gateway's log a failure shows.
const logged = 8 << 10

// patience bounds every wait of these tests.
const patience = 30 * time.Second

// world is one of the two set-ups that every story runs on: the listener's door on the last node, the sender's on the first.
type world struct {
	*testcluster.Cluster
	t            *testing.T
	listen, send string // connection strings
}

// both runs a story on one node and on two.
func both(t *testing.T, story func(w *world), opts ...testcluster.Option) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) {
			c := testcluster.New(t, n, opts...)
			for _, name := range []string{"hyco", "Sales.EU/Orders-V2"} {
				c.Add(&entity.Entity{Name: name})
			}
			w := &world{c, t, c.Node(n - 1).Ready().ConnectionString, c.Node(0).Ready().ConnectionString}
			t.Cleanup(func() {
				if log := c.Log(); t.Failed() {
					t.Logf("the gateway logged last:\n%s", log[max(0, len(log)-logged):])
				}
			})
			story(w)
		})
	}
}

// ends is a bridge whose events a test waits for.
type ends struct {
	*connect.Bridge
	t *testing.T

	mu     sync.Mutex
	events []connect.Event
	more   chan struct{} // closed at the next event
	seen   int           // events that await has passed
}

// bridge starts connectors that end with the test.
func (w *world) bridge(connectionString string, list ...connect.Connector) *ends {
	w.t.Helper()
	e := newEnds(w.t, connect.Params{ConnectionString: connectionString, Roots: trust.Roots{File: w.CAFile()}, Grace: 100 * time.Millisecond})
	if err := e.Apply(list); err != nil {
		w.t.Fatal(err)
	}
	return e
}

func newEnds(t *testing.T, p connect.Params) *ends {
	e := &ends{t: t, more: make(chan struct{})}
	p.Tell = e.heard
	e.Bridge = connect.New(p)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		e.Shutdown(ctx)
		if t.Failed() {
			e.mu.Lock()
			defer e.mu.Unlock()
			for _, ev := range e.events[max(0, len(e.events)-40):] {
				t.Logf("%s %v", ev.Kind, ev)
			}
		}
	})
	return e
}

func (e *ends) heard(ev connect.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, ev)
	close(e.more)
	e.more = make(chan struct{})
}

// await waits for the next event of a kind, behind the one that it gave before.
func (e *ends) await(kind connect.Kind) connect.Event {
	e.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		e.mu.Lock()
		for e.seen < len(e.events) {
			ev := e.events[e.seen]
			e.seen++
			if ev.Kind == kind {
				e.mu.Unlock()
				return ev
			}
		}
		more := e.more
		e.mu.Unlock()
		select {
		case <-more:
		case <-timer.C:
			e.t.Fatalf("no %s within %v", kind, patience)
		}
	}
}

// listener starts a listening connector and waits until senders reach it.
func (w *world) listener(target string) *ends {
	w.t.Helper()
	e := w.bridge(w.listen, connect.Connector{Listen: "hyco", Target: target})
	e.await(connect.ListenerConnected)
	return e
}

// forward starts a forwarding connector and gives its address.
func (w *world) forward() (e *ends, address string) {
	w.t.Helper()
	e = w.bridge(w.send, connect.Connector{Forward: "hyco", Bind: "127.0.0.1:0"})
	return e, e.await(connect.ForwardOpened).Remote
}

// service runs handle for each connection, on a goroutine of its own, until the test ends.
func service(t *testing.T, network, address string, handle func(c net.Conn)) (l net.Listener) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	var runs sync.WaitGroup
	runs.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			runs.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(patience))
				handle(c)
			})
		}
	})
	t.Cleanup(runs.Wait)
	t.Cleanup(func() { l.Close() })
	return l
}

// echo gives back what comes.
func echo(c net.Conn) { _, _ = io.Copy(c, c) }

// dial connects to a local socket.
func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

// says writes, and reads as much back.
func says(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Fatalf("%q came back, %v; want %q", got, err, text)
	}
}
