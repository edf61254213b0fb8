package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// folder has the command, once a story has asked for it. TestMain's clean-up reads it when all stories are through.
var folder string

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "causeway-bin-")
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

// Command gives the path of the command as users have it. It is built once a test binary, when the first story asks for it; TestMain
// removes it by Exit.
func Command(t testing.TB) string {
	t.Helper()
	exe, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// Exit removes what Command has built and ends the program: TestMain's goleak.Cleanup.
func Exit(code int) {
	if folder != "" {
		_ = os.RemoveAll(folder) // the system's folder for such things
	}
	os.Exit(code)
}
