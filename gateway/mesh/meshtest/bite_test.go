package meshtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// witness is a testing.TB that remembers failures instead of passing them on, so that a row can be seen to fail.
type witness struct {
	testing.TB

	ctx context.Context

	mu      sync.Mutex
	said    []string
	cleanup []func()
}

func (w *witness) say(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, s)
}

func (w *witness) Helper()                   {}
func (w *witness) Context() context.Context  { return w.ctx }
func (w *witness) Errorf(f string, a ...any) { w.say(fmt.Sprintf(f, a...)) }
func (w *witness) Error(a ...any)            { w.say(fmt.Sprint(a...)) }
func (w *witness) Fatalf(f string, a ...any) { w.say(fmt.Sprintf(f, a...)); runtime.Goexit() }
func (w *witness) Fatal(a ...any)            { w.say(fmt.Sprint(a...)); runtime.Goexit() }
func (w *witness) Cleanup(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cleanup = append(w.cleanup, f)
}

// see runs f as a test would be run and gives what it complained of.
func see(ctx context.Context, tb testing.TB, f func(tb testing.TB)) []string {
	tb.Helper()
	w := &witness{TB: tb, ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(w)
	}()
	<-done
	for _, f := range slices.Backward(w.cleanup) {
		f()
	}
	return w.said
}

// breach is an engine with one promise broken.
type breach struct {
	timing func(*mesh.Timing)
	net    func(Net) Net
	bus    func(mesh.Bus) mesh.Bus
}

// broken wraps memory.Net.
type broken struct {
	Net
	breach
}

func (n *broken) Join(ctx context.Context, node mesh.Node) (mesh.Bus, error) {
	b, err := n.Net.Join(ctx, node)
	if err == nil && n.bus != nil {
		b = n.bus(b)
	}
	return b, err
}

func (b breach) engine() Engine {
	return Engine{Fake: true, Timing: fakeTiming, New: func(_ testing.TB, t mesh.Timing) Net {
		if b.timing != nil {
			b.timing(&t)
		}
		var n Net = memory.NewNet(t)
		if b.net != nil {
			n = b.net(n)
		}
		return &broken{n, b}
	}}
}

var fakeTiming = mesh.Timing{
	Beat: 500 * time.Millisecond, Dead: 3 * time.Second, Late: 2 * time.Second, Gather: 2 * time.Millisecond,
	Resend: 250 * time.Millisecond,
}

// TestEveryRowBites runs every row against an engine that breaks its promise. The row must fail, and say what the breach
// is about; against the sound engine it must pass (memory's tests, and the first case here).
func TestEveryRowBites(t *testing.T) {
	for _, r := range busRows() {
		breaches := busBreaches[r.name]
		if len(breaches) == 0 {
			t.Errorf("row %q has no fault that makes it fail", r.name)
		}
		cases := map[string]breach{"sound": {}}
		maps.Copy(cases, breaches)
		for name, b := range cases {
			t.Run(r.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					said := see(t.Context(), t, func(tb testing.TB) { b.engine().run(tb, r) })
					switch {
					case name == "sound" && len(said) > 0:
						t.Errorf("the row failed on a sound engine: %s", said[0])
					case name != "sound" && len(said) == 0:
						t.Error("the row passed on a broken engine")
					case name != "sound":
						t.Logf("%d complaints, the first: %s", len(said), said[0])
					}
				})
			})
		}
	}
	for name := range busBreaches {
		if !rowExists(name) {
			t.Errorf("a fault for row %q, which does not exist", name)
		}
	}
}

func rowExists(name string) bool {
	for _, r := range busRows() {
		if r.name == name {
			return true
		}
	}
	return false
}

