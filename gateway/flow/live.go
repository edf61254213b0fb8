package flow

import (
	"sync/atomic"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// Directions of a stream, as a tap sees them.
const (
	Forth uint8 = iota // from the first leg of Join to the second: from the sender to the listener
	Back
)

// Tap looks at what passes, between Read and Write, payload unmasked. It must not keep the batch nor change it.
type Tap interface {
	Saw(dir uint8, b *shape.Batch)
}

// Live is what can be seen of a stream, and hung onto it, while it runs. Its methods may be called from any goroutine.
type Live struct {
	In, Out  atomic.Int64 // payload bytes forth and back
	Messages atomic.Int64 // messages that ended, both ways

	tap atomic.Pointer[Tap]
}

// Watch hangs a tap onto the stream in place of the one there; nil takes it off.
func (l *Live) Watch(t Tap) {
	if t == nil {
		l.tap.Store(nil)
		return
	}
	l.tap.Store(&t)
}

// Watched reports whether a tap hangs on the stream.
func (l *Live) Watched() bool { return l.tap.Load() != nil }

// moved counts payload bytes of a direction.
func (l *Live) moved(dir uint8, n int64) {
	switch {
	case n <= 0:
	case dir == Forth:
		l.In.Add(n)
	default:
		l.Out.Add(n)
	}
}

// count notes a batch that was read.
func (l *Live) count(dir uint8, b *shape.Batch) {
	l.moved(dir, int64(b.Bytes()))
	if n := int64(b.Messages()); n > 0 {
		l.Messages.Add(n)
	}
	if t := l.tap.Load(); t != nil {
		(*t).Saw(dir, b)
	}
}
