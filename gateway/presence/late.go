package presence

import (
	"sync"
	"time"
)

// maxOpen bounds the offers that are remembered behind their sender: a storm beyond that is judged by those that fit.
const maxOpen = 4096

// Late remembers offers for a while after nobody waits for their answer any more: because their time is over, or because
// their sender left. A listener that answers one all the same is slow and not deaf; one that leaves the offer of an impatient
// sender until its time is over did not answer it. K is what an offer is known by, W who it was made to. Make one with NewLate.
type Late[K comparable, W any] struct {
	left func(W, time.Duration)

	mu    sync.Mutex
	open  map[K]offer[W]
	timer *time.Timer
	over  bool
}

type offer[W any] struct {
	who    W
	made   time.Time
	until  time.Time // when it counts as left; zero: it was counted already
	forget time.Time
}

// lateFor is how long an answer that comes too late is still understood.
const lateFor = 2 * time.Minute

// NewLate makes an empty memory. left is called, from a goroutine of its own, for each offer that its sender did not wait for
// and its listener did not answer, with the age of the offer.
func NewLate[K comparable, W any](left func(W, time.Duration)) *Late[K, W] {
	return &Late[K, W]{left: left, open: make(map[K]offer[W])}
}

// Expired notes an offer whose time is over and which was counted as left.
func (l *Late[K, W]) Expired(key K, who W) { l.put(key, offer[W]{who: who}) }

// Abandoned notes an offer made at a time whose sender left before it was answered: it counts as left at until.
func (l *Late[K, W]) Abandoned(key K, who W, made, until time.Time) {
	l.put(key, offer[W]{who: who, made: made, until: until})
}

func (l *Late[K, W]) put(key K, o offer[W]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.over || len(l.open) >= maxOpen {
		return
	}
	o.forget = now.Add(lateFor)
	if o.until.After(now) {
		o.forget = o.until.Add(lateFor)
	}
	l.open[key] = o
	if l.timer == nil {
		l.timer = time.AfterFunc(l.nextLocked(now), l.sweep)
	} else {
		l.timer.Reset(l.nextLocked(now))
	}
}

// Answered finds who answers an offer late; ok is false when nothing is known of it. inTime says that its time is not over:
// only the sender has left. The offer is forgotten.
func (l *Late[K, W]) Answered(key K) (who W, took time.Duration, inTime, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, ok := l.open[key]
	delete(l.open, key)
	return o.who, time.Since(o.made), !o.until.IsZero(), ok
}

// Close forgets everything; nothing is told afterwards but what is being told. It may be called twice.
func (l *Late[K, W]) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	clear(l.open)
	if l.timer != nil {
		l.timer.Stop()
	}
}

// sweep counts what is due and forgets what is old.
func (l *Late[K, W]) sweep() {
	now := time.Now()
	var due []offer[W]
	l.mu.Lock()
	for key, o := range l.open {
		switch {
		case !o.until.IsZero() && !now.Before(o.until):
			due = append(due, o)
			o.until = time.Time{}
			l.open[key] = o
		case !now.Before(o.forget):
			delete(l.open, key)
		}
	}
	if len(l.open) > 0 && !l.over {
		l.timer.Reset(l.nextLocked(now))
	}
	l.mu.Unlock()
	for _, o := range due {
		l.left(o.who, now.Sub(o.made))
	}
}

// nextLocked is how long until sweep has something to do. The map is searched whole: it is small unless there is a storm.
func (l *Late[K, W]) nextLocked(now time.Time) time.Duration {
	next := now.Add(lateFor)
	for _, o := range l.open {
		if !o.until.IsZero() && o.until.Before(next) {
			next = o.until
		}
		if o.forget.Before(next) {
			next = o.forget
		}
	}
	return max(next.Sub(now), time.Millisecond)
}
