package main

import (
	"context"
	"log"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/report"
)

// Cells of messages that nobody answers are measured with listeners that stay from round to round: to gather a thousand takes longer
// than to measure them.

// pace is how many deliveries a second there are where their delay is measured: that of the reference's fan-out.
const pace = 20000

// posting is how many senders there are of messages to one listener each.
const posting = 16

// gathering is some listeners of one relay, and the cells that are measured with them.
type gathering struct {
	relay     string
	listeners int
	afresh    bool // they come anew in each round, one peer's at a time: of all peers they are more connections than a process may have
	cells     []castCell
}

type castCell struct {
	name string
	work func(c *load.Crowd, dur time.Duration, w load.Window) (load.Result, error)
}

var gatherings = []gathering{
	{peer.Event, 100, false, []castCell{{"cast_event_100", (*load.Crowd).Full}, {"cast_flood_100", (*load.Crowd).Flood}, {"cast_paced_100", paced(1)}}},
	{peer.Event, 1000, false, []castCell{{"cast_event_1000", (*load.Crowd).Full}, {"cast_paced_1000", paced(4)}}},
	{peer.Event, 5000, true, []castCell{{"cast_event_5000", full(3)}, {"cast_paced_5000", paced(5)}}},
	{peer.OneWay, 1, false, []castCell{{"cast_oneway_1", mail}}},
	{peer.OneWay, 10, false, []castCell{{"cast_oneway_10", mail}}},
}

// full takes so many times as long as others, where what is under way takes long.
func full(times int) func(*load.Crowd, time.Duration, load.Window) (load.Result, error) {
	return func(c *load.Crowd, dur time.Duration, w load.Window) (load.Result, error) {
		return c.Full(dur*time.Duration(times), w)
	}
}

// paced takes so many times as long as others, where few messages make the pace.
func paced(times int) func(*load.Crowd, time.Duration, load.Window) (load.Result, error) {
	return func(c *load.Crowd, dur time.Duration, w load.Window) (load.Result, error) {
		return c.Paced(pace, dur*time.Duration(times), w)
	}
}

func mail(c *load.Crowd, dur time.Duration, w load.Window) (load.Result, error) {
	return c.Mail(posting, dur, w)
}

// stand is a peer that is up, with its listeners; one failure ends its part.
type stand struct {
	peer   *peer.Peer
	tunnel *peer.Tunnel
	crowd  *load.Crowd
}

// casts runs the rounds of all gatherings, in processes of their own. The peers are up at once, and one works at a time.
func (r *runner) casts(ctx context.Context) error {
	wanted := make([]gathering, 0, len(gatherings))
	for _, g := range gatherings {
		g.cells = slices.DeleteFunc(slices.Clone(g.cells), func(c castCell) bool { return !r.wants(c.name) })
		if len(g.cells) > 0 {
			wanted = append(wanted, g)
		}
	}
	var up []*stand
	defer func() {
		for _, s := range up {
			s.tunnel.Stop()
		}
	}()
	for i := range r.peers {
		p := &r.peers[i]
		if p.Absent != "" || !slices.ContainsFunc(wanted, func(g gathering) bool { return g.fits(p) }) {
			continue
		}
		e, err := r.env(p.Name)
		if err == nil {
			var t *peer.Tunnel
			if t, err = r.start(ctx, p, e); err == nil {
				up = append(up, &stand{peer: p, tunnel: t})
			}
		}
		if err != nil {
			r.add(report.Sample{Peer: p.Name, Cell: "start", Err: err.Error()})
		}
	}
	for _, g := range wanted {
		if err := r.gather(ctx, g, up); err != nil {
			return err
		}
	}
	return nil
}

// fits reports whether any of its cells is for a peer.
func (g gathering) fits(p *peer.Peer) bool {
	return p.Cells != nil && slices.ContainsFunc(g.cells, func(c castCell) bool { return p.Fit(c.name) })
}

// gather brings the listeners of every peer online, measures, and lets them go. Each round begins with another peer.
func (r *runner) gather(ctx context.Context, g gathering, up []*stand) error {
	up = slices.DeleteFunc(slices.Clone(up), func(s *stand) bool { return !g.fits(s.peer) })
	defer func() { disperse(up) }()
	if !g.afresh {
		r.assemble(g, 0, up)
	}
	for round := range r.o.rounds {
		turn := make([]*stand, len(up))
		for i := range up {
			turn[i] = up[(i+round)%len(up)]
		}
		if !g.afresh {
			r.castRound(ctx, g, round, turn)
		}
		for i := 0; g.afresh && i < len(turn) && ctx.Err() == nil; i++ {
			r.assemble(g, round, turn[i:i+1])
			r.castRound(ctx, g, round, turn[i:i+1])
			disperse(turn[i : i+1])
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	log.Printf("%d rounds of %d listeners of %s done", r.o.rounds, g.listeners, g.relay)
	return nil
}

// assemble brings listeners online.
func (r *runner) assemble(g gathering, round int, up []*stand) {
	for _, s := range up {
		var err error
		if s.crowd, err = load.Gather(s.tunnel.Casts[g.relay], g.listeners, g.relay == peer.Event); err != nil {
			r.add(report.Sample{Peer: s.peer.Name, Cell: g.cells[0].name, Round: round, Err: err.Error()})
		}
	}
}

// disperse lets them go.
func disperse(up []*stand) {
	for _, s := range up {
		if s.crowd != nil {
			s.crowd.Close()
			s.crowd = nil
		}
	}
}

// castRound is each cell of those who are there, one after the other, until the run is to end; whom a must is about has several turns.
func (r *runner) castRound(ctx context.Context, g gathering, round int, turn []*stand) {
	for _, c := range g.cells {
		for _, s := range lapped(turn, r.laps(c.name), func(s *stand) bool { return report.Judged(c.name, s.peer.Name) }) {
			if s.crowd != nil && s.peer.Fit(c.name) {
				r.castOnce(c, round, s)
			}
			if !pause(ctx, breath) {
				return
			}
		}
	}
}

// castOnce is one cell of one peer. One that failed leaves an account that does not add up, so that was its last.
func (r *runner) castOnce(c castCell, round int, s *stand) {
	v, err := measure(cell{name: c.name, work: func(_ *peer.Tunnel, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
		return c.work(s.crowd, dur, w)
	}}, s.tunnel, r.target, r.o.dur)
	r.add(sample(s.peer.Name, c.name, round, v, err))
	if err != nil {
		s.crowd.Close()
		s.crowd = nil
	}
}
