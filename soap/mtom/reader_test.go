package mtom

import (
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

const (
	plainType = `multipart/related; type="application/xop+xml"; start="<r>"; boundary="b"; start-info="text/xml"`
	rootHead  = "Content-ID: <r>\nContent-Type: application/xop+xml;charset=utf-8;type=\"text/xml\"\n\n"
	// envelope refers to part p.
	envelope = `<e xmlns="u"><f><x:Include href="cid:p" xmlns:x="http://www.w3.org/2004/08/xop/include"/></f></e>`
	fine     = "\n--b\n" + rootHead + envelope + "\n--b\nContent-ID: <p>\n\nabc\n--b--\n"
	filled   = `<e xmlns="u"><f>YWJj</f></e>`
	empty    = `<e xmlns="u"></e>`
)

// with gives the body of a message with this envelope and what follows it.
func with(envelope, rest string) string {
	return crlf("\n--b\n" + rootHead + envelope + "\n--b" + rest)
}

// TestBentForms reads what peers write that is not as it should be, or seldom.
func TestBentForms(t *testing.T) {
	part := crlf("\n--b\nContent-ID: <p>\n\nabc\n--b--\n")
	tests := []struct{ name, contentType, body, want string }{
		{"as it should be", plainType, crlf(fine), filled},
		{"no line break first", plainType, crlf(fine[1:]), filled},
		{"LF only", plainType, fine, filled},
		{"preamble and epilogue", plainType, "You need MIME.\r\n" + crlf(fine) + "the end", filled},
		{"end of input behind dashes", plainType, strings.TrimSuffix(crlf(fine), "\r\n"), filled},
		{"lone CR at the end", plainType, strings.TrimSuffix(crlf(fine), "\n"), filled},
		{"white space behind boundaries", plainType, strings.ReplaceAll(crlf(fine), "--b\r\n", "--b \t\r\n"), filled},
		{"longer boundary is data", plainType, with(envelope, "\nContent-ID: <p>\n\nabc\n--bb\n--b--\n"), `<e xmlns="u"><f>YWJjDQotLWJi</f></e>`},
		{"folded header lines", plainType, crlf("--b\nContent-ID:\n <r>\nContent-Type: application/xop+xml;\n\tcharset=utf-8;\n type=\"text/xml\"\n\n") + envelope + part, filled},
		{"header names in any case, white space before the colon", plainType, with(envelope, "\ncontent-id : p\nCONTENT-TRANSFER-ENCODING: BINARY (as it is)\n\nabc\n--b--"), filled},
		{"base64 part", plainType, with(envelope, "\nContent-ID: <p>\nContent-Transfer-Encoding: base64\n\nYW\nJj\n--b--"), filled},
		{"quoted-printable part", plainType, with(envelope, "\nContent-ID: <p>\nContent-Transfer-Encoding: quoted-printable\n\na=62=\nc\n--b--"), filled},
		{"empty part without line break", plainType, with(envelope, "\nContent-ID: <p>\n\n--b--"), `<e xmlns="u"><f></f></e>`},
		{"empty part", plainType, with(envelope, "\nContent-ID: <p>\n\n\n--b--"), `<e xmlns="u"><f></f></e>`},
		{"unused parts, without headers too", plainType, with(`<e xmlns="u"/>`, "\n\nabc\n--b\nContent-ID: <q>\n\nd\n--b--"), empty},
		{"no start, no Content-ID", `multipart/related;boundary=b`, crlf("--b\nContent-Type: text/xml\n\n") + envelope + part, filled},
		{"root without any header", `multipart/related;boundary=b`, crlf("--b\n\n") + envelope + part, filled},
		{"start without brackets", `multipart/related;boundary=b;start=r`, crlf(fine), filled},
		{"start named in no part", `multipart/related;boundary=b;start="<other>"`, crlf("--b\nContent-Type: application/xop+xml\n\n") + envelope + part, filled},
		{"root behind its parts", plainType, crlf("--b\nContent-ID: <p>\n\nabc\n--b\n" + rootHead + envelope + "\n--b--"), filled},
		{"head in the body", "", crlf("MIME-Version: 1.0\nContent-Type: " + plainType + "\n\n" + fine[1:]), filled},
		{"head in the body, folded, behind an empty line", "multipart/related", crlf("\nContent-Type: multipart/related;\n boundary=b\n\n" + fine), filled},
		{"quoted boundary with a space", `multipart/related; boundary="a b"`, strings.ReplaceAll(crlf(fine), "--b", "--a b"), filled},
		{"space at the end of the boundary", `multipart/related; boundary="b "`, crlf(fine), filled},
		{"white space around the reference", plainType, with("<e xmlns=\"u\"><f>\n  "+strings.TrimSuffix(strings.TrimPrefix(envelope, `<e xmlns="u"><f>`), `</f></e>`)+"\n</f></e>", "\nContent-ID: <p>\n\nabc\n--b--"), filled},
		{"scheme in capitals, escapes", plainType, strings.Replace(crlf(fine), "cid:p", " CID:%70", 1), filled},
		{"escapes on both sides", plainType, strings.NewReplacer("cid:p", "cid:a%40b", "<p>", "<a%40b>").Replace(crlf(fine)), filled},
		{"escaped twice", plainType, strings.NewReplacer("cid:p", "cid:a%2540b", "<p>", "<a%40b>").Replace(crlf(fine)), filled},
		{"extension inside of the reference", plainType, strings.Replace(crlf(fine), `include"/>`, `include"><x xmlns="v"/></x:Include>`, 1), filled},
		{"white space that is content", plainType, with("<e xmlns=\"u\"> <a> </a> </e>", "--"), `<e xmlns="u"> <a> </a> </e>`},
		{"much white space", plainType, with("<e>"+strings.Repeat("<![CDATA[ ]]>", 20)+"</e>", "--"), "<e>" + strings.Repeat(" ", 20) + "</e>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, root, err := read(t, Limits{}, tt.contentType, tt.body)
			if err != nil || doc != tt.want || root != "text/xml" {
				t.Errorf("%s %v\n%s\nwant\n%s", root, err, doc, tt.want)
			}
		})
	}
}

