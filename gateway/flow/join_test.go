package flow_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/shape"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// leg is one side whose peer is the test.
type leg struct {
	in    chan any      // what the peer sends: text, or the *shape.End of its direction
	take  chan struct{} // one token for each Write that the peer takes; nil: it takes everything
	gone  chan struct{} // closed by Abort and Close
	broke error         // of the next Write or CloseWrite

	reads, writes atomic.Int64

	mu     sync.Mutex
	got    []string
	closes []shape.End // of CloseWrite
	aborts []shape.End
	closed int
	late   int // aborts behind a close
	once   sync.Once
	slow   func() // part of Abort, behind the waking
}

func newLeg() *leg { return &leg{in: make(chan any, 64), gone: make(chan struct{})} }

func (*leg) Caps() shape.Caps { return shape.Caps{Messages: true, HalfClose: true} }

func (l *leg) Read(b *shape.Batch) error {
	l.reads.Add(1)
	select {
	case v := <-l.in:
		switch v := v.(type) {
		case *shape.End:
			return v
		case error:
			return v
		default:
			fill(b, v.(string))
			return nil
		}
	case <-l.gone:
		return &shape.End{Why: fail.Aborted, Text: "woken"}
	}
}

// fill makes a batch of one message in one piece.
func fill(b *shape.Batch, text string) {
	b.Buf = slices.Concat(make([]byte, shape.Headroom), []byte(text))
	b.Pieces = append(b.Pieces[:0], shape.Piece{Off: shape.Headroom, Len: len(text), Text: true, Last: true})
}

func payload(b *shape.Batch) (s string) {
	for _, p := range b.Pieces {
		s += string(b.Buf[p.Off : p.Off+p.Len])
	}
	return s
}

func (l *leg) Write(b *shape.Batch) error {
	l.writes.Add(1)
	if l.take != nil {
		select {
		case <-l.take:
		case <-l.gone:
			return &shape.End{Why: fail.Aborted, Text: "woken"}
		}
	}
	if l.broke != nil {
		return l.broke
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, payload(b))
	clear(b.Buf) // a writer may change the batch
	return nil
}

func (l *leg) CloseWrite(end *shape.End) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closes = append(l.closes, *end)
	return l.broke
}

func (l *leg) Abort(end *shape.End) {
	l.mu.Lock()
	l.aborts = append(l.aborts, *end)
	l.late += l.closed
	l.mu.Unlock()
	l.once.Do(func() { close(l.gone) })
	if l.slow != nil {
		l.slow()
	}
}

func (l *leg) Close() {
	l.mu.Lock()
	l.closed++
	l.mu.Unlock()
	l.once.Do(func() { close(l.gone) })
}

func (l *leg) state() (got []string, closes, aborts []shape.End) {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got), slices.Clone(l.closes), slices.Clone(l.aborts)
}

// joined is a stream between two fake legs, in a bubble.
type joined struct {
	*testing.T

	a, b   *leg
	live   flow.Live
	cancel context.CancelCauseFunc
	report chan flow.Report
}

// play joins two legs, runs the story, ends what is left and checks that both legs were closed.
func play(t *testing.T, l flow.Limits, story func(j *joined)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		j := &joined{T: t, a: newLeg(), b: newLeg(), report: make(chan flow.Report, 1)}
		var ctx context.Context
		ctx, j.cancel = context.WithCancelCause(context.Background())
		start := func() { go func() { j.report <- flow.Join(ctx, j.a, j.b, l, &j.live) }() }
		start()
		defer func() {
			j.cancel(nil)
			synctest.Wait()
			if j.a.closed == 0 || j.b.closed == 0 {
				t.Errorf("closed %d and %d times", j.a.closed, j.b.closed)
			}
		}()
		story(j)
	})
}

// end gives the report of a stream that must be over by now.
func (j *joined) end() flow.Report {
	j.Helper()
	synctest.Wait()
	select {
	case r := <-j.report:
		return r
	default:
		j.Fatal("the stream goes on")
		return flow.Report{}
	}
}

func half(code int, text string) *shape.End {
	return &shape.End{Why: fail.PeerClosed, Code: code, Text: text}
}

