package codec_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// decode reads the root's content.
func decode[T any](t *testing.T, doc string, read func(*codec.Decoder, *T) error) (v T, told []string, err error) {
	t.Helper()
	r := xmltext.NewBytes([]byte(doc), xmltext.Options{})
	start, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	d := codec.NewDecoder(r)
	d.Report = func(p *codec.Problem) { told = append(told, p.Error()) }
	err = codec.Element(d, start, &v, codec.Codec[T]{Decode: read})
	if err == nil && r.Depth() != 0 {
		t.Errorf("%s: %d elements are open behind it", doc, r.Depth())
	}
	return v, told, err
}

// encode writes one element.
func encode(t *testing.T, write func(*codec.Encoder) error) (string, error) {
	t.Helper()
	var out bytes.Buffer
	w := xmltext.NewWriter(&out, xmltext.WriterOptions{})
	if err := write(codec.NewEncoder(w)); err != nil {
		return "", err
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return strings.Replace(out.String(), "<r></r>", "<r/>", 1), nil
}

// same reads a document and writes the same again.
func same[T any](t *testing.T, c codec.Codec[T], docs ...string) {
	t.Helper()
	for _, doc := range docs {
		v, told, err := decode(t, doc, func(d *codec.Decoder, v *T) error { return codec.ReadOne(d, v, c) })
		if err != nil || len(told) > 0 {
			t.Errorf("%s: %v, told %q", doc, err, told)
			continue
		}
		got, err := encode(t, func(e *codec.Encoder) error { return codec.WriteOne(e, &root, v, c) })
		if err != nil || got != doc {
			t.Errorf("%s came back as %s, %v", doc, got, err)
		}
	}
}

// TestScalars: every codec gives back what it read.
func TestScalars(t *testing.T) {
	same(t, codec.String, `<r>a  b</r>`, `<r/>`)
	same(t, codec.Bool, `<r>true</r>`, `<r>false</r>`)
	same(t, codec.Int8, `<r>-128</r>`)
	same(t, codec.Int16, `<r>-32768</r>`)
	same(t, codec.Int32, `<r>2147483647</r>`)
	same(t, codec.Int64, `<r>-9223372036854775808</r>`)
	same(t, codec.Uint8, `<r>255</r>`)
	same(t, codec.Uint16, `<r>65535</r>`)
	same(t, codec.Uint32, `<r>4294967295</r>`)
	same(t, codec.Uint64, `<r>18446744073709551615</r>`)
	same(t, codec.Float32, `<r>1.5</r>`, `<r>INF</r>`, `<r>NaN</r>`)
	same(t, codec.Float64, `<r>-INF</r>`, `<r>2.25</r>`)
	same(t, codec.Decimal, `<r>12.500</r>`, `<r>-0.0000000000000000000000000001</r>`)
	same(t, codec.Integer, `<r>123456789012345678901234567890</r>`)
	same(t, codec.DateTime, `<r>2026-11-25T10:00:00.120</r>`, `<r>2026-11-25T10:00:00Z</r>`)
	same(t, codec.Date, `<r>2026-11-25+01:00</r>`)
	same(t, codec.Time, `<r>23:59:59</r>`)
	same(t, codec.Duration, `<r>P1DT2H</r>`)
	same(t, codec.GYear, `<r>2026</r>`)
	same(t, codec.GYearMonth, `<r>2026-11</r>`)
	same(t, codec.GMonth, `<r>--11</r>`)
	same(t, codec.GMonthDay, `<r>--11-25</r>`)
	same(t, codec.GDay, `<r>---25</r>`)
	same(t, codec.Base64, `<r>aGVsbG8=</r>`, `<r/>`)
	same(t, codec.Hex, `<r>0AFF</r>`)
	same(t, codec.ListOf(codec.Int32), `<r>1 2 3</r>`, `<r/>`)
	same(t, codec.ListOf(codec.TextOf[string]("NMTOKEN")), `<r>a b</r>`)
	same(t, codec.AnyType, `<r i:type="x:int" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://www.w3.org/2001/XMLSchema">5</r>`, `<r><a b="c">d</a></r>`)
}

// TestBadValues: what is none of its type is an error that says where.
func TestBadValues(t *testing.T) {
	bad := func(doc string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), "/r") {
			t.Errorf("%s: %v", doc, err)
		}
	}
	for _, doc := range []string{"<r>x</r>", "<r>2147483648</r>", "<r/>", "<r>1 2</r>", "<r>1.5</r>", "<r><a/></r>"} {
		_, _, err := decode(t, doc, codec.Int32.Decode)
		bad(doc, err)
	}
	_, _, err := decode(t, "<r>maybe</r>", codec.Bool.Decode)
	bad("bool", err)
	_, _, err = decode(t, "<r>2026-13-01</r>", codec.Date.Decode)
	bad("date", err)
	_, _, err = decode(t, "<r>1 x</r>", codec.ListOf(codec.Int32).Decode)
	bad("list", err)
	_, _, err = decode(t, "<r>q:n</r>", codec.QName.Decode)
	bad("qname", err)
	_, _, err = decode(t, "<r/>", codec.QName.Decode)
	bad("empty qname", err)
}

