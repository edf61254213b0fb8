package leg

import (
	"errors"
	"net"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

const (
	// lingerFor and lingerBytes bound what is read and dropped after a refusal, so that it is not lost by a reset.
	lingerFor   = 100 * time.Millisecond
	lingerBytes = 256 << 10
)

// Read implements shape.Leg.
func (w *WS) Read(b *shape.Batch) error {
	for {
		n, end := w.parse()
		if n > 0 {
			w.pending = end
			w.src.lull.Heard()
			b.Buf, b.Pieces = w.src.in.buf, w.src.in.pieces[:n]
			return nil
		}
		if end != nil {
			return w.ended(end)
		}
		w.src.missing = w.remain
		if err := w.src.fill(); err == shape.ErrLull { //nolint:errorlint // it comes bare
			return err
		} else if err != nil {
			return w.ended(&shape.End{Why: fail.Aborted, Cause: err})
		}
	}
}

// Lull implements shape.Idler.
func (w *WS) Lull(soon bool) { w.src.lull.Start(w.src.conn, soon) }

// Park implements shape.Idler.
func (w *WS) Park(ready func()) bool { return w.src.park(ready) }

// ended gives the read buffer back and prefers the reason of an abort to the broken read that it causes.
func (w *WS) ended(end *shape.End) *shape.End {
	w.src.in.release()
	if why := w.aborted.Load(); why != nil {
		return why
	}
	w.pending = end
	return end
}

// parse turns buffered bytes into pieces, whole frames and parts of them, and serves control frames on the way. It stops
// at the end of the bytes, of the pieces' room or of the direction.
func (w *WS) parse() (pieces int, end *shape.End) {
	if w.pending != nil {
		return 0, w.pending
	}
	in := &w.src.in
	for pieces < len(in.pieces) {
		if w.remain > 0 {
			if in.start == in.end {
				break
			}
			in.pieces[pieces] = w.payload()
			pieces++
			continue
		}
		h, n, err := wsframe.Decode(in.buf[in.start:in.end])
		if err != nil {
			return pieces, w.refuse(err)
		}
		if n == 0 || h.Op.Control() && h.Len <= wsframe.MaxControl && int64(in.end-in.start-n) < h.Len {
			break
		}
		if err := w.seq.Check(h); err != nil {
			return pieces, w.refuse(err)
		}
		in.start += n
		switch {
		case h.Op.Control():
			if end := w.control(h); end != nil {
				return pieces, end
			}
		case h.Len == 0 && h.Fin:
			in.pieces[pieces] = shape.Piece{Off: in.start, Text: w.seq.Message() == wsframe.Text, Last: true}
			pieces++
		default:
			w.remain, w.fin, w.key, w.phase = h.Len, h.Fin, h.Key, 0
			w.src.stride = int64(n) + h.Len
		}
	}
	return pieces, nil
}

// payload takes what is there of the present frame, unmasked in place.
func (w *WS) payload() shape.Piece {
	in := &w.src.in
	n := int(min(w.remain, int64(in.end-in.start)))
	if w.role == wsframe.Server {
		w.phase = wsframe.Mask(in.buf[in.start:in.start+n], w.key, w.phase)
	}
	p := shape.Piece{Off: in.start, Len: n, Text: w.seq.Message() == wsframe.Text, Last: w.fin && w.remain == int64(n)}
	in.start += n
	w.remain -= int64(n)
	return p
}

// control serves a whole control frame and returns the end that a Close is.
func (w *WS) control(h wsframe.Header) *shape.End {
	in := &w.src.in
	body := in.buf[in.start : in.start+int(h.Len)]
	in.start += len(body)
	if h.Masked {
		wsframe.Mask(body, h.Key, 0)
	}
	switch h.Op {
	case wsframe.Ping:
		w.owe(body)
	case wsframe.Close:
		code, text, err := wsframe.DecodeClose(body)
		if err != nil {
			return w.refuse(err)
		}
		return &shape.End{Why: fail.PeerClosed, Code: code, Text: text}
	}
	return nil
}

// refuse ends the connection over a breach of the protocol: the peer is told why before the stream comes down.
func (w *WS) refuse(err error) *shape.End {
	end := &shape.End{Why: fail.BadFrame, Cause: err}
	if breach, ok := errors.AsType[*wsframe.Error](err); ok {
		end.Code, end.Text = breach.CloseCode, breach.Text
	}
	if w.CloseWrite(end) == nil {
		w.lingered = true
		w.linger(lingerFor, lingerBytes)
	}
	return end
}

// linger reads and drops what the peer still sends, so that closing does not reset the connection under our last words.
func (w *WS) linger(most time.Duration, bytes int) {
	if c, ok := w.src.conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() != nil {
		return
	}
	if w.src.conn.SetReadDeadline(time.Now().Add(most)) != nil {
		return
	}
	var sink [4 << 10]byte // not the inbox: pieces in it are still to be delivered
	for dropped := 0; dropped < bytes; {
		n, err := w.src.conn.Read(sink[:])
		if err != nil {
			return
		}
		dropped += n
	}
}

// netConn is what a TLS connection stands on.
type netConn interface{ NetConn() net.Conn }
