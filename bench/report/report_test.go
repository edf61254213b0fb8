package report

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSummarize(t *testing.T) {
	for _, row := range []struct {
		in                  []float64
		median, least, most float64
	}{{[]float64{3}, 3, 3, 3}, {[]float64{9, 1, 4}, 4, 1, 9}, {[]float64{8, 2, 4, 1}, 3, 1, 8}} {
		in := slices.Clone(row.in)
		if s := summarize(in); s.median != row.median || s.least != row.least || s.most != row.most || s.n != len(in) {
			t.Errorf("%v: %+v", row.in, s)
		}
		if !slices.Equal(in, row.in) {
			t.Errorf("%v was sorted in place", row.in)
		}
	}
	if s := summarize(nil); s.n != 0 || s.show("x") != "-" {
		t.Errorf("of nothing: %+v", s)
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0: "0.00", 0.0123: "0.0123", 0.5: "0.50", 9.994: "9.99", 9.999: "10.0", 42.25: "42.2", 99.99: "100", 2948.4: "2948"} {
		if got := number(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}

// rounds makes the samples of one cell, a value each round.
func rounds(peer, cell, field string, values ...float64) []Sample {
	var all []Sample
	for i, v := range values {
		all = append(all, Sample{Peer: peer, Cell: cell, Round: i, Values: map[string]float64{field: v}})
	}
	return all
}

func find(name string) *metric {
	i := slices.IndexFunc(metrics, func(m metric) bool { return m.name == name })
	return &metrics[i]
}

// TestRatio divides within rounds: the median of ratios and not the ratio of medians.
func TestRatio(t *testing.T) {
	m := find("echo x64, 1/s")
	r := &Run{Samples: slices.Concat(rounds("ours", "echo_64", "ops", 10, 40, 90), rounds("other", "echo_64", "ops", 10, 20, 100))}
	if s := merge([]*Run{r}, 1).ratio(m, "ours", "other"); s.median != 1 || s.least != 0.9 || s.most != 2 || s.disturbed {
		t.Errorf("%+v", s)
	}
	r.Samples[1].Err = "broken" // no ratio for that round
	if s := merge([]*Run{r}, 1).ratio(m, "ours", "other"); s.n != 2 || s.most != 1 {
		t.Errorf("with a failure: %+v", s)
	}
	if s := merge([]*Run{r}, 1).ratio(m, "ours", "absent"); s.n != 0 {
		t.Errorf("to somebody absent: %+v", s)
	}
	zero := &Run{Samples: slices.Concat(rounds("ours", "echo_64", "ops", 10), rounds("other", "echo_64", "ops", 0))}
	if s := merge([]*Run{zero}, 1).ratio(m, "ours", "other"); s.n != 0 {
		t.Errorf("to nothing: %+v", s)
	}
}

// TestDisturbed leaves out the rounds in which others worked, and marks the figure when there is no other.
func TestDisturbed(t *testing.T) {
	m := find("bulk up x1, MiB/s")
	r := &Run{Samples: slices.Concat(rounds("ours", "bulk_up_1", "mibps", 10, 50), rounds("other", "bulk_up_1", "mibps", 20, 50))}
	r.Samples[1].Values["foreign"] = 0.6
	if s := merge([]*Run{r}, 0.5).figure(m, "ours"); s.median != 10 || s.n != 1 || s.disturbed {
		t.Errorf("one quiet round: %+v", s)
	}
	r.Samples[2].Values["foreign"] = 0.6 // of the other, in the round that was left
	s := merge([]*Run{r}, 0.5).ratio(m, "ours", "other")
	if s.median != 0.75 || s.n != 2 || !s.disturbed || !strings.HasPrefix(s.show("x"), "~") {
		t.Errorf("no quiet round: %+v %s", s, s.show("x"))
	}
}

// TestDraws: of several samples of a round the middle one speaks for it, metric by metric, and one that others disturbed is left out.
func TestDraws(t *testing.T) {
	r := &Run{Samples: slices.Concat(rounds("ours", "echo_64", "ops", 10), rounds("ours", "echo_64", "ops", 30), rounds("ours", "echo_64", "ops", 20))}
	for i, p99 := range []float64{7, 8, 9} {
		r.Samples[i].Values["p99us"] = p99
	}
	if s := merge([]*Run{r}, 0.5).figure(find("echo x64, 1/s"), "ours"); s.median != 20 || s.n != 1 {
		t.Errorf("%+v", s)
	}
	if s := merge([]*Run{r}, 0.5).figure(find("echo x64 p99, us"), "ours"); s.median != 8 {
		t.Errorf("%+v", s)
	}
	r.Samples[0].Values["foreign"] = 0.6
	if s := merge([]*Run{r}, 0.5).figure(find("echo x64, 1/s"), "ours"); s.median != 25 || s.n != 1 || s.disturbed {
		t.Errorf("with one disturbed: %+v", s)
	}
}

// TestRunsStayApart: the same round of two runs makes no ratio.
func TestRunsStayApart(t *testing.T) {
	a := &Run{Samples: rounds("ours", "echo_64", "ops", 10, 20)}
	b := &Run{Samples: rounds("other", "echo_64", "ops", 1, 2)}
	if s := merge([]*Run{a, b}, 1).ratio(find("echo x64, 1/s"), "ours", "other"); s.n != 0 {
		t.Errorf("%+v", s)
	}
	if s := merge([]*Run{a, a}, 1).figure(find("echo x64, 1/s"), "ours"); s.n != 4 {
		t.Errorf("%+v", s)
	}
}

func TestCost(t *testing.T) {
	f := find("gateway CPU, bulk up x16, s/GiB").of
	if x, ok := f(map[string]float64{"cpu_gw": 3, "bytes": 2 << 30}); !ok || x != 1.5 {
		t.Errorf("%v %t", x, ok)
	}
	if _, ok := f(map[string]float64{"cpu_gw": 0, "bytes": 2 << 30}); ok {
		t.Error("a peer without a gateway has a cost")
	}
	f = find("gateway CPU, set-up x16, s/10k").of
	if x, ok := f(map[string]float64{"cpu_gw": 0.5, "count": 2000}); !ok || x != 2.5 {
		t.Errorf("%v %t", x, ok)
	}
}

// TestResults writes a page with everything in it, and reads its run back.
func TestResults(t *testing.T) {
	r := &Run{
		Date: "today", Machine: "a machine", Command: "bench run", Settings: "2 rounds",
		Peers: []Peer{{Name: "direct", Note: "nothing"}, {Name: "hcref", Note: "the bound"}, {Name: "frp", Rival: true, Note: "a peer"}, {Name: "bore", Rival: true, Note: "another"}, {Name: "frp-tls", Rival: true, Ciphered: true}, {Name: "piko", Absent: "not built"}, {Name: "ours", Note: "the gateway", Ours: true, Bound: "hcref"}},
		Samples: slices.Concat(rounds("direct", "bulk_up_1", "mibps", 100, 108, 104, 104, 104, 200), rounds("hcref", "bulk_up_1", "mibps", 40, 40, 40, 40, 40, 1),
			rounds("frp", "bulk_up_1", "mibps", 20, 20, 20, 20, 20, 1), rounds("bore", "bulk_up_1", "mibps", 52, 52, 52, 52, 52, 1),
			rounds("ours", "bulk_up_1", "mibps", 50, 55, 52, 52, 52, 99), []Sample{{Peer: "ours", Cell: "echo_64", Round: 1, Err: "reset\nand more"}}),
	}
	path := filepath.Join(t.TempDir(), "deep", "run.json")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	runs, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Results(&b, 0.5, runs...); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"`bench run`", "today; a machine; 2 rounds",
		"| |  | figure | direct | hcref | frp | bore | frp-tls |\n", "| bulk up x1, MiB/s | ours | 52.0 | **x0.50** [0.50-0.51] | **x1.30** [1.25-1.38] |",
		"| bulk up x1, MiB/s | ours | hcref | at least 0.95 | **x1.30** [1.25-1.38] | met | ahead of frp x2.60; level with bore x1.00 |",
		"| bulk up x1, MiB/s | ours | frp | at least 1.40 | **x2.60** [2.50-2.75] | met | - |", "| fan-out of hubs | - |",
		"\n2 met, 0 level, 0 beyond the bound, 0 missed, 0 open. Absent, so that the bound alone judges: piko (not built).\n", "does not count. Absent, ",
		"| bulk up x1, MiB/s | **104** [100-108] | **40.0** [40.0-40.0] | **20.0** [20.0-20.0] | **52.0** [52.0-52.0] | - | **52.0** [50.0-55.0] |",
		" bulk_up_1 7.69% 5/6;", "- ours, echo_64, round 1: reset\n", "- **hcref**: the bound",
		"\n0 bulk_up_1 ours mibps=50\n", "\n1 echo_64 ours failed\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, not := range []string{"| echo x1", "| ours | piko |"} {
		if strings.Contains(b.String(), not) {
			t.Errorf("%q stands there, which nobody has", not)
		}
	}
	if musts, ratios := strings.Index(b.String(), "## Musts"), strings.Index(b.String(), "## Ratios"); musts < 0 || musts > ratios {
		t.Error("the musts are not first")
	}
	if t.Failed() {
		t.Log(b.String())
	}
	if _, err := Load(path + "x"); err == nil {
		t.Error("a file that is not there was read")
	}
}

// TestCompare: what is worse by more than the limit counts, what is better does not, and what is not steady, disturbed or too little
// does not either, now or when it was committed. A peer that is absent now, or was, changes nothing.
func TestCompare(t *testing.T) {
	steady, wild := []float64{50, 51, 50, 51, 50}, []float64{50, 70, 90, 30, 20}
	run := func(ours, memory float64, direct []float64, peers ...Peer) *Run {
		same := func(x float64) []float64 { return slices.Repeat([]float64{x}, len(direct)) }
		return &Run{
			Peers: append([]Peer{{Name: "direct"}, {Name: "hcref"}, {Name: "ours", Ours: true, Bound: "hcref"}, {Name: "ours-node", Ours: true, Bound: "hcref", Absent: "no node"}}, peers...),
			Samples: slices.Concat(rounds("direct", "echo_64", "ops", direct...), rounds("hcref", "echo_64", "ops", same(100)...),
				rounds("ours", "echo_64", "ops", same(ours)...), rounds("hcref", "idle", "kib_each", 10), rounds("ours", "idle", "kib_each", memory)),
		}
	}
	disturbed := run(50, 10, steady)
	for _, s := range disturbed.Samples {
		s.Values["foreign"] = 0.9
	}
	once := run(84, 11.6, steady) // as good as ever in one round
	for i, s := range once.Samples {
		if s.Peer == "ours" && s.Cell == "echo_64" && s.Round == 3 {
			once.Samples[i].Values["ops"] = 101
		}
	}
	committed := func(r *Run) *Run {
		var page strings.Builder
		if err := Results(&page, 0.15, r); err != nil {
			t.Fatal(err)
		}
		before, err := ReadRaw(page.String())
		if err != nil {
			t.Fatal(err)
		}
		return before
	}
	frp := Peer{Name: "frp", Rival: true}
	for name, row := range map[string]struct {
		before, now *Run
		worse       int
		judged      int
	}{
		"the same":                  {run(100, 10, steady), run(100, 10, steady), 0, 2},
		"a little worse":            {run(100, 10, steady), run(86, 11.4, steady), 0, 2},
		"rate worse":                {run(100, 10, steady), run(84, 10, steady), 1, 2},
		"rate and memory worse":     {run(100, 10, steady), run(84, 11.6, steady), 2, 2},
		"rate worse but in a round": {run(100, 10, steady), once, 1, 2},
		"better":                    {run(100, 10, steady), run(200, 5, steady), 0, 2},
		"direct not steady now":     {run(100, 10, steady), run(50, 10, wild), 0, 1},
		"direct not steady then":    {run(100, 10, wild), run(50, 10, steady), 0, 1},
		"others at work now":        {run(100, 10, steady), disturbed, 0, 0},
		"too few rounds now":        {run(100, 10, steady), run(50, 10, steady[:4]), 0, 1},
		"a peer that is absent now": {run(100, 10, steady, frp), run(84, 10, steady), 1, 2},
		"a peer that is there now":  {run(100, 10, steady), run(84, 10, steady, frp), 1, 2},
		"a cell that was not there": {&Run{Samples: rounds("direct", "echo_1", "ops", steady...)}, run(50, 20, steady), 0, 0},
		"a cell that is not there":  {run(100, 10, steady), &Run{Peers: run(1, 1, steady).Peers}, 0, 0},
	} {
		var b strings.Builder
		if v, err := Compare(&b, 0.15, committed(row.before), row.now); err != nil || v != (Verdict{row.worse, row.judged}) || !strings.Contains(b.String(), fmt.Sprintf("\n%d rows judged, %d", row.judged, row.worse)) {
			t.Errorf("%s: %+v, %v\n%s", name, v, err, b.String())
		}
	}
	for _, bad := range []string{"", "## Raw data", "\n## Raw data\n```\nx echo_64 ours\n```", "\n## Raw data\n```\n1 echo_64\n```", "\n## Raw data\n```\n1 echo_64 ours ops=x\n```"} {
		if _, err := ReadRaw(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestCommitted reads the page that is checked in, as bench check does: it has what ours are compared by.
func TestCommitted(t *testing.T) {
	page, err := os.ReadFile("../RESULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	before, err := ReadRaw(string(page))
	if err != nil {
		t.Fatal(err)
	}
	then := merge([]*Run{before}, 0.15)
	for _, x := range targets {
		if x.beside != "hcref" || x.ours != "ours" {
			continue
		}
		if s := then.ratio(metricOf(x.metric), x.ours, x.beside); s.n == 0 || s.median <= 0 {
			t.Errorf("%s of ours beside hcref is not on the page", x.metric)
		}
	}
}

// TestTargets: each names a metric, and none stands twice.
func TestTargets(t *testing.T) {
	for _, list := range [][]target{targets, stretches} {
		seen := map[[3]string]bool{}
		for _, x := range list {
			key := [3]string{x.metric, x.ours, x.beside}
			if metricOf(x.metric) == nil || x.by != "" && metricOf(x.by) == nil || x.at <= 0 || seen[key] {
				t.Errorf("%+v", x)
			}
			seen[key] = true
		}
	}
}

// TestStretched: a row for each that was measured, reached or short, for rates and for what is better when less; and one that does not
// count says so.
func TestStretched(t *testing.T) {
	r := &Run{Peers: []Peer{{Name: "direct"}, {Name: "hcref"}, {Name: "ours", Ours: true, Bound: "hcref"}}}
	for round := range Counted {
		for name, v := range map[string]float64{"direct": 1000, "hcref": 100, "ours": 120} {
			r.Samples = append(r.Samples,
				Sample{Peer: name, Cell: "setup_16", Round: round, Values: map[string]float64{"cps": v}},
				Sample{Peer: name, Cell: "http_1k_64", Round: round, Values: map[string]float64{"rps": v}},
				Sample{Peer: name, Cell: "http_64k_64", Round: round, Values: map[string]float64{"rps": v * float64(1+round)}})
		}
	}
	for name, v := range map[string]float64{"hcref": 10, "ours": 7} {
		r.Samples = append(r.Samples,
			Sample{Peer: name, Cell: "idle", Values: map[string]float64{"kib_each": v}},
			Sample{Peer: name, Cell: "listeners", Values: map[string]float64{"kib_each": v}})
	}
	var b strings.Builder
	merge([]*Run{r}, 0.15).stretched(&b)
	for _, want := range []string{
		"| set-up x16, 1/s | ours | hcref | at least 1.14 | **x1.20** [1.20-1.20] | reached |",
		"| HTTP 1 KiB x64, 1/s | ours | hcref | at least 1.24 | **x1.20** [1.20-1.20] | 3.23 % short |",
		"| HTTP 64 KiB x64, 1/s | ours | hcref | at least 1.50 | **x1.20** [1.20-1.20] | open (20.0 % short) |",
		"| gateway memory, idle pair, KiB `<` | ours | hcref | at most 0.79 | x0.70 | reached |",
		"| gateway memory, idle listener, KiB `<` | ours | hcref | at most 0.54 | x0.70 | 29.6 % short |",
		"2 of 5 reached",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// TestWindow takes the most rounds in which direct was alike, and at least five.
func TestWindow(t *testing.T) {
	for _, row := range []struct {
		rates  []float64
		rounds []int // that count
	}{
		{[]float64{100, 101, 102, 103, 104}, []int{0, 1, 2, 3, 4}},
		{[]float64{100, 150, 101, 102, 103, 104}, []int{0, 2, 3, 4, 5}},
		{[]float64{100, 150, 101, 102, 103, 104, 108}, []int{0, 2, 3, 4, 5, 6}},                     // the most
		{[]float64{100, 101, 102, 103, 104, 112, 113}, []int{0, 1, 2, 3, 4}},                        // of as many the steadiest
		{[]float64{100, 150, 101, 102, 103}, nil}, {[]float64{100, 100, 100, 100}, nil}, {nil, nil}, // too few
		{[]float64{100, 102.5, 105, 107.5, 110.4}, []int{0, 1, 2, 3, 4}}, {[]float64{100, 102.5, 105, 107.5, 110.6}, nil},
	} {
		tb := merge([]*Run{{Samples: rounds("direct", "http_1k_64", "rps", row.rates...)}}, 1)
		w := tb.window("http_1k_64")
		if got := slices.Sorted(maps.Keys(w.rounds)); !slices.Equal(got, row.rounds) || w.of != len(row.rates) || w.judged != (row.rates != nil) {
			t.Errorf("%v: %v of %d", row.rates, got, w.of)
		}
		if tb.steady("http_1k_64") != (row.rounds != nil || row.rates == nil) {
			t.Errorf("%v: %t", row.rates, tb.steady("http_1k_64"))
		}
	}
	if !merge(nil, 1).steady("idle") {
		t.Error("memory does not count")
	}
}

// TestOnlyRoundsThatCount: what ours did while direct was another is not in its ratio.
func TestOnlyRoundsThatCount(t *testing.T) {
	m := find("echo x64, 1/s")
	r := &Run{Samples: slices.Concat(rounds("direct", "echo_64", "ops", 100, 100, 30, 100, 100, 100),
		rounds("ours", "echo_64", "ops", 50, 50, 500, 50, 50, 50), rounds("hcref", "echo_64", "ops", 50, 50, 50, 50, 50, 50))}
	tb := merge([]*Run{r}, 1)
	if s := tb.ratio(m, "ours", "hcref"); s.n != 5 || s.most != 1 || !tb.counts(m, s) {
		t.Errorf("%+v", s)
	}
	r.Samples[6].Err = "broken" // one of ours, so that four are left
	if s := merge([]*Run{r}, 1).ratio(m, "ours", "hcref"); s.n != 4 || merge([]*Run{r}, 1).counts(m, s) {
		t.Errorf("with four rounds: %+v", s)
	}
}

// TestSettled: a cell is measured again until enough rounds are alike and quiet.
func TestSettled(t *testing.T) {
	r := &Run{Samples: slices.Concat(rounds("direct", "echo_64", "ops", 100, 100, 100, 100, 100), rounds("ours", "echo_64", "ops", 1, 1, 1, 1, 1))}
	if !r.Settled("echo_64", 0.15) || !r.Settled("idle", 0.15) || !r.Settled("bulk_up_1", 0.15) {
		t.Error("it is not settled")
	}
	r.Samples[7].Values["foreign"] = 0.2
	if r.Settled("echo_64", 0.15) || !r.Settled("echo_64", 0.25) {
		t.Error("a round in which others worked is enough")
	}
	again := &Run{Samples: append(slices.Clone(r.Samples), Sample{Peer: "ours", Cell: "echo_64", Round: 2, Values: map[string]float64{"ops": 1}})}
	if !again.Settled("echo_64", 0.15) {
		t.Error("a quiet draw of that round is not enough")
	}
	r.Samples = append(r.Samples, Sample{Peer: "direct", Cell: "echo_64", Round: 5, Values: map[string]float64{"ops": 101}})
	if !r.Settled("echo_64", 0.15) {
		t.Error("another quiet round is not enough")
	}
	r.Samples[0].Values["ops"] = 10
	if r.Settled("echo_64", 0.15) {
		t.Error("a round in which direct was another is enough")
	}
}

// TestUndecided: where rounds are far apart on both sides of a must, more are wanted, whichever side the median is on; those behind
// eleven are not.
func TestUndecided(t *testing.T) {
	for _, c := range []struct {
		ours    []float64
		settled bool
	}{
		{[]float64{60, 70, 90, 120, 130}, false},
		{[]float64{60, 70, 110, 120, 130}, false},
		{[]float64{95, 96, 97, 104, 105}, true},    // near each other
		{[]float64{101, 110, 130, 150, 160}, true}, // all on one side
		{[]float64{60, 60, 60, 60, 60, 60, 120, 120, 120, 120, 120}, true},
	} {
		same := slices.Repeat([]float64{100}, len(c.ours))
		r := &Run{Samples: slices.Concat(rounds("direct", "echo_64", "ops", same...), rounds("hcref", "echo_64", "ops", same...), rounds("ours", "echo_64", "ops", c.ours...))}
		if got := r.Settled("echo_64", 0.15); got != c.settled {
			t.Errorf("%v: settled %t", c.ours, got)
		}
	}
}

// TestUndecidedFigure: so is a must that is a figure by itself, in a cell that direct has no part in.
func TestUndecidedFigure(t *testing.T) {
	for _, c := range []struct {
		added   []float64
		settled bool
	}{
		{[]float64{48, 55, 66, 80, 97}, false},
		{[]float64{58, 59, 60, 61, 62}, true},       // near each other
		{[]float64{61, 70, 80, 90, 99}, true},       // all on one side
		{[]float64{30, 35, 40, 50, 59.9}, true},     // as above
		{slices.Repeat([]float64{50, 70}, 6), true}, // as many as are asked for
	} {
		r := &Run{Samples: rounds("ours-convert", "convert_1", "added", c.added...)}
		if got := r.Settled("convert_1", 0.15); got != c.settled {
			t.Errorf("%v: settled %t", c.added, got)
		}
	}
}

// TestBeyondBytes: a peer that has no door for HTTP is compared by the bytes of it.
func TestBeyondBytes(t *testing.T) {
	r := &Run{
		Peers: []Peer{{Name: "direct"}, {Name: "bore", Rival: true}, {Name: "ours", Ours: true}},
		Samples: slices.Concat(rounds("direct", "http_64k_64", "rps", 9, 9, 9, 9, 9), rounds("ours", "http_64k_64", "rps", 4, 4, 4, 4, 4),
			rounds("bore", "bytes_64k_64", "rps", 1, 1, 1, 1, 1)),
	}
	var page strings.Builder
	if err := Results(&page, 1, r); err != nil {
		t.Fatal(err)
	}
	if line := lineOf(page.String(), "| HTTP 64 KiB x64, 1/s | ours | bore |"); !strings.Contains(line, "at least 2.00 | **x4.00** [4.00-4.00] | met |") {
		t.Errorf("%q", line)
	}
}

// TestAcrossCells: rounds of two cells that have the same number are of other minutes: each cell's own rounds count, and both have to be steady.
func TestAcrossCells(t *testing.T) {
	m, by := find("HTTP 64 KiB x64, 1/s"), metricOf("HTTP as bytes 64 KiB x64, 1/s")
	r := &Run{Samples: slices.Concat(
		rounds("direct", "http_64k_64", "rps", 9, 1, 9, 1, 9, 1, 9, 9, 9, 9), rounds("ours", "http_64k_64", "rps", 4, 90, 4, 90, 4, 90, 4, 4, 8, 8),
		rounds("direct", "bytes_64k_64", "rps", 7, 7, 3, 7, 7, 7), rounds("bore", "bytes_64k_64", "rps", 1, 2, 50, 2, 2, 2))}
	tb := merge([]*Run{r}, 1)
	if s := tb.ratioOf(m, "ours", by, "bore"); s.median != 2 || s.least != 2 || s.most != 8 || s.n != 5 || !tb.counts(m, s) {
		t.Errorf("%+v", s)
	}
	r.Samples = slices.DeleteFunc(r.Samples, func(s Sample) bool { return s.Cell == "bytes_64k_64" && s.Round > 3 })
	tb = merge([]*Run{r}, 1)
	if s := tb.ratioOf(m, "ours", by, "bore"); s.n != 4 || tb.counts(m, s) {
		t.Errorf("of an unsteady cell: %+v", s)
	}
	if s := tb.ratioOf(m, "ours", by, "rathole"); s.n != 0 {
		t.Errorf("of nobody: %+v", s)
	}
}

// TestFiguresAsMusts: a must without a bound is judged by its figure, on the page and by bench check.
func TestFiguresAsMusts(t *testing.T) {
	for delay, want := range map[float64]string{49e3: "met", 51e3: missedMust + " by 2.00 %"} {
		r := &Run{Peers: []Peer{{Name: "ours-serve", Ours: true}}, Samples: rounds("ours-serve", "events_4", "p99us", delay, delay, delay)}
		var page, check strings.Builder
		if err := Results(&page, 1, r); err != nil {
			t.Fatal(err)
		}
		row := "| events p99 delay, us `<` | ours-serve | - | at most 50000 |"
		if line := lineOf(page.String(), row); !strings.HasSuffix(line, "| "+want+" | - |") {
			t.Errorf("%v us: %q, want %s", delay, line, want)
		}
		v, err := Compare(&check, 1, &Run{}, r)
		if err != nil || (v.Worse == 1) != (want != "met") || v.Judged != 1 || !strings.Contains(check.String(), want) {
			t.Errorf("%v us: %+v, %v\n%s", delay, v, err, check.String())
		}
	}
}

// lineOf is the line of a page that begins so.
func lineOf(page, beginning string) string {
	_, rest, _ := strings.Cut(page, beginning)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

// TestVerdict: a ratio that is short by less than what counts as a difference is level, one that is short by more is missed; a figure by
// itself has no such room.
func TestVerdict(t *testing.T) {
	for _, row := range []struct {
		metric, beside string
		at, is         float64
		want           string
	}{
		{"HTTP 1 KiB x64, 1/s", "hcref", 0.93, 0.93, "met"},
		{"HTTP 1 KiB x64, 1/s", "hcref", 0.93, 0.90, "level, 3.23 % short"},
		{"HTTP 1 KiB x64, 1/s", "hcref", 0.93, 0.83, missedMust + " by 10.8 %"},
		{"CPU of both, HTTP 1 KiB x64, s/10k", "hcref", 1, 0.5, "met"},
		{"CPU of both, HTTP 1 KiB x64, s/10k", "hcref", 1, 1.05, "level, 5.00 % short"},
		{"CPU of both, HTTP 1 KiB x64, s/10k", "hcref", 1, 1.11, missedMust + " by 11.0 %"},
		{"HTTP 1 KiB x64 p99, us", "", 100, 101, missedMust + " by 1.00 %"},
	} {
		steady := merge([]*Run{{Samples: rounds("direct", find(row.metric).cell, "rps", 100, 100, 100, 100, 100)}}, 1)
		x := target{row.metric, "ours", row.beside, row.at, ""}
		if got := steady.verdict(find(row.metric), stat{median: row.is, n: Counted}, &x); got != row.want {
			t.Errorf("%s at %v beside %q, must %v: %q, want %q", row.metric, row.is, row.beside, row.at, got, row.want)
		}
	}
}

// TestBeyond: what the bound itself does not reach beside a peer is not missed by ours, unless ours is behind the bound too.
func TestBeyond(t *testing.T) {
	echo := func(ours, bound float64) string {
		r := &Run{
			Peers: []Peer{{Name: "direct"}, {Name: "hcref"}, {Name: "frp", Rival: true}, {Name: "ours", Ours: true, Bound: "hcref"}},
			Samples: slices.Concat(rounds("direct", "echo_1", "ops", 9, 9, 9, 9, 9), rounds("frp", "echo_1", "p50us", 300, 300, 300, 300, 300),
				rounds("hcref", "echo_1", "p50us", bound, bound, bound, bound, bound), rounds("ours", "echo_1", "p50us", ours, ours, ours, ours, ours)),
		}
		_, said := merge([]*Run{r}, 1).judge(find("echo x1 p50, us"), &target{"echo x1 p50, us", "ours", "frp", 0.5, ""})
		return said
	}
	for _, row := range []struct {
		ours, bound float64
		want        string
	}{
		{149, 149, "met"},
		{160, 190, "level, 6.67 % short"},
		{200, 190, "beyond the bound: hcref has x0.63"},
		{210, 190, missedMust + " by 40.0 %"},
		{200, 140, missedMust + " by 33.3 %"},
	} {
		if said := echo(row.ours, row.bound); said != row.want {
			t.Errorf("ours %v, the bound %v: %q, want %q", row.ours, row.bound, said, row.want)
		}
	}
}

// TestJudged names whom a must of a cell is about.
func TestJudged(t *testing.T) {
	for _, row := range []struct {
		cell, peer string
		want       bool
	}{
		{"http_1k_64", "ours", true}, {"http_1k_64", "hcref", true}, {"http_1k_64", "frp", true}, {"http_1k_64", "nginx", false},
		{"bytes_64k_64", "ssh-R", true}, {"http_1k_64", "ours-node", false}, {"setup_16", "ours-tcp", true}, {"setup_16", "hcref-tcp", true}, {"setup_1", "ours", false}, {"", "ours", false},
	} {
		if got := Judged(row.cell, row.peer); got != row.want {
			t.Errorf("%s in %s: %t", row.peer, row.cell, got)
		}
	}
}
