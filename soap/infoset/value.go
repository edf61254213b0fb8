package infoset

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"unsafe"
)

// Type is the type of a value, as far as an encoding knows it: text XML knows
// only TypeText; .NET binary XML has all of them ([MC-NBFX] 2.2.3).
type Type uint8

// Types. The zero Type is text, so the zero Value is empty text.
const (
	TypeText Type = iota
	TypeBool
	TypeInt16 // items of arrays only
	TypeInt32 // items of arrays only
	TypeInt64 // any signed integer
	TypeUint64
	TypeFloat32
	TypeFloat64
	TypeDecimal
	TypeDateTime
	TypeTimeSpan
	TypeGUID
	TypeUniqueID // urn:uuid: and a GUID
	TypeQName    // one letter as prefix and a dictionary string
	TypeBytes    // base64 in text
	TypeList     // values divided by single spaces
	TypeArray    // contents of sibling elements
)

var typeNames = [...]string{
	"text", "bool", "int16", "int32", "int64", "uint64", "float32", "float64", "decimal", "dateTime",
	"timeSpan", "guid", "uniqueId", "qname", "bytes", "list", "array",
}

// String gives a short word for messages.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "unknown"
}

// Value is the content of an attribute or a piece of the content of an element:
// text, or a value whose type the encoding knows. Two values that AppendText the
// same text are the same in the infoset.
//
// A Value given by a Reader is a view that lives as long as its token; Clone
// makes it last. Values made by a program are views of what they were made from.
type Value struct {
	raw  []byte // text, bytes, qname's local name, array items; read only
	lo   uint64 // number; decimal: low 64 bits; guid: first 8 bytes, big-endian; list: length
	hi   uint64 // decimal: high 32 bits; guid: last 8 bytes
	list *Value // first item of a list
	meta meta
}

// meta packs the small parts of a Value. Values are passed in registers, and each
// field takes one.
type meta uint32

func pack(t Type, d Dict, aux uint8) meta { return meta(t) | meta(d)<<8 | meta(aux)<<16 }

// below marks a decimal below zero.
const below meta = 1 << 24

func (m meta) typ() Type { return Type(m) }

// aux is the scale of a decimal, the zone of a dateTime, the prefix letter of a
// qname, the item type of an array.
func (m meta) aux() uint8 { return uint8(m >> 16) }

func (m meta) neg() bool { return m&below != 0 }

// String makes text from s. Use DictString for text that both ends know.
func String(s string) Value {
	return Value{raw: unsafe.Slice(unsafe.StringData(s), len(s))} //nolint:gosec // never written: Raw gives it out as read only
}

// DictString makes text with a mark, such as an action. Never mark what users
// typed: it would fill the session's dictionary.
func DictString(s string, d Dict) Value {
	v := String(s)
	v.meta = pack(TypeText, d, 0)
	return v
}

// Chars makes text from UTF-8, which is not copied.
func Chars(utf8 []byte) Value { return Value{raw: utf8} }

// SetChars makes v text from UTF-8, as Chars does, but in place: readers do this
// for every token, and field by field it takes a fraction of the time of a copy.
func (v *Value) SetChars(utf8 []byte) {
	v.raw = utf8
	v.lo = 0
	v.hi = 0
	if v.list != nil { // a look is less than a write that the garbage collector has to know of
		v.list = nil
	}
	v.meta = 0
}

// Clear makes v empty text, in place.
func (v *Value) Clear() {
	if v.raw == nil && v.meta == 0 {
		return // no number and no list is text
	}
	v.SetChars(nil)
}

// SetInt makes v a signed integer, as Int does, in place.
func (v *Value) SetInt(i int64) { v.set(meta(TypeInt64), uint64(i), 0) }

// SetBool makes v a truth value, as Bool does, in place.
func (v *Value) SetBool(b bool) {
	v.set(meta(TypeBool), 0, 0)
	if b {
		v.lo = 1
	}
}

// set makes v a value that is all numbers.
func (v *Value) set(m meta, lo, hi uint64) {
	v.raw = nil
	v.lo = lo
	v.hi = hi
	v.list = nil
	v.meta = m
}

// Bool makes a truth value.
func Bool(b bool) Value {
	v := Value{meta: meta(TypeBool)}
	if b {
		v.lo = 1
	}
	return v
}

// Int makes a signed integer.
func Int(i int64) Value { return Value{meta: meta(TypeInt64), lo: uint64(i)} }

// Uint makes an unsigned integer.
func Uint(u uint64) Value {
	if u <= math.MaxInt64 {
		return Int(int64(u))
	}
	return Value{meta: meta(TypeUint64), lo: u}
}

// Float32 makes a number of single precision.
func Float32(f float32) Value { return Value{meta: meta(TypeFloat32), lo: uint64(math.Float32bits(f))} }

