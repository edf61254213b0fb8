package xmlbin

import (
	"bytes"
	"testing"
	"testing/iotest"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// FuzzReader checks on any input that the reader neither panics nor hangs, that
// it does not matter how bytes arrive, and that what it accepts is written in
// both encodings as the same document.
func FuzzReader(f *testing.F) {
	for _, file := range []string{"mono-encode.tsv", "mono-decode.tsv"} {
		for _, v := range vectors(f, file) {
			f.Add(v.doc)
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		o := vectorOptions()
		o.Quotas = infoset.Quotas{}
		text, err := narrowText(NewBytes(doc, o))
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{FullEnd: true})
		err2 := infoset.Copy(w, &narrow{NewReader(iotest.OneByteReader(bytes.NewReader(doc)), o)})
		if (err == nil) != (err2 == nil) || err == nil && string(w.Bytes()) != text {
			t.Fatalf("whole: %v\n%s\nin pieces: %v\n%s", err, text, err2, w.Bytes())
		}
		spreads(t, doc, o)
		if err != nil {
			return
		}
		arrays := o
		arrays.Arrays = true
		bw := NewWriter(nil, WriterOptions{Dictionary: words})
		if err := infoset.Copy(bw, NewBytes(doc, arrays)); err != nil {
			t.Fatalf("%v in %x", err, doc)
		}
		again, err := narrowText(NewBytes(bw.Bytes(), Options{Quotas: infoset.Buffered(), Dictionary: words}))
		if err != nil || canonical(t, []byte(again)) != canonical(t, []byte(text)) {
			t.Fatalf("%x\nwritten as %x\nis another document: %v\n%s\n%s", doc, bw.Bytes(), err, text, again)
		}
	})
}

// narrow shows numbers as the writer keeps them. It follows .NET: a double that
// single precision holds exactly becomes single, which has shorter text, and -0
// becomes 0.
type narrow struct{ *Reader }

func (r *narrow) Next() (*infoset.Token, error) {
	t, err := r.Reader.Next()
	if err == nil {
		t.Value = narrowed(t.Value)
		for i := range t.Attrs {
			t.Attrs[i].Value = narrowed(t.Attrs[i].Value)
		}
	}
	return t, err
}

func narrowed(v infoset.Value) infoset.Value {
	switch v.Type() {
	case infoset.TypeFloat32, infoset.TypeFloat64:
		f, err := v.AsFloat(64)
		switch {
		case err != nil:
		case f == 0:
			return infoset.Int(0)
		case float64(float32(f)) == f:
			return infoset.Float32(float32(f))
		}
	case infoset.TypeList:
		var items []infoset.Value
		for i := range v.Len() {
			items = append(items, narrowed(v.Item(i)))
		}
		return infoset.List(items)
	}
	return v
}

// narrowText decodes r and writes it as .NET's text writer does.
func narrowText(r *Reader) (string, error) {
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{FullEnd: true})
	err := infoset.Copy(w, &narrow{r})
	return string(w.Bytes()), err
}

// FuzzDifferential turns text into binary and back: an identity on documents.
func FuzzDifferential(f *testing.F) {
	for _, s := range []string{
		`<a/>`, `<a b="1">x<c/>y</a>`, `<p:a xmlns:p="u" p:b='&lt;'/>`, "<a>\r\n&#13;]]</a>", `<a><![CDATA[<&>]]></a>`, `<a>0</a>`, `<a>1</a>`,
		`<a xmlns="u"><b xmlns=""/></a>`, `<a>中文字符串吗</a>`, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>`,
		"<a b=''><!--c--> </a>", "<a b='&#9;&#10;&#13;'/>", "<a xmlns:p='u' xmlns:q='u' p:x='1'><q:b/></a>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		// Half of the default quota: text may be longer in UTF-8.
		roundTrip(t, doc, xmltext.Options{SkipPI: true})
	})
}

// roundTrip fails unless the document is the same after text, binary, text. It
// reports whether doc is a document at all.
func roundTrip(t *testing.T, doc []byte, o xmltext.Options) error {
	t.Helper()
	first := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := infoset.Copy(first, xmltext.NewBytes(doc, o)); err != nil {
		return err
	}
	for _, all := range []bool{false, true} {
		session := NewWriterSession(1 << 20)
		wo := WriterOptions{AllNames: all}
		if all {
			wo.Session = session
		}
		bw := NewWriter(nil, wo)
		if err := infoset.Copy(bw, xmltext.NewBytes(doc, o)); err != nil {
			t.Fatalf("to binary: %v in %.300q", err, doc)
		}
		rs := NewReaderSession(1 << 20)
		if _, err := rs.Table(session.AppendTable(nil)); err != nil {
			t.Fatal(err)
		}
		tw := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
		if err := infoset.Copy(tw, NewBytes(bw.Bytes(), Options{Quotas: infoset.Buffered(), Session: rs})); err != nil {
			t.Fatalf("to text: %v in %.300q", err, doc)
		}
		if !bytes.Equal(first.Bytes(), tw.Bytes()) {
			t.Fatalf("%.300q has changed:\n%.2000s\n%.2000s", doc, first.Bytes(), tw.Bytes())
		}
	}
	return nil
}
