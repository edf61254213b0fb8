package soap

import (
	"slices"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Write writes the element Fault of version v (1.1 for None).
//
// 1.1 has less room. There the first subcode takes the place of the code, as WCF
// does it; the reason is the one that fits English best, unless there is only
// one; node and the other subcodes and reasons are left out.
func (f *Fault) Write(w infoset.Writer, v Version) error {
	name := func(local string) *infoset.Name {
		return &infoset.Name{Prefix: "s", Space: v.Namespace(), Local: local, Dict: infoset.Shared}
	}
	if v == V12 {
		return f.write12(w, name)
	}
	return f.write11(w, &infoset.Name{Prefix: "s", Space: Namespace11, Local: "Fault", Dict: infoset.Shared})
}

func (f *Fault) write11(w infoset.Writer, fault *infoset.Name) error {
	plain := func(local string) *infoset.Name { return &infoset.Name{Local: local, Dict: infoset.Shared} }
	w.Start(fault)
	// The children are in no namespace, whatever the default is.
	w.Start(plain("faultcode"))
	writeCode(w, wireCode(V11, f.Effective()))
	w.End()
	w.Start(plain("faultstring"))
	r := f.best("en")
	if r.Lang != "" {
		w.Attr(&infoset.Name{Prefix: "xml", Space: infoset.XMLNamespace, Local: "lang"}, infoset.String(r.Lang))
	}
	text(w, r.Text)
	w.End()
	if f.Role != "" {
		w.Start(plain("faultactor"))
		text(w, f.Role)
		w.End()
	}
	return f.finish(w, plain("detail"))
}

func (f *Fault) write12(w infoset.Writer, name func(string) *infoset.Name) error {
	w.Start(name("Fault"))
	w.Start(name("Code"))
	w.Start(name("Value"))
	writeCode(w, f.Code)
	w.End()
	for _, c := range f.Subcodes {
		w.Start(name("Subcode"))
		w.Start(name("Value"))
		writeCode(w, c)
		w.End()
	}
	for range f.Subcodes {
		w.End()
	}
	w.End()
	w.Start(name("Reason"))
	reasons := f.Reasons
	if len(reasons) == 0 {
		reasons = []Reason{{}} // 1.2 wants one at least
	}
	for _, r := range reasons {
		w.Start(name("Text"))
		w.Attr(&infoset.Name{Prefix: "xml", Space: infoset.XMLNamespace, Local: "lang"}, infoset.String(r.Lang))
		text(w, r.Text)
		w.End()
	}
	w.End()
	for _, part := range [...]struct{ name, uri string }{{"Node", f.Node}, {"Role", f.Role}} {
		if part.uri != "" {
			w.Start(name(part.name))
			text(w, part.uri)
			w.End()
		}
	}
	return f.finish(w, name("Detail"))
}

// finish writes the detail under its name of the version, and the end of the
// fault.
func (f *Fault) finish(w infoset.Writer, name *infoset.Name) error {
	if !f.Detail.IsZero() {
		e := f.Detail
		start := e.tokens[0]
		if start.Name.Prefix != "" && name.Prefix != "" {
			named := *name
			named.Prefix = start.Name.Prefix
			name = &named
		}
		// Declarations of the old name's prefix would be in its way.
		start.Decls = slices.DeleteFunc(slices.Clone(start.Decls), func(d infoset.Decl) bool {
			return d.Prefix == name.Prefix && d.Space != name.Space
		})
		start.Name = name
		if err := e.writeAs(infoset.Whole(w), &start); err != nil {
			return err
		}
	}
	w.End()
	return w.Err()
}

// writeCode puts a code into the element just opened.
func writeCode(w infoset.Writer, c xsd.QName) {
	w.Text(xsd.WriteQName(w, c))
}

func text(w infoset.Writer, s string) {
	if s != "" {
		w.Text(infoset.String(s))
	}
}
