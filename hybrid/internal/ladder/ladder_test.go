package ladder_test

import (
	"testing"
	"time"

	"github.com/causeway-relay/causeway/hybrid/internal/ladder"
)

// TestPause: each rung has its pause and at most a quarter more, the last one repeats, and a rung without a pause is spread too.
func TestPause(t *testing.T) {
	rungs := []time.Duration{0, time.Second, 8 * time.Second}
	rows := []struct {
		rung        int
		least, most time.Duration
	}{
		{0, 0, 100 * time.Millisecond},
		{1, time.Second, time.Second + 250*time.Millisecond},
		{2, 8 * time.Second, 10 * time.Second},
		{3, 8 * time.Second, 10 * time.Second},
		{1 << 30, 8 * time.Second, 10 * time.Second},
	}
	for _, row := range rows {
		seen := map[time.Duration]bool{}
		for range 1000 {
			p := ladder.Pause(rungs, row.rung)
			if p < row.least || p >= row.most {
				t.Fatalf("rung %d: pause %v, want %v to %v", row.rung, p, row.least, row.most)
			}
			seen[p] = true
		}
		if len(seen) < 100 {
			t.Errorf("rung %d: only %d different pauses of 1000: listeners that lost one gateway come back at once", row.rung, len(seen))
		}
	}
}

// TestDefault: the SDKs' ladder begins at once and ends at half a minute.
func TestDefault(t *testing.T) {
	var sum time.Duration
	for i, pause := range ladder.Default {
		if i > 0 && pause <= ladder.Default[i-1] {
			t.Errorf("rung %d is not above the one before: %v", i, ladder.Default)
		}
		sum += pause
	}
	if ladder.Default[0] != 0 || sum != 48*time.Second {
		t.Errorf("the ladder of reference section 6.5: %v", ladder.Default)
	}
}
