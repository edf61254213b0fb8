package connect_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// line is what a message of these stories says: an action, and text in one element, or a fault.
type line struct {
	action, id, answers string // answers: the message that this one relates to
	text                string
	fault               *soap.Fault
}

// text11 and binarySession are the forms of the two ends of these stories.
var (
	text11        = encoder.Encoding{Version: soap.V11}
	binarySession = encoder.Encoding{Version: soap.V12, Form: soap.Session}
)

// encode makes the bytes of a message of a form, with addressing 1.0 where that is binary; in a session of its own.
func encode(l *line, e encoder.Encoding) ([]byte, error) {
	m := soap.New(e.Version)
	if l.fault != nil {
		m.SetFault(l.fault)
	} else {
		m.SetBody(func(w infoset.Writer) error {
			w.Start(&infoset.Name{Local: "Say", Space: "urn:desk"})
			w.Text(infoset.String(l.text))
			w.End()
			return w.Err()
		})
	}
	if e.Form == soap.Session {
		p := wsa.Properties{Version: wsa.V10, Action: l.action, MessageID: l.id, Session: true}
		if l.answers != "" {
			p.RelatesTo = []wsa.Relation{{ID: l.answers}}
		}
		if err := p.Write(m); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	err := e.Encode(&out, m, xmlbin.NewWriterSession(0))
	return out.Bytes(), err
}

// decode reads what encode, or a connector, made.
func decode(b []byte, e encoder.Encoding) (*line, error) {
	m, err := e.Decode(bytes.NewReader(b), encoder.Decoding{Quotas: infoset.Buffered(), Session: xmlbin.NewReaderSession(0)})
	if err != nil {
		return nil, err
	}
	p, err := wsa.Read(m)
	if err != nil {
		return nil, err
	}
	l := &line{action: p.Action, id: p.MessageID, answers: p.Answers()}
	if l.fault, err = m.Fault(); err != nil || l.fault != nil {
		return l, err
	}
	r, err := m.Body()
	for err == nil {
		var tok *infoset.Token
		if tok, err = r.Next(); err == nil && tok.Kind == infoset.Text {
			l.text += tok.Value.String()
		}
	}
	if err != io.EOF {
		return nil, err
	}
	return l, nil
}

// refusal is the fault of a service in these stories: a code, a reason and a detail.
func refusal() *soap.Fault {
	f := soap.NewFault(soap.Sender, "the desk is closed")
	if err := f.SetDetail(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "Opens", Space: "urn:desk"})
		w.Text(infoset.String("at nine"))
		w.End()
		return w.Err()
	}); err != nil {
		panic(err)
	}
	return f
}

// isRefusal reports whether f is what the service said.
func isRefusal(f *soap.Fault) bool {
	return f != nil && f.Code.Local == soap.Sender.Local && f.Reason("en") == "the desk is closed" && len(f.Entries()) == 1 &&
		f.Entries()[0].Name().Is("urn:desk", "Opens") && f.Entries()[0].Text() == "at nine"
}

// counter answers a line of either end: Ask and Refuse as they are called, Tell not at all.
func counter(l *line) *line {
	switch l.action {
	case "urn:desk/Ask":
		return &line{action: "urn:desk/AskResponse", answers: l.id, text: strings.ToUpper(l.text)}
	case "urn:desk/Refuse":
		return &line{action: "urn:desk/RefuseOpensFault", answers: l.id, fault: refusal()}
	}
	return nil
}

// webDesk is the desk as a service of SOAP 1.1 over HTTP. What it hears goes to heard.
func webDesk(t *testing.T, heard chan<- string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		l, err := decode(body, text11)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		l.action = strings.Trim(r.Header.Get("SOAPAction"), `"`)
		heard <- l.action + " " + l.text
		answer := counter(l)
		switch {
		case l.action == "urn:desk/Page":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<p>no service here</p>")
			return
		case answer == nil:
			w.WriteHeader(http.StatusAccepted)
			return
		}
		b, err := encode(answer, text11)
		if err != nil {
			w.WriteHeader(http.StatusNotImplemented)
			return
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		if answer.fault != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/desk"
}

// call says a line to a net.tcp relay, in a session of its own.
func (w *world) call(relay string, l *line) (*line, error) {
	w.t.Helper()
	b, err := encode(l, binarySession)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.ask(relay, b, l.id == "")
}

// ask sends one envelope to a net.tcp relay, in a session of its own.
func (w *world) ask(relay string, envelope []byte, oneWay bool) (*line, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	host := w.Node(0).Host("nettcp")
	dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", host) }
	answer, err := framed.Call(ctx, dial, "net.tcp://"+host+"/"+relay, envelope, oneWay, 1<<20)
	if err != nil || answer == nil {
		return nil, err
	}
	return decode(answer, binarySession)
}

// TestConvertNetTCPAtHTTP: a client of net.tcp hears the answers of a service of SOAP 1.1 over HTTP, and its faults, as messages of its
// session that answer its own; what is no SOAP is a fault that says so.
func TestConvertNetTCPAtHTTP(t *testing.T) {
	both(t, func(w *world) {
		w.Add(&entity.Entity{Name: "desk", Kind: entity.NetTCP, AnonymousSenders: true})
		heard := make(chan string, 8)
		e := w.bridge(w.listen, connect.Connector{Listen: "desk", Target: webDesk(t, heard), Convert: connect.Convert{As: "netTcp"}})
		e.await(connect.ListenerConnected)
		for _, c := range []struct {
			action, id string
			right      func(l *line) bool
		}{
			{"urn:desk/Ask", "urn:uuid:1", func(l *line) bool { return l.text == "HELLO <Ü>" && l.action == "urn:desk/AskResponse" }},
			{"urn:desk/Refuse", "urn:uuid:2", func(l *line) bool { return isRefusal(l.fault) && l.action == "urn:desk/RefuseOpensFault" }},
			{"urn:desk/Page", "urn:uuid:3", func(l *line) bool {
				return l.fault != nil && l.fault.Code.Local == "Receiver" && strings.Contains(l.fault.Reason("en"), "answered 200 without a SOAP message")
			}},
		} {
			l, err := w.call("desk", &line{action: c.action, id: c.id, text: "hello <ü>"})
			if err != nil {
				t.Fatalf("%s: %v", c.action, err)
			}
			if !c.right(l) || l.answers != c.id {
				t.Errorf("%s: %+v, %v", c.action, l, l.fault)
			}
			if got := <-heard; got != c.action+" hello <ü>" {
				t.Errorf("the service heard %q", got)
			}
		}
		// One-way: nothing says MessageID, the service answers 202, and the session ends in order.
		if l, err := w.call("desk", &line{action: "urn:desk/Tell", text: "quiet"}); l != nil || err != nil {
			t.Errorf("one-way: %+v, %v", l, err)
		}
		if got := <-heard; got != "urn:desk/Tell quiet" {
			t.Errorf("the service heard %q", got)
		}
	})
}

// tcpDesk is the desk as a service of net.tcp.
func tcpDesk(t *testing.T, answer func(l *line) *line) string {
	t.Helper()
	l := service(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
		_ = framed.Serve(t.Context(), c, 1<<20, func(string, string) (framed.Handler, error) {
			return func(_ context.Context, envelope []byte) ([]byte, error) {
				l, err := decode(envelope, binarySession)
				if err != nil {
					return nil, err
				}
				said := answer(l)
				if said == nil {
					return nil, nil
				}
				return encode(said, binarySession)
			}, nil
		})
	})
	return "net.tcp://" + l.Addr().String() + "/desk"
}

