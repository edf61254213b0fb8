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
