package entry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/leg"
)

// answersLater reports whether what the listener was asked may still be answered when its channel has ended so: on the new
// channel of the same listener, or by rendezvous, as our own agent does behind an end in order.
func (c *control) answersLater(end *shape.End) bool {
	switch end.Why {
	case fail.Replaced:
		return true
	case fail.PeerClosed, fail.Draining, fail.TokenExpired:
		return c.cancels
	default:
		return false
	}
}

// standbys finds the control channels whose listeners were granted standby connections.
type standbys struct {
	mu   sync.Mutex
	here map[standbyKey]*control
}

// standbyKey names a listener: the same id at the same address.
type standbyKey struct {
	at entity.Address
	id string
}

// enter lets standby connections find a channel; a later one of the same listener takes its place.
func (s *standbys) enter(c *control) {
	if c.waiters.most == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.here == nil {
		s.here = map[standbyKey]*control{}
	}
	s.here[standbyKey{c.hello.At, c.listener.ID}] = c
}

// leave takes a channel out and ends the connections that wait for it.
func (s *standbys) leave(c *control) {
	s.mu.Lock()
	if key := (standbyKey{c.hello.At, c.listener.ID}); s.here[key] == c {
		delete(s.here, key)
	}
	s.mu.Unlock()
	c.waiters.end()
}

func (s *standbys) find(at entity.Address, id string) *control {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.here[standbyKey{at, id}]
}

// waiters are the standby connections of one control channel. The newest is used first: it is the likeliest to be alive.
type waiters struct {
	most int // that were granted

	mu   sync.Mutex
	list []*waiter
	over bool
}

// add lets a connection wait. It reports false when as many do as may, or the channel has gone.
func (w *waiters) add(one *waiter) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over || len(w.list) >= w.most {
		return false
	}
	w.list = append(w.list, one)
	return true
}

// give hands the offer to a connection that waits. It reports false when there is none.
func (w *waiters) give(o *shape.Offer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.list)
	if n == 0 {
		return false
	}
	one := w.list[n-1]
	w.list = w.list[:n-1]
	one.offers <- o // it has room for the only one
	return true
}

// drop takes a connection out. It reports false when it was given an offer before.
func (w *waiters) drop(one *waiter) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.list, one)
	if i < 0 {
		return false
	}
	w.list = slices.Delete(w.list, i, i+1)
	return true
}

// end lets nobody wait any more.
func (w *waiters) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	for _, one := range w.list {
		close(one.over)
	}
	w.list = nil
}

// waiter is one standby connection that has its 101.
type waiter struct {
	control *control
	visit   *visit
	offers  chan *shape.Offer
	over    chan struct{} // closed when its control channel has gone
}

// standby serves a connection of our own agent that waits for an offer (docs/agent.md). It waits on a goroutine of its own.
func (e *Entry) standby(ctx context.Context, v *visit) {
	if !v.raw {
		v.turnAway(fail.New(fail.UpgradeRequired, "A standby connection asks for "+rawUpgrade+"."))
		return
	}
	v.ask.Need = entity.Listen
	if _, err := e.p.Relay.Describe(ctx, v.ask, v.hello); err != nil {
		v.turnAway(fail.Of(err))
		return
	}
	c := e.standbys.find(v.hello.At, v.target.ID)
	if c == nil {
		v.turnAway(fail.New(fail.Conflict, "The listener of that id is not connected to this node, or was granted no standby connections."))
		return
	}
	v.keep()
	v.hello.Fields, v.hello.Offers = nil, nil
	w := &waiter{control: c, visit: v, offers: make(chan *shape.Offer, 1), over: make(chan struct{})}
	if !c.waiters.add(w) {
		v.turnAway(fail.New(fail.Conflict, "As many connections stand by as were granted."))
		return
	}
	if v.write(v.welcome("")) != nil {
		if !c.waiters.drop(w) {
			w.otherwise(<-w.offers)
		}
		_ = v.arrival.Conn.Close()
		return
	}
	v.arrival.Rest = func() { w.wait(ctx) }
}

// asksForBytes reports whether our own agent asks for a connection without frames, where one may be had. At a rendezvous it names
// the protocol. A sender asks for a WebSocket, which every gateway knows and the listener is told of, and says beside it that bytes
// would do.
func (v *visit) asksForBytes() bool {
	h := v.arrival.Head
	switch v.target.Action {
	case wire.ActionAccept, wire.ActionStandby:
		return h.Fields.HasToken("Upgrade", rawUpgrade) && h.Fields.HasToken("Connection", "upgrade")
	case wire.ActionConnect:
		return upgrades(h) && v.key != "" && wire.ParseAgent(h.Fields).Raw
	default:
		return false
	}
}

// wait waits for an offer, or the end.
func (w *waiter) wait(ctx context.Context) {
	life, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	watch := leg.Watch(w.visit.arrival.Conn, false, leave)
	var o *shape.Offer
	select {
	case o = <-w.offers:
	case <-w.over:
	case <-life.Done():
		if !w.control.waiters.drop(w) {
			select {
			case o = <-w.offers:
			case <-w.over:
			}
		}
	}
	early, gone := watch.Stop()
	if o == nil {
		_ = w.visit.arrival.Conn.Close()
		return
	}
	if gone != nil || len(early) > 0 || len(w.visit.arrival.Read) > 0 { // who stands by says nothing
		_ = w.visit.arrival.Conn.Close()
		w.otherwise(o)
		return
	}
	w.meet(ctx, o)
}

