package leg

import (
	"sync"

	"github.com/causeway-relay/causeway/gateway/shape"
)

const (
	smallBytes  = 2 << 10  // what an idle leg waits on (performance.md, points 2 and 12)
	bigBytes    = 64 << 10 // what a busy leg reads into, headroom included
	smallPieces = 16

	// scratchBytes holds the longest batch with a header before each of its pieces.
	scratchBytes = bigBytes + shape.MaxPieces*shape.Headroom
)

// chunk is a big read buffer with room for as many pieces as it can hold frames.
type chunk struct {
	buf    [bigBytes]byte
	pieces [shape.MaxPieces]shape.Piece
}

var (
	chunks    = sync.Pool{New: func() any { return new(chunk) }}
	scratches = sync.Pool{New: func() any { return new([scratchBytes]byte) }}
)

// inbox is the read buffer of a leg: a small one of its own, and a pooled big one while the stream is busy. Data stands
// in buf[start:end]; start is never below shape.Headroom. One goroutine uses it.
type inbox struct {
	own       [smallBytes]byte
	ownPieces [smallPieces]shape.Piece
	big       *chunk
	buf       []byte
	pieces    []shape.Piece // full length
	start     int
	end       int
	full      int // reads in a row that filled the buffer
}

// init makes the inbox ready with what was read already.
func (in *inbox) init(read []byte) {
	if len(read) > smallBytes-shape.Headroom {
		in.grow()
	} else {
		in.buf, in.pieces = in.own[:], in.ownPieces[:]
		in.start, in.end = shape.Headroom, shape.Headroom
	}
	in.end += copy(in.buf[in.end:], read)
}

// grow takes a big buffer; what stands in the present one moves along.
func (in *inbox) grow() {
	c := chunks.Get().(*chunk) //nolint:forcetypeassert // the pool holds nothing else
	n := copy(c.buf[shape.Headroom:], in.buf[in.start:in.end])
	in.big, in.buf, in.pieces = c, c.buf[:], c.pieces[:]
	in.start, in.end = shape.Headroom, shape.Headroom+n
}

// shrink gives the big buffer back, if what stands in it fits the small one.
func (in *inbox) shrink() {
	if in.big == nil || in.end-in.start > smallBytes-shape.Headroom {
		return
	}
	n := copy(in.own[shape.Headroom:], in.buf[in.start:in.end])
	in.release()
	in.start, in.end = shape.Headroom, shape.Headroom+n
}

// release gives the big buffer back and leaves the small one, empty. It may be called twice.
func (in *inbox) release() {
	if in.big != nil {
		chunks.Put(in.big)
		in.big = nil
	}
	in.buf, in.pieces, in.full = in.own[:], in.ownPieces[:], 0
	in.start, in.end = shape.Headroom, shape.Headroom
}

// room moves what is unread to the front and returns the free part.
func (in *inbox) room() []byte {
	if in.start > shape.Headroom {
		in.end = shape.Headroom + copy(in.buf[shape.Headroom:], in.buf[in.start:in.end])
		in.start = shape.Headroom
	}
	return in.buf[in.end:]
}
