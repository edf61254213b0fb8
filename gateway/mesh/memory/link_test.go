package memory_test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/link"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/mesh/meshtest"
	"github.com/causeway-relay/causeway/internal/netx"
)

// links gives each node a door, on loopback or on a network in memory.
type links struct {
	*memory.Net

	memory *netx.Network // nil: loopback
}

func (l *links) Link(n mesh.Num) (mesh.Link, error) {
	p := link.Params{}
	var err error
	if l.memory != nil {
		host := l.memory.Host(fmt.Sprint("node", n))
		p.Listener, err = host.Listen("tcp", ":0")
		p.Dial = func(ctx context.Context, addr string) (net.Conn, error) { return host.DialContext(ctx, "tcp", addr) }
	} else {
		p.Listener, err = net.Listen("tcp", "127.0.0.1:0")
		p.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		}
	}
	if err != nil {
		return nil, err
	}
	return l.Net.Link(n, p)
}

func TestLinkOnNetx(t *testing.T) {
	meshtest.Link(t, meshtest.Carrier{Fake: true, New: func(testing.TB) meshtest.Links {
		return &links{memory.NewNet(mesh.Timing{}), netx.New()}
	}})
}

func TestLinkOnLoopback(t *testing.T) {
	meshtest.Link(t, meshtest.Carrier{New: func(testing.TB) meshtest.Links {
		return &links{memory.NewNet(mesh.Timing{}), nil}
	}})
}
