package entry

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/standby"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/alarm"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/late"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// Params is what an Entry is made of. Zero durations become the defaults beside them.
type Params struct {
	Relay       *relay.Relay
	Node        uint16
	Log         *slog.Logger  // what a listener sent that cannot be understood; nil: nowhere
	Ping        time.Duration // 30 s: interval of pings on control channels and streams (reference section 6.4)
	Write       time.Duration // 60 s: how long one write to a peer may take (reference section 7)
	PlainTokens bool          // tokens over plain http from other machines are taken
	HeadTimeout time.Duration // 10 s: how long a refusal may take to be written
	Response    time.Duration // 60 s: how long an answer may stand still, where the entity does not say (reference section 8.6)
	Accept      time.Duration // 30 s: how long a listener may take to open the connection for messages (reference section 9)
	Idle        time.Duration // 60 s: how long the body of a request may stand still (the same)

	// Entity finds whom an address belongs to; it gives nil for nobody's. Nobody is admitted by it: it is asked for settings.
	Entity func(entity.Address) *entity.Entity
}

// Entry serves the protocol on every door. Make one with New.
type Entry struct {
	p        Params
	calls    calls
	standbys standby.Table[*control]
	via      atomic.Pointer[string] // see viaOf
	late     alarm.Clock            // of answers to senders
}

