package rewrite_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// apply scans and edits a whole message.
func apply(t testing.TB, s *rewrite.Scanner, doc []byte, edits ...rewrite.Edit) []byte {
	t.Helper()
	s.Reset()
	if err := s.Scan(doc); err != nil {
		t.Fatalf("%v in %.400q", err, doc)
	}
	pieces, err := s.Apply(nil, doc, edits)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Join(pieces, nil)
}

func block(name infoset.Name, text string) *soap.Header {
	return soap.TextHeader(name, infoset.String(text))
}

func mustBlock(name infoset.Name, text string) *soap.Header {
	h := block(name, text)
	h.MustUnderstand = true
	return h
}

const (
	open11 = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="urn:a">`
	open12 = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="urn:a">`
	rest   = `<s:Body><a:To>stays</a:To></s:Body></s:Envelope>`
)

func TestTextEdits(t *testing.T) {
	to := func(text string) rewrite.Edit {
		return rewrite.Edit{Op: rewrite.SetText, Space: "urn:a", Local: "To", Text: text}
	}
	drop := rewrite.Edit{Op: rewrite.Remove, Space: "urn:a", Local: "To"}
	add := rewrite.Edit{Op: rewrite.Add, Block: block(infoset.Name{Prefix: "n", Space: "urn:n", Local: "New"}, "v&w")}
	put := rewrite.Edit{Op: rewrite.Put, Space: "urn:a", Local: "To", Block: mustBlock(infoset.Name{Prefix: "z", Space: "urn:a", Local: "To"}, "put")}
	const added = `<n:New xmlns:n="urn:n">v&amp;w</n:New>`
	const put12 = `<z:To s:mustUnderstand="1" xmlns:z="urn:a" xmlns:s="http://www.w3.org/2003/05/soap-envelope">put</z:To>`
	for _, tc := range []struct {
		name, head string
		edits      []rewrite.Edit
		want       string
	}{
		{"set", `<s:Header><a:To s:mustUnderstand="1" x='>'>old</a:To></s:Header>`, []rewrite.Edit{to("n<&>\r")}, `<s:Header><a:To s:mustUnderstand="1" x='>'>n&lt;&amp;&gt;&#xd;</a:To></s:Header>`},
		{"set empty", `<s:Header><a:To/></s:Header>`, []rewrite.Edit{to("new")}, `<s:Header><a:To>new</a:To></s:Header>`},
		{"set empty with space", `<s:Header><a:To i="/" /></s:Header>`, []rewrite.Edit{to("new")}, `<s:Header><a:To i="/" >new</a:To></s:Header>`},
		{"set to nothing", `<s:Header><a:To>old</a:To></s:Header>`, []rewrite.Edit{to("")}, `<s:Header><a:To></a:To></s:Header>`},
		{"set with children", `<s:Header><a:To><b><c/></b>t<!-- </a:To> --><![CDATA[</a:To>]]></a:To ></s:Header>`, []rewrite.Edit{to("x")}, `<s:Header><a:To>x</a:To ></s:Header>`},
		{"set twice", `<s:Header><a:To>1</a:To> <a:To>2</a:To></s:Header>`, []rewrite.Edit{to("x")}, `<s:Header><a:To>x</a:To> <a:To>x</a:To></s:Header>`},
		{"set nothing there", `<s:Header><a:Other/></s:Header>`, []rewrite.Edit{to("x")}, `<s:Header><a:Other/></s:Header>`},
		{"other namespace stays", `<s:Header><To xmlns="urn:b">1</To><s:To/><To/></s:Header>`, []rewrite.Edit{to("x"), drop}, `<s:Header><To xmlns="urn:b">1</To><s:To/><To/></s:Header>`},
		{"own declaration", `<s:Header><To xmlns="urn:a">1</To><q:To xmlns:q="urn&#58;a"/></s:Header>`, []rewrite.Edit{drop}, `<s:Header></s:Header>`},
		{"shadowed", `<s:Header xmlns:a="urn:b"><a:To>1</a:To><a:To xmlns:a="urn:a"/></s:Header>`, []rewrite.Edit{drop}, `<s:Header xmlns:a="urn:b"><a:To>1</a:To></s:Header>`},
		{"remove", "<s:Header>\n <a:To>1</a:To>\n <b/></s:Header>", []rewrite.Edit{drop}, "<s:Header>\n \n <b/></s:Header>"},
		{"nested stays", `<s:Header><b><a:To>1</a:To></b></s:Header>`, []rewrite.Edit{drop}, `<s:Header><b><a:To>1</a:To></b></s:Header>`},
		{"add", `<s:Header><b/></s:Header>`, []rewrite.Edit{add}, `<s:Header><b/>` + added + `</s:Header>`},
		{"add to empty", `<s:Header/>`, []rewrite.Edit{add}, `<s:Header>` + added + `</s:Header>`},
		{"add to empty with space", `<s:Header i="1" />`, []rewrite.Edit{add, add}, `<s:Header i="1" >` + added + added + `</s:Header>`},
		{"add without header", "<!-- c --> ", []rewrite.Edit{add}, "<!-- c --> <s:Header>" + added + "</s:Header>"},
		{"put in place", `<s:Header><b/><a:To>1</a:To><c/><a:To>2</a:To></s:Header>`, []rewrite.Edit{put}, `<s:Header><b/>` + put12 + `<c/></s:Header>`},
		{"put at the end", `<s:Header><b/></s:Header>`, []rewrite.Edit{put}, `<s:Header><b/>` + put12 + `</s:Header>`},
		{"put without header", ``, []rewrite.Edit{put}, `<s:Header>` + put12 + `</s:Header>`},
		{"all", `<s:Header><a:To>1</a:To><b/></s:Header>`, []rewrite.Edit{to("x"), drop, add}, `<s:Header><a:To>x</a:To><b/>` + added + `</s:Header>`},
		{"nothing", `<s:Header/>`, nil, `<s:Header/>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, lead := range []string{"", "\xEF\xBB\xBF", `<?xml version="1.0" encoding="utf-8"?>` + "\r\n<!-- a > b -->"} {
				got := apply(t, &rewrite.Scanner{}, []byte(lead+open12+tc.head+rest), tc.edits...)
				if want := lead + open12 + tc.want + rest; string(got) != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

// TestDefaultNamespace adds a block with a child in no namespace to an envelope
// whose namespace is the default one.
func TestDefaultNamespace(t *testing.T) {
	h, err := soap.NewHeader(func(w infoset.Writer) error {
		w.Start(&infoset.Name{Prefix: "n", Space: "urn:n", Local: "New"})
		w.Start(&infoset.Name{Local: "plain"})
		w.End()
		w.End()
		return w.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	doc := []byte(`<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body/></Envelope>`)
	for _, form := range []soap.Form{soap.Text, soap.Binary} {
		in := doc
		if form == soap.Binary {
			in = binaryOf(t, doc)
		}
		out := apply(t, &rewrite.Scanner{Form: form}, in, rewrite.Edit{Op: rewrite.Add, Block: h})
		m := read(t, form, nil, out)
		if got := m.Headers[0].Children(); len(got) != 1 || !got[0].Name().Is("", "plain") {
			t.Errorf("form %d: %s", form, out)
		}
	}
}

// read reads a rewritten message to its end.
func read(t testing.TB, form soap.Form, session *xmlbin.ReaderSession, doc []byte) *soap.Message {
	t.Helper()
	m, err := soap.Read(reader(form, session, doc), soap.None, soap.Limits{HeadBytes: 1 << 30})
	if err == nil {
		err = m.Buffer(0)
	}
	if err != nil {
		t.Fatalf("%v in %.600q", err, doc)
	}
	return m
}

func reader(form soap.Form, session *xmlbin.ReaderSession, doc []byte) infoset.Reader {
	if form == soap.Text {
		return xmltext.NewReader(bytes.NewReader(doc), xmltext.Options{Quotas: infoset.Buffered()})
	}
	return xmlbin.NewBytes(doc, xmlbin.Options{Quotas: infoset.Buffered(), Session: session})
}

// TestRefused gives the messages that no edit is made in: the fault, in the
// sender's version.
func TestRefused(t *testing.T) {
	deep := strings.Repeat("<b>", 80)
	for _, tc := range []struct{ name, doc, want string }{
		{"no envelope", `<html><body/></html>    `, `Client: malformed: the root element is "html", not a SOAP envelope at byte 0`},
		{"other version", `<s:Envelope xmlns:s="urn:other"><s:Body/></s:Envelope>`, `VersionMismatch: the envelope is of namespace "urn:other", not of SOAP 1.1 or 1.2`},
		{"no namespace", `<Envelope><Body/></Envelope>`, `VersionMismatch: the envelope is of namespace "", not of SOAP 1.1 or 1.2`},
		{"DTD", `<!DOCTYPE s [<!ENTITY x "y">]>` + open12 + rest, `refused: document type declaration at byte 0`},
		{"instruction", open12 + `<?php x?>` + rest, `refused: processing instruction at byte 78 in /Envelope`},
		{"two headers", open12 + `<s:Header/><s:Header/>` + rest, `a second Header`},
		{"text", open12 + `x<s:Header/>` + rest, `character data between the parts`},
		{"text in header", open12 + `<s:Header>x</s:Header>` + rest, `character data between the parts`},
		{"section in header", open12 + `<s:Header><![CDATA[x]]></s:Header>` + rest, `character data between the parts`},
		{"header of 1.1", open12 + `<t:Header xmlns:t="http://schemas.xmlsoap.org/soap/envelope/"/>` + rest, `element Header is not of the envelope's version`},
		{"body of 1.1", open12 + `<t:Body xmlns:t="http://schemas.xmlsoap.org/soap/envelope/"/>`, `element Body is not of the envelope's version`},
		{"foreign element", open12 + `<a:X/>` + rest, `element "X" where Header or Body is expected`},
		{"no body", open12 + `</s:Envelope>`, `the envelope has no Body`},
		{"no body, empty", `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>`, `the envelope has no Body`},
		{"wrong end", open12 + `<s:Header><a:To></a:Too></s:Header>` + rest, `end tag "a:Too" for element "a:To"`},
		{"crossed", open12 + `<s:Header><a:To></s:Header>` + rest, `end tag "s:Header" for element "a:To"`},
		{"end first", `</s:Envelope>   `, `end tag without element`},
		{"open quote", open12 + `<s:Header a=b/>` + rest, `quote expected`},
		{"no value", open12 + `<s:Header a/>` + rest, `attribute without value`},
		{"no space", open12 + `<s:Header a="1"b="2"/>` + rest, `white space expected in a tag`},
		{"angle in value", open12 + `<s:Header a="<"/>` + rest, `< in an attribute's value`},
		{"angle in tag", open12 + `<s:Header><a><b <c/></a></s:Header>` + rest, `< inside a tag`},
		{"twice declared", open12 + `<s:Header xmlns:b="1" xmlns:b="2"/>` + rest, `declaration of a prefix`},
		{"declared to nothing", open12 + `<s:Header xmlns:b=""/>` + rest, `declaration of a prefix`},
		{"depth", open12 + `<s:Header>` + deep + rest, `quota exceeded: depth`},
		{"blocks", open12 + `<s:Header>` + strings.Repeat("<b/>", 300) + `</s:Header>` + rest, `quota exceeded: header blocks`},
		{"long tag", open12 + `<s:Header><b a="` + strings.Repeat("x", 20<<10), `tag of more than 16 KiB`},
		{"long head", open12 + `<s:Header><b>` + strings.Repeat("x", 70<<10), `bytes before the body`},
		{"not XML", `GET / HTTP/1.1`, `character data between the parts`},
		{"unknown markup", `<!ELEMENT x>   `, `unknown markup`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := (&rewrite.Scanner{}).Scan([]byte(tc.doc))
			e, ok := errors.AsType[*soap.Error](err)
			if !ok || !strings.Contains(err.Error(), tc.want) && !strings.Contains("soap: Client: "+e.Fault.Reason(""), tc.want) {
				t.Fatalf("got %v, want %s", err, tc.want)
			}
			if strings.HasPrefix(tc.doc, open12) && e.Version != soap.V12 {
				t.Errorf("fault of %v for a sender of SOAP 1.2", e.Version)
			}
			m := e.Message()
			if is, err := m.IsFault(); err != nil || !is {
				t.Errorf("no fault to answer with: %v", err)
			}
		})
	}
	err := (&rewrite.Scanner{Want: soap.V11}).Scan([]byte(open12 + rest))
	if e, ok := errors.AsType[*soap.Error](err); !ok || e.Version != soap.V12 || e.Fault.Code != soap.VersionMismatch {
		t.Errorf("envelope of 1.2 in a message of 1.1: %v", err)
	}
}