// TestOrderlyEnd: each direction ends on its own, in either order, and each peer gets the other's code and words.
func TestOrderlyEnd(t *testing.T) {
	for _, dir := range []uint8{flow.Forth, flow.Back} {
		play(t, flow.Limits{}, func(j *joined) {
			legs := [2]*leg{j.a, j.b}
			first, second := legs[dir], legs[1-dir]
			first.in <- "one"
			first.in <- half(4001, "bye")
			got, closes, aborts := second.state()
			if !slices.Equal(got, []string{"one"}) || len(closes) != 1 || closes[0].Code != 4001 || closes[0].Text != "bye" || len(aborts) != 0 {
				t.Errorf("the other peer got %v, closes %v, aborts %v", got, closes, aborts)
			}
			second.in <- "still"
			if got, _, _ := first.state(); !slices.Equal(got, []string{"still"}) {
				t.Errorf("behind the first end came %v", got)
			}
			second.in <- half(1000, "too")
			r := j.end()
			if r.Why != fail.PeerClosed || r.Outside || r.From != 1-dir || r.Text != "too" || r.Cause != nil || r.Messages != 2 {
				t.Errorf("report %+v", r)
			}
			if r.In+r.Out != 8 || (dir == flow.Forth) != (r.In == 3) {
				t.Errorf("report %+v", r)
			}
			if _, closes, aborts := first.state(); len(closes) != 1 || closes[0].Text != "too" || len(aborts) != 0 {
				t.Errorf("the first peer: closes %v, aborts %v", closes, aborts)
			}
		})
	}
}

// TestBackPressure: nothing is read while the other peer takes nothing; one batch is on its way and no more.
func TestBackPressure(t *testing.T) {
	for _, dir := range []uint8{flow.Forth, flow.Back} {
		synctest.Test(t, func(t *testing.T) {
			legs := [2]*leg{newLeg(), newLeg()}
			from, to := legs[dir], legs[1-dir]
			to.take = make(chan struct{})
			done := make(chan flow.Report, 1)
			var live flow.Live
			go func() { done <- flow.Join(t.Context(), legs[0], legs[1], flow.Limits{}, &live) }()
			for range 5 {
				from.in <- "x"
			}
			for n := int64(1); n <= 5; n++ {
				synctest.Wait()
				if from.reads.Load() != n || to.writes.Load() != n || live.In.Load()+live.Out.Load() != n {
					t.Errorf("%d reads and %d writes before the %d. was taken", from.reads.Load(), to.writes.Load(), n)
				}
				to.take <- struct{}{}
			}
			from.in <- half(0, "")
			to.in <- half(0, "")
			if r := <-done; r.Why != fail.PeerClosed {
				t.Errorf("report %+v", r)
			}
		})
	}
}

// TestFaults: what breaks one side is the report's reason, comes back to that side, and is a plain loss to the other.
func TestFaults(t *testing.T) {
	cause := errors.New("reset by peer")
	breach := &shape.End{Why: fail.BadFrame, Code: 1002, Text: "unmasked"}
	slow := &shape.End{Why: fail.WriteTimeout, Cause: cause}
	rows := []struct {
		name   string
		strike func(j *joined)
		from   uint8
		why    fail.Code
		cause  error
		text   string
	}{
		{"loss forth", func(j *joined) { j.a.in <- &shape.End{Why: fail.Aborted, Cause: cause} }, flow.Forth, fail.Aborted, cause, ""},
		{"loss back", func(j *joined) { j.b.in <- &shape.End{Why: fail.Aborted, Cause: cause} }, flow.Back, fail.Aborted, cause, ""},
		{"no end but an error", func(j *joined) { j.b.in <- cause }, flow.Back, fail.Aborted, cause, ""},
		{"breach", func(j *joined) { j.a.in <- breach }, flow.Forth, fail.BadFrame, nil, "unmasked"},
		{"write forth", func(j *joined) { j.b.broke = slow; j.a.in <- "x" }, flow.Back, fail.WriteTimeout, cause, ""},
		{"write back", func(j *joined) { j.a.broke = slow; j.b.in <- "x" }, flow.Forth, fail.WriteTimeout, cause, ""},
		{"close forth", func(j *joined) { j.b.broke = slow; j.a.in <- half(0, "") }, flow.Back, fail.WriteTimeout, cause, ""},
		{"loss behind a close", func(j *joined) { j.a.in <- half(0, ""); j.b.in <- cause }, flow.Back, fail.Aborted, cause, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			play(t, flow.Limits{}, func(j *joined) {
				synctest.Wait()
				row.strike(j)
				r := j.end()
				if r.Why != row.why || r.From != row.from || r.Outside || r.Cause != row.cause || r.Text != row.text {
					t.Errorf("report %+v", r)
				}
				legs := [2]*leg{j.a, j.b}
				_, _, own := legs[row.from].state()
				_, _, other := legs[1-row.from].state()
				if len(own) != 1 || own[0].Why != row.why || len(other) != 1 || other[0].Why != fail.Aborted || other[0].Code != 0 {
					t.Errorf("at fault: %v, the survivor: %v", own, other)
				}
			})
		})
	}
}

