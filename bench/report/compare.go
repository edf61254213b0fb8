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

// Verdict is what a comparison came to: rows that are worse or miss a must, and rows that could be judged at all.
type Verdict struct {
	Worse, Judged int
}

// Compare writes how each of ours stands to its bound now, beside how it stood, and which figures miss their must. A row is worse that
// has lost more than Worse, and in no round was what it was. One that others disturbed or in which direct varied too much, in this run or the committed one, is
// shown and not judged. Peers do not matter, nor do rows that only one of the runs has.
func Compare(w io.Writer, maxForeign float64, before, now *Run) (v Verdict, err error) {
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
			said := change(m, old.median, is)
			switch {
			case !t.counts(m, is):
				said += ", does not count"
			case !then.counts(m, old):
				said += ", the committed one does not count"
			case said == tooBad:
				v.Worse++
				fallthrough
			default:
				v.Judged++
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", m.label(), p.Name, p.Bound, number(old.median), is.show(""), said)
		}
	}
	t.figuresMissed(&b, then, &v)
	fmt.Fprintf(&b, "\n%d rows judged, %d of them worse by more than %s %% or missed.\n", v.Judged, v.Worse, number(Worse*100))
	_, err = io.WriteString(w, b.String())
	return v, err
}

// figuresMissed adds the musts that are figures by themselves.
func (t *table) figuresMissed(b *strings.Builder, then *table, v *Verdict) {
	for _, x := range targets {
		m := metricOf(x.metric)
		if x.beside != "" || m == nil {
			continue
		}
		is, old := t.figure(m, x.ours), then.figure(m, x.ours)
		if is.n == 0 {
			continue
		}
		said := t.verdict(m, is, &x)
		if t.counts(m, is) {
			v.Judged++
		}
		if strings.HasPrefix(said, missedMust) {
			v.Worse++
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", m.label(), x.ours, m.bar(x.at), old.show(""), is.show(""), said)
	}
}

const tooBad = "**worse**"

// change is what became of a ratio.
func change(m *metric, old float64, is stat) string {
	gain, best := is.median/old-1, is.most
	if m.less {
		gain, best = -gain, is.least
	}
	said := fmt.Sprintf("%+.0f %%", gain*100)
	switch {
	case gain >= -Worse:
		return said
	case m.less && best <= old || !m.less && best >= old:
		return said + ", but not in every round"
	default:
		return tooBad
	}
}
