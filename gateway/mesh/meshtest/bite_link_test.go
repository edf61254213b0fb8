package meshtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/link"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/netx"
)

// linkBreach is a link with one promise broken: in Dial, in what Serve is given, or in the switches.
type linkBreach struct {
	dial  func(l mesh.Link, ctx context.Context, to mesh.Num, p shape.Preface) (net.Conn, error)
	serve func(c net.Conn, p shape.Preface) (net.Conn, shape.Preface)
	kill  func(n mesh.Num)
	close func(l mesh.Link, served []net.Conn) error
}

// carriers is links over netx, broken as told.
type carriers struct {
	*memory.Net
	linkBreach

	network *netx.Network
}

func (n *carriers) Link(num mesh.Num) (mesh.Link, error) {
	host := n.network.Host(fmt.Sprint("node", num))
	l, err := host.Listen("tcp", ":0")
	if err != nil {
		return nil, err
	}
	inner, err := n.Net.Link(num, link.Params{
		Listener: l,
		Dial:     func(ctx context.Context, addr string) (net.Conn, error) { return host.DialContext(ctx, "tcp", addr) },
	})
	return &brokenLink{Link: inner, linkBreach: n.linkBreach}, err
}

func (n *carriers) Kill(num mesh.Num) {
	if n.kill != nil {
		n.kill(num)
		return
	}
	n.Net.Kill(num)
}

type brokenLink struct {
	mesh.Link
	linkBreach

	mu     sync.Mutex
	served []net.Conn
}

func (l *brokenLink) Dial(ctx context.Context, to mesh.Num, p shape.Preface) (net.Conn, error) {
	if l.dial != nil {
		return l.dial(l.Link, ctx, to, p)
	}
	return l.Link.Dial(ctx, to, p)
}

func (l *brokenLink) Serve(f func(net.Conn, shape.Preface)) {
	l.Link.Serve(func(c net.Conn, p shape.Preface) {
		l.mu.Lock()
		l.served = append(l.served, c)
		l.mu.Unlock()
		if l.serve != nil {
			c, p = l.serve(c, p)
		}
		f(c, p)
	})
}

func (l *brokenLink) Close() error {
	if l.close != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.close(l.Link, l.served)
	}
	return l.Link.Close()
}

// polite hides resets: what is lost looks like an end.
type polite struct{ net.Conn }

func (c polite) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

func (c polite) CloseWrite() error { return c.Conn.(interface{ CloseWrite() error }).CloseWrite() }

func (c polite) SetLinger(int) error { return nil }

// whole has no half-close: it closes all.
type whole struct{ net.Conn }

func (c whole) CloseWrite() error { return c.Close() }

var linkBreaches = map[string]map[string]linkBreach{
	"the preface arrives as it was sent": {"the host is lost": {
		serve: func(c net.Conn, p shape.Preface) (net.Conn, shape.Preface) { p.Host = ""; return c, p },
	}},
	"replay first, then the stream, both ways": {"the replay is lost": {serve: skipReplay}},
	"half-close passes": {"all is closed": {
		serve: func(c net.Conn, p shape.Preface) (net.Conn, shape.Preface) { return whole{c}, p },
	}},
	"an abort is an error, not an end": {"it looks like an end": {
		serve: func(c net.Conn, p shape.Preface) (net.Conn, shape.Preface) { return polite{c}, p },
	}},
	"a node that cannot be reached": {"plain errors": {
		dial: func(l mesh.Link, ctx context.Context, to mesh.Num, p shape.Preface) (net.Conn, error) {
			c, err := l.Dial(ctx, to, p)
			if err != nil {
				err = io.ErrUnexpectedEOF
			}
			return c, err
		},
	}},
	"a death breaks carried connections": {"nobody notices": {kill: func(mesh.Num) {}}},
	"many at once":                       {"the replay is lost": {serve: skipReplay}},
	"close lets carried connections live": {"it closes all": {
		close: func(l mesh.Link, served []net.Conn) error {
			for _, c := range served {
				c.Close()
			}
			return l.Close()
		},
	}},
}

func skipReplay(c net.Conn, p shape.Preface) (net.Conn, shape.Preface) {
	c.(*link.Conn).Unwrap()
	return c, p
}

func TestEveryLinkRowBites(t *testing.T) {
	for _, r := range linkRows {
		if len(linkBreaches[r.name]) == 0 {
			t.Errorf("row %q has no fault that makes it fail", r.name)
		}
		for name, b := range linkBreaches[r.name] {
			t.Run(r.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					said := see(t.Context(), t, func(tb testing.TB) {
						Carrier{Fake: true, New: func(testing.TB) Links {
							return &carriers{memory.NewNet(mesh.Timing{}), b, netx.New()}
						}}.run(tb, r)
					})
					if len(said) == 0 {
						t.Fatal("the row passed on a broken link")
					}
					t.Logf("%d complaints, the first: %s", len(said), said[0])
				})
			})
		}
	}
}
