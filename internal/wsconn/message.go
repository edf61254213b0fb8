package wsconn

import (
	"fmt"
	"io"
	"slices"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

// maxMessage bounds what ReadMessage collects: 32 MiB. NextReader has no bound.
const maxMessage = 32 << 20

// NextReader waits for the next message and gives its kind and a reader of its payload, which ends with io.EOF where the
// message does. What is left of the message before is skipped. The reader is good until the next call of NextReader or
// ReadMessage; Read may be mixed in, it takes from the same message and then goes on behind it.
//
// The end of the direction is the error here as it is with Read.
func (c *Conn) NextReader() (text bool, r io.Reader, err error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	if text, err = c.next(); err != nil {
		return false, nil, c.over(err)
	}
	return text, &messageReader{c, c.in.turn}, nil
}

// ReadMessage reads the next message whole, into buf from its start; buf grows as needed, and may be nil. A message of more
// than 32 MiB is ErrTooLong, what was read of it beside it.
func (c *Conn) ReadMessage(buf []byte) (text bool, message []byte, err error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	text, err = c.next()
	buf = buf[:0]
	for err == nil && c.in.open {
		if len(buf) >= maxMessage {
			return text, buf, ErrTooLong
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(512, int(min(c.in.remain, framePayload))))
		}
		var n int
		n, err = c.read(buf[len(buf):min(cap(buf), maxMessage)], true)
		buf = buf[:len(buf)+n]
	}
	return text, buf, c.over(err)
}

// next skips the rest of the present message and waits for the header of the next.
func (c *Conn) next() (text bool, err error) {
	r := &c.in
	for r.open {
		if err := c.skip(); err != nil {
			return false, err
		}
	}
	for {
		header, err := c.parse()
		if err != nil {
			return false, err
		}
		if header {
			return r.seq.Message() == wsframe.Text, nil
		}
		if err := c.fill(); err != nil {
			return false, err
		}
	}
}

// skip drops a piece of the present message.
func (c *Conn) skip() error {
	var sink [512]byte
	_, err := c.read(sink[:], true)
	return err
}

// messageReader reads one message.
type messageReader struct {
	c    *Conn
	turn uint64
}

// Read implements io.Reader.
func (m *messageReader) Read(p []byte) (int, error) {
	c := m.c
	c.rmu.Lock()
	defer c.rmu.Unlock()
	if m.turn != c.in.turn {
		return 0, fmt.Errorf("read of a message that has passed: %w", io.ErrClosedPipe)
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := c.read(p, true)
	if n == 0 && err == nil {
		return 0, io.EOF
	}
	return n, c.over(err)
}
