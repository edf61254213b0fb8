package manage

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/internal/suggest"
)

// DefaultRule is the rule that an entity begins with when its maker names none. A person who has made a relay goes on with
// a listener and a sender: one connection string that does for both, for this relay alone, and not the namespace's root
// key. Who wants them apart gives rules, or adds them afterwards and deletes this one.
const DefaultRule = "ListenSend"

// maxTries bounds how often a change is made again because another one came between.
const maxTries = 8

// listEntities answers GET entities.
func (a *API) listEntities(_ context.Context, c *call) (answer, error) {
	query, err := queryOf(c.request.URL, "prefix", "kind")
	if err != nil {
		return answer{}, err
	}
	kind := entity.Kind(query.Get("kind"))
	if kind != "" && !slices.Contains(entity.Kinds(), kind) {
		return answer{}, fail.New(fail.BadRequest, "kind: expected "+oneOf(entity.Kinds())+".")
	}
	prefix := strings.ToLower(strings.TrimPrefix(query.Get("prefix"), "/"))
	list, states := []wire.Entity{}, a.p.Relay.States()
	for e := range a.p.Store.View().All() {
		if strings.HasPrefix(e.At.Path, prefix) && (kind == "" || kind == e.Kind) {
			list = append(list, shown(e, states))
		}
	}
	return answer{status: http.StatusOK, body: list}, nil
}

// queryOf reads a query whose names are known. Those of the relay's own protocol carry the token.
func queryOf(u *url.URL, known ...string) (url.Values, error) {
	query := u.Query()
	for name := range query {
		if slices.Contains(known, name) || strings.HasPrefix(strings.ToLower(name), "sb-hc-") {
			continue
		}
		text := "The query has a name that is not known here; known are " + strings.Join(known, ", ") + "."
		if near := suggest.Nearest(name, known); near != "" {
			text = "The query has a name that is not known here; did you mean " + near + "?"
		}
		return nil, fail.New(fail.BadRequest, text)
	}
	return query, nil
}

// getEntity answers GET entities/NAME.
func (a *API) getEntity(_ context.Context, c *call) (answer, error) {
	e, err := a.entity(c)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, e.Revision, a.show(e)}, nil
}

// entity gives the one that the path names.
func (a *API) entity(c *call) (*entity.Entity, error) {
	e := a.p.Store.View().Get(c.at)
	if e == nil {
		return nil, noEntity(c.args["entity"])
	}
	return e, nil
}

// putEntity answers PUT entities/NAME: it makes the entity, or replaces all that a body can set. Rules stay.
func (a *API) putEntity(ctx context.Context, c *call) (answer, error) {
	body, problems := wire.DecodeEntity(c.body)
	var made bool
	stored, err := a.replace(ctx, c, func(old *entity.Entity) (*entity.Entity, error) {
		e := &entity.Entity{Name: c.args["entity"], At: c.at, Kind: entity.Hybrid, Source: entity.FromStore}
		var before []entity.Document
		made = old == nil
		wrong := slices.Clone(problems)
		if made {
			wrong = append(wrong, firstRules(e, body.Rules)...)
		} else {
			e.Name, e.Rules, e.UserMetadata = old.Name, slices.Clone(old.Rules), old.UserMetadata
			before = old.Settings.Metadata
			wrong = append(wrong, noRules(body)...)
		}
		wrong = append(wrong, apply(e, before, &body)...)
		return e, problemsOf(wrong)
	})
	if err != nil {
		return answer{}, err
	}
	shown := a.show(stored)
	if !made {
		return answer{http.StatusOK, stored.Revision, shown}, nil
	}
	if len(stored.Rules) > 0 {
		first := stored.Rules[0]
		shown.ConnectionString = a.p.ConnectionString(first.Name, string(first.Primary), stored.Name)
	}
	return answer{http.StatusCreated, stored.Revision, shown}, nil
}

