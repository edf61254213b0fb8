package convert_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/mtom"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

const (
	action  = "http://tempuri.org/IEcho/Add"
	address = "net.tcp://127.0.0.1:808/svc"
	body    = `<Add xmlns="http://tempuri.org/"><a>2</a><b q:k="v" xmlns:q="urn:q">40 &lt;ü</b><n xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></Add>`
)

// peer is one end of the test: it makes and reads messages of a binding with the packages below, not with the converter.
type peer struct {
	t testing.TB
	b convert.Binding
	r *xmlbin.ReaderSession
	w *xmlbin.WriterSession
}

func newPeer(t testing.TB, name string) *peer {
	t.Helper()
	b, ok := convert.Find(name)
	if !ok {
		t.Fatal(name)
	}
	if b.Any {
		b.Version = soap.V11
	}
	return &peer{t, b, xmlbin.NewReaderSession(0), xmlbin.NewWriterSession(0)}
}

// text reads a text envelope of the peer's version with what is given inside Header and Body.
func (p *peer) text(header, body string) *soap.Message {
	p.t.Helper()
	e := encoder.Encoding{Version: p.b.Version}
	doc := `<s:Envelope xmlns:s="` + p.b.Version.Namespace() + `"><s:Header>` + header + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
	m, err := e.Decode(strings.NewReader(doc), encoder.Decoding{Quotas: infoset.Buffered()})
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

// send makes bytes of a message.
func (p *peer) send(m *soap.Message, props wsa.Properties) convert.Message {
	p.t.Helper()
	props.Version, props.Session = p.b.Addressing, p.b.Framed
	if err := props.Write(m); err != nil {
		p.t.Fatal(err)
	}
	e := encoder.Encoding{Version: p.b.Version, Form: p.b.Form}
	out := convert.Message{ContentType: e.ContentType("")}
	if p.b.Addressing == wsa.None {
		out.ContentType = e.ContentType(props.Action)
		out.SOAPAction = []string{soap.QuoteAction(props.Action)}
	}
	var dst bytes.Buffer
	var err error
	if p.b.Form == soap.Multipart {
		o := mtom.WriterOptions{Version: p.b.Version, Boundary: "uuid:1+id=1", Threshold: 1}
		err = m.Write(mtom.NewWriter(&dst, o))
		out.ContentType = o.ContentType()
	} else {
		err = e.Encode(&dst, m, p.w)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	out.Body = dst.Bytes()
	return out
}

// receive reads a message, and gives its addressing and its body as text.
func (p *peer) receive(in convert.Message) (*wsa.Properties, string, *soap.Fault) {
	p.t.Helper()
	e, err := encoder.Select(in.ContentType)
	if err != nil {
		p.t.Fatal(err)
	}
	if e.Form != p.b.Form && e.Form != soap.Text {
		p.t.Fatalf("a message of %q for %s", in.ContentType, p.b.Name)
	}
	m, err := e.Decode(bytes.NewReader(in.Body), encoder.Decoding{Quotas: infoset.Buffered(), Session: p.r, Multipart: mtom.Opener{}})
	if err != nil {
		p.t.Fatalf("%s: %v\n%q", p.b.Name, err, in.Body)
	}
	if m.Version != p.b.Version {
		p.t.Fatalf("%s: %v", p.b.Name, m.Version)
	}
	props, err := wsa.Read(m)
	if err != nil {
		p.t.Fatal(err)
	}
	f, err := m.Fault()
	if err != nil {
		p.t.Fatal(err)
	}
	if f != nil {
		return props, "", f
	}
	r, err := m.Body()
	if err != nil {
		p.t.Fatal(err)
	}
	return props, flat(p.t, r), nil
}

// flat gives names and texts of a body, without prefixes.
func flat(t testing.TB, r infoset.Reader) string {
	t.Helper()
	var out strings.Builder
	for {
		tok, err := r.Next()
		if err != nil {
			return out.String()
		}
		switch tok.Kind {
		case infoset.StartElement:
			out.WriteString("<{" + tok.Name.Space + "}" + tok.Name.Local)
			for _, a := range tok.Attrs {
				out.WriteString(" {" + a.Name.Space + "}" + a.Name.Local + "=" + a.Value.String())
			}
			out.WriteString(">")
		case infoset.EndElement:
			out.WriteString("</>")
		case infoset.Text:
			out.WriteString(tok.Value.String())
		default:
		}
	}
}

// trip is one call from peer to peer.
type trip struct {
	from, to *peer
	s, t     *convert.Session
	c        *convert.Converter
}

func newTrip(t testing.TB, from, to string) *trip {
	t.Helper()
	x := &trip{from: newPeer(t, from), to: newPeer(t, to), s: convert.NewSession(), t: convert.NewSession()}
	b, _ := convert.Find(from)
	x.c = &convert.Converter{From: b, To: x.to.b}
	return x
}

func (x *trip) options() convert.Options {
	return convert.Options{To: address, ID: [16]byte{1, 2, 3}, Sender: x.s, Target: x.t}
}

// request is what the sender says of a call.
func (x *trip) request(id string) convert.Message {
	p := wsa.Properties{Action: action, MessageID: id, To: "http://gateway/calc"}
	if x.from.b.Addressing != wsa.None {
		p.ReplyTo = &wsa.EndpointReference{Address: x.from.b.Addressing.Anonymous()}
	}
	return x.from.send(x.from.text(`<h xmlns="urn:h">kept</h>`, body), p)
}

// possible are the pairs that can be converted.
func possible() (all []convert.Pair) {
	for _, p := range convert.Pairs() {
		if p.Possible && !p.Same {
			all = append(all, p)
		}
	}
	return all
}

// TestPairs: a call and its answer arrive equal in every pair that is said to be possible, three times in a session.
func TestPairs(t *testing.T) {
	count := 0
	for _, pair := range possible() {
		count++
		t.Run(pair.From+" to "+pair.To, func(t *testing.T) {
			x := newTrip(t, pair.From, pair.To)
			want := flat(t, must(x.from.text("", body).Body()))
			for range 3 {
				const id = "urn:uuid:00112233-4455-6677-8899-aabbccddeeff"
				call, err := x.c.Request(x.request(id), x.options())
				if err != nil || call.OneWay || call.Action() != action {
					t.Fatal(err, call.OneWay, call.Action())
				}
				p, got, f := x.to.receive(call.Out)
				if f != nil || got != want {
					t.Fatalf("%v\n%s\nwant\n%s", f, got, want)
				}
				switch {
				case x.to.b.Addressing == wsa.None:
					if p.Version != wsa.None || p.Action != "" || !strings.Contains(call.Out.ContentType+strings.Join(call.Out.SOAPAction, ""), action) {
						t.Fatalf("%+v, %+v", p, call.Out)
					}
				case p.Version != x.to.b.Addressing || p.Action != action || p.To != address || p.MessageID == "" || p.ReplyTo == nil:
					t.Fatalf("%+v", p)
				}
				reply := x.to.send(x.to.text("", strings.ReplaceAll(body, "Add", "AddResponse")), wsa.Properties{Action: action + "Response", RelatesTo: []wsa.Relation{{ID: p.MessageID}}})
				out, fault, err := call.Reply(reply)
				if err != nil || fault {
					t.Fatal(err, fault)
				}
				r, got, _ := x.from.receive(out)
				if got != strings.ReplaceAll(want, "Add", "AddResponse") {
					t.Fatal(got)
				}
				if x.from.b.Addressing != wsa.None && (r.Action != action+"Response" || r.Answers() != id) {
					t.Fatalf("%+v", r)
				}
			}
		})
	}
	if count < 40 {
		t.Errorf("%d pairs", count)
	}
}

func must(r infoset.Reader, err error) infoset.Reader {
	if err != nil {
		panic(err)
	}
	return r
}

// TestFaults: a service's fault arrives with its code, reason and detail in every pair.
func TestFaults(t *testing.T) {
	for _, pair := range possible() {
		t.Run(pair.From+" to "+pair.To, func(t *testing.T) {
			x := newTrip(t, pair.From, pair.To)
			call, err := x.c.Request(x.request("urn:uuid:00112233-4455-6677-8899-aabbccddeeff"), x.options())
			if err != nil {
				t.Fatal(err)
			}
			p, _, _ := x.to.receive(call.Out)
			f := soap.NewFault(soap.Sender, "wrong number")
			if err := f.SetDetail(func(w infoset.Writer) error {
				w.Start(&infoset.Name{Local: "Oops", Space: "urn:o"})
				w.Text(infoset.String("7"))
				w.End()
				return w.Err()
			}); err != nil {
				t.Fatal(err)
			}
			m := soap.New(x.to.b.Version)
			m.SetFault(f)
			props := wsa.Properties{RelatesTo: []wsa.Relation{{ID: p.MessageID}}}
			if x.to.b.Addressing != wsa.None {
				props.Action = action + "OopsFault"
			}
			out, fault, err := call.Reply(x.to.send(m, props))
			if err != nil || !fault {
				t.Fatal(err, fault)
			}
			r, _, got := x.from.receive(out)
			if got == nil || got.Code.Local != soap.Sender.Local || got.Reason("en") != "wrong number" || len(got.Entries()) != 1 || got.Entries()[0].Text() != "7" {
				t.Fatalf("%+v", got)
			}
			if x.from.b.Addressing != wsa.None && r.Action != action+"OopsFault" {
				t.Errorf("action %q", r.Action)
			}
		})
	}
}

// TestRefused: what cannot be converted is refused before anything goes to the service, and the sender is told why in its own words.
func TestRefused(t *testing.T) {
	const sec = `xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"`
	for _, row := range []struct{ name, from, header, body, want string }{
		{"signature", "wsHttp", `<o:Security ` + sec + `><d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/></o:Security>`, body, "signed or encrypted"},
		{"reliable", "wsHttp", `<r:Sequence xmlns:r="http://schemas.xmlsoap.org/ws/2005/02/rm" s:mustUnderstand="1"/>`, body, "reliable session"},
		{"next", "wsHttp", `<x xmlns="urn:x" s:role="http://www.w3.org/2003/05/soap-envelope/role/next" s:mustUnderstand="1"/>`, body, ""},
		{"actor", "basicHttp", `<x xmlns="urn:x" s:actor="http://schemas.xmlsoap.org/soap/actor/next" s:mustUnderstand="1"/>`, body, ""},
		{"reply elsewhere", "wsHttp", `<a:ReplyTo xmlns:a="http://www.w3.org/2005/08/addressing"><a:Address>http://elsewhere/</a:Address></a:ReplyTo><a:Action xmlns:a="http://www.w3.org/2005/08/addressing">urn:a</a:Action>`, body, "another address"},
		{"too deep", "basicHttp", "", strings.Repeat("<a>", 200) + strings.Repeat("</a>", 200), "depth"},
		{"broken", "basicHttp", "", "<a>", ""},
		{"two versions", "wsHttp", `<a:To xmlns:a="http://www.w3.org/2005/08/addressing">x</a:To><b:To xmlns:b="http://schemas.xmlsoap.org/ws/2004/08/addressing">y</b:To>`, body, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			x := newTrip(t, row.from, "netTcp")
			v := x.from.b.Version
			doc := `<s:Envelope xmlns:s="` + v.Namespace() + `"><s:Header>` + row.header + `</s:Header><s:Body>` + row.body + `</s:Body></s:Envelope>`
			in := convert.Message{ContentType: v.MediaType(), SOAPAction: []string{`"urn:a"`}, Body: []byte(doc)}
			if v == soap.V12 {
				in.ContentType += `; action="urn:a"`
				in.SOAPAction = nil
			}
			call, err := x.c.Request(in, x.options())
			e, ok := errors.AsType[*soap.Error](err)
			if !ok || call.Out.Body != nil {
				t.Fatalf("%v, %q", err, call.Out.Body)
			}
			out, _, send := call.Refuse(e)
			if !send {
				t.Fatal("the sender hears nothing")
			}
			_, _, f := x.from.receive(out)
			if f == nil || !strings.Contains(f.Reason("en"), row.want) {
				t.Fatalf("%v; want %q", f, row.want)
			}
		})
	}
}

// TestContract: what an exchange has no place for is the sender's to hear of.
func TestContract(t *testing.T) {
	x := newTrip(t, "basicHttp", "netTcp")
	call, err := x.c.Request(x.request(""), x.options())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = call.Reply(x.to.send(x.to.text("", body), wsa.Properties{Action: "urn:OnEvent"}))
	if err == nil || !strings.Contains(err.Error(), "calls its client back") {
		t.Fatal(err)
	}
	x = newTrip(t, "basicHttp", "netTcp")
	for _, in := range []convert.Message{
		{ContentType: "application/json", Body: []byte("{}")},
		{ContentType: "application/soap+xml", Body: []byte("<a/>")},
		{ContentType: "", Body: nil},
	} {
		call, err := x.c.Request(in, x.options())
		if e, ok := errors.AsType[*soap.Error](err); !ok || e.Status != soap.StatusUnsupported {
			t.Errorf("%q: %v", in.ContentType, err)
		}
		if out, status, send := call.Refuse(err); status != 415 || send && len(out.Body) == 0 {
			t.Errorf("%q: %d %v", in.ContentType, status, send)
		}
	}
	in := x.request("")
	in.SOAPAction = []string{`""`}
	if _, err := x.c.Request(in, x.options()); err == nil || !strings.Contains(err.Error(), "names no action") {
		t.Errorf("no action: %v", err)
	}
	x.c.Most = 100
	if _, err := x.c.Request(x.request(""), x.options()); err == nil || !strings.Contains(err.Error(), "larger than 100") {
		t.Errorf("bound: %v", err)
	}
}

// TestGrowth: a few bytes of binary XML that stand for much text end at the bound.
func TestGrowth(t *testing.T) {
	x := newTrip(t, "netHttp", "basicHttp")
	x.c.Most = 64 << 10
	m := x.from.text("", "")
	m.SetBody(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "b"})
		w.Start(&infoset.Name{Local: strings.Repeat("n", 1000)})
		w.Items(infoset.Items(infoset.TypeBool, make([]byte, 10000)))
		w.End()
		return w.Err()
	})
	in := x.from.send(m, wsa.Properties{Action: action, MessageID: "urn:1"})
	if len(in.Body) > x.c.Most {
		t.Fatal(len(in.Body))
	}
	if _, err := x.c.Request(in, x.options()); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Error(err)
	}
}

