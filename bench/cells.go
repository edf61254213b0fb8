package main

import (
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/bench/load"
	"github.com/causeway-relay/causeway/bench/peer"
	"github.com/causeway-relay/causeway/bench/proc"
)

// work is a cell's, through one tunnel.
type work func(through *peer.Tunnel, t *load.Target, dur time.Duration, w load.Window) (load.Result, error)

// cell is one kind of work that is measured for a time. Names are the report's.
type cell struct {
	name string
	can  func(*peer.Tunnel) bool // whether the tunnel has the door
	work work
}

func streams(t *peer.Tunnel) bool  { return t.Dial != nil }
func requests(t *peer.Tunnel) bool { return t.Web != nil }
func plain(t *peer.Tunnel) bool    { return t.Bytes }
func calls(t *peer.Tunnel) bool    { return t.NetTCP != nil }
func ways(t *peer.Tunnel) bool     { return t.Ways != nil }

// eventsCell is for peers whose answers flow.
const eventsCell = "events_4"

// echoBytes is what one echo carries.
const echoBytes = 1 << 10

func cells() []cell {
	bulk := func(n int, up bool) work {
		return func(p *peer.Tunnel, t *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.Bulk(p.Dial, t, n, up, 2*dur, w) // it moves most with where the processes happen to be
		}
	}
	echo := func(n int) work {
		return func(p *peer.Tunnel, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.Echo(p.Dial, n, echoBytes, dur, w)
		}
	}
	setup := func(n, limit int) work {
		return func(p *peer.Tunnel, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.Setup(p.Dial, n, limit, dur, w)
		}
	}
	http := func(n, size int) work {
		return func(p *peer.Tunnel, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.HTTP(p.Web, n, size, dur, w)
		}
	}
	bytes := func(n, size int) work { // requests that the tunnel knows nothing of
		return func(p *peer.Tunnel, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.HTTP(&load.Web{Dial: p.Dial, Host: "web.test", Path: "/"}, n, size, dur, w)
		}
	}
	soap := func(n, size int) work {
		return func(p *peer.Tunnel, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.SOAP(p.Web, n, size, dur, w)
		}
	}
	event := func(n int) work {
		return func(p *peer.Tunnel, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.Events(p.Web, n, dur, w)
		}
	}
	call := func(n int) work {
		return func(p *peer.Tunnel, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
			return load.Calls(p.NetTCP, n, dur, w)
		}
	}
	convert := func(p *peer.Tunnel, _ *load.Target, dur time.Duration, w load.Window) (load.Result, error) {
		return load.Convert(p.Ways, dur, w)
	}
	return []cell{
		{"bulk_up_1", streams, bulk(1, true)}, {"bulk_down_1", streams, bulk(1, false)},
		{"bulk_up_16", streams, bulk(16, true)}, {"bulk_down_16", streams, bulk(16, false)},
		{"echo_1", streams, echo(1)}, {"echo_64", streams, echo(64)},
		{"setup_1", streams, setup(1, 1000)}, {"setup_16", streams, setup(16, 3000)},
		{"http_1k_1", requests, http(1, 1<<10)}, {"http_1k_64", requests, http(64, 1<<10)},
		{"http_64k_1", requests, http(1, 64<<10)}, {"http_64k_64", requests, http(64, 64<<10)},
		{"soap_1k_64", requests, soap(64, 1<<10)}, {"soap_64k_64", requests, soap(64, 64<<10)},
		{eventsCell, requests, event(4)},
		{"calls_1", calls, call(1)}, {"calls_64", calls, call(64)},
		{"convert_1", ways, convert},
		{"bytes_1k_64", plain, bytes(64, 1<<10)}, {"bytes_64k_64", plain, bytes(64, 64<<10)},
	}
}

// measure runs one cell and adds the accounts of its measured time. Others are counted a little before it and behind it, since
// looking at them is work.
func measure(c cell, t *peer.Tunnel, tg *target, dur time.Duration) (load.Result, error) {
	gateway, agent := t.Gateway(), t.Agent()
	mine := slices.Concat(gateway, agent, []int{os.Getpid(), tg.process.Pid()})
	accounts := load.Result{}
	r, err := c.work(t, &tg.Target, dur, func() func() {
		began, others := time.Now(), proc.Others(mine...)
		g, a, s := proc.CPU(gateway), proc.CPU(agent), tg.cpu()
		return func() {
			accounts["cpu_gw"], accounts["cpu_ag"], accounts["cpu_load"] = proc.CPU(gateway)-g, proc.CPU(agent)-a, tg.cpu()-s
			used := proc.Others(mine...).Since(others)
			accounts["foreign"] = min(1, used/(time.Since(began).Seconds()*float64(runtime.NumCPU())))
		}
	})
	if err != nil {
		return nil, err
	}
	maps.Copy(r, accounts)
	return r, nil
}