// New makes an entry.
func New(p Params) *Entry {
	if p.Ping <= 0 {
		p.Ping = 30 * time.Second
	}
	if p.Write <= 0 {
		p.Write = leg.DefaultWriteTimeout
	}
	if p.HeadTimeout <= 0 {
		p.HeadTimeout = 10 * time.Second
	}
	if p.Accept <= 0 {
		p.Accept = 30 * time.Second
	}
	if p.Response <= 0 {
		p.Response = time.Minute
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Entity == nil {
		p.Entity = func(entity.Address) *entity.Entity { return nil }
	}
	return &Entry{p: p}
}

// Wants reports whether the head is this protocol's: everything that has a path and is not under another path of the
// gateway's own, and CONNECT, which is refused.
func Wants(h *http1.Head) bool {
	origin := h.Origin()
	return h.Method == "CONNECT" || hasHC(origin) || strings.HasPrefix(origin, "/") && !strings.HasPrefix(origin, "/$") && !strings.HasPrefix(origin, "/%24")
}

// hasHC reports whether a target stands under /$hc, in either spelling.
func hasHC(target string) bool {
	for _, prefix := range [...]string{"/$hc", "/%24hc"} {
		if len(target) >= len(prefix) && strings.EqualFold(target[:len(prefix)], prefix) {
			rest := target[len(prefix):]
			return rest == "" || rest[0] == '/' || rest[0] == '?'
		}
	}
	return false
}

// rawUpgrade is the protocol that our own agent asks for at a rendezvous: plain bytes, FIN as half-close, RST as loss
// (docs/agent.md).
const rawUpgrade = "causeway/1"

// upgrades reports whether the head asks for a WebSocket.
func upgrades(h *http1.Head) bool {
	return h.Fields.HasToken("Upgrade", "websocket") && h.Fields.HasToken("Connection", "upgrade")
}

// Take serves one connection; it returns when the connection is over or belongs to a stream.
func (e *Entry) Take(ctx context.Context, a *leg.Arrival) {
	upgrade := upgrades(a.Head)
	if isWeb(a.Head, upgrade) {
		e.web(ctx, a)
		return
	}
	party := e.receive(a, upgrade)
	if party == nil {
		return
	}
	v := &party.visit
	switch v.target.Action {
	case wire.ActionListen:
		e.listen(ctx, v)
	case wire.ActionAccept:
		e.accept(ctx, v)
	case wire.ActionRequest:
		e.request(ctx, v)
	case wire.ActionStandby:
		e.standby(ctx, v)
	default:
		if mode, casts := v.casts(); casts {
			e.cast(ctx, v, mode)
			return
		}
		e.connect(ctx, party)
	}
}

// arrived is a handshake, what the party said by it and the watch whether it leaves, which are needed for the same time: until the party is
// answered.
type arrived struct {
	visit
	said  shape.Hello
	watch late.Watch
}

// receive reads the handshake. It returns nil when the party was turned away. It is apart from Take because a stream
// lives on Take's stack: what stands below it is paid for by every idle stream. upgrade says whether the head asks for a WebSocket.
func (e *Entry) receive(a *leg.Arrival, upgrade bool) *arrived {
	party := &arrived{visit: visit{entry: e, arrival: a, key: a.Head.Fields.Get("Sec-WebSocket-Key"), upgrade: upgrade}}
	v := &party.visit
	v.hello = &party.said
	var err error
	v.target, err = wire.ParseTarget(a.Head.Origin())
	target := &v.target
	v.greet()
	refusal := v.check(err)
	if refusal == nil {
		switch target.Action {
		case wire.ActionListen, wire.ActionAccept, wire.ActionConnect, wire.ActionRequest, wire.ActionStandby:
			return party
		default:
			refusal = fail.New(fail.UnknownTicket, "")
		}
	}
	v.turnAway(refusal)
	return nil
}

// visit is one handshake.
type visit struct {
	entry   *Entry
	arrival *leg.Arrival
	target  wire.Target
	key     string
	hello   *shape.Hello
	room    shape.Fields // for the fields of an HTTP request, if it is enough
	ask     relay.Ask
	upgrade bool // the head asks for a WebSocket
	borne   bool // the token came in Authorization
	web     bool // plain HTTP
	raw     bool // our own agent at a rendezvous: plain bytes behind the 101
}

// greet makes the hello of whatever is known, so that even a refusal has its tracking id.
func (v *visit) greet() {
	a := v.arrival
	*v.hello = shape.Hello{
		Tracking: wire.TrackingID(v.target.ID), Target: v.target.VisibleIn(a.Head.Target), Host: a.Head.Host(), Door: a.Door,
		Fields: v.fields(), Offers: wire.Protocols(a.Head.Fields), Remote: a.Remote,
	}
	if v.hello.Tracking == "" {
		v.hello.Tracking = NewTracking()
	}
	v.credential()
}

// tokenField carries a token that is the relay's.
const tokenField = "ServiceBusAuthorization"

// fields are those of the head, without what is the relay's: for HTTP with room for Via. A handshake has seldom any of that: then they are
// the head's own, not to be changed in place.
func (v *visit) fields() shape.Fields {
	fields := v.arrival.Head.Fields
	if !v.web && !fields.Has(tokenField) && !fields.Has(wire.AgentField) {
		return slices.Clip(fields)
	}
	room := v.room
	if len(fields) >= cap(room) {
		room = make(shape.Fields, 0, len(fields)+1)
	}
	fields = append(room, fields...)
	fields.Del(tokenField)
	fields.Del(wire.AgentField)
	return fields
}

// check says what is wrong with the handshake. parsed is the error of its target.
func (v *visit) check(parsed error) *fail.Error {
	path, err := wire.DecodePath(v.target.Path)
	if err == nil {
		v.hello.At, err = entity.NewAddress("", path)
	}
	if !v.web {
		if refusal := v.handshake(); refusal != nil {
			return refusal
		}
	}
	if parsed != nil {
		return badTarget(parsed)
	}
	if err != nil {
		return badTarget(err)
	}
	if v.ask.Cred.Scheme != auth.None && !v.arrival.TLS && !v.entry.p.PlainTokens && !v.arrival.Remote.Addr().Unmap().IsLoopback() {
		return fail.New(fail.BadRequest, "Tokens are not taken over plain http from other machines. Use https, or set allowPlainTokens.")
	}
	return nil
}

// badTarget makes the refusal of a request target.
func badTarget(err error) *fail.Error {
	if w, ok := errors.AsType[*wire.Error](err); ok {
		return fail.New(fail.BadRequest, w.Text)
	}
	return fail.New(fail.BadRequest, "The path cannot be an address: "+err.Error()+".")
}

// handshake checks the WebSocket part of the head (RFC 6455 section 4.2.1, as leniently as reference section 3 asks).
func (v *visit) handshake() *fail.Error {
	h := v.arrival.Head
	framing, err := http1.RequestFraming(h)
	raw := v.asksForBytes()
	switch {
	case h.Method != "GET" || h.Minor < 1 || !v.upgrade && !raw:
		return fail.New(fail.UpgradeRequired, "This endpoint is only for web-socket requests.")
	case raw:
		v.raw = true
	case h.Fields.Get("Sec-WebSocket-Version") != "13":
		return fail.New(fail.BadRequest, "The Sec-WebSocket-Version header must be 13.")
	case v.key == "":
		return fail.New(fail.BadRequest, "The Sec-WebSocket-Key header is missing.")
	}
	if err != nil || framing.Kind == http1.Chunked || framing.Length != 0 {
		return fail.New(fail.BadRequest, "A web-socket request must not have a body.")
	}
	return nil
}

// credential finds what the party shows, in the order of reference section 4.1: it is another for HTTP.
func (v *visit) credential() {
	text, other := v.arrival.Head.Fields.Get(tokenField), v.target.Token
	if v.web {
		text, other = other, text
	}
	if text == "" {
		text = other
	}
	if text == "" {
		text = v.arrival.Head.Fields.Get("Authorization")
		if !relayToken(text) {
			return
		}
		v.borne = true
	}
	v.ask.Cred = auth.Credential{Scheme: auth.SAS, Text: text}
}

// relayToken reports whether an Authorization field may be meant for the relay; others are the application's.
func relayToken(text string) bool {
	scheme, _, _ := strings.Cut(text, " ")
	return strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "SharedAccessSignature")
}

// turnAway refuses a party that never came to the relay.
func (v *visit) turnAway(refusal *fail.Error) {
	kind := "stream"
	switch v.target.Action {
	case wire.ActionListen, wire.ActionStandby:
		kind = "listener"
	case wire.ActionAccept, wire.ActionRequest:
		kind = "rendezvous"
	}
	refusal = v.entry.p.Relay.Turned(kind, v.hello, refusal)
	if v.target.Action == wire.ActionRequest && v.key != "" && v.upgrade {
		v.closeUpgraded(refusal)
		return
	}
	v.refuse(refusal)
}

// legOptions are those of every leg of this protocol.
func (e *Entry) legOptions(maxPiece int) leg.Options {
	return leg.Options{Role: wsframe.Server, MaxPiece: maxPiece, WriteTimeout: e.p.Write, Ping: e.p.Ping}
}