// Float64 makes a number of double precision.
func Float64(f float64) Value { return Value{meta: meta(TypeFloat64), lo: math.Float64bits(f)} }

// GUID makes a GUID from its bytes in the order of its text form.
func GUID(g [16]byte) Value { return guidValue(TypeGUID, g) }

// UniqueID makes urn:uuid: and a GUID, as message identifiers are.
func UniqueID(g [16]byte) Value { return guidValue(TypeUniqueID, g) }

// Bytes makes binary data, base64 in text. b is not copied.
func Bytes(b []byte) Value { return Value{meta: meta(TypeBytes), raw: b} }

// QName makes a qualified name as a value. The prefix must be declared where it
// is used. If the prefix is one letter a-z the binary encoding may send local by
// number, as d says; with any other prefix the value is text at once.
func QName(prefix, local string, d Dict) Value {
	switch {
	case prefix == "":
		return String(local)
	case len(prefix) == 1 && prefix[0] >= 'a' && prefix[0] <= 'z':
		v := String(local)
		v.meta = pack(TypeQName, d, prefix[0])
		return v
	}
	return String(prefix + ":" + local)
}

// List makes a value of several, divided by single spaces. items is not copied
// and must not hold lists or arrays.
func List(items []Value) Value {
	return Value{meta: meta(TypeList), list: unsafe.SliceData(items), lo: uint64(len(items))} //nolint:gosec // items puts the two together again
}

// items gives the items of a list.
func (v Value) items() []Value {
	return unsafe.Slice(v.list, int(v.lo)) //nolint:gosec // List took both from one slice
}

// Type gives the type that the encoding knew.
func (v Value) Type() Type { return v.meta.typ() }

// Dict gives the mark of text or a qualified name.
func (v Value) Dict() Dict { return Dict(v.meta >> 8) }

// IsEmpty reports whether the text of v is empty.
func (v Value) IsEmpty() bool {
	switch v.Type() {
	case TypeText, TypeBytes:
		return len(v.raw) == 0
	case TypeList:
		return v.lo == 0 || v.lo == 1 && v.list.IsEmpty()
	case TypeArray:
		return v.Len() == 0
	}
	return false
}

// Raw gives the bytes behind a value without copying, read only: the UTF-8 of
// text, the content of TypeBytes, the local name of TypeQName, the items of
// TypeArray. Other types give nil.
func (v Value) Raw() []byte { return v.raw }

// Prefix gives the prefix letter of a TypeQName, 0 for other types.
func (v Value) Prefix() byte {
	if v.Type() == TypeQName {
		return v.meta.aux()
	}
	return 0
}

// Bits gives the number in v: two's complement for integers, IEEE bits for
// floats, ticks of time spans, the low 64 bits of a decimal, 0 or 1.
func (v Value) Bits() uint64 { return v.lo }

// GUIDBytes gives the bytes of a TypeGUID or TypeUniqueID in text order.
func (v Value) GUIDBytes() (g [16]byte) {
	binary.BigEndian.PutUint64(g[:8], v.lo)
	binary.BigEndian.PutUint64(g[8:], v.hi)
	return g
}

func guidValue(t Type, g [16]byte) Value {
	return Value{meta: meta(t), lo: binary.BigEndian.Uint64(g[:8]), hi: binary.BigEndian.Uint64(g[8:])}
}

// scalar reports whether v holds no views.
func (v Value) scalar() bool { return v.Type() > TypeText && v.Type() < TypeQName }

// Clone gives a copy of v that stays valid for good.
func (v Value) Clone() Value {
	v.raw = bytes.Clone(v.raw)
	if v.Type() == TypeList {
		items := slices.Clone(v.items())
		for i := range items {
			items[i] = items[i].Clone()
		}
		v.list = unsafe.SliceData(items) //nolint:gosec // as in List; the length is the same
	}
	return v
}

// CloneInto is Clone with the bytes of v in room, which must be as long as Raw and is the copy's from now on. What a list holds is
// cloned as Clone does it.
func (v Value) CloneInto(room []byte) Value {
	switch {
	case v.raw == nil && v.list == nil:
		return v
	case len(v.raw) == 0 || len(room) != len(v.raw) || v.Type() == TypeList:
		return v.Clone()
	}
	copy(room, v.raw)
	v.raw = room
	return v
}

// Len gives the number of items of a list or array; 1 for every other type.
func (v Value) Len() int {
	switch v.Type() {
	case TypeList:
		return int(v.lo)
	case TypeArray:
		return len(v.raw) / itemSizes[v.meta.aux()]
	}
	return 1
}

// Item gives one item of a list or array; of any other type, v itself.
func (v Value) Item(i int) Value {
	switch v.Type() {
	case TypeList:
		return v.items()[i]
	case TypeArray:
		return v.arrayItem(i)
	}
	return v
}
