package leg_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/netx"
)

// counted counts what is asked of a connection, and gives at most some bytes a read.
type counted struct {
	net.Conn
	most          int // 0: any number
	reads, writes atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	c.reads.Add(1)
	if c.most > 0 {
		p = p[:min(len(p), c.most)]
	}
	return c.Conn.Read(p)
}

func (c *counted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// roomyPipe is a connection whose ends take a MiB before a write waits, past TLS; ours is counted below it.
func roomyPipe(t *testing.T, most int) (peer net.Conn, ours *leg.Secured, below *counted) {
	t.Helper()
	a, b := netx.Pipe()
	for _, c := range []*netx.Conn{a, b} {
		if err := c.SetBuffer(1 << 20); err != nil {
			t.Fatal(err)
		}
	}
	below = &counted{Conn: b, most: most}
	peer, secured := tlsOver(t, a, below)
	for _, c := range []net.Conn{peer, secured} {
		if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return peer, secured.(*leg.Secured), below
}

// TestReadManyIsOneRead: all records that have come cost one read below TLS, and ReadMany waits for no more.
func TestReadManyIsOneRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peer, ours, below := roomyPipe(t, 0)
		sent := pattern(100_000)
		for range 2 { // the first from a connection at rest, the second knows what records cost
			if _, err := peer.Write(sent); err != nil {
				t.Fatal(err)
			}
			before := below.reads.Load()
			got := make([]byte, 128<<10)
			n, err := ours.ReadMany(got)
			if err != nil || !bytes.Equal(got[:n], sent) {
				t.Fatalf("%d bytes of %d, %v", n, len(sent), err)
			}
			if reads := below.reads.Load() - before; reads != 1 {
				t.Errorf("%d reads below TLS, want 1", reads)
			}
		}
	})
}

// TestReadManyEndsWithItsRoom: where the room ends with a record, no byte of the next is taken along, so that the reads to come end with
// theirs.
func TestReadManyEndsWithItsRoom(t *testing.T) {
	peer, ours, below := roomyPipe(t, 0)
	const message = 64<<10 + 14 // four records and a short one
	for range 12 {
		if _, err := peer.Write(pattern(message)); err != nil {
			t.Fatal(err)
		}
	}
	room := make([]byte, 2*message)
	if _, err := io.ReadFull(ours, room); err != nil { // behind it records are long
		t.Fatal(err)
	}
	for spent := 0; spent < 4*message; { // what package tls had read along, and the first burst, which does not know what records cost
		n, err := ours.ReadMany(room[:min(len(room), 4*message-spent)])
		if err != nil {
			t.Fatal(err)
		}
		spent += n
	}
	for range 3 {
		before := below.reads.Load()
		n, err := ours.ReadMany(room)
		if reads := below.reads.Load() - before; n != len(room) || err != nil || reads != 1 {
			t.Errorf("%d bytes of %d in %d reads, %v", n, len(room), reads, err)
		}
	}
}

// TestReadManyMixes: whatever the records' lengths, the pieces in which they arrive and the kinds of reads, every byte comes in its place, and
// the goodbye is known for one.
func TestReadManyMixes(t *testing.T) {
	for _, most := range []int{1, 3, 700, 17_000, 0} {
		peer, ours, _ := roomyPipe(t, most)
		random := rand.New(rand.NewPCG(1, uint64(most)))
		sent := pattern(300_000)
		wrote := make(chan error, 1)
		lengths := random.Perm(60)
		go func() {
			rest := sent
			for _, l := range lengths {
				n := min(len(rest), 1+l*l*12)
				if _, err := peer.Write(rest[:n]); err != nil {
					wrote <- err
					return
				}
				rest = rest[n:]
			}
			_, err := peer.Write(rest)
			wrote <- errors.Join(err, peer.Close())
		}()
		var got []byte
		for {
			p := make([]byte, 1+random.IntN(50_000))
			read := ours.ReadMany
			if random.IntN(3) == 0 {
				read = ours.Read
			}
			n, err := read(p)
			got = append(got, p[:n]...)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || n == 0 {
				t.Fatalf("pieces of %d: %d bytes, %v", most, n, err)
			}
		}
		if err := <-wrote; err != nil || !bytes.Equal(got, sent) || ours.Truncated() {
			t.Errorf("pieces of %d: %d bytes of %d, %v, truncated: %v", most, len(got), len(sent), err, ours.Truncated())
		}
	}
}

