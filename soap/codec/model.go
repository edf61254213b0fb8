package codec

import "github.com/causeway-relay/causeway/soap/codec/content"

// none is the index of what is not there.
const none = -1

// Unbounded is a Max without bound.
const Unbounded = content.Unbounded

// The tables, as package content has them.
type (
	Model    = content.Model[Coder]  // what stands in the content of a type
	Simple   = content.Simple[Coder] // a field that is no attribute and no element
	Attr     = content.Attr[Coder]   // an attribute
	Leaf     = content.Leaf[Coder]   // a place of elements in the content
	Group    = content.Group         // a choice, or a sequence that may be absent as a whole
	Wildcard = content.Wildcard      // which elements or attributes xs:any takes
)

// Struct is a value with fields. Fields are numbered as its Model says.
type Struct interface {
	XMLModel() *Model
	// XMLField gives a pointer to a field, which the Coder in the model reads into and writes from.
	XMLField(field int) any
}
