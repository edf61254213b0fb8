package mono

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
)

// What steps print wherever they work. Others, faults above all, look different from binding to binding.
var prints = map[string]string{
	"echo": "hello", "echo-empty": "[]", "echo-null": "(null)", "echo-7000": "7000", "add": "42", "ping": "ok", "blob": "5", "blob-2000": "True", "submit": "equal",
	"notify": "sent", "down": "10000 bytes, sum 1273848", "up": "10000", "turn": "3000 bytes, sum 382468", "delnote": "ok",
	"missing": "FAILED ActionNotSupportedException: Action 'http://tempuri.org/IEcho/Missing' did not match any operations in the target contract",
	"boom":    "FAILED WebException: There was an error on processing web request: Status code 409(Conflict): no way",
}

// TestHTTPRows plays every HTTP row of the truth table directly: each step does what it is known to do, and nothing fails but
// what Mono's client makes an exception of.
func TestHTTPRows(t *testing.T) {
	interop.Need(t, "mono")
	services, clients := Start(t), Start(t)
	at, steps := map[string]string{}, map[string]int{}
	var bindings []string
	bad := map[string]string{}
	for _, r := range HTTP {
		key := r.Binding + " " + r.Contract
		if at[key] == "" {
			at[key] = services.Service(r.Binding, r.Contract)
		}
		if !slices.Contains(bindings, r.Binding) {
			bindings = append(bindings, r.Binding)
		}
		lines := clients.Client(r.Binding, r.Contract, at[key], r.Steps)
		for i, step := range strings.Split(r.Steps, ",") {
			steps[r.Binding]++
			if i >= len(lines) {
				t.Fatalf("%v printed only %q", r, lines)
			}
			name, result, _ := strings.Cut(lines[i], ": ")
			want, known := prints[step]
			if name != step || known && result != want || !known && strings.Contains(result, "FAILED") {
				bad[r.Binding] = lines[i]
				t.Errorf("%v: %s", r, lines[i])
			}
		}
	}
	for _, b := range bindings {
		cell := interop.Cell{Table: "Steps of Mono's client at Mono's service", Row: b, Column: "direct", Note: fmt.Sprint(steps[b]), Command: clients.p.Command(), Output: bad[b]}
		if bad[b] != "" {
			cell.Code = 1
		}
		interop.Record(t, cell)
	}
}

// TestDual: Mono has WSDualHttpBinding, whose service dials its client back, and cannot serve it. So nothing of it passes the gateway here; were
// it to, it would need a relay at the client's side too. net.tcp calls back on the client's own connection (interop/nettcp).
func TestDual(t *testing.T) {
	interop.Need(t, "mono")
	if at, refusal := Start(t).Try("ws-dual", "duplex"); refusal == "" {
		t.Errorf("Mono serves WSDualHttpBinding at %s now: play it through the gateway, and say so in docs/wcf.md and docs/clients.md", at)
	}
}
