package bundle

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"github.com/causeway-relay/causeway/wsdl/model"
)

// sortedKeys gives keys in the order of the alphabet: no output may depend on the order of a map.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func itoa(n int) string { return strconv.Itoa(n) }

const (
	nsUtility   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
	nsMetadata  = "http://www.w3.org/2006/05/addressing/wsdl"
	nsAnyAction = "Action"
)

// rank orders what stands in definitions (WSDL 1.1, appendix A.4). Policies and other extensions come first, as WCF writes them.
var rank = map[string]int{"documentation": -1, "types": 1, "message": 2, "portType": 3, "binding": 4, "service": 5}

// document makes the one document: the main one's root with the content of all.
func (b *bundler) document(main *etree.Element) *etree.Element {
	out := etree.NewElement(main.Tag)
	out.Space = main.Space
	for i := range main.Attr {
		out.CreateAttr(main.Attr[i].FullKey(), main.Attr[i].Value)
	}
	names := b.names()
	var all []*etree.Element
	for i, root := range b.wsdl {
		ids := b.policyIDs(i)
		for _, k := range root.ChildElements() {
			local := spaceOf(k) == model.NSWSDL
			switch {
			case local && (k.Tag == "import" || k.Tag == "types"), local && k.Tag == "documentation" && i > 0:
				continue
			case local && k.Tag != "documentation":
				key := component{k.Tag, model.Name{Space: attr(root, "targetNamespace"), Local: attr(k, "name")}}
				if k.Tag != "service" && names[key].from != k {
					continue // declared before
				}
			}
			all = append(all, b.moveWSDL(k, out, root, names, ids))
		}
	}
	if types := b.types(out); types != nil {
		all = append(all, types)
	}
	slices.SortStableFunc(all, func(x, y *etree.Element) int { return cmp.Compare(rankOf(x), rankOf(y)) })
	for _, k := range all {
		out.AddChild(k) // moves it to the end
	}
	return out
}

// rankOf gives the place of an element among the children of definitions; what is not WSDL's own comes first.
func rankOf(e *etree.Element) int {
	if spaceOf(e) != model.NSWSDL {
		return 0
	}
	return rank[e.Tag]
}

// types makes wsdl:types with a schema for each namespace.
func (b *bundler) types(out *etree.Element) *etree.Element {
	if len(b.order) == 0 {
		return nil
	}
	types := etree.NewElement("types")
	types.Space = out.Space
	out.AddChild(types)
	for _, g := range b.order {
		at := 0
		for _, space := range g.imports {
			if _, brought := b.groups[space]; !brought && g.located[space] == "" {
				continue
			}
			i := etree.NewElement("import")
			i.Space = g.out.Space
			if space != "" {
				i.CreateAttr("namespace", space)
			}
			if _, brought := b.groups[space]; !brought {
				i.CreateAttr("schemaLocation", g.located[space])
			}
			g.out.InsertChildAt(at, i)
			at++
		}
		trim(g.out, types)
		types.AddChild(g.out)
	}
	return types
}

// trim takes declarations away that the place of a schema has too, or that nothing in it mentions.
func trim(schema, to *etree.Element) {
	there := decls(to)
	kept := schema.Attr[:0]
	for _, a := range schema.Attr {
		if a.Space == "xmlns" && (there[a.Key] == a.Value || !mentionsBelow(schema, a.Key)) ||
			a.Space == "" && a.Key == "xmlns" && a.Value == there[""] {
			continue
		}
		kept = append(kept, a)
	}
	slices.SortStableFunc(kept, func(x, y etree.Attr) int {
		if c := cmp.Compare(place(x), place(y)); c != 0 || place(x) > 1 {
			return c
		}
		return cmp.Compare(x.FullKey(), y.FullKey())
	})
	schema.Attr = kept
}

// place orders the attributes of a schema: declarations by name, its namespace, the rest as it came.
func place(a etree.Attr) int {
	switch {
	case a.Space == "xmlns" || a.Key == "xmlns":
		return 0
	case a.Key == "targetNamespace":
		return 1
	}
	return 2
}

// mentionsBelow reports whether a prefix may stand in an element or below, its own declarations not counted.
func mentionsBelow(e *etree.Element, prefix string) bool {
	bare := e.Copy()
	bare.Attr = slices.DeleteFunc(bare.Attr, func(a etree.Attr) bool { return a.Space == "xmlns" || a.Key == "xmlns" })
	return mentions(bare, prefix)
}

// component is a WSDL component.
type component struct {
	kind string
	name model.Name
}

// named is what becomes of a component: its local name in the bundle.
type named struct {
	local string
	from  *etree.Element
}

// names gives every component its name in the main namespace. Those that have it already keep it.
func (b *bundler) names() map[component]named {
	all := map[component]named{}
	used := map[string]bool{}
	for _, own := range []bool{true, false} {
		for _, root := range b.wsdl {
			space := attr(root, "targetNamespace")
			if (space == b.target) != own {
				continue
			}
			for _, k := range root.ChildElements() {
				if spaceOf(k) != model.NSWSDL || rank[k.Tag] < 2 {
					continue
				}
				key := component{k.Tag, model.Name{Space: space, Local: attr(k, "name")}}
				if all[key].from != nil {
					continue
				}
				local := key.name.Local
				for n := 2; used[k.Tag+" "+local]; n++ {
					local = key.name.Local + "_" + itoa(n)
				}
				used[k.Tag+" "+local] = true
				all[key] = named{local, k}
			}
		}
	}
	return all
}

