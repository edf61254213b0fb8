package mesh

import (
	"context"
	"net"
	"slices"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Num is a node's number: the first two bytes of its tickets. 0 is no node.
type Num uint16

// Node is one live node as the others see it.
type Node struct {
	Num   Num
	Doors map[string]string // door -> host:port as advertised to listeners; read only
	Since time.Time
}

// Shapes is what a holding can carry.
type Shapes uint8

// The three shapes as bits.
const (
	Stream Shapes = 1 << iota
	Exchange
	Cast
)

// Holding is one listener as announced to other nodes. (Node, At, ID, Channel) is its identity.
type Holding struct {
	At      entity.Address // listen path
	Entity  entity.Address // the entity that it listens for: At or a prefix of it
	ID      string         // listener id as the listener chose it
	Channel uint64         // tells two control channels of the same id apart; unique on its node
	Shapes  Shapes
	Weight  int
}

// Change is one difference in what other nodes hold, or in which nodes live. Exactly one member group is set.
type Change struct {
	Node    Num
	Added   []Holding
	Removed []Holding
	Up      bool // the node joined; its holdings follow
	Down    bool // the node is gone: all its holdings are too, no Removed comes
}

// Bus is the engine's part of the mesh: small things between nodes. It is safe for concurrent use.
type Bus interface {
	Self() Node
	// Nodes lists the live nodes, this one included, by number.
	Nodes() []Node
	// Hold announces a holding. When it returns without error every node that is live has applied it, save those that
	// were marked late because they did not acknowledge in time. release announces the end and does not wait; it may be
	// called more than once.
	Hold(ctx context.Context, h Holding) (release func(), err error)
	// Watch has f called for every change at other nodes, in order and one at a time, beginning with what is known
	// already, which f has seen when Watch returns. The acknowledgement of a change leaves after f returned. f must not
	// call the Bus. stop ends it and waits.
	Watch(f func(Change)) (stop func())
	// Ask sends b to the handler of kind at the node and waits for its answer. A node that is gone, or goes while it is
	// asked, gives fail.NodeLost at once. An error of the handler comes back as *fail.Error with code, text and status.
	Ask(ctx context.Context, to Num, kind string, b []byte) ([]byte, error)
	// Tell sends without an answer; what one node tells another of one kind arrives in the order of sending. Tells wait in
	// a bounded queue; at the bound Tell waits for ctx and then gives fail.Overloaded: it was not sent.
	Tell(ctx context.Context, to Num, kind string, b []byte) error
	// Handle sets the handler of a kind. Asks run concurrently; Tells of one (from, kind) one after the other. An ask of a
	// kind without a handler gives fail.Starting, a tell of it is dropped.
	Handle(kind string, f func(ctx context.Context, from Num, b []byte) ([]byte, error))
	// Close leaves the mesh: the other nodes see Down, running asks end, and every goroutine has ended when it returns.
	Close() error
}

// Link carries whole connections between nodes: one TCP connection per carried thing. Bytes never go by the Bus.
type Link interface {
	// Dial opens a connection to the node and sends the preface; what is written to the connection afterwards arrives
	// behind Preface.Replay. A node that cannot be reached gives fail.NodeLost.
	Dial(ctx context.Context, to Num, p shape.Preface) (net.Conn, error)
	// Serve has f called, on a goroutine of its own, for every connection that arrives here; the connection already
	// yields Replay first. It is called once, before the first Dial of another node. f owns the connection.
	Serve(f func(net.Conn, shape.Preface))
	// Close ends the door for carried connections and waits for its goroutines; carried connections live on.
	Close() error
}

// Lives reports whether a node is among the live ones.
func Lives(b Bus, n Num) bool {
	return slices.ContainsFunc(b.Nodes(), func(node Node) bool { return node.Num == n })
}
