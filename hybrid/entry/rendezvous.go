package entry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

const (
	// partWait is how long a listener has to answer the gateway's Close behind an answer; hyco-https does so at once.
	partWait = 5 * time.Second
	// sinkFor is how long an answer's body that must not be sent is read all the same (reference section 8.4).
	sinkFor = 10 * time.Second
)

// request serves the address of a request message: a listener that comes for a large request, or with a large answer.
func (e *Entry) request(ctx context.Context, v *visit) {
	ticket, ok := wire.ParseID(v.target.ID)
	if !ok {
		v.turnAway(fail.New(fail.UnknownTicket, ""))
		return
	}
	c := &caller{guest: &guest{visit: v}, over: make(chan struct{})}
	party := shape.Party(c)
	if !v.arrival.Carried {
		party = &farCaller{c, &traveller{c.guest}}
	}
	if err := e.p.Relay.Join(ctx, ticket, party); err == nil && c.carried {
		return
	}
	v.arrival.Rest = c.part // also to turn it away
}

// farCaller is a caller that may have come to the wrong node.
type farCaller struct {
	*caller
	traveller *traveller
}

// Detach implements shape.Carrier.
func (t *farCaller) Detach() (shape.Conn, shape.Preface) {
	t.carried = true
	return t.traveller.Detach()
}

// caller is a listener at the rendezvous of a request. Its connection ends on a goroutine of its own, so that nobody waits for
// the listener's last words: part runs there.
type caller struct {
	*guest
	carried bool

	once    sync.Once
	over    chan struct{} // closed when nobody reads or writes the leg any more
	leg     shape.Leg     // nil: it was refused
	refusal *fail.Error
	left    *reply // what is to be read of the answer and sent to nobody; nil: nothing
	polite  bool   // the answer is complete: Close 1000 is the last word
}

// Accept implements shape.Party.
func (c *caller) Accept(a shape.Answer) (shape.Leg, error) {
	v := c.visit
	if err := v.write(v.welcome(a.Choice)); err != nil {
		_ = v.arrival.Conn.Close()
		c.release()
		return nil, fmt.Errorf("answer the listener: %w", err)
	}
	c.leg = leg.NewWS(v.arrival.Conn, v.arrival.Read, v.entry.legOptions(maxListenerPiece))
	return &callerLeg{c.leg, c}, nil
}

// Refuse implements shape.Party. With an HTTP error hyco-https would die (reference section 1, rule 6): part completes the
// upgrade.
func (c *caller) Refuse(err *fail.Error) {
	c.refusal = err
	c.release()
}

func (c *caller) release() { c.once.Do(func() { close(c.over) }) }

// part ends the connection.
func (c *caller) part() {
	<-c.over
	switch {
	case c.refusal != nil:
		c.visit.closeUpgraded(c.refusal)
		return
	case c.leg == nil:
		return
	case c.left != nil:
		c.polite = c.left.sink(sinkFor)
	}
	if c.polite {
		c.farewell()
	}
	c.leg.Close()
}

// farewell closes in order and waits for the listener's own Close: TCP ends at once behind it (reference section 1, rule 8).
func (c *caller) farewell() {
	guard := time.AfterFunc(partWait, func() { c.leg.Abort(&shape.End{Why: fail.Idle}) })
	defer guard.Stop()
	if c.leg.CloseWrite(&shape.End{Why: fail.PeerClosed, Code: wsframe.CloseNormal, Text: "NormalClosure"}) != nil {
		return
	}
	var b shape.Batch
	for c.leg.Read(&b) == nil { // what comes behind an answer is nothing (reference section 6.2)
	}
}

// callerLeg is the leg of a caller as others hold it: Close lets part go on.
type callerLeg struct {
	shape.Leg
	caller *caller
}

// Close implements shape.Leg.
func (l *callerLeg) Close() { l.caller.release() }

// reply is a listener's answer on a rendezvous: its head, then its body as the frames bring it. It implements shape.Body.
type reply struct {
	leg   *callerLeg
	gap   time.Duration // how long the body may stand still, counted in data (reference section 1, rule 9)
	clock *time.Timer   // ends the leg when that has passed
	end   func(complete bool, left *reply)

	mu      sync.Mutex // one reader
	session wire.Session
	batch   shape.Batch
	at      int    // of the batch's pieces
	data    []byte // of the piece before at, not read yet
	last    bool   // behind data there is nothing
	err     error  // io.EOF: the answer is complete

	done sync.Once
}

func newReply(of *callerLeg, gap time.Duration) *reply {
	r := &reply{leg: of, gap: gap}
	r.session.Rendezvous, r.session.Expect = true, wire.KindResponse
	return r
}

// head waits for the message of the answer.
func (r *reply) head() (*wire.Response, error) {
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
func (r *reply) next() (wire.Event, error) {
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
func (r *reply) breach(err error) error {
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
func (r *reply) Size() int64 { return -1 }

// Buffered is how much Read gives without waiting.
func (r *reply) Buffered() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.data)
	for _, p := range r.batch.Pieces[min(r.at, len(r.batch.Pieces)):] {
		n += p.Len
	}
	return n
}

// Read implements io.Reader: it gives all that is there, and waits only if nothing is.
func (r *reply) Read(p []byte) (n int, err error) {
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
	if r.err != nil && len(r.data) == 0 {
		return n, r.err
	}
	return n, nil
}

// pull waits for more of the body, for so long as it may stand still.
func (r *reply) pull() {
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
		r.err = r.ended(err)
		return
	}
	r.data, r.last = event.Body, event.Last
}

// ended says what the end of the connection is to the answer: a Close in order ends the body too (reference section 8.4).
func (r *reply) ended(err error) error {
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
func (r *reply) Close() error {
	r.done.Do(func() { r.end(r.complete(), nil) })
	return nil
}

// complete reports whether all of the answer was read.
func (r *reply) complete() bool {
	if !r.mu.TryLock() {
		return false // somebody waits for more
	}
	defer r.mu.Unlock()
	return errors.Is(r.err, io.EOF)
}

// quiesce waits for a Read that is under way; the leg has been aborted.
func (r *reply) quiesce() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = io.ErrClosedPipe
	}
}

// sink reads what nobody is sent, for a while, and reports whether the answer ended in it.
func (r *reply) sink(most time.Duration) bool {
	guard := time.AfterFunc(most, func() {
		r.leg.Abort(&shape.End{Why: fail.Idle, Code: wsframe.CloseGoingAway, Text: "Nobody reads the body of this answer."})
	})
	defer guard.Stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.err == nil {
		event, err := r.next()
		if err != nil {
			r.err = r.ended(err)
		} else if event.Last {
			r.err = io.EOF
		}
	}
	return errors.Is(r.err, io.EOF)
}
