package wsframe

// Error is a breach of the protocol by the peer, with the close code that answers it. All errors of this package are of
// this type and are shared variables: compare with ==, or take CloseCode by errors.As.
type Error struct {
	CloseCode int    // 1002, 1007 or 1009, RFC 6455 section 7.4.1
	Text      string // what the peer did, one line, fit for a close text
}

// Error returns the text with the package in front.
func (e *Error) Error() string { return "wsframe: " + e.Text }

// ErrAfterClose is the answer to every frame behind a Close frame. RFC 6455 section 5.5.1 forbids such frames, but a relay
// drops them without a word (hybrid reference, section 7), so it has a name to be told from the others.
var ErrAfterClose = &Error{CloseProtocol, "a frame came after the Close frame"}

// ErrTooLong says that a message is longer than the Sequence allows; the close code is 1009.
var ErrTooLong = &Error{CloseTooBig, "the message is longer than allowed here"}

var (
	errOpcode      = &Error{CloseProtocol, "the frame has an unknown opcode"}
	errLength      = &Error{CloseProtocol, "the payload length is not in its shortest form"}
	errHuge        = &Error{CloseProtocol, "the payload length does not fit in 63 bits"}
	errReserved    = &Error{CloseProtocol, "a reserved bit is set, and no extension was agreed on"}
	errUnmasked    = &Error{CloseProtocol, "the frame of a client is not masked"}
	errMasked      = &Error{CloseProtocol, "the frame of a server is masked"}
	errSplit       = &Error{CloseProtocol, "a control frame is fragmented"}
	errControlLong = &Error{CloseProtocol, "a control frame has more than 125 bytes"}
	errNoStart     = &Error{CloseProtocol, "a continuation frame came without a message to continue"}
	errInside      = &Error{CloseProtocol, "a new message began inside a fragmented one"}
	errCloseShort  = &Error{CloseProtocol, "the Close frame has one byte of a code only"}
	errCloseCode   = &Error{CloseProtocol, "the Close frame has a code that may not be sent"}
	errCloseText   = &Error{CloseBadData, "the text of the Close frame is not UTF-8"}
	errCloseLong   = &Error{CloseProtocol, "the Close frame has more than 125 bytes"}
)