// policyIDs gives new ids for those policies of a document whose ids an earlier document has.
func (b *bundler) policyIDs(at int) map[string]string {
	used := map[string]bool{}
	for _, root := range b.wsdl[:at] {
		for _, id := range idsOf(root) {
			used[id] = true
		}
	}
	renamed := map[string]string{}
	for _, id := range idsOf(b.wsdl[at]) {
		if used[id] {
			renamed[id] = id + "_" + itoa(at+1)
		}
	}
	return renamed
}

// idsOf gives the ids of the policies at the top of a document.
func idsOf(root *etree.Element) []string {
	var ids []string
	for _, k := range root.ChildElements() {
		if k.Tag == "Policy" {
			if a := idOf(k); a != nil {
				ids = append(ids, a.Value)
			}
		}
	}
	return ids
}

// idOf gives the attribute that a policy is named by, nil if it has none (WS-Policy 1.5, 4.2).
func idOf(k *etree.Element) *etree.Attr {
	for i := range k.Attr {
		a := &k.Attr[i]
		if space, _ := lookup(k, a.Space); a.Space != "" && (space == nsUtility && a.Key == "Id" || space == model.NSXML && a.Key == "id") {
			return a
		}
	}
	return nil
}

// moveWSDL moves what stands in a document's definitions into the bundle, with its names and references as they are there.
func (b *bundler) moveWSDL(k, out, root *etree.Element, names map[component]named, ids map[string]string) *etree.Element {
	space := attr(root, "targetNamespace")
	copied := move(k, out)
	if n, ok := names[component{k.Tag, model.Name{Space: space, Local: attr(k, "name")}}]; ok && n.local != attr(k, "name") {
		copied.CreateAttr("name", n.local)
	}
	walk(copied, func(e *etree.Element) {
		switch {
		case attr(e, "message") != "":
			b.point(e, out, "message", "message", space, names)
		case e == copied && e.Tag == "binding":
			b.point(e, out, "type", "portType", space, names)
		case e.Tag == "port" && attr(e, "binding") != "":
			b.point(e, out, "binding", "binding", space, names)
		}
		if id := idOf(e); id != nil && ids[id.Value] != "" {
			id.Value = ids[id.Value]
		}
		for i := range e.Attr {
			if a := &e.Attr[i]; (a.Key == "URI" || a.Key == "PolicyURIs") && strings.HasPrefix(a.Value, "#") {
				words := strings.Fields(a.Value)
				for j, w := range words {
					if now := ids[strings.TrimPrefix(w, "#")]; now != "" {
						words[j] = "#" + now
					}
				}
				a.Value = strings.Join(words, " ")
			}
		}
	})
	if space != b.target && copied.Tag == "portType" {
		b.actions(copied, model.Name{Space: space, Local: attr(k, "name")})
	}
	return copied
}

// point rewrites a reference to a component of another WSDL namespace. One that means nothing is left as it is.
func (b *bundler) point(e, out *etree.Element, local, kind, space string, names map[component]named) {
	name, _, ok := qname(e, attr(e, local))
	n, found := names[component{kind, name}]
	if !ok || !found {
		name.Space = space // what the reader tries next
		n, found = names[component{kind, name}]
	}
	if !found || name.Space == b.target && n.local == name.Local && ok {
		return
	}
	e.CreateAttr(local, prefixFor(e, out, b.target)+n.local)
}

// actions writes down the actions that WS-Addressing would make of the namespace that a port type had (WSDL binding, 4.4.4).
func (b *bundler) actions(pt *etree.Element, name model.Name) {
	var from *model.PortType
	for _, p := range b.d.PortTypes {
		if p.Name == name {
			from = p
		}
	}
	if from == nil {
		return
	}
	next := map[string]int{}
	for _, o := range children(pt, model.NSWSDL, "operation") {
		op := nth(from, attr(o, "name"), next)
		if op == nil {
			continue
		}
		set := func(tag, fault, action string, given bool) {
			for _, e := range children(o, model.NSWSDL, tag) {
				if !given && (tag != "fault" || attr(e, "name") == fault) {
					e.CreateAttr(prefixFor(e, pt, nsMetadata)+nsAnyAction, action)
				}
			}
		}
		if op.Input != nil {
			set("input", "", op.Input.Action, op.Input.Given)
		}
		if op.Output != nil {
			set("output", "", op.Output.Action, op.Output.Given)
		}
		for _, f := range op.Faults {
			set("fault", f.Name, f.Action, f.Given)
		}
	}
}

// nth gives the operation of a name, the next one each time: overloads stand in the same order.
func nth(pt *model.PortType, name string, next map[string]int) *model.Operation {
	var same []*model.Operation
	for _, op := range pt.Operations {
		if op.Name == name {
			same = append(same, op)
		}
	}
	if next[name] >= len(same) {
		return nil
	}
	next[name]++
	return same[next[name]-1]
}
