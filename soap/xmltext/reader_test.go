package xmltext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// show writes tokens one a line, for tables: kind, name, attributes,
// declarations, value.
func show(r infoset.Reader) (string, error) {
	var b strings.Builder
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%s", t.Kind)
		if t.Name.Local != "" {
			fmt.Fprintf(&b, " %s{%s}%s", t.Name.Prefix, t.Name.Space, t.Name.Local)
		}
		for _, a := range t.Attrs {
			fmt.Fprintf(&b, " %s{%s}%s=%q", a.Name.Prefix, a.Name.Space, a.Name.Local, a.Value.String())
		}
		for _, d := range t.Decls {
			fmt.Fprintf(&b, " xmlns:%s=%q", d.Prefix, d.Space)
		}
		if t.Kind == infoset.Text || t.Kind == infoset.Comment {
			fmt.Fprintf(&b, " %q", t.Value.String())
		}
		b.WriteByte('\n')
	}
}

func lines(s ...string) string { return strings.Join(s, "\n") + "\n" }

func TestTokens(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"empty element", `<a/>`, lines("start {}a", "end {}a")},
		{"empty pair", `<a></a>`, lines("start {}a", "end {}a")},
		{"spaces in tags", "<a\n b = '1'\t></a >", lines(`start {}a {}b="1"`, "end {}a")},
		{"namespaces", `<p:a xmlns:p="u" xmlns="d"><b p:c="1" c="2"/></p:a>`,
			lines(`start p{u}a xmlns:p="u" xmlns:="d"`, `start {d}b p{u}c="1" {}c="2"`, "end {d}b", "end p{u}a")},
		{"default taken away", `<a xmlns="d"><b xmlns=""/></a>`,
			lines(`start {d}a xmlns:="d"`, `start {}b xmlns:=""`, "end {}b", "end {d}a")},
		{"prefix bound anew", `<p:a xmlns:p="1"><p:a xmlns:p="2"/><p:b/></p:a>`,
			lines(`start p{1}a xmlns:p="1"`, `start p{2}a xmlns:p="2"`, "end p{2}a", "start p{1}b", "end p{1}b", "end p{1}a")},
		{"xml prefix", `<a xml:lang="en"/>`, lines(`start {}a xml{`+infoset.XMLNamespace+`}lang="en"`, "end {}a")},
		{"entities", `<a b="&lt;&amp;&gt;&quot;&apos;">&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#x1F600;</a>`,
			lines(`start {}a {}b="<&>\"'"`, `text "<&>\"'AB😀"`, "end {}a")},
		{"line ends", "<a b='1\r\n2\r3\n4\t5'>1\r\n2\r3\n4\t5</a>",
			lines(`start {}a {}b="1 2 3 4 5"`, `text "1\n2\n3\n4\t5"`, "end {}a")},
		{"references to white space", `<a b="&#13;&#10;&#9;">&#13;&#10;&#9;</a>`,
			lines(`start {}a {}b="\r\n\t"`, `text "\r\n\t"`, "end {}a")},
		{"cdata", `<a>x<![CDATA[<&>]]]]><![CDATA[>]]>y<![CDATA[]]></a>`,
			lines("start {}a", `text "x"`, `text "<&>]]"`, `text ">"`, `text "y"`, "end {}a")},
		{"comments", `<!--1--><a>b<!-- 2 - 2 -->c</a><!--3-->`,
			lines(`comment "1"`, "start {}a", `text "b"`, `comment " 2 - 2 "`, `text "c"`, "end {}a", `comment "3"`)},
		{"declaration", "<?xml version='1.0' encoding=\"UTF-8\" standalone='yes' ?>\n<a/>", lines(`text "\n"`, "start {}a", "end {}a")},
		{"mark", "\xEF\xBB\xBF<a/>", lines("start {}a", "end {}a")},
		{"wide names", `<zürich 名="1"/>`, lines(`start {}zürich {}名="1"`, "end {}zürich")},
		{"brackets", `<a>]] ]> ]]]</a>`, lines("start {}a", `text "]] ]> ]]]"`, "end {}a")},
		{"nbsp", "<a>\u00a0</a>", lines("start {}a", `text "\u00a0"`, "end {}a")},
		{"latin 1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>z\xFCrich</a>", lines("start {}a", `text "zürich"`, "end {}a")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for how, r := range readers(tt.doc, Options{}) {
				got, err := show(r)
				if err != nil || got != tt.want {
					t.Errorf("%s: %v\n%s", how, err, cmp.Diff(tt.want, got))
				}
			}
		})
	}
}

