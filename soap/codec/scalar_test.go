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
func decode[T any](t *testing.T, doc string, c codec.Coder) (v T, told []string, err error) {
	t.Helper()
	r := xmltext.NewBytes([]byte(doc), xmltext.Options{})
	start, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	d := codec.NewDecoder(r)
	d.Report = func(p *codec.Problem) { told = append(told, p.Error()) }
	err = d.Element(start, &v, c)
	if err == nil && r.Depth() != 0 {
		t.Errorf("%s: %d elements are open behind it", doc, r.Depth())
	}
	return v, told, err
}

// encode writes one element of what slot holds.
func encode(t *testing.T, slot any, c codec.Coder) (string, error) {
	t.Helper()
	var out bytes.Buffer
	w := xmltext.NewWriter(&out, xmltext.WriterOptions{})
	if err := codec.NewEncoder(w).Element(&root, nil, slot, c); err != nil {
		return "", err
	}
	_ = w.Flush() // of nothing it is an error
	return strings.Replace(out.String(), "<r></r>", "<r/>", 1), nil
}

// same reads a document and writes the same again, in slots of a value, of one that may be absent, and of a list.
func same[T any](t *testing.T, c codec.Coder, docs ...string) {
	t.Helper()
	for _, doc := range docs {
		v, told, err := decode[T](t, doc, c)
		if err != nil || len(told) > 0 {
			t.Errorf("%s: %v, told %q", doc, err, told)
			continue
		}
		for _, slot := range []any{&v, new(&v), &[]T{v}} {
			got, err := encode(t, slot, c)
			if err != nil || got != doc {
				t.Errorf("%s came back as %s, %v", doc, got, err)
			}
		}
		if p, _, err := decode[*T](t, doc, c); err != nil || p == nil {
			t.Errorf("%s: %v", doc, err)
		}
		if list, _, err := decode[[]T](t, doc, c); err != nil || len(list) != 1 {
			t.Errorf("%s: %v", doc, err)
		}
	}
	if got, err := encode(t, new(*T), c); err != nil || got != "" {
		t.Errorf("absent is written as %q, %v", got, err)
	}
	if _, err := encode(t, new(chan T), c); err == nil {
		t.Error("a slot of another type was taken")
	}
}

// TestScalars: every codec gives back what it read.
func TestScalars(t *testing.T) {
	same[string](t, &codec.String, `<r>a  b</r>`, `<r/>`)
	same[kind](t, kinds, `<r>x</r>`)
	same[bool](t, &codec.Bool, `<r>true</r>`, `<r>false</r>`)
	same[int8](t, &codec.Int8, `<r>-128</r>`)
	same[int16](t, &codec.Int16, `<r>-32768</r>`)
	same[int32](t, &codec.Int32, `<r>2147483647</r>`)
	same[int64](t, &codec.Int64, `<r>-9223372036854775808</r>`)
	same[uint8](t, &codec.Uint8, `<r>255</r>`)
	same[uint16](t, &codec.Uint16, `<r>65535</r>`)
	same[uint32](t, &codec.Uint32, `<r>4294967295</r>`)
	same[uint64](t, &codec.Uint64, `<r>18446744073709551615</r>`)
	same[float32](t, &codec.Float32, `<r>1.5</r>`, `<r>INF</r>`, `<r>NaN</r>`)
	same[float64](t, &codec.Float64, `<r>-INF</r>`, `<r>2.25</r>`)
	same[xsd.Decimal](t, &codec.Decimal, `<r>12.500</r>`, `<r>-0.0000000000000000000000000001</r>`)
	same[xsd.Integer](t, &codec.Integer, `<r>123456789012345678901234567890</r>`)
	same[xsd.DateTime](t, &codec.DateTime, `<r>2026-11-25T10:00:00.120</r>`, `<r>2026-11-25T10:00:00Z</r>`)
	same[xsd.Date](t, &codec.Date, `<r>2026-11-25+01:00</r>`)
	same[xsd.Time](t, &codec.Time, `<r>23:59:59</r>`)
	same[xsd.Duration](t, &codec.Duration, `<r>P1DT2H</r>`)
	same[xsd.GYear](t, &codec.GYear, `<r>2026</r>`)
	same[xsd.GYearMonth](t, &codec.GYearMonth, `<r>2026-11</r>`)
	same[xsd.GMonth](t, &codec.GMonth, `<r>--11</r>`)
	same[xsd.GMonthDay](t, &codec.GMonthDay, `<r>--11-25</r>`)
	same[xsd.GDay](t, &codec.GDay, `<r>---25</r>`)
	same[xsd.Base64](t, &codec.Base64, `<r>aGVsbG8=</r>`, `<r/>`)
	same[xsd.Hex](t, &codec.Hex, `<r>0AFF</r>`)
	same[[]int32](t, &codec.ListOf[int32]{Item: &codec.Int32}, `<r>1 2 3</r>`, `<r/>`)
	same[[]kind](t, &codec.ListOf[kind]{Item: kinds}, `<r>a b</r>`)
	same[xsd.Any](t, &codec.AnyType, `<r i:type="x:int" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="http://www.w3.org/2001/XMLSchema">5</r>`, `<r><a b="c">d</a></r>`)
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
		_, _, err := decode[int32](t, doc, &codec.Int32)
		bad(doc, err)
	}
	_, _, err := decode[bool](t, "<r>maybe</r>", &codec.Bool)
	bad("bool", err)
	_, _, err = decode[xsd.Date](t, "<r>2026-13-01</r>", &codec.Date)
	bad("date", err)
	_, _, err = decode[[]int32](t, "<r>1 x</r>", &codec.ListOf[int32]{Item: &codec.Int32})
	bad("list", err)
	_, _, err = decode[xsd.QName](t, "<r>q:n</r>", &codec.QName)
	bad("qname", err)
	_, _, err = decode[xsd.QName](t, "<r/>", &codec.QName)
	bad("empty qname", err)
}

