package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// metric is one row: a value of a cell's samples.
type metric struct {
	name, cell string
	less       bool // is better
	of         func(v map[string]float64) (float64, bool)
}

func (m *metric) label() string {
	if m.less {
		return m.name + " `<`"
	}
	return m.name
}

// metrics are the rows, in the order of the report.
var metrics = []metric{
	{"bulk up x1, MiB/s", "bulk_up_1", false, value("mibps")},
	{"bulk down x1, MiB/s", "bulk_down_1", false, value("mibps")},
	{"bulk up x16, MiB/s", "bulk_up_16", false, value("mibps")},
	{"bulk down x16, MiB/s", "bulk_down_16", false, value("mibps")},
	{"echo x1 p50, us", "echo_1", true, value("p50us")},
	{"echo x1 p99, us", "echo_1", true, value("p99us")},
	{"echo x64, 1/s", "echo_64", false, value("ops")},
	{"echo x64 p99, us", "echo_64", true, value("p99us")},
	{"set-up x1 p50, us", "setup_1", true, value("p50us")},
	{"set-up x16, 1/s", "setup_16", false, value("cps")},
	{"set-up x16 p99, us", "setup_16", true, value("p99us")},
	{"HTTP 1 KiB x1 p50, us", "http_1k_1", true, value("p50us")},
	{"HTTP 1 KiB x1 p99, us", "http_1k_1", true, value("p99us")},
	{"HTTP 1 KiB x64, 1/s", "http_1k_64", false, value("rps")},
	{"HTTP 1 KiB x64 p50, us", "http_1k_64", true, value("p50us")},
	{"HTTP 1 KiB x64 p99, us", "http_1k_64", true, value("p99us")},
	{"HTTP 64 KiB x1 p50, us", "http_64k_1", true, value("p50us")},
	{"HTTP 64 KiB x1 p99, us", "http_64k_1", true, value("p99us")},
	{"HTTP 64 KiB x64, 1/s", "http_64k_64", false, value("rps")},
	{"HTTP 64 KiB x64 p50, us", "http_64k_64", true, value("p50us")},
	{"HTTP 64 KiB x64 p99, us", "http_64k_64", true, value("p99us")},
	{"SOAP 1 KiB x64, 1/s", "soap_1k_64", false, value("rps")},
	{"SOAP 1 KiB x64 beside bytes", "soap_1k_64", false, value("aware")},
	{"SOAP 64 KiB x64, 1/s", "soap_64k_64", false, value("rps")},
	{"SOAP 64 KiB x64 beside bytes", "soap_64k_64", false, value("aware")},
	{"events p50 delay, us", "events_4", true, value("p50us")},
	{"events p99 delay, us", "events_4", true, value("p99us")},
	{"256 MiB down, MiB/s", "volume", false, value("down")},
	{"256 MiB up, MiB/s", "volume", false, value("up")},
	{"gateway memory more, 256 MiB down, MiB", "volume", true, value("grown_down")},
	{"gateway memory more, 256 MiB up, MiB", "volume", true, value("grown_up")},
	{"net.tcp calls x1 p50, us", "calls_1", true, value("p50us")},
	{"net.tcp calls x1 p99, us", "calls_1", true, value("p99us")},
	{"net.tcp calls x64, 1/s", "calls_64", false, value("ops")},
	{"net.tcp calls x64 p99, us", "calls_64", true, value("p99us")},
	{"SOAP call over HTTP x1 p50, us", "convert_1", true, value("plain_p50us")},
	{"carried to net.tcp x1 p50, us", "convert_1", true, value("carried_p50us")},
	{"converted to net.tcp x1 p50, us", "convert_1", true, value("converted_p50us")},
	{"converted by the connector x1 p50, us", "convert_1", true, value("connector_p50us")},
	{"converted at the gateway x1 p50, us", "convert_1", true, value("inside_p50us")},
	{"conversion adds to a 1 KiB call, us", "convert_1", true, value("added")},
	{"event to 100, deliveries/s", "cast_event_100", false, value("eps")},
	{"event to 1,000, deliveries/s", "cast_event_1000", false, value("eps")},
	{"event to 5,000, deliveries/s", "cast_event_5000", false, value("eps")},
	{"event to 100 p99 delay, us", "cast_paced_100", true, value("p99us")},
	{"event to 100 p50 delay, us", "cast_paced_100", true, value("p50us")},
	{"event to 1,000 p99 delay, us", "cast_paced_1000", true, value("p99us")},
	{"event to 1,000 p50 delay, us", "cast_paced_1000", true, value("p50us")},
	{"event to 5,000 p99 delay, us", "cast_paced_5000", true, value("p99us")},
	{"event to 5,000 p50 delay, us", "cast_paced_5000", true, value("p50us")},
	{"event to 100, flood, deliveries/s", "cast_flood_100", false, value("eps")},
	{"event to 100, flood, share missed", "cast_flood_100", true, value("missed")},
	{"one-way x16 to 1 listener, 1/s", "cast_oneway_1", false, value("eps")},
	{"one-way x16 to 10 listeners, 1/s", "cast_oneway_10", false, value("eps")},
	{"HTTP as bytes 1 KiB x64, 1/s", "bytes_1k_64", false, value("rps")},
	{"HTTP as bytes 1 KiB x64 p99, us", "bytes_1k_64", true, value("p99us")},
	{"HTTP as bytes 64 KiB x64, 1/s", "bytes_64k_64", false, value("rps")},
	{"HTTP as bytes 64 KiB x64 p99, us", "bytes_64k_64", true, value("p99us")},
	{"gateway CPU, bulk up x16, s/GiB", "bulk_up_16", true, cpu("bytes", 1<<30)},
	{"gateway CPU, bulk down x16, s/GiB", "bulk_down_16", true, cpu("bytes", 1<<30)},
	{"CPU of both, bulk up x16, s/GiB", "bulk_up_16", true, both("bytes", 1<<30)},
	{"CPU of both, bulk down x16, s/GiB", "bulk_down_16", true, both("bytes", 1<<30)},
	{"gateway CPU, echo x64, s/10k", "echo_64", true, cpu("count", 1e4)},
	{"CPU of both, echo x64, s/10k", "echo_64", true, both("count", 1e4)},
	{"gateway CPU, HTTP 1 KiB x64, s/10k", "http_1k_64", true, cpu("count", 1e4)},
	{"CPU of both, HTTP 1 KiB x64, s/10k", "http_1k_64", true, both("count", 1e4)},
	{"gateway CPU, HTTP 64 KiB x64, s/10k", "http_64k_64", true, cpu("count", 1e4)},
	{"gateway CPU, HTTP as bytes 1 KiB x64, s/10k", "bytes_1k_64", true, cpu("count", 1e4)},
	{"gateway CPU, set-up x16, s/10k", "setup_16", true, cpu("count", 1e4)},
	{"gateway CPU, event to 100, s/M", "cast_event_100", true, cpu("count", 1e6)},
	{"gateway CPU, event to 1,000, s/M", "cast_event_1000", true, cpu("count", 1e6)},
	{"gateway CPU, event to 5,000, s/M", "cast_event_5000", true, cpu("count", 1e6)},
	{"gateway CPU, one-way x16 to 10, s/M", "cast_oneway_10", true, cpu("count", 1e6)},
	{"gateway memory, idle pair, KiB", "idle", true, value("kib_each")},
	{"gateway memory, idle listener, KiB", "listeners", true, value("kib_each")},
	{"gateway memory, event listener, KiB", "cast_listeners", true, value("kib_each")},
	{"CPU while all pairs are idle, %", "idle", true, value("cpu_percent")},
	{"gateway descriptors, idle pair", "idle", true, value("fds_each")},
}

