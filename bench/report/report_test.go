package report

import (
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
		Peers: []Peer{{Name: "direct", Note: "nothing"}, {Name: "hcref", Note: "the bound"}, {Name: "ours", Note: "the gateway", Ours: true, Bound: "hcref"}},
		Samples: slices.Concat(rounds("direct", "bulk_up_1", "mibps", 100, 110), rounds("hcref", "bulk_up_1", "mibps", 40, 40),
			rounds("ours", "bulk_up_1", "mibps", 50, 55), []Sample{{Peer: "ours", Cell: "echo_64", Round: 1, Err: "reset\nand more"}}),
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
		"| |  | figure | direct | hcref |\n", "| bulk up x1, MiB/s | ours | 52.5 | **x0.50** [0.50-0.50] | **x1.31** [1.25-1.38] |",
		"| bulk up x1, MiB/s | ours | hcref | at least 0.95 | **x1.31** [1.25-1.38] | met |",
		"| bulk up x1, MiB/s | **105** [100-110] | **40.0** [40.0-40.0] | **52.5** [50.0-55.0] |",
		" bulk_up_1 9.09%;", "- ours, echo_64, round 1: reset\n", "- **hcref**: the bound",
		"\n0 bulk_up_1 ours mibps=50\n", "\n1 echo_64 ours failed\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(b.String(), "| echo x1") {
		t.Error("a row stands there that nobody has")
	}
	if t.Failed() {
		t.Log(b.String())
	}
	if _, err := Load(path + "x"); err == nil {
		t.Error("a file that is not there was read")
	}
}

// TestCompare: what is worse by more than the limit counts, what is better does not, and what is not steady does not either.
func TestCompare(t *testing.T) {
	run := func(ours, latency float64, direct ...float64) *Run {
		return &Run{
			Peers: []Peer{{Name: "direct"}, {Name: "hcref"}, {Name: "ours", Ours: true, Bound: "hcref"}},
			Samples: slices.Concat(rounds("direct", "echo_64", "ops", direct...), rounds("hcref", "echo_64", "ops", 100, 100),
				rounds("ours", "echo_64", "ops", ours, ours), rounds("hcref", "idle", "kib_each", 10), rounds("ours", "idle", "kib_each", latency)),
		}
	}
	var page strings.Builder
	if err := Results(&page, 1, run(100, 10, 50, 51)); err != nil {
		t.Fatal(err)
	}
	before, err := ReadRaw(page.String())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		ours, memory float64
		direct       []float64
		worse        int
	}{
		{100, 10, []float64{50, 51}, 0}, {86, 11.4, []float64{50, 51}, 0}, {84, 10, []float64{50, 51}, 1}, {84, 11.6, []float64{50, 51}, 2},
		{200, 5, []float64{50, 51}, 0}, {50, 10, []float64{50, 70}, 0},
	} {
		var b strings.Builder
		if n, err := Compare(&b, 1, before, run(row.ours, row.memory, row.direct...)); err != nil || n != row.worse {
			t.Errorf("%+v: %d worse, %v\n%s", row, n, err, b.String())
		}
	}
	for _, bad := range []string{"", "## Raw data", "\n## Raw data\n```\nx echo_64 ours\n```", "\n## Raw data\n```\n1 echo_64\n```", "\n## Raw data\n```\n1 echo_64 ours ops=x\n```"} {
		if _, err := ReadRaw(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

// TestTargets: each names a metric, and none stands twice.
func TestTargets(t *testing.T) {
	seen := map[[3]string]bool{}
	for _, x := range targets {
		key := [3]string{x.metric, x.ours, x.bound}
		if metricOf(x.metric) == nil || x.at <= 0 || seen[key] {
			t.Errorf("%+v", x)
		}
		seen[key] = true
	}
}

// TestSpread takes the steadiest rounds that are enough.
func TestSpread(t *testing.T) {
	for _, row := range []struct {
		rates []float64
		want  bool
	}{{[]float64{100, 101, 102, 103, 104}, true}, {[]float64{100, 150, 101, 102, 103, 104}, true}, {[]float64{100, 150, 101, 102, 103}, false}, {nil, true}} {
		tb := merge([]*Run{{Samples: rounds("direct", "http_1k_64", "rps", row.rates...)}}, 1)
		if got := tb.steady("http_1k_64"); got != row.want {
			t.Errorf("%v: %t", row.rates, got)
		}
		r := &Run{Samples: tb.samples}
		if got := r.Steady("http_1k_64"); got != row.want || !r.Steady("idle_pairs") {
			t.Errorf("%v as a run: %t", row.rates, got)
		}
	}
}

// TestFiguresAsMusts: a must without a bound is judged by its figure, on the page and by bench check.
func TestFiguresAsMusts(t *testing.T) {
	for delay, want := range map[float64]string{49e3: "met", 51e3: missedMust} {
		r := &Run{Peers: []Peer{{Name: "ours-serve", Ours: true}}, Samples: rounds("ours-serve", "events_4", "p99us", delay, delay, delay)}
		var page, check strings.Builder
		if err := Results(&page, 1, r); err != nil {
			t.Fatal(err)
		}
		row := "| events p99 delay, us `<` | ours-serve | - | at most 50000 |"
		if line := lineOf(page.String(), row); !strings.HasSuffix(line, "| "+want+" |") {
			t.Errorf("%v us: %q, want %s", delay, line, want)
		}
		worse, err := Compare(&check, 1, &Run{}, r)
		if err != nil || (worse == 1) != (want == missedMust) || !strings.Contains(check.String(), want) {
			t.Errorf("%v us: %d worse, %v\n%s", delay, worse, err, check.String())
		}
	}
}

// lineOf is the line of a page that begins so.
func lineOf(page, beginning string) string {
	_, rest, _ := strings.Cut(page, beginning)
	line, _, _ := strings.Cut(rest, "\n")
	return line
}
