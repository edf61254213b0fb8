package codec_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// bag is a struct of any model: every field is a list, of text, elements of any name, or further bags.
type bag struct {
	m     *codec.Model
	text  map[int][]string
	wild  map[int][]xsd.Any
	items map[int][]*bag
	order []string // what came, in order: field=value
}

func newBag(m *codec.Model) *bag {
	return &bag{m: m, text: map[int][]string{}, wild: map[int][]xsd.Any{}, items: map[int][]*bag{}}
}

func (b *bag) XMLModel() *codec.Model { return b.m }

func (b *bag) XMLCount(field int) int {
	return len(b.text[field]) + len(b.wild[field]) + len(b.items[field])
}

// kind tells what a field is: a leaf of elements, a wildcard, or a group.
func (b *bag) leaf(field int) *codec.Leaf {
	for i := range b.m.Leaves {
		if b.m.Leaves[i].Field == field {
			return &b.m.Leaves[i]
		}
	}
	return nil
}

func (b *bag) XMLDecode(d *codec.Decoder, field int) error {
	if l := b.leaf(field); l != nil && l.Wild != nil {
		list := b.wild[field]
		err := codec.ReadMany(d, &list, codec.Wild)
		b.wild[field] = list
		b.order = append(b.order, fmt.Sprintf("%d=*%s", field, list[len(list)-1].Name().Local))
		return err
	}
	list := b.text[field]
	err := codec.ReadMany(d, &list, codec.String)
	b.text[field] = list
	b.order = append(b.order, fmt.Sprintf("%d=%s", field, list[len(list)-1]))
	return err
}

func (b *bag) XMLEncode(e *codec.Encoder, field int) error {
	for i := range b.m.Attrs {
		if a := &b.m.Attrs[i]; a.Field == field {
			return codec.WriteAttr(e, &a.Name, b.text[field][0], codec.String)
		}
	}
	l := b.leaf(field)
	switch {
	case l.Item != nil || l.OneOf != nil:
		return codec.WriteItems(e, b.items[field]...)
	case l.Wild != nil:
		return codec.WriteMany(e, nil, b.wild[field], codec.Wild)
	}
	return codec.WriteMany(e, &l.Name, b.text[field], codec.String)
}

func (b *bag) XMLItem(field int) codec.Struct {
	l := b.leaf(field)
	m := l.Item
	if m == nil {
		m = l.OneOf
	}
	item := newBag(m)
	b.items[field] = append(b.items[field], item)
	b.order = append(b.order, fmt.Sprintf("%d=[%d]", field, len(b.items[field])))
	return item
}

// String lists what came, the content of groups in brackets.
func (b *bag) String() string {
	var parts []string
	next := map[string]int{}
	for _, o := range b.order {
		field, value, _ := strings.Cut(o, "=")
		if strings.HasPrefix(value, "[") {
			var n int
			_, _ = fmt.Sscan(field, &n)
			o = field + "=[" + b.items[n][next[field]].String() + "]"
			next[field]++
		}
		parts = append(parts, o)
	}
	return strings.Join(parts, " ")
}

// read decodes a document whose root is of model m. told are the deviations.
func read(t *testing.T, m *codec.Model, doc string, strict bool) (b *bag, told []string, err error) {
	t.Helper()
	r := xmltext.NewBytes([]byte(doc), xmltext.Options{})
	start, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	d := codec.NewDecoder(r)
	d.Strict = strict
	d.Report = func(p *codec.Problem) { told = append(told, p.Kind.String()+" "+p.Name) }
	b = newBag(m)
	err = codec.Element(d, start, &b, codec.Codec[*bag]{Decode: func(d *codec.Decoder, v **bag) error { return d.Struct(*v) }})
	if err == nil && r.Depth() != 0 {
		t.Errorf("%d elements are still open behind the root", r.Depth())
	}
	return b, told, err
}

var root = infoset.Name{Local: "r"}

// write encodes a bag.
func write(t *testing.T, b *bag) (string, error) {
	t.Helper()
	var out bytes.Buffer
	w := xmltext.NewWriter(&out, xmltext.WriterOptions{})
	e := codec.NewEncoder(w)
	err := codec.Root(e, &root, nil, b, codec.Codec[*bag]{Body: func(e *codec.Encoder, name *infoset.Name, v *bag) error {
		return codec.Encoded[codec.Struct](e, name, v, nil)
	}})
	if err != nil {
		return "", err
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String(), nil
}

func name(local string) infoset.Name { return infoset.Name{Local: local} }

// one is a leaf that is there once.
func one(field int, local string) codec.Leaf {
	return codec.Leaf{Name: name(local), Field: field, Min: 1, Max: 1, Group: codec.None}
}

func opt(field int, local string) codec.Leaf {
	l := one(field, local)
	l.Min = 0
	return l
}

func many(field int, local string) codec.Leaf {
	l := opt(field, local)
	l.Max = codec.Unbounded
	return l
}

// in puts a leaf into a branch of a group.
func in(group, branch int, l codec.Leaf) codec.Leaf {
	l.Group, l.Branch = group, branch
	return l
}

func plain(leaves ...codec.Leaf) *codec.Model {
	return &codec.Model{AnyAttr: codec.None, Text: codec.None, Mixed: codec.None, Leaves: leaves}
}
