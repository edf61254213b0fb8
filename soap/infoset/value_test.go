package infoset

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var guid = [16]byte{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}

func TestLexicalForms(t *testing.T) {
	const day = 864_000_000_000
	for _, tt := range []struct {
		v    Value
		want string
	}{
		{Value{}, ""}, {String("x"), "x"}, {Chars([]byte("y")), "y"}, {Bool(true), "true"}, {Bool(false), "false"},
		{Int(-5), "-5"}, {Int(math.MinInt64), "-9223372036854775808"}, {Uint(math.MaxUint64), "18446744073709551615"}, {Uint(7), "7"},
		{Float32(0.1), "0.1"}, {Float64(0.1), "0.1"}, {Float32(3.4e38), "3.4E+38"}, {Float64(1e100), "1E+100"}, {Float64(1e-7), "1E-07"},
		{Float64(1e15), "1000000000000000"}, {Float64(1e16), "10000000000000000"}, {Float64(1e17), "1E+17"}, {Float64(0.0001), "0.0001"}, {Float64(0.00001), "1E-05"},
		{Float64(5e-324), "5E-324"}, {Float32(1e-45), "1E-45"}, {Float64(123456789.125), "123456789.125"},
		{Float64(math.Inf(1)), "INF"}, {Float64(math.Inf(-1)), "-INF"}, {Float32(float32(math.NaN())), "NaN"}, {Float64(math.Copysign(0, -1)), "-0"},
		{Decimal{}.Value(), "0"}, {Decimal{Scale: 1, Lo: 10}.Value(), "1.0"}, {Decimal{Neg: true, Scale: 4, Lo: 1}.Value(), "-0.0001"},
		{Decimal{Hi: math.MaxUint32, Lo: math.MaxUint64}.Value(), "79228162514264337593543950335"},
		{Decimal{Scale: 28, Lo: 1}.Value(), "0.0000000000000000000000000001"}, {Decimal{Scale: 28, Hi: math.MaxUint32, Lo: math.MaxUint64}.Value(), "7.9228162514264337593543950335"},
		{DateTime(0, ZoneNone), "0001-01-01T00:00:00"}, {DateTime(MaxTicks, ZoneUTC), "9999-12-31T23:59:59.9999999Z"},
		{DateTime(MaxTicks+1, ZoneUTC), "9999-12-31T23:59:59.9999999Z"}, {DateTime(day+10, ZoneLocal), "0001-01-02T00:00:00.000001+00:00"},
		{TimeSpan(0), "PT0S"}, {TimeSpan(-900_000_000), "-PT1M30S"}, {TimeSpan(math.MinInt64), "-P10675199DT2H48M5.4775808S"}, {TimeSpan(2 * day), "P2D"},
		{GUID(guid), "00112233-4455-6677-8899-aabbccddeeff"}, {UniqueID(guid), "urn:uuid:00112233-4455-6677-8899-aabbccddeeff"},
		{Bytes([]byte{1, 2, 3, 4}), "AQIDBA=="}, {QName("p", "a", InFull), "p:a"}, {QName("", "a", InFull), "a"}, {QName("long", "a", InFull), "long:a"},
		{List([]Value{Int(1), String("x"), Bool(true)}), "1 x true"}, {List(nil), ""}, {Items(TypeInt16, []byte{1, 0, 0xFF, 0xFF, 9}), "1 -1"},
	} {
		if got := tt.v.String(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.v.Type(), got, tt.want)
		}
		if got := tt.v.Clone().String(); got != tt.want {
			t.Errorf("%s: clone is %q, want %q", tt.v.Type(), got, tt.want)
		}
	}
}

// TestCalendar compares the calendar with that of package time, day by day
// around every turn of a month and year in some centuries.
func TestCalendar(t *testing.T) {
	start := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for day := int64(0); day <= MaxTicks/ticksPerDay; day += 13 {
		want := start.AddDate(0, 0, int(day)).Format("2006-01-02T15:04:05")
		if got := DateTime(uint64(day)*ticksPerDay, ZoneNone).String(); got != want {
			t.Fatalf("day %d is %s, want %s", day, got, want)
		}
	}
}

