package wsframe

import "encoding/binary"

// Op is the opcode of a frame, RFC 6455 section 5.2.
type Op byte

// The opcodes that exist; all others are refused by Decode.
const (
	Cont   Op = 0x0 // a further fragment of the message that runs
	Text   Op = 0x1 // first or only fragment of a text message
	Binary Op = 0x2 // first or only fragment of a binary message
	Close  Op = 0x8 // the last frame of a direction
	Ping   Op = 0x9 // to be answered by a Pong with the same payload
	Pong   Op = 0xA // the answer, or a sign of life nobody asked for
)

// Control tells whether op is one of Close, Ping and Pong, which stand between the fragments of a message.
func (op Op) Control() bool { return op&0x8 != 0 }

// String returns the word RFC 6455 uses for op.
func (op Op) String() string {
	if int(op) < len(opNames) && opNames[op] != "" {
		return opNames[op]
	}
	return "reserved"
}

var opNames = [16]string{Cont: "continuation", Text: "text", Binary: "binary", Close: "close", Ping: "ping", Pong: "pong"}

// MaxHeader is the length of the longest header: two bytes, an 8-byte length and a masking key.
const MaxHeader = 14

// MaxControl is the greatest payload of a control frame, RFC 6455 section 5.5.
const MaxControl = 125

// Header is a frame without its payload.
type Header struct {
	Fin    bool    // last fragment of its message
	Rsv    byte    // the three reserved bits, 0 to 7; not 0 only by an extension
	Op     Op      // one of the six constants
	Masked bool    // the payload is masked with Key
	Key    [4]byte // zero when Masked is false
	Len    int64   // payload bytes, never negative
}

const (
	finBit  = 0x80
	maskBit = 0x80
	len16   = 126 // a 2-byte length follows
	len64   = 127 // an 8-byte length follows
)

// Decode reads the header at the start of b and returns how many bytes it takes; the payload follows. n is 0 when b ends
// inside the header: call again with more, at most MaxHeader bytes. Opcodes that do not exist, lengths that are not in
// their shortest form and lengths above 63 bits are errors (RFC 6455 section 5.2); what depends on the frames before is
// the work of Sequence. h is meaningless unless n > 0.
func Decode(b []byte) (h Header, n int, err error) {
	if len(b) < 2 {
		return h, 0, nil
	}
	h.Fin = b[0]&finBit != 0
	h.Rsv = b[0] >> 4 & 7
	h.Op = Op(b[0] & 0xF)
	if opNames[h.Op] == "" {
		return h, 0, errOpcode
	}
	h.Masked = b[1]&maskBit != 0
	h.Len = int64(b[1] &^ maskBit)
	n = 2
	if h.Len >= len16 {
		if h.Len, n, err = decodeLength(b, h.Len); n == 0 {
			return h, 0, err
		}
	}
	if h.Masked {
		if len(b) < n+4 {
			return h, 0, nil
		}
		h.Key = [4]byte(b[n:])
		n += 4
	}
	return h, n, nil
}

// decodeLength reads the extended length behind the first two bytes and returns where it ends, 0 for not yet or never.
func decodeLength(b []byte, form int64) (length int64, n int, err error) {
	if form == len16 {
		if len(b) < 4 {
			return 0, 0, nil
		}
		v := binary.BigEndian.Uint16(b[2:])
		if v < len16 {
			return 0, 0, errLength
		}
		return int64(v), 4, nil
	}
	if len(b) < 10 {
		return 0, 0, nil
	}
	v := binary.BigEndian.Uint64(b[2:])
	if v>>63 != 0 {
		return 0, 0, errHuge
	}
	if v <= 0xFFFF {
		return 0, 0, errLength
	}
	return int64(v), 10, nil
}

// HeaderSize returns how many bytes a header takes whose second byte is this, 2 to MaxHeader: what Decode needs of it.
func HeaderSize(second byte) int {
	n := 2
	switch second &^ maskBit {
	case len16:
		n += 2
	case len64:
		n += 8
	}
	if second&maskBit != 0 {
		n += 4
	}
	return n
}

// Size returns the number of bytes the header takes on the wire, 2 to MaxHeader.
func (h Header) Size() int {
	n := 2
	switch {
	case h.Len > 0xFFFF:
		n += 8
	case h.Len >= len16:
		n += 2
	}
	if h.Masked {
		n += 4
	}
	return n
}

// Append appends the header to dst. It does not check h: a header that Decode gave, or one with an opcode of this package
// and a length that is not negative, comes out as it went in.
func Append(dst []byte, h Header) []byte {
	b0 := h.Rsv&7<<4 | byte(h.Op)&0xF
	if h.Fin {
		b0 |= finBit
	}
	var mask byte
	if h.Masked {
		mask = maskBit
	}
	switch {
	case h.Len > 0xFFFF:
		dst = append(dst, b0, mask|len64)
		dst = binary.BigEndian.AppendUint64(dst, uint64(h.Len))
	case h.Len >= len16:
		dst = append(dst, b0, mask|len16, byte(h.Len>>8), byte(h.Len))
	default:
		dst = append(dst, b0, mask|byte(h.Len))
	}
	if h.Masked {
		dst = append(dst, h.Key[:]...)
	}
	return dst
}

// Put writes the header so that it ends where b ends and returns where it begins: with b = buf[:off], a payload that
// stands at buf[off:] leaves with its header in one Write of buf[Put(buf[:off], h):]. It panics when b has not Size bytes.
func Put(b []byte, h Header) int {
	start := len(b) - h.Size()
	Append(b[:start], h)
	return start
}

// AppendFrame appends a whole frame: h with Len set to the length of payload, then payload, masked with h.Key if
// h.Masked. It is for control frames and short messages; payload itself is not changed.
func AppendFrame(dst []byte, h Header, payload []byte) []byte {
	h.Len = int64(len(payload))
	dst = Append(dst, h)
	dst = append(dst, payload...)
	if h.Masked {
		Mask(dst[len(dst)-len(payload):], h.Key, 0)
	}
	return dst
}
