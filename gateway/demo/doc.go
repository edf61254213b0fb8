// Package demo owns the demonstration: two nodes in one process on real sockets, a listener with a local service at the
// second, senders at the first, and the nine documented steps of the service as the relay itself reports them. Nothing
// here makes a step up: a step that does not happen is not printed, and the demo fails there.
//
// Run is called once, from one goroutine.
package demo
