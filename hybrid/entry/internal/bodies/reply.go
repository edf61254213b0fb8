package bodies

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// Reply is a listener's answer on a rendezvous: its head, then its body as the frames bring it. It implements shape.Body.
type Reply struct {
	leg   shape.Leg
	gap   time.Duration // how long the body may stand still, counted in data (reference section 1, rule 9)
	clock *time.Timer   // ends the leg when that has passed
	over  func(complete, left bool)

	mu      sync.Mutex // one reader
	session wire.Session
	batch   shape.Batch
	at      int    // of the batch's pieces
	data    []byte // of the piece before at, not read yet
	last    bool   // behind data there is nothing
	err     error  // io.EOF: the answer is complete

	done sync.Once
}

// NewReply makes the answer that comes on a leg. gap is how long its body may stand still, counted in data (reference section 1,
// rule 9). over is called once, when nobody reads the answer any more: complete says that all of it was read, left that Sink is
// still to read it.
func NewReply(of shape.Leg, gap time.Duration, over func(complete, left bool)) *Reply {
	r := &Reply{leg: of, gap: gap, over: over}
	r.session.Rendezvous, r.session.Expect = true, wire.KindResponse
	return r
}

// Head waits for the message of the answer.
func (r *Reply) Head() (*wire.Response, error) {
	event, err := r.next()
	if err != nil {
		return nil, err
	}
	if m := event.Message; !m.HasBody() {
		r.err = io.EOF
	}
	return event.Message.Response, nil
}

// next gives the next event that says something.
func (r *Reply) next() (wire.Event, error) {
	for {
		for r.at < len(r.batch.Pieces) {
			p := &r.batch.Pieces[r.at]
			r.at++
			event, err := r.session.Fragment(p.Text, p.Last, r.batch.Buf[p.Off:p.Off+p.Len])
			switch {
			case err != nil:
				return event, r.breach(err)
			case event.Kind == wire.EventMessage || event.Kind == wire.EventBody:
				return event, nil
			}
		}
		r.batch.Pieces, r.at = nil, 0
		if err := r.leg.Read(&r.batch); err != nil {
			return wire.Event{}, err
		}
	}
}

// breach tells a listener what it did wrong.
func (r *Reply) breach(err error) error {
	end := &shape.End{Why: fail.BadFrame, Code: wsframe.CloseProtocol, Cause: err}
	if w, ok := errors.AsType[*wire.Error](err); ok {
		end.Text = w.Text
		if errors.Is(err, wire.ErrTooLarge) {
			end.Code = wsframe.CloseTooBig
		}
	}
	r.leg.Abort(end)
	return &fail.Error{Code: fail.BadAnswer, Op: "read answer", Text: "The listener answered with what is no response: " + end.Text, Cause: err}
}

// Size implements shape.Body: nobody knows.
func (r *Reply) Size() int64 { return -1 }

// Buffered is how much Read gives without waiting.
func (r *Reply) Buffered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.data)
	for _, p := range r.batch.Pieces[min(r.at, len(r.batch.Pieces)):] {
		n += p.Len
	}
	return n
}

// Read implements io.Reader: it gives all that is there, and waits only if nothing is.
func (r *Reply) Read(p []byte) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) && r.err == nil {
		if len(r.data) > 0 {
			m := copy(p[n:], r.data)
			r.data = r.data[m:]
			n += m
			continue
		}
		if r.last {
			r.err = io.EOF
			break
		}
		if n > 0 && r.at == len(r.batch.Pieces) {
			return n, nil
		}
		r.pull()
	}
	return n, r.err // with data left the answer was given up by Quiesce, and whoever reads on has to hear it
}

// pull waits for more of the body, for so long as it may stand still.
func (r *Reply) pull() {
	if r.clock == nil {
		r.clock = time.AfterFunc(r.gap, func() {
			r.leg.Abort(&shape.End{Why: fail.Idle, Code: wsframe.CloseGoingAway, Text: "The answer stood still for too long."})
		})
	} else {
		r.clock.Reset(r.gap)
	}
	event, err := r.next()
	r.clock.Stop()
	if err != nil {
		r.err = r.Ended(err)
		return
	}
	r.data, r.last = event.Body, event.Last
}

// Ended says what the end of the connection is to the answer: a Close in order ends the body too (reference section 8.4).
func (r *Reply) Ended(err error) error {
	end, ok := errors.AsType[*shape.End](err)
	if !ok {
		return err
	}
	cause := end.Cause // alone: neither an end nor the end of TCP may be found in the chain, they are not those of the body
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	switch {
	case end.Why == fail.PeerClosed && (end.Code == 0 || end.Code == wsframe.CloseNormal):
		return io.EOF
	case end.Why == fail.Aborted || end.Why == fail.PeerClosed || end.Why == fail.BadFrame:
		return &fail.Error{Code: fail.ListenerLost, Op: "read answer", Text: "The listener's connection was lost before the end of its answer.", Cause: cause}
	}
	return &fail.Error{Code: end.Why, Op: "read answer", Text: end.Text, Cause: cause}
}

// Close implements io.Closer.
func (r *Reply) Close() error {
	r.done.Do(func() { r.over(r.complete(), false) })
	return nil
}

// Over reports whether nothing comes behind the head. It is asked before the first Read.
func (r *Reply) Over() bool { return r.err != nil }

// Leave gives the body of a complete answer up that must not be sent: Sink reads it.
func (r *Reply) Leave() { r.done.Do(func() { r.over(true, true) }) }

// complete reports whether all of the answer was read.
func (r *Reply) complete() bool {
	if !r.mu.TryLock() {
		return false // somebody waits for more
	}
	defer r.mu.Unlock()
	return errors.Is(r.err, io.EOF)
}

// Quiesce waits for a Read that is under way; the leg has been aborted.
func (r *Reply) Quiesce() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = io.ErrClosedPipe
	}
}

// Sink reads what nobody is sent, for a while, and reports whether the answer ended in it.
func (r *Reply) Sink(most time.Duration) bool {
	guard := time.AfterFunc(most, func() {
		r.leg.Abort(&shape.End{Why: fail.Idle, Code: wsframe.CloseGoingAway, Text: "Nobody reads the body of this answer."})
	})
	defer guard.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.err == nil {
		event, err := r.next()
		if err != nil {
			r.err = r.Ended(err)
		} else if event.Last {
			r.err = io.EOF
		}
	}
	return errors.Is(r.err, io.EOF)
}
