package hybrid

import (
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
)

// TestHTTPSTokenExpires: hyco-https comes back at once after a 1008, with a new token.
func TestHTTPSTokenExpires(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		p := s.Node(t, append(s.Listener(interop.Hyco), "RELAY_TTL=2"), "https-talk.js")
		for range 3 {
			p.Await(`^listening$`)
		}
		awaitGone(t, s, "TokenExpired")
	}, short())
}

// TestHTTPSAcceptsNoSockets: hyco-https cannot accept WebSockets. Where its exception ends the process, the sender learns
// at once that the listener is lost. Where the process lives on, the sender is told at the accept timeout; the exception has
// also left the library deaf on that control channel for good, so the gateway misses its pongs and drops it.
func TestHTTPSAcceptsNoSockets(t *testing.T) {
	interop.Need(t, "node")
	soon := testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Accept = time.Second })
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		dies := s.Node(t, s.Listener(interop.Hyco), "https-listener.js")
		dies.Await(`^listening$`)
		sender(t, s, "knock").Await(`^unexpected server response \(502\)$`)
		dies.Await(`^ReferenceError: Extensions is not defined$`)
		sender(t, s, "knock").Await(`^unexpected server response \(404\)$`)

		lives := s.Node(t, s.Listener(interop.Hyco), "https-talk.js")
		lives.Await(`^listening$`)
		sender(t, s, "knock").Await(`^unexpected server response \(504\)$`)
		lives.Await(`^uncaught: Extensions is not defined$`)
		awaitGone(t, s, "Idle")
		sender(t, s, "knock").Await(`^unexpected server response \(404\)$`)
	}, soon, testcluster.WithPing(500*time.Millisecond))
}
