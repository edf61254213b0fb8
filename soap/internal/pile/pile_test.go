package pile

import "testing"

// TestPieces: pieces of a pile have no byte in common and no room behind them, whatever their sizes, and are empty at first.
func TestPieces(t *testing.T) {
	var p Pile[int]
	var cuts [][]int
	for i := range 400 {
		c := p.Cut(i*7%23, 4)
		if len(c) != i*7%23 || cap(c) != len(c) {
			t.Fatalf("%d of %d", len(c), cap(c))
		}
		for j := range c {
			if c[j] != 0 {
				t.Fatal("a piece was given out before")
			}
			c[j] = i + 1
		}
		cuts = append(cuts, c)
	}
	for i, c := range cuts {
		for _, n := range c {
			if n != i+1 {
				t.Fatalf("piece %d has a value of piece %d", i, n-1)
			}
		}
	}
}

// TestAgain: what was taken back is given out again, empty, whatever was open in between.
func TestAgain(t *testing.T) {
	var p Pile[int]
	for round := range 50 {
		for i := range round % 7 {
			open := p.Open(4)
			if len(open) != 0 {
				t.Fatal("an open slice has pieces")
			}
			n := (round*5 + i) % 11
			for j := range n {
				open = append(open, j+1)
			}
			if got := p.Close(open); len(got) != n || cap(got) != n {
				t.Fatalf("%d of %d pieces, room for %d", len(got), n, cap(got))
			}
			for _, v := range p.Cut(i+1, 4) {
				if v != 0 {
					t.Fatalf("round %d: a piece was given out before", round)
				}
			}
			p.Copied([]int{9, 9}, 4)
		}
		p.Reset()
	}
	if len(p.all) > growth*4 {
		t.Errorf("%d pieces are kept", len(p.all))
	}
	if n := testing.AllocsPerRun(10, func() {
		p.Cut(3, 4)
		p.Close(append(p.Open(4), 1))
		p.Reset()
	}); n != 0 {
		t.Errorf("%v allocations in what is there", n)
	}
}