// TestEveryPrefix scans a message byte by byte: never an error, done exactly when
// the start tag of Body is there, and then the same result as at once.
func TestEveryPrefix(t *testing.T) {
	text := message(2 << 10)
	wide := utf16(t, text)
	for name, doc := range map[string][]byte{"text": text, "wide": wide, "binary": binaryOf(t, text), "marked": append([]byte("\xEF\xBB\xBF<?xml version='1.0'?>\n<!-- -->"), text...)} {
		form := soap.Text
		if name == "binary" {
			form = soap.Binary
		}
		at := &rewrite.Scanner{Form: form}
		want := apply(t, at, doc, edits()...)
		s := &rewrite.Scanner{Form: form}
		for n := range len(doc) + 1 {
			err := s.Scan(bytes.Clone(doc[:n])) // elsewhere each time, as buffers grow
			if err == nil {
				// Done with the start tag of Body, and not later.
				if most := at.Len() + 2*len("<s:Body>"); n < at.Len() || n > most {
					t.Errorf("%s: done after %d bytes, head %d", name, n, at.Len())
				}
				pieces, err := s.Apply(nil, doc[:n], edits())
				if err != nil {
					t.Fatal(err)
				}
				if got := append(bytes.Join(pieces, nil), doc[n:]...); !bytes.Equal(got, want) {
					t.Errorf("%s: after %d bytes %q\nwant %q", name, n, got, want)
				}
				break
			}
			if !errors.Is(err, rewrite.ErrMore) {
				t.Fatalf("%s: after %d bytes: %v", name, n, err)
			}
		}
		if err := s.Scan(doc); err != nil {
			t.Errorf("%s: never done: %v", name, err)
		}
	}
}