// TestOneWay: who waits for no answer.
func TestOneWay(t *testing.T) {
	for _, row := range []struct {
		from, id string
		named    []string
		want     bool
	}{
		{"basicHttp", "", nil, false},
		{"basicHttp", "", []string{action}, true},
		{"basicHttp", "", []string{"http://tempuri.org/*"}, true},
		{"basicHttp", "", []string{"http://other/*", action + "x"}, false},
		{"wsHttp", "urn:uuid:1", nil, false},
		{"wsHttp", "", nil, true},
		{"netTcp", "", nil, true},
	} {
		x := newTrip(t, row.from, map[bool]string{true: "netTcp", false: "basicHttp"}[row.from != "netTcp"])
		x.c.OneWay = row.named
		m := x.from.send(x.from.text("", body), wsa.Properties{Action: action, MessageID: row.id})
		call, err := x.c.Request(m, x.options())
		if err != nil || call.OneWay != row.want {
			t.Errorf("%+v: %v, %v", row, call.OneWay, err)
		}
	}
}

// TestMTOM: parts become inline base64, and typed bytes become parts; in binary XML they are bytes too, in records.
func TestMTOM(t *testing.T) {
	data := bytes.Repeat([]byte{1, 2, 3, 250}, 1000)
	for _, row := range [][2]string{{"basicHttpMtom", "netTcp"}, {"basicHttpMtom", "wsHttp"}, {"netTcp", "wsHttpMtom"}, {"wsHttpMtom", "basicHttpMtom"}} {
		x := newTrip(t, row[0], row[1])
		m := x.from.text("", "")
		m.SetBody(func(w infoset.Writer) error {
			w.Start(&infoset.Name{Local: "b"})
			w.Text(infoset.Bytes(data))
			w.End()
			return w.Err()
		})
		call, err := x.c.Request(x.from.send(m, wsa.Properties{Action: action, MessageID: "urn:1"}), x.options())
		if err != nil {
			t.Fatal(row, err)
		}
		if _, got, _ := x.to.receive(call.Out); got != "<{}b>"+infoset.Bytes(data).String()+"</>" {
			t.Error(row, got)
		}
		if part := bytes.Contains(call.Out.Body, data); part != (x.to.b.Form == soap.Multipart) {
			t.Error(row, "in a part of its own:", part)
		}
	}
}

