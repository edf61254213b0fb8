package manage

import (
	"context"
	"maps"
	"net/http"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay"
)

// listListeners answers GET entities/NAME/listeners. A list with holes would mislead: a node that does not answer fails it.
func (a *API) listListeners(ctx context.Context, c *call) (answer, error) {
	e, err := a.entity(c)
	if err != nil {
		return answer{}, err
	}
	infos, err := a.p.Relay.Listeners(ctx, e.At)
	if err != nil {
		return answer{}, &fail.Error{Code: fail.NodeLost, Text: "Another node did not answer, so the list would not be whole.", Cause: err}
	}
	return answer{status: http.StatusOK, body: listening(infos, func(*relay.ListenerInfo) string { return e.Name })}, nil
}

// listening shows listeners. nameOf is how the entity of each is written.
func listening(infos []relay.ListenerInfo, nameOf func(*relay.ListenerInfo) string) []wire.Listener {
	list := make([]wire.Listener, 0, len(infos))
	for i := range infos {
		l := &infos[i]
		shown := wire.Listener{
			ID: l.ID, Entity: nameOf(l), Node: int(l.Node), State: l.State.String(), Remote: l.Remote, Agent: l.Agent, Since: l.Since.UTC(),
			Offers: wire.Offers{Accepted: l.Offers.Accepted, Ignored: l.Offers.Ignored},
			Casts:  wire.Casts{Delivered: l.Casts.Delivered, Missed: l.Casts.Missed, Waiting: l.Casts.Waiting},
		}
		if !l.Expires.IsZero() {
			expires := l.Expires.UTC()
			shown.TokenExpires = &expires
		}
		list = append(list, shown)
	}
	return list
}

// dropListener answers DELETE listeners/ID: its control channels are closed. Its program may connect again.
func (a *API) dropListener(ctx context.Context, c *call) (answer, error) {
	dropped, err := a.p.Relay.Drop(ctx, c.args["listener"])
	switch {
	case err != nil:
		return answer{}, &fail.Error{Code: fail.NodeLost, Text: "Another node did not answer; the listener may still be online there.", Cause: err}
	case dropped == 0:
		return answer{}, &refusal{
			cause: fail.New(fail.UnknownEntity, "No listener that is online has this id."),
			do:    "list them at entities/NAME/listeners",
		}
	}
	return answer{}, nil
}

// maxPresence is how many notes of all entities together are shown.
const maxPresence = 1000

// status answers GET status: of everything, or with ?entity= with more of one relay.
func (a *API) status(ctx context.Context, c *call) (answer, error) {
	query, err := queryOf(c.request.URL, "entity")
	if err != nil {
		return answer{}, err
	}
	s := a.picture()
	if name := query.Get("entity"); name != "" {
		if err := a.zoom(ctx, &s, name); err != nil {
			return answer{}, err
		}
	} else {
		s.Presence = notes(a.p.History.Of("", maxPresence))
	}
	return answer{status: http.StatusOK, body: s}, nil
}

// zoom puts one relay into the picture.
func (a *API) zoom(ctx context.Context, s *wire.Status, name string) error {
	at, err := entity.NewAddress("", name)
	if err != nil {
		return fail.Newf(fail.BadRequest, "The name cannot be an address: %v.", err)
	}
	e := a.p.Store.View().Get(at)
	if e == nil {
		return noEntity(name)
	}
	infos, err := a.p.Relay.Listeners(ctx, e.At)
	if err != nil {
		return &fail.Error{Code: fail.NodeLost, Text: "Another node did not answer, so the list would not be whole.", Cause: err}
	}
	shown := a.show(e)
	s.Entity, s.Listening = &shown, listening(infos, func(*relay.ListenerInfo) string { return e.Name })
	s.Presence = notes(a.p.History.Of(e.Name, presence.MaxNotes))
	return nil
}

// notes shows what is remembered.
func notes(list []presence.Note) []wire.Presence {
	all := make([]wire.Presence, 0, len(list))
	for i := range list {
		n := &list[i]
		all = append(all, wire.Presence{
			Entity: n.Entity, Listener: n.Listener, Event: "listener." + n.Event, Reason: n.Reason, Text: n.Text, Node: int(n.Node), Remote: n.Remote,
			Duration: wire.Span(n.Lasted), Time: n.Time.UTC(),
		})
	}
	return all
}

// picture is the gateway without its history.
func (a *API) picture() wire.Status {
	counts := a.p.Relay.Counts()
	s := wire.Status{
		Version: a.p.Version, Nodes: []wire.Node{}, Entities: a.p.Store.View().Len(),
		Listeners: counts.Listeners, Streams: counts.Streams, Exchanges: counts.Exchanges, Presence: []wire.Presence{}, Certificates: []wire.Certificate{},
	}
	for _, n := range a.p.Relay.Nodes() {
		doors := maps.Clone(n.Doors)
		if doors == nil {
			doors = map[string]string{}
		}
		if uint16(n.Num) == a.p.Node {
			maps.Copy(doors, a.p.Ports())
		}
		s.Nodes = append(s.Nodes, wire.Node{Node: int(n.Num), Doors: doors, Live: true, Since: n.Since.UTC()})
	}
	for _, cert := range a.p.Certificates() {
		s.Certificates = append(s.Certificates, wire.Certificate{Name: cert.Name, NotAfter: cert.NotAfter.UTC()})
	}
	return s
}
