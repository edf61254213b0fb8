package fail

import "slices"

// Code names one reason.
type Code string

// The sender's (or a listener's own) fault: what it sent cannot be served.
const (
	MissingToken       Code = "MissingToken"
	MalformedToken     Code = "MalformedToken"
	InvalidSignature   Code = "InvalidSignature"
	ExpiredToken       Code = "ExpiredToken"
	InvalidAudience    Code = "InvalidAudience"
	RightMissing       Code = "RightMissing"
	AddressBlocked     Code = "AddressBlocked"
	BadRequest         Code = "BadRequest"
	BadFrame           Code = "BadFrame"
	UpgradeRequired    Code = "UpgradeRequired"
	HeadTooLarge       Code = "HeadTooLarge"
	TooLarge           Code = "TooLarge"
	SlowHead           Code = "SlowHead"
	SlowBody           Code = "SlowBody"
	UnknownEntity      Code = "UnknownEntity"
	NoListener         Code = "NoListener"
	NoMatchingListener Code = "NoMatchingListener"
	UnknownTicket      Code = "UnknownTicket"
	ListenerLimit      Code = "ListenerLimit"
	ConnectionLimit    Code = "ConnectionLimit"
	Conflict           Code = "Conflict"
	OwnedByFile        Code = "OwnedByFile"
)

// The listener's fault: it was asked and did not do its part.
const (
	AcceptTimeout     Code = "AcceptTimeout"
	ListenerSilent    Code = "ListenerSilent"
	RendezvousTimeout Code = "RendezvousTimeout"
	ListenerLost      Code = "ListenerLost"
	BadAnswer         Code = "BadAnswer"
	Rejected          Code = "Rejected"
	SlowClient        Code = "SlowClient"
)

// The gateway's own fault.
const (
	Starting   Code = "Starting"
	Draining   Code = "Draining"
	Overloaded Code = "Overloaded"
	NodeLost   Code = "NodeLost"
	Internal   Code = "Internal"
)

// Ends of a connection that are nobody's fault.
const (
	PeerClosed    Code = "PeerClosed"
	SenderGone    Code = "SenderGone"
	Aborted       Code = "Aborted"
	Idle          Code = "Idle"
	WriteTimeout  Code = "WriteTimeout"
	TokenExpired  Code = "TokenExpired"
	EntityDeleted Code = "EntityDeleted"
	Replaced      Code = "Replaced"
	Dropped       Code = "Dropped"
)

// Fault says who can mend a failure.
type Fault string

// Whose fault a code is.
const (
	Sender   Fault = "sender"   // whoever sent the request, a listener's handshake included
	Listener Fault = "listener" // the listener that was asked
	Gateway  Fault = "gateway"  // this product
	Nobody   Fault = "nobody"   // an ordinary end
)

// Info is what is known of a code everywhere.
type Info struct {
	Code    Code
	Fault   Fault
	Retry   bool   // the same request may succeed later, unchanged
	Meaning string // one sentence for docs/errors.md
	Do      string // what to do next, for people
}

