package nettcp

import (
	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// Name is the door's name in log lines, metrics and flags.
const Name = "nettcp"

// faults are the words that a client is told for each code. Beside each stands what the .NET client raises (WCF wire reference
// sections 1.5 and 16.3). Codes without a fault close: a peer that broke the framing is told nothing, as by WCF's own
// listeners, and ends of a stream come as its end.
var faults = map[fail.Code]framing.Fault{
	// ProtocolException that names the fault: WCF has no better one for who may not come in.
	fail.MissingToken: framing.EndpointAccessDenied, fail.MalformedToken: framing.EndpointAccessDenied,
	fail.InvalidSignature: framing.EndpointAccessDenied, fail.ExpiredToken: framing.EndpointAccessDenied,
	fail.InvalidAudience: framing.EndpointAccessDenied, fail.RightMissing: framing.EndpointAccessDenied,
	fail.AddressBlocked: framing.EndpointAccessDenied,

	// EndpointNotFoundException.
	fail.UnknownEntity: framing.EndpointNotFound, fail.NoListener: framing.EndpointNotFound, fail.NoMatchingListener: framing.EndpointNotFound,
	fail.AcceptTimeout: framing.EndpointUnavailable, fail.ListenerLost: framing.EndpointUnavailable, fail.NodeLost: framing.EndpointUnavailable,
	fail.ListenerSilent: framing.EndpointUnavailable, fail.RendezvousTimeout: framing.EndpointUnavailable, fail.BadAnswer: framing.EndpointUnavailable,
	fail.Rejected: framing.EndpointUnavailable, fail.EntityDeleted: framing.EndpointUnavailable,

	// ServerTooBusyException: the client may try again.
	fail.Starting: framing.ServerTooBusy, fail.Draining: framing.ServerTooBusy, fail.Overloaded: framing.ServerTooBusy, fail.SlowClient: framing.ServerTooBusy,
	fail.ConnectionLimit: framing.ServerTooBusy, fail.ListenerLimit: framing.ServerTooBusy,

	// CommunicationException.
	fail.Internal: framing.ConnectionDispatchFailed,
	fail.TooLarge: framing.MaxMessageSizeExceeded, fail.HeadTooLarge: framing.ViaTooLong,

	// ProtocolException.
	fail.UpgradeRequired: framing.UpgradeInvalid,
}

// closes are the codes that have no fault: the connection ends, which a client takes for a ProtocolException.
var closes = map[fail.Code]bool{
	fail.BadRequest: true, fail.BadFrame: true, fail.SlowHead: true, fail.SlowBody: true, fail.UnknownTicket: true, fail.Conflict: true, fail.OwnedByFile: true,
	fail.PeerClosed: true, fail.SenderGone: true, fail.Aborted: true, fail.Idle: true, fail.WriteTimeout: true, fail.TokenExpired: true,
	fail.Replaced: true, fail.Dropped: true,
}

// Fault is what a client of the door is told for the code; "": the connection ends without a word.
func Fault(code fail.Code) framing.Fault { return faults[code] }

// faultOf is the fault of a refusal. A breach of the framing carries its own.
func faultOf(err *fail.Error) framing.Fault {
	if f := framing.FaultOf(err); f != "" {
		return f
	}
	return faults[err.Code]
}

// codeOf is the code of a breach of the framing.
func codeOf(err error) fail.Code {
	switch framing.FaultOf(err) {
	case framing.ViaTooLong, framing.ContentTypeTooLong:
		return fail.HeadTooLarge
	case framing.MaxMessageSizeExceeded:
		return fail.TooLarge
	default:
		return fail.BadRequest
	}
}
