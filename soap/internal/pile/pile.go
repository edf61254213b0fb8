// Package pile owns how small pieces of one thing are cut out of larger slices, so that they cost few allocations.
package pile

// growth is how much larger than the first one a slice gets.
const growth = 8

// Pile gives out pieces of larger slices, so that many small ones cost one allocation. Nothing is given out twice, and what was lives
// as long as somebody has it, together with its neighbours: so a Pile is for things that go together, as those of one message do. The
// zero Pile is ready; one goroutine uses it.
type Pile[T any] struct {
	free []T
	made int
}

// Cut gives n zero values with no room behind them; nil for none. first is the size of the first slice.
func (p *Pile[T]) Cut(n, first int) []T {
	if n == 0 {
		return nil
	}
	if n > len(p.free) {
		if n > max(p.made, first)/2 {
			return make([]T, n) // large: what is there still serves others
		}
		p.made = min(max(2*p.made, first), growth*first)
		p.free = make([]T, p.made)
	}
	cut := p.free[:n:n]
	p.free = p.free[n:]
	return cut
}

// Copied is a copy of from in the pile.
func (p *Pile[T]) Copied(from []T, first int) []T {
	to := p.Cut(len(from), first)
	copy(to, from)
	return to
}
