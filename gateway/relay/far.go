package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay/internal/exchange"
	"github.com/causeway-relay/causeway/gateway/relay/internal/nodedoor"
	"github.com/causeway-relay/causeway/gateway/relay/internal/words"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// NodeDoor is the door of carried connections that belong to the relay itself: exchanges of senders at other nodes. The root gives
// them to ServeNode.
const NodeDoor = nodedoor.Name

// ServeNode answers the exchanges that another node has this one run, on a connection that came to NodeDoor, until the connection
// ends. The link has made sure that it is a node.
func (r *Relay) ServeNode(conn net.Conn) { r.server.Serve(conn) }

// dialNode opens a connection to another node's NodeDoor.
func (r *Relay) dialNode(ctx context.Context, node uint16) (net.Conn, error) {
	if r.p.Link == nil {
		return nil, fail.Newf(fail.NodeLost, "There is no way to node %d.", node)
	}
	conn, err := r.p.Link.Dial(ctx, mesh.Num(node), shape.Preface{Door: NodeDoor, Host: NodeDoor})
	if err != nil {
		return nil, fail.Wrap(fail.NodeLost, fmt.Sprintf("carry to node %d", node), err)
	}
	return conn, nil
}

// remoteExchange has another node run an exchange with a listener there.
type remoteExchange struct {
	relay   *Relay
	node    mesh.Num
	channel uint64
}

// Exchange implements shape.Exchanger.
func (e *remoteExchange) Exchange(ctx context.Context, req *shape.Request) (*shape.Response, error) {
	resp, ticket, err := e.relay.pool.Exchange(ctx, uint16(e.node), e.channel, req)
	if err == nil {
		exchange.Note(ctx, ticket)
	}
	return resp, err
}

// tellLeft tells the listener's node that the sender of an exchange there has gone. A word that is lost leaves it to the response timeout.
func (r *Relay) tellLeft(node uint16, id uint64) {
	r.aside(func() { r.tell(mesh.Num(node), words.Left, words.LeftWord{ID: id}) })
}

func (r *Relay) onLeft(_ context.Context, from mesh.Num, w *words.LeftWord) error {
	r.server.Left(uint16(from), w.ID)
	return nil
}

// serveExchange runs the exchange of another node's sender with a listener here. The sender was admitted there and is accounted for there;
// address, late answers and time-outs are this node's.
func (r *Relay) serveExchange(ctx context.Context, channel uint64, req *shape.Request) (*shape.Response, shape.Ticket, error) {
	x := &transfer{relay: r, served: true}
	r.clerk.OpenIn(&x.record, "exchange", &req.Hello, time.Now())
	x.Begin(ctx, x, req, x.record.Began)
	resp, err := x.serve(channel)
	if err != nil {
		_, untaken := errors.AsType[*shape.Untaken](err)
		x.leave()
		var no error = exchange.Reason(err).At("", x.record.Entity, x.record.Tracking)
		if untaken {
			no = &shape.Untaken{Err: no}
		}
		return nil, shape.Ticket{}, no
	}
	return x.Answer(resp, x.record.Since()), x.Ticket(), nil
}

// serve is the road of an exchange that was admitted at another node.
func (x *transfer) serve(channel uint64) (*shape.Response, error) {
	r := x.relay
	l := r.table.Local(channel)
	if l != nil {
		x.entity = r.p.Store.View().Get(l.Entity)
	}
	if x.entity == nil || l.Exchange == nil {
		return nil, &shape.Untaken{Err: fail.New(fail.NoListener, noListener)} // it left meanwhile
	}
	x.record.Entity, x.record.Listener = x.entity.Name, l.ID
	if err := r.trackTransfer(x); err != nil {
		return nil, &shape.Untaken{Err: err}
	}
	x.begin(x.record.Since())
	resp, err := x.local(x.Context(), l, x.Request())
	if err == nil {
		err = exchange.Check(resp)
	}
	switch {
	case err == nil:
		return resp, nil
	case x.Again(x.Request(), err):
		return nil, err
	default:
		return nil, exchange.Reason(x.Cause(err)) // without the mark: something of the request has gone
	}
}
