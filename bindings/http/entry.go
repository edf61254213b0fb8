package http

import (
	"context"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/alarm"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/httpserve"
	"github.com/causeway-relay/causeway/internal/leg"
)

// Params is what an Entry is made of. All but the durations and PlainTokens is needed; zero durations have httpserve's defaults.
type Params struct {
	Relay       *relay.Relay
	Node        uint16
	Tracking    func() string // makes a tracking id, a GUID
	Idle        time.Duration // how long a body may stand still
	Write       time.Duration // how long one write may take
	PlainTokens bool          // tokens and keys over plain http from other machines are taken

	// Find gives whom an address belongs to; nil for nobody's. Nobody is admitted by it.
	Find func(entity.Address) *entity.Entity
	// REST is how a request that is no SOAP is refused: the status, and the name of the error in the body, as for hybrid connections.
	REST func(*fail.Error) (status int, name string)
}

// Entry serves the protocol on every door of HTTP. Make one with New.
type Entry struct {
	p    Params
	late alarm.Clock // of answers
}

// New makes an entry.
func New(p Params) *Entry { return &Entry{p: p} }

// Wants reports whether a request is this entry's: one that is no upgrade, and either is for an entity of kind http, oneway or event, or is SOAP for
// one with a conversion or for nobody, who is told so in SOAP. The head is one that the hybrid entry wants too, so that this entry goes first.
func (e *Entry) Wants(h *http1.Head) bool {
	origin := h.Origin()
	if h.Method == "CONNECT" || !strings.HasPrefix(origin, "/") || strings.HasPrefix(origin, "/$") || strings.HasPrefix(origin, "/%24") ||
		h.Fields.Has("Upgrade") && h.Fields.HasToken("Connection", "upgrade") || strings.EqualFold(h.Fields.Get("X-PROCESS-AT"), "ServiceBus") {
		return false
	}
	at, err := addressOf(wire.PathOf(origin))
	if err != nil || !e.serves(e.p.Find(at), h) {
		return false
	}
	_, _, err = locate(origin) // the query has to be good too, which is looked at only now
	return err == nil
}

// serves reports whether a request is this entry's by whom it is for, or what it says. ent may be nil.
func (e *Entry) serves(ent *entity.Entity, h *http1.Head) bool {
	if ent == nil {
		return formOf(h).soap
	}
	_, casts := relay.ModeOf(ent.Kind)
	return ent.Kind == entity.HTTP || casts || ent.Settings.Convert.On() && formOf(h).soap
}

// Take serves one request. The connection is left for another one where it is good for that.
func (e *Entry) Take(ctx context.Context, a *leg.Arrival) {
	v := &visit{entry: e, arrival: a, form: formOf(a.Head)}
	httpserve.Serve(ctx, a, httpserve.Params{Idle: e.p.Idle, Write: e.p.Write, Late: &e.late}, v.respond)
}

// locate reads a target: the address that it names, and its parts.
func locate(origin string) (entity.Address, wire.Target, error) {
	target, err := wire.ParseTarget(origin)
	if err != nil {
		return entity.Address{}, target, err
	}
	at, err := addressOf(target.Path)
	return at, target, err
}

// addressOf reads the path of a target.
func addressOf(raw string) (entity.Address, error) {
	path, err := wire.DecodePath(raw)
	if err != nil {
		return entity.Address{}, err
	}
	return entity.NewAddress("", path)
}

// visit is one request.
type visit struct {
	entry   *Entry
	arrival *leg.Arrival
	form    form
	target  wire.Target
	req     shape.Request
	ask     relay.Ask
	entity  *entity.Entity
	said    said       // what the first bytes of the message told
	late    *overheard // nil, or the body of a sender that waits to be told to send
}
