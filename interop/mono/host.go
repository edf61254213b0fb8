package mono

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/interop"
)

// Host is one Mono process that holds services and plays clients, one call at a time.
type Host struct {
	t     testing.TB
	p     *interop.Program
	count int
}

// Start starts a process. env has more variables for it, such as PEER_EXPECT=1 (see Peer.cs). It ends with the test.
func Start(t testing.TB, env ...string) *Host {
	t.Helper()
	return StartBy(t, nil, env...)
}

// StartBy is Start with a command in front that runs the process, such as "ip netns exec NAME".
func StartBy(t testing.TB, by []string, env ...string) *Host {
	t.Helper()
	env = append(slices.Clip(surroundings), env...)
	command := append(slices.Clip(by), "mono", compiled(t), "host")
	h := &Host{t: t, p: interop.Start(t, t.TempDir(), env, command[0], command[1:]...)}
	h.p.Await(`^HOST$`)
	return h
}

// surroundings are what every process is given: Mono writes numbers and times by them.
var surroundings = []string{"LC_ALL=C.UTF-8", "TZ=UTC"}

// Call makes the calls of Client in a process of its own, whose exit code says whether all went as they should: 0 when each step
// did, or raised the exception that stands behind it, as in "echo!EndpointNotFoundException". env has more variables for it, such as
// PEER_TIMEOUT=20, the seconds that a call may take (8).
func Call(t testing.TB, binding, contract, address, steps string, env ...string) *interop.Program {
	t.Helper()
	return interop.Start(t, t.TempDir(), append(slices.Clip(surroundings), env...), "mono", compiled(t), "call", binding, contract, address, steps)
}

// Service opens a service at a free port and gives its address. Services without WS-Addressing 1.0 compare this address
// with what HTTP asks for.
func (h *Host) Service(binding, contract string) (address string) {
	h.t.Helper()
	scheme := "http"
	if strings.HasPrefix(binding, "tcp") {
		scheme = "net.tcp"
	}
	address = fmt.Sprintf("%s://127.0.0.1:%s/svc", scheme, interop.FreePort(h.t))
	h.ServiceAt(binding, contract, address, address)
	return address
}

// ServiceAt opens a service whose address is another than where it listens: for a relay in between.
func (h *Host) ServiceAt(binding, contract, address, listen string) {
	h.t.Helper()
	h.count++
	h.p.Say(fmt.Sprintf("%d serve %s %s %s %s", h.count, binding, contract, address, listen))
	if got := h.p.Await(fmt.Sprintf(`^%d (READY|SERVE-FAILED.*)$`, h.count)); got != "READY" {
		h.t.Fatalf("%s %s at %s: %s", binding, contract, listen, got)
	}
}

// Client makes the calls that steps names, divided by commas, and gives what each printed: "step: result" or
// "step: FAILED exception". The last is "close: ok" where the channel could be closed. A step that takes longer than interop.Patience fails
// the test.
func (h *Host) Client(binding, contract, address, steps string) (lines []string) {
	h.t.Helper()
	h.call(binding, contract, address, steps)
	line := fmt.Sprintf(`^%d (.*)$`, h.count)
	for !strings.HasPrefix(h.p.Await(line), "DONE ") { // each step has its own time: many together take long on a busy machine
	}
	return h.printed()
}

// Begin is Client for calls that may never return, as Mono's with half streamed bindings do. It does not wait: end does, and done is
// false when they have not returned within its time. Nobody waits for them then.
func (h *Host) Begin(binding, contract, address, steps string) (end func(limit time.Duration) (lines []string, done bool)) {
	h.call(binding, contract, address, steps)
	return func(limit time.Duration) ([]string, bool) {
		h.t.Helper()
		_, done := h.p.Within(fmt.Sprintf(`^%d DONE (\d+)$`, h.count), limit)
		return h.printed(), done
	}
}

// Time makes calls on as many channels at once and gives how long one took, in the middle and at the 99th of a hundred, and how many
// there were a second.
func (h *Host) Time(binding, address string, clients, calls int) (p50, p99 time.Duration, rate float64) {
	h.t.Helper()
	h.count++
	h.p.Say(fmt.Sprintf("%d time %s %s %d %d", h.count, binding, address, clients, calls))
	var us50, us99 int
	if _, err := fmt.Sscan(h.p.Await(fmt.Sprintf(`^%d TIMED (.+)$`, h.count)), &us50, &us99, &rate); err != nil {
		h.t.Fatal(err)
	}
	return time.Duration(us50) * time.Microsecond, time.Duration(us99) * time.Microsecond, rate
}

func (h *Host) call(binding, contract, address, steps string) {
	h.count++
	h.p.Say(fmt.Sprintf("%d call %s %s %s %s", h.count, binding, contract, address, steps))
}

// printed gives the lines of the last call so far.
func (h *Host) printed() (lines []string) {
	for line := range strings.Lines(h.p.Text()) {
		if l, ok := strings.CutPrefix(line, fmt.Sprintf("%d ", h.count)); ok && !strings.HasPrefix(l, "DONE ") {
			lines = append(lines, strings.TrimRight(l, "\r\n"))
		}
	}
	return lines
}

// Try is ServiceAt for what Mono may refuse to serve: the address, and "" or what it says.
func (h *Host) Try(binding, contract string) (address, refusal string) {
	h.t.Helper()
	h.count++
	address = "http://127.0.0.1:" + interop.FreePort(h.t) + "/svc"
	h.p.Say(fmt.Sprintf("%d serve %s %s %s", h.count, binding, contract, address))
	answer := h.p.Await(fmt.Sprintf(`^%d (READY|SERVE-FAILED.*)$`, h.count))
	return address, strings.TrimPrefix(strings.TrimPrefix(answer, "READY"), "SERVE-FAILED ")
}

// Kill ends the process as a crash does, with all its services and clients.
func (h *Host) Kill() {
	h.t.Helper()
	h.p.Kill()
}

// Text is everything that the process printed so far.
func (h *Host) Text() string { return h.p.Text() }

// Await waits for a line that a service prints, such as "notify: text" of a one-way call.
func (h *Host) Await(pattern string) string {
	h.t.Helper()
	return h.p.Await(pattern)
}

// compiled gives the program, which is kept in the user's cache under a name made of its sources.
func compiled(t testing.TB) string {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(interop.Root(t), "interop", "mono", "*.cs"))
	if err != nil || len(sources) == 0 {
		t.Fatal("no sources", err)
	}
	slices.Sort(sources)
	sum := sha256.New()
	for _, file := range sources {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(b)
	}
	dir := interop.Cache(t)
	exe := filepath.Join(dir, "peer-"+hex.EncodeToString(sum.Sum(nil))[:16]+".exe")
	if _, err := os.Stat(exe); err == nil {
		return exe
	}
	fresh := filepath.Join(t.TempDir(), "peer.exe") // others may compile at the same time: a rename is all or nothing
	args := []string{"-nowarn:618", "-out:" + fresh}
	for _, ref := range []string{"System.ServiceModel", "System.ServiceModel.Web", "System.Runtime.Serialization", "System.IdentityModel", "System.IdentityModel.Selectors"} {
		args = append(args, "-r:"+ref)
	}
	if out, err := exec.CommandContext(t.Context(), "mcs", append(args, sources...)...).CombinedOutput(); err != nil {
		t.Fatalf("mcs: %v\n%s", err, out)
	}
	if err := interop.Install(fresh, exe); err != nil {
		t.Fatal(err)
	}
	return exe
}
