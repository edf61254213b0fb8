package rawconn_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/hybrid/internal/rawconn"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// lostError is what this package's users make of a loss.
type lostError struct {
	op    string
	cause error
}

func (e *lostError) Error() string { return e.op + ": " + e.cause.Error() }
func (e *lostError) Unwrap() error { return e.cause }

// pair is a connection over TCP, and the peer's end of it. read came behind the handshake.
func pair(t *testing.T, read string) (*rawconn.Conn, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := rawconn.New(near, []byte(read), rawconn.Params{
		Local: near.LocalAddr(), Remote: near.RemoteAddr(), Network: "test",
		Lost: func(op string, cause error) error { return &lostError{op, cause} },
	})
	t.Cleanup(func() { c.Abort(); far.Close() })
	return c, far.(*net.TCPConn)
}

// TestReadsEarlyBytesFirst: what came with the handshake stands before what comes, for Read and for a copy.
func TestReadsEarlyBytesFirst(t *testing.T) {
	for _, copies := range []bool{false, true} {
		c, far := pair(t, "early ")
		_, _ = far.Write([]byte("late"))
		_ = far.CloseWrite()
		var r io.Reader = struct{ io.Reader }{c}
		if copies {
			r = c
		}
		var b strings.Builder
		if n, err := io.Copy(&b, r); b.String() != "early late" || n != 10 || err != nil {
			t.Errorf("%q %d %v", b.String(), n, err)
		}
		if _, _, ok := c.PeerClose(); !ok {
			t.Error("the end was not noted")
		}
	}
}

// TestCopies: the two shortcuts of io.Copy, over TCP and over anything else.
func TestCopies(t *testing.T) {
	from, source := pair(t, "")
	to, sink := pair(t, "")
	go func() {
		_, _ = io.CopyN(source, zeros{}, 1<<20)
		_ = source.CloseWrite()
	}()
	got := make(chan int64, 1)
	go func() {
		n, _ := io.Copy(io.Discard, sink)
		got <- n
	}()
	if n, err := io.Copy(to, from); n != 1<<20 || err != nil { // WriteTo, and in it ReadFrom
		t.Error(n, err)
	}
	if n, err := to.ReadFrom(strings.NewReader("tail")); n != 4 || err != nil {
		t.Error(n, err)
	}
	if err := to.CloseWrite(); err != nil {
		t.Error(err)
	}
	if n := <-got; n != 1<<20+4 {
		t.Error(n)
	}
	if _, err := to.ReadFrom(strings.NewReader("x")); err == nil {
		t.Error("a copy behind CloseWrite")
	}
}

// TestCopiesAreSpliced: where both connections are TCP's, the kernel moves the bytes, whether they are wrapped as internal/nowait does or
// not: the copy takes no buffer.
func TestCopiesAreSpliced(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("splicing is Linux's")
	}
	for _, wrap := range []func(net.Conn) net.Conn{func(c net.Conn) net.Conn { return c }, nowait.Wrap} {
		source, from := netx.Loopback(t)
		sink, to := netx.Loopback(t)
		near, far := wrap(from), wrap(to)
		t.Run(fmt.Sprintf("%T", near), func(t *testing.T) {
			_ = errors.Join(source.SetDeadline(time.Now().Add(20*time.Second)), sink.SetDeadline(time.Now().Add(20*time.Second)))
			a, b := rawconn.New(near, nil, rawconn.Params{}), rawconn.New(far, nil, rawconn.Params{})
			netx.Spliced(t, source, sink, func() (int64, error) { return io.Copy(b, a) })
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestEnds: FIN is io.EOF and leaves the other direction, RST is a loss.
func TestEnds(t *testing.T) {
	c, far := pair(t, "")
	_ = far.CloseWrite()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	if _, err := c.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if err := c.CloseWriteCode(4001, "no place for it"); err != nil {
		t.Error(err)
	}
	if b, err := io.ReadAll(far); string(b) != "x" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a write behind CloseWrite: %v", err)
	}
	c, far = pair(t, "")
	_ = far.SetLinger(0)
	_ = far.Close()
	var lost *lostError
	if _, err := c.Read(make([]byte, 1)); !errors.As(err, &lost) || lost.op != "read" {
		t.Errorf("%v", err)
	}
	c, far = pair(t, "")
	c.Abort()
	if _, err := far.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the peer of an abort read %v", err)
	}
	for _, f := range []func([]byte) (int, error){c.Read, c.Write} {
		if _, err := f(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("behind Abort: %v", err)
		}
	}
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Close behind Abort: %v", err)
	}
}

// bareFIN is a carrier over TLS whose peer has gone without a goodbye.
type bareFIN struct{ net.Conn }

func (bareFIN) Truncated() bool { return true }

// TestTruncated: an end without the goodbye of TLS is a loss, for Read and for a copy.
func TestTruncated(t *testing.T) {
	for name, read := range map[string]func(*rawconn.Conn) error{
		"read": func(c *rawconn.Conn) error { _, err := c.Read(make([]byte, 1)); return err },
		"copy": func(c *rawconn.Conn) error { _, err := io.Copy(io.Discard, c); return err },
	} {
		near, far := net.Pipe()
		c := rawconn.New(bareFIN{near}, nil, rawconn.Params{Lost: func(op string, cause error) error { return &lostError{op, cause} }})
		far.Close()
		var lost *lostError
		if err := read(c); !errors.As(err, &lost) || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
		c.Abort()
	}
}

// TestClose: what was written arrives, and a peer that goes on sending is cut off.
func TestClose(t *testing.T) {
	c, far := pair(t, "")
	if _, err := c.Write([]byte("last words")); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- c.Close() }()
	if b, err := io.ReadAll(far); string(b) != "last words" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	_ = far.Close()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	c, far = pair(t, "")
	cut := make(chan error, 1)
	go func() {
		_, err := io.Copy(far, zeros{})
		cut <- err
	}()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-cut; err == nil {
		t.Error("the peer was not cut off")
	}
}

// TestDeadlines: one that passes changes nothing else.
func TestDeadlines(t *testing.T) {
	c, far := pair(t, "")
	for _, set := range []func(time.Time) error{c.SetDeadline, c.SetReadDeadline} {
		_ = set(time.Now().Add(-time.Second))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
		_ = set(time.Time{})
	}
	_ = c.SetWriteDeadline(time.Now().Add(-time.Second))
	if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
	_ = c.SetWriteDeadline(time.Time{})
	if err := c.WriteMessage(true, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if b := make([]byte, 5); func() error { _, err := io.ReadFull(far, b); return err }() != nil || string(b) != "hello" {
		t.Errorf("%q", b)
	}
	if c.LocalAddr().String() != far.RemoteAddr().String() || c.RemoteAddr().String() != far.LocalAddr().String() {
		t.Error("addresses")
	}
}

// TestMessages: each read is a message.
func TestMessages(t *testing.T) {
	c, far := pair(t, "")
	_, _ = far.Write([]byte("one"))
	if text, b, err := c.ReadMessage(nil); text || string(b) != "one" || err != nil {
		t.Errorf("%v %q %v", text, b, err)
	}
	_, _ = far.Write([]byte("two"))
	_, r, err := c.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); string(b) != "two" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	_ = far.CloseWrite()
	if _, _, err := c.ReadMessage(make([]byte, 10)); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	if _, _, err := c.NextReader(); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}
