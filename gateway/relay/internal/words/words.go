package words

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Kinds of words.
const (
	Offer     = "relay.offer"     // ask: tell your listener of my sender
	Decline   = "relay.decline"   // ask: the listener of your ticket said no here
	Tally     = "relay.tally"     // tell: what became of an offer
	Mark      = "relay.mark"      // tell: what a listener of mine seems to be
	Replace   = "relay.replace"   // tell: a listener of yours came back here
	Check     = "relay.check"     // tell: it may have come back here
	Marks     = "relay.marks"     // tell: say what your listeners seem to be
	Listeners = "relay.listeners" // ask: who listens at your node
	Left      = "relay.left"      // tell: the sender of an exchange of yours has gone
	Drop      = "relay.drop"      // ask: end that listener
	Traffic   = "relay.traffic"   // ask: what runs at your node
)

// Hello is a sender as another node is told of it.
type Hello struct {
	Tracking  string         `json:"tracking"`
	Namespace string         `json:"namespace,omitempty"`
	Path      string         `json:"path"`
	Target    string         `json:"target"`
	Host      string         `json:"host"`
	Door      string         `json:"door"`
	Fields    []Field        `json:"fields"`
	Offers    []string       `json:"offers,omitempty"`
	Remote    netip.AddrPort `json:"remote"`
	Node      uint16         `json:"node"` // where the sender arrived
}

// Field is one header field. The value goes as bytes: it need not be UTF-8, and JSON text would make it so.
type Field struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

// HelloOf tells of a sender of the node.
func HelloOf(h *shape.Hello, node mesh.Num) Hello {
	fields := make([]Field, len(h.Fields))
	for i, f := range h.Fields {
		fields[i] = Field{f.Name, []byte(f.Value)}
	}
	return Hello{
		Tracking: h.Tracking, Namespace: h.At.Namespace, Path: h.At.Path, Target: h.Target, Host: h.Host, Door: h.Door,
		Fields: fields, Offers: h.Offers, Remote: h.Remote, Node: uint16(node),
	}
}

// At is the address that the sender asked for.
func (h *Hello) At() entity.Address { return entity.Address{Namespace: h.Namespace, Path: h.Path} }

// Shape gives the sender as entries know it. What a message asks for stays at its node.
func (h *Hello) Shape() shape.Hello {
	fields := make(shape.Fields, len(h.Fields))
	for i, f := range h.Fields {
		fields[i].Name, fields[i].Value = f.Name, string(f.Value)
	}
	return shape.Hello{
		Tracking: h.Tracking, At: h.At(), Target: h.Target,
		Host: h.Host, Door: h.Door, Fields: fields, Offers: h.Offers, Remote: h.Remote, Node: h.Node,
	}
}

// OfferWord is an offer on its way to the listener's node.
type OfferWord struct {
	Hello

	Channel  uint64            `json:"channel"`
	Ticket   Ticket            `json:"ticket"`
	Dial     map[string]string `json:"dial"`
	Deadline time.Time         `json:"deadline"`
}

// DeclineWord is a listener's no on its way to the sender's node.
type DeclineWord struct {
	Ticket Ticket    `json:"ticket"`
	Code   fail.Code `json:"code"`
	Status int       `json:"status"`
	Text   string    `json:"text"`
}

// Ticket is a ticket as words hold it.
type Ticket shape.Ticket

// MarshalJSON writes the bytes as base64.
func (t Ticket) MarshalJSON() ([]byte, error) { return json.Marshal(t[:]) }

// UnmarshalJSON reads them; any other number of bytes is no ticket.
func (t *Ticket) UnmarshalJSON(b []byte) error {
	var raw []byte
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	if len(raw) != len(t) {
		return fmt.Errorf("a ticket of %d bytes", len(raw))
	}
	*t = Ticket(raw)
	return nil
}

// PlaceWord names an entity.
type PlaceWord struct {
	Namespace string `json:"namespace,omitempty"`
	Path      string `json:"path"`
}

// Place is the address that the word names.
func (p PlaceWord) Place() entity.Address {
	return entity.Address{Namespace: p.Namespace, Path: p.Path}
}

// ChannelWord names a listener of the node that is told.
type ChannelWord struct {
	Channel uint64 `json:"channel"`
}

// LeftWord names an exchange as its sender's node does.
type LeftWord struct {
	ID uint64 `json:"id"`
}

// TallyWord tells a listener's node what became of an offer.
type TallyWord struct {
	Channel uint64        `json:"channel"`
	Outcome string        `json:"outcome"`
	Took    time.Duration `json:"took"` // from the offer until now: clocks of nodes differ
}

// MarkWord tells what a listener of the sender's node seems to be.
type MarkWord struct {
	Channel uint64         `json:"channel"`
	State   presence.State `json:"state"`
	Last    bool           `json:"last,omitempty"`
}

// check implements checked.
func (w *MarkWord) check() error {
	if w.State >= presence.Gone {
		return fmt.Errorf("state %d", w.State)
	}
	return nil
}

// checked is a word that not every JSON of its form is.
type checked interface{ check() error }

// Encode writes a word. Words are plain data, which always encodes.
func Encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		//nolint:forbidigo // every type that is given here is plain data: it cannot happen
		panic(fmt.Sprintf("relay: a message of plain data does not encode: %v", err))
	}
	return b
}

// Decode reads a word of the kind that a node sent.
func Decode(kind string, from mesh.Num, b []byte, to any) error {
	err := json.Unmarshal(b, to)
	if c, ok := to.(checked); ok && err == nil {
		err = c.check()
	}
	if err != nil {
		return fail.Wrap(fail.BadRequest, kind, fmt.Errorf("of node %d: %w", from, err))
	}
	return nil
}

// Asked has f called for every word of the kind that another node asks; what f gives is the answer.
func Asked[T any](bus mesh.Bus, kind string, f func(ctx context.Context, from mesh.Num, word *T) (any, error)) {
	bus.Handle(kind, func(ctx context.Context, from mesh.Num, b []byte) ([]byte, error) {
		word := new(T)
		if err := Decode(kind, from, b, word); err != nil {
			return nil, err
		}
		answer, err := f(ctx, from, word)
		if err != nil {
			return nil, err
		}
		return Encode(answer), nil
	})
}

// Told is Asked for words whose answer is only that they were heard.
func Told[T any](bus mesh.Bus, kind string, f func(ctx context.Context, from mesh.Num, word *T) error) {
	bus.Handle(kind, func(ctx context.Context, from mesh.Num, b []byte) ([]byte, error) {
		word := new(T)
		err := Decode(kind, from, b, word)
		if err == nil {
			err = f(ctx, from, word)
		}
		return nil, err
	})
}

// Each asks every other live node in turn and gives f what it answered, or why it did not.
func Each[T any](ctx context.Context, bus mesh.Bus, most time.Duration, kind string, word any, f func(node mesh.Num, answer T, err error)) {
	self, b := bus.Self().Num, Encode(word)
	for _, n := range bus.Nodes() {
		if n.Num == self {
			continue
		}
		var answer T
		raw, err := Ask(ctx, bus, most, n.Num, kind, b)
		if err == nil {
			err = json.Unmarshal(raw, &answer)
		}
		f(n.Num, answer, err)
	}
}

// Ask asks a node a question that takes at most as long to answer. A node that is silent for longer counts as lost.
func Ask(ctx context.Context, bus mesh.Bus, most time.Duration, node mesh.Num, kind string, b []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, most, fail.Newf(fail.NodeLost, "node %d does not answer", node))
	defer cancel()
	return bus.Ask(ctx, node, kind, b)
}
