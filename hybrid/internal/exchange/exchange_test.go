package exchange_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/internal/exchange"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsconn"
)

// channel notes what was sent.
type channel struct {
	mu   sync.Mutex
	sent []*wire.Response
	body []string
	lost error
}

func (c *channel) Send(message, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		return c.lost
	}
	m, err := wire.Decode(message)
	if err != nil || m.Kind != wire.KindResponse || m.Response.Body != (len(body) > 0) {
		return errors.New("no answer")
	}
	c.sent, c.body = append(c.sent, m.Response), append(c.body, string(body))
	return nil
}

type exchanger func(context.Context, *shape.Request) (*shape.Response, error)

func (f exchanger) Exchange(ctx context.Context, r *shape.Request) (*shape.Response, error) {
	return f(ctx, r)
}

// failures notes what did not come to its end.
type failures struct {
	mu  sync.Mutex
	all map[string]error
}

func (f *failures) add(id string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[string]error{}
	}
	f.all[id] = err
}

var errNoDial = errors.New("nobody is there")

// server makes a server that cannot dial.
func server(f *failures, x exchanger) *exchange.Server {
	return exchange.New(context.Background(), exchange.Params{
		Exchanger: x, Most: 8, Failed: f.add,
		Dial: func(context.Context, *wire.Address) (*wsconn.Conn, error) { return nil, errNoDial },
	})
}

const address = "wss://h/$hc/a?sb-hc-action=request&sb-hc-id=11111111-2222-4333-8444-555555555555_G1"

// TestTake: a request is answered once, on its channel; a repeat of it and one without an id are not.
func TestTake(t *testing.T) {
	goOn := make(chan struct{})
	var f failures
	s := server(&f, func(_ context.Context, r *shape.Request) (*shape.Response, error) {
		<-goOn
		b, _ := io.ReadAll(r.Body)
		w, ok := r.Body.(shape.Whole)
		if !ok || string(w.Bytes()) != "hello" || r.Body.Size() != 5 || r.Tracking != "11111111-2222-4333-8444-555555555555" {
			t.Errorf("%+v", r)
		}
		return &shape.Response{Status: 299, Reason: string(b)}, nil
	})
	ch := new(channel)
	o := &wire.Offer{ID: "11111111-2222-4333-8444-555555555555_G1", Address: address, Method: "GET", Target: "/a", Body: true}
	s.Take(ch, o, []byte("hello"))
	s.Take(ch, o, []byte("again"))
	s.Take(ch, &wire.Offer{Method: "GET"}, nil)
	s.Cancel("another")
	close(goOn)
	s.Drain(t.Context())
	if len(ch.sent) != 1 || ch.sent[0].Status != 299 || ch.sent[0].Reason != "hello" || ch.sent[0].RequestID != o.ID {
		t.Errorf("%+v", ch.sent)
	}
	if len(f.all) != 1 || f.all[""] == nil {
		t.Errorf("failures %v", f.all)
	}
	s.Drain(t.Context()) // again
}

// TestNobodyThere: an answer whose channel has gone and whose rendezvous cannot be dialled is reported, and so is a pointer's.
func TestNobodyThere(t *testing.T) {
	var f failures
	s := server(&f, func(context.Context, *shape.Request) (*shape.Response, error) {
		return &shape.Response{Status: 200, Reason: "OK"}, nil
	})
	ch := &channel{lost: errors.New("lost")}
	s.Take(ch, &wire.Offer{ID: "a", Address: address, Method: "GET", Target: "/a"}, nil)
	s.Take(ch, &wire.Offer{ID: "b", Address: address, Pointer: true}, nil)
	s.Take(ch, &wire.Offer{ID: "c", Address: "https://elsewhere", Pointer: true}, nil)
	s.Drain(t.Context())
	if !errors.Is(f.all["a"], errNoDial) || !errors.Is(f.all["b"], errNoDial) || !errors.Is(f.all["c"], wire.ErrAddress) {
		t.Errorf("failures %v", f.all)
	}
}

// TestCork: small writes leave as one, a long one at once, and an error sticks.
func TestCork(t *testing.T) {
	near, far := netx.Pipe()
	defer far.Close()
	writes := make(chan int, 16)
	c := &exchange.Cork{Conn: &noted{Conn: near, writes: writes}}
	write := func(n int) {
		t.Helper()
		if m, err := c.Write(make([]byte, n)); m != n || err != nil {
			t.Fatal(m, err)
		}
	}
	write(1)
	c.Hold()
	write(2)
	write(3)
	if err := c.Release(); err != nil {
		t.Fatal(err)
	}
	c.Hold()
	write(4)
	write(20 << 10)
	write(5)
	if err := c.Release(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 5, 4 + 20<<10, 5} {
		if got := <-writes; got != want {
			t.Errorf("a write of %d bytes, want %d", got, want)
		}
	}
	_ = near.Close()
	c.Hold()
	write(1)
	if err := c.Release(); err == nil {
		t.Error("a write to a closed connection")
	}
	if _, err := c.Write([]byte("x")); err == nil {
		t.Error("the error was forgotten")
	}
}

// noted tells the length of each write.
type noted struct {
	*netx.Conn
	writes chan int
}

func (n *noted) Write(p []byte) (int, error) {
	m, err := n.Conn.Write(p)
	if err == nil {
		n.writes <- m
	}
	return m, err
}
