package shape

import (
	"context"
	"net/netip"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/http1"
)

// Field is one header field as it came.
type Field = http1.Field

// Fields keeps order, case and repeats as they came; Get ignores case.
type Fields = http1.Fields

// Hello is what a party said when it arrived, with no protocol left in it.
type Hello struct {
	Tracking string         // GUID text, no suffix
	At       entity.Address // asked for, suffix included
	Target   string         // raw path and query, the protocol's own parts taken out
	Host     string         // the authority that the party dialled, as it came: host or host:port
	Door     string         // the door it came in by: https, http, ...
	Fields   Fields
	Offers   []string // sub-protocols
	Action   string   // what a message asks for, where its protocol says so: for logs, metrics and policies; stays at the node
	To       string   // whom a message itself names, where its protocol has a place for that; as Action. Nothing is routed by it
	Remote   netip.AddrPort
	Node     uint16 // node where it arrived; 0: this one
}

// Answer is the yes that a party is given.
type Answer struct {
	Choice string // sub-protocol, one of the party's Offers; "" none
	Fields Fields
}

// Party is one side that has shaken hands and waits for yes or no. Every entry implements it, once per role. Exactly one
// of Accept and Refuse is called, once.
type Party interface {
	Hello() *Hello
	Accept(Answer) (Leg, error) // the yes in its wire form: 101, ...
	Refuse(*fail.Error)         // the no in its wire form
}

// Leaver is optional on a Party that may go while it waits. Watch is called once, before Accept and Refuse: whoever notices that the
// party has gone calls leave with the reason, a *fail.Error SenderGone, at any time until one of the two has been called.
type Leaver interface {
	Watch(leave context.CancelCauseFunc)
}

// Carrier is optional on a Party: it gives up the connection and what was read of it, so that it can be carried to the
// node it belongs to. After Detach Accept is not called, and Refuse only if the node could not be reached: then nothing was
// read of the connection or written to it.
type Carrier interface {
	Detach() (Conn, Preface)
}
