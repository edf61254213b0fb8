package connect

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/trust"
)

// DefaultGrace is how long connections may go on when their connector goes: shorter than the ten seconds that Docker and
// Windows give a process that is stopped.
const DefaultGrace = 8 * time.Second

// Params is what a Bridge is made of.
type Params struct {
	// ConnectionString is that of connectors without their own.
	ConnectionString string
	// Roots says whose signature makes a gateway's certificate good. The zero value is the system's roots.
	Roots trust.Roots
	// Elsewhere is the same for connectors with a connection string of their own. nil: Roots.
	Elsewhere *trust.Roots
	// Plain has connectors without a connection string of their own do without TLS.
	Plain bool
	// Options are added to each Listen and Dial.
	Options []hybrid.Option
	// Tell hears of everything that happens. Calls do not overlap. nil: nobody does.
	Tell func(Event)
	// Grace is how long connections of a connector that is removed or changed may go on. 0: DefaultGrace.
	Grace time.Duration
	// Final has the first refusal of a listener end it and be the error of Wait: for a command about one connector, whose user
	// is there to mend it. Otherwise it is tried again, as later losses are.
	Final bool
}

// Bridge runs connectors. Make one with New.
type Bridge struct {
	p       Params
	life    context.Context
	end     context.CancelCauseFunc
	runs    sync.WaitGroup
	uploads sync.WaitGroup // to web servers, and what goes on behind the answers of services of net.tcp
	tells   sync.Mutex

	applying sync.Mutex // before mu
	mu       sync.Mutex
	stations map[string]station
	closed   bool
	failed   chan error // capacity 1: the first final refusal
}

// station is what stays while connectors come and go: a listener at the gateway, or a local socket. Its routes are the
// connectors.
type station interface {
	// open binds what can be bound before anything is changed.
	open() error
	// route takes the connectors in force, instead of those before.
	route(list []*route)
	// run works until ctx ends; connections live on.
	run(ctx context.Context)
	// leave ends run; the connections have grace to end. It does not wait.
	leave(grace time.Duration)
	// discard undoes open, for a station that never ran.
	discard()
}

// New makes a bridge without connectors.
func New(p Params) *Bridge {
	if p.Grace <= 0 {
		p.Grace = DefaultGrace
	}
	b := &Bridge{p: p, stations: make(map[string]station), failed: make(chan error, 1)}
	b.life, b.end = context.WithCancelCause(context.Background())
	return b
}

// errClosed is what Apply says behind Shutdown.
var errClosed = errors.New("the connectors have been stopped")

// Apply makes list the connectors in force. What is the same as before goes on untouched; what is new begins; connections of
// what is no more, or leads elsewhere now, have Params.Grace to end. When a local socket cannot be opened, or a connector is
// wrong (*Flaw), nothing is changed.
func (b *Bridge) Apply(list []Connector) error {
	b.applying.Lock()
	defer b.applying.Unlock()
	plans, err := b.plan(list)
	if err != nil {
		return err
	}
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return errClosed
	}
	var fresh []station
	for _, p := range plans {
		if p.station, p.old = b.stations[p.key]; p.old {
			continue
		}
		if p.station, err = b.build(p.first); err == nil {
			err = p.station.open()
		}
		if err != nil {
			for _, s := range fresh {
				s.discard()
			}
			return err
		}
		fresh = append(fresh, p.station)
	}
	b.swap(plans)
	return nil
}

// plan is a station that is to be, and its connectors.
type plan struct {
	key     string
	first   *Connector
	routes  []*route
	station station
	old     bool
}

// plan sorts connectors by the station that they share.
func (b *Bridge) plan(list []Connector) ([]*plan, error) {
	var plans []*plan
	byKey := make(map[string]*plan)
	for i := range list {
		c := list[i]
		c.ConnectionString = cmp.Or(c.ConnectionString, b.p.ConnectionString)
		if c.ConnectionString == "" {
			return nil, fmt.Errorf("connector %s: %w", c.Name(), &Flaw{"connectionString", "is missing, and there is none for all connectors"})
		}
		if flaws := c.Check(); len(flaws) > 0 {
			return nil, fmt.Errorf("connector %s: %w", c.Name(), &flaws[0])
		}
		key := c.station()
		p := byKey[key]
		if p == nil {
			p = &plan{key: key, first: &c}
			byKey[key] = p
			plans = append(plans, p)
		}
		for _, other := range list[:i] {
			other.ConnectionString = cmp.Or(other.ConnectionString, b.p.ConnectionString)
			if flaw := Clash(&other, &c); flaw != nil {
				return nil, fmt.Errorf("connector %s: %w", c.Name(), flaw)
			}
		}
		r, err := newRoute(b, c)
		if err != nil {
			return nil, err
		}
		p.routes = append(p.routes, r)
	}
	return plans, nil
}

