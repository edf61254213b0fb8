package shape

import (
	"errors"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// Headroom is how many free bytes stand before the first piece of every batch. It holds the longest WebSocket header (14).
const Headroom = 16

// MaxPieces is how many pieces a batch holds; a Read that has as many returns.
const MaxPieces = 512

// Batch is what one read brought. Every Read, byte carriers and reads inside a frame included, leaves Headroom bytes
// before the first piece; bytes between pieces are free too. A writer may overwrite both: a header goes right before its
// payload, so many small frames leave in one write. The batch belongs to the goroutine that reads and is used again.
type Batch struct {
	Buf    []byte  // set by Read; valid until the next Read of the same leg
	Pieces []Piece // at most MaxPieces; the array stays with the batch
}

// Piece is a run of payload bytes in a batch: all or a part of one message.
type Piece struct {
	Off, Len   int
	Text, Last bool // kind of message; its last piece. Byte carriers: false, true
}

// Bytes sums the payload of the batch.
func (b *Batch) Bytes() int {
	n := 0
	for i := range b.Pieces {
		n += b.Pieces[i].Len
	}
	return n
}

// Messages counts the messages that end in the batch.
func (b *Batch) Messages() int {
	n := 0
	for i := range b.Pieces {
		if b.Pieces[i].Last {
			n++
		}
	}
	return n
}

// End is why a direction of a stream ended. It is an error, so that Read can return it.
type End struct {
	Why   fail.Code // PeerClosed: in order, the other direction goes on; Aborted, Idle, Draining...: the metric label
	Code  int       // the peer's own close code, passed on when both sides have them; 0 none
	Text  string
	Cause error // the loss behind an abort, for the log
}

// Error makes End an error; the text names the reason and the peer's own words.
func (e *End) Error() string {
	s := "stream ended: " + string(e.Why)
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// Unwrap gives the loss behind an abort.
func (e *End) Unwrap() error { return e.Cause }

// Caps is what a leg can carry.
type Caps struct {
	Messages  bool // message boundaries and kinds mean something
	HalfClose bool // one direction can end while the other goes on
	MaxPiece  int  // longest piece it may be given in one frame; 0 any. The leg cuts, not the caller
}

// ErrLull is what a Read gives, bare, that was to notice that nothing comes: the direction goes on.
var ErrLull = errors.New("nothing comes")

// Idler is optional on a Leg: one that can wait for its peer without a goroutine. Only the goroutine that reads calls it.
type Idler interface {
	// Lull makes Read give ErrLull when nothing has come for a second or two; soon: at once, or within some ten milliseconds, of a peer that
	// has nothing to say. It comes before the first Read, and again when somebody else has changed the connection's read deadline.
	Lull(soon bool)
	// Park comes in place of the Read behind ErrLull: ready is called once, on a goroutine of its own, when Read has something to give
	// or to say. It reports false where it cannot wait; Read waits by itself then, and gives no ErrLull any more.
	Park(ready func()) bool
}

// Patient is optional on a Leg whose Write says that it is going to wait: what there is room for leaves without anybody having to watch.
type Patient interface {
	// WritePatient is Write. waits is called on the same goroutine before it may have to wait, perhaps more than once, and not at all where
	// everything leaves at once.
	WritePatient(b *Batch, waits func()) error
}

// Leg is one side of a joined stream: one goroutine reads, one writes. No queue, no policy.
type Leg interface {
	Caps() Caps
	// Read fills the batch with at least one piece, or returns *End (as error). It waits on a small buffer of the leg's
	// own and takes a pooled 132 KiB one while the stream is busy. A piece may be a part of a frame; a partial header stays
	// in the leg. Pings never wait for a Write: the newest pong owed goes out now, or with the Write that blocks.
	Read(*Batch) error
	// Write sends the whole batch; it blocks until taken, under the leg's deadline: this is the back-pressure.
	Write(*Batch) error
	// CloseWrite ends the outgoing direction in order (Close frame, FIN) with the peer's code and words. It may run beside a Read.
	CloseWrite(*End) error
	// Abort ends both directions at once without a polite close; from any goroutine; wakes Read and Write.
	Abort(*End)
	// Close is for a leg whose two directions have ended: the connection goes down at once. It may be called twice.
	Close()
}
