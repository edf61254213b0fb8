package meshtest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/mesh"
)

// Net is the nodes of an engine under test and the switches that break what is between them. See memory.Net for the exact
// meaning of each.
type Net interface {
	Join(ctx context.Context, node mesh.Node) (mesh.Bus, error)
	Kill(n mesh.Num)
	Partition(a, b mesh.Num)
	Heal(a, b mesh.Num)
	Lose(from, to mesh.Num, class string, count int)
	Keep(from, to mesh.Num, class string)
	Swap(from, to mesh.Num, class string)
	Mend(from, to mesh.Num, class string)
}

// Engine is what the suite tests.
type Engine struct {
	New    func(tb testing.TB, t mesh.Timing) Net
	Timing mesh.Timing // handed to New; all set. Fast in real time, the defaults in fake time
	Fake   bool        // each row runs in a testing/synctest bubble: the engine waits on channels, conditions and timers only
}

// row is one promise.
type row struct {
	name string
	run  func(*scene)
}

// Bus runs every row against the engine.
func Bus(t *testing.T, e Engine) {
	t.Helper()
	for _, r := range busRows() {
		t.Run(r.name, func(t *testing.T) {
			e.in(t, func(t *testing.T) { e.run(t, r) })
		})
	}
}

// in runs f in the engine's kind of time.
func (e Engine) in(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if e.Fake {
		synctest.Test(t, f)
		return
	}
	f(t)
}

func (e Engine) run(tb testing.TB, r row) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), rowTime)
	defer cancel()
	s := &scene{TB: tb, Net: e.New(tb, e.Timing), ctx: ctx, timing: e.Timing}
	if !e.Fake {
		s.slack = realSlack
	}
	r.run(s)
}

// busRows is the suite.
func busRows() []row {
	return join(membershipRows, holdRows, faultRows, askRows, tellRows)
}

func join(lists ...[]row) (all []row) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// Bounds of the suite itself. Fake time costs nothing, so they are generous.
const (
	rowTime  = time.Minute      // a row, and every call inside that has no shorter bound
	patience = 20 * time.Second // for something that must come
	// realSlack is added to every upper bound in real time: two cores under the race detector stand still at times.
	realSlack = 3 * time.Second
)
