package rewrite_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

func caseFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/case/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPrefixNeededByAValue is the field case: declarations that only values use
// stay in scope, and the body stays byte by byte.
func TestPrefixNeededByAValue(t *testing.T) {
	var want struct {
		To      string            `json:"to"`
		Remove  []string          `json:"remove"`
		Resolve map[string]string `json:"resolve"`
	}
	if err := json.Unmarshal(caseFile(t, "prefix-needed-by-a-value/expect.json"), &want); err != nil {
		t.Fatal(err)
	}
	doc := caseFile(t, "prefix-needed-by-a-value/request.xml")
	edits := []rewrite.Edit{{Op: rewrite.SetText, Space: wsa, Local: "To", Text: want.To}}
	for _, name := range want.Remove {
		space, local, _ := strings.Cut(strings.TrimPrefix(name, "{"), "}")
		edits = append(edits, rewrite.Edit{Op: rewrite.Remove, Space: space, Local: local})
	}
	for _, form := range []soap.Form{soap.Text, soap.Binary} {
		in := doc
		if form == soap.Binary {
			in = binaryOf(t, doc)
		}
		s := &rewrite.Scanner{Form: form}
		out := apply(t, s, in, edits...)
		if !bytes.HasSuffix(out, in[s.Len():]) {
			t.Error("the body is another one")
		}
		if bytes.Contains(out, []byte("secret")) || bytes.Contains(out, []byte("old.example")) {
			t.Errorf("left over: %s", out)
		}
		m := read(t, form, nil, out)
		if got := m.Find(wsa, "To").Text(); got != want.To {
			t.Error(got)
		}
		r, err := m.Body()
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for {
			tok, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			values := []infoset.Value{tok.Value}
			for _, a := range tok.Attrs {
				values = append(values, a.Value)
			}
			for _, v := range values {
				if space, ok := want.Resolve[v.String()]; ok {
					prefix, _, _ := v.AsQName()
					if got, _ := r.Lookup(prefix); got != space {
						t.Errorf("%s is in %q", v, got)
					}
					found++
				}
			}
		}
		if found != len(want.Resolve) {
			t.Errorf("%d names resolved", found)
		}
	}
}

// TestAttributesStay is the field case about attributes with and without prefix:
// a block that is given other content keeps both.
func TestAttributesStay(t *testing.T) {
	doc := caseFile(t, "attributes-have-no-default-namespace/ids.xml")
	out := apply(t, &rewrite.Scanner{}, doc, rewrite.Edit{Op: rewrite.SetText, Space: "urn:example:h", Local: "two", Text: "x"})
	want := bytes.Replace(doc, []byte(`u:Id="a" Id="b"/>`), []byte(`u:Id="a" Id="b">x</h:two>`), 1)
	if !bytes.Equal(out, want) {
		t.Errorf("%s", out)
	}
}