func TestReading(t *testing.T) {
	text := func(f func(Value) (any, error)) func(string) (any, error) {
		return func(s string) (any, error) { return f(String(s)) }
	}
	boolean := text(func(v Value) (any, error) { return v.AsBool() })
	int8s := text(func(v Value) (any, error) { return v.AsInt(8) })
	int64s := text(func(v Value) (any, error) { return v.AsInt(64) })
	uint8s := text(func(v Value) (any, error) { return v.AsUint(8) })
	floats := text(func(v Value) (any, error) { return v.AsFloat(64) })
	decimals := text(func(v Value) (any, error) { d, err := v.AsDecimal(); return d.Value().String(), err })
	guids := text(func(v Value) (any, error) { g, err := v.AsGUID(); return GUID(g).String(), err })
	base64 := text(func(v Value) (any, error) { b, err := v.AsBytes(nil); return string(b), err })
	qnames := text(func(v Value) (any, error) { p, l, err := v.AsQName(); return p + "|" + l, err })
	const g = "00112233-4455-6677-8899-aabbccddeeff"
	for _, tt := range []struct {
		read func(string) (any, error)
		text string
		want any // nil: an error
	}{
		{boolean, " true\n", true}, {boolean, "1", true}, {boolean, "false", false}, {boolean, "0", false}, {boolean, "True", nil}, {boolean, "", nil},
		{int8s, "127", int64(127)}, {int8s, "-128", int64(-128)}, {int8s, "128", nil}, {int8s, "+5", int64(5)}, {int8s, "++5", nil}, {int8s, "0x5", nil}, {int8s, "1_0", nil}, {int8s, "1.0", nil},
		{int64s, "9223372036854775807", int64(math.MaxInt64)}, {int64s, "9223372036854775808", nil}, {int64s, " -07 ", int64(-7)},
		{uint8s, "255", uint64(255)}, {uint8s, "256", nil}, {uint8s, "-1", nil}, {uint8s, "-0", uint64(0)}, {uint8s, "+1", uint64(1)},
		{floats, "1.5E3", 1500.0}, {floats, "INF", math.Inf(1)}, {floats, "-INF", math.Inf(-1)}, {floats, "1e999", math.Inf(1)}, {floats, "inf", nil}, {floats, "0x1p4", nil}, {floats, "1_0", nil}, {floats, "", nil}, {floats, ".5", 0.5},
		{decimals, "12.50", "12.50"}, {decimals, "-.5", "-0.5"}, {decimals, "+1.", "1"}, {decimals, "1e3", nil}, {decimals, ".", nil}, {decimals, "1.2.3", nil},
		{decimals, "79228162514264337593543950335", "79228162514264337593543950335"}, {decimals, "79228162514264337593543950336", nil}, {decimals, "0.00000000000000000000000000001", nil},
		{guids, g, g}, {guids, "{" + strings.ToUpper(g) + "}", g}, {guids, "urn:uuid:" + g, g}, {guids, g[1:], nil}, {guids, strings.ReplaceAll(g, "-", "0"), nil}, {guids, strings.Replace(g, "0", "x", 1), nil},
		{base64, "AQID", "\x01\x02\x03"}, {base64, " A Q\nI D ", "\x01\x02\x03"}, {base64, "AQI", nil}, {base64, "", ""}, {base64, "A=ID", nil},
		{qnames, " p:a ", "p|a"}, {qnames, "a", "|a"}, {qnames, "p:", nil}, {qnames, ":a", nil}, {qnames, "a b", nil}, {qnames, "", nil},
	} {
		got, err := tt.read(tt.text)
		var e *Error
		switch {
		case tt.want == nil && (!errors.As(err, &e) || e.Reason != BadValue):
			t.Errorf("%q: %v, %v, want an error", tt.text, got, err)
		case tt.want == nil && len(tt.text) > 3 && strings.Contains(err.Error(), tt.text):
			t.Errorf("error quotes the value: %v", err)
		case tt.want != nil && (err != nil || got != tt.want):
			t.Errorf("%q: %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
}

// TestTypedReading reads typed values as what they are and as what their text
// says.
func TestTypedReading(t *testing.T) {
	if b, err := Int(1).AsBool(); !b || err != nil {
		t.Error("1 is true")
	}
	if _, err := Int(2).AsBool(); err == nil {
		t.Error("2 is a boolean")
	}
	if i, err := Bool(true).AsInt(64); err == nil {
		t.Errorf("true is the integer %d", i)
	}
	if _, err := Int(-1).AsUint(64); err == nil {
		t.Error("-1 is unsigned")
	}
	if f, err := Int(5).AsFloat(64); f != 5 || err != nil {
		t.Errorf("5 is the number %v, %v", f, err)
	}
	if f, err := Float64(0.1).AsFloat(32); f != float64(float32(0.1)) || err != nil {
		t.Errorf("0.1 in single precision is %v, %v", f, err)
	}
	if d, err := Int(5).AsDecimal(); d != (Decimal{Lo: 5}) || err != nil {
		t.Errorf("5 is the decimal %v, %v", d, err)
	}
	if g, err := UniqueID(guid).AsGUID(); g != guid || err != nil {
		t.Errorf("GUID %x, %v", g, err)
	}
	if b, err := Bytes([]byte{1}).AsBytes([]byte{9}); !bytes.Equal(b, []byte{9, 1}) || err != nil {
		t.Errorf("bytes %x, %v", b, err)
	}
	if u, err := Uint(math.MaxUint64).AsUint(64); u != math.MaxUint64 || err != nil {
		t.Errorf("%d, %v", u, err)
	}
}

// TestRawItems reads and writes every item type back.
func TestRawItems(t *testing.T) {
	for _, v := range []Value{
		Bool(true), Int(-7), Float32(1.5), Float64(0.1), Decimal{Neg: true, Scale: 3, Hi: 7, Lo: 9}.Value(), DateTime(12345, ZoneUTC), TimeSpan(-9), GUID(guid),
	} {
		raw := AppendItem(nil, v)
		if len(raw) != ItemSize(v.Type()) {
			t.Fatalf("%s takes %d bytes", v.Type(), len(raw))
		}
		var again Value
		why := again.SetRaw(v.Type(), raw)
		if why != 0 || again.String() != v.String() || again.Type() != v.Type() {
			t.Errorf("%s %s became %s %s, %v", v.Type(), v, again.Type(), again, why)
		}
		if a := Items(v.Type(), append(raw, raw...)); a.Len() != 2 || a.Item(1).String() != v.String() || a.CheckItems() != 0 || a.ItemType() != v.Type() {
			t.Errorf("array of %s: %d items, %s", v.Type(), a.Len(), a)
		}
	}
	for _, bad := range []struct {
		t   Type
		raw []byte
	}{
		{TypeDecimal, append([]byte{1}, make([]byte, 15)...)}, {TypeDecimal, append([]byte{0, 0, 29}, make([]byte, 13)...)}, {TypeDecimal, append([]byte{0, 0, 0, 1}, make([]byte, 12)...)},
		{TypeDateTime, bytes.Repeat([]byte{0xFF}, 8)},
	} {
		v := Int(5)
		if why := v.SetRaw(bad.t, bad.raw); why != BadValue || v.String() != "5" {
			t.Errorf("%s %x: %v, %s", bad.t, bad.raw, why, v)
		}
		if why := Items(bad.t, bad.raw).CheckItems(); why != BadValue {
			t.Errorf("array of %s %x: %v", bad.t, bad.raw, why)
		}
	}
	if v := Items(TypeList, make([]byte, 8)); v.Type() != TypeText || !v.IsEmpty() {
		t.Errorf("an array of lists is made: %s", v.Type())
	}
}

// TestDecimalText goes from text to decimal and back.
func TestDecimalText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`-?(0|[1-9][0-9]{0,10})(\.[0-9]{1,15})?`).Draw(rt, "text")
		d, ok := ParseDecimal([]byte(text))
		if got := d.Value().String(); !ok || got != text {
			rt.Fatalf("%q became %q, %v", text, got, ok)
		}
	})
}

