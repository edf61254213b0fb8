package nettcp

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/internal/accept"
	"github.com/causeway-relay/causeway/internal/leg"
)

// Defaults of the waits: WCF's own time for a preamble, and how soon a client that vanished is seen to (WCF wire reference
// section 1.6).
const (
	DefaultPreamble = 30 * time.Second
	keepIdle        = 15 * time.Second
	keepInterval    = 5 * time.Second
	keepCount       = 3
)

// Params is what a Door is made of. Relay, Find, Listener and Tracking are needed.
type Params struct {
	Relay    *relay.Relay
	Find     func(entity.Address) *entity.Entity // the entity that an address belongs to; nil: there is none
	Listener net.Listener
	Tracking func() string       // makes a tracking id
	Preamble time.Duration       // for the whole preamble, an upgrade that ends here included; 0: DefaultPreamble
	Write    time.Duration       // how long one write to a peer may take; 0: leg.DefaultWriteTimeout
	Quiet    time.Duration       // how long a session may be without a byte either way; 0: as long as it likes
	Limits   framing.Limits      // of preambles
	Keep     net.KeepAliveConfig // zero: a client that vanished is seen to after 30 s
	TLS      func(*tls.Config)   // sets the certificate of upgrades that end here; nil: there is none
	// PlainTokens takes tokens in a Via from other machines too.
	PlainTokens bool
	// Enter is asked for each connection, as front.Params.Enter is. nil: no bound.
	Enter func(netip.AddrPort) (leave func(), err *fail.Error)
}

// Door serves net.tcp. Make one with New.
type Door struct {
	p     Params
	conns sync.WaitGroup
	open  accept.Set[line]
}

// New makes a door. Nothing is accepted before Serve.
func New(p Params) *Door {
	if p.Enter == nil {
		p.Enter = func(netip.AddrPort) (func(), *fail.Error) { return func() {}, nil }
	}
	if p.Preamble <= 0 {
		p.Preamble = DefaultPreamble
	}
	if p.Keep == (net.KeepAliveConfig{}) {
		p.Keep = net.KeepAliveConfig{Enable: true, Idle: keepIdle, Interval: keepInterval, Count: keepCount}
	}
	tune(p.Listener)
	return &Door{p: p}
}

// Serve accepts until Close, and returns when every connection has ended. ctx is that of every stream.
func (d *Door) Serve(ctx context.Context) {
	defer d.conns.Wait()
	accept.Loop(ctx, d.p.Listener, func(conn net.Conn) { d.conns.Go(func() { d.serve(ctx, conn) }) })
}

// Stop stops accepting; what runs goes on.
func (d *Door) Stop() { _ = d.p.Listener.Close() }

// Close stops accepting and ends every connection.
func (d *Door) Close() {
	d.Stop()
	d.open.End(line.hangUp)
}

// serve begins with a connection.
func (d *Door) serve(ctx context.Context, conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(d.p.Keep) // without it a write finds out
	}
	remote := leg.AddrPort(conn.RemoteAddr())
	l := newLine(conn)
	leave, full := d.p.Enter(remote)
	if full != nil {
		leave = func() {}
	}
	c := &client{door: d, line: l, remote: remote, leave: leave}
	switch {
	case !d.open.Hold(l):
		c.end()
	case full != nil:
		_ = d.p.Relay.Turned("stream", c.hello(nil), full)
		c.say(l, faultOf(full))
		c.end()
	default:
		c.next(ctx, nil)
	}
}
