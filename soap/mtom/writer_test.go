package mtom

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

var (
	nameE   = infoset.Name{Local: "e"}
	nameF   = infoset.Name{Local: "f"}
	options = WriterOptions{Version: soap.V11, Boundary: "uuid:1+id=1", ID: "7"}
)

// written gives what write writes, and its error.
func written(o WriterOptions, write func(w *Writer)) (string, error) {
	var out bytes.Buffer
	w := NewWriter(&out, o)
	write(w)
	err := w.Flush()
	return out.String(), err
}

// element writes one element with these pieces of content.
func element(pieces ...infoset.Value) func(*Writer) {
	return func(w *Writer) {
		w.Start(&nameE)
		for _, p := range pieces {
			w.Text(p)
		}
		w.End()
	}
}

// TestThreshold: content becomes a part from 768 bytes on, and only if it is all
// that its element has.
func TestThreshold(t *testing.T) {
	long := bytes.Repeat([]byte{'a'}, DefaultThreshold)
	nested := func(before, behind func(*Writer)) func(*Writer) {
		return func(w *Writer) {
			w.Start(&nameE)
			before(w)
			w.Text(infoset.Bytes(long))
			behind(w)
			w.End()
		}
	}
	none := func(*Writer) {}
	child := func(w *Writer) { w.Start(&nameF); w.End() }
	comment := func(w *Writer) { w.Comment(infoset.String("c")) }
	space := func(w *Writer) { w.Text(infoset.String(" ")) }
	tests := []struct {
		name  string
		o     WriterOptions
		write func(*Writer)
		parts int
	}{
		{"767", options, element(infoset.Bytes(long[1:])), 0},
		{"768", options, element(infoset.Bytes(long)), 1},
		{"in pieces", options, element(infoset.Bytes(long[:1]), infoset.Bytes(long[1:])), 1},
		{"text of the same length", options, element(infoset.Chars(long)), 0},
		{"another threshold", WriterOptions{Version: soap.V12, Boundary: "b", Threshold: 3}, element(infoset.Bytes(long[:3])), 1},
		{"none", options, element(), 0},
		{"empty", options, element(infoset.Bytes(nil)), 0},
		{"attributes", options, func(w *Writer) {
			w.Start(&nameE)
			w.Attr(&nameF, infoset.Bytes(long))
			w.Declare(infoset.Decl{Prefix: "p", Space: "u"})
			w.Text(infoset.Bytes(long))
			w.End()
		}, 1},
		{"alone", options, nested(none, none), 1},
		{"behind white space", options, nested(space, none), 0},
		{"before white space", options, nested(none, space), 0},
		{"behind a child", options, nested(child, none), 0},
		{"before a child", options, nested(none, child), 0},
		{"behind a comment", options, nested(comment, none), 0},
		{"before a comment", options, nested(none, comment), 0},
		{"array", options, func(w *Writer) {
			w.Start(&nameE)
			w.Start(&nameF)
			w.Items(infoset.Items(infoset.TypeBool, []byte{0, 1}))
			w.End()
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := written(tt.o, tt.write)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(out, "application/octet-stream"); got != tt.parts || strings.Count(out, "xop:Include") != tt.parts {
				t.Errorf("%d parts\n%s", got, out)
			}
			doc, _, err := read(t, Limits{}, tt.o.ContentType(), out)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if want := inText(t, tt.write); doc != want {
				t.Errorf("read:\n%s\nwant\n%s", doc, want)
			}
		})
	}
}

