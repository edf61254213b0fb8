package desk

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Namespace is that of the contract; an action is the namespace, a slash and the operation.
const Namespace = "urn:example:desk"

// Values that both ends of every story know.
const (
	Words  = "z\u00fcrich \u4e2d\u6587 \U0001F600 <&>\"'\t."
	Ticket = "t-7" // header of Whoami
	User   = "alice"
	Secret = "secret"
)

const instance = "http://www.w3.org/2001/XMLSchema-instance"

//go:embed desk.wsdl
var wsdl string

// WSDL gives the contract with the addresses of the ports for SOAP 1.1 and 1.2.
func WSDL(soap11, soap12 string) string {
	return strings.NewReplacer("{soap11}", soap11, "{soap12}", soap12).Replace(wsdl)
}

// Order is the type Order of the contract.
type Order struct {
	ID     int64
	When   time.Time
	Day    string
	Amount xsd.Decimal
	Price  float64
	Big    int64
	Paid   bool
	Note   *string // nil is xsi:nil
	Data   []byte
	Tags   []string
	Items  []Item
}

// Item is the type Item of the contract.
type Item struct {
	SKU string
	Qty int64
}

// Sample is the order that clients submit. The service gives it back with the next ID.
func Sample() *Order {
	return &Order{
		ID: 7, When: time.Date(2024, 2, 29, 13, 14, 15, 678_000_000, time.UTC), Day: "2024-02-29", Amount: xsd.DecimalOf(123456789, 4),
		Price: 0.1, Big: -5_000_000_000, Paid: true, Data: []byte{0, 1, 2, 253, 254, 255}, Tags: []string{"a", "b<&>c", "\u00e9"},
		Items: []Item{{"s1", 1}, {"s2", 2}},
	}
}

// Pattern gives n bytes that both ends can make.
func Pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + 3)
	}
	return b
}

// Sum is what the operation Store answers.
func Sum(b []byte) (sum int64) {
	for _, c := range b {
		sum += int64(c)
	}
	return sum
}

// Diff says in which fields an order differs from want, "" if in none.
func (o *Order) Diff(want *Order) string {
	var out strings.Builder
	field := func(name string, got, want any) {
		if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
			fmt.Fprintf(&out, "%s is %q, want %q; ", name, g, w)
		}
	}
	field("Id", o.ID, want.ID)
	field("When", o.When.UTC(), want.When.UTC())
	field("Day", o.Day, want.Day)
	field("Amount", o.Amount.Rat(), want.Amount.Rat())
	field("Price", o.Price, want.Price)
	field("Big", o.Big, want.Big)
	field("Paid", o.Paid, want.Paid)
	field("Note is nil", o.Note == nil, want.Note == nil)
	field("Data", o.Data, want.Data)
	field("Tags", strings.Join(o.Tags, "|"), strings.Join(want.Tags, "|"))
	field("Items", o.Items, want.Items)
	return out.String()
}

// text writes an element of the contract that holds a value.
func text(w infoset.Writer, local string, v infoset.Value) {
	w.Start(&infoset.Name{Space: Namespace, Local: local})
	w.Text(v)
	w.End()
}

// optional writes an element that may be nil.
func optional(w infoset.Writer, local string, s *string) {
	if s != nil {
		text(w, local, infoset.String(*s))
		return
	}
	w.Start(&infoset.Name{Space: Namespace, Local: local})
	w.Attr(&infoset.Name{Prefix: "i", Space: instance, Local: "nil"}, infoset.String("true"))
	w.End()
}

