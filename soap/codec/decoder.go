package codec

import (
	"fmt"

	"github.com/causeway-relay/causeway/soap/codec/facet"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// instance is the namespace of xsi:type and xsi:nil.
const instance = "http://www.w3.org/2001/XMLSchema-instance"

// Decoder reads typed values. Make one with NewDecoder; it may be used for many documents.
type Decoder struct {
	// Strict makes every deviation an error.
	Strict bool
	// Report is told of deviations; nil: they are passed over.
	Report func(*Problem)

	r       xsd.Scoped
	start   *infoset.Token // the element that is read: its start is the last token of r; nil otherwise
	attr    *infoset.Attr  // the attribute that is read; nil while content is
	last    infoset.Name   // of the element whose value was read last, for errors
	literal *infoset.Value // read in place of what the reader has; nil: that
	buf     []byte
	frames  []frame
	seen    []int

	word     infoset.Attr  // an item of a list
	lit      *Literal      // of the field that is read
	bound    *facet.Facets // likewise
	held     infoset.Value
	room     []byte // for the text that facets look at
	mayBeNil bool   // the element that is read may be
}

// NewDecoder makes a decoder of r's tokens.
func NewDecoder(r xsd.Scoped) *Decoder { return &Decoder{r: r} }

// Reset makes the decoder read from r.
func (d *Decoder) Reset(r xsd.Scoped) {
	d.r, d.start, d.attr = r, nil, nil
	clear(d.frames[:cap(d.frames)]) // no message is kept
	d.frames, d.seen, d.literal, d.lit, d.bound, d.mayBeNil = d.frames[:0], d.seen[:0], nil, nil, nil, false
}

// Element reads the content of the element whose start is the last token of the reader, into slot by c. The element is behind when it
// returns.
func (d *Decoder) Element(start *infoset.Token, slot any, c Coder) error {
	d.start, d.attr = start, nil
	return c.read(d, slot)
}

// isNil reports whether the element that is read says xsi:nil.
func (d *Decoder) isNil() bool {
	if d.attr != nil || d.start == nil || len(d.start.Attrs) == 0 {
		return false
	}
	v, ok := d.start.Attr(instance, "nil")
	if !ok {
		return false
	}
	null, err := v.AsBool()
	return err == nil && null
}

// unexpectedNil reports an element that is nil though its schema does not say that it may be.
func (d *Decoder) unexpectedNil() error {
	may := d.mayBeNil
	d.mayBeNil = false
	if may || !d.isNil() {
		return nil
	}
	return d.report(UnexpectedNil, d.start.Name.String())
}

// Type gives the xsi:type of the element that is read; false if it has none, or one whose prefix means nothing.
func (d *Decoder) Type() (xsd.QName, bool) {
	if d.attr != nil || len(d.start.Attrs) == 0 {
		return xsd.QName{}, false
	}
	v, ok := d.start.Attr(instance, "type")
	if !ok {
		return xsd.QName{}, false
	}
	q, err := xsd.ReadQName(v, d.r)
	return q, err == nil
}

// report tells of a deviation. The error is nil for a lenient decoder.
func (d *Decoder) report(kind Deviation, name string) error {
	if !d.Strict && d.Report == nil {
		return nil
	}
	return d.tell(&Problem{Kind: kind, Path: d.r.Path(), Name: name})
}

// reportAt is report for something that is not where the reader stands.
func (d *Decoder) reportAt(path string, kind Deviation, name string) error {
	return d.tell(&Problem{Kind: kind, Path: path, Name: name})
}

func (d *Decoder) tell(p *Problem) error {
	if d.Strict {
		return p
	}
	d.Report(p)
	return nil
}

// value reads the attribute or the simple content that the decoder stands at.
func (d *Decoder) value() (infoset.Value, error) {
	if d.literal != nil {
		return *d.literal, nil
	}
	if d.attr != nil {
		return d.attr.Value, nil
	}
	d.last = *d.start.Name
	v, err := infoset.Content(d.r, d.buf)
	if raw := v.Raw(); cap(raw) > cap(d.buf) && v.Type() == infoset.TypeText {
		d.buf = raw[:0]
	}
	return v, err
}

// scoped reads a value whose prefixes must be resolved while its element is open.
func scoped[T any](d *Decoder, parse func(infoset.Value, xsd.Scope) (T, error)) (T, error) {
	if d.attr != nil {
		return parse(d.attr.Value, d.r)
	}
	d.last = *d.start.Name
	var out T
	var text []byte
	err := d.bad("an empty value")
	for {
		t, next := d.r.Next()
		if next != nil {
			return out, next
		}
		switch t.Kind {
		case infoset.EndElement:
			return out, err
		case infoset.Text:
			text = t.Value.AppendText(text)
			out, err = parse(infoset.Chars(text), d.r)
		case infoset.Comment:
		default:
			return out, d.bad("element " + t.Name.String())
		}
	}
}

// bad is the error of a value that is none of its type.
func (d *Decoder) bad(detail string) error {
	return &infoset.Error{Reason: infoset.BadValue, Offset: -1, Path: d.r.Path(), Detail: detail}
}

// at adds the place to an error of a value: its element is behind when that is known.
func (d *Decoder) at(err error) error {
	switch {
	case err == nil:
		return nil
	case d.attr != nil && d.attr.Name.Local != "":
		return fmt.Errorf("%s/@%s: %w", d.r.Path(), d.attr.Name.String(), err)
	}
	return fmt.Errorf("%s/%s: %w", d.r.Path(), d.last.String(), err)
}

// Struct reads attributes and content of the element that is read into x.
func (d *Decoder) Struct(x Struct) error {
	m, start := x.XMLModel(), d.start
	if start == nil {
		return d.bad("an attribute cannot hold a structure")
	}
	null := d.isNil()
	if err := d.attributes(x, m, start); err != nil {
		return err
	}
	switch {
	case null:
		return infoset.Skip(d.r)
	case m.Text != nil:
		d.attr = nil
		return m.Text.Codec.read(d, x.XMLField(m.Text.Field))
	case m.Mixed != nil:
		d.attr = nil
		mixed, ok := x.XMLField(m.Mixed.Field).(*xsd.Mixed)
		if !ok {
			return misfit(x.XMLField(m.Mixed.Field))
		}
		return mixed.Read(d.r, d.start)
	}
	return d.content(x, m)
}

// attributes reads the attributes of the start tag. The token is valid until the next one is read, which nothing here does.
func (d *Decoder) attributes(x Struct, m *Model, start *infoset.Token) error {
	for i := range start.Attrs {
		a := &start.Attrs[i]
		if a.Name.Space == instance {
			continue
		}
		at := m.Attr(&a.Name)
		if at < 0 {
			if m.AnyAttr.Takes(a.Name.Space) {
				if err := keepAttribute(x.XMLField(m.AnyAttr.Field), a); err != nil {
					return err
				}
				continue
			}
			if ours(a.Name.Space) {
				continue
			}
			if err := d.report(UnknownAttribute, a.Name.String()); err != nil {
				return err
			}
			continue
		}
		d.attr = a
		err := m.Attrs[at].Codec.read(d, x.XMLField(m.Attrs[at].Field))
		d.attr = nil
		if err != nil {
			return err
		}
	}
	return d.requiredAttributes(m, start)
}

func keepAttribute(slot any, a *infoset.Attr) error {
	all, ok := slot.(*xsd.Attributes)
	if !ok {
		return misfit(slot)
	}
	*all = append(*all, xsd.Attribute{Space: a.Name.Space, Local: a.Name.Local, Value: a.Value.String()})
	return nil
}

func (d *Decoder) requiredAttributes(m *Model, start *infoset.Token) error {
	for j := range m.Attrs {
		if !m.Attrs[j].Required {
			continue
		}
		if _, ok := start.Attr(m.Attrs[j].Name.Space, m.Attrs[j].Name.Local); !ok {
			if err := d.report(Missing, "@"+m.Attrs[j].Name.Local); err != nil {
				return err
			}
		}
	}
	return nil
}

// ours reports whether attributes of a namespace are SOAP's own, which may stand on any element.
func ours(space string) bool {
	switch space {
	case "http://schemas.xmlsoap.org/soap/encoding/", "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope",
		"http://www.w3.org/2003/05/soap-encoding", "http://schemas.microsoft.com/2003/10/Serialization/":
		return true
	}
	return false
}
