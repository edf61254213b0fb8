package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/doctor"
	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/trust"
)

// ward is a node as a process of its own, with a relay where somebody listens, and what a user's environment says of it. A case
// breaks one thing.
type ward struct {
	t     *testing.T
	dir   string
	env   map[string]string // of every command
	ready gateway.Ready
	node  *exec.Cmd
	stop  func()          // the listener
	run   []string        // put before a command
	extra []string        // flags of doctor
	hosts string          // of a mount namespace
	ctx   context.Context //nolint:containedctx // that of the test, for the helpers
}

// newWard starts a node. No row of the doctor fails then.
func newWard(t *testing.T, flags ...string) *ward {
	t.Helper()
	dir := t.TempDir()
	w := &ward{t: t, dir: dir, ctx: t.Context(), env: map[string]string{
		"CAUSEWAY_DATA": filepath.Join(dir, "data"), "CAUSEWAY_CONNECTION_STRING": "", "CAUSEWAY_CA_FILE": "", "CAUSEWAY_CONFIG": "",
		"GORACE": "atexit_sleep_ms=0", "HOME": dir, "CAUSEWAY_NETTCP": "off",
	}}
	w.serve(append([]string{"--https", "127.0.0.1:0", "--http", "off", "--admin", "127.0.0.1:0"}, flags...)...)
	w.env["CAUSEWAY_ADMIN"] = w.ready.Endpoints["admin"]
	w.must("causeway", "relay", "create", "hyco")
	w.env["CAUSEWAY_CONNECTION_STRING"] = w.ready.ConnectionString
	w.listen()
	return w
}

// serve starts the node with flags and waits until it is ready.
func (w *ward) serve(flags ...string) {
	w.t.Helper()
	file := filepath.Join(w.dir, "ready.json")
	w.node = w.command("causeway", append([]string{"serve", "--ready-file", file}, flags...)...)
	var log bytes.Buffer
	w.node.Stderr = &log
	if err := w.node.Start(); err != nil {
		w.t.Fatal(err)
	}
	node := w.node
	ended := make(chan struct{})
	go func() { defer close(ended); _ = node.Wait() }()
	w.t.Cleanup(func() { _ = node.Process.Kill(); <-ended })
	tick, end := time.NewTicker(5*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		b, err := os.ReadFile(file)
		if err == nil {
			if err := json.Unmarshal(b, &w.ready); err != nil {
				w.t.Fatal(err)
			}
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			w.t.Fatalf("the node ended:\n%s", log.String())
		case <-end:
			w.t.Fatal("the node is not ready")
		}
	}
}

// halt ends the node at once, as a crash does.
func (w *ward) halt() {
	w.t.Helper()
	if err := w.node.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	port, end := w.ready.Endpoints["https"], time.After(patience)
	for {
		conn, err := net.Dial("tcp", port)
		if err != nil {
			_ = os.Remove(filepath.Join(w.dir, "ready.json"))
			return
		}
		_ = conn.Close()
		select {
		case <-end:
			w.t.Fatal("the node does not end")
		default:
		}
	}
}

// listen has somebody listen at the relay.
func (w *ward) listen() {
	w.t.Helper()
	cs := strings.Replace(w.ready.ConnectionString, "sb://"+w.ready.Host, "sb://localhost", 1)
	l, err := hybrid.Listen(w.ctx, cs, hybrid.WithEntity("hyco"), hybrid.WithCAFile(w.ready.CAFile))
	if err != nil {
		w.t.Fatal(err)
	}
	closed := false
	w.stop = func() {
		if !closed {
			closed = true
			_ = l.Close()
		}
	}
	w.t.Cleanup(w.stop)
}

// command makes one in the ward's environment.
func (w *ward) command(name string, args ...string) *exec.Cmd {
	args = append(append([]string{}, w.run...), append([]string{name}, args...)...)
	cmd := exec.CommandContext(w.ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = w.dir, os.Environ()
	for k, v := range w.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.WaitDelay = patience
	return cmd
}

// must runs a command that has to work, and gives its output.
func (w *ward) must(name string, args ...string) string {
	w.t.Helper()
	out, err := w.command(name, args...).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			w.t.Fatalf("%s %v: %v\n%s%s", name, args, err, out, exit.Stderr)
		}
		w.t.Fatalf("%s %v: %v", name, args, err)
	}
	return string(out)
}

