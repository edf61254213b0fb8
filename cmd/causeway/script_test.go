package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/causeway-relay/causeway/gateway"
)

// patience bounds every wait of the stories.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"causeway": main, "nc": nc})
}

// TestScript runs the stories: real processes of the binary, doors on loopback, port 0. Their own commands:
//
//	exits CODE COMMAND...    runs it and wants the exit code
//	ready FILE               waits for the ready file; sets CS, HTTPS, HTTP, ADMIN, CA and PID from it
//	signal TERM|KILL         sends it to the process of the last ready file
//	within TIME              the last signal was no longer ago
//	address NAME FILE        waits for a file and sets a variable to what is in it
//	awaits FILE REGEXP       waits until something in the file is like that
//	setenv NAME REGEXP       sets a variable to what the group of the pattern finds in stdout
//	json SOURCE PATH WANT    a value, as JSON; SOURCE is stdout or a file, PATH like nodes.0.node
//	keys SOURCE PATH NAME... exactly these members, in any order; PATH . is the whole
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("CS", "")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // else each process waits a second at its end for races of others
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": cmdExits, "ready": cmdReady, "signal": cmdSignal, "within": cmdWithin,
			"setenv": cmdSetenv, "json": cmdJSON, "keys": cmdKeys, "address": cmdAddress, "awaits": cmdAwaits,
		},
	})
}

func need(ts *testscript.TestScript, neg bool, args []string, n int, usage string) {
	if neg || len(args) < n {
		ts.Fatalf("usage: %s", usage)
	}
}

func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "exits CODE COMMAND...")
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

func cmdReady(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "ready FILE")
	file := ts.MkAbs(args[0])
	var b []byte
	eventually(ts, "the ready file", func() bool {
		var err error
		b, err = os.ReadFile(file)
		return err == nil
	})
	var r gateway.Ready
	ts.Check(json.Unmarshal(b, &r))
	for name, value := range map[string]string{
		"CS": r.ConnectionString, "HTTPS": r.Endpoints["https"], "HTTP": r.Endpoints["http"], "ADMIN": r.Endpoints["admin"],
		"CA": r.CAFile, "PID": strconv.Itoa(r.PID),
	} {
		ts.Setenv(name, value)
	}
}

func cmdAddress(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "address NAME FILE")
	eventually(ts, args[1], func() bool {
		b, err := os.ReadFile(ts.MkAbs(args[1]))
		ts.Setenv(args[0], string(b))
		return err == nil && len(b) > 0 // a file that is being written can be there and be empty
	})
}

func cmdAwaits(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "awaits FILE REGEXP")
	like := regexp.MustCompile(`(?m)` + args[1])
	eventually(ts, args[0], func() bool {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && like.Match(b)
	})
}

// eventually asks again and again for a condition of another process, which gives no event to wait for.
func eventually(ts *testscript.TestScript, what string, ok func() bool) {
	tick, end := time.NewTicker(5*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			ts.Fatalf("gave up waiting for %s", what)
		}
	}
}

func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "signal TERM|KILL")
	s, ok := map[string]os.Signal{"TERM": syscall.SIGTERM, "KILL": os.Kill}[args[0]]
	pid, err := strconv.Atoi(ts.Getenv("PID"))
	if !ok || err != nil || pid < 2 {
		ts.Fatalf("signal %s to %q", args[0], ts.Getenv("PID"))
	}
	p, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(p.Signal(s))
	ts.Setenv("SIGNALLED", strconv.FormatInt(time.Now().UnixNano(), 10))
}

func cmdWithin(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "within TIME")
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	at, err := strconv.ParseInt(ts.Getenv("SIGNALLED"), 10, 64)
	ts.Check(err)
	if took := time.Since(time.Unix(0, at)); took > limit {
		ts.Fatalf("took %s, at most %s is allowed", took, limit)
	}
}

func cmdSetenv(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "setenv NAME REGEXP")
	found := regexp.MustCompile(`(?m)` + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("nothing in stdout is like %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 3, "json SOURCE PATH WANT")
	got, err := json.Marshal(dig(ts, args[0], args[1]))
	ts.Check(err)
	if want := strings.Join(args[2:], " "); string(got) != want {
		ts.Fatalf("%s is %s, want %s", args[1], got, want)
	}
}

func cmdKeys(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "keys SOURCE PATH NAME...")
	object, ok := dig(ts, args[0], args[1]).(map[string]any)
	if !ok {
		ts.Fatalf("%s is no object", args[1])
	}
	var names []string
	for name := range object {
		names = append(names, name)
	}
	want := slices.Sorted(slices.Values(args[2:]))
	slices.Sort(names)
	if !slices.Equal(names, want) {
		ts.Fatalf("%s has %v, want %v", args[1], names, want)
	}
}

// dig finds a value in a file of JSON.
func dig(ts *testscript.TestScript, source, path string) any {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(source)), &v))
	if path == "." {
		return v
	}
	for step := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			inner, ok := at[step]
			if !ok {
				ts.Fatalf("%s: there is no %s", path, step)
			}
			v = inner
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at) {
				ts.Fatalf("%s: there is no %s among %d", path, step, len(at))
			}
			v = at[i]
		default:
			ts.Fatalf("%s: nothing is below a %T", path, v)
		}
	}
	return v
}

// TestStoriesBite: the commands of the stories fail where they should, or the stories would prove nothing.
func TestStoriesBite(t *testing.T) {
	for _, script := range []string{
		"exits 1 causeway version", "exits 0 causeway nonsense", "exec causeway version -o json\njson stdout os '\"plan9\"'",
		"exec causeway version -o json\nkeys stdout . version", "exec causeway version\nsetenv X (nothing)", "exec causeway version -o json\njson stdout none 1",
	} {
		file := filepath.Join(t.TempDir(), "bite.txtar")
		if err := os.WriteFile(file, []byte(script+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if !fails(file) {
			t.Errorf("the script passes: %s", script)
		}
	}
}

// fails runs a script outside of the test's own verdict.
func fails(file string) (failed bool) {
	defer func() {
		if v := recover(); v != nil {
			failed = failed || fmt.Sprint(v) == stopped
		}
	}()
	testscript.RunT(&verdict{failed: &failed}, testscript.Params{
		Files: []string{file}, RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error { e.Setenv("GORACE", "atexit_sleep_ms=0"); return nil },
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"exits": cmdExits, "setenv": cmdSetenv, "json": cmdJSON, "keys": cmdKeys},
	})
	return failed
}

const stopped = "the script has stopped"

// verdict is a test that only notes how it ended.
type verdict struct{ failed *bool }

func (v *verdict) Skip(...any)                        {}
func (v *verdict) Fatal(...any)                       { *v.failed = true; panic(stopped) }
func (v *verdict) Parallel()                          {}
func (v *verdict) Log(...any)                         {}
func (v *verdict) FailNow()                           { *v.failed = true; panic(stopped) }
func (v *verdict) Run(_ string, f func(testscript.T)) { f(v) }
func (v *verdict) Verbose() bool                      { return false }
