package relay

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/limit"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay/internal/account"
	"github.com/causeway-relay/causeway/gateway/relay/internal/cast"
	"github.com/causeway-relay/causeway/gateway/relay/internal/lease"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Words of the table that entries need.
type (
	// Listener is who waits.
	Listener = route.Listener
	// Hints are a sender's own wishes about who serves it.
	Hints = route.Hints
	// GUID is a listener id that is a GUID.
	GUID = route.GUID
)

// Seat is a listener's place in the table. The entry calls Leave when the control channel has gone; the gateway ends it
// by the listener's own Leave. Thousands may be idle: what each needs lies in it.
type Seat struct {
	relay    *Relay
	listener *route.Listener
	hello    *shape.Hello
	account  account.Stay // for its record at the end
	release  func()
	pulse    presence.Pulse
	front    cast.Front
	queue    *cast.Front // front, which takes messages; nil: the listener takes none
	replaced bool        // the client came back while this one arrived; guarded by relay.mu

	lease lease.Lease // of its token

	mu  sync.Mutex
	end *shape.End
}

// Listen lets a listener in and makes it known to every live node before it returns. A refusal may be held back: a
// client that storms is answered slowly (reference section 6.5).
func (r *Relay) Listen(ctx context.Context, ask Ask, h *shape.Hello, l *Listener) (*Seat, error) {
	record := r.clerk.Begin("listener", h)
	record.Listener = l.ID
	if r.clerk.Tells() {
		r.clerk.Step(1, h.Tracking, fmt.Sprintf("a listener asks to listen on %s", h.At.Path))
	}
	seat, err := r.sit(ctx, ask, h, l, record)
	if err == nil {
		r.delays.Succeeded(h.Remote.Addr(), h.At)
		return seat, nil
	}
	refusal := r.clerk.Refused(record, fail.Of(err))
	limit.Hold(ctx, r.delays.Refused(h.Remote.Addr(), h.At, time.Now()))
	return nil, refusal
}

func (r *Relay) sit(ctx context.Context, ask Ask, h *shape.Hello, l *route.Listener, record *Record) (*Seat, error) {
	ent, claims, refusal := r.admit(ask, h)
	if refusal != nil {
		return nil, refusal
	}
	record.Entity, record.Kind, record.Rule, record.Stages.Admit = ent.Name, string(ent.Kind), claims.Rule, record.Since()
	if !r.connections.Enter() {
		return nil, r.full()
	}
	l.At, l.Remote = h.At, h.Remote.String()
	seat := &Seat{relay: r, listener: l, hello: h, account: record.Stay()}
	seat.pulse.Start(r.p.Presence, l.Check != nil, seat.changed)
	seat.lease.Over = seat.expired
	seat.queueFor(ent)
	holding, ok := r.arrive(seat, ent)
	if !ok {
		seat.pulse.Stop()
		r.connections.Leave()
		return nil, fail.Newf(fail.ListenerLimit, "The quota MaximumListenersPerEndpoint (%d) of the endpoint is used up.", r.p.Limits.ListenersPerEntity)
	}
	var err error
	if seat.release, err = r.p.Bus.Hold(ctx, holding); err != nil {
		seat.release = func() {}
		seat.leave(nil)
		return nil, fmt.Errorf("announce the listener: %w", err)
	}
	if refusal := r.enter(seat, ent, claims.Expires); refusal != nil {
		seat.leave(nil)
		return nil, refusal
	}
	r.replace(l)
	return seat, nil
}

// arrive enters the listener into the table. Whoever sees it there finds its seat, although nobody may end it yet.
func (r *Relay) arrive(s *Seat, ent *entity.Entity) (mesh.Holding, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	holding, ok := r.table.Add(s.listener, ent.At, time.Now(), r.p.Limits.ListenersPerEntity)
	if ok {
		r.arriving[s.listener.Channel] = s
	}
	return holding, ok
}

// enter puts the seat on the list, unless the node began to drain or the entity went while it was announced. From then on
// the gateway may end it; whoever does waits until its arrival has been told of.
func (r *Relay) enter(s *Seat, ent *entity.Entity, expires time.Time) *fail.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refusal := r.list(s, ent); refusal != nil {
		return refusal
	}
	s.lease.Until(expires, r.p.Timeouts.TokenGrace)
	if r.clerk.Tells() {
		r.clerk.Step(2, s.hello.Tracking, fmt.Sprintf("recorded: %s has a listener at node %d", ent.Name, r.self))
	}
	s.came()
	return nil
}

// list looks and enters under one lock: whoever ends all seats afterwards, because of a drain or a deletion, finds this one.
// The same client may have come back while this connection of it was announced.
func (r *Relay) list(s *Seat, ent *entity.Entity) *fail.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if refusal := r.entering(); refusal != nil {
		return refusal
	}
	if r.p.Store.View().Get(ent.At) == nil {
		return fail.New(fail.UnknownEntity, "Endpoint does not exist.")
	}
	if s.replaced {
		return fail.New(fail.Replaced, replacedText)
	}
	delete(r.arriving, s.listener.Channel)
	r.seats[s.listener.Channel] = s
	return nil
}

