package load_test

import (
	"testing"

	"github.com/causeway-relay/causeway/wsdl/model"
)

func typeNamed(t *testing.T, d *model.Description, local string) *model.Type {
	t.Helper()
	typ := d.Schema.Type(model.Name{Space: "urn:t", Local: local})
	if typ == nil {
		t.Fatalf("there is no type %s", local)
	}
	return typ
}

// TestRedefinitions: a redefined component is what its redefinition says, and its own content means what it was.
func TestRedefinitions(t *testing.T) {
	d := read(t, files{
		"main": schema(`<xs:redefine schemaLocation="was"><xs:complexType name="C"><xs:complexContent><xs:extension base="t:C"><xs:sequence><xs:element name="b" type="t:S"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>` +
			`<xs:simpleType name="S"><xs:restriction base="t:S"><xs:maxLength value="2"/></xs:restriction></xs:simpleType>` +
			`<xs:attributeGroup name="A"><xs:attributeGroup ref="t:A"/><xs:attribute name="y"/></xs:attributeGroup>` +
			`<xs:group name="G"><xs:sequence><xs:group ref="t:G"/><xs:element name="h" type="t:S"/></xs:sequence></xs:group></xs:redefine>` +
			`<xs:complexType name="User"><xs:group ref="t:G"/><xs:attributeGroup ref="t:A"/></xs:complexType>`),
		"was": schema(`<xs:complexType name="C"><xs:sequence><xs:element name="a" type="t:S"/></xs:sequence></xs:complexType><xs:simpleType name="S"><xs:restriction base="xs:string"/></xs:simpleType>` +
			`<xs:attributeGroup name="A"><xs:attribute name="x"/></xs:attributeGroup><xs:group name="G"><xs:sequence><xs:element name="g" type="t:S"/></xs:sequence></xs:group>`),
	})
	if len(d.Problems) > 0 {
		t.Fatal(d.Problems)
	}
	c := typeNamed(t, d, "C")
	chain := c.Chain()
	if len(chain) != 2 || !chain[0].Name.IsZero() || chain[0].Particle.Items[0].Element.Name.Local != "a" || chain[1].Particle.Items[0].Element.Name.Local != "b" {
		t.Errorf("complex type: %d in the chain", len(chain))
	}
	s := typeNamed(t, d, "S")
	if s.Facets.MaxLength == nil || s.Base == s || !s.Base.Name.IsZero() || s.Base.Base.Name.Local != "string" {
		t.Errorf("simple type: %+v", s)
	}
	if chain[0].Particle.Items[0].Element.Type != s {
		t.Error("an element of the redefined document has the type as it was")
	}
	user := typeNamed(t, d, "User")
	if len(user.Attrs) != 2 {
		t.Errorf("%d attributes", len(user.Attrs))
	}
	group := user.Particle.Ref.Particle
	if group.Items[0].Ref == nil || group.Items[0].Ref == user.Particle.Ref || group.Items[0].Ref.Particle.Items[0].Element.Name.Local != "g" || group.Items[1].Element.Name.Local != "h" {
		t.Errorf("group: %+v", group.Items)
	}
}

// TestSubstitution: members take the type of their head over any number of levels, and stand for it; circles are cut.
func TestSubstitution(t *testing.T) {
	d := read(t, files{"main": schema(`<xs:element name="c" substitutionGroup="t:b"/><xs:element name="b" substitutionGroup="t:a" abstract="true"/><xs:element name="a" type="xs:int"/>`)})
	a := d.Schema.Element(model.Name{Space: "urn:t", Local: "a"})
	c := d.Schema.Element(model.Name{Space: "urn:t", Local: "c"})
	if c.Type.Name.Local != "int" || len(a.Substitutes()) != 2 || a.Substitutes()[1] != c || len(d.Problems) > 0 {
		t.Errorf("%v %v %v", c.Type.Name, a.Substitutes(), d.Problems)
	}
	d = read(t, files{"main": schema(`<xs:element name="a" substitutionGroup="t:b"/><xs:element name="b" substitutionGroup="t:a"/>`)})
	if len(d.Problems) != 1 || d.Problems[0].Code != "CircularSubstitution" || len(d.Schema.Elements[0].Substitutes()) != 2 {
		t.Errorf("circle: %v", d.Problems)
	}
}

// TestAttributes: those of a type with its bases', replaced and taken away; groups resolved; forms and references.
func TestAttributes(t *testing.T) {
	d := read(t, files{"main": schema(`<xs:complexType name="A"><xs:attribute name="x" type="xs:int"/><xs:attribute name="y" type="xs:int"/><xs:anyAttribute/></xs:complexType>` +
		`<xs:complexType name="B"><xs:complexContent><xs:restriction base="t:A"><xs:attribute name="x" use="prohibited"/><xs:attribute name="y" type="xs:int" use="required"/></xs:restriction></xs:complexContent></xs:complexType>` +
		`<xs:complexType name="C"><xs:complexContent><xs:extension base="t:B"><xs:attributeGroup ref="t:G"/><xs:attribute ref="t:g" fixed="1"/></xs:extension></xs:complexContent></xs:complexType>` +
		`<xs:attributeGroup name="G"><xs:attribute name="q" form="qualified"/><xs:attributeGroup ref="t:G"/></xs:attributeGroup><xs:attribute name="g" type="xs:int" default="2"/>`)})
	uses, wild := typeNamed(t, d, "B").AllAttributes()
	if len(uses) != 1 || uses[0].Attribute.Name.Local != "y" || !uses[0].Required || wild != nil {
		t.Errorf("restriction: %+v %v", uses, wild)
	}
	uses, _ = typeNamed(t, d, "C").AllAttributes()
	if len(uses) != 3 || uses[1].Attribute.Name != (model.Name{Space: "urn:t", Local: "q"}) || *uses[2].Fixed != "1" || *uses[2].Attribute.Default != "2" {
		t.Errorf("extension: %+v", uses)
	}
	if len(d.Problems) != 1 || d.Problems[0].Code != "CircularGroup" {
		t.Errorf("%v", d.Problems)
	}
}

