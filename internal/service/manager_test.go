package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// calls is a systemctl that only notes what it is told, and fails where it shall.
type calls struct {
	list  []string
	fails string
	says  map[string]string
}

func (c *calls) run(_ context.Context, args ...string) (string, error) {
	line := strings.Join(args, " ")
	c.list = append(c.list, line)
	if c.fails != "" && strings.HasPrefix(line, c.fails) {
		return "no such thing\n", errors.New("exit status 1")
	}
	return c.says[line], nil
}

// TestSystemd: install writes the unit and starts it, status reads words, uninstall undoes all.
func TestSystemd(t *testing.T) {
	ctx, c := t.Context(), &calls{says: map[string]string{"is-enabled plant": "enabled\n", "is-active plant": "active\n"}}
	s := &systemd{dir: t.TempDir(), booted: func() bool { return true }, run: c.run}
	if st, err := s.Status(ctx, "plant"); err != nil || st != (Status{Name: "plant"}) {
		t.Errorf("before: %+v %v", st, err)
	}
	if err := s.Uninstall(ctx, "plant"); !errors.Is(err, ErrNone) {
		t.Errorf("uninstall nothing: %v", err)
	}
	if err := s.Install(ctx, plant()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(s.dir, "plant.service"))
	if err != nil || string(b) != plant().Systemd() || !strings.Contains(planned(s, plant()), string(b)) || !strings.Contains(planned(s, plant()), "then: systemctl daemon-reload; systemctl enable plant; systemctl restart plant\n") {
		t.Errorf("the unit: %v\n%s", err, b)
	}
	if st, err := s.Status(ctx, "plant"); err != nil || st != (Status{"plant", true, true, "running"}) {
		t.Errorf("installed: %+v %v", st, err)
	}
	for word, state := range map[string]string{"inactive": "stopped", "failed": "failed", "activating": "starting", "deactivating": "stopping", "nonsense": ""} {
		c.says["is-active plant"] = word
		if st, err := s.Status(ctx, "plant"); st.State != state || (err != nil) != (state == "") {
			t.Errorf("%s: %+v %v", word, st, err)
		}
	}
	c.list = nil
	if err := s.Uninstall(ctx, "plant"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"disable --now plant", "daemon-reload"}, c.list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "plant.service")); err == nil {
		t.Error("the unit is still there")
	}
	for _, fails := range []string{"daemon-reload", "enable", "restart"} {
		c.fails = fails
		if err := s.Install(ctx, plant()); err == nil || !strings.Contains(err.Error(), "no such thing") || !strings.Contains(err.Error(), "journalctl -u plant") {
			t.Errorf("%s fails: %v", fails, err)
		}
	}
	for _, fails := range []string{"disable", "daemon-reload"} {
		c.fails = ""
		if err := s.Install(ctx, plant()); err != nil {
			t.Fatal(err)
		}
		c.fails = fails
		if err := s.Uninstall(ctx, "plant"); err == nil {
			t.Errorf("%s fails and nobody says so", fails)
		}
	}
	bad := plant()
	bad.Name = "../evil"
	if err := s.Install(ctx, bad); err == nil {
		t.Error("a name that leaves the folder is taken")
	}
	if _, err := s.Status(ctx, "../evil"); err == nil {
		t.Error("a name that leaves the folder is looked for")
	}
	s.dir = filepath.Join(s.dir, "nothing")
	if err := s.Install(ctx, plant()); err == nil {
		t.Error("a unit was written nowhere")
	}
}

// planned is the plan for people.
func planned(m Manager, u *Unit) string {
	p := m.Plan(u)
	return p.String()
}

