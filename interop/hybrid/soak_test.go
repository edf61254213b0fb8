package hybrid

import (
	"context"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/interop"
)

// TestSoak: rounds of everything that unmodified libraries do, on one node and on two, for CAUSEWAY_SOAK in all. Listeners
// are killed and come back in between; what a round leaves behind must not grow.
func TestSoak(t *testing.T) {
	total, err := time.ParseDuration(os.Getenv("CAUSEWAY_SOAK"))
	if err != nil {
		t.Skip("runs for a long time: make soak, or CAUSEWAY_SOAK=5m go test -run '^TestSoak' ./interop/hybrid")
	}
	t.Setenv("CAUSEWAY_INTEROP", "1") // whoever asked for a soak asked for this
	interop.Need(t, "node", "python")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		end, idle, rounds := time.Now().Add(total/2), runtime.NumGoroutine(), 0
		for ; rounds < 1 || time.Now().Before(end); rounds++ {
			soakRound(t, s)
			settle(t, idle)
		}
		t.Logf("%d rounds", rounds)
	})
}

// soakRound is one round: both libraries listen in turn, each loses its life, the first with a stream open.
func soakRound(t *testing.T, s *interop.Stand) {
	t.Helper()
	node := talk(t, s)
	for _, args := range [][]string{{"sequential", "200"}, {"concurrent", "200"}, {"sizes", "0", "126", "65536", "16777216"}} {
		s.Node(t, s.Sender(interop.Hyco), "talk-volume.js", args...).Finish(2 * time.Minute)
	}
	python(t, s.Sender(interop.Hyco), "sender.py").Finish(2 * time.Minute)
	holder := sender(t, s, "hold")
	holder.Await(`^held$`)
	kill(t, s, node)
	holder.Kill()

	old := python(t, s.Listener(interop.Hyco), "listener.py")
	old.Await(`^listening$`)
	s.Node(t, s.Sender(interop.Hyco), "talk-volume.js", "sizes", "0", "126", "65536", "1048576").Finish(2 * time.Minute)
	kill(t, s, old)
}

// kill ends the listener that came last and waits until the gateway knows.
func kill(t *testing.T, s *interop.Stand, p *interop.Program) {
	t.Helper()
	const online = `"msg":"listener online","entity":"hyco","listener":"`
	log := s.Log()
	id, _, _ := strings.Cut(log[strings.LastIndex(log, online)+len(online):], `"`)
	p.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), interop.Patience)
	defer cancel()
	s.Await(ctx, "the end of listener "+id, func(line map[string]string) bool {
		return line["msg"] == "closed" && line["shape"] == "listener" && line["listener"] == id
	})
}

// settle waits until about as many goroutines run as did before the first round.
func settle(t *testing.T, idle int) {
	t.Helper()
	const slack = 20 // warm links between nodes and their timers
	limit, tick := time.NewTimer(interop.Patience), time.NewTicker(50*time.Millisecond)
	defer limit.Stop()
	defer tick.Stop()
	for runtime.NumGoroutine() > idle+slack {
		select {
		case <-tick.C:
		case <-limit.C:
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before the first round:\n%s", runtime.NumGoroutine(), idle, buf[:runtime.Stack(buf, true)])
		}
	}
}