// tokens is a Reader of given tokens.
type tokens struct {
	list  []Token
	depth int
}

func (r *tokens) Next() (*Token, error) {
	t := &r.list[0]
	r.list = r.list[1:]
	if t.Name == nil {
		t.Name = NoName
	}
	if t.Kind == EndElement {
		r.depth--
	}
	return t, nil
}
func (*tokens) Lookup(string) (string, bool) { return "", false }
func (r *tokens) Depth() int                 { return r.depth }
func (*tokens) Path() string                 { return "/a" }

func TestContent(t *testing.T) {
	text := func(v Value) Token { return Token{Kind: Text, Value: v} }
	comment := Token{Kind: Comment, Value: String("c")}
	for _, tt := range []struct {
		name string
		list []Token
		typ  Type
		want string
	}{
		{"nothing", nil, TypeText, ""},
		{"text", []Token{text(String("a"))}, TypeText, "a"},
		{"text around a comment", []Token{text(String("a")), comment, text(String("b"))}, TypeText, "ab"},
		{"typed", []Token{comment, text(Int(5)), comment}, TypeInt64, "5"},
		{"typed and text", []Token{text(Int(5)), text(String("x")), text(Bool(true))}, TypeText, "5xtrue"},
		{"text and typed", []Token{text(String("x")), text(Int(5))}, TypeText, "x5"},
		{"bytes", []Token{text(Bytes([]byte{1})), text(Bytes([]byte{2}))}, TypeBytes, "AQI="},
		{"bytes and text", []Token{text(Bytes([]byte{1, 2, 3})), text(String("=="))}, TypeText, "AQID=="},
		{"list", []Token{text(List([]Value{Int(1), Int(2)}))}, TypeText, "1 2"},
	} {
		r := &tokens{list: append(tt.list, Token{Kind: EndElement}), depth: 1}
		v, err := Content(r, nil)
		if err != nil || v.Type() != tt.typ || v.String() != tt.want {
			t.Errorf("%s: %s %q, %v, want %s %q", tt.name, v.Type(), v, err, tt.typ, tt.want)
		}
	}
	_, err := Content(&tokens{list: []Token{{Kind: StartElement, Name: &Name{Local: "b"}}}, depth: 1}, nil)
	var e *Error
	if !errors.As(err, &e) || e.Reason != BadValue || e.Path != "/a" {
		t.Errorf("element in simple content: %v", err)
	}
}

func TestErrorText(t *testing.T) {
	e := &Error{Reason: Quota, Offset: 7, Path: "/a/b", Detail: "depth of 32", Err: errors.New("why")}
	if got, want := e.Error(), "xml: quota exceeded: depth of 32 at byte 7 in /a/b: why"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for r := Malformed; r <= Misuse; r++ {
		if s := r.String(); s == "" || s == "unknown" {
			t.Errorf("reason %d has no words", r)
		}
	}
	if got := Clip(strings.Repeat("x", 100)); len(got) > 70 || !strings.HasSuffix(got, `"...`) {
		t.Errorf("clipped to %q", got)
	}
}

func TestQuotas(t *testing.T) {
	if got, want := (Quotas{StringContent: 5}).Filled(), (Quotas{32, 5, 16384, 4096, 16384, 1024}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if b := Buffered(); b.Filled() != b || b.Depth != 128 {
		t.Errorf("buffered %+v", b)
	}
}
