package wire

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/internal/http1"
)

// MaxMessage is the longest JSON message that may be written to either end of a control channel: with one byte more, a
// .NET listener spins for good (section 1, rule 7).
const MaxMessage = 65536

// Accept is the message by which a gateway tells a listener of a sender that wants a WebSocket (section 6.1).
type Accept struct {
	At     Rendezvous     // Action is ActionAccept
	Fields http1.Fields   // the sender's handshake as it came, with Host and Sec-WebSocket-Key
	Remote netip.AddrPort // the sender

	// Authorization tells that the field of this name was taken as the relay token, and so is not the listener's to see.
	Authorization bool
}

// Append appends the message to dst; members in the documented order, ServiceBusAuthorization left out. It allocates
// nothing but what dst needs. The error is ErrTooLarge (answer 431) or ErrField (400); dst is as it was then.
func (a *Accept) Append(dst []byte) ([]byte, error) {
	b := append(dst, `{"accept":{"address":`...)
	b = a.At.appendJSON(b)
	b = append(b, `,"connectHeaders":`...)
	b, err := appendFields(b, a.Fields, tokenFields(a.Authorization))
	if err != nil {
		return dst, err
	}
	b = append(b, `,"remoteEndpoint":`...)
	b = appendEndpoint(b, a.Remote)
	return sealed(dst, append(b, "}}"...))
}

// Request is the message by which a gateway gives a listener an HTTP request (section 6.1).
type Request struct {
	At     Rendezvous     // Action is ActionRequest
	Target string         // see RequestTarget
	Method string         // verbatim
	Remote netip.AddrPort // the sender
	Fields http1.Fields   // without hop-by-hop fields, with Via (section 8.3); ServiceBusAuthorization is left out in any case
	Body   bool           // one binary message follows at once
}

// Append appends the full message to dst, like Accept.Append. On ErrTooLarge the short form may still carry the request
// over a rendezvous, where the same limit holds again.
func (r *Request) Append(dst []byte) ([]byte, error) {
	b := append(dst, `{"request":{"address":`...)
	b = r.At.appendJSON(b)
	b = append(b, `,"requestTarget":`...)
	b = appendString(b, r.Target)
	b = append(b, `,"method":`...)
	b = appendString(b, r.Method)
	b = append(b, `,"remoteEndpoint":`...)
	b = appendEndpoint(b, r.Remote)
	b = append(b, `,"requestHeaders":`...)
	b, err := appendFields(b, r.Fields, tokenFields(false))
	if err != nil {
		return dst, err
	}
	b = append(b, `,"body":`...)
	b = strconv.AppendBool(b, r.Body)
	return sealed(dst, append(b, "}}"...))
}

// AppendPointer appends the short form of a request: address and id only, so that the listener dials for the rest.
func AppendPointer(dst []byte, at *Rendezvous) ([]byte, error) {
	b := append(dst, `{"request":{"address":`...)
	b = at.appendJSON(b)
	return sealed(dst, append(b, "}}"...))
}

// AppendCancel appends the message by which a gateway tells an agent that asked for it that the sender of id has left.
func AppendCancel(dst []byte, ticket [16]byte) []byte {
	dst = append(dst, `{"cancel":{"id":"`...)
	dst = AppendID(dst, ticket)
	return append(dst, `"}}`...)
}

// Append appends the message by which a listener answers a request. The error is ErrTooLarge or ErrField, as with Accept.
func (r *Response) Append(dst []byte) ([]byte, error) {
	b := append(dst, `{"response":{"requestId":`...)
	b = appendString(b, r.RequestID)
	b = append(b, `,"statusCode":`...)
	b = strconv.AppendInt(b, int64(r.Status), 10)
	if r.HasReason {
		b = append(b, `,"statusDescription":`...)
		b = appendString(b, r.Reason)
	}
	b = append(b, `,"responseHeaders":`...)
	b, err := appendFields(b, r.Fields, nil)
	if err != nil {
		return dst, err
	}
	b = append(b, `,"body":`...)
	b = strconv.AppendBool(b, r.Body)
	return sealed(dst, append(b, "}}"...))
}

// AppendRenewToken appends the message by which a listener prolongs its control channel.
func AppendRenewToken(dst []byte, token string) ([]byte, error) {
	b := append(dst, `{"renewToken":{"token":`...)
	b = appendString(b, token)
	return sealed(dst, append(b, "}}"...))
}

// appendJSON appends the members address and id. The inside of the address is ASCII, so escaping it is a second pass over
// what was just written only when there is something to escape.
func (r *Rendezvous) appendJSON(dst []byte) []byte {
	dst = append(dst, '"')
	start := len(dst)
	dst = r.Append(dst)
	if quoted := dst[start:]; !allPlain(quoted) {
		dst = appendEscaped(dst[:start], string(quoted))
	}
	dst = append(dst, `","id":"`...)
	dst = AppendID(dst, r.Ticket)
	return append(dst, '"')
}

// allPlain tells whether nothing in b needs an escape.
func allPlain(b []byte) bool {
	for _, c := range b {
		if !plainJSON[c] {
			return false
		}
	}
	return true
}

// sealed checks the length of what was appended to dst.
func sealed(dst, whole []byte) ([]byte, error) {
	if len(whole)-len(dst) > MaxMessage {
		return dst, &Error{"append message", ErrTooLarge, "The header fields need more than 65536 bytes as a control message. Send less."}
	}
	return whole, nil
}

// tokenFields tells the fields that carry the relay token and never reach a listener (section 4.1).
func tokenFields(authorization bool) func(name string) bool {
	if authorization {
		return func(name string) bool { return isToken(name) || strings.EqualFold(name, "Authorization") }
	}
	return isToken
}

// isToken tells the field that carries nothing but the relay token.
func isToken(name string) bool {
	const token = "ServiceBusAuthorization"
	return len(name) == len(token) && strings.EqualFold(name, token)
}
