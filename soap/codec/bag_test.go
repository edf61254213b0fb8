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
	text  map[int]*[]string
	attrs map[int]**string
	wild  map[int]*[]xsd.Any
	items map[int]*[]*bag
	order []int // the fields that were reached, in order: while a document is read, one for each thing that came
}

func newBag(m *codec.Model) *bag {
	b := &bag{m: m, text: map[int]*[]string{}, attrs: map[int]**string{}, wild: map[int]*[]xsd.Any{}, items: map[int]*[]*bag{}}
	for i := range m.Attrs {
		m.Attrs[i].Codec = &codec.String
		b.attrs[m.Attrs[i].Field] = new(*string)
	}
	for i := range m.Leaves {
		switch l := &m.Leaves[i]; {
		case l.Item != nil || l.OneOf != nil:
			inner := l.Item
			if inner == nil {
				inner = l.OneOf
			}
			l.Codec = &codec.StructOf{New: func() codec.Struct { return newBag(inner) }, Slots: &codec.Pointers[*bag]{}}
			b.items[l.Field] = &[]*bag{}
		case l.Wild != nil:
			l.Codec = &codec.Wild
			b.wild[l.Field] = &[]xsd.Any{}
		default:
			l.Codec = &codec.String
			b.text[l.Field] = &[]string{}
		}
	}
	return b
}

func (b *bag) XMLModel() *codec.Model { return b.m }

func (b *bag) XMLField(field int) any {
	b.order = append(b.order, field)
	switch {
	case b.attrs[field] != nil:
		return b.attrs[field]
	case b.items[field] != nil:
		return b.items[field]
	case b.wild[field] != nil:
		return b.wild[field]
	}
	return b.text[field]
}

// String lists what came, the content of groups in brackets.
func (b *bag) String() string {
	var parts []string
	next := map[int]int{}
	for _, field := range b.order {
		i := next[field]
		next[field]++
		switch {
		case b.attrs[field] != nil:
			parts = append(parts, fmt.Sprintf("%d=%s", field, **b.attrs[field]))
		case b.items[field] != nil:
			parts = append(parts, fmt.Sprintf("%d=[%s]", field, (*b.items[field])[i]))
		case b.wild[field] != nil:
			parts = append(parts, fmt.Sprintf("%d=*%s", field, (*b.wild[field])[i].Name().Local))
		default:
			parts = append(parts, fmt.Sprintf("%d=%s", field, (*b.text[field])[i]))
		}
	}
	return strings.Join(parts, " ")
}

// bags is the coder of bags of a model.
func bags(m *codec.Model) *codec.StructOf {
	return &codec.StructOf{New: func() codec.Struct { return newBag(m) }, Slots: &codec.Pointers[*bag]{}}
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
	err = d.Element(start, &b, bags(m))
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
	err := e.Element(&root, nil, &b, bags(b.m))
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
	return codec.Leaf{Name: name(local), Field: field, Min: 1, Max: 1}
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

// in puts a leaf into a branch of a group, counted from 0.
func in(group, branch int, l codec.Leaf) codec.Leaf {
	l.Group, l.Branch = group+1, branch
	return l
}

func plain(leaves ...codec.Leaf) *codec.Model {
	return &codec.Model{Leaves: leaves}
}
