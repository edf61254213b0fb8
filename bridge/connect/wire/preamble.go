// Package wire owns the preamble by which the two ends of azbridge agree on a port before bytes flow over a hybrid connection
// (Hybrid Connections reference section 16.7). Both roles are here: the forwarding end says Hello, the listening end Answer.
//
// It owns no connection and no deadline: bytes and values only. Functions may be called from any goroutine.
package wire

import (
	"errors"
	"unicode/utf8"
)

// Mode is what flows behind the preamble.
type Mode byte

// The modes of the preamble. We carry streams; datagrams are known so that they can be refused in the peer's own words.
const (
	Stream   Mode = 0
	Datagram Mode = 1
)

const (
	// HeadBytes is how long the fixed part of a Hello is: version, mode, length of the name.
	HeadBytes = 4
	// MaxName bounds the name of a port: its length is one byte.
	MaxName = 255
	// AnswerBytes is how long an Answer is.
	AnswerBytes = 3

	major, minor = 1, 0
)

// Errors of a preamble that is not to be understood.
var (
	// ErrShort: more bytes are needed.
	ErrShort = errors.New("azbridge preamble: incomplete")
	// ErrVersion: the peer speaks another version of the preamble, or none. The answer is VersionUnknown.
	ErrVersion = errors.New("azbridge preamble: unknown version")
	// ErrMode: the mode is neither stream nor datagram. The answer is ModeMismatch.
	ErrMode = errors.New("azbridge preamble: unknown mode")
	// ErrName: the name of the port is longer than MaxName or no UTF-8.
	ErrName = errors.New("azbridge preamble: the port name must be UTF-8 of at most 255 bytes")
)

// Hello is what the forwarding end says first.
type Hello struct {
	Mode Mode
	Port string // the name of the port at the listening end; at most MaxName bytes
}

// AppendHead appends the fixed part of h, which azbridge sends as a message of its own. The name is the second message.
func (h Hello) AppendHead(dst []byte) ([]byte, error) {
	if len(h.Port) > MaxName || !utf8.ValidString(h.Port) {
		return dst, ErrName
	}
	return append(dst, major, minor, byte(h.Mode), byte(len(h.Port))), nil
}

// DecodeHead reads the fixed part and gives how many bytes the name behind it has. It wants all HeadBytes.
func DecodeHead(b []byte) (mode Mode, name int, err error) {
	switch {
	case len(b) < HeadBytes:
		return 0, 0, ErrShort
	case b[0] != major || b[1] != minor:
		return 0, 0, ErrVersion
	case Mode(b[2]) != Stream && Mode(b[2]) != Datagram:
		return 0, 0, ErrMode
	}
	return Mode(b[2]), int(b[3]), nil
}

// DecodeHello reads a whole Hello and gives how many bytes it took.
func DecodeHello(b []byte) (h Hello, n int, err error) {
	mode, name, err := DecodeHead(b)
	if err != nil {
		return Hello{}, 0, err
	}
	n = HeadBytes + name
	if len(b) < n {
		return Hello{}, 0, ErrShort
	}
	port := b[HeadBytes:n]
	if !utf8.Valid(port) {
		return Hello{}, 0, ErrName
	}
	return Hello{Mode: mode, Port: string(port)}, n, nil
}

// Answer is what the listening end says to a Hello.
type Answer byte

// The answers. Behind each but StreamAgreed and DatagramAgreed the listening end closes.
const (
	StreamAgreed   Answer = iota // bytes flow
	DatagramAgreed               // datagrams flow
	VersionUnknown               // it does not speak the version of the Hello
	DatagramWanted               // the port carries datagrams, the Hello wanted a stream
	ModeMismatch                 // the port does not carry what the Hello wanted
)

// answers are the bytes of each, in the order of the constants.
var answers = [...][AnswerBytes]byte{
	StreamAgreed:   {major, minor, byte(Stream)},
	DatagramAgreed: {major, minor, byte(Datagram)},
	VersionUnknown: {0, 0, 0},
	DatagramWanted: {0, 0, 1},
	ModeMismatch:   {0, 0, 0xff},
}

// Append appends the bytes of an answer. It must be one of the constants.
func (a Answer) Append(dst []byte) []byte { return append(dst, answers[a][:]...) }

// DecodeAnswer reads an answer. Bytes that are none of them are ErrVersion: what stands at the other end is no azbridge.
func DecodeAnswer(b []byte) (Answer, error) {
	if len(b) < AnswerBytes {
		return 0, ErrShort
	}
	for a, bytes := range answers {
		if [AnswerBytes]byte(b[:AnswerBytes]) == bytes {
			return Answer(a), nil
		}
	}
	return 0, ErrVersion
}
