package xsd

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// simple is what all types of this package can do.
type simple interface {
	FromValue(v infoset.Value) error
}

func value(s simple) infoset.Value {
	switch v := s.(type) {
	case *DateTime:
		return v.Value()
	case *Date:
		return v.Value()
	case *Time:
		return v.Value()
	case *GYear:
		return v.Value()
	case *GYearMonth:
		return v.Value()
	case *GMonth:
		return v.Value()
	case *GMonthDay:
		return v.Value()
	case *GDay:
		return v.Value()
	case *Duration:
		return v.Value()
	case *Decimal:
		return v.Value()
	case *Integer:
		return v.Value()
	case *Base64:
		return v.Value()
	case *Hex:
		return v.Value()
	}
	panic("type is missing")
}

// TestLexicalFormsAreKept reads forms and writes the same text, typed where .NET
// has a record for exactly it.
func TestLexicalFormsAreKept(t *testing.T) {
	for _, tt := range []struct {
		make  func() simple
		typed string // one typed form, if there are any
		good  string
		bad   string
	}{
		{func() simple { return new(DateTime) }, "2024-02-29T13:14:15.678Z",
			"2024-02-29T13:14:15 2024-02-29T13:14:15.100Z 2024-02-29T13:14:15.123456789012Z 2024-02-29T24:00:00 2024-02-29T24:00:00.00Z -0044-03-15T12:00:00Z 12024-01-01T00:00:00Z 2024-01-01T00:00:00+00:00 2024-01-01T00:00:00-14:00 2024-01-01T00:00:00+05:30 0000-01-01T00:00:00 0001-01-01T00:00:00 9999-12-31T23:59:59.9999999",
			"2023-02-29T00:00:00 2024-13-01T00:00:00 2024-00-01T00:00:00 2024-01-32T00:00:00 2024-01-00T00:00:00 24-01-01T00:00:00 02024-01-01T00:00:00 2024-01-01 2024-01-01T24:00:01 2024-01-01T25:00:00 2024-01-01T00:60:00 2024-01-01T00:00:60 2024-01-01T00:00:00. 2024-01-01T00:00 2024-01-01T00:00:00+14:01 2024-01-01T00:00:00+1:00 2024-01-01T00:00:00z 2024-01-01t00:00:00 2024-1-01T00:00:00 +2024-01-01T00:00:00 99999999999-01-01T00:00:00 1900-02-29T00:00:00"},
		{func() simple { return new(Date) }, "", "2024-02-29 2024-02-29Z 2024-02-29+02:00 -0001-12-31 2000-02-29", "2024-02-30 2024-04-31 2024-2-1 2024-02-29T00:00:00 1900-02-29 2024-02-29+15:00"},
		{func() simple { return new(Time) }, "", "13:14:15 13:14:15.5Z 24:00:00 00:00:00-05:00", "24:00:01 13:14 1:02:03 13:14:15.Z 13:61:00"},
		{func() simple { return new(GYear) }, "", "2024 -2024 12024 2024Z 0000 2024+01:00", "24 02024 2024-01 20x4"},
		{func() simple { return new(GYearMonth) }, "", "2024-02 2024-02Z", "2024-13 2024 2024-02-01"},
		{func() simple { return new(GMonth) }, "", "--02 --12Z", "--13 02 --2 --02--"},
		{func() simple { return new(GMonthDay) }, "", "--02-29 --12-31+01:00", "--02-30 --04-31 02-29 --02"},
		{func() simple { return new(GDay) }, "", "---31 ---01Z", "---32 ---00 31 --31"},
		{func() simple { return new(Duration) }, "P1DT2H3M4.005S",
			"PT0S -PT1M30S P1Y2M3DT4H5M6.7S P1M PT36H P0D PT1.50S P999999999D P400D PT0.00000001S",
			"P PT P1 1D P1S PT1D P1D2H P1H P1M1Y P1.5D PT1.S PT.5S -P -1D P-1D P1DT P9999999999D P1D1D p1d"},
		{func() simple { return new(Decimal) }, "12.50", "0 -0 +1 1. .5 -.50 00012.3400 123456789012345678901234567890.123456789012345678901234567890 79228162514264337593543950335", "1e3 . 1.2.3 -- INF 1,5 0x1 1_0"},
		{func() simple { return new(Integer) }, "-129", "0 -0 +1 007 123456789012345678901234567890 9223372036854775807 9223372036854775808", "1.0 1e3 - 0x1 1_0"},
		{func() simple { return new(Base64) }, "AQID", "AQI= AQ==", "A AQ=I *"},
		{func() simple { return new(Hex) }, "", "00FF A0", "0 0G 0x00"},
	} {
		if tt.typed != "" {
			s := tt.make()
			if err := s.FromValue(infoset.String(tt.typed)); err != nil || value(s).String() != tt.typed || value(s).Type() == infoset.TypeText {
				t.Errorf("%q: %v, %s %q", tt.typed, err, value(s).Type(), value(s))
			}
		}
		for text := range strings.FieldsSeq(tt.good) {
			s := tt.make()
			if err := s.FromValue(infoset.String(" \t" + text + "\r\n")); err != nil || value(s).String() != text {
				t.Errorf("%T %q: %v, %q", s, text, err, value(s))
			}
		}
		for _, text := range append(strings.Fields(tt.bad), "x") {
			s := tt.make()
			err := s.FromValue(infoset.String(text))
			var e *infoset.Error
			if !errors.As(err, &e) || e.Reason != infoset.BadValue {
				t.Errorf("%T %q: %v", s, text, err)
			}
		}
		if s := tt.make(); s.FromValue(infoset.String(strings.Repeat("1", 1<<20))) == nil && value(s).Type() == infoset.TypeText {
			if _, hex := s.(*Hex); !hex {
				t.Errorf("%T takes a million digits", s)
			}
		}
	}
}

