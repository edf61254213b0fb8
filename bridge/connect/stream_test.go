package connect_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
)

// TestThrough: a client of the local socket talks to the service, and both ends say the same of the connection.
func TestThrough(t *testing.T) {
	both(t, func(w *world) {
		l := w.listener("tcp://" + service(w.t, "tcp", "127.0.0.1:0", echo).Addr().String())
		f, address := w.forward()
		c := dial(w.t, address)
		says(w.t, c, "hello")
		says(w.t, c, "again")
		if err := c.CloseWrite(); err != nil {
			w.t.Fatal(err)
		}
		for _, e := range []*ends{l, f} {
			if ev := e.await(connect.Opened); ev.Entity != "hyco" || ev.Remote == "" {
				w.t.Errorf("%+v", ev)
			}
			if ev := e.await(connect.Closed); ev.Reason != fail.PeerClosed || ev.In != 10 || ev.Out != 10 || ev.Entity != "hyco" || ev.Remote == "" {
				w.t.Errorf("%+v", ev)
			}
		}
	})
}

// TestUnixSockets: both ends may be Unix sockets, half-close included, and a socket left over by a dead process is no obstacle.
func TestUnixSockets(t *testing.T) {
	both(t, func(w *world) {
		dir := w.t.TempDir()
		near, far := filepath.Join(dir, "near"), filepath.Join(dir, "far")
		leftover, err := net.ListenUnix("unix", &net.UnixAddr{Name: near, Net: "unix"})
		if err != nil {
			w.t.Fatal(err)
		}
		leftover.SetUnlinkOnClose(false)
		leftover.Close()
		service(w.t, "unix", far, func(c net.Conn) {
			b, _ := io.ReadAll(c)
			fmt.Fprintf(c, "%d bytes", len(b))
		})
		w.listener("unix://" + far)
		f := w.bridge(w.send, connect.Connector{Forward: "hyco", Bind: "unix://" + near})
		f.await(connect.ForwardOpened)
		c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: near, Net: "unix"})
		if err != nil {
			w.t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, err = io.WriteString(c, "request")
		if err = errors.Join(err, c.CloseWrite()); err != nil {
			w.t.Fatal(err)
		}
		if b, err := io.ReadAll(c); err != nil || string(b) != "7 bytes" {
			w.t.Errorf("%q, %v", b, err)
		}
		second := connect.New(connect.Params{ConnectionString: w.send})
		defer second.Shutdown(w.t.Context())
		if err := second.Apply([]connect.Connector{{Forward: "hyco", Bind: near}}); err == nil {
			w.t.Error("a socket that somebody listens on was taken away")
		}
	})
}

// noise is data of which no piece is like another.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// TestHalfClose is the case hybrid/half-close-keeps-the-tail: 50 rounds of each of its steps, fewer and of smaller sizes under the race detector.
func TestHalfClose(t *testing.T) {
	const rounds = 50 - 30*min(small-1, 1)
	tail, flood, request := noise(1<<20/small), noise(8<<20/small), noise(3<<20/small)
	steps := []struct {
		name    string
		service func(c net.Conn)
		client  func(c *net.TCPConn) error
	}{
		{"the answer behind the end of the request", func(c net.Conn) {
			h := sha256.New()
			if _, err := io.Copy(h, c); err == nil {
				_, _ = c.Write(append(h.Sum(nil), tail...))
			}
		}, func(c *net.TCPConn) error {
			_, err := c.Write(request)
			if err = errors.Join(err, c.CloseWrite()); err != nil {
				return err
			}
			sum := sha256.Sum256(request)
			return wants(c, append(sum[:], tail...))
		}},
		{"what was sent before the end", func(c net.Conn) {
			_, _ = c.Write(flood)
		}, func(c *net.TCPConn) error {
			return wants(c, flood)
		}},
		{"a loss is no end", func(c net.Conn) {
			_, _ = c.Write(tail)
			_ = c.(*net.TCPConn).SetLinger(0)
		}, func(c *net.TCPConn) error {
			if n, err := io.Copy(io.Discard, c); err == nil {
				return fmt.Errorf("a clean end after %d bytes", n)
			} else if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				return err
			}
			return nil
		}},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			both(t, func(w *world) {
				w.listener("tcp://" + service(w.t, "tcp", "127.0.0.1:0", step.service).Addr().String())
				_, address := w.forward()
				var good atomic.Int64
				var runs sync.WaitGroup
				for range 5 {
					runs.Go(func() {
						for range rounds / 5 {
							if err := step.client(dial(w.t, address)); err != nil {
								w.t.Error(err)
								return
							}
							good.Add(1)
						}
					})
				}
				if runs.Wait(); good.Load() != rounds {
					w.t.Errorf("%d rounds of %d", good.Load(), rounds)
				}
			})
		})
	}
}

// wants reads to the end and compares.
func wants(c *net.TCPConn, want []byte) error {
	got, err := io.ReadAll(c)
	if err != nil {
		return err
	}
	if sha256.Sum256(got) != sha256.Sum256(want) {
		return fmt.Errorf("%d bytes came, want %d, or they differ", len(got), len(want))
	}
	return nil
}

// TestEmptyMessages: messages of nothing from a WebSocket sender are no end and leave no trace in the bytes.
func TestEmptyMessages(t *testing.T) {
	both(t, func(w *world) {
		got := make(chan []byte, 1)
		w.listener("tcp://" + service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			b, _ := io.ReadAll(c)
			got <- b
		}).Addr().String())
		c, err := hybrid.Dial(w.t.Context(), w.send, hybrid.WithEntity("hyco"), hybrid.WithCAFile(w.CAFile()))
		if err != nil {
			w.t.Fatal(err)
		}
		defer c.Close()
		for _, text := range []string{"a", "", "b", "", "", "c"} {
			if err := c.WriteMessage(hybrid.Binary, []byte(text)); err != nil {
				w.t.Fatal(err)
			}
		}
		if err := c.CloseWrite(); err != nil {
			w.t.Fatal(err)
		}
		if b := <-got; string(b) != "abc" {
			w.t.Errorf("%q came", b)
		}
	})
}

// TestBackPressure: a client that does not read keeps the service from writing, and loses nothing.
func TestBackPressure(t *testing.T) {
	both(t, func(w *world) {
		const most = 64 << 20 // what all buffers on the way may hold together, by far
		var written atomic.Int64
		stuck := make(chan struct{})
		w.listener("tcp://" + service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			piece := noise(1 << 20)
			for written.Load() < 2*most {
				_ = c.SetWriteDeadline(time.Now().Add(2 * time.Second))
				n, err := c.Write(piece)
				written.Add(int64(n))
				if err != nil {
					close(stuck)
					break
				}
			}
		}).Addr().String())
		_, address := w.forward()
		c := dial(w.t, address)
		<-stuck
		n, err := io.Copy(io.Discard, c)
		if total := written.Load(); err != nil || n != total || n >= most {
			w.t.Errorf("%d bytes came of %d that were taken, %v", n, total, err)
		}
	})
}
