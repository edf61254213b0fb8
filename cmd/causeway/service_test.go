package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/internal/service"
)

// fakeManager remembers one service.
type fakeManager struct {
	unit  *service.Unit
	state string
}

func (m *fakeManager) Install(_ context.Context, u *service.Unit) error {
	m.unit, m.state = u, "running"
	return nil
}

func (m *fakeManager) Uninstall(_ context.Context, name string) error {
	if m.unit == nil || m.unit.Name != name {
		return service.ErrNone
	}
	m.unit = nil
	return nil
}

func (m *fakeManager) Status(_ context.Context, name string) (service.Status, error) {
	if m.unit == nil || m.unit.Name != name {
		return service.Status{Name: name}, nil
	}
	return service.Status{Name: name, Installed: true, Enabled: true, State: m.state}, nil
}

func (*fakeManager) Plan(u *service.Unit) string { return "plan of " + u.Name + "\n" }

// TestService walks through the commands: what is installed, looked at and taken away, with the documented exit codes.
func TestService(t *testing.T) {
	m := &fakeManager{}
	before := here
	here = func() (service.Manager, error) { return m, nil }
	t.Cleanup(func() { here = before })
	dir := t.TempDir()
	open, shut := filepath.Join(dir, "open.yaml"), filepath.Join(dir, "shut.yaml")
	for file, mode := range map[string]os.FileMode{open: 0o644, shut: 0o600} {
		if err := os.WriteFile(file, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	do := func(code int, says string, args ...string) {
		t.Helper()
		var out, talk bytes.Buffer
		if got := run(t.Context(), append([]string{"service"}, args...), strings.NewReader(""), &out, &talk); got != code {
			t.Errorf("%v: exit code %d, want %d: %s%s", args, got, code, &out, &talk)
		}
		if !strings.Contains(out.String()+talk.String(), says) {
			t.Errorf("%v: %q is not said: %s%s", args, says, &out, &talk)
		}
	}
	do(exitNotFound, "not installed", "status")
	do(exitNotFound, "there is no service", "uninstall")
	do(exitOK, "plan of plant", "install", "--print", "--name", "plant", "--", "serve")
	if m.unit != nil {
		t.Fatal("--print has installed")
	}
	do(exitOK, "installed and started causeway", "install", "--user", "relay", "--credential", "causeway-key=/etc/k", "--", "serve", "--config", shut, "--https", ":443")
	u := m.unit
	if u == nil || u.User != "relay" || !u.Notify || len(u.Credentials) != 1 || strings.Join(u.Args, " ") != "serve --config "+shut+" --https :443" || !filepath.IsAbs(u.Program) {
		t.Errorf("installed %+v", u)
	}
	do(exitOK, `"state": "running"`, "status", "-o", "json")
	m.state = "failed"
	do(exitFailure, "failed", "status")
	do(exitOK, "stopped and removed", "uninstall")
	do(exitNotFound, "not installed", "status")

	do(exitUsage, "is no command that can be a service", "install", "--", "status")
	do(exitUsage, "requires at least 1 arg", "install")
	do(exitUsage, "unknown flag: --htps", "install", "--", "serve", "--htps", ":1")
	do(exitUsage, "a service runs in another folder: write "+string(filepath.Separator), "install", "--", "serve", "--config", "causeway.yaml")
	do(exitUsage, "expected NAME=FILE", "install", "--credential", "x", "--", "serve")
	do(exitUsage, "name must be", "install", "--name", "../x", "--", "serve")
	if runtime.GOOS == "linux" {
		do(exitUsage, "chmod 644 "+shut, "install", "--", "serve", "--config", shut)
		do(exitOK, "installed", "install", "--", "serve", "--config", open)
		do(exitUsage, "--credential connection-string=FILE", "install", "--", "listen", "plant", "--target", "tcp://localhost:22")
	}
	do(exitOK, "installed", "install", "--credential", "connection-string=/etc/cs", "--", "listen", "plant", "--target", "tcp://localhost:22")
	if m.unit.Notify || !strings.Contains(m.unit.Description, "listen plant") {
		t.Errorf("installed %+v", m.unit)
	}
	const secret = "Endpoint=sb://a/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0"
	do(exitOK, "installed", "install", "--", "forward", "plant", "--bind", "127.0.0.1:1", "--connection-string", secret)
	if strings.Contains(m.unit.Description, "Shared") {
		t.Errorf("the description tells the key: %s", m.unit.Description)
	}
	here = func() (service.Manager, error) { return nil, service.ErrSystem }
	for _, args := range [][]string{{"install", "--", "serve"}, {"status"}, {"uninstall"}} {
		do(exitFailure, service.ErrSystem.Error(), args...)
	}
	broken := errors.New("the manager is ill")
	here = func() (service.Manager, error) { return ill{broken}, nil }
	for _, args := range [][]string{{"install", "--", "serve"}, {"status"}, {"uninstall"}} {
		do(exitFailure, broken.Error(), args...)
	}
}

// ill is a manager that fails.
type ill struct{ err error }

func (m ill) Install(context.Context, *service.Unit) error { return m.err }
func (m ill) Uninstall(context.Context, string) error      { return m.err }
func (m ill) Status(context.Context, string) (service.Status, error) {
	return service.Status{}, m.err
}
func (ill) Plan(*service.Unit) string { return "" }

// TestCredential: a service finds its connection string where systemd puts credentials, behind flag and variable.
func TestCredential(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	t.Setenv(envConnectionString, "")
	c := &connection{}
	if got := c.given(); got != "" {
		t.Errorf("without a credential %q", got)
	}
	if err := os.WriteFile(filepath.Join(dir, credentialName), []byte("of the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := c.given(); got != "of the file" {
		t.Errorf("got %q", got)
	}
	t.Setenv(envConnectionString, "of the variable")
	if got := c.given(); got != "of the variable" {
		t.Errorf("got %q", got)
	}
	c.connectionString = "of the flag"
	if got := c.given(); got != "of the flag" {
		t.Errorf("got %q", got)
	}
}
