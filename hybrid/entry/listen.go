package entry

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/casts"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/line"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/standby"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

const (
	// controlWrite bounds one write to a control channel: other gateway operations have 10 s (reference section 9).
	controlWrite = 10 * time.Second
	// closeWait is how long a listener has to answer the gateway's Close: a node without streams stops within a second.
	closeWait = 500 * time.Millisecond
	// checkWait is how long a listener whose id came again has for a sign of life (contracts section 1).
	checkWait = 2 * time.Second
	// maxMissed is how many pings may stay without any frame from the listener (reference section 6.4).
	maxMissed = 3
)

// listen serves a control channel until it stands; reading it is the rest of its life.
func (e *Entry) listen(ctx context.Context, v *visit) {
	v.ask.Need = entity.Listen
	agent := v.agent()
	c := &control{
		entry: e, hello: *v.hello, system: v.trail().System, plain: !v.arrival.TLS,
		cancels: agent.Cancel, posts: v.postsCasts(agent),
	}
	defer c.line.Never()
	c.waiters.Most = agent.Standby
	l := &c.listener
	l.ID, l.Agent = v.target.ID, agentOf(v)
	if l.ID == "" {
		l.ID = c.hello.Tracking
	} else if guid, ok := wire.ParseID(l.ID); ok {
		l.GUID = guid
	}
	keep(&c.hello.Tracking, &c.hello.Host, &c.hello.Target, &c.hello.At.Namespace, &c.hello.At.Path, &c.system, &l.ID, &l.Agent)
	l.Stream, l.Exchange, l.Cast, l.Check, l.Leave = c, c, c.sink(), c.check, c.end
	seat, err := v.admitted(ctx, c)
	if err != nil {
		return
	}
	c.enter()
	if err = c.upgrade(v); err != nil {
		c.leave()
		_ = v.arrival.Conn.Close()
		seat.Leave(&shape.End{Why: fail.Aborted, Cause: err})
		return
	}
	c.hello.Fields, c.hello.Offers = nil, nil
	c.seat = seat
	v.arrival.Stay = func(over func()) { c.serve(ctx, over) }
}

// admitted brings a listener to the relay; an error says that it was told no, or that it has gone. A refusal may be held
// back for long: a listener that leaves meanwhile is not kept.
func (v *visit) admitted(ctx context.Context, c *control) (*relay.Seat, error) {
	waiting, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	watch := leg.Watch(v.arrival.Conn, false, leave)
	seat, err := v.entry.p.Relay.Listen(waiting, v.ask, &c.hello, &c.listener)
	early, gone := watch.Stop()
	v.arrival.Read = slices.Concat(v.arrival.Read, early)
	switch {
	case gone != nil:
		_ = v.arrival.Conn.Close()
		if seat != nil {
			seat.Leave(&shape.End{Why: fail.Aborted, Cause: gone})
		}
		return nil, gone
	case err != nil:
		v.refuse(fail.Of(err))
	}
	return seat, err
}

// keep copies what outlives the handshake, into one place, so that an idle listener does not keep the whole head.
func keep(texts ...*string) {
	n := 0
	for _, text := range texts {
		n += len(*text)
	}
	var all strings.Builder
	all.Grow(n)
	for _, text := range texts {
		all.WriteString(*text)
	}
	rest := all.String()
	for _, text := range texts {
		n := len(*text)
		*text, rest = rest[:n], rest[n:]
	}
}

// agentOf is what the listener says it is.
func agentOf(v *visit) string {
	agent := v.arrival.Head.Fields.Get("Relay-User-Agent")
	if agent == "" {
		agent = v.arrival.Head.Fields.Get("User-Agent")
	}
	return agent[:min(len(agent), 128)]
}

// control is one control channel. The goroutine of run reads, or nobody while the listener says nothing; whoever has something to tell
// the listener writes. All that is known of an idle one lies here, in one place, but for the seat.
type control struct {
	entry    *Entry
	listener relay.Listener
	hello    shape.Hello
	system   string // of the trail
	plain    bool   // ws: the listener came by a door without TLS
	cancels  bool   // our own agent: it understands cancel messages
	posts    bool   // messages that are cast come as requests
	casts    casts.Line
	waiters  standby.Waiters
	line     line.Line
	session  wire.Session
	seat     *relay.Seat
	over     func()          // called when the channel has ended and given everything back
	door     context.Context //nolint:containedctx // ends when the door closes, and all connections with it

	mu     sync.Mutex
	ended  atomic.Pointer[shape.End] // why the channel comes down, if it was the gateway's wish
	alive  atomic.Bool               // a frame came since the last ping
	missed int
	pulse  *time.Timer
}

