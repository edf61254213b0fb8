package inspect

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
)

const echo = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">urn:act</a:Action><a:MessageID>urn:uuid:1</a:MessageID><a:To>net.tcp://h/x</a:To><t:Token xmlns:t="urn:t"/></s:Header><s:Body><Echo xmlns="urn:echo"><text>hi &amp; <b>mixed</b></text></Echo></s:Body></s:Envelope>`

const echoIndented = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">
  <s:Header>
    <a:Action s:mustUnderstand="1">urn:act</a:Action>
    <a:MessageID>urn:uuid:1</a:MessageID>
    <a:To>net.tcp://h/x</a:To>
    <t:Token xmlns:t="urn:t"/>
  </s:Header>
  <s:Body>
    <Echo xmlns="urn:echo">
      <text>hi &amp; <b>mixed</b></text>
    </Echo>
  </s:Body>
</s:Envelope>
`

func encoded(tb testing.TB, f Format) []byte {
	tb.Helper()
	b, err := Encode([]byte(echo), f)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func zipped(tb testing.TB, b []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil || z.Close() != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// sized puts a message into a framing record of under 16 KiB.
func sized(b []byte) []byte {
	return append([]byte{nmfSized, byte(len(b)) | 0x80, byte(len(b) >> 7)}, b...)
}

func preamble(encoding byte) []byte {
	return append([]byte{0, 1, 0, 1, 2, 2, 13}, append([]byte("net.tcp://h/x"), 3, encoding, 0x0C)...)
}

// TestForms gives one document in all forms that it can be caught in.
func TestForms(t *testing.T) {
	binary, session := encoded(t, Binary), encoded(t, Session)
	var xxd, dump strings.Builder
	for i := 0; i < len(binary); i += 16 {
		row := binary[i:min(i+16, len(binary))]
		fmt.Fprintf(&xxd, "%08x:", i)
		fmt.Fprintf(&dump, "%08x  ", i)
		for j, b := range row {
			if j%2 == 0 {
				xxd.WriteByte(' ')
			}
			fmt.Fprintf(&xxd, "%02x", b)
			fmt.Fprintf(&dump, "%02x ", b)
		}
		ascii := strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return '.'
			}
			return r
		}, string(bytes.ToValidUTF8(row, []byte("."))))
		fmt.Fprintf(&xxd, "  %s\n", ascii)
		fmt.Fprintf(&dump, " |%s|\n", ascii)
	}
	http := func(head string, body []byte) []byte {
		return append(fmt.Appendf(nil, "POST /svc HTTP/1.1\r\nHost: h\r\n%sContent-Length: %d\r\n\r\n", head, len(body)), body...)
	}
	chunks := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 10, echo[:10], len(echo)-10, echo[10:])
	unsized := append(append(preamble(7), nmfUnsized, 5), binary[:5]...)
	unsized = append(append(append(unsized, byte(len(binary)-5)|0x80, byte((len(binary)-5)>>7)), binary[5:]...), 0, nmfEnd)
	mime := []byte("MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n--x\r\nContent-Type: application/xop+xml\r\n\r\n" + echo + "\r\n--x--")
	for _, tt := range []struct {
		name  string
		input []byte
		kind  string
		form  string
	}{
		{"text", []byte(echo), "document", "text"},
		{"text with mark", []byte("\xEF\xBB\xBF" + echo), "document", "text"},
		{"binary", binary, "document", binaryType},
		{"session", session, "document", sessionType},
		{"hex", AppendHex(nil, binary), "document", binaryType},
		{"hex with remarks", fmt.Appendf(nil, "# first\n% x\n\n# last\n", session), "document", sessionType},
		{"hex as in C", fmt.Appendf(nil, "{%s}", strings.ReplaceAll(fmt.Sprintf("% #x", binary), " ", ", ")), "document", binaryType},
		{"xxd", []byte(xxd.String()), "document", binaryType},
		{"hexdump", []byte(dump.String()), "document", binaryType},
		{"gzip", zipped(t, session), "document", sessionType},
		{"gzip of text", zipped(t, []byte(echo)), "document", "text"},
		{"stream", append(append(preamble(8), sized(session)...), nmfEnd), "net.tcp stream", sessionType},
		{"stream of text", append(preamble(3), sized([]byte(echo))...), "net.tcp stream", "text"},
		{"stream in chunks", unsized, "net.tcp stream", binaryType},
		{"server's stream", append(append([]byte{nmfAck}, sized(session)...), nmfEnd), "net.tcp stream", sessionType},
		{"one record", sized(session), "net.tcp stream", sessionType},
		{"http", http("Content-Type: text/xml\r\n", []byte(echo)), "http", "text"},
		{"http binary", http("Content-Type: application/soap+msbin1\r\n", binary), "http", binaryType},
		{"http gzip", http("Content-Encoding: gzip\r\n", zipped(t, []byte(echo))), "http", "text"},
		{"http chunks", chunks, "http", "text"},
		{"mime", mime, "document", "text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Decode(tt.input)
			if err != nil {
				t.Fatal(err)
			}
			if r.Kind != tt.kind || len(r.Messages) != 1 || r.Messages[0].Form != tt.form {
				t.Fatalf("kind %q, messages %+v", r.Kind, r.Messages)
			}
			if diff := cmp.Diff(strings.TrimSuffix(echoIndented, "\n"), r.Messages[0].XML); diff != "" {
				t.Error(diff)
			}
			out := string(r.AppendXML(nil))
			if !strings.Contains(out, echoIndented) || r.Kind == "document" && out != echoIndented {
				t.Errorf("output:\n%s", out)
			}
			want := Summary{
				Version: "SOAP 1.2", Action: "urn:act", To: "net.tcp://h/x", MessageID: "urn:uuid:1",
				Headers: []string{"Token"}, Root: "{urn:echo}Echo", Elements: 10,
			}
			if diff := cmp.Diff(want, r.Messages[0].Summary); diff != "" {
				t.Error(diff)
			}
			if s := string(r.AppendSummary(nil)); !strings.Contains(s, "1 message\n") || !strings.Contains(s, "SOAP 1.2 {urn:echo}Echo, action urn:act, to net.tcp://h/x, id urn:uuid:1, headers Token") {
				t.Errorf("summary:\n%s", s)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for doc, want := range map[string]string{
		`<e:Envelope xmlns:e="` + soap11 + `"><e:Body><e:Fault><faultcode>e:Client</faultcode><faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>`:                                                                                      "e:Client: no",
		`<e:Envelope xmlns:e="` + soap12 + `"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>x:Bad</e:Value></e:Subcode></e:Code><e:Reason><e:Text xml:lang="en">no</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>`: "x:Bad: no",
		`<e:Envelope xmlns:e="` + soap12 + `"><e:Body><e:Fault/></e:Body></e:Envelope>`:                                                                                                                                                           ": ",
		`<e:Envelope xmlns:e="` + soap12 + `"/>`: "",
	} {
		r, err := Decode([]byte(doc))
		if err != nil || r.Messages[0].Summary.Fault != want {
			t.Errorf("fault %q, %v, want %q", r.Messages[0].Summary.Fault, err, want)
		}
	}
}

// TestDamaged cuts and spoils streams: what is before the damage is shown, and
// the error says where it is.
func TestDamaged(t *testing.T) {
	session := encoded(t, Session)
	bad := sized(append([]byte{0}, "\x40\x01a\x00"...))
	for _, tt := range []struct {
		name     string
		input    []byte
		messages int
		offset   int64
		reason   infoset.Reason
	}{
		{"nothing", nil, 0, 0, infoset.Truncated},
		{"nothing but remarks", []byte("# eof\n# reset\n"), 0, 0, infoset.Truncated},
		{"record cut", append(preamble(8), sized(session)[:50]...), 0, 23, infoset.Malformed},
		{"unknown record", append(append(preamble(8), sized(session)...), 0x55), 1, int64(23 + len(session) + 3), infoset.Malformed},
		{"bad document", append(append(preamble(8), bad...), sized(session)...), 2, 4, infoset.Malformed},
		{"chunk cut", append(preamble(7), nmfUnsized, 9, 1), 0, 23, infoset.Malformed},
		{"via too long", append([]byte{0, 1, 0, 1, 2, 2, 0x80, 0x80, 1}, make([]byte, 1<<14)...), 0, 5, infoset.Malformed},
		{"head cut", []byte("POST / HTTP/1.1\r\nHost: h\r\n"), 0, 0, infoset.Truncated},
		{"not gzip", []byte{0x1F, 0x8B, 8, 0}, 1, 0, infoset.Malformed},
		{"text cut", []byte("<a><b>"), 1, 6, infoset.Truncated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Decode(tt.input)
			var e *infoset.Error
			if !errors.As(err, &e) || e.Reason != tt.reason || e.Offset != tt.offset {
				t.Fatalf("error %v, want %s at %d", err, tt.reason, tt.offset)
			}
			if len(r.Messages) != tt.messages {
				t.Errorf("%d messages, want %d", len(r.Messages), tt.messages)
			}
		})
	}
}

// TestUpgraded stops where a stream goes on in TLS.
func TestUpgraded(t *testing.T) {
	tls := append(append([]byte{0, 1, 0, 1, 2, 2, 1, 'v', 3, 8, 9, 19}, "application/ssl-tls"...), 0x16, 3, 1, 0, 5, 1, 2)
	r, err := Decode(tls)
	if err != nil {
		t.Fatal(err)
	}
	last := r.Records[len(r.Records)-1]
	if !strings.HasPrefix(last.Text, "7 bytes of the secured stream") || last.Offset != len(tls)-7 {
		t.Errorf("last record %+v", last)
	}
}

// TestBombs checks that little input does not become much.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("inflates 64 MiB")
	}
	const part = 1 << 20 // zipped once: gzip's readers take one stream behind the other
	_, err := Decode(bytes.Repeat(zipped(t, make([]byte, part)), MaxInflated/part+1))
	var e *infoset.Error
	if !errors.As(err, &e) || e.Reason != infoset.Quota {
		t.Errorf("gzip bomb: %v", err)
	}
}

// TestOtherBodies has what else travels in HTTP between envelopes.
func TestOtherBodies(t *testing.T) {
	http := "HTTP/1.1 100 Continue\r\n\r\n" +
		"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>" +
		"HTTP/1.1 204 No Content\r\n\r\n" +
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" +
		"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>"
	r, err := Decode([]byte(http))
	if err != nil || len(r.Messages) != 1 || r.Messages[0].XML != "<a/>" || len(r.Records) != 7 {
		t.Errorf("%v, %d messages, records %v", err, len(r.Messages), r.Records)
	}
}

func TestNotHex(t *testing.T) {
	for _, s := range []string{"", "abc", "zz", "<a/>", "12 3", "00\x0001"} {
		if b, ok := unhex([]byte(s)); ok {
			t.Errorf("%q is taken for hex: %x", s, b)
		}
	}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct{ name, left, right, want string }{
		{"same", `<a x="1" y="2"><b/></a>`, "<a y='2' x='1'>\n <b></b><!-- c -->\n</a>", ""},
		{"prefixes", `<p:a xmlns:p="u" p:x="1"/>`, `<q:a xmlns:q="u" q:x="1" xmlns:z="z"/>`, ""},
		{"text in pieces", `<a>x<!-- c -->y</a>`, `<a>x<![CDATA[y]]></a>`, ""},
		{"root", `<a/>`, `<b/>`, "/a: name\n- a\n+ b"},
		{"namespace", `<a xmlns="u"/>`, `<a/>`, "/a: name\n- {u}a\n+ a"},
		{"text", `<a>1</a>`, `<a>2</a>`, "/a: text\n- \"1\"\n+ \"2\""},
		{"text gone", `<a>1</a>`, `<a/>`, "/a: element\n- \"1\""},
		{"attribute", `<a x="1"/>`, `<a x="2" y=""/>`, "/a/@x: attribute\n- \"1\"\n+ \"2\"\n/a/@y: attribute\n+ \"\""},
		{"attribute's namespace", `<a x="1"/>`, `<a p:x="1" xmlns:p="u"/>`, "/a/@x: attribute\n- \"1\"\n/a/@p:x: attribute\n+ \"1\""},
		{"one more", `<a><b>1</b><b>2</b></a>`, `<a><b>1</b><c/><b>2</b></a>`, "/a: element\n+ c"},
		{"one less", `<a><b/><c/><d/></a>`, `<a><b/><d/></a>`, "/a: element\n- c"},
		{"which of several", `<a><b>1</b><b>2</b></a>`, `<a><b>1</b><b>3</b></a>`, "/a/b[2]: text\n- \"2\"\n+ \"3\""},
		{"first of several", `<a><b>1</b><b>2</b></a>`, `<a><b>0</b><b>2</b></a>`, "/a/b[1]: text\n- \"1\"\n+ \"0\""},
		{"deep", `<a><b><c>1</c></b></a>`, `<a><b><c>2</c></b></a>`, "/a/b/c: text\n- \"1\"\n+ \"2\""},
		{"order", `<a><b/><c/></a>`, `<a><c/><b/></a>`, "/a: element\n+ c\n/a: element\n- c"},
		{"space in text counts", `<a>x </a>`, `<a>x</a>`, "/a: text\n- \"x \"\n+ \"x\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found, err := Diff([]byte(tt.left), []byte(tt.right))
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, d := range found {
				lines = append(lines, d.String())
			}
			if got := strings.Join(lines, "\n"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
	if _, err := Diff([]byte("<a/>"), []byte("<a>")); err == nil {
		t.Error("a broken document is compared")
	}
	many := strings.Repeat("<b/>", 500)
	if found, err := Diff([]byte("<a>"+many+"</a>"), []byte("<a/>")); err != nil || len(found) != maxDifferences {
		t.Errorf("%d differences, %v", len(found), err)
	}
}

func TestEncode(t *testing.T) {
	for _, from := range Formats() {
		for _, to := range Formats() {
			b, err := Encode(encoded(t, from), to)
			if err != nil {
				t.Fatalf("%s to %s: %v", from, to, err)
			}
			if d, err := Diff(b, []byte(echo)); err != nil || len(d) > 0 {
				t.Errorf("%s to %s: %v, %v", from, to, d, err)
			}
		}
	}
	if text := encoded(t, Text); string(text) != strings.ReplaceAll(echo, "\n", "") {
		t.Errorf("text has changed:\n%s", text)
	}
	if _, err := Encode([]byte("<a/>"), "morse"); err == nil {
		t.Error("unknown format is accepted")
	}
	two := append(append(preamble(8), sized(encoded(t, Session))...), sized([]byte("\x00\x40\x01a\x01"))...)
	if _, err := Encode(two, Text); err == nil || !strings.Contains(err.Error(), "2 messages") {
		t.Errorf("stream of two: %v", err)
	}
}

// TestBytesSideBySide has binary data in records that are no multiple of three.
// TestEncodeLaidOut: a document as editors and generators write it, with a declaration and line ends around the root, goes through every
// form and is known again.
func TestEncodeLaidOut(t *testing.T) {
	const text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- by hand -->\n<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\">\n" +
		"  <soap:Body>\n    <n:Get xmlns:n=\"urn:n\">x</n:Get>\n  </soap:Body>\n</soap:Envelope>\n"
	for _, comment := range []string{"<!-- by hand -->\n", ""} {
		document := []byte(strings.Replace(text, "<!-- by hand -->\n", comment, 1))
		for _, form := range Formats() {
			b, err := Encode(document, form)
			if err != nil {
				t.Fatalf("%s: %v", form, err)
			}
			if form == Binary && b[0] != 0x02 && b[0] != 0x43 {
				t.Errorf("the document begins with %#02x, no comment and no element", b[0])
			}
			if found, err := Diff(document, b); err != nil || len(found) > 0 {
				t.Errorf("%s of %q: %v, %v", form, document[:60], found, err)
			}
		}
	}
}

func TestBytesSideBySide(t *testing.T) {
	r, err := Decode([]byte("\x40\x01v\x9e\x01\x01\x9f\x01\x02"))
	if err != nil || r.Messages[0].XML != "<v>AQI=</v>" {
		t.Errorf("%q, %v", r.Messages[0].XML, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, b := range [][]byte{
		[]byte(echo), []byte("4001610 1"), preamble(8), {nmfAck}, []byte("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n<a/>"),
		[]byte("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n\x82\x05\x00\x40\x01a\x01"), []byte("--x\r\n\r\n\r\n<a/>\r\n--x--"), {0x1F, 0x8B, 8},
	} {
		f.Add(b)
	}
	f.Add(encoded(f, Binary))
	f.Add(append(append(preamble(8), sized(encoded(f, Session))...), nmfEnd))
	f.Add(zipped(f, []byte(echo)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b)
		if r == nil {
			t.Fatal("no report")
		}
		if len(r.AppendSummary(nil)) == 0 {
			t.Fatal("no summary")
		}
		if out := r.AppendXML(nil); err == nil && r.Kind == "document" {
			if d, err := Diff(b, out); err != nil || len(d) > 0 && !bytes.Contains(out, []byte("&#xD;")) {
				t.Fatalf("shown as another document: %v, %v\n%q\n%s", d, err, b, out)
			}
		}
	})
}
