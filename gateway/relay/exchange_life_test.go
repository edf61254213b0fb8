package relay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
)

// read reads once.
func read(t *testing.T, b io.Reader) string {
	t.Helper()
	p := make([]byte, 100)
	n, err := b.Read(p)
	if err != nil {
		t.Fatalf("read %q, %v", p[:n], err)
	}
	return string(p[:n])
}

// TestExchangeStreams: the head is there before any body, each part is read before the next one is written, both ways at once.
func TestExchangeStreams(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		down, up := newBody(), newBody()
		var heard io.Reader
		to.answers("hyco", func(_ context.Context, req *shape.Request) (*shape.Response, error) {
			heard = req.Body
			return &shape.Response{Status: 200, Body: down}, nil
		})
		resp := from.sends(request("hyco", up)).head()
		for i := range 5 {
			part := fmt.Sprintf("event %d", i)
			down.parts <- part
			if got := read(w.T, resp.Body); got != part {
				w.Errorf("got %q, want %q", got, part)
			}
			up.parts <- part
			if got := read(w.T, heard); got != part {
				w.Errorf("the listener got %q, want %q", got, part)
			}
		}
		close(up.parts)
		if _, err := heard.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			w.Errorf("the end of the request: %v", err)
		}
		close(down.parts)
		if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			w.Errorf("the end of the response: %v", err)
		}
		resp.Body.Close()
		synctest.Wait()
		if up.closedTimes() != 1 || down.closedTimes() != 1 {
			w.Errorf("the request's body was closed %d times, the response's %d", up.closedTimes(), down.closedTimes())
		}
	})
}

// TestExchangeWhole: bodies in memory are given as such where nothing lies between, and arrive everywhere.
func TestExchangeWhole(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		back := inMemory{whole("all of it")}
		a := to.answers("hyco", gives(200, back))
		resp := from.sends(request("hyco", inMemory{whole("all of it")})).head()
		req := <-a.asked
		if req.Body.Size() != 9 || resp.Body.Size() != 9 {
			w.Errorf("sizes %d and %d", req.Body.Size(), resp.Body.Size())
		}
		if b, ok := resp.Body.(shape.Whole); ok != (from == to) || ok && string(b.Bytes()) != "all of it" {
			w.Errorf("whole: %v", ok)
		} else if !ok {
			if got, err := io.ReadAll(resp.Body); string(got) != "all of it" || err != nil {
				w.Errorf("%q, %v", got, err)
			}
		}
		resp.Body.Close()
		synctest.Wait()
		if c := w.only(&from.closed, "exchange"); c.Reason != fail.PeerClosed || c.Out != 9 || c.Stages.Meet > c.Duration {
			w.Errorf("account %+v", c)
		}
		if back.closedTimes() != 1 {
			w.Errorf("closed %d times", back.closedTimes())
		}
	})
}

// gone is what an entry ends the context with when its sender leaves.
var gone = fail.New(fail.SenderGone, "")

