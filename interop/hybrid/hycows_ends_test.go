package hybrid

import (
	"context"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
)

// talk starts the listener that judges what it gets.
func talk(t *testing.T, s *interop.Stand, env ...string) *interop.Program {
	t.Helper()
	p := s.Node(t, append(s.Listener(interop.Hyco), env...), "talk-listener.js")
	p.Await(`^listening$`)
	return p
}

// sender starts a sender of talk-close.js.
func sender(t *testing.T, s *interop.Stand, args ...string) *interop.Program {
	t.Helper()
	return s.Node(t, s.Sender(interop.Hyco), "talk-close.js", args...)
}

// TestCloseCodes: whoever closes, the other side sees the code and the text.
func TestCloseCodes(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		listener := talk(t, s)
		p := sender(t, s, "close")
		listener.Await(`^closed 4001 enough of this$`)
		p.Await(`^told 4002 no more, thank you$`)
		listener.Await(`^closed 4002 `)
		p.Finish(interop.Patience)
	})
}

// TestSubProtocol: the listener's choice among the sender's offers stands in both answers, and the suffix of the sender's
// path is there for the listener to read.
func TestSubProtocol(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		first := talk(t, s)
		sender(t, s, "protocols", "wamp,mqtt,soap", "wamp").Finish(interop.Patience)
		first.Await(`^open wamp /\$hc/hyco/deep/er$`)
		first.Kill()
		awaitGone(t, s, "Aborted")
		chooser := talk(t, s, "RELAY_PROTOCOL=mqtt")
		sender(t, s, "protocols", "wamp,mqtt,soap", "mqtt").Finish(interop.Patience)
		chooser.Await(`^open mqtt /\$hc/hyco/deep/er$`)
	})
}

// awaitGone waits until the gateway has written the account of a listener that ended for the reason.
func awaitGone(t *testing.T, s *interop.Stand, reason string) {
	t.Helper()
	awaitAccount(t, s, "closed", "listener", reason)
}

// awaitAccount waits for a line of the gateway's log.
func awaitAccount(t *testing.T, s *interop.Stand, message, shape, reason string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), interop.Patience)
	defer cancel()
	s.Await(ctx, message+" "+shape+": "+reason, func(line map[string]string) bool {
		return line["msg"] == message && line["shape"] == shape && line["reason"] == reason
	})
}

// TestListenerKilled: a listener whose process dies is known to be gone at once, on every node.
func TestListenerKilled(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		listener := talk(t, s)
		sender(t, s, "knock").Await(`^open$`)
		listener.Kill()
		awaitGone(t, s, "Aborted")
		sender(t, s, "knock").Await(`^unexpected server response \(404\)$`)
	})
}

// short makes control channels end soon after their tokens have.
func short() testcluster.Option {
	return testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.TokenGrace = 100 * time.Millisecond })
}

// TestTokenExpires: a control channel ends with 1008 when its token has expired; the library dials again with a new one at
// once. Streams live on.
func TestTokenExpires(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		listener := talk(t, s, "RELAY_TTL=2")
		holder := sender(t, s, "hold")
		holder.Await(`^held$`)
		for range 2 {
			listener.Await(`^listening$`)
			holder.Say("again")
			holder.Await(`^held$`)
		}
		sender(t, s, "knock").Await(`^open$`)
		holder.Hush()
		holder.Finish(interop.Patience)
		awaitGone(t, s, "TokenExpired")
	}, short())
}
