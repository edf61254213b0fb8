package hybrid

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/interop"
)

// bin is where the binary is built to, when a story asks for it.
var bin string

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "causeway-bin-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(bin)
		os.Exit(code)
	}))
}

var build = sync.OnceValue(func() error {
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", bin, "github.com/causeway-relay/causeway/cmd/causeway").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	return nil
})

// causeway starts the binary as users have it.
func causeway(t *testing.T, args ...string) *interop.Program {
	t.Helper()
	return causewayWith(t, nil, args...)
}

// causewayWith is causeway with more environment (NAME=value).
func causewayWith(t *testing.T, env []string, args ...string) *interop.Program {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return interop.Start(t, t.TempDir(), env, filepath.Join(bin, "causeway"), args...)
}
