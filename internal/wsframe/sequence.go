package wsframe

// Role is the side of a connection that reads with a Sequence.
type Role byte

// The roles. A gateway is the Server of all its relay connections; its agents and clients are Client.
const (
	Server Role = iota // reads masked frames, writes unmasked ones
	Client             // reads unmasked frames, writes masked ones
)

// Sequence checks that the frames of one direction follow each other as RFC 6455 sections 5.1 to 5.5 want it. The zero
// value reads as a Server, without a limit on messages. It looks at headers only, so it may run ahead of the payload.
type Sequence struct {
	Role       Role  // who reads
	MaxMessage int64 // payload bytes of one message over all its fragments; 0: no limit

	state state
	op    Op
	sum   int64
}

// Check takes the header of the next frame. An error is of type *Error; the sequence stands still then, and the
// connection should be ended with its CloseCode (but see ErrAfterClose). Check does not allocate.
func (s *Sequence) Check(h Header) error {
	if err := s.alone(h); err != nil {
		return err
	}
	t := &transitions[s.state][eventOf(h)]
	if t.err != nil {
		return t.err
	}
	if h.Op.Control() {
		s.state = t.next
		return nil
	}
	if h.Op != Cont {
		s.op, s.sum = h.Op, 0
	}
	if s.MaxMessage > 0 && h.Len > s.MaxMessage-s.sum {
		return ErrTooLong
	}
	s.sum += h.Len
	s.state = t.next
	return nil
}

// Message returns Text or Binary: the kind of the message to which the data frame checked last belongs. Control frames
// do not change it; before the first data frame it is Cont.
func (s *Sequence) Message() Op { return s.op }

// Closed tells whether a Close frame has been checked.
func (s *Sequence) Closed() bool { return s.state == closed }

// alone checks what a frame must fulfil wherever it stands.
func (s *Sequence) alone(h Header) error {
	switch {
	case s.state == closed:
		return ErrAfterClose
	case h.Rsv != 0:
		return errReserved
	case s.Role == Server && !h.Masked:
		return errUnmasked
	case s.Role == Client && h.Masked:
		return errMasked
	case h.Op.Control() && !h.Fin:
		return errSplit
	case h.Op.Control() && h.Len > MaxControl:
		return errControlLong
	}
	return nil
}

// state is where a direction stands between two frames.
type state byte

const (
	between state = iota // no message runs
	inside               // fragments of a message are missing
	closed               // the Close frame has come
	states
)

// event is what a frame means for the state.
type event byte

const (
	evWhole event = iota // text or binary, FIN
	evFirst              // text or binary, more to come
	evNext               // continuation, more to come
	evLast               // continuation, FIN
	evPing               // ping or pong
	evClose
	events
)

// transition is one cell: where the frame leads, or why it may not come.
type transition struct {
	next state
	err  *Error
}

// transitions is the whole session rule of RFC 6455 section 5.4 and 5.5; both roles use it.
var transitions = [states][events]transition{
	between: {
		evWhole: {next: between},
		evFirst: {next: inside},
		evNext:  {err: errNoStart},
		evLast:  {err: errNoStart},
		evPing:  {next: between},
		evClose: {next: closed},
	},
	inside: {
		evWhole: {err: errInside},
		evFirst: {err: errInside},
		evNext:  {next: inside},
		evLast:  {next: between},
		evPing:  {next: inside},
		evClose: {next: closed},
	},
	closed: {
		evWhole: {err: ErrAfterClose},
		evFirst: {err: ErrAfterClose},
		evNext:  {err: ErrAfterClose},
		evLast:  {err: ErrAfterClose},
		evPing:  {err: ErrAfterClose},
		evClose: {err: ErrAfterClose},
	},
}

// eventOf sorts a frame whose opcode exists.
func eventOf(h Header) event {
	switch h.Op {
	case Close:
		return evClose
	case Ping, Pong:
		return evPing
	case Cont:
		if h.Fin {
			return evLast
		}
		return evNext
	default:
		if h.Fin {
			return evWhole
		}
		return evFirst
	}
}