// readers gives a document in every way that bytes can arrive.
func readers(doc string, o Options) map[string]*Reader {
	return map[string]*Reader{
		"bytes":  NewBytes([]byte(doc), o),
		"stream": NewReader(strings.NewReader(doc), o),
		"single": NewReader(iotest.OneByteReader(strings.NewReader(doc)), o),
		"halves": NewReader(iotest.HalfReader(strings.NewReader(doc)), o),
		"at EOF": NewReader(iotest.DataErrReader(strings.NewReader(doc)), o),
	}
}

// few are quotas that small documents cross.
var few = Options{Quotas: infoset.Quotas{Depth: 3, StringContent: 16, BytesPerRead: 64, NameTable: 40, Attributes: 3}}

// refused are documents that are none, or more than SOAP or the quotas allow.
var refused = []struct {
	name, doc string
	o         Options
	want      infoset.Reason
	path      string
}{
	{"nothing", "", Options{}, infoset.Truncated, ""},
	{"white space", " \n", Options{}, infoset.Truncated, ""},
	{"text before", "x<a/>", Options{}, infoset.Malformed, ""},
	{"text behind", "<a/>x", Options{}, infoset.Malformed, ""},
	{"reference behind", "<a/>&#32;", Options{}, infoset.Malformed, ""},
	{"two roots", "<a/><b/>", Options{}, infoset.Malformed, ""},
	{"end first", "</a>", Options{}, infoset.Malformed, ""},
	{"wrong end", "<a><b></a>", Options{}, infoset.Malformed, "/a/b"},
	{"longer end", "<a></ab>", Options{}, infoset.Malformed, "/a"},
	{"unclosed", "<a><b/>", Options{}, infoset.Truncated, "/a"},
	{"tag cut", "<a b='1'", Options{}, infoset.Truncated, ""},
	{"end tag cut", "<abc></ab", Options{}, infoset.Truncated, "/abc"},
	{"value cut", "<a b='1", Options{}, infoset.Truncated, ""},
	{"no quotes", "<a b=1/>", Options{}, infoset.Malformed, ""},
	{"no value", "<a b/>", Options{}, infoset.Malformed, ""},
	{"no space", "<a b='1'c='2'/>", Options{}, infoset.Malformed, ""},
	{"less in value", "<a b='<'/>", Options{}, infoset.Malformed, ""},
	{"stray slash", "<a / >", Options{}, infoset.Malformed, ""},
	{"empty name", "< a/>", Options{}, infoset.Malformed, ""},
	{"bad name", "<1a/>", Options{}, infoset.BadName, ""},
	{"two colons", "<a:b:c/>", Options{}, infoset.BadName, ""},
	{"colon first", "<:a/>", Options{}, infoset.BadName, ""},
	{"xmlns element", "<xmlns:a/>", Options{}, infoset.BadName, ""},
	{"undeclared", "<p:a/>", Options{}, infoset.BadNamespace, "/p:a"},
	{"undeclared attribute", "<a p:b=''/>", Options{}, infoset.BadNamespace, "/a"},
	{"unbound prefix", "<a xmlns:p=''/>", Options{}, infoset.BadNamespace, "/a"},
	{"xml bound", "<a xmlns:xml='u'/>", Options{}, infoset.BadNamespace, "/a"},
	{"xmlns bound", "<a xmlns:xmlns='u'/>", Options{}, infoset.BadNamespace, "/a"},
	{"xml namespace taken", "<a xmlns:p='" + infoset.XMLNamespace + "'/>", Options{}, infoset.BadNamespace, "/a"},
	{"duplicate", "<a b='1' b='2'/>", Options{}, infoset.Duplicate, "/a"},
	{"duplicate by namespace", "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", Options{}, infoset.Duplicate, "/a"},
	{"duplicate of many", "<a a1='' a2='' a3='' a4='' a5='' a6='' a7='' a8='' a9='' b1='' b2='' b3='' b4='' a3=''/>", Options{}, infoset.Duplicate, "/a"},
	{"duplicate declaration", "<a xmlns:p='1' xmlns:p='2'/>", Options{}, infoset.Duplicate, "/a"},
	{"doctype", "<!DOCTYPE a><a/>", Options{}, infoset.Refused, ""},
	{"bomb", `<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><a>&c;</a>`, Options{}, infoset.Refused, ""},
	{"entity", "<a>&nbsp;</a>", Options{}, infoset.Refused, "/a"},
	{"entity in value", "<a b='&x;'/>", Options{}, infoset.Refused, ""},
	{"instruction", "<?target x?><a/>", Options{}, infoset.Refused, ""},
	{"late declaration", " <?xml version='1.0'?><a/>", Options{SkipPI: true}, infoset.Malformed, ""},
	{"declaration inside", "<a><?xml version='1.0'?></a>", Options{SkipPI: true}, infoset.Malformed, "/a"},
	{"version 1.1", "<?xml version='1.1'?><a/>", Options{}, infoset.Malformed, ""},
	{"no version", "<?xml encoding='utf-8'?><a/>", Options{}, infoset.Malformed, ""},
	{"encoding unknown", "<?xml version='1.0' encoding='ebcdic'?><a/>", Options{}, infoset.BadEncoding, ""},
	{"encoding lies", "<?xml version='1.0' encoding='utf-16'?><a/>", Options{}, infoset.BadEncoding, ""},
	{"reference cut", "<a>&#6", Options{}, infoset.Truncated, "/a"},
	{"reference open", "<a>&#65 is A and more text follows here</a>", Options{}, infoset.Malformed, "/a"},
	{"reference empty", "<a>&;</a>", Options{}, infoset.Malformed, "/a"},
	{"reference no digits", "<a>&#;</a>", Options{}, infoset.Malformed, "/a"},
	{"reference no hex", "<a>&#x;</a>", Options{}, infoset.Malformed, "/a"},
	{"reference to nul", "<a>&#0;</a>", Options{}, infoset.BadCharacter, "/a"},
	{"reference to surrogate", "<a>&#xD800;</a>", Options{}, infoset.BadCharacter, "/a"},
	{"reference beyond", "<a>&#x110000;</a>", Options{}, infoset.BadCharacter, "/a"},
	{"reference far beyond", "<a>&#99999999999999999999;</a>", Options{}, infoset.BadCharacter, "/a"},
	{"control", "<a>\x01</a>", Options{}, infoset.BadCharacter, "/a"},
	{"control in value", "<a b='\x01'/>", Options{}, infoset.BadCharacter, ""},
	{"nonchar", "<a>\uFFFE</a>", Options{}, infoset.BadCharacter, "/a"},
	{"bad utf-8", "<a>\xC3(</a>", Options{}, infoset.BadEncoding, "/a"},
	{"overlong utf-8", "<a>\xC0\xBC</a>", Options{}, infoset.BadEncoding, "/a"},
	{"surrogate in utf-8", "<a>\xED\xA0\x80</a>", Options{}, infoset.BadEncoding, "/a"},
	{"bad utf-8 in value", "<a b='\xFF'/>", Options{}, infoset.BadEncoding, ""},
	{"bad utf-8 in name", "<a\xFF/>", Options{}, infoset.BadName, ""},
	{"cdata end in text", "<a>]]></a>", Options{}, infoset.Malformed, "/a"},
	{"cdata outside", "<![CDATA[x]]><a/>", Options{}, infoset.Malformed, ""},
	{"cdata cut", "<a><![CDATA[x]]", Options{}, infoset.Truncated, "/a"},
	{"dashes in comment", "<a><!-- -- --></a>", Options{}, infoset.Malformed, "/a"},
	{"dash at comment's end", "<a><!-- ---></a>", Options{}, infoset.Malformed, "/a"},
	{"comment cut", "<a><!-- x", Options{}, infoset.Truncated, "/a"},
	{"control in comment", "<a><!--\x01--></a>", Options{}, infoset.BadCharacter, "/a"},
	{"unknown markup", "<a><!x></a>", Options{}, infoset.Malformed, "/a"},
	{"depth", "<a><a><a><a/></a></a></a>", few, infoset.Quota, "/a/a/a"},
	{"text", "<a>12345678901234567</a>", few, infoset.Quota, "/a"},
	{"text in pieces", "<a>1234567<!---->8<![CDATA[9012]]>34567</a>", few, infoset.Quota, "/a"},
	{"value", "<a b='12345678901234567'/>", few, infoset.Quota, ""},
	{"comment", "<a><!--12345678901234567--></a>", few, infoset.Quota, "/a"},
	{"tag", "<a" + strings.Repeat(" ", 80) + "/>", few, infoset.Quota, ""},
	{"names", "<a><abcdefghijklmnopqrst/><ABCDEFGHIJKLMNOPQRST/></a>", few, infoset.Quota, "/a"},
	{"name", "<" + strings.Repeat("x", 50) + "/>", few, infoset.Quota, ""},
	{"attributes", "<a b='' c='' d='' e=''/>", few, infoset.Quota, ""},
}

