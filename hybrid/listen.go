package hybrid

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/internal/endpoint"
	"github.com/causeway-relay/causeway/hybrid/internal/exchange"
	"github.com/causeway-relay/causeway/hybrid/internal/ladder"
)

// Listener is a net.Listener that waits at a gateway. It comes back by itself when its control channel is lost, with pauses
// that grow to half a minute, and renews its token in time; WithEvents tells of both. Accepted connections do not depend on
// it: they live through its losses and its Close.
type Listener struct {
	s        listenSettings
	endpoint *endpoint.Endpoint
	dialer   *dialer
	id       string // the listener's GUID at the gateway, the same for its whole life

	queue   chan *Conn
	slots   chan struct{} // one for each sender on its way to Accept
	turning chan struct{} // one for each sender that is being turned away
	closing chan struct{}
	once    sync.Once
	end     context.CancelFunc // of life
	life    context.Context    // of dials for senders and of the way back
	runs    sync.WaitGroup
	telling sync.Mutex

	requests *exchange.Server // nil without an exchanger

	mu      sync.Mutex
	channel *control // nil while offline
}

// Listen registers a listener at the hybrid connection that the connection string, or WithEntity, names, and returns when
// senders reach it. ctx bounds that and has no meaning afterwards.
//
// A refusal of this first attempt is final, an *Error: UnknownEntity when the hybrid connection does not exist, a 401 code for
// tokens, ListenerLimit, or Starting and the like, for which Temporary is true. Once a listener has been online nothing is final but Close:
// later refusals, those too, are reported as events and tried again, since keys and hybrid connections come back.
func Listen(ctx context.Context, connectionString string, options ...ListenOption) (*Listener, error) {
	l, err := newListener(connectionString, options)
	if err == nil {
		err = l.start(ctx)
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// newListener makes a listener that start brings online.
func newListener(connectionString string, options []ListenOption) (*Listener, error) {
	l := &Listener{
		s: listenSettings{
			settings: settings{keepAlive: defaultKeepAlive, timeout: defaultPatience}, backlog: defaultBacklog, ladder: ladder.Default,
			requests: defaultRequests, drain: defaultDrain,
		},
		id: endpoint.NewID(), closing: make(chan struct{}), turning: make(chan struct{}, maxTurning),
	}
	for _, o := range options {
		o.forListen(&l.s)
	}
	if err := l.prepare(connectionString); err != nil {
		return nil, &Error{Op: "listen", Cause: err, final: true}
	}
	return l, nil
}

// start registers the listener for the first time.
func (l *Listener) start(ctx context.Context) error {
	first, err := l.open(ctx)
	if err != nil {
		return err
	}
	l.life, l.end = context.WithCancel(context.WithoutCancel(ctx))
	l.answers()
	l.runs.Go(func() { l.run(first) })
	return nil
}

// prepare checks what was given.
func (l *Listener) prepare(connectionString string) (err error) {
	if l.endpoint, err = newEndpoint(connectionString, &l.s.settings); err != nil {
		return err
	}
	if l.endpoint.Anonymous() {
		return errors.New("a listener needs a key: use a connection string of a rule with the Listen right")
	}
	if l.s.backlog < 1 || len(l.s.ladder) == 0 || l.s.requests < 1 {
		return errors.New("backlog, back-off and the bound of requests must not be empty")
	}
	l.queue, l.slots = make(chan *Conn, l.s.backlog), make(chan struct{}, l.s.backlog)
	l.dialer, err = newDialer(&l.s.settings, l.endpoint.Host)
	return err
}

// Accept implements net.Listener: it waits for the next sender and gives a *Conn. It goes on waiting while the listener is
// offline. After Close it gives net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.AcceptConn()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptConn is Accept with the type of what it gives.
func (l *Listener) AcceptConn() (*Conn, error) {
	select {
	case <-l.closing: // also when senders wait
	default:
		select {
		case c := <-l.queue:
			<-l.slots
			return c, nil
		case <-l.closing:
		}
	}
	return nil, &net.OpError{Op: "accept", Net: network, Addr: l.Addr(), Err: net.ErrClosed}
}

// Addr is the address of the hybrid connection: network "hybrid", text sb://HOST/PATH.
func (l *Listener) Addr() net.Addr { return address(l.endpoint.Name()) }

// ID is the GUID by which the gateway knows the listener (its sb-hc-id).
func (l *Listener) ID() string { return l.id }

// Close takes the listener from the gateway, so that no sender is sent to it any more, and gives up those that nobody has
// accepted. It waits for the gateway's word, at most five seconds; other nodes hear of it within milliseconds. Accepted
// connections live on. Requests of HTTP senders have the time of WithDrain to be answered. It may be called twice.
func (l *Listener) Close() error {
	l.once.Do(func() {
		close(l.closing)
		l.mu.Lock()
		channel := l.channel
		l.mu.Unlock()
		if channel != nil {
			channel.leave()
		}
		l.end()
	})
	l.runs.Wait()
	l.drain()
	for {
		select {
		case c := <-l.queue:
			c.Abort()
		default:
			return nil
		}
	}
}

// isClosing reports whether Close was called.
func (l *Listener) isClosing() bool {
	select {
	case <-l.closing:
		return true
	default:
		return false
	}
}

// run keeps the listener online until Close.
func (l *Listener) run(channel *control) {
	rung := 0
	for channel != nil {
		if !l.adopt(channel) {
			channel.leave()
			_ = channel.conn.Close()
			return
		}
		l.tell(Event{Kind: Online})
		began := time.Now()
		err := channel.serve(l)
		l.adopt(nil)
		if l.isClosing() {
			return
		}
		if time.Since(began) >= ladder.Steady {
			rung = 0
		}
		channel, rung = l.comeBack(err, rung)
	}
}

// adopt notes the channel that is up, for Close to find. It reports false when Close has been called.
func (l *Listener) adopt(channel *control) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.channel = channel
	return channel == nil || !l.isClosing()
}

// comeBack tries to open a control channel, beginning at a rung of the ladder, until it is there or Close was called.
func (l *Listener) comeBack(err error, rung int) (channel *control, next int) {
	for {
		pause := ladder.Pause(l.s.ladder, rung)
		rung++
		l.tell(Event{Kind: Offline, Err: err, Retry: pause})
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-l.life.Done():
			timer.Stop()
			return nil, rung
		}
		if channel, err = l.open(l.life); err == nil {
			return channel, rung
		}
		if l.isClosing() {
			return nil, rung
		}
		l.refusedBack(err)
	}
}

// lostChannel is the reason why a control channel ended, as an *Error.
func (l *Listener) lostChannel(code fail.Code, reason string, cause error) *Error {
	return &Error{Op: "listen", Target: l.endpoint.Name(), Code: code, Reason: reason, TrackingID: l.id, Cause: noEOF(cause), Do: code.Info().Do}
}
