package soap_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/wsa"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// canonical gives the canonical form of a document.
func canonical(t testing.TB, r infoset.Reader) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := infoset.Copy(w, r); err != nil {
		t.Fatal(err)
	}
	return string(w.Bytes())
}

func canonicalDoc(t testing.TB, doc []byte) string {
	t.Helper()
	return canonical(t, xmltext.NewReader(bytes.NewReader(doc), xmltext.Options{Quotas: infoset.Buffered()}))
}

// canonicalMessage gives the canonical form of m, whose body is used up.
func canonicalMessage(t testing.TB, m *soap.Message) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := m.Write(w); err != nil {
		t.Fatal(err)
	}
	return string(w.Bytes())
}

// toBinary sends m through .NET binary XML.
func toBinary(t testing.TB, m *soap.Message) *soap.Message {
	t.Helper()
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true})
	if err := m.Write(w); err != nil {
		t.Fatal(err)
	}
	m, err := soap.Read(xmlbin.NewBytes(w.Bytes(), xmlbin.Options{Quotas: infoset.Buffered()}), m.Version, soap.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// httpMessage is one message of a captured HTTP exchange.
type httpMessage struct {
	name   string
	header http.Header
	status int // 0 for a request
	body   []byte
}

// captured gives every message with a body in the captures of testdata.
func captured(t testing.TB) (all []httpMessage) {
	t.Helper()
	files, err := filepath.Glob("testdata/captures/*/*/*.hex")
	if err != nil || len(files) == 0 {
		t.Fatal("no captures", err)
	}
	for _, file := range files {
		raw := unhex(t, file)
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "testdata/captures/"), ".hex")
		r := bufio.NewReader(bytes.NewReader(raw))
		if strings.HasSuffix(name, ".server") {
			all = append(all, responses(t, name, r)...)
			continue
		}
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				break // the end, or no HTTP
			}
			body, _ := io.ReadAll(req.Body)
			all = append(all, httpMessage{name: name, header: req.Header, body: body})
		}
	}
	return all
}

func responses(t testing.TB, name string, r *bufio.Reader) (all []httpMessage) {
	t.Helper()
	for {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return all
		}
		if resp.StatusCode == http.StatusContinue {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
		all = append(all, httpMessage{name: name, header: resp.Header, status: resp.StatusCode, body: body})
	}
}

// unhex gives the stream in a capture.
func unhex(t testing.TB, file string) (out []byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		chunk, err := hex.DecodeString(line)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out = append(out, chunk...)
	}
	return out
}

// TestCapturedMessages reads every SOAP message of the captured HTTP exchanges and
// writes it again, as text and by way of binary XML: nothing of its infoset may
// change.
func TestCapturedMessages(t *testing.T) {
	seen := map[soap.Form]int{}
	versions := map[soap.Version]int{}
	for _, c := range captured(t) {
		if len(c.body) == 0 {
			continue
		}
		enc, err := encoder.Select(c.header.Get("Content-Type"))
		if err != nil || enc.Form == soap.Multipart || enc.Version == soap.V11 && !bytes.Contains(c.body, []byte("nvelope")) && enc.Charset == 0 {
			continue // MIME, web pages, metadata: not this package's
		}
		if how := c.header.Get("Content-Encoding"); how != "" {
			// The message was compressed by HTTP; the encoder says its form.
			enc.Compression = how
		}
		if bytes.Contains(c.body, []byte("<wsdl:")) {
			continue
		}
		seen[enc.Form]++
		d := encoder.Decoding{Quotas: infoset.Buffered(), Size: 1 << 20}
		decode := func() *soap.Message {
			m, err := enc.Decode(bytes.NewReader(c.body), d)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			return m
		}
		m := decode()
		versions[m.Version]++
		if _, err := soap.ReadAction(m.Version, &enc.Type, c.header.Values("SOAPAction")); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var want string
		switch {
		case enc.Compression != "":
			want = canonicalMessage(t, decode())
		case enc.Form == soap.Binary:
			want = canonical(t, xmlbin.NewBytes(c.body, xmlbin.Options{Quotas: infoset.Buffered()}))
		default:
			want = canonicalDoc(t, c.body)
		}
		if got := canonicalMessage(t, m); got != want {
			t.Errorf("%s: through a message:\n%s\nwant:\n%s", c.name, got, want)
		}
		if got := canonicalMessage(t, toBinary(t, decode())); got != want {
			t.Errorf("%s: through binary:\n%s\nwant:\n%s", c.name, got, want)
		}
		kept := decode()
		if err := kept.Buffer(0); err != nil {
			t.Fatal(err)
		}
		copied, err := kept.Clone()
		if err != nil {
			t.Fatal(err)
		}
		if got := canonicalMessage(t, kept) + canonicalMessage(t, copied); got != want+want {
			t.Errorf("%s: from memory:\n%s\nwant twice:\n%s", c.name, got, want)
		}
		faulty, err := decode().IsFault()
		if err != nil || faulty != (c.status == 500 || strings.Contains(want, ":Fault>")) {
			t.Errorf("%s: fault %v %v, status %d", c.name, faulty, err, c.status)
		}
	}
	t.Log(seen, versions)
	if seen[soap.Text] < 200 || seen[soap.Binary] < 20 || versions[soap.V11] < 50 || versions[soap.V12] < 100 {
		t.Errorf("few messages: %v %v", seen, versions)
	}
}

