package mtom

import (
	"strconv"

	"github.com/causeway-relay/causeway/soap/infoset"
)

// Defaults of Limits.
const (
	// DefaultParts is WCF's bound on MIME parts.
	DefaultParts = 1000
	// DefaultHeaderBytes bounds the header lines of one part; those of WCF have
	// about 150 bytes, those of mail gateways a few KiB.
	DefaultHeaderBytes = 8 << 10
	// DefaultMemory bounds what is held in memory of one message. WCF holds 64 KiB,
	// too little for a text of 100 KB behind an attachment.
	DefaultMemory = 4 << 20
	// DefaultTotal bounds the whole message, as it comes.
	DefaultTotal = 64 << 20
)

const (
	// windowSize is the memory of the MIME reader; a header block must fit.
	windowSize = 16 << 10
	// maxPreamble bounds the text before the first boundary, which says at most
	// that one needs a better mail program.
	maxPreamble = 8 << 10
	// maxBoundary bounds a boundary. RFC 2046, 5.1.1 has 70; some peers have more.
	maxBoundary = 256
	// maxPadding bounds the white space behind a boundary.
	maxPadding = 64
)

// sizeDetail is the detail by which soap.Explain knows a message that is too big.
const sizeDetail = "size of the message"

// Limits bound what is taken of a message. Zero fields have the defaults.
type Limits struct {
	// Parts bounds the parts, the envelope among them.
	Parts int
	// HeaderBytes bounds the header lines of one part, in bytes; never more than
	// 16 KiB.
	HeaderBytes int
	// Memory bounds the bytes that are held because they came before they could
	// be given: parts in another order than their references, and the envelope
	// behind its first reference.
	Memory int64
	// Total bounds the message in bytes, framing included.
	Total int64
}

func (l Limits) filled() Limits {
	if l.Parts <= 0 {
		l.Parts = DefaultParts
	}
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = DefaultHeaderBytes
	}
	l.HeaderBytes = min(l.HeaderBytes, windowSize)
	if l.Memory <= 0 {
		l.Memory = DefaultMemory
	}
	if l.Total <= 0 {
		l.Total = DefaultTotal
	}
	return l
}

// over makes the error for a limit that was crossed.
func over(what string, limit int) *infoset.Error {
	return &infoset.Error{Reason: infoset.Quota, Offset: -1, Detail: what + ": more than " + strconv.Itoa(limit)}
}
