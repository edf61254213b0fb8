package route_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/route"
)

// TestBothReached is the official load-balancing test: a hundred requests reach both of two listeners. Chance fails it once
// in 2^99.
func TestBothReached(t *testing.T) {
	tab := table()
	add(t, tab, "a", "a", "a")
	q := route.Query{At: at("a"), Entity: at("a"), Shape: mesh.Stream, Spread: true}
	reached := map[string]int{}
	for range 100 {
		reached[find(tab, q)[0]]++
	}
	if len(reached) != 2 {
		t.Errorf("of two listeners only %v were asked", reached)
	}
}

// chiSquare is how far counts are from being alike.
func chiSquare(counts []int) float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	want := float64(total) / float64(len(counts))
	sum := 0.0
	for _, n := range counts {
		d := float64(n) - want
		sum += d * d / want
	}
	return sum
}

// TestFair: each listener is asked first as often as the others, also when there are more than a caller has room for. The
// bounds are those that chance exceeds once in 10^9 runs.
func TestFair(t *testing.T) {
	rows := []struct {
		listeners, room int
		spread          bool
		bound           float64
	}{
		{5, route.MaxCandidates, true, 48.5},  // 4 degrees of freedom
		{5, route.MaxCandidates, false, 48.5}, // equals at one path
		{25, route.MaxCandidates, true, 93.0}, // 24
		{60, route.MaxCandidates, true, 152.0},
		{60, 1, false, 152.0},
	}
	for _, row := range rows {
		t.Run(fmt.Sprintf("%d for %d", row.listeners, row.room), func(t *testing.T) {
			tab := table()
			index := map[string]int{}
			for i := range row.listeners {
				l := listener(i+1, "a")
				index[l.ID] = i
				tab.Add(l, at("a"), time.Time{}, row.listeners)
			}
			counts := make([]int, row.listeners)
			room := make([]route.Candidate, 0, row.room)
			q := route.Query{At: at("a"), Entity: at("a"), Shape: mesh.Stream, Spread: row.spread}
			for range 200 * row.listeners {
				found, _ := tab.Find(room, &q)
				if len(found) != min(row.room, row.listeners) {
					t.Fatalf("%d found", len(found))
				}
				counts[index[found[0].ID]]++
			}
			if chi := chiSquare(counts); chi > row.bound {
				t.Errorf("chi square %.1f, at most %.1f: %v", chi, row.bound, counts)
			}
		})
	}
}

// TestLongestPathFirstWithoutRoom: who listens at a shorter path never takes the place of one at a longer.
func TestLongestPathFirstWithoutRoom(t *testing.T) {
	tab := table()
	add(t, tab, "a", "a", "a", "a", "a/b", "a/b")
	q := route.Query{At: at("a/b"), Entity: at("a"), Shape: mesh.Stream}
	for range 50 {
		found, _ := tab.Find(make([]route.Candidate, 0, 3), &q)
		if len(found) != 3 || found[0].At != at("a/b") || found[1].At != at("a/b") || found[2].At != at("a") {
			t.Fatalf("found %v", ids(found))
		}
	}
}

// TestFindAllocatesNothing is the promise of the hot path.
func TestFindAllocatesNothing(t *testing.T) {
	tab := table()
	for i := range 25 {
		path := "plant/line"
		if i%2 == 0 {
			path = "plant/line/robot"
		}
		tab.Add(listener(i+1, path), at("plant"), time.Time{}, 25)
	}
	rows := []struct {
		name string
		q    route.Query
		want int
	}{
		{"25 candidates", route.Query{Spread: true}, 25},
		{"longest first", route.Query{}, 25},
		{"hints", route.Query{Spread: true, Hints: route.Hints{Limited: true, Allowed: []route.GUID{id(1), id(25)}, Disallowed: []route.GUID{id(1)}}}, 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			row.q.At, row.q.Entity, row.q.Shape = at("plant/line/robot/arm/7"), at("plant"), mesh.Stream
			var room [route.MaxCandidates]route.Candidate
			n := 0
			allocs := testing.AllocsPerRun(1000, func() {
				found, _ := tab.Find(room[:0], &row.q)
				n = len(found)
			})
			if allocs != 0 || n != row.want {
				t.Errorf("%v allocations a lookup, %d found, want %d", allocs, n, row.want)
			}
		})
	}
}

// TestConcurrent: lookups, arrivals and announcements at once; the counts are right afterwards. The race detector judges
// the rest.
func TestConcurrent(t *testing.T) {
	tab := table()
	stay := add(t, tab, "a", "a")[0]
	var writers, readers sync.WaitGroup
	over := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			var room [route.MaxCandidates]route.Candidate
			for {
				select {
				case <-over:
					return
				default:
				}
				found, some := tab.Find(room[:0], &route.Query{At: at("a/b"), Entity: at("a"), Shape: mesh.Stream, Spread: true})
				if !some || len(found) == 0 {
					t.Error("the listener that stays was not found")
					return
				}
				tab.Same(found[0].Listener)
				tab.Locals(at("a"), false)
				isClosed(found[0].Gone())
			}
		})
	}
	for w := range 2 {
		writers.Go(func() {
			for i := range 300 {
				l := listener(100*w+i+2, "a/b")
				tab.Add(l, at("a"), time.Time{}, 1000)
				tab.Remove(l)
			}
		})
		writers.Go(func() {
			node := mesh.Num(w + 2)
			for i := range 300 {
				tab.Apply(mesh.Change{Node: node, Added: []mesh.Holding{{At: at("a"), Entity: at("a"), ID: "r", Channel: uint64(i), Shapes: mesh.Stream}}})
				if i%10 == 9 {
					tab.Apply(mesh.Change{Node: node, Down: true})
				}
			}
		})
	}
	writers.Wait()
	close(over)
	readers.Wait()
	if tab.Total() != 1 || tab.Count(at("a")) != 1 || isClosed(stay.Gone()) {
		t.Errorf("total %d, count %d", tab.Total(), tab.Count(at("a")))
	}
}

// BenchmarkFind is a lookup among 10,000 entities with two listeners each.
func BenchmarkFind(b *testing.B) {
	const entities = 10_000
	tab := table()
	queries := make([]route.Query, entities)
	for i := range entities {
		path := fmt.Sprintf("region%d/plant%d/line%d", i%7, i%97, i)
		for n := range 2 {
			tab.Add(listener(2*i+n+1, path), at(path), time.Time{}, 25)
		}
		queries[i] = route.Query{At: at(path + "/order/4711"), Entity: at(path), Shape: mesh.Stream, Spread: true}
	}
	var room [route.MaxCandidates]route.Candidate
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if found, _ := tab.Find(room[:0], &queries[i%entities]); len(found) != 2 {
			b.Fatalf("%d found", len(found))
		}
	}
}
