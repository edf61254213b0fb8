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
		err = f.m.missing(counts, func(what string) error { return d.reportAt(f.path, Missing, what) })
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
		if l.matches(n) && (l.Max == Unbounded || d.seen[f.seen+leaf] < l.Max) && (l.Group == 0 || d.open(f, leaf)) {
			return leaf
		}
	}
	return -1
}

// open reports whether no other branch of a choice around the leaf was there.
func (d *Decoder) open(f *frame, leaf int) bool {
	for other := range f.m.Leaves {
		if other != leaf && d.seen[f.seen+other] > 0 && f.m.exclude(other, leaf) {
			return false
		}
	}
	return true
}

// exclude reports whether two leaves stand in different branches of a choice.
func (m *Model) exclude(a, b int) bool {
	g, branch := m.Leaves[a].Group, m.Leaves[a].Branch
	for g != 0 {
		if other, in := m.branchOf(b, g); in {
			return m.Groups[g-1].Choice && other != branch
		}
		branch, g = m.Groups[g-1].Branch, m.Groups[g-1].Outer
	}
	return false
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
			member := &l.OneOf.Leaves[l.OneOf.find(t.Name)]
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
		leaf := f.m.find(t.Name)
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

// missing tells what must be there and is not: leaves of no group or of a branch that is there, and groups with no branch.
func (m *Model) missing(counts []int, tell func(what string) error) error {
	for i := range m.Leaves {
		l := &m.Leaves[i]
		if counts[i] < l.Min && !l.emptiable() && (l.Group == 0 || m.branchThere(l.Group, l.Branch, counts)) {
			if err := tell(m.leafName(i)); err != nil {
				return err
			}
		}
	}
	for g := range m.Groups {
		grp := &m.Groups[g]
		if grp.Optional || m.present(g+1, counts) || m.satisfied(g+1) {
			continue
		}
		if grp.Outer == 0 || m.branchThere(grp.Outer, grp.Branch, counts) {
			if err := tell("one of a choice"); err != nil {
				return err
			}
		}
	}
	return nil
}

// emptiable reports whether a turn of a repeated group may hold nothing, so that none need be there.
func (l *Leaf) emptiable() bool {
	if l.Item == nil {
		return false
	}
	empty := true
	_ = l.Item.missing(make([]int, len(l.Item.Leaves)), func(string) error { // tell gives no error
		empty = false
		return nil
	})
	return empty
}

// leafName is what a leaf is called in messages.
func (m *Model) leafName(i int) string {
	switch l := &m.Leaves[i]; {
	case l.Wild != nil:
		return "an element of any name"
	case l.Item != nil && len(l.Item.Leaves) > 0:
		return "a group of " + l.Item.leafName(0)
	default:
		return l.Name.String()
	}
}

// present reports whether anything inside of a group is there.
func (m *Model) present(group int, counts []int) bool {
	for i := range m.Leaves {
		if _, in := m.branchOf(i, group); in && counts[i] > 0 {
			return true
		}
	}
	return false
}

// branchThere reports whether anything of a branch of a group is there.
func (m *Model) branchThere(group, branch int, counts []int) bool {
	for i := range m.Leaves {
		if b, in := m.branchOf(i, group); in && b == branch && counts[i] > 0 {
			return true
		}
	}
	return false
}

// satisfied reports whether a choice has a branch that may be empty, so that nothing of it need be there.
func (m *Model) satisfied(group int) bool {
	empty := map[int]bool{}
	for i := range m.Leaves {
		b, in := m.branchOf(i, group)
		if !in {
			continue
		}
		if _, known := empty[b]; !known {
			empty[b] = true
		}
		if m.Leaves[i].Min > 0 && m.Leaves[i].Group == group {
			empty[b] = false
		}
	}
	for _, ok := range empty {
		if ok {
			return true
		}
	}
	return false
}