// TestThroughBinary writes every form in binary and reads it back: the text is
// the same.
func TestThroughBinary(t *testing.T) {
	for _, text := range []string{"2024-02-29T13:14:15.678Z", "2024-02-29T13:14:15.100Z", "2024-02-29T13:14:15+00:00", "12024-01-01T00:00:00Z", "0001-01-01T00:00:00"} {
		var d DateTime
		if err := d.FromValue(infoset.String(text)); err != nil {
			t.Fatal(err)
		}
		w := xmlbin.NewWriter(nil, xmlbin.WriterOptions{})
		w.Start(&infoset.Name{Local: "a"})
		w.Text(d.Value())
		w.End()
		r := xmlbin.NewBytes(w.Bytes(), xmlbin.Options{})
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		v, err := infoset.Content(r, nil)
		var again DateTime
		if err != nil || again.FromValue(v) != nil || again != d {
			t.Errorf("%q became %q, %v", text, again, err)
		}
	}
}

func TestInstants(t *testing.T) {
	berlin := time.FixedZone("CEST", 2*3600)
	for _, tt := range []struct {
		text string
		want time.Time
	}{
		{"2026-07-01T12:00:00.123+02:00", time.Date(2026, 7, 1, 10, 0, 0, 123_000_000, time.UTC)},
		{"2026-07-01T12:00:00", time.Date(2026, 7, 1, 12, 0, 0, 0, berlin)},
		{"2026-07-01T24:00:00Z", time.Date(2026, 7, 2, 0, 0, 0, 0, time.UTC)},
		{"2026-07-01T00:00:00.1234567899Z", time.Date(2026, 7, 1, 0, 0, 0, 123_456_789, time.UTC)},
	} {
		var d DateTime
		if err := d.FromValue(infoset.String(tt.text)); err != nil || !d.Time(berlin).Equal(tt.want) {
			t.Errorf("%s is %v, %v, want %v", tt.text, d.Time(berlin), err, tt.want)
		}
	}
	at := time.Date(2026, 7, 1, 12, 0, 5, 120_000_000, berlin)
	for got, want := range map[string]string{
		DateTimeOf(at, true).String():       "2026-07-01T12:00:05.12+02:00",
		DateTimeOf(at, false).String():      "2026-07-01T12:00:05.12",
		DateTimeOf(at.UTC(), true).String(): "2026-07-01T10:00:05.12Z",
		DateOf(at, true).String():           "2026-07-01+02:00",
		TimeOf(at.UTC(), false).String():    "10:00:05.12",
		GYearOf(at, false).String():         "2026",
		GYearMonthOf(at, false).String():    "2026-07",
		GMonthOf(at, false).String():        "--07",
		GMonthDayOf(at, false).String():     "--07-01",
		GDayOf(at, false).String():          "---01",
		DateTimeOf(time.Date(-5, 1, 1, 0, 0, 0, 0, time.FixedZone("", -5*3600-1800)), true).String(): "-0005-01-01T00:00:00-05:30",
		DateTimeOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 30)), true).String():         "2025-12-31T23:59:30Z",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(rt, "duration")) / 100 * 100
		v := DurationOf(d)
		var again Duration
		if err := again.FromValue(infoset.String(v.String())); err != nil || again != v {
			rt.Fatalf("%v is %q, read as %+v, %v", d, v, again, err)
		}
		if got, ok := again.Std(); !ok || got != d {
			rt.Fatalf("%v is %q, back %v, %v", d, v, got, ok)
		}
		if v.Value().Type() != infoset.TypeTimeSpan || v.Value().String() != v.String() {
			rt.Fatalf("%q is written as %s %q", v, v.Value().Type(), v.Value())
		}
	})
	if got := DurationOf(math.MinInt64).String(); got != "-P106751DT23H47M16.854775808S" {
		t.Errorf("least duration is %q", got)
	}
	for text, want := range map[string]int64{"P10675199DT2H48M5.4775807S": math.MaxInt64, "-P10675199DT2H48M5.4775808S": math.MinInt64} {
		var d Duration
		if err := d.FromValue(infoset.String(text)); err != nil {
			t.Fatal(err)
		}
		if got, ok := d.Ticks(); !ok || got != want {
			t.Errorf("%s is %d ticks, %v", text, got, ok)
		}
		if _, ok := d.Std(); ok {
			t.Errorf("%s fits into a time.Duration", text)
		}
	}
	for _, text := range []string{"P10675199DT2H48M5.4775808S", "-P10675199DT2H48M5.4775809S", "P1Y", "P1M", "PT0.00000001S", "P999999999D"} {
		var d Duration
		if err := d.FromValue(infoset.String(text)); err != nil {
			t.Fatal(err)
		}
		if ticks, ok := d.Ticks(); ok {
			t.Errorf("%s is %d ticks", text, ticks)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		DecimalOf(1250, 2).String(): "12.50", DecimalOf(-5, 3).String(): "-0.005", DecimalOf(7, 0).String(): "7", DecimalOf(7, -2).String(): "700",
		DecimalOf(math.MinInt64, 1).String(): "-922337203685477580.8", Decimal{}.String(): "0", Integer{}.String(): "0",
		IntegerOf(-5).String(): "-5", IntegerOfBig(new(big.Int).Lsh(big.NewInt(1), 70)).String(): "1180591620717411303424",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	var a, b Decimal
	for _, tt := range []struct {
		a, b string
		want int
	}{{"1.0", "1.00", 0}, {"+1.", "1", 0}, {".5", "0.6", -1}, {"-1", "-2", 1}} {
		if a.FromValue(infoset.String(tt.a)) != nil || b.FromValue(infoset.String(tt.b)) != nil || a.Cmp(b) != tt.want {
			t.Errorf("%s to %s is %d", tt.a, tt.b, a.Cmp(b))
		}
	}
	var i Integer
	if err := i.FromValue(infoset.String("+0012")); err != nil || i.Big().Int64() != 12 {
		t.Errorf("%v, %v", i.Big(), err)
	}
}

func TestBinaryData(t *testing.T) {
	var b Base64
	if err := b.FromValue(infoset.Value{}); err != nil || b == nil || len(b) != 0 {
		t.Errorf("empty value gives %v, %v", b, err)
	}
	var h Hex
	if err := h.FromValue(infoset.String(" 0aF0 ")); err != nil || !bytes.Equal(h, []byte{0x0A, 0xF0}) || h.Value().String() != "0AF0" {
		t.Errorf("hex %x, %v", h, err)
	}
}

func TestWhiteSpace(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "a", " a\t\n b ": "a b", "a b": "a b", "a  b": "a b", "\r\n": "", "a\u00a0 ": "a\u00a0"} {
		if got := Collapse(in); got != want {
			t.Errorf("Collapse(%q) = %q", in, got)
		}
	}
	if got := Replace(" a\t\r\nb "); got != " a   b " {
		t.Errorf("Replace gives %q", got)
	}
}

