package mtom

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// FuzzOpen checks on any input that the reader neither panics nor hangs, that the
// document does not depend on how bytes arrive, and that what it takes is written
// and read again as the same document.
func FuzzOpen(f *testing.F) {
	f.Add(crlf(fine))
	f.Add(fine)
	f.Add(crlf("MIME-Version: 1.0\nContent-Type: multipart/related;\n boundary=b\n\n" + fine))
	f.Add(with(envelope, "\nContent-ID: <p>\nContent-Transfer-Encoding: base64\n\nYWJj\n--b--"))
	f.Add(with(`<e> `+inc("a%40b")+`</e>`, "\nContent-ID: <q>\n\n--b\n--bb\n--b\nContent-Transfer-Encoding: quoted-printable\nContent-ID:\n <a@b>\n\n=41=\n--b--"))
	f.Add("--b--\r\n")
	for _, name := range []string{"missing", "response"} {
		b, err := os.ReadFile("testdata/mtom-cid-escapes-two-parts/" + name + ".bin")
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := strings.Cut(string(b), "\r\n\r\n")
		f.Add(strings.ReplaceAll(body, "--uuid:real+id=1", "--b"))
	}
	limits := Limits{Parts: 10, Memory: 1 << 16, Total: 1 << 20}
	const contentType = `multipart/related;boundary=b`
	f.Fuzz(func(t *testing.T, body string) {
		doc, _, err := read(t, limits, contentType, body)
		r, _, err2 := open(t, limits, contentType, iotest.OneByteReader(strings.NewReader(body)))
		var doc2 string
		if err2 == nil {
			doc2, err2 = canonical(r)
		}
		if doc != doc2 || (err == nil) != (err2 == nil) {
			t.Fatalf("whole: %v\n%s\nin pieces: %v\n%s", err, doc, err2, doc2)
		}
		if err != nil {
			reasonOf(t, err)
			if e := soap.Explain(err, soap.V11); e.Fault.Code != soap.Sender {
				t.Fatalf("the sender is not blamed for %v", err)
			}
			return
		}
		again(t, limits, contentType, body, doc)
	})
}

// again writes the document in body and reads it.
func again(t *testing.T, l Limits, contentType, body, want string) {
	t.Helper()
	r, _, err := open(t, l, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o := WriterOptions{Version: soap.V12, Boundary: "uuid:0b1f2d3c-fuzz", Threshold: 1}
	if err := infoset.Copy(NewWriter(&out, o), r); err != nil {
		t.Fatal(err)
	}
	doc, _, err := read(t, Limits{}, o.ContentType(), out.String())
	if err != nil || doc != want {
		t.Fatalf("%v\n%s\nwant\n%s", err, doc, want)
	}
}

// FuzzCutHead checks that what is cut off and what stays are the message.
func FuzzCutHead(f *testing.F) {
	f.Add([]byte("MIME-Version: 1.0\r\nContent-Type: text/xml\r\n\r\nrest"))
	f.Add([]byte("\r\ncontent-type:\n a/b\n\n"))
	f.Add([]byte("<a/>"))
	f.Fuzz(func(t *testing.T, message []byte) {
		typ, body, err := CutHead(message)
		if err != nil {
			reasonOf(t, err)
			return
		}
		if !bytes.HasSuffix(message, body) || typ != "" && len(body) == len(message) || strings.ContainsAny(typ, "\n") {
			t.Fatalf("%q: %q %q", message, typ, body)
		}
	})
}
