package leg

import (
	"encoding/binary"
	"os"
	"sync"
)

const (
	recordHead  = 5                                      // of a record of TLS (RFC 8446 section 5.1): type, version, length
	recordData  = 23                                     // the type of one that carries data, or whatever else version 1.3 hides in it
	recordMost  = 16 << 10                               // what the longest record carries
	recordCosts = 256                                    // the most that a record has beyond what it carries, in any version
	parcelBytes = bigBytes + 16*(recordHead+recordCosts) // as many records as a busy leg reads or writes at once, and some room
)

// parcel is ciphertext of many records, read or written in one system call.
type parcel [parcelBytes]byte

var parcels = sync.Pool{New: func() any { return new(parcel) }}

// records reads a connection below TLS. Package tls asks for little more than one record at a time and gives out one record a read; here a
// burst reads all that the kernel has, hands it on record by record, and so knows whether another whole one is there. It counts
// along where records begin when it is not asked for a burst. Whoever reads the TLS connection uses it, one at a time.
type records struct {
	head  [recordHead]byte // of the present record, as far as it was handed on
	heads int
	left  int // bytes of the present record's body that were not handed on

	ahead      *parcel // nil: nothing was read ahead
	start, end int     // what was
	burst      int     // how much a read had better bring, with what is there; 0: one record
	handed     int     // bytes handed on in this burst
	cost, of   int     // what was handed on in the latest beyond what it carried, and that
	short      bool    // no read had better wait any more
}

// walk follows the records in what is handed on.
func (r *records) walk(p []byte) {
	for len(p) > 0 {
		if r.left > 0 {
			n := min(r.left, len(p))
			r.left -= n
			p = p[n:]
			continue
		}
		n := copy(r.head[r.heads:], p)
		p = p[n:]
		if r.heads += n; r.heads == recordHead {
			r.heads, r.left = 0, bodyOf(r.head[:])
		}
	}
}

// bodyOf is the length that a record's head announces.
func bodyOf(head []byte) int { return int(binary.BigEndian.Uint16(head[recordHead-2:])) }

// next is how much of what was read ahead may be handed on: at most to the end of a record, and in a burst no part of a head.
func (r *records) next() int {
	have := r.end - r.start
	switch {
	case r.burst == 0 || have == 0:
		return have
	case r.left > 0:
		return min(r.left, have)
	case r.heads > 0:
		return min(recordHead-r.heads, have)
	case have < recordHead:
		return 0
	}
	return min(recordHead+bodyOf(r.ahead[r.start:]), have)
}

// whole reports whether a whole record of data is there, so that a read of it does not wait.
func (r *records) whole() bool {
	have := r.end - r.start
	return r.left == 0 && r.heads == 0 && have >= recordHead && r.ahead[r.start] == recordData &&
		have >= recordHead+bodyOf(r.ahead[r.start:])
}

// read hands on what there is for p, out of what read brings.
func (r *records) read(p []byte, read func([]byte) (int, error)) (int, error) {
	if r.ahead == nil && r.burst == 0 {
		n, err := read(p)
		r.walk(p[:n])
		return n, err
	}
	for r.next() == 0 {
		if r.short {
			return 0, os.ErrDeadlineExceeded // package tls keeps what it has, and asks again next time
		}
		if r.ahead == nil {
			r.ahead = parcels.Get().(*parcel) //nolint:forcetypeassert // the pool holds nothing else
		}
		r.end = copy(r.ahead[:], r.ahead[r.start:r.end])
		r.start = 0
		n, err := read(r.ahead[r.end:max(r.end+1, r.burst)])
		r.end += n
		if n == 0 && err != nil {
			return 0, err
		}
	}
	n := copy(p, r.ahead[r.start:r.start+r.next()])
	r.walk(p[:n])
	r.start += n
	r.handed += n
	if r.burst == 0 {
		r.rest()
	}
	return n, nil
}

// open begins a burst for a reader with so much room. It had better end where a record does, and the reader's room ends where he wants
// to be, so the records to come are taken to cost what the latest did.
func (r *records) open(room int) {
	r.handed = 0
	if r.burst = room; r.of > 0 {
		r.burst += (room*r.cost + r.of - 1) / r.of
	}
	r.burst = min(max(r.burst, recordHead), parcelBytes)
}

// close ends a burst that carried n bytes.
func (r *records) close(n int) {
	if n > 0 {
		r.cost, r.of = max(r.handed-n, 0), n
	}
	r.burst, r.short = 0, false
	r.rest()
}

// rest gives the parcel back if all of it was handed on.
func (r *records) rest() {
	if r.ahead != nil && r.start == r.end {
		parcels.Put(r.ahead)
		r.ahead, r.start, r.end = nil, 0, 0
	}
}
