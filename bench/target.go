package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/proc"
)

// target is the service behind the listener, as a process.
type target struct {
	load.Target

	process *peer.Process
}

// startTarget runs it in a scratch folder below work, on cores of its own.
func startTarget(self, work, cores string) (*target, error) {
	e := &peer.Env{Self: self, Work: filepath.Join(work, "target"), Cores: cores}
	if err := os.MkdirAll(e.Work, 0o700); err != nil {
		return nil, err
	}
	p, addr, err := e.StartTarget()
	if err != nil {
		return nil, fmt.Errorf("start the target: %w", err)
	}
	return &target{Target: load.Target{Addr: addr}, process: p}, nil
}

// cpu is the CPU seconds of load and target.
func (t *target) cpu() float64 { return ownCPU() + proc.CPU([]int{t.process.Pid()}) }

func (t *target) close() { t.process.Kill() }

// serveTarget is that process: it serves an address until it is ended.
func serveTarget(ctx context.Context, args []string) error {
	s, err := load.NewService(args[0])
	if err != nil {
		return err
	}
	<-ctx.Done()
	s.Close()
	return nil
}