// TestOutside: the end of the context reaches both peers with its code, wherever the pumps wait.
func TestOutside(t *testing.T) {
	end := &shape.End{Why: fail.Draining, Code: 1001, Text: "going"}
	for _, where := range []string{"reading", "writing", "half closed"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := newLeg(), newLeg()
				switch where {
				case "writing":
					a.take, b.take = make(chan struct{}), make(chan struct{})
					a.in <- "x"
					b.in <- "y"
				case "half closed":
					a.in <- half(1000, "")
				}
				ctx, cancel := context.WithCancelCause(context.Background())
				done := make(chan flow.Report, 1)
				var live flow.Live
				go func() { done <- flow.Join(ctx, a, b, flow.Limits{}, &live) }()
				synctest.Wait()
				cancel(end)
				r := <-done
				if r.Why != fail.Draining || !r.Outside || r.Text != "going" {
					t.Errorf("report %+v", r)
				}
				for _, l := range []*leg{a, b} {
					if _, _, aborts := l.state(); len(aborts) != 1 || aborts[0] != *end {
						t.Errorf("a peer was told %v", aborts)
					}
				}
			})
		})
	}
	play(t, flow.Limits{}, func(j *joined) {
		cause := errors.New("no end")
		j.cancel(cause)
		if r := j.end(); r.Why != fail.Aborted || !r.Outside || r.Cause != cause {
			t.Errorf("report %+v", r)
		}
	})
}

// TestBothAreTold: an end from outside reaches the second peer although the first one's leg, once down, wakes both pumps.
func TestBothAreTold(t *testing.T) {
	outside := map[string]func(j *joined){
		"context": func(j *joined) { j.cancel(&shape.End{Why: fail.Draining, Code: 1001}) },
		"quiet":   func(j *joined) { j.a.in <- half(1000, ""); <-time.After(time.Minute) },
	}
	for name, strike := range outside {
		t.Run(name, func(t *testing.T) {
			play(t, flow.Limits{Quiet: time.Second}, func(j *joined) {
				j.a.slow = func() {
					j.b.in <- errors.New("the second pump ends, too")
					<-time.After(time.Minute)
				}
				synctest.Wait()
				strike(j)
				<-j.report
				if _, _, aborts := j.b.state(); len(aborts) != 1 || j.b.late != 0 {
					t.Errorf("the second peer was told %v, %d times after its leg was closed", aborts, j.b.late)
				}
			})
		})
	}
}

// TestQuiet: after the first end the open direction may be quiet for the limit and no longer; what flows keeps it, and
// without an end nothing is too quiet.
func TestQuiet(t *testing.T) {
	const limit = 40 * time.Second
	play(t, flow.Limits{Quiet: limit}, func(j *joined) {
		<-time.After(100 * limit)
		j.a.in <- half(1000, "Shutdown")
		synctest.Wait()
		begin := time.Now()
		r := <-j.report
		if took := time.Since(begin); took != limit || r.Why != fail.Idle || !r.Outside {
			t.Errorf("ended after %v: %+v", took, r)
		}
		if _, _, aborts := j.b.state(); len(aborts) != 1 || aborts[0].Why != fail.Idle {
			t.Errorf("the peer was told %v", aborts)
		}
	})
	play(t, flow.Limits{Quiet: limit}, func(j *joined) {
		j.b.in <- half(1000, "Shutdown")
		for range 20 {
			<-time.After(limit - 1)
			j.a.in <- "" // an empty message is one, too
		}
		synctest.Wait()
		begin := time.Now()
		r := <-j.report
		if took := time.Since(begin); took < limit || took > limit+limit/4 || r.Why != fail.Idle || r.Messages != 20 {
			t.Errorf("ended after %v: %+v", took, r)
		}
	})
	play(t, flow.Limits{}, func(j *joined) {
		j.b.in <- half(1000, "Shutdown")
		<-time.After(flow.DefaultQuiet - 1)
		j.a.in <- half(1000, "")
		if r := j.end(); r.Why != fail.PeerClosed {
			t.Errorf("report %+v", r)
		}
	})
}

