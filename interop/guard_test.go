package interop

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestStoryThatHangs: a story that waits for ever ends the test binary by itself, which says what hangs and what its programs printed last,
// and leaves none of them behind.
func TestStoryThatHangs(t *testing.T) {
	if os.Getenv("INTEROP_HANG") != "" {
		hang(t)
	}
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(Context(t), exe, "-test.run=^TestStoryThatHangs$", "-test.count=1")
	cmd.Dir = t.TempDir() // also for what it cannot clean up
	cmd.Env = append(os.Environ(), "INTEROP_HANG=1", "CAUSEWAY_SOAK=", "TMPDIR="+cmd.Dir)
	cmd.WaitDelay = time.Second
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err == nil || time.Since(began) > Patience/2 {
		t.Errorf("ended with %v after %v", err, time.Since(began))
	}
	for _, want := range []string{"TestStoryThatHangs has not ended within", "it printed last:", "\tthe last word", "interop.hang("} {
		if !strings.Contains(string(out), want) {
			t.Errorf("does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "\tthe first word") {
		t.Errorf("says everything:\n%s", out)
	}
	found := regexp.MustCompile(`\(process (\d+)\) runs`).FindStringSubmatch(string(out))
	if found == nil {
		t.Fatalf("tells of no program:\n%s", out)
	}
	if line, err := os.ReadFile("/proc/" + found[1] + "/cmdline"); err == nil && len(line) > 0 { // a zombie has none
		t.Errorf("left behind: %q", line)
	}
}

// hang is the story.
func hang(t *testing.T) {
	storyTime = time.Second
	guard(t)
	shell(t, `echo the first word; i=0; while [ $i -lt 12 ]; do i=$((i+1)); echo more; done; echo the last word; exec sleep 600 >&2`).Await(`^the last word$`)
	<-make(chan bool)
}

// ending is a test whose cleanups run when it says so.
type ending struct {
	testing.TB
	name     string
	cleanups []func()
}

func (e *ending) Name() string     { return e.name }
func (e *ending) Cleanup(f func()) { e.cleanups = append(e.cleanups, f) }

// TestStoryInTime: nothing happens to a story that has ended in its time, which each part has anew, and nothing is told of programs that have.
func TestStoryInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &ending{TB: t, name: "TestStory"}
		guard(e)
		<-time.After(storyTime - time.Second)
		renew(&ending{TB: t, name: e.Name() + "/one node"})
		<-time.After(storyTime - time.Second)
		for _, f := range e.cleanups {
			f()
		}
		<-time.After(storyTime)
	})
	p := shell(t, "exit 0")
	p.Finish(Patience)
	if text := started.last(); strings.Contains(text, p.Command()+" ("+"process "+strconv.Itoa(p.PID())) {
		t.Errorf("told: %s", text)
	}
}

// TestTake: what comes is given; what does not fails the test.
func TestTake(t *testing.T) {
	words := make(chan string, 1)
	words <- "hello"
	if got := Take(t, words, "a word"); got != "hello" {
		t.Error(got)
	}
	close(words)
	if got := Take(t, words, "a word"); got != "" {
		t.Error(got)
	}
}
