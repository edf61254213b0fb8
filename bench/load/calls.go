package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Records of .NET message framing ([MC-NMF] 2.2), as many as a session of calls has.
const (
	recordSized = 0x06 // a message: a length of 7 bits a byte, lowest first, and the bytes
	recordEnd   = 0x07
	recordAck   = 0x0B // of the preamble
	recordLast  = 0x0C // of the preamble
)

// preamble opens a duplex session of binary messages to a Via.
func preamble(via string) []byte {
	b := []byte{0x00, 1, 0, 0x01, 2, 0x02}
	b = append(appendSize(b, len(via)), via...)
	return append(b, 0x03, 0x08, recordLast)
}

func appendSize(b []byte, n int) []byte {
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// readSize reads a length of at most mostBody.
func readSize(br *bufio.Reader) (n int, err error) {
	for shift := 0; shift <= 21; shift += 7 {
		c, err := br.ReadByte()
		if err != nil {
			return 0, err
		}
		if n |= int(c&0x7f) << shift; c < 0x80 {
			if n > mostBody {
				break
			}
			return n, nil
		}
	}
	return 0, errors.New("a length is longer than any")
}

// serveCalls is the service's side of sessions behind the first byte of the first: each message goes back, made an answer if it is SOAP.
// Behind a session that has ended the next one may begin, as at a service of WCF. It knows only preambles of duplex sessions, with a known
// encoding and without an upgrade.
func serveCalls(c net.Conn, br *bufio.Reader) {
	var record []byte
	for inOrder := true; inOrder; {
		if record, inOrder = serveSession(c, br, record); inOrder {
			_, err := br.Discard(1) // of the next preamble
			inOrder = err == nil
		}
	}
}

// serveSession is one of them behind the first byte, to its end, and reports whether both sides have said that. It takes room for a record
// and gives it back.
func serveSession(c net.Conn, br *bufio.Reader, record []byte) ([]byte, bool) {
	if _, err := br.Discard(5); err != nil {
		return record, false
	}
	n, err := readSize(br)
	if err == nil {
		_, err = br.Discard(n + 3)
	}
	if err == nil {
		_, err = c.Write([]byte{recordAck})
	}
	for err == nil {
		var next []byte
		if next, err = br.Peek(1); err == nil && next[0] == recordEnd {
			_, _ = br.Discard(1) // it is there
			_, err = c.Write([]byte{recordEnd})
			return record, err == nil
		}
		if record, err = readRecord(br, record[:0]); err == nil {
			answer(record)
			_, err = c.Write(record)
		}
	}
	return record, false
}

// Records of .NET binary XML ([MC-NBFX] 2.2, [MC-NBFS] 2.1), as many as the answer to a message takes.
var (
	binaryEnvelope = []byte{0x56, 0x02} // s:Envelope
	messageID      = []byte{0x44, 0x1A} // a:MessageID
)

const relatesTo = 0x12 // the word in the place of MessageID

// answer makes a message of a session, SOAP in binary XML, the answer to itself: its body and its strings are what came, and what it had
// as its own identifier is what it relates to. Other records stay as they are.
func answer(record []byte) {
	_, b := cutSize(record[1:])
	strings, b := cutSize(b) // those that the session has not had, before the document
	if strings > len(b) {
		return
	}
	b = b[strings:]
	if i := bytes.Index(b, messageID); i > 0 && bytes.HasPrefix(b, binaryEnvelope) {
		b[i+1] = relatesTo
	}
}

// cutSize takes a length off, of 7 bits a byte, lowest first.
func cutSize(b []byte) (n int, rest []byte) {
	for i := range min(len(b), 5) {
		if n |= int(b[i]&0x7f) << (7 * i); b[i] < 0x80 {
			return n, b[i+1:]
		}
	}
	return 0, nil
}

// readRecord reads a sized record, with its head. The end of a session is io.EOF.
func readRecord(br *bufio.Reader, record []byte) ([]byte, error) {
	kind, err := br.ReadByte()
	if err != nil {
		return nil, err
	}
	switch kind {
	case recordEnd:
		return nil, io.EOF
	case recordSized:
	default:
		return nil, fmt.Errorf("record %#x", kind)
	}
	n, err := readSize(br)
	if err != nil {
		return nil, err
	}
	record = appendSize(append(record, recordSized), n)
	return readSome(br, record, n)
}

// NetTCP is where sessions of net.tcp go.
type NetTCP struct {
	Dial Dialer
	Via  string // net.tcp://host:port/path
}

// session is one that is open.
type session struct {
	net.Conn
	br        *bufio.Reader
	call, got []byte
}

func (p *NetTCP) open(place int, until time.Time) (*session, error) {
	c, err := p.Dial()
	if err != nil {
		return nil, err
	}
	s := &session{Conn: c, br: bufio.NewReaderSize(c, 4<<10)}
	err = c.SetDeadline(until)
	if err == nil {
		_, err = c.Write(preamble(p.Via))
	}
	var ack byte
	if err == nil {
		ack, err = s.br.ReadByte()
	}
	if err == nil && ack != recordAck {
		err = fmt.Errorf("the preamble is answered with record %#x", ack)
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("open a session to %s: %w", p.Via, err)
	}
	message := at(int64(place)*997, callBytes)
	s.call = append(appendSize([]byte{recordSized}, len(message)), message...)
	return s, nil
}

// turn is a call and its answer.
func (s *session) turn() (err error) {
	if _, err = s.Write(s.call); err != nil {
		return err
	}
	if s.got, err = readRecord(s.br, s.got[:0]); err != nil {
		return err
	}
	if !bytes.Equal(s.got, s.call) {
		return errors.New("the answer is not what was called with")
	}
	return nil
}

// callBytes is what one message carries.
const callBytes = 1 << 10

// Try shows that one call is answered.
func (p *NetTCP) Try() error {
	s, err := p.open(0, time.Now().Add(grace))
	if err != nil {
		return err
	}
	defer s.Close()
	return s.turn()
}

// Calls makes one call after the other in n sessions at once, as clients of NetTcpBinding do: 1 KiB forth, the same back.
func Calls(p *NetTCP, n int, dur time.Duration, w Window) (Result, error) {
	warm := dur / 5
	until := time.Now().Add(warm + dur + grace)
	var open crew
	defer func() { open.close() }()
	turns := make([]func() error, n)
	for i := range turns {
		s, err := p.open(i, until)
		if err != nil {
			return nil, err
		}
		open, turns[i] = append(open, s), s.turn
	}
	return repeat("ops", turns, dur, warm, w)
}
