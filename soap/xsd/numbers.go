package xsd

import (
	"math/big"
	"strings"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Decimal is xs:decimal (XML Schema part 2, 3.2.3): digits with a point, of any
// length, without loss. The zero Decimal is 0. Comparable with ==, which compares
// digits as they are written: use Cmp for numbers.
type Decimal struct{ text string }

// Integer is xs:integer and the types that derive from it, where 64 bits do not
// do: digits of any length. The zero Integer is 0.
type Integer struct{ text string }

// DecimalOf gives the number n / 10^scale with exactly scale digits behind the
// point.
func DecimalOf(n int64, scale int) Decimal {
	digits := big.NewInt(n).String()
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	if scale <= 0 {
		return Decimal{sign + digits + strings.Repeat("0", -scale)}
	}
	if short := scale + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	point := len(digits) - scale
	return Decimal{sign + digits[:point] + "." + digits[point:]}
}

// IntegerOf gives the number n.
func IntegerOf(n int64) Integer { return Integer{big.NewInt(n).String()} }

// IntegerOfBig gives the number n, which is copied.
func IntegerOfBig(n *big.Int) Integer { return Integer{n.String()} }

// String gives the lexical form.
func (d Decimal) String() string { return orZero(d.text) }

// String gives the lexical form.
func (i Integer) String() string { return orZero(i.text) }

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// FromValue reads the lexical form; BadValue if it is none.
func (d *Decimal) FromValue(v infoset.Value) error {
	text, ok := lexical(v)
	s := scanner{text}
	sign(&s)
	whole, part := s.digits(), ""
	if s.take('.') {
		part = s.digits()
	}
	if !ok || !s.done() || whole == "" && part == "" {
		return bad("decimal")
	}
	d.text = text
	return nil
}

// FromValue reads the lexical form; BadValue if it is none.
func (i *Integer) FromValue(v infoset.Value) error {
	text, ok := lexical(v)
	s := scanner{text}
	sign(&s)
	if !ok || s.digits() == "" || !s.done() {
		return bad("integer")
	}
	i.text = text
	return nil
}

func sign(s *scanner) {
	if !s.take('-') {
		s.take('+')
	}
}

// Rat gives the exact number.
func (d Decimal) Rat() *big.Rat {
	text := strings.TrimPrefix(d.String(), "+")
	if strings.HasSuffix(text, ".") {
		text += "0"
	}
	r, _ := new(big.Rat).SetString(text) // a Decimal is always a number
	return r
}

// Big gives the exact number.
func (i Integer) Big() *big.Int {
	n, _ := new(big.Int).SetString(strings.TrimPrefix(i.String(), "+"), 10)
	return n
}

// Cmp compares the numbers d and e: -1, 0 or 1.
func (d Decimal) Cmp(e Decimal) int { return d.Rat().Cmp(e.Rat()) }

// Value gives the value to write: typed where a .NET decimal has exactly these
// digits.
func (d Decimal) Value() infoset.Value {
	text := d.String()
	if n, ok := infoset.ParseDecimal([]byte(text)); ok {
		return exactly(n.Value(), text)
	}
	return infoset.String(text)
}

// Value gives the value to write: typed where it fits into 64 bits.
func (i Integer) Value() infoset.Value {
	text := i.String()
	if n, err := infoset.String(text).AsInt(64); err == nil {
		return exactly(infoset.Int(n), text)
	}
	return infoset.String(text)
}
