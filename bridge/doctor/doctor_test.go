package doctor

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a gateway as the doctor meets it: healthy, and with one answer to whatever has a token.
type door struct {
	*httptest.Server
	status  int
	code    string
	asked   *http.Request // the last one that is no health
	silent  bool          // no Date
	standby string        // code for who asks as a listener
	kind    string        // of the relay; "": it does not tell
}

func newDoor(t *testing.T, status int, code string) *door {
	t.Helper()
	d := &door{status: status, code: code}
	d.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.silent {
			w.Header()["Date"] = nil
		}
		if r.URL.Path == "/$health" {
			_, _ = w.Write([]byte(`{"healthy":true}`))
			return
		}
		d.asked = r.Clone(context.Background())
		if code := d.code; code != "" {
			if r.URL.Query().Get("sb-hc-action") == "standby" && d.standby != "" {
				code = d.standby
			}
			w.Header().Set("Causeway-Error", code)
		}
		if d.kind != "" && r.Header.Get("Causeway-Agent") == "kind" {
			w.Header().Set("Causeway-Kind", d.kind)
		}
		w.WriteHeader(d.status)
		_, _ = fmt.Fprintf(w, `{"error":{"code":%q,"message":"because. TrackingId:x"}}`, d.code)
	}))
	d.Config.ErrorLog = nil
	t.Cleanup(d.Close)
	return d
}

// params are those of somebody who trusts the door.
func (d *door) params(t *testing.T, entity string) Params {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	cs, err := connstring.Parse("Endpoint=sb://" + d.Listener.Addr().String() + "/;SharedAccessKeyName=send;SharedAccessKey=a2V5")
	if err != nil {
		t.Fatal(err)
	}
	return Params{Gateway: cs, Entity: entity, Roots: trust.Roots{File: file}, System: "linux"}
}

// states is the rows in short: one letter for each state.
func states(rows []Check) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteByte(r.State[0])
	}
	return b.String()
}

// TestVerdicts: what a gateway answers to the one request with a token, and the rows that come of it.
func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		entity string
		status int
		code   string
		states string // dns tcp tls clock token entity listener
		do     string // of the first row with advice
	}{
		"all well":            {"hyco", 404, "NoMatchingListener", "ooooooo", ""},
		"not ours, all well":  {"hyco", 101, "", "ooooooo", ""},
		"no listener":         {"hyco", 404, "NoListener", "oooooof", "causeway listen hyco --target tcp://HOST:PORT"},
		"no relay":            {"a/b", 404, "UnknownEntity", "ooooofs", "causeway relay create a/b"},
		"may do nothing":      {"hyco", 401, "RightMissing", "oooofss", "causeway rule update send --rights Listen,Send"},
		"wrong key":           {"hyco", 401, "InvalidSignature", "oooofss", "causeway rule keys send"},
		"expired":             {"hyco", 401, "ExpiredToken", "oooofss", "sign it anew"},
		"audience":            {"hyco", 401, "InvalidAudience", "oooofss", "of 'causeway rule keys send'"},
		"drains":              {"hyco", 503, "Draining", "oooofss", ""},
		"something else":      {"hyco", 200, "", "oooofss", "this is no gateway of ours"},
		"manage":              {"", 200, "", "oooooss", ""},
		"may not manage":      {"", 401, "RightMissing", "oooooss", ""},
		"wrong key to manage": {"", 401, "InvalidSignature", "oooofss", "causeway rule keys send"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, c.status, c.code)
			var began []string
			p := d.params(t, c.entity)
			p.Begins = func(row string) { began = append(began, row) }
			rows := Run(t.Context(), p)
			if got := states(rows); got != c.states {
				t.Fatalf("rows %s, want %s: %+v", got, c.states, rows)
			}
			do := ""
			for _, r := range rows {
				if do == "" {
					do = r.Do
				}
				if strings.Contains(r.Detail+r.Do, "a2V5") || strings.Contains(r.Detail, "TrackingId") {
					t.Errorf("%+v", r)
				}
			}
			if !strings.Contains(do, c.do) {
				t.Errorf("advice %q, want %q", do, c.do)
			}
			if strings.Join(began, " ") != "dns tcp tls clock token" {
				t.Errorf("progress %v", began)
			}
			if c.entity != "" && d.asked.Header.Get("Microsoft-Relay-AllowedListeners") == "" {
				t.Errorf("asked %s %v: a listener might notice", d.asked.URL, d.asked.Header)
			}
		})
	}
}