// TestQName: the prefix is the one that holds inside of the element, even where it is declared on it.
func TestQName(t *testing.T) {
	v, _, err := decode(t, `<r xmlns:q="urn:outer"><!-- c -->q:n</r>`, codec.QName.Decode)
	if err != nil || !v.Is("urn:outer", "n") {
		t.Errorf("%v, %v", v, err)
	}
	got, err := encode(t, func(e *codec.Encoder) error { return codec.WriteOne(e, &root, v, codec.QName) })
	if err != nil || got != `<r xmlns:q="urn:outer">q:n</r>` {
		t.Errorf("%s, %v", got, err)
	}
}

// TestNil: nil, absent and empty are three things.
func TestNil(t *testing.T) {
	const nilDoc = `<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`
	v, _, err := decode(t, nilDoc, func(d *codec.Decoder, v *xsd.Nillable[string]) error { return codec.ReadNil(d, v, codec.String) })
	if err != nil || !v.IsNil() {
		t.Fatalf("%v, %v", v, err)
	}
	got, err := encode(t, func(e *codec.Encoder) error { return codec.WriteNil(e, &root, v, codec.String) })
	if err != nil || !strings.Contains(got, `xsi:nil="true"`) {
		t.Errorf("%s, %v", got, err)
	}
	v, _, err = decode(t, `<r/>`, func(d *codec.Decoder, v *xsd.Nillable[string]) error { return codec.ReadNil(d, v, codec.String) })
	if text, ok := v.Get(); err != nil || !ok || text != "" {
		t.Errorf("empty: %v, %v", v, err)
	}
	if got, _ := encode(t, func(e *codec.Encoder) error {
		return codec.WriteOptNil(e, &root, (*xsd.Nillable[string])(nil), codec.String)
	}); got != "" {
		t.Errorf("absent is written as %s", got)
	}
	// Where the schema allows no nil it is told, and the value is its type's nothing.
	n, told, err := decode(t, nilDoc, func(d *codec.Decoder, v *int32) error { return codec.ReadOne(d, v, codec.Int32) })
	if err != nil || n != 0 || len(told) != 1 || !strings.Contains(told[0], "unexpected nil r") {
		t.Errorf("%d, %q, %v", n, told, err)
	}
}

// TestNilWithAttributes: a nil element keeps its attributes.
func TestNilWithAttributes(t *testing.T) {
	m := plain(one(1, "a"))
	m.Attrs = []codec.Attr{{Name: name("why"), Field: 0, Required: true}}
	c := codec.Codec[*bag]{
		Decode: func(d *codec.Decoder, v **bag) error { *v = newBag(m); return d.Struct(*v) },
		Body: func(e *codec.Encoder, n *infoset.Name, v *bag) error {
			return codec.Encoded[codec.Struct](e, n, v, nil)
		},
	}
	v, told, err := decode(t, `<r why="cold" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1"/>`,
		func(d *codec.Decoder, v *xsd.Nillable[*bag]) error { return codec.ReadNil(d, v, c) })
	if err != nil || len(told) > 0 || !v.IsNil() {
		t.Fatalf("%v, %q, %v", v, told, err)
	}
	got, err := encode(t, func(e *codec.Encoder) error { return codec.WriteNil(e, &root, v, c) })
	if err != nil || !strings.Contains(got, `why="cold"`) || !strings.Contains(got, `nil="true"`) {
		t.Errorf("%s, %v", got, err)
	}
}

