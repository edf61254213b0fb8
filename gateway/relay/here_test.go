package relay_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
)

// ending makes relays whose streams to hyco and below end at their sender's node, in serve.
func ending(serve shape.Endpoint) func(*relay.Params) {
	return func(p *relay.Params) {
		p.Endpoint = func(e *entity.Entity) shape.Endpoint {
			if e.At.Path == "hyco" {
				return serve
			}
			return nil
		}
	}
}

// asks is an endpoint that makes an exchange of each batch, and says the answers. It ends with its sender, or with what it is refused.
func asks(ctx context.Context, sender shape.Leg, h *shape.Hello, listeners shape.Exchanger) *shape.End {
	var b shape.Batch
	for n := 0; ; n++ {
		if err := sender.Read(&b); err != nil {
			end, _ := errors.AsType[*shape.End](err)
			return end
		}
		p := b.Pieces[0]
		req := &shape.Request{Hello: *h, Method: "POST", Body: whole(string(b.Buf[p.Off : p.Off+p.Len]))}
		req.Tracking = h.Tracking + string(rune('0'+n))
		res, err := listeners.Exchange(ctx, req)
		if err != nil {
			no := fail.Of(err)
			return &shape.End{Why: no.Code, Text: no.Message()}
		}
		said, err := io.ReadAll(res.Body)
		if cerr := res.Body.Close(); err != nil || cerr != nil {
			return &shape.End{Why: fail.BadAnswer, Cause: errors.Join(err, cerr)}
		}
		b.Buf = append(make([]byte, shape.Headroom), said...)
		b.Pieces = []shape.Piece{{Off: shape.Headroom, Len: len(said), Last: true}}
		if err := sender.Write(&b); err != nil {
			end, _ := errors.AsType[*shape.End](err)
			return end
		}
	}
}

// TestHere: a stream ends at its sender's node, whose endpoint asks listeners by exchanges. The stream has the slot and the bytes, each
// exchange an account within it; nothing of what stands around the exchanges of senders stands around these.
func TestHere(t *testing.T) {
	change := func(p *relay.Params) {
		ending(asks)(p)
		p.Pipeline = func(*entity.Entity) shape.Middleware {
			return func(shape.Exchanger) shape.Exchanger { return exchanger(refuses(fail.New(fail.Internal, "around"))) }
		}
	}
	both(t, change, func(w *world, from, to *node) {
		a := to.answers("hyco", echo)
		before := from.relay.Counts().Connections
		sender := from.sender("hyco")
		if got := sender.answer(); got != "accept" {
			w.Fatalf("the sender was told %q", got)
		}
		for _, text := range []string{"hello", "again"} {
			sender.leg.in <- []byte(text)
			if got := sender.leg.got(); got != text+"!" {
				w.Errorf("%s was answered with %q", text, got)
			}
		}
		if c := from.relay.Counts(); c.Streams != 1 || c.Exchanges != 0 || c.Connections != before+1 {
			w.Errorf("meanwhile %+v", c)
		}
		for _, want := range []string{"track-hyco0", "track-hyco1"} {
			if req := <-a.asked; req.Tracking != want || req.At.Path != "hyco" {
				w.Errorf("the listener was asked %+v", req.Hello)
			}
		}
		w.mu.Lock()
		for i, c := range from.closed {
			if c.Shape != "exchange" || c.Within != "track-hyco" || c.Rule != "rule" || c.Entity != "hyco" || c.Status != 201 || c.Tracking != "track-hyco"+string(rune('0'+i)) {
				w.Errorf("account of an exchange: %+v", c)
			}
		}
		if len(from.closed) != 2 {
			w.Errorf("%d accounts", len(from.closed))
		}
		from.closed = nil
		w.mu.Unlock()
		close(sender.leg.in)
		if err := sender.result(); err != nil {
			w.Error(err)
		}
		if c := w.only(&from.closed, "stream"); c.Reason != fail.PeerClosed || c.Side != "sender" || c.In != 10 || c.Out != 12 || c.Within != "" || c.Stages.First == 0 && c.Duration != 0 {
			w.Errorf("account %+v", c)
		}
	})
}

