package flow

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// DefaultQuiet is the service's limit on a stream with one direction ended (reference section 7).
const DefaultQuiet = 60 * time.Second

// quietTicks is how often the open direction is looked at within Limits.Quiet.
const quietTicks = 4

// Limits of one stream.
type Limits struct {
	Quiet time.Duration   // after the first end, how long nothing may flow in the other direction; 0: DefaultQuiet
	First func(dir uint8) // called once a direction, when its first batch is about to be written; nil: not wanted
}

// Report says how a stream ended.
type Report struct {
	In, Out, Messages int64
	Why               fail.Code // PeerClosed when both directions ended in order; else what struck first
	From              uint8     // whose direction it was: Forth or Back; meaningless for ends from outside
	Outside           bool      // the end came from the context or a limit, not from a leg
	Text              string    // the peer's own words, if any
	Cause             error     // the loss behind it, if any
}

// Join pumps until both directions have ended, a limit struck or ctx ended; then both legs are closed. When ctx ends with
// a *shape.End as its cause, that is what both legs are aborted with, so a close code in it reaches both peers.
func Join(ctx context.Context, a, b shape.Leg, l Limits, live *Live) Report {
	over := make(chan Report, 1)
	Start(ctx, a, b, l, live, func(r Report) { over <- r })
	return <-over
}

// Start is Join for a stream that may be quiet for long: it returns as soon as one direction needs no goroutine, and the stream has none
// while neither does (shape.Idler). done is called once with the report, as the last of it, on whichever goroutine that is.
func Start(ctx context.Context, a, b shape.Leg, l Limits, live *Live, done func(Report)) {
	if l.Quiet <= 0 {
		l.Quiet = DefaultQuiet
	}
	p := &pair{legs: [2]shape.Leg{a, b}, limits: l, live: live, done: done}
	p.cuts.Add(1)
	p.stop = context.AfterFunc(ctx, func() {
		defer p.cuts.Done()
		p.cut(endOf(ctx))
	})
	p.ways.Store(2)
	go p.way(Back) // done is called when it has ended
	p.way(Forth)
}

// pair is one running stream.
type pair struct {
	legs   [2]shape.Leg
	limits Limits
	live   *Live
	done   func(Report)
	stop   func() bool  // of the watch on the context
	ways   atomic.Int32 // directions that are not over
	begun  [2]bool      // data went through; each is of its direction
	batch  [2]shape.Batch

	mu      sync.Mutex
	ended   int // directions that ended in order
	last    *shape.End
	from    uint8
	broken  *shape.End // why the stream was cut; nil: it was not
	outside bool
	watch   *time.Timer
	quiet   int
	seen    int64

	cuts sync.WaitGroup // ends from outside that run
}

// way goes on with one direction, until that is over or waits without a goroutine.
func (p *pair) way(dir uint8) {
	parked, fell := false, true
	defer func() {
		if fell { // the panic itself is its goroutine's owner's
			p.cut(&shape.End{Why: fail.Internal})
		}
		if !parked && p.ways.Add(-1) == 0 {
			p.over()
		}
	}()
	parked = p.pump(dir)
	fell = false
}

// over comes behind both directions.
func (p *pair) over() {
	if p.stop() {
		p.cuts.Done()
	}
	p.unwatch()
	p.cuts.Wait() // both peers are told before either leg is closed, although one of them woke both pumps
	p.legs[Forth].Close()
	p.legs[Back].Close()
	p.done(p.report())
}

// endOf finds the end that a context was cancelled with.
func endOf(ctx context.Context) *shape.End {
	return asEnd(context.Cause(ctx))
}

