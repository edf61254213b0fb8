package manage

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/relay"
)

// shownStreams is how many streams and listeners a picture of the traffic has when nothing else is asked for.
const shownStreams = 100

// traffic answers GET traffic.
func (a *API) traffic(ctx context.Context, c *call) (answer, error) {
	query, err := queryOf(c.request.URL, "most")
	if err != nil {
		return answer{}, err
	}
	most := shownStreams
	if text := query.Get("most"); text != "" {
		if most, err = strconv.Atoi(text); err != nil || most < 0 || most > relay.MaxShown {
			return answer{}, fail.Newf(fail.BadRequest, "most: expected a number from 0 to %d.", relay.MaxShown)
		}
	}
	view := a.p.Store.View()
	picture := a.p.Relay.Traffic(ctx, most)
	t := wire.Traffic{Time: time.Now().UTC(), Entities: []wire.EntityTraffic{}, Streams: []wire.Stream{}, Missing: []int{}}
	t.Listeners = listening(picture.Listeners, func(l *relay.ListenerInfo) string {
		if e := view.Get(entity.Address{Path: l.Entity}); e != nil {
			return e.Name
		}
		return l.Entity
	})
	loads := make(map[string]relay.Load, len(picture.Loads))
	for _, l := range picture.Loads {
		loads[l.Path] = l
	}
	states := a.p.Relay.States()
	for e := range view.All() {
		l := loads[e.At.Path]
		t.Entities = append(t.Entities, wire.EntityTraffic{
			Entity: e.Name, Listeners: countsOf(states[e.At.Path]), Streams: l.Streams, In: l.In, Out: l.Out,
		})
	}
	for i := range picture.Streams {
		s := &picture.Streams[i]
		t.Streams = append(t.Streams, wire.Stream{
			ID: s.Tracking, Entity: s.Entity, Listener: s.Listener, Node: int(s.Node), ListenerNode: int(s.PeerNode), Remote: s.Remote,
			Since: s.Since.UTC(), In: s.In, Out: s.Out, Messages: s.Messages,
		})
	}
	for _, n := range picture.Missing {
		t.Missing = append(t.Missing, int(n))
	}
	return answer{status: http.StatusOK, body: t}, nil
}