// TestExchangeSenderLeaves: before the head, during it and in the middle of the body. The listener's side learns why.
func TestExchangeSenderLeaves(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		causes := make(chan error, 1)
		to.answers("hyco", func(ctx context.Context, _ *shape.Request) (*shape.Response, error) {
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return nil, context.Cause(ctx)
		})
		up := newBody("x")
		for _, req := range []*shape.Request{request("hyco", nil), request("hyco", up)} {
			s := from.sends(req)
			if s.over() {
				w.Fatal("it is over")
			}
			s.leave(gone)
			if code := s.code(); code != fail.SenderGone {
				w.Errorf("the sender left: %s", code)
			}
			if cause := <-causes; !fail.Is(cause, fail.SenderGone) {
				w.Errorf("the listener's side was told %v", cause)
			}
			if c := w.only(&from.refused, "exchange"); c.Reason != fail.SenderGone || c.Side != "sender" {
				w.Errorf("account %+v", c)
			}
		}
		if up.closedTimes() != 1 {
			w.Errorf("closed %d times", up.closedTimes())
		}
	})
	for name, leave := range map[string]func(*sending, *shape.Response){
		"ends the context": func(s *sending, _ *shape.Response) { s.leave(gone) },
		"closes the body":  func(_ *sending, r *shape.Response) { r.Body.Close() },
	} {
		both(t, nil, func(w *world, from, to *node) {
			down := newBody("x")
			var ctx context.Context
			to.answers("hyco", func(c context.Context, _ *shape.Request) (*shape.Response, error) {
				ctx = c
				return &shape.Response{Status: 200, Body: down}, nil
			})
			s := from.sends(request("hyco", nil))
			resp := s.head()
			read(w.T, resp.Body)
			leave(s, resp)
			synctest.Wait()
			if down.closedTimes() != 1 || ctx.Err() == nil {
				w.Errorf("%s: the response's body was closed %d times, the context %v", name, down.closedTimes(), ctx.Err())
			}
			if _, err := resp.Body.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
				w.Errorf("%s: then a read gives %v", name, err)
			}
			resp.Body.Close()
			if c := w.only(&from.closed, "exchange"); c.Reason != fail.SenderGone || c.Side != "sender" {
				w.Errorf("%s: account %+v", name, c)
			}
		})
	}
}

// TestExchangeBreaks: a response that breaks in the middle of its body is an error and never an end.
func TestExchangeBreaks(t *testing.T) {
	for _, size := range []int64{-1, 100} {
		both(t, nil, func(w *world, from, to *node) {
			down := newBody("half")
			down.size, down.fault = size, fail.New(fail.ListenerLost, "The rendezvous was lost.")
			close(down.parts)
			to.answers("hyco", gives(200, down))
			resp := from.sends(request("hyco", nil)).head()
			got, err := io.ReadAll(resp.Body)
			if string(got) != "half" || !fail.Is(err, fail.ListenerLost) {
				w.Errorf("%q, %v", got, err)
			}
			resp.Body.Close()
			if c := w.only(&from.closed, "exchange"); c.Reason != fail.ListenerLost || c.Side != "listener" || c.Out != 4 {
				w.Errorf("account %+v", c)
			}
		})
	}
}

// TestExchangeUploadBreaks: the listener's side sees a broken request as one, and the sender is told its own fault.
func TestExchangeUploadBreaks(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		seen := make(chan error, 1)
		to.answers("hyco", func(_ context.Context, req *shape.Request) (*shape.Response, error) {
			_, err := io.ReadAll(req.Body)
			seen <- err
			return nil, err
		})
		up := newBody("half")
		up.fault = fail.New(fail.BadRequest, "The chunk has no size.")
		close(up.parts)
		if code := from.sends(request("hyco", up)).code(); code != fail.BadRequest {
			w.Errorf("the sender was told %s", code)
		}
		if err := <-seen; err == nil {
			w.Error("the listener saw a whole request")
		}
	})
}

// TestExchangeEarlyAnswer: a listener that answers without the request's body ends the exchange; the next one goes well.
func TestExchangeEarlyAnswer(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		to.answers("hyco", func(context.Context, *shape.Request) (*shape.Response, error) {
			return &shape.Response{Status: 413, Body: whole("too much")}, nil
		})
		for range 3 {
			up := newBody(strings.Repeat("x", 200<<10), strings.Repeat("y", 200<<10))
			resp := from.sends(request("hyco", up)).head()
			if got, err := io.ReadAll(resp.Body); string(got) != "too much" || err != nil {
				w.Errorf("%q, %v", got, err)
			}
			resp.Body.Close()
			synctest.Wait()
			if up.closedTimes() != 1 {
				w.Errorf("closed %d times", up.closedTimes())
			}
		}
	})
}