// busBreaches has for each row what makes it fail.
var busBreaches = map[string]map[string]breach{
	"every node knows every node": {
		"no hello":   {net: losing("hello")},
		"no answers": {bus: func(b mesh.Bus) mesh.Bus { return aloneBus{b} }},
	},
	"a new node is told what is held": {"no snapshot": {net: losing("snapshot")}},
	"a dead node goes at once":        {"death is not noticed": silentDeath},
	"a node that leaves is gone": {
		"no goodbye, and silence is not noticed": {timing: neverDead, net: losing("bye")},
		"it goes on after Close":                 {bus: func(b mesh.Bus) mesh.Bus { return &lingeringBus{Bus: b} }},
	},
	"a restarted node is a new one":                  {"the old one's holdings stay": {bus: watching(noDown)}},
	"a partition parts and heals":                    {"it never heals": {net: never("Heal")}, "silence is not noticed": {timing: neverDead}},
	"a one-way loss heals":                           {"it never heals": {net: never("Mend")}, "silence is not noticed": {timing: neverDead}},
	"hold returns when everybody has applied it":     {"acknowledged before applied": {bus: watching(lazy)}},
	"release takes it back everywhere":               {"released nowhere": {bus: func(b mesh.Bus) mesh.Bus { return stickyBus{b} }}},
	"many holds at once":                             {"acknowledged before applied": {bus: watching(lazy)}},
	"what cannot be held is refused":                 {"everything is taken": {bus: func(b mesh.Bus) mesh.Bus { return &eagerBus{Bus: b} }}},
	"watch begins with what is known":                {"it begins with nothing": {bus: watching(forgetful)}},
	"changes come in order":                          {"turned round": {bus: watching(pairwise)}},
	"long snapshots arrive whole":                    {"parts are lost": {net: onJoin(func(n Net, b mesh.Num) { n.Lose(1, b, "snapshot", 1<<20) })}},
	"a late node holds nobody up twice":              {"waited for without end": {timing: func(t *mesh.Timing) { t.Late = time.Hour }}, "late for ever": {net: never("Mend")}, "not waited for": {timing: func(t *mesh.Timing) { t.Late = time.Millisecond }}},
	"a gap in the sequence is closed":                {"no snapshot on a gap": {net: noSnapshotOnGap}},
	"the last announcement is not lost":              {"no snapshot on a gap": {net: noSnapshotOnGap}},
	"a lost release is noticed":                      {"no snapshot on a gap": {net: noSnapshotOnGap}},
	"announcements out of order":                     {"no snapshot on a gap": {net: noSnapshotOnGap}},
	"a lost acknowledgement is repeated":             {"all are lost": {net: func(n Net) Net { return &greedyNet{Net: n, class: "ack"} }}},
	"an ask is answered":                             {"answers get lost": {net: losing("answer")}},
	"errors of handlers travel":                      {"only their text": {bus: func(b mesh.Bus) mesh.Bus { return flatBus{b} }}},
	"asks run side by side":                          {"one after the other": {bus: handling(oneByOne)}},
	"a node that dies between ask and answer":        {"death is not noticed": silentDeath},
	"an ask that is given up ends its handler":       {"nobody tells it": {net: losing("cancel")}},
	"bounds of asks":                                 {"no bound": {bus: func(b mesh.Bus) mesh.Bus { return boundlessBus{b} }}},
	"tells come in the order of sending, under load": {"turned round": {bus: func(b mesh.Bus) mesh.Bus { return &swapBus{Bus: b} }}, "side by side": {bus: handling(beside)}},
	"tells survive loss and disorder":                {"not sent again": {net: func(n Net) Net { return &greedyNet{Net: n, class: "tell"} }}},
	"a slow node pushes back":                        {"a queue without bound": {bus: newHoardBus}},
	"a tell to a node that dies":                     {"death is not noticed": silentDeath},
}

func neverDead(t *mesh.Timing) { t.Dead = time.Hour }

// silentDeath: the node is cut off, and neither the engine nor its silence tells anybody.
var silentDeath = breach{timing: neverDead, net: func(n Net) Net { return silentNet{n} }}

type silentNet struct{ Net }

func (n silentNet) Kill(num mesh.Num) {
	for other := mesh.Num(1); other <= 3; other++ {
		if other != num {
			n.Partition(num, other)
		}
	}
}

// losing loses all of a class from the start.
func losing(class string) func(Net) Net {
	return func(n Net) Net { n.Lose(0, 0, class, -1); return n }
}

// noSnapshotOnGap: a node that misses something does not ask for it. It still asks when it meets a node.
func noSnapshotOnGap(n Net) Net { return &greedyNet{Net: n, class: "announce", also: "want"} }

// greedyNet loses for ever what the row wanted to lose once.
type greedyNet struct {
	Net
	class, also string
}

