// Package stack owns the growth of goroutines' stacks: one that is about to take a long way has room for it before it sets out.
//
// It does not own how long a way is: the room is that of a sender's to its listener, and of a message's.
package stack

import "runtime"

// deep is what such a way needs.
const deep = 3 << 10

// Deepen lets the stack of a goroutine grow. It would grow on the way, once or twice, with a dozen calls to be found and moved each time; at
// the beginning there are few. A goroutine that only waits has no need of it.
//
//go:noinline
func Deepen() {
	var room [deep]byte
	runtime.KeepAlive(&room)
}
