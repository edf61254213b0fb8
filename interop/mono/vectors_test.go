package mono

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/capture"
)

// Recordings that cannot be put before Mono's service again, each with the reason.
var notForService = map[string]string{
	"http-rest":              "REST: no envelope to rewrite",
	"built-http-mtom-answer": "Mono's own MTOM request is malformed, and its service dies of it",
}

// TestRewrittenRequests: every request that Mono's client sent over HTTP is accepted by Mono's service after it was
// rewritten, and answered as it was when it was recorded.
func TestRewrittenRequests(t *testing.T) {
	interop.Need(t, "mono")
	host, services, count := Start(t), map[string]string{}, 0
	for _, c := range capture.Load(t, "mono") {
		if why := notForService[c.Name]; why != "" {
			t.Logf("%s: not sent: %s", c.Name, why)
			continue
		}
		binding, contract := c.Setting("binding"), c.Setting("contract")
		if contract == "" {
			contract = "echo" // the hand-made ones have no other
		}
		key := binding + " " + contract
		if services[key] == "" {
			services[key] = host.Service(binding, contract)
		}
		for i, ex := range c.Exchanges {
			count++
			name := fmt.Sprintf("%s, request %d", c.Name, i+1)
			sent := ex.Request.Relayed(t, services[key], "")
			if bytes.Equal(sent.Body, ex.Request.Body) {
				t.Errorf("%s: nothing was rewritten", name)
			}
			got := post(t, services[key], sent)
			if bytes.Contains(sent.Body, []byte("fire and forget")) { // one-way, and the answer says nothing
				host.Await(`^notify: fire and forget$`)
			}
			if strings.HasPrefix(c.Name, "built-") {
				// The recorded answer is not Mono's. Its service knows Fail, which fails, and all the others but Missing.
				want, action := http.StatusOK, c.Printed()[0]
				if strings.HasPrefix(action, "fault-") || strings.HasPrefix(action, "missing") {
					want = http.StatusInternalServerError
				}
				if got.Status != want {
					t.Errorf("%s: status %d, want %d: %s", name, got.Status, want, got.Body)
				}
				continue
			}
			compare(t, name, got, ex.Answer)
		}
	}
	if count < 60 {
		t.Errorf("only %d requests", count)
	}
	t.Logf("%d requests", count)
}

// compare reports how an answer differs from the recorded one, but for identifiers, ports and times.
func compare(t *testing.T, name string, got, want capture.Message) {
	t.Helper()
	if got.Status != want.Status || got.IsSOAP() != want.IsSOAP() {
		t.Errorf("%s: status %d, want %d: %s", name, got.Status, want.Status, got.Body)
		return
	}
	if !want.IsSOAP() {
		return
	}
	if !capture.SameType(got.Header.Get("Content-Type"), want.Header.Get("Content-Type")) {
		t.Errorf("%s: content type %s, want %s", name, got.Header.Get("Content-Type"), want.Header.Get("Content-Type"))
	}
	if diff := cmp.Diff(want.Canonical(t), got.Canonical(t)); diff != "" {
		t.Errorf("%s: the answer differs (-recorded +now):\n%s", name, diff)
	}
}

// post sends a recorded request to a service.
func post(t *testing.T, address string, m capture.Message) capture.Message {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), m.Method, address, bytes.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Content-Type", "Soapaction", "Content-Encoding"} {
		if v := m.Header.Values(name); v != nil {
			req.Header[name] = v
		}
	}
	req.Close = true // Mono closes its connections behind faults without a word before
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got := capture.Read(t, resp.Header, resp.Body)
	got.Status = resp.StatusCode
	return got
}

// TestRewrittenAnswers: every answer that Mono's client got over HTTP, from Mono's service or from one made by hand, is
// accepted by Mono's client after it was rewritten: it prints what it printed when it was recorded.
func TestRewrittenAnswers(t *testing.T) {
	interop.Need(t, "mono")
	host, count := Start(t), 0
	for _, c := range capture.Load(t, "mono") {
		if c.Name == "http-rest" {
			continue // no envelope to rewrite
		}
		contract, steps := c.Setting("contract"), c.Setting("steps")
		if contract == "" { // the hand-made ones tell it only by what was printed
			contract, steps = "echo", stepsOf(c.Printed())
		}
		relay := capture.Replay(t, c.Exchanges)
		srv := httptest.NewServer(relay)
		got := host.Client(c.Setting("binding"), contract, srv.URL+"/svc", steps)
		srv.Close()
		count += relay.Count()
		if diff := cmp.Diff(c.Printed(), got); diff != "" {
			t.Errorf("%s: Mono's client printed (-recorded +now):\n%s", c.Name, diff)
		}
	}
	if count < 60 {
		t.Errorf("only %d answers", count)
	}
	t.Logf("%d answers", count)
}

// stepsOf gives the steps of lines "step: result".
func stepsOf(printed []string) string {
	var steps []string
	for _, line := range printed {
		if name, _, ok := strings.Cut(line, ": "); ok && name != "close" {
			steps = append(steps, name)
		}
	}
	return strings.Join(steps, ",")
}