// TestCapturedMessagesRewritten gives every captured message another To and
// another Action and strips its security header. The result must be the message
// that a program makes of it by decoding.
func TestCapturedMessagesRewritten(t *testing.T) {
	const wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
	changed := 0
	for _, c := range captured(t) {
		enc, err := encoder.Select(c.header.Get("Content-Type"))
		if err != nil || enc.Form == soap.Multipart || enc.Compression != "" || c.header.Get("Content-Encoding") != "" || len(c.body) == 0 {
			continue
		}
		s := &rewrite.Scanner{Form: enc.Form, Want: enc.Version}
		if err := s.Scan(c.body); err != nil {
			if enc.Version == soap.V11 && !bytes.Contains(c.body, []byte("nvelope")) && enc.Charset == 0 || bytes.Contains(c.body, []byte("<wsdl:")) {
				continue // web pages and metadata
			}
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		eds := []rewrite.Edit{{Op: rewrite.Remove, Space: wsse, Local: "Security"}}
		for _, space := range []string{"http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing"} {
			for _, local := range []string{"To", "Action"} {
				if s.Count(c.body, space, local) > 0 {
					changed++
				}
				eds = append(eds, rewrite.Edit{Op: rewrite.SetText, Space: space, Local: local, Text: "urn:new/" + local})
			}
		}
		pieces, err := s.Apply(nil, c.body, eds)
		if err != nil {
			t.Fatal(err)
		}
		decode := func(b []byte) *soap.Message {
			m, err := enc.Decode(bytes.NewReader(b), encoder.Decoding{Quotas: infoset.Buffered()})
			if err != nil {
				t.Fatalf("%s: %v in %q", c.name, err, b)
			}
			return m
		}
		want := decode(c.body)
		want.Remove(wsse, "Security")
		for i, h := range want.Headers {
			for _, e := range eds[1:] {
				if !h.Name().Is(e.Space, e.Local) {
					continue
				}
				// The text alone is another one: make it by its text form.
				one := soap.New(want.Version)
				one.Headers = []*soap.Header{h}
				want.Headers[i] = decodeHeader(t, strings.Replace(canonicalMessage(t, one), ">"+h.Text()+"<", ">"+e.Text+"<", 1))
			}
		}
		if got, want := canonicalMessage(t, decode(bytes.Join(pieces, nil))), canonicalMessage(t, want); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, want)
		}
		if got := len(bytes.Join(pieces, nil)); len(pieces) == 1 && got != len(c.body) {
			t.Errorf("%s: one piece of %d bytes, message of %d", c.name, got, len(c.body))
		}
	}
	if changed < 100 {
		t.Errorf("only %d headers were changed", changed)
	}
}

// decodeHeader gives the one header block of a text message.
func decodeHeader(t testing.TB, doc string) *soap.Header {
	t.Helper()
	m, err := soap.Read(xmltext.NewReader(strings.NewReader(doc), xmltext.Options{}), soap.None, soap.Limits{})
	if err != nil || len(m.Headers) != 1 {
		t.Fatal(err, doc)
	}
	return m.Headers[0]
}

// TestCapturedAddressing reads the addressing of every captured message and writes
// it anew: WCF's messages come out with their headers in WCF's order.
func TestCapturedAddressing(t *testing.T) {
	read := map[wsa.Version]int{}
	for _, c := range captured(t) {
		enc, err := encoder.Select(c.header.Get("Content-Type"))
		if err != nil || enc.Form == soap.Multipart || len(c.body) == 0 {
			continue
		}
		enc.Compression = c.header.Get("Content-Encoding")
		m, err := enc.Decode(bytes.NewReader(c.body), encoder.Decoding{Quotas: infoset.Buffered()})
		if err != nil {
			continue // the other test tells which may not be decoded
		}
		want := ""
		for _, h := range m.Headers {
			want += h.Name().Local + " " + h.Text() + "\n"
		}
		p, err := wsa.Read(m)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		action, err := soap.ReadAction(m.Version, &enc.Type, c.header.Values("SOAPAction"))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if _, err := p.CheckAction(m.Version, action); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		read[p.Version]++
		if p.Version == wsa.None || strings.HasPrefix(c.name, "mono/") || strings.Contains(c.name, "-rm") {
			continue // no headers; other code, other order; reliable messaging goes first
		}
		if err := p.Write(m); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got := ""
		for _, h := range m.Headers {
			got += h.Name().Local + " " + h.Text() + "\n"
		}
		if got != want {
			t.Errorf("%s:\ngot\n%swant\n%s", c.name, got, want)
		}
	}
	if read[wsa.V10] < 100 || read[wsa.None] < 50 || read[wsa.August2004] < 1 {
		t.Error(read)
	}
}

