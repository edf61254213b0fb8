// Package netx owns a network in memory for tests: hosts with names, listeners, buffered connections that behave as TCP
// does (half-close, reset, deadlines, a bounded buffer as back-pressure), and switches that the kernel does not give a
// test: partition, delay, kill.
//
// It waits on sync.Cond and channels only, so it works inside a testing/synctest bubble, where delays and deadlines pass
// in fake time; a Network and all that came of it belong to the bubble it was made in. Errors are those of the real thing
// (*net.OpError around ECONNRESET, ECONNREFUSED, EPIPE, os.ErrDeadlineExceeded, net.ErrClosed); addresses are *net.TCPAddr,
// so that their text parses with net/netip.
//
// It owns no goroutine, only timers. Every function may be called from any goroutine. Only tests import it.
package netx
