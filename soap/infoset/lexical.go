package infoset

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
)

// AppendText appends the lexical form of v, valid by XML Schema and the one .NET
// writes: true, -5, 1.5, INF, 2024-02-29T13:14:15.678Z, P1DT2H, base64 without
// line breaks, list items divided by single spaces. An array gives its items
// the same way. The text is not escaped.
func (v Value) AppendText(dst []byte) []byte {
	switch v.Type() {
	case TypeText:
		return append(dst, v.raw...)
	case TypeBool:
		return strconv.AppendBool(dst, v.lo != 0)
	case TypeInt16, TypeInt32, TypeInt64:
		return strconv.AppendInt(dst, int64(v.lo), 10)
	case TypeUint64:
		return strconv.AppendUint(dst, v.lo, 10)
	case TypeFloat32:
		return appendFloat(dst, float64(math.Float32frombits(uint32(v.lo))), 32)
	case TypeFloat64:
		return appendFloat(dst, math.Float64frombits(v.lo), 64)
	case TypeDecimal:
		return appendDecimal(dst, v)
	case TypeDateTime:
		return appendDateTime(dst, v)
	case TypeTimeSpan:
		return appendTimeSpan(dst, int64(v.lo))
	case TypeGUID:
		return appendGUID(dst, v.GUIDBytes())
	case TypeUniqueID:
		return appendGUID(append(dst, uuidScheme...), v.GUIDBytes())
	case TypeQName:
		return append(append(dst, v.meta.aux(), ':'), v.raw...)
	case TypeBytes:
		return base64.StdEncoding.AppendEncode(dst, v.raw)
	}
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = v.Item(i).AppendText(dst)
	}
	return dst
}

// String gives the lexical form as a new string.
func (v Value) String() string {
	if v.Type() == TypeText {
		return string(v.raw)
	}
	var room [64]byte // as long as anything that is a number or an identifier
	return string(v.AppendText(room[:0]))
}

const uuidScheme = "urn:uuid:"

// appendGUID appends the form of a GUID: eight digits, three times four, twelve.
func appendGUID(dst []byte, g [16]byte) []byte {
	var text [36]byte
	hex.Encode(text[:8], g[:4])
	hex.Encode(text[9:13], g[4:6])
	hex.Encode(text[14:18], g[6:8])
	hex.Encode(text[19:23], g[8:10])
	hex.Encode(text[24:], g[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return append(dst, text[:]...)
}

// Exponents of ten outside of which numbers are written with an exponent. .NET
// 10 writes 1E+16 plainly and 1E-05 with an exponent; where above it changes over
// is its own affair, and any form is valid.
const (
	plainFrom = -5 // 0.0001 is plain, 1E-05 is not
	plainTo   = 17
)

// appendFloat writes the shortest digits that read back as the same number, in
// the manner of .NET: E, a sign and at least two digits as exponent.
func appendFloat(dst []byte, f float64, size int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "INF"...)
	case math.IsInf(f, -1):
		return append(dst, "-INF"...)
	}
	abs := math.Abs(f)
	if abs == 0 || abs >= math.Pow10(plainFrom+1) && abs < math.Pow10(plainTo) {
		return strconv.AppendFloat(dst, f, 'f', -1, size)
	}
	return strconv.AppendFloat(dst, f, 'E', -1, size)
}