// pump carries one direction to its end, or until it is parked: way is called then when there is more.
func (p *pair) pump(dir uint8) (parked bool) {
	from, to := p.legs[dir], p.legs[1-dir]
	src, dst := wires(from, to)
	idler, _ := from.(shape.Idler)
	if idler != nil {
		idler.Lull(false)
	}
	batch := &p.batch[dir]
	busy := 0
	for {
		if busy >= busyBatches && src != nil && dst != nil {
			busy = 0
			if end := p.splice(dir, src, dst); end != nil {
				side := dir
				if end.Why == fail.WriteTimeout {
					side = 1 - dir // it took nothing
				}
				p.fault(side, end, false)
				return false
			}
			if idler != nil {
				idler.Lull(false) // the splice had a read deadline of its own
			}
		}
		if err := from.Read(batch); err == shape.ErrLull { //nolint:errorlint // it comes bare
			*batch = shape.Batch{} // its buffer is others' by now
			if idler.Park(func() { p.way(dir) }) {
				return true
			}
			idler = nil
			continue
		} else if err != nil {
			p.end(dir, asEnd(err))
			return false
		}
		p.live.count(dir, batch)
		if busy++; batch.Bytes() < busyBytes {
			busy = 0
		}
		if !p.begun[dir] && p.limits.First != nil {
			p.limits.First(dir)
		}
		p.begun[dir] = true
		if err := to.Write(batch); err != nil {
			p.fault(1-dir, asEnd(err), false)
			return false
		}
	}
}

func asEnd(err error) *shape.End {
	if end, ok := errors.AsType[*shape.End](err); ok {
		return end
	}
	return &shape.End{Why: fail.Aborted, Cause: err}
}

// end passes an orderly end on, and cuts both sides for any other.
func (p *pair) end(dir uint8, end *shape.End) {
	if end.Why != fail.PeerClosed {
		p.fault(dir, end, false)
		return
	}
	if err := p.legs[1-dir].CloseWrite(end); err != nil {
		p.fault(1-dir, asEnd(err), false)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
	if p.broken != nil {
		return // the report is about what broke it
	}
	p.last, p.from = end, dir
	if p.ended == 1 {
		p.seen = p.moved()
		p.watch = time.AfterFunc(p.limits.Quiet/quietTicks, p.look)
	}
}

// moved is a figure that changes with everything that flows.
func (p *pair) moved() int64 {
	return p.live.In.Load() + p.live.Out.Load() + p.live.Messages.Load()
}

// look ends a stream whose open direction has been quiet for too long.
func (p *pair) look() {
	p.mu.Lock()
	if p.watch == nil {
		p.mu.Unlock()
		return
	}
	if now := p.moved(); now != p.seen {
		p.seen, p.quiet = now, 0
	} else {
		p.quiet++
	}
	over := p.quiet >= quietTicks
	if over {
		p.cuts.Add(1)
	} else {
		p.watch.Reset(p.limits.Quiet / quietTicks)
	}
	p.mu.Unlock()
	if over {
		defer p.cuts.Done()
		p.cut(&shape.End{Why: fail.Idle, Text: "nothing flowed after the first close"})
	}
}

func (p *pair) unwatch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watch != nil {
		p.watch.Stop()
		p.watch = nil
	}
}

// cut ends both legs for a reason that came from neither.
func (p *pair) cut(end *shape.End) { p.fault(Forth, end, true) }

// fault notes the first reason for which the stream breaks and aborts both legs. The leg that is at fault is given its own
// end; the survivor sees a plain loss, unless the end came from outside: then both are told.
func (p *pair) fault(dir uint8, end *shape.End, outside bool) {
	p.mu.Lock()
	first := p.broken == nil
	if first {
		p.broken, p.from, p.outside = end, dir, outside
	}
	p.mu.Unlock()
	if !first {
		return
	}
	if outside {
		p.legs[Forth].Abort(end)
		p.legs[Back].Abort(end)
		return
	}
	p.legs[1-dir].Abort(&shape.End{Why: fail.Aborted, Cause: end})
	p.legs[dir].Abort(end)
}

func (p *pair) report() Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := Report{
		In: p.live.In.Load(), Out: p.live.Out.Load(), Messages: p.live.Messages.Load(),
		Why: fail.PeerClosed, From: p.from, Outside: p.outside,
	}
	end := p.last
	if p.broken != nil {
		r.Why, end = p.broken.Why, p.broken
	}
	if end != nil {
		r.Text, r.Cause = end.Text, end.Cause
	}
	return r
}