// codes is the one table, in the order of the documentation.
var codes = []Info{
	{MissingToken, Sender, false, "The request carries no relay token and the entity asks for one.", "send a token in ServiceBusAuthorization or sb-hc-token, or create the entity with --anonymous-senders"},
	{MalformedToken, Sender, false, "The token is no shared access signature, or one of its parts cannot be read.", "make the token with 'causeway token NAME'"},
	{InvalidSignature, Sender, false, "No rule of that name verifies the signature.", "check rule name and key with 'causeway rule keys'"},
	{ExpiredToken, Sender, false, "The token's expiry has passed.", "make a new token, and compare the clocks"},
	{InvalidAudience, Sender, false, "The token was made for another address.", "sign the address that the error names"},
	{RightMissing, Sender, false, "The rule does not grant what the request needs.", "use a rule with that right, or add the right to the rule"},
	{AddressBlocked, Sender, false, "The entity does not let this network address in.", "add the address to the entity's allow list"},
	{BadRequest, Sender, false, "The request breaks the protocol's rules.", "see the message: it names the part"},
	{BadFrame, Sender, false, "A frame on an open connection breaks the protocol's rules.", "see the message: it names the rule"},
	{UpgradeRequired, Sender, false, "The address takes WebSocket requests only.", "send a WebSocket upgrade; a proxy on the way may have removed its headers"},
	{HeadTooLarge, Sender, false, "The head of the request is longer than limits.headBytes, or does not fit a control message.", "send fewer or shorter headers"},
	{TooLarge, Sender, false, "A message is longer than the protocol allows here.", "send it in parts that fit"},
	{SlowHead, Sender, true, "The request's head did not arrive in time.", "look for a slow network or a client that sends nothing"},
	{SlowBody, Sender, true, "The request's body stood still for longer than timeouts.idle.", "look for a slow network or a client that stops sending"},
	{UnknownEntity, Sender, false, "Nothing exists at that address.", "create it with 'causeway relay create'"},
	{NoListener, Sender, true, "The entity exists and nobody listens.", "start the listener; 'causeway status' shows who is online"},
	{NoMatchingListener, Sender, true, "Listeners are online, but the request's own list leaves none.", "mend the AllowedListeners or DisallowedListeners header"},
	{UnknownTicket, Sender, false, "The rendezvous address was never given out, was used or has expired.", "dial the address of an accept message once, within 30 seconds"},
	{ListenerLimit, Sender, true, "The entity has as many listeners as it may have.", "stop one, or raise limits.listenersPerEntity"},
	{ConnectionLimit, Sender, true, "The namespace or the source has as many connections as it may have.", "close some, or raise the limit that the message names"},
	{Conflict, Sender, false, "The object changed since it was read, or exists already.", "read it again and repeat the change"},
	{OwnedByFile, Sender, false, "The object is declared in the configuration file.", "change the file and reload"},
	{AcceptTimeout, Listener, true, "The listener was told of the sender and did not open the rendezvous in time.", "look at the listener: it is online but does not accept"},
	{ListenerSilent, Listener, true, "The listener was given the request and did not answer in time.", "look at the listener's handler, or raise the entity's responseTimeout"},
	{RendezvousTimeout, Listener, true, "The listener was told of a large request and did not open the rendezvous for it in time.", "look at the listener: it is online but does not dial; a proxy on its side may stop it"},
	{ListenerLost, Listener, true, "The listener's control channel was lost while the sender waited.", "try again; the listener reconnects by itself"},
	{BadAnswer, Listener, false, "The listener answered with what is no response.", "mend the listener: the message names the part"},
	{Rejected, Listener, false, "The listener refused the connection in its own words.", "ask whoever runs the listener"},
	{SlowClient, Listener, true, "The receiver does not take messages as fast as they come, and its queue is full.", "look at the receiver: it is slow; send less, or start more receivers where one is enough"},
	{Starting, Gateway, true, "The gateway is loading its tables.", "try again in a moment"},
	{Draining, Gateway, true, "The node is shutting down.", "connect again: another node answers"},
	{Overloaded, Gateway, true, "A bound of the gateway itself is reached.", "try again later, or add a node"},
	{NodeLost, Gateway, true, "The node that holds the listener went away.", "try again"},
	{Internal, Gateway, true, "Something broke inside the gateway.", "report it with the tracking id"},
	{PeerClosed, Nobody, false, "The peer ended in order; of a stream, both directions did.", ""},
	{SenderGone, Nobody, false, "The sender left before it was answered.", ""},
	{Aborted, Nobody, false, "A connection was lost or reset without a close.", ""},
	{Idle, Nobody, false, "Nothing flowed for longer than allowed.", ""},
	{WriteTimeout, Nobody, false, "A peer did not take data for longer than timeouts.write.", ""},
	{TokenExpired, Nobody, false, "The listener's token expired and was not renewed within timeouts.tokenGrace.", "renew the token in time"},
	{EntityDeleted, Nobody, false, "The entity was deleted while connected.", ""},
	{Replaced, Nobody, false, "The same listener came back on a new connection.", ""},
	{Dropped, Nobody, false, "An operator ended the listener's connection.", ""},
}

var byCode = func() map[Code]*Info {
	m := make(map[Code]*Info, len(codes))
	for i := range codes {
		m[codes[i].Code] = &codes[i]
	}
	return m
}()

// Codes lists every code in the order of the documentation.
func Codes() []Code {
	all := make([]Code, len(codes))
	for i := range codes {
		all[i] = codes[i].Code
	}
	return all
}

// Table gives all that is known of every code, in the same order.
func Table() []Info { return slices.Clone(codes) }

// Info looks the code up. A code that does not exist gives Internal's row.
func (c Code) Info() Info {
	if i, ok := byCode[c]; ok {
		return *i
	}
	return *byCode[Internal]
}
