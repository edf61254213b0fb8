package httpserve

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
)

const (
	// headRoom stands before the data of a buffer: a chunk's size line, at most 8 digits and CRLF.
	headRoom = 16
	// tailRoom stands behind: CRLF and the last chunk.
	tailRoom = len("\r\n" + http1.LastChunk)
	// bodyBytes is how much of an answer is read at a time: a fragment of the service (reference section 6.3).
	bodyBytes = 32 << 10
	// together is the longest complete body that is copied behind its head; a longer one leaves from where it lies, in the same
	// write where the connection can.
	together = 16 << 10
)

type buffer [headRoom + bodyBytes + tailRoom]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

func getBuffer() *buffer  { return buffers.Get().(*buffer) }
func putBuffer(b *buffer) { buffers.Put(b) }

// heads are buffers for an answer's head with a short body behind it.
var heads = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// maxKept is the longest buffer that goes back into the pool.
const maxKept = 64 << 10

// writer writes an answer under a deadline that moves with progress.
type writer struct {
	moved      time.Time
	framing    http1.Framing
	untilClose bool
}

// send writes the answer. Whatever happens the response's body is closed.
func (x *exchange) send(res *shape.Response) {
	body := res.Body
	if body != nil {
		defer func() { _ = body.Close() }() // nothing is to be done about a body that does not close
	}
	if x.frame(res) {
		body = nil
	}
	buf := heads.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= maxKept {
			heads.Put(buf)
		}
	}()
	*buf = x.appendHead((*buf)[:0], res)
	whole, ok := body.(shape.Whole)
	switch {
	case body == nil:
		x.write(*buf)
	case !ok:
		if x.write(*buf) {
			x.stream(body)
		}
	case len(whole.Bytes()) <= together:
		*buf = append(*buf, whole.Bytes()...)
		x.write(*buf)
	default:
		x.gather(*buf, whole.Bytes())
	}
}

// frame settles how the end of the answer is found and whether the connection lasts. It reports whether the answer has no body
// on the wire (RFC 9112 section 6.3).
func (x *exchange) frame(res *shape.Response) (bare bool) {
	x.close = x.body.answering() || x.body.broken() || !http1.KeepAlive(x.head)
	size := int64(0)
	if res.Body != nil {
		size = res.Body.Size()
	}
	switch {
	case res.Status == 204 || res.Status == 304:
		return true
	case x.head.Method == "HEAD":
		if res.Body != nil && size >= 0 {
			x.out.framing = http1.Framing{Kind: http1.Length, Length: size}
		}
		return true
	case size >= 0:
		x.out.framing = http1.Framing{Kind: http1.Length, Length: size}
	case x.head.Minor == 0:
		x.out.framing, x.out.untilClose, x.close = http1.Framing{Kind: http1.UntilClose}, true, true
	default:
		x.out.framing = http1.Framing{Kind: http1.Chunked}
	}
	return res.Body == nil
}

// appendHead appends the answer's head.
func (x *exchange) appendHead(dst []byte, res *shape.Response) []byte {
	fields := res.Fields
	if !fields.Has("Date") {
		fields.Add("Date", time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")) // RFC 9110 section 5.6.7
	}
	h := http1.Head{Status: res.Status, Reason: res.Reason, Fields: fields}
	x.out.framing.Apply(&h)
	switch {
	case x.close:
		h.Fields.Add("Connection", "close")
	case x.head.Minor == 0:
		h.Fields.Add("Connection", "keep-alive")
	}
	return http1.AppendResponse(dst, &h)
}

// stream passes the body on as it comes: each read leaves at once.
func (x *exchange) stream(body shape.Body) {
	buf := getBuffer()
	defer putBuffer(buf)
	size, sent := x.out.framing.Length, int64(0)
	for {
		n, err := body.Read(buf[headRoom : headRoom+bodyBytes])
		ended := errors.Is(err, io.EOF)
		if sent += int64(n); x.out.framing.Kind == http1.Length && sent > size {
			n, err, ended = n-int(sent-size), io.ErrShortWrite, false // more than it said: it would be read as the next answer
		}
		if out := x.wrap(buf, n, ended); len(out) > 0 && !x.write(out) {
			return
		}
		switch {
		case err == nil:
		case ended && (x.out.framing.Kind != http1.Length || sent == size):
			return
		default:
			x.torn = true
			return
		}
	}
}

// wrap puts the framing around n bytes of data.
func (x *exchange) wrap(buf *buffer, n int, last bool) []byte {
	start, end := headRoom, headRoom+n
	if x.out.framing.Kind != http1.Chunked {
		return buf[start:end]
	}
	if n > 0 {
		var line [headRoom]byte
		size := http1.AppendChunkHeader(line[:0], int64(n))
		start -= copy(buf[headRoom-len(size):], size)
		end += copy(buf[end:], "\r\n")
	}
	if last {
		end += copy(buf[end:], http1.LastChunk)
	}
	return buf[start:end]
}

// write sends bytes to the sender; false: he does not take them.
func (x *exchange) write(b []byte) bool {
	x.moveDeadline()
	_, err := x.conn.Write(b)
	return x.wrote(err)
}

// gather sends a head and a body that lies elsewhere.
func (x *exchange) gather(head, body []byte) bool {
	x.moveDeadline()
	both := net.Buffers{head, body}
	_, err := both.WriteTo(x.conn)
	return x.wrote(err)
}

func (x *exchange) wrote(err error) bool {
	if err == nil {
		return true
	}
	x.gone, x.torn = true, true
	x.leave(fail.Wrap(fail.SenderGone, "answer", err))
	return false
}

func (x *exchange) moveDeadline() {
	if now := time.Now(); now.Sub(x.out.moved) >= min(settleTime, x.p.Write/4) {
		x.out.moved = now
		_ = x.conn.SetWriteDeadline(now.Add(x.p.Write)) // a dead connection says so at the write
	}
}

// broken reports whether the body can never be read to its end.
func (b *body) broken() bool {
	if !b.rmu.TryLock() {
		return false // somebody reads: it is not
	}
	defer b.rmu.Unlock()
	return b.err != nil && !errors.Is(b.err, errAbandoned)
}
