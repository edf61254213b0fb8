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

// spanOf is a span of a minute, and how often its limit was asked for.
func spanOf() (s *span, asked *int) {
	asked = new(int)
	return &span{why: errLate, limit: func() time.Duration { *asked++; return time.Minute }}, asked
}

// TestSpanUnasked: a stroke that asks for no end has no timer, whatever else it asks.
func TestSpanUnasked(t *testing.T) {
	s, asked := spanOf()
	if s.Err() != nil || context.Cause(s) != nil || s.Value("x") != nil {
		t.Errorf("%v, %v", s.Err(), context.Cause(s))
	}
	s.end(errLeft)
	if *asked != 0 {
		t.Errorf("its limit was asked for %d times", *asked)
	}
}

// TestSpanAsked: from the first look at its end on it has its time, which is told as the reason, also to contexts that hang on it.
func TestSpanAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, asked := spanOf()
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
		s.end(errLeft)
		if !errors.Is(context.Cause(s), errLate) {
			t.Errorf("%v, since it was told to end behind its time", context.Cause(s))
		}
	})
}

// TestSpanEnds: told to end it has ended, with the first reason that was told, for who asked before and for who asks then.
func TestSpanEnds(t *testing.T) {
	for _, before := range []bool{true, false} {
		s, _ := spanOf()
		ended := make(chan struct{})
		if before {
			context.AfterFunc(s, func() { close(ended) })
		} else {
			close(ended)
		}
		s.end(errLeft)
		s.end(context.Canceled)
		<-ended
		<-s.Done()
		if s.Err() == nil || !errors.Is(context.Cause(s), errLeft) {
			t.Errorf("%v, %v, asked before: %t", s.Err(), context.Cause(s), before)
		}
	}
}
