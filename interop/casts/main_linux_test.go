package casts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(clean)) }

// clean removes the command that was built for the tests.
func clean(code int) {
	if folder != "" {
		_ = os.RemoveAll(folder)
	}
	os.Exit(code)
}

// folder has the command, once some test has asked for it.
var folder string

// causeway builds the command, once.
var causeway = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "causeway-casts-")
	if err != nil {
		return "", err
	}
	folder = dir
	exe := filepath.Join(dir, "causeway")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", exe, "github.com/causeway-relay/causeway/cmd/causeway").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the command: %w\n%s", err, out)
	}
	return exe, nil
})
