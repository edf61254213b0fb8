package limit_test

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/limit"
)

var (
	noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	home = netip.MustParseAddr("192.0.2.1")
	hyco = entity.Address{Path: "hyco"}
)

func TestGate(t *testing.T) {
	g := limit.NewGate(2)
	if first, second, third := g.Enter(), g.Enter(), g.Enter(); !first || !second || third {
		t.Fatal("two slots let exactly two in")
	}
	if g.Used() != 2 || g.Max() != 2 {
		t.Errorf("used %d of %d", g.Used(), g.Max())
	}
	g.Leave()
	if !g.Enter() {
		t.Error("a slot that was given back is not there")
	}
	g.SetMax(1)
	g.Leave()
	if g.Enter() {
		t.Error("the smaller gate lets a second one in")
	}
	g.Leave()
	if !g.Enter() || g.Used() != 1 {
		t.Error("the smaller gate lets nobody in")
	}
	if limit.NewGate(0).Enter() || limit.NewGate(-1).Enter() {
		t.Error("a gate without slots lets somebody in")
	}
}

// TestGateNeverOverfull has eight goroutines fight for three slots.
func TestGateNeverOverfull(t *testing.T) {
	g := limit.NewGate(3)
	var inside, most, entered atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				if !g.Enter() {
					continue
				}
				entered.Add(1)
				n := inside.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				inside.Add(-1)
				g.Leave()
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 || g.Used() != 0 || entered.Load() == 0 {
		t.Errorf("most %d, used %d, entered %d", most.Load(), g.Used(), entered.Load())
	}
}

func TestSource(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7":              "192.0.2.7",
		"::ffff:192.0.2.7":       "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":   "2001:db8:1:2::",
		"2001:db8:1:2:ffff::1":   "2001:db8:1:2::",
		"2001:db8:1:3::1":        "2001:db8:1:3::",
		"fe80::1:2:3:4%eth0":     "fe80::",
		"::1":                    "::",
		"::ffff:192.0.2.7%zone0": "192.0.2.7",
	} {
		if got := limit.Source(netip.MustParseAddr(addr)); got.String() != want {
			t.Errorf("%s is source %s, want %s", addr, got, want)
		}
	}
	if got := limit.Source(netip.Addr{}); got != (netip.Addr{}) {
		t.Errorf("no address is source %s", got)
	}
}

func TestPerSource(t *testing.T) {
	p := limit.NewPerSource(2, 2)
	one, alike, other, third := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), home, netip.MustParseAddr("192.0.2.2")
	if !p.Enter(one) || !p.Enter(alike) || p.Enter(one) {
		t.Fatal("two addresses of one /64 share two slots")
	}
	if !p.Enter(other) {
		t.Fatal("another source has no slot")
	}
	if p.Enter(third) {
		t.Fatal("a third source found room in a table for two")
	}
	if !p.Enter(other) {
		t.Fatal("a full table refuses a source that it knows")
	}
	p.Leave(other)
	p.Leave(other)
	if !p.Enter(third) {
		t.Error("a source that left takes room")
	}
	p.SetSlots(1)
	p.Leave(one)
	if p.Enter(one) {
		t.Error("a second slot of one")
	}
	p.Leave(alike)
	if !p.Enter(one) {
		t.Error("no slot of one")
	}
}

// TestPerSourceCounts compares the table with a plain count, whatever comes and goes.
func TestPerSourceCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const slots, sources = 3, 4
		p := limit.NewPerSource(slots, sources)
		used := map[netip.Addr]int{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(rapid.IntRange(0, 6).Draw(t, "addr"))})
			if rapid.Bool().Draw(t, "leave") {
				if used[addr] > 0 {
					p.Leave(addr)
					if used[addr]--; used[addr] == 0 {
						delete(used, addr)
					}
				}
				continue
			}
			_, known := used[addr]
			want := used[addr] < slots && (known || len(used) < sources)
			if got := p.Enter(addr); got != want {
				t.Fatalf("Enter(%s) = %v with %v", addr, got, used)
			}
			if want {
				used[addr]++
			}
		}
	})
}

