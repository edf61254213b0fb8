package heap

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCollector keeps the operator's setting and sets ours otherwise.
func TestCollector(t *testing.T) {
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	Tune(func(string) string { return "50" })()
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("GOGC was given and the collector set to %d", got)
	}
	Tune(func(string) string { return "" })()
	if got := debug.SetGCPercent(77); got != percent {
		t.Errorf("the collector is set to %d", got)
	}
}

// TestTidier tidies when a burst is over, once more when it stays quiet, and never while a burst lasts or for little.
func TestTidier(t *testing.T) {
	var td tidier
	const mib = 1 << 20
	for i, step := range []struct {
		add  uint64
		want bool
	}{
		{4 * mib, false}, {0, false}, // start-up: not worth it
		{50 * mib, false}, {20 * mib, false}, // a burst
		{mib / 2, true}, {mib / 2, true}, {mib / 2, false}, {0, false}, // over: twice
		{2 * mib, false}, {mib / 2, false}, // a little one
		{6 * mib, false}, {0, true}, // together worth it
		{9 * mib, false}, {2 * mib, false}, {0, true}, {0, false}, // the second comes when it is quiet again
	} {
		if got := td.due(td.seen + step.add); got != step.want {
			t.Errorf("step %d: due is %t", i, got)
		}
	}
}
