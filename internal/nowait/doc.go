// Package nowait reads and writes sockets of the kernel's without telling Go's scheduler, where that is faster.
//
// Before each system call Go makes ready for one that takes long: a thread of the runtime is woken, which looks every 20 us whether the
// call's place among the running goroutines must be given to another thread, and often it is given, to wake that thread for nothing.
// A call on a socket that does not block, of few bytes, takes a few microseconds and cannot wait. Made without telling, it costs a relay
// that forwards a message a third of its CPU less, and a request of 1 KiB a sixth (docs/performance.md).
//
// The package does not own waiting: that is the runtime's poller, through syscall.RawConn, with its deadlines. Where it cannot do better,
// on other systems than Linux, under the race detector (which learns from package syscall who waited for whom), and for many bytes, which
// take longer, it reads and writes as package net does.
//
// Read, Peek, Write and Connected are called within syscall.RawConn; a Conn is a net.Conn, for any goroutine.
package nowait
