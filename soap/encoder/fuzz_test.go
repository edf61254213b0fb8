package encoder

import (
	"bytes"
	"errors"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// FuzzContentType: an encoding that is chosen can be sent, and its action comes
// through.
func FuzzContentType(f *testing.F) {
	for _, s := range []string{
		`text/xml; charset="utf-8"`, `application/soap+xml;action=urn:a;charset=utf-16`, `application/soap+msbin1+gzip`,
		`multipart/related; type="application/xop+xml";start="<a@b>";boundary="uuid:1+id=1";start-info="application/soap+xml; action=\"x\""`, `a/b;;x`, "\x00",
	} {
		f.Add(s, `"urn:a"`)
	}
	f.Fuzz(func(t *testing.T, s, action string) {
		e, err := Select(s)
		if err != nil || e.Form == soap.Multipart {
			return
		}
		if len(action) > 1000 {
			return
		}
		sent := e.ContentType(action)
		again, err := Select(sent)
		if err != nil || again.Form != e.Form || again.Version != e.Version {
			t.Fatalf("%q sent as %q: %v", s, sent, err)
		}
		if got, err := soap.ReadAction(soap.V12, &again.Type, nil); err == nil && got.There && !soap.SameAction(got.Value, action) {
			t.Fatalf("action %q came as %q", action, got.Value)
		}
	})
}

// FuzzDecode decodes any bytes under any content type. Every error is an
// *soap.Error, and what was decoded can be encoded again.
func FuzzDecode(f *testing.F) {
	types := []string{
		"text/xml", "text/xml; charset=utf-8", "text/xml; charset=iso-8859-1", "application/soap+xml; charset=utf-16", "application/soap+msbin1",
		"application/soap+msbin1+gzip", "application/soap+msbin1+deflate",
	}
	for i, ct := range types {
		enc, err := Select(ct)
		if err != nil {
			f.Fatal(err)
		}
		m := soap.New(enc.Version)
		m.SetFault(soap.NewFault(soap.Sender, "r\u00e9"))
		var b bytes.Buffer
		if err := enc.Encode(&b, m, nil); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), uint8(i))
	}
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		enc, err := Select(types[int(which)%len(types)])
		if err != nil {
			t.Fatal(err)
		}
		m, err := enc.Decode(bytes.NewReader(b), Decoding{Quotas: infoset.Buffered()})
		if err == nil {
			err = m.Buffer(0)
		}
		again, lies := enc.DecodeBytes(bytes.Clone(b), Decoding{Quotas: infoset.Buffered()})
		if lies == nil {
			lies = again.Buffer(0)
		}
		if (err == nil) != (lies == nil) {
			t.Fatalf("as a stream: %v; in memory: %v", err, lies)
		}
		if err != nil {
			if _, ok := errors.AsType[*soap.Error](err); !ok {
				t.Fatalf("%#v", err)
			}
			return
		}
		if err := enc.Encode(&bytes.Buffer{}, m, nil); err != nil {
			t.Fatal(err)
		}
	})
}
