package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Kinds of what relays say to each other over the mesh.
const (
	msgOffer     = "relay.offer"     // ask: tell your listener of my sender
	msgDecline   = "relay.decline"   // ask: the listener of your ticket said no here
	msgTally     = "relay.tally"     // tell: what became of an offer
	msgMark      = "relay.mark"      // tell: what a listener of mine seems to be
	msgReplace   = "relay.replace"   // tell: a listener of yours came back here
	msgCheck     = "relay.check"     // tell: it may have come back here
	msgMarks     = "relay.marks"     // tell: say what your listeners seem to be
	msgListeners = "relay.listeners" // ask: who listens at your node
	msgLeft      = "relay.left"      // tell: the sender of an exchange of yours has gone
	msgDrop      = "relay.drop"      // ask: end that listener
	msgTraffic   = "relay.traffic"   // ask: what runs at your node
)

// Bounds of a word to another node: askTimeout is far above a network's delay and below every client's patience; a tally
// waits no longer than a sender notices.
const (
	askTimeout   = 5 * time.Second
	tallyTimeout = 100 * time.Millisecond
)

// offerMessage is an offer on its way to the listener's node.
type offerMessage struct {
	Channel   uint64            `json:"channel"`
	Ticket    []byte            `json:"ticket"`
	Dial      map[string]string `json:"dial"`
	Deadline  time.Time         `json:"deadline"`
	Tracking  string            `json:"tracking"`
	Namespace string            `json:"namespace,omitempty"`
	Path      string            `json:"path"`
	Target    string            `json:"target"`
	Host      string            `json:"host"`
	Door      string            `json:"door"`
	Fields    []offerField      `json:"fields"`
	Offers    []string          `json:"offers,omitempty"`
	Remote    netip.AddrPort    `json:"remote"`
	Node      uint16            `json:"node"`
}

// offerField is one header field. The value goes as bytes: it need not be UTF-8, and JSON text would make it so.
type offerField struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

func packFields(fields shape.Fields) []offerField {
	packed := make([]offerField, len(fields))
	for i, f := range fields {
		packed[i] = offerField{f.Name, []byte(f.Value)}
	}
	return packed
}

func unpackFields(packed []offerField) shape.Fields {
	fields := make(shape.Fields, len(packed))
	for i, f := range packed {
		fields[i].Name, fields[i].Value = f.Name, string(f.Value)
	}
	return fields
}

type declineMessage struct {
	Ticket []byte    `json:"ticket"`
	Code   fail.Code `json:"code"`
	Status int       `json:"status"`
	Text   string    `json:"text"`
}

type placeMessage struct {
	Namespace string `json:"namespace,omitempty"`
	Path      string `json:"path"`
}

type channelMessage struct {
	Channel uint64 `json:"channel"`
}

// encode is for messages of plain data, which always encode.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		//nolint:forbidigo // every type that is given here is plain data: it cannot happen
		panic(fmt.Sprintf("relay: a message of plain data does not encode: %v", err))
	}
	return b
}

func encodeChannel(channel uint64) []byte { return encode(channelMessage{Channel: channel}) }

func encodeDecline(t shape.Ticket, no *fail.Error) []byte {
	return encode(declineMessage{Ticket: t[:], Code: no.Code, Status: no.Status, Text: no.Text})
}

// remoteOffer tells a listener at another node of a sender here.
type remoteOffer struct {
	relay   *Relay
	node    mesh.Num
	channel uint64
}

// Offer implements shape.Offerer.
func (o *remoteOffer) Offer(ctx context.Context, offer *shape.Offer) error {
	h := offer.Hello
	_, err := o.relay.p.Bus.Ask(ctx, o.node, msgOffer, encode(offerMessage{
		Channel: o.channel, Ticket: offer.Ticket[:], Dial: o.relay.p.Bus.Self().Doors, Deadline: offer.Deadline,
		Tracking: h.Tracking, Namespace: h.At.Namespace, Path: h.At.Path, Target: h.Target, Host: h.Host, Door: h.Door,
		Fields: packFields(h.Fields), Offers: h.Offers, Remote: h.Remote, Node: uint16(o.relay.self),
	}))
	return err
}

// ask asks another node a question that takes no time to answer. A node that is silent for too long counts as lost.
func (r *Relay) ask(ctx context.Context, node mesh.Num, kind string, b []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askTimeout, fail.Newf(fail.NodeLost, "node %d does not answer", node))
	defer cancel()
	return r.p.Bus.Ask(ctx, node, kind, b)
}

// handle answers what other nodes ask and tell.
func (r *Relay) handle() {
	bus := r.p.Bus
	bus.Handle(msgOffer, r.onOffer)
	bus.Handle(msgDecline, r.onDecline)
	bus.Handle(msgListeners, r.onListeners)
	bus.Handle(msgDrop, r.onDrop)
	for _, kind := range []string{msgReplace, msgCheck} {
		bus.Handle(kind, func(_ context.Context, _ mesh.Num, b []byte) ([]byte, error) {
			var m channelMessage
			if err := json.Unmarshal(b, &m); err != nil {
				return nil, fail.Wrap(fail.BadRequest, kind, err)
			}
			r.again(kind, m.Channel)
			return nil, nil
		})
	}
	bus.Handle(msgTally, r.onTally)
	bus.Handle(msgLeft, r.onLeft)
	bus.Handle(msgMark, r.onMark)
	bus.Handle(msgMarks, r.onMarks)
	bus.Handle(msgTraffic, r.onTraffic)
}

func (r *Relay) onOffer(ctx context.Context, from mesh.Num, b []byte) ([]byte, error) {
	var m offerMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fail.Wrap(fail.BadRequest, msgOffer, fmt.Errorf("of node %d: %w", from, err))
	}
	if len(m.Ticket) != len(shape.Ticket{}) {
		return nil, fail.Wrap(fail.BadRequest, msgOffer, fmt.Errorf("of node %d: a ticket of %d bytes", from, len(m.Ticket)))
	}
	l := r.table.Local(m.Channel)
	if l == nil || l.Stream == nil {
		return nil, fail.New(fail.NoListener, noListener) // it left while we were asked: it was told of nobody
	}
	o := &shape.Offer{
		Ticket: shape.Ticket(m.Ticket), Dial: m.Dial, Deadline: m.Deadline,
		Hello: &shape.Hello{
			Tracking: m.Tracking, At: entity.Address{Namespace: m.Namespace, Path: m.Path}, Target: m.Target,
			Host: m.Host, Door: m.Door, Fields: unpackFields(m.Fields), Offers: m.Offers, Remote: m.Remote, Node: m.Node,
		},
	}
	if err := l.Stream.Offer(ctx, o); err != nil {
		return nil, err
	}
	r.told(o.Hello, l)
	return nil, nil
}

func (r *Relay) onDecline(_ context.Context, from mesh.Num, b []byte) ([]byte, error) {
	var m declineMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fail.Wrap(fail.BadRequest, msgDecline, fmt.Errorf("of node %d: %w", from, err))
	}
	if len(m.Ticket) != len(shape.Ticket{}) {
		return nil, fail.Wrap(fail.BadRequest, msgDecline, fmt.Errorf("of node %d: a ticket of %d bytes", from, len(m.Ticket)))
	}
	return nil, r.desk.Decline(shape.Ticket(m.Ticket), &fail.Error{Code: m.Code, Status: m.Status, Text: m.Text})
}