// otherwise sends an offer the ordinary way, because the connection that stood by has gone.
func (w *waiter) otherwise(o *shape.Offer) {
	if err := w.control.tell(o); err != nil {
		w.decline(context.Background(), o, fail.Of(err))
	}
}

// decline tells the sender no. That it has left meanwhile is no news.
func (w *waiter) decline(ctx context.Context, o *shape.Offer, no *fail.Error) {
	_ = w.control.entry.p.Relay.Decline(ctx, o.Ticket, w.visit.hello, no)
}

// meet writes the offer and acts on the agent's answer.
func (w *waiter) meet(ctx context.Context, o *shape.Offer) {
	conn := w.visit.arrival.Conn
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	line, rest, err := w.ask(conn, o)
	stop()
	if err != nil {
		_ = conn.Close()
		if ctx.Err() == nil && time.Now().Before(o.Deadline) {
			w.otherwise(o)
		}
		return
	}
	status, text, err := wire.ParseAnswer(line)
	switch {
	case err != nil:
		_ = conn.Close()
		w.decline(ctx, o, fail.Wrap(fail.ListenerLost, "answer", err))
	case status != 200:
		_ = conn.Close()
		w.decline(ctx, o, &fail.Error{Code: fail.Rejected, Status: status, Text: text})
	default:
		s := &stander{entry: w.control.entry, conn: conn, read: rest, hello: w.visit.hello}
		s.choose(text)
		_ = s.entry.p.Relay.Join(ctx, o.Ticket, &standingTraveller{s, w.visit.arrival, line, o.Ticket}) // the relay keeps the account
	}
}

// ask writes the offer line and reads the answer line, and what came behind it.
func (w *waiter) ask(conn net.Conn, o *shape.Offer) (line string, rest []byte, err error) {
	buf := getParcel()
	defer putParcel(buf)
	message := w.control.acceptMessage(o)
	if *buf, err = message.Append(*buf); err != nil {
		return "", nil, err
	}
	*buf = append(*buf, '\n')
	if err := conn.SetDeadline(o.Deadline); err != nil {
		return "", nil, err
	}
	if _, err := conn.Write(*buf); err != nil {
		return "", nil, err
	}
	return readAnswer(conn)
}

// readAnswer reads an agent's answer line.
func readAnswer(conn net.Conn) (line string, rest []byte, err error) {
	buf := make([]byte, 0, wire.MaxAnswer)
	for {
		n, err := conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if i := bytes.IndexByte(buf, '\n'); i >= 0 {
			return string(buf[:i+1]), bytes.Clone(buf[i+1:]), conn.SetDeadline(time.Time{})
		}
		switch {
		case len(buf) == cap(buf):
			return "", nil, errors.New("the answer line is too long")
		case err != nil:
			return "", nil, fmt.Errorf("read the answer line: %w", err)
		}
	}
}

// stander is a listener whose standby connection has become its rendezvous.
type stander struct {
	entry *Entry
	conn  net.Conn
	read  []byte
	hello *shape.Hello
}

// choose notes the sub-protocol of the answer line.
func (s *stander) choose(protocol string) {
	if protocol = strings.TrimSpace(protocol); protocol != "" {
		s.hello.Offers = []string{protocol}
	}
}

// Hello implements shape.Party.
func (s *stander) Hello() *shape.Hello { return s.hello }

// Accept implements shape.Party: the agent has its 101.
func (s *stander) Accept(shape.Answer) (shape.Leg, error) {
	return leg.NewTCP(s.conn, s.read, s.entry.p.Write), nil
}

// Refuse implements shape.Party: the agent has been accepted already, so it sees a loss.
func (s *stander) Refuse(err *fail.Error) {
	leg.NewTCP(s.conn, nil, s.entry.p.Write).Abort(&shape.End{Why: err.Code, Cause: err})
}

// standingTraveller is a stander whose sender may wait at another node.
type standingTraveller struct {
	*stander
	arrival *leg.Arrival
	line    string
	ticket  shape.Ticket
}

// Detach implements shape.Carrier. The answer line travels in front of the bytes.
func (t *standingTraveller) Detach() (net.Conn, shape.Preface) {
	a := t.arrival
	return a.Conn, shape.Preface{
		Door: a.Door, Host: t.hello.Host, Remote: a.Remote, TLS: a.TLS, Cert: a.Cert, Upgraded: true, Ticket: t.ticket,
		Replay: append([]byte(t.line), t.read...),
	}
}

// Carried takes a standby connection that another node has offered to its agent, because the sender waits here. The error is what
// it was turned away with.
func (e *Entry) Carried(ctx context.Context, conn net.Conn, p shape.Preface) error {
	if err := conn.SetDeadline(time.Now().Add(e.p.HeadTimeout)); err != nil {
		_ = conn.Close()
		return fmt.Errorf("carried standby connection: %w", err)
	}
	line, rest, err := readAnswer(conn)
	var status int
	var protocol string
	if err == nil {
		status, protocol, err = wire.ParseAnswer(line)
	}
	if err == nil && status != 200 {
		err = fmt.Errorf("it was carried with a %d", status)
	}
	if err != nil {
		_ = conn.Close()
		return fmt.Errorf("carried standby connection: %w", err)
	}
	s := &stander{entry: e, conn: conn, read: rest, hello: &shape.Hello{Tracking: NewTracking(), Host: p.Host, Door: p.Door, Remote: p.Remote}}
	s.choose(protocol)
	return e.p.Relay.Join(ctx, p.Ticket, s)
}
