package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// cores says where load and target stay. Left to themselves, two processes on two cores settle in one of several ways, by
// chance: both sides of a stream on one core or on two, one's threads beside the other's. Direct does 13 or 50 thousand echoes
// a second for that, and stays so for as long as its connections live. Load and target have a core each for that reason, in
// every column alike; gateway and agent go where the scheduler sends them.
type cores struct {
	load, target, all string // as taskset(1) has them; empty: anywhere
	why               string // they are not kept apart
}

// place finds the cores: the first for the load, the last for the target.
func place(free bool, own []int, look func(string) (string, error)) cores {
	switch _, err := look("taskset"); {
	case free:
		return cores{why: "as asked"}
	case err != nil:
		return cores{why: "no taskset"}
	case len(own) < 2:
		return cores{why: "there is one core"}
	}
	all := make([]string, len(own))
	for i, n := range own {
		all[i] = strconv.Itoa(n)
	}
	return cores{load: all[0], target: all[len(all)-1], all: strings.Join(all, ",")}
}

func (c cores) String() string {
	if c.all == "" {
		return "load and target on any core (" + c.why + ")"
	}
	return "load on core " + c.load + ", target on core " + c.target
}

// stay moves this program to the load's core, until it is freed.
func (c cores) stay() (free func(), err error) {
	if c.all == "" {
		return func() {}, nil
	}
	move := func(to string) error {
		if out, err := exec.Command("taskset", "-a", "-p", "-c", to, strconv.Itoa(os.Getpid())).CombinedOutput(); err != nil {
			return fmt.Errorf("taskset: %w: %s", err, out)
		}
		return nil
	}
	if err := move(c.load); err != nil {
		return nil, err
	}
	runtime.GOMAXPROCS(1)
	return func() {
		_ = move(c.all) // the run is over
		runtime.SetDefaultGOMAXPROCS()
	}, nil
}
