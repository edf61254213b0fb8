package codec

import "github.com/causeway-relay/causeway/soap/codec/content"

// none is the index of what is not there.
const none = -1

// Unbounded is a Max without bound.
const Unbounded = content.Unbounded

type (
	// Model says what stands in the content of a type. It is static data. The tables are those of package content.
	Model = content.Model[Coder]
	// Simple is a field that is no attribute and no element.
	Simple = content.Simple[Coder]
	// Attr is an attribute.
	Attr = content.Attr[Coder]
	// Leaf is a place of elements in the content, in the order of the schema.
	Leaf = content.Leaf[Coder]
	// Group is a choice, or a sequence that may be absent as a whole.
	Group = content.Group
	// Wildcard says which elements or attributes xs:any takes.
	Wildcard = content.Wildcard
)

// Struct is a value with fields. Fields are numbered as its Model says.
type Struct interface {
	XMLModel() *Model
	// XMLField gives a pointer to a field, which the Coder in the model reads into and writes from.
	XMLField(field int) any
}
