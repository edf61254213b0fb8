package wsconn

import (
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

const (
	// framePayload is the longest payload of one frame of ours; a longer message leaves in fragments, so that pings find gaps.
	framePayload = 64 << 10
	// controlTime bounds a control frame: the service gives up a peer that takes nothing for as long (reference section 7).
	controlTime = 60 * time.Second
)

// frames are buffers for a frame with its header.
var frames = sync.Pool{New: func() any { return new([wsframe.MaxHeader + framePayload]byte) }}

// writer is the outgoing direction. It belongs to whoever holds Conn.wmu.
type writer struct {
	rest   []byte    // of a frame that a deadline cut in two
	open   bool      // the last fragment of a message is missing
	shut   bool      // our Close has left
	err    error     // why nothing can be written any more
	due    time.Time // deadline that the carrier has
	masked [wsframe.MaxHeader + wsframe.MaxControl]byte
}

// Write implements net.Conn: p becomes one binary message. Nothing is sent for an empty p, which some peers would take for
// the end of the stream.
func (c *Conn) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return c.write(wsframe.Binary, p, false, true)
}

// WriteMessage sends one message, which may be empty. A deadline that cuts it leaves the peer with the beginning of it, and
// the next message ends it there.
func (c *Conn) WriteMessage(text bool, p []byte) error {
	op := wsframe.Binary
	if text {
		op = wsframe.Text
	}
	_, err := c.write(op, p, true, true)
	return err
}

// WritePiece sends a piece of a binary message of unknown length: the first begins the message, the one with last, which may
// be empty, ends it. Nothing else is written between them.
func (c *Conn) WritePiece(p []byte, last bool) error {
	if len(p) == 0 && !last {
		return nil
	}
	_, err := c.write(wsframe.Binary, p, false, last)
	return err
}

func (c *Conn) write(op wsframe.Op, p []byte, whole, last bool) (int, error) {
	c.wmu.Lock()
	n, err := c.writeLocked(op, p, whole, last)
	c.wmu.Unlock()
	c.payPong()
	return n, err
}

// writeLocked sends a message or a piece of one: whole is that of flush, ends tells that the message ends with p. The bytes
// that it reports have left, or will with whatever is written next.
func (c *Conn) writeLocked(op wsframe.Op, p []byte, whole, ends bool) (n int, err error) {
	if err := c.begin(); err != nil {
		return 0, err
	}
	defer c.done()
	if err := c.flush(whole); err != nil {
		return 0, err
	}
	frame := frames.Get().(*[wsframe.MaxHeader + framePayload]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer frames.Put(frame)
	for first := true; first || n < len(p); first = false {
		m := min(len(p)-n, framePayload)
		last := ends && n+m == len(p)
		body := frame[wsframe.MaxHeader : wsframe.MaxHeader+m]
		copy(body, p[n:])
		h := wsframe.Header{Fin: last, Op: op, Masked: true, Key: maskKey(), Len: int64(m)}
		if c.out.open {
			h.Op = wsframe.Cont
		}
		wsframe.Mask(body, h.Key, 0)
		start := wsframe.Put(frame[:wsframe.MaxHeader], h)
		sent, err := c.send(frame[start : wsframe.MaxHeader+m])
		if sent {
			c.out.open = !last
			n += m
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// begin lets a write of the caller's start: its deadline holds on the carrier from here to done.
func (c *Conn) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closing:
		return c.closed("write")
	case c.out.err != nil:
		return c.out.err
	case c.out.shut:
		return c.lost("write", ErrShut)
	case !c.due.IsZero() && !time.Now().Before(c.due):
		return os.ErrDeadlineExceeded // crypto/tls must not see it: a write that fails is its last one
	}
	c.writing = true
	return c.limitLocked(c.due)
}

// done ends what begin began.
func (c *Conn) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = false
	c.out.due = c.due
}

// limitLocked sets the carrier's deadline; the caller holds wmu and mu.
func (c *Conn) limitLocked(t time.Time) error {
	if c.out.due.Equal(t) {
		return nil
	}
	c.out.due = t
	return c.carrier.SetWriteDeadline(t)
}

// flush completes what a deadline cut: the frame and, before a whole message, the message.
func (c *Conn) flush(whole bool) error {
	w := &c.out
	if len(w.rest) > 0 {
		rest := w.rest
		w.rest = nil
		if _, err := c.send(rest); err != nil {
			if w.rest == nil {
				w.rest = rest
			}
			return err
		}
	}
	if !whole || !w.open {
		return nil
	}
	sent, err := c.send(c.frame(wsframe.Cont, nil))
	w.open = !sent
	return err
}

// send writes a frame. sent: it has left, or what is missing of it stands in rest.
func (c *Conn) send(frame []byte) (sent bool, err error) {
	n, err := c.carrier.Write(frame)
	c.flags.wrote.Store(true)
	switch {
	case err == nil:
		return true, nil
	case c.isClosing():
		c.out.err = c.closed("write")
		return false, c.out.err
	case isTimeout(err):
		if n > 0 {
			c.out.rest = append([]byte(nil), frame[n:]...)
		}
		return n > 0, err
	}
	c.out.err = c.lost("write", err)
	return false, c.out.err
}

// frame makes a frame with a short payload. It is valid until the next one; the caller holds wmu.
func (c *Conn) frame(op wsframe.Op, body []byte) []byte {
	h := wsframe.Header{Fin: true, Op: op, Masked: true, Key: maskKey()}
	return wsframe.AppendFrame(c.out.masked[:0], h, body)
}

// signal sends a control frame of ours, unless the direction has ended or a frame is cut in two. A loss shows itself to the
// next Read and Write. The caller holds wmu.
func (c *Conn) signal(op wsframe.Op, body []byte) (sent bool) {
	w := &c.out
	if w.shut || w.err != nil || len(w.rest) > 0 || !c.armSignal() {
		return false
	}
	if _, err := c.carrier.Write(c.frame(op, body)); err != nil {
		w.err = c.lost("write", err)
		return false
	}
	return true
}

// armSignal sets the deadline of a control frame, unless Close has set its own.
func (c *Conn) armSignal() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closing && c.limitLocked(time.Now().Add(controlTime)) == nil
}

// maskKey makes a masking key. It protects proxies, not secrets (RFC 6455 section 10.3).
func maskKey() [4]byte {
	k := rand.Uint32()
	return [4]byte{byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)}
}
