package netx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// firstPort is where ports that a host chooses itself begin: the dynamic range of RFC 6335.
const firstPort = 49152

// backlog is how many connections wait for Accept; the next dial waits for room.
const backlog = 128

// Host is one machine of a network. Its methods have the signatures of net.Listen and net.Dialer.DialContext.
type Host struct {
	net  *Network
	name string
	addr netip.Addr

	// Guarded by net.mu.
	port  uint16
	dead  bool
	doors map[uint16]*Listener
}

// Listener is a door of a host. Close ends Accept and resets the connections that nobody accepted.
type Listener struct {
	host *Host
	at   *net.TCPAddr
	in   chan *Conn
	done chan struct{}
	once sync.Once
}

// Name is the host's name.
func (h *Host) Name() string { return h.name }

// Addr is the host's address.
func (h *Host) Addr() netip.Addr { return h.addr }

// Listen opens a door. The host part of addr may be empty, a wildcard, loopback or the host itself: all are this host.
// Port 0 takes a free one.
func (h *Host) Listen(network, addr string) (net.Listener, error) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	to, port, err := h.resolveLocked(addr)
	switch {
	case err != nil:
	case to != h:
		err = syscall.EADDRNOTAVAIL
	case h.dead:
		err = syscall.ENETDOWN
	case port != 0 && h.doors[port] != nil:
		err = syscall.EADDRINUSE
	}
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: fmt.Errorf("%s: %w", addr, err)}
	}
	if port == 0 {
		port = h.freeLocked()
	}
	l := &Listener{host: h, at: h.tcp(port), in: make(chan *Conn, backlog), done: make(chan struct{})}
	h.doors[port] = l
	return l, nil
}

// DialContext connects to "name:port", "ip:port" or, on this host, "localhost:port". While a partition holds the way it
// waits for ctx or Heal.
func (h *Host) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := h.dial(ctx, addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s: %w", addr, err)}
	}
	return c, nil
}

// dial tries until it is connected, refused or out of time: once a turn of the switches.
func (h *Host) dial(ctx context.Context, addr string) (*Conn, error) {
	for ctx.Err() == nil {
		door, l, moved, err := h.way(addr)
		if err != nil {
			return nil, err
		}
		if door == nil {
			select {
			case <-moved:
			case <-ctx.Done():
			}
			continue
		}
		if err := pause(ctx, 2*l.delay); err != nil {
			return nil, err
		}
		c, err := h.connect(ctx, door)
		if errors.Is(err, errMoved) {
			continue
		}
		return c, err
	}
	return nil, context.Cause(ctx)
}

// way finds the door. A nil one without an error is a way that is held until moved is closed.
func (h *Host) way(addr string) (door *Listener, l link, moved <-chan struct{}, err error) {
	h.net.mu.Lock()
	defer h.net.mu.Unlock()
	to, port, err := h.resolveLocked(addr)
	if err != nil {
		return nil, link{}, nil, err
	}
	l = h.net.links[pairOf(h.name, to.name)]
	switch {
	case h.dead:
		return nil, l, nil, syscall.ENETDOWN
	case l.refuse:
		return nil, l, nil, syscall.EHOSTUNREACH
	case l.held:
		return nil, l, h.net.moved, nil
	case to.doors[port] == nil:
		return nil, l, nil, syscall.ECONNREFUSED
	}
	return to.doors[port], l, nil, nil
}

// errMoved says that a partition came while the dial was on its way.
var errMoved = errors.New("the switches were turned")

// connect makes the two ends and queues one for Accept.
func (h *Host) connect(ctx context.Context, door *Listener) (*Conn, error) {
	w := newWire(DefaultBuffer)
	w.gone = func() { h.net.forget(w) }
	r := route{h.name, door.host.name}
	h.net.mu.Lock()
	l := h.net.links[r.pair()]
	if l.held {
		h.net.mu.Unlock()
		return nil, errMoved
	}
	w.held, w.delay = l.held, l.delay
	h.net.wires[w] = r
	local := h.tcp(h.freeLocked())
	h.net.mu.Unlock()

	mine, theirs := &Conn{w, 0, local, door.at}, &Conn{w, 1, door.at, local}
	select {
	case door.in <- theirs:
		select {
		case <-door.done: // closed beside us: whoever still finds it there resets it
			door.drain()
		default:
		}
		return mine, nil
	case <-door.done:
		h.net.forget(w)
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		h.net.forget(w)
		return nil, context.Cause(ctx)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// resolveLocked finds the host and port of an address as this host sees it.
func (h *Host) resolveLocked(addr string) (*Host, uint16, error) {
	name, service, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, 0, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, 0, fmt.Errorf("port %q: %w", service, err)
	}
	if name == "" || name == "localhost" {
		return h, uint16(port), nil
	}
	if ip, err := netip.ParseAddr(name); err == nil {
		if ip.IsLoopback() || ip.IsUnspecified() {
			return h, uint16(port), nil
		}
		if to := h.net.byIP[ip.Unmap()]; to != nil {
			return to, uint16(port), nil
		}
		return nil, 0, syscall.EHOSTUNREACH
	}
	if to := h.net.hosts[name]; to != nil {
		return to, uint16(port), nil
	}
	return nil, 0, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// freeLocked gives the next port of the dynamic range that no door has.
func (h *Host) freeLocked() uint16 {
	for {
		p := h.port
		if h.port++; h.port < firstPort {
			h.port = firstPort
		}
		if h.doors[p] == nil {
			return p
		}
	}
}

func (h *Host) tcp(port uint16) *net.TCPAddr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(h.addr, port))
}

// Accept gives the next connection; net.ErrClosed after Close.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, l.closed("accept")
	default:
	}
	select {
	case c := <-l.in:
		return c, nil
	case <-l.done:
		return nil, l.closed("accept")
	}
}

// Close ends the door. A second Close gives net.ErrClosed.
func (l *Listener) Close() error {
	err := l.closed("close")
	l.once.Do(func() {
		err = nil
		close(l.done)
		l.host.net.mu.Lock()
		if l.host.doors[uint16(l.at.Port)] == l {
			delete(l.host.doors, uint16(l.at.Port))
		}
		l.host.net.mu.Unlock()
		l.drain()
	})
	return err
}

// drain resets what nobody will accept any more.
func (l *Listener) drain() {
	for {
		select {
		case c := <-l.in:
			_ = c.Abort() // it is ours alone: it cannot be closed already
		default:
			return
		}
	}
}

// Addr is a *net.TCPAddr.
func (l *Listener) Addr() net.Addr { return l.at }

func (l *Listener) closed(op string) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: l.at, Err: net.ErrClosed}
}
