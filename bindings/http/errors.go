package http

import (
	nethttp "net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// kind is the fault that tells a reason.
type kind uint8

const (
	unreachable kind = iota + 1 // Sender, addressing's DestinationUnreachable
	unavailable                 // Receiver, addressing's EndpointUnavailable
	denied                      // Sender, WS-Security's FailedAuthentication
	blame                       // Sender
	broken                      // Receiver
)

// telling is how a SOAP sender is told a code.
type telling struct {
	status int
	fault  kind
}

// What WCF's clients raise by the status alone (WCF wire reference section 16.1): they read a body with 200 and 500 only. Other stacks
// read the fault whatever the status, so each has one.
var (
	notFound   = telling{nethttp.StatusNotFound, unreachable}              // EndpointNotFoundException
	silent     = telling{nethttp.StatusGatewayTimeout, unavailable}        // TimeoutException
	busy       = telling{nethttp.StatusServiceUnavailable, unavailable}    // ServerTooBusyException
	strange    = telling{nethttp.StatusUnauthorized, denied}               // MessageSecurityException
	forbidden  = telling{nethttp.StatusForbidden, denied}                  // MessageSecurityException
	tooLarge   = telling{nethttp.StatusRequestEntityTooLarge, blame}       // ProtocolException, as WCF's services answer
	longHead   = telling{nethttp.StatusRequestHeaderFieldsTooLarge, blame} // ProtocolException
	sendersOwn = telling{nethttp.StatusInternalServerError, blame}         // FaultException with the gateway's words
	lost       = telling{nethttp.StatusInternalServerError, broken}        // FaultException with the gateway's words
)

// tellings is the table: every code as a SOAP sender meets it. What has no exception of its own comes as a fault in a 500, since a 400 or
// 502 would be a ProtocolException without a word. Rejected has the listener's own status.
var tellings = map[fail.Code]telling{
	fail.MissingToken: strange, fail.MalformedToken: strange, fail.InvalidSignature: strange, fail.ExpiredToken: strange,
	fail.InvalidAudience: strange, fail.TokenExpired: strange,
	fail.RightMissing: forbidden, fail.AddressBlocked: forbidden,

	fail.UnknownEntity: notFound, fail.NoListener: notFound, fail.NoMatchingListener: notFound, fail.EntityDeleted: notFound,

	fail.AcceptTimeout: silent, fail.ListenerSilent: silent, fail.RendezvousTimeout: silent, fail.Idle: silent, fail.WriteTimeout: silent,

	fail.Starting: busy, fail.Draining: busy, fail.Overloaded: busy, fail.ConnectionLimit: busy, fail.ListenerLimit: busy,
	fail.Replaced: busy, fail.Dropped: busy, fail.SlowClient: busy,

	fail.TooLarge: tooLarge, fail.HeadTooLarge: longHead,

	fail.BadRequest: sendersOwn, fail.BadFrame: sendersOwn, fail.UpgradeRequired: sendersOwn, fail.SlowHead: sendersOwn, fail.SlowBody: sendersOwn,
	fail.UnknownTicket: sendersOwn, fail.Conflict: sendersOwn, fail.OwnedByFile: sendersOwn, fail.SenderGone: sendersOwn,

	fail.ListenerLost: lost, fail.BadAnswer: lost, fail.NodeLost: lost, fail.Internal: lost, fail.PeerClosed: lost, fail.Aborted: lost,
	fail.Rejected: lost,
}

// tell finds how a SOAP sender is told a failure.
func tell(err *fail.Error) telling {
	t, ok := tellings[err.Code]
	if !ok {
		return lost
	}
	if err.Code == fail.Rejected && err.Status != 0 {
		t.status = err.Status
	}
	return t
}

// Status is the status with which a SOAP sender is told the code, for documentation.
func Status(code fail.Code) int { return tell(fail.New(code, "")).status }