// TestExchangeExpect: a listener that dials reaches the Exchanger that waits for it; the account has the ticket.
func TestExchangeExpect(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		tickets := make(chan shape.Ticket, 1)
		to.answers("hyco", func(ctx context.Context, _ *shape.Request) (*shape.Response, error) {
			e := expect(ctx, to.relay)
			defer e.Close()
			ticket, err := e.Ticket()
			if err != nil {
				return nil, err
			}
			tickets <- ticket
			<-e.Arrived()
			p, err := e.Wait(ctx)
			if err != nil {
				return nil, err
			}
			p.Refuse(fail.New(fail.Replaced, "")) // an entry would accept it
			return &shape.Response{Status: 200}, nil
		})
		w.story()
		s := from.sends(request("hyco", nil))
		synctest.Wait()
		ticket := <-tickets
		if c := to.relay.Counts(); c.Pending != 0 {
			w.Errorf("%d streams wait", c.Pending)
		}
		p, err := to.join(ticket)
		if err != nil || p.answer() != string(fail.Replaced) {
			w.Errorf("%v, told %s", err, p.answer())
		}
		s.head()
		if c := w.only(&from.closed, "exchange"); c.Ticket != ticket {
			w.Errorf("ticket %s in the account, want %s", c.Ticket.GUID(), ticket.GUID())
		}
		if story := w.story(); !strings.Contains(story, fmt.Sprintf("7@%d", to.num())) {
			w.Errorf("story %s", story)
		}
		if _, err := to.join(ticket); !fail.Is(err, fail.UnknownTicket) {
			w.Errorf("a second one: %v", err)
		}
	})
}

// TestExchangeNoRendezvous: a listener that was to dial and does not; coming late it is turned away and no guesser.
func TestExchangeNoRendezvous(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		tickets := make(chan shape.Ticket, 100)
		w.create(&entity.Entity{Name: "quick", Settings: entity.Settings{ResponseTimeout: 15 * time.Second}})
		to.answers("quick", func(ctx context.Context, _ *shape.Request) (*shape.Response, error) {
			e := expect(ctx, to.relay)
			defer e.Close()
			ticket, err := e.Ticket()
			if err != nil {
				return nil, err
			}
			tickets <- ticket
			_, err = e.Wait(ctx)
			return nil, err
		})
		var all []*sending
		for range 70 { // more than a guesser may at once
			all = append(all, from.sends(request("quick", nil)))
		}
		<-time.After(16 * time.Second)
		for _, s := range all {
			if code := s.code(); code != fail.RendezvousTimeout || !strings.Contains(s.err.Error(), "within the allotted time 00:00:15.") {
				w.Fatalf("%v", s.err)
			}
			if _, err := to.join(<-tickets); !fail.Is(err, fail.UnknownTicket) || strings.Contains(err.Error(), "Too many") {
				w.Fatalf("late: %v", err)
			}
		}
		if _, err := expect(w.Context(), to.relay).Ticket(); err != nil {
			w.Errorf("outside of an exchange: %v", err)
		}
	})
}

// TestExchangeDeclined: a listener that declines at the rendezvous is heard in its own words.
func TestExchangeDeclined(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		to.answers("hyco", func(ctx context.Context, _ *shape.Request) (*shape.Response, error) {
			e := expect(ctx, to.relay)
			defer e.Close()
			ticket, _ := e.Ticket()
			if err := to.relay.Decline(ctx, ticket, hello("rendezvous"), &fail.Error{Code: fail.Rejected, Status: 409, Text: "no"}); err != nil {
				w.Error(err)
			}
			_, err := e.Wait(ctx)
			return nil, err
		})
		s := from.sends(request("hyco", nil))
		if code := s.code(); code != fail.Rejected || fail.Of(s.err).Status != 409 {
			w.Errorf("%v", s.err)
		}
	})
}

