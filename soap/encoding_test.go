package soap

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

func TestSelectEncoding(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want Encoding // Type left out
		out  string   // with action urn:a; empty: refused
	}{
		{"text/xml", Encoding{Version: V11}, "text/xml; charset=utf-8"},
		{"Text/XML; Charset=\"UTF-8\"", Encoding{Version: V11, charset: "utf-8"}, "text/xml; charset=utf-8"},
		{"text/xml;charset=utf-16", Encoding{Version: V11, Charset: xmltext.UTF16LE, charset: "utf-16"}, "text/xml; charset=utf-16"},
		{"text/xml; charset=UTF-16BE", Encoding{Version: V11, Charset: xmltext.UTF16BE, charset: "utf-16be"}, "text/xml; charset=utf-16BE"},
		{"application/soap+xml; charset=utf-8; action=\"urn:b\"", Encoding{Version: V12, charset: "utf-8"}, `application/soap+xml; charset=utf-8; action="urn:a"`},
		{"application/soap+msbin1", Encoding{Version: V12, Form: Binary}, "application/soap+msbin1"},
		{"application/soap+msbin1+gzip", Encoding{Version: V12, Form: Binary, Compression: "gzip"}, "application/soap+msbin1+gzip"},
		{"application/soap+msbinsession1", Encoding{Version: V12, Form: Session}, "application/soap+msbinsession1"},
		{"application/soap+msbinsession1+deflate", Encoding{Version: V12, Form: Session, Compression: "deflate"}, "application/soap+msbinsession1+deflate"},
		{`multipart/related; type="application/xop+xml"`, Encoding{Form: Multipart}, `multipart/related; type="application/xop+xml"`},
		{"", Encoding{}, ""},
		{"text/html", Encoding{}, ""},
		{"application/xml", Encoding{}, ""},
		{"application/soap+msbin1+brotli", Encoding{}, ""},
		{"text/xml; charset=koi8-r", Encoding{}, ""},
		{"text/xml; charset=utf-8; charset=utf-16", Encoding{}, ""},
		{"text/xml; charset=\"utf-8", Encoding{}, ""},
		{"text", Encoding{}, ""},
	} {
		e, err := SelectEncoding(tc.in)
		if tc.out == "" {
			if r, ok := errors.AsType[*Error](err); !ok || r.Status != StatusUnsupported {
				t.Errorf("%q: %v", tc.in, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tc.in, err)
			continue
		}
		if got := e.ContentType("urn:a"); got != tc.out {
			t.Errorf("%q: sent as %q", tc.in, got)
		}
		e.Type = MediaType{}
		if diff := cmp.Diff(tc.want, e, cmp.AllowUnexported(Encoding{})); diff != "" {
			t.Errorf("%q: %s", tc.in, diff)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	for in, want := range map[string]string{
		`a/b`:                                    `a/b`,
		`A/B ; X=y;;z="q;\"r" ;`:                 `a/b; x=y; z="q;\"r"`,
		`a/b; action=http://x/y; type=text/xml`:  `a/b; action="http://x/y"; type="text/xml"`,
		`multipart/related;boundary=uuid:1+id=1`: `multipart/related; boundary="uuid:1+id=1"`,
		`a/b; start-info="application/soap+xml; action=\"u\""`: `a/b; start-info="application/soap+xml; action=\"u\""`,
		`a/b; x = y`: `a/b; x=y`,
		`a/b; x=`:    `a/b; x=""`,
		`a/b; x`:     "", `a/b; x="y`: "", `a/b; x="y"z`: "", `a/b; x=1; X=2`: "", "a/b\r\n; x=1": "", `a`: "", `/b`: "", `a/b c`: "", `a/b; =x`: "", `a/b; x y=1`: "", `a/b; x="\`: "",
		`a/b;` + strings.Repeat("x", 5000): "",
	} {
		m, err := ParseMediaType(in)
		if (err == nil) != (want != "") || err == nil && m.String() != want {
			t.Errorf("%q: %q %v", in, m.String(), err)
		}
		if err == nil {
			again, err := ParseMediaType(m.String())
			if diff := cmp.Diff(m, again); err != nil || diff != "" {
				t.Errorf("%q: %v %s", in, err, diff)
			}
		}
	}
}

func TestReadAction(t *testing.T) {
	for _, tc := range []struct {
		name, contentType string
		v                 Version
		header            []string
		want              HTTPAction
		bad               string
	}{
		{"quoted", "text/xml", V11, []string{`"urn:a"`}, HTTPAction{"urn:a", true}, ""},
		{"bare", "text/xml", V11, []string{` urn:a `}, HTTPAction{"urn:a", true}, ""},
		{"absent", "text/xml", V11, nil, HTTPAction{}, ""},
		{"empty", "text/xml", V11, []string{``}, HTTPAction{"", true}, ""},
		{"empty quotes", "text/xml", V11, []string{`""`}, HTTPAction{"", true}, ""},
		{"one quote", "text/xml", V11, []string{`"urn:a`}, HTTPAction{}, "quotes that do not fit"},
		{"lone quote", "text/xml", V11, []string{`"`}, HTTPAction{}, "quotes that do not fit"},
		{"quote inside", "text/xml", V11, []string{`"a"b"`}, HTTPAction{}, "quotes that do not fit"},
		{"control character", "text/xml", V11, []string{"a\x01"}, HTTPAction{}, "control character"},
		{"twice the same", "text/xml", V11, []string{`"a"`, `a`}, HTTPAction{"a", true}, ""},
		{"twice different", "text/xml", V11, []string{`"a"`, `"b"`}, HTTPAction{}, "two headers SOAPAction"},
		{"parameter is not 1.1's", `text/xml; action="urn:p"`, V11, []string{`"urn:a"`}, HTTPAction{"urn:a", true}, ""},
		{"parameter", `application/soap+xml; action="urn:p"`, V12, nil, HTTPAction{"urn:p", true}, ""},
		{"parameter and empty header", `application/soap+xml; action="urn:p"`, V12, []string{`""`}, HTTPAction{"urn:p", true}, ""},
		{"parameter and the same", `application/soap+xml; action="urn:p"`, V12, []string{`"urn:p"`}, HTTPAction{"urn:p", true}, ""},
		{"parameter and another", `application/soap+xml; action="urn:p"`, V12, []string{`"urn:a"`}, HTTPAction{}, "differ"},
		{"header in 1.2", `application/soap+xml`, V12, []string{`"urn:a"`}, HTTPAction{"urn:a", true}, ""},
	} {
		m, err := ParseMediaType(tc.contentType)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadAction(tc.v, &m, tc.header)
		if tc.bad != "" {
			if e, ok := errors.AsType[*Error](err); !ok || e.Version != tc.v || !strings.Contains(err.Error(), tc.bad) {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if err != nil || got != tc.want {
			t.Errorf("%s: %+v %v", tc.name, got, err)
		}
	}
	for in, want := range map[string]string{"urn:a": `"urn:a"`, "": `""`, "a\"b\r\né": `"a%22b%0D%0A%C3%A9"`} {
		if got := QuoteAction(in); got != want {
			t.Errorf("%q quoted as %s", in, got)
		}
		if !SameAction(strings.Trim(QuoteAction(in), `"`), in) {
			t.Errorf("%q is not the same behind quotes", in)
		}
	}
	if SameAction("urn:a", "urn:A") || SameAction("a%2", "a") || !SameAction("a%2", "a%2") || !SameAction("a%C3%A9%zz", "aé%zz") {
		t.Error("comparison of actions")
	}
}

// TestCharsets decodes one message in every encoding and with every way to say
// it.
func TestCharsets(t *testing.T) {
	const body = `<s:Body><x>é€</x></s:Body></s:Envelope>`
	utf8 := env11 + body
	latin := strings.NewReplacer("é", "\xE9", "€", "&#x20AC;").Replace(utf8)
	wide := func(e xmltext.Encoding, mark bool) string {
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{Encoding: e})
		if err := infoset.Copy(w, textReader(utf8)); err != nil {
			t.Fatal(err)
		}
		s := string(w.Bytes())
		if !mark {
			s = s[2:]
		}
		return s
	}
	declared := func(name, doc string) string { return `<?xml version="1.0" encoding='` + name + `' ?>` + doc }
	for _, tc := range []struct{ name, contentType, doc, bad string }{
		{"utf-8", "text/xml; charset=utf-8", utf8, ""},
		{"utf-8, marked", "text/xml; charset=UTF-8", "\xEF\xBB\xBF" + declared("utf-8", utf8), ""},
		{"nothing said", "text/xml", utf8, ""},
		{"ascii", "text/xml; charset=us-ascii", env11 + `<s:Body><x>&#233;&#x20AC;</x></s:Body></s:Envelope>`, ""},
		{"utf-16", "text/xml; charset=utf-16", wide(xmltext.UTF16LE, true), ""},
		{"utf-16, big", "text/xml; charset=\"UTF-16\"", wide(xmltext.UTF16BE, true), ""},
		{"utf-16, no mark", "text/xml; charset=utf-16be", wide(xmltext.UTF16BE, false), ""},
		{"utf-16, not said", "text/xml", wide(xmltext.UTF16LE, true), ""},
		{"latin by content type", "text/xml; charset=iso-8859-1", latin, ""},
		{"latin by both", "text/xml; charset=ISO-8859-1", declared("ISO-8859-1", latin), ""},
		{"latin by the document", "text/xml", declared("iso-8859-1", latin), ""},
		{"utf-8 said, utf-16 sent", "text/xml; charset=utf-8", wide(xmltext.UTF16LE, true), `charset "utf-8" of the content type is not that of the message`},
		{"utf-16 said, utf-8 sent", "text/xml; charset=utf-16", utf8, `charset "utf-16" of the content type is not that of the message`},
		{"utf-8 said, latin declared", "text/xml; charset=utf-8", declared("iso-8859-1", latin), `encoding "iso-8859-1" of the message`},
		{"latin said, utf-8 declared", "text/xml; charset=iso-8859-1", declared("utf-8", utf8), `encoding "utf-8" of the message`},
		{"latin sent as utf-8", "text/xml; charset=utf-8", latin, "bad encoding"},
		{"empty", "text/xml; charset=utf-8", "", "truncated"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			enc, err := SelectEncoding(tc.contentType)
			if err != nil {
				t.Fatal(err)
			}
			m, err := enc.Decode(strings.NewReader(tc.doc), Decoding{})
			if err == nil {
				err = m.Buffer(0)
			}
			if tc.bad != "" {
				if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Fault.Reason("en"), tc.bad) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, want := canonicalMessage(t, m), canonicalDoc(t, utf8); got != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestEncodeDecode sends a message through every encoding.
func TestEncodeDecode(t *testing.T) {
	doc := env12 + `<s:Header><a:To xmlns:a="urn:a" s:mustUnderstand="1">é</a:To></s:Header><s:Body><x xmlns="urn:x">` + strings.Repeat("text ", 50) + `</x></s:Body>` + end
	want := canonicalDoc(t, doc)
	send, receive := xmlbin.NewWriterSession(0), xmlbin.NewReaderSession(0)
	for _, ct := range []string{
		"application/soap+xml; charset=utf-8", "application/soap+xml; charset=utf-16", "application/soap+xml; charset=utf-16be", "application/soap+msbin1",
		"application/soap+msbin1+gzip", "application/soap+msbin1+deflate", "application/soap+msbinsession1", "application/soap+msbinsession1", "application/soap+msbinsession1+gzip",
	} {
		enc, err := SelectEncoding(ct)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := enc.Encode(&b, parse(t, doc), send); err != nil {
			t.Fatalf("%s: %v", ct, err)
		}
		m, err := enc.Decode(&b, Decoding{Session: receive})
		if err != nil {
			t.Fatalf("%s: %v", ct, err)
		}
		if got := canonicalMessage(t, m); got != want {
			t.Errorf("%s: got %s", ct, got)
		}
	}
	enc := Encoding{Version: V11}
	if err := enc.Encode(io.Discard, parse(t, doc), nil); err == nil {
		t.Error("a message of 1.2 went out as 1.1")
	}
	for _, form := range []Form{Session, Multipart} {
		enc := Encoding{Version: V12, Form: form}
		if err := enc.Encode(io.Discard, parse(t, doc), nil); err == nil {
			t.Error("no error for form", form)
		}
		if _, err := enc.Decode(strings.NewReader(doc), Decoding{}); err == nil {
			t.Error("decoded form", form)
		}
	}
	// A session does not learn from a message that was not sent.
	bad := New(V12)
	bad.SetBody(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "onlyHere", Dict: infoset.SessionOnly})
		return errors.New("no more")
	})
	enc = Encoding{Version: V12, Form: Session}
	if err := enc.Encode(io.Discard, bad, send); err == nil {
		t.Error("the error of the body is lost")
	}
	if table := send.AppendTable(nil); !bytes.Equal(table, []byte{0}) {
		t.Errorf("table %q", table)
	}
}

// TestBombs: what is small on the wire and large behind it stops at the bound.
func TestBombs(t *testing.T) {
	big := New(V12)
	big.SetBody(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "x"})
		for range 200 {
			w.Start(&infoset.Name{Local: "y"})
			w.Text(infoset.String(strings.Repeat("0", 1000)))
			w.End()
		}
		w.End()
		return nil
	})
	for _, how := range []string{"gzip", "deflate"} {
		enc := Encoding{Version: V12, Form: Binary, Compression: how}
		var b bytes.Buffer
		if err := enc.Encode(&b, big, nil); err != nil {
			t.Fatal(err)
		}
		packed := b.Len()
		m, err := enc.Decode(&b, Decoding{})
		if err == nil {
			err = m.Buffer(0)
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Status != StatusTooLarge || packed > 2000 {
			t.Errorf("%s: %d bytes packed: %v", how, packed, err)
		}
		for _, junk := range []string{"", "\x78", "\x78\x9c", "\x1f\x8b", "junk junk junk"} {
			if _, err := enc.Decode(strings.NewReader(junk), Decoding{}); err == nil {
				t.Errorf("%s: %q is a message", how, junk)
			}
		}
	}
}

func TestDeflateWithHeader(t *testing.T) {
	doc := env12 + `<s:Body/>` + end
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{})
	if err := parse(t, doc).Write(w); err != nil {
		t.Fatal(err)
	}
	raw, wrapped := deflated(t, w.Bytes(), false), deflated(t, w.Bytes(), true)
	for _, b := range [][]byte{raw, wrapped} {
		enc := Encoding{Version: V12, Form: Binary, Compression: "deflate"}
		if _, err := enc.Decode(bytes.NewReader(b), Decoding{}); err != nil {
			t.Errorf("% x: %v", b[:2], err)
		}
	}
}