// TestQName: the prefix is the one that holds inside of the element, even where it is declared on it.
func TestQName(t *testing.T) {
	v, _, err := decode[xsd.QName](t, `<r xmlns:q="urn:outer"><!-- c -->q:n</r>`, &codec.QName)
	if err != nil || !v.Is("urn:outer", "n") {
		t.Errorf("%v, %v", v, err)
	}
	got, err := encode(t, &v, &codec.QName)
	if err != nil || got != `<r xmlns:q="urn:outer">q:n</r>` {
		t.Errorf("%s, %v", got, err)
	}
}

// TestNil: nil, absent and empty are three things.
func TestNil(t *testing.T) {
	const nilDoc = `<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`
	texts := &codec.Nil{Of: &codec.String, Slots: &codec.Nils[string]{}}
	v, _, err := decode[xsd.Nillable[string]](t, nilDoc, texts)
	if err != nil || !v.IsNil() {
		t.Fatalf("%v, %v", v, err)
	}
	for _, slot := range []any{&v, new(&v), &[]xsd.Nillable[string]{v}} {
		got, err := encode(t, slot, texts)
		if err != nil || !strings.Contains(got, `xsi:nil="true"`) {
			t.Errorf("%s, %v", got, err)
		}
	}
	v, _, err = decode[xsd.Nillable[string]](t, `<r/>`, texts)
	if text, ok := v.Get(); err != nil || !ok || text != "" {
		t.Errorf("empty: %v, %v", v, err)
	}
	if got, _ := encode(t, new(*xsd.Nillable[string]), texts); got != "" {
		t.Errorf("absent is written as %s", got)
	}
	list, _, err := decode[[]xsd.Nillable[string]](t, nilDoc, texts)
	if err != nil || len(list) != 1 || !list[0].IsNil() {
		t.Errorf("in a list: %v, %v", list, err)
	}
	// Where the schema allows no nil it is told, and the value is its type's nothing.
	n, told, err := decode[int32](t, nilDoc, &codec.Int32)
	if err != nil || n != 0 || len(told) != 1 || !strings.Contains(told[0], "unexpected nil r") {
		t.Errorf("%d, %q, %v", n, told, err)
	}
}

// TestNilWithAttributes: a nil element keeps its attributes.
func TestNilWithAttributes(t *testing.T) {
	m := plain(one(1, "a"))
	m.Attrs = []codec.Attr{{Name: name("why"), Field: 0, Required: true}}
	c := &codec.Nil{Of: bags(m), Slots: &codec.Nils[*bag]{}}
	v, told, err := decode[xsd.Nillable[*bag]](t, `<r why="cold" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1"/>`, c)
	if err != nil || len(told) > 0 || !v.IsNil() {
		t.Fatalf("%v, %q, %v", v, told, err)
	}
	got, err := encode(t, &v, c)
	if err != nil || !strings.Contains(got, `why="cold"`) || !strings.Contains(got, `nil="true"`) {
		t.Errorf("%s, %v", got, err)
	}
	if v, _, err = decode[xsd.Nillable[*bag]](t, `<r why="warm"><a>1</a></r>`, c); err != nil || v.IsNil() {
		t.Errorf("%v, %v", v, err)
	}
	none := xsd.Nil[*bag]()
	if got, err := encode(t, &none, c); err != nil || !strings.Contains(got, `nil="true"`) {
		t.Errorf("without a value: %s, %v", got, err)
	}
}

