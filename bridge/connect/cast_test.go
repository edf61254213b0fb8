package connect_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

const (
	note    = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">urn:desk/"Note</a:Action></s:Header><s:Body><Note xmlns="urn:desk">hello</Note></s:Body></s:Envelope>`
	soap12  = "application/soap+xml; charset=utf-8"
	binary  = "application/soap+msbin1"
	session = "application/soap+msbinsession1"
)

// recode writes a SOAP message in another encoding.
func recode(t *testing.T, b []byte, from, to string) []byte {
	t.Helper()
	in, err := encoder.Select(from)
	if err != nil {
		t.Fatal(err)
	}
	out, err := encoder.Select(to)
	if err != nil {
		t.Fatal(err)
	}
	m, err := in.Decode(bytes.NewReader(b), encoder.Decoding{Session: xmlbin.NewReaderSession(0)})
	if err != nil {
		t.Fatal(err)
	}
	var w bytes.Buffer
	if err := out.Encode(&w, m, nil); err != nil {
		t.Fatal(err)
	}
	return w.Bytes()
}

// post sends a message to the one-way relay and gives status and code.
func (w *world) post(path, contentType, body string) (status int, code string) {
	w.t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: w.TLS()}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "https://"+w.Node(0).Ready().Endpoints["https"]+"/"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	response, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode, response.Header.Get("Causeway-Error")
}

// mail starts a connector of a one-way relay.
func (w *world) mail(target string) *ends {
	w.t.Helper()
	w.Add(&entity.Entity{Name: "mail", Kind: entity.OneWay, AnonymousSenders: true})
	e := w.bridge(w.listen, connect.Connector{Listen: "mail", Target: target})
	e.await(connect.ListenerConnected)
	return e
}

// TestMessagesToWeb: a web server gets each message as a POST; SOAP in binary becomes text; what it says decides.
func TestMessagesToWeb(t *testing.T) {
	type posted struct{ path, kind, body string }
	both(t, func(w *world) {
		got := make(chan posted, 10)
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || r.Method != http.MethodPost {
				t.Errorf("%s, %v", r.Method, err)
			}
			if string(body) == "bad" {
				rw.WriteHeader(http.StatusTeapot)
				return
			}
			got <- posted{r.URL.String(), r.Header.Get("Content-Type"), string(body)}
			_, _ = io.WriteString(rw, "thanks")
		}))
		defer server.Close()
		e := w.mail(server.URL + "/in")
		rows := []struct {
			name, path, kind, body string
			status                 int
			want                   posted
		}{
			{"JSON", "mail", "application/json", `{"a":1}`, 202, posted{"/in", "application/json", `{"a":1}`}},
			{"with a path", "mail/deep?x=1", "text/plain", "", 202, posted{"/in/deep?x=1", "text/plain", ""}},
			{"text SOAP", "mail", soap12, note, 202, posted{"/in", soap12, note}},
			{"binary SOAP", "mail", binary, string(recode(t, []byte(note), soap12, binary)), 202, posted{"/in", soap12 + `; action="urn:desk/\"Note"`, note}},
			{"no SOAP", "mail", binary, "nonsense", 400, posted{}},
			{"refused", "mail", "text/plain", "bad", 418, posted{}},
		}
		for _, row := range rows {
			status, code := w.post(row.path, row.kind, row.body)
			if status != row.status {
				t.Errorf("%s: %d %s", row.name, status, code)
			}
			if row.want == (posted{}) {
				continue
			}
			if p := <-got; p != row.want {
				t.Errorf("%s: posted %q, want %q", row.name, p, row.want)
			}
		}
		if ev := e.await(connect.Answered); ev.In != 7 || !strings.Contains(ev.Text, "POST") || ev.Reason != "" {
			t.Errorf("told %+v", ev)
		}
		server.Close()
		if status, code := w.post("mail", "text/plain", "x"); status != 502 && status != 504 {
			t.Errorf("a server that is down: %d %s", status, code)
		}
	})
}

// desk is a WCF service that takes one message a session. It gives the Via, and the message in text.
func desk(t *testing.T, c net.Conn, acks bool) (via, message string) {
	var buf []byte
	var room [4096]byte
	for {
		p, n, err := framing.ParsePreamble(buf, framing.Limits{})
		if err == nil {
			via, buf = p.Via, buf[n:]
			break
		}
		if !errors.Is(err, framing.ErrShort) {
			t.Error(err)
			return "", ""
		}
		n, err = c.Read(room[:])
		if buf = append(buf, room[:n]...); err != nil {
			return "", ""
		}
	}
	if !acks {
		_, _ = c.Write(framing.AppendFault(nil, framing.EndpointNotFound))
		return "", ""
	}
	_, _ = c.Write([]byte{byte(framing.PreambleAck)})
	var d framing.Decoder
	var body []byte
	for {
		ev, n, err := d.Next(buf)
		buf = buf[n:]
		switch {
		case err == nil && ev.Kind == framing.SizedEnvelope:
			body = append(body, ev.Data...)
		case err == nil && ev.Kind == framing.End:
			_, _ = c.Write([]byte{byte(framing.End)})
			if body != nil {
				message = string(recode(t, body, session, soap12))
			}
			return via, message
		case errors.Is(err, framing.ErrShort):
			n, err := c.Read(room[:])
			if buf = append([]byte(nil), room[:n]...); err != nil {
				return "", ""
			}
		default:
			t.Errorf("%+v, %v", ev, err)
			return "", ""
		}
	}
}

// TestMessagesToWCF: a WCF service gets each message in a session of its own.
func TestMessagesToWCF(t *testing.T) {
	both(t, func(w *world) {
		got := make(chan [2]string, 10)
		s := service(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			if via, m := desk(t, c, true); m != "" { // else it is the connector's probe
				got <- [2]string{via, m}
			}
		})
		at := "net.tcp://" + s.Addr().String() + "/svc"
		e := w.mail(at)
		for _, row := range []struct{ path, kind, body, via string }{
			{"mail", binary, string(recode(t, []byte(note), soap12, binary)), at},
			{"mail/deep?x=1", soap12, note, at + "/deep?x=1"},
		} {
			if status, code := w.post(row.path, row.kind, row.body); status != 202 {
				t.Errorf("%s: %d %s", row.kind, status, code)
			}
			if g := <-got; g[0] != row.via || g[1] != note {
				t.Errorf("%s: to %s came %s", row.kind, g[0], g[1])
			}
		}
		for _, kind := range []string{"application/json", "text/xml"} {
			if p := w.postAs("mail", kind, "urn:desk/Note", note11); p.status != 400 || !strings.Contains(p.text, "takes SOAP 1.2") {
				t.Errorf("%s: %+v", kind, p)
			}
			ev := e.await(connect.Answered)
			for ev.Reason == "" { // those above
				ev = e.await(connect.Answered)
			}
			if ev.Reason != fail.BadRequest || !strings.Contains(ev.Do, "as soap") {
				t.Errorf("%s: told %+v", kind, ev)
			}
		}
	})
}

// TestMessagesToNobody: a service that does not know its endpoint, or is not there, takes nothing, and the sender hears so.
func TestMessagesToNobody(t *testing.T) {
	w := func(t *testing.T, acks bool) {
		both(t, func(w *world) {
			s := service(t, "tcp", "127.0.0.1:0", func(c net.Conn) { desk(t, c, acks) })
			e := w.mail("net.tcp://" + s.Addr().String() + "/svc")
			if acks {
				_ = s.Close()
			}
			if status, code := w.post("mail", soap12, note); status < 500 {
				t.Errorf("%d %s", status, code)
			}
			if ev := e.await(connect.Answered); ev.Reason == "" {
				t.Errorf("told %+v", ev)
			}
		})
	}
	t.Run("no endpoint", func(t *testing.T) { w(t, false) })
	t.Run("nobody there", func(t *testing.T) { w(t, true) })
}
