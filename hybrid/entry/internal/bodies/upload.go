package bodies

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

const (
	// maxControlBody is the longest body on a control channel (reference section 6.3).
	maxControlBody = 64 << 10
	// gatherFor is how long a body of unknown length is gathered, from its first byte, in the hope that it is short: it still
	// is at once to people, and far above what a short body takes.
	gatherFor = 50 * time.Millisecond
)

// boxes are what bodies are read into on their way to a rendezvous: headroom and one fragment.
var boxes = sync.Pool{New: func() any { return new([shape.Headroom + MaxPiece]byte) }}

// Upload brings a request's body to its listener. Until it is known whether the body is short enough for the control channel it
// is gathered; from then on it flows to the rendezvous, as fast as the listener takes it.
type Upload struct {
	body shape.Body
	news chan struct{} // holds a token when something was gathered; nil: nobody waits for it
	over sync.WaitGroup
	read atomic.Bool // all of it; apart from mu, which a write to the listener may hold

	mu      sync.Mutex
	may     sync.Cond // Gather more, or flow
	data    []byte    // gathered
	parcel  *[]byte   // what data stands in
	ended   bool      // all was read
	err     error     // of the body: the sender's fault
	leg     shape.Leg
	stopped bool
}

// NewUpload makes the upload of a body, which it closes in Stop.
func NewUpload(body shape.Body) *Upload {
	u := new(Upload)
	u.Init(body)
	return u
}

// Init makes u, which is zero, what NewUpload returns: for an upload within the exchange that it belongs to.
func (u *Upload) Init(body shape.Body) {
	u.body, u.parcel = body, GetParcel()
	u.data = (*u.parcel)[:0]
	u.may.L = &u.mu
}

// Gather reads what a control channel takes. whole reports that this is all; else the body has to go by a rendezvous.
func (u *Upload) Gather(ctx context.Context) (all bool, err error) {
	switch size := u.body.Size(); {
	case size > maxControlBody:
		return false, nil
	case size >= 0:
		return true, u.readAll(int(size))
	}
	u.news = make(chan struct{}, 1)
	u.over.Go(u.run)
	var patience <-chan time.Time
	for {
		u.mu.Lock()
		n, ended, err := len(u.data), u.ended, u.err
		u.mu.Unlock()
		switch {
		case err != nil || ended:
			return ended && n <= maxControlBody, err
		case n >= maxControlBody:
			return false, nil
		case n > 0 && patience == nil:
			patience = time.After(gatherFor)
		}
		select {
		case <-u.news:
		case <-patience:
			return false, nil
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// readAll gathers a body of a known length. The buffer grows with what comes, not with what was announced.
func (u *Upload) readAll(size int) error {
	for len(u.data) < size {
		if len(u.data) == cap(u.data) {
			u.data = append(u.data, 0)[:len(u.data)]
		}
		n, err := u.body.Read(u.data[len(u.data):min(cap(u.data), size)])
		u.data = u.data[:len(u.data)+n]
		if err != nil && len(u.data) < size {
			if errors.Is(err, io.EOF) {
				err = fail.Wrap(fail.SenderGone, "read body", io.ErrUnexpectedEOF)
			}
			return err
		}
	}
	u.ended = true
	return nil
}

// Start lets the body flow, behind the message that announces it.
func (u *Upload) Start(leg shape.Leg, message []byte) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.err != nil {
		return u.err
	}
	parcel := GetParcel()
	defer PutParcel(parcel)
	var gap [shape.Headroom]byte
	b := append(append(append(append(*parcel, gap[:]...), message...), gap[:]...), u.data...)
	*parcel = b
	pieces := []shape.Piece{{Off: len(gap), Len: len(message), Text: true, Last: true}}
	if len(u.data) > 0 || u.ended {
		pieces = append(pieces, shape.Piece{Off: len(b) - len(u.data), Len: len(u.data), Last: u.ended})
	}
	if err := leg.Write(&shape.Batch{Buf: b, Pieces: pieces}); err != nil {
		return err
	}
	u.dropLocked()
	u.leg = leg
	if u.may.Broadcast(); u.body.Size() > maxControlBody {
		u.over.Go(u.run)
	}
	return nil
}

// dropLocked gives the buffer of what was gathered back.
func (u *Upload) dropLocked() {
	if u.parcel != nil {
		*u.parcel = u.data
		PutParcel(u.parcel)
		u.parcel, u.data = nil, nil
	}
}

// run reads the body until it ends or nobody wants it.
func (u *Upload) run() {
	box := boxes.Get().(*[shape.Headroom + MaxPiece]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer boxes.Put(box)
	pieces := make([]shape.Piece, 1)
	for more := true; more; {
		n, err := u.body.Read(box[shape.Headroom:])
		pieces[0] = shape.Piece{Off: shape.Headroom, Len: n, Last: errors.Is(err, io.EOF)}
		more = u.took(&shape.Batch{Buf: box[:], Pieces: pieces}, err)
	}
}

// took takes one read of the body: to what was gathered, or to the listener. It reports whether more is wanted.
func (u *Upload) took(b *shape.Batch, err error) bool {
	p := &b.Pieces[0]
	leg, more := u.gathered(b.Buf[p.Off:p.Off+p.Len], p.Last, err)
	switch {
	case leg == nil || p.Len == 0 && !p.Last && err == nil:
		return more
	case err != nil && !p.Last:
		leg.Abort(&shape.End{Why: fail.Of(err).Code, Cause: err}) // a Close would be the end of the body to .NET (reference section 8.2)
		return false
	case leg.Write(b) != nil:
		return false // the listener may have answered without reading; if not, its silence is waited for
	}
	return more
}

// gathered notes how the body stands. Before the body flows it keeps the data, and waits when that is enough; from then on it
// gives the leg that takes it.
func (u *Upload) gathered(data []byte, ended bool, err error) (leg shape.Leg, more bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = ended
	u.read.Store(ended)
	if err != nil && !ended && !u.stopped {
		u.err = err
	}
	if u.leg != nil {
		return u.leg, err == nil && !u.stopped
	}
	u.data = append(u.data, data...)
	select {
	case u.news <- struct{}{}:
	default:
	}
	for len(u.data) >= maxControlBody && u.leg == nil && !u.stopped && err == nil {
		u.may.Wait()
	}
	return nil, err == nil && !u.stopped
}

// Fault is what was wrong with the body.
func (u *Upload) Fault() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// Sent reports whether all of the body has been read and passed on.
func (u *Upload) Sent() bool { return u.read.Load() }

// Stop ends the reading of the body and waits for it. A write that is stuck ends with its leg, which the caller has aborted.
func (u *Upload) Stop() {
	u.mu.Lock()
	u.stopped = true
	u.may.Broadcast()
	u.mu.Unlock()
	_ = u.body.Close() // wakes the reader
	u.over.Wait()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.dropLocked()
}

// Data is what was gathered, when Gather said that this is all; it is valid until Stop.
func (u *Upload) Data() []byte {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.data
}

// Empty reports whether all was read and it is nothing.
func (u *Upload) Empty() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ended && len(u.data) == 0
}
