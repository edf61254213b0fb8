package main

import (
	"context"
	"log"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/proc"
	"github.com/causeway-relay/causeway/bench/report"
)

// volumeCell is one body of 256 MiB in one exchange, down and then up, and what the gateway's memory does meanwhile. Its values: down and
// up in MiB a second, grown_down and grown_up in MiB over what the gateway had before.
const volumeCell = "volume"

// Sizes of bodies: the one that is measured, the one before it that warms up, and that of a quick run.
const (
	volumeBytes = 256 << 20
	warmBytes   = 8 << 20
	quickBytes  = 64 << 20
)

// volumes measures every peer whose answers flow, once, in processes of its own.
func (r *runner) volumes(ctx context.Context) error {
	for i := range r.peers {
		p := &r.peers[i]
		if p.Absent != "" || !r.wants(volumeCell) || !p.Fit(volumeCell) || !p.Streams {
			continue
		}
		if err := r.volumeOf(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) volumeOf(ctx context.Context, p *peer.Peer) error {
	e, err := r.env(p.Name + "-" + volumeCell)
	if err != nil {
		return err
	}
	s := report.Sample{Peer: p.Name, Cell: volumeCell}
	t, err := r.start(ctx, p, e)
	if err == nil {
		defer t.Stop()
		s.Values, err = r.bothWays(t)
	}
	if err != nil {
		s.Err = err.Error()
	}
	r.add(s)
	if err := r.target.CloseConns(); err != nil {
		log.Printf("%s: %v", p.Name, err)
	}
	return ctx.Err()
}

// bothWays moves the body each way and watches.
func (r *runner) bothWays(t *peer.Tunnel) (load.Result, error) {
	size := int64(volumeBytes)
	if r.o.quick {
		size = quickBytes
	}
	v := load.Result{}
	for _, way := range []struct {
		name string
		up   bool
	}{{"down", false}, {"up", true}} {
		if _, err := load.Volume(t.Web, way.up, warmBytes); err != nil {
			return nil, err
		}
		before := proc.Memory(t.Gateway())
		peak := watch(t.Gateway())
		moved, err := load.Volume(t.Web, way.up, size)
		most := peak()
		if err != nil {
			return nil, err
		}
		v[way.name] = moved["mibps"]
		if len(t.Gateway()) > 0 { // direct has none
			v["grown_"+way.name] = max(0, most-before)
		}
	}
	return v, nil
}

// watch looks at the memory of processes until it is asked for the most that it saw.
func watch(pids []int) (peak func() float64) {
	const often = 20 * time.Millisecond
	var most float64
	var run sync.WaitGroup
	stop := make(chan struct{})
	run.Go(func() {
		tick := time.NewTicker(often)
		defer tick.Stop()
		for {
			most = max(most, proc.Memory(pids))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	})
	return func() float64 {
		close(stop)
		run.Wait()
		return most
	}
}
