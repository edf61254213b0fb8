package encoder

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

func TestSelect(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want Encoding // Type left out
		out  string   // with action urn:a; empty: refused
	}{
		{"text/xml", Encoding{Version: soap.V11}, "text/xml; charset=utf-8"},
		{"Text/XML; Charset=\"UTF-8\"", Encoding{Version: soap.V11, charset: "utf-8"}, "text/xml; charset=utf-8"},
		{"text/xml;charset=utf-16", Encoding{Version: soap.V11, Charset: xmltext.UTF16LE, charset: "utf-16"}, "text/xml; charset=utf-16"},
		{"text/xml; charset=UTF-16BE", Encoding{Version: soap.V11, Charset: xmltext.UTF16BE, charset: "utf-16be"}, "text/xml; charset=utf-16BE"},
		{"application/soap+xml; charset=utf-8; action=\"urn:b\"", Encoding{Version: soap.V12, charset: "utf-8"}, `application/soap+xml; charset=utf-8; action="urn:a"`},
		{"application/soap+msbin1", Encoding{Version: soap.V12, Form: soap.Binary}, "application/soap+msbin1"},
		{"application/soap+msbin1+gzip", Encoding{Version: soap.V12, Form: soap.Binary, Compression: "gzip"}, "application/soap+msbin1+gzip"},
		{"application/soap+msbinsession1", Encoding{Version: soap.V12, Form: soap.Session}, "application/soap+msbinsession1"},
		{"application/soap+msbinsession1+deflate", Encoding{Version: soap.V12, Form: soap.Session, Compression: "deflate"}, "application/soap+msbinsession1+deflate"},
		{`multipart/related; type="application/xop+xml"`, Encoding{Form: soap.Multipart}, `multipart/related; type="application/xop+xml"`},
		{"", Encoding{}, ""},
		{"text/html", Encoding{}, ""},
		{"application/xml", Encoding{}, ""},
		{"application/soap+msbin1+brotli", Encoding{}, ""},
		{"text/xml; charset=koi8-r", Encoding{}, ""},
		{"text/xml; charset=utf-8; charset=utf-16", Encoding{}, ""},
		{"text/xml; charset=\"utf-8", Encoding{}, ""},
		{"text", Encoding{}, ""},
	} {
		e, err := Select(tc.in)
		if tc.out == "" {
			if r, ok := errors.AsType[*soap.Error](err); !ok || r.Status != soap.StatusUnsupported {
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
		e.Type = soap.MediaType{}
		if diff := cmp.Diff(tc.want, e, cmp.AllowUnexported(Encoding{})); diff != "" {
			t.Errorf("%q: %s", tc.in, diff)
		}
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
			enc, err := Select(tc.contentType)
			if err != nil {
				t.Fatal(err)
			}
			m, err := enc.Decode(strings.NewReader(tc.doc), Decoding{})
			if err == nil {
				err = m.Buffer(0)
			}
			if tc.bad != "" {
				if e, ok := errors.AsType[*soap.Error](err); !ok || !strings.Contains(e.Fault.Reason("en"), tc.bad) {
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
		enc, err := Select(ct)
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
	enc := Encoding{Version: soap.V11}
	if err := enc.Encode(io.Discard, parse(t, doc), nil); err == nil {
		t.Error("a message of 1.2 went out as 1.1")
	}
	for _, form := range []soap.Form{soap.Session, soap.Multipart} {
		enc := Encoding{Version: soap.V12, Form: form}
		if err := enc.Encode(io.Discard, parse(t, doc), nil); err == nil {
			t.Error("no error for form", form)
		}
		if _, err := enc.Decode(strings.NewReader(doc), Decoding{}); err == nil {
			t.Error("decoded form", form)
		}
	}
	// A session does not learn from a message that was not sent.
	bad := soap.New(soap.V12)
	bad.SetBody(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Local: "onlyHere", Dict: infoset.SessionOnly})
		return errors.New("no more")
	})
	enc = Encoding{Version: soap.V12, Form: soap.Session}
	if err := enc.Encode(io.Discard, bad, send); err == nil {
		t.Error("the error of the body is lost")
	}
	if table := send.AppendTable(nil); !bytes.Equal(table, []byte{0}) {
		t.Errorf("table %q", table)
	}
}

// TestBombs: what is small on the wire and large behind it stops at the bound.
func TestBombs(t *testing.T) {
	big := soap.New(soap.V12)
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
		enc := Encoding{Version: soap.V12, Form: soap.Binary, Compression: how}
		var b bytes.Buffer
		if err := enc.Encode(&b, big, nil); err != nil {
			t.Fatal(err)
		}
		packed := b.Len()
		m, err := enc.Decode(&b, Decoding{})
		if err == nil {
			err = m.Buffer(0)
		}
		e, ok := errors.AsType[*soap.Error](err)
		if !ok || e.Status != soap.StatusTooLarge || packed > 2000 {
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
		enc := Encoding{Version: soap.V12, Form: soap.Binary, Compression: "deflate"}
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
	enc, err := Select(`multipart/related; type="application/xop+xml"; start-info="application/soap+xml"`)
	if err != nil {
		t.Fatal(err)
	}
	m, err := enc.Decode(strings.NewReader(env12+`<s:Body/>`+end), Decoding{Multipart: fakeMIME{"application/soap+xml; action=\"urn:a\""}})
	if err != nil || m.Version != soap.V12 || enc.Version != soap.V12 {
		t.Error(m, err)
	}
	_, err = enc.Decode(strings.NewReader(env12+`<s:Body/>`+end), Decoding{Multipart: fakeMIME{"text/xml"}})
	if e, ok := errors.AsType[*soap.Error](err); !ok || e.Fault.Code != soap.VersionMismatch {
		t.Error("envelope of 1.2 in a part of 1.1:", err)
	}
	_, err = enc.Decode(strings.NewReader(""), Decoding{Multipart: fakeMIME{""}})
	if e, ok := errors.AsType[*soap.Error](err); !ok || e.Fault.Code != soap.Sender {
		t.Error(err)
	}
}

type fakeMIME struct{ root string }

func (f fakeMIME) Open(_ *soap.MediaType, body io.Reader, q infoset.Quotas) (infoset.Reader, *soap.MediaType, error) {
	if f.root == "" {
		return nil, nil, &infoset.Error{Reason: infoset.Malformed, Offset: -1, Detail: "no boundary"}
	}
	root, err := soap.ParseMediaType(f.root)
	return xmltext.NewReader(body, xmltext.Options{Quotas: q}), &root, err
}
