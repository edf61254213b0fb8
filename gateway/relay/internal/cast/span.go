package cast

import (
	"context"
	"sync"
	"time"
)

// span is the context of one stroke. It ends when it is told to, with the reason told first, and for the reason why when the limit is over.
// The time begins to run when somebody asks for its end: a stroke that waits for nobody needs no timer.
type span struct {
	limit func() time.Duration
	why   error
	at    *worker // which steps aside for the first who asks, since it is about to wait; nil: there is none any more

	mu     sync.Mutex
	timed  context.Context //nolint:containedctx // it is one; nil: nobody has asked
	cancel context.CancelCauseFunc
	ended  error // the reason that was told; nil: none was
}

// begun is the context whose time runs.
func (s *span) begun() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at != nil {
		s.at.aside()
		s.at = nil
	}
	return s.begunLocked()
}

func (s *span) begunLocked() context.Context {
	if s.timed == nil {
		base, cancel := context.WithCancelCause(context.Background())
		timed, stop := context.WithTimeoutCause(base, s.limit(), s.why)
		s.timed, s.cancel = timed, func(why error) {
			cancel(why)
			stop()
		}
		if s.ended != nil {
			s.cancel(s.ended)
		}
	}
	return s.timed
}

// now is the context as it is.
func (s *span) now() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timed == nil && s.ended == nil {
		return context.Background()
	}
	return s.begunLocked()
}

// over ends it as a stroke that is over: nobody steps aside any more.
func (s *span) over() {
	s.mu.Lock()
	s.at = nil
	s.mu.Unlock()
	s.end(context.Canceled)
}

// end ends it. Only the first reason counts.
func (s *span) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return
	}
	s.ended = why
	if s.cancel != nil {
		s.cancel(why)
	}
}

// Deadline implements context.Context.
func (s *span) Deadline() (time.Time, bool) { return s.begun().Deadline() }

// Done implements context.Context.
func (s *span) Done() <-chan struct{} { return s.begun().Done() }

// Err implements context.Context.
func (s *span) Err() error { return s.now().Err() }

// Value implements context.Context.
func (s *span) Value(key any) any { return s.now().Value(key) }