// utf16 gives a document in UTF-16 with declaration, as WCF writes it.
func utf16(t testing.TB, doc []byte) []byte {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Encoding: xmltext.UTF16LE, Declaration: true})
	if err := infoset.Copy(w, reader(soap.Text, nil, doc)); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(w.Bytes())
}

// within reports whether p is a piece of b, and where.
func within(p, b []byte) (int, bool) {
	if len(p) == 0 || len(b) == 0 {
		return 0, false
	}
	at := uintptr(unsafe.Pointer(unsafe.SliceData(p))) - uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return int(at), at < uintptr(len(b))
}

// TestBytesOutsideAreTheSame makes random edits in random messages of every form.
// All bytes that are not new must be the very bytes of the message, in order and
// without a gap outside of the blocks that an edit names; the message must say
// what a tree with the same edits says.
func TestBytesOutsideAreTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		src := drawMessage(rt)
		forms := map[string][]byte{"text": src, "wide": utf16(t, src), "binary": binaryOf(t, src)}
		form := rapid.SampledFrom([]string{"text", "wide", "binary"}).Draw(rt, "form")
		doc := forms[form]
		s := &rewrite.Scanner{}
		if form == "binary" {
			s.Form = soap.Binary
		}
		eds := drawEdits(rt)
		if err := s.Scan(doc); err != nil {
			rt.Fatalf("%v in %s", err, src)
		}
		pieces, err := s.Apply(nil, doc, eds)
		if err != nil {
			rt.Fatal(err)
		}
		// Old pieces are in order; what lies between them was cut.
		end, cutBytes := 0, 0
		for _, p := range pieces {
			at, old := within(p, doc)
			if !old {
				continue
			}
			if at < end {
				rt.Fatalf("pieces out of order")
			}
			cutBytes += at - end
			end = at + len(p)
		}
		if end != len(doc) {
			rt.Fatalf("the tail of the message is no slice of it")
		}
		if len(eds) == 0 && (cutBytes != 0 || len(pieces) != 1) {
			rt.Fatalf("no edits, %d pieces, %d bytes cut", len(pieces), cutBytes)
		}
		want := edited(t, read(t, s.Form, nil, doc), eds)
		got := shape(t, read(t, s.Form, nil, bytes.Join(pieces, nil)))
		if got != want {
			rt.Fatalf("edits %+v\nof   %s\ngot  %s\nwant %s", eds, src, got, want)
		}
	})
}

