package proc

import (
	"math"
	"os"
	"slices"
	"testing"
)

func TestParseStat(t *testing.T) {
	line := "1234 (a) b ) c) S 77 1234 1234 0 -1 4194560 1 0 0 0 150 50 20 3 20 0 9 0 1000 1 2"
	if s, ok := parseStat([]byte(line)); !ok || s.parent != 77 || s.cpu != 2.23 {
		t.Errorf("%+v %t", s, ok)
	}
	for _, bad := range []string{"", "1 (x", "1 (x) S 2", "1 (x) S two 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"} {
		if s, ok := parseStat([]byte(bad)); ok {
			t.Errorf("%q is %+v", bad, s)
		}
	}
}

func TestParseMachine(t *testing.T) {
	busy, all := parseMachine([]byte("cpu  100 20 30 400 50 6 7 8 90 1\ncpu0 1 2 3\n"))
	if math.Abs(busy-1.71) > 1e-9 || math.Abs(all-6.21) > 1e-9 {
		t.Errorf("busy %v of %v", busy, all)
	}
	if busy, all := parseMachine(nil); busy != 0 || all != 0 {
		t.Errorf("of nothing: %v of %v", busy, all)
	}
}

func TestAnonymous(t *testing.T) {
	for text, want := range map[string]float64{
		"Rss:   9 kB\nPss_Anon:           2048 kB\nPss_File:  7 kB\n": 2,
		"VmRSS:	  100 kB\nRssAnon:	   512 kB\n":                       0.5,
		"nothing":                                                     0,
	} {
		if got := anonymous([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestDescend(t *testing.T) {
	got := descend([]int{10}, map[int]int{1: 0, 10: 1, 11: 10, 12: 11, 13: 1, 14: 12})
	slices.Sort(got)
	if !slices.Equal(got, []int{10, 11, 12, 14}) {
		t.Errorf("%v", got)
	}
}

// TestSelf reads the real /proc.
func TestSelf(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
	self := Tree(os.Getpid())
	if !slices.Contains(self, os.Getpid()) || Memory(self) <= 0 {
		t.Errorf("tree %v, memory %v", self, Memory(self))
	}
	if busy, all := Machine(); busy <= 0 || all < busy {
		t.Errorf("machine: %v of %v", busy, all)
	}
}
