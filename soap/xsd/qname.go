package xsd

import "github.com/causeway-relay/causeway/soap/infoset"

// QName is xs:QName as a value (XML Schema part 2, 3.2.18). Its identity is Space
// and Local; Prefix is how it was written.
type QName struct {
	Prefix, Space, Local string
}

// Is reports whether q is {space}local.
func (q QName) Is(space, local string) bool { return q.Local == local && q.Space == space }

// String gives {space}local.
func (q QName) String() string {
	if q.Space == "" {
		return q.Local
	}
	return "{" + q.Space + "}" + q.Local
}

// Scope says what prefixes mean; infoset.Reader and infoset.Writer are scopes.
type Scope interface {
	Lookup(prefix string) (space string, ok bool)
}

// ReadQName reads a name that stands at a place of scope: for an attribute, call
// it before the next token is read; for text, while its element is open. Without
// prefix the default namespace counts, unlike for names of attributes. BadValue,
// or BadNamespace for a prefix that is not declared.
func ReadQName(v infoset.Value, scope Scope) (QName, error) {
	prefix, local, err := v.AsQName()
	if err != nil {
		return QName{}, err
	}
	space, ok := scope.Lookup(prefix)
	if !ok {
		return QName{}, &infoset.Error{Reason: infoset.BadNamespace, Offset: -1, Detail: "prefix " + infoset.Clip(prefix) + " of a value is not declared"}
	}
	return QName{Prefix: prefix, Space: space, Local: local}, nil
}

// WriteQName makes the value for a place in the document of w. The start tag of
// the element must be open: where q's prefix does not mean its namespace already
// it is declared there. A q without prefix in a namespace gets one; one in no
// namespace is written without, which needs a place without default namespace.
func WriteQName(w infoset.Writer, q QName) infoset.Value {
	if q.Space == "" {
		if space, _ := w.Lookup(""); space != "" {
			w.Declare(infoset.Decl{})
		}
		return infoset.String(q.Local)
	}
	prefix := q.Prefix
	if space, ok := w.Lookup(prefix); ok && space == q.Space && prefix != "" {
		return infoset.QName(prefix, q.Local, infoset.InFull)
	}
	if prefix == "" {
		prefix = "q"
	}
	// A prefix that means something else here may be in use by the element
	// itself, so another is taken.
	for space, ok := w.Lookup(prefix); ok && space != q.Space; space, ok = w.Lookup(prefix) {
		prefix += "q"
	}
	if _, ok := w.Lookup(prefix); !ok {
		w.Declare(infoset.Decl{Prefix: prefix, Space: q.Space})
	}
	return infoset.QName(prefix, q.Local, infoset.InFull)
}
