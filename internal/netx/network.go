package netx

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Network is a set of hosts that reach each other. The zero value is not ready: use New.
type Network struct {
	mu    sync.Mutex
	hosts map[string]*Host
	byIP  map[netip.Addr]*Host
	links map[pair]link
	wires map[*wire]route
	moved chan struct{} // closed and made anew whenever a switch is turned: hanging dials look again
}

// pair is two hosts in the order of their names.
type pair struct{ a, b string }

// route is whose connection a wire is: the host that dialled (side 0) and the one that accepted.
type route [2]string

func (r route) pair() pair { return pairOf(r[0], r[1]) }

// link is what the switches say of a pair of hosts.
type link struct {
	held   bool
	refuse bool
	delay  time.Duration
}

// New makes a network without hosts.
func New() *Network {
	return &Network{
		hosts: map[string]*Host{}, byIP: map[netip.Addr]*Host{},
		links: map[pair]link{}, wires: map[*wire]route{}, moved: make(chan struct{}),
	}
}

// Host finds a host by name or makes it: it gets the next address of 10.0.0.0/8.
func (n *Network) Host(name string) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hostLocked(name)
}

func (n *Network) hostLocked(name string) *Host {
	if h := n.hosts[name]; h != nil {
		return h
	}
	i := len(n.hosts) + 1
	h := &Host{
		net: n, name: name, port: firstPort, doors: map[uint16]*Listener{},
		addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}),
	}
	n.hosts[name], n.byIP[h.addr] = h, h
	return h
}

// Listen opens a listener at "host:port"; port 0 takes a free one. It is Host(host).Listen.
func (n *Network) Listen(addr string) (net.Listener, error) {
	name, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", addr, err)
	}
	if _, err := netip.ParseAddr(name); err == nil || name == "" {
		return nil, fmt.Errorf("listen %s: name the host", addr)
	}
	return n.Host(name).Listen("tcp", addr)
}

// Partition holds everything between two hosts: dials hang until their context ends, bytes, closes and resets of open
// connections wait for Heal. A host may be parted from itself.
func (n *Network) Partition(a, b string) {
	n.turn(a, b, func(l *link) { l.held, l.refuse = true, false })
}

// Refuse is Partition with dials that fail at once: no route to host.
func (n *Network) Refuse(a, b string) { n.turn(a, b, func(l *link) { l.held, l.refuse = true, true }) }

// Heal ends Partition and Refuse; what was held arrives.
func (n *Network) Heal(a, b string) { n.turn(a, b, func(l *link) { l.held, l.refuse = false, false }) }

// Delay is how long everything sent from now on takes between two hosts, one way. A dial takes two ways.
func (n *Network) Delay(a, b string, d time.Duration) { n.turn(a, b, func(l *link) { l.delay = d }) }

// Reset breaks every open connection between two hosts: both sides see ECONNRESET.
func (n *Network) Reset(a, b string) {
	for w := range n.open(func(r route) bool { return r.pair() == pairOf(a, b) }) {
		w.reset()
	}
}

// Kill ends a host as a process ends without a goodbye: its listeners close, its connections are reset at both sides, and
// until Revive dials to it are refused and dials of it fail.
func (n *Network) Kill(host string) {
	n.mu.Lock()
	h := n.hostLocked(host)
	h.dead = true
	var doors []*Listener
	for _, l := range h.doors {
		doors = append(doors, l)
	}
	n.turnedLocked()
	n.mu.Unlock()
	for _, l := range doors {
		_ = l.Close() // only a second Close gives an error
	}
	for w, r := range n.open(func(r route) bool { return r[0] == host || r[1] == host }) {
		for side, name := range r {
			if name == host {
				w.kill(side)
			}
		}
	}
}

// Revive lets a killed host listen and dial again.
func (n *Network) Revive(host string) {
	n.mu.Lock()
	n.hostLocked(host).dead = false
	n.mu.Unlock()
}

func pairOf(a, b string) pair { return pair{min(a, b), max(a, b)} }

// turn changes a switch and tells every open connection of the pair.
func (n *Network) turn(a, b string, f func(*link)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := pairOf(a, b)
	l := n.links[p]
	f(&l)
	n.links[p] = l
	for w, r := range n.wires {
		if r.pair() == p {
			w.set(l)
		}
	}
	n.turnedLocked()
}

func (n *Network) turnedLocked() {
	close(n.moved)
	n.moved = make(chan struct{})
}

func (n *Network) open(match func(route) bool) map[*wire]route {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := map[*wire]route{}
	for w, r := range n.wires {
		if match(r) {
			all[w] = r
		}
	}
	return all
}

func (n *Network) forget(w *wire) {
	n.mu.Lock()
	delete(n.wires, w)
	n.mu.Unlock()
}
