package entry_test

import (
	"context"
	"testing"
)

// TestListenerLost: a listener whose connection ends without a Close was lost; it broke no rule of the protocol.
func TestListenerLost(t *testing.T) {
	both(t, func(s *set) {
		l := s.listen("hyco")
		l.control.UnderlyingConn().Close()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		line := s.Await(ctx, "the listener's account", func(l map[string]string) bool { return l["msg"] == "closed" && l["shape"] == "listener" })
		if line["reason"] != "Aborted" || line["side"] != "listener" {
			s.t.Errorf("account %v", line)
		}
	})
}