// TestRefused holds what is refused, why, and that the error says where.
func TestRefused(t *testing.T) {
	two := `<e><f>` + inc("p") + `</f><f>` + inc("p") + `</f></e>`
	tests := []struct {
		name, contentType, body string
		why                     infoset.Reason
		says                    string
	}{
		{"no boundary", "multipart/related", crlf(fine), infoset.Malformed, "no boundary"},
		{"other type in the body", "", "MIME-Version: 1.0\r\nContent-Type: text/xml\r\n\r\n<a/>", infoset.Malformed, "not multipart/related"},
		{"no type in the body", "", "MIME-Version: 1.0\r\n\r\n<a/>", infoset.Malformed, "not multipart/related"},
		{"bad type in the body", "", "Content-Type: a;b\r\n\r\n", infoset.Malformed, "content type"},
		{"head that ends", "", "MIME-Version: 1.0\r\n", infoset.Truncated, "header lines"},
		{"boundary nowhere", plainType, "<a/>", infoset.Malformed, "boundary of the content type is not in the message"},
		{"boundary far away", plainType, strings.Repeat("x", maxPreamble+1) + crlf(fine), infoset.Malformed, "not at the beginning"},
		{"no parts", plainType, "--b--\r\n", infoset.Malformed, "no parts"},
		{"root missing", plainType, "--b\r\nContent-ID: <p>\r\n\r\n\r\n--b--", infoset.Malformed, `Content-ID "r"`},
		{"root is an image", `multipart/related;boundary=b`, "--b\r\nContent-Type: image/png\r\n\r\n\r\n--b--", infoset.Refused, "image/png"},
		{"root is multipart", `multipart/related;boundary=b`, "--b\r\nContent-Type: multipart/related;boundary=c\r\n\r\n--c\r\n", infoset.Refused, "multipart/related"},
		{"charset", `multipart/related;boundary=b`, "--b\r\nContent-Type: text/xml;charset=ebcdic\r\n\r\n--b--", infoset.BadEncoding, "ebcdic"},
		{"transfer encoding", plainType, with(envelope, "\nContent-ID: <p>\nContent-Transfer-Encoding: x-uuencode\n\nabc\n--b--"), infoset.Refused, "x-uuencode"},
		{"broken base64", plainType, with(envelope, "\nContent-ID: <p>\nContent-Transfer-Encoding: base64\n\nY!\n--b--"), infoset.Malformed, "in part 2"},
		{"reference to a missing part", plainType, with(envelope, "\nContent-ID: <q>\n\nabc\n--b--"), infoset.Malformed, `no part has Content-ID "p" at byte 16 in /e/f`},
		{"reference to the web", plainType, strings.Replace(crlf(fine), "cid:p", "http://evil.example/", 1), infoset.Refused, "not a cid: URL"},
		{"reference to a file", plainType, strings.Replace(crlf(fine), "cid:p", "file:///etc/passwd", 1), infoset.Refused, "not a cid: URL"},
		{"reference to nothing", plainType, strings.Replace(crlf(fine), "cid:p", "cid:", 1), infoset.Refused, "not a cid: URL"},
		{"reference without href", plainType, strings.Replace(crlf(fine), "href", "hrex", 1), infoset.Malformed, "no href"},
		{"reference to the envelope", plainType, strings.Replace(crlf(fine), "cid:p", "cid:r", 1), infoset.Refused, "is the envelope"},
		{"two references to a part", plainType, with(two, "\nContent-ID: <p>\n\nabc\n--b--"), infoset.Refused, "twice"},
		{"two parts of an id", plainType, with(envelope, "\nContent-ID: <q>\n\n1\n--b\nContent-ID: <q>\n\n2\n--b\nContent-ID: <p>\n\n3\n--b--"), infoset.Duplicate, `Content-ID "q"`},
		{"text before a reference", plainType, with("<e><f>t"+inc("p")+"</f></e>", "--"), infoset.Malformed, "not the only content"},
		{"text behind a reference", plainType, with("<e><f>"+inc("p")+"t</f></e>", "\nContent-ID: <p>\n\nabc\n--b--"), infoset.Malformed, "not the only content"},
		{"two references in an element", plainType, with("<e><f>"+inc("p")+inc("q")+"</f></e>", "\nContent-ID: <p>\n\nabc\n--b--"), infoset.Malformed, "not the only content"},
		{"reference as the root", plainType, with(inc("p"), "--"), infoset.Malformed, "not the only content"},
		{"id twice", plainType, with(envelope, "\nContent-ID: <p>\nContent-ID: <q>\n\nabc\n--b--"), infoset.Duplicate, "content-id twice"},
		{"header line without name", plainType, with(envelope, "\n<p>\n\nabc\n--b--"), infoset.Malformed, "without name at byte"},
		{"folded line first", plainType, with(envelope, "\n Content-ID: <p>\n\nabc\n--b--"), infoset.Malformed, "folded"},
		{"boundary among headers", plainType, with(envelope, "\nContent-ID: <p>\n--b\n\nabc\n--b--"), infoset.Malformed, "boundary among header lines"},
		{"broken XML", plainType, with("<e>", "--"), infoset.Truncated, "in /e"},
		{"DTD", plainType, with("<!DOCTYPE a><a/>", "--"), infoset.Refused, ""},
		{"cut behind the envelope", plainType, with("<e/>", "\nContent-ID: <p>\n\nabc"), infoset.Truncated, "no closing boundary"},
		{"line of white space behind a boundary", plainType, with(envelope, strings.Repeat(" ", maxPadding+1)+"\nContent-ID: <p>\n\nabc\n--b--"), infoset.Malformed, "no part has"},
		{"cut inside of a part", plainType, with(envelope, "\nContent-ID: <p>\n\nabc"), infoset.Truncated, "in part 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, _, err := read(t, Limits{}, tt.contentType, tt.body)
			if err == nil {
				t.Fatalf("taken: %s", doc)
			}
			if got := reasonOf(t, err); got != tt.why || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v: %v\nwant %v: %s", got, err, tt.why, tt.says)
			}
			if e := soap.Explain(err, soap.V12); e.Fault.Code != soap.Sender {
				t.Errorf("the sender is not blamed: %v", e)
			}
		})
	}
}

