package infoset

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/internal/xmlchar"
)

// Kind is the kind of a token.
type Kind uint8

// Kinds of tokens. The zero Kind is no token.
const (
	// StartElement opens an element: Name, Attrs and Decls are set.
	StartElement Kind = iota + 1
	// EndElement closes the innermost open element: Name is set.
	EndElement
	// Text is a piece of character data or one typed value: Value is set.
	Text
	// Comment is a comment; its text is in Value.
	Comment
	// Array stands for Value.Len() sibling elements, each with this Name, Attrs
	// and Decls and one item of Value as its content. Readers give it only when
	// asked to; writers always take it.
	Array
	// Leaf is an element that has neither attributes nor declarations, and holds
	// Value, text that is not empty, and nothing else. Only a LeafReader gives it,
	// when asked to; writers always take it.
	Leaf
)

var kindNames = [...]string{"none", "start", "end", "text", "comment", "array", "leaf"}

// String gives a short word for messages.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// XMLNamespace is the namespace that the prefix xml is bound to always.
const XMLNamespace = "http://www.w3.org/XML/1998/namespace"

// XMLNSNamespace is the namespace of the prefix xmlns, which names cannot use.
const XMLNSNamespace = "http://www.w3.org/2000/xmlns/"

// Dict marks a string as one that both ends know or may learn, such as the name
// of a contract's member or an action: the binary encoding sends it by number. It
// is a wish about bytes, no part of what a document says.
type Dict uint8

// Marks. A text encoding ignores them.
const (
	// InFull: the string is written out.
	InFull Dict = iota
	// Shared: by number from the static dictionary, else from the session's.
	Shared
	// SessionOnly: by number from the session's dictionary even if the static
	// one has the string, as WCF does with the strings of contracts; in full
	// where there is no session.
	SessionOnly
)

// Name is the name of an element or attribute. Space and Local say what it is,
// Prefix how it was written or is wanted.
type Name struct {
	// Prefix is empty for the default namespace, and for attributes without
	// namespace. A Writer may need another one for an attribute: see Writer.
	Prefix string
	// Local is the name without prefix, an NCName.
	Local string
	// Space is the namespace, empty for none.
	Space string
	// Dict marks Local.
	Dict Dict
}

// Is reports whether n is the name {space}local.
func (n *Name) Is(space, local string) bool { return n.Local == local && n.Space == space }

// Same reports whether n and m are the same name, whatever their prefixes.
func (n *Name) Same(m *Name) bool { return n.Local == m.Local && n.Space == m.Space }

// String gives the name as it is written: prefix:local.
func (n *Name) String() string {
	if n.Prefix == "" {
		return n.Local
	}
	return n.Prefix + ":" + n.Local
}

// Attr is one attribute. Namespace declarations are no attributes.
type Attr struct {
	Name  Name
	Value Value
}

// Decl binds Prefix to Space; an empty Prefix is the default namespace, for
// which an empty Space takes the binding away.
type Decl struct {
	Prefix, Space string
	// Dict marks Space.
	Dict Dict
}

// Token is one piece of a document.
type Token struct {
	Kind Kind
	// Name is never nil; it is the name of a StartElement, EndElement, Array or
	// Leaf, and without content for other kinds. Do not change it.
	Name *Name
	// Attrs are the attributes in document order, no two of the same name.
	Attrs []Attr
	// Decls are the declarations in document order, no two of the same prefix.
	Decls []Decl
	// Value is set for Text, Comment, Array and Leaf.
	Value Value
	// Offset and End are where the token begins and ends in the input, in bytes.
	// An EndElement that has no bytes of its own is empty at the place where it
	// is implied.
	Offset, End int64
}

// Attr gives the value of the attribute {space}local. Attributes written without
// prefix are in no namespace: space is empty for them (Namespaces in XML, 6.2).
func (t *Token) Attr(space, local string) (Value, bool) {
	for i := range t.Attrs {
		if t.Attrs[i].Name.Is(space, local) {
			return t.Attrs[i].Value, true
		}
	}
	return Value{}, false
}

// IsSpace reports whether t is text of white space only.
func (t *Token) IsSpace() bool {
	return t.Kind == Text && t.Value.Type() == TypeText && xmlchar.AllSpace(t.Value.raw)
}

// NoName is the name of tokens that have none. It is not changed.
var NoName = &Name{}

// ReleaseToken empties the token of a reader that waits for its next document: it refers to nothing any more, and its lists keep
// about most bytes at most.
func ReleaseToken(t *Token, most int) {
	const attr, decl = 112, 40 // bytes of an Attr and of a Decl
	attrs, decls := t.Attrs[:cap(t.Attrs)], t.Decls[:cap(t.Decls)]
	if len(attrs)*attr+len(decls)*decl > most {
		attrs, decls = nil, nil
	}
	clear(attrs)
	clear(decls)
	*t = Token{Name: NoName, Attrs: attrs[:0], Decls: decls[:0]}
}

// Clone gives a copy of t that stays valid for good.
func (t *Token) Clone() Token {
	c := *t
	name := *t.Name
	c.Name = &name
	c.Decls = slices.Clone(t.Decls)
	c.Attrs = slices.Clone(t.Attrs)
	for i := range c.Attrs {
		c.Attrs[i].Value = c.Attrs[i].Value.Clone()
	}
	c.Value = t.Value.Clone()
	return c
}
