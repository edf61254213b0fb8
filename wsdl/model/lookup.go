package model

// NewSchema gives an empty schema that knows XML Schema's built-in types.
func NewSchema() *Schema {
	s := &Schema{
		types: map[Name]*Type{}, elements: map[Name]*Element{}, attributes: map[Name]*Attribute{},
		groups: map[Name]*Group{}, attrGroups: map[Name]*AttributeGroup{},
	}
	s.addBuiltins()
	return s
}

// Type finds a global or built-in type; nil if there is none.
func (s *Schema) Type(n Name) *Type { return s.types[n] }

// Element finds a global element; nil if there is none.
func (s *Schema) Element(n Name) *Element { return s.elements[n] }

// Attribute finds a global attribute; nil if there is none.
func (s *Schema) Attribute(n Name) *Attribute { return s.attributes[n] }

// Group finds a model group; nil if there is none.
func (s *Schema) Group(n Name) *Group { return s.groups[n] }

// AttributeGroup finds an attribute group; nil if there is none.
func (s *Schema) AttributeGroup(n Name) *AttributeGroup { return s.attrGroups[n] }

// AddType adds a global type. It gives the one that has the name already, and then adds nothing.
func (s *Schema) AddType(t *Type) *Type { return add(s.types, &s.Types, t.Name, t) }

// AddElement adds a global element; see AddType.
func (s *Schema) AddElement(e *Element) *Element { return add(s.elements, &s.Elements, e.Name, e) }

// AddAttribute adds a global attribute; see AddType.
func (s *Schema) AddAttribute(a *Attribute) *Attribute {
	return add(s.attributes, &s.Attributes, a.Name, a)
}

// AddGroup adds a model group; see AddType.
func (s *Schema) AddGroup(g *Group) *Group { return add(s.groups, &s.Groups, g.Name, g) }

// AddAttributeGroup adds an attribute group; see AddType.
func (s *Schema) AddAttributeGroup(g *AttributeGroup) *AttributeGroup {
	return add(s.attrGroups, &s.AttributeGroups, g.Name, g)
}

func add[T any](all map[Name]*T, list *[]*T, n Name, c *T) (already *T) {
	if old := all[n]; old != nil {
		return old
	}
	all[n] = c
	*list = append(*list, c)
	return nil
}