func (n *greedyNet) Lose(from, to mesh.Num, class string, count int) {
	if class == n.class && n.also != "" {
		n.Net.Lose(to, from, n.also, -1)
	} else if class == n.class {
		count = -1
	}
	n.Net.Lose(from, to, class, count)
}

func (n *greedyNet) Swap(from, to mesh.Num, class string) {
	if n.also != "" {
		n.Net.Lose(to, from, n.also, -1)
	}
	n.Net.Swap(from, to, class)
}

func (n *greedyNet) Mend(from, to mesh.Num, class string) {
	if class != n.class || n.also != "" {
		n.Net.Mend(from, to, class)
	}
}

// never makes a switch that cannot be turned back.
func never(what string) func(Net) Net {
	return func(n Net) Net { return &stuckNet{Net: n, what: what} }
}

type stuckNet struct {
	Net
	what string
}

func (n *stuckNet) Heal(a, b mesh.Num) {
	if n.what != "Heal" {
		n.Net.Heal(a, b)
	}
}

func (n *stuckNet) Mend(from, to mesh.Num, class string) {
	if n.what != "Mend" {
		n.Net.Mend(from, to, class)
	}
}

func onJoin(f func(n Net, joined mesh.Num)) func(Net) Net {
	return func(n Net) Net { return &joinNet{n, f} }
}

type joinNet struct {
	Net
	f func(n Net, joined mesh.Num)
}

func (n *joinNet) Join(ctx context.Context, node mesh.Node) (mesh.Bus, error) {
	n.f(n.Net, node.Num)
	return n.Net.Join(ctx, node)
}

// aloneBus knows itself only.
type aloneBus struct{ mesh.Bus }

func (b aloneBus) Nodes() []mesh.Node { return []mesh.Node{b.Self()} }

// lingeringBus goes on after Close, until the second one. Node 3 is the one whose row closes it.
type lingeringBus struct {
	mesh.Bus
	closed bool
}

func (b *lingeringBus) Close() error {
	if !b.closed && b.Self().Num == 3 {
		b.closed = true
		return nil
	}
	return b.Bus.Close()
}

// stickyBus never releases.
type stickyBus struct{ mesh.Bus }

func (b stickyBus) Hold(ctx context.Context, h mesh.Holding) (func(), error) {
	_, err := b.Bus.Hold(ctx, h)
	return func() {}, err
}

// eagerBus says yes to everything.
type eagerBus struct{ mesh.Bus }

func (b *eagerBus) Hold(ctx context.Context, h mesh.Holding) (func(), error) {
	if release, err := b.Bus.Hold(ctx, h); err == nil {
		return release, nil
	}
	return func() {}, nil
}

// watching breaks Watch.
func watching(f func(b mesh.Bus, see func(mesh.Change)) (stop func())) func(mesh.Bus) mesh.Bus {
	return func(b mesh.Bus) mesh.Bus { return watchBus{b, f} }
}

type watchBus struct {
	mesh.Bus
	f func(b mesh.Bus, see func(mesh.Change)) (stop func())
}

func (b watchBus) Watch(see func(mesh.Change)) (stop func()) { return b.f(b.Bus, see) }

// lazy acknowledges what it has only queued.
func lazy(b mesh.Bus, see func(mesh.Change)) (stop func()) {
	queue := make(chan mesh.Change, 1<<12)
	var wg sync.WaitGroup
	wg.Go(func() {
		for c := range queue {
			timer := time.NewTimer(10 * time.Millisecond)
			<-timer.C
			see(c)
		}
	})
	end := b.Watch(func(c mesh.Change) { queue <- c })
	return sync.OnceFunc(func() { end(); close(queue); wg.Wait() })
}

// noDown hides that nodes go.
func noDown(b mesh.Bus, see func(mesh.Change)) (stop func()) {
	return b.Watch(func(c mesh.Change) {
		if !c.Down {
			see(c)
		}
	})
}

// forgetful shows only what comes later.
func forgetful(b mesh.Bus, see func(mesh.Change)) (stop func()) {
	var mu sync.Mutex
	began := false
	end := b.Watch(func(c mesh.Change) {
		mu.Lock()
		defer mu.Unlock()
		if began || c.Up {
			see(c)
		}
	})
	mu.Lock()
	defer mu.Unlock()
	began = true
	return end
}

