package relay

import (
	"context"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Bounds of a word to another node: askTimeout is far above a network's delay and below every client's patience; a tally
// waits no longer than a sender notices.
const (
	askTimeout   = 5 * time.Second
	tallyTimeout = 100 * time.Millisecond
)

// remoteOffer tells a listener at another node of a sender here.
type remoteOffer struct {
	relay   *Relay
	node    mesh.Num
	channel uint64
}

// Offer implements shape.Offerer.
func (o *remoteOffer) Offer(ctx context.Context, offer *shape.Offer) error {
	_, err := o.relay.p.Bus.Ask(ctx, o.node, words.Offer, words.Encode(&words.OfferWord{
		Hello: words.HelloOf(offer.Hello, o.relay.self), Channel: o.channel, Ticket: words.Ticket(offer.Ticket),
		Dial: o.relay.p.Bus.Self().Doors, Deadline: offer.Deadline,
	}))
	return err
}

// ask asks another node a question that takes no time to answer. A node that is silent for too long counts as lost.
func (r *Relay) ask(ctx context.Context, node mesh.Num, kind string, word any) ([]byte, error) {
	return words.Ask(ctx, r.p.Bus, askTimeout, node, kind, words.Encode(word))
}

// tell says a word to another node and waits no longer than a tally may. What is lost costs the other node some knowledge, and no more.
func (r *Relay) tell(node mesh.Num, kind string, word any) {
	ctx, cancel := context.WithTimeout(context.Background(), tallyTimeout)
	defer cancel()
	_ = r.p.Bus.Tell(ctx, node, kind, words.Encode(word))
}

// handle answers what other nodes ask and tell.
func (r *Relay) handle() {
	bus := r.p.Bus
	words.Told(bus, words.Offer, r.onOffer)
	words.Told(bus, words.Decline, r.onDecline)
	words.Asked(bus, words.Listeners, r.onListeners)
	words.Asked(bus, words.Drop, r.onDrop)
	for _, kind := range []string{words.Replace, words.Check} {
		words.Told(bus, kind, func(_ context.Context, _ mesh.Num, w *words.ChannelWord) error {
			r.again(kind, w.Channel)
			return nil
		})
	}
	words.Told(bus, words.Tally, r.onTally)
	words.Told(bus, words.Left, r.onLeft)
	words.Told(bus, words.Mark, r.onMark)
	words.Told(bus, words.Marks, r.onMarks)
	words.Asked(bus, words.Traffic, r.onTraffic)
	bus.Handle(words.Cast, r.casts.Serve)
}

func (r *Relay) onOffer(ctx context.Context, _ mesh.Num, w *words.OfferWord) error {
	l := r.table.Local(w.Channel)
	if l == nil || l.Stream == nil {
		return fail.New(fail.NoListener, noListener) // it left while we were asked: it was told of nobody
	}
	h := w.Shape()
	o := &shape.Offer{Ticket: shape.Ticket(w.Ticket), Dial: w.Dial, Deadline: w.Deadline, Hello: &h}
	if err := l.Stream.Offer(ctx, o); err != nil {
		return err
	}
	r.told(o.Hello, l)
	return nil
}

func (r *Relay) onDecline(_ context.Context, _ mesh.Num, w *words.DeclineWord) error {
	return r.desk.Decline(shape.Ticket(w.Ticket), &fail.Error{Code: w.Code, Status: w.Status, Text: w.Text})
}