// shell follows an advice that is a command, to the letter.
func (w *ward) shell(command string) string {
	w.t.Helper()
	return w.must("sh", "-c", command)
}

// rows runs the doctor.
func (w *ward) rows() []doctor.Check {
	w.t.Helper()
	out, _ := w.command("causeway", append([]string{"doctor", "hyco", "-o", "json"}, w.extra...)...).Output()
	var rows []doctor.Check
	if err := json.Unmarshal(out, &rows); err != nil {
		w.t.Fatalf("%v: %s", err, out)
	}
	return rows
}

// only wants that the row alone has failed, and gives it: rows before it are ok, rows behind it ok or not come to.
func only(t *testing.T, rows []doctor.Check, name string) doctor.Check {
	t.Helper()
	var found doctor.Check
	behind := false
	for _, r := range rows {
		switch {
		case r.Name == name:
			found, behind = r, true
			if r.State != doctor.Failed || r.Do == "" {
				t.Fatalf("%s: %+v", name, r)
			}
		case r.State == doctor.Failed, !behind && r.State != doctor.OK:
			// A certificate is looked at before the clocks are.
			t.Fatalf("not %s alone: %+v", name, rows)
		}
	}
	if !behind {
		t.Fatalf("no row %s: %+v", name, rows)
	}
	return found
}

// well wants every row up to the named one ok; "" is all.
func well(t *testing.T, rows []doctor.Check, name string) {
	t.Helper()
	for _, r := range rows {
		if r.State != doctor.OK {
			t.Fatalf("%s is not ok: %+v", r.Name, rows)
		}
		if r.Name == name {
			return
		}
	}
}

// cut finds the advice's part that a person acts on.
func cut(t *testing.T, pattern, advice string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(advice)
	if found == nil {
		t.Fatalf("the advice has nothing like %s: %s", pattern, advice)
	}
	return found[1]
}

// takeEndpoint puts the advice's Endpoint into the connection string.
func (w *ward) takeEndpoint(advice string) {
	w.t.Helper()
	end := cut(w.t, `write (Endpoint=sb://\S+/) in the connection string`, advice)
	w.env["CAUSEWAY_CONNECTION_STRING"] = regexp.MustCompile(`Endpoint=sb://[^;]+`).ReplaceAllString(w.env["CAUSEWAY_CONNECTION_STRING"], end)
}

// change rewrites the connection string.
func (w *ward) change(pattern, by string) {
	before := w.env["CAUSEWAY_CONNECTION_STRING"]
	after := regexp.MustCompile(pattern).ReplaceAllString(before, by)
	if after == before {
		w.t.Fatalf("nothing in the connection string is like %s", pattern)
	}
	w.env["CAUSEWAY_CONNECTION_STRING"] = after
}

