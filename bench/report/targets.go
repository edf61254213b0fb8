package report

import (
	"fmt"
	"strings"
)

// target is a must: a metric of one of ours beside a bound of the same run. The project's reference gives figures of a quiet
// machine with peers that cannot be had everywhere; at is what they are as a ratio to the bound that was measured beside them.
// Without a bound at is a figure by itself.
type target struct {
	metric, ours, bound string
	at                  float64
}

// Figures that are musts by themselves.
const (
	mostDelay = 50e3 // us of an event between writer and reader, p99
	mostGrown = 4    // MiB that a gateway may have more while a body passes that is much longer
	leastSOAP = 0.95 // of the rate of the same exchange that nobody takes for SOAP
)

// targets are the musts, in the order of the metrics.
var targets = []target{
	{"bulk up x1, MiB/s", "ours", "hcref", 0.95},
	{"bulk down x1, MiB/s", "ours", "hcref", 0.95},
	{"bulk up x16, MiB/s", "ours", "hcref", 0.95},
	{"bulk down x16, MiB/s", "ours", "hcref", 0.95},
	{"gateway CPU, bulk up x16, s/GiB", "ours", "hcref", 1.14},   // 0.8 where the bound takes 0.7
	{"gateway CPU, bulk down x16, s/GiB", "ours", "hcref", 1.14}, // as above
	{"bulk up x1, MiB/s", "ours-raw", "relay-hybrid", 0.81},      // 1.2 x frp without mux
	{"bulk down x1, MiB/s", "ours-raw", "relay-hybrid", 0.80},
	{"bulk up x16, MiB/s", "ours-raw", "relay-hybrid", 0.86},
	{"bulk down x16, MiB/s", "ours-raw", "relay-hybrid", 0.87},
	{"CPU of both, bulk up x16, s/GiB", "ours-raw", "relay-hybrid", 1.54}, // 0.6 where the bound takes 0.39
	{"CPU of both, bulk down x16, s/GiB", "ours-raw", "relay-hybrid", 1.54},
	{"bulk up x1, MiB/s", "ours-tls", "hcref-tls", 0.95},
	{"bulk down x1, MiB/s", "ours-tls", "hcref-tls", 0.95},
	{"bulk up x16, MiB/s", "ours-tls", "hcref-tls", 0.95},
	{"bulk down x16, MiB/s", "ours-tls", "hcref-tls", 0.95},
	{"CPU of both, bulk up x16, s/GiB", "ours-tls", "hcref-tls", 1.09}, // 3.7 where the bound takes 3.4
	{"CPU of both, bulk down x16, s/GiB", "ours-tls", "hcref-tls", 1.09},
	{"echo x1 p50, us", "ours", "hcref", 1.1},
	{"echo x64, 1/s", "ours", "hcref", 1},
	{"HTTP 1 KiB x64, 1/s", "ours", "hcref", 0.93}, // 9k where the bound does 9.7k
	{"CPU of both, HTTP 1 KiB x64, s/10k", "ours", "hcref", 1.07},
	{"HTTP 64 KiB x64, 1/s", "ours", "hcref", 0.95},
	{"SOAP 1 KiB x64 beside bytes", "ours", "", leastSOAP},
	{"SOAP 1 KiB x64 beside bytes", "ours-http", "", leastSOAP},
	{"SOAP 64 KiB x64 beside bytes", "ours", "", leastSOAP},
	{"SOAP 64 KiB x64 beside bytes", "ours-http", "", leastSOAP},
	{"events p99 delay, us", "ours", "", mostDelay},
	{"events p99 delay, us", "ours-http", "", mostDelay},
	{"events p99 delay, us", "ours-serve", "", mostDelay},
	{"gateway memory more, 256 MiB down, MiB", "ours", "", mostGrown},
	{"gateway memory more, 256 MiB up, MiB", "ours", "", mostGrown},
	{"gateway memory more, 256 MiB down, MiB", "ours-tls", "", mostGrown},
	{"gateway memory more, 256 MiB up, MiB", "ours-tls", "", mostGrown},
	{"gateway memory more, 256 MiB down, MiB", "ours-http", "", mostGrown},
	{"gateway memory more, 256 MiB up, MiB", "ours-http", "", mostGrown},
	{"gateway memory more, 256 MiB down, MiB", "ours-serve", "", mostGrown},
	{"gateway memory more, 256 MiB up, MiB", "ours-serve", "", mostGrown},
	{"HTTP as bytes 1 KiB x64, 1/s", "ours-raw", "relay-hybrid", 0.9},   // 19k of 21k
	{"HTTP as bytes 64 KiB x64, 1/s", "ours-raw", "relay-hybrid", 0.76}, // 5.5k of 7.25k
	{"set-up x16, 1/s", "ours", "hcref", 1},
	{"set-up x16, 1/s", "ours-tcp", "hcref", 1.32}, // 2.9k where the bound does 2.2k for a WebSocket sender
	{"set-up x16, 1/s", "ours-tls", "hcref-tls", 0.98},
	{"gateway memory, idle pair, KiB", "ours", "hcref", 1},
	{"gateway memory, idle pair, KiB", "ours-tls", "hcref-tls", 1},
	{"gateway memory, idle listener, KiB", "ours", "hcref", 1.08}, // 10 KiB where the bound takes 9.3
	{"gateway memory, idle listener, KiB", "ours-tls", "hcref-tls", 1.02},
}

// musts is the table of targets and what became of them.
func (t *table) musts(b *strings.Builder) {
	b.WriteString("| | ours | beside | must | ratio or figure | |\n|---|---|---|---|---|---|\n")
	for _, x := range targets {
		m := metricOf(x.metric)
		if m == nil || !t.has(x.ours) || x.bound != "" && !t.has(x.bound) {
			continue
		}
		beside, prefix, s := x.bound, "x", t.ratio(m, x.ours, x.bound)
		if x.bound == "" {
			beside, prefix, s = none, "", t.figure(m, x.ours)
		}
		if s.n == 0 {
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", m.label(), x.ours, beside, m.bar(x.at), s.show(prefix), t.verdict(m, s, x.at))
	}
}

// bar is a must in words.
func (m *metric) bar(at float64) string {
	if m.less {
		return "at most " + number(at)
	}
	return "at least " + number(at)
}

const missedMust = "**missed**"

// verdict says whether a must is met. A row that does not count is open, either way.
func (t *table) verdict(m *metric, s stat, at float64) string {
	said := "met"
	if m.less && s.median > at || !m.less && s.median < at {
		said = missedMust
	}
	if s.disturbed || !t.steady(m.cell) {
		return "open (" + strings.Trim(said, "*") + ")"
	}
	return said
}

func metricOf(name string) *metric {
	for i := range metrics {
		if metrics[i].name == name {
			return &metrics[i]
		}
	}
	return nil
}
