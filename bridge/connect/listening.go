package connect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
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
	routes  atomic.Pointer[[]*route] // one without a port name, or each with its own
	stop    chan struct{}            // closed by leave
	once    sync.Once

	pending pending
	conns   sync.WaitGroup
}

func newListening(b *Bridge, c *Connector, options []hybrid.Option) *listening {
	return &listening{b: b, entity: c.Listen, cs: c.ConnectionString, options: options, stop: make(chan struct{})}
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

// port finds the route of a port name.
func (l *listening) port(name string) *route {
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
	defer l.pending.close() // behind the listener's Close: no hook runs any more
	var watch sync.WaitGroup
	defer watch.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch.Go(func() {
		select {
		case <-l.stop:
			cancel()
		case <-ctx.Done():
		}
	})
	listener := l.begin(ctx)
	if listener == nil {
		return
	}
	watch.Go(func() {
		<-ctx.Done()
		_ = listener.Close()
	})
	for {
		conn, err := listener.AcceptConn()
		if err != nil {
			return // closed
		}
		called := l.pending.take(conn.Request())
		l.conns.Go(func() { l.serve(conn, called) })
	}
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
		pause += time.Duration(rand.Int64N(int64(pause / 4))) //nolint:gosec // spreads attempts; nobody gains by guessing it
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
	list := make([]hybrid.ListenOption, 0, len(l.options)+3)
	for _, o := range l.options {
		list = append(list, o)
	}
	return append(list, hybrid.WithBacklog(backlog), hybrid.WithEvents(l.heard), hybrid.WithAcceptHook(l.hook))
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
		e.Kind, e.Remote = Refused, "a sender"
		e.why(ev.Err)
	}
	l.b.tell(&e)
}

// hook dials the target before a sender is taken. The sender is told no more than it must know: not where the target is.
func (l *listening) hook(ctx context.Context, r *hybrid.Request) (string, error) {
	protocol := ""
	if len(r.Subprotocols) > 0 {
		protocol = r.Subprotocols[0] // as the SDKs' listeners choose
	}
	route := l.plain()
	if route == nil {
		return protocol, nil // the preamble names the port
	}
	conn, err := route.target.dial(ctx)
	if err == nil {
		l.pending.put(ctx, r, &call{conn, route})
		return protocol, nil
	}
	e := Event{Kind: Refused, Entity: l.entity, Remote: r.Remote.String()}
	e.missed(route.target, err)
	l.b.tell(&e)
	return "", rejection(&e)
}

// rejection is how a sender hears that its target is not there.
func rejection(e *Event) error {
	switch e.Reason {
	case TargetRefused:
		return hybrid.Reject(http.StatusBadGateway, "The listener's target refused the connection.")
	case TargetTimeout:
		return hybrid.Reject(http.StatusGatewayTimeout, "The listener's target did not answer in time.")
	}
	return hybrid.Reject(http.StatusBadGateway, "The listener cannot reach its target.")
}

// serve is the life of one connection. called is the one to the target, if there is one already.
func (l *listening) serve(conn *hybrid.Conn, called *call) {
	e := Event{Kind: Refused, Entity: l.entity, Remote: conn.RemoteAddr().String()}
	if called == nil {
		called = l.call(conn, &e)
	}
	if called == nil {
		l.b.tell(&e)
		conn.Abort()
		return
	}
	called.route.join(&e, far{conn}, called.conn, nil, "the target", flow.Back)
}

// call finds out where a sender is to be led, and opens the connection to there; nil: e says why there is none.
func (l *listening) call(conn *hybrid.Conn, e *Event) *call {
	r := l.plain()
	if r == nil {
		r = l.greet(conn, e)
	}
	if r == nil {
		return nil
	}
	near, err := r.target.dial(r.life)
	if err != nil {
		e.missed(r.target, err)
		return nil
	}
	if r.c.PortName != "" {
		if _, err := conn.Write(wire.StreamAgreed.Append(nil)); err != nil {
			e.why(err)
			reset(near)
			return nil
		}
	}
	return &call{near, r}
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
	route := l.port(hello.Port)
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