func TestRefused(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			for how, r := range readers(tt.doc, tt.o) {
				_, err := show(r)
				var e *infoset.Error
				if !errors.As(err, &e) || e.Reason != tt.want {
					t.Errorf("%s: error %v, want %s", how, err, tt.want)
					continue
				}
				if e.Path != tt.path || e.Offset < 0 || e.Offset > int64(len(tt.doc)) {
					t.Errorf("%s: place %q at %d, want %q", how, e.Path, e.Offset, tt.path)
				}
				if _, again := r.Next(); again != err {
					t.Errorf("%s: later error %v, want %v", how, again, err)
				}
			}
		})
	}
}

// TestTruncated cuts a document at every byte: never a panic, always an error
// that says so.
func TestTruncated(t *testing.T) {
	const doc = "\xEF\xBB\xBF<?xml version='1.0'?><!--c--><s:a xmlns:s='u' s:b='&lt;ü\r\n'>x&#65;\r\n<![CDATA[y]]]>]]>z<b c='1'></b >\u4e2d</s:a>"
	for n := range len(doc) {
		for how, r := range readers(doc[:n], Options{}) {
			_, err := show(r)
			var e *infoset.Error
			if !errors.As(err, &e) || e.Reason != infoset.Truncated && e.Reason != infoset.Refused && e.Reason != infoset.Malformed {
				t.Errorf("%d bytes, %s: %v", n, how, err)
			}
		}
	}
}

