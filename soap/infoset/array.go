package infoset

import "encoding/binary"

// itemSizes are the bytes of one item, by type; 0: no items of arrays. The item
// types are those of [MC-NBFX] 2.2.1.4.
var itemSizes = [...]int{
	TypeBool: 1, TypeInt16: 2, TypeInt32: 4, TypeInt64: 8, TypeFloat32: 4, TypeFloat64: 8,
	TypeDecimal: 16, TypeDateTime: 8, TypeTimeSpan: 8, TypeGUID: 16, TypeArray: 0,
}

// ItemSize gives the bytes that one item of an array of t takes, 0 if arrays
// cannot hold it.
func ItemSize(t Type) int {
	if int(t) < len(itemSizes) {
		return itemSizes[t]
	}
	return 0
}

// Items makes an array from the raw form of its items, which is that of .NET
// binary XML: little-endian, one behind the other. A rest that is no whole item
// is cut off. items is not copied and its content is checked when it is used.
// For a t that arrays cannot hold it gives empty text, which no Writer takes for
// an array.
func Items(t Type, items []byte) Value {
	size := ItemSize(t)
	if size == 0 {
		return Value{}
	}
	return Value{meta: pack(TypeArray, InFull, uint8(t)), raw: items[:len(items)/size*size]}
}

// ItemType gives the type of an array's items.
func (v Value) ItemType() Type {
	if v.Type() == TypeArray {
		return Type(v.meta.aux())
	}
	return v.Type()
}

// arrayItem reads one item; one that is no value of its type (CheckItems finds
// those before) comes out empty.
func (v Value) arrayItem(i int) (item Value) {
	size := itemSizes[v.meta.aux()]
	item.SetRaw(Type(v.meta.aux()), v.raw[i*size:(i+1)*size])
	return item
}

// SetRaw makes v the value of t, a type that arrays can hold or TypeUniqueID, from
// its raw form b, which holds ItemSize(t) bytes (16 for the latter). It gives
// BadValue, and leaves v as it was, when the bytes are no value of the type.
func (v *Value) SetRaw(t Type, b []byte) Reason {
	le := binary.LittleEndian
	switch t {
	case TypeBool:
		v.SetBool(b[0] != 0)
	case TypeInt16:
		v.SetInt(int64(int16(le.Uint16(b))))
	case TypeInt32:
		v.SetInt(int64(int32(le.Uint32(b))))
	case TypeInt64:
		v.SetInt(int64(le.Uint64(b)))
	case TypeFloat32:
		v.set(meta(t), uint64(le.Uint32(b)), 0)
	case TypeFloat64, TypeTimeSpan:
		v.set(meta(t), le.Uint64(b), 0)
	case TypeDateTime:
		return v.setDateTime(le.Uint64(b))
	case TypeDecimal:
		return v.setDecimal(b)
	default:
		// The first three fields of a GUID are little-endian.
		first := uint64(le.Uint32(b))<<32 | uint64(le.Uint16(b[4:]))<<16 | uint64(le.Uint16(b[6:]))
		v.set(meta(t), first, binary.BigEndian.Uint64(b[8:]))
	}
	return 0
}

// CheckItems gives BadValue if an item of the array v is no value of its type.
func (v Value) CheckItems() Reason {
	t := Type(v.meta.aux())
	if v.Type() != TypeArray || t != TypeDecimal && t != TypeDateTime {
		return 0
	}
	size := itemSizes[v.meta.aux()]
	for i := 0; i < len(v.raw); i += size {
		var item Value
		if why := item.SetRaw(t, v.raw[i:i+size]); why != 0 {
			return why
		}
	}
	return 0
}

// AppendItem appends the raw form of v, a value of a type that arrays can hold
// other than TypeInt16 and TypeInt32, to items.
func AppendItem(items []byte, v Value) []byte {
	le := binary.LittleEndian
	switch v.Type() {
	case TypeBool:
		return append(items, byte(v.lo))
	case TypeFloat32:
		return le.AppendUint32(items, uint32(v.lo))
	case TypeDecimal:
		items = append(items, 0, 0, v.meta.aux(), sign(v.meta.neg()))
		items = le.AppendUint32(items, uint32(v.hi))
		return le.AppendUint64(items, v.lo)
	case TypeGUID, TypeUniqueID:
		g := SwapGUID(v.GUIDBytes())
		return append(items, g[:]...)
	case TypeDateTime:
		return le.AppendUint64(items, v.lo|uint64(v.meta.aux())<<62)
	}
	return le.AppendUint64(items, v.lo)
}

func sign(neg bool) byte {
	if neg {
		return 0x80
	}
	return 0
}

// SwapGUID turns a GUID between the order of its text and that of .NET, whose
// first three fields are little-endian.
func SwapGUID(g [16]byte) [16]byte {
	g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
	g[4], g[5] = g[5], g[4]
	g[6], g[7] = g[7], g[6]
	return g
}