// TestCapturedMultipartRewritten changes the envelope inside of captured MTOM
// messages: all that is around it, attachments included, stays.
func TestCapturedMultipartRewritten(t *testing.T) {
	count := 0
	for _, c := range captured(t) {
		enc, err := encoder.Select(c.header.Get("Content-Type"))
		if err != nil || enc.Form != soap.Multipart || strings.HasPrefix(c.name, "mono/") && c.status == 0 {
			continue // Mono's own requests are malformed: their MIME headers are in the body
		}
		_, content, ok := bytes.Cut(c.body, []byte("\r\n\r\n")) // behind the headers of the root part
		if !ok {
			t.Fatalf("%s: no part in %q", c.name, c.body)
		}
		lead := c.body[:len(c.body)-len(content)]
		var s rewrite.Scanner
		if err := s.Scan(content); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		block := soap.TextHeader(infoset.Name{Prefix: "n", Space: "urn:new", Local: "New"}, infoset.String("here"))
		pieces, err := s.Apply([][]byte{lead}, content, []rewrite.Edit{{Op: rewrite.Add, Block: block}})
		if err != nil {
			t.Fatal(err)
		}
		const added = `<n:New xmlns:n="urn:new">here</n:New>`
		out := string(bytes.Join(pieces, nil))
		without := strings.Replace(strings.Replace(out, added, "", 1), "<s:Header></s:Header>", "", 1)
		if !strings.Contains(out, added) || without != string(c.body) && without != strings.Replace(string(c.body), "<s:Header></s:Header>", "", 1) {
			t.Errorf("%s: %q", c.name, out[:min(len(out), 2000)])
		}
		count++
	}
	if count < 10 {
		t.Errorf("only %d messages", count)
	}
}

// losses are those that Convert lists and that happen to the captured faults.
var losses = []struct {
	was *regexp.Regexp
	is  string
}{
	{regexp.MustCompile(`<faultstring xml:lang="">`), `<faultstring>`},                                                                                                    // an empty language
	{regexp.MustCompile(`<faultcode>Sender<`), `<faultcode>s:Client<`},                                                                                                    // codes without prefix: Mono's
	{regexp.MustCompile(`<s:Value>Sender<`), `<s:Value>s:Sender<`},                                                                                                        //
	{regexp.MustCompile(`<s:Value xmlns:a="([^"]+dispatcher|urn:codes)">a:`), `<s:Value xmlns:aq="$1">aq:`},                                                               // a prefix that is bound otherwise
	{regexp.MustCompile(`<s:Code>(<s:Value( xmlns:aq?="[^"]*")?>aq?:\w+</s:Value>)</s:Code>`), `<s:Code><s:Value>s:Receiver</s:Value><s:Subcode>$1</s:Subcode></s:Code>`}, // a code of a peer's own on top
	{regexp.MustCompile(`s:Sender(</s:Value><s:Subcode><s:Value xmlns:aq="urn:codes">)`), `s:Receiver$1`},                                                                 // the class of a code whose namespace does not tell it
}

// TestCapturedConverted sends every captured message to the other version and
// back: it comes as it went, but for the losses that Convert lists.
func TestCapturedConverted(t *testing.T) {
	seen := map[soap.Version]int{}
	for _, c := range captured(t) {
		enc, err := encoder.Select(c.header.Get("Content-Type"))
		if err != nil || enc.Form == soap.Multipart || len(c.body) == 0 {
			continue
		}
		enc.Compression = cmp.Or(enc.Compression, c.header.Get("Content-Encoding"))
		m, err := enc.Decode(bytes.NewReader(c.body), encoder.Decoding{Quotas: infoset.Buffered(), Size: 1 << 20})
		if err != nil {
			continue // the first test tells which may not be decoded
		}
		if err := m.Buffer(0); err != nil {
			continue // the same: a web page has no end
		}
		copied, err := m.Clone()
		if err != nil {
			t.Fatal(err)
		}
		want, from := canonicalMessage(t, copied), m.Version
		for _, v := range []soap.Version{soap.V11 + soap.V12 - from, from} {
			if err := m.Convert(v); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if m, err = soap.Read(xmltext.NewReader(strings.NewReader(canonicalMessage(t, m)), xmltext.Options{Quotas: infoset.Buffered()}), v, soap.Limits{}); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		seen[from]++
		for _, l := range losses {
			want = l.was.ReplaceAllString(want, l.is)
		}
		if got := canonicalMessage(t, m); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, want)
		}
	}
	if seen[soap.V11] < 50 || seen[soap.V12] < 100 {
		t.Error(seen)
	}
}
