package cast

import (
	"context"
	"sync"
	"time"
)

// span is the context of one stroke, which ends with the listener's connection, and for the reason why when the limit is over. The time
// begins to run when somebody asks for its end: a stroke that waits for nobody needs no timer.
type span struct {
	context.Context //nolint:containedctx // it is one

	limit func() time.Duration
	why   error

	mu     sync.Mutex
	timed  context.Context //nolint:containedctx // as above; nil: nobody has asked
	cancel context.CancelFunc
	over   bool
}

// begun is the context whose time runs.
func (s *span) begun() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timed == nil {
		s.timed, s.cancel = context.WithTimeoutCause(s.Context, s.limit(), s.why)
		if s.over {
			s.cancel()
		}
	}
	return s.timed
}

// now is the context as it is.
func (s *span) now() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timed == nil {
		return s.Context
	}
	return s.timed
}

// end comes behind the stroke.
func (s *span) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.cancel != nil {
		s.cancel()
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
