package xmlbin

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// fuseUnits is the longest text, in UTF-16 units, whose record also ends its
// element. .NET joins them while the text is in its buffer of 512 bytes, for
// which it reckons with three bytes a unit; the exact border there depends on
// what the buffer held before, and readers must take both forms.
const fuseUnits = 169

// value writes a text record of the plain form. Those that the end of the
// element cannot join reset textAt.
func (w *Writer) value(v *infoset.Value) {
	le := binary.LittleEndian
	switch v.Type() {
	case infoset.TypeText:
		w.text(v)
	case infoset.TypeBool:
		w.out = append(w.out, recFalse+byte(v.Bits())*(recTrue-recFalse))
	case infoset.TypeInt16, infoset.TypeInt32, infoset.TypeInt64:
		w.int(int64(v.Bits()))
	case infoset.TypeUint64:
		w.out = le.AppendUint64(append(w.out, recUint64), v.Bits())
	case infoset.TypeFloat32:
		w.float32(math.Float32frombits(uint32(v.Bits())))
	case infoset.TypeFloat64:
		w.float64(math.Float64frombits(v.Bits()))
	case infoset.TypeDecimal:
		w.out = infoset.AppendItem(append(w.out, recDecimal), *v)
	case infoset.TypeDateTime:
		w.out = infoset.AppendItem(append(w.out, recDateTime), *v)
	case infoset.TypeTimeSpan:
		w.out = infoset.AppendItem(append(w.out, recTimeSpan), *v)
	case infoset.TypeGUID:
		w.out = infoset.AppendItem(append(w.out, recGUID), *v)
	case infoset.TypeUniqueID:
		w.out = infoset.AppendItem(append(w.out, recUniqueID), *v)
	case infoset.TypeQName:
		w.qname(v)
	case infoset.TypeBytes:
		w.bytesRecord(v.Raw(), nil)
	case infoset.TypeList, infoset.TypeArray:
		w.list(v)
	}
}

// int writes the smallest record for i.
func (w *Writer) int(i int64) {
	le := binary.LittleEndian
	switch {
	case i == 0:
		w.out = append(w.out, recZero)
	case i == 1:
		w.out = append(w.out, recOne)
	case i == int64(int8(i)):
		w.out = append(w.out, recInt8, byte(i))
	case i == int64(int16(i)):
		w.out = le.AppendUint16(append(w.out, recInt16), uint16(i))
	case i == int64(int32(i)):
		w.out = le.AppendUint32(append(w.out, recInt32), uint32(i))
	default:
		w.out = le.AppendUint64(append(w.out, recInt64), uint64(i))
	}
}

// integral is the bound below which a float with no fraction is written as an
// integer. .NET Framework goes on to 2^63, .NET 10 stops at 2^24 for single
// precision; they agree below.
const integral = 1 << 24

// float32 writes whole numbers as integers; -0 becomes 0, as in .NET.
func (w *Writer) float32(f float32) {
	// The conversion of what does not fit is some number that is not equal.
	if f == float32(int64(f)) && f > -integral && f < integral {
		w.int(int64(f))
		return
	}
	w.out = binary.LittleEndian.AppendUint32(append(w.out, recFloat), math.Float32bits(f))
}

// float64 writes what single precision can hold as single precision. Infinities
// stay double, as .NET Framework has it.
func (w *Writer) float64(f float64) {
	// NaN is equal to nothing, so it stays double.
	if single := float32(f); float64(single) == f && !math.IsInf(f, 0) {
		w.float32(single)
		return
	}
	w.out = binary.LittleEndian.AppendUint64(append(w.out, recDouble), math.Float64bits(f))
}

// text writes characters.
func (w *Writer) text(v *infoset.Value) {
	b := v.Raw()
	if v.Dict() != infoset.InFull {
		if id, ok := w.charsID(b, v.Dict()); ok {
			w.out = appendInt31(append(w.out, recDictText), int(id))
			return
		}
	}
	if n := len(b); n > 1 && n <= fuseUnits && xmlchar.Printable(b) {
		at := w.extend(2 + n)
		at[0], at[1] = recChars8, byte(n)
		copy(at[2:], b)
		return
	}
	w.otherText(b)
}

