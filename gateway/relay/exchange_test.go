package relay_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

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

// inMemory is a body that is complete.
type inMemory struct{ *body }

func (inMemory) Bytes() []byte { return []byte("all of it") }
func (inMemory) Size() int64   { return int64(len("all of it")) }

// answerer is a listener that carries exchanges.
type answerer struct {
	*ear

	answer func(ctx context.Context, req *shape.Request) (*shape.Response, error)
	asked  chan *shape.Request
}

// Exchange implements shape.Exchanger.
func (a *answerer) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	a.asked <- req
	return a.answer(ctx, req)
}

// answers lets a listener in that answers exchanges.
func (n *node) answers(path string, answer func(ctx context.Context, req *shape.Request) (*shape.Response, error)) *answerer {
	n.w.Helper()
	a := &answerer{ear: n.ear("answerer of " + path), answer: answer, asked: make(chan *shape.Request, 128)}
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

// sending is an exchange that runs beside the test.
type sending struct {
	n     *node
	leave context.CancelCauseFunc
	done  chan struct{}
	resp  *shape.Response
	err   error
}

// sends begins an exchange.
func (n *node) sends(req *shape.Request) *sending {
	ctx, leave := context.WithCancelCause(context.Background())
	s := &sending{n: n, leave: leave, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.resp, s.err = n.exchange(ctx, req)
	}()
	return s
}

// over reports whether it has a response or an error by now.
func (s *sending) over() bool {
	synctest.Wait()
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// head waits for the response.
func (s *sending) head() *shape.Response {
	s.n.w.Helper()
	if !s.over() || s.err != nil {
		s.n.w.Fatalf("no response: %v", s.err)
	}
	return s.resp
}

// code waits for the refusal.
func (s *sending) code() fail.Code {
	s.n.w.Helper()
	if !s.over() || s.err == nil {
		s.n.w.Fatalf("no refusal: %+v", s.resp)
	}
	return fail.Of(s.err).Code
}

// hang never answers.
func hang(ctx context.Context, _ *shape.Request) (*shape.Response, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// refuses answers with an error.
func refuses(err error) func(context.Context, *shape.Request) (*shape.Response, error) {
	return func(context.Context, *shape.Request) (*shape.Response, error) { return nil, err }
}

// gives answers with a status and a body.
func gives(status int, b shape.Body) func(context.Context, *shape.Request) (*shape.Response, error) {
	return func(context.Context, *shape.Request) (*shape.Response, error) {
		return &shape.Response{Status: status, Body: b}, nil
	}
}

// echo answers with the request's body.
func echo(_ context.Context, req *shape.Request) (*shape.Response, error) {
	all, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	return &shape.Response{Status: 201, Reason: "Done", Fields: shape.Fields{{Name: "x-A", Value: "1"}, {Name: "X-a", Value: "2"}}, Body: whole(string(all), "!")}, nil
}

// TestExchange: a request reaches its listener and the response its sender; both bodies are closed once, and the account says it all.
func TestExchange(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		n := from
		to.answers("hyco", echo)
		w.story()
		up := whole("hello", ", world")
		resp, err := n.exchange(w.Context(), request("hyco", up))
		if err != nil || resp.Status != 201 || resp.Reason != "Done" || len(resp.Fields) != 2 || resp.Fields[1] != (shape.Field{Name: "X-a", Value: "2"}) {
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

// TestExchangeArrives: whatever the sender's entry says of a request is what the listener's Exchanger sees, on its own node or another.
func TestExchangeArrives(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		a := to.answers("hyco", gives(204, nil))
		req := request("hyco/a b/%2F", nil)
		req.Method, req.Target, req.Host, req.Door = "M-SEARCH", "/hyco/a%20b/%252F?q=1&&%", "Relay.Example:8443", "http"
		req.Fields = shape.Fields{{Name: "b", Value: "1"}, {Name: "A", Value: ""}, {Name: "B", Value: "2, 3"}, {Name: "Content-Length", Value: "7"}, {Name: "odd name", Value: " x\t% \xff"}}
		req.Offers = []string{"one", "two"}
		if _, err := from.exchange(w.Context(), req); err != nil {
			w.Fatal(err)
		}
		got, want := <-a.asked, *req
		if from != to {
			want.Node = uint16(from.num())
		}
		if diff := cmp.Diff(want.Hello, got.Hello, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" || got.Method != req.Method || got.Body != nil {
			w.Errorf("method %s, body %v, %s", got.Method, got.Body, diff)
		}
	})
}

// TestExchangeSilent: a listener that sends no head in time. The entity's own time goes before the gateway's.
func TestExchangeSilent(t *testing.T) {
	for at, want := range map[string]time.Duration{"hyco": time.Minute, "patient": 5 * time.Minute} {
		both(t, nil, func(w *world, from, to *node) {
			w.create(&entity.Entity{Name: "patient", Settings: entity.Settings{ResponseTimeout: 5 * time.Minute}})
			a := to.answers(at, hang)
			begin := time.Now()
			_, err := from.exchange(w.Context(), request(at, whole("hello")))
			if took := time.Since(begin); !fail.Is(err, fail.ListenerSilent) || took != want || !strings.Contains(err.Error(), "required time") {
				w.Errorf("%v after %v", err, took)
			}
			if fail.Of(err).Tracking != "track-"+at {
				w.Errorf("tracking id of %#v", err)
			}
			synctest.Wait()
			if n := a.listener.Tally.Ignored.Load(); n != 1 {
				w.Errorf("%d offers count as ignored", n)
			}
			if c := w.only(&from.refused, "exchange"); c.Reason != fail.ListenerSilent || c.Side != "listener" || c.Stages.Offer != 0 && c.Stages.Meet != 0 {
				w.Errorf("account %+v", c)
			}
			if from.outcomes[0] != "ignored" {
				w.Errorf("outcomes %v", from.outcomes)
			}
		})
	}
}

// TestExchangeUpload: while the body moves on the listener has time; when the sender stops, it is the sender who is silent.
func TestExchangeUpload(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		to.answers("hyco", echo)
		up := newBody()
		begin := time.Now()
		s := from.sends(request("hyco", up))
		for range 10 {
			<-time.After(50 * time.Second)
			up.parts <- "x"
		}
		close(up.parts)
		if got, err := io.ReadAll(s.head().Body); string(got) != "xxxxxxxxxx!" || err != nil || time.Since(begin) != 500*time.Second {
			w.Errorf("%q, %v after %v", got, err, time.Since(begin))
		}
		s.resp.Body.Close()

		up = newBody("x")
		s = from.sends(request("hyco", up))
		<-time.After(2 * time.Minute)
		if code := s.code(); code != fail.SlowBody || up.closedTimes() != 1 {
			w.Errorf("a sender that stops: %s, closed %d times", code, up.closedTimes())
		}
	})
}

// TestExchangeNext: the next listener is asked while nothing was handed over, and never after that.
func TestExchangeNext(t *testing.T) {
	untaken := &shape.Untaken{Err: fail.New(fail.ListenerLost, "gone")}
	pullsThen := func(err error) func(context.Context, *shape.Request) (*shape.Response, error) {
		return func(_ context.Context, req *shape.Request) (*shape.Response, error) {
			_, _ = req.Body.Read(make([]byte, 1))
			return nil, err
		}
	}
	for name, row := range map[string]struct {
		first func(context.Context, *shape.Request) (*shape.Response, error)
		body  shape.Body
		again bool
	}{
		"nothing was taken":       {refuses(untaken), nil, true},
		"the body is whole":       {refuses(untaken), inMemory{whole()}, true},
		"the request was taken":   {refuses(fail.New(fail.ListenerLost, "gone")), nil, false},
		"the body was pulled":     {pullsThen(untaken), whole("hello"), false},
		"no other can help":       {refuses(&shape.Untaken{Err: fail.New(fail.HeadTooLarge, "")}), nil, false},
		"taken, with a whole one": {refuses(fail.New(fail.ListenerLost, "gone")), inMemory{whole()}, false},
	} {
		both(t, nil, func(w *world, from, to *node) {
			w.create(&entity.Entity{Name: "ordered", Kind: entity.HTTP}) // longest path first
			to.answers("ordered/deep", row.first)
			second := from.answers("ordered", gives(200, nil))
			s := from.sends(request("ordered/deep", row.body))
			if !s.over() || (s.err == nil) != row.again || len(second.asked) > 0 != row.again {
				w.Errorf("%s: %v, asked %d", name, s.err, len(second.asked))
			}
		})
	}
}

// TestExchangeErrors: an error arrives with code, words, status and tracking id, and whose fault it is.
func TestExchangeErrors(t *testing.T) {
	for _, row := range []struct {
		err  *fail.Error
		side string
	}{
		{&fail.Error{Code: fail.Rejected, Status: 418, Text: "tea\r\npot 100% "}, "listener"},
		{&fail.Error{Code: fail.ListenerLost, Text: "The control channel was lost.", Tracking: "own", Target: "there", Op: "offer"}, "listener"},
		{&fail.Error{Code: fail.BadAnswer, Cause: errors.New("no requestId")}, "listener"},
		{&fail.Error{Code: fail.Overloaded}, "gateway"},
		{&fail.Error{Code: fail.TooLarge, Text: "too long"}, "sender"},
	} {
		both(t, nil, func(w *world, from, to *node) {
			to.answers("hyco", refuses(row.err))
			_, err := from.exchange(w.Context(), request("hyco", nil))
			got, want := *fail.Of(err), row.err.At("", "hyco", "track-hyco")
			if got.Code != want.Code || got.Status != want.Status || got.Text != want.Text || got.Tracking != want.Tracking || got.Op != want.Op || got.Target != want.Target {
				w.Errorf("%#v, want %#v", got, want)
			}
			if (got.Cause == nil) != (want.Cause == nil) || got.Cause != nil && got.Cause.Error() != want.Cause.Error() {
				w.Errorf("cause %v, want %v", got.Cause, want.Cause)
			}
			if c := w.only(&from.refused, "exchange"); c.Reason != want.Code || c.Side != row.side {
				w.Errorf("account %+v", c)
			}
		})
	}
}

// TestExchangeBadStatus: what is no final response is none, and its body is closed.
func TestExchangeBadStatus(t *testing.T) {
	for _, status := range []int{0, 100, 101, 199, 600, 999, -1} {
		both(t, nil, func(w *world, from, to *node) {
			b := whole("x")
			to.answers("hyco", gives(status, b))
			if code := from.sends(request("hyco", nil)).code(); code != fail.BadAnswer || b.closedTimes() != 1 {
				w.Errorf("status %d: %s, the body was closed %d times", status, code, b.closedTimes())
			}
		})
	}
}

// TestExchangeNobody: the ways in which there is nobody to ask. The request's body is closed all the same.
func TestExchangeNobody(t *testing.T) {
	for name, row := range map[string]struct {
		path string
		ask  relay.Ask
		want fail.Code
	}{
		"no token":        {"hyco", relay.Ask{Need: entity.Send}, fail.MissingToken},
		"no right":        {"hyco", relay.Ask{Need: entity.Send, Cred: sas("Listen")}, fail.RightMissing},
		"no entity":       {"nowhere", relay.Ask{Need: entity.Send, Cred: sas("Send")}, fail.UnknownEntity},
		"no listener":     {"tcp", relay.Ask{Need: entity.Send, Cred: sas("Send")}, fail.NoListener},
		"streams only":    {"open", relay.Ask{Need: entity.Send}, fail.NoListener},
		"the wrong place": {"walled", relay.Ask{Need: entity.Send, Cred: sas("Send")}, fail.AddressBlocked},
		"hints":           {"hyco", relay.Ask{Need: entity.Send, Cred: sas("Send"), Hints: relay.Hints{Limited: true}}, fail.NoMatchingListener},
	} {
		both(t, nil, func(w *world, from, to *node) {
			to.listen("open")
			to.answers("hyco", gives(200, nil))
			b := whole("x")
			_, err := from.relay.Exchange(w.Context(), row.ask, request(row.path, b))
			if !fail.Is(err, row.want) || b.closedTimes() != 1 || b.pulled() {
				w.Errorf("%s: %v, the body was closed %d times, pulled %v", name, err, b.closedTimes(), b.pulled())
			}
		})
	}
}
