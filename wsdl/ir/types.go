package ir

import "github.com/causeway-relay/causeway/wsdl/model"

// Kind is what a type is to a program.
type Kind uint8

// The kinds of types.
const (
	Builtin Kind = iota // a value of a built-in type of XML Schema, perhaps bounded by facets
	Enum                // text of which some values are named
	List                // white-space separated values of Item
	Struct              // fields
	Any                 // xs:anyType: kept as it comes, with its xsi:type
	Array               // SOAP encoding's array of Item
	Item                // a Struct for one turn of a repeated group: it has no element of its own
	OneOf               // a Struct with one member for each element that may substitute another
)

// Type is a type that programs hold.
type Type struct {
	Kind   Kind
	Name   model.Name // of the schema's type; zero for an anonymous one
	Hint   []string   // for anonymous ones: names on the way to it, outermost first (element, field, ...)
	Place  model.Place
	Doc    string
	Source *model.Type // nil for Item and OneOf

	Root   string       // Builtin, Enum: local name of the built-in type that the text is read as; of a union "anySimpleType"
	Union  []*Type      // Builtin from a union: the members, for Validate
	Facets []Facets     // Builtin, Enum, List: of each step from the root on
	Values []model.Enum // Enum
	Item   *Type        // List, Array
	Dims   int          // Array

	Abstract bool
	Base     *Type   // Struct: the struct that it is derived from
	Derived  []*Type // Struct: all that are derived from it, directly or not, and are not abstract
	Fields   []*Field
	Content  *Group // how the Element, Wild and Items fields stand; nil: no content of elements
	Mixed    bool   // the content is kept as it comes: the Fields are attributes and one of kind Mixed
}

// Facets are one step's bounds.
type Facets = model.Facets

// Polymorphic reports whether a value declared as t may be of another type.
func (t *Type) Polymorphic() bool {
	return t.Kind == Struct && (len(t.Derived) > 0 || t.Abstract)
}

// FieldKind is what a field is on the wire.
type FieldKind uint8

// The kinds of fields.
const (
	Attribute     FieldKind = iota
	AnyAttributes           // those that no declaration names
	Text                    // the text of simple content
	Element
	Wild  // xs:any
	Items // a repeated group; Type is an Item
	Mixed // text and elements in order
)

// Field is a member of a struct.
type Field struct {
	Kind  FieldKind
	Name  model.Name // Attribute, Element
	Place model.Place
	Doc   string
	Type  *Type // nil for AnyAttributes, Wild and Mixed

	Optional bool // may be absent
	Repeated bool // may occur more than once
	Min, Max int  // how often, where Repeated
	Nillable bool // may be there as nil
	Default  *string
	Fixed    *string
	Wildcard *model.Wildcard
	MIME     string // content types of binary data

	Index int // its place in Type.Fields
}

// Group is a node of a content tree: particles of a model, with the fields that they fill. Exactly one of Field and Nodes is set.
type Group struct {
	Place      model.Place
	Compositor model.Compositor
	Min, Max   int
	Nodes      []*Group
	Field      *Field // a leaf: Element, Wild; or Items, whose Type has a tree of its own
}

// Leaf reports whether the node is a field.
func (g *Group) Leaf() bool { return g.Field != nil }