func (r *Relay) full() *fail.Error {
	return fail.Newf(fail.ConnectionLimit, "The quota of %d concurrent connections of the namespace is used up.", r.connections.Max())
}

// replace ends the old channel of a listener that came back, if its id is a GUID; of any other id both may be real, so
// the old one is asked for a sign of life (contracts section 1).
func (r *Relay) replace(l *route.Listener) {
	for _, old := range r.table.Same(l) {
		kind := words.Check
		if l.GUID != (route.GUID{}) {
			kind = words.Replace
		}
		if old.Node != r.self {
			ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
			_ = r.p.Bus.Tell(ctx, old.Node, kind, words.Encode(words.ChannelWord{Channel: old.Channel})) // a lost word leaves the old one to its pings
			cancel()
			continue
		}
		r.again(kind, old.Channel)
	}
}

const replacedText = "The listener came back on a new connection."

// again does at the holder's node what replace wants of it.
func (r *Relay) again(kind string, channel uint64) {
	r.mu.Lock()
	seat := r.seats[channel]
	if early := r.arriving[channel]; early != nil && kind == words.Replace {
		early.replaced = true
	}
	r.mu.Unlock()
	switch {
	case seat == nil:
	case kind == words.Replace:
		seat.finish(&shape.End{Why: fail.Replaced, Code: goingAway, Text: replacedText})
	case seat.listener.Check != nil:
		seat.pulse.Doubt()
		r.aside(seat.listener.Check)
	default:
		r.aside(func() { r.spread(seat.listener, 0) }) // there is nothing to ask it: it stays as it is
	}
}

// expired ends a channel whose token was not renewed.
func (s *Seat) expired(at time.Time) {
	s.finish(&shape.End{
		Why: fail.TokenExpired, Code: policy,
		Text: fmt.Sprintf("The token is expired. Expiration time: '%s'.", at.UTC().Format("2006-01-02 15:04:05Z")),
	})
}

// Renew moves the channel's expiry to that of a new token with the right to listen. On an error the old one stays.
func (s *Seat) Renew(c auth.Credential) error {
	_, claims, err := s.relay.admit(Ask{Need: entity.Listen, Cred: c}, s.hello)
	if err != nil {
		return err.At("renew", s.account.Entity, s.hello.Tracking)
	}
	s.lease.Until(claims.Expires, s.relay.p.Timeouts.TokenGrace)
	return nil
}

// finish ends the seat from the gateway's side; the entry closes the channel with the end's code and words, beside the
// caller, who does not wait for it.
func (s *Seat) finish(end *shape.End) {
	if s.depart(end, "gateway") {
		s.relay.aside(func() { s.listener.Leave(end) })
	}
}

// Leave says that the control channel has ended, and how. It may be called after the gateway ended the seat.
func (s *Seat) Leave(end *shape.End) { s.depart(end, "listener") }

// depart ends the seat once, and reports whether it was this call that did.
func (s *Seat) depart(end *shape.End, side string) bool {
	s.mu.Lock()
	first := s.end == nil
	if first {
		s.end = end
		s.lease.Stop()
	}
	s.mu.Unlock()
	if first {
		s.leave(end)
		if s.queue.Waiting() == 0 {
			s.gone(end, side)
		} else { // what is on its way is cut off: the account waits for what becomes of it
			s.relay.aside(func() {
				s.flush(context.Background())
				s.gone(end, side)
			})
		}
	}
	return first
}

// leave takes the listener out of the table and the mesh. It is called once. end is why the listener went; nil: it never came.
func (s *Seat) leave(end *shape.End) {
	r := s.relay
	s.pulse.Stop()
	r.mu.Lock()
	delete(r.arriving, s.listener.Channel)
	delete(r.seats, s.listener.Channel)
	r.mu.Unlock()
	r.table.Remove(s.listener)
	s.queue.Close(lostTo(end))
	s.release()
	r.connections.Leave()
}

func (s *Seat) gone(end *shape.End, side string) {
	c := s.relay.clerk.Again("listener", s.hello, s.listener.ID, &s.account)
	c.Reason, c.Side, c.Text, c.Cause = end.Why, side, end.Text, end.Cause
	c.Taken, c.Missed = s.listener.Tally.Delivered.Load(), s.listener.Tally.Missed.Load()
	s.relay.clerk.Closed(c)
	s.went(end, c.Duration)
}

// lostTo is what is said of the messages that a listener did not get any more.
func lostTo(end *shape.End) error {
	if end != nil && end.Why == fail.Draining {
		return fail.New(fail.Draining, end.Text)
	}
	return fail.New(fail.ListenerLost, "")
}

// remoteListener stands for a listener at another node: offers go there by the bus.
func (r *Relay) remoteListener(node mesh.Num, h mesh.Holding) *route.Listener {
	l := &route.Listener{}
	if h.Shapes&mesh.Stream != 0 {
		l.Stream = &remoteOffer{relay: r, node: node, channel: h.Channel}
	}
	if h.Shapes&mesh.Exchange != 0 {
		l.Exchange = &remoteExchange{relay: r, node: node, channel: h.Channel}
	}
	if h.Shapes&mesh.Cast != 0 {
		l.Cast = r.casts.Remote(node, &h)
	}
	return l
}
