package relay_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/tap"
)

// watch looks at a relay until the story ends.
func (n *node) watch(path string) *tap.Watch {
	n.w.Helper()
	w, err := n.relay.Watch(entity.Address{Path: path}, tap.Options{})
	if err != nil {
		n.w.Fatal(err)
	}
	n.w.Cleanup(w.Close)
	return w
}

// saw is what a watch has been shown since it was asked last, in short.
func (n *node) saw(w *tap.Watch) []string {
	n.w.Helper()
	synctest.Wait()
	var lines []string
	var data string // of the pieces so far, as long as they go one way: how a body is cut is nobody's promise
	var way tap.Direction
	flush := func() {
		if way != "" {
			lines = append(lines, fmt.Sprintf("data %s %q", way, data))
		}
		data, way = "", ""
	}
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
		r, err := w.Next(ctx)
		cancel()
		if err != nil {
			flush()
			return lines
		}
		if r.Event == tap.Data {
			if r.Dir != way {
				flush()
			}
			data, way = data+string(r.Data), r.Dir
			continue
		}
		flush()
		line := fmt.Sprintf("%s %s", r.Shape, r.Event)
		switch r.Event {
		case tap.Request:
			line += " " + r.Method
		case tap.Response:
			line += fmt.Sprintf(" %d by %s", r.Status, r.Listener)
		case tap.Message:
			line += fmt.Sprintf(" %q to %d", r.Data, r.Taken)
		case tap.End:
			line += fmt.Sprintf(" %s %d %d", r.Reason, r.In, r.Out)
		case tap.Open:
			line += " to " + r.Listener
		case tap.Data:
		}
		lines = append(lines, line)
	}
}

func wantSeen(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestWatchExchange: the node of the sender shows an exchange, and no other node does.
func TestWatchExchange(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		to.answers("hyco", echo)
		watch, elsewhere := from.watch("hyco"), from.watch("other")
		if to != from {
			elsewhere = to.watch("hyco")
		}
		resp, err := from.exchange(w.Context(), request("hyco", whole("hello", ", world")))
		if err != nil {
			t.Fatal(err)
		}
		if all, err := io.ReadAll(resp.Body); string(all) != "hello, world!" || err != nil {
			t.Fatalf("%q, %v", all, err)
		}
		resp.Body.Close()
		wantSeen(t, from.saw(watch), "exchange request POST", `data in "hello, world"`, "exchange response 201 by answerer of hyco", `data out "hello, world!"`,
			"exchange end PeerClosed 12 13")
		wantSeen(t, from.saw(elsewhere))
		if _, err := from.relay.Exchange(w.Context(), relay.Ask{Need: entity.Send, Cred: sas("Listen")}, request("hyco", nil)); err == nil {
			t.Fatal("a sender without the right was let in")
		}
		wantSeen(t, from.saw(watch)) // who may not send does not fill the watcher's screen
	})
}

// TestWatchRefusal: that nobody listens is seen.
func TestWatchRefusal(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		watch := n.watch("hyco")
		if _, err := n.exchange(w.Context(), request("hyco", nil)); !fail.Is(err, fail.NoListener) {
			t.Fatal(err)
		}
		if code := n.sender("hyco").refusal(); code != fail.NoListener {
			t.Fatal(code)
		}
		wantSeen(t, n.saw(watch), "exchange request POST", "exchange end NoListener 0 0", "stream end NoListener 0 0")
	})
}

// TestWatchStream: of a stream that begins all is seen; one that runs already is told of, and seen from then on; when nobody looks any
// more the stream is left alone.
func TestWatchStream(t *testing.T) {
	both(t, nil, func(w *world, from, to *node) {
		e := to.listen("hyco")
		sender, listener := w.meet(from, e, "hyco")
		first := from.watch("hyco")
		open := "stream open to " + e.listener.ID
		wantSeen(t, from.saw(first), open)
		sender.leg.in <- []byte("to")
		listener.leg.in <- []byte("back")
		if listener.leg.got() != "to" || sender.leg.got() != "back" {
			t.Fatal("nothing came through")
		}
		got := from.saw(first)
		if len(got) == 2 && got[0] > got[1] {
			got[0], got[1] = got[1], got[0] // two directions have no order
		}
		wantSeen(t, got, `data in "to"`, `data out "back"`)
		second := from.watch("hyco")
		wantSeen(t, from.saw(second), open)
		first.Close()
		sender.leg.in <- []byte("more")
		if listener.leg.got() != "more" {
			t.Fatal("nothing came through")
		}
		wantSeen(t, from.saw(second), `data in "more"`)
		second.Close()
		sender.leg.in <- []byte("unseen")
		if listener.leg.got() != "unseen" {
			t.Fatal("nothing came through")
		}
		third := from.watch("hyco")
		other, _ := w.meet(from, e, "hyco")
		wantSeen(t, from.saw(third), open, open)
		for _, p := range []*party{sender, other} {
			p.leave(&shape.End{Why: fail.SenderGone})
		}
		if err := sender.result(); err != nil {
			t.Error(err)
		}
		if err := other.result(); err != nil {
			t.Error(err)
		}
		if got := from.saw(third); len(got) != 2 {
			t.Errorf("two ends: %q", got)
		}
	})
}

// TestWatchCast: each message with the number of those who took it, and the end of its sender.
func TestWatchCast(t *testing.T) {
	onNodes(t, nil, func(w *world, from, at *node) {
		at.sink("a", "one", nil)
		watch := from.watch("one")
		if _, err := from.cast("one", "tick", relay.One); err != nil {
			t.Fatal(err)
		}
		wantSeen(t, from.saw(watch), `cast message "tick" to 1`, "cast end PeerClosed 4 0")
	})
}

// TestWatchEnds: a node that goes away ends those who look.
func TestWatchEnds(t *testing.T) {
	play(t, 1, nil, func(w *world) {
		n := w.nodes[0]
		watch := n.watch("hyco")
		n.relay.Drain(w.Context())
		if _, err := watch.Next(w.Context()); err == nil {
			t.Error("a watch outlives its node")
		}
		if _, err := n.relay.Watch(entity.Address{Path: "hyco"}, tap.Options{}); !fail.Is(err, fail.Draining) {
			t.Error(err)
		}
	})
}
