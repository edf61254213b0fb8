package cast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/exchange"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// AskTimeout is how long another node has for putting a message into queues, which takes no time.
const AskTimeout = 5 * time.Second

// Node casts to the listeners of one node and has other nodes cast to theirs. All of its members are needed.
type Node struct {
	Bus      mesh.Bus
	Table    *route.Table // in it every local listener with a sink has a Front before it
	Entering func() *fail.Error
	Limit    func() time.Duration             // how long a delivery may take at most
	Step     func(n int, tracking, at string) // nil: nobody wants to know
	Lost     func(why fail.Code, n int)       // n listeners at another node do not get a message, as far as anybody can say
}

// ToAll puts the message into the queue of every listener here that fits the query, and has every node that holds others do so.
func (n *Node) ToAll(ctx context.Context, m *shape.Message, q *route.Query) Outcome {
	var o Outcome
	there := n.here(&o, m, q)
	if len(there) == 0 {
		return o
	}
	word := words.CastOf(m, n.Bus.Self().Num, q.Entity)
	word.All = true
	word.Hint(q.Hints)
	b := word.Append(nil)
	for _, node := range there {
		n.step(5, m, "the message goes to node %d, which holds listeners", node)
		answer, err := n.ask(ctx, node, b, AskTimeout)
		if err != nil {
			why, count := exchange.Reason(err).Code, n.Table.CountAt(node, q)
			o.miss(why, count)
			n.Lost(why, count)
			continue
		}
		o.Taken += answer.Taken
		for why, count := range answer.Missed {
			o.miss(why, count)
		}
	}
	return o
}

// here puts a message into the queues of the listeners of this node, and gives the nodes that hold others.
func (n *Node) here(o *Outcome, m *shape.Message, q *route.Query) (there []mesh.Num) {
	here, there := n.Table.All(nil, nil, q)
	if n.Step != nil {
		n.Step(4, m.Tracking, fmt.Sprintf("looked up %s: %d listener(s) here, more at %d node(s)", q.Entity.Path, len(here), len(there)))
	}
	for _, l := range here {
		queue, ok := l.Cast.(*Front)
		if !ok {
			continue
		}
		switch there, err := queue.Put(m); {
		case !there: // it left meanwhile
		case err != nil:
			o.miss(exchange.Reason(err).Code, 1)
		default:
			o.Taken++
		}
	}
	return there
}

func (n *Node) step(number int, m *shape.Message, text string, node mesh.Num) {
	if n.Step != nil {
		n.Step(number, m.Tracking, fmt.Sprintf(text, node))
	}
}

// ask asks a node to cast a message.
func (n *Node) ask(ctx context.Context, node mesh.Num, b []byte, most time.Duration) (answer words.CastAnswer, err error) {
	b, err = words.Ask(ctx, n.Bus, most, node, words.Cast, b)
	if err == nil {
		err = json.Unmarshal(b, &answer)
	}
	if err != nil {
		err = fmt.Errorf("cast at node %d: %w", node, err)
	}
	return answer, err
}

// Remote is the sink of a listener at another node.
func (n *Node) Remote(node mesh.Num, h *mesh.Holding) shape.Sink {
	return &remote{n: n, node: node, channel: h.Channel, entity: h.Entity}
}

type remote struct {
	n       *Node
	node    mesh.Num
	channel uint64
	entity  entity.Address
}

// Deliver implements shape.Sink. A node that is lost while it is asked may have handed the message over: it is not sent again.
func (c *remote) Deliver(ctx context.Context, m *shape.Message) (int, error) {
	n := c.n
	if !mesh.Lives(n.Bus, c.node) {
		return 0, &shape.Untaken{Err: fail.Newf(fail.NodeLost, "node %d is gone", c.node)}
	}
	word := words.CastOf(m, n.Bus.Self().Num, c.entity)
	word.Channel = c.channel
	answer, err := n.ask(ctx, c.node, word.Append(nil), n.Limit()+Patience+AskTimeout)
	switch {
	case fail.Is(err, fail.Overloaded), fail.Is(err, fail.Starting): // it was not sent, or not heard
		return 0, &shape.Untaken{Err: err}
	case err != nil:
		if ctx.Err() == nil { // else the node still tells of it
			n.Lost(exchange.Reason(err).Code, 1)
		}
		return 0, err
	case answer.Code == "":
		return answer.Taken, nil
	}
	no := error(&fail.Error{Code: answer.Code, Status: answer.Status, Text: answer.Text})
	if answer.Untaken {
		no = &shape.Untaken{Err: no}
	}
	return 0, no
}

// Serve casts a message of another node's sender here: the handler of words.Cast. The sender was admitted there and is accounted for there;
// queues and counts are this node's.
func (n *Node) Serve(ctx context.Context, from mesh.Num, b []byte) ([]byte, error) {
	w, err := words.ParseCast(from, b)
	if err != nil {
		return nil, err
	}
	refusal := n.Entering()
	if w.All {
		if refusal != nil {
			return nil, refusal
		}
		var o Outcome
		n.here(&o, w.Message(), &route.Query{At: w.At(), Entity: w.Entity.Place(), Shape: mesh.Cast, Hints: w.Hints()})
		return words.Encode(words.CastAnswer{Taken: o.Taken, Missed: o.Missed}), nil
	}
	var answer words.CastAnswer
	err = error(&shape.Untaken{Err: refusal})
	if refusal == nil {
		answer.Taken, err = n.to(ctx, w)
	}
	if err != nil {
		why := exchange.Reason(err)
		answer.Code, answer.Status, answer.Text, answer.Untaken = why.Code, why.Status, why.Text, Untaken(err)
	}
	return words.Encode(answer), nil
}

// to gives a message to one listener of this node.
func (n *Node) to(ctx context.Context, w *words.CastWord) (int, error) {
	l := n.Table.Local(w.Channel)
	if l == nil || l.Cast == nil {
		return 0, &shape.Untaken{Err: fail.New(fail.NoListener, "")} // it left while we were asked
	}
	return l.Cast.Deliver(ctx, w.Message())
}

// Untaken reports whether an error of a sink says that nothing has left.
func Untaken(err error) bool {
	_, ok := errors.AsType[*shape.Untaken](err)
	return ok
}
