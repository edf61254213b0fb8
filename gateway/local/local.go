// Package local joins several gateways of one process: the memory mesh, with links over loopback TCP. The demo and tests
// build clusters of it; separate processes need an engine.
package local

import (
	"context"
	"fmt"
	"net"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/link"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
)

// Mesh is what the nodes of one process meet in. Make one with New.
type Mesh struct {
	// Net has the switches of the memory mesh: Partition, Heal, Kill, Delay.
	Net *memory.Net
}

// New makes a mesh without nodes.
func New() *Mesh { return &Mesh{Net: memory.NewNet(mesh.Timing{})} }

// Join enters a node, with a link on a loopback port of its own. It has the form of gateway.Params.Join. The node is known
// before its link is; nobody carries anything to it that early, since it has given out no ticket.
func (m *Mesh) Join(self mesh.Node) (mesh.Bus, mesh.Link, error) {
	bus, err := m.Net.Join(context.Background(), self)
	if err != nil {
		return nil, nil, fmt.Errorf("join: %w", err)
	}
	carrier, err := m.link(self.Num)
	if err != nil {
		_ = bus.Close()
		return nil, nil, fmt.Errorf("link: %w", err)
	}
	return bus, carrier, nil
}

func (m *Mesh) link(num mesh.Num) (mesh.Link, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	carrier, err := m.Net.Link(num, link.Params{
		Listener: l,
		Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		},
	})
	if err != nil {
		_ = l.Close()
	}
	return carrier, err
}
