package service

import (
	"context"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Request is what a service control manager asks of a running service.
type Request uint8

// Requests that mean something to us.
const (
	Interrogate Request = iota // say the state again
	StopNow                    // end in order, as for SIGTERM
)

// State is what the manager is told.
type State uint8

// States of a session, in the order in which they come.
const (
	Starting State = iota
	Running
	StopPending // told again every second, or the manager takes the service for dead
	Stopped
)

// beat is how often a service that is stopping says that it still is.
const beat = time.Second

// stops are the channels that a manager's wish to stop goes to.
var stops struct { //nolint:gochecknoglobals // as the process has one manager
	mu   sync.Mutex
	list []chan<- os.Signal
}

// Notify has c told SIGTERM when the service manager stops the service, as signal.Notify does for signals: c must have a place
// free. undo takes it back. Where the manager sends signals (systemd) nothing comes here.
func Notify(c chan<- os.Signal) (undo func()) {
	stops.mu.Lock()
	defer stops.mu.Unlock()
	stops.list = append(stops.list, c)
	return func() {
		stops.mu.Lock()
		defer stops.mu.Unlock()
		stops.list = slices.DeleteFunc(stops.list, func(other chan<- os.Signal) bool { return other == c })
	}
}

// tell sends SIGTERM to all that want it, and reports whether there is one.
func tell() bool {
	stops.mu.Lock()
	defer stops.mu.Unlock()
	for _, c := range stops.list {
		select {
		case c <- syscall.SIGTERM:
		default: // it has been told twice and has not looked
		}
	}
	return len(stops.list) > 0
}

// session runs a program for a manager: what is asked comes in by requests, which is never closed, and states go out by report.
// The program is told to stop by Notify's channels, or by the end of its context where it has none. The exit code is its own.
func session(program func(context.Context) int, requests <-chan Request, report func(State)) (code int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	report(Starting)
	ended := make(chan int, 1)
	go func() { ended <- program(ctx) }()
	state := Running
	report(state)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case code = <-ended:
			report(Stopped)
			return code
		case r := <-requests:
			if r == StopNow {
				state = StopPending
				if !tell() {
					cancel()
				}
			}
			report(state)
		case <-tick.C:
			if state == StopPending {
				report(state)
			}
		}
	}
}
