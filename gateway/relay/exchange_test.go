package relay_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// body is one whose parts a test gives when it likes. It counts what is done with it.
type body struct {
	size   int64
	parts  chan string // closed: the end
	fault  error       // in place of the end
	closed chan struct{}

	mu     sync.Mutex
	closes int
	reads  int
	rest   string
}

func newBody(parts ...string) *body {
	b := &body{size: -1, parts: make(chan string, 64), closed: make(chan struct{})}
	for _, p := range parts {
		b.parts <- p
	}
	return b
}

// whole is a body that has ended.
func whole(parts ...string) *body {
	b := newBody(parts...)
	close(b.parts)
	return b
}

func (b *body) Size() int64 { return b.size }

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	b.reads++
	rest := b.rest
	b.mu.Unlock()
	if rest == "" {
		select {
		case part, ok := <-b.parts:
			if !ok && b.fault != nil {
				return 0, b.fault
			}
			if !ok {
				return 0, io.EOF
			}
			rest = part
		case <-b.closed:
			return 0, errors.New("closed")
		}
	}
	n := copy(p, rest)
	b.mu.Lock()
	b.rest = rest[n:]
	b.mu.Unlock()
	return n, nil
}

func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closes++; b.closes == 1 {
		close(b.closed)
	}
	return nil
}

func (b *body) closedTimes() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closes
}

func (b *body) pulled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reads > 0
}

// answerer is a listener that carries exchanges.
type answerer struct {
	*ear

	answer func(ctx context.Context, req *shape.Request) (*shape.Response, error)
	mu     sync.Mutex
	asked  []*shape.Request
}

// Exchange implements shape.Exchanger.
func (a *answerer) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	a.mu.Lock()
	a.asked = append(a.asked, req)
	a.mu.Unlock()
	return a.answer(ctx, req)
}

// serve lets a listener in that answers exchanges.
func (n *node) serve2(path string, answer func(ctx context.Context, req *shape.Request) (*shape.Response, error)) *answerer {
	n.w.Helper()
	a := &answerer{ear: n.ear("answerer of " + path), answer: answer}
	a.listener.Exchange = a
	if err := a.sit(path, "Listen"); err != nil {
		n.w.Fatal(err)
	}
	return a
}

// request begins an exchange.
func request(path string, b shape.Body) *shape.Request {
	return &shape.Request{Hello: *hello(path), Method: "POST", Body: b}
}

func (n *node) exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	return n.relay.Exchange(ctx, relay.Ask{Need: entity.Send, Cred: sas("Send")}, req)
}

// echo answers with the request's body.
func echo(_ context.Context, req *shape.Request) (*shape.Response, error) {
	all, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	return &shape.Response{Status: 201, Reason: "Done", Body: whole(string(all), "!")}, nil
}

// TestExchange: a request reaches its listener and the response its sender; both bodies are closed once, and the account says it all.
func TestExchange(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		n := from
		to.serve2("hyco", echo)
		w.story()
		up := whole("hello", ", world")
		resp, err := n.exchange(w.Context(), request("hyco", up))
		if err != nil || resp.Status != 201 || resp.Reason != "Done" {
			t.Fatalf("%+v, %v", resp, err)
		}
		if c := n.relay.Counts(); c.Exchanges != 1 || c.Connections != len(w.nodes)%2+1 {
			t.Errorf("meanwhile %+v", c)
		}
		if got, err := io.ReadAll(resp.Body); string(got) != "hello, world!" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		resp.Body.Close()
		resp.Body.Close()
		if up.closedTimes() != 1 {
			t.Errorf("the request's body was closed %d times", up.closedTimes())
		}
		c := w.only(&n.closed, "exchange")
		if c.Status != 201 || c.Reason != fail.PeerClosed || c.In != 12 || c.Out != 13 || c.Entity != "hyco" || c.Rule != "rule" {
			t.Errorf("account %+v", c)
		}
		if got := w.story(); len(w.nodes) == 1 && got != "3@1 4@1 5@1 6@1 8@1 9@1" {
			t.Errorf("story: %s", got)
		}
	})
}

// TestExchangeSilent: a listener that sends no head in time.
func TestExchangeSilent(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		n := from
		to.serve2("hyco", func(ctx context.Context, _ *shape.Request) (*shape.Response, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		})
		begin := time.Now()
		_, err := n.exchange(w.Context(), request("hyco", nil))
		if took := time.Since(begin); !fail.Is(err, fail.ListenerSilent) || took != time.Minute || !strings.Contains(err.Error(), "required time") {
			t.Errorf("%v after %v", err, took)
		}
		synctest.Wait()
	})
}