// TestReadManyAfterDeadline: a deadline that passes inside a record loses nothing.
func TestReadManyAfterDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, between := netx.Pipe()
		relay, b := netx.Pipe()
		defer a.Close()
		defer b.Close()
		go func() { // slow: what is written comes in two parts, a second apart
			p := make([]byte, 9000)
			for {
				n, err := between.Read(p)
				if err != nil {
					relay.Close()
					return
				}
				if n == len(p) {
					<-time.After(time.Second)
				}
				if _, err := relay.Write(p[:n]); err != nil {
					return
				}
			}
		}()
		go func() { _, _ = io.Copy(between, relay); between.Close() }()
		peer, secured := tlsOver(t, a, b)
		ours := secured.(*leg.Secured)
		go func() { _, _ = peer.Write(pattern(200_000)) }()
		got, late := []byte{}, 0
		for p := make([]byte, 50_000); len(got) < 200_000; {
			_ = ours.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			n, err := ours.ReadMany(p)
			if got = append(got, p[:n]...); err == nil {
				continue
			}
			if late++; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
		}
		if late == 0 || !bytes.Equal(got, pattern(200_000)) {
			t.Errorf("%d bytes, %d deadlines", len(got), late)
		}
	})
}

// TestLongWriteLeavesAtOnce: one write below TLS, also while records are still short; what fits one record waits for nothing.
func TestLongWriteLeavesAtOnce(t *testing.T) {
	peer, ours, below := roomyPipe(t, 0)
	var sent []byte
	for _, n := range []int{1, 900, 5000, 130_000, 14, 16 << 10, 100_000} {
		before := below.writes.Load()
		if _, err := ours.Write(pattern(n)); err != nil {
			t.Fatal(err)
		}
		if writes := below.writes.Load() - before; writes != 1 {
			t.Errorf("%d bytes leave in %d writes", n, writes)
		}
		sent = append(sent, pattern(n)...)
	}
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, sent) {
		t.Errorf("what came is not what was sent, %v", err)
	}
	if _, err := ours.Write(make([]byte, 700_000)); err != nil { // longer than what is gathered at once
		t.Fatal(err)
	}
	if _, err := io.ReadFull(peer, make([]byte, 700_000)); err != nil {
		t.Fatal(err)
	}
}

// TestLostWriteIsSaid: records that could not leave are an error of their write, and of every write behind it.
func TestLostWriteIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := netx.Pipe()
		defer a.Close()
		peer, secured := tlsOver(t, a, b)
		_ = peer
		ours := secured.(*leg.Secured)
		if err := a.SetBuffer(1); err != nil {
			t.Fatal(err)
		}
		_ = ours.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := ours.Write(make([]byte, 100_000)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d, %v", n, err)
		}
		_ = ours.SetWriteDeadline(time.Time{})
		if _, err := ours.Write([]byte("more")); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("behind a loss: %v", err)
		}
		b.Close()
	})
}

// TestCloseEndsAStuckWrite at once: there is nobody who would read a goodbye.
func TestCloseEndsAStuckWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := netx.Pipe()
		defer a.Close()
		_, secured := tlsOver(t, a, b)
		if err := a.SetBuffer(1); err != nil {
			t.Fatal(err)
		}
		stuck := make(chan error, 1)
		go func() {
			_, err := secured.Write(make([]byte, 100_000))
			stuck <- err
		}()
		synctest.Wait()
		began := time.Now()
		if err := secured.Close(); err != nil {
			t.Error(err)
		}
		if err := <-stuck; !errors.Is(err, net.ErrClosed) || time.Since(began) > 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