// serve reads until the channel ends, and gives the seat up. It returns before when the listener says nothing.
func (c *control) serve(ctx context.Context, over func()) {
	c.over, c.door = over, ctx
	c.mu.Lock()
	c.pulse = time.AfterFunc(c.entry.p.Ping, c.beat)
	c.mu.Unlock()
	c.run()
}

// run reads until the channel ends, or is parked: then it is called again when there is something to read.
func (c *control) run() {
	parked := false
	defer func() { // also of a panic, which is its goroutine's owner's
		if !parked {
			c.over()
		}
	}()
	end, quiet := c.read()
	if parked = quiet; !parked {
		c.close(end)
	}
}

// close gives back what the channel had.
func (c *control) close(end *shape.End) {
	seat := c.seat
	if why := c.ended.Load(); why != nil {
		end = why
	} else if end.Why == fail.Aborted && c.door.Err() != nil {
		end = &shape.End{Why: fail.Draining, Code: wsframe.CloseGoingAway}
	}
	c.mu.Lock()
	c.pulse.Stop()
	c.pulse = nil
	c.mu.Unlock()
	seat.Leave(end)
	c.leave()
	if !c.answersLater(end) {
		c.entry.calls.lost(c, fail.New(fail.ListenerLost, ""))
	}
	c.casts.Close()
	c.scold(end)
	_ = c.line.Close()
}

// scold tells a listener that broke the protocol so, unless it was told already, and sees to it that the word is not lost under what the
// listener still sends.
func (c *control) scold(end *shape.End) {
	if end.Why != fail.BadFrame && end.Why != fail.TooLarge {
		return
	}
	if err := c.bid(end, time.Now()); err == nil || errors.Is(err, line.ErrClosed) {
		linger(&c.line)
	}
}

// bid sends a Close with the reason.
func (c *control) bid(end *shape.End, now time.Time) error {
	return c.line.Control(wsframe.Close, wsframe.AppendClose(nil, end.Code, closeText(c.trail(), end)), now.Add(closeWait))
}

// trail is what the channel's Close is found again by.
func (c *control) trail() wire.Trail {
	return wire.Trail{ID: c.hello.Tracking, Node: c.entry.p.Node, System: c.system}
}

// heard notes a sign of life.
func (c *control) heard() {
	c.alive.Store(true)
	c.seat.Heard()
}

// read takes messages until the channel ends and says why it did, or until it is parked, because nothing came for long: run goes on with
// it then.
func (c *control) read() (end *shape.End, parked bool) {
	for {
		for c.line.Await() != nil {
			if c.line.Park(c.run) {
				return nil, true
			}
		}
		h, err := c.line.Head()
		switch {
		case err != nil:
			end = endOf(err)
		case h.Op.Control():
			end = c.obey(h)
		default:
			end = c.message(h)
		}
		if end != nil {
			return end, false
		}
	}
}

// message takes the message that a frame begins, and acts on it. It gives the end of the channel, if that came.
func (c *control) message(h wsframe.Header) *shape.End {
	parcel := bodies.GetParcel() // only now: an idle channel holds none
	for {
		var err error
		if *parcel, err = c.line.Payload(*parcel, h); err != nil {
			return endOf(err)
		}
		if h.Fin {
			break
		}
		for h, err = c.line.Head(); err == nil && h.Op.Control(); h, err = c.line.Head() {
			if end := c.obey(h); end != nil {
				return end
			}
		}
		if err != nil {
			return endOf(err)
		}
	}
	c.heard()
	event, err := c.session.Fragment(c.line.Text(), true, *parcel)
	if err != nil {
		c.end(&shape.End{Why: fail.TooLarge, Code: wsframe.CloseTooBig, Text: err.Error()})
		return c.ended.Load()
	}
	if !c.took(c.seat, event, parcel) {
		bodies.PutParcel(parcel)
	}
	return nil
}