func TestUTF16(t *testing.T) {
	text := "<?xml version='1.0' encoding='utf-16'?><a b='ü'>中😀" + strings.Repeat("x", 5000) + "</a>"
	want := lines(`start {}a {}b="ü"`, fmt.Sprintf("text %q", "中😀"+strings.Repeat("x", 5000)), "end {}a")
	for _, big := range []bool{false, true} {
		for _, mark := range []bool{false, true} {
			doc := utf16Bytes(text, big, mark)
			for how, r := range readers(string(doc), Options{}) {
				got, err := show(r)
				if err != nil || got != want {
					t.Errorf("big %v, mark %v, %s: %v\n%s", big, mark, how, err, cmp.Diff(want, got))
				}
			}
			for _, cut := range []int{len(doc) - 1, len(doc) - 2, 3} {
				if _, err := show(NewBytes(doc[:cut], Options{})); err == nil {
					t.Errorf("big %v, mark %v: %d of %d bytes are accepted", big, mark, cut, len(doc))
				}
			}
		}
	}
	lone := append(utf16Bytes("<a>", false, true), 0x00, 0xD8, 'x', 0)
	_, err := show(NewBytes(lone, Options{}))
	var e *infoset.Error
	if !errors.As(err, &e) || e.Reason != infoset.BadEncoding {
		t.Errorf("lone surrogate: %v", err)
	}
}

func utf16Bytes(s string, big, mark bool) []byte {
	o := WriterOptions{Encoding: UTF16LE}
	if big {
		o.Encoding = UTF16BE
	}
	w := NewWriter(nil, o)
	w.out = append(w.out, s...)
	w.marked = !mark
	return bytes.Clone(w.encoded())
}

// TestPieces gives text longer than a piece: the cuts do not depend on how the
// bytes arrive, never part a character or "]]>", and lose nothing.
func TestPieces(t *testing.T) {
	o := Options{Quotas: infoset.Buffered()}
	for _, unit := range []string{"x", "]", "ü", "😀", "\r\n", "&amp;", "]]&gt;"} {
		for shift := range 5 {
			text := strings.Repeat("s", shift) + strings.Repeat(unit, 3*pieceSize/len(unit)/2)
			doc := "<a>" + text + "</a>"
			want := ""
			for how, r := range readers(doc, o) {
				got, err := show(r)
				if want == "" {
					want = got
				}
				if err != nil || got != want {
					t.Fatalf("%q shift %d, %s: other tokens: %v", unit, shift, how, err)
				}
			}
			if n := strings.Count(want, "text"); n < 2 {
				t.Errorf("%q: %d pieces", unit, n)
			}
			w := NewWriter(nil, WriterOptions{})
			if err := infoset.Copy(w, NewBytes([]byte(doc), o)); err != nil {
				t.Fatal(err)
			}
			if got, want := string(w.Bytes()), strings.ReplaceAll(doc, "\r\n", "\n"); got != want {
				t.Errorf("%q shift %d: text has changed", unit, shift)
			}
		}
	}
}