// patchEntity answers PATCH entities/NAME: what the body does not name stays.
func (a *API) patchEntity(ctx context.Context, c *call) (answer, error) {
	body, problems := wire.DecodeEntity(c.body)
	stored, err := a.replace(ctx, c, func(old *entity.Entity) (*entity.Entity, error) {
		if old == nil {
			return nil, noEntity(c.args["entity"])
		}
		e := old.Clone()
		wrong := append(slices.Clone(problems), noRules(body)...)
		return e, problemsOf(append(wrong, apply(e, old.Settings.Metadata, &body)...))
	})
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, stored.Revision, a.show(stored)}, nil
}

// deleteEntity answers DELETE entities/NAME.
func (a *API) deleteEntity(ctx context.Context, c *call) (answer, error) {
	old, err := a.entity(c)
	if err != nil {
		return answer{}, err
	}
	if err := a.changeable(c, old); err != nil {
		return answer{}, err
	}
	expect := store.Any
	if c.request.Header.Get("If-Match") != "" {
		expect = old.Revision
	}
	return answer{}, c.raced(a.p.Store.Delete(ctx, c.at, expect))
}

// changeable checks the request's conditions and whose the entity is; nil is one that does not exist yet.
func (*API) changeable(c *call, old *entity.Entity) error {
	var revision uint64
	if old != nil {
		revision = old.Revision
	}
	if err := c.fits(fmt.Sprintf("The relay %q", c.args["entity"]), revision); err != nil {
		return err
	}
	if old != nil && old.Source == entity.FromFile {
		return fail.Newf(fail.OwnedByFile, "The relay %q is declared in the configuration file.", old.Name)
	}
	return nil
}

// replace makes one change of an entity. next gives the new state for an old one, nil for none; it may be called again
// when another change came between.
func (a *API) replace(ctx context.Context, c *call, next func(old *entity.Entity) (*entity.Entity, error)) (*entity.Entity, error) {
	for try := 1; ; try++ {
		old := a.p.Store.View().Get(c.at)
		e, err := next(old)
		if err != nil {
			return nil, err
		}
		if err := a.changeable(c, old); err != nil {
			return nil, err
		}
		expect := store.None
		if old != nil {
			expect = old.Revision
		}
		stored, err := a.p.Store.Put(ctx, e, expect)
		if fail.Is(err, fail.Conflict) && try < maxTries && ctx.Err() == nil {
			continue // conditions are checked against the new state
		}
		return stored, c.raced(err)
	}
}

// raced turns a change that came between into the failed condition that it is, where the request had one.
func (c *call) raced(err error) error {
	if fail.Is(err, fail.Conflict) && c.request.Header.Get("If-Match") != "" {
		return precondition("It has changed since it was read.", "read it again and repeat the change")
	}
	return err
}

// apply sets what a body names and gives what is wrong with the values; before are the documents that the entity had.
func apply(e *entity.Entity, before []entity.Document, c *wire.EntityChange) wire.Problems {
	var wrong wire.Problems
	if err := entity.CheckName(e.Name); err != nil {
		wrong = append(wrong, wire.Problem{Text: err.Error()})
	}
	if c.Name != nil {
		if at, err := entity.NewAddress("", *c.Name); err != nil || at != e.At {
			wrong = append(wrong, wire.Problem{Member: "name", Text: "is not the name in the address; names cannot be changed"})
		}
	}
	if c.Kind != nil {
		if e.Kind = entity.Kind(*c.Kind); !slices.Contains(entity.Kinds(), e.Kind) {
			wrong = append(wrong, wire.Problem{Member: "kind", Text: "expected " + oneOf(entity.Kinds())})
		}
	}
	if c.AnonymousSenders != nil {
		e.AnonymousSenders = *c.AnonymousSenders
	}
	if c.Settings != nil {
		wrong = append(wrong, applySettings(&e.Settings, before, c.Settings)...)
	}
	for _, flaw := range e.Settings.Convert.Check(e.Kind) {
		wrong = append(wrong, wire.Problem{Member: "settings." + flaw.Key, Text: flaw.Text})
	}
	return wrong
}

