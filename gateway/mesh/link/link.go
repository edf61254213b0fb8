package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// DefaultTimeout bounds a handshake on either side: Wrap and the preface. It is timeouts.head's default.
const DefaultTimeout = 10 * time.Second

// maxPending is how many arrivals may be in their handshake at once; the next one is closed. Nodes are few and prefaces
// arrive with the first packet, so only a flood gets there.
const maxPending = 1024

// Params says what a Link stands on. Listener, Dial and Addr are needed.
type Params struct {
	Listener net.Listener // where carried connections arrive; the Link closes it
	// Dial opens a connection to an address that Addr gave, for example (*net.Dialer).DialContext with the network fixed.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	// Addr finds the address of a node's Listener; false: no such node.
	Addr func(mesh.Num) (string, bool)
	// Wrap dresses a connection before the preface, client or server side: mutual TLS. nil: bare, on loopback only.
	Wrap func(ctx context.Context, c net.Conn, client bool) (net.Conn, error)
	// Door reports whether a door's name is served here; a preface for another is closed. nil: the function given to
	// Serve decides.
	Door func(name string) bool
	// Refused hears of every arrival that was closed before it was served, from any goroutine. nil: nobody does.
	Refused func(error)
	Timeout time.Duration // of a handshake; 0: DefaultTimeout
}

// Link implements mesh.Link.
type Link struct {
	p     Params
	serve chan func(net.Conn, shape.Preface) // holds one from Serve on
	stop  context.CancelFunc
	wg    sync.WaitGroup // the accept loop and every arrival in its handshake
	once  sync.Once

	mu      sync.Mutex
	pending map[net.Conn]struct{} // arrivals in their handshake
	closed  bool
	serving bool
}

var _ mesh.Link = (*Link)(nil)

// New makes a Link and begins to accept; arrivals wait for Serve, up to the timeout.
func New(p Params) (*Link, error) {
	if p.Listener == nil || p.Dial == nil || p.Addr == nil {
		return nil, errors.New("link: Listener, Dial and Addr are needed")
	}
	if a, ok := p.Listener.Addr().(*net.TCPAddr); ok && p.Wrap == nil && isTCP(p.Listener) && !a.IP.IsLoopback() {
		return nil, fmt.Errorf("link: %s is not a loopback address: listen on 127.0.0.1, or set Wrap to authenticate nodes", a)
	}
	if p.Timeout == 0 {
		p.Timeout = DefaultTimeout
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &Link{p: p, stop: stop, serve: make(chan func(net.Conn, shape.Preface), 1), pending: map[net.Conn]struct{}{}}
	l.wg.Go(func() { l.accept(ctx) })
	return l, nil
}

func isTCP(l net.Listener) bool {
	_, ok := l.(*net.TCPListener)
	return ok
}

// Dial opens a connection to the node and writes the preface with its replay. The connection is the one that Params.Dial
// and Wrap gave; a *net.TCPConn comes as one of internal/nowait, which can be spliced as well. Every failure is fail.NodeLost, except a preface that cannot be sent: Internal.
func (l *Link) Dial(ctx context.Context, to mesh.Num, p shape.Preface) (net.Conn, error) {
	b, err := Append(make([]byte, 0, 512+len(p.Replay)), p)
	if err != nil {
		return nil, fail.Wrap(fail.Internal, "carry", err)
	}
	addr, ok := l.p.Addr(to)
	if !ok {
		return nil, fail.Newf(fail.NodeLost, "node %d has no address for carried connections", to).At("carry", "", "")
	}
	ctx, cancel := context.WithTimeout(ctx, l.p.Timeout)
	defer cancel()
	c, err := l.p.Dial(ctx, addr)
	if err != nil {
		return nil, fail.Wrap(fail.NodeLost, "carry", fmt.Errorf("dial node %d: %w", to, err))
	}
	c, err = l.greet(ctx, nowait.Wrap(c), b)
	if err != nil {
		return nil, fail.Wrap(fail.NodeLost, "carry", fmt.Errorf("greet node %d: %w", to, err))
	}
	return c, nil
}

// greet wraps the connection and writes the preface while ctx lasts. It closes the connection when it cannot.
func (l *Link) greet(ctx context.Context, raw net.Conn, preface []byte) (net.Conn, error) {
	release := bound(ctx, raw)
	c, err := l.wrap(ctx, raw, true)
	if err == nil {
		_, err = c.Write(preface)
	}
	if !release() {
		err = context.Cause(ctx) // the read or write that it broke says less
	}
	if err != nil {
		raw.Close()
		return nil, err
	}
	return c, nil
}

// bound closes the connection when ctx ends before release. release reports whether it came in time.
func bound(ctx context.Context, c net.Conn) (release func() bool) {
	return context.AfterFunc(ctx, func() { c.Close() })
}

func (l *Link) wrap(ctx context.Context, c net.Conn, client bool) (net.Conn, error) {
	if l.p.Wrap == nil {
		return c, nil
	}
	return l.p.Wrap(ctx, c, client)
}

// Serve implements mesh.Link. The connection given to f is a *Conn; f's goroutine belongs to whoever wrote f.
func (l *Link) Serve(f func(net.Conn, shape.Preface)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.serving {
		l.serving = true
		l.serve <- f
	}
}

// Close implements mesh.Link. Arrivals in their handshake are closed; those that were given to f live on.
func (l *Link) Close() error {
	var err error
	l.once.Do(func() {
		l.mu.Lock()
		l.closed = true
		for c := range l.pending {
			c.Close()
		}
		l.mu.Unlock()
		l.stop()
		err = l.p.Listener.Close()
	})
	l.wg.Wait()
	return err
}