// drawMessage makes a message with odd but legal spelling.
func drawMessage(rt *rapid.T) []byte {
	var b strings.Builder
	space := rapid.SampledFrom([]string{soap.Namespace11, soap.Namespace12}).Draw(rt, "version")
	prefix := rapid.SampledFrom([]string{"s:", "", "soap-env:"}).Draw(rt, "prefix")
	if prefix == "" {
		fmt.Fprintf(&b, `<Envelope xmlns="%s" xmlns:a="urn:a">`, space)
	} else {
		fmt.Fprintf(&b, `<%sEnvelope xmlns:a='urn:a' xmlns:%s="%s">`, prefix, prefix[:len(prefix)-1], space)
	}
	lead := rapid.SampledFrom([]string{"", "\n  ", "<!--<x>-->"})
	b.WriteString(lead.Draw(rt, "lead"))
	if rapid.Bool().Draw(rt, "header") {
		blocks := rapid.SliceOfN(rapid.SampledFrom([]string{
			`<a:To>one</a:To>`, `<a:To xmlns:a="urn:b">two</a:To>`, `<b:To xmlns:b="urn:a"/>`, `<a:Action i=">">x<y/>é𝄞</a:Action>`,
			`<Token xmlns="urn:t" xmlns:z="urn:z"><n a='"' b="'">v</n></Token>`, `<a:Other xmlns:p="urn:p">p:x</a:Other>`, `<a:To><![CDATA[<a:To>]]></a:To>`,
		}), 0, 5).Draw(rt, "blocks")
		if len(blocks) == 0 {
			fmt.Fprintf(&b, `<%sHeader />`, prefix)
		} else {
			fmt.Fprintf(&b, `<%sHeader>`, prefix)
			for _, bl := range blocks {
				b.WriteString(lead.Draw(rt, "lead"))
				b.WriteString(bl)
			}
			fmt.Fprintf(&b, "</%sHeader\n>", prefix)
		}
		b.WriteString(lead.Draw(rt, "lead"))
	}
	fmt.Fprintf(&b, `<%sBody><a:To>a:stays</a:To>%s</%sBody></%sEnvelope>`, prefix, lead.Draw(rt, "lead"), prefix, prefix)
	return []byte(b.String())
}

