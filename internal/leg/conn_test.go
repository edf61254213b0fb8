package leg_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// side is a leg whose peer is the test.
type side struct {
	in   chan [][]byte // batches that the peer sends, by their pieces; closed: last is the end
	last error
	gone chan struct{}
	once sync.Once

	full  bool // Write blocks until the leg is aborted
	broke error

	mu     sync.Mutex
	got    [][]byte // one for each batch
	closes []shape.End
	aborts []shape.End
	closed int
}

func newSide(last error, batches ...[][]byte) *side {
	s := &side{in: make(chan [][]byte, len(batches)), last: last, gone: make(chan struct{})}
	for _, b := range batches {
		s.in <- b
	}
	if last != nil {
		close(s.in)
	}
	return s
}

// Caps implements shape.Leg.
func (*side) Caps() shape.Caps { return shape.Caps{} }

// Read implements shape.Leg: pieces have gaps between them, as those of frames do.
func (s *side) Read(b *shape.Batch) error {
	select {
	case pieces, ok := <-s.in:
		if !ok {
			return s.last
		}
		b.Buf, b.Pieces = make([]byte, shape.Headroom), b.Pieces[:0]
		for _, p := range pieces {
			b.Pieces = append(b.Pieces, shape.Piece{Off: len(b.Buf), Len: len(p)})
			b.Buf = append(append(b.Buf, p...), "gap"...)
		}
		return nil
	case <-s.gone:
		return &shape.End{Why: fail.Aborted}
	}
}

// Write implements shape.Leg: it uses the batch as a leg may.
func (s *side) Write(b *shape.Batch) error {
	if s.full {
		<-s.gone
		return &shape.End{Why: fail.Aborted}
	}
	if s.broke != nil {
		return s.broke
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []byte
	for _, p := range b.Pieces {
		if p.Off < shape.Headroom || !p.Last {
			return errors.New("a piece without room before it, or without an end")
		}
		all = append(all, b.Buf[p.Off:p.Off+p.Len]...)
	}
	s.got = append(s.got, all)
	clear(b.Buf)
	return nil
}

// CloseWrite implements shape.Leg.
func (s *side) CloseWrite(end *shape.End) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closes = append(s.closes, *end)
	return nil
}

// Abort implements shape.Leg.
func (s *side) Abort(end *shape.End) {
	s.mu.Lock()
	s.aborts = append(s.aborts, *end)
	s.mu.Unlock()
	s.once.Do(func() { close(s.gone) })
}

// aborted is what it was aborted with by now, in a bubble.
func (s *side) aborted() []shape.End {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.aborts)
}

// Close implements shape.Leg.
func (s *side) Close() {
	s.mu.Lock()
	s.closed++
	s.mu.Unlock()
	s.once.Do(func() { close(s.gone) })
}

