package node

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/connectors"
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

func (*fakeManager) Plan(u *service.Unit) service.Plan {
	return service.Plan{Text: "plan of " + u.Name + "\n"}
}

// TestService walks through the commands: what is installed, looked at and taken away, with the documented exit codes.
func TestService(t *testing.T) {
	m := &fakeManager{}
	before, program, folders := here, executable, unseen
	here = func() (service.Manager, error) { return m, nil }
	executable = func() (string, error) { return filepath.FromSlash("/opt/causeway"), nil }
	t.Cleanup(func() { here, executable, unseen = before, program, folders })
	unseen = []string{"/home", "/root"} // the files of this test lie in /tmp
	dir := t.TempDir()
	open, shut, key := filepath.Join(dir, "open.yaml"), filepath.Join(dir, "shut.yaml"), filepath.Join(dir, "key")
	for file, mode := range map[string]os.FileMode{open: 0o644, shut: 0o600, key: 0o600} {
		if err := os.WriteFile(file, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	do := func(code int, says string, args ...string) {
		t.Helper()
		var out, talk bytes.Buffer
		tree := cli.Group("causeway", "", "", NewServe(), NewService(), connectors.NewListen(), connectors.NewForward())
		if got := cli.Run(t.Context(), tree, append([]string{"service"}, args...), strings.NewReader(""), &out, &talk); got != code {
			t.Errorf("%v: exit code %d, want %d: %s%s", args, got, code, &out, &talk)
		}
		if !strings.Contains(out.String()+talk.String(), says) {
			t.Errorf("%v: %q is not said: %s%s", args, says, &out, &talk)
		}
	}
	do(cli.ExitNotFound, "not installed", "status")
	do(cli.ExitNotFound, "there is no service", "uninstall")
	do(cli.ExitOK, "plan of plant", "install", "--print", "--name", "plant", "--", "serve")
	do(cli.ExitOK, `"text": "plan of plant\n"`, "install", "--print", "-o", "json", "--name", "plant", "--", "serve")
	if m.unit != nil {
		t.Fatal("--print has installed")
	}
	do(cli.ExitOK, "installed and started causeway", "install", "--user", "relay", "--credential", "causeway-key="+key, "--", "serve", "--config", shut, "--https", ":443")
	u := m.unit
	if u == nil || u.User != "relay" || !u.Notify || len(u.Credentials) != 1 || strings.Join(u.Args, " ") != "serve --config "+shut+" --https :443" || !filepath.IsAbs(u.Program) {
		t.Errorf("installed %+v", u)
	}
	do(cli.ExitOK, `"state": "running"`, "status", "-o", "json")
	m.state = "failed"
	do(cli.ExitFailure, "failed", "status")
	do(cli.ExitOK, "stopped and removed", "uninstall")
	do(cli.ExitNotFound, "not installed", "status")

	do(cli.ExitUsage, "is no command that can be a service", "install", "--", "status")
	do(cli.ExitUsage, "no argument cannot be right here: write 'causeway service install -- COMMAND [FLAG...]'", "install")
	do(cli.ExitUsage, "unknown flag: --htps", "install", "--", "serve", "--htps", ":1")
	do(cli.ExitUsage, "a service runs in another folder: write "+string(filepath.Separator), "install", "--", "serve", "--config", "causeway.yaml")
	do(cli.ExitUsage, "expected NAME=FILE", "install", "--credential", "x", "--", "serve")
	for _, words := range [][]string{{"install", "--name", "../x", "--", "serve"}, {"status", "--name", "../x"}, {"uninstall", "--name", "../x"}} {
		do(cli.ExitUsage, "name must be", words...)
	}
	do(cli.ExitUsage, "--config: there is no file "+open+"2", "install", "--user", "relay", "--", "serve", "--config", open+"2")
	do(cli.ExitUsage, "--credential: there is no file "+key+"2", "install", "--credential", "causeway-key="+key+"2", "--", "serve")
	do(cli.ExitOK, `"installed": true`, "install", "-o", "json", "--", "serve")
	do(cli.ExitOK, `"installed": false`, "uninstall", "-o", "json")
	if runtime.GOOS == "linux" {
		do(cli.ExitUsage, "chmod 644 "+shut, "install", "--", "serve", "--config", shut)
		do(cli.ExitOK, "installed", "install", "--", "serve", "--config", open)
		do(cli.ExitUsage, "--credential connection-string=FILE", "install", "--", "listen", "plant", "--target", "tcp://localhost:22")
		do(cli.ExitUsage, "sees nothing in /home: put the file somewhere else", "install", "--print", "--user", "relay", "--", "serve", "--config", "/home/me/a.yaml")
		do(cli.ExitUsage, "may write below /var/lib/causeway and /run/causeway alone", "install", "--print", "--", "serve", "--data", "/srv/causeway")
		do(cli.ExitOK, "plan", "install", "--print", "--", "serve", "--data", "/var/lib/causeway/data", "--ready-file", "/run/causeway/ready.json")
		executable = func() (string, error) { return "/home/me/go/bin/causeway", nil }
		do(cli.ExitUsage, "sudo install /home/me/go/bin/causeway /usr/local/bin/causeway", "install", "--", "serve")
		do(cli.ExitOK, "note: a service sees nothing in /home", "install", "--print", "--", "serve")
		executable = func() (string, error) { return "/homes/causeway", nil }
	}
	do(cli.ExitOK, "installed", "install", "--credential", "connection-string="+key, "--", "listen", "plant", "--target", "tcp://localhost:22")
	if m.unit.Notify || !strings.Contains(m.unit.Description, "listen plant") {
		t.Errorf("installed %+v", m.unit)
	}
	const secret = "Endpoint=sb://a/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0"
	do(cli.ExitOK, "installed", "install", "--", "forward", "plant", "--bind", "127.0.0.1:1", "--connection-string", secret)
	if strings.Contains(m.unit.Description, "Shared") {
		t.Errorf("the description tells the key: %s", m.unit.Description)
	}
	here = func() (service.Manager, error) { return nil, service.ErrSystem }
	for _, args := range [][]string{{"install", "--", "serve"}, {"status"}, {"uninstall"}} {
		do(cli.ExitFailure, service.ErrSystem.Error(), args...)
	}
	broken := errors.New("the manager is ill")
	here = func() (service.Manager, error) { return ill{broken}, nil }
	for _, args := range [][]string{{"install", "--", "serve"}, {"status"}, {"uninstall"}} {
		do(cli.ExitFailure, broken.Error(), args...)
	}
}

// ill is a manager that fails.
type ill struct{ err error }

func (m ill) Install(context.Context, *service.Unit) error { return m.err }
func (m ill) Uninstall(context.Context, string) error      { return m.err }
func (m ill) Status(context.Context, string) (service.Status, error) {
	return service.Status{}, m.err
}
func (ill) Plan(*service.Unit) service.Plan { return service.Plan{} }
