package meshtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Links is nodes that carry connections, and the switches that break them.
type Links interface {
	Link(n mesh.Num) (mesh.Link, error)
	Kill(n mesh.Num)
	Partition(a, b mesh.Num)
	Heal(a, b mesh.Num)
}

// Carrier is what the suite for links tests.
type Carrier struct {
	New  func(tb testing.TB) Links
	Fake bool // as in Engine
}

// Link runs every row for links.
func Link(t *testing.T, c Carrier) {
	t.Helper()
	for _, r := range linkRows {
		t.Run(r.name, func(t *testing.T) {
			Engine{Fake: c.Fake}.in(t, func(t *testing.T) { c.run(t, r) })
		})
	}
}

func (c Carrier) run(tb testing.TB, r linkRow) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), rowTime)
	defer cancel()
	r.run(&track{TB: tb, Links: c.New(tb), ctx: ctx})
}

type linkRow struct {
	name string
	run  func(*track)
}

var linkRows = []linkRow{
	{"the preface arrives as it was sent", rowPreface},
	{"replay first, then the stream, both ways", rowStream},
	{"half-close passes", rowHalfClose},
	{"an abort is an error, not an end", rowAbort},
	{"a node that cannot be reached", rowUnreached},
	{"a death breaks carried connections", rowCarriedDeath},
	{"many at once", rowMany},
	{"close lets carried connections live", rowClose},
}

// track is one row of the links' suite on its stage.
type track struct {
	testing.TB
	Links

	ctx context.Context
}

// arrival is what Serve was given.
type arrival struct {
	conn    net.Conn
	preface shape.Preface
}

// open gives a node its link; what arrives there goes to the channel.
func (s *track) open(n mesh.Num) (mesh.Link, <-chan arrival) {
	s.Helper()
	l, err := s.Link(n)
	if err != nil {
		s.Fatalf("link of node %d: %v", n, err)
	}
	s.Cleanup(func() {
		if err := l.Close(); err != nil {
			s.Errorf("close of the link of node %d: %v", n, err)
		}
	})
	in := make(chan arrival, 256)
	l.Serve(func(c net.Conn, p shape.Preface) {
		s.Cleanup(func() { c.Close() })
		in <- arrival{c, p}
	})
	return l, in
}

// carry makes one connection from node 1 to node 2.
func (s *track) carry(l mesh.Link, in <-chan arrival, p shape.Preface) (there net.Conn, here arrival) {
	s.Helper()
	c, err := l.Dial(s.ctx, 2, p)
	if err != nil {
		s.Fatalf("dial: %v", err)
	}
	s.Cleanup(func() { c.Close() })
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case a := <-in:
		bound := time.Now().Add(patience)
		for _, c := range []net.Conn{c, a.conn} {
			if err := c.SetDeadline(bound); err != nil {
				s.Errorf("deadline: %v", err)
			}
		}
		return c, a
	case <-timer.C:
		s.Fatalf("nothing arrived")
		panic("unreachable")
	}
}

func preface() shape.Preface {
	return shape.Preface{Door: "https", Host: "relay.example:8443", Remote: netip.MustParseAddrPort("192.0.2.7:50000")}
}

func rowPreface(s *track) {
	one, _ := s.open(1)
	_, in := s.open(2)
	full := preface()
	full.TLS, full.Upgraded, full.Ticket = true, true, shape.NewTicket(2)
	full.Cert, full.Replay = bytes.Repeat([]byte{0x30, 0x82}, 2000), bytes.Repeat([]byte("GET "), 24<<10)
	six := preface()
	six.Remote = netip.MustParseAddrPort("[2001:db8::1]:443")
	for i, want := range []shape.Preface{preface(), full, six} {
		_, got := s.carry(one, in, want)
		if !reflect.DeepEqual(got.preface, want) {
			s.Errorf("preface %d is not what was sent: door %q, host %q, remote %v, %d bytes of replay",
				i, got.preface.Door, got.preface.Host, got.preface.Remote, len(got.preface.Replay))
		}
	}
}

func rowStream(s *track) {
	one, _ := s.open(1)
	_, in := s.open(2)
	p := preface()
	p.Replay = []byte("GET / HTTP/1.1\r\n")
	there, here := s.carry(one, in, p)
	const rest = "Host: x\r\n\r\n"
	s.write(there, rest)
	s.read(here.conn, string(p.Replay)+rest)
	s.write(here.conn, "HTTP/1.1 200 OK\r\n")
	s.read(there, "HTTP/1.1 200 OK\r\n")
	// Bulk both ways at once.
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<15)
	var wg sync.WaitGroup
	for _, c := range []net.Conn{there, here.conn} {
		wg.Go(func() {
			if _, err := c.Write(data); err != nil {
				s.Errorf("write: %v", err)
			}
		})
		wg.Go(func() {
			got := make([]byte, len(data))
			if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, data) {
				s.Errorf("what came is not what was sent, or %v", err)
			}
		})
	}
	wg.Wait()
}