// TestConnReads: batches become bytes, whatever their pieces and however much is read at once; the end in order is the end of a file.
func TestConnReads(t *testing.T) {
	batches := [][][]byte{{[]byte("one"), nil, []byte("two")}, {nil}, {[]byte("three")}}
	for _, room := range []int{1, 2, 3, 100} {
		c := leg.NewConn(newSide(&shape.End{Why: fail.PeerClosed}, batches...))
		if n, err := c.Read(nil); n != 0 || err != nil {
			t.Errorf("nothing read gives %d, %v", n, err)
		}
		var got []byte
		buf := make([]byte, room)
		for {
			n, err := c.Read(buf)
			if got = append(got, buf[:n]...); errors.Is(err, io.EOF) {
				break
			}
			if err != nil || n == 0 {
				t.Fatalf("%d bytes, %v", n, err)
			}
		}
		if string(got) != "onetwothree" {
			t.Errorf("%d at once: %q", room, got)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	lost := &shape.End{Why: fail.ListenerLost}
	c := leg.NewConn(newSide(lost))
	defer c.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, error(lost)) {
		t.Errorf("a loss is %v", err)
	}
}

// TestConnWrites: bytes leave in messages of at most 64 KiB; the caller's own are not touched, and an error says how many went.
func TestConnWrites(t *testing.T) {
	s := newSide(nil)
	c := leg.NewConn(s)
	whole := bytes.Repeat([]byte("0123456789"), 15_000)
	kept := slices.Clone(whole)
	for _, b := range [][]byte{nil, []byte("x"), whole} {
		if n, err := c.Write(b); n != len(b) || err != nil {
			t.Errorf("%d bytes: %d, %v", len(b), n, err)
		}
	}
	if !bytes.Equal(whole, kept) {
		t.Error("the caller's bytes were changed")
	}
	var lengths []int
	for _, b := range s.got {
		lengths = append(lengths, len(b))
	}
	if !slices.Equal(lengths, []int{1, 64 << 10, 64 << 10, 150_000 - 128<<10}) || !bytes.Equal(bytes.Join(s.got[1:], nil), whole) {
		t.Errorf("messages of %v bytes", lengths)
	}
	s.broke = &shape.End{Why: fail.WriteTimeout}
	if n, err := c.Write(whole); n != 0 || !errors.Is(err, s.broke) {
		t.Errorf("a write that breaks: %d, %v", n, err)
	}
	_ = c.Close()
}

// TestConnCloses: Close without an end before it is a loss, behind one it is none; the second does nothing.
func TestConnCloses(t *testing.T) {
	for _, ends := range []bool{false, true} {
		s := newSide(nil)
		c := leg.NewConn(s)
		if ends {
			if err := c.CloseWrite(); err != nil || len(s.closes) != 1 || s.closes[0].Why != fail.PeerClosed {
				t.Errorf("%v, %+v", err, s.closes)
			}
		}
		_ = c.Close()
		_ = c.Close()
		if s.closed != 1 || (len(s.aborts) == 0) != ends {
			t.Errorf("ended %v: closed %d times, aborts %+v", ends, s.closed, s.aborts)
		}
	}
}

// TestConnDeadlines: a deadline ends the stream, and whoever waits hears that it was that. One that was moved or taken off does nothing.
func TestConnDeadlines(t *testing.T) {
	read := func(c *leg.Conn) error { _, err := c.Read(make([]byte, 1)); return err }
	write := func(c *leg.Conn) error { _, err := c.Write([]byte("x")); return err }
	for _, row := range []struct {
		name string
		set  func(c *leg.Conn, t time.Time) error
		wait func(c *leg.Conn) error
	}{
		{"read", (*leg.Conn).SetReadDeadline, read},
		{"write", (*leg.Conn).SetWriteDeadline, write},
		{"both, reading", (*leg.Conn).SetDeadline, read},
		{"both, writing", (*leg.Conn).SetDeadline, write},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSide(nil)
			s.full = true
			c := leg.NewConn(s)
			begin := time.Now()
			for _, d := range []time.Duration{time.Second, time.Minute, 3 * time.Second} { // the last one counts
				_ = row.set(c, begin.Add(d))
			}
			if err := row.wait(c); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != 3*time.Second {
				t.Errorf("%s: %v after %v", row.name, err, time.Since(begin))
			}
			if ends := s.aborted(); len(ends) == 0 || !errors.Is(&ends[0], os.ErrDeadlineExceeded) {
				t.Errorf("%s: the leg was aborted with %+v", row.name, ends)
			}
			_ = row.set(c, time.Time{})
			if err := row.wait(c); !errors.Is(err, os.ErrDeadlineExceeded) { // it does not come back
				t.Errorf("%s, behind it: %v", row.name, err)
			}
			_ = c.Close()
		})
		synctest.Test(t, func(t *testing.T) {
			s := newSide(nil)
			s.full = true
			c := leg.NewConn(s)
			_ = row.set(c, time.Unix(1, 0)) // long past, as whoever ends a wait sets it
			if err := row.wait(c); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s, past: %v", row.name, err)
			}
			_ = c.Close()
		})
		synctest.Test(t, func(t *testing.T) {
			s := newSide(nil)
			c := leg.NewConn(s)
			_ = row.set(c, time.Now().Add(time.Second))
			_ = row.set(c, time.Time{})
			<-time.After(time.Minute)
			_ = row.set(c, time.Now().Add(time.Second))
			_ = c.CloseWrite()
			_ = c.Close() // with a deadline to come
			<-time.After(time.Minute)
			if ends := s.aborted(); len(ends) != 0 {
				t.Errorf("%s: taken off, and aborted with %+v", row.name, ends)
			}
		})
	}
}

// TestConnOfLegs: two connections over real legs, of frames and of bytes, say much to each other, and each ends in order.
func TestConnOfLegs(t *testing.T) {
	masking := func(c net.Conn) shape.Leg { return leg.NewWS(c, nil, leg.Options{Role: wsframe.Client}) }
	for name, legs := range map[string][2]func(net.Conn) shape.Leg{"bytes": {bare, bare}, "frames": {masking, framed}} {
		for _, p := range pairs {
			t.Run(name+", "+p.name, func(t *testing.T) {
				ours, theirs := p.make(t)
				near, far := leg.NewConn(legs[0](ours)), leg.NewConn(legs[1](theirs))
				until := time.Now().Add(30 * time.Second)
				_ = near.SetDeadline(until)
				_ = far.SetDeadline(until)
				var wg sync.WaitGroup
				wg.Go(func() {
					_, _ = io.Copy(far, far)
					_ = far.CloseWrite()
				})
				want := bytes.Repeat([]byte("there and back "), 20_000)
				wg.Go(func() {
					if _, err := near.Write(want); err != nil {
						t.Error(err)
					}
					_ = near.CloseWrite()
				})
				got, err := io.ReadAll(near)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes came back, %v", len(got), err)
				}
				wg.Wait()
				_ = near.Close()
				_ = far.Close()
				if near.LocalAddr().Network() != "stream" || near.RemoteAddr().String() != "stream" {
					t.Error("a stream with an address")
				}
			})
		}
	}
}
