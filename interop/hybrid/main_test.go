package hybrid

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/interop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(interop.Exit)) }

// causeway starts the binary as users have it.
func causeway(t *testing.T, args ...string) *interop.Program {
	t.Helper()
	return causewayWith(t, nil, args...)
}

// causewayWith is causeway with more environment (NAME=value).
func causewayWith(t *testing.T, env []string, args ...string) *interop.Program {
	t.Helper()
	return interop.Start(t, t.TempDir(), env, interop.Command(t), args...)
}
