package nettcp_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests.
const patience = 30 * time.Second

// world is a cluster: clients come to the first node, listeners are at the last.
type world struct {
	*testcluster.Cluster
	t    *testing.T
	last *testcluster.Node
	host *netx.Host // where the doors are; nil: on the machine's loopback
}

// both runs a story on one node and on two, with the open entities calc and other.
func both(t *testing.T, story func(w *world), opts ...testcluster.Option) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) { story(newWorld(t, n, opts...)) })
	}
}

// bubbles is both for stories of time: each runs in a bubble of testing/synctest, with doors in memory. Nothing is waited for on the
// clock, and nothing is late because the machine is busy.
func bubbles(t *testing.T, story func(w *world), opts ...testcluster.Option) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) { bubble(t, n, story, opts...) })
	}
}

// bubble runs a story on n nodes in a bubble.
func bubble(t *testing.T, n int, story func(w *world), opts ...testcluster.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host := netx.New().Host("localhost")
		w := newWorld(t, n, append([]testcluster.Option{testcluster.WithHost(host)}, opts...)...)
		w.host = host
		story(w)
	})
}

func newWorld(t *testing.T, nodes int, opts ...testcluster.Option) *world {
	t.Helper()
	c := testcluster.New(t, nodes, opts...)
	w := &world{Cluster: c, t: t, last: c.Node(nodes - 1)}
	w.open("calc")
	w.open("other")
	return w
}

// open makes an entity that plain clients may send to.
func (w *world) open(name string, change ...func(*entity.Entity)) {
	w.t.Helper()
	e := &entity.Entity{Name: name, Kind: entity.NetTCP, AnonymousSenders: true}
	for _, f := range change {
		f(e)
	}
	w.Add(e)
}

// listen registers a listener that hands every stream to the test.
func (w *world) listen(name string, options ...hybrid.ListenOption) <-chan net.Conn {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	options = append(options, hybrid.WithEntity(name), hybrid.WithCAFile(w.CAFile()), hybrid.WithNetDial(w.connect))
	l, err := hybrid.Listen(ctx, w.last.Ready().ConnectionString, options...)
	if err != nil {
		w.t.Fatal(err)
	}
	conns := make(chan net.Conn, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			conns <- c
		}
	}()
	w.t.Cleanup(func() {
		_ = l.Close()
		<-done
		for len(conns) > 0 {
			abort(<-conns)
		}
	})
	return conns
}

// socket is a connection of TCP, or one in memory that ends as those do.
type socket interface {
	net.Conn
	CloseWrite() error
	SetLinger(sec int) error
}

// dial is a new connection to the door of the first node.
func (w *world) dial() socket {
	w.t.Helper()
	c, err := w.connect(w.t.Context(), "tcp", w.Node(0).Door("nettcp"))
	if err != nil {
		w.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	w.t.Cleanup(func() { _ = c.Close() })
	return c.(socket)
}

// connect opens a connection to a door.
func (w *world) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if w.host != nil {
		return w.host.DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// via is an address at the door.
func (w *world) via(path string) string { return "net.tcp://" + w.Node(0).Host("nettcp") + "/" + path }

// preamble is that of a buffered session.
func (w *world) preamble(path string) []byte {
	return (&framing.Preamble{Mode: framing.Duplex, Via: w.via(path), Encoding: framing.BinarySession}).Append(nil)
}

// send writes to a peer.
func (w *world) send(c net.Conn, b []byte) {
	w.t.Helper()
	if _, err := c.Write(b); err != nil {
		w.t.Fatal(err)
	}
}

// expect reads exactly what is wanted.
func (w *world) expect(c net.Conn, want []byte) {
	w.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		w.t.Fatalf("got %q and %v, want %q", got[:n], err, want)
	}
}

// take waits for a stream at a listener.
func (w *world) take(conns <-chan net.Conn) net.Conn {
	w.t.Helper()
	select {
	case c := <-conns:
		w.t.Cleanup(func() { abort(c) })
		return c
	case <-time.After(patience):
		w.t.Fatalf("no stream came\n%s", w.Log())
		return nil
	}
}

// abort ends a listener's stream without waiting for the other side.
func abort(c net.Conn) { c.(interface{ Abort() }).Abort() }

// say writes on one side and reads on the other.
func (w *world) say(from, to net.Conn, b []byte) {
	w.t.Helper()
	w.send(from, b)
	w.expect(to, b)
}

// rest reads to the end and says how it ended: closed or reset.
func rest(c net.Conn) ([]byte, string) {
	b, err := io.ReadAll(c)
	switch {
	case err == nil:
		return b, "closed"
	case errors.Is(err, syscall.ECONNRESET):
		return b, "reset"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return b, "still open"
	default:
		return b, err.Error()
	}
}

// reason waits for the account of a connection.
func (w *world) reason(message, code string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	w.Await(ctx, message+" "+code, func(l map[string]string) bool {
		return l["msg"] == message && l["door"] == "nettcp" && l["reason"] == code
	})
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	ack     = []byte{byte(framing.PreambleAck)}
	theEnd  = []byte{byte(framing.End)}
	request = framing.AppendSized(nil, []byte("a request"))
	reply   = framing.AppendSized(nil, []byte("a reply"))
)

// hook is asked by a listener before it takes a stream.
func hook(f func() error) hybrid.ListenOption {
	return hybrid.WithAcceptHook(func(context.Context, *hybrid.Request) (string, error) { return "", f() })
}
