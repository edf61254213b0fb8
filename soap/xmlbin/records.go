package xmlbin

import "github.com/causeway-relay/causeway/soap/infoset"

// Record types of [MC-NBFX] 2.2. Text records have even numbers; the odd number
// behind each is the same text and the end of the element (2.2.3).
const (
	recEndElement = 0x01
	recComment    = 0x02
	recArray      = 0x03

	recShortAttribute     = 0x04
	recAttribute          = 0x05
	recShortDictAttribute = 0x06
	recDictAttribute      = 0x07
	recShortXmlns         = 0x08
	recXmlns              = 0x09
	recShortDictXmlns     = 0x0A
	recDictXmlns          = 0x0B
	recPrefixDictAttrA    = 0x0C // to 0x25: prefix a to z
	recPrefixAttrA        = 0x26 // to 0x3F

	recShortElement     = 0x40
	recElement          = 0x41
	recShortDictElement = 0x42
	recDictElement      = 0x43
	recPrefixDictElemA  = 0x44 // to 0x5D: prefix a to z
	recPrefixElemA      = 0x5E // to 0x77
	recLastElement      = 0x77

	recZero      = 0x80
	recOne       = 0x82
	recFalse     = 0x84
	recTrue      = 0x86
	recInt8      = 0x88
	recInt16     = 0x8A
	recInt32     = 0x8C
	recInt64     = 0x8E
	recFloat     = 0x90
	recDouble    = 0x92
	recDecimal   = 0x94
	recDateTime  = 0x96
	recChars8    = 0x98
	recChars16   = 0x9A
	recChars32   = 0x9C
	recBytes8    = 0x9E
	recBytes16   = 0xA0
	recBytes32   = 0xA2
	recStartList = 0xA4
	recEndList   = 0xA6
	recEmpty     = 0xA8
	recDictText  = 0xAA
	recUniqueID  = 0xAC
	recTimeSpan  = 0xAE
	recGUID      = 0xB0
	recUint64    = 0xB2
	recBool      = 0xB4
	recUnicode8  = 0xB6
	recUnicode16 = 0xB8
	recUnicode32 = 0xBA
	recQName     = 0xBC
	recLast      = 0xBD

	withEnd = 1 // added to a text record
)

// letters are the prefixes that records have in their number.
const letters = "abcdefghijklmnopqrstuvwxyz"

// maxInt31 is the largest multi-byte integer ([MC-NBFX] 2.1.2).
const maxInt31 = 1<<31 - 1

// itemTypes are the records that an array may hold ([MC-NBFX] 2.2.1.4), by the
// type of their values.
var itemTypes = [...]struct {
	typ infoset.Type
	rec byte
}{
	{infoset.TypeBool, recBool},
	{infoset.TypeInt16, recInt16},
	{infoset.TypeInt32, recInt32},
	{infoset.TypeInt64, recInt64},
	{infoset.TypeFloat32, recFloat},
	{infoset.TypeFloat64, recDouble},
	{infoset.TypeDecimal, recDecimal},
	{infoset.TypeDateTime, recDateTime},
	{infoset.TypeTimeSpan, recTimeSpan},
	{infoset.TypeGUID, recGUID},
}

// itemRecord gives the record of an item type, with the end bit that arrays
// want; 0 if there is none.
func itemRecord(t infoset.Type) byte {
	for _, it := range itemTypes {
		if it.typ == t {
			return it.rec + withEnd
		}
	}
	return 0
}

// itemType is the reverse of itemRecord.
func itemType(rec byte) (infoset.Type, bool) {
	for _, it := range itemTypes {
		if it.rec+withEnd == rec {
			return it.typ, true
		}
	}
	return 0, false
}
