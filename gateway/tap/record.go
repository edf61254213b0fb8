package tap

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
)

// Event is what a record tells of.
type Event string

// Events, in the order in which they come for one connection. A stream has Open, Data and End; an exchange Request, Data, Response, Data
// and End; one who casts has a Message for each and End.
const (
	Open     Event = "open"     // a stream runs, or ran already when the watch began
	Request  Event = "request"  // the head of a request
	Response Event = "response" // the head of a response
	Data     Event = "data"     // a piece of a body or of a stream
	Message  Event = "message"  // a cast
	End      Event = "end"      // it is over, or was refused
	Notice   Event = "notice"   // of the watch itself: what it does not see, in Text
)

// Direction is which way a piece goes.
type Direction string

// Directions are named from the listener's side, as the metrics' are: in is what a sender sends.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Subject is the connection that records tell of.
type Subject struct {
	Shape    string // stream, exchange or cast
	Tracking string // its tracking id: what joins its records, and them with the log
	Entity   string // as it is written
	Listener string // "" before one is found
	Remote   string // the sender's address
	Door     string // by which it came
	Node     uint16 // the sender's
	PeerNode uint16 // the listener's
}

// Record is one thing that was seen. It is read only.
type Record struct {
	Subject

	Time  time.Time
	Event Event
	Dir   Direction // of Data; "" elsewhere

	// Of heads.
	Method string       // of requests
	Target string       // of requests: path and query, tokens masked
	Action string       // the SOAP action, if there is one
	Status int          // of responses
	Reason string       // of responses: the phrase; of End: the code for which it ended
	Text   string       // of End: the reason in words
	Fields shape.Fields // in their order, credentials masked
	Type   string       // of Message: its content type
	Taken  int          // of Message: how many listeners took it
	Lost   int          // of Message: how many were to have it and did not take it

	// Of Data and Message.
	Data  []byte // the first bytes of the piece, as many as were asked for
	Size  int    // how many the piece has
	Words bool   // the piece is a part of a text message
	Last  bool   // the piece ends a message

	// Of End: all that was carried, in bytes.
	In, Out int64

	Missed int // records that were dropped before this one, since the watcher did not take them
}

// cost is what a record weighs in a queue, in bytes.
func (r *Record) cost() int {
	n := recordCost + len(r.Data) + len(r.Target) + len(r.Text)
	for i := range r.Fields {
		n += len(r.Fields[i].Name) + len(r.Fields[i].Value)
	}
	return n
}

// recordCost is about what an empty record takes.
const recordCost = 512
