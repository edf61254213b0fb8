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
	Shape    string `json:"shape,omitzero"`    // stream, exchange or cast
	Tracking string `json:"tracking,omitzero"` // its tracking id: what joins its records, and them with the log
	Entity   string `json:"entity,omitzero"`   // as it is written
	Listener string `json:"listener,omitzero"` // "" before one is found
	Remote   string `json:"remote,omitzero"`   // the sender's address
	Door     string `json:"door,omitzero"`     // by which it came
	Node     uint16 `json:"node,omitzero"`     // the sender's
	PeerNode uint16 `json:"peerNode,omitzero"` // the listener's
}

// Record is one thing that was seen. It is read only.
type Record struct {
	Subject

	Time  time.Time `json:"time,omitzero"`
	Event Event     `json:"event,omitzero"`
	Dir   Direction `json:"dir,omitzero"` // of Data; "" elsewhere

	// Of heads.
	Method string       `json:"method,omitzero"` // of requests
	Target string       `json:"target,omitzero"` // of requests: path and query, tokens masked
	Action string       `json:"action,omitzero"` // the SOAP action, if there is one
	Status int          `json:"status,omitzero"` // of responses
	Reason string       `json:"reason,omitzero"` // of responses: the phrase; of End: the code for which it ended
	Text   string       `json:"text,omitzero"`   // of End: the reason in words
	Fields shape.Fields `json:"fields,omitzero"` // in their order, credentials masked
	Type   string       `json:"type,omitzero"`   // of Message: its content type
	Taken  int          `json:"taken,omitzero"`  // of Message: how many listeners took it
	Lost   int          `json:"lost,omitzero"`   // of Message: how many were to have it and did not take it

	// Of Data and Message.
	Data  []byte `json:"data,omitzero"`  // the first bytes of the piece, as many as were asked for
	Size  int    `json:"size,omitzero"`  // how many the piece has
	Words bool   `json:"words,omitzero"` // the piece is a part of a text message
	Last  bool   `json:"last,omitzero"`  // the piece ends a message

	// Of End: all that was carried, in bytes.
	In  int64 `json:"in,omitzero"`
	Out int64 `json:"out,omitzero"`

	Missed int `json:"missed,omitzero"` // records that were dropped before this one, since the watcher did not take them
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
