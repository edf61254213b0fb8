package exchange

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// TestReason: whatever ended a road has one code, and of several the outermost.
func TestReason(t *testing.T) {
	end := &shape.End{Why: fail.Draining, Text: "bye"}
	lost := fail.Wrap(fail.ListenerLost, "read", errors.New("reset"))
	for name, row := range map[string]struct {
		err  error
		want fail.Code
	}{
		"an error":                {lost, fail.ListenerLost},
		"one that is wrapped":     {fmt.Errorf("ask: %w", &shape.Untaken{Err: lost}), fail.ListenerLost},
		"an end":                  {fmt.Errorf("ask: %w", end), fail.Draining},
		"an end inside an error":  {fail.Wrap(fail.ListenerLost, "", fmt.Errorf("leg: %w", end)), fail.ListenerLost},
		"an error inside an end":  {&shape.End{Why: fail.Idle, Cause: lost}, fail.Idle},
		"a sender that left":      {fmt.Errorf("ask: %w", context.Canceled), fail.SenderGone},
		"one that is known to be": {fail.Wrap(fail.ListenerLost, "", context.Canceled), fail.ListenerLost},
		"anything":                {errors.New("x"), fail.Internal},
	} {
		if got := Reason(row.err).Code; got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

// TestAllotted is the form of the service's texts.
func TestAllotted(t *testing.T) {
	if got := allotted(3723e9); got != "01:02:03" {
		t.Error(got)
	}
}
