// Package status owns how a refusal looks as a status of the Hybrid Connections protocol, and by what name the service calls it.
//
// It does not own the texts (gateway/fail) or the answers around them (hybrid/entry). Its functions keep no state and may be called from
// any goroutine. Source: Hybrid Connections reference sections 1 (rule 2), 5 and 5.1.
package status

import (
	"net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
)

// statuses is the wire form of every code as the answer to a handshake (reference section 5.1). A listener that is
// refused with 404 never dials again, so nothing transient may have it (section 1, rule 2). Rejected has the listener's own.
var statuses = map[fail.Code]int{
	fail.MissingToken: http.StatusUnauthorized, fail.MalformedToken: http.StatusUnauthorized,
	fail.InvalidSignature: http.StatusUnauthorized, fail.ExpiredToken: http.StatusUnauthorized,
	fail.InvalidAudience: http.StatusUnauthorized, fail.RightMissing: http.StatusUnauthorized,
	fail.AddressBlocked: http.StatusForbidden,
	fail.BadRequest:     http.StatusBadRequest, fail.BadFrame: http.StatusBadRequest, fail.UpgradeRequired: http.StatusBadRequest,
	fail.HeadTooLarge: http.StatusRequestHeaderFieldsTooLarge, fail.TooLarge: http.StatusRequestEntityTooLarge,
	fail.SlowHead: http.StatusRequestTimeout, fail.SlowBody: http.StatusRequestTimeout,
	fail.UnknownEntity: http.StatusNotFound, fail.NoListener: http.StatusNotFound, fail.NoMatchingListener: http.StatusNotFound,
	fail.UnknownTicket: http.StatusBadRequest,
	fail.ListenerLimit: http.StatusForbidden, fail.ConnectionLimit: http.StatusForbidden,
	fail.Conflict: http.StatusConflict, fail.OwnedByFile: http.StatusConflict,

	fail.AcceptTimeout: http.StatusGatewayTimeout, fail.ListenerSilent: http.StatusGatewayTimeout,
	fail.RendezvousTimeout: http.StatusGatewayTimeout, fail.ListenerLost: http.StatusBadGateway, fail.BadAnswer: http.StatusBadGateway,
	fail.Rejected: 0, fail.SlowClient: http.StatusServiceUnavailable,

	fail.Starting: http.StatusServiceUnavailable, fail.Draining: http.StatusServiceUnavailable,
	fail.Overloaded: http.StatusServiceUnavailable, fail.NodeLost: http.StatusBadGateway,
	fail.Internal: http.StatusInternalServerError,

	// Ends that strike before the answer.
	fail.PeerClosed: http.StatusBadGateway, fail.SenderGone: http.StatusBadRequest,
	fail.Aborted: http.StatusBadGateway, fail.Idle: http.StatusGatewayTimeout, fail.WriteTimeout: http.StatusGatewayTimeout,
	fail.TokenExpired: http.StatusUnauthorized, fail.EntityDeleted: http.StatusNotFound,
	fail.Replaced: http.StatusServiceUnavailable, fail.Dropped: http.StatusServiceUnavailable,
}

// serviceCodes are the names that the service has for a status in an error body; others have the code's own name.
var serviceCodes = map[int]string{
	http.StatusUnauthorized: "TokenMissingOrInvalid", http.StatusForbidden: "Forbidden", http.StatusNotFound: "EndpointNotFound",
	http.StatusInternalServerError: "InternalServerError", http.StatusGatewayTimeout: "GatewayTimeout",
}

// Of is the status that answers a handshake or a request that is refused with err. Rejected has the listener's own, from 100 to 999; a
// code that the table lacks is an internal error.
func Of(err *fail.Error) int {
	if err.Code == fail.Rejected {
		return err.Status
	}
	if s := statuses[err.Code]; s != 0 {
		return s
	}
	return http.StatusInternalServerError
}

// Name is the error.code in the body of an answer with the status: the service's name for it, or else that of err's own code.
func Name(err *fail.Error, status int) string {
	if name, ok := serviceCodes[status]; ok {
		return name
	}
	return string(err.Code)
}
