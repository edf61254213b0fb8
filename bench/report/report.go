// Package report owns what a run has measured and how it is shown: ratios first, then the figures, what disturbed them, and
// the raw data. Only ratios within one round of one run mean anything; a figure alone is this machine's, at that moment.
// Its functions have no state and may be called from anywhere.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Sample is what one cell of one peer measured in one round. Values are those of load.Result and of the cells of memory;
// besides, cpu_gw, cpu_ag and cpu_load are CPU seconds in the measured time, and foreign is the share of the machine that
// others used meanwhile (0 to 1).
type Sample struct {
	Peer, Cell string
	Round      int
	Values     map[string]float64
	Err        string `json:",omitempty"` // why there are no values, or not all
}

// Peer is what the report has to know of a peer.
type Peer struct {
	Name, Note string
	Ours       bool
	Rival      bool   // what people would use instead, of the same shape
	Ciphered   bool   // from the agent to the gateway, and from senders where its senders can
	Bound      string // of ours: the peer that says what is possible
	Absent     string `json:",omitempty"` // why it was not measured
}

// Run is one invocation.
type Run struct {
	Date, Machine, Command, Settings string
	Peers                            []Peer
	Samples                          []Sample
}

// Save writes a run as JSON, with the folders on the way.
func (r *Run) Save(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

// Load reads runs that Save has written.
func Load(paths ...string) ([]*Run, error) {
	var runs []*Run
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		r := &Run{}
		if err := json.Unmarshal(b, r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// Results writes everything as one page of Markdown. A sample during which others used more than maxForeign of the machine
// counts only where there is no better one, and is marked.
func Results(w io.Writer, maxForeign float64, runs ...*Run) error {
	t := merge(runs, maxForeign)
	var b strings.Builder
	for _, r := range runs {
		fmt.Fprintf(&b, "- `%s`\n- %s; %s; %s\n", r.Command, r.Date, r.Machine, r.Settings)
	}
	fmt.Fprintf(&b, "\n## Musts\n\nOurs beside its bound and beside the peers of its kind. A row is open where direct did not keep within %s%% in %d rounds, where others used\n"+
		"the machine, or where fewer than %d rounds are left. For the rows marked `<` less is better.\n\n", number(unsteady*100), Counted, Counted)
	t.musts(&b)
	b.WriteString("\n## Beyond the musts\n\nWhat the reference would like; docs/performance.md has where the time goes in rows that are short.\n\n")
	t.stretched(&b)
	fmt.Fprintf(&b, "\n## Ratios\n\nOurs divided by the other of the column, median of the rounds that count [least-most]. For rates more is better, for the rows\n"+
		"marked `<` less. `~`: others used the machine in every round. `!`: direct varied too much, so the row does not count.%s\n\n", t.absent())
	t.ratios(&b)
	b.WriteString("\n## Figures\n\nMedian [least-most] of this machine at that time, for the ratios' sake.\n\n")
	t.figures(&b)
	t.steadiness(&b)
	t.failures(&b)
	b.WriteString("\n## What was measured\n\n")
	for _, p := range t.peers {
		if p.Absent != "" {
			p.Note += "; not measured: " + p.Absent
		}
		fmt.Fprintf(&b, "- **%s**: %s\n", p.Name, p.Note)
	}
	t.raw(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// ratios is a row for each metric of each of ours, and a column for every other peer. A row whose cell was not steady is marked.
func (t *table) ratios(b *strings.Builder) {
	var others, mine []string
	for _, p := range t.peers {
		switch {
		case p.Absent != "":
		case p.Ours:
			mine = append(mine, p.Name)
		default:
			others = append(others, p.Name)
		}
	}
	header(b, append([]string{"", "figure"}, others...))
	for i := range metrics {
		m := &metrics[i]
		for _, name := range mine {
			s := t.figure(m, name)
			if s.n == 0 {
				continue
			}
			mark := ""
			if !t.steady(m.cell) {
				mark = " `!`"
			}
			cells := []string{name, number(s.median)}
			for _, other := range others {
				cells = append(cells, t.ratio(m, name, other).show("x"))
			}
			row(b, m.label()+mark, cells)
		}
	}
}

// figures is a row for each metric and a column for each peer.
func (t *table) figures(b *strings.Builder) {
	var heads []string
	for _, p := range t.peers {
		if p.Absent == "" {
			heads = append(heads, p.Name)
		}
	}
	header(b, heads)
	for i := range metrics {
		m := &metrics[i]
		cells := make([]string, len(heads))
		for j, name := range heads {
			cells[j] = t.figure(m, name).show("")
		}
		row(b, m.label(), cells)
	}
}

func header(b *strings.Builder, heads []string) {
	fmt.Fprintf(b, "| | %s |\n|---|%s\n", strings.Join(heads, " | "), strings.Repeat("---|", len(heads)))
}

// row leaves out a metric that nobody has.
func row(b *strings.Builder, label string, cells []string) {
	if slices.ContainsFunc(cells, func(c string) bool { return c != none }) {
		fmt.Fprintf(b, "| %s | %s |\n", label, strings.Join(cells, " | "))
	}
}

// steadiness says how far the run may be trusted.
func (t *table) steadiness(b *strings.Builder) {
	b.WriteString("\n## Steadiness\n\n")
	var foreign []float64
	for _, s := range t.samples {
		if x, ok := s.Values["foreign"]; ok {
			foreign = append(foreign, x*100)
		}
	}
	if len(foreign) > 0 {
		f := summarize(foreign)
		fmt.Fprintf(b, "- Others used %s%% of the machine in the median cell, %s%% in the worst of %d. ", number(f.median), number(f.most), len(foreign))
		fmt.Fprintf(b, "A round counts where they used at most %s%%.\n", number(t.maxForeign*100))
	}
	fmt.Fprintf(b, "- A round of a cell counts where direct's rate lay within %s%% of its rates in the others that count, and a row where at least %d rounds do\n"+
		"  (cell: how far apart least and most were, rounds that count of all):", number(unsteady*100), Counted)
	var seen []string
	for i := range metrics {
		cell := metrics[i].cell
		if w := t.window(cell); w.judged && !slices.Contains(seen, cell) {
			seen = append(seen, cell)
			fmt.Fprintf(b, " %s %s%% %d/%d;", cell, number(w.share*100), len(w.rounds), w.of)
		}
	}
	if apart := t.apart(); apart.n > 0 {
		fmt.Fprintf(b, "\n- Within a round the draws of direct were %s%% apart in the median cell, %s%% at most.", number(apart.median*100), number(apart.most*100))
	}
	b.WriteString("\n")
}

// apart sums up how far the draws of direct were apart within rounds.
func (t *table) apart() stat {
	var all []float64
	for _, s := range t.samples {
		if x, ok := s.Values["apart"]; ok {
			all = append(all, x)
		}
	}
	return summarize(all)
}

// failures lists what went wrong.
func (t *table) failures(b *strings.Builder) {
	title := "\n## Failures\n\n"
	for _, s := range t.samples {
		if s.Err != "" {
			text, _, _ := strings.Cut(s.Err, "\n")
			fmt.Fprintf(b, "%s- %s, %s, round %d: %s\n", title, s.Peer, s.Cell, s.Round, text)
			title = ""
		}
	}
}

// raw is one line a sample.
func (t *table) raw(b *strings.Builder) {
	b.WriteString("\n## Raw data\n\nOne line a sample: round, cell, peer, values.\n\n```\n")
	for _, s := range t.samples {
		fmt.Fprintf(b, "%d %s %s", s.Round, s.Cell, s.Peer)
		for _, k := range slices.Sorted(maps.Keys(s.Values)) {
			fmt.Fprintf(b, " %s=%.6g", k, s.Values[k])
		}
		if s.Err != "" {
			b.WriteString(" failed")
		}
		b.WriteString("\n")
	}
	b.WriteString("```\n")
}
