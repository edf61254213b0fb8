package load

import (
	"github.com/causeway-relay/causeway/wsdl/model"
)

// resolver turns declarations into components: first shells of all global ones, then what is in them.
type resolver struct {
	l *loader
	s *model.Schema
	d *model.Description

	wsdl          []*node
	schemas       []*schemaDoc
	redefinitions []redefinition
	loaded        map[string]bool // namespaces that some schema document is of
	declared      int             // schemas whose shells are there
	work          []func()        // contents that wait to be read

	anon                                    []*model.Type // types without names
	linkedTypes, linkedElements, linkedAnon int           // what link has seen

	originals map[any]any // a redefined component -> what it was
	groups    map[*model.AttributeGroup]*pending
	policies  map[string]*node                      // by document URL and id
	anyPolicy map[string]*node                      // by id alone: the first
	cut       map[*model.Type]bool                  // simple types that cutTypes has seen: false while it is in them
	unknown   map[*model.Message]*node              // messages whose content nobody can name, and the part that says so
	undone    map[*model.PortType]map[string]string // operations that are left out, and why
	messages  map[model.Name]*model.Message
	portTypes map[model.Name]*model.PortType
	bindings  map[model.Name]*model.Binding
	leftOut   map[model.Name]bool // bindings that are there and cannot be read
}

// pending is an attribute group that is read when it is first asked for, since its attributes are copied to its users.
type pending struct {
	node *node
	doc  *schemaDoc
	busy bool
	done bool
}

func newResolver(l *loader) *resolver {
	return &resolver{
		l: l, s: l.d.Schema, d: l.d, loaded: map[string]bool{}, originals: map[any]any{}, groups: map[*model.AttributeGroup]*pending{},
		policies: map[string]*node{}, anyPolicy: map[string]*node{}, cut: map[*model.Type]bool{}, unknown: map[*model.Message]*node{}, leftOut: map[model.Name]bool{}, undone: map[*model.PortType]map[string]string{}, messages: map[model.Name]*model.Message{},
		portTypes: map[model.Name]*model.PortType{}, bindings: map[model.Name]*model.Binding{},
	}
}

// resolve makes the model of all that was read.
func (r *resolver) resolve() {
	r.declare()
	for _, d := range r.redefinitions {
		r.redefine(d)
	}
	r.drain()
	r.link()
	r.services()
	r.drain() // well-known schemas that services asked for
	r.link()
}

// drain reads waiting contents. More may come while it does: a reference to a well-known schema brings that in.
func (r *resolver) drain() {
	for len(r.work) > 0 && r.l.err == nil {
		work := r.work
		r.work = nil
		for _, f := range work {
			f()
		}
	}
}

// declare makes the shells of schemas that have none yet.
func (r *resolver) declare() {
	for ; r.declared < len(r.schemas); r.declared++ {
		d := r.schemas[r.declared]
		for _, k := range d.root.kids {
			if k.name.Space == model.NSSchema && k.attr("name") != "" {
				r.shell(k, d)
			}
		}
	}
}

// shell declares a global component.
func (r *resolver) shell(k *node, d *schemaDoc) {
	name := model.Name{Space: d.space, Local: k.attr("name")}
	switch k.name.Local {
	case "complexType", simpleType:
		t := &model.Type{Name: name, Place: k.place, Simple: k.name.Local == simpleType}
		if old := r.s.AddType(t); old != nil {
			r.twice(k, old.Place, "type", name)
			return
		}
		r.later(func() { r.typeContent(t, k, d) })
	case "element":
		e := &model.Element{Name: name, Place: k.place, Global: true}
		if old := r.s.AddElement(e); old != nil {
			r.twice(k, old.Place, "element", name)
			return
		}
		r.later(func() { r.elementContent(e, k, d) })
	case "attribute":
		a := &model.Attribute{Name: name, Place: k.place, Global: true}
		if old := r.s.AddAttribute(a); old != nil {
			r.twice(k, old.Place, "attribute", name)
			return
		}
		r.later(func() { r.attributeContent(a, k, d) })
	case "group":
		g := &model.Group{Name: name, Place: k.place, Doc: k.doc()}
		if old := r.s.AddGroup(g); old != nil {
			r.twice(k, old.Place, "group", name)
			return
		}
		r.later(func() { g.Particle = r.modelGroup(k, d) })
	case "attributeGroup":
		g := &model.AttributeGroup{Name: name, Place: k.place}
		if old := r.s.AddAttributeGroup(g); old != nil {
			r.twice(k, old.Place, "attribute group", name)
			return
		}
		r.groups[g] = &pending{node: k, doc: d}
		r.later(func() { r.fillGroup(g) })
	}
}

func (r *resolver) later(f func()) { r.work = append(r.work, f) }

// twice notes a second declaration. The same schema often stands in several files, which is no matter.
func (r *resolver) twice(k *node, old model.Place, kind string, name model.Name) {
	level := model.Note
	if old.File == k.place.File {
		level = model.Warning
	}
	r.l.problem(level, k.place, "DuplicateName", "remove one of the two", "%s %s is declared at %s already; that one is used", kind, name, old)
}

// redefine replaces a component by its redefinition. References that its own content makes to its name mean what it was.
func (r *resolver) redefine(d redefinition) {
	k, name := d.node, model.Name{Space: d.doc.space, Local: d.node.attr("name")}
	switch k.name.Local {
	case "complexType", simpleType:
		t := r.s.Type(name)
		if t == nil {
			r.nothing(k, name)
			return
		}
		was := &model.Type{Name: name}
		r.original(t, was)
		r.later(func() {
			*was = *t
			was.Name = model.Name{} // it cannot be named any more
			*t = model.Type{Name: name, Place: k.place, Simple: k.name.Local == simpleType}
			r.typeContent(t, k, d.doc)
		})
	case "group":
		g := r.s.Group(name)
		if g == nil {
			r.nothing(k, name)
			return
		}
		was := &model.Group{Name: name}
		r.original(g, was)
		r.later(func() {
			*was = *g
			*g = model.Group{Name: name, Place: k.place, Doc: k.doc()}
			g.Particle = r.modelGroup(k, d.doc)
		})
	case "attributeGroup":
		g := r.s.AttributeGroup(name)
		if g == nil {
			r.nothing(k, name)
			return
		}
		was := &model.AttributeGroup{Name: name}
		r.original(g, was)
		r.groups[was], r.groups[g] = r.groups[g], &pending{node: k, doc: d.doc}
	}
}

func (r *resolver) original(now, was any) { r.originals[now] = was }

func (r *resolver) nothing(k *node, name model.Name) {
	r.l.problem(model.Warning, k.place, "NothingToRedefine", "declare it outside of xs:redefine", "the document has no %s %s to redefine", k.name.Local, name)
}

// bring declares the well-known schema of a namespace that no document is of. It reports whether that was new.
func (r *resolver) bring(space string) bool {
	content := wellKnown(space)
	if content == nil || r.loaded[space] {
		return false
	}
	r.loaded[space] = true
	file := &model.File{Name: "well-known:" + space, URL: "well-known:" + space, Space: space, Schema: true, Bytes: content}
	root, err := r.l.parse(file, content)
	if err != nil {
		r.l.problem(model.Refused, model.Place{}, "WellKnown", "", "well-known schema of %s: %s", space, err) // a test reads each
		return false
	}
	r.d.Known = append(r.d.Known, file)
	r.l.schema(root, "")
	r.declare()
	return true
}
