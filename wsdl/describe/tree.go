package describe

import (
	"fmt"
	"strings"
)

// Tree draws an outline for people: services with their ports and operations, what each message is made of, then the other elements
// and the types. Names stand without their namespace where only one component has them. No byte of the description that could move a
// terminal is in it.
func (o *Outline) Tree() string {
	d := &drawer{o: o, elements: map[string]*Element{}, types: map[string]*Type{}, count: map[string]int{}, shown: map[string]bool{}}
	for i := range o.Elements {
		d.elements[o.Elements[i].Name] = &o.Elements[i]
		d.count[local(o.Elements[i].Name)+" element"]++
	}
	for i := range o.Types {
		d.types[o.Types[i].Name] = &o.Types[i]
		d.count[local(o.Types[i].Name)+" type"]++
	}
	for i := range o.Groups {
		d.count[local(o.Groups[i].Name)+" group"]++
	}
	root := d.root()
	var b strings.Builder
	for _, n := range root {
		b.WriteString(n.text + "\n")
		n.draw(&b, "")
	}
	return b.String()
}

// branch is a line of the tree and what hangs on it.
type branch struct {
	text string
	kids []*branch
}

// add hangs a line on a branch and gives it. Empty words are left out; the others are cleaned, since all come from the description.
func (b *branch) add(words ...string) *branch {
	var said []string
	for _, w := range words {
		if w != "" {
			said = append(said, clean(w))
		}
	}
	kid := &branch{text: strings.Join(said, "  ")}
	b.kids = append(b.kids, kid)
	return kid
}

// draw writes what hangs on a branch.
func (b *branch) draw(out *strings.Builder, indent string) {
	for i, k := range b.kids {
		edge, next := "├─ ", "│  "
		if i == len(b.kids)-1 {
			edge, next = "└─ ", "   "
		}
		out.WriteString(indent + edge + k.text + "\n")
		k.draw(out, indent+next)
	}
}

// clean takes out what would break a line or move a terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, text)
}

// local cuts the namespace off a name.
func local(name string) string { return name[strings.LastIndexByte(name, '}')+1:] }

// drawer turns an outline into branches.
type drawer struct {
	o        *Outline
	elements map[string]*Element
	types    map[string]*Type
	count    map[string]int  // components by local name and symbol space
	shown    map[string]bool // elements that a message has shown
}

// short leaves out the namespace of a name where nothing else has that local name.
func (d *drawer) short(name, space string) string {
	if d.count[local(name)+" "+space] > 1 {
		return name
	}
	return local(name)
}

// root gives the top lines: services, what no service has, elements that no message showed, groups, types.
func (d *drawer) root() []*branch {
	var all []*branch
	top := func(text string) *branch {
		b := &branch{text: clean(text)}
		all = append(all, b)
		return b
	}
	for i := range d.o.Services {
		s := &d.o.Services[i]
		b := top("service " + local(s.Name) + "  " + d.o.Namespace)
		b.doc(s.Doc)
		d.ports(b, s.Ports)
	}
	if len(d.o.Bindings) > 0 {
		d.ports(top("bindings without a service"), d.o.Bindings)
	}
	rest := &branch{text: "other elements"}
	for i := range d.o.Elements {
		if e := &d.o.Elements[i]; !d.shown[e.Name] {
			d.element(rest, e, "", d.short(e.Name, "element"))
		}
	}
	if len(rest.kids) > 0 {
		all = append(all, rest)
	}
	if len(d.o.Groups) > 0 {
		b := top("groups")
		for _, g := range d.o.Groups {
			d.particle(b.add(d.short(g.Name, "group")), g.Content, true)
		}
	}
	if len(d.o.Types) > 0 {
		b := top("types")
		for i := range d.o.Types {
			t := &d.o.Types[i]
			d.content(b.add(append([]string{d.short(t.Name, "type")}, d.typeWords(t)...)...), t)
		}
	}
	return all
}

// doc hangs the first line of a documentation.
func (b *branch) doc(text string) {
	if line, _, _ := strings.Cut(strings.TrimSpace(text), "\n"); line != "" {
		if r := []rune(line); len(r) > 100 {
			line = string(r[:97]) + "..."
		}
		b.add("# " + strings.TrimSpace(line))
	}
}

