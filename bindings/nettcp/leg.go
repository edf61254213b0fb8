package nettcp

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
)

// sessionLeg is a client's side of one stream: bytes, and an eye on where the session ends. A next session with the same Via
// is of the same stream; any other ends it, and the line is kept for what comes.
type sessionLeg struct {
	*leg.TCP
	line    line
	fence   *fence // TLS ends here: it sees the end of the session, and each session is a stream. nil: the passage sees
	via     string // of the stream's sessions
	forward string // what the listener gets in its place; "": the same
	limits  framing.Limits
	patient time.Duration           // for a preamble that has begun
	quiet   *quiet                  // nil: a session may be as quiet as it likes
	cut     context.CancelCauseFunc // ends the stream for both sides

	// Of the goroutine that reads.
	skip    int // bytes of the first preamble, which are before the passage
	passage framing.Passage
	between bool   // the held bytes begin a preamble; else the passage wants more behind them
	held    []byte // read and not given yet
	slow    *time.Timer
	left    *time.Timer // the client broke its session off

	mu       sync.Mutex
	over     bool // the line goes on without this leg
	finished bool // the listener ended and the client was told: the line has to end
	closed   bool // the line is not this leg's any more
}

// Wire implements flow.Wired: bytes that the kernel moves are seen by nobody, so it moves none.
func (*sessionLeg) Wire() *net.TCPConn { return nil }

// Read implements shape.Leg.
func (s *sessionLeg) Read(b *shape.Batch) error {
	for {
		if len(s.held) > 0 {
			out, leave := s.settle()
			if leave {
				return s.leave()
			}
			if len(out) > 0 {
				put(b, out)
				return nil
			}
		}
		if err := s.TCP.Read(b); err != nil {
			return s.ended(b, err)
		}
		s.quiet.heard()
		if s.fence != nil {
			return nil
		}
		p := &b.Pieces[0]
		data := b.Buf[p.Off : p.Off+p.Len]
		if len(s.held) > 0 {
			s.held = append(s.held, data...) // bounded: a preamble has limits, a passage wants four bytes at most
			continue
		}
		n, over := s.pass(data)
		s.between, s.held = over, append(s.held, data[n:]...)
		if n > 0 {
			p.Len = n
			return nil
		}
	}
}

// Write implements shape.Leg.
func (s *sessionLeg) Write(b *shape.Batch) error {
	s.quiet.heard()
	return s.TCP.Write(b)
}

// Close implements shape.Leg.
func (s *sessionLeg) Close() {
	s.quiet.stop()
	if s.left != nil {
		s.left.Stop()
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.TCP.Close()
}

// pass is the passage, behind the first preamble.
func (s *sessionLeg) pass(b []byte) (n int, over bool) {
	k := min(s.skip, len(b))
	s.skip -= k
	n, over = s.passage.Pass(b[k:])
	return k + n, over
}

// settle gives what of the held bytes can go on, nothing when more are needed. leave: what they begin is not of this stream.
func (s *sessionLeg) settle() (out []byte, leave bool) {
	b := s.held
	if s.between {
		p, n, err := framing.ParsePreamble(b, s.limits)
		if errors.Is(err, framing.ErrShort) {
			s.wait()
			return nil, false
		}
		if s.slow != nil {
			s.slow.Stop()
			s.slow = nil
		}
		if err != nil || p.Via != s.via {
			return nil, true // whoever takes the line judges them
		}
		if out = p.Replay(); s.forward != "" {
			out = p.ReplayTo(s.forward)
		}
		s.passage, b = framing.NewPassage(p), b[n:]
	}
	n, over := s.passage.Pass(b)
	out = append(slices.Clip(out), b[:n]...)
	s.between, s.held = over, slices.Clone(b[n:])
	return out, false
}

// wait bounds how long a preamble may be on its way.
func (s *sessionLeg) wait() {
	if s.slow == nil {
		s.slow = time.AfterFunc(s.patient, func() {
			s.Abort(&shape.End{Why: fail.SlowHead, Text: "the next preamble did not arrive in time"})
		})
	}
}

// put makes a batch of bytes.
func put(b *shape.Batch, p []byte) {
	b.Buf = append(make([]byte, shape.Headroom, shape.Headroom+len(p)), p...)
	b.Pieces = append(b.Pieces[:0:0], shape.Piece{Off: shape.Headroom, Len: len(p), Last: true})
}

// ended is the end of what the client sends; behind TLS the client may go on in the clear.
func (s *sessionLeg) ended(b *shape.Batch, err error) error {
	if s.slow != nil {
		s.slow.Stop()
	}
	if s.fence != nil && s.fence.over.Load() {
		return s.leave()
	}
	end, ok := errors.AsType[*shape.End](err)
	switch {
	case !ok || end.Why != fail.PeerClosed:
	case len(s.held) > 0 && !s.between:
		put(b, s.held)
		s.held = nil
		return nil // and the end comes again
	case s.fence == nil && s.passage.Within():
		s.breakOff()
	}
	return err
}

// leaveTime is how long a service may take to end the session of a client that broke it off. WCF's own does so when it sees the end of the
// connection, which is passed on; one that hangs in a call never would, and the stream would outlive its client.
const leaveTime = 2 * time.Second

// breakOff bounds what is left of the stream.
func (s *sessionLeg) breakOff() {
	if s.left == nil {
		s.left = time.AfterFunc(leaveTime, func() {
			s.cut(&shape.End{Why: fail.Aborted, Text: "the client left within its session, and the service did not end it"})
		})
	}
}

// leave ends the client's direction of this stream. The line goes on, unless the client was told already that it ends.
func (s *sessionLeg) leave() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.finished && s.line.SetReadDeadline(time.Time{}) == nil {
		s.over = true
		s.line.keep(true)
	}
	return &shape.End{Why: fail.PeerClosed}
}

// CloseWrite implements shape.Leg.
func (s *sessionLeg) CloseWrite(end *shape.End) error {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return nil
	}
	s.finished = true
	s.mu.Unlock()
	return s.TCP.CloseWrite(end)
}

// Abort implements shape.Leg. A listener that is lost behind the session's end takes nobody with it.
func (s *sessionLeg) Abort(end *shape.End) {
	s.mu.Lock()
	if s.closed || s.over && end.Why == fail.Aborted {
		s.mu.Unlock()
		return
	}
	s.over = false
	s.line.keep(false)
	s.mu.Unlock()
	s.TCP.Abort(end)
}

// rest is what the client sent behind the session; false: the line has ended with it. It is for whoever takes the line, when
// the stream is over.
func (s *sessionLeg) rest() ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		return nil, false
	}
	s.line.keep(false)
	if s.fence != nil {
		return s.fence.rest(), true
	}
	return s.held, true
}