// TestNames: bindings are found as people write them.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{"BasicHttpBinding": "basicHttp", "NETTCP": "netTcp", "ws2007Http": "wsHttp", "soap": "soap"} {
		if b, ok := convert.Find(name); !ok || b.Name != want {
			t.Errorf("%s: %s %v", name, b.Name, ok)
		}
	}
	if _, ok := convert.Find("carrier pigeon"); ok {
		t.Error("found")
	}
	for _, p := range convert.Pairs() {
		if !p.Possible && p.Reason == "" || p.Possible && !p.Same && len(p.Loses) == 0 {
			t.Errorf("unexplained: %+v", p)
		}
	}
}

// FuzzRequest: nothing breaks a conversion, what it gives is within the bound and can be read, what passes is what came, and every no can be told.
func FuzzRequest(f *testing.F) {
	pairs := possible()
	for i, p := range pairs {
		x := newTrip(f, p.From, p.To)
		m := x.request("urn:uuid:00112233-4455-6677-8899-aabbccddeeff")
		f.Add(uint8(i), m.ContentType, m.Body)
	}
	f.Add(uint8(0), "text/xml", []byte("<a"))
	f.Fuzz(func(t *testing.T, n uint8, contentType string, b []byte) {
		p := pairs[int(n)%len(pairs)]
		x := newTrip(t, p.From, p.To)
		x.c.Most = 64 << 10
		call, err := x.c.Request(convert.Message{ContentType: contentType, SOAPAction: []string{action}, Body: b}, x.options())
		if err != nil {
			if _, status, _ := call.Refuse(err); status < 400 {
				t.Errorf("status %d for %v", status, err)
			}
			return
		}
		if len(call.Out.Body) > x.c.Most+xmlbin.DefaultSessionSize+8 {
			t.Errorf("%d bytes", len(call.Out.Body))
		}
		if call.Same { // whether its body is whole is the service's business
			if !bytes.Equal(call.Out.Body, b) {
				t.Errorf("%q, and %q was to pass", call.Out.Body, b)
			}
			return
		}
		x.to.receive(call.Out)
		_, _, _ = call.Reply(convert.Message{ContentType: contentType, Body: b})
	})
}

