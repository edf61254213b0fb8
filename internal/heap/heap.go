// Package heap sets the collector of programs whose live heap is small while they allocate much: nodes and connectors. It owns the process's
// GOGC and gives memory back to the system when a burst is over; it owns no memory itself. One goroutine of main's calls it, at the start.
package heap

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// percent is how much garbage may stand beside live memory. A relay's live heap is small, so the default of 100
// collects all the time: with 400 the reference measured 17% more set-ups a second on the same machine. The price is at
// most four times the live heap, which is some 6 KiB a connection; tidying takes it back when a burst is over, but for
// holes of about 1 KiB a connection between what lives.
const percent = 400

// Tune sets it and tidies until stop is called, unless the operator has spoken: GOGC in the environment, which getenv reads, wins. stop
// returns when nothing runs any more; the setting stays.
func Tune(getenv func(string) string) (stop func()) {
	if getenv("GOGC") != "" {
		return func() {}
	}
	debug.SetGCPercent(percent)
	end := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { tidyUntil(end) })
	return func() {
		close(end)
		running.Wait()
	}
}

const (
	tidyEvery = 2 * time.Second
	tidyQuiet = 1 << 20 // bytes allocated between two looks below which the program is quiet
	tidyWorth = 8 << 20 // bytes allocated since the last tidying that make it worth while
)

// tidyUntil collects when the program is quiet after a burst, and gives the memory back to the system: thousands of idle
// connections may stay for days, and the garbage of their handshakes would stay with them for minutes. It does so once more
// when it stays quiet, because the goroutines of connections that became quiet too have given back their stacks since.
func tidyUntil(end <-chan struct{}) {
	ticks := time.NewTicker(tidyEvery)
	defer ticks.Stop()
	allocated := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	var t tidier
	for {
		select {
		case <-ticks.C:
			metrics.Read(allocated)
			if t.due(allocated[0].Value.Uint64()) {
				debug.FreeOSMemory()
			}
		case <-end:
			return
		}
	}
}

// tidier decides from what the program has allocated in all.
type tidier struct {
	seen, tidied uint64
	again        bool // the next look tidies once more
}

// due reports whether it is time.
func (t *tidier) due(allocated uint64) bool {
	quiet := allocated-t.seen < tidyQuiet
	t.seen = allocated
	switch {
	case !quiet:
		return false
	case t.again:
		t.again = false
	case allocated-t.tidied < tidyWorth:
		return false
	default:
		t.again = true
	}
	t.tidied = allocated
	return true
}
