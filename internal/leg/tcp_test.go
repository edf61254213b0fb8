package leg_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// joinLegs is a stream between two peers whose gateway's sides are made by near and far.
func joinLegs(t testing.TB, pair func(testing.TB) (net.Conn, net.Conn), near, far func(net.Conn) shape.Leg) (*joined, *flow.Live) {
	t.Helper()
	s, a := pair(t)
	r, b := pair(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	j := &joined{sender: s, listener: r, report: make(chan flow.Report, 1), cancel: cancel}
	live := new(flow.Live)
	go func() { j.report <- flow.Join(ctx, near(a), far(b), flow.Limits{}, live) }()
	t.Cleanup(func() { cancel(nil) })
	for _, c := range []net.Conn{s, r} {
		if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	return j, live
}

func bare(c net.Conn) shape.Leg   { return leg.NewTCP(c, nil, 0) }
func framed(c net.Conn) shape.Leg { return leg.NewWS(c, nil, leg.Options{}) }

// TestBytesBothWays: bulk, pauses that end splicing, bulk again, each way, with the sums of what went in and came out.
func TestBytesBothWays(t *testing.T) {
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			j, live := joinLegs(t, p.make, bare, bare)
			const total = 24 << 20
			sums := make(chan [32]byte, 2)
			write := func(c net.Conn, seed uint64) {
				noise := rand.NewChaCha8([32]byte{byte(seed)})
				r := rand.New(noise)
				h := sha256.New()
				for sent := 0; sent < total; {
					b := make([]byte, min(1+r.IntN(300_000), total-sent))
					_, _ = noise.Read(b)
					h.Write(b)
					if _, err := c.Write(b); err != nil {
						t.Error(err)
						break
					}
					sent += len(b)
				}
				sums <- [32]byte(h.Sum(nil))
				if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
					t.Error(err)
				}
			}
			for _, way := range []struct{ from, to net.Conn }{{j.sender, j.listener}, {j.listener, j.sender}} {
				go write(way.from, 7)
				h := sha256.New()
				n, err := io.Copy(h, way.to)
				if err != nil || n != total || [32]byte(h.Sum(nil)) != <-sums {
					t.Fatalf("%d of %d bytes arrived, %v", n, total, err)
				}
			}
			r := j.end(t)
			if r.Why != fail.PeerClosed || r.In != total || r.Out != total || live.In.Load() != total {
				t.Errorf("report %+v", r)
			}
		})
	}
}

// TestSpliceTurns: busy and quiet phases one after the other keep every byte in order.
func TestSpliceTurns(t *testing.T) {
	j, _ := joinLegs(t, socketPair, bare, bare)
	big := pattern(1 << 20)
	got := make([]byte, len(big))
	for turn := range 6 {
		go func() { _, _ = j.sender.Write(big) }()
		if _, err := io.ReadFull(j.listener, got); err != nil || !bytes.Equal(got, big) {
			t.Fatalf("turn %d: %v", turn, err)
		}
		quiet := time.NewTimer(70 * time.Millisecond) // longer than a splice waits
		<-quiet.C
		send(t, j.sender, []byte("ping"))
		if _, err := io.ReadFull(j.listener, got[:4]); err != nil || string(got[:4]) != "ping" {
			t.Fatalf("turn %d: %q %v", turn, got[:4], err)
		}
	}
}

// TestBytesAndFrames: a byte stream on one side, messages on the other.
func TestBytesAndFrames(t *testing.T) {
	j, _ := joinLegs(t, socketPair, bare, framed)
	send(t, j.sender, pattern(100_000))
	var got []byte
	for len(got) < 100_000 {
		op, m := readMessage(t, j.listener, 1<<20)
		if op != wsframe.Binary {
			t.Fatalf("a message of kind %v", op)
		}
		got = append(got, m...)
	}
	if !bytes.Equal(got, pattern(100_000)) {
		t.Fatal("the bytes differ")
	}
	for _, part := range []string{"one ", "two ", "three"} {
		send(t, j.listener, frame(wsframe.Text, true, []byte(part)))
	}
	all := make([]byte, len("one two three"))
	if _, err := io.ReadFull(j.sender, all); err != nil || string(all) != "one two three" {
		t.Fatalf("got %q %v", all, err)
	}
	if err := j.sender.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectClose(t, j.listener, 1000, "Shutdown")
	send(t, j.listener, frame(wsframe.Binary, true, []byte("tail")))
	send(t, j.listener, closeFrame(1000, "Shutdown"))
	if tail, err := io.ReadAll(j.sender); err != nil || string(tail) != "tail" {
		t.Fatalf("behind the half-close came %q, %v", tail, err)
	}
	if r := j.end(t); r.Why != fail.PeerClosed {
		t.Errorf("report %+v", r)
	}
}

// TestResetIsNoEnd: a reset on one side is a reset on the other, also while splicing.
func TestResetIsNoEnd(t *testing.T) {
	for _, busy := range []bool{false, true} {
		j, _ := joinLegs(t, socketPair, bare, bare)
		written := make(chan error, 1)
		if busy {
			go func() {
				for {
					if _, err := j.sender.Write(pattern(1 << 20)); err != nil {
						written <- err
						return
					}
				}
			}()
			if _, err := io.CopyN(io.Discard, j.listener, 4<<20); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(j.listener.(*net.TCPConn).SetLinger(0), j.listener.Close()); err != nil {
			t.Fatal(err)
		}
		_, err := io.Copy(io.Discard, j.sender)
		if busy { // the kernel tells whichever call comes first, and only that
			err = errors.Join(err, <-written)
		}
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("the sender saw %v, a reset wanted", err)
		}
		if r := j.end(t); r.Why != fail.Aborted {
			t.Errorf("report %+v", r)
		}
	}
}