// inc is a reference.
func inc(id string) string {
	return `<x:Include href="cid:` + id + `" xmlns:x="http://www.w3.org/2004/08/xop/include"/>`
}

// TestLimits crosses each limit by one, and keeps within it.
func TestLimits(t *testing.T) {
	long := strings.Repeat("a", 100)
	early := with(`<e><f>`+inc("p")+`</f><g>`+inc("q")+`</g></e>`, "\nContent-ID: <q>\n\n"+long+"\n--b\nContent-ID: <p>\n\n1\n--b--")
	tests := []struct {
		name, body string
		over, at   Limits
		says       string
	}{
		{"parts", crlf(fine), Limits{Parts: 1}, Limits{Parts: 2}, "MIME: parts: more than 1"},
		{"header bytes", crlf(fine), Limits{HeaderBytes: 78}, Limits{HeaderBytes: 90}, "bytes of header lines"},
		{"memory", early, Limits{Memory: 228}, Limits{Memory: 400}, "bytes that must be held"},
		{"total", crlf(fine), Limits{Total: int64(len(crlf(fine)) - 1)}, Limits{Total: int64(len(crlf(fine)))}, sizeDetail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := read(t, tt.over, plainType, tt.body)
			if err == nil || reasonOf(t, err) != infoset.Quota || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("over: %v", err)
			}
			if _, _, err := read(t, tt.at, plainType, tt.body); err != nil {
				t.Errorf("within: %v", err)
			}
		})
	}
	_, _, err := read(t, Limits{Total: 20}, plainType, crlf(fine))
	if e := soap.Explain(err, soap.V11); e.Status != soap.StatusTooLarge {
		t.Errorf("a message that is too big: %d", e.Status)
	}
}

