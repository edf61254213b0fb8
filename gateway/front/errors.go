package front

import (
	"net/http"
	"strings"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/http1"
)

// statuses are the answers to a plain HTTP request, by code (contracts section 2, reference section 5.1). The front sends few of
// them itself. An ordinary end has none: the connection is closed, or was.
var statuses = map[fail.Code]int{
	fail.MissingToken: 401, fail.MalformedToken: 401, fail.InvalidSignature: 401,
	fail.ExpiredToken: 401, fail.InvalidAudience: 401, fail.RightMissing: 401,
	fail.AddressBlocked: 403,
	fail.BadRequest:     400, fail.BadFrame: 400, fail.UpgradeRequired: 400, fail.UnknownTicket: 400,
	fail.HeadTooLarge: 431, fail.TooLarge: 413, fail.SlowHead: 408, fail.SlowBody: 408,
	fail.UnknownEntity: 404, fail.NoListener: 404, fail.NoMatchingListener: 404,
	fail.ListenerLimit: 403, fail.ConnectionLimit: 403,
	fail.Conflict: 409, fail.OwnedByFile: 409,
	fail.AcceptTimeout: 504, fail.ListenerSilent: 504, fail.RendezvousTimeout: 504, fail.ListenerLost: 502, fail.BadAnswer: 502, fail.Rejected: 502,
	fail.Starting: 503, fail.Draining: 503, fail.Overloaded: 503, fail.SlowClient: 503,
	fail.NodeLost: 502, fail.Internal: 500,
	fail.PeerClosed: 0, fail.SenderGone: 0, fail.Aborted: 0, fail.Idle: 0,
	fail.WriteTimeout: 0, fail.TokenExpired: 0, fail.EntityDeleted: 0, fail.Replaced: 0, fail.Dropped: 0,
}

// Status is how the front answers a code: the status of a plain HTTP response and the service's name for it in the body. 0 means
// that nothing is answered. A Rejected that gets here has lost the listener's own status.
func Status(code fail.Code) (status int, name string) {
	status, ok := statuses[code]
	if !ok {
		status = statuses[fail.Internal]
	}
	return status, bodyCode(status)
}

// bodyCodes are the names that the service documents (reference section 5); clients look for these.
var bodyCodes = map[int]string{401: "TokenMissingOrInvalid", 404: "EndpointNotFound"}

// bodyCode names a status as the service does: the documented name, else the status text in one word (Forbidden,
// InternalServerError, GatewayTimeout are both).
func bodyCode(status int) string {
	if name, ok := bodyCodes[status]; ok {
		return name
	}
	return strings.NewReplacer(" ", "", "-", "").Replace(http.StatusText(status))
}

// headFault turns a fault that the codec found into the code and the status of the answer.
func headFault(e *http1.Error) (fail.Code, int) {
	switch e.Kind {
	case http1.TooLarge, http1.TargetTooLong:
		return fail.HeadTooLarge, e.Kind.Status()
	default:
		return fail.BadRequest, e.Kind.Status()
	}
}
