package manage

import (
	"errors"
	"net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// statuses is the wire form of every code as the API's answer. What only a connection can come to has the status that a
// handshake would get, so that the table is total.
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

	fail.AcceptTimeout: http.StatusGatewayTimeout, fail.ListenerLost: http.StatusBadGateway, fail.Rejected: http.StatusBadGateway,
	fail.ListenerSilent: http.StatusGatewayTimeout, fail.RendezvousTimeout: http.StatusGatewayTimeout, fail.BadAnswer: http.StatusBadGateway,

	fail.Starting: http.StatusServiceUnavailable, fail.Draining: http.StatusServiceUnavailable,
	fail.Overloaded: http.StatusServiceUnavailable, fail.SlowClient: http.StatusServiceUnavailable, fail.NodeLost: http.StatusBadGateway,
	fail.Internal: http.StatusInternalServerError,

	fail.PeerClosed: http.StatusBadGateway, fail.SenderGone: http.StatusBadRequest,
	fail.Aborted: http.StatusBadGateway, fail.Idle: http.StatusGatewayTimeout, fail.WriteTimeout: http.StatusGatewayTimeout,
	fail.TokenExpired: http.StatusUnauthorized, fail.EntityDeleted: http.StatusNotFound,
	fail.Replaced: http.StatusServiceUnavailable, fail.Dropped: http.StatusServiceUnavailable,
}

// Status is the wire form of a code as the API's answer.
func Status(code fail.Code) int {
	if s := statuses[code]; s != 0 {
		return s
	}
	return http.StatusInternalServerError
}

// refusal is a failure that is told otherwise than its code says.
type refusal struct {
	cause  *fail.Error
	status int    // 0: the code's
	do     string // "": the code's

	problems []wire.ConfigProblem // of a configuration
}

// Error and Unwrap give the failure itself.
func (r *refusal) Error() string { return r.cause.Error() }

func (r *refusal) Unwrap() error { return r.cause }

// precondition refuses a request that asked for a state which is not there (RFC 9110 section 13.2.1).
func precondition(text, do string) error {
	return &refusal{cause: fail.New(fail.Conflict, text), status: http.StatusPreconditionFailed, do: do}
}

// noRule refuses a rule that does not exist.
func noRule(name string) error {
	return &refusal{
		cause: fail.Newf(fail.UnknownEntity, "There is no rule %q.", name),
		do:    "list the rules with 'causeway rule list', or create it with 'causeway rule create'",
	}
}

// noEntity refuses an entity that does not exist.
func noEntity(name string) error {
	return fail.Newf(fail.UnknownEntity, "There is no relay %q.", name)
}

// asRefusal gives any error the form in which it is told.
func asRefusal(err error) *refusal {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{cause: fail.Of(err)}
	}
	told := *r
	if told.status == 0 {
		told.status = Status(told.cause.Code)
	}
	if told.do == "" {
		told.do = told.cause.Code.Info().Do
	}
	return &told
}
