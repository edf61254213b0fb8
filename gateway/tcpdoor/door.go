package tcpdoor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/accept"
	"github.com/causeway-relay/causeway/internal/alarm"
	"github.com/causeway-relay/causeway/internal/late"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/leg/park"
	"github.com/causeway-relay/causeway/internal/stack"
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
	p      Params
	target string // of every hello
	conns  sync.WaitGroup
	open   accept.Set[*visitor]
	lot    park.Lot             // of connections on which nothing is said
	late   alarm.Clock          // of answers
	here   atomic.Pointer[host] // what the latest connection was to; nil: there was none
}

// host is an address of the door's, and its text.
type host struct {
	at   netip.AddrPort
	text string
}

// New makes a door. Nothing is accepted before Serve.
func New(p Params) *Door {
	if p.Enter == nil {
		p.Enter = func(netip.AddrPort) (func(), *fail.Error) { return func() {}, nil }
	}
	return &Door{p: p, target: "/" + p.Entity.Path}
}

// Serve accepts until Close, and returns when every connection has ended. ctx is that of every stream.
func (d *Door) Serve(ctx context.Context) {
	defer d.lot.Close()
	defer d.conns.Wait()
	accept.Loop(ctx, d.p.Listener, func(conn net.Conn) {
		d.conns.Add(1)
		go d.serve(ctx, conn) // conns counts it
	})
}

// Stop stops accepting; what runs goes on.
func (d *Door) Stop() { _ = d.p.Listener.Close() }

// Close stops accepting and ends every connection.
func (d *Door) Close() {
	d.Stop()
	d.open.End(func(v *visitor) { _ = v.conn.Close() })
}

// serve is the life of one connection up to its answer, and on, where the stream needs no goroutine while nothing is said. Elsewhere the
// stream runs on a goroutine of its own, because this one keeps the stack that the look-up needed and an idle connection would pay for it.
func (d *Door) serve(ctx context.Context, conn net.Conn) {
	defer d.conns.Done()
	stack.Deepen()
	v := d.visitor(conn)
	s := &sender{visitor: v, hello: d.hello(conn)}
	leave, full := d.p.Enter(s.hello.Remote)
	if full != nil {
		_ = d.p.Relay.Turned("stream", &s.hello, full) // bytes have no words for it: the account is all
		_ = conn.Close()
		return
	}
	v.leave = leave
	if !d.open.Hold(v) {
		v.end()
		return
	}
	pump, err := d.p.Relay.Connect(ctx, relay.Ask{Need: entity.Send, Granted: true}, s)
	if err != nil { // the peer was reset, and the relay keeps the account
		v.end()
		return
	}
	d.conns.Add(1)
	if leg.Parks(v.conn) {
		pump(v.over) // it may return before the stream is over
		return
	}
	go pump(v.over) // as above; conns counts it
}

// hello is what is known of who has come.
func (d *Door) hello(conn net.Conn) shape.Hello {
	return shape.Hello{
		Tracking: d.p.Tracking(), At: d.p.Entity, Target: d.target, Door: Name, Remote: leg.AddrPort(conn.RemoteAddr()), Host: d.host(conn.LocalAddr()),
	}
}

// host is the text of an address of the door's: nearly all connections are to the same one.
func (d *Door) host(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return addr.String()
	}
	at := tcp.AddrPort()
	h := d.here.Load()
	if h == nil || h.at != at {
		h = &host{at, tcp.String()}
		d.here.Store(h)
	}
	return h.text
}

// visitor is a connection from its acceptance to the end of its stream.
type visitor struct {
	door  *Door
	conn  net.Conn
	tcp   park.Conn // what conn is of a connection of the kernel's, which needs no goroutine while nothing is said on it
	leave func()    // of Params.Enter
}

func (d *Door) visitor(conn net.Conn) *visitor {
	v := &visitor{door: d, conn: conn}
	if tcp, ok := conn.(*net.TCPConn); ok {
		v.tcp.Init(tcp, &d.lot)
		v.conn = &v.tcp
	}
	return v
}

// end gives everything back.
func (v *visitor) end() {
	v.door.open.Drop(v)
	_ = v.conn.Close() // nothing is owed to the peer any more
	v.leave()
}

// over is end behind the stream.
func (v *visitor) over() {
	defer v.door.conns.Done()
	v.end()
}

// sender is a visitor that waits for a listener. It goes with the answer: an idle stream keeps the visitor alone.
type sender struct {
	visitor *visitor
	hello   shape.Hello
	watch   late.Watch
}

// Watch implements shape.Leaver.
func (s *sender) Watch(leave context.CancelCauseFunc) {
	s.watch.Start(&s.visitor.door.late, s.visitor.conn, true, leave)
}

// Hello implements shape.Party.
func (s *sender) Hello() *shape.Hello { return &s.hello }

// Accept implements shape.Party: bytes have no yes, they just flow.
func (s *sender) Accept(shape.Answer) (shape.Leg, error) {
	read, err := s.watch.Stop()
	if err != nil {
		return nil, fmt.Errorf("answer the sender: %w", err)
	}
	return leg.NewTCP(s.visitor.conn, read, s.visitor.door.p.Write), nil
}

// Refuse implements shape.Party. Bytes have no words for a no: the peer sees a reset.
func (s *sender) Refuse(*fail.Error) {
	conn := s.visitor.conn
	if l, ok := conn.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0)
	}
	_ = conn.Close()
	_, _ = s.watch.Stop()
}
