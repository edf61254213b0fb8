package entry

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/standby"
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

// enter lets standby connections find the channel, if any were granted.
func (c *control) enter() {
	if c.waiters.Most > 0 {
		c.entry.standbys.Enter(standby.Key{At: c.hello.At, ID: c.listener.ID}, c)
	}
}

// leave ends the connections that wait for the channel.
func (c *control) leave() {
	c.entry.standbys.Leave(standby.Key{At: c.hello.At, ID: c.listener.ID}, c)
	c.waiters.End()
}

// waiter is one standby connection that has its 101.
type waiter struct {
	standby.Waiter
	control *control
	visit   *visit
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
	c := e.standbys.Find(standby.Key{At: v.hello.At, ID: v.target.ID})
	if c == nil {
		v.turnAway(fail.New(fail.Conflict, "The listener of that id is not connected to this node, or was granted no standby connections."))
		return
	}
	h := v.hello
	keep(&h.Tracking, &h.Host, &h.Target, &h.At.Namespace, &h.At.Path)
	h.Fields, h.Offers = nil, nil
	w := &waiter{Waiter: standby.Waiter{Conn: v.arrival.Conn}, control: c, visit: v}
	if !c.waiters.Add(&w.Waiter) {
		v.turnAway(fail.New(fail.Conflict, "As many connections stand by as were granted."))
		return
	}
	if v.welcome("") != nil {
		if o := c.waiters.Drop(&w.Waiter); o != nil {
			w.otherwise(o)
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
		return v.upgrade && v.key != "" && wire.ParseAgent(h.Fields).Raw
	default:
		return false
	}
}

// wait waits for the peer, who says nothing before he was told of an offer, and answers then. Whoever has the offer tells him, so that
// nobody is woken in between.
func (w *waiter) wait(ctx context.Context) {
	conn, waiters := w.Conn, &w.control.waiters
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	unasked := len(w.visit.arrival.Read) > 0
	o, over := waiters.Ready(&w.Waiter)
	if o != nil {
		w.control.ask(conn, o)
	}
	var begun []byte
	var err error
	if !over && !unasked {
		begun, err = leg.Await(conn, wire.MaxAnswer)
	}
	if o = waiters.Drop(&w.Waiter); o == nil {
		_ = conn.Close()
		return
	}
	var line string
	var rest []byte
	if err == nil && !unasked {
		line, rest, err = standby.ReadAnswer(conn, begun)
	}
	stop()
	if err != nil || unasked {
		_ = conn.Close()
		if ctx.Err() == nil && time.Now().Before(o.Deadline) {
			w.otherwise(o)
		}
		return
	}
	w.meet(ctx, o, line, rest)
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

// meet acts on the agent's answer.
func (w *waiter) meet(ctx context.Context, o *shape.Offer, line string, rest []byte) {
	conn := w.Conn
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

// ask writes the offer line to a connection that stands by. Where that fails the connection is closed, and its waiter, who reads it, sends
// the offer the ordinary way.
func (c *control) ask(conn net.Conn, o *shape.Offer) {
	buf := bodies.GetParcel()
	defer bodies.PutParcel(buf)
	message := c.acceptMessage(o)
	var err error
	if *buf, err = message.Append(*buf); err == nil {
		*buf = append(*buf, '\n')
		err = conn.SetDeadline(o.Deadline)
	}
	if err == nil {
		_, err = conn.Write(*buf)
	}
	if err != nil {
		_ = conn.Close()
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
	line, rest, err := standby.ReadAnswer(conn, nil)
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
