package leg

import (
	"errors"
	"math/rand/v2"
	"os"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// errWriteClosed is what a Write behind a Close gets.
var errWriteClosed = errors.New("leg: write after close")

// Write implements shape.Leg. Headers go into the gaps that the reader left; payloads move to the left, and all leaves in
// one write. It changes the batch.
func (w *WS) Write(b *shape.Batch) error { return w.WritePatient(b, nil) }

// WritePatient implements shape.Patient.
func (w *WS) WritePatient(b *shape.Batch, waits func()) error {
	lockPatient(&w.wmu, waits)
	err := w.writeLocked(b, waits)
	w.wmu.Unlock()
	w.payPong(waits)
	if err != nil && w.aborted.Load() != nil {
		err = &shape.End{Why: fail.Aborted, Cause: err}
	}
	w.part()
	return err
}

func (w *WS) writeLocked(b *shape.Batch, waits func()) error {
	if w.wclosed {
		return &shape.End{Why: fail.Aborted, Cause: errWriteClosed}
	}
	start, total := w.plan(b.Pieces)
	if start >= 0 {
		return w.sendLocked(w.layout(b.Buf[start:start], b), waits)
	}
	scratch := scratches.Get().(*[scratchBytes]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer scratches.Put(scratch)
	if total > len(scratch) {
		return w.sendLocked(w.layout(make([]byte, 0, total), b), waits) // no reader of ours makes such a batch
	}
	return w.sendLocked(w.layout(scratch[:0], b), waits)
}

// plan finds where the first header may stand so that no byte moves to the right; below 0 when there is no such place.
// total is the length of everything with its headers.
func (w *WS) plan(pieces []shape.Piece) (start, total int) {
	start = int(^uint(0) >> 1)
	for i := range pieces {
		p := &pieces[i]
		for done := 0; ; {
			n := w.cut(p.Len - done)
			total += w.headerSize(n)
			start = min(start, p.Off+done-total)
			total += n
			if done += n; done >= p.Len {
				break
			}
		}
	}
	return start, total
}

// layout appends every frame to dst, which may lie in the batch's own buffer at the place that plan found.
func (w *WS) layout(dst []byte, b *shape.Batch) []byte {
	for i := range b.Pieces {
		p := &b.Pieces[i]
		for done := 0; ; {
			n := w.cut(p.Len - done)
			h := wsframe.Header{Fin: p.Last && done+n >= p.Len, Op: w.opcode(p.Text), Len: int64(n)}
			if w.role == wsframe.Client {
				h.Masked, h.Key = true, newKey()
			}
			dst = wsframe.Append(dst, h)
			dst = append(dst, b.Buf[p.Off+done:p.Off+done+n]...)
			if h.Masked {
				wsframe.Mask(dst[len(dst)-n:], h.Key, 0)
			}
			w.inside = !h.Fin
			if done += n; done >= p.Len {
				break
			}
		}
	}
	return dst
}

// cut is how much of n bytes goes into one frame.
func (w *WS) cut(n int) int {
	if w.maxPiece > 0 && n > w.maxPiece {
		return w.maxPiece
	}
	return n
}

func (w *WS) headerSize(n int) int {
	return wsframe.Header{Len: int64(n), Masked: w.role == wsframe.Client}.Size()
}

// opcode is the kind of the message for its first frame and Cont for the others.
func (w *WS) opcode(text bool) wsframe.Op {
	switch {
	case w.inside:
		return wsframe.Cont
	case text:
		return wsframe.Text
	default:
		return wsframe.Binary
	}
}

// sendLocked writes bytes within the time for a write.
func (w *WS) sendLocked(p []byte, waits func()) error {
	if err := w.out.write(w.src.conn, p, waits); err != nil {
		w.torn = true
		return lost(err)
	}
	return nil
}

// lost says why a write failed: the peer took nothing for too long, or is gone.
func lost(err error) *shape.End {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &shape.End{Why: fail.WriteTimeout, Cause: err}
	}
	return &shape.End{Why: fail.Aborted, Cause: err}
}

// CloseWrite implements shape.Leg: a Close frame with the peer's own code and words. A second one does nothing.
func (w *WS) CloseWrite(end *shape.End) error {
	w.wmu.Lock()
	err := w.closeLocked(end)
	w.wmu.Unlock()
	w.part()
	return err
}

func (w *WS) closeLocked(end *shape.End) error {
	if w.wclosed {
		return nil
	}
	w.wclosed = true
	var body [wsframe.MaxControl]byte
	return w.sendLocked(w.controlFrame(wsframe.Close, wsframe.AppendClose(body[:0], end.Code, end.Text)), nil)
}

// controlFrame makes a control frame of the leg's role. It is valid until the next one; the caller holds wmu.
func (w *WS) controlFrame(op wsframe.Op, body []byte) []byte {
	h := wsframe.Header{Fin: true, Op: op}
	if w.role == wsframe.Client {
		h.Masked, h.Key = true, newKey()
	}
	w.controls = wsframe.AppendFrame(w.controls[:0], h, body)
	return w.controls
}

// newKey makes a masking key. It protects proxies, not secrets (RFC 6455 section 10.3), and our peers are gateways.
func newKey() [4]byte {
	k := rand.Uint32()
	return [4]byte{byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)}
}