// TestHereNobody: a sender who could reach nobody hears it before its stream begins, as one does who leaves by then; other entities' streams
// lead to their listeners.
func TestHereNobody(t *testing.T) {
	served := 0
	change := ending(func(context.Context, shape.Leg, *shape.Hello, shape.Exchanger) *shape.End { served++; return nil })
	both(t, change, func(w *world, from, to *node) {
		to.listen("hyco/own") // of streams, elsewhere
		if code := from.sender("hyco").refusal(); code != fail.NoListener {
			w.Errorf("nobody there: %s", code)
		}
		to.answers("hyco", echo)
		gone := from.sender("hyco", func(p *party, _ *relay.Ask) { p.reject = errors.New("hung up") })
		_ = gone.result()
		if c := w.only(&from.closed, "stream"); c.Reason != fail.SenderGone || c.Cause == nil {
			w.Errorf("account %+v", c)
		}
		if served != 0 {
			w.Errorf("%d streams were served", served)
		}
		open := to.listen("open")
		sender, listener := w.meet(from, open, "open")
		sender.leg.in <- []byte("straight")
		if got := listener.leg.got(); got != "straight" {
			w.Errorf("the listener of another entity got %q", got)
		}
	})
}

// TestHereEnds: whose end it was is said by the endpoint, or by what ended the stream from outside; that one goes before.
func TestHereEnds(t *testing.T) {
	for _, row := range []struct {
		name  string
		begin func(ctx context.Context, req *shape.Request) (*shape.Response, error) // the listener's answer
		end   func(w *world, from *node, sender *party)
		want  fail.Code
		side  string
	}{
		{"the sender is lost", echo, func(_ *world, _ *node, s *party) { s.leg.Close() }, fail.Aborted, "sender"},
		{"the listener fails", refuses(fail.New(fail.ListenerLost, "gone")), nil, fail.ListenerLost, "listener"},
		{"the listener does not answer", hang, func(*world, *node, *party) { <-time.After(2 * time.Minute) }, fail.ListenerSilent, "listener"},
		{"the entity is deleted", hang, func(w *world, _ *node, _ *party) {
			if err := w.store.Delete(w.Context(), entity.Address{Path: "hyco"}, store.Any); err != nil {
				w.Error(err)
			}
		}, fail.EntityDeleted, "gateway"},
		{"the node goes", hang, func(_ *world, from *node, _ *party) {
			over, cancel := context.WithCancel(context.Background())
			cancel()
			from.relay.Drain(over)
		}, fail.Draining, "gateway"},
	} {
		both(t, ending(asks), func(w *world, from, to *node) {
			to.answers("hyco", row.begin)
			sender := from.sender("hyco")
			if got := sender.answer(); got != "accept" {
				w.Fatalf("%s: the sender was told %q", row.name, got)
			}
			sender.leg.in <- []byte("hello")
			synctest.Wait()
			if row.end != nil {
				row.end(w, from, sender)
			}
			_ = sender.result()
			if c := w.only(&from.closed, "stream"); c.Reason != row.want || c.Side != row.side || c.In != 5 {
				w.Errorf("%s: account %+v", row.name, c)
			}
		})
	}
}

// TestHereDeleted: an entity that goes while its endpoint is between two messages has no more exchanges.
func TestHereDeleted(t *testing.T) {
	var more chan struct{}
	var came chan error
	serve := func(ctx context.Context, _ shape.Leg, h *shape.Hello, listeners shape.Exchanger) *shape.End {
		<-more
		_, err := listeners.Exchange(context.WithoutCancel(ctx), &shape.Request{Hello: *h, Method: "POST"})
		came <- err
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		more, came = make(chan struct{}), make(chan error, 1)
		w := &world{T: t}
		w.prepare()
		n := w.add(1, ending(serve))
		n.relay.Open()
		defer w.end()
		a := n.answers("hyco", echo)
		sender := n.sender("hyco")
		if got := sender.answer(); got != "accept" {
			w.Fatalf("the sender was told %q", got)
		}
		if err := w.store.Delete(w.Context(), entity.Address{Path: "hyco"}, store.Any); err != nil {
			w.Fatal(err)
		}
		synctest.Wait()
		close(more)
		if err := <-came; !fail.Is(err, fail.EntityDeleted) || len(a.asked) != 0 {
			w.Errorf("%v, asked %d times", err, len(a.asked))
		}
		_ = sender.result()
	})
}

