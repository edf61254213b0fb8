package soap

import (
	"cmp"
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// Header is one header block (SOAP 1.1, 4.2; SOAP 1.2 part 1, 5.2).
type Header struct {
	// Element is the block without the attributes below.
	Element
	// MustUnderstand: a node that plays Role and does not understand the block
	// must refuse the message.
	MustUnderstand bool
	// Role is the URI of the node that the block is for: attribute actor in 1.1,
	// role in 1.2. Empty is the ultimate receiver.
	Role string
	// Relay: a node that plays Role and does not process the block passes it on.
	// 1.2 only; lost in a message of 1.1.
	Relay bool

	spelled [3]spelling     // as they were read: mustUnderstand, role, relay
	lead    []infoset.Token // white space and comments before the block
}

// spelling is an attribute as a peer wrote it. It is written again while it still
// says what the field says.
type spelling struct {
	there  bool
	value  infoset.Value
	prefix string
}

// NewHeader makes a header block of the one element that write writes.
func NewHeader(write func(infoset.Writer) error) (*Header, error) {
	e, err := MakeElement(write)
	if err != nil {
		return nil, err
	}
	return &Header{Element: e}, nil
}

// TextHeader makes a header block that holds nothing but v.
func TextHeader(name infoset.Name, v infoset.Value) *Header {
	// One piece of memory for all of it: every message that is answered has some of these.
	all := &struct {
		header Header
		name   infoset.Name
		decls  [1]infoset.Decl
		tokens [textCount]infoset.Token
	}{name: name}
	decls := all.decls[:0]
	if name.Prefix != "" || name.Space != "" {
		decls = append(decls, infoset.Decl{Prefix: name.Prefix, Space: name.Space, Dict: name.Dict})
	}
	all.header.tokens = textTokens(all.tokens[:], &all.name, decls, v.Clone())
	return &all.header
}

// Attributes of header blocks, as indices of Header.spelled.
const (
	attrMust = iota
	attrRole
	attrRelay
)

// headerAttr tells which of them a name is in version v, -1 for none. A name
// without prefix is in no namespace, so it is none (Namespaces in XML 1.0, 6.2).
func (v Version) headerAttr(n *infoset.Name) int {
	switch {
	case n.Space == "" || n.Space != v.Namespace():
		return -1
	case n.Local == "mustUnderstand":
		return attrMust
	case n.Local == v.rules().role:
		return attrRole
	case n.Local == "relay" && v == V12:
		return attrRelay
	}
	return -1
}

// split takes the attributes of version v out of the block's element, which
// nobody else has. It gives the attribute whose value is wrong, if there is one.
func (h *Header) split(v Version) (wrong string) {
	start := &h.tokens[0]
	start.Attrs = slices.DeleteFunc(start.Attrs, func(a infoset.Attr) bool {
		i := v.headerAttr(&a.Name)
		if i < 0 {
			return false
		}
		h.spelled[i] = spelling{there: true, value: a.Value, prefix: a.Name.Prefix}
		var err error
		switch i {
		case attrMust:
			h.MustUnderstand, err = a.Value.AsBool()
		case attrRole:
			h.Role = trimmed(a.Value)
		default:
			h.Relay, err = a.Value.AsBool()
		}
		if err != nil {
			wrong = a.Name.Local
		}
		return true
	})
	return wrong
}

// trimmed gives a URI without the white space that xs:anyURI does not count.
func trimmed(v infoset.Value) string { return string(xmlchar.Trim(v.AppendText(nil))) }

// attr gives the value that attribute i is written with, and whether it is.
func (h *Header) attr(i int) (v infoset.Value, there bool) {
	is := [...]bool{h.MustUnderstand, h.Role != "", h.Relay}[i]
	if s := &h.spelled[i]; s.there {
		b, err := s.value.AsBool()
		if i == attrRole && trimmed(s.value) == h.Role || i != attrRole && err == nil && b == is {
			return s.value, true
		}
	}
	if i == attrRole {
		return infoset.String(h.Role), is
	}
	return infoset.String("1"), is
}

// WriteBlock writes the block alone, as a message of version v has it.
func (h *Header) WriteBlock(w infoset.Writer, v Version) error {
	alone := *h
	alone.lead = nil
	return alone.write(infoset.Whole(w), v, "s", &infoset.Name{})
}

// write writes the block for a message of version v, whose envelope has prefix
// for its namespace. name is overwritten.
func (h *Header) write(w infoset.TokenWriter, v Version, prefix string, name *infoset.Name) error {
	if err := writeAll(w, h.lead); err != nil {
		return err
	}
	if h.IsZero() {
		return &infoset.Error{Reason: infoset.Misuse, Offset: -1, Detail: "header block without element"}
	}
	start := &h.tokens[0]
	missing := h.missing(w, start)
	w.Start(start.Name)
	for i := attrRelay; i >= attrMust; i-- {
		if value, there := h.attr(i); there && (i != attrRelay || v == V12) {
			h.nameAttr(name, i, v, prefix)
			w.Attr(name, value)
		}
	}
	for i := range start.Attrs {
		w.Attr(&start.Attrs[i].Name, start.Attrs[i].Value)
	}
	for i := range start.Decls {
		w.Declare(start.Decls[i])
	}
	return h.rest(w, missing)
}

// nameAttr makes name the one of attribute i in a message of version v.
func (h *Header) nameAttr(name *infoset.Name, i int, v Version, prefix string) {
	name.Local, name.Space, name.Dict = [...]string{"mustUnderstand", v.rules().role, "relay"}[i], v.Namespace(), infoset.Shared
	name.Prefix = cmp.Or(h.spelled[i].prefix, prefix)
	// A prefix that the block binds to something else is not to be had.
	for decls := h.tokens[0].Decls; slices.ContainsFunc(decls, func(d infoset.Decl) bool { return d.Prefix == name.Prefix && d.Space != name.Space }); {
		name.Prefix += "e"
	}
}

// convert changes what differs between versions in the block of m. A spelling goes
// where the other version does not have it.
func (h *Header) convert(m *Message, from, to Version) {
	h.outer = rebind(m, h.outer, from, to)
	if decls := h.tokens[0].Decls; declares(decls, from) {
		h.tokens = slices.Clone(h.tokens)
		h.tokens[0].Decls = rebind(m, decls, from, to)
	}
	switch old, now := from.rules(), to.rules(); h.Role {
	case "":
		h.spelled[attrRole].there = false
	case old.next:
		h.Role = now.next
	case old.ultimate:
		h.Role = now.ultimate
	}
	for i := range h.spelled {
		h.spelled[i].prefix = ""
		if s := &h.spelled[i]; i != attrRole && s.there {
			// 1.1 has 0 and 1 only.
			word := "0"
			if b, _ := s.value.AsBool(); b {
				word = "1"
			}
			s.value = infoset.String(word)
		}
	}
	if to == V11 {
		h.Relay, h.spelled[attrRelay].there = false, false
	}
}
