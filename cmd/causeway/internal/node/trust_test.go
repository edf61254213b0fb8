package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestAsAdministrator: who lacks rights is told the whole command, with the data folder of now; other failures are told as they are.
func TestAsAdministrator(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sudo")
	}
	before := executable
	executable = func() (string, error) { return "/home/me/go/bin/causeway", nil }
	t.Cleanup(func() { executable = before })
	t.Chdir(t.TempDir())
	whole, err := filepath.Abs("data")
	if err != nil {
		t.Fatal(err)
	}
	err = asAdministrator(fmt.Errorf("write: %w", fs.ErrPermission), "data")
	if want := "write: permission denied: sudo '/home/me/go/bin/causeway' trust --data '" + whole + "'"; err.Error() != want || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v, want %s", err, want)
	}
	other := errors.New("no such hook")
	if err := asAdministrator(other, "data"); err != other {
		t.Errorf("%v", err)
	}
}

// TestSudoFolder: the folder of the user behind sudo is found if it has a CA.
func TestSudoFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sudo")
	}
	dir := t.TempDir()
	home := func(name string) (string, error) {
		if name != "me" {
			return "", errors.New("unknown user")
		}
		return dir, nil
	}
	if got := sudoFolder("me", home); got != "" {
		t.Errorf("without a CA %q", got)
	}
	data := filepath.Join(dir, ".local", "share", "causeway")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "ca.pem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"me": data, "": "", "nobody": ""} {
		if got := sudoFolder(name, home); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if _, err := homeOf("no such user, surely"); err == nil {
		t.Error("a home of nobody")
	}
	t.Setenv("SUDO_USER", "no such user, surely")
	if _, err := trustPlan(t.TempDir()); err == nil || !strings.Contains(err.Error(), "run 'causeway serve' once") {
		t.Errorf("%v", err)
	}
}

// TestTrustTold: what was done, what is so already and what would be done are told apart, and how it is taken back.
func TestTrustTold(t *testing.T) {
	for _, c := range []struct {
		of   trusting
		dry  bool
		says []string
	}{
		{trusting{System: "Test", Target: "/t.crt", Update: []string{"update"}, Installed: true, done: true}, false, []string{"Copied the CA's certificate to /t.crt and ran 'update' (Test).", "To take that back: remove /t.crt"}},
		{trusting{System: "Test", Target: "/t.crt", Update: []string{"update"}, Installed: true}, false, []string{"This system (Test) trusts the CA.", "To take that back"}},
		{trusting{System: "Test", Target: "/t.crt", Update: []string{"update"}}, true, []string{"Would copy the CA's certificate to /t.crt and run 'update' (Test)."}},
		{trusting{Hints: []hint{{"curl", "curl --cacert a"}}}, true, []string{"store is not known", "  # curl\n  curl --cacert a\n"}},
	} {
		text := c.of.text(c.dry)
		for _, says := range c.says {
			if !strings.Contains(text, says) {
				t.Errorf("%q is not in %q", says, text)
			}
		}
		if back := strings.Contains(text, "take that back"); back != (c.of.Installed && !c.dry) {
			t.Errorf("to take back: %t in %q", back, text)
		}
	}
}
