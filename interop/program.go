package interop

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patience bounds every wait of a story for one thing to happen. It is long because CI runs stories beside each other on
// two cores; nothing waits for it when all is well.
const Patience = 30 * time.Second

// Context is the test's, ended by Patience: for calls that would wait for a peer without an end, such as a tap or a request. It is of no
// use in a cleanup, before which the test's own ends.
func Context(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), Patience, errImpatient)
	t.Cleanup(cancel)
	return ctx
}

var errImpatient = fmt.Errorf("nothing happened within %v", Patience)

// Program is a foreign program while it runs. Its standard output and error are kept as lines, shown when the test fails.
// All methods are for the test's own goroutine: in another, a failure would end that goroutine and leave the test waiting for it.
type Program struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser
	done chan struct{}
	err  error // of the program's end, once done is closed

	mu    sync.Mutex
	lines []string
	rest  string        // a line that has not ended yet
	more  chan struct{} // closed at the next line
	seen  int           // lines that Await has passed
}

// Start runs a command in a process group of its own, in the folder dir, with extra environment variables (NAME=value)
// that win over the test's. The whole group is killed when the test ends, if not before.
func Start(t testing.TB, dir string, env []string, name string, args ...string) *Program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.WaitDelay = time.Second // what a killed program left behind may hold its output open
	cmd.Cancel = func() error { return killGroup(cmd.Process) }
	ownGroup(cmd)
	p := &Program{t: t, name: name, cmd: cmd, done: make(chan struct{}), more: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = (*output)(p), (*output)(p)
	var err error
	if p.in, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatalf("start %s: %v", name, err)
	}
	started.add(p)
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
		started.remove(p)
	}()
	t.Cleanup(func() {
		cancel()
		<-p.done
		if t.Failed() {
			t.Logf("%s %s printed:\n%s", name, strings.Join(args, " "), p.Text())
		}
	})
	return p
}

// output is the program's stdout and stderr. os/exec writes to it from one goroutine, since both are the same.
type output Program

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.rest + string(b)
	for {
		line, rest, ended := strings.Cut(text, "\n")
		if !ended {
			break
		}
		o.lines, text = append(o.lines, strings.TrimSuffix(line, "\r")), rest
	}
	o.rest = text
	close(o.more)
	o.more = make(chan struct{})
	return len(b), nil
}

// Text is everything that the program printed so far.
func (p *Program) Text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(append(slices.Clip(p.lines), p.rest), "\n")
}

// Await waits for the next line that the pattern matches, after the line of the Await before, and gives what the pattern's
// group matched, or the whole match when it has no group. The test fails when the program ends first or patience does.
func (p *Program) Await(pattern string) string {
	p.t.Helper()
	found, ok := p.Within(pattern, Patience)
	if !ok {
		p.t.Fatalf("%s did not print %q within %v", p.name, pattern, Patience)
	}
	return found
}

// Within is Await for what may never come: false when it has not within the time.
func (p *Program) Within(pattern string, limit time.Duration) (string, bool) {
	p.t.Helper()
	re, timer := regexp.MustCompile(pattern), time.NewTimer(limit)
	defer timer.Stop()
	for ended := false; ; {
		found, more := p.next(re)
		if found != nil {
			return found[len(found)-1], true
		}
		if ended {
			p.t.Fatalf("%s ended (%v) before it printed %q", p.name, p.err, pattern)
		}
		select {
		case <-more:
		case <-p.done:
			ended = true // and look once more
		case <-timer.C:
			return "", false
		}
	}
}

// next looks through the lines that no Await has passed, and gives the channel that tells of more.
func (p *Program) next(re *regexp.Regexp) ([]string, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.seen < len(p.lines) {
		line := p.lines[p.seen]
		p.seen++
		if found := re.FindStringSubmatch(line); found != nil {
			return found, nil
		}
	}
	return nil, p.more
}

// Say writes a line to the program's standard input.
func (p *Program) Say(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatalf("say %q to %s: %v", line, p.name, err)
	}
}

// Hush ends the program's standard input.
func (p *Program) Hush() { _ = p.in.Close() }

// Finish waits until the program ends by itself, and fails the test when it does not within limit or not with exit code 0.
func (p *Program) Finish(limit time.Duration) {
	p.t.Helper()
	if p.End(limit); p.err != nil {
		p.t.Fatalf("%s: %v", p.name, p.err)
	}
}

// End waits until the program ends by itself, with whatever exit code, and fails the test when it does not within limit.
func (p *Program) End(limit time.Duration) {
	p.t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.t.Fatalf("%s did not end within %v", p.name, limit)
	}
}

// Code is the exit code of a program that has ended, -1 if a signal ended it.
func (p *Program) Code() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Command is the command line, as for people.
func (p *Program) Command() string { return strings.Join(p.cmd.Args, " ") }

// PID is the process id: that of the command that was started.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Signal sends the program a signal. Behind one that stops it (SIGSTOP) the program stands still: a thread that was running may go on for a
// moment on a busy machine, and answer what it should not have heard.
func (p *Program) Signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %s: %v", p.name, err)
	}
	if !stops(s) {
		return
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(Patience)
	for !stopped(p.PID()) {
		select {
		case <-tick.C:
		case <-p.done:
			p.t.Fatalf("%s has ended and was to be stopped", p.name)
		case <-late:
			p.t.Fatalf("%s does not stop", p.name)
		}
	}
}

// Done is closed when the program has ended.
func (p *Program) Done() <-chan struct{} { return p.done }

// Kill ends the program as a crash does (SIGKILL) and waits until it has gone.
func (p *Program) Kill() {
	p.t.Helper()
	if err := killGroup(p.cmd.Process); err != nil {
		p.t.Errorf("kill %s: %v", p.name, err)
	}
	<-p.done
}

// FreePort gives a port of loopback that nobody listened on a moment ago, for programs that cannot choose one themselves. It
// is none of those that systems give to connections, which would take it again before the program does.
func FreePort(t testing.TB) string {
	t.Helper()
	var last error
	for range 100 {
		port := strconv.Itoa(20000 + rand.IntN(12000)) // connections have 32768 and up, on most systems 49152
		l, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err == nil {
			l.Close()
			return port
		}
		last = err
	}
	t.Fatal("no free port:", last)
	return ""
}