// station is what connectors have in common that share a listener or a local socket.
func (c *Connector) station() string {
	switch {
	case c.Listen != "" && c.PortName != "": // speaks in messages, and cannot become one that does not
		return "ports of " + c.place()
	case c.Listen != "" && c.answers():
		return "web of " + c.place()
	case c.Listen != "":
		return "listener of " + c.place()
	}
	return c.place()
}

// place is what two connectors cannot both have.
func (c *Connector) place() string {
	if c.Listen != "" {
		return "listen\x00" + strings.ToLower(strings.Trim(c.Listen, "/")) + "\x00" + c.ConnectionString
	}
	if strings.HasSuffix(c.Bind, ":0") { // each has a port of its own
		return "forward\x00" + c.Bind + "\x00" + c.Forward + "\x00" + c.ConnectionString + "\x00" + c.PortName
	}
	return "forward\x00" + c.Bind
}

// Clash says what keeps two connectors of one list from running beside each other; nil: nothing does. They are compared with
// their connection strings filled in.
func Clash(a, b *Connector) *Flaw {
	switch {
	case a.place() != b.place():
		return nil
	case a.Listen == "":
		return &Flaw{"bind", "another connector has this address; give each its own"}
	case a.PortName == b.PortName && a.PortName != "":
		return &Flaw{"portName", "another connector of this relay has this port; give each its own name"}
	case a.PortName == b.PortName:
		return &Flaw{"listen", "another connector listens on this relay; give each its own relay, or name ports by portName"}
	case a.PortName == "" || b.PortName == "":
		return &Flaw{"portName", "another connector of this relay is without portName; a relay speaks azbridge's preamble or plain bytes, not both"}
	}
	return nil
}

// build makes the station of a connector.
func (b *Bridge) build(c *Connector) (station, error) {
	if c.Listen == "" {
		return &forwarding{b: b, bind: c.Bind, entity: c.Forward}, nil
	}
	options, err := b.options(c)
	if err != nil {
		return nil, err
	}
	return newListening(b, c, options), nil
}

// sessions is how many TLS sessions a connector remembers: one for each node that it meets, and some.
const sessions = 32

// options are those of package hybrid for a connector. TLS sessions are remembered from one dial to the next.
func (b *Bridge) options(c *Connector) ([]hybrid.Option, error) {
	cs, err := connstring.Parse(c.ConnectionString)
	if err != nil {
		return nil, err
	}
	roots, own := b.p.Roots, c.ConnectionString == b.p.ConnectionString
	if b.p.Elsewhere != nil && !own {
		roots = *b.p.Elsewhere
	}
	config, err := roots.Config(trust.Hostname(cs.Host))
	if err != nil {
		return nil, fmt.Errorf("connector %s: %w", c.Name(), err)
	}
	config.ClientSessionCache = tls.NewLRUClientSessionCache(sessions)
	list := []hybrid.Option{hybrid.WithTLSConfig(config), hybrid.WithEntity(c.Name())}
	if b.p.Plain && own {
		list = append(list, hybrid.WithPlain())
	}
	return append(list, b.p.Options...), nil
}

// swap puts the plans in force.
func (b *Bridge) swap(plans []*plan) {
	b.mu.Lock()
	defer b.mu.Unlock()
	gone := b.stations
	b.stations = make(map[string]station, len(plans))
	for _, p := range plans {
		delete(gone, p.key)
		b.stations[p.key] = p.station
		p.station.route(p.routes)
		if !p.old {
			b.runs.Go(func() { p.station.run(b.life) })
		}
	}
	for _, s := range gone {
		s.leave(b.p.Grace)
	}
}

// Wait blocks until ctx ends, which is no error, or, with Params.Final, until a listener was refused.
func (b *Bridge) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-b.failed:
		return err
	}
}

// Shutdown takes every listener from its gateway and closes every local socket; connections may end until ctx does, then they
// are cut. It waits for all of it, and may be called twice.
func (b *Bridge) Shutdown(ctx context.Context) {
	b.mu.Lock()
	b.closed = true
	gone := b.stations
	b.stations = make(map[string]station)
	b.mu.Unlock()
	for _, s := range gone {
		s.leave(0)
	}
	cut := context.AfterFunc(ctx, func() { b.end(errStopped) })
	b.runs.Wait()
	b.uploads.Wait() // their exchanges are over
	cut()
	b.end(errStopped)
}

// errStopped is the end of connections that outlive their connector.
var errStopped = &shape.End{Why: fail.Draining, Code: goingAway, Text: "The connector was stopped."}

// tell hands an event to whoever listens.
func (b *Bridge) tell(e *Event) {
	if b.p.Tell == nil {
		return
	}
	b.tells.Lock()
	defer b.tells.Unlock()
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	b.p.Tell(*e)
}

// refuse ends Wait with a refusal.
func (b *Bridge) refuse(err error) {
	select {
	case b.failed <- err:
	default: // another one was first
	}
}