// TestConvertHTTPAtNetTCP: a client of SOAP 1.1 over HTTP hears a net.tcp service's answers, and its faults with status 500.
func TestConvertHTTPAtNetTCP(t *testing.T) {
	both(t, func(w *world) {
		w.Add(&entity.Entity{Name: "desk", Kind: entity.HTTP, AnonymousSenders: true})
		e := w.bridge(w.listen, connect.Connector{Listen: "desk", Target: tcpDesk(t, counter), Convert: connect.Convert{As: "basicHttp"}})
		e.await(connect.ListenerConnected)
		for action, want := range map[string]int{"urn:desk/Ask": http.StatusOK, "urn:desk/Refuse": http.StatusInternalServerError} {
			status, text := post(t, "http://"+w.Node(0).Host("http")+"/desk", action)
			l, err := decode([]byte(text), text11)
			if err != nil || status != want {
				t.Fatalf("%s: %d, %v, %s", action, status, err, text)
			}
			if want == http.StatusOK && l.text != "HELLO" || want != http.StatusOK && !isRefusal(l.fault) {
				t.Errorf("%s: %s", action, text)
			}
		}
	})
}

// TestConvertDuplex: contracts that an exchange has no place for are refused, in words that say what to do: a service that calls its
// client back, one that answers another message, and a client that wants a reliable session, of which the service sees nothing.
func TestConvertDuplex(t *testing.T) {
	both(t, func(w *world) {
		w.Add(&entity.Entity{Name: "desk", Kind: entity.HTTP, AnonymousSenders: true})
		w.Add(&entity.Entity{Name: "back", Kind: entity.NetTCP, AnonymousSenders: true})
		target := tcpDesk(t, func(l *line) *line {
			if l.action == "urn:desk/Subscribe" {
				return &line{action: "urn:desk/OnNews", id: "urn:uuid:news", text: "news"}
			}
			return &line{action: "urn:desk/AskResponse", answers: "urn:uuid:of somebody else", text: "wrong"}
		})
		heard := make(chan string, 8)
		e := w.bridge(w.listen,
			connect.Connector{Listen: "desk", Target: target, Convert: connect.Convert{As: "basicHttp"}},
			connect.Connector{Listen: "back", Target: webDesk(t, heard), Convert: connect.Convert{As: "netTcp"}})
		e.await(connect.ListenerConnected)
		e.await(connect.ListenerConnected)
		for action, want := range map[string]string{
			"urn:desk/Subscribe": "calls its client back, for which an exchange has no place: let senders use netTcp",
			"urn:desk/Ask":       "the service answered another message",
		} {
			status, text := post(t, "http://"+w.Node(0).Host("http")+"/desk", action)
			if l, err := decode([]byte(text), text11); status != http.StatusInternalServerError || err != nil || l.fault == nil || !strings.Contains(l.fault.Reason("en"), want) {
				t.Errorf("%s: %d, %v, %s", action, status, err, text)
			}
		}
		const sequence = "http://schemas.xmlsoap.org/ws/2005/02/rm/CreateSequence"
		l, err := w.call("back", &line{action: sequence, id: "urn:uuid:4", text: "a sequence"})
		if err != nil || l.fault == nil || !strings.Contains(l.fault.Reason("en"), "a reliable session cannot be converted: use one binding on both sides") || l.answers != "urn:uuid:4" {
			t.Errorf("a reliable session: %+v, %v", l, err)
		}
		if len(heard) > 0 {
			t.Errorf("the service heard %q", <-heard)
		}
	})
}
