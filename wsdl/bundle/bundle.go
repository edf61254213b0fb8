package bundle

import (
	"errors"
	"fmt"

	"github.com/beevik/etree"

	"github.com/causeway-relay/causeway/wsdl/load"
	"github.com/causeway-relay/causeway/wsdl/model"
)

// Bundle writes a description as one WSDL document in UTF-8. The error is about a main document that is no WSDL, or a document that
// cannot be read as XML.
func Bundle(d *model.Description) ([]byte, error) {
	if len(d.Files) == 0 || d.Files[0].Schema {
		return nil, errors.New("the main document is a schema: bundle the WSDL that imports it")
	}
	b := &bundler{roots: map[*model.File]*etree.Element{}, taken: map[taken]bool{}, groups: map[string]*group{}, d: d, target: d.Target}
	root, err := b.root(d.Files[0])
	if err != nil {
		return nil, err
	}
	if err := b.definitions(d.Files[0], root); err != nil {
		return nil, err
	}
	for _, f := range d.Known {
		if f.Space == model.NSSchema {
			continue // every tool has it, and many refuse another
		}
		known, err := b.root(f)
		if err != nil {
			return nil, err
		}
		if err := b.schema(f, known, ""); err != nil {
			return nil, err
		}
	}
	b.redefine()
	out := etree.NewDocument()
	out.CreateProcInst("xml", `version="1.0" encoding="utf-8"`)
	out.SetRoot(b.document(root))
	out.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
	indent(out.Root(), 0)
	text, err := out.WriteToBytes()
	if err != nil {
		return nil, fmt.Errorf("write the bundle: %w", err)
	}
	return text, nil
}

// bundler gathers documents in the order in which the reader takes them, since the first of two declarations stands.
type bundler struct {
	d      *model.Description
	target string
	roots  map[*model.File]*etree.Element
	taken  map[taken]bool
	wsdl   []*etree.Element
	groups map[string]*group // by namespace
	order  []*group
	redefs []redefinition
}

// taken is a document, and the namespace that it was given.
type taken struct {
	file  *model.File
	space string
}

// group is all schema documents of a namespace.
type group struct {
	space   string
	schema  *model.Schema
	out     *etree.Element
	have    map[string]*etree.Element // by symbol space and name
	imports []string
	located map[string]string // where an import says that its namespace is
	first   bool              // no document is in it yet
}

// redefinition is a component that takes the place of another.
type redefinition struct {
	group *group
	node  *etree.Element
	doc   *document
}

// document is a schema document, and what its declarations need to know of it.
type document struct {
	root      *etree.Element
	chameleon bool
}

// root gives the tree of a document, read once however many others name it. Its encoding is UTF-8 from here on.
func (b *bundler) root(f *model.File) (*etree.Element, error) {
	if r := b.roots[f]; r != nil {
		return r, nil
	}
	text, err := load.Text(f.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	if doc.Root() == nil {
		return nil, fmt.Errorf("%s: it has no element", f.Name)
	}
	b.roots[f] = doc.Root()
	return doc.Root(), nil
}

// take notes that a document is in the bundle in a role, as the reader does; false if it was before.
func (b *bundler) take(f *model.File, space string) bool {
	key := taken{f, space}
	if b.taken[key] {
		return false
	}
	b.taken[key] = true
	return true
}

// definitions takes a WSDL document with all that it imports.
func (b *bundler) definitions(f *model.File, root *etree.Element) error {
	if !b.take(f, "") {
		return nil
	}
	b.wsdl = append(b.wsdl, root)
	for _, types := range children(root, model.NSWSDL, "types") {
		for _, s := range children(types, model.NSSchema, "schema") {
			if err := b.schema(f, s, ""); err != nil {
				return err
			}
		}
	}
	for _, i := range children(root, model.NSWSDL, "import") {
		to := f.Ref(attr(i, "location"))
		if to == nil {
			continue
		}
		child, err := b.root(to)
		if err != nil {
			return err
		}
		switch {
		case is(child, model.NSWSDL, "definitions"):
			err = b.definitions(to, child)
		case is(child, model.NSSchema, "schema") && b.take(to, attr(child, "targetNamespace")):
			err = b.schema(to, child, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// schema takes a schema document; chameleon is the namespace that an including one gives it.
func (b *bundler) schema(f *model.File, root *etree.Element, chameleon string) error {
	doc := &document{root: root}
	space := attr(root, "targetNamespace")
	if space == "" && chameleon != "" {
		space, doc.chameleon = chameleon, true
	}
	g := b.groups[space]
	if g == nil {
		g = &group{space: space, schema: b.d.Schema, have: map[string]*etree.Element{}, located: map[string]string{}, first: true}
		b.groups[space] = g
		b.order = append(b.order, g)
	}
	g.add(doc)
	for _, k := range root.ChildElements() {
		if spaceOf(k) != model.NSSchema {
			continue
		}
		var err error
		switch k.Tag {
		case "import":
			err = b.imported(f, k, g)
		case "include", "redefine":
			err = b.included(f, k, space, func(k *etree.Element) { b.redefs = append(b.redefs, redefinition{g, k, doc}) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// imported follows an xs:import. One that was not read stays an import with its location, so that a tool which may fetch still can.
func (b *bundler) imported(f *model.File, k *etree.Element, g *group) error {
	location := attr(k, "schemaLocation")
	to := f.Ref(location)
	g.importing(attr(k, "namespace"))
	if to == nil || location == "" {
		if location != "" {
			g.located[attr(k, "namespace")] = location
		}
		return nil
	}
	return b.adopt(to, func(root *etree.Element) error {
		if b.take(to, attr(root, "targetNamespace")) {
			return b.schema(to, root, "")
		}
		return nil
	})
}

// included follows an xs:include or xs:redefine. The components of a redefinition wait until everything is there.
func (b *bundler) included(f *model.File, k *etree.Element, into string, redefined func(*etree.Element)) error {
	if to := f.Ref(attr(k, "schemaLocation")); to != nil {
		err := b.adopt(to, func(root *etree.Element) error {
			space := attr(root, "targetNamespace")
			switch {
			case space != "" && space != into:
				if b.take(to, space) {
					return b.schema(to, root, "")
				}
			case b.take(to, into):
				return b.schema(to, root, into)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if k.Tag == "redefine" {
		for _, c := range k.ChildElements() {
			if spaceOf(c) == model.NSSchema && attr(c, "name") != "" {
				redefined(c)
			}
		}
	}
	return nil
}

// adopt gives the schema of a document to take, or takes the WSDL that it is.
func (b *bundler) adopt(to *model.File, take func(*etree.Element) error) error {
	root, err := b.root(to)
	switch {
	case err != nil:
		return err
	case is(root, model.NSSchema, "schema"):
		return take(root)
	case is(root, model.NSWSDL, "definitions"):
		return b.definitions(to, root)
	}
	return nil
}
