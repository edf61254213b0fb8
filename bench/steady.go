package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/report"
)

// yardstick is the peer whose steadiness says whether a row counts.
const yardstick = "direct"

// draws is how often the yardstick is measured in one turn, each time with new connections: first, last and between the others, so
// that its figure is of the same minutes as theirs.
const draws = 9

// fewDraws is the same in cells whose turns are long, since they compare within themselves.
const fewDraws = 5

// laps is how often in one turn those are measured whom a must of the cell is about, ours and what it stands beside, there and back again and
// each time with new connections. Each time is a sample of the round.
const laps = 3

// breath is the pause between two cells, in which connections are closed.
const breath = 50 * time.Millisecond

// turn runs one cell through every peer, each round beginning with another, and the yardstick in between.
func (r *runner) turn(ctx context.Context, c cell, round int, up []*peer.Tunnel) error {
	if began := time.Now(); round >= r.o.rounds {
		defer func() { r.more += time.Since(began) }()
	}
	yard, others := r.order(c, round, up)
	n := 0
	if yard >= 0 {
		n = r.drawn(c)
	}
	measured := func(which int) (load.Result, error) {
		v, err := measure(c, up[which], r.target, r.o.dur)
		if !pause(ctx, breath) {
			return nil, ctx.Err()
		}
		return v, err
	}
	var drawn []load.Result
	var failed error
	for i := range len(others) + 1 {
		for range drawsAt(i, len(others), n) {
			v, err := measured(yard)
			drawn, failed = append(drawn, v), cmp.Or(failed, err)
		}
		if i < len(others) {
			v, err := measured(others[i])
			r.add(sample(r.peers[others[i]].Name, c.name, round, v, err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if n > 0 {
		r.add(sample(yardstick, c.name, round, middle(drawn, report.Rate(c.name)), failed))
	}
	return nil
}

// order is where the yardstick stands (-1: it is not measured), and the others in the order in which they are, some of them several times.
func (r *runner) order(c cell, round int, up []*peer.Tunnel) (yard int, others []int) {
	yard = -1
	judged := func(which int) bool { return report.Judged(c.name, r.peers[which].Name) }
	for i := range up {
		which := (i + round) % len(up)
		p := &r.peers[which]
		switch {
		case up[which] == nil || !p.Fit(c.name) || !c.can(up[which]) || c.name == eventsCell && !p.Streams:
		case p.Name == yardstick:
			yard = which
		case judged(which) || round < r.o.rounds: // more rounds are for musts that do not count yet
			others = append(others, which)
		}
	}
	return yard, lapped(others, r.laps(c.name), judged)
}

// lapped has those who are judged take so many turns, there and back again, behind the first of all.
func lapped[T any](all []T, laps int, judged func(T) bool) []T {
	all = slices.Clip(all) // what lies behind it is the caller's
	again := slices.DeleteFunc(slices.Clone(all), func(x T) bool { return !judged(x) })
	for range laps - 1 {
		slices.Reverse(again)
		all = append(all, again...)
	}
	return all
}

// laps is how often in a turn those are measured whom a must is about.
func (r *runner) laps(cell string) int {
	if r.o.quick || inTurn(cell) {
		return 1
	}
	return laps
}

// inTurn reports whether a cell itself takes turns of what its must compares.
func inTurn(cell string) bool { return strings.HasPrefix(cell, "soap_") }

// drawn is how often the yardstick is measured in a turn of a cell.
func (r *runner) drawn(c cell) int {
	switch {
	case report.Rate(c.name) == "" || r.o.quick:
		return 1
	case inTurn(c.name):
		return fewDraws
	}
	return draws
}

// drawsAt is how many of n draws are made before the i-th of others, or behind the last of them: as evenly as it goes, the first
// before all and the last behind all.
func drawsAt(i, others, n int) (now int) {
	for k := range n {
		if n == 1 && i == 0 || n > 1 && k*others/(n-1) == i {
			now++
		}
	}
	return now
}

// middle is the draw of the middle rate, with how far apart the draws were as a share of it.
func middle(all []load.Result, rate string) load.Result {
	if len(all) <= 1 || slices.ContainsFunc(all, func(r load.Result) bool { return r == nil }) {
		return all[0]
	}
	slices.SortFunc(all, func(a, b load.Result) int { return cmp.Compare(a[rate], b[rate]) })
	r := all[len(all)/2]
	r["apart"] = (all[len(all)-1][rate] - all[0][rate]) / r[rate]
	return r
}

// sample is what a measurement was.
func sample(name, cell string, round int, v load.Result, err error) report.Sample {
	s := report.Sample{Peer: name, Cell: cell, Round: round, Values: v}
	if err != nil {
		s.Values, s.Err = nil, err.Error()
	}
	return s
}

// due reports whether a cell is measured in a round: in the rounds that were asked for always, in those after them only
// while a must is about it, there is not enough of it, and time.
func (r *runner) due(c cell, round int, enough func(cell string, maxForeign float64) bool) bool {
	asked := func(p peer.Peer) bool { return report.Judged(c.name, p.Name) }
	return round < r.o.rounds || round < r.o.most && r.more < r.o.within && slices.ContainsFunc(r.peers, asked) && !enough(c.name, r.o.foreign)
}
