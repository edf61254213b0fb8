package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/report"
)

// yardstick is the peer whose steadiness says whether a row counts.
const yardstick = "direct"

// draws is how often the yardstick is measured in one turn, each time with new connections. Where the scheduler puts two
// processes on two cores decides its rate, and stays decided for as long as they run: one draw says what that one was.
const draws = 5

// sample measures one cell through one peer: once, or for the yardstick several times, of which the middle one is the sample.
func (r *runner) sample(ctx context.Context, c cell, p *peer.Peer, t *peer.Tunnel) (load.Result, error) {
	rate := report.Rate(c.name)
	if p.Name != yardstick || rate == "" || r.o.quick {
		return measure(c, t, r.target, r.o.dur)
	}
	all := make([]load.Result, 0, draws)
	for range draws {
		v, err := measure(c, t, r.target, r.o.dur)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
		if !pause(ctx, breath) {
			return nil, ctx.Err()
		}
	}
	slices.SortFunc(all, func(a, b load.Result) int { return cmp.Compare(a[rate], b[rate]) })
	return all[len(all)/2], nil
}

// due reports whether a cell is measured in a round: in the rounds that were asked for always, in those after them only
// while the yardstick has not been steady in enough of them.
func (r *runner) due(c cell, round int) bool {
	return round < r.o.rounds || !r.run.Steady(c.name)
}
