package route

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// GUID is a listener id that is a GUID, as targeting headers name it. The zero value is no GUID.
type GUID [16]byte

// Listener is who waits. A nil capability means that it cannot carry that shape.
type Listener struct {
	ID     string // as it chose it, "" replaced by the entry with an id of its own
	GUID   GUID   // ID when it is one
	At     entity.Address
	Remote string // the listener's network address, for people
	Agent  string // what it says it is, for people

	Stream   shape.Offerer
	Exchange shape.Exchanger
	Cast     shape.Sink
	Leave    func(*shape.End) // the gateway ends the control channel: the end's code and words are for the listener. Called at most once
	Check    func()           // asks for a sign of life; a silent one is dropped soon. nil: nothing to ask

	// Set by Table.Add or by the table's factory for remote listeners.
	Entity  entity.Address
	Channel uint64
	Since   time.Time
	Tally   Tally
	mark    atomic.Uint32                 // state and last, see Mark
	gone    atomic.Pointer[chan struct{}] // nil: nobody has asked yet
}

// lastBit of a mark says that the listener is asked after all others; the state is above it.
const lastBit = 1

// Mark notes what the listener seems to be, and whether it is to be asked after all others.
func (l *Listener) Mark(s presence.State, last bool) {
	m := uint32(s) << 1
	if last {
		m |= lastBit
	}
	l.mark.Store(m)
}

// State is what the listener seems to be.
func (l *Listener) State() presence.State { return presence.State(l.mark.Load() >> 1) }

// Last reports whether the listener is to be asked after all others.
func (l *Listener) Last() bool { return l.mark.Load()&lastBit != 0 }

// Tally counts what became of offers, and of messages that were cast to the listener.
type Tally struct {
	Accepted, Ignored atomic.Int64
	Delivered, Missed atomic.Int64
}

// Gone is closed when the listener has left the table. It is made when somebody asks: an idle listener has none.
func (l *Listener) Gone() <-chan struct{} {
	gone := l.gone.Load()
	if gone == nil {
		made := make(chan struct{})
		if gone = &made; !l.gone.CompareAndSwap(nil, gone) {
			gone = l.gone.Load()
		}
	}
	return *gone
}

// left is the Gone of all who have left.
var left = func() *chan struct{} {
	c := make(chan struct{})
	close(c)
	return &c
}()

// leave closes Gone; it is called once.
func (l *Listener) leave() {
	if asked := l.gone.Swap(left); asked != nil {
		close(*asked)
	}
}

// is reports whether two listeners call themselves the same. GUIDs are compared as such, whatever their spelling.
func (l *Listener) is(other *Listener) bool {
	if l.GUID != (GUID{}) {
		return l.GUID == other.GUID
	}
	return l.ID == other.ID
}

// Shapes says what the listener can carry.
func (l *Listener) Shapes() mesh.Shapes {
	var s mesh.Shapes
	if l.Stream != nil {
		s |= mesh.Stream
	}
	if l.Exchange != nil {
		s |= mesh.Exchange
	}
	if l.Cast != nil {
		s |= mesh.Cast
	}
	return s
}

// Candidate is a listener as Find gives it, with the node that holds it.
type Candidate struct {
	*Listener
	Node mesh.Num
}

// Hints are a sender's own wishes about who serves it (headers Microsoft-Relay-AllowedListeners and -DisallowedListeners).
type Hints struct {
	Allowed    []GUID // nil: all
	Disallowed []GUID
	Limited    bool // an Allowed list was given, even if nothing in it is a GUID
}

// permits reports whether a listener fits the hints. The zero GUID in them is nobody's: it stands for ids that are none.
func (h *Hints) permits(id GUID) bool {
	if id == (GUID{}) {
		return !h.Limited
	}
	return !slices.Contains(h.Disallowed, id) && (!h.Limited || slices.Contains(h.Allowed, id))
}
