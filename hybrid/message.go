package hybrid

import (
	"fmt"
	"io"
	"slices"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// MessageType is the kind of a message: the relay carries both alike and tells the peer which it was.
type MessageType byte

// The kinds of messages. Whether a text message is UTF-8 is between sender and listener.
const (
	Binary MessageType = iota
	Text
)

// String is "binary" or "text".
func (t MessageType) String() string {
	if t == Text {
		return "text"
	}
	return "binary"
}

// maxMessage bounds what ReadMessage collects: 32 MiB. NextReader has no bound.
const maxMessage = 32 << 20

// NextReader waits for the next message and gives its kind and a reader of its payload, which ends with io.EOF where the
// message does. What is left of the message before is skipped. The reader is good until the next call of NextReader or
// ReadMessage; Read may be mixed in, it takes from the same message and then goes on behind it.
//
// The end of the direction is the error here as it is with Read.
func (c *Conn) NextReader() (MessageType, io.Reader, error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	t, err := c.next()
	if err != nil {
		return Binary, nil, c.over(err)
	}
	return t, &messageReader{c, c.in.turn}, nil
}

// ReadMessage reads the next message whole, into buf from its start; buf grows as needed, and may be nil. A message of more
// than 32 MiB is an *Error with the code TooLarge; use NextReader for those, which also reads what was left of this one.
func (c *Conn) ReadMessage(buf []byte) (MessageType, []byte, error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	t, err := c.next()
	buf = buf[:0]
	for err == nil && c.in.open {
		if len(buf) >= maxMessage {
			return t, buf, &Error{Op: "read", Target: c.target, Code: fail.TooLarge, TrackingID: c.tracking, Do: "use NextReader for long messages"}
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(512, int(min(c.in.remain, 1<<20))))
		}
		var n int
		n, err = c.read(buf[len(buf):min(cap(buf), maxMessage)], true)
		buf = buf[:len(buf)+n]
	}
	return t, buf, c.over(err)
}

// next skips the rest of the present message and waits for the header of the next.
func (c *Conn) next() (MessageType, error) {
	r := &c.in
	for r.open {
		if err := c.skip(); err != nil {
			return Binary, err
		}
	}
	for {
		header, err := c.parse()
		if err != nil {
			return Binary, err
		}
		if header {
			if r.seq.Message() == wsframe.Text {
				return Text, nil
			}
			return Binary, nil
		}
		if err := c.fill(); err != nil {
			return Binary, err
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
		return 0, fmt.Errorf("hybrid: read of a message that has passed: %w", io.ErrClosedPipe)
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