func value(field string) func(map[string]float64) (float64, bool) {
	return func(v map[string]float64) (float64, bool) { x, ok := v[field]; return x, ok }
}

// cpu is what so many units of work cost the gateway. What cost nothing has no figure: direct has no gateway.
func cpu(work string, units float64) func(map[string]float64) (float64, bool) {
	return func(v map[string]float64) (float64, bool) {
		if v["cpu_gw"] <= 0 || v[work] <= 0 {
			return 0, false
		}
		return v["cpu_gw"] / v[work] * units, true
	}
}

// both adds what it cost the agent.
func both(work string, units float64) func(map[string]float64) (float64, bool) {
	return func(v map[string]float64) (float64, bool) {
		if v["cpu_gw"] <= 0 || v[work] <= 0 {
			return 0, false
		}
		return (v["cpu_gw"] + v["cpu_ag"]) / v[work] * units, true
	}
}

// stat sums up the values of several rounds.
type stat struct {
	median, least, most float64
	n                   int
	disturbed           bool // there was no quiet round
}

func summarize(v []float64) stat {
	if len(v) == 0 {
		return stat{}
	}
	s := slices.Sorted(slices.Values(v))
	median := s[len(s)/2]
	if len(s)%2 == 0 {
		median = (s[len(s)/2-1] + s[len(s)/2]) / 2
	}
	return stat{median: median, least: s[0], most: s[len(s)-1], n: len(s)}
}

// none stands where there is no figure.
const none = "-"

