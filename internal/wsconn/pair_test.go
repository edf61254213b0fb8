package wsconn

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// pair is two connections joined by the gateway's own pump, over two networks in memory.
type pair struct {
	a, b     *Conn
	gatewayA *netx.Conn // the gateway's side of a
	report   flow.Report
	pump     sync.WaitGroup
	stop     context.CancelFunc
}

// newPair makes a pair that ends with the test.
func newPair(t testing.TB) *pair {
	t.Helper()
	p := &pair{}
	a, gatewayA := netx.Pipe()
	b, gatewayB := netx.Pipe()
	p.gatewayA = gatewayA
	options := leg.Options{Role: wsframe.Server, MaxPiece: 32 << 10}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.pump.Go(func() {
		p.report = flow.Join(ctx, leg.NewWS(gatewayA, nil, options), leg.NewWS(gatewayB, nil, options), flow.Limits{}, new(flow.Live))
	})
	p.a, p.b = named(a, "a"), named(b, "b")
	t.Cleanup(p.close)
	return p
}

// close ends both and waits for the pump.
func (p *pair) close() {
	p.a.Abort()
	p.b.Abort()
	p.stop()
	p.pump.Wait()
}

// named makes a connection of a carrier, without a handshake.
func named(carrier net.Conn, name string) *Conn {
	return New(carrier, nil, Params{
		Local: carrier.LocalAddr(), Remote: carrier.RemoteAddr(), Network: "test",
		Lost:   func(op string, cause error) error { return &lostError{name, op, cause} },
		Closed: func(code int, text string) error { return &closedError{code, text} },
	})
}

// lostError and closedError are what this package's users make of its ends.
type lostError struct {
	name, op string
	cause    error
}

func (e *lostError) Error() string { return e.name + ": " + e.op + ": " + e.cause.Error() }
func (e *lostError) Unwrap() error { return e.cause }

type closedError struct {
	code int
	text string
}

func (e *closedError) Error() string { return fmt.Sprintf("closed: %d %q", e.code, e.text) }

// raw is one connection whose other side the test plays, frame by frame.
type raw struct {
	t    *testing.T
	c    *Conn
	peer net.Conn // a *netx.Conn, or TLS over one
}

func newRaw(t *testing.T) *raw {
	t.Helper()
	near, far := netx.Pipe()
	r := &raw{t, named(near, "raw"), far}
	t.Cleanup(func() {
		r.c.Abort()
		_ = far.Close()
	})
	return r
}

// send writes frames as a gateway does: unmasked.
func (r *raw) send(h wsframe.Header, payload string) {
	r.t.Helper()
	h.Len = int64(len(payload))
	if _, err := r.peer.Write(wsframe.AppendFrame(nil, h, []byte(payload))); err != nil {
		r.t.Error(err)
	}
}

// next reads one frame of the connection under test, unmasked.
func (r *raw) next() (wsframe.Header, string) {
	r.t.Helper()
	var buf []byte
	for {
		h, n, err := wsframe.Decode(buf)
		if err != nil {
			r.t.Fatal(err)
		}
		if n > 0 {
			if !h.Masked {
				r.t.Error("a client's frame without a mask")
			}
			body := make([]byte, h.Len)
			if _, err := io.ReadFull(r.peer, body); err != nil {
				r.t.Fatal(err)
			}
			wsframe.Mask(body, h.Key, 0)
			h.Key = [4]byte{}
			return h, string(body)
		}
		var b [1]byte
		if _, err := io.ReadFull(r.peer, b[:]); err != nil {
			r.t.Fatal(err)
		}
		buf = append(buf, b[0])
	}
}
