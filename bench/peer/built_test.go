package peer

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// script writes a shell script that stands for a peer's program.
func script(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBuiltByEnvironment: what the environment does not name is absent, with the variable that would name it; what it names is there, with
// the version that it says.
func TestBuiltByEnvironment(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "frps", "echo 9.8.7")
	for _, name := range []string{"BENCH_FRP", "BENCH_PIKO", "BENCH_RATHOLE", "BENCH_BORE"} {
		t.Setenv(name, "")
	}
	all := built()
	for _, p := range all {
		if !strings.HasPrefix(p.Absent, "BENCH_") || !p.Rival || !p.Default {
			t.Errorf("%s: %+v", p.Name, p)
		}
	}
	t.Setenv("BENCH_FRP", dir)
	if p := built()[0]; p.Name != "frp" || p.Absent != "BENCH_FRP: no program frpc" {
		t.Errorf("without the agent: %+v", p)
	}
	script(t, dir, "frpc", "echo 9.8.7")
	t.Setenv("BENCH_BORE", script(t, dir, "bore", "echo; echo built with love; echo bore-cli 1.2"))
	t.Setenv("BENCH_PIKO", script(t, dir, "piko", "echo unknown"))
	t.Setenv("BENCH_RATHOLE", dir) // a folder is no program
	notes := map[string]string{}
	for _, p := range built() {
		if p.Absent == "" {
			_, notes[p.Name], _ = strings.Cut(p.Note, "; ")
		}
	}
	for name, want := range map[string]string{"frp": "version 9.8.7", "frp-tls": "version 9.8.7", "bore": "version 1.2", "piko": "version not told"} {
		if notes[name] != want {
			t.Errorf("%s: %q, want %q", name, notes[name], want)
		}
	}
	if _, there := notes["rathole"]; there || len(notes) != 5 {
		t.Errorf("%v", notes)
	}
}

// TestPair starts the gateway, waits for the agents' door and starts the agent; both get their file.
func TestPair(t *testing.T) {
	dir := t.TempDir()
	e := &Env{Work: dir}
	target, addr, err := (&Env{Self: os.Args[0], Work: dir}).StartTarget()
	if err != nil {
		t.Fatal(err)
	}
	defer target.Kill()
	tunnel := &Tunnel{}
	defer tunnel.Stop()
	wait := script(t, dir, "wait", `cat "$1"; read forever`)
	show := []string{"/bin/sh", wait, "{file}"}
	if err := tunnel.pair(e, addr, part{file: "g.conf", text: "the gateway's", argv: show}, part{file: "a.conf", text: "the agent's", argv: show}); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		p    *Process
		want string
	}{{tunnel.gateway[0], "the gateway's"}, {tunnel.agent[0], "the agent's"}} {
		<-row.p.done // it has shown its file and read the end of its input
		if got := row.p.said(); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
	if err := (&Tunnel{}).pair(e, addr, part{argv: []string{filepath.Join(dir, "nothing")}}, part{}); err == nil {
		t.Error("a gateway that is not there was started")
	}
}

// TestRivals: of what people would use instead, those count as rivals that are no single hop.
func TestRivals(t *testing.T) {
	var got []string
	for _, p := range All() {
		if p.Rival {
			got = append(got, p.Name)
		}
	}
	if want := []string{"ssh-R", "frp", "frp-nomux", "frp-tls", "piko", "rathole", "bore", "centrifugo", "nchan"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
