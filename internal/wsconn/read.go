package wsconn

import (
	"io"
	"sync/atomic"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

// readBytes is what a connection reads headers and short messages into; longer payloads go straight to the caller. It is
// also what an idle connection keeps.
const readBytes = 4 << 10

// reader is the incoming direction. It belongs to whoever holds Conn.rmu; alive is for the pulse.
type reader struct {
	buf    [readBytes]byte
	start  int // what has been read and not taken is buf[start:stop]
	stop   int
	more   []byte // read with the handshake, before buf is used
	seq    wsframe.Sequence
	remain int64                      // payload bytes missing of the present data frame
	fin    bool                       // it is the last of its message
	open   bool                       // a message has begun and its end was not reached
	turn   uint64                     // counts messages, so that a reader of an old one notices
	err    error                      // how the direction ended
	end    atomic.Pointer[closeFrame] // the peer's Close
	alive  atomic.Bool
}

// closeFrame is a Close of the peer.
type closeFrame struct {
	code int
	text string
}

// init makes a reader that begins with what came behind the handshake.
func (r *reader) init(read []byte) {
	r.seq.Role = wsframe.Client
	r.stop = copy(r.buf[:], read)
	if r.stop < len(read) {
		r.more = append(r.more, read[r.stop:]...)
	}
}

// read takes payload: within the present message only, or across messages. It waits for the first byte and then takes what
// is there. Within a message it gives 0 and no error where the message ends.
func (c *Conn) read(p []byte, within bool) (n int, err error) {
	r := &c.in
	for n < len(p) {
		switch {
		case r.remain > 0:
			m, err := c.payload(p[n:], n == 0)
			n += m
			if m == 0 {
				return n, err
			}
			continue
		case within && !r.open:
			return n, nil
		}
		if ok, end := c.advance(n == 0); !ok {
			if n == 0 {
				err = end
			}
			return n, err // an end comes again
		}
	}
	return n, nil
}

// advance comes closer to the next data frame, if need be by waiting. It reports false at the end of what is there.
func (c *Conn) advance(wait bool) (bool, error) {
	header, err := c.parse()
	if err != nil || header || !wait {
		return header, err
	}
	err = c.fill()
	return err == nil, err
}

// payload copies what is buffered of the present frame, or reads it, if that may wait.
func (c *Conn) payload(p []byte, wait bool) (n int, err error) {
	r := &c.in
	p = p[:min(int64(len(p)), r.remain)]
	for r.start == r.stop && len(r.more) == 0 {
		switch {
		case !wait:
			return 0, nil
		case len(p) < readBytes:
			if err := c.fill(); err != nil {
				return 0, err
			}
		default:
			if n, err = c.receive(p); n == 0 {
				return 0, err
			}
			r.took(n)
			return n, nil
		}
	}
	if r.start == r.stop {
		r.refill()
	}
	n = copy(p, r.buf[r.start:r.stop])
	r.start += n
	r.took(n)
	return n, nil
}

// took notes payload that was taken.
func (r *reader) took(n int) {
	r.remain -= int64(n)
	r.open = r.remain > 0 || !r.fin
}

// parse reads the next header that is buffered. It serves control frames and reports true for the header of a data frame,
// false when more bytes are needed.
func (c *Conn) parse() (bool, error) {
	r := &c.in
	if r.err != nil {
		return false, r.err
	}
	for {
		h, n, err := wsframe.Decode(r.buf[r.start:r.stop])
		if err != nil {
			return false, c.breach(err)
		}
		if n == 0 || h.Op.Control() && h.Len <= wsframe.MaxControl && int64(r.stop-r.start-n) < h.Len {
			return false, nil
		}
		if err := r.seq.Check(h); err != nil {
			return false, c.breach(err)
		}
		r.start += n
		if !h.Op.Control() {
			r.remain, r.fin = h.Len, h.Fin
			r.open = h.Len > 0 || !h.Fin
			if h.Op != wsframe.Cont {
				r.turn++
			}
			return true, nil
		}
		body := r.buf[r.start : r.start+int(h.Len)]
		r.start += len(body)
		if err := c.control(h.Op, body); err != nil {
			return false, err
		}
	}
}

// control serves a control frame. The error is the end of the direction.
func (c *Conn) control(op wsframe.Op, body []byte) error {
	r := &c.in
	switch op {
	case wsframe.Ping:
		c.owe(body)
	case wsframe.Close:
		code, text, err := wsframe.DecodeClose(body)
		if err != nil {
			return c.breach(err)
		}
		r.end.Store(&closeFrame{code, text})
		r.err = io.EOF
		if code != 0 && code != wsframe.CloseNormal {
			r.err = c.p.Closed(code, text)
		}
		return r.err
	}
	return nil
}

// breach ends the connection over what the peer must not send; it is told why.
func (c *Conn) breach(err error) error {
	c.in.err = c.lost("read", err)
	c.refuse(err)
	return c.in.err
}

// refill moves what is unread to the front and appends what came with the handshake.
func (r *reader) refill() {
	r.stop = copy(r.buf[:], r.buf[r.start:r.stop])
	r.start = 0
	n := copy(r.buf[r.stop:], r.more)
	r.stop += n
	if r.more = r.more[n:]; len(r.more) == 0 {
		r.more = nil
	}
}

// fill waits for bytes.
func (c *Conn) fill() error {
	r := &c.in
	if r.err != nil {
		return r.err
	}
	before := r.stop - r.start
	if r.refill(); r.stop > before {
		return nil
	}
	n, err := c.receive(r.buf[r.stop:])
	r.stop += n
	if n > 0 {
		return nil // the error comes again
	}
	return err
}

// receive reads from the carrier. A deadline is not an end: everything stays as it is.
func (c *Conn) receive(p []byte) (int, error) {
	r := &c.in
	if r.err != nil {
		return 0, r.err
	}
	c.flags.reading.Store(true)
	n, err := c.carrier.Read(p)
	c.flags.reading.Store(false)
	if n > 0 {
		r.alive.Store(true)
		return n, nil
	}
	switch {
	case err == nil:
		return 0, io.ErrNoProgress
	case c.isClosing():
		return 0, c.closed("read")
	case isTimeout(err):
		return 0, err
	}
	r.err = c.lost("read", err)
	return 0, r.err
}
