package wsconn

import (
	"errors"
	"net"
	"time"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

const (
	// closeTime is how long Close waits for the peer's Close. The .NET library waits as long for the end of TCP (reference
	// section 1, rule 8).
	closeTime = time.Second
	// closeBytes is how much of what the peer still sends Close reads and drops, before it cuts the peer off.
	closeBytes = 1 << 20
)

// CloseWrite ends the outgoing direction: the peer reads io.EOF behind what was written. The other direction goes on until
// the peer ends it; the gateway cuts both when nothing flows there for a minute (reference section 7).
func (c *Conn) CloseWrite() error {
	return c.CloseWriteCode(wsframe.CloseNormal, "Shutdown") // as .NET's Shutdown
}

// CloseWriteCode is CloseWrite with a code and a text of at most 123 bytes for the peer. A code that may not be sent (RFC 6455
// section 7.4) leaves both out; any but 1000 is no plain end to a peer of this package.
func (c *Conn) CloseWriteCode(code int, text string) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.out.shut {
		return nil
	}
	if err := c.begin(); err != nil {
		return err
	}
	defer c.done()
	return c.shutLocked(code, text)
}

// shutLocked writes what is owed and a Close frame. The caller holds wmu.
func (c *Conn) shutLocked(code int, text string) error {
	if err := c.flush(true); err != nil {
		return err
	}
	var body [wsframe.MaxControl]byte
	sent, err := c.send(c.frame(wsframe.Close, wsframe.AppendClose(body[:0], code, text)))
	c.out.shut = sent
	return err
}

// Close ends both directions. What was written still arrives; what the peer sends from now on is dropped. It waits up to a
// second for the peer to end its direction too, and cuts off a peer that goes on sending. Who must know that the peer has
// read everything uses CloseWrite and reads to io.EOF first.
//
// A Write that is under way is broken off: the peer then sees a loss, not an end, and Close says so. A second Close gives
// net.ErrClosed.
func (c *Conn) Close() error {
	broken, err := c.retire()
	if err != nil {
		return err
	}
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.out.err == nil {
		c.out.err = c.farewellLocked()
	}
	if c.out.err != nil {
		c.down(true)
		if broken {
			return c.out.err
		}
		return nil // it was lost before
	}
	c.down(!c.drain())
	return nil
}

// retire marks the connection closed and wakes who reads or writes; a ping or pong has a moment to leave. broken: somebody
// was writing.
func (c *Conn) retire() (broken bool, err error) {
	c.pulse.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false, c.closed("close")
	}
	c.closing = true
	_ = c.carrier.SetReadDeadline(time.Unix(1, 0))
	due := time.Now().Add(closeTime)
	if c.writing {
		due = time.Unix(1, 0)
	}
	_ = c.carrier.SetWriteDeadline(due)
	return c.writing, nil
}

// farewellLocked sends what is owed and the Close of Close. The caller holds wmu.
func (c *Conn) farewellLocked() error {
	w := &c.out
	frames := append([]byte(nil), w.rest...)
	if !w.shut {
		if w.open {
			frames = append(frames, c.frame(wsframe.Cont, nil)...)
		}
		var body [wsframe.MaxControl]byte
		frames = append(frames, c.frame(wsframe.Close, wsframe.AppendClose(body[:0], wsframe.CloseNormal, ""))...)
	}
	if len(frames) == 0 {
		return nil
	}
	w.shut = true
	_, err := c.carrier.Write(frames)
	return err
}

// drain reads and drops until the peer has ended its direction. It reports false for a peer that goes on sending.
func (c *Conn) drain() bool {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	if c.in.err != nil {
		return true
	}
	if c.carrier.SetReadDeadline(time.Now().Add(closeTime)) != nil {
		return true
	}
	var sink [readBytes]byte
	for dropped := 0; dropped < closeBytes; {
		n, err := c.read(sink[:], false)
		if dropped += n; err != nil {
			return true
		}
	}
	return false
}

// Abort ends both directions at once and without a word: the peer sees a loss. It is for a stream whose other half was lost,
// so that its end is not taken for a good one. After Close it does nothing.
func (c *Conn) Abort() {
	if _, err := c.retire(); err == nil {
		c.down(true)
	}
}

// refuse tells the peer what it must not send, and ends the connection.
func (c *Conn) refuse(err error) {
	var breach *wsframe.Error
	if errors.As(err, &breach) && c.wmu.TryLock() {
		var body [wsframe.MaxControl]byte
		c.signal(wsframe.Close, wsframe.AppendClose(body[:0], breach.CloseCode, breach.Text))
		c.out.shut = true
		c.wmu.Unlock()
	}
	c.pulse.stop()
	c.down(false)
}

// down ends the carrier; reset has the peer see a loss.
func (c *Conn) down(reset bool) {
	if !reset {
		_ = c.carrier.Close()
		return
	}
	conn := c.carrier
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn() // the goodbye of TLS could wait, and would be one
	}
	if l, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	_ = conn.Close()
}
