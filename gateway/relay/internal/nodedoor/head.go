package nodedoor

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

// Bounds of a head between nodes. Entries take less: limits.headBytes from a sender, 64 KiB of JSON from a listener; what they take
// fits also when all of it must be escaped.
const (
	maxHead   = 256 << 10
	maxFields = 4096
)

func limits() http1.Limits { return http1.Limits{Bytes: maxHead, Fields: maxFields} }

// A field of a peer's message stands behind one of these marks; names without a mark are ours.
const (
	asIs    = '~' // name and value as they are
	escaped = '^' // both escaped
)

// Our own names. Their values are escaped.
const (
	nID        = "Id"
	nChannel   = "Channel"
	nMethod    = "Method"
	nTarget    = "Target"
	nAuthority = "Authority"
	nDoor      = "Door"
	nRemote    = "Remote"
	nTracking  = "Tracking"
	nNamespace = "Namespace"
	nPath      = "Path"
	nNode      = "Node"
	nOffer     = "Offer"
	nStatus    = "Status"
	nReason    = "Reason"
	nTicket    = "Ticket"
	nError     = "Error"
	nOp        = "Op"
	nAt        = "At"
	nText      = "Text"
	nCause     = "Cause"
	nUntaken   = "Untaken"
)

// call is a request on its way to the listener of a channel.
type call struct {
	id      uint64 // the sender's node tells its exchanges apart by it
	channel uint64
	req     shape.Request
}

// framingOf is how a body travels: by its length if that is known.
func framingOf(b shape.Body) http1.Framing {
	switch {
	case b == nil || b.Size() == 0:
		return http1.Framing{Kind: http1.Length}
	case b.Size() > 0:
		return http1.Framing{Kind: http1.Length, Length: b.Size()}
	default:
		return http1.Framing{Kind: http1.Chunked}
	}
}

// appendRequest appends the head of a request, framing included. self is the node where it arrived, unless it says another.
func appendRequest(dst []byte, self uint16, id, channel uint64, req *shape.Request, f http1.Framing) []byte {
	dst = append(dst, "POST / HTTP/1.1\r\nHost: node\r\n"...)
	dst = appendFraming(dst, f)
	dst = appendNumber(dst, nID, id)
	dst = appendNumber(dst, nChannel, channel)
	dst = appendOwn(dst, nMethod, req.Method)
	dst = appendOwn(dst, nTarget, req.Target)
	dst = appendOwn(dst, nAuthority, req.Host)
	dst = appendOwn(dst, nDoor, req.Door)
	dst = appendOwn(dst, nTracking, req.Tracking)
	dst = appendOwn(dst, nNamespace, req.At.Namespace)
	dst = appendOwn(dst, nPath, req.At.Path)
	if req.Remote.IsValid() {
		dst = append(dst, nRemote+": "...)
		dst = append(req.Remote.AppendTo(dst), "\r\n"...)
	}
	node := req.Node
	if node == 0 {
		node = self
	}
	dst = appendNumber(dst, nNode, uint64(node))
	for _, o := range req.Offers {
		dst = append(appendEscaped(append(dst, nOffer+": "...), o, false), "\r\n"...)
	}
	return append(appendFields(dst, req.Fields), "\r\n"...)
}

func appendFraming(dst []byte, f http1.Framing) []byte {
	if f.Kind == http1.Chunked {
		return append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	return appendNumber(dst, "Content-Length", uint64(f.Length))
}

func appendNumber(dst []byte, name string, n uint64) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(strconv.AppendUint(dst, n, 10), "\r\n"...)
}

// appendOwn appends a field of ours; an empty one says nothing and is left out.
func appendOwn(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(append(dst, name...), ": "...)
	return append(appendEscaped(dst, value, false), "\r\n"...)
}

func appendFields(dst []byte, fields shape.Fields) []byte {
	for i := range fields {
		name, value := fields[i].Name, fields[i].Value
		if isToken(name) && clean(value) {
			dst = append(append(append(append(dst, asIs), name...), ": "...), value...)
		} else {
			dst = append(appendEscaped(append(dst, escaped), name, true), ": "...)
			dst = appendEscaped(dst, value, false)
		}
		dst = append(dst, "\r\n"...)
	}
	return dst
}

// takeField moves a field of a peer's message to where it belongs. It reports whether it was one.
func takeField(to *shape.Fields, f http1.Field) (theirs bool, err error) {
	switch f.Name[0] {
	case asIs:
		*to = append(*to, shape.Field{Name: f.Name[1:], Value: f.Value})
	case escaped:
		name, err := unescape(f.Name[1:])
		if err != nil {
			return true, err
		}
		value, err := unescape(f.Value)
		if err != nil {
			return true, err
		}
		*to = append(*to, shape.Field{Name: name, Value: value})
	default:
		return false, nil
	}
	return true, nil
}