// opens is a middleware that answers an exchange over a stream: it says the body to a listener of streams, and gives back what that one says.
func opens(next shape.Exchanger) shape.Exchanger {
	return exchanger(func(ctx context.Context, req *shape.Request) (*shape.Response, error) {
		l, err := next.(shape.Opener).Open(ctx) //nolint:forcetypeassert // the relay's own is one
		if err != nil {
			return nil, err
		}
		defer l.Close()
		defer context.AfterFunc(ctx, func() { l.Abort(&shape.End{Why: fail.Aborted}) })()
		text, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		b := shape.Batch{Buf: append(make([]byte, shape.Headroom), text...), Pieces: []shape.Piece{{Off: shape.Headroom, Len: len(text), Last: true}}}
		if err := l.Write(&b); err != nil {
			return nil, err
		}
		if err := l.Read(&b); err != nil {
			return nil, err
		}
		p := b.Pieces[0]
		return &shape.Response{Status: 200, Body: whole(string(b.Buf[p.Off : p.Off+p.Len]))}, nil
	})
}

// opening makes relays whose exchanges are answered over streams.
func opening(p *relay.Params) {
	p.Pipeline = func(*entity.Entity) shape.Middleware { return opens }
}

// TestOpen: an exchange is answered over a stream to a listener of streams, which meets the sender's node at its rendezvous as for any
// stream. The exchange has the account, and names the ticket.
func TestOpen(t *testing.T) {
	both(t, opening, func(w *world, from, to *node) {
		e := to.listen("hyco")
		s := from.sends(request("hyco", whole("hello")))
		offer := e.next()
		if h := offer.Hello; h.At.Path != "hyco" || h.Tracking != "track-hyco" || len(h.Fields) != 0 {
			w.Errorf("the listener was told of %+v", h)
		}
		l, err := from.join(offer.Ticket)
		if err != nil {
			w.Fatal(err)
		}
		if got := l.answer(); got != "accept" {
			w.Fatalf("the listener was told %q", got)
		}
		if got := l.leg.got(); got != "hello" {
			w.Errorf("the listener got %q", got)
		}
		l.leg.in <- []byte("world")
		if got, err := io.ReadAll(s.head().Body); string(got) != "world" || err != nil {
			w.Errorf("%q, %v", got, err)
		}
		_ = s.resp.Body.Close()
		if c := w.only(&from.closed, "exchange"); c.Status != 200 || c.In != 5 || c.Out != 5 || c.Ticket != offer.Ticket || c.Listener != e.listener.ID || c.Reason != fail.PeerClosed {
			w.Errorf("account %+v", c)
		}
	})
}

// TestOpenFails: the ways in which no listener comes are those of any stream, within the time that the exchange has for its answer.
func TestOpenFails(t *testing.T) {
	for _, row := range []struct {
		name string
		play func(w *world, from *node, e *ear)
		want fail.Code
	}{
		{"it says no", func(w *world, from *node, e *ear) {
			o := e.next()
			if err := from.relay.Decline(w.Context(), o.Ticket, hello("hyco"), &fail.Error{Code: fail.Rejected, Status: 418, Text: "no"}); err != nil {
				w.Error(err)
			}
		}, fail.Rejected},
		{"it does not come", func(_ *world, _ *node, e *ear) {
			e.next()
			<-time.After(2 * time.Minute)
		}, fail.AcceptTimeout},
		{"it comes, and says nothing", func(w *world, from *node, e *ear) {
			if _, err := from.join(e.next().Ticket); err != nil {
				w.Error(err)
			}
			<-time.After(2 * time.Minute)
		}, fail.ListenerSilent},
	} {
		both(t, opening, func(w *world, from, to *node) {
			e := to.listen("hyco")
			s := from.sends(request("hyco", whole("hello")))
			row.play(w, from, e)
			if code := s.code(); code != row.want {
				w.Errorf("%s: %s", row.name, code)
			}
			if c := w.only(&from.refused, "exchange"); c.Reason != row.want {
				w.Errorf("%s: account %+v", row.name, c)
			}
		})
	}
	both(t, opening, func(w *world, from, _ *node) {
		if code := from.sends(request("hyco", whole("hello"))).code(); code != fail.NoListener {
			w.Errorf("nobody there: %s", code)
		}
	})
}