// pairwise turns every two changes of holdings round.
func pairwise(b mesh.Bus, see func(mesh.Change)) (stop func()) {
	var first *mesh.Change
	return b.Watch(func(c mesh.Change) {
		switch {
		case c.Up || c.Down:
			see(c)
		case first == nil:
			first = &c
		default:
			see(c)
			see(*first)
			first = nil
		}
	})
}

// handling breaks Handle.
func handling(f func(h handler) handler) func(mesh.Bus) mesh.Bus {
	return func(b mesh.Bus) mesh.Bus { return handleBus{b, f} }
}

type handler = func(ctx context.Context, from mesh.Num, b []byte) ([]byte, error)

type handleBus struct {
	mesh.Bus
	f func(h handler) handler
}

func (b handleBus) Handle(kind string, h func(ctx context.Context, from mesh.Num, b []byte) ([]byte, error)) {
	b.Bus.Handle(kind, b.f(h))
}

// oneByOne runs one ask after the other.
func oneByOne(h handler) handler {
	turn := make(chan struct{}, 1)
	return func(ctx context.Context, from mesh.Num, b []byte) ([]byte, error) {
		turn <- struct{}{}
		defer func() { <-turn }()
		return h(ctx, from, b)
	}
}

// beside runs every other tell on its own goroutine, a little later.
func beside(h handler) handler {
	var mu sync.Mutex
	n := 0
	return func(ctx context.Context, from mesh.Num, b []byte) ([]byte, error) {
		mu.Lock()
		n++
		late := n%2 == 0
		mu.Unlock()
		if !late {
			return h(ctx, from, b)
		}
		time.AfterFunc(time.Microsecond, func() { _, _ = h(ctx, from, b) })
		return nil, nil
	}
}

// flatBus loses what an error carries.
type flatBus struct{ mesh.Bus }

func (b flatBus) Ask(ctx context.Context, to mesh.Num, kind string, q []byte) ([]byte, error) {
	a, err := b.Bus.Ask(ctx, to, kind, q)
	if err != nil {
		err = errors.New(err.Error())
	}
	return a, err
}

// boundlessBus cuts instead of refusing.
type boundlessBus struct{ mesh.Bus }

func (b boundlessBus) Ask(ctx context.Context, to mesh.Num, kind string, q []byte) ([]byte, error) {
	return b.Bus.Ask(ctx, to, kind, q[:min(len(q), mesh.MaxBody)])
}

// swapBus turns every two tells of a kind round.
type swapBus struct {
	mesh.Bus

	mu    sync.Mutex
	first map[string][]byte
}

func (b *swapBus) Tell(ctx context.Context, to mesh.Num, kind string, w []byte) error {
	b.mu.Lock()
	if b.first == nil {
		b.first = map[string][]byte{}
	}
	first := b.first[kind]
	if first == nil {
		b.first[kind] = w
		b.mu.Unlock()
		return nil
	}
	delete(b.first, kind)
	b.mu.Unlock()
	if err := b.Bus.Tell(ctx, to, kind, w); err != nil {
		return err
	}
	return b.Bus.Tell(ctx, to, kind, first)
}

// hoardBus takes every tell at once and sends it when it can.
type hoardBus struct {
	mesh.Bus

	queue chan func()
	wg    sync.WaitGroup
	once  sync.Once
}

func newHoardBus(b mesh.Bus) mesh.Bus {
	h := &hoardBus{Bus: b, queue: make(chan func(), 1<<17)}
	h.wg.Go(func() {
		for f := range h.queue {
			f()
		}
	})
	return h
}

func (b *hoardBus) Tell(ctx context.Context, to mesh.Num, kind string, w []byte) error {
	b.queue <- func() { _ = b.Bus.Tell(context.WithoutCancel(ctx), to, kind, w) }
	return nil
}

func (b *hoardBus) Close() error {
	err := b.Bus.Close()
	b.once.Do(func() { close(b.queue) })
	b.wg.Wait()
	return err
}

// TestWitness: what says nothing has passed, and a row that ends itself is seen.
func TestWitness(t *testing.T) {
	ended := false
	said := see(t.Context(), t, func(tb testing.TB) {
		tb.Cleanup(func() { ended = true })
		tb.Fatalf("number %d", 7)
		tb.Error("not reached")
	})
	if strings.Join(said, "|") != "number 7" || !ended {
		t.Errorf("seen: %q, cleaned up: %v", said, ended)
	}
}
