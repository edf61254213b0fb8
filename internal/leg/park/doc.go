// Package park owns the waiting of connections that have nothing to say: thousands of them wait on one goroutine of the Lot's, and none
// has a stack of its own meanwhile, which is the larger part of what an idle connection costs (performance.md, point 12).
//
// It does not own connections nor what is read of them: whoever owns one parks it while nobody reads it, and reads on when it is woken.
// Only Linux can (epoll); elsewhere Park says no, and its caller waits in a read of his own. Any goroutine may call.
package park