func TestLookup(t *testing.T) {
	doc := `<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="` + soap.Namespace12 + `" xmlns:a="urn:a" xmlns:q="urn:q"><e:Header xmlns:h="urn:h"> ` +
		`<a:To e:mustUnderstand="true"> plain </a:To><a:Esc>&lt;é<![CDATA[&]]></a:Esc><a:Empty/><a:To>second</a:To><h:Q e:role="urn:r">q:name<x/></h:Q></e:Header><e:Body/></e:Envelope>`
	session := xmlbin.NewWriterSession(0)
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true, Session: session})
	if err := infoset.Copy(w, reader(soap.Text, nil, []byte(doc))); err != nil {
		t.Fatal(err)
	}
	rs := xmlbin.NewReaderSession(0)
	inSession, err := rs.Table(append(session.AppendTable(nil), w.Bytes()...))
	if err != nil {
		t.Fatal(err)
	}
	latin := strings.NewReplacer("utf-8", "iso-8859-1", "é", "\xE9").Replace(doc)
	_, told, _ := strings.Cut(latin, "?>")
	for _, tc := range []struct {
		name string
		s    rewrite.Scanner
		doc  []byte
	}{
		{"text", rewrite.Scanner{}, []byte(doc)},
		{"utf-16", rewrite.Scanner{}, utf16(t, []byte(doc))},
		{"latin, declared", rewrite.Scanner{}, []byte(latin)},
		{"latin, told", rewrite.Scanner{ASCII: true}, []byte(told)},
		{"binary", rewrite.Scanner{Form: soap.Binary}, binaryOf(t, []byte(doc))},
		{"session", rewrite.Scanner{Form: soap.Binary, Session: rs}, inSession},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &tc.s
			if err := s.Scan(tc.doc); err != nil {
				t.Fatal(err)
			}
			for local, want := range map[string]string{"To": "plain", "Esc": "<é&", "Empty": ""} {
				if got, ok, err := s.Text(tc.doc, "urn:a", local); err != nil || !ok || string(got) != want {
					t.Errorf("%s: %q %v %v", local, got, ok, err)
				}
			}
			if _, ok, err := s.Text(tc.doc, "urn:b", "To"); ok || err != nil {
				t.Error("a block of another namespace was found")
			}
			if h, err := s.Header(tc.doc, "urn:b", "To"); h != nil || !errors.Is(err, rewrite.ErrNoBlock) {
				t.Error(h, err)
			}
			if n := s.Count(tc.doc, "urn:a", "To"); n != 2 {
				t.Error("count", n)
			}
			if s.Version() != soap.V12 {
				t.Error(s.Version())
			}
			h, err := s.Header(tc.doc, "urn:h", "Q")
			if err != nil || h.Role != "urn:r" || h.Text() != "q:name" {
				t.Fatalf("%+v %v", h, err)
			}
			r := h.Reader()
			if space, ok := r.Lookup("q"); !ok || space != "urn:q" {
				t.Errorf("prefix q is %q", space)
			}
			// Text of all sorts comes in every encoding.
			const text = "é€\U0001D11E<&>"
			out := apply(t, s, tc.doc, rewrite.Edit{Op: rewrite.SetText, Space: "urn:a", Local: "To", Text: text}, rewrite.Edit{Op: rewrite.Add, Block: block(infoset.Name{Prefix: "n", Space: "urn:n", Local: "N"}, text)})
			if s.ASCII {
				out = append([]byte(`<?xml version="1.0" encoding="iso-8859-1"?>`), out...)
			}
			m := read(t, s.Form, tc.s.Session, out)
			if got := m.Find("urn:a", "To").Text() + m.Find("urn:n", "N").Text() + m.Find("urn:a", "Esc").Text(); got != text+text+"<é&" {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestEditErrors(t *testing.T) {
	doc := []byte(open12 + `<s:Header><a:To>x</a:To></s:Header>` + rest)
	s := &rewrite.Scanner{}
	if _, err := s.Apply(nil, doc, nil); err == nil {
		t.Error("applied before the head was seen")
	}
	if err := s.Scan(doc); err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]rewrite.Edit{
		"control character": {Op: rewrite.SetText, Space: "urn:a", Local: "To", Text: "a\x01"},
		"no UTF-8":          {Op: rewrite.SetText, Space: "urn:a", Local: "To", Text: "a\xFF"},
		"no block":          {Op: rewrite.Add},
		"no block to put":   {Op: rewrite.Put, Space: "urn:a", Local: "To"},
		"bad block":         {Op: rewrite.Add, Block: block(infoset.Name{Prefix: "n", Space: "urn:n", Local: "N"}, "\x01")},
	} {
		if _, err := s.Apply(nil, doc, []rewrite.Edit{e}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if pieces, err := s.Apply(nil, doc, []rewrite.Edit{{Op: rewrite.SetText, Space: "urn:a", Local: "To", Text: "\uFFFD"}}); err != nil || len(pieces) != 3 {
		t.Error(pieces, err)
	}
}

// TestArrayOfBlocks: an array of .NET binary XML is several blocks of one name. It
// can be taken out and replaced, not filled.
func TestArrayOfBlocks(t *testing.T) {
	w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{})
	name := func(local string) *infoset.Name {
		return &infoset.Name{Prefix: "s", Space: soap.Namespace12, Local: local, Dict: infoset.Shared}
	}
	w.Start(name("Envelope"))
	w.Start(name("Header"))
	w.Start(&infoset.Name{Prefix: "a", Space: "urn:a", Local: "To"})
	w.Items(infoset.Items(infoset.TypeInt32, []byte{1, 0, 0, 0, 2, 0, 0, 0}))
	w.Start(&infoset.Name{Prefix: "b", Space: "urn:b", Local: "B"})
	w.Start(&infoset.Name{Prefix: "b", Space: "urn:b", Local: "Inner"})
	w.Items(infoset.Items(infoset.TypeInt64, make([]byte, 24)))
	w.End()
	w.End()
	w.Start(name("Body"))
	w.End()
	w.End()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	doc := w.Bytes()
	if m := read(t, soap.Binary, nil, doc); len(m.Headers) != 3 {
		t.Fatalf("%d headers: the message has no array", len(m.Headers))
	}
	s := &rewrite.Scanner{Form: soap.Binary}
	m := read(t, soap.Binary, nil, apply(t, s, doc, rewrite.Edit{Op: rewrite.Remove, Space: "urn:a", Local: "To"}))
	if len(m.Headers) != 1 || m.Headers[0].Name().Local != "B" || len(m.Headers[0].Children()) != 3 {
		t.Errorf("%+v", m.Headers)
	}
	m = read(t, soap.Binary, nil, apply(t, s, doc, rewrite.Edit{Op: rewrite.Put, Space: "urn:a", Local: "To", Block: block(infoset.Name{Prefix: "a", Space: "urn:a", Local: "To"}, "x")}))
	if len(m.Headers) != 2 || m.Headers[0].Text() != "x" {
		t.Errorf("%+v", m.Headers)
	}
	if _, err := s.Apply(nil, doc, []rewrite.Edit{{Op: rewrite.SetText, Space: "urn:a", Local: "To", Text: "x"}}); err == nil {
		t.Error("an array got one text")
	}
	for n := range doc {
		if err := (&rewrite.Scanner{Form: soap.Binary}).Scan(doc[:n]); err != nil && !errors.Is(err, rewrite.ErrMore) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestBinaryRefused gives records that are no head of a message.
func TestBinaryRefused(t *testing.T) {
	env := "\x56\x02\x0B\x01s\x04" // s:Envelope of 1.2
	for name, tc := range map[string]struct{ doc, want string }{
		"text first":           {"\x98\x01x", "character data"},
		"unknown record":       {"\x7F", "unexpected record"},
		"end first":            {"\x01", "end of element without element"},
		"no body":              {env + "\x01", "no Body"},
		"text in the envelope": {env + "\x98\x01x", "character data"},
		"array":                {env + "\x03\x40\x01x\x01\x8B\x01\x05", "array in this place"},
		"unknown id":           {"\x42\xFE\x7F", "dictionary string that is not known"},
		"session id":           {"\x42\x01", "dictionary string that is not known"},
		"long integer":         {"\x40\xFF\xFF\xFF\xFF\x7F", "integer of more than 31 bits"},
		"attribute value":      {env[:2] + "\x04\x01x\x01", "as an attribute's value"},
		"negative length":      {env + "\x56\x08\x40\x01x\x9C\xFF\xFF\xFF\xFF", "negative length"},
		"bad list":             {env + "\x56\x08\x40\x01x\xA4\xA4", "record in a list"},
		"end of list":          {env + "\x56\x08\x40\x01x\xA6", "end of a list"},
		"list with end":        {env + "\x56\x08\x40\x01x\xA5\xA6", "list record with end"},
		"array of text":        {env + "\x56\x08\x03\x98", "array of something else"},
		"array of nothing":     {env + "\x56\x08\x03\x40\x01x\x01\x8B\x00", "array of no items"},
		"twice declared":       {env[:2] + "\x08\x01a\x08\x01b", "declaration of a prefix"},
		"depth":                {env + "\x56\x08" + strings.Repeat("\x40\x01x", 80), "depth"},
		"long tag":             {env + "\x56\x08\x40\x01x\x04\x01y\x9C\x00\xFF\x00\x00" + strings.Repeat("x", 20<<10), "tag of more than 16 KiB"},
	} {
		err := (&rewrite.Scanner{Form: soap.Binary}).Scan([]byte(tc.doc))
		if _, ok := errors.AsType[*soap.Error](err); !ok || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzScan compares the scanner with a decoder. A message that is decoded whole is
// scanned too, with the same version and the same header blocks, and edits give
// what they give in the decoded message.
func FuzzScan(f *testing.F) {
	for _, doc := range []string{
		string(message(1024)), open11 + `<s:Header><a:To>1</a:To><b/><a:To xmlns:a="urn:b"/></s:Header>` + rest, open12 + rest, open12 + `<s:Header/>` + rest,
		`<Envelope xmlns="` + soap.Namespace11 + `"><Header xmlns:a="urn:a"><a:To a='>' b="'"><![CDATA[</a:To>]]><!-- </a:To> --><a:To/></a:To></Header><Body/></Envelope>`,
		`<?xml version="1.0"?><!DOCTYPE x><x/>`, open12 + `<s:Header xmlns:a="urn&#58;b"><a:To/></s:Header>` + rest,
	} {
		f.Add([]byte(doc), false)
		w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{AllNames: true})
		if infoset.Copy(w, reader(soap.Text, nil, []byte(doc))) == nil {
			f.Add(bytes.Clone(w.Bytes()), true)
		}
	}
	eds := []rewrite.Edit{
		{Op: rewrite.SetText, Space: "urn:a", Local: "To", Text: "new"}, {Op: rewrite.Remove, Space: "urn:b", Local: "To"},
		{Op: rewrite.Put, Space: wsa, Local: "Action", Block: mustBlock(infoset.Name{Prefix: "w", Space: wsa, Local: "Action"}, "act")},
	}
	f.Fuzz(func(t *testing.T, b []byte, binary bool) {
		form := soap.Text
		if binary {
			form = soap.Binary
		}
		s := &rewrite.Scanner{Form: form}
		scanned := s.Scan(b)
		if scanned != nil && !errors.Is(scanned, rewrite.ErrMore) {
			if _, ok := errors.AsType[*soap.Error](scanned); !ok {
				t.Fatalf("%#v", scanned)
			}
		}
		m, err := soap.Read(reader(form, nil, b), soap.None, soap.Limits{})
		if err == nil {
			err = m.Buffer(0)
		}
		if scanned == nil {
			// Never panics, whatever the rest is.
			if _, err := s.Apply(nil, b, eds); err != nil && m != nil {
				if x, ok := errors.AsType[*infoset.Error](err); !ok || x.Reason != infoset.BadValue {
					t.Fatal(err)
				}
			}
		}
		if err != nil {
			return
		}
		if scanned != nil {
			if e, ok := errors.AsType[*soap.Error](scanned); ok && strings.Contains(e.Fault.Reason(""), "quota exceeded") {
				return // bounds differ
			}
			t.Fatalf("decoded but not scanned: %v\n%q", scanned, b)
		}
		if s.Version() != m.Version {
			t.Fatalf("version %v, decoded %v", s.Version(), m.Version)
		}
		pieces, err := s.Apply(nil, b, eds)
		if err != nil {
			return // SetText on an array
		}
		out := bytes.Join(pieces, nil)
		got, err := soap.Read(reader(form, nil, out), soap.None, soap.Limits{HeadBytes: 1 << 20})
		if err == nil {
			err = got.Buffer(0)
		}
		if err != nil {
			t.Fatalf("not a message any more: %v\n%q\n%q", err, b, out)
		}
		if g, w := shape(t, got), edited(t, m, eds); g != w {
			t.Fatalf("%q\ngot  %s\nwant %s", b, g, w)
		}
	})
}
