package interop

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// storyTime bounds a story, and each of the two of OnNodes. The longest take a minute and a half beside all others on two cores.
var storyTime = 3 * time.Minute

// guards are the timers of the stories that run, by the name of the test.
var guards sync.Map

// guard ends the test binary when the story has not ended in its time, as go test's own -timeout does, and says besides what the
// programs printed last: one that waits for something which never comes must fail, and not hold up all that is behind it. It ends with
// the story's cleanups, in which it may hang as well. A soak has its own time besides.
func guard(t testing.TB) {
	limit, name := storyLimit(), t.Name()
	timer := time.AfterFunc(limit, func() {
		text := fmt.Sprintf("%s has not ended within %v", name, limit) + started.last()
		debug.SetTraceback("all")
		panic(text)
	})
	guards.Store(name, timer)
	t.Cleanup(func() {
		timer.Stop()
		guards.Delete(name)
	})
}

// storyLimit is the time of a story.
func storyLimit() time.Duration {
	soak, _ := time.ParseDuration(os.Getenv("CAUSEWAY_SOAK")) // none is 0
	return storyTime + soak
}

// renew gives the story that t is a part of its time anew.
func renew(t testing.TB) {
	name, _, _ := strings.Cut(t.Name(), "/")
	if timer, ok := guards.Load(name); ok {
		timer.(*time.Timer).Reset(storyLimit())
	}
}

// running are the programs that have been started and have not ended.
type running struct {
	mu  sync.Mutex
	all []*Program
}

// started are those of this test binary.
var started running

// add notes a program until it ends, which somebody else waits for.
func (r *running) add(p *Program) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, p)
}

func (r *running) remove(p *Program) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = slices.DeleteFunc(r.all, func(q *Program) bool { return p == q })
}

// lastLines is how much of a program's output is told of a story that hangs.
const lastLines = 12

// last kills all programs, whom nobody would end any more, and gives what each printed last.
func (r *running) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out strings.Builder
	for _, p := range r.all {
		_ = killGroup(p.cmd.Process)
		lines := strings.Split(strings.TrimRight(p.Text(), "\n"), "\n")
		lines = lines[max(0, len(lines)-lastLines):]
		fmt.Fprintf(&out, "\n%s (process %d) runs; it printed last:\n\t%s", p.Command(), p.PID(), strings.Join(lines, "\n\t"))
	}
	return out.String()
}

// Take receives from a channel, and fails the test when nothing has come within Patience. what is what was to come. A channel that is
// closed gives a zero value, as always.
func Take[T any](t testing.TB, from <-chan T, what string) T {
	t.Helper()
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case v := <-from:
		return v
	case <-timer.C:
		t.Fatalf("%s: nothing within %v", what, Patience)
		return *new(T)
	}
}
