package relay

import (
	"context"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/picture"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
)

// MaxShown bounds a picture of the traffic: the streams and the listeners that it has.
const MaxShown = 1000

// What is shown of the traffic.
type (
	// StreamInfo is what is shown of one stream that runs.
	StreamInfo = picture.Stream
	// Load is what an entity carries and has carried at the nodes of its senders, since they started.
	Load = picture.Load
	// Traffic is a picture of what runs.
	Traffic = picture.Traffic
)

// Traffic takes the picture on all nodes: every entity that carried something, the most streams, busiest first, and the
// most listeners, at most MaxShown of each.
func (r *Relay) Traffic(ctx context.Context, most int) Traffic {
	most = min(max(most, 0), MaxShown)
	all := r.trafficHere(most)
	words.Each(ctx, r.p.Bus, askTimeout, words.Traffic, most, func(node mesh.Num, more Traffic, err error) {
		if err != nil {
			all.Missing = append(all.Missing, node)
			return
		}
		all.Add(&more)
	})
	all.Cut(most)
	return all
}

func (r *Relay) onTraffic(_ context.Context, _ mesh.Num, most *int) (any, error) {
	return r.trafficHere(min(max(*most, 0), MaxShown)), nil
}

// trafficHere is the picture of this node.
func (r *Relay) trafficHere(most int) Traffic {
	t := r.streamsHere()
	for _, l := range r.table.Locals(entity.Address{}, true) {
		if len(t.Listeners) == most {
			break
		}
		t.Listeners = append(t.Listeners, r.info(l))
	}
	t.Cut(most)
	return t
}

// streamsHere counts under one lock, so that a stream that ends is either among those that run or in the past.
func (r *Relay) streamsHere() Traffic {
	r.mu.Lock()
	defer r.mu.Unlock()
	var t Traffic
	loads := r.books.Running()
	for s := range r.streams {
		if !s.running.Load() {
			continue
		}
		info := s.info()
		t.Streams = append(t.Streams, info)
		loads.Add(s.entity.At, info.In, info.Out)
	}
	t.Loads = loads.Loads()
	return t
}

// info is what is shown of a stream that runs.
func (s *stream) info() StreamInfo {
	c := s.record
	return StreamInfo{
		Tracking: c.Tracking, Entity: c.Entity, Listener: c.Listener, Node: c.Node, PeerNode: c.PeerNode, Remote: c.Remote.String(), Since: c.Began,
		In: s.live.In.Load(), Out: s.live.Out.Load(), Messages: s.live.Messages.Load(),
	}
}

// forget drops what a deleted entity carried.
func (r *Relay) forget(at entity.Address) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.books.Forget(at)
}
