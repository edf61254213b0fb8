package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect/wire"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/hybrid"
)

const (
	// backlog is how many senders may be on their way at once: each waits for the target and for its rendezvous.
	backlog = 1024
	// standby is how many connections wait at the gateway for senders (contracts section 1, Agent).
	standby = 8
	// helloTime bounds the preamble of an azbridge peer: as long as the SDKs give an accept (reference section 9).
	helloTime = 20 * time.Second
)

// ladder is the pauses between first attempts that were refused; behind the first success package hybrid has its own. None is
// shorter than half a second, so there are never more than two handshakes a second.
var ladder = []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}

// listening is a listener at the gateway with the connectors that share it.
type listening struct {
	b       *Bridge
	entity  string
	cs      string
	options []hybrid.Option
	ports   bool                     // the senders speak azbridge's preamble
	web     bool                     // the senders make requests
	routes  atomic.Pointer[[]*route] // one without a port name, or each with its own
	stop    chan struct{}            // closed by leave
	once    sync.Once

	health health
	conns  sync.WaitGroup
}

func newListening(b *Bridge, c *Connector, options []hybrid.Option) *listening {
	return &listening{b: b, entity: c.Listen, cs: c.ConnectionString, options: options, ports: c.PortName != "", web: c.answers(), stop: make(chan struct{})}
}

// open implements station: nothing is bound on this machine.
func (*listening) open() error { return nil }

// discard implements station.
func (*listening) discard() {}

// route implements station.
func (l *listening) route(list []*route) {
	var before []*route
	if p := l.routes.Load(); p != nil {
		before = *p
	}
	now := keep(before, list, l.b.p.Grace)
	l.routes.Store(&now)
}

// leave implements station.
func (l *listening) leave(grace time.Duration) {
	l.once.Do(func() {
		for _, r := range *l.routes.Load() {
			r.retire(grace)
		}
		close(l.stop)
	})
}

// plain is the only route of a relay without port names; nil: it has some.
func (l *listening) plain() *route {
	if list := *l.routes.Load(); len(list) == 1 && list[0].c.PortName == "" {
		return list[0]
	}
	return nil
}

// named finds the route of a port name.
func (l *listening) named(name string) *route {
	for _, r := range *l.routes.Load() {
		if r.c.PortName == name && name != "" {
			return r
		}
	}
	return nil
}

// run implements station.
func (l *listening) run(ctx context.Context) {
	defer l.conns.Wait()
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		defer cancel()
		select {
		case <-l.stop:
		case <-ctx.Done():
		}
	})
	defer watch.Wait()
	if listener := l.begin(ctx); listener != nil {
		watch.Go(func() { l.probe(ctx) })
		<-ctx.Done()
		_ = listener.Close()
		return
	}
	cancel()
}

