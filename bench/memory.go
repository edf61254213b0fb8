package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/proc"
	"github.com/causeway-relay/causeway/bench/report"
)

// Cells of memory, each a sample of its own. Their values: kib_each and total_mib of the gateway, base_mib before, kib_agent
// for the agent, cpu_percent of both while all is idle, and fds_each, the gateway's descriptors.
const (
	idleCell      = "idle"
	listenersCell = "listeners"
	castMemory    = "cast_listeners" // of an event relay, each with what it takes to get messages
)

// Looks in a row at processes that are quiet, before what they have is weighed; and in a quick run.
const quietLooks, quickLooks = 4, 1

// settle waits until processes have been quiet for so many looks, so that what a burst left behind is gone; not for ever, because
// of pings.
func settle(ctx context.Context, pids []int, quiet int) {
	const (
		look  = time.Second
		still = 0.02 // CPU seconds in a look
	)
	calm := 0
	for range 5 * quiet {
		before := proc.CPU(pids)
		if !pause(ctx, look) {
			return
		}
		if calm++; proc.CPU(pids)-before > still {
			calm = 0
		}
		if calm >= quiet {
			return
		}
	}
}

// pause waits and reports whether the run goes on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// weigh finds what the idle things cost that fill adds to a tunnel.
func (r *runner) weigh(ctx context.Context, t *peer.Tunnel, fill func() error) (load.Result, error) {
	n, looks := r.o.idle, quietLooks
	if r.o.quick {
		looks = quickLooks
	}
	settle(ctx, t.Gateway(), looks)
	before, agentBefore, open := proc.Memory(t.Gateway()), proc.Memory(t.Agent()), proc.Descriptors(t.Gateway())
	if err := fill(); err != nil {
		return nil, err
	}
	all := append(t.Gateway(), t.Agent()...)
	settle(ctx, all, looks)
	if err := t.Broken(); err != nil {
		return nil, err
	}
	watched := max(time.Duration(looks-1)*time.Second, 500*time.Millisecond)
	cpu := proc.CPU(all)
	pause(ctx, watched)
	cpu = (proc.CPU(all) - cpu) / watched.Seconds() * 100
	after, agentAfter := proc.Memory(t.Gateway()), proc.Memory(t.Agent())
	each := func(mib float64) float64 { return mib * 1024 / float64(n) }
	return load.Result{
		"base_mib": before, "total_mib": after, "kib_each": each(after - before), "kib_agent": each(agentAfter - agentBefore),
		"cpu_percent": cpu, "n": float64(n), "fds_each": float64(proc.Descriptors(t.Gateway())-open) / float64(n),
	}, ctx.Err()
}

// idlePairs weighs n idle streams.
func (r *runner) idlePairs(ctx context.Context, t *peer.Tunnel) (load.Result, error) {
	var held []net.Conn
	defer func() {
		for _, c := range held {
			c.Close()
		}
	}()
	return r.weigh(ctx, t, func() (err error) {
		held, err = load.Hold(t.Dial, r.o.idle)
		return err
	})
}

// idleListeners weighs n idle control channels.
func (r *runner) idleListeners(ctx context.Context, p *peer.Peer, e *peer.Env, t *peer.Tunnel) (load.Result, error) {
	return r.weigh(ctx, t, func() error { return p.AddListeners(e, t, r.o.idle) })
}

// eventListeners weighs n listeners of an event relay, who have had a message.
func (r *runner) eventListeners(ctx context.Context, t *peer.Tunnel) (load.Result, error) {
	var crowd *load.Crowd
	defer func() {
		if crowd != nil {
			crowd.Close()
		}
	}()
	return r.weigh(ctx, t, func() (err error) {
		crowd, err = load.Gather(t.Casts[peer.Event], r.o.idle, true)
		return err
	})
}

// atOnce is how many peers are weighed at a time: they wait far more than they work, and each is judged by its own processes alone.
const atOnce = 3

// weighing is one cell of memory of one peer.
type weighing struct {
	peer *peer.Peer
	cell string
}

// memory weighs every peer that has a gateway, each in processes of its own.
func (r *runner) memory(ctx context.Context) error {
	var all []weighing
	for i := range r.peers {
		p := &r.peers[i]
		if p.Name == "direct" || p.Absent != "" {
			continue
		}
		for _, name := range []string{idleCell, listenersCell, castMemory} {
			has := name == idleCell || name == listenersCell && p.HasListeners() || name == castMemory && p.Cells != nil
			if r.wants(name) && p.Fit(name) && has {
				all = append(all, weighing{p, name})
			}
		}
	}
	for some := range slices.Chunk(all, atOnce) {
		samples := make([]report.Sample, len(some))
		var run sync.WaitGroup
		for i, w := range some {
			run.Go(func() { samples[i] = r.weighOne(ctx, w.peer, w.cell) })
		}
		run.Wait()
		for _, s := range samples {
			r.add(s)
		}
		if err := r.target.CloseConns(); err != nil {
			log.Printf("%s: %v", some[0].cell, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

func (r *runner) weighOne(ctx context.Context, p *peer.Peer, name string) report.Sample {
	s := report.Sample{Peer: p.Name, Cell: name}
	e, err := r.env(p.Name + "-" + name)
	if err != nil {
		s.Err = err.Error()
		return s
	}
	t, err := r.start(ctx, p, e)
	if err != nil {
		s.Err = err.Error()
		return s
	}
	defer t.Stop()
	switch name {
	case idleCell:
		s.Values, err = r.idlePairs(ctx, t)
	case listenersCell:
		s.Values, err = r.idleListeners(ctx, p, e, t)
	default:
		s.Values, err = r.eventListeners(ctx, t)
	}
	if err != nil {
		s.Err = fmt.Sprintf("%d %s: %v", r.o.idle, name, err)
	}
	return s
}