func TestOptional(t *testing.T) {
	o := None[string]()
	if o.IsSet() || o.Or("x") != "x" {
		t.Error("none is set")
	}
	o.Set("")
	if v, ok := o.Get(); !ok || v != "" || o.Or("x") != "" {
		t.Error("an empty value is not absent")
	}
	o.Clear()
	if o != None[string]() || Some(1) == Some(2) {
		t.Error("comparison is wrong")
	}
	n := Some(Nil[int]())
	if v, ok := n.Get(); !ok || !v.IsNil() {
		t.Error("nil is not absent")
	}
	if v, ok := Value(5).Get(); !ok || v != 5 || (Nillable[int]{}).IsNil() {
		t.Error("content is nil")
	}
}

func TestQNames(t *testing.T) {
	r := xmltext.NewBytes([]byte(`<a xmlns="d" xmlns:p="u">p:x</a>`), xmltext.Options{})
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"p:x": "{u}x", "\tx\n": "{d}x", "q:x": "", "p:": "", "xml:lang": "{" + infoset.XMLNamespace + "}lang"} {
		q, err := ReadQName(infoset.String(text), r)
		if (err == nil) != (want != "") || err == nil && q.String() != want {
			t.Errorf("%q is %s, %v, want %q", text, q, err, want)
		}
	}
	for _, tt := range []struct {
		q    QName
		want string
	}{
		{QName{"p", "u", "x"}, `<r xmlns="d"><a xmlns:p="u">p:x</a></r>`},
		{QName{"", "u", "x"}, `<r xmlns="d"><a xmlns:q="u">q:x</a></r>`},
		{QName{"xml", infoset.XMLNamespace, "x"}, `<r xmlns="d"><a>xml:x</a></r>`},
		{QName{"", "d", "x"}, `<r xmlns="d"><a xmlns:q="d">q:x</a></r>`},
	} {
		w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
		w.Start(&infoset.Name{Space: "d", Local: "r"})
		w.Start(&infoset.Name{Space: "d", Local: "a"})
		w.Text(WriteQName(w, tt.q))
		w.End()
		w.End()
		if err := w.Flush(); err != nil || string(w.Bytes()) != tt.want {
			t.Errorf("%v: %s, %v", tt.q, w.Bytes(), err)
		}
	}
}