// TestMixed: text and elements stay in order, and names in values keep their meaning.
func TestMixed(t *testing.T) {
	const doc = `<r xmlns:q="urn:q">one <q:b t="q:x">two</q:b> three</r>`
	c := &codec.StructOf{New: func() codec.Struct { return &mixed{} }, Slots: &codec.Pointers[*mixed]{}}
	v, _, err := decode[*mixed](t, doc, c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := encode(t, &v, c)
	if err != nil || got != doc {
		t.Errorf("%s, %v", got, err)
	}
	if got, err = encode(t, new(&mixed{v: xsd.MixedText("a & b")}), c); err != nil || got != "<r>a &amp; b</r>" {
		t.Errorf("%s, %v", got, err)
	}
}

type mixed struct{ v xsd.Mixed }

var mixedModel = codec.Model{Mixed: &codec.Simple{Field: 0}}

func (*mixed) XMLModel() *codec.Model { return &mixedModel }
func (x *mixed) XMLField(int) any     { return &x.v }

// TestArray: SOAP's arrays, in their own spelling.
func TestArray(t *testing.T) {
	c := &codec.ArrayOf[int32]{Item: &codec.Int32}
	v, _, err := decode[[]int32](t, `<r><x>1</x><y>2</y></r>`, c)
	if err != nil || len(v) != 2 || v[1] != 2 {
		t.Fatalf("%v, %v", v, err)
	}
	got, err := encode(t, &v, c)
	if err != nil || !strings.Contains(got, `arrayType="xsd:int[2]"`) || strings.Count(got, "<item>") != 2 {
		t.Errorf("%s, %v", got, err)
	}
}

// TestTypes: xsi:type chooses among the types that may stand there.
func TestTypes(t *testing.T) {
	base, derived := plain(opt(0, "a")), plain(opt(0, "a"), opt(1, "b"))
	base.Type, derived.Type = infoset.Name{Prefix: "t", Space: "urn:t", Local: "Base"}, infoset.Name{Prefix: "t", Space: "urn:t", Local: "Derived"}
	newBase, newDerived := func() codec.Struct { return newBag(base) }, func() codec.Struct { return newBag(derived) }
	c := &codec.Kinds{
		Slots: &codec.Pointers[codec.Struct]{}, Declared: &base.Type, Plain: newBase,
		Kinds: []codec.Kind{{Name: base.Type, New: newBase}, {Name: derived.Type, New: newDerived}},
	}
	const doc = `<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:t="urn:t" xsi:type="t:Derived"><b>1</b></r>`
	v, _, err := decode[codec.Struct](t, doc, c)
	if err != nil || v.XMLModel() != derived {
		t.Fatalf("%v, %v", v, err)
	}
	got, err := encode(t, &v, c)
	if err != nil || !strings.Contains(got, `xsi:type="t:Derived"`) || !strings.Contains(got, "<b>1</b>") {
		t.Errorf("%s, %v", got, err)
	}
	if v, _, err = decode[codec.Struct](t, `<r><a>1</a></r>`, c); err != nil || v.XMLModel() != base {
		t.Errorf("the declared type: %v, %v", v, err)
	}
	if got, err = encode(t, &v, c); err != nil || got != `<r><a>1</a></r>` {
		t.Errorf("%s, %v", got, err)
	}
	_, told, err := decode[codec.Struct](t, strings.Replace(doc, "t:Derived", "t:Other", 1), c)
	if err != nil || len(told) == 0 || !strings.Contains(told[0], "unknown type Other") {
		t.Errorf("an unknown type: %q, %v", told, err)
	}
	c.Plain = nil
	if _, _, err := decode[codec.Struct](t, `<r/>`, c); err == nil || !strings.Contains(err.Error(), "abstract") {
		t.Errorf("an abstract type: %v", err)
	}
	if _, err := encode(t, new(codec.Struct), c); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("nothing: %v", err)
	}
}

// kind is text with a Go type of its own.
type kind string

var kinds = &codec.Text{Slots: &codec.Texts[kind]{}, Root: infoset.Name{Local: "NMTOKEN"}}