// obey does what a control frame asks for. A Close gives the seat up before it is answered, and TCP ends at once behind the answer
// (reference section 1, rule 8).
func (c *control) obey(h wsframe.Header) *shape.End {
	parcel := bodies.GetParcel()
	defer bodies.PutParcel(parcel)
	var err error
	if *parcel, err = c.line.Payload(*parcel, h); err != nil {
		return endOf(err)
	}
	switch h.Op {
	case wsframe.Close:
		code, text, err := wsframe.DecodeClose(*parcel)
		if err != nil {
			return endOf(err)
		}
		end := &shape.End{Why: fail.PeerClosed, Code: code, Text: text}
		c.seat.Leave(end)
		_ = c.line.Control(wsframe.Close, wsframe.AppendClose(nil, code, text), time.Now().Add(closeWait)) // it has gone anyway
		return end
	case wsframe.Ping:
		c.heard()
		_ = c.line.Control(wsframe.Pong, *parcel, time.Now().Add(controlWrite)) // a loss ends the read
	default:
		c.heard()
	}
	return nil
}

// took acts on one message. It reports whether the parcel that the message came in is kept, as the body of an answer.
func (c *control) took(seat *relay.Seat, event wire.Event, parcel *[]byte) bool {
	log := func(text string, err error) {
		c.entry.p.Log.Info(text, "entity", c.hello.At.Path, "tracking", c.hello.Tracking, "cause", err) //nolint:sloglint // constants
	}
	switch m := event.Message; {
	case event.Err != nil:
		log("control message ignored", event.Err)
	case m == nil:
	case m.Kind == wire.KindResponse:
		kept, waited := c.answered(m.Response, event.Body, parcel)
		if !waited {
			seat.Late()
		}
		return kept
	case m.Kind == wire.KindRenewToken:
		if err := seat.Renew(auth.Credential{Scheme: auth.SAS, Text: m.Token}); err != nil {
			log("token not renewed", err)
		}
	}
	return false
}

// answered gives an answer to whoever waits for it; one that nobody waits for is dropped with its body.
func (c *control) answered(r *wire.Response, data []byte, parcel *[]byte) (kept, waited bool) {
	waited = c.entry.calls.answered(c, r, data, parcel)
	return waited && r.Body, waited
}

// endOf translates the end of a control channel that came without a Close.
func endOf(err error) *shape.End {
	breach, ok := errors.AsType[*wsframe.Error](err)
	if !ok {
		return &shape.End{Why: fail.Aborted, Cause: err}
	}
	end := &shape.End{Why: fail.BadFrame, Code: breach.CloseCode, Text: breach.Text, Cause: err}
	if breach == wsframe.ErrTooLong {
		end.Why = fail.TooLarge
	}
	return end
}

// end closes the channel from the gateway's side: a Close with the reason, and a moment for the answer.
func (c *control) end(end *shape.End) {
	up, _ := c.line.Stands(context.Background()) // the handshake has an end
	if !c.ended.CompareAndSwap(nil, end) || !up {
		return
	}
	now := time.Now()
	if end.Code == 0 || c.bid(end, now) != nil {
		_ = c.line.Close()
		return
	}
	_ = c.line.SetReadDeadline(now.Add(closeWait)) // read ends by then
}

// beat pings the listener and drops it when it has been silent for too long.
func (c *control) beat() {
	if c.alive.Swap(false) {
		c.missed = 0
	} else if c.missed++; c.missed > maxMissed {
		c.drop("the listener does not answer pings")
		return
	}
	c.ping(c.entry.p.Ping)
}

// ping sends a ping and sets the next beat.
func (c *control) ping(next time.Duration) {
	if c.line.Control(wsframe.Ping, nil, time.Now().Add(controlWrite)) != nil {
		c.drop("the listener takes nothing")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pulse != nil {
		c.pulse.Reset(next)
	}
}

// check asks for a sign of life at once, because another channel came with the same id.
func (c *control) check() {
	if up, _ := c.line.Stands(context.Background()); !up { // the handshake has an end
		return
	}
	c.alive.Store(false)
	if c.line.Control(wsframe.Ping, nil, time.Now().Add(controlWrite)) != nil {
		c.drop("the listener takes nothing")
		return
	}
	time.AfterFunc(checkWait, func() {
		if !c.alive.Load() {
			c.drop("the listener's id came again and it was silent")
		}
	})
}

// drop ends a channel whose listener is not there any more.
func (c *control) drop(text string) {
	c.ended.CompareAndSwap(nil, &shape.End{Why: fail.Idle, Text: text})
	_ = c.line.Close()
}