// TestKinds: a gateway that tells the kind of the relay is believed, as far as it is one; the rows say what it is for, and how one listens.
func TestKinds(t *testing.T) {
	for name, c := range map[string]struct {
		kind, code string
		status     int
		states     string // of entity and listener
		says, do   string
	}{
		"hybrid":            {"hybrid", "NoListener", 404, "of", "hyco exists, of kind hybrid: for connections", "--target tcp://HOST:PORT"},
		"nettcp":            {"nettcp", "NoListener", 404, "of", "net.tcp", "--target net.tcp://HOST:PORT"},
		"http":              {"http", "NoMatchingListener", 404, "oo", "of kind http: for WCF", ""},
		"oneway":            {"oneway", "NoListener", 404, "of", "causeway relay update hyco --kind hybrid", "--target http://HOST:PORT/PATH"},
		"oneway, all well":  {"oneway", "", 101, "oo", "to one listener", ""},
		"event":             {"event", "", 101, "os", "to every listener", ""},
		"none that we know": {"of tomorrow", "NoListener", 404, "of", "hyco exists", "--target tcp://HOST:PORT"},
		"listens alone":     {"event", "RightMissing", 401, "os", "of kind event", "a rule that may send"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t, c.status, c.code)
			d.kind, d.standby = c.kind, "Conflict"
			rows := Run(t.Context(), d.params(t, "hyco"))
			at, listener := rows[5], rows[6]
			if got := states(rows[5:]); got != c.states || !strings.Contains(at.Detail, c.says) || !strings.Contains(listener.Do, c.do) || at.Do != "" {
				t.Errorf("rows %s, want %s: %+v", got, c.states, rows[5:])
			}
			if c.kind == "of tomorrow" && at.Detail != c.says {
				t.Errorf("%q", at.Detail)
			}
		})
	}
}

// TestListensOnly: a rule that may listen alone sees whether its relay is there.
func TestListensOnly(t *testing.T) {
	for code, want := range map[string]string{"Conflict": "oooooos", "UnknownEntity": "ooooofs", "BadRequest": "oooooss"} {
		d := newDoor(t, 401, "RightMissing")
		d.standby = code
		rows := Run(t.Context(), d.params(t, "hyco"))
		if got := states(rows); got != want {
			t.Errorf("%s: rows %s, want %s: %+v", code, got, want, rows)
		}
		if code == "Conflict" && !strings.Contains(rows[6].Do, "causeway rule create hyco Sender --rights Send") {
			t.Errorf("advice %q", rows[6].Do)
		}
	}
}

// TestNoTokenForStrangers: nothing with a token is sent to who is not trusted.
func TestNoTokenForStrangers(t *testing.T) {
	d := newDoor(t, 404, "NoMatchingListener")
	p := d.params(t, "hyco")
	p.Roots = trust.Roots{}
	rows := Run(t.Context(), p)
	if got := states(rows); got != "oofosss" || d.asked != nil {
		t.Fatalf("rows %s, asked %v: %+v", got, d.asked, rows)
	}
	if !strings.Contains(rows[2].Do, "--ca-file FILE") {
		t.Errorf("advice %q", rows[2].Do)
	}
}

// TestTimes: no Date is no error; a certificate that has ended is told from a clock that is wrong.
func TestTimes(t *testing.T) {
	d := newDoor(t, 404, "NoMatchingListener")
	d.silent = true
	if rows := Run(t.Context(), d.params(t, "hyco")); states(rows) != "ooosooo" {
		t.Errorf("without Date: %+v", rows)
	}
	d.silent = false
	p := d.params(t, "hyco")
	p.Now = func() time.Time { return d.Certificate().NotAfter.Add(time.Hour) }
	rows := Run(t.Context(), p)
	if states(rows) != "ooffsss" || rows[2].Do != "set the clock, see the row clock" || !strings.Contains(rows[3].Do, "date -u -s @") {
		t.Errorf("a clock far ahead: %+v", rows)
	}
	for system, want := range map[string]string{"windows": "w32tm /resync", "darwin": "sntp", "linux": "date -u -s @60,"} {
		if got := clockAdvice(system, time.Unix(60, 0)); !strings.Contains(got, want) {
			t.Errorf("%s: %q", system, got)
		}
	}
}

