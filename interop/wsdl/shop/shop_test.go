package shop_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/interop/wsdl/shop"
	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/codec/jsonform"
	"github.com/causeway-relay/causeway/soap/inspect"
	"github.com/causeway-relay/causeway/soap/xsd"
	"github.com/causeway-relay/causeway/wsdl/gengo"
	"github.com/causeway-relay/causeway/wsdl/ir"
	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/wsdltest"
)

// TestStale: the package is what the generator writes of the description, twice the same. -update writes it.
func TestStale(t *testing.T) {
	var before map[string][]byte
	for range 2 {
		d, err := load.Load(wsdltest.Folder("."), "service.wsdl", load.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		out, err := gengo.Generate(ir.Lower(d, ir.Options{}), gengo.Options{Package: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		if before != nil {
			if diff := cmp.Diff(before, out.Files); diff != "" {
				t.Fatalf("a second run differs:\n%s", diff)
			}
		}
		before = out.Files
	}
	for name, want := range before {
		if have, err := os.ReadFile(name); err != nil || !bytes.Equal(have, want) {
			if *update {
				if err := os.WriteFile(name, want, 0o600); err != nil {
					t.Fatal(err)
				}
				continue
			}
			t.Errorf("%s is not what the generator writes: go test ./interop/wsdl/shop -run TestStale -update", name)
		}
	}
	files, _ := filepath.Glob("*.go")
	if len(files) != len(before)+len(testFiles) {
		t.Errorf("%q, of which %d are generated", files, len(before))
	}
}

var update = flag.Bool("update", false, "write the package")

var testFiles = []string{"shop_test.go", "serve_test.go", "facets_test.go", "race_on_test.go", "race_off_test.go"}

const head = `<order xmlns="urn:example:shop" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="7" version="1"`

const customer = `<customer xsi:type="company" listed="true"><name>ACME</name><vat>X1</vat></customer><toy><loud>true</loud><age>3</age></toy><book>Go</book>`

// order reads an order whose content and attributes stand behind the customer and the products.
func order(t *testing.T, attrs, content string, strict bool) (*shop.Order, error) {
	t.Helper()
	return shop.OrderMessage().Unmarshal([]byte(head+attrs+">"+customer+content+"</order>"), strict)
}

func mustOrder(t *testing.T, attrs, content string) *shop.Order {
	t.Helper()
	o, err := order(t, attrs, content, true)
	if err != nil {
		t.Fatal(err)
	}
	// What is read is written, and read again the same; JSON and back is the same too.
	text, err := shop.OrderMessage().Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shop.OrderMessage().Unmarshal(text, true); err != nil {
		t.Errorf("%s: %v", text, err)
	}
	made, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back shop.Order
	if err := json.Unmarshal(made, &back); err != nil {
		t.Fatalf("%s: %v", made, err)
	}
	again, err := shop.OrderMessage().Marshal(&back)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := inspect.Diff(text, again); err != nil || len(found) > 0 {
		t.Errorf("%v, %v\n%s\nthrough %s\nbecame %s", found, err, text, made, again)
	}
	return o
}

// TestDerivedAndSubstituted: xsi:type makes the struct, elements that stand for another are members.
func TestDerivedAndSubstituted(t *testing.T) {
	o := mustOrder(t, ` xml:lang="en" sum="0aff" xmlns:q="urn:q" q:more="yes"`, "")
	c, ok := o.Customer.(*shop.Company)
	if !ok || c.Name != "ACME" || c.Vat != "X1" || c.Listed == nil || !*c.Listed {
		t.Errorf("%#v", o.Customer)
	}
	if len(o.Product) != 2 || o.Product[0].Toy == nil || o.Product[0].Toy.Age != 3 || o.Product[1].Book == nil || *o.Product[1].Book != "Go" {
		t.Errorf("%#v", o.Product)
	}
	if o.ID != "7" || o.Lang == nil || *o.Lang != "en" || string(*o.Sum) != "\x0a\xff" || len(o.OtherAttrs) != 1 {
		t.Errorf("%+v", o)
	}
	if _, err := shop.OrderMessage().Unmarshal([]byte(head+`><customer><name>x</name></customer><book/></order>`), false); err == nil || !strings.Contains(err.Error(), "abstract") {
		t.Errorf("an abstract type: %v", err)
	}
}

// TestOptional: absent, nil and empty are three things.
func TestOptional(t *testing.T) {
	if o := mustOrder(t, "", ""); o.Note != nil || o.Tags != nil || o.Count != nil || o.Weight != nil {
		t.Errorf("absent: %+v", o)
	}
	if o := mustOrder(t, "", `<note xsi:nil="true"/>`); o.Note == nil || !o.Note.IsNil() {
		t.Errorf("nil: %+v", o.Note)
	}
	if o := mustOrder(t, "", `<note/>`); o.Note == nil || o.Note.IsNil() {
		t.Errorf("empty: %+v", o.Note)
	}
	o := mustOrder(t, "", `<weight why="cold" xsi:nil="1"/><weight>1.5</weight><tags/><colour>red</colour><colour></colour><colour>unknown</colour><size>12</size><count/>`)
	first, second := o.Weight[0], o.Weight[1]
	inner, there := first.Get()
	if there || inner == nil || inner.Why == nil || *inner.Why != "cold" {
		t.Errorf("nil with attributes: %+v", inner)
	}
	if w, ok := second.Get(); !ok || w.Value != 1.5 {
		t.Errorf("%+v", w)
	}
	if o.Tags == nil || len(*o.Tags) != 0 || len(o.Colour) != 3 || !o.Colour[0].Valid() || o.Colour[2].Valid() || *o.Size != "12" || *o.Count != 1 {
		t.Errorf("%+v", o)
	}
}

// TestValues: every kind of value, and content that no schema describes.
func TestValues(t *testing.T) {
	o := mustOrder(t, "", `<card>4711</card><tags>a b</tags><when>2026-11-25T10:00:00.5</when><total>19.90</total><big>9007199254740993</big>`+
		`<text>one <b>two</b> three</text><data>aGk=</data><anything xmlns:q="http://www.w3.org/2001/XMLSchema" xsi:type="q:int">5</anything>`+
		`<q:any xmlns:q="urn:q" a="1">t<q:b/></q:any>`)
	if *o.Card != "4711" || !slices.Equal(*o.Tags, []string{"a", "b"}) || o.Total.String() != "19.90" || *o.Big != 9007199254740993 || string(*o.Data) != "hi" {
		t.Errorf("%+v", o)
	}
	if o.Text == nil || len(o.Text.Content.Tokens()) != 5 || o.Anything.IsZero() || len(o.Any) != 1 || o.Any[0].Name().Local != "any" {
		t.Errorf("%+v", o)
	}
	made, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"@id":"7"`, `"$type":"company"`, `"big":"9007199254740993"`, `"total":"19.90"`, `"product":[{"toy":{"age":3,"loud":true}},{"book":"Go"}]`, `"tags":["a","b"]`, `"$mixed":["one ",`, `"$any":[{"$element":"any","$ns":"urn:q","@a":"1","$mixed":["t",`, `"anything":{"$type":"{http://www.w3.org/2001/XMLSchema}int","$":"5"}`} {
		if !strings.Contains(string(made), part) {
			t.Errorf("%s is not in\n%s", part, made)
		}
	}
}

// TestRepeatedChoice: the order of the turns survives.
func TestRepeatedChoice(t *testing.T) {
	const doc = `<path xmlns="urn:example:shop" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><m>1</m><l>2</l><l xsi:nil="true"/><m>3</m></path>`
	p, err := shop.PathMessage().Unmarshal([]byte(doc), true)
	if err != nil || len(p.Items) != 4 || p.Items[0].M == nil || p.Items[2].L == nil || !p.Items[2].L.IsNil() {
		t.Fatalf("%+v, %v", p, err)
	}
	made, err := jsonform.To(shop.PathMessage(), p)
	if err != nil || string(made) != `{"$items":[{"m":1},{"l":2},{"l":null},{"m":3}]}` {
		t.Errorf("%s, %v", made, err)
	}
	p.Items[0].L = new(xsd.Nillable[int32])
	if _, err := shop.PathMessage().Marshal(p); err == nil || !strings.Contains(err.Error(), "second branch") {
		t.Errorf("two branches in one turn: %v", err)
	}
	if _, err := shop.PathMessage().Marshal(&shop.Path{}); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("no turn at all: %v", err)
	}
}

// TestLenient: every kind of deviation is told, what can be kept is, and Strict refuses it; bad values are errors always.
func TestLenient(t *testing.T) {
	rows := []struct {
		name, attrs, content string
		kind                 codec.Deviation
		check                func(*shop.Order) bool
	}{
		{"unknown", "", `<odd/>`, codec.UnknownElement, nil},
		{"unknown attribute", ` odd="1"`, "", codec.UnknownAttribute, nil},
		{"misplaced", "", `<count>2</count><card>c</card>`, codec.Misplaced, func(o *shop.Order) bool { return *o.Card == "c" && *o.Count == 2 }},
		{"duplicate", "", `<card>c</card><card>d</card>`, codec.Duplicate, func(o *shop.Order) bool { return *o.Card == "c" }},
		{"second branch", "", `<card>c</card><iban>i</iban>`, codec.SecondBranch, func(o *shop.Order) bool { return *o.Card == "c" && *o.Iban == "i" }},
		{"missing", "", `<bic>b</bic>`, codec.Missing, func(o *shop.Order) bool { return *o.Bic == "b" }},
		{"text", "", `loose`, codec.UnexpectedText, nil},
		{"nil", "", `<count xsi:nil="true"/>`, codec.UnexpectedNil, nil},
	}
	for _, row := range rows {
		var told []codec.Deviation
		doc := []byte(head + row.attrs + ">" + customer + row.content + "</order>")
		d := decoder(doc)
		d.Report = func(p *codec.Problem) {
			told = append(told, p.Kind)
			if !strings.HasPrefix(p.Path, "/order") {
				t.Errorf("%s: the path is %q", row.name, p.Path)
			}
		}
		o, err := shop.OrderMessage().Read(d)
		if err != nil || !slices.Contains(told, row.kind) || row.check != nil && !row.check(o) {
			t.Errorf("%s: %v, told %v", row.name, err, told)
		}
		if _, err := shop.OrderMessage().Unmarshal(doc, true); err == nil || !strings.Contains(err.Error(), row.kind.String()) {
			t.Errorf("%s, strictly: %v", row.name, err)
		}
		if _, err := shop.OrderMessage().Unmarshal(doc, false); err != nil {
			t.Errorf("%s, without a hook: %v", row.name, err)
		}
	}
	for _, content := range []string{`<count>x</count>`, `<count>99999999999</count>`, `<when>yesterday</when>`, `<data>%</data>`, `<total>1,5</total>`} {
		if _, err := order(t, "", content, false); err == nil || !strings.Contains(err.Error(), "/order/") {
			t.Errorf("%s: %v", content, err)
		}
	}
}

// TestWritesStrictly: what the schema does not allow is not written; the fixed value is, though nobody set it.
func TestWritesStrictly(t *testing.T) {
	book := "b"
	o := &shop.Order{ID: "1", Customer: &shop.Person{Name: "n"}, Product: []*shop.ProductElement{{Book: &book}}}
	text, err := shop.OrderMessage().Marshal(o)
	if err != nil || !strings.Contains(string(text), `version="1"`) || !strings.Contains(string(text), `type="tns:person"`) {
		t.Errorf("%s, %v", text, err)
	}
	rows := map[string]func(*shop.Order){
		"fixes this value":             func(o *shop.Order) { o.Version = 2 },
		"missing element tns:customer": func(o *shop.Order) { o.Customer = nil },
		"missing element tns:product":  func(o *shop.Order) { o.Product = nil },
		"one of a choice":              func(o *shop.Order) { o.Product[0] = &shop.ProductElement{} },
		"an item that is nil":          func(o *shop.Order) { o.Product[0] = nil },
		"second branch":                func(o *shop.Order) { o.Card, o.Iban = &book, &book },
		"missing element tns:iban":     func(o *shop.Order) { o.Bic = &book },
	}
	for want, change := range rows {
		wrong := *o
		wrong.Product = slices.Clone(o.Product)
		change(&wrong)
		if text, err := shop.OrderMessage().Marshal(&wrong); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "/order") {
			t.Errorf("%s: %s, %v", want, text, err)
		}
	}
}

// TestJSONRefuses: all that is wrong is told, with a pointer.
func TestJSONRefuses(t *testing.T) {
	rows := map[string]string{
		`{"Customer":{}}`:                     "/Customer",
		`{"card":null}`:                       "/card",
		`{"card":["x"]}`:                      "/card",
		`{"colour":"red"}`:                    "/colour",
		`{"count":"many"}`:                    "/count",
		`{"card":"a","card":"b"}`:             "/card",
		`{"customer":{"$type":"nobody"}}`:     "/customer/$type",
		`{"customer":{"name":"x"}}`:           "/customer",
		`{"@odd":"x"}`:                        "/@odd",
		`{"product":[{"toy":{"age":"old"}}]}`: "/product/0/toy/age",
		`{"text":{"$mixed":"x"}}`:             "/text/$mixed",
		`{"anything":{"odd":1}}`:              "/anything/odd",
		`{`:                                   "",
		`[]`:                                  "",
		`{} {}`:                               "",
		strings.Repeat(`{"anything":`, 300):   "/anything",
	}
	for text, pointer := range rows {
		var o shop.Order
		err := jsonform.Unmarshal(&o, []byte(text))
		var wrong *jsonform.Error
		if !asJSON(err, &wrong) || !slices.ContainsFunc(wrong.Problems, func(p jsonform.Problem) bool { return strings.HasPrefix(p.Pointer, pointer) }) {
			t.Errorf("%.80s: %v", text, err)
		}
	}
	var o shop.Order
	err := jsonform.Unmarshal(&o, []byte(`{"Customer":1,"cards":2}`))
	if err == nil || !strings.Contains(err.Error(), "customer is meant") || !strings.Contains(err.Error(), "1 more") {
		t.Errorf("%v", err)
	}
}

// big is an order of many values, as messages are.
func big(tb testing.TB) (*shop.Order, []byte) {
	tb.Helper()
	doc := []byte(head + ">" + customer + strings.Repeat(`<book>A book</book>`, 50) + `<card>4711</card><tags>a b</tags>` + strings.Repeat(`<colour>red</colour>`, 50) + `<count>3</count></order>`)
	o, err := shop.OrderMessage().Unmarshal(doc, true)
	if err != nil {
		tb.Fatal(err)
	}
	return o, doc
}

// TestAllocations: writing into a buffer with room costs a few allocations for a message of any size (its pointer, the name in xsi:type), and reading those of the values:
// for each of the 52 books a struct, a pointer and a text, and for 50 colours a text, while lists grow.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools let things go under the race detector")
	}
	o, doc := big(t)
	buf := make([]byte, 0, 1<<16)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := shop.OrderMessage().AppendText(buf, o); err != nil {
			t.Fatal(err)
		}
	}); n > 3 {
		t.Errorf("writing: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := shop.OrderMessage().Unmarshal(doc, false); err != nil {
			t.Fatal(err)
		}
	}); n > 52*3+50+50 {
		t.Errorf("reading: %v allocations", n)
	}
}

func BenchmarkMarshal(b *testing.B) {
	o, doc := big(b)
	buf := make([]byte, 0, 1<<16)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := shop.OrderMessage().AppendText(buf, o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	_, doc := big(b)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := shop.OrderMessage().Unmarshal(doc, false); err != nil {
			b.Fatal(err)
		}
	}
}
