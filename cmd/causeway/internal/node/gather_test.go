package node

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
)

// calls notes each write.
type calls struct {
	mu     sync.Mutex
	writes []string
}

func (c *calls) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = append(c.writes, string(p))
	return len(p), nil
}

// all are the writes so far.
func (c *calls) all() []string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.writes)
}

// gathering tells a story of one log, at a time of its own.
func gathering(t *testing.T, story func(t *testing.T, out *calls, g *gatherer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		out := new(calls)
		g := &gatherer{w: out}
		defer g.Close()
		story(t, out, g)
	})
}

func say(t *testing.T, g *gatherer, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if n, err := g.Write([]byte(l + "\n")); err != nil || n != len(l)+1 {
			t.Errorf("wrote %d, %v", n, err)
		}
	}
}

// TestGather: a line alone leaves at once, those that follow closely leave together, in order, when their time is over.
func TestGather(t *testing.T) {
	gathering(t, func(t *testing.T, out *calls, g *gatherer) {
		say(t, g, "alone")
		if got := out.all(); !slices.Equal(got, []string{"alone\n"}) {
			t.Fatalf("a line alone: %q", got)
		}
		say(t, g, "a", "b")
		<-time.After(gatherFor - 1)
		say(t, g, "c")
		if got := out.all(); len(got) != 1 {
			t.Fatalf("lines that follow closely left before their time: %q", got)
		}
		<-time.After(1)
		if got := out.all(); len(got) != 2 || got[1] != "a\nb\nc\n" {
			t.Fatalf("after their time: %q", got)
		}
		<-time.After(gatherFor)
		say(t, g, "later")
		if got := out.all(); len(got) != 3 || got[2] != "later\n" {
			t.Fatalf("a line alone again: %q", got)
		}
		say(t, g, "d") // the timer a second time
		<-time.After(gatherFor)
		if got := out.all(); len(got) != 4 || got[3] != "d\n" {
			t.Fatalf("the second gathering: %q", got)
		}
	})
}

// TestGatherBounds: much does not wait, and the end leaves nothing behind.
func TestGatherBounds(t *testing.T) {
	gathering(t, func(t *testing.T, out *calls, g *gatherer) {
		say(t, g, "alone", strings.Repeat("x", gatherMost-2))
		if got := out.all(); len(got) != 1 {
			t.Fatalf("%d writes before there is much", len(got))
		}
		say(t, g, "y")
		if got := out.all(); len(got) != 2 || len(got[1]) != gatherMost+1 || !strings.HasSuffix(got[1], "x\ny\n") {
			t.Fatalf("%d writes when there is much", len(got))
		}
		say(t, g, "last")
		g.Close()
		say(t, g, "behind")
		if got := out.all(); len(got) != 4 || got[2] != "last\n" || got[3] != "behind\n" {
			t.Fatalf("at the end: %q", got[2:])
		}
	})
}

// TestPromptWarnings: what somebody should look at does not wait, nor does what came before it.
func TestPromptWarnings(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		synctest.Test(t, func(t *testing.T) {
			out := new(calls)
			log, lines := newLog(out, config.Log{Format: format, Level: "info"}, new(slog.LevelVar))
			defer lines.Close()
			log = log.With("a", 1).WithGroup("g")
			log.Info("one")
			log.Info("two")
			if got := out.all(); len(got) != 1 {
				t.Fatalf("%d writes of two lines", len(got))
			}
			log.Warn("three")
			got := out.all()
			if len(got) != 2 || !strings.Contains(got[1], "two") || !strings.Contains(got[1], "three") {
				t.Fatalf("behind a warning: %q", got)
			}
			if format == "json" && !strings.HasPrefix(got[0], "{") {
				t.Errorf("no JSON: %q", got[0])
			}
		})
	}
}

// BenchmarkGather is what a line costs in the log's own code.
func BenchmarkGather(b *testing.B) {
	g := &gatherer{w: new(bytes.Buffer)}
	defer g.Close()
	line := []byte(strings.Repeat("x", 500) + "\n")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Write(line); err != nil {
			b.Fatal(err)
		}
		if len(g.lines) == 0 {
			g.w.(*bytes.Buffer).Reset()
		}
	}
}
