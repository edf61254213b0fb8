package leg

import (
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// WS is a WebSocket connection as one side of a stream. Frames pass one by one and in parts; kinds and boundaries of
// messages are kept, boundaries of fragments are not; no message is ever collected. Pings are answered here, and sent
// here when Options say so. Make one with NewWS.
type WS struct {
	role     wsframe.Role
	maxPiece int

	// Of the goroutine that reads.
	src      source
	seq      wsframe.Sequence
	remain   int64 // payload bytes missing of the present data frame
	key      [4]byte
	phase    int
	fin      bool
	pending  *shape.End // how the direction ended, once it did
	lingered bool       // the peer was heard out; of the goroutine that closes, later

	wmu      sync.Mutex // one frame or batch at a time
	out      outlet
	wclosed  bool   // a Close frame has left
	inside   bool   // the last frame written has fragments to follow
	torn     bool   // a write failed: what follows would not be a frame
	controls []byte // the latest control frame; nothing is kept for it before the first

	pong    wsframe.PongSlot
	pulse   pulse
	aborted atomic.Pointer[shape.End]
	said    atomic.Bool                // the reason of the abort has left
	guard   atomic.Pointer[time.Timer] // ends an abort that is stuck
	closed  sync.Once
}

// Options of a WebSocket leg.
type Options struct {
	Role         wsframe.Role  // Server: the peer is a client and masks
	MaxPiece     int           // longest payload of one frame to the peer; 0: any (listeners: 32 KiB, reference section 6.3)
	WriteTimeout time.Duration // how long one write may take; 0: 60 s (reference section 7)
	Ping         time.Duration // interval of pings to the peer; 0: none. Three without any answer end the stream
}

// DefaultWriteTimeout is the service's limit for one write to a peer (reference section 7).
const DefaultWriteTimeout = 60 * time.Second

// NewWS makes a leg of a connection after both handshakes are through. read is what came behind the handshake already; it
// is copied.
func NewWS(conn net.Conn, read []byte, o Options) *WS {
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = DefaultWriteTimeout
	}
	w := &WS{role: o.Role, maxPiece: o.MaxPiece, out: outlet{timeout: o.WriteTimeout}}
	w.seq.Role = o.Role
	w.src.init(conn, read)
	w.pulse.start(w, o.Ping)
	return w
}

// Caps implements shape.Leg.
func (w *WS) Caps() shape.Caps {
	return shape.Caps{Messages: true, HalfClose: true, MaxPiece: w.maxPiece}
}

// Abort implements shape.Leg. The connection is reset, unless the end carries a close code for the peer: then the peer is told
// first, by the write that is under way if there is one. A leg that has sent its Close already is not reset, so that the Close
// arrives.
func (w *WS) Abort(end *shape.End) {
	if !w.aborted.CompareAndSwap(nil, end) {
		return
	}
	if end.Code != 0 {
		w.guard.Store(time.AfterFunc(farewell, func() { w.down(!w.said.Load()) }))
		_ = w.src.conn.SetWriteDeadline(time.Now().Add(farewell)) // a write that is stuck does not keep the connection
		w.part()
		return
	}
	polite := false
	if w.wmu.TryLock() {
		polite = w.wclosed
		w.wmu.Unlock()
	}
	w.down(!polite)
}

const (
	// farewell is how long a write that is under way may keep the last word back, and then how long the peer is heard out:
	// the longest round trip of ordinary lines, twice.
	farewell = 500 * time.Millisecond
	// abortTimeout bounds the last word to a peer that is being cut off.
	abortTimeout = time.Second
)

// part tells the peer why it is cut off, if that is owed and no write is under way: whoever writes calls it again behind the
// write.
func (w *WS) part() {
	end := w.aborted.Load()
	if end == nil || end.Code == 0 || w.said.Load() || !w.wmu.TryLock() {
		return
	}
	defer w.wmu.Unlock()
	guard := w.guard.Load()
	if guard == nil {
		return // Abort is about to call this itself
	}
	guard.Reset(abortTimeout)
	if !w.wclosed {
		w.out.hurry(abortTimeout)
		_ = w.closeLocked(end) // torn says whether it left
	}
	if w.torn {
		w.down(true)
		return
	}
	w.said.Store(true)
	guard.Reset(2 * farewell) // Close ends it before, once both goroutines have returned
	if c, ok := w.src.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // a connection that is gone says so to the reader
	}
}

// endClosed stands where a leg was closed in order.
var endClosed = &shape.End{Why: fail.PeerClosed}

// Close implements shape.Leg. A peer that was told why it is cut off is heard out for a moment: closing over what it still
// sends would reset the connection under our last word.
func (w *WS) Close() {
	if !w.aborted.CompareAndSwap(nil, endClosed) && w.said.Load() && !w.lingered {
		w.lingered = true
		w.linger(farewell, math.MaxInt) // a bound in bytes would be a reset for a peer in full flow
	}
	w.down(false)
}

// down ends the connection once; reset makes the peer see a loss and not an end.
func (w *WS) down(reset bool) {
	w.closed.Do(func() {
		w.pulse.stop()
		if guard := w.guard.Load(); guard != nil {
			guard.Stop()
		}
		hangUp(w.src.conn, reset)
	})
}
