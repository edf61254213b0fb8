package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
)

// sink is a listener that takes messages and writes them down.
type sink struct {
	*ear

	deliver func(context.Context, *shape.Message) error // before it writes down; nil: it takes everything at once

	mu  sync.Mutex
	got []string
}

// Deliver implements shape.Sink.
func (s *sink) Deliver(ctx context.Context, m *shape.Message) (int, error) {
	if s.deliver != nil {
		if err := s.deliver(ctx, m); err != nil {
			return 0, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, string(m.Data))
	return 1, nil
}

// has is what was written down.
func (s *sink) has() string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.got, " ")
}

// sink lets a listener in that takes messages.
func (n *node) sink(id, path string, deliver func(context.Context, *shape.Message) error) *sink {
	n.w.Helper()
	s := &sink{ear: n.ear(id), deliver: deliver}
	s.listener.Stream, s.listener.Cast = nil, s
	if err := s.sit(path, "Listen"); err != nil {
		n.w.Fatal(err)
	}
	return s
}

// counts is what the gateway says that the listener got and missed; what waits is an error.
func (s *sink) counts() (delivered, missed int64) {
	s.node.w.Helper()
	synctest.Wait()
	list, err := s.node.relay.Listeners(s.node.w.Context(), s.listener.Entity)
	if err != nil {
		s.node.w.Fatal(err)
	}
	for _, l := range list {
		if l.ID == s.listener.ID && l.Node == s.node.num() {
			if l.Casts.Waiting != 0 {
				s.node.w.Errorf("%s: %d messages wait", l.ID, l.Casts.Waiting)
			}
			return l.Casts.Delivered, l.Casts.Missed
		}
	}
	return s.listener.Tally.Delivered.Load(), s.listener.Tally.Missed.Load()
}

func message(path, text string) *shape.Message {
	return &shape.Message{Hello: *hello(path), Type: "text/plain", Data: []byte(text)}
}

// cast sends one message.
func (n *node) cast(path, text string, mode relay.Mode) (relay.Outcome, error) {
	return n.relay.Cast(context.Background(), relay.Ask{Need: entity.Send, Cred: sas("Send")}, message(path, text), mode)
}

// events makes the entities of these tests.
func (w *world) events() {
	w.create(&entity.Entity{Name: "one", Kind: entity.OneWay})
	w.create(&entity.Entity{Name: "news", Kind: entity.Event})
}

// onNodes runs a story about a sender's and a listener's node, which are one or two.
func onNodes(t *testing.T, change func(*relay.Params), story func(w *world, from, at *node)) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			play(t, n, change, func(w *world) {
				w.events()
				story(w, w.nodes[0], w.nodes[n-1])
			})
		})
	}
}

// TestModeOf: two kinds are for casts.
func TestModeOf(t *testing.T) {
	for _, k := range entity.Kinds() {
		mode, casts := relay.ModeOf(k)
		if casts != (k == entity.OneWay || k == entity.Event) || casts && (mode == relay.All) != (k == entity.Event) {
			t.Errorf("%s: mode %v, casts %v", k, mode, casts)
		}
	}
}

// TestCastArrives: what a listener gets is what was sent, its sender included, whatever node it is at.
func TestCastArrives(t *testing.T) {
	onNodes(t, nil, func(w *world, from, at *node) {
		var got *shape.Message
		s := at.sink("a", "one", func(_ context.Context, m *shape.Message) error {
			got = m
			return nil
		})
		m := message("one/below", "hello\x00\xff")
		m.Fields.Add("X-Own", "\xe9")
		o, err := from.relay.Cast(w.Context(), relay.Ask{Need: entity.Send, Cred: sas("Send")}, m, relay.One)
		if err != nil || o.Taken != 1 || o.Misses() != 0 {
			t.Fatalf("%+v, %v", o, err)
		}
		if s.has() != "hello\x00\xff" || got.Type != "text/plain" || got.At.Path != "one/below" || got.Tracking != m.Tracking ||
			got.Fields.Get("x-own") != "\xe9" || got.Remote != m.Remote || got.Host != m.Host {
			t.Errorf("arrived: %+v", got)
		}
		c := w.only(&from.closed, "cast")
		if c.Reason != fail.PeerClosed || c.Messages != 1 || c.Taken != 1 || c.Missed != 0 || c.In != 7 || c.Kind != "oneway" || c.Entity != "one" || c.Listener != "a" || c.PeerNode != at.num() {
			t.Errorf("account %+v", c)
		}
		if in := from.relay.Counts().In; in != 7 {
			t.Errorf("%d bytes counted", in)
		}
	})
}