// freePort is one that nobody has right now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// TestDoctor breaks one row at a time, follows the advice to the letter, and wants the row well again.
// Long: it is a table, one entry for each way to break something.
func TestDoctor(t *testing.T) {
	for name, c := range map[string]struct {
		row   string
		hurt  func(w *ward)
		heal  func(w *ward, advice string)
		until string // the last row that the advice can heal; "": all
	}{
		"name misspelled": {doctor.DNS,
			func(w *ward) { w.change("sb://localhost", "sb://locallhost") },
			func(w *ward, advice string) { w.takeEndpoint(advice) }, ""},
		"port wrong": {doctor.TCP,
			func(w *ward) { w.change(`localhost:\d+`, "localhost:"+freePort(w.t)) },
			func(w *ward, advice string) { w.takeEndpoint(advice) }, ""},
		"nobody serves": {doctor.TCP,
			func(w *ward) { w.stop(); w.halt() },
			func(w *ward, advice string) {
				command := strings.Fields(cut(w.t, `run 'causeway serve (--https \S+)'`, advice))
				w.serve(append(command, "--http", "off")...)
			}, doctor.Entity},
		"not a TLS port": {doctor.TLS,
			func(w *ward) { w.change(`localhost:\d+`, "localhost:"+cut(w.t, `:(\d+)$`, w.ready.Endpoints["admin"])) },
			func(w *ward, advice string) { w.takeEndpoint(advice) }, ""},
		"other CA trusted": {doctor.TLS,
			func(w *ward) {
				other, err := localca.Open(w.t.TempDir())
				if err != nil {
					w.t.Fatal(err)
				}
				w.env["CAUSEWAY_CA_FILE"] = other.File()
			},
			func(w *ward, advice string) { w.extra = strings.Fields(cut(w.t, `give (--ca-file \S+)`, advice)) }, ""},
		"CA file gone": {doctor.TLS,
			func(w *ward) { w.env["CAUSEWAY_CA_FILE"] = filepath.Join(w.dir, "nothing.pem") },
			func(w *ward, advice string) {
				w.env["CAUSEWAY_CA_FILE"] = cut(w.t, `--ca-file (\S+) or set CAUSEWAY_CA_FILE`, advice)
			}, ""},
		"key wrong": {doctor.Token,
			func(w *ward) { w.change("SharedAccessKey=.", "SharedAccessKey=") },
			func(w *ward, advice string) {
				command := cut(w.t, `: (causeway rule keys .*)$`, advice)
				w.env["CAUSEWAY_CONNECTION_STRING"] = "" // it is run where the gateway runs
				w.env["CAUSEWAY_CONNECTION_STRING"] = cut(w.t, `(Endpoint=\S+)`, w.shell(command))
			}, ""},
		"key wrong of a rule that may listen": {doctor.Token,
			func(w *ward) {
				w.must("causeway", "rule", "create", "hyco", "Reader", "--rights", "Listen")
				cs := w.must("causeway", "rule", "keys", "hyco", "Reader")
				w.env["CAUSEWAY_CONNECTION_STRING"] = cut(w.t, `(Endpoint=\S+)`, cs)
				// It may listen: all that can be seen is well.
				rows := w.rows()
				if well(w.t, rows, doctor.Entity); rows[6].State != doctor.Skipped {
					w.t.Fatalf("a listener's rule: %+v", rows)
				}
				w.change("SharedAccessKey=.", "SharedAccessKey=")
			},
			func(w *ward, advice string) {
				command := cut(w.t, `: (causeway rule keys .*)$`, advice)
				w.env["CAUSEWAY_CONNECTION_STRING"] = ""
				w.env["CAUSEWAY_CONNECTION_STRING"] = cut(w.t, `(Endpoint=\S+)`, w.shell(command))
			}, doctor.Entity},
		"token expired": {doctor.Token,
			func(w *ward) {
				token := wire.Sign("http://localhost/hyco", "any", "a2V5", time.Now().Add(-time.Minute))
				w.change(";.*", ";SharedAccessSignature="+strings.ReplaceAll(token, "$", "$$"))
			},
			func(w *ward, advice string) {
				command := cut(w.t, `put the output of '(.*)' behind SharedAccessSignature=`, advice)
				w.env["CAUSEWAY_CONNECTION_STRING"], w.extra = "", nil
				token := strings.TrimSpace(w.shell(command))
				w.env["CAUSEWAY_CONNECTION_STRING"] = "Endpoint=sb://localhost:" + cut(w.t, `:(\d+)$`, w.ready.Endpoints["https"]) + "/;SharedAccessSignature=" + token
			}, ""},
		"relay deleted": {doctor.Entity,
			func(w *ward) { w.stop(); w.must("causeway", "relay", "delete", "hyco") },
			func(w *ward, advice string) { w.shell(advice) }, doctor.Entity},
		"nobody listens": {doctor.Listener,
			func(w *ward) { w.stop(); w.gone() },
			func(w *ward, advice string) {
				service, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					w.t.Fatal(err)
				}
				w.t.Cleanup(func() { _ = service.Close() })
				words := strings.Fields(strings.Replace(cut(w.t, `(causeway listen .*)$`, advice), "HOST:PORT", service.Addr().String(), 1))
				listener := w.command(words[0], words[1:]...)
				if err := listener.Start(); err != nil {
					w.t.Fatal(err)
				}
				ended := make(chan struct{})
				go func() { defer close(ended); _ = listener.Wait() }()
				w.t.Cleanup(func() { _ = listener.Process.Kill(); <-ended })
				eventuallyT(w.t, "somebody who listens", func() bool {
					return strings.Contains(w.must("causeway", "relay", "show", "hyco", "-o", "json"), `"online": 1`)
				})
			}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			well(t, w.rows(), "")
			c.hurt(w)
			sick := only(t, w.rows(), c.row)
			c.heal(w, sick.Do)
			well(t, w.rows(), c.until)
		})
	}
}

