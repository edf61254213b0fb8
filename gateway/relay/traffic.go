package relay

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
)

// Bounds of a picture of the traffic: of streams and listeners MaxShown a node, of entities all that were counted.
const (
	MaxShown    = 1000
	maxEntities = 10_000
)

// StreamInfo is what is shown of one stream that runs.
type StreamInfo struct {
	Tracking string    `json:"tracking"`
	Entity   string    `json:"entity"` // as it is written
	Listener string    `json:"listener"`
	Node     mesh.Num  `json:"node"`     // the sender's
	PeerNode mesh.Num  `json:"peerNode"` // the listener's
	Remote   string    `json:"remote"`
	Since    time.Time `json:"since"`
	In       int64     `json:"in"` // payload bytes from the sender to the listener
	Out      int64     `json:"out"`
	Messages int64     `json:"messages"`
}

// Load is what an entity carries and has carried at the nodes of its senders, since they started.
type Load struct {
	Path    string `json:"path"` // the entity's canonical one
	Streams int    `json:"streams"`
	In      int64  `json:"in"`
	Out     int64  `json:"out"`
}

// Traffic is a picture of what runs.
type Traffic struct {
	Loads     []Load         `json:"loads"` // by path
	Streams   []StreamInfo   `json:"streams"`
	Listeners []ListenerInfo `json:"listeners"`
	Missing   []mesh.Num     `json:"missing"` // nodes that did not answer: what runs there is not in the picture
}

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
		all.add(&more)
	})
	all.cut(most)
	return all
}

// add joins another node's picture.
func (t *Traffic) add(more *Traffic) {
	t.Streams = append(t.Streams, more.Streams...)
	t.Listeners = append(t.Listeners, more.Listeners...)
	t.Loads = append(t.Loads, more.Loads...)
	slices.SortStableFunc(t.Loads, func(a, b Load) int { return cmp.Compare(a.Path, b.Path) })
	kept := t.Loads[:0]
	for _, l := range t.Loads {
		if n := len(kept); n > 0 && kept[n-1].Path == l.Path {
			kept[n-1].Streams += l.Streams
			kept[n-1].In += l.In
			kept[n-1].Out += l.Out
			continue
		}
		kept = append(kept, l)
	}
	t.Loads = kept
}

// cut leaves the most streams and listeners.
func (t *Traffic) cut(most int) {
	slices.SortStableFunc(t.Streams, func(a, b StreamInfo) int { return cmp.Compare(b.In+b.Out, a.In+a.Out) })
	t.Streams = t.Streams[:min(most, len(t.Streams))]
	slices.SortStableFunc(t.Listeners, func(a, b ListenerInfo) int {
		return cmp.Or(cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Node, b.Node), a.Since.Compare(b.Since))
	})
	t.Listeners = t.Listeners[:min(most, len(t.Listeners))]
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
	t.cut(most)
	return t
}

// streamsHere counts under one lock, so that a stream that ends is either among those that run or in the past.
func (r *Relay) streamsHere() Traffic {
	r.mu.Lock()
	defer r.mu.Unlock()
	loads := make(map[entity.Address]Load, len(r.pasts))
	for at, past := range r.pasts {
		loads[at] = *past
	}
	var t Traffic
	for s := range r.streams {
		running := s.running.Load()
		if running == nil {
			continue
		}
		info := *running
		info.In, info.Out, info.Messages = s.live.In.Load(), s.live.Out.Load(), s.live.Messages.Load()
		t.Streams = append(t.Streams, info)
		l := loads[s.entity.At]
		l.Streams++
		l.In += info.In
		l.Out += info.Out
		loads[s.entity.At] = l
	}
	for at, l := range loads {
		l.Path = at.Path
		t.Loads = append(t.Loads, l)
	}
	slices.SortFunc(t.Loads, func(a, b Load) int { return cmp.Compare(a.Path, b.Path) })
	return t
}

// info is what is shown of the stream, as far as it does not change any more.
func (s *stream) info() *StreamInfo {
	c := s.record
	return &StreamInfo{
		Tracking: c.Tracking, Entity: c.Entity, Listener: c.Listener, Node: c.Node, PeerNode: c.PeerNode, Remote: c.Remote, Since: c.Began,
	}
}

// carriedLocked adds what has been carried for an entity. The caller holds r.mu.
func (r *Relay) carriedLocked(at entity.Address, in, out int64) {
	r.past.in.Add(in)
	r.past.out.Add(out)
	past := r.pasts[at]
	if past == nil {
		if len(r.pasts) >= maxEntities {
			return
		}
		past = new(Load)
		r.pasts[at] = past
	}
	past.In += in
	past.Out += out
}

// forget drops what a deleted entity carried.
func (r *Relay) forget(at entity.Address) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pasts, at)
}
