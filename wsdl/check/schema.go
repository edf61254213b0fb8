package check

import (
	"errors"
	"strings"
	"unicode"

	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
	"github.com/causeway-relay/causeway/wsdl/sample"
)

// schema: what types and elements say.
func (c *checker) schema() {
	s := &schemaChecker{checker: c, seen: map[*model.Type]bool{}}
	for _, e := range c.d.Schema.Elements {
		s.name(e.Place, "element", e.Name)
		if !load.WellKnown(e.Name.Space) {
			s.typ(e.Type)
		}
	}
	for _, t := range c.d.Schema.Types {
		s.name(t.Place, "type", t.Name)
		if !load.WellKnown(t.Name.Space) {
			s.typ(t)
		}
	}
	for _, g := range c.d.Schema.Groups {
		if !load.WellKnown(g.Name.Space) {
			s.particle(g.Particle, true)
		}
	}
	for _, pt := range c.d.PortTypes {
		s.name(pt.Place, "port type", pt.Name)
		for _, op := range pt.Operations {
			s.name(op.Place, "operation", model.Name{Local: op.Name})
		}
	}
	for _, m := range c.d.Messages {
		for _, p := range m.Parts {
			s.name(p.Place, "part", model.Name{Local: p.Name})
		}
	}
}

type schemaChecker struct {
	*checker
	seen map[*model.Type]bool
}

// name: what is no NCName cannot be written in a message, and stops some tools.
func (s *schemaChecker) name(at model.Place, kind string, n model.Name) {
	for i, r := range n.Local {
		good := unicode.IsLetter(r) || r == '_' || i > 0 && (unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune("-.\u00b7", r))
		if !good {
			s.warn(at, "BadName", "use letters, digits, '-', '_' and '.', and begin with a letter or '_'", "%s %q has a name that XML does not allow", kind, n.Local)
			return
		}
	}
}

// typ looks at a type and at the types without names in it.
func (s *schemaChecker) typ(t *model.Type) {
	if t == nil || t.Builtin || s.seen[t] {
		return
	}
	s.seen[t] = true
	s.facets(t)
	for _, m := range append([]*model.Type{t.Item}, t.Members...) {
		if m != nil && m.Name.IsZero() {
			s.typ(m)
		}
	}
	if t.Base != nil && t.Base.Name.IsZero() {
		s.typ(t.Base)
	}
	attributes := map[model.Name]bool{}
	for _, u := range t.Attrs {
		if attributes[u.Attribute.Name] {
			s.warn(u.Place, "DuplicateName", "remove one of the two", "attribute %s stands twice in one type", u.Attribute.Name)
		}
		attributes[u.Attribute.Name] = true
		s.name(u.Place, "attribute", u.Attribute.Name)
		if a := u.Attribute; !a.Global && a.Type != nil && a.Type.Name.IsZero() {
			s.typ(a.Type)
		}
	}
	s.particle(t.Particle, true)
}

// facets looks at what bounds the values of a simple type.
func (s *schemaChecker) facets(t *model.Type) {
	for _, p := range t.Facets.Patterns {
		if strings.HasPrefix(p, "^") || strings.HasSuffix(p, "$") && !strings.HasSuffix(p, `\$`) {
			s.warn(t.Place, "AnchoredPattern", "leave ^ and $ out: a pattern is for the whole value", "the pattern %s has ^ or $, which are characters of the value in XML Schema; some tools read them as ends", p)
		}
	}
	values := map[string]bool{}
	for _, e := range t.Facets.Enum {
		if values[e.Value] {
			s.note(e.Place, "DuplicateValue", "remove one of the two", "the value %q stands twice in one enumeration", e.Value)
		}
		values[e.Value] = true
	}
}

// particle looks at a content model. outer is the particle of a type or group itself.
func (s *schemaChecker) particle(p *model.Particle, outer bool) {
	if p == nil {
		return
	}
	switch {
	case p.Element != nil:
		s.element(p)
		return
	case p.Any != nil, p.Ref != nil:
		return
	case p.Compositor == model.All && !outer:
		s.warn(p.Place, "NestedAll", "use xs:sequence", "xs:all stands inside of another group, which XML Schema 1.0 forbids")
	case p.Compositor == model.All:
		for _, item := range p.Items {
			if item.Max == model.Unbounded || item.Max > 1 {
				s.warn(item.Place, "RepeatedInAll", "use xs:sequence", "an element of xs:all may stand more than once, which XML Schema 1.0 forbids")
			}
		}
	case p.Compositor == model.Choice && len(p.Items) == 0 && p.Min > 0:
		s.warn(p.Place, "EmptyChoice", "use an empty xs:sequence", "the choice has no branch: no message is valid")
	}
	for _, item := range p.Items {
		s.particle(item, false)
	}
}

// element looks at a local element. References are looked at where the element is declared.
func (s *schemaChecker) element(p *model.Particle) {
	e := p.Element
	if e.Global {
		if e.Name == (model.Name{Space: model.NSSchema, Local: "schema"}) {
			s.note(p.Place, "DataSet", "describe the data by types of its own", "an ADO.NET DataSet is sent with its schema inside: its rows have no types here")
		}
		return
	}
	s.name(e.Place, "element", e.Name)
	if e.Type != nil && e.Type.Name.IsZero() {
		s.typ(e.Type)
	}
}

// mostSampled bounds what samples are tried, in bytes; a message that cannot be made counts as a large one.
const mostSampled = 64 << 20

// weight gives the bytes of a sample.
func weight(s *sample.Sample) int {
	if s == nil {
		return 1 << 20
	}
	n := 1 << 10
	for _, m := range []*sample.Message{s.Request, s.Response} {
		if m != nil {
			n += len(m.Body)
		}
	}
	return n
}

// samples tries the smallest message of every SOAP operation: what has none can be declared, but never sent.
func (c *checker) samples() {
	m := sample.New(c.d)
	told := map[string]bool{}
	left := mostSampled
	for _, t := range sample.Targets(c.d) {
		if t.Binding.Kind != model.SOAP11 && t.Binding.Kind != model.SOAP12 {
			continue
		}
		if left <= 0 {
			c.note(t.Op.Place, "TooLarge", "", "the smallest messages are so large that the rest was not tried")
			return
		}
		made, err := m.Make(t, sample.Options{Amount: sample.Minimal})
		left -= weight(made)
		var bad *sample.Error
		if errors.As(err, &bad) && !told[bad.Error()] {
			told[bad.Error()] = true
			c.warn(bad.Place, "NoFiniteMessage", "let something in it be left out, or add a type that ends", "operation %s has no finite valid message: %s", t.Op.Operation.Name, bad.Text)
		}
	}
}
