package exchange

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsconn"
)

const (
	// maxBody is the longest body on a control channel (reference section 6.3).
	maxBody = 64 << 10
	// grace is how long an answer may take to become whole before a rendezvous is dialled for it: longer than a handler needs
	// that flushes and is done, shorter than anybody notices. The SDKs wait 2 s, which no event stream bears.
	grace = 10 * time.Millisecond
	// shortGrace is the same for an answer that says it is short: it is no stream, and on a busy machine dialling for it, TLS and all,
	// would cost far more than what it waits for.
	shortGrace = 250 * time.Millisecond
	// dialTime bounds the dial of a rendezvous (reference section 9: the SDKs' 20 s).
	dialTime = 20 * time.Second
	// lastDial bounds the goodbye to a sender whose listener is closed before it has answered.
	lastDial = 2 * time.Second
	// patience is how long an exchange whose control channel has ended may go on before its rendezvous is dialled: most answers leave
	// sooner, and dials for all of them at once would be a burden on a gateway that is about to go.
	patience = time.Second
	// maxTurning is how many requests over the bound are answered at a time; more are left to the gateway's timeout.
	maxTurning = 16
)

// Channel is the control channel that a request came by.
type Channel interface {
	// Send writes a message and, if body is not empty, its body as one unit. An error: the channel has gone.
	Send(message, body []byte) error
}

// Params is what a Server is made of. All must be given.
type Params struct {
	Exchanger shape.Exchanger
	// Dial opens the rendezvous at the address of a request. ctx bounds the dial alone.
	Dial func(ctx context.Context, at *wire.Address) (*wsconn.Conn, error)
	// Most is how many requests are answered at a time; one more gets 503.
	Most int
	// Address is where the listener listens, https://host/path without a port, for its own answers.
	Address string
	// Failed is told of a request that did not come to its end. It is called from any goroutine.
	Failed func(id string, err error)
}

// Server answers requests. Make one with New.
type Server struct {
	p       Params
	life    context.Context
	end     context.CancelCauseFunc
	slots   chan struct{}
	turning chan struct{}
	runs    sync.WaitGroup

	mu    sync.Mutex
	calls map[string]*call
}

// Causes of an exchange's end that its context tells.
var (
	errFull   = errors.New("as many requests are being answered as may be: answer faster, or raise the bound")
	errClosed = errors.New("the listener was closed")
)

// New makes a server. Values of ctx are seen by the Exchanger; its end is that of every exchange.
func New(ctx context.Context, p Params) *Server {
	s := &Server{p: p, slots: make(chan struct{}, p.Most), turning: make(chan struct{}, maxTurning), calls: map[string]*call{}}
	s.life, s.end = context.WithCancelCause(ctx)
	return s
}

// Take answers a request of a control channel. body is its body, which the server keeps; nil when it has none, or is a pointer.
func (s *Server) Take(ch Channel, o *wire.Offer, body []byte) {
	if o.ID == "" {
		s.p.Failed("", errors.New("a request without an id: nobody can answer it"))
		return
	}
	select {
	case s.slots <- struct{}{}:
	default:
		s.turnAway(ch, o)
		return
	}
	c := &call{server: s, channel: ch, offer: o, body: body}
	if !s.begin(c) {
		<-s.slots
		return
	}
	s.runs.Go(func() {
		c.run()
		s.mu.Lock()
		delete(s.calls, o.ID)
		s.mu.Unlock()
		<-s.slots
	})
}

// begin notes a call. It reports false for an id that is being answered already: a gateway's repeat.
func (s *Server) begin(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls[c.offer.ID] != nil {
		return false
	}
	s.calls[c.offer.ID] = c
	c.ctx, c.cancel = context.WithCancelCause(s.life)
	return true
}

// turnAway answers a request for which there is no room.
func (s *Server) turnAway(ch Channel, o *wire.Offer) {
	select {
	case s.turning <- struct{}{}:
		s.runs.Go(func() {
			c := &call{server: s, channel: ch, offer: o, ctx: s.life, cancel: func(error) {}}
			c.dismiss("The listener answers as many requests as it may.")
			<-s.turning
		})
	default:
	}
	s.p.Failed(o.ID, errFull)
}

// Cancel ends the exchange of an id: its sender has left. An id that is not known is that of one that has ended.
func (s *Server) Cancel(id string) {
	s.mu.Lock()
	c := s.calls[id]
	s.mu.Unlock()
	if c != nil {
		c.cancel(fail.New(fail.SenderGone, ""))
	}
}

// Lost tells that a control channel has ended. After an end in order the gateway may still wait for what it handed out, and is answered
// by rendezvous, where its end is heard, too; after any other it has given the senders up, or is gone itself.
func (s *Server) Lost(ch Channel, orderly bool, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		switch {
		case c.channel != ch || c.meeting != nil:
		case !orderly:
			c.cancel(fail.Wrap(fail.ListenerLost, "answer", cause))
		case !c.offer.Pointer: // what a pointer stands for is at its rendezvous, or on the way there
			s.runs.Go(c.watch)
		}
	}
}

// Deleted tells that what the listener listened at is no more: nobody waits for any answer.
func (s *Server) Deleted(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		c.cancel(fail.Wrap(fail.EntityDeleted, "answer", cause))
	}
}

// Drain waits for the exchanges that run, and ends those that still do when ctx ends. Nothing is taken any more when it is called.
func (s *Server) Drain(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { s.end(errClosed) })()
	s.runs.Wait()
	s.end(errClosed)
}
