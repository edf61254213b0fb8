package bodies

import (
	"io"
	"sync"
)

// MaxPiece is the longest payload of a frame towards a listener (reference section 6.3).
const MaxPiece = 32 << 10

// parcels are buffers for messages, in both directions. Most need less than a kilobyte, the longest some more than 64.
var parcels = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

// maxKept is the longest buffer that goes back into the pool: both frames of the longest request.
const maxKept = 160 << 10

// GetParcel gives an empty buffer for a message.
func GetParcel() *[]byte { return parcels.Get().(*[]byte) }

// PutParcel takes it back, whatever it has grown to.
func PutParcel(b *[]byte) {
	if cap(*b) <= maxKept {
		*b = (*b)[:0]
		parcels.Put(b)
	}
}

// Whole is a body of a control channel: complete, in a buffer that goes back with Close. It implements shape.Body and
// shape.Whole.
type Whole struct {
	parcel *[]byte
	data   []byte // in the parcel
	read   int
}

// Read implements io.Reader.
func (w *Whole) Read(p []byte) (int, error) {
	n := copy(p, w.data[w.read:])
	if w.read += n; w.read == len(w.data) {
		return n, io.EOF
	}
	return n, nil
}

// Size implements shape.Body.
func (w *Whole) Size() int64 { return int64(len(w.data)) }

// Bytes implements shape.Whole.
func (w *Whole) Bytes() []byte { return w.data }

// Close implements io.Closer.
func (w *Whole) Close() error {
	if w.parcel != nil {
		PutParcel(w.parcel)
		w.parcel, w.data, w.read = nil, nil, 0
	}
	return nil
}

// NewWhole makes a body of data that stands in a parcel, which belongs to the body from then on.
func NewWhole(parcel *[]byte, data []byte) *Whole { return &Whole{parcel: parcel, data: data} }

// Init makes w, which is zero, what NewWhole returns: for a body within the call that it answers.
func (w *Whole) Init(parcel *[]byte, data []byte) { w.parcel, w.data = parcel, data }

// Announced is the body of an answer to HEAD: a length and nothing to read.
type Announced int64

// Read implements io.Reader.
func (Announced) Read([]byte) (int, error) { return 0, io.EOF }

// Size implements shape.Body.
func (a Announced) Size() int64 { return int64(a) }

// Close implements io.Closer.
func (Announced) Close() error { return nil }
