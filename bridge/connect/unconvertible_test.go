package connect_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// text12 is SOAP 1.2 in text.
var text12 = encoder.Encoding{Version: soap.V12}

const (
	wsse = `xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"`
	wsa1 = `xmlns:a="http://www.w3.org/2005/08/addressing"`
)

// hopeless is a message that no conversion can keep the meaning of.
type hopeless struct {
	name         string
	header, body string       // of the envelope; NEXT in it marks a block for the next node that must be understood
	action       string       // "": urn:desk/Ask; "-": none
	cut          int          // bytes that its end lacks
	dtd          bool         // something stands before the envelope that SOAP forbids
	only         soap.Version // None: of both
	says         string       // what the sender is told
}

// unconvertible has every reason for which a message is refused as a message. Those of framing are below.
var unconvertible = []hopeless{
	{name: "signed", header: `<o:Security ` + wsse + `><d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/></o:Security>`, says: "a signed or encrypted message"},
	{name: "encrypted", header: `<o:Security ` + wsse + `><x:EncryptedKey xmlns:x="http://www.w3.org/2001/04/xmlenc#"/></o:Security>`, says: "a signed or encrypted message"},
	{name: "reliable", header: `<r:Sequence xmlns:r="http://schemas.xmlsoap.org/ws/2005/02/rm"/>`, says: "a reliable session (header \"Sequence\") cannot be converted"},
	{name: "reliable 1.1", header: `<r:AckRequested xmlns:r="http://docs.oasis-open.org/ws-rx/wsrm/200702"/>`, says: "a reliable session (header \"AckRequested\")"},
	{name: "sequence", action: "http://docs.oasis-open.org/ws-rx/wsrm/200702/CreateSequence", says: "a reliable session cannot be converted"},
	{name: "security session", action: "http://schemas.xmlsoap.org/ws/2005/02/trust/RST/SCT", says: "a security session cannot be converted"},
	{name: "must be understood", header: `<h:Bill xmlns:h="urn:h" NEXT/>`, says: "header block \"{urn:h}Bill\" must be understood and is not"},
	{name: "answers elsewhere", header: `<a:ReplyTo ` + wsa1 + `><a:Address>http://elsewhere.example.com/</a:Address></a:ReplyTo>`, only: soap.V12, says: "an answer to another address than the sender's"},
	{name: "twice", header: `<a:MessageID ` + wsa1 + `>urn:uuid:8</a:MessageID>`, only: soap.V12, says: "header MessageID twice"},
	{name: "too deep", body: strings.Repeat(`<d xmlns="urn:d">`, 200) + strings.Repeat("</d>", 200), says: "depth"},
	{name: "cut off", cut: 4, says: "truncated"},
	{name: "DTD", dtd: true, says: "document type declaration"},
	{name: "no action", action: "-", only: soap.V11, says: "the message names no action"},
}

// text writes the message.
func (h *hopeless) text(v soap.Version) string {
	head, next := "", `s:actor="http://schemas.xmlsoap.org/soap/actor/next" s:mustUnderstand="1"`
	if v == soap.V12 {
		head = `<a:Action ` + wsa1 + ` s:mustUnderstand="1">` + h.asks() + `</a:Action><a:MessageID ` + wsa1 + `>urn:uuid:7</a:MessageID>`
		next = `s:role="http://www.w3.org/2003/05/soap-envelope/role/next" s:mustUnderstand="true"`
	}
	return `<s:Envelope xmlns:s="` + v.Namespace() + `"><s:Header>` + head + strings.ReplaceAll(h.header, "NEXT", next) + `</s:Header><s:Body>` +
		cmp.Or(h.body, `<Say xmlns="urn:desk">hello</Say>`) + `</s:Body></s:Envelope>`
}

// asks is the action.
func (h *hopeless) asks() string { return strings.TrimPrefix(cmp.Or(h.action, "urn:desk/Ask"), "-") }

