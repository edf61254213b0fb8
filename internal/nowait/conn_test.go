package nowait_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// TestWriteThatIsCutOff: when a deadline strikes amid a write, n is what has left, to the byte.
func TestWriteThatIsCutOff(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			peer, ours := w.pair(t)
			narrow(t, peer, ours)
			sent := fill(t, ours) // its last write, or one before, was cut off
			if err := ours.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			arrives(t, peer, sent)
		})
	}
}

// TestWriteThatWaits: a write that finds no room goes on when the peer reads, and returns when all has left.
func TestWriteThatWaits(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			peer, ours := w.pair(t)
			narrow(t, peer, ours)
			sent := fill(t, ours)
			last := pattern(len(sent), nowait.Most)
			written := make(chan error, 1)
			go func() {
				n, err := ours.Write(last)
				if err == nil && n != len(last) {
					err = io.ErrShortWrite
				}
				written <- errors.Join(err, ours.(interface{ CloseWrite() error }).CloseWrite())
			}()
			arrives(t, peer, append(sent, last...))
			if err := <-written; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWritersTakeTurns: writes of several goroutines do not mix, though most of them wait amid for room.
func TestWritersTakeTurns(t *testing.T) {
	const writers, turns = 4, 12
	peer, ours := ways[1].pair(t)
	narrow(t, peer, ours)
	var running sync.WaitGroup
	for id := range writers {
		running.Go(func() {
			for turn := range turns {
				p := make([]byte, 5+(turn+1)*5_000) // up to Most, nearly
				p[0] = byte(id)
				binary.BigEndian.PutUint32(p[1:], uint32(len(p)))
				for i := 5; i < len(p); i++ {
					p[i] = byte(id)
				}
				if _, err := ours.Write(p); err != nil {
					t.Errorf("writer %d: %v", id, err)
					return
				}
			}
		})
	}
	for range writers * turns {
		var head [5]byte
		if _, err := io.ReadFull(peer, head[:]); err != nil {
			t.Fatal(err)
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-5)
		if _, err := io.ReadFull(peer, body); err != nil {
			t.Fatal(err)
		}
		for i, b := range body {
			if b != head[0] {
				t.Fatalf("byte %d of %d of writer %d is of %d", i, len(body), head[0], b)
			}
		}
	}
	running.Wait()
}

// TestReadersShare: of several goroutines that read each byte reaches one, and the end all.
func TestReadersShare(t *testing.T) {
	const size = 1 << 20
	peer, ours := ways[1].pair(t)
	var running sync.WaitGroup
	var read atomic.Int64
	for range 4 {
		running.Go(func() {
			p := make([]byte, 1_000)
			for {
				n, err := ours.Read(p)
				read.Add(int64(n))
				if errors.Is(err, io.EOF) {
					return
				} else if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	_, err := peer.Write(make([]byte, size))
	if err := errors.Join(err, peer.CloseWrite()); err != nil {
		t.Error(err)
	}
	running.Wait()
	if read.Load() != size {
		t.Errorf("%d bytes were read", read.Load())
	}
}

// TestCloseWakesAll: whoever waits at a connection that is closed is told.
func TestCloseWakesAll(t *testing.T) {
	peer, ours := ways[1].pair(t)
	narrow(t, peer, ours)
	fill(t, ours)
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() {
			if _, err := ours.Read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("a read: %v", err)
			}
		})
		running.Go(func() {
			if _, err := ours.Write(make([]byte, nowait.Most)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("a write: %v", err)
			}
		})
	}
	if err := ours.Close(); err != nil {
		t.Error(err)
	}
	running.Wait()
	if err := ours.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a second Close: %v", err)
	}
}

// TestLinger: SetLinger is still there, and makes Close a reset.
func TestLinger(t *testing.T) {
	peer, ours := ways[1].pair(t)
	if err := errors.Join(ours.(interface{ SetLinger(sec int) error }).SetLinger(0), ours.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the peer reads %v", err)
	}
}

// TestWrapOfOthers: what is no TCP connection of the kernel's, or is wrapped already, stays as it is.
func TestWrapOfOthers(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if nowait.Wrap(a) != a {
		t.Error("a pipe was wrapped")
	}
	_, tcp := netx.Loopback(t)
	wrapped := nowait.Wrap(tcp)
	if nowait.Wrap(wrapped) != wrapped {
		t.Error("one was wrapped twice")
	}
	if _, ok := wrapped.(*nowait.Conn); ok != nowait.Better {
		t.Errorf("a TCP connection became %T", wrapped)
	}
	if c, ok := wrapped.(interface{ TCP() *net.TCPConn }); ok && c.TCP() != tcp {
		t.Error("below is another connection")
	}
	if _, ok := wrapped.(syscall.Conn); !ok {
		t.Error("the descriptor is out of reach")
	}
	socket, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skip("no Unix sockets here:", err)
	}
	defer socket.Close()
	local, err := net.Dial("unix", socket.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	if nowait.Wrap(local) != local {
		t.Error("a Unix socket was wrapped")
	}
}

// TestClosedFromTheStart: a connection that was closed before it became a Conn says so.
func TestClosedFromTheStart(t *testing.T) {
	_, tcp := netx.Loopback(t)
	_ = tcp.Close()
	var c nowait.Conn
	c.Init(tcp)
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a read: %v", err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write: %v", err)
	}
	if _, err := nowait.Gather(&c, &net.Buffers{[]byte("x"), []byte("y")}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a gathered write: %v", err)
	}
}

// TestCopiesAreSpliced: io.Copy between two, and between one and a plain connection, leaves the bytes to the kernel, as it does between
// two plain ones: it takes no buffer.
func TestCopiesAreSpliced(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("splicing is Linux's")
	}
	for _, c := range []struct{ from, to way }{{ways[0], ways[0]}, {ways[0], ways[1]}, {ways[1], ways[0]}, {ways[1], ways[1]}} {
		t.Run(c.from.name+" to "+c.to.name, func(t *testing.T) {
			source, from := c.from.pair(t)
			sink, to := c.to.pair(t)
			netx.Spliced(t, source, sink, func() (int64, error) { return io.Copy(to, from) })
		})
	}
}
