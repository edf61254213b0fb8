package entry

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

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
	v.keep()
	c := &control{entry: e, hello: v.hello, trail: v.trail(), ready: make(chan struct{}), plain: !v.arrival.TLS}
	defer c.unready()
	agent := v.agent()
	c.cancels, c.waiters.Most, c.posts = agent.Cancel, agent.Standby, v.postsCasts(agent)
	l := &relay.Listener{
		ID: strings.Clone(v.target.ID), Agent: agentOf(v), Stream: c, Exchange: c, Cast: c.sink(), Check: c.check, Leave: c.end,
	}
	c.listener = l
	if l.ID == "" {
		l.ID = v.hello.Tracking
	} else if guid, ok := wire.ParseID(v.target.ID); ok {
		l.GUID = guid
	}
	seat, err := v.admitted(ctx, l)
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
	c.hear(seat)
	v.hello.Fields, v.hello.Offers = nil, nil
	c.seat = seat
	v.arrival.Stay = func(over func()) { c.serve(ctx, over) }
}

// admitted brings a listener to the relay; an error says that it was told no, or that it has gone. A refusal may be held
// back for long: a listener that leaves meanwhile is not kept.
func (v *visit) admitted(ctx context.Context, l *relay.Listener) (*relay.Seat, error) {
	waiting, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	watch := leg.Watch(v.arrival.Conn, false, leave)
	seat, err := v.entry.p.Relay.Listen(waiting, v.ask, v.hello, l)
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

// keep copies what outlives the handshake, so that an idle listener does not keep the whole head.
func (v *visit) keep() {
	h := v.hello
	for _, s := range [...]*string{&h.Tracking, &h.Host, &h.Target, &h.At.Namespace, &h.At.Path} {
		*s = strings.Clone(*s)
	}
}

// agentOf is what the listener says it is.
func agentOf(v *visit) string {
	agent := v.arrival.Head.Fields.Get("Relay-User-Agent")
	if agent == "" {
		agent = v.arrival.Head.Fields.Get("User-Agent")
	}
	return strings.Clone(agent[:min(len(agent), 128)])
}

// control is one control channel. The goroutine of run reads, or nobody while the listener says nothing; whoever has something to tell
// the listener writes.
type control struct {
	entry    *Entry
	listener *relay.Listener
	hello    *shape.Hello
	trail    wire.Trail
	plain    bool // ws: the listener came by a door without TLS
	cancels  bool // our own agent: it understands cancel messages
	posts    bool // messages that are cast come as requests
	casts    casts.Line
	waiters  standby.Waiters
	conn     *websocket.Conn
	line     *line.Line
	reads    *bufio.Reader // what conn reads from
	session  wire.Session
	seat     *relay.Seat
	over     func()        // called when the channel has ended and given everything back
	unwatch  func() bool   // of the context
	ready    chan struct{} // closed when the 101 has been written, or never will be
	once     sync.Once

	mu     sync.Mutex
	ended  atomic.Pointer[shape.End] // why the channel comes down, if it was the gateway's wish
	alive  atomic.Bool               // a frame came since the last ping
	missed int
	pulse  *time.Timer
}

func (c *control) unready() { c.once.Do(func() { close(c.ready) }) }

// serve reads until the channel ends, and gives the seat up. It returns before when the listener says nothing.
func (c *control) serve(ctx context.Context, over func()) {
	c.over = over
	c.unwatch = context.AfterFunc(ctx, func() {
		c.end(&shape.End{Why: fail.Draining, Code: websocket.CloseGoingAway})
	})
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
			c.unwatch()
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
	_ = c.conn.Close()
}

// breaches are the ends that a listener has to be told the reason of, with the close code of each.
var breaches = map[fail.Code]int{fail.BadFrame: websocket.CloseProtocolError, fail.TooLarge: websocket.CloseMessageTooBig}

// scold tells a listener that broke the protocol so, unless gorilla did already, and sees to it that the word is not lost
// under what the listener still sends.
func (c *control) scold(end *shape.End) {
	code, ok := breaches[end.Why]
	if !ok {
		return
	}
	message := websocket.FormatCloseMessage(code, closeText(c.trail, end))
	err := c.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(closeWait))
	if err == nil || errors.Is(err, websocket.ErrCloseSent) {
		linger(c.conn.NetConn())
	}
}

// hear sets what the listener's control frames do. A Close gives the seat up before it is answered, and TCP ends at once
// behind the answer (reference section 1, rule 8).
func (c *control) hear(seat *relay.Seat) {
	c.conn.SetReadLimit(wire.MaxText)
	c.conn.SetPingHandler(func(data string) error {
		c.heard(seat)
		_ = c.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(controlWrite)) // a loss ends the read
		return nil
	})
	c.conn.SetPongHandler(func(string) error { c.heard(seat); return nil })
	c.conn.SetCloseHandler(func(code int, text string) error {
		seat.Leave(&shape.End{Why: fail.PeerClosed, Code: code, Text: text})
		_ = c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(closeWait))
		return nil
	})
}

