// Package limits owns the bounds: the smallest programs that do the gateway's job, and what it could reach at best. Relay
// is the topology on raw TCP with waiting connections; HCRef is a bare Hybrid Connections gateway. They have no
// authentication, no limits and no logs: they are for measuring and for nothing else. Each runs as a process of its own,
// until that is killed.
package limits

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Mode says how bytes are copied.
type Mode string

// The modes of a relay.
const (
	Copy   Mode = "copy"   // through a pooled 64 KiB buffer
	Splice Mode = "splice" // by the kernel: net.TCPConn.ReadFrom is splice(2)
	Hybrid Mode = "hybrid" // through a small buffer while quiet, by the kernel while busy
)

// Modes are all of them.
var Modes = []Mode{Copy, Splice, Hybrid}

// bufs are for copies.
var bufs = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// Join copies both ways until both have ended, and closes them.
func Join(a, b *net.TCPConn, mode Mode) {
	var both sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{a, b}, {b, a}} {
		both.Go(func() {
			oneWay(way[0], way[1], mode)
			_ = way[0].CloseWrite() // a dead connection has no end to be told
		})
	}
	both.Wait()
	a.Close()
	b.Close()
}

func oneWay(dst, src *net.TCPConn, mode Mode) {
	switch mode {
	case Splice:
		_, _ = dst.ReadFrom(src) // how a stream ends is the load's business
	case Hybrid:
		hybrid(dst, src)
	case Copy:
		buf := bufs.Get().(*[]byte)
		defer bufs.Put(buf)
		// The wrappers hide what would splice.
		_, _ = io.CopyBuffer(struct{ io.Writer }{dst}, struct{ io.Reader }{src}, *buf) // as above
	}
}

const (
	waiting    = 2 << 10 // the buffer of a quiet stream: one that waits in splice holds a pipe, two descriptors
	fullReads  = 2       // in a row make it busy
	quietAfter = 50 * time.Millisecond
	atOnce     = 8 << 20
)

func hybrid(dst, src *net.TCPConn) {
	buf := make([]byte, waiting)
	for full := 0; ; {
		n, err := src.Read(buf)
		if n > 0 {
			if _, werr := dst.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
		if full++; n < len(buf) {
			full = 0
		}
		if full >= fullReads {
			full = 0
			if !spliceWhileBusy(dst, src) {
				return
			}
		}
	}
}

// spliceWhileBusy reports whether the stream goes on.
func spliceWhileBusy(dst, src *net.TCPConn) bool {
	for {
		if src.SetReadDeadline(time.Now().Add(quietAfter)) != nil {
			return false
		}
		l := &io.LimitedReader{R: src, N: atOnce}
		_, err := dst.ReadFrom(l)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return src.SetReadDeadline(time.Time{}) == nil
		case err != nil || l.N > 0:
			return false
		}
	}
}

// RelayGateway joins each sender at once with a connection that an agent has left at the address agents.
func RelayGateway(senders, agents string, mode Mode) error {
	al, err := net.Listen("tcp", agents)
	if err != nil {
		return err
	}
	sl, err := net.Listen("tcp", senders)
	if err != nil {
		return err
	}
	standby := make(chan *net.TCPConn, 1024)
	failed := make(chan error, 2)
	go func() {
		failed <- accept(al, func(c *net.TCPConn) { standby <- c })
	}()
	go func() {
		failed <- accept(sl, func(c *net.TCPConn) {
			s := <-standby
			if _, err := s.Write([]byte{1}); err != nil { // "you are taken"
				c.Close()
				return
			}
			Join(c, s, mode)
		})
	}()
	return <-failed
}

func accept(l net.Listener, serve func(*net.TCPConn)) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return fmt.Errorf("accept at %s: %w", l.Addr(), err)
		}
		go serve(c.(*net.TCPConn))
	}
}

// standbys is how many connections an agent keeps waiting.
const standbys = 32

// RelayAgent keeps connections waiting at the gateway; one that is taken goes to the target and is replaced at once.
func RelayAgent(gateway, target string, mode Mode) error {
	places := make(chan struct{}, standbys)
	for {
		places <- struct{}{}
		go func() {
			c, err := standBy(gateway)
			if err != nil {
				time.Sleep(100 * time.Millisecond)
			}
			<-places
			if err != nil {
				return
			}
			t, err := net.Dial("tcp", target)
			if err != nil {
				c.Close()
				return
			}
			Join(c, t.(*net.TCPConn), mode)
		}()
	}
}

// standBy waits until it is taken.
func standBy(gateway string) (*net.TCPConn, error) {
	c, err := net.Dial("tcp", gateway)
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		c.Close()
		return nil, err
	}
	return c.(*net.TCPConn), nil
}
