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

// TestOthers leaves out what is measured and the kernel's threads, and counts what has come since.
func TestOthers(t *testing.T) {
	then := others(map[int]stat{1: {0, 5}, 2: {0, 9}, 14: {2, 40}, 30: {1, 10}, 31: {30, 7}, 40: {1, 3}}, []int{30})
	if len(then) != 3 || then[1] != 5 || then[31] != 7 || then[40] != 3 {
		t.Errorf("%v", then)
	}
	now := others(map[int]stat{1: {0, 5.5}, 2: {0, 19}, 14: {2, 50}, 30: {1, 99}, 40: {1, 4}, 50: {1, 0.25}}, []int{30})
	if got := now.Since(then); math.Abs(got-1.75) > 1e-9 { // 31 has ended
		t.Errorf("%v seconds", got)
	}
	if got := then.Since(now); got < 0 {
		t.Errorf("%v seconds backwards", got)
	}
}

func TestParseCores(t *testing.T) {
	for list, want := range map[string][]int{"0-1": {0, 1}, "3": {3}, "0,2-4,9": {0, 2, 3, 4, 9}, "": nil, "a": nil, "1-": nil} {
		if got := parseCores([]byte("Name: x\nCpus_allowed_list:\t" + list + "\nMems: 0\n")); !slices.Equal(got, want) {
			t.Errorf("%q: %v", list, got)
		}
	}
	if got := parseCores([]byte("Name: x\n")); got != nil {
		t.Errorf("without the field: %v", got)
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
	if u := Others(self...); len(u) == 0 || u[os.Getpid()] != 0 {
		t.Errorf("others: %v", u)
	}
	if Descriptors(self) < 3 || Descriptors(nil) != 0 {
		t.Errorf("descriptors %d", Descriptors(self))
	}
	if len(Cores()) == 0 {
		t.Error("this program has no core")
	}
}
