package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/picture"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// What is shown of listeners.
type (
	// ListenerInfo is what is shown of one listener.
	ListenerInfo = picture.Listener
	// CastCount is what became of the messages that were cast to a listener.
	CastCount = picture.Casts
	// Counts is a picture of the node's load.
	Counts = picture.Counts
	// OfferCount is what became of a listener's offers.
	OfferCount = picture.Offers
)

// Counts takes the picture.
func (r *Relay) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := Counts{
		Listeners: r.table.Total(), Local: len(r.seats), Pending: r.desk.Pending(), Connections: r.connections.Used(),
		In: r.books.In, Out: r.books.Out, Kinds: make(map[entity.Kind]int),
	}
	for s := range r.streams {
		c.In += s.live.In.Load()
		c.Out += s.live.Out.Load()
		c.Streams++
		c.Kinds[s.entity.Kind]++
	}
	for x := range r.transfers {
		c.Exchanges++
		if x.counts() {
			c.In += x.In()
			c.Out += x.Out()
		}
	}
	c.Streams = max(0, c.Streams-c.Pending)
	return c
}

// Online is how many listeners an entity has on all nodes.
func (r *Relay) Online(ent entity.Address) int { return r.table.Count(ent) }

// Nodes lists the live nodes.
func (r *Relay) Nodes() []mesh.Node { return r.p.Bus.Nodes() }

// Describe admits the asker and gives the entity and its listeners: runtime information (reference section 11).
func (r *Relay) Describe(_ context.Context, ask Ask, h *shape.Hello) (*entity.Description, error) {
	ent, _, refusal := r.admit(ask, h)
	if refusal != nil {
		return nil, refusal.At("describe", h.At.Path, h.Tracking)
	}
	return &entity.Description{Entity: ent, Listeners: r.table.Count(ent.At)}, nil
}

// Authorize checks that the asker may do what it needs in the namespace as a whole: management.
func (r *Relay) Authorize(_ context.Context, ask Ask, h *shape.Hello) error {
	if err := r.gate.Namespace(&ask, h, time.Now()); err != nil {
		return err.At("authorize", h.At.Path, h.Tracking)
	}
	return nil
}

// Listeners lists an entity's listeners on all nodes. A node that does not answer is left out; the error then says so
// beside the list, for each.
func (r *Relay) Listeners(ctx context.Context, ent entity.Address) ([]ListenerInfo, error) {
	list := r.listenersHere(ent)
	var missing error
	words.Each(ctx, r.p.Bus, askTimeout, words.Listeners, words.PlaceWord{Namespace: ent.Namespace, Path: ent.Path}, func(node mesh.Num, more []ListenerInfo, err error) {
		if err != nil {
			missing = errors.Join(missing, fmt.Errorf("listeners of node %d: %w", node, err))
			return
		}
		list = append(list, more...)
	})
	return list, missing
}

func (r *Relay) listenersHere(ent entity.Address) []ListenerInfo {
	locals := r.table.Locals(ent, false)
	list := make([]ListenerInfo, 0, len(locals))
	for _, l := range locals {
		list = append(list, r.info(l))
	}
	return list
}

func (r *Relay) info(l *route.Listener) ListenerInfo {
	i := ListenerInfo{
		ID: l.ID, Entity: l.Entity.Path, Path: l.At.Path, Node: r.self, Remote: l.Remote, Agent: l.Agent, Since: l.Since,
		State: l.State(),
	}
	i.Offers.Accepted, i.Offers.Ignored = l.Tally.Accepted.Load(), l.Tally.Ignored.Load()
	r.mu.Lock()
	seat := r.seats[l.Channel]
	r.mu.Unlock()
	i.Casts.Delivered, i.Casts.Missed = l.Tally.Delivered.Load(), l.Tally.Missed.Load()
	if seat != nil {
		i.Expires = seat.lease.Expires()
		i.Casts.Waiting = int64(seat.queue.Waiting())
	}
	return i
}

func (r *Relay) onListeners(_ context.Context, _ mesh.Num, w *words.PlaceWord) (any, error) {
	return r.listenersHere(w.Place()), nil
}

// Drop ends every control channel of a listener id, on all nodes, and reports how many there were. All nodes are asked; an
// error says which one did not answer, beside the count of the others.
func (r *Relay) Drop(ctx context.Context, id string) (int, error) {
	dropped := r.dropHere(id)
	var missing error
	words.Each(ctx, r.p.Bus, askTimeout, words.Drop, id, func(node mesh.Num, more int, err error) {
		if err != nil {
			missing = errors.Join(missing, fmt.Errorf("drop at node %d: %w", node, err))
			return
		}
		dropped += more
	})
	return dropped, missing
}

func (r *Relay) dropHere(id string) int {
	r.mu.Lock()
	var list []*Seat
	for _, s := range r.seats {
		if s.listener.ID == id {
			list = append(list, s)
		}
	}
	r.mu.Unlock()
	for _, s := range list {
		s.finish(&shape.End{Why: fail.Dropped, Code: goingAway, Text: "An operator ended the connection."})
	}
	return len(list)
}

func (r *Relay) onDrop(_ context.Context, _ mesh.Num, id *string) (any, error) {
	return r.dropHere(*id), nil
}
