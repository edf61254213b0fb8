package codec

import (
	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xsd"
)

// frame is a struct whose content is read: that of an element, or in it a turn of a repeated group.
type frame struct {
	x     Struct
	m     *Model
	at    int // the last leaf that was there, none before the first
	seen  int // where its counts begin in Decoder.seen
	outer int // the leaf of the frame below that this is a turn of; none for an element's own
	path  string
}

// content reads the children of an element into x.
func (d *Decoder) content(x Struct, m *Model) error {
	bottom := len(d.frames)
	d.push(x, m, none)
	for {
		t, err := d.r.Next()
		if err != nil {
			return err
		}
		switch t.Kind {
		case infoset.StartElement:
			if err := d.child(t, bottom); err != nil {
				return err
			}
		case infoset.EndElement:
			for len(d.frames) > bottom {
				if err := d.pop(); err != nil {
					return err
				}
			}
			return nil
		case infoset.Text:
			if !t.IsSpace() {
				if err := d.report(UnexpectedText, infoset.Clip(t.Value.String())); err != nil {
					return err
				}
			}
		}
	}
}

func (d *Decoder) push(x Struct, m *Model, outer int) {
	f := frame{x: x, m: m, at: none, seen: len(d.seen), outer: outer}
	switch {
	case outer != none:
		f.path = d.frames[len(d.frames)-1].path
	case d.Strict || d.Report != nil:
		f.path = d.r.Path() // what is missing is known behind the end tag, where the element is closed
	}
	d.frames = append(d.frames, f)
	for range m.Leaves {
		d.seen = append(d.seen, 0)
	}
}

// pop ends a frame: what must be there must have been.
func (d *Decoder) pop() error {
	f := &d.frames[len(d.frames)-1]
	counts := d.seen[f.seen:]
	var err error
	if d.Strict || d.Report != nil {
		err = f.m.Missing(counts, func(what string) error { return d.reportAt(f.path, Missing, what) })
	}
	d.seen = d.seen[:f.seen]
	d.frames = d.frames[:len(d.frames)-1]
	return err
}

// child finds the place of an element and reads it. bottom is the frame of the element around it.
func (d *Decoder) child(t *infoset.Token, bottom int) error {
	for i := len(d.frames) - 1; i >= bottom; i-- {
		leaf := d.next(i, t.Name)
		if leaf < 0 {
			continue
		}
		for len(d.frames)-1 > i {
			if err := d.pop(); err != nil {
				return err
			}
		}
		return d.take(t, leaf)
	}
	return d.astray(t, bottom)
}

// next gives the leaf at which an element may stand now in a frame, -1 if it may not.
func (d *Decoder) next(i int, n *infoset.Name) int {
	f := &d.frames[i]
	from := f.at
	if f.m.All || from == none {
		from = 0
	}
	for leaf := from; leaf < len(f.m.Leaves); leaf++ {
		l := &f.m.Leaves[leaf]
		if l.Matches(n) && (l.Max == Unbounded || d.seen[f.seen+leaf] < l.Max) && (l.Group == 0 || d.open(f, leaf)) {
			return leaf
		}
	}
	return -1
}

// open reports whether no other branch of a choice around the leaf was there.
func (d *Decoder) open(f *frame, leaf int) bool {
	for other := range f.m.Leaves {
		if other != leaf && d.seen[f.seen+other] > 0 && f.m.Exclude(other, leaf) {
			return false
		}
	}
	return true
}

// take reads an element at a leaf of the topmost frame.
func (d *Decoder) take(t *infoset.Token, leaf int) error {
	for {
		f := &d.frames[len(d.frames)-1]
		l := &f.m.Leaves[leaf]
		f.at = leaf
		d.seen[f.seen+leaf]++
		switch {
		case l.Item != nil:
			x, err := newTurn(f.x, l)
			if err != nil {
				return err
			}
			d.push(x, l.Item, leaf)
			leaf = d.next(len(d.frames)-1, t.Name)
			continue
		case l.OneOf != nil:
			member := &l.OneOf.Leaves[l.OneOf.Find(t.Name)]
			x, err := newTurn(f.x, l)
			if err != nil {
				return err
			}
			d.start, d.attr = t, nil
			return member.Codec.read(d, x.XMLField(member.Field))
		}
		d.start, d.attr = t, nil
		return l.Codec.read(d, f.x.XMLField(l.Field))
	}
}

// newTurn makes a struct for a turn of a repeated group, or for an element that others substitute.
func newTurn(x Struct, l *Leaf) (Struct, error) {
	slot := x.XMLField(l.Field)
	c, ok := l.Codec.(*StructOf)
	if !ok {
		return nil, misfit(slot)
	}
	turn := c.New()
	return turn, c.Slots.Add(slot, turn)
}

// astray reads an element that stands where it must not: too early or too late, twice, in a second branch, or unknown.
func (d *Decoder) astray(t *infoset.Token, bottom int) error {
	for i := len(d.frames) - 1; i >= bottom; i-- {
		f := &d.frames[i]
		leaf := f.m.Find(t.Name)
		if leaf < 0 || f.m.Leaves[leaf].Wild != nil {
			continue
		}
		l := &f.m.Leaves[leaf]
		kind := Misplaced
		switch {
		case l.Max != Unbounded && d.seen[f.seen+leaf] >= l.Max:
			return d.drop(Duplicate, t)
		case !d.open(f, leaf):
			kind = SecondBranch
		}
		if err := d.report(kind, t.Name.String()); err != nil {
			return err
		}
		at := f.at
		for len(d.frames)-1 > i {
			if err := d.pop(); err != nil {
				return err
			}
		}
		err := d.take(t, leaf)
		if d.frames[i].at < at {
			d.frames[i].at = at // what comes next is judged by where the document is, not by the stray element
		}
		return err
	}
	return d.drop(UnknownElement, t)
}

// drop reports an element that has no field, with what is in it.
func (d *Decoder) drop(kind Deviation, t *infoset.Token) error {
	name := t.Name.String()
	if d.Report == nil && !d.Strict {
		return infoset.Skip(d.r)
	}
	if d.Strict {
		return d.report(kind, name)
	}
	path := d.r.Path()
	kept, err := xsd.ReadAny(d.r, t, 0)
	if err != nil {
		return err
	}
	d.Report(&Problem{Kind: kind, Path: path, Name: name, Element: kept})
	return nil
}
