package httpserve

import (
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// bufferBytes is what an answer is written with: the data of a TLS record with a head before it.
const bufferBytes = 20 << 10

type buffer [bufferBytes]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func getBuffer() *buffer  { return buffers.Get().(*buffer) }
func putBuffer(b *buffer) { buffers.Put(b) }

// send writes the answer. Whatever happens the response's body is closed.
func (x *exchange) send(res *shape.Response) {
	if res.Body != nil {
		defer func() { _ = res.Body.Close() }() // nothing is to be done about a body that does not close
	}
	bare := x.frame(res)
	buf := getBuffer()
	defer putBuffer(buf)
	head := x.appendHead(buf[:0], res)
	if whole, ok := res.Body.(shape.Whole); ok && !bare {
		if data := whole.Bytes(); x.gathers(len(head), len(data)) {
			x.torn = x.writeBoth(head, data) != nil
			return
		}
	}
	x.out.Reset((*outlet)(x), x.framing, head)
	x.torn = x.pass(res.Body, bare) != nil
}

// gathers reports whether an answer is better written from where it lies, head and body in one system call, than copied together. By TLS
// each would be a record of its own.
func (x *exchange) gathers(head, data int) bool {
	_, bare := x.conn.(syscall.Conn)
	return bare && head+data > bufferBytes && x.framing.Kind == http1.Length && x.framing.Length == int64(data)
}

// writeBoth writes a head and its body.
func (x *exchange) writeBoth(head, data []byte) error {
	x.readyToWrite()
	x.pair = [2][]byte{head, data}
	x.both = x.pair[:]
	_, err := nowait.Gather(x.conn, &x.both)
	x.pair = [2][]byte{}
	x.wrote(err)
	return err
}

// pass writes the head and what the answer has behind it.
func (x *exchange) pass(body shape.Body, bare bool) error {
	if bare || body == nil {
		return x.out.Flush()
	}
	if whole, ok := body.(shape.Whole); ok {
		if _, err := x.out.Write(whole.Bytes()); err != nil {
			return err
		}
		return x.out.Close()
	}
	_, err := x.out.Copy(body)
	return err
}

// frame settles how the end of the answer is found and whether the connection lasts. It reports whether the answer has no body
// on the wire (RFC 9112 section 6.3).
func (x *exchange) frame(res *shape.Response) (bare bool) {
	x.close = x.body.answering() || x.body.broken() || x.body.lost() || !http1.KeepAlive(x.head)
	size := int64(0)
	if res.Body != nil {
		size = res.Body.Size()
	}
	switch {
	case res.Status == 204 || res.Status == 304:
		return true
	case x.head.Method == "HEAD":
		if res.Body != nil && size >= 0 {
			x.framing = http1.Framing{Kind: http1.Length, Length: size}
		}
		return true
	case size >= 0:
		x.framing = http1.Framing{Kind: http1.Length, Length: size}
	case x.head.Minor == 0:
		x.framing, x.close = http1.Framing{Kind: http1.UntilClose}, true
	default:
		x.framing = http1.Framing{Kind: http1.Chunked}
	}
	return false
}

// appendHead appends the answer's head.
func (x *exchange) appendHead(dst []byte, res *shape.Response) []byte {
	h := http1.Head{Status: res.Status, Reason: res.Reason, Fields: res.Fields}
	if !h.Fields.Has("Date") {
		h.Fields.Add("Date", date(time.Now()))
	}
	x.framing.Apply(&h)
	switch {
	case x.close:
		h.Fields.Add("Connection", "close")
	case x.head.Minor == 0:
		h.Fields.Add("Connection", "keep-alive")
	}
	return http1.AppendResponse(dst, &h)
}

// second is a second and its text in a Date field.
type second struct {
	unix int64
	text string
}

// lastSecond is the one that was last asked for: a gateway answers many requests in each.
var lastSecond atomic.Pointer[second]

// date is a time as a Date field has it (RFC 9110 section 5.6.7).
func date(now time.Time) string {
	unix := now.Unix()
	if s := lastSecond.Load(); s != nil && s.unix == unix {
		return s.text
	}
	s := &second{unix, now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")}
	lastSecond.Store(s)
	return s.text
}

// outlet is where an answer is written: the connection under a deadline that moves with progress.
type outlet exchange

// Write implements io.Writer. What the kernel has room for needs no deadline: it cannot be late.
func (o *outlet) Write(p []byte) (int, error) {
	x := (*exchange)(o)
	n, err := nowait.WriteReady(x.conn, p, func() error { x.readyToWrite(); return nil })
	x.wrote(err)
	return n, err
}

// readyToWrite moves the write deadline, unless it was moved a moment ago: by this answer, or by the one before on this connection.
func (x *exchange) readyToWrite() {
	if now := time.Now(); x.writeBy.Sub(now) <= x.p.Write-min(settleTime, x.p.Write/4) {
		x.writeBy = now.Add(x.p.Write)
		_ = x.conn.SetWriteDeadline(x.writeBy) // a dead connection says so at the write
	}
}

// wrote notes that a sender has gone who took no more.
func (x *exchange) wrote(err error) {
	if err != nil {
		x.gone = true
		x.leave(fail.Wrap(fail.SenderGone, "answer", err))
	}
}

// errAbandoned is what a read of a body gives that was closed.
var errAbandoned error = fail.New(fail.SenderGone, "The request was abandoned.")