// gone waits until the gateway has seen the listener leave.
func (w *ward) gone() {
	eventuallyT(w.t, "nobody who listens", func() bool {
		return strings.Contains(w.must("causeway", "relay", "show", "hyco", "-o", "json"), `"online": 0`)
	})
}

func eventuallyT(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, end := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

// TestDoctorHosts is for names that are right and not known here: the advice is a line of the hosts file, which a mount namespace
// gives each case for its own.
func TestDoctorHosts(t *testing.T) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 || exec.CommandContext(t.Context(), "unshare", "-m", "true").Run() != nil {
		t.Skip("SKIPPED: needs root on Linux and unshare, for an /etc/hosts of its own")
	}
	const name = "relay.causeway.test"
	w := newWard(t, "--host", name)
	w.env["CAUSEWAY_HOST"] = name // 'causeway serve' has the same environment
	w.hosts = filepath.Join(w.dir, "hosts")
	hosts := func(text string) {
		if err := os.WriteFile(w.hosts, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.run = []string{"unshare", "-m", "sh", "-ec", `mount --bind "$0" /etc/hosts; exec "$@"`, w.hosts}
	w.env["CAUSEWAY_CA_FILE"] = w.ready.CAFile
	hosts("127.0.0.1 localhost " + name + "\n")
	well(t, w.rows(), "")

	hosts("127.0.0.1 localhost\n")
	sick := only(t, w.rows(), doctor.DNS)
	w.shell(cut(t, `: (echo '[^']*' >> /etc/hosts)$`, sick.Do))
	well(t, w.rows(), "")

	hosts("127.0.0.1 localhost " + name + " other.causeway.test\n")
	w.change("sb://"+name, "sb://other.causeway.test")
	sick = only(t, w.rows(), doctor.TLS)
	w.takeEndpoint(sick.Do)
	well(t, w.rows(), "")
}

// TestDoctorClock: the row of the clock alone fails when the clocks are apart, whichever way, and the command of its advice sets
// this machine's clock right. date is one of the test's, because the machine's clock is not the test's to set.
func TestDoctorClock(t *testing.T) {
	w := newWard(t)
	stub := t.TempDir()
	if err := os.WriteFile(filepath.Join(stub, "date"), []byte("#!/bin/sh\necho \"$*\" > "+filepath.Join(stub, "set")+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cs, err := connstring.Parse(w.ready.ConnectionString)
	if err != nil {
		t.Fatal(err)
	}
	for _, apart := range []time.Duration{-10 * time.Minute, 2 * time.Hour, -50 * time.Minute} {
		ahead := apart
		p := doctor.Params{
			Gateway: cs, Entity: "hyco", Roots: trust.Roots{File: w.ready.CAFile}, System: "linux",
			Now: func() time.Time { return time.Now().Add(ahead) },
		}
		sick := only(t, doctor.Run(t.Context(), p), doctor.Clock)
		word := map[bool]string{true: "ahead of", false: "behind"}[apart > 0]
		if want := fmt.Sprintf("this machine's clock is %v %s the gateway's", apart.Abs(), word); !near(sick.Detail, want) {
			t.Errorf("%q, want %q", sick.Detail, want)
		}
		w.env["PATH"] = stub + string(os.PathListSeparator) + os.Getenv("PATH")
		w.shell(cut(t, `as administrator: (date .*), and have it`, sick.Do))
		b, err := os.ReadFile(filepath.Join(stub, "set"))
		if err != nil {
			t.Fatal(err)
		}
		seconds, err := strconv.ParseInt(cut(t, `^-u -s @(\d+)\n$`, string(b)), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ahead = time.Until(time.Unix(seconds, 0))
		well(t, doctor.Run(t.Context(), p), "")
	}
}

// near compares but for the last second, which is the unit of Date.
func near(got, want string) bool {
	times := regexp.MustCompile(`(\d+[hms])+`)
	a, errA := time.ParseDuration(times.FindString(got))
	b, errB := time.ParseDuration(times.FindString(want))
	return errA == nil && errB == nil && (a-b).Abs() <= 2*time.Second && times.ReplaceAllString(got, "") == times.ReplaceAllString(want, "")
}
