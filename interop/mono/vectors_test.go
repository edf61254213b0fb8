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
	services, count := newServices(t), 0
	for _, c := range capture.Load(t, "mono") {
		if why := notForService[c.Name]; why != "" {
			t.Logf("%s: not sent: %s", c.Name, why)
			continue
		}
		binding, contract := c.Setting("binding"), c.Setting("contract")
		if contract == "" {
			contract = "echo" // the hand-made ones have no other
		}
		good := t.Run(c.Name, func(t *testing.T) {
			for i, ex := range c.Exchanges {
				count++
				got := services.send(t, binding, contract, &ex.Request)
				if strings.HasPrefix(c.Name, "built-") {
					accepted(t, c.Printed()[0], got)
				} else {
					compare(t, fmt.Sprintf("request %d", i+1), got, ex.Answer)
				}
			}
		})
		services.record(t, "Recorded exchanges of Mono, rewritten", c.Name, len(c.Exchanges), good)
	}
	if count < 60 {
		t.Errorf("only %d requests", count)
	}
	t.Logf("%d requests", count)
}

// services are Mono's services of one process, opened when they are first asked for.
type services struct {
	host *Host
	at   map[string]string // address by binding and contract
}

func newServices(t *testing.T) *services {
	t.Helper()
	return &services{host: Start(t), at: map[string]string{}}
}

// send rewrites a recorded request and sends it to a service.
func (s *services) send(t *testing.T, binding, contract string, m *capture.Message) capture.Message {
	t.Helper()
	key := binding + " " + contract
	if s.at[key] == "" {
		s.at[key] = s.host.Service(binding, contract)
	}
	sent := m.Relayed(t, s.at[key], "")
	if bytes.Equal(sent.Body, m.Body) {
		t.Error("nothing was rewritten")
	}
	got := post(t, s.at[key], sent)
	if bytes.Contains(sent.Body, []byte("fire and forget")) { // one-way, and the answer says nothing
		s.host.Await(`^notify: fire and forget$`)
	}
	return got
}

func (s *services) record(t *testing.T, table, row string, count int, good bool) {
	t.Helper()
	cell := interop.Cell{Table: table, Row: row, Column: "its service took", Note: fmt.Sprint(count), Command: s.host.p.Command(), Output: s.host.p.Text()}
	if !good {
		cell.Code = 1
	}
	interop.Record(t, cell)
}

// accepted checks the answer to a request whose recorded answer is not Mono's: its service knows Fail, which fails, and all
// the others but Missing. step is what its client printed of it.
func accepted(t *testing.T, step string, got capture.Message) {
	t.Helper()
	want := http.StatusOK
	if strings.HasPrefix(step, "fault-") || strings.HasPrefix(step, "missing") {
		want = http.StatusInternalServerError
	}
	if got.Status != want {
		t.Errorf("status %d, want %d: %s", got.Status, want, got.Body)
	}
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
		cell := interop.Cell{
			Table: "Recorded exchanges of Mono, rewritten", Row: c.Name, Column: "its client took", Note: fmt.Sprint(relay.Count()),
			Command: host.p.Command(), Output: strings.Join(got, "\n"),
		}
		if diff := cmp.Diff(c.Printed(), got); diff != "" {
			cell.Code = 1
			t.Errorf("%s: Mono's client printed (-recorded +now):\n%s", c.Name, diff)
		}
		interop.Record(t, cell)
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
