package infoset

import (
	"strconv"
	"strings"
)

// Reason says what is wrong with a document. The text of each is stable.
type Reason uint8

// Reasons. The zero Reason is no error.
const (
	// Malformed: the bytes break the grammar of their encoding.
	Malformed Reason = iota + 1
	// Truncated: the input ended inside the document.
	Truncated
	// BadEncoding: bytes are no valid UTF-8 or UTF-16, or the document names an
	// encoding that is not supported.
	BadEncoding
	// BadCharacter: a character that XML 1.0 forbids.
	BadCharacter
	// BadName: a word that is no name.
	BadName
	// BadNamespace: a prefix that is not declared, or declared wrongly.
	BadNamespace
	// Duplicate: two attributes of one name, or two declarations of one prefix.
	Duplicate
	// Refused: well-formed, but nothing that SOAP allows: DTD, entity,
	// processing instruction.
	Refused
	// UnknownString: a dictionary number that stands for nothing.
	UnknownString
	// Quota: a bound of Quotas or of the writer was crossed; Detail names it.
	Quota
	// BadValue: a value outside the range or the lexical form of its type.
	BadValue
	// Source: the io.Reader or io.Writer gave an error; Err is it.
	Source
	// Misuse: calls of a Writer in an order or with a content that makes no
	// document. The program is wrong, not the peer.
	Misuse
)

var reasonNames = [...]string{
	"", "malformed", "truncated", "bad encoding", "bad character", "bad name", "bad namespace",
	"duplicate", "refused", "unknown dictionary string", "quota exceeded", "bad value", "source", "misuse",
}

// String gives the words of a reason.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}

// Error is what is wrong, and where. All errors of this package and of the
// encodings are of this type.
type Error struct {
	Reason Reason
	// Offset is the place in the input (for writers: output), in bytes; -1 when
	// there is none.
	Offset int64
	// Path names the open elements, shortened in the middle when it is long.
	Path string
	// Detail says more, in lower case; it may quote a name, never a value.
	Detail string
	// Err is the cause, if another error is.
	Err error
}

// Error gives one line: reason, detail, place.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("xml: ")
	b.WriteString(e.Reason.String())
	if e.Detail != "" {
		b.WriteString(": ")
		b.WriteString(e.Detail)
	}
	if e.Offset >= 0 {
		b.WriteString(" at byte ")
		b.WriteString(strconv.FormatInt(e.Offset, 10))
	}
	if e.Path != "" {
		b.WriteString(" in ")
		b.WriteString(e.Path)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Clip shortens a word of a peer for a message, at most 64 bytes of it.
func Clip[T ~string | ~[]byte](word T) string {
	const most = 64
	if len(word) <= most {
		return strconv.QuoteToASCII(string(word))
	}
	return strconv.QuoteToASCII(string(word[:most])) + "..."
}