// TestAny keeps an element with the declarations around it that only values use.
func TestAny(t *testing.T) {
	const doc = `<r xmlns:q="urn:q" xmlns="urn:d" xmlns:x="urn:x"><e q:at="1" type="q:t"><!--c-->q:blue<x:k/></e><rest/></r>`
	r := xmltext.NewBytes([]byte(doc), xmltext.Options{})
	var start *infoset.Token
	for start == nil || start.Name.Local != "e" {
		var err error
		if start, err = r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	a, err := ReadAny(r, start, 0)
	if err != nil || !a.Name().Is("urn:d", "e") || a.IsZero() || len(a.Tokens()) != 6 {
		t.Fatalf("%v, %v, %d tokens", a.Name(), err, len(a.Tokens()))
	}
	if next, err := r.Next(); err != nil || next.Name.Local != "rest" {
		t.Errorf("reader stands at %v, %v", next, err)
	}
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{})
	w.Start(&infoset.Name{Prefix: "q", Space: "urn:other", Local: "new"})
	if err := a.Write(w); err != nil {
		t.Fatal(err)
	}
	w.End()
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	const want = `<q:new xmlns:q="urn:other"><e q:at="1" type="q:t" xmlns="urn:d" xmlns:q="urn:q" xmlns:x="urn:x"><!--c-->q:blue<x:k/></e></q:new>`
	if canonical(t, w.Bytes()) != canonical(t, []byte(want)) {
		t.Errorf("got\n%s\nwant\n%s", w.Bytes(), want)
	}
	var none Any
	if !none.IsZero() || none.Name() != infoset.NoName || none.Write(w) != nil {
		t.Error("the zero Any is an element")
	}
}

func TestAnyIsBounded(t *testing.T) {
	r := xmltext.NewBytes([]byte(`<a><b/><b/><b/></a>`), xmltext.Options{})
	start, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ReadAny(r, start, 4)
	var e *infoset.Error
	if !errors.As(err, &e) || e.Reason != infoset.Quota {
		t.Errorf("error %v", err)
	}
}

func canonical(t *testing.T, doc []byte) string {
	t.Helper()
	w := xmltext.NewWriter(nil, xmltext.WriterOptions{Canonical: true})
	if err := infoset.Copy(w, xmltext.NewBytes(doc, xmltext.Options{})); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return string(w.Bytes())
}

func FuzzFromValue(f *testing.F) {
	for _, s := range []string{"2024-02-29T13:14:15.678Z", "--02-29", "P1DT2H3M4.005S", "12.50", "AQID", "00FF", "-0001-12-31+14:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range []simple{new(DateTime), new(Date), new(Time), new(GYear), new(GYearMonth), new(GMonth), new(GMonthDay), new(GDay), new(Duration), new(Decimal), new(Integer)} {
			if s.FromValue(infoset.String(text)) != nil {
				continue
			}
			if got := value(s).String(); got != strings.Trim(text, " \t\r\n") {
				t.Errorf("%T: %q became %q", s, text, got)
			}
		}
	})
}
