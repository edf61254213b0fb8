package meshtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
)

// holdRows: what is announced, while nothing is broken.
var holdRows = []row{
	{"hold returns when everybody has applied it", rowHold},
	{"release takes it back everywhere", rowRelease},
	{"many holds at once", rowGather},
	{"what cannot be held is refused", rowRefuse},
	{"watch begins with what is known", rowWatch},
	{"changes come in order", rowOrder},
	{"long snapshots arrive whole", rowLong},
}

// rowHold has watchers that take their time: an engine that acknowledges what it has only received is caught.
func rowHold(s *scene) {
	b, _ := s.three()
	var slow [4]*view
	for n := 2; n <= 3; n++ {
		v := s.newView(b[n])
		slow[n] = v
		s.Cleanup(b[n].Watch(func(c mesh.Change) {
			timer := time.NewTimer(s.timing.Late / 4)
			defer timer.Stop()
			<-timer.C
			v.see(c)
		}))
	}
	for i := range 3 {
		h := holding(fmt.Sprint("x", i))
		s.hold(b[1], h)
		for n := 2; n <= 3; n++ {
			if !slow[n].has(1, h) {
				s.Errorf("Hold of %s returned before node %d had applied it", h.ID, n)
			}
		}
	}
}

func rowRelease(s *scene) {
	b, v := s.three()
	x := holding("x")
	for range 3 {
		release := s.hold(b[1], x)
		if !v[2].has(1, x) || !v[3].has(1, x) {
			s.Fatalf("a holding was not applied when Hold returned")
		}
		release()
		release()
		for _, view := range v[2:] {
			view.until("the release", func() bool { return view.count(1) == 0 })
		}
	}
	again := s.hold(b[1], x)
	again()
	s.hold(b[1], x) // perhaps before the release has left
	if !v[2].has(1, x) {
		s.Errorf("a holding was not applied when Hold returned, after a release beside it")
	}
	for _, log := range []*view{v[2], v[3]} {
		log.until("the last word", func() bool { return log.has(1, x) })
	}
}

func rowGather(s *scene) {
	b, v := s.three()
	const each = 100
	var wg sync.WaitGroup
	for n := 1; n <= 3; n++ {
		for i := range each {
			wg.Go(func() {
				h := holding(fmt.Sprintf("n%d-%d", n, i))
				s.tryHold(b[n], h)
				for other := 1; other <= 3; other++ {
					if other != n && !v[other].has(mesh.Num(n), h) {
						s.Errorf("Hold of %s returned before node %d had applied it", h.ID, other)
					}
				}
			})
		}
	}
	wg.Wait()
	for n := 1; n <= 3; n++ {
		for other := mesh.Num(1); other <= 3; other++ {
			if int(other) != n && v[n].count(other) != each {
				s.Errorf("node %d knows %d holdings of node %d, want %d", n, v[n].count(other), other, each)
			}
		}
	}
}

func rowRefuse(s *scene) {
	b, v := s.three()
	s.hold(b[1], holding("x"))
	_, err := b[1].Hold(s.ctx, holding("x"))
	s.wants(err, fail.Conflict, "the same holding twice")
	for _, h := range []mesh.Holding{
		{ID: strings.Repeat("x", mesh.MaxID+1)},
		{ID: "\xff"},
		{At: entity.Address{Path: strings.Repeat("x", entity.MaxPath+1)}},
		{At: entity.Address{Namespace: strings.Repeat("x", 256)}},
		{At: entity.Address{Path: "plant"}, Entity: entity.Address{Path: "pla"}},
	} {
		_, err := b[1].Hold(s.ctx, h)
		s.wants(err, fail.BadRequest, "a holding that cannot travel")
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	s.Keep(2, 1, "ack")
	if _, err := b[1].Hold(ctx, holding("given up")); !errors.Is(err, context.Canceled) {
		s.Errorf("hold with a context that has ended: %v", err)
	}
	s.Mend(2, 1, "ack")
	s.hold(b[1], holding("y"))
	v[2].until("x and y alone", func() bool { return v[2].count(1) == 2 && v[2].has(1, holding("y")) })
}

func rowWatch(s *scene) {
	b, v := s.three()
	for i := range 10 {
		s.hold(b[1], holding(fmt.Sprint("x", i)))
	}
	second := s.newView(b[2])
	stop := b[2].Watch(second.see)
	if second.count(1) != 10 || !second.isLive(3) {
		s.Errorf("when Watch returned, f knew %d holdings of 10", second.count(1))
	}
	s.hold(b[1], holding("y"))
	if !second.has(1, holding("y")) || !v[2].has(1, holding("y")) {
		s.Errorf("two watchers did not both see a holding when Hold returned")
	}
	stop()
	stop()
	s.hold(b[1], holding("z"))
	if second.has(1, holding("z")) {
		s.Errorf("f was called after stop")
	}
	if !v[2].has(1, holding("z")) {
		s.Errorf("the other watcher ended too")
	}
}

func rowOrder(s *scene) {
	b, v := s.three()
	var want []string
	for range 100 {
		s.hold(b[1], holding("x"))()
		want = append(want, "+x", "-x")
		h := s.hold(b[1], holding("y"))
		want = append(want, "+y")
		h()
		v[2].until("y go", func() bool { return v[2].count(1) == 0 })
		want = append(want, "-y")
	}
	v[2].mu.Lock()
	defer v[2].mu.Unlock()
	// x may leave together with the coming of y: of each announcement what went is told first.
	if !slices.Equal(v[2].log, want) {
		s.Errorf("node 2 saw %d changes in an order that is not that of their making", len(v[2].log))
	}
}

func rowLong(s *scene) {
	one := s.join(1)
	path := strings.Repeat("segment/", 500)
	const count = 500 // 2 MB in all: more than one message holds
	var wg sync.WaitGroup
	for i := range count {
		h := holding(fmt.Sprint("x", i))
		h.At.Path = path + h.ID
		h.Entity = h.At
		wg.Go(func() { s.tryHold(one, h) })
	}
	wg.Wait()
	v := s.watch(s.join(2))
	v.until("everything", func() bool { return v.count(1) == count })
}
