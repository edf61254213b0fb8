package service

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden unit")

// plant is a unit with everything in it.
func plant() *Unit {
	return &Unit{
		Name: "plant", Description: "Causeway 100% relay", Program: "/opt/Causeway $1/causeway", Notify: true, User: "", Stop: 40 * time.Second,
		Args:        []string{"serve", "--config", "/etc/cause way/a.yaml", "--host", "50%.example", `a"b\c`, "$HOME", ""},
		Credentials: []Credential{{"connection-string", "/etc/causeway/plant.cs"}},
	}
}

// TestUnitFile holds the unit against a golden one.
func TestUnitFile(t *testing.T) {
	const file = "testdata/plant.service"
	got := plant().Systemd()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	other := plant()
	other.User, other.Notify, other.Credentials = "relay", false, nil
	text := other.Systemd()
	for _, line := range []string{"Type=exec\n", "User=relay\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
	for _, line := range []string{"DynamicUser", "ExecReload", "LoadCredential", "ProcSubset"} {
		if strings.Contains(text, line) {
			t.Errorf("a line %q in\n%s", line, text)
		}
	}
}

// TestSystemdVerifies asks systemd itself whether it understands the unit, and how exposed a service of it is.
func TestSystemdVerifies(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("SKIPPED: needs systemd-analyze (on Debian: apt-get install systemd)")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "cause way $1")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(u *Unit){
		"dynamic": func(*Unit) {}, "named": func(u *Unit) { u.User = "daemon" }, "exec": func(u *Unit) { u.Notify = false },
	} {
		u := plant()
		u.Name, u.Program = name, program
		change(u)
		file := filepath.Join(dir, name+".service")
		if err := os.WriteFile(file, []byte(u.Systemd()), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", file).CombinedOutput()
		if err != nil || strings.Contains(string(out), name+".service") {
			t.Errorf("verify %s: %v\n%s", name, err, out)
		}
		out, err = exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", file).CombinedOutput()
		found := regexp.MustCompile(`exposure level for \S+: ([0-9.]+)`).FindSubmatch(out)
		if err != nil || found == nil {
			t.Errorf("security %s: %v\n%s", name, err, out)
			continue
		}
		if level, err := strconv.ParseFloat(string(found[1]), 64); err != nil || level > 2.5 {
			t.Errorf("exposure of %s is %s, at most 2.5 is meant\n%s", name, found[1], out)
		}
	}
	// The test bites: a unit with a mistake is found.
	file := filepath.Join(dir, "wrong.service")
	if err := os.WriteFile(file, []byte(strings.Replace(plant().Systemd(), "Type=notify", "Type=notifying", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", file).CombinedOutput(); !strings.Contains(string(out), "Failed to parse") {
		t.Errorf("a wrong type is not found:\n%s", out)
	}
}

func TestUnitCheck(t *testing.T) {
	for name, change := range map[string]func(u *Unit){
		"no name": func(u *Unit) { u.Name = "" }, "path for a name": func(u *Unit) { u.Name = "../x" }, "long name": func(u *Unit) { u.Name = strings.Repeat("a", 65) },
		"no program": func(u *Unit) { u.Program = "" }, "no command": func(u *Unit) { u.Args = nil },
		"line break": func(u *Unit) { u.Args[2] = "a\nExecStartPre=/bin/evil" }, "line break in the text": func(u *Unit) { u.Description = "a\nb" },
		"line break in the user": func(u *Unit) { u.User = "a\nb" },
		"credential's name":      func(u *Unit) { u.Credentials[0].Name = "a:b" }, "credential's file": func(u *Unit) { u.Credentials[0].File = "/a:b" },
	} {
		u := plant()
		if err := u.Check(); err != nil {
			t.Fatal(err)
		}
		change(u)
		if err := u.Check(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
