package infoset

import (
	"encoding/binary"
	"math/bits"
)

// maxScale is the largest scale of a .NET decimal ([MC-NBFX] 2.2.3.13).
const maxScale = 28

// Decimal is a .NET decimal: (-1)^Neg * (Hi*2^64 + Lo) / 10^Scale. The scale is
// part of the value: 1.0 and 1.00 are written differently.
type Decimal struct {
	Neg   bool
	Scale uint8 // 0 to 28
	Hi    uint32
	Lo    uint64
}

// Value makes the value. A scale above 28 is cut to 28.
func (d Decimal) Value() Value {
	m := pack(TypeDecimal, InFull, min(d.Scale, maxScale))
	if d.Neg {
		m |= below
	}
	return Value{meta: m, hi: uint64(d.Hi), lo: d.Lo}
}

// setDecimal reads the 16 bytes of [MC-NBFX] 2.2.3.13. Reserved bytes and bits
// must be zero, as .NET Framework demands (.NET 10 does not look).
func (v *Value) setDecimal(b []byte) Reason {
	if b[0] != 0 || b[1] != 0 || b[2] > maxScale || b[3]&0x7F != 0 {
		return BadValue
	}
	m := pack(TypeDecimal, InFull, b[2])
	if b[3] != 0 {
		m |= below
	}
	v.set(m, binary.LittleEndian.Uint64(b[8:]), uint64(binary.LittleEndian.Uint32(b[4:])))
	return 0
}

// appendDecimal writes plain digits with all of the scale, as .NET does.
func appendDecimal(dst []byte, v Value) []byte {
	var digits [40]byte
	i := len(digits)
	hi, lo := v.hi, v.lo
	for scale := int(v.meta.aux()); hi != 0 || lo != 0 || scale >= 0; scale-- {
		var r uint64
		hi, r = hi/10, hi%10
		lo, r = bits.Div64(r, lo, 10)
		i--
		digits[i] = byte('0' + r)
		if scale == 1 {
			i--
			digits[i] = '.'
		}
	}
	if v.meta.neg() {
		dst = append(dst, '-')
	}
	return append(dst, digits[i:]...)
}

// ParseDecimal reads digits with an optional sign and point. It gives false when
// s is no xs:decimal or does not fit into 96 bits and a scale of 28.
func ParseDecimal(s []byte) (d Decimal, ok bool) {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		d.Neg = s[0] == '-'
		s = s[1:]
	}
	point, digits := false, 0
	for _, c := range s {
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' || point && d.Scale == maxScale {
			return d, false
		}
		digits++
		var fits bool
		if d, fits = d.times10(c - '0'); !fits {
			return d, false
		}
		if point {
			d.Scale++
		}
	}
	return d, digits > 0
}

// times10 appends a digit.
func (d Decimal) times10(digit byte) (Decimal, bool) {
	over, lo := bits.Mul64(d.Lo, 10)
	lo, carry := bits.Add64(lo, uint64(digit), 0)
	hi := uint64(d.Hi)*10 + over + carry
	d.Lo, d.Hi = lo, uint32(hi)
	return d, hi>>32 == 0
}

// Dec gives the number of a TypeDecimal.
func (v Value) Dec() Decimal {
	return Decimal{Neg: v.meta.neg(), Scale: v.meta.aux(), Hi: uint32(v.hi), Lo: v.lo}
}
