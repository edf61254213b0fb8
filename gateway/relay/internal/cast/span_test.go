package cast

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errLeft = errors.New("left")
	errLate = errors.New("late")
)

// spanOf is a span of a minute, within a connection, and how often its limit was asked for.
func spanOf() (s *span, left context.CancelCauseFunc, asked *int) {
	ctx, left := context.WithCancelCause(context.Background())
	asked = new(int)
	return &span{Context: ctx, why: errLate, limit: func() time.Duration { *asked++; return time.Minute }}, left, asked
}

// TestSpanUnasked: a stroke that asks for no end has no timer, whatever else it asks, and sees that the connection has ended.
func TestSpanUnasked(t *testing.T) {
	s, left, asked := spanOf()
	if s.Err() != nil || context.Cause(s) != nil || s.Value("x") != nil {
		t.Errorf("%v, %v", s.Err(), context.Cause(s))
	}
	left(errLeft)
	if s.Err() == nil || !errors.Is(context.Cause(s), errLeft) {
		t.Errorf("%v, %v behind the connection", s.Err(), context.Cause(s))
	}
	s.end()
	if *asked != 0 {
		t.Errorf("its limit was asked for %d times", *asked)
	}
}

// TestSpanAsked: from the first look at its end on it has its time, which is told as the reason, also to contexts that hang on it.
func TestSpanAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, left, asked := spanOf()
		defer left(nil)
		begun := time.Now()
		ctx, cancel := context.WithCancel(s)
		defer cancel()
		if at, ok := s.Deadline(); !ok || at.Sub(begun) != time.Minute {
			t.Errorf("deadline %v, %t", at, ok)
		}
		<-ctx.Done()
		if took := time.Since(begun); took != time.Minute || !errors.Is(context.Cause(ctx), errLate) || !errors.Is(context.Cause(s), errLate) || *asked != 1 {
			t.Errorf("%v behind %v, %d limits", context.Cause(ctx), took, *asked)
		}
		s.end()
	})
}

// TestSpanLeft: the end of the connection ends it, with the connection's reason.
func TestSpanLeft(t *testing.T) {
	s, left, _ := spanOf()
	ended := make(chan struct{})
	defer context.AfterFunc(s, func() { close(ended) })()
	left(errLeft)
	<-ended
	if !errors.Is(context.Cause(s), errLeft) {
		t.Errorf("%v", context.Cause(s))
	}
	s.end()
}

// TestSpanOver: behind the stroke it has ended, for who asked before and for who asks then.
func TestSpanOver(t *testing.T) {
	for _, before := range []bool{true, false} {
		s, left, _ := spanOf()
		if before {
			s.Done()
		}
		s.end()
		<-s.Done()
		if !errors.Is(s.Err(), context.Canceled) {
			t.Errorf("%v, asked before: %t", s.Err(), before)
		}
		left(nil)
	}
}
