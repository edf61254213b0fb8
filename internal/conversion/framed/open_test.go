package framed

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// desk is a service that acknowledges each connection after a time of its own; less than none: never.
type desk struct {
	t      *testing.T
	waits  []time.Duration
	asked  int
	closed []time.Duration // how long each connection that was not acknowledged was left to it
	all    sync.WaitGroup
	mu     sync.Mutex
}

func (d *desk) dial(context.Context) (net.Conn, error) {
	if d.asked == len(d.waits) {
		return nil, errNobody
	}
	wait, began := d.waits[d.asked], time.Now()
	d.asked++
	near, far := net.Pipe()
	d.all.Go(func() {
		defer far.Close()
		hello := framing.Preamble{Mode: framing.Duplex, Via: via, Encoding: framing.BinarySession}
		want := hello.Append(nil)
		if got := make([]byte, len(want)); readFull(far, got) != nil || !bytes.Equal(got, want) {
			d.t.Errorf("preamble %q", got)
		}
		if wait >= 0 {
			_ = far.SetReadDeadline(began.Add(wait))
		}
		if _, err := far.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.closed = append(d.closed, time.Since(began))
			return
		}
		_, _ = far.Write([]byte{byte(framing.PreambleAck)})
		_ = far.SetReadDeadline(time.Time{})
		if n, err := far.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			d.t.Errorf("behind the acknowledgement came %d bytes, %v", n, err)
		}
	})
	return near, nil
}

func readFull(from io.Reader, b []byte) error {
	_, err := io.ReadFull(from, b)
	return err
}

var errNobody = errors.New("nobody there")

// TestOpenAnew: a service that takes a connection and says nothing on it, as Mono's does with one that comes while it closes another, is
// asked on the next; a slow one is waited for in the end. Nothing but the preamble is sent before the acknowledgement.
func TestOpenAnew(t *testing.T) {
	const never = -1
	for name, c := range map[string]struct {
		waits  []time.Duration // of the connections
		limit  time.Duration   // of the caller
		took   time.Duration
		closed []time.Duration
		err    error
	}{
		"at once":                {waits: []time.Duration{0}, limit: time.Minute},
		"lost once":              {waits: []time.Duration{never, 0}, limit: time.Minute, took: time.Second, closed: []time.Duration{time.Second}},
		"lost twice":             {waits: []time.Duration{never, never, 0}, limit: time.Minute, took: 5 * time.Second, closed: []time.Duration{time.Second, 4 * time.Second}},
		"slow":                   {waits: []time.Duration{30 * time.Second, 30 * time.Second, 30 * time.Second}, limit: time.Minute, took: 35 * time.Second, closed: []time.Duration{time.Second, 4 * time.Second}},
		"silent":                 {waits: []time.Duration{never, never, never}, limit: 20 * time.Second, took: 20 * time.Second, closed: []time.Duration{time.Second, 4 * time.Second, 15 * time.Second}, err: context.DeadlineExceeded},
		"nobody wants it longer": {waits: []time.Duration{never}, limit: time.Second / 2, took: time.Second / 2, closed: []time.Duration{time.Second / 2}, err: context.DeadlineExceeded},
		"gone":                   {waits: []time.Duration{never}, limit: time.Minute, took: time.Second, closed: []time.Duration{time.Second}, err: errNobody},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.limit)
				defer cancel()
				d, began := &desk{t: t, waits: c.waits}, time.Now()
				conn, err := Open(ctx, d.dial, via)
				if took := time.Since(began); !errors.Is(err, c.err) || took != c.took {
					t.Errorf("%v after %v, want %v after %v", err, took, c.err, c.took)
				}
				if err == nil {
					_ = conn.Close()
				}
				d.all.Wait()
				if len(d.closed) != len(c.closed) {
					t.Fatalf("closed after %v, want %v", d.closed, c.closed)
				}
				for i := range c.closed {
					if d.closed[i] != c.closed[i] {
						t.Errorf("closed after %v, want %v", d.closed, c.closed)
					}
				}
			})
		})
	}
}