func drawEdits(rt *rapid.T) (eds []rewrite.Edit) {
	names := []infoset.Name{{Prefix: "x", Space: "urn:a", Local: "To"}, {Prefix: "x", Space: "urn:b", Local: "To"}, {Space: "urn:t", Local: "Token"}, {Prefix: "a", Space: "urn:a", Local: "Action"}}
	for range rapid.IntRange(0, 3).Draw(rt, "edits") {
		n := rapid.SampledFrom(names).Draw(rt, "name")
		text := rapid.SampledFrom([]string{"", "t", "<&> \u00e9\U0001D11E", strings.Repeat("long ", 60)}).Draw(rt, "text")
		eds = append(eds, rewrite.Edit{
			Op: rewrite.Op(rapid.IntRange(1, 4).Draw(rt, "op")), Space: n.Space, Local: n.Local, Text: text,
			Block: mustBlock(n, text),
		})
	}
	return eds
}

// edited makes the edits in a message as a program would, and gives its shape.
func edited(t testing.TB, m *soap.Message, eds []rewrite.Edit) string {
	t.Helper()
	put := map[int]bool{}
	var out []*soap.Header
	for _, h := range m.Headers {
		i := slices.IndexFunc(eds, func(e rewrite.Edit) bool { return e.Op != rewrite.Add && h.Name().Is(e.Space, e.Local) })
		if i < 0 {
			out = append(out, h)
			continue
		}
		switch e := eds[i]; e.Op {
		case rewrite.SetText:
			out = append(out, retext(t, h, e.Text))
		case rewrite.Put:
			if !put[i] {
				out = append(out, e.Block)
			}
			put[i] = true
		}
	}
	for _, e := range eds {
		if e.Op == rewrite.Add || e.Op == rewrite.Put && m.Find(e.Space, e.Local) == nil {
			out = append(out, e.Block)
		}
	}
	m.Headers = out
	return shape(t, m)
}

