package front

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
)

// Server serves the doors it was given. Use New.
type Server struct {
	p     Params
	crowd crowd

	ctx    context.Context // of every request and Take; ends with Close
	cancel context.CancelCauseFunc

	stopping chan struct{} // closed when no more connections are taken
	stop     sync.Once
	refusals chan struct{} // slots for connections that are only told no
}

// maxRefusals bounds the connections that are over the limit and still get TLS and an answer; the rest are closed without.
const maxRefusals = 64

// New checks the parameters. Nothing is accepted before Run.
func New(p Params) (*Server, error) {
	p, err := p.filled()
	if err != nil {
		return nil, fmt.Errorf("front: %w", err)
	}
	s := &Server{p: p, stopping: make(chan struct{}), refusals: make(chan struct{}, maxRefusals)}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.crowd.init()
	s.crowd.fallen = s.fallen
	return s, nil
}

// Run serves until Shutdown or Close was called or ctx ends, which is as Close. It returns nil when every goroutine of a
// connection has ended; a connection that a Take handed on may still be open after Shutdown. It is called once.
func (s *Server) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	for i := range s.p.Doors {
		loops.Go(func() { s.accept(&s.p.Doors[i]) })
	}
	loops.Go(func() {
		select {
		case <-ctx.Done():
			s.Close()
		case <-s.stopping:
		}
	})
	loops.Wait()
	select {
	case <-s.crowd.empty:
	case <-ctx.Done():
		s.Close()
		<-s.crowd.empty
	}
	s.crowd.lot.Close() // nobody stays any more
	return nil
}

// Shutdown stops accepting and waits for what runs. First the listeners close, so that a balancer goes elsewhere; connections
// that wait for a request close at once; a head that has begun may end within half a second; handlers and Takes run on, and
// their answers say Connection: close. When ctx ends before they have, everything is closed and the cause returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.noMore()
	s.crowd.drain()
	select {
	case <-s.crowd.empty:
		return nil
	case <-ctx.Done():
		s.Close()
		<-s.crowd.empty
		return fmt.Errorf("front: shut down: %w", context.Cause(ctx))
	}
}

// Close ends everything now: listeners, contexts, and every connection still open, those that a Take handed on too. It does not
// wait. It may be called twice.
func (s *Server) Close() {
	s.noMore()
	s.cancel(fail.New(fail.Draining, ""))
	s.crowd.close()
}

// noMore closes the listeners.
func (s *Server) noMore() {
	s.stop.Do(func() {
		close(s.stopping)
		for i := range s.p.Doors {
			_ = s.p.Doors[i].Listener.Close() // it is going away: there is nobody to tell
		}
	})
}

// ServeConn serves a connection that was carried here from another node, past TLS, with what that node read of it in front. It
// counts as one of the preface's door and is marked carried, so that it goes no further. It returns when the connection's
// goroutine would end. A connection whose peer has its answer already (Preface.Upgraded) has no head: it is not for the front.
func (s *Server) ServeConn(conn net.Conn, p shape.Preface) error {
	door := s.door(p.Door)
	if door == nil || p.Upgraded {
		_ = conn.Close() // the error below says why
		return fmt.Errorf("front: carried connection: no door %q takes it (upgraded %t)", p.Door, p.Upgraded)
	}
	l := s.crowd.open(conn)
	if l == nil {
		_ = conn.Close() // as above
		return errors.New("front: carried connection: the server is closed")
	}
	c := newConn(s, door.Name, l)
	c.remote, c.carried, c.encrypted, c.cert = p.Remote, true, p.TLS, p.Cert
	c.serve(nil)
	return nil
}

func (s *Server) door(name string) *Door {
	for i := range s.p.Doors {
		if s.p.Doors[i].Name == name {
			return &s.p.Doors[i]
		}
	}
	return nil
}

// Waits after an error of Accept: out of descriptors ends when connections do, not when we try again at once.
const (
	firstWait = 5 * time.Millisecond
	lastWait  = time.Second
)

// accept takes connections until the server stops. No error but that ends a door.
func (s *Server) accept(d *Door) {
	wait := time.Duration(0)
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			wait = min(max(firstWait, 2*wait), lastWait)
			if s.stopped() {
				return
			}
			s.p.Hooks.AcceptErr(d.Name, err, wait)
			if !s.pause(wait) {
				return
			}
			continue
		}
		wait = 0
		l := s.crowd.open(conn)
		if l == nil {
			_ = conn.Close() // it came while the door was closing
			continue
		}
		c := newConn(s, d.Name, l)
		c.remote = leg.AddrPort(conn.RemoteAddr())
		go c.begin(d.TLS) // the crowd counts it, Run waits for it
	}
}

func (s *Server) stopped() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// pause waits and reports whether the server still runs.
func (s *Server) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stopping:
		return false
	}
}
