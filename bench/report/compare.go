package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Worse is how much a ratio may lose against the committed one.
const Worse = 0.15

// ReadRaw reads the samples of a page that Results has written. Peers are not in it, and failures have no text.
func ReadRaw(page string) (*Run, error) {
	_, raw, found := strings.Cut(page, "\n## Raw data\n")
	_, raw, fenced := strings.Cut(raw, "```\n")
	raw, _, closed := strings.Cut(raw, "```")
	if !found || !fenced || !closed {
		return nil, fmt.Errorf("read results: the page has no raw data; write it anew with make bench")
	}
	r := &Run{}
	for line := range strings.Lines(raw) {
		s, err := sampleOf(strings.Fields(line))
		if err != nil {
			return nil, fmt.Errorf("read results: %q: %w", strings.TrimSpace(line), err)
		}
		r.Samples = append(r.Samples, s)
	}
	return r, nil
}

// sampleOf reads the words of one line.
func sampleOf(words []string) (s Sample, err error) {
	const fixed = 3
	if len(words) < fixed {
		return s, fmt.Errorf("%d words, and a sample has more", len(words))
	}
	if s.Round, err = strconv.Atoi(words[0]); err != nil {
		return s, err
	}
	s.Cell, s.Peer, s.Values = words[1], words[2], map[string]float64{}
	for _, word := range words[fixed:] {
		name, value, found := strings.Cut(word, "=")
		if !found {
			s.Err = name
			continue
		}
		if s.Values[name], err = strconv.ParseFloat(value, 64); err != nil {
			return s, err
		}
	}
	return s, nil
}

// Compare writes how each of ours stands to its bound now, beside how it stood, and returns how many of the rows are worse by
// more than Worse. A row that others disturbed or in which direct varied too much, in this run or the committed one, is shown and not counted.
func Compare(w io.Writer, maxForeign float64, before, now *Run) (worse int, err error) {
	then, t := merge([]*Run{before}, maxForeign), merge([]*Run{now}, maxForeign)
	var b strings.Builder
	b.WriteString("| | ours | beside | committed | now | |\n|---|---|---|---|---|---|\n")
	for i := range metrics {
		m := &metrics[i]
		for _, p := range now.Peers {
			if !p.Ours || p.Bound == "" {
				continue
			}
			old, is := then.ratio(m, p.Name, p.Bound), t.ratio(m, p.Name, p.Bound)
			if old.n == 0 || is.n == 0 || old.median <= 0 {
				continue
			}
			said := t.change(m, old.median, is)
			if said == tooBad && !then.counts(m, old) {
				said = "worse, but the committed one does not count"
			}
			if said == tooBad {
				worse++
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", m.label(), p.Name, p.Bound, number(old.median), is.show(""), said)
		}
	}
	worse += t.missed(&b, then)
	_, err = io.WriteString(w, b.String())
	return worse, err
}

// missed adds the musts that are figures by themselves, and returns how many are not met now that can be judged.
func (t *table) missed(b *strings.Builder, then *table) (n int) {
	for _, x := range targets {
		m := metricOf(x.metric)
		if x.beside != "" || m == nil {
			continue
		}
		is, old := t.figure(m, x.ours), then.figure(m, x.ours)
		if is.n == 0 {
			continue
		}
		said := t.verdict(m, is, x.at)
		if said == missedMust {
			n++
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", m.label(), x.ours, m.bar(x.at), old.show(""), is.show(""), said)
	}
	return n
}

const tooBad = "**worse**"

// change is what became of a ratio.
func (t *table) change(m *metric, old float64, is stat) string {
	gain := is.median/old - 1
	if m.less {
		gain = -gain
	}
	said := fmt.Sprintf("%+.0f %%", gain*100)
	switch {
	case gain >= -Worse:
		return said
	case !t.counts(m, is):
		return said + ", does not count"
	default:
		return tooBad
	}
}
