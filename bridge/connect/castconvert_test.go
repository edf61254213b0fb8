package connect_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/entity"
)

// What messages to a one-way relay look like, that are none of SOAP 1.2 with WS-Addressing 1.0.
const (
	note11   = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Note xmlns="urn:desk">hello</Note></s:Body></s:Envelope>`
	note2004 = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:Action>urn:desk/Note</a:Action><a:To>http://relay/mail</a:To></s:Header><s:Body><Note xmlns="urn:desk">hello</Note></s:Body></s:Envelope>`
	signed   = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><o:Security ` + wsse + `><d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/></o:Security></s:Header><s:Body/></s:Envelope>`
)

// converting starts a connector of a one-way relay that converts.
func (w *world) converting(target, as string) *ends {
	w.t.Helper()
	w.Add(&entity.Entity{Name: "mail", Kind: entity.OneWay, AnonymousSenders: true})
	e := w.bridge(w.listen, connect.Connector{Listen: "mail", Target: target, Convert: connect.Convert{As: as}})
	e.await(connect.ListenerConnected)
	return e
}

// TestMessagesConvertedToWCF: where the connector converts, a message of any SOAP is one of the service's: SOAP 1.2 with the action and the
// service's own address. What cannot be converted is refused with its reason, and reaches nobody.
func TestMessagesConvertedToWCF(t *testing.T) {
	for _, as := range []string{"soap", "basicHttp"} {
		t.Run(as, func(t *testing.T) {
			both(t, func(w *world) {
				got := make(chan [2]string, 10)
				s := service(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
					if via, m := desk(t, c, true); m != "" {
						got <- [2]string{via, m}
					}
				})
				at := "net.tcp://" + s.Addr().String() + "/svc"
				w.converting(at, as)
				for _, row := range []struct{ kind, body string }{
					{"text/xml; charset=utf-8", note11},
					{soap12, note2004},
					{soap12, note},
					{binary, string(recode(t, []byte(note), soap12, binary))},
					{"text/plain; charset=utf-8", note}, // as a WebSocket has it
					{"application/octet-stream", string(recode(t, []byte(note), soap12, binary))},
				} {
					if p := w.postAs("mail", row.kind, "urn:desk/Note", row.body); p.status != http.StatusAccepted {
						t.Errorf("%s: %+v", row.kind, p)
						continue
					}
					g := <-got
					for _, part := range []string{soapNamespace, ">hello</Note>", ">" + at + "</a:To>", `<a:Action s:mustUnderstand="1" xmlns:a="http://www.w3.org/2005/08/addressing">urn:desk/`} {
						if !strings.Contains(g[1], part) || g[0] != at {
							t.Errorf("%s: to %s came %s; want %s", row.kind, g[0], g[1], part)
						}
					}
					if strings.Contains(g[1], "MessageID") {
						t.Errorf("%s: %s", row.kind, g[1])
					}
				}
				for _, row := range []struct{ kind, body, says string }{
					{"text/xml", signed, "a signed or encrypted message"},
					{"text/xml", note11[:len(note11)-3], "truncated"},
				} {
					if p := w.postAs("mail", row.kind, "urn:desk/Note", row.body); p.status < http.StatusBadRequest || !strings.Contains(p.text, row.says) {
						t.Errorf("want a fault with %q: %+v", row.says, p)
					}
				}
				if p := w.postAs("mail", "application/json", "", "{}"); p.status < http.StatusBadRequest {
					t.Errorf("JSON: %+v", p)
				}
				select {
				case g := <-got:
					t.Errorf("a message that was refused arrived: %s", g)
				default:
				}
			})
		})
	}
}

// soapNamespace is that of SOAP 1.2.
const soapNamespace = `"http://www.w3.org/2003/05/soap-envelope"`

// TestMessagesConvertedToWeb: a service of SOAP 1.1 gets a message of net.tcp in its own version, with its action in SOAPAction. An answer
// with 2xx means taken, whatever it is; the reason of a fault is told to the sender.
func TestMessagesConvertedToWeb(t *testing.T) {
	both(t, func(w *world) {
		got := make(chan *http.Request, 10)
		bodies := make(chan string, 10)
		server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			got <- r
			bodies <- string(b)
			if strings.Contains(string(b), "badly") {
				rw.Header().Set("Content-Type", "text/xml; charset=utf-8")
				rw.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(rw, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>the desk is on fire</faultstring></s:Fault></s:Body></s:Envelope>`)
				return
			}
			_, _ = io.WriteString(rw, "thanks")
		}))
		defer server.Close()
		w.converting(server.URL+"/in", "netTcp")
		for _, row := range []struct{ kind, body, want string }{
			{binary, string(recode(t, []byte(note), soap12, binary)), ""},
			{soap12, note, ""},
			{"text/xml; charset=utf-8", note11, ""},
			{soap12, strings.Replace(note, "hello", "badly", 1), "the desk is on fire"},
		} {
			p := w.postAs("mail", row.kind, `urn:desk/Note`, row.body)
			if good := p.status == http.StatusAccepted; good != (row.want == "") || !strings.Contains(p.text, row.want) {
				t.Errorf("%s: %+v", row.kind, p)
			}
			r, body := <-got, <-bodies
			if action := r.Header.Get("SOAPAction"); !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") || !strings.HasPrefix(action, `"urn:desk/`) || r.URL.Path != "/in" {
				t.Errorf("%s: posted to %s as %s, action %s", row.kind, r.URL, r.Header.Get("Content-Type"), action)
			}
			if !strings.Contains(body, "http://schemas.xmlsoap.org/soap/envelope/") || !strings.Contains(body, "<Note ") || strings.Contains(body, "<a:") {
				t.Errorf("%s: posted %s", row.kind, body)
			}
		}
	})
}
