package leg

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/netend"
)

// TCP is a connection of plain bytes as one side of a stream: FIN is the end of a direction, RST a loss. It keeps no
// message boundaries: each read is a message of its own towards a peer that has them. Make one with NewTCP.
type TCP struct {
	src source

	wmu      sync.Mutex
	out      outlet
	wclosed  bool
	finished atomic.Bool // wclosed, for the goroutine that reads

	aborted atomic.Pointer[shape.End]
	closed  sync.Once
}

// bytesCut divides what is read of a busy connection of bytes, so that it fills whole frames of 64 KiB or less towards a peer that
// has frames.
const bytesCut = 64 << 10

// Close code and text towards a peer that has them, when a byte stream has ended: what the service's own bridge sends
// (reference section 16.7).
const (
	endCode = 1000
	endText = "Shutdown"
)

// errReset is a reset of which only the write in the other direction was told.
var errReset = errors.New("leg: connection reset by peer")

// errTruncated is an end without the goodbye of TLS.
var errTruncated = errors.New("leg: the connection ended without a goodbye")

// NewTCP makes a leg of a connection. read is what was read of it already; it is copied. writeTimeout is how long one
// write may take; 0: DefaultWriteTimeout.
func NewTCP(conn net.Conn, read []byte, writeTimeout time.Duration) *TCP {
	if writeTimeout <= 0 {
		writeTimeout = DefaultWriteTimeout
	}
	t := &TCP{out: outlet{timeout: writeTimeout}}
	t.src.init(conn, read)
	t.src.stride = bytesCut
	return t
}

// Caps implements shape.Leg.
func (t *TCP) Caps() shape.Caps { return shape.Caps{HalfClose: true} }

// Read implements shape.Leg: one piece, everything that is there.
func (t *TCP) Read(b *shape.Batch) error {
	in := &t.src.in
	if in.start == in.end {
		if err := t.src.fill(); err == shape.ErrLull { //nolint:errorlint // it comes bare
			return err
		} else if err != nil {
			return t.ended(err)
		}
	}
	t.src.lull.Heard()
	in.pieces[0] = shape.Piece{Off: in.start, Len: in.end - in.start, Last: true}
	in.start = in.end
	b.Buf, b.Pieces = in.buf, in.pieces[:1]
	return nil
}

// Lull implements shape.Idler.
func (t *TCP) Lull(soon bool) { t.src.lull.Start(t.src.conn, soon) }

// Park implements shape.Idler.
func (t *TCP) Park(ready func()) bool { return t.src.park(ready) }

// ended gives the read buffer back and says how the direction ended.
func (t *TCP) ended(err error) *shape.End {
	t.src.in.release()
	if why := t.aborted.Load(); why != nil {
		return why
	}
	if errors.Is(err, io.EOF) && netend.Reset(t.src.conn) && !t.finished.Load() { // in this order: an own end may come meanwhile
		return &shape.End{Why: fail.Aborted, Cause: errReset}
	}
	if errors.Is(err, io.EOF) && truncated(t.src.conn) {
		return &shape.End{Why: fail.Aborted, Cause: errTruncated}
	}
	if errors.Is(err, io.EOF) {
		return &shape.End{Why: fail.PeerClosed, Code: endCode, Text: endText}
	}
	return &shape.End{Why: fail.Aborted, Cause: err}
}

// Write implements shape.Leg. Payloads move together inside the batch and leave in one write.
func (t *TCP) Write(b *shape.Batch) error { return t.WritePatient(b, nil) }

// WritePatient implements shape.Patient.
func (t *TCP) WritePatient(b *shape.Batch, waits func()) error {
	lockPatient(&t.wmu, waits)
	defer t.wmu.Unlock()
	if t.wclosed {
		return &shape.End{Why: fail.Aborted, Cause: errWriteClosed}
	}
	start := b.Pieces[0].Off
	out := b.Buf[start:start]
	for i := range b.Pieces {
		p := &b.Pieces[i]
		out = append(out, b.Buf[p.Off:p.Off+p.Len]...)
	}
	if len(out) == 0 {
		return nil
	}
	if err := t.out.write(t.src.conn, out, waits); err != nil {
		return lost(err)
	}
	return nil
}

// CloseWrite implements shape.Leg: FIN. The end's code and words have no place in bytes.
func (t *TCP) CloseWrite(*shape.End) error {
	t.wmu.Lock()
	defer t.wmu.Unlock()
	if t.wclosed {
		return nil
	}
	t.wclosed = true
	t.finished.Store(true)
	if c, ok := t.src.conn.(interface{ CloseWrite() error }); ok {
		if t.Wire() == nil { // the kernel's FIN waits for nobody
			_ = t.src.conn.SetWriteDeadline(time.Now().Add(t.out.timeout)) // for the goodbye of TLS; a closed connection says so next
		}
		return c.CloseWrite()
	}
	return nil // no half-close: the end of the other direction closes
}

// Abort implements shape.Leg: RST.
func (t *TCP) Abort(end *shape.End) {
	if t.aborted.CompareAndSwap(nil, end) {
		t.closed.Do(func() { hangUp(t.src.conn, true) })
	}
}

// Close implements shape.Leg.
func (t *TCP) Close() {
	t.aborted.CompareAndSwap(nil, endClosed)
	t.closed.Do(func() { hangUp(t.src.conn, false) })
}

// Wire implements flow.Wired.
func (t *TCP) Wire() *net.TCPConn {
	switch c := t.src.conn.(type) {
	case *net.TCPConn:
		return c
	case interface{ TCP() *net.TCPConn }:
		return c.TCP()
	default:
		return nil
	}
}

// hangUp closes a connection; reset makes the peer see a loss and not an end.
func hangUp(conn net.Conn, reset bool) {
	below := conn
	if reset {
		if t, ok := conn.(netConn); ok {
			below = t.NetConn()
		}
		if l, ok := below.(interface{ SetLinger(sec int) error }); ok {
			_ = l.SetLinger(0)
		}
	}
	_ = below.Close()
}