// ports draws ports. One whose operations another port of the service has shown only names that one.
func (d *drawer) ports(b *branch, ports []Port) {
	seen := map[string]string{}
	for i := range ports {
		p := &ports[i]
		style := ""
		if len(p.Operations) > 0 && strings.HasPrefix(p.Protocol, "SOAP") {
			style = p.Operations[0].Style + "/" + p.Operations[0].Use
		}
		port := b.add("port "+p.Name, p.Protocol, style, p.Address)
		port.doc(p.Doc)
		if p.Transport != "" && p.Transport != httpTransport {
			port.add("transport " + p.Transport)
		}
		if p.Addressing {
			port.add("WS-Addressing")
		}
		if len(p.Policies) > 0 {
			port.add("asks for " + strings.Join(p.Policies, ", "))
		}
		if other, ok := seen[p.PortType+p.Binding]; ok {
			port.add("operations as at port " + other)
			continue
		}
		seen[p.PortType+p.Binding] = p.Name
		for j := range p.Operations {
			d.operation(port, &p.Operations[j])
		}
	}
}

const httpTransport = "http://schemas.xmlsoap.org/soap/http"

// operation hangs an operation with its messages.
func (d *drawer) operation(b *branch, o *Operation) {
	what := ""
	if o.Exchange != "request-response" {
		what = o.Exchange
	}
	action := o.Location
	if o.Action != "" {
		action = "action " + o.Action
	}
	op := b.add(o.Name, what, action)
	op.doc(o.Doc)
	if len(o.Policies) > 0 {
		op.add("asks for " + strings.Join(o.Policies, ", "))
	}
	if o.Input != nil {
		d.message(op, "request", o.Input)
	}
	if o.Output != nil {
		d.message(op, "response", o.Output)
	}
	for i := range o.Faults {
		d.message(op, "fault "+o.Faults[i].Name, &o.Faults[i])
	}
}

// message hangs what goes one way: headers, then the body, then what travels beside the envelope.
func (d *drawer) message(b *branch, word string, m *Message) {
	for _, h := range m.Headers {
		d.part(b, word+" header", h)
	}
	switch {
	case m.Wrapper != "":
		w := b.add(word, local(m.Wrapper))
		for _, p := range m.Parts {
			d.part(w, "", p)
		}
	case len(m.Parts) == 0:
		b.add(word, "(empty)")
	default:
		for _, p := range m.Parts {
			d.part(b, word, p)
		}
	}
	for _, a := range m.Attached {
		b.add(word+" attachment", a.Name, strings.Join(a.Media, " or "))
	}
}

// part hangs a part. An element is shown with what stands in it, a type by its name.
func (d *drawer) part(b *branch, word string, p Part) {
	if p.Element == "" {
		b.add(word, p.Name, d.typeShort(p.Type))
		return
	}
	e := d.elements[p.Element]
	if e == nil {
		b.add(word, local(p.Element))
		return
	}
	d.shown[e.Name] = true
	d.element(b, e, word, d.short(e.Name, "element"))
}

// element draws an element, and below it what stands in it: of a type without a name all of it, of a message's type the first level.
func (d *drawer) element(b *branch, e *Element, word, name string) {
	words := []string{word, name}
	t := e.Anonymous
	if t == nil {
		words = append(words, d.typeShort(e.Type))
	} else {
		words = append(words, d.typeWords(t)...)
	}
	kid := b.add(append(words, elementWords(e)...)...)
	if t == nil && word != "" {
		t = d.types[e.Type]
	}
	if t != nil {
		d.content(kid, t)
	}
}

// elementWords says what is special about an element.
func elementWords(e *Element) []string {
	var words []string
	if e.Nillable {
		words = append(words, "nillable")
	}
	if e.Abstract {
		words = append(words, "abstract")
	}
	if e.Default != nil {
		words = append(words, fmt.Sprintf("default %q", *e.Default))
	}
	if e.Fixed != nil {
		words = append(words, fmt.Sprintf("fixed %q", *e.Fixed))
	}
	if e.Head != "" {
		words = append(words, "in place of "+local(e.Head))
	}
	return words
}

// typeShort is short for types; those of XML Schema keep the prefix that everybody knows.
func (d *drawer) typeShort(name string) string {
	if strings.HasPrefix(name, "xs:") {
		return name
	}
	return d.short(name, "type")
}