// begin registers the listener; nil when it was stopped, or refused for good.
func (l *listening) begin(ctx context.Context) *hybrid.Listener {
	for rung := 0; ; rung++ {
		listener, err := hybrid.Listen(ctx, l.cs, l.listenOptions()...)
		switch {
		case err == nil:
			return listener
		case ctx.Err() != nil:
			return nil
		case l.b.p.Final:
			l.b.refuse(err)
			return nil
		}
		pause := ladder[min(rung, len(ladder)-1)]
		pause += time.Duration(rand.Int64N(int64(pause / 4)))
		l.heard(hybrid.Event{Kind: hybrid.Offline, Err: err, Retry: pause})
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

func (l *listening) listenOptions() []hybrid.ListenOption {
	list := make([]hybrid.ListenOption, 0, len(l.options)+4)
	for _, o := range l.options {
		list = append(list, o)
	}
	list = append(list, hybrid.WithBacklog(backlog), hybrid.WithEvents(l.heard), hybrid.WithSenders(l.sender))
	switch {
	case l.web: // WebSockets pass frame by frame
		list = append(list, hybrid.WithExchanger(l), hybrid.WithDrain(l.b.p.Grace))
	case !l.ports: // a preamble comes in messages
		list = append(list, hybrid.WithStandby(standby))
	}
	if l.receives() {
		list = append(list, hybrid.WithReceiver(l.received), hybrid.WithDrain(l.b.p.Grace))
	}
	return list
}

// heard tells what becomes of the listener.
func (l *listening) heard(ev hybrid.Event) {
	e := Event{Entity: l.entity}
	switch ev.Kind {
	case hybrid.Online:
		e.Kind = ListenerConnected
	case hybrid.Offline:
		e.Kind = ListenerDisconnected
		e.why(ev.Err)
		e.Text += fmt.Sprintf("; trying again in %v", ev.Retry.Round(time.Millisecond))
	case hybrid.RenewalFailed:
		e.Kind = RenewalFailed
		e.why(ev.Err)
	default:
		if errors.As(ev.Err, new(*accounted)) {
			return
		}
		e.Kind, e.Remote = Refused, "a sender"
		e.why(ev.Err)
	}
	l.b.tell(&e)
}

// sender dials the target before a sender is taken, so that one that is down turns senders away in words.
func (l *listening) sender(ctx context.Context, s *hybrid.Sender) {
	e := Event{Kind: Refused, Entity: l.entity, Remote: s.Request().Remote.String()}
	r := l.plain()
	if r == nil {
		l.acceptPort(s, &e)
		return
	}
	switch {
	case r.conv != nil:
		l.convert(s, r, &e)
		return
	case r.server != nil && isWebSocket(s.Request()):
		l.upgrade(ctx, s, r, &e)
		return
	}
	near, err := r.target.Dial(ctx)
	if err != nil {
		l.turnAway(ctx, s, r, &e, err)
		return
	}
	conn, err := s.Accept(choice(s.Request()))
	if err != nil {
		e.why(err)
		l.b.tell(&e)
		_ = near.Close()
		return
	}
	e.tracking = conn.TrackingID()
	l.conns.Go(func() { r.join(&e, r.named(far{conn}), near, nil, "the target", flow.Back) })
}

// turnAway tells a sender that the target was not reached.
func (l *listening) turnAway(ctx context.Context, s *hybrid.Sender, r *route, e *Event, err error) {
	e.missed(r.target, err)
	l.b.tell(e)
	if err := s.Reject(e.status()); err != nil && ctx.Err() == nil {
		e.why(err)
		l.b.tell(e)
	}
}

// choice is the sub-protocol that is agreed on: the sender's first, as the SDKs' listeners choose.
func choice(r *hybrid.Request) string {
	if len(r.Subprotocols) == 0 {
		return ""
	}
	return r.Subprotocols[0]
}

// acceptPort takes a sender who is to say the name of a port.
func (l *listening) acceptPort(s *hybrid.Sender, e *Event) {
	conn, err := s.Accept(choice(s.Request()))
	if err != nil {
		e.why(err)
		l.b.tell(e)
		return
	}
	l.conns.Go(func() { l.port(conn, e) })
}

// status is how a sender hears that its target is not there: no more than it must know, so not where the target is.
func (e *Event) status() (status int, reason string) {
	switch e.Reason {
	case TargetRefused:
		return http.StatusBadGateway, "The listener's target refused the connection."
	case TargetTimeout:
		return http.StatusGatewayTimeout, "The listener's target did not answer in time."
	}
	return http.StatusBadGateway, "The listener cannot reach its target."
}

// port is the life of a connection whose sender speaks azbridge's preamble.
func (l *listening) port(conn *hybrid.Conn, e *Event) {
	r, near := l.call(conn, e)
	if r == nil {
		l.b.tell(e)
		conn.Abort()
		return
	}
	e.tracking = conn.TrackingID()
	r.join(e, r.named(far{conn}), near, nil, "the target", flow.Back)
}

// call opens the connection to the port that the sender asks for; nil: e says why there is none.
func (l *listening) call(conn *hybrid.Conn, e *Event) (*route, net.Conn) {
	r := l.greet(conn, e)
	if r == nil {
		return nil, nil
	}
	near, err := r.target.Dial(r.life)
	if err != nil {
		e.missed(r.target, err)
		return nil, nil
	}
	if _, err := conn.Write(wire.StreamAgreed.Append(nil)); err != nil {
		e.why(err)
		reset(near)
		return nil, nil
	}
	return r, near
}

// greet reads the preamble of an azbridge peer and finds the port that it asks for; nil: e says why there is none.
func (l *listening) greet(conn *hybrid.Conn, e *Event) *route {
	_ = conn.SetReadDeadline(time.Now().Add(helloTime))
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	var buf [wire.HeadBytes + wire.MaxName]byte
	_, err := io.ReadFull(conn, buf[:wire.HeadBytes])
	if err != nil {
		e.Reason, e.Text = PreambleFailed, "no azbridge preamble came: "+err.Error()
		e.Do = "use azbridge or 'causeway forward' with a port name at the other end, or take portName out here"
		return nil
	}
	mode, name, err := wire.DecodeHead(buf[:])
	switch {
	case errors.Is(err, wire.ErrVersion):
		return l.turn(conn, e, wire.VersionUnknown, "the sender does not speak azbridge's preamble")
	case err != nil, mode == wire.Datagram:
		return l.turn(conn, e, wire.ModeMismatch, "the sender wants datagrams, which are not carried")
	}
	if _, err = io.ReadFull(conn, buf[wire.HeadBytes:wire.HeadBytes+name]); err != nil {
		e.Reason, e.Text = PreambleFailed, "the azbridge preamble broke off: "+err.Error()
		return nil
	}
	hello, _, err := wire.DecodeHello(buf[:wire.HeadBytes+name])
	route := l.named(hello.Port)
	if err != nil || route == nil {
		e.Reason, e.Text = PortUnknown, fmt.Sprintf("the sender asks for the port %q", hello.Port)
		e.Do = "add a connector with this portName, or mend the name at the other end"
		_ = conn.Close() // without an answer, as azbridge does
		return nil
	}
	return route
}

// turn answers a preamble with no.
func (*listening) turn(conn *hybrid.Conn, e *Event, no wire.Answer, text string) *route {
	e.Reason, e.Text = PreambleFailed, text
	e.Do = "use azbridge or 'causeway forward' with a port name at the other end, or take portName out here"
	_, _ = conn.Write(no.Append(nil))
	_ = conn.Close()
	return nil
}
