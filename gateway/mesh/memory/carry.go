package memory

import (
	"context"
	"errors"
	"net"

	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/link"
)

// carried is a connection to another node, on the side that dialled it. It is known to the net as long as it is open, so
// that the switches reach it.
type carried struct {
	net.Conn

	at  pair
	net *Net
}

// CloseWrite ends this side's direction where the connection can, as TCP does; else it closes all.
func (c *carried) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// Below gives the connection itself, to ask and not to use.
func (c *carried) Below() net.Conn { return c.Conn }

// SetLinger with 0 makes Close a reset, as *net.TCPConn has it.
func (c *carried) SetLinger(sec int) error {
	if l, ok := c.Conn.(interface{ SetLinger(sec int) error }); ok {
		return l.SetLinger(sec)
	}
	return nil
}

// Close closes the connection and forgets it.
func (c *carried) Close() error {
	c.net.mu.Lock()
	delete(c.net.open, c)
	c.net.mu.Unlock()
	return c.Conn.Close()
}

// door is a node's link as the net gives it out: closing it takes the address back.
type door struct {
	*link.Link

	net *Net
	num mesh.Num
}

// Close implements mesh.Link.
func (d *door) Close() error {
	d.net.mu.Lock()
	if addr, ok := d.net.addrs[d.num]; ok {
		delete(d.net.links, addr)
		delete(d.net.addrs, d.num)
	}
	d.net.mu.Unlock()
	return d.Link.Close()
}

// Link gives a node its door for carried connections. Of p it needs Listener and Dial; Addr is the net's own. A node that
// is parted or dead gives fail.NodeLost.
func (n *Net) Link(num mesh.Num, p link.Params) (mesh.Link, error) {
	if p.Listener == nil || p.Dial == nil {
		return nil, errors.New("link: Listener and Dial are needed")
	}
	dial := p.Dial
	p.Addr = func(to mesh.Num) (string, bool) { return n.address(num, to) }
	p.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		c, err := dial(ctx, addr)
		if err != nil {
			return nil, err
		}
		return n.carry(num, addr, c)
	}
	l, err := link.New(p)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.links[p.Listener.Addr().String()] = num
	n.addrs[num] = p.Listener.Addr().String()
	n.mu.Unlock()
	return &door{l, n, num}, nil
}

func (n *Net) address(from, to mesh.Num) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	addr, ok := n.addrs[to]
	return addr, ok && n.wayLocked(from, to)
}

// wayLocked reports whether two nodes reach each other: both have a door and nothing parts them.
func (n *Net) wayLocked(a, b mesh.Num) bool {
	return n.addrs[a] != "" && n.addrs[b] != "" && !n.parted[pairOf(a, b)]
}

// carry registers a new connection, unless a switch was turned while it was made.
func (n *Net) carry(from mesh.Num, addr string, c net.Conn) (net.Conn, error) {
	n.mu.Lock()
	to, ok := n.links[addr]
	ok = ok && n.wayLocked(from, to)
	k := &carried{Conn: c, at: pairOf(from, to), net: n}
	if ok {
		n.open[k] = struct{}{}
	}
	n.mu.Unlock()
	if !ok {
		c.Close()
		return nil, errors.New("no way to the node")
	}
	return k, nil
}

func (n *Net) carriedLocked(match func(pair) bool) (all []*carried) {
	for c := range n.open {
		if match(c.at) {
			all = append(all, c)
		}
	}
	return all
}

// reset breaks connections: their peers see a reset, not an end.
func reset(all []*carried) {
	for _, c := range all {
		_ = c.SetLinger(0) // a connection that cannot reset closes
		c.Close()
	}
}
