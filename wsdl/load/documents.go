package load

import (
	"errors"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// schemaDoc is one xs:schema element, and what its declarations need to know of it.
type schemaDoc struct {
	root            *node
	space           string // target namespace, the includer's for a chameleon
	chameleon       bool
	elements, attrs bool // elementFormDefault, attributeFormDefault are qualified
}

// definitions takes a WSDL document: its own content, the schemas in it, and what it imports.
func (l *loader) definitions(root *node) {
	if !l.take(root.place.File.URL, "") {
		return
	}
	l.r.wsdl = append(l.r.wsdl, root)
	for _, types := range root.all(model.NSWSDL, "types") {
		for _, s := range types.all(model.NSSchema, "schema") {
			l.schema(s, "")
		}
	}
	for _, i := range root.all(model.NSWSDL, "import") {
		l.importWSDL(i)
	}
}

// take notes that a document is read in a role; false if it was before.
func (l *loader) take(url, space string) bool {
	key := docKey{url, space}
	if l.docs[key] || l.err != nil {
		return false
	}
	l.docs[key] = true
	return true
}

func (l *loader) importWSDL(i *node) {
	location := i.attr("location")
	if location == "" {
		l.problem(model.Warning, i.place, "NoLocation", "add a location attribute, or merge the files", "import of %s has no location", i.attr("namespace"))
		return
	}
	root := l.child(i, location, i.attr("namespace"))
	l.importedSpace(i, root)
	switch {
	case root == nil:
	case root.is(model.NSWSDL, "definitions"):
		l.definitions(root)
	case root.is(model.NSSchema, "schema"): // what several stacks write, though WSDL says otherwise
		if l.take(root.place.File.URL, root.attr("targetNamespace")) {
			l.schema(root, "")
		}
	default:
		l.problem(model.Warning, i.place, "NotAWSDL", "", "%s is no description: %s", location, notWSDL(root))
	}
}

// importedSpace compares the namespace that an import names with that of the document. What the document says counts.
func (l *loader) importedSpace(i, root *node) {
	if root == nil || root.is(model.NSWSDL, "definitions") && i.name.Space == model.NSSchema {
		return
	}
	if want, have := i.attr("namespace"), root.attr("targetNamespace"); want != have {
		l.problem(model.Warning, i.place, "ImportNamespace", "write the namespace of the document",
			"import of namespace %q, and the document has %q; strict tools refuse that (R2002, R2005)", want, have)
	}
}

// child opens a document that another one names; nil if that cannot be done, which is then in the problems.
func (l *loader) child(at *node, location, space string) *node {
	if l.err != nil {
		return nil
	}
	root, err := l.open(at.place.File.URL, location, false)
	if err == nil {
		at.place.File.Refer(location, root.place.File)
		return root
	}
	switch {
	case l.err != nil:
	case errors.Is(err, ErrRemote) && wellKnown(space) != nil:
		// What is needed of it comes with us.
	case errors.Is(err, ErrRemote):
		l.problem(model.Warning, at.place, "NotFetched", "allow fetching, or map the location to a file",
			"%s %s", location, ErrRemote)
	default:
		l.problem(model.Warning, at.place, "CannotRead", "put the file where the location points, or map it", "%s: %s", location, err)
	}
	return nil
}

// schema takes a schema; chameleon is the namespace that an including schema gives it.
func (l *loader) schema(root *node, chameleon string) {
	d := &schemaDoc{
		root: root, space: root.attr("targetNamespace"),
		elements: root.attr("elementFormDefault") == "qualified",
		attrs:    root.attr("attributeFormDefault") == "qualified",
	}
	if d.space == "" && chameleon != "" {
		d.space, d.chameleon = chameleon, true
	}
	l.r.loaded[d.space] = true
	l.r.schemas = append(l.r.schemas, d)
	for _, k := range root.kids {
		if k.name.Space != model.NSSchema || l.err != nil {
			continue
		}
		switch k.name.Local {
		case "import":
			l.importSchema(k)
		case "include":
			l.include(k, d)
		case "redefine":
			l.redefine(k, d)
		}
	}
}

func (l *loader) importSchema(k *node) {
	space, location := k.attr("namespace"), k.attr("schemaLocation")
	if location == "" {
		return // found among all schemas, or among those that come with us
	}
	root := l.child(k, location, space)
	l.importedSpace(k, root)
	if root == nil {
		return
	}
	l.adopt(root, k, location, func(s *node, url string) {
		if l.take(url, s.attr("targetNamespace")) {
			l.schema(s, "")
		}
	})
}

// adopt gives the schemas of a document to take: it is one, or a WSDL that has some.
func (l *loader) adopt(root, at *node, location string, take func(s *node, url string)) {
	switch {
	case root.is(model.NSSchema, "schema"):
		take(root, root.place.File.URL)
	case root.is(model.NSWSDL, "definitions"):
		l.definitions(root)
	default:
		l.problem(model.Warning, at.place, "NotASchema", "", "%s is no schema: its root is %s", location, root.name)
	}
}

func (l *loader) include(k *node, into *schemaDoc) {
	root := l.child(k, k.attr("schemaLocation"), into.space)
	if root == nil {
		return
	}
	l.adopt(root, k, k.attr("schemaLocation"), func(s *node, url string) {
		space := s.attr("targetNamespace")
		switch {
		case space != "" && space != into.space:
			l.problem(model.Warning, k.place, "OtherNamespace", "use xs:import", "include of %s, whose namespace is %s", k.attr("schemaLocation"), space)
			if l.take(url, space) {
				l.schema(s, "")
			}
		case l.take(url, into.space):
			l.schema(s, into.space)
		}
	})
}

// redefine is an include whose children replace components of the document (part 1, 4.2.2).
func (l *loader) redefine(k *node, into *schemaDoc) {
	before := len(l.r.schemas)
	l.include(k, into)
	if before == len(l.r.schemas) && k.xsd("simpleType", "complexType", "group", "attributeGroup") != nil {
		l.problem(model.Warning, k.place, "RedefinedTwice", "", "%s was read before, so its redefinition may come too late", k.attr("schemaLocation"))
	}
	for _, c := range k.kids {
		if c.name.Space == model.NSSchema && c.attr("name") != "" {
			l.r.redefinitions = append(l.r.redefinitions, redefinition{c, into})
		}
	}
}

// redefinition is a component that takes the place of another of the same kind and name.
type redefinition struct {
	node *node
	doc  *schemaDoc
}