// TestMemoryComesBack: what was held and given is not counted any more.
func TestMemoryComesBack(t *testing.T) {
	refs, parts := "", ""
	for i := range 20 {
		id := strconv.Itoa(i)
		refs += "<f>" + inc("b"+id) + "</f><f>" + inc("a"+id) + "</f>"
		parts += "\nContent-ID: <a" + id + ">\n\n" + strings.Repeat("a", 1000) + "\n--b\nContent-ID: <b" + id + ">\n\nb\n--b"
	}
	body := with("<e>"+refs+"</e>", parts+"--")
	if _, _, err := read(t, Limits{Memory: int64(len(refs)) + 5000}, plainType, body); err != nil {
		t.Errorf("one at a time: %v", err)
	}
	if _, _, err := read(t, Limits{Memory: 1000}, plainType, body); err == nil {
		t.Error("one is too much, and taken")
	}
}

// TestQuotas: what bounds other encodings bounds this one.
func TestQuotas(t *testing.T) {
	body := with(envelope, "\nContent-ID: <p>\n\n"+strings.Repeat("a", 100)+"\n--b--")
	for _, tt := range []struct {
		q    infoset.Quotas
		fits bool
	}{{infoset.Quotas{ArrayLength: 99}, false}, {infoset.Quotas{ArrayLength: 100}, true}, {infoset.Quotas{Depth: 1}, false}} {
		r, _, err := Opener{}.Open(mediaType(t, plainType), strings.NewReader(body), tt.q)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := canonical(r); (err == nil) != tt.fits || err != nil && reasonOf(t, err) != infoset.Quota {
			t.Errorf("%+v: %v", tt.q, err)
		}
	}
}