func (s stat) show(prefix string) string {
	if s.n == 0 {
		return none
	}
	mark := ""
	if s.disturbed {
		mark = "~"
	}
	if s.n == 1 {
		return mark + prefix + number(s.median)
	}
	return fmt.Sprintf("%s**%s%s** [%s-%s]", mark, prefix, number(s.median), number(s.least), number(s.most))
}

// number writes three digits.
func number(x float64) string {
	switch {
	case x >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	case x >= 0.1 || x == 0:
		return fmt.Sprintf("%.2f", x)
	default:
		return fmt.Sprintf("%.3g", x)
	}
}

// table is all samples of some runs, with rounds that do not meet.
type table struct {
	peers      []Peer
	samples    []Sample
	maxForeign float64
	windows    map[string]window // by cell, as they are asked for
}

// merge puts runs together. Rounds of different runs stay different, so that no ratio is made across them.
func merge(runs []*Run, maxForeign float64) *table {
	t := &table{maxForeign: maxForeign, windows: map[string]window{}}
	next := 0
	for _, r := range runs {
		first := next
		for _, p := range r.Peers {
			if !t.has(p.Name) {
				t.peers = append(t.peers, p)
			}
		}
		for _, s := range r.Samples {
			s.Round += first
			next = max(next, s.Round+1)
			t.samples = append(t.samples, s)
		}
	}
	return t
}

func (t *table) has(name string) bool { return t.peer(name).Name != "" }

// peer finds one by name; without it there is one without a name.
func (t *table) peer(name string) Peer {
	if i := slices.IndexFunc(t.peers, func(p Peer) bool { return p.Name == name }); i >= 0 {
		return t.peers[i]
	}
	return Peer{}
}

func (t *table) present(name string) bool { return t.has(name) && t.peer(name).Absent == "" }

func (t *table) rival(name string) bool { return t.peer(name).Rival }

// rates are what direct's steadiness is judged by, in a cell of that beginning. Events come at a rate that is given; calls that are
// converted and messages that nobody answers have no direct beside them.
var rates = map[string]string{"bulk_": "mibps", "echo_": "ops", "setup_": "cps", "http_": "rps", "soap_": "rps", "bytes_": "rps", "calls_": "ops"}

// Rate is the field of a sample by which direct's steadiness is judged in a cell: "" where nothing is.
func Rate(cell string) string {
	for beginning, rate := range rates {
		if strings.HasPrefix(cell, beginning) {
			return rate
		}
	}
	return ""
}

// Settled reports whether a cell need not be measured again: it is steady, and no must of it is undecided.
func (r *Run) Settled(cell string, maxForeign float64) bool {
	t := merge([]*Run{r}, maxForeign)
	return t.calm(cell) && !t.undecided(cell)
}

// Steady reports whether enough rounds of a cell count, in none of which others used more than maxForeign of the machine beside any
// peer. A cell that direct has no part in is.
func (r *Run) Steady(cell string, maxForeign float64) bool {
	return merge([]*Run{r}, maxForeign).calm(cell)
}

// calm is Steady.
func (t *table) calm(cell string) bool {
	w := t.window(cell)
	if Rate(cell) == "" || !w.judged {
		return true
	}
	type draws struct {
		peer  string
		round int
	}
	quietOnce := map[draws]bool{} // one of them was
	for _, s := range t.samples {
		if s.Cell == cell && s.Err == "" {
			d := draws{s.Peer, s.Round}
			quietOnce[d] = quietOnce[d] || s.Values["foreign"] <= t.maxForeign
		}
	}
	quiet := maps.Clone(w.rounds)
	for d, was := range quietOnce {
		if !was {
			delete(quiet, d.round)
		}
	}
	return len(quiet) >= Counted
}

// Counted is how many rounds of a cell have to be alike by direct, so that its rows count.
const Counted = 5

// unsteady is how much direct may vary in them, least to most, as a share of the middle one.
const unsteady = 0.10

// window is the rounds of a cell that count: those in which direct was as fast as in the others.
type window struct {
	judged bool         // direct was measured in the cell, by a rate
	rounds map[int]bool // that count; none: too few are alike, or direct was not measured
	share  float64      // how far direct's rate varied in them, least to most, as a share of the middle one
	of     int          // rounds in all
}

