package leg

import (
	"sync"

	"github.com/causeway-relay/causeway/gateway/shape"
)

const (
	smallBytes  = 2 << 10          // what a leg reads into that is not busy (performance.md, points 2 and 12)
	bigBytes    = bigGap + 132<<10 // what a busy leg reads into: two frames of 64 KiB with their headers, and what they leave
	bigGap      = 32               // before the data of a big buffer, for the headers of all frames that one read of bytes becomes
	smallPieces = 16

	// scratchBytes holds the longest batch with a header before each of its pieces.
	scratchBytes = bigBytes + shape.MaxPieces*shape.Headroom
)

// chunk is a big read buffer with room for as many pieces as it can hold frames.
type chunk struct {
	buf    [bigBytes]byte
	pieces [shape.MaxPieces]shape.Piece
}

// morsel is a small one.
type morsel struct {
	buf    [smallBytes]byte
	pieces [smallPieces]shape.Piece
}

var (
	chunks    = sync.Pool{New: func() any { return new(chunk) }}
	morsels   = sync.Pool{New: func() any { return new(morsel) }}
	scratches = sync.Pool{New: func() any { return new([scratchBytes]byte) }}
)

// inbox is the read buffer of a leg: a small one, and a big one while the stream is busy. Both are pooled; a leg that can
// wait without a buffer holds none meanwhile. Data stands in buf[start:end]; start is never below shape.Headroom while there
// is a buffer. One goroutine uses it.
type inbox struct {
	small  *morsel // at most one of the two is there
	big    *chunk
	buf    []byte // nil: no buffer
	pieces []shape.Piece
	start  int
	end    int
	full   int // reads in a row that filled the buffer
}

// init makes the inbox ready with what was read already.
func (in *inbox) init(read []byte) {
	switch {
	case len(read) == 0:
		return
	case len(read) > smallBytes-shape.Headroom:
		in.grow()
	default:
		in.hold()
	}
	in.end += copy(in.buf[in.end:], read)
}

// hold makes sure that there is a buffer.
func (in *inbox) hold() {
	if in.buf != nil {
		return
	}
	in.small = morsels.Get().(*morsel) //nolint:forcetypeassert // the pool holds nothing else
	in.buf, in.pieces = in.small.buf[:], in.small.pieces[:]
	in.start, in.end = shape.Headroom, shape.Headroom
}

// grow takes a big buffer; what stands in the present one moves along.
func (in *inbox) grow() {
	c := chunks.Get().(*chunk) //nolint:forcetypeassert // the pool holds nothing else
	n := copy(c.buf[bigGap:], in.buf[in.start:in.end])
	in.drop()
	in.big, in.buf, in.pieces = c, c.buf[:], c.pieces[:]
	in.start, in.end = bigGap, bigGap+n
}

// shrink goes back to a small buffer, if what stands in the big one fits it.
func (in *inbox) shrink() {
	unread := in.buf[in.start:in.end]
	if in.big == nil || len(unread) > smallBytes-shape.Headroom {
		return
	}
	c := in.big
	in.big, in.buf, in.full = nil, nil, 0
	in.hold()
	in.end += copy(in.buf[in.end:], unread)
	chunks.Put(c)
}

// rest gives the small buffer back while nothing stands in it.
func (in *inbox) rest() {
	if in.small != nil && in.start == in.end {
		in.drop()
	}
}

// release gives the buffer back with whatever stands in it. It may be called twice.
func (in *inbox) release() {
	in.drop()
	in.full = 0
}

// drop gives the buffer back.
func (in *inbox) drop() {
	if in.big != nil {
		chunks.Put(in.big)
	}
	if in.small != nil {
		morsels.Put(in.small)
	}
	in.small, in.big, in.buf, in.pieces, in.start, in.end = nil, nil, nil, nil, 0, 0
}

// room moves what is unread to the front and returns the free part.
func (in *inbox) room() []byte {
	gap := shape.Headroom
	if in.big != nil {
		gap = bigGap
	}
	if in.start > gap {
		in.end = gap + copy(in.buf[gap:], in.buf[in.start:in.end])
		in.start = gap
	}
	return in.buf[in.end:]
}