// inText writes the same without parts.
func inText(t *testing.T, write func(*Writer)) string {
	t.Helper()
	o := options
	o.Threshold = 1 << 30
	out, err := written(o, write)
	if err != nil {
		t.Fatal(err)
	}
	doc, _, err := read(t, Limits{}, o.ContentType(), out)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestPlaceOfHeaders is the case mtom-mime-version-place: over HTTP the body begins
// with the boundary, over net.tcp with the MIME headers; start is the Content-ID
// of the envelope, brackets included.
func TestPlaceOfHeaders(t *testing.T) {
	content := element(infoset.Bytes(make([]byte, 1024)))
	http, err := written(options, content)
	if err != nil || !strings.HasPrefix(http, "\r\n--uuid:1+id=1\r\n") {
		t.Errorf("%v %.80q", err, http)
	}
	o := options
	o.Head = true
	tcp, err := written(o, content)
	if err != nil || !strings.HasPrefix(tcp, "MIME-Version: 1.0\r\nContent-Type: multipart/related") {
		t.Errorf("%v %.80q", err, tcp)
	}
	for _, out := range []string{http, tcp} {
		start, _ := mediaType(t, options.ContentType()).Param("start")
		if strings.Count(out, "Content-ID: "+start+"\r\n") != 1 {
			t.Errorf("start is %s in %q", start, out)
		}
	}
}

// TestActionInStartInfo: SOAP 1.2 without addressing has its action there, and it
// is read from there.
func TestActionInStartInfo(t *testing.T) {
	o := options
	o.Version, o.Action = soap.V12, `urn:a "b" \c`
	typ := mediaType(t, o.ContentType())
	info, _ := typ.Param("start-info")
	if want := `application/soap+xml; action="urn:a %22b%22 %5Cc"`; info != want {
		t.Errorf("%s, want %s", info, want)
	}
	inner := StartInfo(typ)
	action, err := soap.ReadAction(soap.V12, &inner, nil)
	if err != nil || !soap.SameAction(action.Value, o.Action) {
		t.Errorf("%+v %v", action, err)
	}
	o.Version = soap.V11
	if typ := o.ContentType(); strings.Contains(typ, "action") {
		t.Errorf("1.1: %s", typ)
	}
}

// TestStream: content that is streamed is read in Flush, and not before.
func TestStream(t *testing.T) {
	src := strings.NewReader("streamed")
	out, err := written(options, func(w *Writer) {
		w.Start(&nameE)
		w.Stream(src)
		w.End()
		if src.Len() != 8 {
			t.Error("read too early")
		}
	})
	if err != nil || !strings.Contains(out, "\r\n\r\nstreamed\r\n--uuid:1+id=1--\r\n") {
		t.Errorf("%v\n%s", err, out)
	}
	broken := errors.New("file is gone")
	_, err = written(options, func(w *Writer) {
		w.Start(&nameE)
		w.Stream(iotest.ErrReader(broken))
		w.End()
	})
	if !errors.Is(err, broken) || reasonOf(t, err) != infoset.Source {
		t.Errorf("%v", err)
	}
}

// TestBoundaryInContent: content cannot end its part or add one, however it is cut.
func TestBoundaryInContent(t *testing.T) {
	pad := strings.Repeat("x", 1000)
	for _, content := range []string{
		pad + "\r\n--uuid:1+id=1\r\nContent-ID: <evil>\r\n\r\n", pad + "\n--uuid:1+id=1--", "--uuid:1+id=1--\r\n" + pad,
	} {
		whole := element(infoset.Bytes([]byte(content)))
		streamed := func(wrap func(io.Reader) io.Reader) func(*Writer) {
			return func(w *Writer) {
				w.Start(&nameE)
				w.Stream(wrap(strings.NewReader(content)))
				w.End()
			}
		}
		for _, write := range []func(*Writer){whole, streamed(iotest.OneByteReader), streamed(iotest.HalfReader)} {
			if out, err := written(options, write); err == nil || !strings.Contains(err.Error(), "boundary is in the content") {
				t.Errorf("%v\n%s", err, out)
			}
		}
	}
	// In text, too; a carriage return is a reference there, a line feed is not.
	if _, err := written(options, element(infoset.String("\n--uuid:1+id=1"))); err == nil {
		t.Error("in text")
	}
	if _, err := written(options, element(infoset.Bytes([]byte(pad+"\r\n--uuid:1+id=2"+pad+"--uuid:1+id=1")))); err != nil {
		t.Errorf("what is none: %v", err)
	}
}

// TestWriterRefuses holds what a program may not do.
func TestWriterRefuses(t *testing.T) {
	limited := options
	limited.Limit = 1000
	tests := []struct {
		name  string
		o     WriterOptions
		write func(*Writer)
		why   infoset.Reason
	}{
		{"no version", WriterOptions{Boundary: "b"}, element(), infoset.Misuse},
		{"no boundary", WriterOptions{Version: soap.V11}, element(), infoset.Misuse},
		{"boundary with a line break", WriterOptions{Version: soap.V11, Boundary: "a\r\nb"}, element(), infoset.Misuse},
		{"long boundary", WriterOptions{Version: soap.V11, Boundary: strings.Repeat("b", 71)}, element(), infoset.Misuse},
		{"no root", options, func(*Writer) {}, infoset.Misuse},
		{"bytes outside", options, func(w *Writer) { w.Text(infoset.Bytes([]byte("a"))) }, infoset.Misuse},
		{"stream outside", options, func(w *Writer) { w.Stream(strings.NewReader("")) }, infoset.Misuse},
		{"stream behind text", options, func(w *Writer) { w.Start(&nameE); w.Text(infoset.String("a")); w.Stream(strings.NewReader("")) }, infoset.Misuse},
		{"more behind the end", options, func(w *Writer) {
			element()(w)
			if err := w.Flush(); err != nil {
				t.Error(err)
			}
			w.Comment(infoset.String("late"))
			if w.Err() == nil {
				t.Error("taken")
			}
		}, infoset.Misuse},
		{"much held", limited, element(infoset.Bytes(make([]byte, 1001))), infoset.Quota},
		{"much written", limited, element(infoset.Chars(bytes.Repeat([]byte("a"), 1000))), infoset.Quota},
		{"bad characters", options, element(infoset.String("\x00")), infoset.BadCharacter},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := written(tt.o, tt.write)
			if err == nil || reasonOf(t, err) != tt.why {
				t.Errorf("%v", err)
			}
		})
	}
	broken := errors.New("connection reset")
	w := NewWriter(failing{broken}, options)
	element(infoset.Bytes(make([]byte, 1000)))(w)
	if err := w.Flush(); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if w.Start(&nameE); !errors.Is(w.Err(), broken) {
		t.Errorf("the error does not stick: %v", w.Err())
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestFlushInTheMiddle sends on what there is; the message stays the same.
func TestFlushInTheMiddle(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, options)
	flush := func() {
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	w.Start(&nameE)
	w.Comment(infoset.String("c"))
	flush()
	if !strings.HasSuffix(out.String(), "<e><!--c-->") {
		t.Errorf("held back: %q", out.String())
	}
	w.Start(&nameF)
	flush()
	w.Attr(&nameE, infoset.String("1"))
	w.Text(infoset.Bytes(make([]byte, 800)))
	flush()
	w.End()
	w.Text(infoset.String("t"))
	flush()
	w.End()
	flush()
	flush()
	doc, _, err := read(t, Limits{}, options.ContentType(), out.String())
	if err != nil || !strings.HasPrefix(doc, "<e><!--c--><f e=\"1\">AAAA") || !strings.HasSuffix(doc, "</f>t</e>") {
		t.Errorf("%v\n%s\n%q", err, doc, out.String())
	}
}