// otherText writes characters that are few, many, or not of ASCII.
func (w *Writer) otherText(b []byte) {
	switch {
	case len(b) == 0:
		w.out = append(w.out, recEmpty)
		return
	case len(b) == 1 && b[0] == '0':
		w.out = append(w.out, recZero)
		return
	case len(b) == 1 && b[0] == '1':
		w.out = append(w.out, recOne)
		return
	}
	at := len(w.out)
	if i := xmlchar.Invalid(b); i >= 0 {
		w.fail(charReason(b[i:]), "text")
		return
	}
	// UTF-16 where UTF-8 would take more than twice the units in bytes, halves
	// rounded down: one Chinese character is UTF-8, two are UTF-16.
	units := xmlchar.Units(b)
	if len(b)/2 > units {
		w.lengthRecord(recUnicode8, 2*units)
		w.utf16(b)
	} else {
		w.lengthRecord(recChars8, len(b))
		w.out = append(w.out, b...)
	}
	// Too long for .NET to still have it in its buffer when the element ends.
	if units > fuseUnits && w.textAt == at {
		w.textAt = -1
	}
}

// lengthRecord writes the record and length of n bytes: the short record and the
// two behind it are for 8, 16 and 32 bits.
func (w *Writer) lengthRecord(short byte, n int) {
	le := binary.LittleEndian
	switch {
	case n <= math.MaxUint8:
		w.out = append(w.out, short, byte(n))
	case n <= math.MaxUint16:
		w.out = le.AppendUint16(append(w.out, short+2), uint16(n))
	case n <= maxInt31:
		w.out = le.AppendUint32(append(w.out, short+4), uint32(n))
	default:
		w.fail(infoset.BadValue, "text of more than 2 GiB")
	}
}

func (w *Writer) utf16(b []byte) {
	le := binary.LittleEndian
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		b = b[n:]
		// Two units for what is beyond the first 65,536 characters.
		if c >= 0x10000 {
			c -= 0x10000
			w.out = le.AppendUint16(w.out, uint16(0xD800+c>>10))
			c = 0xDC00 + c&0x3FF
		}
		w.out = le.AppendUint16(w.out, uint16(c))
	}
}

// qname writes a name of the dictionary by number; any other as text.
func (w *Writer) qname(v *infoset.Value) {
	b := v.Raw()
	if id, ok := w.charsID(b, v.Dict()); ok {
		w.out = appendInt31(append(w.out, recQName, v.Prefix()-'a'), int(id))
		return
	}
	// Without a number it is the text that it stands for.
	w.lengthRecord(recChars8, len(b)+2)
	w.out = append(append(w.out, v.Prefix(), ':'), b...)
}

// list writes the items of a list in an attribute or element. .NET has no such
// records for the end of an element to join.
func (w *Writer) list(v *infoset.Value) {
	if w.textAt == len(w.out) {
		w.textAt = -1
	}
	w.out = append(w.out, recStartList)
	for i := range v.Len() {
		item := v.Item(i)
		if t := item.Type(); t == infoset.TypeList || t == infoset.TypeArray {
			w.fail(infoset.Misuse, "list in a list")
			return
		}
		w.value(&item)
	}
	w.out = append(w.out, recEndList)
}

// bytes adds bytes to the content of an element: as many as are a multiple of
// three with the ones held back, and keeps the rest.
func (w *Writer) bytes(b []byte) {
	// .NET does this so that a reader that turns each record into base64 alone
	// gets no padding in the middle.
	whole := (w.carried + len(b)) / 3 * 3
	if whole == 0 {
		w.carried += copy(w.carry[w.carried:], b)
		return
	}
	if len(w.out) >= w.brim && !w.spill() {
		return
	}
	w.textAt = len(w.out)
	w.bytesRecord(w.carry[:w.carried], b[:whole-w.carried])
	w.carried = copy(w.carry[:], b[whole-w.carried:])
	if whole > fuseBytes {
		w.textAt = -1
	}
}

// fuseBytes is the longest run of bytes whose record also ends its element: what
// fits into .NET's buffer of 512 bytes behind a record and its length.
const fuseBytes = 255

// bytesRecord writes one record with two parts of content.
func (w *Writer) bytesRecord(a, b []byte) {
	w.lengthRecord(recBytes8, len(a)+len(b))
	w.out = append(append(w.out, a...), b...)
}

// endBytes writes the bytes that are held back: the value has ended.
func (w *Writer) endBytes() {
	if w.carried > 0 {
		w.textAt = len(w.out)
		w.bytesRecord(w.carry[:w.carried], nil)
		w.carried = 0
	}
}
