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
	cells     []castCell
}

type castCell struct {
	name string
	work func(c *load.Crowd, dur time.Duration, w load.Window) (load.Result, error)
}

var gatherings = []gathering{
	{peer.Event, 100, []castCell{{"cast_event_100", (*load.Crowd).Full}, {"cast_flood_100", (*load.Crowd).Flood}, {"cast_paced_100", paced(1)}}},
	{peer.Event, 1000, []castCell{{"cast_event_1000", (*load.Crowd).Full}, {"cast_paced_1000", paced(2)}}},
	{peer.OneWay, 1, []castCell{{"cast_oneway_1", mail}}},
	{peer.OneWay, 10, []castCell{{"cast_oneway_10", mail}}},
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
		if p.Absent != "" || p.Cells == nil || len(wanted) == 0 || !p.Fit(wanted[0].cells[0].name) {
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

// gather brings the listeners of every peer online, measures, and lets them go.
func (r *runner) gather(ctx context.Context, g gathering, up []*stand) error {
	defer func() {
		for _, s := range up {
			if s.crowd != nil {
				s.crowd.Close()
				s.crowd = nil
			}
		}
	}()
	for _, s := range up {
		var err error
		if s.crowd, err = load.Gather(s.tunnel.Casts[g.relay], g.listeners, g.relay == peer.Event); err != nil {
			r.add(report.Sample{Peer: s.peer.Name, Cell: g.cells[0].name, Err: err.Error()})
		}
	}
	for round := range r.o.rounds {
		for _, c := range g.cells {
			for i := range up {
				if s := up[(i+round)%len(up)]; s.crowd != nil {
					r.castOnce(c, round, s)
				}
				if !pause(ctx, breath) {
					return ctx.Err()
				}
			}
		}
	}
	log.Printf("%d rounds of %d listeners of %s done", r.o.rounds, g.listeners, g.relay)
	return nil
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
