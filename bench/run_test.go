package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/proc"
	"github.com/causeway-relay/causeway/bench/report"
)

// TestMain is also what runs start: this program is theirs.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "target" || os.Args[1] == "fanout") {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	none := func(string) string { return "" }
	o, err := parse([]string{"-peers", "direct,ours", "-cells", "echo", "-dur", "2s"}, none)
	if err != nil || len(o.peers) != 2 || o.rounds != 5 || o.dur != 2*time.Second || o.command != "bench run -peers direct,ours -cells echo -dur 2s" {
		t.Errorf("%+v %v", o, err)
	}
	if o, err := parse(nil, func(string) string { return "7" }); err != nil || o.rounds != 7 {
		t.Errorf("ROUNDS=7: %+v %v", o, err)
	}
	for _, bad := range [][]string{{"-rounds", "0"}, {"-idle", "-1"}, {"word"}, {"-dur", "0s"}} {
		if o, err := parse(bad, none); err == nil {
			t.Errorf("%q: %+v", bad, o)
		}
	}
	if _, err := chosen([]string{"direct", "nobody"}); err == nil {
		t.Error("a peer that is not there was chosen")
	}
	if p, err := chosen(nil); err != nil || len(p) != 32 || p[0].Name != "direct" {
		t.Errorf("by default: %d peers, %v", len(p), err)
	}
}

func TestWants(t *testing.T) {
	r := &runner{o: &options{cells: []string{"bulk", "echo_1"}}}
	for cell, want := range map[string]bool{"bulk_up_16": true, "echo_1": true, "echo_64": false, "idle": false} {
		if r.wants(cell) != want {
			t.Errorf("%s: %t", cell, !want)
		}
	}
}

