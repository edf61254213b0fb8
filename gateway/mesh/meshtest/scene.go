package meshtest

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
)

// scene is one row on its stage.
type scene struct {
	testing.TB
	Net

	ctx    context.Context // ends with the row's time
	timing mesh.Timing
	slack  time.Duration
}

// join makes a node that leaves when the row ends.
func (s *scene) join(n mesh.Num) mesh.Bus {
	s.Helper()
	b, err := s.Join(s.ctx, mesh.Node{Num: n, Doors: doorsOf(n)})
	if err != nil {
		s.Fatalf("join of node %d: %v", n, err)
	}
	s.Cleanup(func() {
		if err := b.Close(); err != nil {
			s.Errorf("close of node %d: %v", n, err)
		}
	})
	return b
}

func doorsOf(n mesh.Num) map[string]string {
	return map[string]string{"https": fmt.Sprintf("node%d.example:443", n)}
}

// three is the usual cast: nodes 1 to 3, and what each sees.
func (s *scene) three() (b [4]mesh.Bus, v [4]*view) {
	s.Helper()
	for n := mesh.Num(1); n <= 3; n++ {
		b[n] = s.join(n)
	}
	for n := 1; n <= 3; n++ {
		v[n] = s.watch(b[n])
	}
	return b, v
}

// hold holds, or the row fails.
func (s *scene) hold(b mesh.Bus, h mesh.Holding) (release func()) {
	s.Helper()
	release, err := b.Hold(s.ctx, h)
	if err != nil {
		s.Fatalf("hold %s at node %d: %v", h.ID, b.Self().Num, err)
	}
	return release
}

// tryHold is hold for goroutines beside the row's own.
func (s *scene) tryHold(b mesh.Bus, h mesh.Holding) {
	s.Helper()
	if _, err := b.Hold(s.ctx, h); err != nil {
		s.Errorf("hold %s at node %d: %v", h.ID, b.Self().Num, err)
	}
}

// took is how long f takes.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// within fails the row when something took longer than it may. Real time is forgiven the load of the machine.
func (s *scene) within(d, bound time.Duration, what string) {
	s.Helper()
	if d > bound+s.slack {
		s.Errorf("%s took %v, at most %v is promised", what, d, bound)
	}
}

// wants fails the row unless err has the code.
func (s *scene) wants(err error, code fail.Code, what string) {
	s.Helper()
	if !fail.Is(err, code) {
		s.Errorf("%s: error %v, want %s", what, err, code)
	}
}

// await waits for something that must come.
func await[T any](s *scene, c <-chan T, what string) T {
	s.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v := <-c:
		return v
	case <-timer.C:
		s.Fatalf("%s: nothing came within %v", what, patience)
		panic("unreachable")
	}
}

// holding makes one of a name.
func holding(name string) mesh.Holding {
	return mesh.Holding{
		At: entity.Address{Path: "plant/" + name}, Entity: entity.Address{Path: "plant"}, ID: name, Channel: 7, Shapes: mesh.Stream | mesh.Cast, Weight: -3,
	}
}

// view is what one node's watcher has seen, added up. It also checks that changes are well-formed and make sense.
type view struct {
	s    *scene
	self mesh.Num

	mu      sync.Mutex
	live    map[mesh.Num]bool
	held    map[mesh.Num]map[string]mesh.Holding // by ID: rows use one name once
	ups     map[mesh.Num]int
	added   int
	log     []string      // "+x" and "-x" in order
	changed chan struct{} // closed and made anew with every change
}

func (s *scene) newView(b mesh.Bus) *view {
	return &view{
		s: s, self: b.Self().Num, live: map[mesh.Num]bool{}, held: map[mesh.Num]map[string]mesh.Holding{},
		ups: map[mesh.Num]int{}, changed: make(chan struct{}),
	}
}

func (s *scene) watch(b mesh.Bus) *view {
	v := s.newView(b)
	s.Cleanup(b.Watch(v.see))
	return v
}

func (v *view) see(c mesh.Change) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.checkLocked(c)
	switch {
	case c.Up:
		v.live[c.Node] = true
		v.held[c.Node] = map[string]mesh.Holding{}
		v.ups[c.Node]++
	case c.Down:
		delete(v.live, c.Node)
		delete(v.held, c.Node)
	}
	for _, h := range c.Removed {
		delete(v.held[c.Node], h.ID)
		v.log = append(v.log, "-"+h.ID)
	}
	for _, h := range c.Added {
		if v.live[c.Node] {
			v.held[c.Node][h.ID] = h
		}
		v.added++
		v.log = append(v.log, "+"+h.ID)
	}
	close(v.changed)
	v.changed = make(chan struct{})
}

func (v *view) checkLocked(c mesh.Change) {
	groups := 0
	for _, set := range []bool{c.Up, c.Down, len(c.Added) > 0, len(c.Removed) > 0} {
		if set {
			groups++
		}
	}
	if groups != 1 {
		v.s.Errorf("node %d saw a change with %d groups: %+v", v.self, groups, c)
	}
	if c.Node == v.self {
		v.s.Errorf("node %d saw a change of its own: %+v", v.self, c)
	}
	if c.Up == v.live[c.Node] {
		v.s.Errorf("node %d saw a change of node %d, which was live: %v: %+v", v.self, c.Node, v.live[c.Node], c)
	}
	for _, h := range c.Removed {
		if _, ok := v.held[c.Node][h.ID]; !ok {
			v.s.Errorf("node %d saw %s removed, which it did not know", v.self, h.ID)
		}
	}
}

// has reports whether the view knows exactly this of a node's holding.
func (v *view) has(n mesh.Num, h mesh.Holding) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	got, ok := v.held[n][h.ID]
	return ok && got == h
}

func (v *view) count(n mesh.Num) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.held[n])
}

func (v *view) isLive(n mesh.Num) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.live[n]
}

func (v *view) cameUp(n mesh.Num) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.ups[n]
}

// until waits for the view to become as it must.
func (v *view) until(what string, ok func() bool) {
	v.s.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		v.mu.Lock()
		changed := v.changed
		v.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			v.mu.Lock()
			defer v.mu.Unlock()
			v.s.Fatalf("node %d never saw %s: live %v, %d held", v.self, what, maps.Clone(v.live), len(v.held))
		}
	}
}
