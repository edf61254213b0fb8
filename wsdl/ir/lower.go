package ir

import (
	"fmt"
	"slices"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// Options say what a Program holds.
type Options struct {
	All bool // every global type and element, not only what operations reach
}

// Lower makes a program of a description.
func Lower(d *model.Description, o Options) *Program {
	l := &lowerer{
		p: &Program{Description: d}, schema: d.Schema,
		types: map[*model.Type]*Type{}, oneOf: map[*model.Element]*Type{}, assumed: map[*model.Operation]bool{}, sources: map[*Field]*model.Element{},
	}
	l.ports()
	if o.All {
		for _, t := range d.Schema.Types {
			l.typeOf(t, nil)
		}
		for _, e := range d.Schema.Elements {
			l.p.Elements = append(l.p.Elements, &Message{Element: e.Name, Type: l.typeOf(e.Type, []string{e.Name.Local}), Nillable: e.Nillable})
		}
	}
	l.finish()
	return l.p
}

// lowerer keeps what has been lowered. Types are registered before their content is read, so recursion ends.
type lowerer struct {
	p        *Program
	schema   *model.Schema
	types    map[*model.Type]*Type
	oneOf    map[*model.Element]*Type
	work     []func()
	wrappers []wrapped
	assumed  map[*model.Operation]bool // operations of no binding that have been told
	expanded int                       // uses of groups so far

	sources map[*Field]*model.Element // the declarations that fields are of
}

func (l *lowerer) problem(at model.Place, code, format string, args ...any) {
	l.p.Problems = append(l.p.Problems, model.Problem{Level: model.Warning, Place: at, Code: code, Text: fmt.Sprintf(format, args...)})
}

// finish reads the contents of all types that were asked for, and of those that may stand in their place, until no more come.
func (l *lowerer) finish() {
	for done := 0; len(l.work) > 0 || done < len(l.p.Types); {
		for len(l.work) > 0 {
			f := l.work[0]
			l.work = l.work[1:]
			f()
		}
		for ; done < len(l.p.Types); done++ {
			if t := l.p.Types[done]; t.Kind == Struct && t.Source != nil {
				l.derived(t, t.Source, map[*model.Type]bool{})
			}
		}
	}
}

// derived lowers what is derived from a type: a value may say by xsi:type that it is one of them.
func (l *lowerer) derived(t *Type, source *model.Type, seen map[*model.Type]bool) {
	for _, m := range source.Derived {
		if seen[m] || m.Name.IsZero() {
			continue
		}
		seen[m] = true
		if d := l.typeOf(m, nil); d.Kind == Struct && !m.Abstract {
			t.Derived = append(t.Derived, d)
		}
		l.derived(t, m, seen)
	}
}

// typeOf lowers a type once. hint names an anonymous one.
func (l *lowerer) typeOf(m *model.Type, hint []string) *Type {
	if m == nil {
		return l.typeOf(l.schema.Type(model.Name{Space: model.NSSchema, Local: "anyType"}), nil)
	}
	if t := l.types[m]; t != nil {
		return t
	}
	t := &Type{Name: m.Name, Hint: hint, Place: m.Place, Doc: m.Doc, Source: m}
	l.types[m] = t
	if m.Simple {
		l.simple(t, m)
		if t.Kind == Enum {
			l.p.Types = append(l.p.Types, t)
		}
		return t
	}
	switch {
	case m.IsAny():
		t.Kind = Any
		return t
	case m.ArrayOf != nil:
		t.Kind, t.Dims = Array, m.ArrayDims
		t.Item = l.typeOf(m.ArrayOf, append(slices.Clip(hint), "Item"))
		return t
	}
	t.Kind, t.Abstract = Struct, m.Abstract
	l.p.Types = append(l.p.Types, t)
	l.work = append(l.work, func() { l.structure(t, m) })
	return t
}

// simple lowers a simple type: facets of all steps, the root that its text is read as.
func (l *lowerer) simple(t *Type, m *model.Type) {
	for c := m; c != nil; c = c.Base {
		if c.Builtin && c.Derivation != model.List {
			t.Root = c.Name.Local
			break
		}
		if bounded(&c.Facets) {
			t.Facets = append([]Facets{c.Facets}, t.Facets...)
		}
		if c.Derivation == model.List && c.Item != nil {
			t.Kind, t.Item = List, l.typeOf(c.Item, append(slices.Clip(t.Hint), "Item"))
			return
		}
		if c.Derivation == model.Union {
			t.Root = "anySimpleType"
			for _, u := range c.Members {
				t.Union = append(t.Union, l.typeOf(u, append(slices.Clip(t.Hint), "Member")))
			}
			break
		}
	}
	if t.Root == "" {
		t.Root = "string"
	}
	if values := enumOf(m); values != nil && isText(t.Root) {
		t.Kind, t.Values = Enum, values
	}
}

// enumOf gives the values of the nearest step that lists some.
func enumOf(m *model.Type) []model.Enum {
	for c := m; c != nil && !c.Builtin; c = c.Base {
		if len(c.Facets.Enum) > 0 {
			return c.Facets.Enum
		}
		if c.Derivation != model.Restriction {
			break
		}
	}
	return nil
}

// isText reports whether values of a built-in type are text to a program.
func isText(root string) bool {
	switch root {
	case "string", "normalizedString", "token", "language", "NMTOKEN", "Name", "NCName", "ID", "IDREF", "ENTITY", "anyURI":
		return true
	}
	return false
}

func bounded(f *model.Facets) bool {
	return len(f.Enum) > 0 || len(f.Patterns) > 0 || f.Length != nil || f.MinLength != nil || f.MaxLength != nil || f.TotalDigits != nil ||
		f.FractDigits != nil || f.MinInclusive+f.MaxInclusive+f.MinExclusive+f.MaxExclusive != "" || f.WhiteSpace != ""
}
