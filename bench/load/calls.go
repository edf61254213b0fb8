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

// serveCalls is the service's side of a session behind its first byte: each message goes back as it came. It knows only the preamble
// that Calls sends.
func serveCalls(c net.Conn, br *bufio.Reader) {
	if _, err := br.Discard(5); err != nil {
		return
	}
	n, err := readSize(br)
	if err == nil {
		_, err = br.Discard(n + 3)
	}
	if err == nil {
		_, err = c.Write([]byte{recordAck})
	}
	var record []byte
	for err == nil {
		if record, err = readRecord(br, record[:0]); err == nil {
			_, err = c.Write(record)
		}
	}
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