// TestArrays: the items of SOAP-encoded arrays, by wsdl:arrayType or by their one element.
func TestArrays(t *testing.T) {
	array := func(name, inner string) string {
		return `<xs:complexType name="` + name + `"><xs:complexContent><xs:restriction base="e:Array">` + inner + `</xs:restriction></xs:complexContent></xs:complexType>`
	}
	typed := func(of string) string { return `<xs:attribute ref="e:arrayType" w:arrayType="` + of + `"/>` }
	text := `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" xmlns:w="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:t">` +
		array("One", typed("xs:int[]")) + array("Two", typed("t:One[,]")) + array("Nested", typed("xs:int[][]")) +
		array("Plain", `<xs:sequence><xs:element name="item" type="xs:string" maxOccurs="unbounded"/></xs:sequence>`) + `</xs:schema>`
	d := read(t, files{"main": text})
	for name, want := range map[string]struct {
		of   string
		dims int
	}{"One": {"int", 1}, "Two": {"One", 2}, "Nested": {"Array", 1}, "Plain": {"string", 1}} {
		if typ := typeNamed(t, d, name); typ.ArrayOf == nil || typ.ArrayOf.Name.Local != want.of || typ.ArrayDims != want.dims {
			t.Errorf("%s: %+v", name, typ)
		}
	}
	if len(d.Problems) > 0 || len(d.Known) != 1 || d.Known[0].Space != model.NSEncoding {
		t.Errorf("%v, brought %v", d.Problems, d.Known)
	}
}

// TestFacets: every facet is kept, those that are none are told.
func TestFacets(t *testing.T) {
	d := read(t, files{"main": schema(`<xs:simpleType name="S"><xs:restriction base="xs:string"><xs:pattern value="a"/><xs:pattern value="b"/><xs:minLength value="1"/><xs:maxLength value=" 2 "/>` +
		`<xs:length value="x"/><xs:enumeration value=" a "/><xs:whiteSpace value="collapse"/></xs:restriction></xs:simpleType>` +
		`<xs:simpleType name="N"><xs:restriction base="xs:decimal"><xs:minInclusive value="1"/><xs:maxExclusive value="9"/><xs:totalDigits value="3"/><xs:fractionDigits value="1"/></xs:restriction></xs:simpleType>` +
		`<xs:simpleType name="Q"><xs:restriction base="xs:QName"><xs:enumeration value="t:one"/></xs:restriction></xs:simpleType><xs:simpleType name="E"/>`)})
	s, n, q := typeNamed(t, d, "S").Facets, typeNamed(t, d, "N").Facets, typeNamed(t, d, "Q").Facets
	if len(s.Patterns) != 2 || *s.MinLength != 1 || *s.MaxLength != 2 || s.Length != nil || s.Enum[0].Value != " a " || s.WhiteSpace != "collapse" {
		t.Errorf("%+v", s)
	}
	if n.MinInclusive != "1" || n.MaxExclusive != "9" || *n.TotalDigits != 3 || *n.FractDigits != 1 {
		t.Errorf("%+v", n)
	}
	if q.Enum[0].Name != (model.Name{Space: "urn:t", Local: "one"}) {
		t.Errorf("%+v", q)
	}
	if len(d.Problems) != 2 || d.Problems[0].Code != "BadFacet" || d.Problems[1].Code != "NoDerivation" {
		t.Errorf("%v", d.Problems)
	}
}

// TestCareless: references that mean one thing only are repaired, and that is told.
func TestCareless(t *testing.T) {
	for body, want := range map[string]string{
		`<xs:element name="e" type="T"/><xs:complexType name="T"/>`:                   "WrongNamespace", // no prefix, and no default namespace
		`<xs:element name="e" type="q:T"/><xs:complexType name="T"/>`:                 "UndeclaredPrefix",
		`<xs:element name="e" xmlns="urn:other" type="T"/><xs:complexType name="T"/>`: "WrongNamespace",
		`<xs:element name="e" type="t:T"/>`:                                           "DanglingReference",
		`<xs:element name="e" type="t:T"/><xs:element name="T"/>`:                     "DanglingReference", // another symbol space
	} {
		d := read(t, files{"main": schema(body)})
		if len(d.Problems) != 1 || d.Problems[0].Code != want || d.Problems[0].Remedy == "" {
			t.Errorf("%s: %v", body, d.Problems)
		}
		if e := d.Schema.Elements[0]; want != "DanglingReference" && e.Type.Name.Local != "T" || want == "DanglingReference" && !e.Type.IsAny() {
			t.Errorf("%s: type %s", body, e.Type.Name)
		}
	}
}