// TestCastOneNext: the next listener is asked while nothing has left, and never after.
func TestCastOneNext(t *testing.T) {
	untaken := &shape.Untaken{Err: fail.New(fail.ListenerLost, "")}
	after := fail.New(fail.ListenerLost, "")
	rows := []struct {
		name  string
		says  [3]error // of the listeners, whichever is asked first
		want  fail.Code
		tries int
	}{
		{"the first takes it", [3]error{}, "", 1},
		{"one takes it", [3]error{untaken, untaken}, "", 3},
		{"nobody", [3]error{untaken, untaken, untaken}, fail.ListenerLost, 3},
		{"lost behind the hand-over", [3]error{after}, fail.ListenerLost, 1},
		{"the second loses it", [3]error{untaken, after}, fail.ListenerLost, 2},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			onNodes(t, nil, func(w *world, from, at *node) {
				var mu sync.Mutex
				asked := 0
				var all []*sink
				for i := range 3 {
					all = append(all, at.sink(fmt.Sprint(i), "one", func(context.Context, *shape.Message) error {
						mu.Lock()
						defer mu.Unlock()
						asked++
						if err := row.says[asked-1]; err != nil { // a nil *error is none
							return err
						}
						return nil
					}))
				}
				o, err := from.cast("one", "x", relay.One)
				if row.want == "" && (err != nil || o.Taken != 1) || row.want != "" && !fail.Is(err, row.want) {
					t.Errorf("%+v, %v", o, err)
				}
				var got int
				var delivered, missed int64
				for _, s := range all {
					got += len(s.has())
					d, m := s.counts()
					delivered, missed = delivered+d, missed+m
				}
				lost := row.says[row.tries-1] == error(after)
				if asked != row.tries || got != o.Taken || delivered != int64(o.Taken) || missed != 0 && !lost || lost && missed != 1 {
					t.Errorf("asked %d times, %d arrived, %d delivered, %d missed", asked, got, delivered, missed)
				}
			})
		})
	}
}

// TestCastRefused: what cannot be cast is refused with the reason, and nobody gets it; an event for nobody is none.
func TestCastRefused(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		w.events()
		n := w.nodes[0]
		rows := []struct {
			path, token string
			size        int
			mode        relay.Mode
			want        fail.Code
		}{
			{"one", "Send", 1, relay.One, fail.NoListener},
			{"none", "Send", 1, relay.All, fail.UnknownEntity},
			{"news", "Listen", 1, relay.All, fail.RightMissing},
			{"news", "Send", 1, relay.All, ""},
			{"news", "Send", shape.DefaultMessage, relay.All, ""},
			{"news", "Send", shape.DefaultMessage + 1, relay.All, fail.TooLarge},
		}
		for _, row := range rows {
			m := message(row.path, strings.Repeat("x", row.size))
			o, err := n.relay.Cast(w.Context(), relay.Ask{Need: entity.Send, Cred: sas(row.token)}, m, row.mode)
			if fail.Of(err) == nil != (row.want == "") || err != nil && !fail.Is(err, row.want) || o.Taken != 0 || o.Misses() != 0 {
				t.Errorf("%+v: %+v, %v", row, o, err)
			}
			if row.want == "" {
				w.only(&n.closed, "cast")
			} else if c := w.only(&n.refused, "cast"); c.Reason != row.want {
				t.Errorf("%+v: refused with %+v", row, c)
			}
		}
	})
}

// TestCastAll: each listener of all nodes gets the message once; one that is deaf, in doubt or below the path like any other, one of
// another entity or another shape not.
func TestCastAll(t *testing.T) {
	play(t, 3, func(p *relay.Params) { p.Limits.ListenersPerEntity = 100 }, func(w *world) {
		w.events()
		w.create(&entity.Entity{Name: "news/own", Kind: entity.Event})
		var all []*sink
		for i := range 30 {
			all = append(all, w.nodes[i%3].sink(fmt.Sprint("l", i), "news", nil))
		}
		old := w.nodes[1].sink(guidText(7), "news", nil)
		all = append(all, w.nodes[2].sink(guidText(7), "news", nil)) // it came back: the old one is none any more
		other := w.nodes[1].sink("other", "news/own", nil)
		below := w.nodes[1].sink("below", "news/deep/down", nil)
		w.nodes[0].listen("news") // takes streams only
		for i := range 3 {
			o, err := w.nodes[i].cast("news/deep", fmt.Sprint(i), relay.All)
			if err != nil || o.Taken != 31 || o.Misses() != 0 {
				t.Errorf("node %d: %+v, %v", i+1, o, err)
			}
		}
		for _, s := range all {
			if got := s.has(); got != "0 1 2" {
				t.Errorf("%s got %q", s.listener.ID, got)
			}
			if d, m := s.counts(); d != 3 || m != 0 {
				t.Errorf("%s: %d delivered, %d missed", s.listener.ID, d, m)
			}
		}
		if got := old.has() + other.has() + below.has(); got != "" {
			t.Errorf("others got %q", got)
		}
	})
}