// TestExchangePipeline: the entity's pipeline stands between admit and offer, at the sender's node alone.
func TestExchangePipeline(t *testing.T) {
	change := func(p *relay.Params) {
		p.Pipeline = func(e *entity.Entity) shape.Middleware {
			if e.Name != "hyco" {
				return nil
			}
			return func(next shape.Exchanger) shape.Exchanger {
				return exchanger(func(ctx context.Context, req *shape.Request) (*shape.Response, error) {
					if req.Method == "BLOCK" {
						return &shape.Response{Status: 403}, nil
					}
					changed := *req
					changed.Fields = append(changed.Fields, shape.Field{Name: "Seen", Value: "yes"})
					resp, err := next.Exchange(ctx, &changed)
					if err == nil {
						resp.Reason += " and seen"
					}
					return resp, err
				})
			}
		}
	}
	both(t, change, func(w *world, from, to *node) {
		a := to.answers("hyco", gives(200, nil))
		resp := from.sends(request("hyco", nil)).head()
		if got := (<-a.asked).Fields; len(got) != 1 || got.Get("seen") != "yes" || resp.Reason != " and seen" {
			w.Errorf("fields %v, reason %q", got, resp.Reason)
		}
		blocked := request("hyco", nil)
		blocked.Method = "BLOCK"
		if resp := from.sends(blocked).head(); resp.Status != 403 || len(a.asked) != 0 {
			w.Errorf("blocked with %d, asked %d", resp.Status, len(a.asked))
		}
		other := to.answers("tcp", gives(200, nil))
		from.sends(request("tcp", nil)).head()
		if got := (<-other.asked).Fields; got.Has("Seen") {
			w.Errorf("another entity's pipeline ran: %v", got)
		}
	})
}

type exchanger func(context.Context, *shape.Request) (*shape.Response, error)

func (f exchanger) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	return f(ctx, req)
}

// TestExchangeLimit: an exchange has a slot of the connections until its response is closed, and gives it back once.
func TestExchangeLimit(t *testing.T) {
	both(t, func(p *relay.Params) { p.Limits.Connections = 2 }, func(w *world, from, to *node) {
		to.answers("hyco", func(context.Context, *shape.Request) (*shape.Response, error) {
			return &shape.Response{Status: 200, Body: whole("x")}, nil
		})
		room := 2
		if from == to {
			room = 1 // the listener has the other
		}
		for range 3 {
			var open []*shape.Response
			for range room {
				open = append(open, from.sends(request("hyco", nil)).head())
			}
			if code := from.sends(request("hyco", nil)).code(); code != fail.ConnectionLimit {
				w.Errorf("beyond the limit: %s", code)
			}
			for _, resp := range open {
				_, _ = io.ReadAll(resp.Body)
				resp.Body.Close()
				resp.Body.Close()
			}
		}
	})
}

// TestExchangeEntityDeleted: what runs on an entity ends with it, before the head and after.
func TestExchangeEntityDeleted(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := w.create(&entity.Entity{Name: "doomed"})
		down := newBody("x")
		to.answers("doomed", func(ctx context.Context, req *shape.Request) (*shape.Response, error) {
			if req.Method == "GET" {
				return &shape.Response{Status: 200, Body: down}, nil
			}
			return hang(ctx, req)
		})
		get := request("doomed", nil)
		get.Method = "GET"
		running, waiting := from.sends(get).head(), from.sends(request("doomed", nil))
		read(w.T, running.Body)
		if waiting.over() {
			w.Fatal("it is over")
		}
		if err := w.store.Delete(w.Context(), e.At, store.Any); err != nil {
			w.Fatal(err)
		}
		if code := waiting.code(); code != fail.EntityDeleted {
			w.Errorf("who waited: %s", code)
		}
		if _, err := running.Body.Read(make([]byte, 1)); !fail.Is(err, fail.EntityDeleted) {
			w.Errorf("the body: %v", err)
		}
		running.Body.Close()
		if c := w.only(&from.closed, "exchange"); c.Reason != fail.EntityDeleted || c.Side != "gateway" {
			w.Errorf("account %+v", c)
		}
	})
}

