package tcpdoor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
)

// Name is the door's name in log lines and metrics.
const Name = "tcp"

// pauseMost bounds the wait behind an accept that failed, for want of descriptors for example.
const pauseMost = time.Second

// Params is what a Door is made of. Relay, Listener, Entity and Tracking are needed.
type Params struct {
	Relay    *relay.Relay
	Listener net.Listener
	Entity   entity.Address
	Tracking func() string // makes a tracking id
	Write    time.Duration // how long one write to a peer may take; 0: leg.DefaultWriteTimeout
	// Enter is asked for each connection, as front.Params.Enter is. nil: no bound.
	Enter func(netip.AddrPort) (leave func(), err *fail.Error)
}

// Door serves one port. Make one with New.
type Door struct {
	p     Params
	conns sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]struct{} // nil: closed
}

// New makes a door. Nothing is accepted before Serve.
func New(p Params) *Door {
	if p.Enter == nil {
		p.Enter = func(netip.AddrPort) (func(), *fail.Error) { return func() {}, nil }
	}
	return &Door{p: p, open: make(map[net.Conn]struct{})}
}

// Serve accepts until Close, and returns when every connection has ended. ctx is that of every stream.
func (d *Door) Serve(ctx context.Context) {
	defer d.conns.Wait()
	pause := time.Millisecond
	for {
		conn, err := d.p.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
			timer.Stop()
			pause = min(2*pause, pauseMost)
			continue
		}
		pause = time.Millisecond
		d.conns.Go(func() { d.serve(ctx, conn) })
	}
}

// Stop stops accepting; what runs goes on.
func (d *Door) Stop() { _ = d.p.Listener.Close() }

// Close stops accepting and ends every connection.
func (d *Door) Close() {
	d.Stop()
	d.mu.Lock()
	open := d.open
	d.open = nil
	d.mu.Unlock()
	for c := range open {
		_ = c.Close()
	}
}

func (d *Door) hold(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open == nil {
		return false
	}
	d.open[c] = struct{}{}
	return true
}

func (d *Door) drop(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, c)
}

// serve is the life of one connection up to its answer; the stream runs on a goroutine of its own, because this one keeps
// the stack that the look-up needed and an idle connection would pay for it.
func (d *Door) serve(ctx context.Context, conn net.Conn) {
	remote, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
	hello := &shape.Hello{
		Tracking: d.p.Tracking(), At: d.p.Entity, Target: "/" + d.p.Entity.Path, Door: Name, Remote: remote,
		Host: conn.LocalAddr().String(),
	}
	leave, full := d.p.Enter(remote)
	if full != nil {
		_ = d.p.Relay.Turned("stream", hello, full) // bytes have no words for it: the account is all
		_ = conn.Close()
		return
	}
	if !d.hold(conn) {
		leave()
		_ = conn.Close()
		return
	}
	ctx, gone := context.WithCancelCause(ctx)
	over := func() {
		gone(nil)
		d.drop(conn)
		_ = conn.Close()
		leave()
	}
	p := &sender{door: d, hello: hello, conn: conn, watch: leg.WatchLate(conn, true, gone)}
	pump, err := d.p.Relay.Connect(ctx, relay.Ask{Need: entity.Send, Granted: true}, p)
	if err != nil { // the peer was reset, and the relay keeps the account
		over()
		return
	}
	d.conns.Go(func() {
		defer over()
		pump()
	})
}

// sender is a connection that waits for a listener.
type sender struct {
	door  *Door
	hello *shape.Hello
	conn  net.Conn
	watch *leg.Watcher
}

// Hello implements shape.Party.
func (s *sender) Hello() *shape.Hello { return s.hello }

// Accept implements shape.Party: bytes have no yes, they just flow.
func (s *sender) Accept(shape.Answer) (shape.Leg, error) {
	read, err := s.watch.Stop()
	if err != nil {
		return nil, fmt.Errorf("answer the sender: %w", err)
	}
	return leg.NewTCP(s.conn, slices.Clone(read), s.door.p.Write), nil
}

// Refuse implements shape.Party. Bytes have no words for a no: the peer sees a reset.
func (s *sender) Refuse(*fail.Error) {
	if l, ok := s.conn.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	_ = s.conn.Close()
	_, _ = s.watch.Stop()
}
