package infoset

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// The methods below give the content of v as a type, whether the encoding knew
// that type or gave text. White space around text is taken off, as XML Schema
// part 2, 4.3.6 has it for all types but strings. Errors have the Reason BadValue
// and never quote the value.

// AsBool gives true for true and 1, false for false and 0.
func (v Value) AsBool() (bool, error) {
	if v.Type() == TypeBool || v.Type() == TypeInt64 && v.lo <= 1 {
		return v.lo != 0, nil
	}
	switch string(v.trimmed()) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, v.not("boolean")
}

// AsInt gives a signed integer of at most size bits: 8, 16, 32 or 64.
func (v Value) AsInt(size int) (int64, error) {
	i := int64(v.lo)
	if v.Type() != TypeInt64 {
		var err error
		if i, err = strconv.ParseInt(unsigned(v.trimmed()), 10, 64); err != nil {
			return 0, v.not("integer of " + strconv.Itoa(size) + " bits")
		}
	}
	if size < 64 && (i < -1<<(size-1) || i > 1<<(size-1)-1) {
		return 0, v.not("integer of " + strconv.Itoa(size) + " bits")
	}
	return i, nil
}

// AsUint gives an unsigned integer of at most size bits: 8, 16, 32 or 64.
func (v Value) AsUint(size int) (uint64, error) {
	u := v.lo
	switch {
	case v.Type() == TypeInt64 && int64(u) >= 0, v.Type() == TypeUint64:
	default:
		text := unsigned(v.trimmed())
		if text == "-0" { // XML Schema lets zero be negative
			text = "0"
		}
		var err error
		if u, err = strconv.ParseUint(text, 10, 64); err != nil {
			return 0, v.not("unsigned integer of " + strconv.Itoa(size) + " bits")
		}
	}
	if size < 64 && u > 1<<size-1 {
		return 0, v.not("unsigned integer of " + strconv.Itoa(size) + " bits")
	}
	return u, nil
}

// unsigned takes off a plus sign, which XML Schema allows and strconv takes only
// for signed numbers; a second sign stays and makes the number wrong.
func unsigned(b []byte) string {
	if len(b) > 1 && b[0] == '+' && b[1] >= '0' && b[1] <= '9' {
		b = b[1:]
	}
	return string(b)
}

// AsFloat gives a number of size 32 or 64 bits. INF, -INF and NaN are the only
// words; digits beyond the range become infinite, as .NET has it.
func (v Value) AsFloat(size int) (float64, error) {
	switch v.Type() {
	case TypeFloat32:
		return float64(math.Float32frombits(uint32(v.lo))), nil
	case TypeFloat64:
		f := math.Float64frombits(v.lo)
		if size == 32 {
			return float64(float32(f)), nil
		}
		return f, nil
	}
	text := v.trimmed()
	switch string(text) {
	case "INF", "+INF":
		return math.Inf(1), nil
	case "-INF":
		return math.Inf(-1), nil
	case "NaN":
		return math.NaN(), nil
	}
	for _, c := range text {
		// Go also reads hexadecimal numbers, underscores, and words.
		if (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E' {
			return 0, v.not("number")
		}
	}
	f, err := strconv.ParseFloat(string(text), size)
	if err != nil && !math.IsInf(f, 0) {
		return 0, v.not("number")
	}
	return f, nil
}

// AsDecimal gives a number that fits into a .NET decimal exactly.
func (v Value) AsDecimal() (Decimal, error) {
	if v.Type() == TypeDecimal {
		return v.Dec(), nil
	}
	d, ok := ParseDecimal(v.trimmed())
	if !ok {
		return d, v.not("decimal")
	}
	return d, nil
}

// AsGUID gives the GUID of eight, four, four, four and twelve digits, with or
// without braces or urn:uuid: before it, in text order.
func (v Value) AsGUID() ([16]byte, error) {
	if v.Type() == TypeGUID || v.Type() == TypeUniqueID {
		return v.GUIDBytes(), nil
	}
	text := v.trimmed()
	if len(text) > len(uuidScheme) && string(text[:len(uuidScheme)]) == uuidScheme {
		text = text[len(uuidScheme):]
	}
	if len(text) == 38 && text[0] == '{' && text[37] == '}' {
		text = text[1:37]
	}
	g, ok := parseGUID(text)
	if !ok {
		return g, v.not("guid")
	}
	return g, nil
}

func parseGUID(text []byte) (g [16]byte, ok bool) {
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return g, false
	}
	var digits [32]byte
	n := copy(digits[:], text[:8])
	n += copy(digits[n:], text[9:13])
	n += copy(digits[n:], text[14:18])
	n += copy(digits[n:], text[19:23])
	copy(digits[n:], text[24:])
	_, err := hex.Decode(g[:], digits[:])
	return g, err == nil
}

// AsBytes appends the content of base64 text, or of binary data, to dst. White
// space may stand anywhere in the text.
func (v Value) AsBytes(dst []byte) ([]byte, error) {
	if v.Type() == TypeBytes {
		return append(dst, v.raw...), nil
	}
	text := v.trimmed()
	clean := text
	for i, c := range text {
		if xmlchar.IsSpace(c) {
			clean = append([]byte(nil), text[:i]...)
			for _, c := range text[i:] {
				if !xmlchar.IsSpace(c) {
					clean = append(clean, c)
				}
			}
			break
		}
	}
	dst, err := base64.StdEncoding.AppendDecode(dst, clean)
	if err != nil {
		return nil, v.not("base64")
	}
	return dst, nil
}

// AsQName gives prefix and local name of a qualified name. Where it stands
// decides what the prefix means: look it up before the next token is read.
func (v Value) AsQName() (prefix, local string, err error) {
	text := string(v.trimmed())
	for i := range len(text) {
		if text[i] == ':' {
			prefix, local = text[:i], text[i+1:]
			if !xmlchar.IsName(prefix) || !xmlchar.IsName(local) {
				return "", "", v.not("qualified name")
			}
			return prefix, local, nil
		}
	}
	if !xmlchar.IsName(text) {
		return "", "", v.not("qualified name")
	}
	return "", text, nil
}

// trimmed gives the text without white space around it.
func (v Value) trimmed() []byte {
	if v.Type() == TypeText {
		return xmlchar.Trim(v.raw)
	}
	return v.AppendText(nil)
}

func (v Value) not(what string) error {
	return &Error{Reason: BadValue, Offset: -1, Detail: v.Type().String() + " is no " + what}
}
