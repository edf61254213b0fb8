package hybrid

import (
	"testing"

	"github.com/causeway-relay/causeway/interop"
)

// python starts a script of interop/python.
func python(t *testing.T, env []string, script string) *interop.Program {
	t.Helper()
	return interop.Start(t, interop.Root(t)+"/interop/python", append(env, "PYTHONDONTWRITEBYTECODE=1"), interop.Python(t, "websockets"), script)
}

// TestPython: Debian's python3-websockets on both sides, an implementation that shares nothing with the Node libraries or
// with ours.
func TestPython(t *testing.T) {
	interop.Need(t, "python")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		listener := python(t, s.Listener(interop.Hyco), "listener.py")
		listener.Await(`^listening$`)
		sender := python(t, s.Sender(interop.Hyco), "sender.py")
		listener.Await(`^open soap$`)
		sender.Await(`^sizes done 4001$`)
		listener.Await(`^closed 4001 enough of this$`)
		sender.Await(`^told 4002 no more, thank you$`)
		listener.Await(`^closed 4002 `)
		sender.Finish(interop.Patience)
	})
}

// TestPythonMeetsNode: either library is the other's peer.
func TestPythonMeetsNode(t *testing.T) {
	interop.Need(t, "python", "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		old := python(t, s.Listener(interop.Hyco), "listener.py")
		old.Await(`^listening$`)
		s.Node(t, s.Sender(interop.Hyco), "talk-volume.js", "sizes", "0", "1", "126", "65536", "1048576").Finish(interop.Patience)
		old.Kill()
		awaitGone(t, s, "Aborted")
		talk(t, s)
		python(t, s.Sender(interop.Hyco), "sender.py").Await(`^told 4002 no more, thank you$`)
	})
}