// TestExchangeDrain: a node that drains takes no exchange, lets its listeners answer before they go, and lets bodies finish.
func TestExchangeDrain(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		answer := make(chan struct{})
		down := newBody("first")
		a := to.answers("hyco", func(context.Context, *shape.Request) (*shape.Response, error) {
			<-answer
			return &shape.Response{Status: 200, Body: down}, nil
		})
		s := from.sends(request("hyco", nil))
		if s.over() {
			w.Fatal("it is over")
		}
		over := to.drain(time.Minute)
		if a.ended() != nil {
			w.Error("the listener was sent away before it could answer")
		}
		if code := from.sends(request("hyco", nil)).code(); code != fail.Draining && code != fail.NoListener {
			w.Errorf("a new one: %s", code)
		}
		<-time.After(3 * time.Second)
		close(answer)
		resp := s.head()
		if end := a.ended(); end == nil || end.Why != fail.Draining {
			w.Errorf("then the listener was told %+v", end)
		}
		<-time.After(20 * time.Second)
		close(down.parts)
		if got, err := io.ReadAll(resp.Body); string(got) != "first" || err != nil {
			w.Errorf("%q, %v", got, err)
		}
		resp.Body.Close()
		if took := <-over; took != 23*time.Second {
			w.Errorf("over after %v", took)
		}
	})
}

// TestExchangeDrainDeadline: a listener that does not answer is sent away after a few seconds; at the deadline what runs is ended.
func TestExchangeDrainDeadline(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		a := to.answers("hyco", hang)
		s := from.sends(request("hyco", nil))
		if s.over() {
			w.Fatal("it is over")
		}
		begin := time.Now()
		over := to.drain(20 * time.Second)
		if end := <-a.left; end.Why != fail.Draining || time.Since(begin) != 5*time.Second {
			w.Errorf("the listener was told %+v after %v", end, time.Since(begin))
		}
		if took := <-over; took != 20*time.Second {
			w.Errorf("over after %v", took)
		}
		if code := s.code(); code != fail.Draining {
			w.Errorf("who waited: %s", code)
		}
	})
}

// TestExchangeBackPressure: a reader that stops while 1 GiB is offered costs next to nothing, in either direction.
func TestExchangeBackPressure(t *testing.T) {
	const most = 1 << 20
	both(t, nil, func(w *world, from, to *node) {
		up, down := &flood{left: 1 << 30}, &flood{left: 1 << 30}
		to.answers("hyco", func(_ context.Context, req *shape.Request) (*shape.Response, error) {
			read(w.T, req.Body)
			return &shape.Response{Status: 200, Body: down}, nil
		})
		before := heap()
		resp := from.sends(request("hyco", up)).head()
		read(w.T, resp.Body)
		synctest.Wait()
		if a, b := (1<<30)-up.left, (1<<30)-down.left; a > most || b > most {
			w.Errorf("%d bytes of the request and %d of the response are on their way", a, b)
		}
		if after := heap(); after > before+most {
			w.Errorf("the heap grew by %d bytes", after-before)
		}
		resp.Body.Close()
	})
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// flood is a body that always has more.
type flood struct{ left int }

func (*flood) Size() int64 { return -1 }

func (f *flood) Read(p []byte) (int, error) {
	n := min(len(p), f.left)
	f.left -= n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (*flood) Close() error { return nil }

// TestExchangeNodeLost: a node that cannot be reached was asked for nothing, so the next listener is; one that dies with the request
// may have given it to its listener, and nobody else is asked.
func TestExchangeNodeLost(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		near, far := w.nodes[0], w.nodes[1]
		w.create(&entity.Entity{Name: "ordered", Kind: entity.HTTP}) // longest path first
		far.answers("ordered/deep", hang)
		second := near.answers("ordered", gives(200, nil))

		waiting := near.sends(request("ordered/deep", nil))
		if waiting.over() {
			t.Fatal("it is over")
		}
		far.cut()
		if code := waiting.code(); code != fail.NodeLost || len(second.asked) != 0 {
			t.Errorf("the node died with the request: %s, %d others were asked", code, len(second.asked))
		}
		far.dead = true
		if near.sends(request("ordered/deep", nil)).head(); len(second.asked) != 1 {
			t.Errorf("the node is dead: %d others were asked", len(second.asked))
		}
		up := whole("x")
		if near.sends(request("ordered/deep", up)).head(); up.pulled() || len(second.asked) != 2 {
			t.Errorf("the node is dead: %d others were asked", len(second.asked))
		}
		far.dead = false
	})
}