// binary writes the message as one of a session of net.tcp.
func (h *hopeless) binary(t *testing.T) []byte {
	t.Helper()
	quotas := infoset.Buffered()
	quotas.Depth = 1000
	m, err := text12.Decode(strings.NewReader(h.text(soap.V12)), encoder.Decoding{Quotas: quotas})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := binarySession.Encode(&out, m, xmlbin.NewWriterSession(0)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()[:out.Len()-h.cut]
}

// told checks a fault: its reason, that it says which message it answers, and that the gateway's log has its tracking id. By a connector that is
// what the log calls the ticket.
func (w *world) told(what string, l *line, says, answers string) {
	w.t.Helper()
	if l == nil || l.fault == nil {
		w.t.Errorf("%s: %+v; want a fault with %q", what, l, says)
		return
	}
	if reason := l.fault.Reason("en"); !strings.Contains(reason, says) || l.answers != answers {
		w.t.Errorf("%s: %q to message %q; want %q to %q", what, reason, l.answers, says, answers)
		return
	}
	id := regexp.MustCompile(`; TrackingId:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`).FindStringSubmatch(l.fault.Reason("en"))
	if id == nil {
		w.t.Errorf("%s: no tracking id in %q", what, l.fault.Reason("en"))
		return
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	w.Await(ctx, what+", "+id[1], func(l map[string]string) bool {
		return l["tracking"] == id[1] || l["ticket"] == id[1]
	})
}

// posted is a request's answer.
type posted struct {
	status     int
	kind, text string
}

// postAs sends bytes to a relay over HTTP.
func (w *world) postAs(relay, kind, action, text string) posted {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+w.Node(0).Host("http")+"/"+relay, strings.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if strings.HasPrefix(kind, "text/xml") {
		req.Header.Set("SOAPAction", `"`+action+`"`)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return posted{res.StatusCode, res.Header.Get("Content-Type"), string(b)}
}

// TestUnconvertibleAtNetTCP: what cannot be converted is refused with its reason in the sender's own version of SOAP, by the connector as by
// the relay's setting, and the service of net.tcp hears nothing of it.
func TestUnconvertibleAtNetTCP(t *testing.T) {
	both(t, func(w *world) {
		var heard atomic.Int32 // messages: a connector looks whether its target is there, in a session that says nothing
		l := service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			_ = framed.Serve(w.t.Context(), c, 1<<20, func(string, string) (framed.Handler, error) {
				return func(_ context.Context, envelope []byte) ([]byte, error) {
					heard.Add(1)
					l, err := decode(envelope, binarySession)
					if err != nil {
						return nil, err
					}
					return encode(counter(l), binarySession)
				}, nil
			})
		})
		at := l.Addr().String()
		w.Add(&entity.Entity{Name: "by-connector", Kind: entity.HTTP, AnonymousSenders: true})
		w.Add(&entity.Entity{Name: "by-setting", Kind: entity.HTTP, AnonymousSenders: true, Settings: entity.Settings{
			Convert: entity.Conversion{Binding: convert.NetTCP, Address: "net.tcp://" + at + "/desk"},
		}})
		e := w.bridge(w.listen,
			connect.Connector{Listen: "by-connector", Target: "net.tcp://" + at + "/desk", Convert: connect.Convert{As: convert.AnySOAP}},
			connect.Connector{Listen: "by-setting", Target: "tcp://" + at})
		e.await(connect.ListenerConnected)
		e.await(connect.ListenerConnected)
		for i, relay := range []string{"by-connector", "by-setting"} {
			w.refusedOverHTTP(relay)
			if n := heard.Load(); n != int32(i) {
				w.t.Errorf("%s: the service heard %d messages", relay, n-int32(i))
			}
			good := w.postAs(relay, "text/xml; charset=utf-8", "urn:desk/Ask", (&hopeless{}).text(soap.V11))
			if l, err := decode([]byte(good.text), text11); err != nil || good.status != http.StatusOK || l.text != "HELLO" || heard.Load() != int32(i)+1 {
				w.t.Errorf("%s, a good message: %+v, %v; %d messages", relay, good, err, heard.Load())
			}
		}
	})
}

// refusedOverHTTP sends everything that is refused.
func (w *world) refusedOverHTTP(relay string) {
	w.t.Helper()
	for _, h := range unconvertible {
		for _, v := range []soap.Version{soap.V11, soap.V12} {
			if h.only != soap.None && h.only != v {
				continue
			}
			e, answers := text11, ""
			if v == soap.V12 {
				e, answers = text12, "urn:uuid:7"
			}
			if h.name == "twice" {
				answers = "" // who says it twice said nothing
			}
			text := h.text(v)
			text = text[:len(text)-h.cut]
			if h.dtd {
				text, answers = `<!DOCTYPE x [<!ENTITY e "x">]>`+text, ""
			}
			w.faultOverHTTP(relay+", "+h.name+" "+v.String(), w.postAs(relay, v.MediaType()+"; charset=utf-8", h.asks(), text), e, http.StatusInternalServerError, h.says, answers)
		}
	}
	plain := (&hopeless{}).text(soap.V11)
	long := strings.Replace(plain, "hello", strings.Repeat("7", convert.DefaultMessage), 1)
	w.faultOverHTTP(relay+", long", w.postAs(relay, "text/xml", "urn:desk/Ask", long), text11, http.StatusRequestEntityTooLarge, "larger than 4194304 bytes", "")
	w.faultOverHTTP(relay+", JSON", w.postAs(relay, "application/json", "", "{}"), text11, http.StatusUnsupportedMediaType, "content type \"application/json\"", "")
	w.faultOverHTTP(relay+", another version", w.postAs(relay, "application/soap+xml; charset=utf-8", "", plain), text11, http.StatusInternalServerError, "the envelope is of SOAP 1.1, the content type of SOAP 1.2", "")

	// Half a message is none.
	c := dial(w.t, w.Node(0).Door("http"))
	if _, err := fmt.Fprintf(c, "POST /%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nSOAPAction: urn:desk/Ask\r\nContent-Length: %d\r\n\r\n%s", relay, len(plain), plain[:len(plain)/2]); err != nil {
		w.t.Fatal(err)
	}
	_ = c.Close()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	w.Await(ctx, "half a message", func(l map[string]string) bool { return l["entity"] == relay && l["reason"] == "SenderGone" })
}

// faultOverHTTP checks an answer.
func (w *world) faultOverHTTP(what string, got posted, e encoder.Encoding, status int, says, answers string) {
	w.t.Helper()
	l, err := decode([]byte(got.text), e)
	if err != nil || got.status != status || !strings.HasPrefix(got.kind, e.Version.MediaType()) {
		w.t.Errorf("%s: %v, %+v", what, err, got)
		return
	}
	w.told(what, l, says, answers)
}

// TestUnconvertibleAtHTTP: the same in the other direction. A sender of net.tcp hears a fault of its session that answers its message; where
// the framing itself is wrong, or cannot be served, a fault of the framing or the end. The service of HTTP sees no request.
func TestUnconvertibleAtHTTP(t *testing.T) {
	both(t, func(w *world) {
		var calls atomic.Int32
		s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			b, _ := io.ReadAll(r.Body)
			l, err := decode(b, text11)
			if err != nil {
				out.WriteHeader(http.StatusBadRequest)
				return
			}
			l.action = strings.Trim(r.Header.Get("SOAPAction"), `"`)
			b, _ = encode(counter(l), text11)
			out.Header().Set("Content-Type", "text/xml; charset=utf-8")
			_, _ = out.Write(b)
		}))
		w.t.Cleanup(s.Close)
		w.Add(&entity.Entity{Name: "by-connector", Kind: entity.NetTCP, AnonymousSenders: true})
		w.Add(&entity.Entity{Name: "by-setting", Kind: entity.NetTCP, AnonymousSenders: true, Settings: entity.Settings{Convert: entity.Conversion{Binding: convert.BasicHTTP}}})
		e := w.bridge(w.listen,
			connect.Connector{Listen: "by-connector", Target: s.URL + "/desk", Convert: connect.Convert{As: convert.NetTCP}},
			connect.Connector{Listen: "by-setting", Target: s.URL + "/desk"})
		e.await(connect.ListenerConnected)
		e.await(connect.ListenerConnected)
		for i, relay := range []string{"by-connector", "by-setting"} {
			for _, h := range unconvertible {
				if h.only == soap.V11 || h.dtd {
					continue
				}
				answers := "urn:uuid:7"
				if h.name == "twice" {
					answers = ""
				}
				l, err := w.ask(relay, h.binary(w.t), false)
				if err != nil {
					w.t.Errorf("%s, %s: %v", relay, h.name, err)
					continue
				}
				w.told(relay+", "+h.name, l, h.says, answers)
			}
			w.refusedByFraming(relay)
			if n := calls.Load(); n != int32(i) {
				w.t.Errorf("%s: the service saw %d requests", relay, n-int32(i))
			}
			if l, err := w.ask(relay, (&hopeless{}).binary(w.t), false); err != nil || l.text != "HELLO" || l.answers != "urn:uuid:7" || calls.Load() != int32(i)+1 {
				w.t.Errorf("%s, a good message: %+v, %v; %d requests", relay, l, err, calls.Load())
			}
		}
	})
}

