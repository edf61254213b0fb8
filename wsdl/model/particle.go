package model

// Unbounded is a Max without bound.
const Unbounded = -1

// Compositor is how the particles of a group stand together.
type Compositor uint8

// The compositors.
const (
	Sequence Compositor = iota
	Choice
	All
)

// String gives the compositor as schemas write it.
func (c Compositor) String() string { return [...]string{"sequence", "choice", "all"}[c] }

// Particle is a place in a content model. Exactly one of Element, Any, Ref is set, or none: then it is a group of Items.
type Particle struct {
	Place    Place
	Min, Max int
	Doc      string

	Element *Element  // local, or the global one that ref names
	Any     *Wildcard // xs:any
	Ref     *Group    // xs:group ref; groups may contain themselves, so it is not expanded

	Compositor Compositor
	Items      []*Particle
}

// IsGroup reports whether the particle is a sequence, choice or all written here.
func (p *Particle) IsGroup() bool { return p.Element == nil && p.Any == nil && p.Ref == nil }

// Repeats reports whether the particle may occur more than once.
func (p *Particle) Repeats() bool { return p.Max == Unbounded || p.Max > 1 }
