package report

import (
	"fmt"
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
	{"HTTP as bytes 1 KiB x64, 1/s", "bytes_1k_64", false, value("rps")},
	{"HTTP as bytes 1 KiB x64 p99, us", "bytes_1k_64", true, value("p99us")},
	{"HTTP as bytes 64 KiB x64, 1/s", "bytes_64k_64", false, value("rps")},
	{"HTTP as bytes 64 KiB x64 p99, us", "bytes_64k_64", true, value("p99us")},
	{"gateway CPU, bulk up x16, s/GiB", "bulk_up_16", true, cpu("bytes", 1<<30)},
	{"gateway CPU, bulk down x16, s/GiB", "bulk_down_16", true, cpu("bytes", 1<<30)},
	{"CPU of both, bulk up x16, s/GiB", "bulk_up_16", true, both("bytes", 1<<30)},
	{"CPU of both, bulk down x16, s/GiB", "bulk_down_16", true, both("bytes", 1<<30)},
	{"gateway CPU, echo x64, s/10k", "echo_64", true, cpu("count", 1e4)},
	{"gateway CPU, HTTP 1 KiB x64, s/10k", "http_1k_64", true, cpu("count", 1e4)},
	{"CPU of both, HTTP 1 KiB x64, s/10k", "http_1k_64", true, both("count", 1e4)},
	{"gateway CPU, HTTP 64 KiB x64, s/10k", "http_64k_64", true, cpu("count", 1e4)},
	{"gateway CPU, HTTP as bytes 1 KiB x64, s/10k", "bytes_1k_64", true, cpu("count", 1e4)},
	{"gateway CPU, set-up x16, s/10k", "setup_16", true, cpu("count", 1e4)},
	{"gateway memory, idle pair, KiB", "idle", true, value("kib_each")},
	{"gateway memory, idle listener, KiB", "listeners", true, value("kib_each")},
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
}

// merge puts runs together. Rounds of different runs stay different, so that no ratio is made across them.
func merge(runs []*Run, maxForeign float64) *table {
	t := &table{maxForeign: maxForeign}
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

func (t *table) has(name string) bool {
	return slices.ContainsFunc(t.peers, func(p Peer) bool { return p.Name == name })
}

// rates are what direct's steadiness is judged by, in a cell of that beginning.
var rates = map[string]string{"bulk_": "mibps", "echo_": "ops", "setup_": "cps", "http_": "rps", "bytes_": "rps", "calls_": "ops"}

// Rate is the field of a sample by which direct's steadiness is judged in a cell: "" where nothing is.
func Rate(cell string) string {
	for beginning, rate := range rates {
		if strings.HasPrefix(cell, beginning) {
			return rate
		}
	}
	return ""
}

// Steady reports whether direct varied so little in a cell, in enough rounds, that the rows of the cell count.
func (r *Run) Steady(cell string) bool {
	return Rate(cell) == "" || merge([]*Run{r}, 1).steady(cell)
}

// unsteady is how much direct may vary in the rounds of a row that counts, and counted how many rounds those have to be.
const (
	unsteady = 0.10
	counted  = 5
)

// spread is how much direct's rate varied in a cell, as a share of its median, in the steadiest rounds that are enough to
// count, or in all where there are fewer. ok is false where direct has no such cell.
func (t *table) spread(cell string) (share float64, ok bool) {
	rate := Rate(cell)
	if rate == "" {
		return 0, false
	}
	m := metric{cell: cell, of: value(rate)}
	all := make([]float64, 0, counted)
	for _, r := range t.readings(&m, "direct") {
		all = append(all, r.value)
	}
	if len(all) == 0 {
		return 0, false
	}
	slices.Sort(all)
	n, least := min(counted, len(all)), math.Inf(1)
	for i := range len(all) - n + 1 {
		window := all[i : i+n]
		least = min(least, (window[n-1]-window[0])/window[n/2])
	}
	return least, len(all) > 1
}

// steady reports whether the rows of a cell count. Memory has no direct beside it and counts.
func (t *table) steady(cell string) bool {
	share, ok := t.spread(cell)
	return !ok || share < unsteady
}

// reading is a metric's value in one round.
type reading struct {
	value float64
	quiet bool
}

func (t *table) readings(m *metric, peer string) map[int]reading {
	found := map[int]reading{}
	for _, s := range t.samples {
		if s.Peer != peer || s.Cell != m.cell || s.Err != "" {
			continue
		}
		if x, ok := m.of(s.Values); ok {
			found[s.Round] = reading{x, s.Values["foreign"] <= t.maxForeign}
		}
	}
	return found
}

// figure is a metric of one peer.
func (t *table) figure(m *metric, peer string) stat { return settle(t.readings(m, peer)) }

// ratio is a metric of one peer divided by another's of the same round.
func (t *table) ratio(m *metric, ours, other string) stat {
	theirs := t.readings(m, other)
	ratios := map[int]reading{}
	for round, r := range t.readings(m, ours) {
		if o, ok := theirs[round]; ok && o.value > 0 {
			ratios[round] = reading{r.value / o.value, r.quiet && o.quiet}
		}
	}
	return settle(ratios)
}

// settle sums up the quiet rounds, or all when none was.
func settle(rounds map[int]reading) stat {
	var quiet, all []float64
	for _, r := range rounds {
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
