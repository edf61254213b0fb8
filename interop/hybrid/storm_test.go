package hybrid

import (
	"context"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/interop"
)

// TestStorm: hyco-ws dials again at once when it is refused, and twice: from its error handler and from its close handler.
// Left alone it makes 255 handshakes in 0.8 s; the delay rule spaces the
// answers.
func TestStorm(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		began := time.Now()
		s.Key += "BAD"
		storming := s.Node(t, s.Listener(interop.Hyco), "ws-listener.js")
		storming.Await(`^listener error: unexpected server response \(401\)$`)
		const many = 15 // 1 + 2 for each answer: three answers at once, three a second apart, the seventh 5 s later
		refused(t, s, many)
		if took := time.Since(began); took < 7*time.Second {
			t.Errorf("%d handshakes in %v", many, took)
		}

		s.Key = s.Key[:len(s.Key)-len("BAD")]
		talk(t, s) // a right key beside the storm is not held back
		sender(t, s, "knock").Await(`^open$`)
	})
}

// refused waits until the gateway has refused so many listeners.
func refused(t *testing.T, s *interop.Stand, many int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*interop.Patience)
	defer cancel()
	trackings := map[string]bool{}
	s.Await(ctx, "refusals", func(line map[string]string) bool {
		if line["msg"] == "refused" && line["shape"] == "listener" && line["reason"] == "InvalidSignature" {
			trackings[line["tracking"]] = true
		}
		return len(trackings) >= many
	})
}