// The two request targets.
const (
	targetService = "service"
	targetRaw     = "raw"
)

// What becomes of an upgrade to TLS within the protocol: net.tcp has one.
const (
	tlsPassthrough = "passthrough"
	tlsTerminate   = "terminate"
)

// applySettings sets the policies that a body names; before are the documents that the entity had.
func applySettings(s *entity.Settings, before []entity.Document, c *wire.SettingsChange) (wrong wire.Problems) {
	if c.ResponseTimeout != nil {
		s.ResponseTimeout = timeOf(*c.ResponseTimeout)
	}
	if c.RequestTarget != nil {
		if s.RawRequestTarget = *c.RequestTarget == targetRaw; !s.RawRequestTarget && *c.RequestTarget != targetService {
			wrong = append(wrong, wire.Problem{Member: "settings.requestTarget", Text: "expected service or raw"})
		}
	}
	if c.PlainWebSocket != nil {
		s.NoPlainWebSocket = !*c.PlainWebSocket
	}
	if c.TLS != nil {
		if s.EndTLS = *c.TLS == tlsTerminate; !s.EndTLS && *c.TLS != tlsPassthrough {
			wrong = append(wrong, wire.Problem{Member: "settings.tls", Text: "expected passthrough or terminate"})
		}
	}
	if c.Sticky != nil {
		s.Sticky = *c.Sticky
	}
	if c.Allow != nil {
		s.Allow = slices.Clone(*c.Allow)
	}
	if c.Metadata != nil {
		var complaints wire.Problems
		s.Metadata, complaints = documentsOf(before, *c.Metadata)
		wrong = append(wrong, complaints...)
	}
	applyConversion(&s.Convert, c)
	return wrong
}

// applyConversion sets what a body says of a conversion. What does not fit together is looked for behind that: the kind counts too.
func applyConversion(s *entity.Conversion, c *wire.SettingsChange) {
	if c.ListenerBinding != nil {
		s.Binding = *c.ListenerBinding
	}
	if c.ServiceAddress != nil {
		s.Address = *c.ServiceAddress
	}
	if c.OneWay != nil {
		s.OneWay = slices.Clone(*c.OneWay)
	}
}

// show makes what the API shows of an entity.
func (a *API) show(e *entity.Entity) wire.Entity { return shown(e, a.p.Relay.States()) }

// countsOf is how the states of an entity's listeners are shown.
func countsOf(n [presence.Gone]int) wire.ListenerCounts {
	return wire.ListenerCounts{Online: n[presence.Online], Slow: n[presence.Slow], Deaf: n[presence.Deaf]}
}

// shown shows an entity; states are those of all listeners.
func shown(e *entity.Entity, states map[string][presence.Gone]int) wire.Entity {
	s := wire.Settings{
		ResponseTimeout: wire.Duration(e.Settings.ResponseTimeout), RequestTarget: targetService,
		PlainWebSocket: !e.Settings.NoPlainWebSocket, TLS: tlsPassthrough, Sticky: e.Settings.Sticky, Allow: e.Settings.Allow,
		Metadata: sizes(e.Settings.Metadata), ListenerBinding: e.Settings.Convert.Binding, ServiceAddress: e.Settings.Convert.Address,
		OneWay: e.Settings.Convert.OneWay,
	}
	if s.OneWay == nil {
		s.OneWay = []string{}
	}
	if e.Settings.EndTLS {
		s.TLS = tlsTerminate
	}
	if e.Settings.RawRequestTarget {
		s.RequestTarget = targetRaw
	}
	if s.Allow == nil {
		s.Allow = []netip.Prefix{}
	}
	return wire.Entity{
		Name: e.Name, Kind: string(e.Kind), AnonymousSenders: e.AnonymousSenders, Settings: s, Source: string(e.Source),
		CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
		Listeners: countsOf(states[e.At.Path]),
	}
}