// decodeRequest reads what appendRequest wrote. Names that it does not know are skipped: a newer node may say more.
func decodeRequest(h *http1.Head) (*call, error) {
	c := &call{}
	c.req.Fields = h.Fields[:0] // never ahead of what is read
	for _, f := range h.Fields {
		if theirs, err := takeField(&c.req.Fields, f); err != nil {
			return nil, fmt.Errorf("field of a request: %w", err)
		} else if theirs {
			continue
		}
		value, err := unescape(f.Value)
		if err == nil {
			err = c.take(f.Name, value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s of a request: %w", f.Name, err)
		}
	}
	return c, nil
}

func (c *call) take(name, value string) (err error) {
	req := &c.req
	switch name {
	case nID:
		c.id, err = strconv.ParseUint(value, 10, 64)
	case nChannel:
		c.channel, err = strconv.ParseUint(value, 10, 64)
	case nMethod:
		req.Method = value
	case nTarget:
		req.Target = value
	case nAuthority:
		req.Host = value
	case nDoor:
		req.Door = value
	case nTracking:
		req.Tracking = value
	case nNamespace:
		req.At.Namespace = value
	case nPath:
		req.At.Path = value
	case nRemote:
		req.Remote, err = netip.ParseAddrPort(value)
	case nNode:
		var n uint64
		n, err = strconv.ParseUint(value, 10, 16)
		req.Node = uint16(n)
	case nOffer:
		req.Offers = append(req.Offers, value)
	}
	return err
}

// answer is what comes back: a response whose body follows, or an error.
type answer struct {
	resp   *shape.Response
	ticket shape.Ticket // of the rendezvous that the listener was given; zero: none
	err    error
}

// appendResponse appends the head of a response, framing included.
func appendResponse(dst []byte, resp *shape.Response, ticket shape.Ticket, f http1.Framing) []byte {
	dst = append(dst, "HTTP/1.1 200 OK\r\n"...)
	dst = appendFraming(dst, f)
	dst = appendNumber(dst, nStatus, uint64(resp.Status))
	dst = appendOwn(dst, nReason, resp.Reason)
	if ticket != (shape.Ticket{}) {
		dst = appendOwn(dst, nTicket, ticket.Hex())
	}
	return append(appendFields(dst, resp.Fields), "\r\n"...)
}

// appendError appends an error in place of a response. Whose words they are, its target and tracking id stay as they were.
func appendError(dst []byte, e *fail.Error, untaken bool) []byte {
	dst = append(dst, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"...)
	dst = appendOwn(dst, nError, string(e.Code))
	dst = appendOwn(dst, nOp, e.Op)
	dst = appendOwn(dst, nAt, e.Target)
	dst = appendOwn(dst, nTracking, e.Tracking)
	dst = appendOwn(dst, nText, cut(e.Text))
	dst = appendNumber(dst, nStatus, uint64(max(0, e.Status)))
	if e.Cause != nil {
		dst = appendOwn(dst, nCause, cut(e.Cause.Error()))
	}
	if untaken {
		dst = appendOwn(dst, nUntaken, "yes")
	}
	return append(dst, "\r\n"...)
}

// maxText bounds the texts of an error, in bytes.
const maxText = 8 << 10

func cut(s string) string { return s[:min(len(s), maxText)] }

var errTicket = errors.New("a ticket has 16 bytes")

// causeText is the cause of an error at another node.
type causeText string

func (c causeText) Error() string { return string(c) }

// decodeResponse reads what appendResponse or appendError wrote.
func decodeResponse(h *http1.Head) (answer, error) {
	resp := &shape.Response{Fields: h.Fields[:0]} // never ahead of what is read
	a := answer{resp: resp}
	e, untaken := fail.Error{}, false
	for _, f := range h.Fields {
		if theirs, err := takeField(&resp.Fields, f); err != nil {
			return a, fmt.Errorf("field of a response: %w", err)
		} else if theirs {
			continue
		}
		value, err := unescape(f.Value)
		if err == nil {
			err = a.take(f.Name, value, &e, &untaken)
		}
		if err != nil {
			return a, fmt.Errorf("%s of a response: %w", f.Name, err)
		}
	}
	if e.Code == "" {
		return a, nil
	}
	e.Status = resp.Status
	a.resp, a.err = nil, &e
	if untaken {
		a.err = &shape.Untaken{Err: &e}
	}
	return a, nil
}

func (a *answer) take(name, value string, e *fail.Error, untaken *bool) (err error) {
	switch name {
	case nStatus:
		var n uint64
		n, err = strconv.ParseUint(value, 10, 16)
		a.resp.Status = int(n)
	case nReason:
		a.resp.Reason = value
	case nTicket:
		var b []byte
		if b, err = hex.DecodeString(value); err == nil && len(b) != len(a.ticket) {
			err = errTicket
		}
		copy(a.ticket[:], b)
	case nError:
		e.Code = fail.Code(value)
	case nOp:
		e.Op = value
	case nAt:
		e.Target = value
	case nTracking:
		e.Tracking = value
	case nText:
		e.Text = value
	case nCause:
		e.Cause = causeText(value)
	case nUntaken:
		*untaken = true
	}
	return err
}
