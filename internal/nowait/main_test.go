package nowait_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// echoAt is the variable that makes the test's program the peer of a benchmark: where that listens.
const echoAt = "CAUSEWAY_TEST_ECHO_AT"

func TestMain(m *testing.M) {
	if at := os.Getenv(echoAt); at != "" {
		echo(at)
		return
	}
	goleak.VerifyTestMain(m)
}

// echo gives back what comes, until the end.
func echo(at string) {
	c, err := net.Dial("tcp", at)
	if err != nil {
		panic(err)
	}
	p := make([]byte, nowait.Most)
	for err == nil {
		var n int
		if n, err = c.Read(p); n > 0 {
			_, err = c.Write(p[:n])
		}
	}
}

// patience bounds what a test waits for.
const patience = 20 * time.Second

// way is how a connection is read and written.
type way struct {
	name string
	wrap func(*net.TCPConn) net.Conn
}

// ways are the two that give the same, the one that says what is right first.
var ways = []way{
	{"package net", func(c *net.TCPConn) net.Conn { return c }},
	{"nowait", func(c *net.TCPConn) net.Conn { return nowait.Wrap(c) }},
}

// pair gives two ends of a connection, of which ours is of the way. What waits at either fails after patience.
func (w *way) pair(t testing.TB) (peer *net.TCPConn, ours net.Conn) {
	t.Helper()
	peer, tcp := netx.Loopback(t)
	until := time.Now().Add(patience)
	if err := errors.Join(peer.SetDeadline(until), tcp.SetDeadline(until)); err != nil {
		t.Fatal(err)
	}
	return peer, w.wrap(tcp)
}

// narrow gives the pair small buffers, so that writes have to wait for the peer.
func narrow(t testing.TB, peer *net.TCPConn, ours net.Conn) {
	t.Helper()
	type sized interface{ SetWriteBuffer(n int) error }
	if err := errors.Join(peer.SetReadBuffer(32<<10), ours.(sized).SetWriteBuffer(32<<10)); err != nil {
		t.Fatal(err)
	}
}

// fill writes until there is no room. It returns what has left.
func fill(t testing.TB, c net.Conn) []byte {
	t.Helper()
	var sent []byte
	for {
		if err := c.SetWriteDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		p := pattern(len(sent), nowait.Most)
		n, err := c.Write(p)
		sent = append(sent, p[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return sent
}

// pattern gives n bytes of a stream from a place on. Its period is no power of two, so that a part that is missing shows.
func pattern(from, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte((from + i) % 251)
	}
	return p
}

// arrives reads up to the peer's end and compares.
func arrives(t testing.TB, r io.Reader, want []byte) {
	t.Helper()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes arrived (%v), %d have left; the same: %v", len(got), err, len(want), bytes.Equal(got, want))
	}
}