func (s *track) write(c net.Conn, text string) {
	s.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		s.Fatalf("write: %v", err)
	}
}

func (s *track) read(c net.Conn, want string) {
	s.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		s.Fatalf("read %q, %v, want %q", got[:n], err, want)
	}
}

// rowHalfClose lets each side be the first to end its direction: the other direction goes on.
func rowHalfClose(s *track) {
	one, _ := s.open(1)
	_, in := s.open(2)
	for _, dialerFirst := range []bool{true, false} {
		p := preface()
		p.Replay = []byte("replayed ")
		there, here := s.carry(one, in, p)
		s.read(here.conn, string(p.Replay))
		ways := [][2]net.Conn{{there, here.conn}, {here.conn, there}}
		if !dialerFirst {
			ways[0], ways[1] = ways[1], ways[0]
		}
		for _, way := range ways {
			s.write(way[0], "last words")
			s.halfClose(way[0])
			if all, err := io.ReadAll(way[1]); err != nil || string(all) != "last words" {
				s.Fatalf("read %q, %v, want the last words and an end", all, err)
			}
		}
	}
}

func (s *track) halfClose(c net.Conn) {
	s.Helper()
	half, ok := c.(interface{ CloseWrite() error })
	if !ok {
		s.Fatalf("%T has no CloseWrite", c)
	}
	if err := half.CloseWrite(); err != nil {
		s.Fatalf("half-close: %v", err)
	}
}

func rowAbort(s *track) {
	one, _ := s.open(1)
	_, in := s.open(2)
	there, here := s.carry(one, in, preface())
	linger, ok := there.(interface{ SetLinger(sec int) error })
	if !ok {
		s.Fatalf("%T has no SetLinger", there)
	}
	if err := linger.SetLinger(0); err != nil {
		s.Fatalf("linger: %v", err)
	}
	there.Close()
	s.broken(here.conn)
}

// broken fails the row unless the connection ends by an error that is neither an end nor a time-out.
func (s *track) broken(c net.Conn) {
	s.Helper()
	_, err := io.Copy(io.Discard, c)
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		s.Errorf("a connection that broke ended with %v", err)
	}
}

func rowUnreached(s *track) {
	one, _ := s.open(1)
	_, in := s.open(2)
	lost := func(to mesh.Num, what string) {
		s.Helper()
		ctx, cancel := context.WithTimeout(s.ctx, patience)
		defer cancel()
		c, err := one.Dial(ctx, to, preface())
		if !fail.Is(err, fail.NodeLost) {
			s.Errorf("dial of %s: %v, want NodeLost", what, err)
		}
		if err == nil {
			c.Close()
		}
	}
	lost(9, "a node that never was")
	s.Partition(1, 2)
	lost(2, "a node behind a partition")
	s.Heal(1, 2)
	s.carry(one, in, preface())
	s.Kill(2)
	lost(2, "a dead node")
}

func rowCarriedDeath(s *track) {
	one, _ := s.open(1)
	_, in := s.open(2)
	there, _ := s.carry(one, in, preface())
	s.Kill(2)
	s.broken(there)
}

func rowMany(s *track) {
	one, _ := s.open(1)
	two, err := s.Link(2)
	if err != nil {
		s.Fatalf("link: %v", err)
	}
	s.Cleanup(func() { two.Close() })
	var served sync.WaitGroup
	const count = 100
	served.Add(count)
	two.Serve(func(c net.Conn, _ shape.Preface) {
		defer served.Done()
		defer c.Close()
		if _, err := io.Copy(c, c); err != nil {
			s.Errorf("echo: %v", err)
		}
	})
	var wg sync.WaitGroup
	for i := range count {
		wg.Go(func() { s.echo(one, fmt.Sprint("connection ", i)) })
	}
	wg.Wait()
	served.Wait()
}

// echo sends a text by replay and by stream and reads both back.
func (s *track) echo(l mesh.Link, text string) {
	p := preface()
	p.Replay = []byte(text)
	c, err := l.Dial(s.ctx, 2, p)
	if err != nil {
		s.Errorf("dial: %v", err)
		return
	}
	defer c.Close()
	_, err = io.WriteString(c, " and more")
	if half, ok := c.(interface{ CloseWrite() error }); ok && err == nil {
		err = half.CloseWrite()
	}
	if err != nil {
		s.Errorf("write: %v", err)
		return
	}
	if all, err := io.ReadAll(c); err != nil || string(all) != text+" and more" {
		s.Errorf("read %q, %v", all, err)
	}
}

func rowClose(s *track) {
	one, _ := s.open(1)
	two, in := s.open(2)
	there, here := s.carry(one, in, preface())
	if err := two.Close(); err != nil {
		s.Errorf("close: %v", err)
	}
	if c, err := one.Dial(s.ctx, 2, preface()); !fail.Is(err, fail.NodeLost) {
		s.Errorf("dial of a closed door: %v, want NodeLost", err)
		if err == nil {
			c.Close()
		}
	}
	s.write(there, "still here")
	s.read(here.conn, "still here")
}