// heard notes a sign of life.
func (c *control) heard(seat *relay.Seat) {
	c.alive.Store(true)
	seat.Heard()
}

// read takes messages until the channel ends and says why it did, or until it is parked.
func (c *control) read() (end *shape.End, parked bool) {
	for {
		if c.await() {
			return nil, true
		}
		kind, r, err := c.conn.NextReader()
		if err != nil {
			return endOf(err), false
		}
		parcel := bodies.GetParcel() // only now: an idle channel holds none
		if *parcel, err = readAll(r, *parcel); err != nil {
			return endOf(err), false
		}
		c.heard(c.seat)
		event, err := c.session.Fragment(kind == websocket.TextMessage, true, *parcel)
		if err != nil {
			c.end(&shape.End{Why: fail.TooLarge, Code: websocket.CloseMessageTooBig, Text: err.Error()})
			return c.ended.Load(), false
		}
		if !c.took(c.seat, event, parcel) {
			bodies.PutParcel(parcel)
		}
	}
}

// await waits for the next message, and serves the pings before it, and what answers ours: gorilla would wait behind them. It reports true
// when the channel was parked, because nothing came for long: run goes on with it.
func (c *control) await() (parked bool) {
	for {
		if c.reads.Buffered() == 0 && c.line.Await() != nil {
			if c.line.Park(c.run) {
				return true
			}
			continue
		}
		if !c.beats() {
			return false
		}
	}
}

// beats serves a ping or a pong, if that is what comes next and in order. All else is gorilla's, with its errors.
func (c *control) beats() bool {
	head, err := c.reads.Peek(2)
	if err != nil {
		return false
	}
	first, length := head[0], int(head[1]&0x7F)
	ping := first == 0x80|byte(wsframe.Ping)
	if !ping && first != 0x80|byte(wsframe.Pong) || head[1]&0x80 == 0 || length > wsframe.MaxControl {
		return false
	}
	const maskedHead = 2 + 4
	frame, err := c.reads.Peek(maskedHead + length)
	if err != nil {
		return false
	}
	body := frame[maskedHead:]
	if ping {
		wsframe.Mask(body, [4]byte(frame[2:]), 0)
		err = c.conn.PingHandler()(string(body))
	} else {
		err = c.conn.PongHandler()("")
	}
	_, _ = c.reads.Discard(len(frame)) // all of it is there
	return err == nil
}

// longMessage is room for the longest body of an answer and to see that it ends.
const longMessage = 64<<10 + 512

// readAll reads a message behind b. Gorilla bounds it. What is not short is given room for a long one at once: growing by steps would
// copy it several times, and the room serves the next one too.
func readAll(r io.Reader, b []byte) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, max(longMessage-len(b), 1))
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
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
	if !r.Body {
		return false, c.entry.calls.answered(c, r, nil)
	}
	waited = c.entry.calls.answered(c, r, bodies.NewWhole(parcel, data))
	return waited, waited
}

// endOf translates the end of a control channel.
func endOf(err error) *shape.End {
	closed, ok := err.(*websocket.CloseError) //nolint:errorlint // gorilla returns it bare
	switch {
	case ok && closed.Code == websocket.CloseAbnormalClosure: // the end of TCP without a Close
		return &shape.End{Why: fail.Aborted, Cause: err}
	case ok:
		return &shape.End{Why: fail.PeerClosed, Code: closed.Code, Text: closed.Text}
	case errors.Is(err, websocket.ErrReadLimit):
		return &shape.End{Why: fail.TooLarge, Cause: err}
	case strings.HasPrefix(err.Error(), "websocket: "):
		return &shape.End{Why: fail.BadFrame, Cause: err}
	default:
		return &shape.End{Why: fail.Aborted, Cause: err}
	}
}

// end closes the channel from the gateway's side: a Close with the reason, and a moment for the answer.
func (c *control) end(end *shape.End) {
	<-c.ready
	if !c.ended.CompareAndSwap(nil, end) || c.conn == nil {
		return
	}
	now := time.Now()
	message := websocket.FormatCloseMessage(end.Code, closeText(c.trail, end))
	if end.Code == 0 || c.conn.WriteControl(websocket.CloseMessage, message, now.Add(closeWait)) != nil {
		_ = c.conn.Close()
		return
	}
	_ = c.conn.SetReadDeadline(now.Add(closeWait)) // read ends by then
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
	if c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(controlWrite)) != nil {
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
	<-c.ready
	if c.conn == nil {
		return
	}
	c.alive.Store(false)
	if c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(controlWrite)) != nil {
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
	_ = c.conn.Close()
}