// TestMixed: text and elements stay in order, and names in values keep their meaning.
func TestMixed(t *testing.T) {
	const doc = `<r xmlns:q="urn:q">one <q:b t="q:x">two</q:b> three</r>`
	v, _, err := decode(t, doc, codec.ReadMixed)
	if err != nil {
		t.Fatal(err)
	}
	m := plain()
	m.Mixed = 0
	got, err := encode(t, func(e *codec.Encoder) error {
		return codec.Encoded[codec.Struct](e, &root, &mixed{m, v}, nil)
	})
	if err != nil || got != doc {
		t.Errorf("%s, %v", got, err)
	}
}

type mixed struct {
	m *codec.Model
	v codec.Mixed
}

func (x *mixed) XMLModel() *codec.Model                  { return x.m }
func (*mixed) XMLCount(int) int                          { return 1 }
func (x *mixed) XMLDecode(d *codec.Decoder, _ int) error { return codec.ReadMixed(d, &x.v) }
func (x *mixed) XMLEncode(e *codec.Encoder, _ int) error { return codec.WriteMixed(e, x.v) }
func (*mixed) XMLItem(int) codec.Struct                  { return nil }

// TestArray: SOAP's arrays, in their own spelling.
func TestArray(t *testing.T) {
	c := codec.ArrayOf(codec.Int32)
	v, _, err := decode(t, `<r><x>1</x><y>2</y></r>`, c.Decode)
	if err != nil || len(v) != 2 || v[1] != 2 {
		t.Fatalf("%v, %v", v, err)
	}
	got, err := encode(t, func(e *codec.Encoder) error { return codec.WriteOne(e, &root, v, c) })
	if err != nil || !strings.Contains(got, `arrayType="xsd:int[2]"`) || strings.Count(got, "<item>") != 2 {
		t.Errorf("%s, %v", got, err)
	}
}

// TestTypes: xsi:type chooses among the types that may stand there.
func TestTypes(t *testing.T) {
	base, derived := plain(opt(0, "a")), plain(opt(0, "a"), opt(1, "b"))
	base.Type, derived.Type = infoset.Name{Prefix: "t", Space: "urn:t", Local: "Base"}, infoset.Name{Prefix: "t", Space: "urn:t", Local: "Derived"}
	pick := func(space, local string) codec.Struct {
		switch (infoset.Name{Space: space, Local: local}) {
		case infoset.Name{}, infoset.Name{Space: "urn:t", Local: "Base"}:
			return newBag(base)
		case infoset.Name{Space: "urn:t", Local: "Derived"}:
			return newBag(derived)
		}
		return nil
	}
	read := func(d *codec.Decoder, v *codec.Struct) error { return codec.Decoded(d, v, pick) }
	const doc = `<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:t="urn:t" xsi:type="t:Derived"><b>1</b></r>`
	v, _, err := decode(t, doc, read)
	if err != nil || v.XMLModel() != derived {
		t.Fatalf("%v, %v", v, err)
	}
	got, err := encode(t, func(e *codec.Encoder) error { return codec.Encoded(e, &root, v, &base.Type) })
	if err != nil || !strings.Contains(got, `xsi:type="t:Derived"`) || !strings.Contains(got, "<b>1</b>") {
		t.Errorf("%s, %v", got, err)
	}
	if v, _, err = decode(t, `<r><a>1</a></r>`, read); err != nil || v.XMLModel() != base {
		t.Errorf("the declared type: %v, %v", v, err)
	}
	got, err = encode(t, func(e *codec.Encoder) error { return codec.Encoded(e, &root, v, &base.Type) })
	if err != nil || got != `<r><a>1</a></r>` {
		t.Errorf("%s, %v", got, err)
	}
	abstract := func(d *codec.Decoder, v *codec.Struct) error {
		return codec.Decoded(d, v, func(string, string) codec.Struct { return nil })
	}
	if _, _, err := decode(t, `<r/>`, abstract); err == nil || !strings.Contains(err.Error(), "abstract") {
		t.Errorf("an abstract type: %v", err)
	}
}
