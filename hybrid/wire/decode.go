package wire

import (
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/internal/http1"
)

// Kind says which message a text message of a control channel or rendezvous is.
type Kind byte

// The kinds. A gateway meets Response, RenewToken and InjectFault; a listener meets Accept, Request and Cancel.
const (
	KindUnknown     Kind = iota // an object with another member: ignore it
	KindAccept                  // Offer: a sender wants a WebSocket
	KindRequest                 // Offer: an HTTP request, or the pointer to one
	KindResponse                // Response
	KindRenewToken              // Token
	KindInjectFault             // debug builds of the service only: ignore it
	KindCancel                  // ID: the sender has left; our own agents only
)

var kindNames = [...]string{"unknown", "accept", "request", "response", "renewToken", "injectFault", "cancel"}

// String returns the name of the top-level member.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[KindUnknown]
}

// Message is a decoded text message. Members that do not belong to its Kind are zero.
type Message struct {
	Kind     Kind
	Name     string    // the top-level member as it came
	Offer    *Offer    // KindAccept, KindRequest
	Response *Response // KindResponse
	Token    string    // KindRenewToken
	ID       string    // KindCancel
}

// HasBody tells whether the next data message of the connection is the body of this one.
func (m *Message) HasBody() bool {
	return m.Offer != nil && m.Offer.Body || m.Response != nil && m.Response.Body
}

// Offer is an accept or request message as a listener reads it.
type Offer struct {
	Address string       // to be dialled byte for byte; see ParseAddress
	ID      string       // as it came; "" when only the address has it
	Fields  http1.Fields // connectHeaders or requestHeaders, in their order
	Remote  netip.AddrPort

	Target  string // requestTarget
	Method  string
	Body    bool // a binary message follows
	Pointer bool // a request with neither method nor body: the full message waits at Address
}

// Response is a listener's answer to an HTTP request.
type Response struct {
	RequestID string
	Status    int    // 100 to 999; 0 when absent or no such number: answer 502
	Reason    string // reason phrase, maybe empty
	HasReason bool   // false: absent or null, the standard phrase of the status is meant
	Fields    http1.Fields
	Body      bool // one binary message follows
}

// MaxText is the longest text message that Decode takes: more than any SDK writes, so that a listener is forgiven a
// message over the limit of 64 KiB (section 6.3).
const MaxText = 1 << 20

// Decode reads a text message in either direction. Unknown members are skipped, of a member that comes twice the last
// counts, header values may be strings, numbers, booleans, arrays of these (one field each) or null (no field), a status
// may be a numeric string. The error is ErrTooLarge (Close 1009) or ErrMessage: text that is not one JSON object, nested
// deeper than 32, with more than 1000 fields, or a known message that is neither an object nor null.
//
// The strings of the result share one copy of b, except Token and ID.
func Decode(b []byte) (*Message, error) {
	if len(b) > MaxText {
		return nil, &Error{"decode message", ErrTooLarge, "The control message is longer than 1 MiB."}
	}
	d := decoder{scanner: scanner{s: string(b)}, found: new(found)}
	m := &d.found.message
	if d.peek() != '{' {
		d.fail("an object is missing")
	}
	d.object(func(name string) {
		if m.Kind != KindUnknown {
			d.skip()
			return
		}
		m.Name = name
		d.command(m, name)
	})
	d.end()
	if d.err != nil {
		return nil, d.err
	}
	return m, nil
}

// decoder reads messages off a scanner, whose first error ends everything.
type decoder struct {
	scanner

	found *found
}

// found is what is read, in one piece: most messages of listeners are responses.
type found struct {
	message  Message
	response Response
	fields   [usualFields]http1.Field
}

func (d *decoder) command(m *Message, name string) {
	switch name {
	case "response":
		m.Kind, m.Response = KindResponse, d.response()
	case "renewToken":
		m.Kind = KindRenewToken
		d.single("token", &m.Token)
	case "accept":
		m.Kind, m.Offer = KindAccept, d.offer(false)
	case "request":
		m.Kind, m.Offer = KindRequest, d.offer(true)
	case "cancel":
		m.Kind = KindCancel
		d.single("id", &m.ID)
	case "injectFault":
		m.Kind = KindInjectFault
		d.skip()
	default:
		d.skip()
	}
}

// single reads an object of which one member counts. The value is copied: it lives longer than the message.
func (d *decoder) single(want string, value *string) {
	d.object(func(name string) {
		if name != want {
			d.skip()
			return
		}
		s, _ := d.scalar()
		*value = strings.Clone(s)
	})
}

func (d *decoder) response() *Response {
	r := &d.found.response
	d.object(func(name string) {
		switch name {
		case "requestId":
			r.RequestID, _ = d.scalar()
		case "statusCode":
			s, _ := d.scalar()
			r.Status = status(s)
		case "statusDescription":
			r.Reason, r.HasReason = d.scalar()
		case "responseHeaders":
			r.Fields = d.fields()
		case "body":
			r.Body = d.boolean()
		default:
			d.skip()
		}
	})
	return r
}

// offer reads an accept message or a request; only a request may be a pointer to a full one.
func (d *decoder) offer(request bool) *Offer {
	o := &Offer{}
	hasMethod, hasBody := false, false
	d.object(func(name string) {
		switch name {
		case "address":
			o.Address, _ = d.scalar()
		case "id":
			o.ID, _ = d.scalar()
		case "requestTarget":
			o.Target, _ = d.scalar()
		case "method":
			o.Method, hasMethod = d.scalar()
		case "remoteEndpoint":
			o.Remote = d.endpoint()
		case "connectHeaders", "requestHeaders":
			o.Fields = d.fields()
		case "body":
			o.Body = d.boolean()
			hasBody = true
		default:
			d.skip()
		}
	})
	o.Pointer = request && !hasMethod && !hasBody
	return o
}

// endpoint reads a remoteEndpoint; what cannot be read of it is left zero.
func (d *decoder) endpoint() netip.AddrPort {
	var addr netip.Addr
	var port uint64
	d.object(func(name string) {
		s, _ := d.scalar()
		switch name {
		case "address":
			addr, _ = netip.ParseAddr(s)
		case "port":
			if n, err := strconv.ParseUint(s, 10, 16); err == nil {
				port = n
			}
		}
	})
	return netip.AddrPortFrom(addr, uint16(port))
}

// maxDecodedFields bounds what a message of MaxText can make us hold.
const maxDecodedFields = 1000

// usualFields is room for the fields of most messages, with those that a gateway adds.
const usualFields = 8

// fields reads an object of header values.
func (d *decoder) fields() http1.Fields {
	var fields http1.Fields
	add := func(name string) {
		if len(fields) >= maxDecodedFields {
			d.fail("it has more than 1000 header fields")
			return
		}
		if value, ok := d.scalar(); ok {
			if fields == nil {
				fields = d.found.fields[:0:usualFields]
			}
			fields = append(fields, http1.Field{Name: name, Value: value})
		}
	}
	d.object(func(name string) {
		if d.peek() == '[' {
			d.array(func() { add(name) })
		} else {
			add(name)
		}
	})
	return fields
}

// status reads a status code, 0 when it is none.
func status(s string) int {
	if n, ok := digits(s); ok {
		return n
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || f != math.Trunc(f) || f < minStatus || f > maxStatus {
		return 0
	}
	return int(f)
}

// digits reads a status code as nearly all write it.
func digits(s string) (n int, ok bool) {
	if len(s) != 3 || s[0] == '0' {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}
