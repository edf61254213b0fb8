package upgrade

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"sync"

	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// inbound turns the frames of a gateway into those of a client: masked, with a key of zeros, so that payloads stay as they are.
type inbound struct {
	rest    []byte // read, not translated
	head    headers
	pending []byte // of head, not yet given
	payload int64  // missing of the present frame
	buf     []byte
}

// read gives what there is, and waits when there is nothing.
func (r *inbound) read(conn net.Conn, p []byte) (n int, err error) {
	for n == 0 && len(p) > 0 {
		for n < len(p) && (len(r.pending) > 0 || len(r.rest) > 0) {
			m, err := r.step(p[n:])
			if err != nil {
				return n, err
			}
			if m == 0 && len(r.pending) == 0 && r.payload == 0 {
				break // half a header
			}
			n += m
		}
		if n > 0 {
			return n, nil
		}
		if r.payload > 0 && len(r.rest) == 0 { // straight to the reader
			n, err = conn.Read(p[:min(int64(len(p)), r.payload)])
			r.payload -= int64(n)
			return n, err
		}
		if err := r.fill(conn); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// step gives a piece: of a header, or of a payload.
func (r *inbound) step(p []byte) (int, error) {
	if len(r.pending) > 0 {
		n := copy(p, r.pending)
		r.pending = r.pending[n:]
		return n, nil
	}
	if r.payload > 0 {
		n := copy(p[:min(int64(len(p)), r.payload)], r.rest)
		r.rest = r.rest[n:]
		r.payload -= int64(n)
		return n, nil
	}
	h, used, err := wsframe.Decode(r.rest)
	if err != nil {
		return 0, bad(err)
	}
	if used == 0 {
		return 0, nil
	}
	if h.Masked {
		return 0, bad(errors.New("the gateway masked a frame"))
	}
	r.rest = r.rest[used:]
	h.Masked, h.Key = true, [4]byte{}
	r.pending, r.payload = wsframe.Append(r.head[:0], h), h.Len
	return 0, nil
}

// fill reads more, behind what is left of a header.
func (r *inbound) fill(conn net.Conn) error {
	if r.buf == nil {
		r.buf = make([]byte, 4<<10)
	}
	kept := copy(r.buf, r.rest)
	n, err := conn.Read(r.buf[kept:])
	r.rest = r.buf[:kept+n]
	if n > 0 {
		return nil
	}
	return err
}

// outbound turns a server's answer into a head and then the frames of a client.
type outbound struct {
	head     []byte // what was written of the answer's head
	answered bool
	partial  headers // of a frame header
	have     int
	payload  int64
	key      [4]byte
	pos      int
}

// collect takes bytes of the head. head is nil while it is not whole; used is how many of p it took.
func (w *outbound) collect(p []byte) (head *http1.Head, used int, err error) {
	before := len(w.head)
	w.head = append(w.head, p[:min(len(p), maxHead-before)]...)
	head, size, err := http1.DecodeResponse(w.head, http1.Limits{Bytes: maxHead})
	switch {
	case err != nil:
		return nil, 0, err
	case size == 0 && len(w.head) == maxHead:
		return nil, 0, errors.New("the head of the answer is too long")
	case size == 0:
		return nil, len(p), nil
	case head.Status < 200 && head.Status != 101: // informational: the sender has one answer
		w.head = nil
		rest := p[size-before:]
		if len(rest) == 0 {
			return nil, len(p), nil
		}
		head, used, err = w.collect(rest)
		return head, size - before + used, err
	}
	w.head, w.answered = nil, true
	return head, size - before, nil
}

// pieces are buffers for frames on their way out.
var pieces = sync.Pool{New: func() any { b := make([]byte, 0, pieceBytes); return &b }}

// write masks frames and sends them, as many as fit a piece at a time.
func (w *outbound) write(conn net.Conn, p []byte) (n int, err error) {
	buf := pieces.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer pieces.Put(buf)
	for n < len(p) {
		b := (*buf)[:0]
		taken := 0
		for n+taken < len(p) && len(b) < pieceBytes-wsframe.MaxHeader {
			var used int
			if b, used, err = w.step(b, p[n+taken:]); err != nil {
				return n, err
			}
			taken += used
		}
		if len(b) > 0 {
			if _, err := conn.Write(b); err != nil {
				return n, err
			}
		}
		n += taken
	}
	return n, nil
}

// step translates a header, or a piece of a payload.
func (w *outbound) step(b, p []byte) ([]byte, int, error) {
	if w.payload > 0 {
		m := int(min(int64(len(p)), w.payload, int64(pieceBytes-len(b))))
		start := len(b)
		b = append(b, p[:m]...)
		w.pos = wsframe.Mask(b[start:], w.key, w.pos)
		w.payload -= int64(m)
		return b, m, nil
	}
	before := w.have
	w.have += copy(w.partial[w.have:], p)
	h, used, err := wsframe.Decode(w.partial[:w.have])
	switch {
	case err != nil:
		return b, 0, bad(err)
	case used == 0:
		return b, w.have - before, nil
	case h.Masked:
		return b, 0, bad(errors.New("a server's frame is masked"))
	}
	w.have, w.payload, w.pos = 0, h.Len, 0
	binary.LittleEndian.PutUint32(w.key[:], rand.Uint32()) // it protects proxies, not secrets (RFC 6455 section 10.3)
	h.Masked, h.Key = true, w.key
	return wsframe.Append(b, h), used - before, nil
}