// TestPatience: a port that accepts and says nothing is given up in time, and everything when the context ends.
func TestPatience(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cs, err := connstring.Parse("Endpoint=sb://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	rows := Run(t.Context(), Params{Gateway: cs, Entity: "hyco", Timeout: 200 * time.Millisecond, System: "linux"})
	if states(rows) != "oofssss" || time.Since(began) > 20*time.Second {
		t.Errorf("after %v: %+v", time.Since(began), rows)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rows := Run(ctx, Params{Gateway: cs}); states(rows) != "ofsssss" {
		t.Errorf("cancelled: %+v", rows)
	}
}

// TestProxy: a way is asked for as HTTP has it, a refusal ends the row, and advice is about the proxy.
func TestProxy(t *testing.T) {
	d := newDoor(t, 404, "NoMatchingListener")
	for answer, ok := range map[string]bool{"200 Connection established": true, "407 Proxy Authentication Required": false} {
		conn, far := net.Pipe()
		done := make(chan error, 1)
		go func() { done <- through(conn, d.Listener.Addr().String()) }()
		b := make([]byte, 1000)
		n, err := far.Read(b)
		if err != nil || !strings.HasPrefix(string(b[:n]), "CONNECT "+d.Listener.Addr().String()+" HTTP/1.1\r\n") {
			t.Errorf("asked %q %v", b[:n], err)
		}
		_, _ = far.Write([]byte("HTTP/1.1 " + answer + "\r\n\r\n"))
		if err := <-done; (err == nil) != ok {
			t.Errorf("%s: %v", answer, err)
		}
		_ = conn.Close()
		_ = far.Close()
	}
	e := &exam{Params: Params{System: "linux"}, host: "relay.example.com", address: "relay.example.com:443", via: "proxy.example:1"}
	if got := e.nameAdvice("proxy.example", &net.DNSError{IsNotFound: true}); !strings.Contains(got, "HTTPS_PROXY") {
		t.Errorf("advice %q", got)
	}
	if got := e.portAdvice(t.Context(), net.ErrClosed); !strings.Contains(got, "HTTPS_PROXY") {
		t.Errorf("advice %q", got)
	}
}

// TestInterrupted: the end of the context ends a row that waits for an answer.
func TestInterrupted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	accepted := make(chan net.Conn, 2)
	go func() {
		defer close(accepted)
		for range 2 { // the row tcp, and the one that waits
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
		cancel()
	}()
	cs, err := connstring.Parse("Endpoint=sb://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	rows := Run(ctx, Params{Gateway: cs, Entity: "hyco", Plain: true, Timeout: time.Minute, System: "linux"})
	for conn := range accepted {
		_ = conn.Close()
	}
	if took := time.Since(began); took > 30*time.Second || len(rows) != len(names) || rows[4].State == OK {
		t.Errorf("after %s: %+v", took, rows)
	}
}

// TestNeighbour: a gateway of somebody else at a usual port of this machine is no advice. One that is trusted is, and the node that is
// known, whoever signed its certificate.
func TestNeighbour(t *testing.T) {
	d := newDoor(t, 404, "NoMatchingListener")
	host, port, err := net.SplitHostPort(d.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	shut, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := shut.Addr().String()
	_ = shut.Close()
	trusted := d.params(t, "hyco")
	for name, c := range map[string]struct {
		roots trust.Roots
		own   *Own
		usual []string
		want  string
	}{
		"a stranger's":              {trust.Roots{}, nil, []string{port}, "run 'causeway serve --https " + address + "'"},
		"a stranger's, beside ours": {trust.Roots{}, &Own{Port: "1"}, []string{port}, "run 'causeway serve --https "},
		"one that is trusted":       {trusted.Roots, nil, []string{port}, "a gateway answers at port " + port},
		"ours":                      {trust.Roots{}, &Own{Port: port}, nil, "a gateway answers at port " + port},
		"no file of a CA":           {trust.Roots{File: "/nothing.pem"}, nil, []string{port}, "run 'causeway serve --https "},
		"none at all":               {trusted.Roots, nil, nil, "run 'causeway serve --https "},
	} {
		p := trusted
		p.Roots, p.Own = c.roots, c.own
		e := &exam{Params: p, host: host, address: address, usual: c.usual}
		if got := e.portAdvice(t.Context(), net.ErrClosed); !strings.Contains(got, c.want) {
			t.Errorf("%s: advice %q, want %q", name, got, c.want)
		}
	}
}

// TestAdvice: names and certificates, without a network.
func TestAdvice(t *testing.T) {
	gone := &net.DNSError{IsNotFound: true, Name: "x"}
	e := &exam{Params: Params{System: "windows", Own: &Own{Host: "relay.example.com", Port: "443"}}, host: "rely.example.com", address: "rely.example.com:443"}
	if got := e.nameAdvice("rely.example.com", gone); !strings.Contains(got, "write Endpoint=sb://relay.example.com/ in") {
		t.Errorf("advice %q", got)
	}
	if got := e.nameAdvice("quite.different", gone); !strings.Contains(got, `hosts 'ADDRESS quite.different'`) || !strings.Contains(got, "Add-Content") {
		t.Errorf("advice %q", got)
	}
	if got := e.nameAdvice("relay.example.com", &net.DNSError{IsTimeout: true}); !strings.Contains(got, "DNS server that answers") {
		t.Errorf("advice %q", got)
	}
	d := newDoor(t, 200, "")
	if got := e.namesAdvice(d.Certificate()); !strings.Contains(got, "write Endpoint=sb://example.com/ in") {
		t.Errorf("advice %q", got)
	}
	if got := e.trustAdvice(nil, tls.AlertError(1)); got == "" {
		t.Error("no advice")
	}
}
