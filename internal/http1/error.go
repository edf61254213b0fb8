package http1

import (
	"errors"
	"strconv"
)

// Kind says what is wrong with a message, as far as the peer can be told. The zero value is Bad.
type Kind uint8

// The kinds, each with the status of its answer.
const (
	Bad            Kind = iota // the message breaks the grammar or could be read in two ways: 400
	TooLarge                   // more bytes or fields than [Limits] allow: 431 (RFC 6585 section 5)
	TargetTooLong              // the request target is longer than Limits.Target: 414 (RFC 9110 section 15.5.15)
	Version                    // well-formed, but neither HTTP/1.0 nor HTTP/1.1: 505 (RFC 9110 section 15.6.6)
	NotImplemented             // a transfer coding other than chunked: 501 (RFC 9112 section 6.1)
)

// Status returns the status code a server answers with. A client that reads a faulty response has nobody to tell; a gateway
// answers its own sender 502 instead.
func (k Kind) Status() int {
	switch k {
	case TooLarge:
		return 431
	case TargetTooLong:
		return 414
	case Version:
		return 505
	case NotImplemented:
		return 501
	default:
		return 400
	}
}

// Error is the only error type of this package. After it nothing more can be read from the connection: where the message ends is
// not known, so the connection must be closed.
type Error struct {
	Kind Kind
	// Offset is where the fault was seen, counted from the first byte of the head or body; -1 when the head as a whole is at
	// fault (no Host, two lengths).
	Offset int
	// Text says what is wrong and what to send instead. It never holds bytes of the message, so it is safe to log and to send.
	Text string
}

// Error gives the text with its offset.
func (e *Error) Error() string {
	if e.Offset < 0 {
		return "http1: " + e.Text
	}
	return "http1: at byte " + strconv.Itoa(e.Offset) + ": " + e.Text
}

// errShort travels inside the package only: all bytes so far are fine, and more are needed.
var errShort = errors.New("http1: need more bytes")

func bad(offset int, text string) error { return &Error{Kind: Bad, Offset: offset, Text: text} }