// deflated compresses b, with the header and checksum of RFC 1950 or without.
func deflated(t *testing.T, b []byte, wrap bool) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	z.Write(b)
	z.Close()
	if !wrap {
		return out.Bytes()
	}
	a, c := uint32(1), uint32(0)
	for _, x := range b {
		a = (a + uint32(x)) % 65521
		c = (c + a) % 65521
	}
	return append(append([]byte{0x78, 0x9C}, out.Bytes()...), byte(c>>8), byte(c), byte(a>>8), byte(a))
}

// TestMultipartHook: the encoder of MIME is another package's.
func TestMultipartHook(t *testing.T) {
	enc, err := SelectEncoding(`multipart/related; type="application/xop+xml"; start-info="application/soap+xml"`)
	if err != nil {
		t.Fatal(err)
	}
	m, err := enc.Decode(strings.NewReader(env12+`<s:Body/>`+end), Decoding{Multipart: fakeMIME{"application/soap+xml; action=\"urn:a\""}})
	if err != nil || m.Version != V12 || enc.Version != V12 {
		t.Error(m, err)
	}
	_, err = enc.Decode(strings.NewReader(env12+`<s:Body/>`+end), Decoding{Multipart: fakeMIME{"text/xml"}})
	if e, ok := errors.AsType[*Error](err); !ok || e.Fault.Code != VersionMismatch {
		t.Error("envelope of 1.2 in a part of 1.1:", err)
	}
	_, err = enc.Decode(strings.NewReader(""), Decoding{Multipart: fakeMIME{""}})
	if e, ok := errors.AsType[*Error](err); !ok || e.Fault.Code != Sender {
		t.Error(err)
	}
}