// TestDelayLadder: 0, then 1 s, then 5 s for a client that comes again as soon as it is answered.
func TestDelayLadder(t *testing.T) {
	d, now := limit.NewDelays(), noon
	for i, want := range []float64{0, 0, 0, 1, 1, 1, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5} {
		got := d.Refused(home, hyco, now)
		if got.Seconds() != want {
			t.Fatalf("refusal %d waits %s, want %v s", i+1, got, want)
		}
		now = now.Add(got + time.Millisecond)
	}
}

// TestDelayLeavesTheRestAlone: another source, another entity and a client with manners wait for nothing.
func TestDelayLeavesTheRestAlone(t *testing.T) {
	d := limit.NewDelays()
	for range 20 {
		d.Refused(home, hyco, noon)
	}
	if got := d.Refused(home, hyco, noon); got != 78*time.Second { // 3 free, 3 a second apart, 15 five seconds apart
		t.Fatalf("the storm waits %s", got)
	}
	if got := d.Refused(netip.MustParseAddr("192.0.2.2"), hyco, noon); got != 0 {
		t.Errorf("another source waits %s", got)
	}
	for _, at := range []entity.Address{{Path: "hyco2"}, {Path: "hyc"}, {Namespace: "h", Path: "yco"}, {Namespace: "hyco"}} {
		if got := d.Refused(home, at, noon); got != 0 {
			t.Errorf("another entity, %v, waits %s", at, got)
		}
	}
	// .NET and Java wait 0, 1, 2, 5, 10, 30, 30 ... s by themselves (reference section 6.5).
	polite, now := entity.Address{Path: "polite"}, noon
	for i, pause := range []int64{0, 1, 2, 5, 10, 30, 30, 30, 30, 30} {
		now = time.Unix(now.Unix()+pause, 0)
		got := d.Refused(home, polite, now)
		if got > time.Second || i > 5 && got > 0 {
			t.Errorf("refusal %d of a client with manners waits %s", i+1, got)
		}
	}
}

// TestDelayBoundsTheStorm: hyco-ws dials twice for every answer. What waits grows by one in each spacing and does not
// double in each delay.
func TestDelayBoundsTheStorm(t *testing.T) {
	d := limit.NewDelays()
	due := []time.Time{noon} // when each dial that waits is answered
	answers := 0
	for end := noon.Add(10 * time.Minute); ; {
		slices.SortFunc(due, time.Time.Compare)
		now := due[0]
		if now.After(end) {
			break
		}
		due = due[1:]
		answers++
		for range 2 {
			due = append(due, now.Add(d.Refused(home, hyco, now)))
		}
	}
	if most := 600/5 + 12; answers > most || len(due) > most {
		t.Errorf("%d answers in ten minutes and %d waiting, at most %d wanted", answers, len(due), most)
	}
}

func TestDelayForgives(t *testing.T) {
	d := limit.NewDelays()
	for range 20 {
		d.Refused(home, hyco, noon)
	}
	d.Succeeded(home, hyco)
	if got := d.Refused(home, hyco, noon); got != 0 {
		t.Errorf("after a success a refusal waits %s", got)
	}
	for range 20 {
		d.Refused(home, hyco, noon)
	}
	if got := d.Refused(home, hyco, noon.Add(60*time.Second)); got != 23*time.Second {
		t.Errorf("after a minute of quiet a refusal waits %s: 12 fade to 6, this one is the 7th, and the last of the 20 waits 18 s more", got)
	}
	if got := d.Refused(home, hyco, noon.Add(4*time.Minute)); got != 0 {
		t.Errorf("after three minutes of quiet a refusal waits %s", got)
	}
	if got := d.Refused(home, hyco, noon.Add(-time.Hour)); got != 0 {
		t.Errorf("a clock that was set back makes a refusal wait %s", got)
	}
}

