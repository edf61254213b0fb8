package model

// Schema is all schema components of a description, of all namespaces together. The slices are in document order: the order of
// reading, depth first from the main document. Components of well-known schemas that load brought itself are among them.
type Schema struct {
	Types           []*Type           // global ones
	Elements        []*Element        // global ones
	Attributes      []*Attribute      // global ones
	Groups          []*Group          // xs:group
	AttributeGroups []*AttributeGroup // xs:attributeGroup

	types      map[Name]*Type
	elements   map[Name]*Element
	attributes map[Name]*Attribute
	groups     map[Name]*Group
	attrGroups map[Name]*AttributeGroup
}

// Derivation is how a type comes from its base.
type Derivation uint8

// The derivations. List and Union are of simple types.
const (
	NoDerivation Derivation = iota
	Extension
	Restriction
	List
	Union
)

// Content is what an element of a type may have between its tags.
type Content uint8

// The kinds of content. A type that is mixed has text between its elements.
const (
	Empty Content = iota
	SimpleContent
	ElementContent
	MixedContent
)

// Type is a simple or complex type.
type Type struct {
	Name  Name // zero for an anonymous type
	Place Place
	Doc   string
	Owner *Element // the element or ...
	Of    *Attribute

	Simple     bool // simpleType, or built-in simple type
	Builtin    bool // of XML Schema or of SOAP encoding; Name says which
	Abstract   bool
	Base       *Type // nil only for anyType and for types whose base is missing
	Derivation Derivation

	// Of simple types, and of complex types with simple content (there of the content).
	Facets  Facets
	Item    *Type   // Derivation List: what the items are
	Members []*Type // Derivation Union
	Value   *Type   // of a complex type with simple content: the simple type of its text

	// Of complex types.
	Content  Content
	Particle *Particle // what this type itself writes: for an extension the addition alone, for a restriction the whole. nil: none
	Attrs    []*AttributeUse
	AnyAttr  *Wildcard

	// ArrayOf is set for a type derived from SOAP encoding's Array: what its items are and how many dimensions it has.
	ArrayOf   *Type
	ArrayDims int

	Derived []*Type // types whose Base this is, in document order
}

// Chain gives the type and its bases by extension, root first: the order in which their content is written. A restriction
// states its content anew, so the chain begins with it.
func (t *Type) Chain() []*Type {
	var chain []*Type
	for c := t; c != nil; c = c.Base {
		chain = append([]*Type{c}, chain...)
		if c.Derivation != Extension || c.Builtin {
			break
		}
	}
	return chain
}

// IsAny reports whether the type is xs:anyType.
func (t *Type) IsAny() bool { return t.Builtin && t.Name == Name{NSSchema, "anyType"} }

// Root gives the built-in type that a simple type (or the text of simple content) comes from: its primitive or derived
// built-in; nil for complex types without simple content.
func (t *Type) Root() *Type {
	for c := t; c != nil; c = c.Base {
		if c.Builtin {
			return c
		}
		if !c.Simple && c.Value != nil {
			return c.Value.Root()
		}
	}
	return nil
}

// Facets bound the values of a simple type; nil and empty: not given. Bounds are kept as text, since they are of the type's
// own kind. They are what the type itself states; its bases' hold too.
type Facets struct {
	Enum                                                   []Enum
	Patterns                                               []string // of one step: alternatives
	Length, MinLength, MaxLength, TotalDigits, FractDigits *int
	MinInclusive, MaxInclusive, MinExclusive, MaxExclusive string
	WhiteSpace                                             string // preserve, replace, collapse
}

// Enum is one allowed value.
type Enum struct {
	Value string
	Name  Name // of an enumeration of QNames: the value resolved
	Doc   string
	Place Place
}

// Element is an element declaration: global, or local in a content model.
type Element struct {
	Name     Name // Space says whether a local one is qualified
	Place    Place
	Doc      string
	Global   bool
	Type     *Type // never nil in a usable model; xs:anyType where the schema says nothing
	Nillable bool
	Abstract bool
	Default  *string
	Fixed    *string
	Head     *Element   // substitutionGroup
	Members  []*Element // elements whose Head this is, in document order
	MIME     string     // xmime:expectedContentTypes
}

// Substitutes gives the elements that may stand where e is declared, e first unless it is abstract, members of members too.
// Abstract members are left out.
func (e *Element) Substitutes() []*Element {
	var all []*Element
	seen := map[*Element]bool{}
	var walk func(*Element)
	walk = func(c *Element) {
		if seen[c] {
			return
		}
		seen[c] = true
		if !c.Abstract {
			all = append(all, c)
		}
		for _, m := range c.Members {
			walk(m)
		}
	}
	walk(e)
	return all
}

// Attribute is an attribute declaration.
type Attribute struct {
	Name    Name
	Place   Place
	Doc     string
	Global  bool
	Type    *Type // simple
	Default *string
	Fixed   *string
}

// AttributeUse is an attribute as a type uses it.
type AttributeUse struct {
	Attribute  *Attribute
	Place      Place
	Doc        string
	Required   bool
	Prohibited bool    // of a restriction: the base's attribute is gone
	Default    *string // of the use; the declaration may have one too
	Fixed      *string // likewise
	ArrayType  string  // wsdl:arrayType as written, on soapenc:arrayType
}

// Group is a named model group (xs:group).
type Group struct {
	Name     Name
	Place    Place
	Doc      string
	Particle *Particle // its one sequence, choice or all, once
}

// AttributeGroup is a named set of attributes.
type AttributeGroup struct {
	Name    Name
	Place   Place
	Attrs   []*AttributeUse // references to other groups resolved into it
	AnyAttr *Wildcard
}

// Wildcard is xs:any or xs:anyAttribute.
type Wildcard struct {
	Place      Place
	Doc        string
	Namespaces []string // the words: ##any, ##other, ##local, ##targetNamespace resolved to a URI, URIs
	Target     string   // the target namespace that ##other leaves out
	Process    string   // strict, lax, skip
}

// AllAttributes gives the attributes of a type: those of its bases first, each replaced or taken away where a derived type says so
// (part 1, 3.4.2). The wildcard is the nearest that is stated.
func (t *Type) AllAttributes() (uses []*AttributeUse, wild *Wildcard) {
	if t.Base != nil && !t.Base.Builtin && !t.Base.Simple {
		uses, wild = t.Base.AllAttributes()
		uses = append([]*AttributeUse(nil), uses...)
		if t.Derivation == Restriction {
			wild = nil
		}
	}
	for _, u := range t.Attrs {
		at := -1
		for i, old := range uses {
			if old.Attribute.Name == u.Attribute.Name {
				at = i
			}
		}
		switch {
		case at >= 0 && u.Prohibited:
			uses = append(uses[:at], uses[at+1:]...)
		case at >= 0:
			uses[at] = u
		case !u.Prohibited:
			uses = append(uses, u)
		}
	}
	if t.AnyAttr != nil {
		wild = t.AnyAttr
	}
	return uses, wild
}