// TestDispatch refuses what is no command, or one with too few words.
func TestDispatch(t *testing.T) {
	for _, args := range [][]string{{"dance"}, {"hcref"}, {"listener", "x"}} {
		if err := dispatch(t.Context(), args); err == nil || !strings.Contains(err.Error(), "usage") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// TestCellsOfTheReport: a cell that the report has no row for would be measured for nothing.
func TestCellsOfTheReport(t *testing.T) {
	names := []string{idleCell, listenersCell, castMemory, volumeCell}
	for _, c := range cells() {
		names = append(names, c.name)
	}
	for _, g := range gatherings {
		for _, c := range g.cells {
			names = append(names, c.name)
		}
	}
	for _, name := range names {
		v := map[string]float64{"mibps": 7, "ops": 7, "cps": 7, "rps": 7, "p50us": 7, "kib_each": 7, "down": 7, "added": 7, "eps": 7}
		var b strings.Builder
		r := &report.Run{Peers: []report.Peer{{Name: "direct"}}, Samples: []report.Sample{{Peer: "direct", Cell: name, Values: v}}}
		if err := report.Results(&b, 1, r); err != nil || !strings.Contains(b.String(), "| 7.00 |") {
			t.Errorf("%s has no row: %v", name, err)
		}
	}
}

// TestRun is a whole run in small, of what needs no gateway's process.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	out, page := filepath.Join(dir, "run.json"), filepath.Join(dir, "RESULTS.md")
	err := dispatch(t.Context(), []string{"-peers", "direct", "-quick", "-free", "-out", out, "-results", page})
	if err != nil {
		t.Fatal(err)
	}
	runs, err := report.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(runs[0].Samples); n != len(cells()) { // a conversion takes a relay, and there is one volume more
		t.Errorf("%d samples", n)
	}
	if b, err := os.ReadFile(page); err != nil || !strings.Contains(string(b), "## Raw data") {
		t.Errorf("the page: %v", err)
	}
	for _, s := range runs[0].Samples {
		if s.Err != "" || s.Values["cpu_load"] < 0 || s.Values["foreign"] < 0 {
			t.Errorf("%+v", s)
		}
	}
}

// TestCasts runs two gatherings of the bound's listeners, those that stay and those that come anew, and weighs some. The bound has three
// turns a round where a must is about it.
func TestCasts(t *testing.T) {
	defer func(all []gathering) { gatherings = all }(gatherings)
	gatherings = []gathering{
		{peer.Event, 5, false, []castCell{{"cast_event_1000", full(1)}, {"cast_paced_1000", paced(1)}}},
		{peer.Event, 6, true, []castCell{{"cast_event_5000", full(1)}}},
	}
	out := filepath.Join(t.TempDir(), "run.json")
	for _, row := range []struct {
		args, want []string
	}{
		{[]string{"-cells", "cast_event,cast_paced", "-rounds", "2", "-dur", "20ms"}, []string{
			"0 cast_event_1000 x3", "0 cast_event_5000 x3", "0 cast_paced_1000 x1", "1 cast_event_1000 x3", "1 cast_event_5000 x3", "1 cast_paced_1000 x1",
		}},
		{[]string{"-cells", "cast_listeners", "-quick", "-idle", "10"}, []string{"0 cast_listeners x1"}},
	} {
		if err := dispatch(t.Context(), slices.Concat([]string{"run", "-peers", "direct,fanout", "-free", "-out", out}, row.args)); err != nil {
			t.Fatal(err)
		}
		runs, err := report.Load(out)
		if err != nil {
			t.Fatal(err)
		}
		turns := map[string]int{}
		for _, s := range runs[0].Samples {
			turns[fmt.Sprintf("%d %s", s.Round, s.Cell)]++
			if s.Err != "" || s.Peer != "fanout" || s.Values["eps"] <= 0 && s.Values["n"] != 10 {
				t.Errorf("%+v", s)
			}
		}
		var got []string
		for turn, n := range turns {
			got = append(got, fmt.Sprintf("%s x%d", turn, n))
		}
		if slices.Sort(got); !slices.Equal(got, row.want) {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}

// TestFits: a gathering is for peers that have a cell of it, and for none that has no cells of its own.
func TestFits(t *testing.T) {
	for _, row := range []struct {
		cells []string
		want  bool
	}{{[]string{"cast"}, true}, {[]string{"cast_event_1000"}, true}, {[]string{"cast_paced_1000", "bulk"}, true}, {[]string{"cast_event_5000"}, false}, {nil, false}} {
		g := gathering{cells: []castCell{{"cast_event_1000", nil}, {"cast_paced_1000", nil}}}
		if got := g.fits(&peer.Peer{Cells: row.cells}); got != row.want {
			t.Errorf("%q: %t", row.cells, got)
		}
	}
}

// TestDue: the rounds that were asked for are run, and later ones only for a cell with a must that has not settled, while there is time.
func TestDue(t *testing.T) {
	r := &runner{o: &options{rounds: 5, most: 8, within: time.Hour, foreign: defaultForeign}, peers: []peer.Peer{{Name: yardstick}, {Name: "ours"}}}
	for i, rate := range []float64{100, 150, 101, 102, 103} {
		r.run.Samples = append(r.run.Samples, report.Sample{Peer: yardstick, Cell: "echo_1", Round: i, Values: map[string]float64{"ops": rate}})
	}
	echo := cell{name: "echo_1"}
	if !r.due(echo, 4, r.run.Settled) || !r.due(echo, 5, r.run.Settled) {
		t.Error("an unsteady cell is not measured again")
	}
	if alone := (cell{name: "setup_1"}); !r.due(alone, 4, r.run.Settled) || r.due(alone, 5, r.run.Settled) {
		t.Error("a cell without a must is measured again")
	}
	r.o.within = 0
	if !r.due(echo, 4, r.run.Settled) || r.due(echo, 5, r.run.Settled) {
		t.Error("a round more is run though time is over, or one that was asked for is not")
	}
	r.o.within = time.Hour
	r.run.Samples = append(r.run.Samples, report.Sample{Peer: yardstick, Cell: "echo_1", Round: 5, Values: map[string]float64{"ops": 104}})
	if r.due(echo, 6, r.run.Settled) {
		t.Error("a steady cell is measured again")
	}
}

// TestRounds: the rounds of one cell follow each other; where direct is not steady there are more behind those of all cells, and last where
// a must is undecided.
func TestRounds(t *testing.T) {
	r, err := newRunner(&options{peers: []string{yardstick}, rounds: 1, most: 4, within: time.Hour, free: true, quick: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	r.peers = append(r.peers, peer.Peer{Name: "ours"})     // whom musts are about, and who is not up
	for i, ops := range []float64{0.5, 0.7, 1, 1.2, 1.3} { // echo_64 is steady, and undecided
		for name, v := range map[string]float64{yardstick: 1, "hcref": 1, "ours": ops} {
			r.run.Samples = append(r.run.Samples, report.Sample{Peer: name, Cell: "echo_64", Round: 10 + i, Values: map[string]float64{"ops": v}})
		}
	}
	var turns []string
	named := func(name string) cell {
		return cell{name, streams, func(*peer.Tunnel, *load.Target, time.Duration, load.Window) (load.Result, error) {
			turns = append(turns, name)
			return load.Result{"ops": 1, "cps": 1}, nil
		}}
	}
	e, err := r.env(yardstick)
	if err != nil {
		t.Fatal(err)
	}
	direct, err := r.start(t.Context(), &r.peers[0], e)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Stop()
	if err := r.rounds(t.Context(), []cell{named("echo_1"), named("setup_1"), named("echo_64")}, []*peer.Tunnel{direct, nil}); err != nil {
		t.Fatal(err)
	}
	want := []string{"echo_1", "echo_1", "setup_1", "echo_64", "echo_1", "echo_1", "echo_64", "echo_64", "echo_64"} // nobody's must is about setup_1
	if !slices.Equal(turns, want) {
		t.Errorf("%q, want %q", turns, want)
	}
}

// TestCheckJudgesNothing: a comparison in which no row counts is no success.
func TestCheckJudgesNothing(t *testing.T) {
	err := dispatch(t.Context(), []string{"check", "-peers", "direct", "-cells", "echo_64", "-rounds", "1", "-dur", "20ms", "-free"})
	if err == nil || !strings.Contains(err.Error(), "no row could be judged") {
		t.Errorf("%v", err)
	}
}

// TestOrder: those whom a must is about are there three times, there and back again; the others once, and only in rounds that were asked for.
func TestOrder(t *testing.T) {
	names := []string{yardstick, "relay-copy", "hcref", "ours"}
	r := &runner{o: &options{rounds: 5}}
	var up []*peer.Tunnel
	for _, name := range names {
		r.peers, up = append(r.peers, peer.Peer{Name: name}), append(up, &peer.Tunnel{})
	}
	all := func(*peer.Tunnel) bool { return true }
	for _, row := range []struct {
		cell  string
		round int
		quick bool
		want  []int
	}{
		{"echo_64", 4, false, []int{1, 2, 3, 3, 2, 2, 3}},
		{"echo_64", 3, false, []int{3, 1, 2, 2, 3, 3, 2}},
		{"echo_64", 8, false, []int{2, 3, 3, 2, 2, 3}},
		{"setup_1", 4, false, []int{1, 2, 3}},    // nobody's must
		{"soap_1k_64", 4, false, []int{1, 2, 3}}, // compares within itself
		{"convert_1", 4, false, []int{1, 2, 3}},
		{"echo_64", 4, true, []int{1, 2, 3}},
	} {
		r.o.quick = row.quick
		if yard, got := r.order(cell{name: row.cell, can: all}, row.round, up); yard != 0 || !slices.Equal(got, row.want) {
			t.Errorf("%s, round %d: %d, %v, want %v", row.cell, row.round, yard, got, row.want)
		}
	}
	if yard, got := r.order(cell{name: "echo_64", can: all}, 0, make([]*peer.Tunnel, len(names))); yard != -1 || got != nil {
		t.Errorf("of nobody: %d, %v", yard, got)
	}
}

// TestLapped: more turns of some of a list leave what lies behind it alone.
func TestLapped(t *testing.T) {
	all := []string{"a", "b", "c", "d"}
	got := lapped(all[:2], 3, func(s string) bool { return s == "b" })
	if want := []string{"a", "b", "b", "b"}; !slices.Equal(got, want) || !slices.Equal(all, []string{"a", "b", "c", "d"}) {
		t.Errorf("%q of %q", got, all)
	}
}

// TestDrawsAt spreads draws over a turn: each is made once, the first before all others and the last behind them.
func TestDrawsAt(t *testing.T) {
	for _, row := range []struct {
		others, n int
		want      []int // draws before each of the others, and behind the last
	}{{8, 5, []int{1, 0, 1, 0, 1, 0, 1, 0, 1}}, {2, 5, []int{2, 2, 1}}, {0, 5, []int{5}}, {3, 1, []int{1, 0, 0, 0}}, {1, 0, []int{0, 0}}, {6, 3, []int{1, 0, 0, 1, 0, 0, 1}}} {
		got := make([]int, row.others+1)
		for i := range got {
			got[i] = drawsAt(i, row.others, row.n)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%d of %d: %v, want %v", row.n, row.others, got, row.want)
		}
	}
}

// TestMiddle: the draw of the middle rate speaks for a turn, with all its values, and says how far the draws were apart.
func TestMiddle(t *testing.T) {
	var all []load.Result
	for _, ops := range []float64{90, 100, 130, 99, 120} {
		all = append(all, load.Result{"ops": ops, "p50us": 1e6 / ops})
	}
	if r := middle(all, "ops"); r["ops"] != 100 || r["p50us"] != 1e4 || r["apart"] != 0.4 {
		t.Errorf("%v", r)
	}
	if r := middle(all[:1], "ops"); len(r) != 2 {
		t.Errorf("of one draw: %v", r)
	}
	if r := middle([]load.Result{nil, {"ops": 1}}, "ops"); r != nil {
		t.Errorf("with a draw that failed: %v", r)
	}
}

// TestPlace: load and target have a core each where there are two and they can be kept there.
func TestPlace(t *testing.T) {
	has := func(string) (string, error) { return "/usr/bin/taskset", nil }
	lacks := func(string) (string, error) { return "", os.ErrNotExist }
	for _, row := range []struct {
		free bool
		own  []int
		look func(string) (string, error)
		want cores
	}{
		{false, []int{0, 1}, has, cores{"0", "1", "0,1", ""}},
		{false, []int{2, 3, 7}, has, cores{"2", "7", "2,3,7", ""}},
		{true, []int{0, 1}, has, cores{why: "as asked"}},
		{false, []int{4}, has, cores{why: "there is one core"}},
		{false, []int{0, 1}, lacks, cores{why: "no taskset"}},
	} {
		got := place(row.free, row.own, row.look)
		if got != row.want || !strings.Contains(got.String(), got.target) || !strings.Contains(got.String(), got.why) {
			t.Errorf("%v of %v: %+v, %v", row.free, row.own, got, got)
		}
	}
}

// TestStay moves this program to one core and back.
func TestStay(t *testing.T) {
	own := proc.Cores()
	c := place(false, own, exec.LookPath)
	free, err := c.stay()
	if err != nil {
		t.Fatal(err)
	}
	if now := proc.Cores(); c.all != "" && (len(now) != 1 || runtime.GOMAXPROCS(0) != 1) {
		t.Errorf("kept on %v with GOMAXPROCS %d, want one of %v", now, runtime.GOMAXPROCS(0), own)
	}
	free()
	if now := proc.Cores(); !slices.Equal(now, own) {
		t.Errorf("on %v, want %v", now, own)
	}
}