// TestRootType finds the version of the envelope in all the places where peers
// tell it, and in the envelope where they do not.
func TestRootType(t *testing.T) {
	const v12 = `<e xmlns="http://www.w3.org/2003/05/soap-envelope"/>`
	tests := []struct{ name, info, part, envelope, want string }{
		{"both", `;start-info="application/soap+xml"`, `application/xop+xml;type="application/soap+xml"`, v12, "application/soap+xml"},
		{"start-info without quotes", `;start-info=application/soap+xml`, `application/xop+xml`, v12, "application/soap+xml"},
		{"start-info with charset", `;start-info="text/xml; charset=utf-8"`, `application/xop+xml;type=""`, `<e/>`, "text/xml"},
		{"start-info in capitals", `;start-info="Text/XML"`, `application/xop+xml`, `<e/>`, "text/xml"},
		{"action in start-info", `;start-info="application/soap+xml; action=\"urn:a\""`, `application/xop+xml;type="application/soap+xml"`, v12, `application/soap+xml; action="urn:a"`},
		{"action beside it", `;start-info="application/soap+xml";action="urn:a"`, `application/xop+xml`, v12, `application/soap+xml; action="urn:a"`},
		{"action in the part", `;start-info="application/soap+xml"`, `application/xop+xml;type="application/soap+xml;action=\"urn:a\""`, v12, `application/soap+xml; action="urn:a"`},
		{"part only", ``, `application/xop+xml;type="application/soap+xml"`, v12, "application/soap+xml"},
		{"part is the envelope", ``, `application/soap+xml;action="urn:a"`, v12, `application/soap+xml; action="urn:a"`},
		{"quotes inside of quotes", ``, `application/xop+xml; type="application/soap+xml; action="urn:a""`, v12, `application/soap+xml; action="urn:a"`},
		{"quotes inside of quotes of start-info", `;start-info="application/soap+xml; action="urn:a"";x=y`, `application/xop+xml`, v12, `application/soap+xml; action="urn:a"`},
		{"text/xml always, 1.2", `;start-info="text/xml"`, `application/xop+xml; charset=UTF-8; type="text/xml"`, v12, "application/soap+xml"},
		{"text/xml in the part, 1.2", ``, `application/xop+xml;type="text/xml"`, v12, "application/soap+xml"},
		{"text/xml always, 1.1", `;start-info="text/xml"`, `application/xop+xml;type="text/xml"`, `<e xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>`, "text/xml"},
		{"nothing, 1.2", ``, `application/xop+xml`, `<!-- c -->` + v12, "application/soap+xml"},
		{"nothing, 1.1", ``, `application/xop+xml`, `<e xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>`, "text/xml"},
		{"start-info is XOP", `;start-info="application/xop+xml"`, `application/xop+xml`, v12, "application/soap+xml"},
		{"they contradict, part is right", `;start-info="text/xml"`, `application/xop+xml;type="application/soap+xml"`, v12, "application/soap+xml"},
		{"they contradict, start-info is right", `;start-info="text/xml"`, `application/xop+xml;type="application/soap+xml"`, `<e/>`, "text/xml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, root, err := read(t, Limits{}, "multipart/related;boundary=b"+tt.info, "--b\r\nContent-Type: "+tt.part+"\r\n\r\n"+tt.envelope+"\r\n--b--")
			// An action that needs no quotes in the grammar of tokens has none.
			if err != nil || root != tt.want {
				t.Errorf("%s %v, want %s", root, err, tt.want)
			}
		})
	}
}

// TestTruncated cuts a message at every byte: none of the beginnings is taken, save
// what lacks nothing but the last line break.
func TestTruncated(t *testing.T) {
	body := crlf(fine)
	for n := range len(body) - 2 {
		doc, _, err := read(t, Limits{}, plainType, body[:n])
		if err == nil {
			t.Fatalf("taken at %d of %d: %q gives %s", n, len(body), body[:n], doc)
		}
		if why := reasonOf(t, err); why != infoset.Truncated && why != infoset.Malformed {
			t.Errorf("at %d: %v", n, err)
		}
	}
}

