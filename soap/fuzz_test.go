package soap

import (
	"bytes"
	"errors"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/mediatype"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// FuzzMessage reads any bytes as a message, in text or binary. What is read must
// be the same message after it was written in text and in binary, and as a fault
// and converted it must never fail in another way than by an *Error.
func FuzzMessage(f *testing.F) {
	for _, doc := range []string{
		env11 + `<s:Header><a:To xmlns:a="urn:a" s:mustUnderstand="1" s:actor="urn:r">x</a:To> <!-- c --></s:Header> <s:Body i="1"><x/>t</s:Body>` + end,
		env12 + `<s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:c="urn:c">c:X</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">r</s:Text></s:Reason><s:Detail a="1"><d xmlns="urn:d"/></s:Detail></s:Fault></s:Body>` + end,
		env11 + `<s:Body><s:Fault><faultcode>s:Client.X</faultcode><faultstring>r</faultstring><faultactor>a</faultactor><detail><d/></detail></s:Fault></s:Body>` + end,
		`<Envelope xmlns="` + Namespace12 + `"><Header><h xmlns="" relay="1"/></Header><Body/></Envelope>`,
		env12 + `<s:Body/><s:Body/>` + end, `<x/>`, ``,
	} {
		f.Add([]byte(doc), false)
		w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true})
		if infoset.Copy(w, textReader(doc)) == nil {
			f.Add(bytes.Clone(w.Bytes()), true)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, binary bool) {
		open := func() (*Message, error) {
			var r infoset.Reader = xmltext.NewBytes(b, xmltext.Options{})
			if binary {
				r = xmlbin.NewBytes(b, xmlbin.Options{})
			}
			m, err := Read(r, None, Limits{})
			if err == nil {
				err = m.Buffer(0)
			}
			return m, err
		}
		m, err := open()
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Fault == nil || e.Version == None {
				t.Fatalf("%#v", err)
			}
			return
		}
		var r infoset.Reader = xmltext.NewBytes(b, xmltext.Options{})
		if binary {
			r = xmlbin.NewBytes(b, xmlbin.Options{})
		}
		want := canonical(t, r)
		if got := canonicalMessage(t, m); got != want {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
		if got := canonicalMessage(t, toBinary(t, m)); got != want {
			t.Fatalf("through binary\ngot  %q\nwant %q", got, want)
		}
		from := m.Version
		if err := m.Convert(V11 + V12 - from); err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Fatal(err)
			}
			return
		}
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		if err := m.Write(w); err != nil {
			t.Fatalf("converted: %v\n%q", err, b)
		}
		if _, err := Read(xmltext.NewBytes(w.Bytes(), xmltext.Options{Quotas: infoset.Buffered()}), V11+V12-from, Limits{}); err != nil {
			t.Fatalf("converted: %v\n%s", err, w.Bytes())
		}
	})
}

// FuzzMediaType: what is parsed is the same after it was written.
func FuzzMediaType(f *testing.F) {
	for _, s := range []string{
		`text/xml; charset="utf-8"`, `application/soap+xml;action=urn:a;charset=utf-16`, `application/soap+msbin1+gzip`,
		`multipart/related; type="application/xop+xml";start="<a@b>";boundary="uuid:1+id=1";start-info="application/soap+xml; action=\"x\""`, `a/b; start-info="c/d; action="x"";y=z`, `a/b;;x`, "\x00", "a/b\xc7; \xc7=\xc7",
	} {
		f.Add(s, `"urn:a"`)
	}
	f.Fuzz(func(t *testing.T, s, action string) {
		if m, err := ParseMediaType(s); err == nil {
			again, err := ParseMediaType(m.String())
			if len(s) < mediatype.Max/2 && (err != nil || again.String() != m.String()) {
				t.Fatalf("%q: %q %v", s, m.String(), err)
			}
			if _, err := ReadAction(V12, &m, []string{action}); err != nil {
				if _, ok := errors.AsType[*Error](err); !ok {
					t.Fatal(err)
				}
			}
		}
	})
}
