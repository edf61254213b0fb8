package soap

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// TestCapturedMessages reads every SOAP message of the captured HTTP exchanges and
// writes it again, as text and by way of binary XML: nothing of its infoset may
// change.
func TestCapturedMessages(t *testing.T) {
	seen := map[Form]int{}
	versions := map[Version]int{}
	for _, c := range captured(t) {
		if len(c.body) == 0 {
			continue
		}
		enc, err := SelectEncoding(c.header.Get("Content-Type"))
		if err != nil || enc.Form == Multipart || enc.Version == V11 && !bytes.Contains(c.body, []byte("nvelope")) && enc.Charset == 0 {
			continue // MIME, web pages, metadata: not this package's
		}
		if how := c.header.Get("Content-Encoding"); how != "" {
			b, err := io.ReadAll(&inflater{src: bytes.NewReader(c.body), deflate: how == "deflate"})
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			c.body = b
		}
		if bytes.Contains(c.body, []byte("<wsdl:")) {
			continue
		}
		seen[enc.Form]++
		d := Decoding{Quotas: infoset.Buffered(), Size: 1 << 20}
		decode := func() *Message {
			m, err := enc.Decode(bytes.NewReader(c.body), d)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			return m
		}
		m := decode()
		versions[m.Version]++
		if _, err := ReadAction(m.Version, &enc.Type, c.header.Values("SOAPAction")); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		want := ""
		switch {
		case enc.Compression != "":
			want = canonicalMessage(t, decode())
		case enc.Form == Binary:
			want = canonical(t, xmlbin.NewBytes(c.body, xmlbin.Options{Quotas: infoset.Buffered()}))
		default:
			want = canonicalDoc(t, string(c.body))
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
	if seen[Text] < 200 || seen[Binary] < 20 || versions[V11] < 50 || versions[V12] < 100 {
		t.Errorf("few messages: %v %v", seen, versions)
	}
}
