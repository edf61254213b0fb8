package soap

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// Bounds on what a fault may hold; each is far beyond what peers send.
const (
	maxSubcodes = 32
	maxReasons  = 64
)

// ReadFault reads the fault of version v whose StartElement was the last token of
// r, and its end. It is lenient as peers are bent: names of 1.1 may be qualified,
// codes may lack their prefix, elements that the version does not know are
// skipped. An error is the reader's, or a bound that was crossed.
func ReadFault(r infoset.Reader, v Version) (*Fault, error) {
	f := &faultReader{r: r, v: v, f: &Fault{}}
	part := f.part11
	if v == V12 {
		part = f.part12
	}
	if err := f.children(part); err != nil {
		return nil, err
	}
	return f.f, nil
}

type faultReader struct {
	r infoset.Reader
	v Version
	f *Fault
}

func (f *faultReader) part11(t *infoset.Token) (err error) {
	if t.Name.Space != "" && t.Name.Space != Namespace11 {
		return infoset.Skip(f.r)
	}
	switch t.Name.Local {
	case "faultcode":
		f.f.Code, err = f.code(t)
		return err
	case "faultstring":
		return f.reason(t)
	case "faultactor":
		f.f.Role, err = f.text()
		return err
	case "detail":
		return f.detail(t)
	}
	return infoset.Skip(f.r)
}

func (f *faultReader) part12(t *infoset.Token) (err error) {
	if t.Name.Space != Namespace12 {
		return infoset.Skip(f.r)
	}
	switch t.Name.Local {
	case "Code":
		return f.codes()
	case "Reason":
		return f.children(func(t *infoset.Token) error {
			if !t.Name.Is(Namespace12, "Text") {
				return infoset.Skip(f.r)
			}
			return f.reason(t)
		})
	case "Node":
		f.f.Node, err = f.text()
		return err
	case "Role":
		f.f.Role, err = f.text()
		return err
	case "Detail":
		return f.detail(t)
	}
	return infoset.Skip(f.r)
}

// children calls each for every StartElement inside the element that is open;
// each reads up to its end, or leaves what is inside to the walk.
func (f *faultReader) children(each func(t *infoset.Token) error) error {
	depth := f.r.Depth()
	for {
		t, err := f.r.Next()
		if err != nil {
			return err
		}
		switch t.Kind {
		case infoset.EndElement:
			if f.r.Depth() < depth {
				return nil
			}
		case infoset.StartElement:
			if err := each(t); err != nil {
				return err
			}
		}
	}
}

// codes reads the inside of Code: its value and subcodes to any depth. They are
// nested, so a flat walk through them gives them from the outside inwards.
func (f *faultReader) codes() error {
	n := 0
	return f.children(func(t *infoset.Token) error {
		switch {
		case t.Name.Is(Namespace12, "Subcode"):
			return nil // what is inside comes next
		case !t.Name.Is(Namespace12, "Value"):
			return infoset.Skip(f.r)
		}
		c, err := f.code(t)
		if err != nil {
			return err
		}
		if n++; n == 1 {
			f.f.Code = c
			return nil
		}
		if n > maxSubcodes+1 {
			return f.bound("subcodes")
		}
		f.f.Subcodes = append(f.f.Subcodes, c)
		return nil
	})
}

// code reads a name from the element just opened. Its prefix may be declared on
// that very element, whose scope is gone behind its end. A prefix that is not
// declared counts as none.
func (f *faultReader) code(t *infoset.Token) (xsd.QName, error) {
	scope := ownScope{own: append([]infoset.Decl(nil), t.Decls...), r: f.r}
	v, err := infoset.Content(f.r, nil)
	if err != nil {
		return xsd.QName{}, err
	}
	prefix, local, bad := v.AsQName()
	if bad != nil {
		return xsd.QName{Local: trimmed(v)}, nil //nolint:nilerr // what is no name is kept as it stands, in no namespace
	}
	space, _ := scope.Lookup(prefix)
	if c, ok := predefined(f.v, space, local); ok {
		return c, nil
	}
	return xsd.QName{Prefix: prefix, Space: space, Local: local}, nil
}

// ownScope is the scope of an element that was left: its own declarations, then
// those around it.
type ownScope struct {
	own []infoset.Decl
	r   infoset.Reader
}

func (s *ownScope) Lookup(prefix string) (string, bool) {
	for _, d := range s.own {
		if d.Prefix == prefix {
			return d.Space, true
		}
	}
	return s.r.Lookup(prefix)
}

func (f *faultReader) reason(t *infoset.Token) error {
	lang := ""
	if v, ok := t.Attr(infoset.XMLNamespace, "lang"); ok {
		lang = v.String()
	}
	v, err := infoset.Content(f.r, nil)
	if err != nil {
		return err
	}
	if len(f.f.Reasons) == maxReasons {
		return f.bound("reasons")
	}
	f.f.Reasons = append(f.f.Reasons, Reason{Lang: lang, Text: v.String()})
	return nil
}

func (f *faultReader) text() (string, error) {
	v, err := infoset.Content(f.r, nil)
	return trimmed(v), err
}

func (f *faultReader) detail(t *infoset.Token) (err error) {
	f.f.Detail, err = ReadElement(f.r, t, maxTokens)
	return err
}

func (f *faultReader) bound(what string) error {
	return &infoset.Error{Reason: infoset.Quota, Offset: -1, Path: f.r.Path(), Detail: what + " of a fault"}
}
