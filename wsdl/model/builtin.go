package model

import "strings"

// builtins is the type hierarchy of XML Schema part 2, section 3: each type behind its base.
const builtins = `
anySimpleType
string anySimpleType
boolean anySimpleType
decimal anySimpleType
float anySimpleType
double anySimpleType
duration anySimpleType
dateTime anySimpleType
time anySimpleType
date anySimpleType
gYearMonth anySimpleType
gYear anySimpleType
gMonthDay anySimpleType
gDay anySimpleType
gMonth anySimpleType
hexBinary anySimpleType
base64Binary anySimpleType
anyURI anySimpleType
QName anySimpleType
NOTATION anySimpleType
normalizedString string
token normalizedString
language token
NMTOKEN token
NMTOKENS *NMTOKEN
Name token
NCName Name
ID NCName
IDREF NCName
IDREFS *IDREF
ENTITY NCName
ENTITIES *ENTITY
integer decimal
nonPositiveInteger integer
negativeInteger nonPositiveInteger
long integer
int long
short int
byte short
nonNegativeInteger integer
unsignedLong nonNegativeInteger
unsignedInt unsignedLong
unsignedShort unsignedInt
unsignedByte unsignedShort
positiveInteger nonNegativeInteger
`

// addBuiltins adds the built-in types. They are found by name, and are in no list.
func (s *Schema) addBuiltins() {
	anyType := &Type{Name: Name{NSSchema, "anyType"}, Builtin: true, Content: MixedContent}
	s.types[anyType.Name] = anyType
	for line := range strings.Lines(strings.TrimSpace(builtins)) {
		name, base, _ := strings.Cut(strings.TrimSpace(line), " ")
		t := &Type{Name: Name{NSSchema, name}, Builtin: true, Simple: true, Derivation: Restriction, Content: SimpleContent}
		if item, isList := strings.CutPrefix(base, "*"); isList {
			t.Derivation, t.Item, base = List, s.types[Name{NSSchema, item}], "anySimpleType"
		}
		t.Base = s.types[Name{NSSchema, base}]
		if base == "" {
			t.Base = anyType
		}
		s.types[t.Name] = t
	}
}