// window finds the most rounds, at least Counted, in which direct's rates lay within unsteady of each other; of as many, the
// steadiest. They are chosen by direct alone, whatever ours did in them. Where there are too few, share is that of the steadiest
// Counted rounds, or of all.
func (t *table) window(cell string) window {
	if w, found := t.windows[cell]; found {
		return w
	}
	w := window{share: math.Inf(1)}
	type round struct {
		n    int
		rate float64
	}
	var all []round
	if rate := Rate(cell); rate != "" {
		for n, r := range t.readings(&metric{cell: cell, of: value(rate)}, "direct") {
			all = append(all, round{n, r.value})
		}
	}
	slices.SortFunc(all, func(a, b round) int { return cmp.Or(cmp.Compare(a.rate, b.rate), cmp.Compare(a.n, b.n)) })
	w.judged, w.of = len(all) > 0, len(all)
	for n := len(all); n >= min(Counted, len(all)) && n > 0 && w.rounds == nil; n-- {
		w.share = math.Inf(1) // of n rounds; of fewest if none will do
		for i := range len(all) - n + 1 {
			some := all[i : i+n]
			share := (some[n-1].rate - some[0].rate) / some[n/2].rate
			if share >= w.share {
				continue
			}
			w.share = share
			if n >= Counted && share < unsteady {
				w.rounds = map[int]bool{}
				for _, r := range some {
					w.rounds[r.n] = true
				}
			}
		}
	}
	t.windows[cell] = w
	return w
}

// steady reports whether the rows of a cell count. Memory, and events that come at a given rate, have no direct beside them and do.
func (t *table) steady(cell string) bool {
	w := t.window(cell)
	return !w.judged || w.rounds != nil
}

// counts reports whether a figure does: direct was steady in its cell, others left the machine alone, and there are enough rounds.
func (t *table) counts(m *metric, s stat) bool {
	return t.steady(m.cell) && !s.disturbed && (!t.window(m.cell).judged || s.n >= Counted)
}

// reading is a metric's value in one round.
type reading struct {
	value float64
	quiet bool
}

// readings are a metric's values by round: the middle one of the round's samples, or of those that nobody disturbed if there are any.
func (t *table) readings(m *metric, peer string) map[int]reading {
	quiet, all := map[int][]float64{}, map[int][]float64{}
	for _, s := range t.samples {
		if s.Peer != peer || s.Cell != m.cell || s.Err != "" {
			continue
		}
		if x, ok := m.of(s.Values); ok {
			all[s.Round] = append(all[s.Round], x)
			if s.Values["foreign"] <= t.maxForeign {
				quiet[s.Round] = append(quiet[s.Round], x)
			}
		}
	}
	found := map[int]reading{}
	for round, v := range all {
		calm := len(quiet[round]) > 0
		if calm {
			v = quiet[round]
		}
		found[round] = reading{summarize(v).median, calm}
	}
	return found
}

// figure is a metric of one peer.
func (t *table) figure(m *metric, peer string) stat { return t.settle(m, t.readings(m, peer)) }

// ratio is a metric of one peer divided by another's of the same round.
func (t *table) ratio(m *metric, ours, other string) stat { return t.ratioOf(m, ours, m, other) }

// ratioOf divides by another metric of the other.
func (t *table) ratioOf(m *metric, ours string, by *metric, other string) stat {
	if m.cell != by.cell {
		return t.across(m, ours, by, other)
	}
	theirs := t.readings(by, other)
	ratios := map[int]reading{}
	for round, r := range t.readings(m, ours) {
		if o, ok := theirs[round]; ok && o.value > 0 {
			ratios[round] = reading{r.value / o.value, r.quiet && o.quiet}
		}
	}
	return t.settle(m, ratios)
}

// across divides figures of two cells. Their rounds are of other minutes, so each is that of the rounds that count in its own cell, and the
// least and the most are as far apart as both can make them. It is disturbed too where the other does not count.
func (t *table) across(m *metric, ours string, by *metric, other string) stat {
	s, theirs := t.figure(m, ours), t.figure(by, other)
	if s.n == 0 || theirs.n == 0 || theirs.least <= 0 {
		return stat{}
	}
	return stat{
		median: s.median / theirs.median, least: s.least / theirs.most, most: s.most / theirs.least,
		n: min(s.n, theirs.n), disturbed: s.disturbed || !t.counts(by, theirs),
	}
}

// settle sums up the rounds that count, or all where none do: of those the quiet ones, or all when none was.
func (t *table) settle(m *metric, rounds map[int]reading) stat {
	counting := t.window(m.cell).rounds
	var quiet, all []float64
	for n, r := range rounds {
		if counting != nil && !counting[n] {
			continue
		}
		all = append(all, r.value)
		if r.quiet {
			quiet = append(quiet, r.value)
		}
	}
	if len(quiet) > 0 {
		return summarize(quiet)
	}
	s := summarize(all)
	s.disturbed = s.n > 0
	return s
}
