// Package picture has what is shown of the traffic and the listeners of all nodes, as nodes tell it to each other, and joins the pictures
// of several nodes. It knows nothing of where they come from. Values; nothing here is for more than one goroutine.
package picture

import (
	"cmp"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
)

// Listener is what is shown of one listener.
type Listener struct {
	ID      string    `json:"id"`
	Entity  string    `json:"entity"`
	Path    string    `json:"path"` // where it listens: the entity or below
	Node    mesh.Num  `json:"node"`
	Remote  string    `json:"remote"`
	Agent   string    `json:"agent"`
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires"` // of its token; zero: not known
	Offers  Offers    `json:"offers"`

	State presence.State `json:"state"`

	Casts Casts `json:"casts"`
}

// Casts is what became of the messages that were cast to a listener. Together they are all that were sent to it.
type Casts struct {
	Delivered int64 `json:"delivered"`
	Missed    int64 `json:"missed"`
	Waiting   int64 `json:"waiting"` // in its queue, or on the way to it
}

// Offers is what became of a listener's offers.
type Offers struct {
	Accepted int64 `json:"accepted"`
	Ignored  int64 `json:"ignored"`
}

// Stream is what is shown of one stream that runs.
type Stream struct {
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
	Loads     []Load     `json:"loads"` // by path
	Streams   []Stream   `json:"streams"`
	Listeners []Listener `json:"listeners"`
	Missing   []mesh.Num `json:"missing"` // nodes that did not answer: what runs there is not in the picture
}

// Add joins another node's picture.
func (t *Traffic) Add(more *Traffic) {
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

// Cut leaves the most streams and listeners.
func (t *Traffic) Cut(most int) {
	slices.SortStableFunc(t.Streams, func(a, b Stream) int { return cmp.Compare(b.In+b.Out, a.In+a.Out) })
	t.Streams = t.Streams[:min(most, len(t.Streams))]
	slices.SortStableFunc(t.Listeners, func(a, b Listener) int {
		return cmp.Or(cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.Node, b.Node), a.Since.Compare(b.Since))
	})
	t.Listeners = t.Listeners[:min(most, len(t.Listeners))]
}

// Counts is a picture of the node's load.
type Counts struct {
	Listeners   int // on all nodes
	Local       int // on this node
	Streams     int
	Exchanges   int                 // under way, those that run here for another node's sender included
	Kinds       map[entity.Kind]int // of the streams
	Pending     int
	Connections int
	In, Out     int64 // payload bytes since the start
}
