package rewrite

import (
	"encoding/binary"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// Records of [MC-NBFX] 2.2 that are looked at. Text records have even numbers;
// the odd number behind each ends the element too (2.2.3).
const (
	recEnd              = 0x01
	recComment          = 0x02
	recArray            = 0x03
	recShortAttribute   = 0x04
	recAttribute        = 0x05
	recShortDictAttr    = 0x06
	recDictAttribute    = 0x07
	recShortXmlns       = 0x08
	recXmlns            = 0x09
	recShortDictXmlns   = 0x0A
	recDictXmlns        = 0x0B
	recPrefixDictAttr   = 0x0C // and the 25 behind: prefix a to z
	recPrefixAttr       = 0x26
	recShortElement     = 0x40
	recElement          = 0x41
	recShortDictElement = 0x42
	recDictElement      = 0x43
	recPrefixDictElem   = 0x44
	recPrefixElem       = 0x5E
	recLastElement      = 0x77
	recText             = 0x80
	recChars8           = 0x98
	recChars16          = 0x9A
	recChars32          = 0x9C
	recBytes8           = 0x9E
	recBytes16          = 0xA0
	recBytes32          = 0xA2
	recStartList        = 0xA4
	recEndList          = 0xA6
	recDictText         = 0xAA
	recUnicode8         = 0xB6
	recUnicode16        = 0xB8
	recUnicode32        = 0xBA
	recQName            = 0xBC
	recLastText         = 0xBD
)

const letters = "abcdefghijklmnopqrstuvwxyz"

// sizes are the bytes behind text records of fixed size, by their even number.
var sizes = [256]uint8{
	0x88: 1, 0x8A: 2, 0x8C: 4, 0x8E: 8, 0x90: 4, 0x92: 8, 0x94: 16, 0x96: 8,
	0xAC: 16, 0xAE: 8, 0xB0: 16, 0xB2: 8, 0xB4: 1,
}

// cursor reads records. It gives up by short when the bytes end, and by bad when
// they mean nothing; both stick, so that a chain of reads is checked once at its
// end. It gives back nothing but places: no value is decoded.
type cursor struct {
	b          []byte
	i          int
	short      bool
	bad        string
	dictionary *xmlbin.Dictionary
	session    *xmlbin.ReaderSession
}

func (c *cursor) ok() bool { return !c.short && c.bad == "" }

func (c *cursor) byte() byte {
	if c.i >= len(c.b) {
		c.short = true
		return 0
	}
	c.i++
	return c.b[c.i-1]
}

// skip passes over n bytes. n may be anything that a peer wrote as a length: it is
// compared with what is there before it is used.
func (c *cursor) skip(n int) {
	if n < 0 || n > len(c.b)-c.i {
		c.short = true
		return
	}
	c.i += n
}

// int31 reads a multi-byte integer ([MC-NBFX] 2.1.2).
func (c *cursor) int31() int {
	v := 0
	for shift := 0; ; shift += 7 {
		b := c.byte()
		if !c.ok() {
			return 0
		}
		if shift == 28 && b > 7 {
			c.bad = "integer of more than 31 bits"
			return 0
		}
		v |= int(b&0x7F) << shift
		if b < 0x80 {
			return v
		}
	}
}

// string reads a length and that many bytes ([MC-NBFX] 2.1.3).
func (c *cursor) string() word {
	n := c.int31()
	w := word{off: c.i, n: n}
	c.skip(n)
	return w
}

// dict reads the id of a dictionary string: even ids are of the static dictionary
// ([MC-NBFS]), odd ones of the session ([MC-NBFSE] 2.1). An id that stands for
// nothing is an error, as the name it stands in could be anything.
func (c *cursor) dict() word {
	id := uint32(c.int31())
	if !c.ok() {
		return word{}
	}
	s, found := c.dictionary.String(id)
	if id%2 == 1 {
		found = false
		if c.session != nil {
			s, found = c.session.String(id)
		}
	}
	if !found {
		c.bad = "dictionary string that is not known"
	}
	return word{s: s, dict: true}
}

// letter gives the prefix that is part of a record's number.
func (c *cursor) letter(n byte) word { return word{s: letters[n:][:1], dict: true} }

// text passes over the text record rec, whose number is even ([MC-NBFX] 2.2.3).
// Dictionary strings in values need not be known here.
func (c *cursor) text(rec byte) {
	switch rec {
	case recChars8, recBytes8, recUnicode8:
		c.skip(int(c.byte()))
	case recChars16, recBytes16, recUnicode16:
		at := c.i
		if c.skip(2); c.ok() {
			c.skip(int(binary.LittleEndian.Uint16(c.b[at:])))
		}
	case recChars32, recBytes32, recUnicode32:
		at := c.i
		if c.skip(4); c.ok() {
			n := binary.LittleEndian.Uint32(c.b[at:])
			if n > 1<<31-1 {
				c.bad = "negative length"
				return
			}
			c.skip(int(n))
		}
	case recDictText:
		c.int31()
	case recQName:
		c.byte()
		c.int31()
	case recStartList:
		// Items are records of their own; lists do not nest.
		for item := c.byte(); c.ok() && item != recEndList; item = c.byte() {
			if item < recText || item > recLastText || item&1 != 0 || item == recStartList {
				c.bad = "record in a list"
				return
			}
			c.text(item)
		}
	case recEndList:
		c.bad = "end of a list that did not begin"
	default:
		c.skip(int(sizes[rec])) // zero, one, true, false, empty: nothing follows
	}
}

// attributes passes over attribute records; declarations go to s, if that is
// not nil.
func (c *cursor) attributes(s *Scanner, from int) error {
	for c.ok() {
		if c.i == len(c.b) {
			c.short = true
			return nil
		}
		rec := c.b[c.i]
		if rec < recShortAttribute || rec >= recShortElement {
			return nil
		}
		c.i++
		if rec < recShortXmlns || rec > recDictXmlns {
			c.attribute(rec)
			continue
		}
		d := decl{plain: true}
		if rec == recXmlns || rec == recDictXmlns {
			d.prefix = c.string()
		}
		if rec >= recShortDictXmlns {
			d.space = c.dict()
		} else {
			d.space = c.string()
		}
		if c.ok() && s != nil {
			if err := s.declare(c.b, from, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// attribute passes over an attribute record that is no declaration ([MC-NBFX]
// 2.2.2): perhaps a prefix, a name as string or id, and a text record as value.
func (c *cursor) attribute(rec byte) {
	if rec == recAttribute || rec == recDictAttribute {
		c.string() // prefix
	}
	switch {
	case rec == recShortAttribute, rec == recAttribute, rec >= recPrefixAttr:
		c.string()
	default:
		c.int31()
	}
	value := c.byte()
	if c.ok() && (value < recText || value > recLastText || value&1 != 0) {
		c.bad = "record as an attribute's value"
		return
	}
	if c.ok() {
		c.text(value)
	}
}

// name reads what an element record has behind its type ([MC-NBFX] 2.2.1): the
// prefix is a string or part of the type, the name a string or an id.
func (c *cursor) name(rec byte) (prefix, local word) {
	dict := rec == recShortDictElement || rec == recDictElement
	switch {
	case rec >= recPrefixElem:
		prefix = c.letter(rec - recPrefixElem)
	case rec >= recPrefixDictElem:
		prefix, dict = c.letter(rec-recPrefixDictElem), true
	case rec == recElement, rec == recDictElement:
		prefix = c.string()
	}
	if dict {
		return prefix, c.dict()
	}
	return prefix, c.string()
}

// scanBinary goes on at pos as far as b reaches, record by record. A record that
// is not whole yet is read again from its beginning, which costs a look at its
// length; only a start tag with its attributes is more than one record.
func (s *Scanner) scanBinary(b []byte) error {
	c := cursor{b: b, dictionary: xmlbin.Static(), session: s.Session}
	for s.state != done {
		c.i = s.pos
		rec := c.byte()
		var err error
		switch {
		case !c.ok():
			return ErrMore
		case rec >= recShortElement && rec <= recLastElement:
			err = s.binaryElement(&c, rec)
		case rec == recArray:
			err = s.binaryArray(&c)
		case rec == recEnd:
			err = s.binaryEnd(s.pos, c.i)
		case rec == recComment:
			c.string()
		case rec >= recText && rec <= recLastText:
			err = s.binaryText(&c, rec)
		default:
			c.bad = "unexpected record"
		}
		switch {
		case err != nil:
			return err
		case c.bad != "":
			return s.fail(infoset.Malformed, c.i, c.bad)
		case c.short:
			return ErrMore
		}
		s.pos = c.i
	}
	return nil
}

// binaryElement reads an element record with its attributes. Of elements inside of
// a block only their nesting counts.
func (s *Scanner) binaryElement(c *cursor, rec byte) error {
	e := element{start: s.pos, decl0: len(s.decls)}
	e.prefix, e.local = c.name(rec)
	if s.state == inBlock {
		if err := c.attributes(nil, 0); err != nil || !c.ok() {
			return s.binaryTag(c)
		}
		return s.push(e.start)
	}
	if err := c.attributes(s, e.decl0); err != nil || !c.ok() {
		s.decls = s.decls[:e.decl0]
		if err != nil {
			return err
		}
		return s.binaryTag(c)
	}
	e.decl1, e.open = len(s.decls), c.i
	if err := s.push(e.start); err != nil {
		return err
	}
	return s.enter(c.b, e, false)
}

// binaryTag keeps a tag that is not whole within its bound.
func (s *Scanner) binaryTag(c *cursor) error {
	if c.short && len(c.b)-s.pos > maxTag {
		return s.fail(infoset.Quota, s.pos, "tag of more than 16 KiB")
	}
	return nil
}

// push counts an element that was opened. Binary ends have no names to compare.
func (s *Scanner) push(at int) error {
	if len(s.open) >= maxDepth {
		return s.fail(infoset.Quota, at, "depth")
	}
	s.open = append(s.open, word{})
	return nil
}

// binaryEnd closes the innermost element, whose end lies from inner to end.
func (s *Scanner) binaryEnd(inner, end int) error {
	if len(s.open) == 0 {
		return s.fail(infoset.Malformed, inner, "end of element without element")
	}
	s.open = s.open[:len(s.open)-1]
	switch {
	case s.state == inBlock && len(s.open) > 2:
	case s.state == inBlock, s.state == header:
		s.leave(inner, end)
	default:
		return s.fail(infoset.Malformed, inner, "the envelope has no Body")
	}
	return nil
}

// binaryText passes over a text record, which may end its element.
func (s *Scanner) binaryText(c *cursor, rec byte) error {
	at := s.pos
	c.text(rec &^ 1)
	if !c.ok() {
		return nil
	}
	if s.state != inBlock && !blank(c.b[at:c.i], rec) {
		return s.fail(infoset.Malformed, at, "character data between the parts of the envelope")
	}
	if rec&1 == 0 {
		return nil
	}
	// It ends its element too. The content of a block that ends so begins and ends
	// inside of one record, which setText replaces as a whole.
	if rec&^1 == recStartList {
		c.bad = "list record with end of element"
		return nil
	}
	return s.binaryEnd(at, c.i)
}

// blank reports whether a text record is white space: short characters of that
// kind, or no characters.
func blank(record []byte, rec byte) bool {
	switch rec &^ 1 {
	case 0xA8: // empty text
		return true
	case recChars8:
		record = record[2:]
	case recChars16:
		record = record[3:]
	case recChars32:
		record = record[5:]
	default:
		return false
	}
	for _, c := range record {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}

// binaryArray passes over an array ([MC-NBFX] 2.2.1.4): as a block it is several
// blocks of one name.
func (s *Scanner) binaryArray(c *cursor) error {
	if s.state != header && s.state != inBlock {
		c.bad = "array in this place"
		return nil
	}
	rec := c.byte()
	if c.ok() && (rec < recShortElement || rec > recLastElement) {
		c.bad = "array of something else than elements"
	}
	if !c.ok() {
		return nil
	}
	// The element that all items have in common, its end, the type and number of
	// items, and their raw values.
	e := element{start: s.pos, decl0: len(s.decls)}
	e.prefix, e.local = c.name(rec)
	keep := s
	if s.state == inBlock {
		keep = nil
	}
	if err := c.attributes(keep, e.decl0); err != nil {
		return err
	}
	end, item := c.byte(), c.byte()
	count := c.int31()
	size := int(sizes[item&^1])
	if c.ok() && (end != recEnd || item&1 == 0 || size == 0 || count == 0) {
		c.bad = "array of no items or of unknown ones"
	}
	if c.ok() {
		c.skip(size * count)
	}
	if !c.ok() {
		s.decls = s.decls[:e.decl0]
		return s.binaryTag(c)
	}
	if s.state == inBlock {
		return nil
	}
	e.decl1, e.open, e.inner, e.end, e.empty = len(s.decls), c.i, c.i, c.i, true
	return s.enter(c.b, e, true)
}
