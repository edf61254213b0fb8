package interop

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// verdict is a test that only notes how a helper ended it.
type verdict struct {
	testing.TB
	how, text string
}

func (v *verdict) Skip(args ...any)               { v.end("skip", fmt.Sprint(args...)) }
func (v *verdict) Skipf(format string, a ...any)  { v.end("skip", fmt.Sprintf(format, a...)) }
func (v *verdict) Fatal(args ...any)              { v.end("fatal", fmt.Sprint(args...)) }
func (v *verdict) Fatalf(format string, a ...any) { v.end("fatal", fmt.Sprintf(format, a...)) }

type ended struct{}

func (v *verdict) end(how, text string) {
	v.how, v.text = how, text
	panic(ended{})
}

// ask runs Need and tells whether it let the story run, skipped it or failed it.
func ask(t *testing.T, parts ...string) (v *verdict) {
	t.Helper()
	v = &verdict{TB: t, how: "run"}
	defer func() {
		if r := recover(); r != nil && r != (ended{}) {
			panic(r)
		}
	}()
	Need(v, parts...)
	return v
}

func TestNeed(t *testing.T) {
	// A PATH with what the script itself uses and nothing else, so that curl is surely absent.
	bare := t.TempDir()
	for _, tool := range []string{"bash", "env", "dirname", "id"} {
		have, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("the script cannot run here: %v", err)
		}
		if err := os.Symlink(have, filepath.Join(bare, tool)); err != nil {
			t.Fatal(err)
		}
	}
	full := os.Getenv("PATH")
	for _, c := range []struct {
		name, interop, ci, path, part string
		how, text                     string
	}{
		{"not asked for", "", "", full, "curl", "skip", "make test-sdk"},
		{"not asked for in CI", "", "true", full, "curl", "skip", "make test-sdk"},
		{"missing", "1", "", bare, "curl", "skip", "missing: curl"},
		{"missing in CI", "1", "true", bare, "curl", "fatal", "missing: curl"},
		{"nobody must have it, not even CI", "1", "true", bare, "dotnet", "skip", "set CAUSEWAY_INTEROP_KIT"},
		{"one of two must be there", "1", "true", bare, "dotnet curl", "fatal", "missing: curl"},
		{"misspelt", "1", "", full, "crul", "fatal", "unknown part"},
		{"nothing needed", "1", "true", full, "", "run", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("CAUSEWAY_INTEROP", c.interop)
			t.Setenv("CI", c.ci)
			t.Setenv("PATH", c.path)
			t.Setenv("CAUSEWAY_INTEROP_KIT", bare)
			v := ask(t, strings.Fields(c.part)...)
			if v.how != c.how || !strings.Contains(v.text, c.text) {
				t.Errorf("%s %q, want %s with %q", v.how, v.text, c.how, c.text)
			}
		})
	}
}

func TestCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	fresh, target := filepath.Join(t.TempDir(), "fresh"), filepath.Join(Cache(t), "target")
	if err := os.WriteFile(fresh, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds it there
		if err := Install(fresh, target); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(target)
	left, _ := filepath.Glob(filepath.Join(Cache(t), "fresh-*"))
	if err != nil || string(got) != "x" || len(left) != 0 {
		t.Errorf("%q %v, left over %q", got, err, left)
	}
	if err := Install(fresh+"?", target); err == nil {
		t.Error("what is not there was installed")
	}
}

func TestFreePort(t *testing.T) {
	port := FreePort(t)
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestRoot(t *testing.T) {
	if _, err := os.Stat(filepath.Join(Root(t), "scripts", "need")); err != nil {
		t.Error(err)
	}
}
