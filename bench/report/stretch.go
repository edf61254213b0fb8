package report

import (
	"fmt"
	"slices"
	"strings"
)

// stretches are what the reference would like beyond the musts, as targets are made: its figures of a quiet machine as ratios to the bound
// that was measured beside them, or to the peer that it names. Where one is missed docs/performance.md says by a profile why.
var stretches = slices.Concat(
	ofEach(bulks, "ours", "frp-nomux", 1), ofEach(bulks, "ours-raw", "relay-hybrid", 0.9),
	[]target{
		{"CPU of both, bulk up x16, s/GiB", "ours-raw", "relay-hybrid", 1.15, ""}, // 0.45 where the bound takes 0.39
		{"CPU of both, bulk down x16, s/GiB", "ours-raw", "relay-hybrid", 1.15, ""},
		{"echo x1 p50, us", "ours", "frp-nomux", 1, ""},
		{"echo x64, 1/s", "ours", "frp-nomux", 1, ""},
		{"HTTP 1 KiB x64, 1/s", "ours", "hcref", 1.24, ""},                      // 12k where the bound does 9.7k
		{"HTTP 64 KiB x64, 1/s", "ours", "hcref", 1.5, ""},                      // 6k of 4k
		{"HTTP as bytes 1 KiB x64, 1/s", "ours-raw", "relay-hybrid", 1, ""},     // 21k of 21k
		{"HTTP as bytes 64 KiB x64, 1/s", "ours-raw", "relay-hybrid", 0.97, ""}, // 7k of 7.25k
		{"set-up x16, 1/s", "ours", "hcref", 1.14, ""},                          // 2.5k of 2.2k
		{"set-up x16, 1/s", "ours-raw", "relay-hybrid", 1, ""},                  // 4.3k of 4.0k to 4.4k
		{"set-up x16, 1/s", "ours-raw", "bore", 0.98, ""},                       // 4.3k of 4.4k
		{"set-up x16, 1/s", "ours-tls", "hcref-tls", 1.33, ""},                  // 0.65k of 0.49k
		{"gateway memory, idle pair, KiB", "ours", "hcref", 0.79, ""},           // 11 of 14
		{"gateway memory, idle pair, KiB", "ours-tls", "hcref-tls", 0.67, ""},   // 35 of 52
		{"gateway memory, idle listener, KiB", "ours", "hcref", 0.54, ""},       // 5 of 9.3
		{"event to 1,000, deliveries/s", "ours-cast", "fanout", 0.95, ""},       // of shards, beside which a queue each is as fast
		{"event to 5,000, deliveries/s", "ours-cast", "fanout", 0.95, ""},
		{"event to 1,000 p99 delay, us", "ours-cast", "nchan", 1, ""},
		{"event to 5,000 p99 delay, us", "ours-cast", "nchan", 1, ""},
	})

// stretched is the table of what was asked for beyond the musts. Peers that are absent have no row.
func (t *table) stretched(b *strings.Builder) {
	b.WriteString("| | ours | beside | stretch | ratio | |\n|---|---|---|---|---|---|\n")
	reached, all := 0, 0
	for i := range stretches {
		x := &stretches[i]
		m := metricOf(x.metric)
		s := t.ratio(m, x.ours, x.beside)
		if s.n == 0 {
			continue
		}
		said, gap := "reached", m.short(s.median, x.at)
		if all++; gap > 0 {
			said = number(gap*100) + " % short"
		} else {
			reached++
		}
		if !t.counts(m, s) {
			said = "open (" + said + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", m.label(), x.ours, x.beside, m.bar(x.at), s.show("x"), said)
	}
	fmt.Fprintf(b, "\n%d of %d reached, open ones among them.\n", reached, all)
}
