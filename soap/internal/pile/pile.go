// Package pile owns how small pieces of one thing are cut out of larger slices, so that they cost few allocations.
package pile

// growth is how much larger than the first one a slice gets.
const growth = 8

// Pile gives out pieces of larger slices, so that many small ones cost one allocation. Nothing is given out twice before Reset, and what
// was lives as long as somebody has it, together with its neighbours: so a Pile is for things that go together, as those of one message
// do. The zero Pile is ready; one goroutine uses it.
type Pile[T any] struct {
	all  []T // the slice that is cut now; free is its end
	free []T
}

// Reset takes back what was given out, which nobody may use any more. At most one slice stays, growth times the first one at most.
func (p *Pile[T]) Reset() {
	clear(p.all[:len(p.all)-len(p.free)])
	p.free = p.all
}

// Cut gives n zero values with no room behind them; nil for none. first is the size of the first slice.
func (p *Pile[T]) Cut(n, first int) []T {
	if n == 0 {
		return nil
	}
	if n > len(p.free) {
		if n > max(len(p.all), first)/2 {
			return make([]T, n) // large: what is there still serves others
		}
		p.more(first)
	}
	cut := p.free[:n:n]
	p.free = p.free[n:]
	return cut
}

// more begins another slice.
func (p *Pile[T]) more(first int) {
	p.all = make([]T, min(max(2*len(p.all), first), growth*first))
	p.free = p.all
}

// Copied is a copy of from in the pile.
func (p *Pile[T]) Copied(from []T, first int) []T {
	to := p.Cut(len(from), first)
	copy(to, from)
	return to
}

// Open gives an empty slice with room behind it, for a piece whose length is not known yet. It is appended to, which may make it a slice
// of its own, and has to be closed then, whatever became of it. Nothing is cut in between.
func (p *Pile[T]) Open(first int) []T {
	if len(p.free) < first/2 {
		p.more(first)
	}
	return p.free[:0]
}

// Close gives the piece that an open slice became.
func (p *Pile[T]) Close(open []T) []T {
	n := len(open)
	if n == 0 {
		return nil
	}
	// One that moved had filled all there was.
	used := len(p.free)
	if n <= used && &open[0] == &p.free[0] {
		used = n
	}
	p.free = p.free[used:]
	return open[:n:n]
}
