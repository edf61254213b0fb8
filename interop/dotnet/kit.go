package dotnet

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"github.com/causeway-relay/causeway/interop"
)

// Start runs a program of the kit: wcf-client and others.
func Start(t testing.TB, name string, args ...string) *interop.Program {
	t.Helper()
	kit := cmp.Or(os.Getenv("CAUSEWAY_INTEROP_KIT"), filepath.Join(interop.Root(t), "..", "shared", "interop-kit", "dotnet"))
	kit, err := filepath.Abs(kit)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", "TZ=UTC"}
	args = append([]string{filepath.Join(kit, "apps", name, name+".dll")}, args...)
	return interop.Start(t, t.TempDir(), env, filepath.Join(kit, "runtime", "dotnet"), args...)
}