// TestSourceErrors: what the connection says comes through as it is.
func TestSourceErrors(t *testing.T) {
	broken := errors.New("connection reset")
	for n := range len(crlf(fine)) - 2 {
		r, _, err := open(t, Limits{}, plainType, io.MultiReader(strings.NewReader(crlf(fine)[:n]), iotest.ErrReader(broken)))
		if err == nil {
			_, err = canonical(r)
		}
		if !errors.Is(err, broken) || reasonOf(t, err) != infoset.Source {
			t.Fatalf("at %d: %v", n, err)
		}
		if e := soap.Explain(err, soap.V11); e.Fault.Code != soap.Receiver {
			t.Fatalf("at %d: the sender is blamed: %v", n, e)
		}
	}
	if _, _, err := open(t, Limits{}, plainType, silent{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a source that gives nothing: %v", err)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// counting gives endless content and counts it.
type counting struct{ n int64 }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	c.n += int64(len(p))
	return len(p), nil
}

// TestStreams reads a part of 32 MiB piece by piece: no more of it is read than
// was asked for, and none of it is held.
func TestStreams(t *testing.T) {
	const size = 32 << 20
	src := &counting{}
	body := io.MultiReader(strings.NewReader(with(envelope, "\nContent-ID: <p>\n\n")), io.LimitReader(src, size), strings.NewReader("\r\n--b--"))
	r, _, err := open(t, Limits{Memory: 256}, plainType, body)
	if err != nil {
		t.Fatal(err)
	}
	got := int64(0)
	for {
		tok, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if tok.Kind == infoset.Text {
			if got += int64(len(tok.Value.Raw())); src.n > got+2*windowSize {
				t.Fatalf("%d bytes given, %d read", got, src.n)
			}
		}
	}
	if got != size {
		t.Errorf("%d bytes", got)
	}
}

// TestEndless: input that never ends ends with an error.
func TestEndless(t *testing.T) {
	for _, start := range []string{"", "--b\r\n", "--b\r\nContent-ID: <r>\r\n\r\n<e/>", "--b\r\nContent-ID: <q>\r\n\r\n", with(envelope, "\nContent-ID: <q>\n\n")} {
		r, _, err := open(t, Limits{Memory: 1 << 20, Total: 4 << 20}, plainType, io.MultiReader(strings.NewReader(start), &counting{}))
		if err == nil {
			_, err = canonical(r)
		}
		if err == nil {
			t.Errorf("%q: taken", start)
		}
	}
}

// TestScope: depth, path and declarations are those of the token given last, even
// when the reader has looked further.
func TestScope(t *testing.T) {
	r, _, err := open(t, Limits{}, plainType, strings.NewReader(with("<e xmlns:a=\"1\"> <f xmlns:a=\"2\"> </f></e>", "--")))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		kind     infoset.Kind
		depth    int
		a, place string
	}{
		{infoset.StartElement, 1, "1", "/e"},
		{infoset.Text, 1, "1", "/e"},
		{infoset.StartElement, 2, "2", "/e/f"},
		{infoset.Text, 2, "2", "/e/f"},
		{infoset.EndElement, 1, "1", "/e"},
		{infoset.EndElement, 0, "", ""},
	}
	for i, w := range want {
		tok, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		a, _ := r.Lookup("a")
		if tok.Kind != w.kind || r.Depth() != w.depth || a != w.a || r.Path() != w.place {
			t.Errorf("%d: %v depth %d a=%q %s, want %+v", i, tok.Kind, r.Depth(), a, r.Path(), w)
		}
	}
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("behind the document: %v", err)
		}
	}
}

// TestPieces: how the bytes arrive changes nothing.
func TestPieces(t *testing.T) {
	data := make([]byte, 3*windowSize)
	for i := range data {
		data[i] = "\r\n-b a"[i*i%6] // full of what looks like a boundary
	}
	// One long part: what is a boundary line in it is made none.
	content := strings.ReplaceAll(string(data), "--b", "--c")
	body := strings.TrimSuffix(with(envelope, "\nContent-ID: <p>\n\n|"), "|") + content + "\r\n--b--"
	want, _, err := read(t, Limits{}, plainType, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrap := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
		r, _, err := open(t, Limits{}, plainType, wrap(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := canonical(r); err != nil || got != want {
			t.Errorf("another document: %v", err)
		}
	}
	if b64 := base64.StdEncoding.EncodeToString([]byte(content)); !strings.Contains(want, b64) {
		t.Error("the content is not in the document")
	}
}