func TestSourceFails(t *testing.T) {
	broken := errors.New("connection lost")
	for _, doc := range []string{"", "<a", "<a>text", "<a><![CDATA[", "<a/>"} {
		r := NewReader(io.MultiReader(strings.NewReader(doc), iotest.ErrReader(broken)), Options{})
		_, err := show(r)
		var e *infoset.Error
		if !errors.Is(err, broken) || !errors.As(err, &e) || e.Reason != infoset.Source {
			t.Errorf("%q: %v", doc, err)
		}
	}
}

func TestOffsets(t *testing.T) {
	const doc = `<!--c--><a><b x="1"/>t&amp;t<![CDATA[u]]></a>`
	want := []string{`<!--c-->`, `<a>`, `<b x="1"/>`, ``, `t&amp;t`, `<![CDATA[u]]>`, `</a>`}
	for how, r := range readers(doc, Options{}) {
		for _, w := range want {
			tok, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			got := doc[tok.Offset:tok.End]
			if strings.HasPrefix(w, "<![CDATA[") {
				w = "u]]>" // a section's token begins with its text
			}
			if got != w {
				t.Errorf("%s: token is %q, want %q", how, got, w)
			}
		}
	}
}

func TestSkip(t *testing.T) {
	const doc = "<?xml-stylesheet href='x'?><!--c--><a>b<!--d--><?e?>c</a>"
	got, err := show(NewBytes([]byte(doc), Options{SkipPI: true, SkipComments: true}))
	if want := lines("start {}a", `text "b"`, `text "c"`, "end {}a"); err != nil || got != want {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
}

// TestReaderAllocatesNothing fails on any allocation of a reader that knows the
// names already.
func TestReaderAllocatesNothing(t *testing.T) {
	doc := []byte(`<s:a xmlns:s="u" b="&lt;1&gt;"><!--c--><d>x&amp;y</d><![CDATA[z]]></s:a>`)
	r := NewBytes(doc, Options{})
	src := bytes.NewReader(doc)
	for how, reset := range map[string]func(){
		"bytes":  func() { r.ResetBytes(doc) },
		"stream": func() { src.Reset(doc); r.Reset(src) },
	} {
		allocs := testing.AllocsPerRun(100, func() {
			reset()
			for {
				if _, err := r.Next(); err != nil {
					if !errors.Is(err, io.EOF) {
						t.Fatal(err)
					}
					return
				}
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations a document", how, allocs)
		}
	}
}

// TestTagsInPieces: what is said of a tag does not depend on how its bytes arrive, wherever the quota on its size lies in it.
func TestTagsInPieces(t *testing.T) {
	o := Options{Quotas: infoset.Quotas{BytesPerRead: 64, StringContent: 40}}
	for _, form := range []string{
		"<%s/ >", "<%s<", "<1%s a>", "<a %s>", "<a %s='1", "<a %s=1>", "<a b='%s<'/>", "<a b='%s'c='d'/>", "<a b='%s\x01'/>", "<a b='1' b%s='2' b='3'/>",
		"<a></b%s>", "<a></a %s>", "<a></a%s", "<%s:b/>", "<a %s:b='c'/>", "<a xmlns:%s=''/>", "<%s", "<%s>x</%[1]s>", "<a b='&%s;'/>", "<a b='%s\xC3'/>",
	} {
		for n := range 90 {
			doc := []byte(fmt.Sprintf(form, strings.Repeat("x", n)))
			whole, err := show(NewBytes(doc, o))
			pieces, err2 := show(NewReader(iotest.OneByteReader(bytes.NewReader(doc)), o))
			if whole != pieces || fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Errorf("%q with %d: %v\n%s\nin pieces: %v\n%s", form, n, err, whole, err2, pieces)
			}
		}
	}
}