// TestSlowListener: who does not take messages misses what has no room, is told of once, and nobody waits for him.
func TestSlowListener(t *testing.T) {
	const room = 256 + 1 // in the queue and on the way
	var mu sync.Mutex
	var missed []relay.Missed
	said := map[string]int{}
	change := func(p *relay.Params) {
		p.Hooks.Missed = func(m *relay.Missed) {
			mu.Lock()
			defer mu.Unlock()
			missed = append(missed, *m)
		}
		p.Hooks.Cast = func(what string, n int) {
			mu.Lock()
			defer mu.Unlock()
			said[what] += n
		}
	}
	onNodes(t, change, func(w *world, from, at *node) {
		missed, said = nil, map[string]int{}
		let := make(chan struct{})
		slow := at.sink("slow", "news", func(ctx context.Context, _ *shape.Message) error {
			select {
			case <-let:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		fast := at.sink("fast", "news", nil)
		begin := time.Now()
		const sent = 300
		for i := range sent {
			o, err := from.cast("news", fmt.Sprint(i), relay.All)
			want := relay.Outcome{Taken: 2}
			if i >= room {
				want = relay.Outcome{Taken: 1, Missed: map[fail.Code]int{fail.SlowClient: 1}}
			}
			if err != nil || o.Taken != want.Taken || o.Missed[fail.SlowClient] != want.Missed[fail.SlowClient] || o.Misses() != want.Misses() {
				t.Fatalf("message %d: %+v, %v", i, o, err)
			}
			synctest.Wait()
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("the sender waited %v", took)
		}
		if d, m := fast.counts(); d != sent || m != 0 || len(fast.got) != sent {
			t.Errorf("the fast one: %d delivered, %d missed, %d there", d, m, len(fast.got))
		}
		if len(missed) != 1 || missed[0].Listener != "slow" || missed[0].Reason != fail.SlowClient || missed[0].Node != at.num() || missed[0].Entity != "news" {
			t.Errorf("told of %+v", missed)
		}
		close(let)
		if d, m := slow.counts(); d != room || m != sent-room || len(slow.got) != room || !slices.IsSortedFunc(slow.got, byNumber) {
			t.Errorf("the slow one: %d delivered, %d missed, %v there", d, m, slow.got)
		}
		if said["delivered"] != sent+room || said["SlowClient"] != sent-room {
			t.Errorf("counted %v", said)
		}
	})
}

func byNumber(a, b string) int {
	return len(a) - len(b) + strings.Compare(a, b)*boolInt(len(a) == len(b))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestQueueBytes: a few of the longest messages fill a queue too.
func TestQueueBytes(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		w.events()
		w.nodes[0].sink("slow", "news", func(ctx context.Context, _ *shape.Message) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})
		long := strings.Repeat("x", shape.DefaultMessage)
		for i := range 66 {
			o, err := w.nodes[0].cast("news", long, relay.All)
			if synctest.Wait(); err != nil || o.Misses() != boolInt(i > 64) { // one is on its way, 64 are 4 MiB
				t.Errorf("message %d: %+v, %v", i, o, err)
			}
		}
	})
}

// TestSlowReceiverOfOne: a message to one listener waits for a slow one for as long as patience lasts, then the next is asked; if
// all are slow the sender is told so.
func TestSlowReceiverOfOne(t *testing.T) {
	onNodes(t, nil, func(w *world, from, at *node) {
		block := func(ctx context.Context, _ *shape.Message) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		a := at.sink("a", "one", block)
		var busy sync.WaitGroup
		busy.Go(func() {
			if _, err := from.cast("one", "first", relay.One); !fail.Is(err, fail.ListenerSilent) { // it was handed over: nobody else gets it
				t.Errorf("the first: %v", err)
			}
		})
		synctest.Wait()
		begin := time.Now()
		_, err := from.cast("one", "second", relay.One)
		if took := time.Since(begin); !fail.Is(err, fail.SlowClient) || took != 2*time.Second {
			t.Errorf("with nobody else: %v after %v", err, took)
		}
		b := at.sink("b", "one", nil)
		for range 8 { // whoever is asked first
			if o, err := from.cast("one", "third", relay.One); err != nil || o.Taken != 1 {
				t.Errorf("with another: %+v, %v", o, err)
			}
		}
		busy.Wait()
		if d, m := a.counts(); d != 0 || m != 1 || a.has() != "" {
			t.Errorf("the slow one: %d delivered, %d missed, has %q", d, m, a.has())
		}
		if d, m := b.counts(); d != 8 || m != 0 {
			t.Errorf("the other: %d delivered, %d missed", d, m)
		}
	})
}

// TestSenderOfOneLeaves: what has not left is taken back when its sender goes.
func TestSenderOfOneLeaves(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		w.events()
		let := make(chan struct{})
		s := w.nodes[0].sink("a", "one", func(context.Context, *shape.Message) error {
			<-let
			return nil
		})
		ctx, leave := context.WithCancelCause(w.Context())
		var ends [2]error
		var wg sync.WaitGroup
		for i := range ends {
			wg.Go(func() {
				_, ends[i] = w.nodes[0].relay.Cast(ctx, relay.Ask{Need: entity.Send, Cred: sas("Send")}, message("one", fmt.Sprint(i)), relay.One)
			})
			synctest.Wait()
		}
		leave(fail.New(fail.SenderGone, ""))
		wg.Wait()
		close(let)
		if !fail.Is(ends[0], fail.SenderGone) || !fail.Is(ends[1], fail.SenderGone) {
			t.Errorf("ended with %v", ends)
		}
		if got := s.has(); got != "0" {
			t.Errorf("arrived: %q", got)
		}
		if d, m := s.counts(); d != 1 || m != 0 {
			t.Errorf("%d delivered, %d missed", d, m)
		}
	})
}

