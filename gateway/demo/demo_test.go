package demo_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/demo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var stepLine = regexp.MustCompile(`(?m)^step (\d)  node (\d)  \+[0-9.]+ms  (.+)$`)

// TestNineSteps: all nine numbers in order, on both nodes, and no error.
func TestNineSteps(t *testing.T) {
	var out strings.Builder
	if err := demo.Run(t.Context(), demo.Params{Out: &out}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	nodes := map[string]bool{}
	lines := stepLine.FindAllStringSubmatch(out.String(), -1)
	for i, l := range lines {
		nodes[l[2]] = true
		if l[1] != strconv.Itoa(i+1) {
			t.Errorf("line %d is step %s", i+1, l[1])
		}
	}
	for _, want := range []string{
		`(?m)^listen demo-tcp at node 2, forward at node 1 .*: "[^"]+" came back$`,
		`(?m)^GET .*/demo-web/hello: 200 OK, "hello from behind a firewall"$`,
		`(?m)^basicHttpBinding \(key by HTTP Basic\) https://.*/demo-calc: 44 \+ 2 = 46, 44 - 2 = 42$`,
		`(?m)^wsHttpBinding \(key by UsernameToken\) https://.*/demo-calc: 44 \+ 2 = 46, 44 - 2 = 42$`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no line is like %s:\n%s", want, out.String())
		}
	}
	if len(lines) != 9 || len(nodes) != 2 {
		t.Errorf("%d steps on %d nodes:\n%s", len(lines), len(nodes), out.String())
	}
}

// TestListenerStopped: with the listener stopped before a step the demonstration fails there, says why, and prints no
// step from there on.
func TestListenerStopped(t *testing.T) {
	for _, before := range []int{3, 4, 5, 6} {
		t.Run(strconv.Itoa(before), func(t *testing.T) {
			var out strings.Builder
			err := demo.Run(t.Context(), demo.Params{Out: &out, StopListenerBefore: before})
			if err == nil {
				t.Fatalf("no error:\n%s", out.String())
			}
			for _, l := range stepLine.FindAllStringSubmatch(out.String(), -1) {
				if n, _ := strconv.Atoi(l[1]); n >= 6 {
					t.Errorf("step %d happened without a listener:\n%s", n, out.String())
				}
			}
			if !strings.Contains(err.Error(), "stopped at step") || !strings.Contains(err.Error(), "listener") {
				t.Errorf("the error does not say where and why: %v", err)
			}
			if before == 6 && !strings.Contains(err.Error(), "step 6") {
				t.Errorf("not stopped at step 6: %v", err)
			}
		})
	}
}

// TestKeep: both nodes run until the context ends, and the ready file has both.
func TestKeep(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ready.json")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out lines
	out.found = make(chan struct{})
	done := make(chan error, 1)
	go func() { done <- demo.Run(ctx, demo.Params{Out: &out, Keep: true, ReadyFile: file}) }()
	select {
	case <-out.found:
	case err := <-done:
		t.Fatal(err)
	case <-time.After(30 * time.Second):
		t.Fatal("the demonstration does not say that it keeps running")
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var ready []gateway.Ready
	if err := json.Unmarshal(b, &ready); err != nil || len(ready) != 2 {
		t.Fatalf("%d ready objects, %v", len(ready), err)
	}
	for i, r := range ready {
		if r.Node != i+1 || r.ConnectionString == "" || r.CAFile == "" || r.Endpoints["https"] == "" {
			t.Errorf("node %d: %+v", i+1, r)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// lines closes found when the demonstration says that it keeps running.
type lines struct {
	strings.Builder
	found chan struct{}
}

func (l *lines) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "keep running") {
		close(l.found)
	}
	return l.Builder.Write(b)
}
