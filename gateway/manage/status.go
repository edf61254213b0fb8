package manage

import (
	"context"
	"maps"
	"net/http"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
)

// stateOnline is a listener's state while its control channel is open.
const stateOnline = "online"

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
	list := make([]wire.Listener, 0, len(infos))
	for i := range infos {
		l := &infos[i]
		shown := wire.Listener{
			ID: l.ID, Entity: e.Name, Node: int(l.Node), State: stateOnline, Remote: l.Remote, Agent: l.Agent, Since: l.Since.UTC(),
			Offers: wire.Offers{Accepted: l.Offers.Accepted, Ignored: l.Offers.Ignored},
		}
		if !l.Expires.IsZero() {
			expires := l.Expires.UTC()
			shown.TokenExpires = &expires
		}
		list = append(list, shown)
	}
	return answer{status: http.StatusOK, body: list}, nil
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

// status answers GET status.
func (a *API) status(context.Context, *call) (answer, error) {
	counts := a.p.Relay.Counts()
	s := wire.Status{
		Version: a.p.Version, Nodes: []wire.Node{}, Entities: a.p.Store.View().Len(),
		Listeners: counts.Listeners, Streams: counts.Streams, Presence: []wire.Presence{}, Certificates: []wire.Certificate{},
	}
	for _, n := range a.p.Relay.Nodes() {
		doors := maps.Clone(n.Doors)
		if doors == nil {
			doors = map[string]string{}
		}
		s.Nodes = append(s.Nodes, wire.Node{Node: int(n.Num), Doors: doors, Live: true, Since: n.Since.UTC()})
	}
	for _, cert := range a.p.Certificates() {
		s.Certificates = append(s.Certificates, wire.Certificate{Name: cert.Name, NotAfter: cert.NotAfter.UTC()})
	}
	return answer{status: http.StatusOK, body: s}, nil
}