func TestGuesses(t *testing.T) {
	g := limit.NewGuesses()
	if !g.Allowed(home, noon) {
		t.Fatal("nothing was wrong and nothing is allowed")
	}
	wrong := 0
	for ; g.Allowed(home, noon); wrong++ {
		if wrong > 1000 {
			t.Fatal("a thousand wrong tickets and no end")
		}
		g.Wrong(home, noon)
	}
	if wrong != 60 {
		t.Errorf("%d wrong tickets in a burst, 60 are meant", wrong)
	}
	if g.Allowed(home, noon.Add(900*time.Millisecond)) {
		t.Error("a guess too early")
	}
	later := noon.Add(time.Second)
	if !g.Allowed(home, later) {
		t.Fatal("no guess after a second")
	}
	g.Wrong(home, later)
	if g.Allowed(home, later) {
		t.Error("two guesses a second")
	}
	if !g.Allowed(netip.MustParseAddr("192.0.2.2"), noon) {
		t.Error("another source pays for it")
	}
	// Guesses a second, over an hour of trying all the time.
	tried := 0
	for now := later; now.Before(later.Add(time.Hour)); now = now.Add(100 * time.Millisecond) {
		if g.Allowed(home, now) {
			tried++
			g.Wrong(home, now)
		}
	}
	if tried < 3500 || tried > 3660 {
		t.Errorf("%d guesses an hour, 3600 are meant", tried)
	}
}

// TestConcurrentUse gives the race detector every table from many goroutines.
func TestConcurrentUse(t *testing.T) {
	d, g, p := limit.NewDelays(), limit.NewGuesses(), limit.NewPerSource(10, 10)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				addr := netip.AddrFrom4([4]byte{10, 0, byte(i), byte(j)})
				d.Refused(addr, hyco, noon)
				d.Succeeded(addr, hyco)
				g.Wrong(addr, noon)
				g.Allowed(addr, noon)
				if p.Enter(addr) {
					p.Leave(addr)
				}
			}
		})
	}
	wg.Wait()
}

// TestNoAllocations: every limit stands on a hot path.
func TestNoAllocations(t *testing.T) {
	gate, per, d, guesses := limit.NewGate(10), limit.NewPerSource(10, 10), limit.NewDelays(), limit.NewGuesses()
	six := netip.MustParseAddr("2001:db8::1")
	per.Enter(six)
	d.Refused(six, hyco, noon)
	guesses.Wrong(six, noon)
	for name, f := range map[string]func(){
		"Gate":      func() { gate.Enter(); gate.Leave() },
		"PerSource": func() { per.Enter(six); per.Leave(six) },
		"Delays":    func() { d.Refused(six, hyco, noon) },
		"Guesses":   func() { guesses.Allowed(six, noon); guesses.Wrong(six, noon) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkGate(b *testing.B) {
	g := limit.NewGate(1 << 20)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if g.Enter() {
				g.Leave()
			}
		}
	})
}

func BenchmarkPerSource(b *testing.B) {
	p := limit.NewPerSource(limit.PendingPerSource, limit.Pending)
	b.ReportAllocs()
	for b.Loop() {
		if p.Enter(home) {
			p.Leave(home)
		}
	}
}

func BenchmarkDelays(b *testing.B) {
	d := limit.NewDelays()
	b.ReportAllocs()
	for b.Loop() {
		d.Refused(home, hyco, noon)
	}
}

// Example shows the road of a listen that is refused.
func Example() {
	delays, now := limit.NewDelays(), time.Unix(0, 0)
	for range 8 {
		wait := delays.Refused(netip.MustParseAddr("192.0.2.1"), entity.Address{Path: "hyco"}, now)
		fmt.Print(wait, " ")
		now = now.Add(wait)
	}
	// Output: 0s 0s 0s 1s 1s 1s 5s 5s
}