// refusedByFraming sends what is wrong outside of messages.
func (w *world) refusedByFraming(relay string) {
	w.t.Helper()
	host := w.Node(0).Host("nettcp")
	begin := func(change func(p *framing.Preamble)) []byte {
		p := &framing.Preamble{Mode: framing.Duplex, Via: "net.tcp://" + host + "/" + relay, Encoding: framing.BinarySession}
		change(p)
		return p.Append(nil)
	}
	same := func(*framing.Preamble) {}
	good := framing.AppendSized(nil, (&hopeless{}).binary(w.t))
	for _, row := range []struct {
		name string
		say  []byte
		want []byte // all that is answered; nil: the connection ends without a fault
	}{
		{"Windows security", begin(func(p *framing.Preamble) { p.Upgrade = framing.UpgradeNegotiate }), framing.AppendFault(nil, framing.UpgradeInvalid)},
		{"another encoding", begin(func(p *framing.Preamble) { p.ContentType = "application/json" }), framing.AppendFault(nil, framing.ContentTypeInvalid)},
		{"a long message", append(begin(same), framing.AppendSized(nil, make([]byte, convert.DefaultMessage+1))[:64]...), framing.AppendFault([]byte{byte(framing.PreambleAck)}, framing.MaxMessageSizeExceeded)},
		{"a record out of place", append(begin(same), byte(framing.PreambleEnd)), nil},
		{"no record", append(begin(same), "GET / HTTP/1.1\r\n"...), nil},
		{"a queue's session", begin(func(p *framing.Preamble) { p.Mode = framing.Simplex }), nil},
		{"half a message", append(begin(same), good[:len(good)/2]...), nil},
	} {
		c := dial(w.t, host)
		if _, err := c.Write(row.say); err != nil {
			w.t.Fatal(err)
		}
		if row.want == nil {
			_ = c.CloseWrite()
		}
		got, err := io.ReadAll(c)
		if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() {
			w.t.Errorf("%s, %s: nothing ends it; got %q", relay, row.name, got)
		}
		if row.want != nil && !bytes.Equal(got, row.want) || row.want == nil && bytes.Contains(got, []byte("faults/")) {
			w.t.Errorf("%s, %s: %q, %v; want %q", relay, row.name, got, err, row.want)
		}
	}
}