// cut ends the connections that other nodes carry to this one.
func (n *node) cut() {
	synctest.Wait()
	n.w.mu.Lock()
	carried := n.carried
	n.carried = nil
	n.w.mu.Unlock()
	for _, c := range carried {
		c.Close()
	}
	synctest.Wait()
}

// TestExchangeSilentNode: a node that says nothing at all, not even that its listener is silent.
func TestExchangeSilentNode(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		near, far := w.nodes[0], w.nodes[1]
		far.answers("hyco", hang)
		far.mute = true
		begin := time.Now()
		_, err := near.exchange(w.Context(), request("hyco", nil))
		if took := time.Since(begin); !fail.Is(err, fail.NodeLost) || took != 65*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestExchangeDeadNode: a node whose connections say nothing of its death, but the mesh does.
func TestExchangeDeadNode(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		near, far := w.nodes[0], w.nodes[1]
		far.answers("hyco", hang)
		far.mute = true
		for _, req := range []*shape.Request{request("hyco", nil), request("hyco", newBody("x"))} {
			s := near.sends(req)
			if s.over() {
				t.Fatal("it is over")
			}
			w.net.Partition(near.num(), far.num())
			begin := time.Now()
			<-s.done
			if code := s.code(); code != fail.NodeLost || time.Since(begin) > 5*time.Second {
				t.Errorf("%s after %v", code, time.Since(begin))
			}
			w.net.Heal(near.num(), far.num())
			<-time.After(time.Minute)
		}
	})
}

// TestExchangePool: connections between nodes are used again, also behind errors, and closed when they are idle for long; one that died
// meanwhile is replaced without anybody noticing.
func TestExchangePool(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		near, far := w.nodes[0], w.nodes[1]
		var served atomic.Int64 // two are served at once at the end
		far.answers("hyco", func(ctx context.Context, req *shape.Request) (*shape.Response, error) {
			served.Add(1)
			if req.Method == "FAIL" {
				return nil, fail.New(fail.BadAnswer, "")
			}
			return echo(ctx, req)
		})
		once := func() {
			resp := near.sends(request("hyco", whole("x"))).head()
			if got, err := io.ReadAll(resp.Body); string(got) != "x!" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			resp.Body.Close()
			synctest.Wait()
		}
		once()
		failing := request("hyco", nil)
		failing.Method = "FAIL"
		_ = near.sends(failing).code()
		once()
		if near.dials != 1 || served.Load() != 3 {
			t.Errorf("%d dials for %d exchanges", near.dials, served.Load())
		}
		far.cut()
		once()
		if near.dials != 2 || served.Load() != 4 {
			t.Errorf("behind a loss: %d dials for %d exchanges", near.dials, served.Load())
		}
		<-time.After(29 * time.Second)
		once()
		<-time.After(31 * time.Second)
		once()
		if near.dials != 3 || served.Load() != 6 {
			t.Errorf("behind a pause: %d dials for %d exchanges", near.dials, served.Load())
		}
		both := []*sending{near.sends(request("hyco", newBody())), near.sends(request("hyco", newBody()))}
		synctest.Wait()
		if near.dials != 4 {
			t.Errorf("two at once: %d dials", near.dials)
		}
		for _, s := range both {
			s.leave(gone)
			s.over()
		}
	})
}

// TestExchangeListenerLeft: the listener left while its node was asked: the next one is.
func TestExchangeListenerLeft(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		near, far := w.nodes[0], w.nodes[1]
		w.create(&entity.Entity{Name: "ordered", Kind: entity.HTTP})
		first := far.answers("ordered/deep", hang)
		second := near.answers("ordered", gives(200, nil))
		near.dialing = func() { first.leave() }
		if near.sends(request("ordered/deep", nil)).head(); len(second.asked) != 1 || len(first.asked) != 0 {
			t.Errorf("%d and %d were asked", len(first.asked), len(second.asked))
		}
	})
}

// expect is a rendezvous of the relay's by itself.
func expect(ctx context.Context, r *relay.Relay) *relay.Expected {
	e := new(relay.Expected)
	r.Expect(ctx, e)
	return e
}
