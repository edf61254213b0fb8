package hybrid

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/internal/wsconn"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// Error is why something could not be done, or ended. It never holds a secret. It implements net.Error.
type Error struct {
	Op         string    // listen, dial, accept, answer, renew, read, write
	Target     string    // sb://HOST/PATH
	Code       fail.Code // docs/errors.md; "" when no gateway answered, see Cause
	Status     int       // of the handshake; 0 when it was not answered, or was through
	Reason     string    // the gateway's or, with Rejected, the listener's own words
	TrackingID string    // finds the connection in the gateway's log; "" when there is none
	Do         string    // what to do next, one sentence without its full stop; "" when nothing helps
	Cause      error     // what is behind it: of the network, TLS, a token source; may be nil

	final bool // what was given cannot work
}

// Error gives everything in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("hybrid: " + e.Op)
	if e.Target != "" {
		b.WriteString(" " + e.Target)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": %d", e.Status)
	}
	text, _, _ := strings.Cut(e.Reason, " TrackingId:")
	if e.Code != "" && !strings.HasPrefix(text, string(e.Code)+":") { // some reasons begin with it
		b.WriteString(": " + string(e.Code))
	}
	if text != "" {
		b.WriteString(": " + strings.TrimSuffix(text, "."))
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	if e.TrackingID != "" {
		b.WriteString(" (tracking id " + e.TrackingID + ")")
	}
	if e.Do != "" {
		b.WriteString("; " + e.Do)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Timeout reports whether time ran out: here, or at the gateway that waited for the listener.
func (e *Error) Timeout() bool {
	var n net.Error
	return e.Code == fail.AcceptTimeout || errors.As(e.Cause, &n) && n.Timeout() || errors.Is(e.Cause, context.DeadlineExceeded)
}

// Temporary reports whether the same may succeed later, unchanged.
func (e *Error) Temporary() bool {
	if e.Code != "" {
		return e.Code.Info().Retry
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](e.Cause)
	return !e.final && !untrusted && !errors.Is(e.Cause, context.Canceled)
}

// CloseError is a Close frame of the peer, or of the gateway, that says more than "done": any code but 1000 and none. Codes
// are those of RFC 6455 section 7.4; a gateway uses 1001 when it shuts down or the hybrid connection is deleted.
type CloseError struct {
	Code int
	Text string
}

// Error gives code and text.
func (e *CloseError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("hybrid: closed by the peer with code %d", e.Code)
	}
	return fmt.Sprintf("hybrid: closed by the peer with code %d: %s", e.Code, e.Text)
}

// rejection is a listener's no, made by Reject.
type rejection struct {
	status int
	reason string
}

// Error gives the status and reason that the sender will see.
func (r *rejection) Error() string { return fmt.Sprintf("rejected: %d %s", r.status, r.reason) }

// Reject is the error by which an accept hook turns a sender away with a status from 100 to 999 and a reason, one line. Any
// other status becomes 400; an empty reason the standard one of the status.
func Reject(status int, reason string) error {
	if status < 100 || status > 999 {
		status = http.StatusBadRequest
	}
	if reason == "" {
		reason = http.StatusText(status)
	}
	return &rejection{status, reason}
}

// unanswered is the error of a handshake that no gateway answered.
func unanswered(cause error) *Error { return &Error{Do: trust.Advice(cause), Cause: noEOF(cause)} }

// refused is the error of a handshake that was answered with no.
func refused(status int, reason string, fields http1.Fields) *Error {
	e := &Error{Code: fail.Code(fields.Get("Causeway-Error")), Status: status, Reason: reason}
	e.TrackingID, _, _ = strings.Cut(fields.Get("TrackingId"), "_")
	if e.Code == "" || e.Code.Info().Code != e.Code {
		e.Code = codeOf(status, reason)
	}
	e.Do = e.Code.Info().Do
	if !fields.Has("Causeway-Error") && !fields.Has("TrackingId") && !strings.Contains(reason, "TrackingId") {
		e.Do = "if no listener rejects with these words, what answered is no relay: check host and port of the connection string"
	}
	return e
}

// leading are words of reason phrases by which the service tells the causes of one status apart (reference sections 4.6, 5.1).
var leading = []struct {
	status int
	words  string
	code   fail.Code
}{
	{http.StatusUnauthorized, "MissingToken", fail.MissingToken},
	{http.StatusUnauthorized, "RelaySecurityTokenRequired", fail.MissingToken},
	{http.StatusUnauthorized, "InvalidSignature", fail.InvalidSignature},
	{http.StatusUnauthorized, "invalid signature", fail.InvalidSignature},
	{http.StatusUnauthorized, "ExpiredToken", fail.ExpiredToken},
	{http.StatusUnauthorized, "InvalidAudience", fail.InvalidAudience},
	{http.StatusUnauthorized, "Authorization failed", fail.RightMissing},
	{http.StatusUnauthorized, "prevented from connecting", fail.AddressBlocked},
	{http.StatusUnauthorized, "", fail.MalformedToken},
	{http.StatusForbidden, "MaximumListeners", fail.ListenerLimit},
	{http.StatusForbidden, "uota", fail.ConnectionLimit},
	{http.StatusForbidden, "", fail.AddressBlocked},
	{http.StatusNotFound, "no listeners", fail.NoListener},
	{http.StatusNotFound, "None of the connected listeners", fail.NoMatchingListener},
	{http.StatusNotFound, "", fail.UnknownEntity},
	{http.StatusBadRequest, "Unknown Connection ID", fail.UnknownTicket},
	{http.StatusBadRequest, "", fail.BadRequest},
	{http.StatusRequestTimeout, "", fail.AcceptTimeout},
	{http.StatusGatewayTimeout, "", fail.AcceptTimeout},
	{http.StatusRequestHeaderFieldsTooLarge, "", fail.HeadTooLarge},
	{http.StatusBadGateway, "", fail.ListenerLost},
	{http.StatusServiceUnavailable, "", fail.Overloaded},
	{http.StatusInternalServerError, "", fail.Internal},
}

// codeOf makes a code of what a gateway of others says. A status it does not use is the listener's own.
func codeOf(status int, reason string) fail.Code {
	for _, l := range leading {
		if l.status == status && strings.Contains(reason, l.words) {
			return l.code
		}
	}
	return fail.Rejected
}

// noEOF keeps the end of TCP from being taken for the end of a stream, which is io.EOF.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// lost is what a Conn fails with once its connection is gone, or its peer breaks the protocol.
func (c *Conn) lost(op string, cause error) error {
	e := &Error{Op: op, Target: c.target, Code: fail.Aborted, TrackingID: c.tracking, Cause: cause}
	if _, ok := errors.AsType[*wsframe.Error](cause); ok {
		e.Code = fail.BadFrame
	}
	if errors.Is(cause, wsconn.ErrSilent) {
		e.Code = fail.Idle
	}
	return e
}