// spy is a tap.
type spy struct {
	mu  sync.Mutex
	saw []string
}

func (s *spy) Saw(dir uint8, b *shape.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saw = append(s.saw, string('a'+rune(dir))+payload(b))
}

// TestTap: it sees the payload before the writer overwrites it, both ways, from when it is hung until it is taken off.
func TestTap(t *testing.T) {
	play(t, flow.Limits{}, func(j *joined) {
		one, two := &spy{}, &spy{}
		steps := []struct {
			tap  flow.Tap
			text string
		}{{nil, "1"}, {one, "2"}, {two, "3"}, {nil, "4"}}
		for _, step := range steps {
			j.live.Watch(step.tap)
			j.a.in <- step.text
			synctest.Wait()
			j.b.in <- step.text
			synctest.Wait()
		}
		if !slices.Equal(one.saw, []string{"a2", "b2"}) || !slices.Equal(two.saw, []string{"a3", "b3"}) {
			t.Errorf("saw %v and %v", one.saw, two.saw)
		}
		if got, _, _ := j.b.state(); !slices.Equal(got, []string{"1", "2", "3", "4"}) {
			t.Errorf("the peer got %v", got)
		}
	})
}

// TestFirst: it is called once a direction, before the data leaves, and not for a direction without any.
func TestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newLeg(), newLeg()
		b.take = make(chan struct{})
		var seen []uint8
		first := func(dir uint8) { seen = append(seen, dir) }
		done := make(chan flow.Report, 1)
		var live flow.Live
		go func() { done <- flow.Join(t.Context(), a, b, flow.Limits{First: first}, &live) }()
		a.in <- "1"
		synctest.Wait()
		if !slices.Equal(seen, []uint8{flow.Forth}) {
			t.Errorf("before the first write: %v", seen)
		}
		close(b.take)
		a.in <- "2"
		a.in <- half(0, "")
		b.in <- half(0, "")
		<-done
		if len(seen) != 1 {
			t.Errorf("called for %v", seen)
		}
	})
}

// steady is a leg that never ends by itself and allocates nothing: Read gives the same batch again, Write drops it. It
// counts down and stops at 0.
type steady struct {
	buf    [4096]byte
	pieces [64]shape.Piece
	left   int
	turn   chan int // how many batches may be read next
	idle   chan struct{}
}

func newSteady() *steady {
	s := &steady{turn: make(chan int), idle: make(chan struct{})}
	for i := range s.pieces {
		s.pieces[i] = shape.Piece{Off: shape.Headroom + 60*i, Len: 40, Last: true}
	}
	return s
}

func (*steady) Caps() shape.Caps { return shape.Caps{} }

func (s *steady) Read(b *shape.Batch) error {
	for s.left == 0 {
		n, ok := <-s.turn
		if !ok {
			return &shape.End{Why: fail.PeerClosed}
		}
		s.left = n
	}
	s.left--
	b.Buf, b.Pieces = s.buf[:], s.pieces[:]
	return nil
}

func (s *steady) Write(b *shape.Batch) error {
	if b.Buf[0] = byte(len(b.Pieces)); s.idle != nil {
		s.idle <- struct{}{}
	}
	return nil
}

func (*steady) CloseWrite(*shape.End) error { return nil }
func (*steady) Abort(*shape.End)            {}
func (*steady) Close()                      {}

type nothing struct{}

func (nothing) Saw(uint8, *shape.Batch) {}

// TestNoAllocation: a forwarded batch costs no allocation, with a tap and without.
func TestNoAllocation(t *testing.T) {
	for _, tap := range []flow.Tap{nil, nothing{}} {
		a, b := newSteady(), newSteady()
		var live flow.Live
		live.Watch(tap)
		done := make(chan flow.Report, 1)
		go func() {
			done <- flow.Join(context.Background(), a, b, flow.Limits{First: func(uint8) {}}, &live)
		}()
		const batches = 50
		allocs := testing.AllocsPerRun(100, func() {
			a.turn <- batches
			b.turn <- batches
			for range batches {
				<-a.idle
				<-b.idle
			}
		})
		close(a.turn)
		close(b.turn)
		r := <-done
		if want := int64(101 * batches * 64 * 40); r.In != want || r.Out != want || r.Messages != 2*101*batches*64 || r.Why != fail.PeerClosed {
			t.Errorf("report %+v, want %d bytes each way", r, want)
		}
		if allocs != 0 {
			t.Errorf("%v allocations for %d batches", allocs, 2*batches)
		}
	}
}
