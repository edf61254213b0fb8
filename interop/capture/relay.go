package capture

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/encoder"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/mtom"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/wssec"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// Addressing are the namespaces of the addressing headers.
var Addressing = []string{"http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing"}

// tracking is the header block that a relayed message has more than the recorded one.
var tracking = infoset.Name{Prefix: "n", Space: "urn:example:relay", Local: "TrackingId"}

// IsSOAP reports whether the message has an envelope. Empty bodies, web pages, metadata and REST have none.
func (m *Message) IsSOAP() bool {
	enc, err := encoder.Select(m.Header.Get("Content-Type"))
	return err == nil && len(m.Body) > 0 && (enc.Form != soap.Text || bytes.Contains(bytes.ReplaceAll(m.Body, []byte{0}, nil), []byte(":Envelope")))
}

// Decode reads the message; the test fails if it cannot be read.
func (m *Message) Decode(t testing.TB) *soap.Message {
	t.Helper()
	enc, err := encoder.Select(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if how := m.Header.Get("Content-Encoding"); how != "" {
		enc.Compression = how
	}
	out, err := enc.Decode(bytes.NewReader(m.Body), encoder.Decoding{Quotas: infoset.Buffered(), Size: 4 << 20, Multipart: mtom.Opener{}})
	if err != nil {
		t.Fatalf("%v in %q", err, m.Body)
	}
	return out
}

// What differs from run to run: identifiers, ports, times.
var masked = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`urn:uuid:[0-9a-fA-F-]+`), "urn:uuid:*"},
	{regexp.MustCompile(`\b(https?)://(127\.0\.0\.1|localhost):\d+(/[\w/-]*)?`), "$1://*"},
}

// Canonical gives the envelope in canonical form with all that differs from run to run masked, and without the header that
// Relayed adds.
func (m *Message) Canonical(t testing.TB) string {
	t.Helper()
	msg := m.Decode(t)
	msg.Remove(tracking.Space, tracking.Local)
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := msg.Write(w); err != nil {
		t.Fatalf("%v in %q", err, m.Body)
	}
	out := strings.Replace(string(w.Bytes()), "<s:Header></s:Header>", "", 1) // where there was none before
	for _, k := range masked {
		out = k.what.ReplaceAllString(out, k.by)
	}
	return out
}

// Relayed gives the message as it is behind a relay: its To names another place, its Action went through another one, a
// token came and was stripped, a tracking header came and stayed. to is the To that it leaves with; relates, if not empty,
// the MessageID that an answer relates to. All of it happens by offsets, in two passes as on two nodes.
func (m *Message) Relayed(t testing.TB, to, relates string) Message {
	t.Helper()
	was := m.Decode(t)
	var in, out []rewrite.Edit
	for _, space := range Addressing {
		in = append(in, set(space, "To", "https://relay.example/entity/"), set(space, "Action", "urn:elsewhere"))
		if h := was.Find(space, "Action"); h != nil {
			out = append(out, set(space, "Action", h.Text()))
		}
		if h := was.Find(space, "To"); h != nil && to == "" {
			to = h.Text()
		}
		out = append(out, set(space, "To", to))
		if relates != "" {
			out = append(out, set(space, "RelatesTo", relates))
		}
	}
	token, err := wssec.NewRelayHeader(wssec.NewSecret("SharedAccessSignature sr=x&sig=y&se=1&skn=z"), "")
	if err != nil {
		t.Fatal(err)
	}
	in = append(in, rewrite.Edit{Op: rewrite.Add, Block: token}, rewrite.Edit{Op: rewrite.Add, Block: soap.TextHeader(tracking, infoset.String("7"))})
	out = append(out, rewrite.Edit{Op: rewrite.Remove, Space: wssec.NamespaceRelay, Local: "RelayAccessToken"})
	once := m.Rewritten(t, in...)
	if once.Decode(t).Find(wssec.NamespaceRelay, "RelayAccessToken") == nil {
		t.Fatalf("the token was not added: %q", once.Body)
	}
	return once.Rewritten(t, out...)
}

func set(space, local, text string) rewrite.Edit {
	return rewrite.Edit{Op: rewrite.SetText, Space: space, Local: local, Text: text}
}

// Rewritten makes edits in the envelope by offsets. A compressed message is inflated and compressed again, of a multipart
// message only the envelope's part changes.
func (m *Message) Rewritten(t testing.TB, edits ...rewrite.Edit) Message {
	t.Helper()
	enc, err := encoder.Select(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	how := m.Header.Get("Content-Encoding")
	if how == "" {
		how = enc.Compression
	}
	body, lead := inflate(t, how, m.Body), []byte(nil)
	if enc.Form == soap.Multipart { // the envelope begins behind the headers of the first part
		head, _, ok := bytes.Cut(body, []byte("\r\n\r\n"))
		if !ok {
			t.Fatalf("no part in %q", body)
		}
		lead, body = body[:len(head)+4], body[len(head)+4:]
	}
	s := rewrite.Scanner{Form: enc.Form, Want: enc.Version}
	if enc.Form == soap.Multipart {
		s.Form = soap.Text
	}
	if err := s.Scan(body); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	pieces, err := s.Apply([][]byte{lead}, body, edits)
	if err != nil {
		t.Fatal(err)
	}
	changed := *m
	changed.Header, changed.Body = m.Header.Clone(), deflate(t, how, bytes.Join(pieces, nil))
	changed.Header.Del("Content-Length")
	return changed
}

// MessageID gives the identifier of a message, empty for none.
func (m *Message) MessageID(t testing.TB) string {
	t.Helper()
	msg := m.Decode(t)
	for _, space := range Addressing {
		if h := msg.Find(space, "MessageID"); h != nil {
			return h.Text()
		}
	}
	return ""
}

// Read reads a message from HTTP.
func Read(t testing.TB, header http.Header, body io.Reader) Message {
	t.Helper()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return Message{Header: header, Body: b}
}

func inflate(t testing.TB, how string, b []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	var err error
	switch how {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "deflate":
		r = flate.NewReader(r)
	default:
		return b
	}
	if err == nil {
		b, err = io.ReadAll(r)
	}
	if err != nil {
		t.Fatalf("inflate %s: %v", how, err)
	}
	return b
}

func deflate(t testing.TB, how string, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "deflate":
		w, _ = flate.NewWriter(&out, flate.DefaultCompression) // the level is one
	default:
		return b
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// SameType reports whether two content types are of the same kind, whatever their boundaries and spelling.
func SameType(a, b string) bool {
	ta, _, errA := mime.ParseMediaType(a)
	tb, _, errB := mime.ParseMediaType(b)
	return errA == nil && errB == nil && strings.EqualFold(ta, tb)
}
