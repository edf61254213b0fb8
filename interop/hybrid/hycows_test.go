package hybrid

import (
	"testing"
	"time"

	"github.com/causeway-relay/causeway/interop"
)

// TestScriptsAsPublished: listener and sender in a few lines, as users write them from the library's samples.
func TestScriptsAsPublished(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, published)
}

// published runs the two scripts once.
func published(t *testing.T, s *interop.Stand) {
	listener := s.Node(t, s.Listener(interop.Hyco), "ws-listener.js")
	listener.Await(`^listening$`)
	sender := s.Node(t, s.Sender(interop.Hyco), "ws-sender.js")
	sender.Await(`^echo: ping \d+$`)
	listener.Await(`^closed 1000 done$`)
	sender.Finish(interop.Patience)
	listener.Kill()
}

// TestVolume: many senders one after the other, many at once, and every size of frame, all compared byte for byte at both
// ends.
func TestVolume(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		s.Node(t, s.Listener(interop.Hyco), "talk-listener.js").Await(`^listening$`)
		for _, c := range []struct {
			name string
			args []string
		}{
			{"sizes", []string{"sizes", "0", "1", "125", "126", "65535", "65536", "1048576", "16777216"}},
			{"concurrent", []string{"concurrent", "200"}},
			{"sequential", []string{"sequential", "1000"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				p := s.Node(t, s.Sender(interop.Hyco), "talk-volume.js", c.args...)
				p.Finish(2 * time.Minute)
				p.Await(`^all exact in `)
			})
		}
	})
}
