// Package interop helps tests that drive unmodified foreign programs: SDKs, browsers, clients of other languages.
//
// It owns the decision whether such a story can run here; scripts/need owns what each program needs and how it is
// installed. The stories themselves live in the folders below. Only tests import it, from the test's own goroutine.
package interop

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Need lets a story run only where its foreign programs are. Parts are those of scripts/need, such as node or mono.
//
// Without CAUSEWAY_INTEROP=1, which make test-sdk and test-soap set, the story is skipped: plain `go test ./...` stays fast and local.
// With it, a missing part skips the story and says how to get it; with CI=true as well, it fails the story.
//
// A story has three minutes from then on, and so has each of OnNodes. One that hangs ends the test binary, which says where all goroutines are and what the programs
// printed last. So Need stands behind t.Parallel, which waits for other tests.
func Need(t testing.TB, parts ...string) {
	t.Helper()
	if os.Getenv("CAUSEWAY_INTEROP") != "1" {
		t.Skip("drives foreign programs: make test-sdk, or CAUSEWAY_INTEROP=1 go test ./interop/...")
	}
	need := filepath.Join(Root(t), "scripts", "need")
	out, err := exec.CommandContext(t.Context(), need, append([]string{"--check"}, parts...)...).CombinedOutput()
	if err == nil {
		guard(t)
		return
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == missing {
		t.Skipf("SKIPPED: %s", out)
	}
	t.Fatalf("needs %v: %v\n%s", parts, err, out)
}

// missing is the exit code by which scripts/need says that a part is not there and a skip is in order.
const missing = 3

// Root gives the folder of the project's go.mod, found upwards from where the test runs.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test: stories run inside the tree")
		}
		dir = up
	}
}

// Python gives a Python 3 that has the module. Debian's modules belong to /usr/bin/python3, which may not be first in PATH.
func Python(t testing.TB, module string) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	t.Fatalf("no python3 has the module %s: call Need with its part first", module)
	return ""
}
