package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
)

// What follows is for other forms of the same values (package jsonform): they walk models and slots as this package does.

// Lister is a Coder whose value is a list itself: that of a ListOf or an ArrayOf.
type Lister interface {
	Coder
	// Items is the Coder of the list's items; its slot is what List or Begin gives.
	Items() Coder
	// List gives a pointer to the slice in a slot that is there.
	List(slot any) any
	// Begin makes an empty list in a slot, or one more of many, and gives a pointer to it.
	Begin(slot any) any
}

// Indexer is a Coder that can point to one value of a slot that is a list.
type Indexer interface {
	Coder
	// Index gives a slot of the i-th value, which must be there.
	Index(slot any, i int) any
}

func index[T any](slot any, i int) any {
	if p, ok := slot.(*[]T); ok {
		return &(*p)[i]
	}
	return slot
}

func list[T any](slot any) any {
	if p, ok := slot.(**[]T); ok {
		return *p
	}
	return slot
}

func begin[T any](slot any) any {
	switch p := slot.(type) {
	case *[]T:
		*p = []T{}
		return p
	case **[]T:
		*p = &[]T{}
		return *p
	case *[][]T:
		*p = append(*p, []T{})
		return &(*p)[len(*p)-1]
	}
	return slot
}

// Index gives a slot of the i-th value: see Indexer.
func (*Codec[T]) Index(slot any, i int) any { return index[T](slot, i) }

// Index gives a slot of the i-th list: see Indexer.
func (*ListOf[T]) Index(slot any, i int) any { return index[[]T](slot, i) }

// Index gives a slot of the i-th array: see Indexer.
func (*ArrayOf[T]) Index(slot any, i int) any { return index[[]T](slot, i) }

// Items is the Coder of the items: see Lister.
func (c *ListOf[T]) Items() Coder { return c.Item }

// Items is the Coder of the items: see Lister.
func (c *ArrayOf[T]) Items() Coder { return c.Item }

// List gives a pointer to the slice: see Lister.
func (*ListOf[T]) List(slot any) any { return list[T](slot) }

// List gives a pointer to the slice: see Lister.
func (*ArrayOf[T]) List(slot any) any { return list[T](slot) }

// Begin makes an empty list: see Lister.
func (*ListOf[T]) Begin(slot any) any { return begin[T](slot) }

// Begin makes an empty array: see Lister.
func (*ArrayOf[T]) Begin(slot any) any { return begin[T](slot) }

// Count tells how many values a slot holds.
func Count(c Coder, slot any) int { return c.count(slot) }

// IsText reports whether a value is one text.
func IsText(c Coder) bool { return c.plain() }

// SchemaOf names the type of the values; nil if it has no name that is known.
func SchemaOf(c Coder) *infoset.Name { return c.schema() }

// TextOf gives the text of a value that is there.
func TextOf(c Coder, slot any) (infoset.Value, error) {
	v, _, err := c.text(&Encoder{}, slot)
	return v, err
}

// ReadText reads one value, or one more of a list, from its text. It is for values without names in them: a QName has no scope here.
func ReadText(c Coder, slot any, text string) error {
	v := infoset.String(text)
	return c.read(&Decoder{literal: &v, r: nowhere{}}, slot)
}

// Check gives the first thing in a struct's own content that its schema does not allow, as a *Problem without a path; nil if there is none.
func Check(x Struct) error {
	m := x.XMLModel()
	if m.Text != nil || m.Mixed != nil {
		return nil
	}
	counts := make([]int, len(m.Leaves))
	shared := false
	for i := range m.Leaves {
		l := &m.Leaves[i]
		counts[i] = l.Codec.count(x.XMLField(l.Field))
		shared = shared || l.Again && counts[i] > 0
	}
	e := &Encoder{}
	if shared {
		return e.place(m, counts)
	}
	return e.check(m, counts)
}
