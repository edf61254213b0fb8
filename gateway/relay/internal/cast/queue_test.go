package cast

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// single is a listener that takes one message at a time, each when it is let; strokes are what came together.
type single struct {
	let chan error // what each stroke ends with

	mu      sync.Mutex
	strokes []string
}

func (s *single) stroke(ctx context.Context, messages ...*shape.Message) error {
	var all []string
	for _, m := range messages {
		all = append(all, m.Tracking)
	}
	s.mu.Lock()
	s.strokes = append(s.strokes, strings.Join(all, "+"))
	s.mu.Unlock()
	select {
	case err := <-s.let:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Deliver implements shape.Sink.
func (s *single) Deliver(ctx context.Context, m *shape.Message) (int, error) {
	return 1, s.stroke(ctx, m)
}

// several takes several at a time.
type several struct{ *single }

// DeliverAll implements shape.Burst.
func (s several) DeliverAll(ctx context.Context, messages []*shape.Message) error {
	return s.stroke(ctx, messages...)
}

// desk is a queue with what became of its messages.
type desk struct {
	*Queue
	*single

	mu      sync.Mutex
	settled []string // tracking, and how it ended
}

func open(t *testing.T, burst bool) *desk {
	t.Helper()
	d := &desk{single: &single{let: make(chan error)}}
	var sink shape.Sink = d.single
	if burst {
		sink = several{d.single}
	}
	d.Queue = New(Params{
		Sink: sink, Limit: func() time.Duration { return time.Minute },
		Settled: func(messages []*shape.Message, reached int, err error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			for _, m := range messages {
				said := fmt.Sprintf("%s:%d", m.Tracking, reached)
				if err != nil {
					said = m.Tracking + ":" + err.Error()
				}
				d.settled = append(d.settled, said)
			}
		},
		Crew: NewCrew(func(f func()) bool { go f(); return true }),
	})
	return d
}

// put queues events of so many bytes, named by their numbers from first on.
func (d *desk) put(t *testing.T, first int, sizes ...int) {
	t.Helper()
	for i, size := range sizes {
		if _, err := d.Put(message(fmt.Sprint(first+i), size)); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
}

func message(name string, size int) *shape.Message {
	return &shape.Message{Hello: shape.Hello{Tracking: name}, Data: make([]byte, size)}
}

// end lets strokes end, one behind the other.
func (d *desk) end(errs ...error) {
	for _, err := range errs {
		d.let <- err
		synctest.Wait()
	}
}

// sums has the queue closed at the end of a test, and compares what left together and what became of it.
func (d *desk) sums(t *testing.T, strokes, settled []string) {
	t.Helper()
	d.Close(errors.New("over"))
	synctest.Wait()
	if diff := cmp.Diff(strokes, d.strokes); diff != "" {
		t.Errorf("strokes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(settled, d.settled); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
}

// TestTogether: what waits while a stroke is under way leaves with the next, in order, within the bounds of both kinds; a message that is
// longer than those goes by itself. Each is told of once. Listeners that take one at a time get one at a time.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, true)
		d.put(t, 0, 10)
		d.put(t, 1, 10, 10, TogetherBytes, 10, TogetherBytes-10, 1)
		if d.Waiting() != 7 {
			t.Errorf("%d wait or leave", d.Waiting())
		}
		d.end(nil) // 0; what is together is 1 and 2, since 3 is as long as is allowed by itself
		if d.Waiting() != 6 {
			t.Errorf("%d wait or leave", d.Waiting())
		}
		d.end(nil, nil, nil, nil)
		if d.Waiting() != 0 {
			t.Errorf("%d wait or leave", d.Waiting())
		}
		d.sums(t, []string{"0", "1+2", "3", "4+5", "6"}, []string{"0:1", "1:1", "2:1", "3:1", "4:1", "5:1", "6:1"})
	})
	synctest.Test(t, func(t *testing.T) {
		d := open(t, true)
		d.put(t, 0, 1)
		d.put(t, 1, make([]int, Together+3)...)
		d.end(nil, nil, nil)
		if len(d.strokes) != 3 || strings.Count(d.strokes[1], "+") != Together-1 || d.strokes[2] != fmt.Sprintf("%d+%d+%d", Together+1, Together+2, Together+3) {
			t.Errorf("%q", d.strokes)
		}
		if len(d.settled) != Together+4 || len(slices.Compact(slices.Clone(d.settled))) != Together+4 {
			t.Errorf("%q", d.settled)
		}
		d.Close(nil)
	})
	synctest.Test(t, func(t *testing.T) {
		d := open(t, false)
		d.put(t, 0, 1, 1, 1)
		d.end(nil, nil, nil)
		d.sums(t, []string{"0", "1", "2"}, []string{"0:1", "1:1", "2:1"})
	})
}

// TestTogetherFails: the error of a stroke is that of each message in it, and what comes behind is not touched by it.
func TestTogetherFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, true)
		d.put(t, 0, 1)
		d.put(t, 1, 1, 1)
		d.end(nil)
		d.put(t, 3, 1)
		d.end(errors.New("torn"), nil)
		d.sums(t, []string{"0", "1+2", "3"}, []string{"0:1", "1:torn", "2:torn", "3:1"})
	})
	synctest.Test(t, func(t *testing.T) { // the listener leaves
		d := open(t, true)
		d.put(t, 0, 1)
		d.put(t, 1, 1, 1)
		d.end(nil)
		d.put(t, 3, 1)
		d.sums(t, []string{"0", "1+2"}, []string{"0:1", "3:over", "1:over", "2:over"})
	})
	synctest.Test(t, func(t *testing.T) { // or is silent
		d := open(t, true)
		d.put(t, 0, 1)
		d.put(t, 1, 1, 1)
		d.end(nil)
		<-time.After(time.Minute)
		synctest.Wait()
		no := errSilent.Error()
		d.sums(t, []string{"0", "1+2"}, []string{"0:1", "1:" + no, "2:" + no})
	})
}

// TestAloneToOne: a message to one listener leaves alone, so that no more than one is lost with a stroke that fails: what waits is untaken
// when the listener leaves then, and goes to another. One that was taken back before does not leave.
func TestAloneToOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, true)
		d.put(t, 0, 1)
		var all sync.WaitGroup
		ends := make([]error, 5)
		leaving, leave := context.WithCancel(t.Context())
		for i := 1; i < len(ends); i++ {
			ctx := t.Context()
			if i == 2 {
				ctx = leaving
			}
			all.Go(func() { _, ends[i] = d.Queue.Deliver(ctx, message(fmt.Sprint(i), 1)) })
			synctest.Wait()
		}
		d.put(t, 5, 1, 1) // events behind them, which there are not in one relay
		leave()
		synctest.Wait()
		torn := errors.New("torn")
		d.end(nil, nil, torn)
		if ends[1] != nil || !Untaken(ends[2]) || !errors.Is(ends[3], torn) || Untaken(ends[3]) {
			t.Errorf("the senders hear %v", ends)
		}
		d.end(&shape.Untaken{Err: fail.New(fail.ListenerLost, "")}, nil)
		all.Wait()
		if !Untaken(ends[4]) {
			t.Errorf("whose message nobody saw hears %v", ends[4])
		}
		d.sums(t, []string{"0", "1", "3", "4", "5+6"}, []string{"0:1", "1:1", "3:torn", "5:1", "6:1"})
	})
}
