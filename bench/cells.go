package main

import (
	"maps"
	"time"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/proc"
)

// work is a cell's, through one dialer.
type work func(d load.Dialer, t *load.Target, dur time.Duration, w load.Window) (load.Result, error)

// cell is one kind of work that is measured for a time. Names are the report's.
type cell struct {
	name string
	work work
}

// echoBytes is what one echo carries.
const echoBytes = 1 << 10

func cells() []cell {
	bulk := func(n int, up bool) work {
		return func(d load.Dialer, t *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.Bulk(d, t, n, up, dur, w)
		}
	}
	echo := func(n int) work {
		return func(d load.Dialer, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.Echo(d, n, echoBytes, dur, w)
		}
	}
	setup := func(n, limit int) work {
		return func(d load.Dialer, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.Setup(d, n, limit, dur, w)
		}
	}
	return []cell{
		{"bulk_up_1", bulk(1, true)}, {"bulk_down_1", bulk(1, false)},
		{"bulk_up_16", bulk(16, true)}, {"bulk_down_16", bulk(16, false)},
		{"echo_1", echo(1)}, {"echo_64", echo(64)},
		{"setup_1", setup(1, 1000)}, {"setup_16", setup(16, 3000)},
	}
}

// measure runs one cell and adds the accounts of its measured time.
func measure(c cell, t *peer.Tunnel, tg *load.Target, dur time.Duration) (load.Result, error) {
	gateway, agent := t.Gateway(), t.Agent()
	accounts := load.Result{}
	r, err := c.work(t.Dial, tg, dur, func() func() {
		busy, all := proc.Machine()
		g, a, s := proc.CPU(gateway), proc.CPU(agent), ownCPU()
		return func() {
			g, a, s := proc.CPU(gateway)-g, proc.CPU(agent)-a, ownCPU()-s
			nowBusy, nowAll := proc.Machine()
			accounts["cpu_gw"], accounts["cpu_ag"], accounts["cpu_load"] = g, a, s
			if nowAll > all {
				accounts["foreign"] = max(0, (nowBusy-busy-g-a-s)/(nowAll-all))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	maps.Copy(r, accounts)
	return r, nil
}
