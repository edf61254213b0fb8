package wire

// Session is the reading order of one connection (section 6.2): text messages are commands, and behind a command that
// says so the next data message is its body. It collects commands and control-channel bodies up to a bound; on a
// rendezvous bodies are passed through piece by piece. The zero value reads a control channel.
//
// It is fed with the payload of data frames; Ping, Pong and Close are the caller's.
type Session struct {
	// Rendezvous makes it read a request rendezvous: exactly one message, of the kind Expect, then its body, streamed.
	Rendezvous bool
	// Expect is KindResponse in a gateway, KindRequest in a listener. It is used on a rendezvous only.
	Expect Kind
	// MaxBody bounds a collected body; 0 means MaxText.
	MaxBody int

	state   sessionState
	sink    sink // where the message that runs goes
	running bool
	buf     []byte   // what has been collected of it
	pending *Message // waits for its body
}

// EventKind says what a fragment brought.
type EventKind byte

// The events of a Session.
const (
	EventNone    EventKind = iota // more is needed
	EventMessage                  // Message is set; on a control channel Body is its whole body
	EventBody                     // a piece of the body of the rendezvous' message; Last tells its end
	EventIgnored                  // nothing that counts: a stray message, injectFault, or text that is no known message
)

// Event is what a fragment brought. Body is valid until the next call.
type Event struct {
	Kind    EventKind
	Message *Message
	Body    []byte
	Last    bool
	Err     error // EventIgnored: what is wrong with the text, for the log; nil for what is ignored in silence
}

// Fragment takes one piece of a data message: any part of a frame's payload. text is the kind of its message, last tells
// that the message ends with it. A caller that has whole messages passes each with last set; nothing is copied then.
//
// An error ends the connection: ErrTooLarge by Close 1009, ErrMessage, which a rendezvous only has, by Close 1002 with the
// text of the *Error.
func (s *Session) Fragment(text, last bool, b []byte) (Event, error) {
	if !s.running {
		s.running = true
		s.sink = s.sinkFor(text)
	}
	if last {
		s.running = false
	}
	switch s.sink {
	case sinkCommand, sinkBody:
		whole, ok, err := s.collect(last, b)
		if !ok {
			return Event{}, err
		}
		if s.sink == sinkBody {
			return s.bodyDone(whole), nil
		}
		return s.command(whole)
	case sinkStream:
		if last {
			s.state = stateDone
		}
		return Event{Kind: EventBody, Body: b, Last: last}, nil
	case sinkRefuse:
		return Event{}, s.refuse("Command messages must be MessageType=Text, actual=Binary.")
	default:
		if last {
			return Event{Kind: EventIgnored}, nil
		}
		return Event{}, nil
	}
}

// sessionState is what the next message is.
type sessionState byte

const (
	stateCommand sessionState = iota // a command
	stateBody                        // the body of the command before
	stateDone                        // nothing more is expected (rendezvous)
	sessionStates
)

// sink is where a message goes.
type sink byte

const (
	sinkDrop    sink = iota // nobody announced it (section 6.2: hyco-https sends an orphan)
	sinkCommand             // collected and decoded
	sinkBody                // collected
	sinkStream              // passed through
	sinkRefuse              // an error
)

// sinks is the whole reading order: what a binary and a text message are in each state.
var sinks = [2][sessionStates][2]sink{
	{ // control channel
		stateCommand: {sinkDrop, sinkCommand},
		stateBody:    {sinkBody, sinkBody},
		stateDone:    {sinkDrop, sinkDrop}, // never reached
	},
	{ // rendezvous
		stateCommand: {sinkRefuse, sinkCommand},
		stateBody:    {sinkStream, sinkStream},
		stateDone:    {sinkDrop, sinkDrop},
	},
}

func (s *Session) sinkFor(text bool) sink {
	return sinks[index(s.Rendezvous)][s.state][index(text)]
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

// collect gathers the message that runs; ok is true when it is whole.
func (s *Session) collect(last bool, b []byte) (whole []byte, ok bool, err error) {
	limit := MaxText
	if s.sink == sinkBody && s.MaxBody > 0 {
		limit = s.MaxBody
	}
	if len(b) > limit-len(s.buf) {
		return nil, false, &Error{"read control channel", ErrTooLarge, "The message is longer than is accepted here."}
	}
	if last && len(s.buf) == 0 {
		return b, true, nil
	}
	s.buf = append(s.buf, b...)
	if !last {
		return nil, false, nil
	}
	whole, s.buf = s.buf, nil
	return whole, true, nil
}

func (s *Session) bodyDone(whole []byte) Event {
	m := s.pending
	s.pending, s.state = nil, stateCommand
	return Event{Kind: EventMessage, Message: m, Body: whole}
}

// command decodes a whole text message and settles what comes next.
func (s *Session) command(whole []byte) (Event, error) {
	m, err := Decode(whole)
	if s.Rendezvous {
		return s.answer(m, err)
	}
	return s.take(m, err), nil
}

// take takes a message of a control channel, which nothing in it can end.
func (s *Session) take(m *Message, err error) Event {
	switch {
	case err != nil:
		return Event{Kind: EventIgnored, Err: err}
	case m.Kind == KindUnknown:
		return Event{Kind: EventIgnored, Err: &Error{"read control channel", ErrMessage, "The message is no known command."}}
	case m.Kind == KindInjectFault:
		return Event{Kind: EventIgnored}
	case m.HasBody():
		s.pending, s.state = m, stateBody
		return Event{}
	}
	return Event{Kind: EventMessage, Message: m}
}

// answer takes the one message of a rendezvous.
func (s *Session) answer(m *Message, err error) (Event, error) {
	if err != nil {
		return Event{}, err
	}
	if m.Kind != s.Expect {
		return Event{}, s.refuse("'" + s.Expect.String() + "' command was expected.")
	}
	if m.Response != nil && m.Response.RequestID == "" {
		return Event{}, s.refuse("'response.requestId' is required.")
	}
	s.state = stateDone
	if m.HasBody() {
		s.state = stateBody
	}
	return Event{Kind: EventMessage, Message: m}, nil
}

// refuse makes the error of a rendezvous that went wrong (section 8.2).
func (s *Session) refuse(text string) error { return &Error{"read rendezvous", ErrMessage, text} }