// TestListenerGoesWithQueue: what waits for a listener that goes is missed by it, if it was for all, and goes to another, if it was
// for one.
func TestListenerGoesWithQueue(t *testing.T) {
	onNodes(t, nil, func(w *world, from, at *node) {
		block := func(ctx context.Context, _ *shape.Message) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		all := at.sink("a", "news", block)
		for i := range 5 {
			if o, err := from.cast("news", fmt.Sprint(i), relay.All); err != nil || o.Taken != 1 {
				t.Errorf("%+v, %v", o, err)
			}
		}
		synctest.Wait()
		all.leave()
		if d, m := all.counts(); d != 0 || m != 5 {
			t.Errorf("%d delivered, %d missed", d, m)
		}
		if c := w.only(&at.closed, "listener"); c.Taken != 0 || c.Missed != 5 {
			t.Errorf("account %+v", c)
		}

		one := at.sink("a", "one", block)
		results := make(chan error, 5)
		for range 5 {
			go func() {
				_, err := from.cast("one", "x", relay.One)
				results <- err
			}()
		}
		synctest.Wait()
		other := at.sink("b", "one", nil)
		one.leave()
		lost := 0
		for range 5 {
			if err := <-results; fail.Is(err, fail.ListenerLost) {
				lost++ // the one that was handed over, and those that found no other in time
			}
		}
		if d, m := one.counts(); d != 0 || m != 1 || lost != 5 {
			t.Errorf("%d delivered, %d missed, %d lost", d, m, lost)
		}
		if other.has() != "" {
			t.Errorf("the other got %q", other.has()) // it was not among those whom the look-up found
		}
	})
}