type fakeMIME struct{ root string }

func (f fakeMIME) Open(_ *MediaType, body io.Reader, q infoset.Quotas) (infoset.Reader, *MediaType, error) {
	if f.root == "" {
		return nil, nil, &infoset.Error{Reason: infoset.Malformed, Offset: -1, Detail: "no boundary"}
	}
	root, err := ParseMediaType(f.root)
	return xmltext.NewReader(body, xmltext.Options{Quotas: q}), &root, err
}

// TestExplain: what is not the sender's fault tells nothing of itself.
func TestExplain(t *testing.T) {
	secret := errors.New("password=1234")
	for _, err := range []error{secret, fmt.Errorf("x: %w", secret), &infoset.Error{Reason: infoset.Source, Err: secret}, &infoset.Error{Reason: infoset.Misuse, Detail: "1234"}} {
		e := Explain(err, V12)
		if e.Fault.Code != Receiver || e.Fault.Effective().Local != "InternalServiceFault" || strings.Contains(e.Error(), "1234") || !errors.Is(e, err) {
			t.Errorf("%v", e)
		}
	}
	once := Refuse(V12, Sender, "first")
	if again := Explain(fmt.Errorf("op: %w", once), V11); again != once {
		t.Error(again)
	}
	inner := &infoset.Error{Reason: infoset.Malformed, Detail: "gzip"}
	if e := Explain(&infoset.Error{Reason: infoset.Source, Err: inner}, V12); e.Fault.Code != Sender {
		t.Error(e)
	}
}
