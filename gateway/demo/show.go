package demo

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/relay"
)

// stepNames are the documented steps, for saying which one was not reached.
var stepNames = [lastStep + 1]string{
	1: "a listener asks to listen", 2: "the relay is recorded", 3: "a sender asks to connect",
	4: "the receiving node looks the relay up", 5: "the request goes to the node that holds the listener",
	6: "that node tells the listener to open a temporary channel to the sender's node", 7: "the listener opens it",
	8: "data goes from the sender to the listener", 9: "data goes from the listener to the sender",
}

// show prints the steps in their order. Hooks call step from many goroutines; two steps of different nodes may be told in
// the other order than they happened, so a step waits for those before it.
type show struct {
	mu     sync.Mutex
	out    io.Writer
	began  time.Time
	next   int // the step that is printed next; 0: all are
	early  map[int]relay.Step
	done   chan struct{}
	stopAt int
	stop   func()
}

func newShow(out io.Writer) *show {
	return &show{out: out, began: time.Now(), next: 1, early: make(map[int]relay.Step), done: make(chan struct{})}
}

func (s *show) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// before has stop called when the step before n has happened, on the goroutine on which it happened.
func (s *show) before(n int, stop func()) {
	s.mu.Lock()
	s.stopAt, s.stop = n, stop
	due := s.next >= n
	s.mu.Unlock()
	if due { // steps 1 and 2 are over already
		stop()
	}
}

// step takes a step from the relay and prints what is due.
func (s *show) step(step relay.Step) {
	s.mu.Lock()
	var stop func()
	if s.stop != nil && step.Number == s.stopAt-1 {
		stop, s.stop = s.stop, nil
	}
	if s.next > 0 && step.Number >= s.next {
		if _, seen := s.early[step.Number]; !seen {
			s.early[step.Number] = step
		}
		s.printLocked()
	}
	s.mu.Unlock()
	if stop != nil {
		stop()
	}
}

func (s *show) printLocked() {
	for s.next > 0 {
		step, ok := s.early[s.next]
		if !ok {
			return
		}
		since := float64(step.At.Sub(s.began).Microseconds()) / 1000
		fmt.Fprintf(s.out, "step %d  node %d  %+.1fms  %s\n", step.Number, step.Node, since, step.Text)
		if s.next++; s.next > lastStep {
			s.next = 0
			close(s.done)
		}
	}
}

// all waits until every step is printed.
func (s *show) all(ctx context.Context) {
	select {
	case <-s.done:
	case <-ctx.Done():
	}
}

// missing is the first step that has not happened; 0 when all have.
func (s *show) missing() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

// failed says at which step the road ended.
func (s *show) failed(err error) error {
	n := s.missing()
	if n == 0 {
		return fmt.Errorf("demo: %w", err)
	}
	return fmt.Errorf("demo: stopped at step %d (%s): %w", n, stepNames[n], err)
}

func (s *show) summary(senders int, took time.Duration) {
	each := took / time.Duration(senders)
	s.say("%d senders reached a service behind the listener; %s each from dialling to the echo and a clean close", senders, each.Round(10*time.Microsecond))
}