// TestNodeLostMidCast: a node that is lost while it is asked may have handed the message over, so nobody else gets it; one that is known to be
// gone is passed by; of a message to all its listeners are counted as missed.
func TestNodeLostMidCast(t *testing.T) {
	play(t, 3, nil, func(w *world) {
		w.events()
		b, c := w.nodes[1], w.nodes[2]
		for i := range 3 {
			b.sink(fmt.Sprint("b", i), "news", nil)
		}
		here := w.nodes[0].sink("a", "news", nil)
		w.net.Lose(2, 1, "answer", -1)
		o, err := w.nodes[0].cast("news", "1", relay.All)
		if err != nil || o.Taken != 1 || o.Missed[fail.NodeLost] != 3 || o.Misses() != 3 {
			t.Errorf("to all: %+v, %v", o, err)
		}
		if here.has() != "1" {
			t.Errorf("the one here got %q", here.has())
		}
		for i := range 8 {
			b.sink(fmt.Sprint("b", i), "one", nil)
		}
		c.sink("c", "one", nil)
		lost, taken := 0, 0
		for range 40 { // whichever node is asked first
			switch o, err := w.nodes[0].cast("one", "x", relay.One); {
			case fail.Is(err, fail.NodeLost):
				lost++
			case err == nil && o.Taken == 1:
				taken++
			default:
				t.Errorf("%+v, %v", o, err)
			}
		}
		if lost == 0 || lost+taken != 40 {
			t.Errorf("%d lost, %d taken", lost, taken)
		}
	})
}

// TestBadCastWords: what other nodes say and is no cast does no harm.
func TestBadCastWords(t *testing.T) {
	play(t, 2, nil, func(w *world) {
		for _, body := range []string{"", "abc", "\x00\x00\x00\x09{}", "\x00\x00\x00\x02[]", "\x00\x00\x00\x02{}" + strings.Repeat("x", shape.MaxMessage+1)} {
			if _, err := w.nodes[0].bus.Ask(w.Context(), 2, "relay.cast", []byte(body)); !fail.Is(err, fail.BadRequest) {
				t.Errorf("%.20q: %v", body, err)
			}
		}
		answer, err := w.nodes[0].bus.Ask(w.Context(), 2, "relay.cast", []byte("\x00\x00\x00\x0f{\"channel\": 99}x"))
		if err != nil || !strings.Contains(string(answer), `"code":"NoListener"`) || !strings.Contains(string(answer), `"untaken":true`) {
			t.Errorf("a channel of nobody: %s, %v", answer, err)
		}
	})
}

// TestPass: one that casts for long is admitted once, may be refused message by message, and goes with its entity or its node.
func TestPass(t *testing.T) {
	rows := []struct {
		name string
		end  func(w *world, n *node)
		want fail.Code
	}{
		{"deleted", func(w *world, _ *node) {
			at, _ := entity.NewAddress("", "one")
			if err := w.store.Delete(w.Context(), at, store.Any); err != nil {
				w.Error(err)
			}
		}, fail.EntityDeleted},
		{"draining", func(w *world, n *node) {
			go n.relay.Drain(w.Context())
		}, fail.Draining},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			play(t, 1, nil, func(w *world) {
				w.events()
				n := w.nodes[0]
				p, err := n.relay.Admit(w.Context(), relay.Ask{Need: entity.Send, Cred: sas("Send")}, hello("one"))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.Cast(w.Context(), message("one", "x"), relay.One); !fail.Is(err, fail.NoListener) {
					t.Errorf("with nobody there: %v", err)
				}
				s := n.sink("a", "one", nil)
				for range 2 {
					if _, err := p.Cast(w.Context(), message("one", "y"), relay.One); err != nil {
						t.Error(err)
					}
				}
				if got := s.has(); got != "y y" {
					t.Errorf("arrived: %q", got)
				}
				row.end(w, n)
				synctest.Wait()
				var end *shape.End
				if cause := context.Cause(p.Context()); !errors.As(cause, &end) || end.Why != row.want || end.Code != 1001 {
					t.Errorf("told %v", cause)
				}
				p.Leave(end)
				if c := w.only(&n.closed, "cast"); c.Messages != 3 || c.Taken != 2 || c.Reason != row.want {
					t.Errorf("account %+v", c)
				}
			})
		})
	}
}

// TestDrainFlushes: what waits for a listener of a node that drains may leave, for a few seconds.
func TestDrainFlushes(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		w.events()
		s := w.nodes[0].sink("a", "news", func(ctx context.Context, _ *shape.Message) error {
			select {
			case <-time.After(time.Second): // of the bubble
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		for i := range 8 {
			if _, err := w.nodes[0].cast("news", fmt.Sprint(i), relay.All); err != nil {
				t.Error(err)
			}
		}
		w.nodes[0].relay.Drain(w.Context())
		if d, m := s.counts(); d < 4 || d > 6 || d+m != 8 || d != int64(len(strings.Fields(s.has()))) {
			t.Errorf("%d delivered, %d missed, has %q", d, m, s.has())
		}
	})
}