// TestForeign: a service that is not ours is neither replaced, hidden nor taken away, nor shown as one of ours.
func TestForeign(t *testing.T) {
	c := &calls{}
	s := &systemd{dir: t.TempDir(), others: []string{t.TempDir()}, booted: func() bool { return true }, run: c.run}
	for _, dir := range []string{s.dir, s.others[0]} {
		file := filepath.Join(dir, "plant.service")
		if err := os.WriteFile(file, []byte("[Service]\nExecStart=/bin/true\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, looked := s.Status(t.Context(), "plant")
		for name, err := range map[string]error{"install": s.Install(t.Context(), plant()), "uninstall": s.Uninstall(t.Context(), "plant"), "status": looked} {
			if err == nil || !strings.Contains(err.Error(), file+"): name another with --name") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if b, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(b), "[Service]") || len(c.list) > 0 {
			t.Errorf("changed: %q, %v, %v", b, err, c.list)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Uninstall(t.Context(), "../plant"); err == nil || !strings.Contains(err.Error(), "name must be") {
		t.Errorf("a name that leaves the folder is taken away: %v", err)
	}
}

// TestNotBooted: where systemd does not run nothing is written, and the plan can be seen all the same.
func TestNotBooted(t *testing.T) {
	c := &calls{}
	s := &systemd{dir: t.TempDir(), booted: func() bool { return false }, run: c.run}
	if err := s.Install(t.Context(), plant()); !errors.Is(err, ErrSystem) {
		t.Errorf("install: %v", err)
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if !strings.Contains(planned(s, plant()), "[Service]") {
		t.Error("no plan")
	}
	if err := os.WriteFile(s.file("plant"), []byte(plant().Systemd()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Uninstall(t.Context(), "plant"); !errors.Is(err, ErrSystem) {
		t.Errorf("uninstall: %v", err)
	}
	if _, err := s.Status(t.Context(), "plant"); !errors.Is(err, ErrSystem) {
		t.Errorf("status: %v", err)
	}
	if len(c.list) > 0 {
		t.Errorf("it was asked: %v", c.list)
	}
}

// fakeSCM is a service control manager in memory.
type fakeSCM struct {
	list  map[string]scmService
	state map[string]string
	fails map[string]error // by operation
	did   []string
}

func (f *fakeSCM) do(operation, name string) error {
	f.did = append(f.did, operation+" "+name)
	if err := f.fails[operation]; err != nil {
		return err
	}
	if _, ok := f.list[name]; !ok && operation != "create" {
		return errNoService
	}
	return nil
}

func (f *fakeSCM) Create(s scmService) error {
	err := f.do("create", s.Name)
	if err == nil {
		f.list[s.Name], f.state[s.Name] = s, stateStopped
	}
	return err
}

func (f *fakeSCM) Delete(name string) error {
	err := f.do("delete", name)
	if err == nil {
		delete(f.list, name)
	}
	return err
}

func (f *fakeSCM) set(operation, name, state string) error {
	err := f.do(operation, name)
	if err == nil {
		f.state[name] = state
	}
	return err
}

func (f *fakeSCM) Start(name string) error { return f.set("start", name, stateRunning) }
func (f *fakeSCM) Stop(name string) error  { return f.set("stop", name, stateStopped) }

func (f *fakeSCM) Query(name string) (scmStatus, error) {
	s := f.list[name]
	words := []string{windowsWord(s.Program)}
	for _, a := range s.Args {
		words = append(words, windowsWord(a))
	}
	return scmStatus{State: f.state[name], Auto: true, Command: strings.Join(words, " ")}, f.do("query", name)
}

// TestWindowsForeign: a service of somebody else that has the name is neither replaced nor stopped nor taken away nor shown as ours.
func TestWindowsForeign(t *testing.T) {
	other := scmService{Name: "plant", Program: `C:\Program Files\Plant\plant.exe`, Args: []string{"-k", "netsvcs"}}
	f := &fakeSCM{list: map[string]scmService{"plant": other}, state: map[string]string{"plant": stateRunning}}
	w := &windowsManager{scm: f}
	u := plant()
	u.Credentials = nil
	_, looked := w.Status(t.Context(), "plant")
	for name, err := range map[string]error{"install": w.Install(t.Context(), u), "uninstall": w.Uninstall(t.Context(), "plant"), "status": looked} {
		if err == nil || !strings.Contains(err.Error(), `is not one of causeway's (C:\Program Files\Plant\plant.exe): name another with --name`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.state["plant"] != stateRunning || f.list["plant"].Program != other.Program {
		t.Errorf("what was not ours is %s: %+v", f.state["plant"], f.list["plant"])
	}
	if want := []string{"query plant", "query plant", "query plant"}; !cmp.Equal(want, f.did) {
		t.Errorf("the manager was told %v", f.did)
	}
}

// TestOurs: whose service it is, by its command line alone.
func TestOurs(t *testing.T) {
	for command, want := range map[string]bool{
		`"C:\Program Files\Causeway\causeway.exe" serve --as-service`:           true,
		`C:\causeway\causeway.exe listen plant --target tcp://a:1 --as-service`: true,
		`D:\tools\relay-2.exe serve --as-service`:                               true, // renamed, and installed by us
		`"C:\Tools\Causeway.EXE" serve`:                                         true, // made by hand
		`C:\Program Files\Causeway\CAUSEWAY.EXE`:                                true,
		`C:\tools\causeway serve`:                                               true,
		`causeway.exe serve --config "C:\other.exe"`:                            true,
		`"C:\Program Files\Causeway\updater.exe" --run`:                         false,
		`C:\Program Files\Causeway\updater.exe causeway.exe`:                    false,
		`C:\Windows\system32\svchost.exe -k netsvcs -p`:                         false,
		`"C:\a.exe" --as-service-host`:                                          false,
		`"C:\a.exe" --as-service --other`:                                       false,
		`--as-service`:                                                          false,
		`C:\not-causeway.exe`:                                                   false,
		`C:\causeway.exercise\run.exe`:                                          false,
		`"C:\open`:                                                              false,
		"":                                                                      false,
	} {
		if s := (scmStatus{Command: command}); s.ours() != want {
			t.Errorf("%s: ours is %t, want %t (program %q)", command, !want, want, programOf(command))
		}
	}
}

// TestWindows: a service is created with its words apart, replaced, looked at and taken away; what only an administrator may is
// said.
func TestWindows(t *testing.T) {
	ctx, f := t.Context(), &fakeSCM{list: map[string]scmService{}, state: map[string]string{}, fails: map[string]error{}}
	w := &windowsManager{scm: f}
	u := plant()
	u.Credentials = nil
	if st, err := w.Status(ctx, "plant"); err != nil || st != (Status{Name: "plant"}) {
		t.Errorf("before: %+v %v", st, err)
	}
	if err := w.Uninstall(ctx, "plant"); !errors.Is(err, ErrNone) {
		t.Errorf("uninstall nothing: %v", err)
	}
	f.did = nil
	for range 2 {
		if err := w.Install(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"query plant", "create plant", "start plant", "query plant", "stop plant", "delete plant", "create plant", "start plant"}
	if diff := cmp.Diff(want, f.did); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := f.list["plant"]; got.Program != u.Program || !slices.Equal(got.Args, append(slices.Clone(u.Args), "--as-service")) || got.Account != "" || got.Description != u.Description {
		t.Errorf("created %+v", got)
	}
	if st, err := w.Status(ctx, "plant"); err != nil || st != (Status{"plant", true, true, "running"}) {
		t.Errorf("installed: %+v %v", st, err)
	}
	if plan := planned(w, u); !strings.Contains(plan, `"/opt/Causeway $1/causeway" serve --config "/etc/cause way/a.yaml"`) || !strings.Contains(plan, "plant.log") || !strings.Contains(plan, "LocalService") {
		t.Errorf("plan:\n%s", plan)
	}
	for _, operation := range []string{"create", "start", "query", "stop", "delete"} {
		f.fails = map[string]error{operation: errNoRights}
		if err := w.Install(ctx, u); !errors.Is(err, errNoRights) || !strings.Contains(err.Error(), "Run as administrator") {
			t.Errorf("%s without rights: %v", operation, err)
		}
		f.fails = map[string]error{}
		if err := w.Install(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	f.fails = map[string]error{"query": errNoRights}
	if _, err := w.Status(ctx, "plant"); err == nil {
		t.Error("status without rights")
	}
	f.fails = nil
	if err := w.Install(ctx, plant()); err == nil || !strings.Contains(err.Error(), "systemd") {
		t.Errorf("credentials on Windows: %v", err)
	}
	u.Name = ""
	if err := w.Install(ctx, u); err == nil {
		t.Error("a service without a name")
	}
}

func TestMark(t *testing.T) {
	if args, mark := cutMark([]string{"serve", "--as-service"}); !mark || !slices.Equal(args, []string{"serve"}) {
		t.Errorf("%v %t", args, mark)
	}
	for _, list := range [][]string{nil, {"serve"}, {"--as-service", "serve"}} {
		if args, mark := cutMark(list); mark || !slices.Equal(args, list) {
			t.Errorf("%v %t", args, mark)
		}
	}
}
