package http

import (
	"errors"
	"io"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// Namespaces of descriptions (WSDL 1.1 section 2.1; XML Schema part 1 section 3.15).
const (
	namespaceWSDL = "http://schemas.xmlsoap.org/wsdl/"
	namespaceXSD  = "http://www.w3.org/2001/XMLSchema"
)

// single writes the description with the schemas that it imports in it, as ?singleWsdl of WCF does: its types get them all, and nothing
// says where they are any more. Another description that it imports has a namespace of its own, which one document of WSDL 1.1 cannot
// have, so it stays an import.
func (d *description) single(w infoset.Writer) error {
	f := &flat{description: d, w: w, home: map[int]string{}}
	r := &located{Reader: reader([]byte(d.documents[0].Text), soap.Text), visit: d.address}
	for {
		t, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return w.Flush()
		case err != nil:
			return err
		case t.Kind == infoset.EndElement && t.Name.Is(namespaceWSDL, "types"):
			err = f.rest()
		}
		if err == nil {
			_, err = f.token(r, t, "")
		}
		if err != nil {
			return err
		}
	}
}

// flat puts schemas into a description.
type flat struct {
	*description
	w     infoset.Writer
	queue []int          // documents to be put in
	home  map[int]string // those that were seen, with the namespace of who includes them
	open  string         // target namespace of the schema around
}

// rest puts in all schemas that were named so far, and those that they name.
func (f *flat) rest() error {
	for len(f.queue) > 0 {
		i := f.queue[0]
		f.queue = f.queue[1:]
		if err := f.schema(i); err != nil {
			return err
		}
	}
	return nil
}

// schema puts in one document: its root with what is in it.
func (f *flat) schema(i int) error {
	r := &located{Reader: reader([]byte(f.documents[i].Text), soap.Text), visit: f.address}
	for depth := 0; ; {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t.Kind {
		case infoset.StartElement:
			if depth == 0 {
				t = f.root(t, f.home[i])
			}
			depth++
		case infoset.EndElement:
			depth--
		}
		if depth == 0 && t.Kind != infoset.EndElement {
			continue // comments around the root
		}
		skipped, err := f.token(r, t, f.home[i])
		if err != nil {
			return err
		}
		if skipped {
			depth--
		}
	}
}

// root gives a schema's root what it has by standing alone: no default namespace where it declares none, and the namespace of who
// includes it where it has none.
func (f *flat) root(t *infoset.Token, home string) *infoset.Token {
	t = changed(t)
	bare := true
	for _, decl := range t.Decls {
		bare = bare && decl.Prefix != ""
	}
	if bare && t.Name.Prefix != "" {
		t.Decls = append(append([]infoset.Decl(nil), t.Decls...), infoset.Decl{})
	}
	if _, has := t.Attr("", "targetNamespace"); !has && home != "" {
		t.Attrs = append(t.Attrs, infoset.Attr{Name: infoset.Name{Local: "targetNamespace"}, Value: infoset.String(home)})
	}
	return t
}

// token writes one token. What names a document that is put in loses its location; an include is left out with all that is in it, which
// is told by skipped.
func (f *flat) token(r infoset.Reader, t *infoset.Token, home string) (skipped bool, err error) {
	if t.Kind != infoset.StartElement {
		return false, infoset.Write(f.w, t)
	}
	if t.Name.Is(namespaceXSD, "schema") {
		f.open = home
		if target, has := t.Attr("", "targetNamespace"); has {
			f.open = target.String()
		}
	}
	i, attr, ok := f.find(t)
	schema := false
	if ok {
		schema, _ = f.documents[i].Schema()
	}
	switch {
	case !ok:
		return false, infoset.Write(f.w, t)
	case !schema || t.Name.Space != namespaceXSD || t.Name.Local == "redefine":
		named, _ := f.part(t)
		return false, infoset.Write(f.w, named)
	}
	if _, seen := f.home[i]; !seen {
		f.queue = append(f.queue, i)
		if f.home[i] = ""; t.Name.Local == "include" {
			f.home[i] = f.open
		}
	}
	if t.Name.Local == "include" {
		return true, infoset.Skip(r)
	}
	t = changed(t)
	kept := t.Attrs[:0]
	for _, a := range t.Attrs {
		if !a.Name.Is("", attr) {
			kept = append(kept, a)
		}
	}
	t.Attrs = kept
	return false, infoset.Write(f.w, t)
}