// retext gives a block with other content.
func retext(t testing.TB, h *soap.Header, text string) *soap.Header {
	t.Helper()
	start, err := h.Reader().Next()
	if err != nil {
		t.Fatal(err)
	}
	e, err := soap.MakeElement(func(w infoset.Writer) error {
		if err := infoset.Write(w, start); err != nil {
			return err
		}
		if text != "" {
			w.Text(infoset.String(text))
		}
		w.End()
		return w.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	c := *h
	c.Element = e
	return &c
}

// shape gives what a message says, without prefixes, declarations and the white
// space and comments between parts.
func shape(t testing.TB, m *soap.Message) string {
	t.Helper()
	var b strings.Builder
	for _, h := range m.Headers {
		fmt.Fprintf(&b, "must %v role %q: ", h.MustUnderstand, h.Role)
		describe(t, &b, h.Reader())
	}
	body, err := m.Body()
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("BODY ")
	describe(t, &b, body)
	return b.String()
}

func describe(t testing.TB, b *strings.Builder, r infoset.Reader) {
	t.Helper()
	for {
		tok, err := r.Next()
		if err != nil {
			b.WriteString("\n")
			return
		}
		switch tok.Kind {
		case infoset.StartElement:
			fmt.Fprintf(b, "<{%s}%s", tok.Name.Space, tok.Name.Local)
			for _, a := range tok.Attrs {
				fmt.Fprintf(b, " {%s}%s=%q", a.Name.Space, a.Name.Local, a.Value.String())
			}
			b.WriteString(">")
		case infoset.EndElement:
			b.WriteString("</>")
		default:
			b.WriteString(tok.Value.String())
		}
	}
}

// TestNoAllocations: a message is rewritten without any, and with few where a
// block is added.
func TestNoAllocations(t *testing.T) {
	for _, form := range []soap.Form{soap.Text, soap.Binary} {
		doc := message(2 << 10)
		if form == soap.Binary {
			doc = binaryOf(t, doc)
		}
		s := &rewrite.Scanner{Form: form}
		var pieces [][]byte
		run := func(eds []rewrite.Edit) float64 {
			return testing.AllocsPerRun(100, func() {
				s.Reset()
				if err := s.Scan(doc); err != nil {
					t.Fatal(err)
				}
				if form == soap.Text {
					if to, ok, err := s.Text(doc, wsa, "To"); err != nil || !ok || len(to) == 0 {
						t.Fatal(err)
					}
				}
				var err error
				if pieces, err = s.Apply(pieces[:0], doc, eds); err != nil {
					t.Fatal(err)
				}
			})
		}
		if got := run(edits()); got != 0 {
			t.Errorf("form %d: %v allocations", form, got)
		}
		token := rewrite.Edit{Op: rewrite.Put, Space: rel, Local: "RelayAccessToken", Block: block(infoset.Name{Space: rel, Local: "RelayAccessToken"}, "token")}
		if got := run(append(edits(), token)); got > 5 {
			t.Errorf("form %d: %v allocations with a block added", form, got)
		}
	}
}
