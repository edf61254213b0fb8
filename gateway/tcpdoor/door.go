package tcpdoor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/accept"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/leg/park"
)

// Name is the door's name in log lines and metrics.
const Name = "tcp"

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
	open  accept.Set[net.Conn]
	lot   park.Lot // of connections on which nothing is said
}

// New makes a door. Nothing is accepted before Serve.
func New(p Params) *Door {
	if p.Enter == nil {
		p.Enter = func(netip.AddrPort) (func(), *fail.Error) { return func() {}, nil }
	}
	return &Door{p: p}
}

// Serve accepts until Close, and returns when every connection has ended. ctx is that of every stream.
func (d *Door) Serve(ctx context.Context) {
	defer d.lot.Close()
	defer d.conns.Wait()
	accept.Loop(ctx, d.p.Listener, func(conn net.Conn) { d.conns.Go(func() { d.serve(ctx, d.parkable(conn)) }) })
}

// Stop stops accepting; what runs goes on.
func (d *Door) Stop() { _ = d.p.Listener.Close() }

// Close stops accepting and ends every connection.
func (d *Door) Close() {
	d.Stop()
	d.open.End(func(c net.Conn) { _ = c.Close() })
}

// serve is the life of one connection up to its answer, and on, where the stream needs no goroutine while nothing is said. Elsewhere the
// stream runs on a goroutine of its own, because this one keeps the stack that the look-up needed and an idle connection would pay for it.
func (d *Door) serve(ctx context.Context, conn net.Conn) {
	leg.Deepen()
	remote := leg.AddrPort(conn.RemoteAddr())
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
	if !d.open.Hold(conn) {
		leave()
		_ = conn.Close()
		return
	}
	over := func() {
		d.open.Drop(conn)
		_ = conn.Close()
		leave()
	}
	p := &sender{door: d, hello: hello, conn: conn}
	pump, err := d.p.Relay.Connect(ctx, relay.Ask{Need: entity.Send, Granted: true}, p)
	if err != nil { // the peer was reset, and the relay keeps the account
		over()
		return
	}
	d.conns.Add(1)
	carry := func() { // it may return before the stream is over
		pump(func() {
			defer d.conns.Done()
			over()
		})
	}
	if leg.Parks(conn) {
		carry()
		return
	}
	go carry()
}

// parkable is the connection as one that needs no goroutine while nothing is said on it, if it is the kernel's.
func (d *Door) parkable(conn net.Conn) net.Conn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	c := new(park.Conn)
	c.Init(tcp, &d.lot)
	return c
}

// sender is a connection that waits for a listener.
type sender struct {
	door  *Door
	hello *shape.Hello
	conn  net.Conn
	watch *leg.Watcher
}

// Watch implements shape.Leaver.
func (s *sender) Watch(leave context.CancelCauseFunc) { s.watch = leg.WatchLate(s.conn, true, leave) }

// Hello implements shape.Party.
func (s *sender) Hello() *shape.Hello { return s.hello }

// Accept implements shape.Party: bytes have no yes, they just flow.
func (s *sender) Accept(shape.Answer) (shape.Leg, error) {
	read, err := s.watch.Stop()
	if err != nil {
		return nil, fmt.Errorf("answer the sender: %w", err)
	}
	return leg.NewTCP(s.conn, read, s.door.p.Write), nil
}

// Refuse implements shape.Party. Bytes have no words for a no: the peer sees a reset.
func (s *sender) Refuse(*fail.Error) {
	if l, ok := s.conn.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	_ = s.conn.Close()
	_, _ = s.watch.Stop()
}
