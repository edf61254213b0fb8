package wire

import (
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/internal/http1"
)

// Bounds of a reason phrase: the whole about 1 KiB (section 5), and of it what a tracked address may take.
const (
	maxReason = 1024
	maxSystem = 512 + len("SystemTracker:")
)

// Trail is what a person needs to find an answer of the gateway again (section 5).
type Trail struct {
	ID     string    // tracking id, a GUID
	Node   uint16    // the node that answers
	System string    // sb://host/path of a WebSocket handshake, host:path of HTTP
	Time   time.Time // when it was answered
}

// Mark returns the id with its node, as in the header TrackingId: GUID_G<n>.
func (t Trail) Mark() string {
	var room [48]byte // a GUID and a node
	return string(t.AppendMark(room[:0]))
}

// AppendMark appends what Mark returns.
func (t *Trail) AppendMark(dst []byte) []byte {
	return strconv.AppendUint(append(append(dst, t.ID...), "_G"...), uint64(t.Node), 10)
}

// Reason makes a reason phrase in the service's shape, from which all SDKs read their errors:
//
//	<message>. TrackingId:<guid>_G<n>, SystemTracker:<address>, Timestamp:<yyyy-MM-ddTHH:mm:ss>
//
// The phrase is one line of printable ASCII (see http1.CleanReason) of at most 1024 bytes; a long message is cut, and the
// address behind 512 bytes, never the id or the time. The time is shown in UTC, without zone, as the service does. A query in
// the address, which may hold a token, is left out, also one whose "?" came encoded.
func (t Trail) Reason(message string) string {
	address, _ := splitTarget(t.System)
	return phrase(message, t.Mark(), "SystemTracker:"+http1.CleanReason(address), t.Time)
}

// ListenerReason makes the reason phrase of an answer that a listener makes itself, in the shape of the .NET library's own
// (sections 5 and 14.16):
//
//	<message>. TrackingId:<id>, Address:<address>, Timestamp:<yyyy-MM-ddTHH:mm:ss>
//
// id is that of the request message, which names its node already; address is https://host/path without a port. The bounds are
// those of Trail.Reason.
func ListenerReason(message, id, address string, at time.Time) string {
	return phrase(message, id, "Address:"+http1.CleanReason(address), at)
}

// phrase puts a message and what it is found again by together. where is clean already, and names what it is.
func phrase(message, mark, where string, at time.Time) string {
	mark = http1.CleanReason(mark)
	suffix := ". TrackingId:" + mark[:min(len(mark), maxID)] +
		", " + where[:min(len(where), maxSystem)] +
		", Timestamp:" + at.UTC().Format("2006-01-02T15:04:05")
	message = strings.TrimRight(http1.CleanReason(message), ". ")
	return message[:min(len(message), maxReason-len(suffix))] + suffix
}

// maxCloseText is what a Close frame has room for behind its code, RFC 6455 section 5.5.
const maxCloseText = 123

// CloseText makes the text of a Close frame of the gateway: "<message>. TrackingId:<guid>_G<n>" in at most 123 bytes of
// printable ASCII, the message cut and never the id (section 6.5).
func (t Trail) CloseText(message string) string {
	mark := http1.CleanReason(t.Mark())
	suffix := ". TrackingId:" + mark[:min(len(mark), maxCloseText/2)]
	message = strings.TrimRight(http1.CleanReason(message), ". ")
	return message[:min(len(message), maxCloseText-len(suffix))] + suffix
}

// AppendErrorBody appends the JSON body of an HTTP error that the gateway made; message is the reason phrase again
// (section 5). The codes clients know: TokenMissingOrInvalid, Forbidden, EndpointNotFound, InternalServerError,
// GatewayTimeout.
func AppendErrorBody(dst []byte, code, message string) []byte {
	dst = append(dst, `{"error":{"code":`...)
	dst = appendString(dst, code)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, message)
	return append(dst, "}}"...)
}
