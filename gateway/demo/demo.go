package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/relay"
)

// Params of a demonstration.
type Params struct {
	Out       io.Writer // the steps and the summary, for people
	Keep      bool      // leave everything running until ctx ends
	ReadyFile string    // with Keep: both nodes' ready objects, as an array
	Senders   int       // how many senders come one after the other; 0: 5

	// StopListenerBefore stops the listener before the step of that number, to show where and why the road then ends.
	// 0: the listener stays.
	StopListenerBefore int
}

const (
	entityName     = "demo"
	defaultSenders = 5
	patience       = 20 * time.Second
	lastStep       = 9
)

// Run shows the whole system on real traffic. The error says at which step the road ended, and why.
func Run(ctx context.Context, p Params) error {
	if p.Senders <= 0 {
		p.Senders = defaultSenders
	}
	dir, err := os.MkdirTemp("", "causeway-demo-*")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer os.RemoveAll(dir)
	show := newShow(p.Out)
	world, err := open(dir, show)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer world.close()
	show.say("two nodes in one process, joined as a cluster:")
	for i, n := range world.nodes {
		show.say("  node %d  https %s  http %s", i+1, n.Addresses()["https"], n.Addresses()["http"])
	}
	if err := tour(ctx, p, world, show); err != nil {
		return err
	}
	if !p.Keep {
		return nil
	}
	return keep(ctx, p, world, show)
}

// tour is the demonstration itself: one sender with every step, then the others.
func tour(ctx context.Context, p Params, world *world, show *show) error {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	service, err := startService()
	if err != nil {
		return fmt.Errorf("demo: local service: %w", err)
	}
	defer service.close()
	show.say("a service that only this machine reaches: echo at %s", service.address())
	show.say("a listener beside it dials node 2; a sender will dial node 1")
	l, err := world.listen(bounded, service.address())
	if err != nil {
		return show.failed(err)
	}
	defer l.close()
	if p.StopListenerBefore > 0 {
		show.before(p.StopListenerBefore, func() { l.close(); world.awaitGone(bounded) })
	}
	began := time.Now()
	for i := range p.Senders {
		words := fmt.Sprintf("hello %d from a sender that the service has never heard of", i+1)
		if err := world.send(bounded, words); err != nil {
			return show.failed(err)
		}
		if i == 0 {
			show.all(bounded)
		}
		if missing := show.missing(); missing != 0 {
			return show.failed(errors.New("the relay never reported it"))
		}
	}
	took := time.Since(began)
	show.summary(p.Senders, took)
	if err := connectors(bounded, world, show, service.address()); err != nil {
		return show.failed(err)
	}
	show.say("next: causeway serve --ready-file ready.json, then causeway relay create NAME")
	return nil
}

// keep leaves the nodes and a listener running for whoever wants to look.
func keep(ctx context.Context, p Params, world *world, show *show) error {
	ready := make([]gateway.Ready, 0, len(world.nodes))
	for _, n := range world.nodes {
		ready = append(ready, n.Ready())
	}
	if p.ReadyFile != "" {
		if err := gateway.WriteReady(p.ReadyFile, ready); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		defer os.Remove(p.ReadyFile)
		show.say("both nodes keep running; connection strings and CA are in %s; end with Ctrl-C", p.ReadyFile)
	} else {
		show.say("both nodes keep running; end with Ctrl-C; with --ready-file FILE you get their connection strings")
	}
	<-ctx.Done()
	return nil
}

// step is how the relay tells the show.
func (w *world) step(s relay.Step) { w.show.step(s) }