// TestFrom: who sent a message is told to a service that has the same version of addressing, and to no other.
func TestFrom(t *testing.T) {
	for _, row := range []struct{ from, to, want string }{
		{"wsHttp", "netTcp", "http://me/"}, {"wsHttp", "netHttp", "http://me/"}, {"soap", "wsHttp2004", ""}, {"wsHttp2004", "netTcp", ""}, {"wsHttp", "basicHttp", ""},
	} {
		sender, service := newPeer(t, row.from), newPeer(t, row.to)
		m := sender.text("", body)
		sent := sender.send(m, wsa.Properties{Action: action, MessageID: "urn:uuid:1", From: &wsa.EndpointReference{Address: "http://me/"}})
		call, err := (&convert.Converter{From: mustFind(t, row.from), To: service.b}).Request(sent, convert.Options{To: address})
		if err != nil {
			t.Errorf("%s to %s: %v", row.from, row.to, err)
			continue
		}
		p, _, _ := service.receive(call.Out)
		if got := p.From; (got == nil) != (row.want == "") || got != nil && got.Address != row.want {
			t.Errorf("%s to %s: from %+v", row.from, row.to, got)
		}
	}
}

// mustFind is a binding by its name.
func mustFind(t *testing.T, name string) convert.Binding {
	t.Helper()
	b, ok := convert.Find(name)
	if !ok {
		t.Fatal(name)
	}
	return b
}

// TestLosesOfAny: what any of the bindings of a sender loses is said of the sender that may use any.
func TestLosesOfAny(t *testing.T) {
	for _, row := range []struct {
		from, to, text string
		want           bool
	}{
		{"soap", "basicHttp", "neither MessageID nor To", true}, {"soap", "wsHttp", "neither MessageID nor To", false},
		{"soap", "netTcp", "have to be named (oneWay)", true}, {"wsHttp", "netTcp", "have to be named (oneWay)", false}, {"soap", "wsHttp", "have to be named", false},
		{"soap", "netTcp", "header From", true}, {"wsHttp", "netTcp", "header From", false}, {"wsHttp2004", "netTcp", "header From", true}, {"basicHttp", "netTcp", "header From", false},
	} {
		loses := strings.Join(convert.Between(mustFind(t, row.from), mustFind(t, row.to)).Loses, "; ")
		if strings.Contains(loses, row.text) != row.want {
			t.Errorf("%s to %s loses %q", row.from, row.to, loses)
		}
	}
}