func (o *Order) write(w infoset.Writer, local string) {
	when := xsd.DateTimeOf(o.When, true)
	w.Start(&infoset.Name{Space: Namespace, Local: local})
	text(w, "Id", infoset.Int(o.ID))
	text(w, "When", when.Value())
	text(w, "Day", infoset.String(o.Day))
	text(w, "Amount", o.Amount.Value())
	text(w, "Price", infoset.Float64(o.Price))
	text(w, "Big", infoset.Int(o.Big))
	text(w, "Paid", infoset.Bool(o.Paid))
	optional(w, "Note", o.Note)
	text(w, "Data", infoset.Bytes(o.Data))
	w.Start(&infoset.Name{Space: Namespace, Local: "Tags"})
	for _, tag := range o.Tags {
		text(w, "Tag", infoset.String(tag))
	}
	w.End()
	for _, item := range o.Items {
		w.Start(&infoset.Name{Space: Namespace, Local: "Item"})
		text(w, "Sku", infoset.String(item.SKU))
		text(w, "Qty", infoset.Int(item.Qty))
		w.End()
	}
	w.End()
}

// fields reads the children of an element by name, and remembers the first thing that was wrong.
type fields struct {
	of  map[string][]soap.Element
	err error
}

func fieldsOf(e soap.Element) *fields {
	f := &fields{of: map[string][]soap.Element{}}
	for _, c := range e.Children() {
		n := c.Name()
		if n.Space != Namespace {
			f.fail(fmt.Errorf("element {%s}%s is of another namespace", n.Space, n.Local))
		}
		f.of[n.Local] = append(f.of[n.Local], c)
	}
	return f
}

func (f *fields) fail(err error) {
	if f.err == nil && err != nil {
		f.err = err
	}
}

// one gives the element of a name, of which there must be one.
func (f *fields) one(local string) soap.Element {
	if got := len(f.of[local]); got != 1 {
		f.fail(fmt.Errorf("%d elements %s, want one", got, local))
		return soap.Element{}
	}
	return f.of[local][0]
}

// text gives the content as it is, nil where the element is nil.
func (f *fields) text(local string) *string {
	e := f.one(local)
	if v, ok := e.Attr(instance, "nil"); ok {
		if is, err := v.AsBool(); err != nil || is {
			f.fail(err)
			return nil
		}
	}
	s, err := content(e)
	f.fail(err)
	return &s
}

// value gives the content for a parser of values, without the white space around it.
func (f *fields) value(local string) infoset.Value { return infoset.String(f.one(local).Text()) }

func (f *fields) number(local string) int64 {
	n, err := strconv.ParseInt(f.one(local).Text(), 10, 64)
	f.fail(err)
	return n
}

func (f *fields) bytes(local string) []byte {
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(f.one(local).Text()), ""))
	f.fail(err)
	return b
}

// content gives all character data of an element, white space too.
func content(e soap.Element) (string, error) {
	if e.IsZero() {
		return "", nil
	}
	r := e.Reader()
	if _, err := r.Next(); err != nil {
		return "", err
	}
	v, err := infoset.Content(r, nil)
	return v.String(), err
}

func readOrder(e soap.Element) (*Order, error) {
	f := fieldsOf(e)
	var when xsd.DateTime
	var day xsd.Date
	o := &Order{ID: f.number("Id"), Big: f.number("Big"), Note: f.text("Note"), Data: f.bytes("Data")}
	f.fail(when.FromValue(f.value("When")))
	f.fail(day.FromValue(f.value("Day")))
	f.fail(o.Amount.FromValue(f.value("Amount")))
	var err error
	o.Price, err = f.value("Price").AsFloat(64)
	f.fail(err)
	o.Paid, err = f.value("Paid").AsBool()
	f.fail(err)
	o.When, o.Day = when.Time(time.UTC), day.Time(time.UTC).Format(time.DateOnly)
	for _, tag := range f.one("Tags").Children() {
		s, err := content(tag)
		f.fail(err)
		o.Tags = append(o.Tags, s)
	}
	for _, item := range f.of["Item"] {
		in := fieldsOf(item)
		o.Items = append(o.Items, Item{SKU: item.Children()[0].Text(), Qty: in.number("Qty")})
		f.fail(in.err)
	}
	return o, f.err
}
