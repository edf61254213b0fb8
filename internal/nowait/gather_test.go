package nowait_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// parts divides a stream of bytes into buffers of the lengths given.
func parts(lengths ...int) (all net.Buffers, sent []byte) {
	for _, n := range lengths {
		p := pattern(len(sent), n)
		all = append(all, p)
		sent = append(sent, p...)
	}
	return all, sent
}

// many gives n lengths that differ.
func many(n int) []int {
	lengths := make([]int, n)
	for i := range lengths {
		lengths[i] = 1 + i*13
	}
	return lengths
}

// TestGather: buffers arrive whole and in order, however many and long they are, and whichever connection writes them.
func TestGather(t *testing.T) {
	for _, lengths := range [][]int{
		nil, {0}, {0, 0, 0}, {1}, {4, 1 << 10}, {0, 4, 0, 0, 1 << 10, 0},
		many(15), many(16), many(17), many(100),
		{14, nowait.GatherMost - 14}, {14, nowait.GatherMost - 13}, {14, nowait.Most, 14, 3 * nowait.Most},
	} {
		for _, w := range ways {
			t.Run(fmt.Sprintf("%d buffers, the last %v/%s", len(lengths), lengths[max(len(lengths)-1, 0):], w.name), func(t *testing.T) {
				peer, ours := w.pair(t)
				all, sent := parts(lengths...)
				written := make(chan error, 1)
				go func() {
					n, err := nowait.Gather(ours, &all)
					if err == nil && (int(n) != len(sent) || length(all) != 0) {
						err = fmt.Errorf("%d of %d bytes have left, %d are still there", n, len(sent), length(all))
					}
					written <- errors.Join(err, ours.(interface{ CloseWrite() error }).CloseWrite())
				}()
				arrives(t, peer, sent)
				if err := <-written; err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestGatherOfAnyConnection: one that is not the kernel's gets the buffers one by one.
func TestGatherOfAnyConnection(t *testing.T) {
	near, far := net.Pipe()
	all, sent := parts(4, 0, 100)
	written := make(chan error, 1)
	go func() {
		_, err := nowait.Gather(near, &all)
		written <- errors.Join(err, near.Close())
	}()
	arrives(t, far, sent)
	if err := errors.Join(<-written, far.Close()); err != nil {
		t.Error(err)
	}
}

// TestGatherThatIsCutOff: when a deadline strikes amid a gathered write, or there is no connection any more, what has left is consumed, and
// no more. So it is with net.Buffers by itself, through a Conn or not.
func TestGatherThatIsCutOff(t *testing.T) {
	hows := map[string]func(net.Conn, *net.Buffers) (int64, error){
		"Gather":  nowait.Gather,
		"WriteTo": func(c net.Conn, all *net.Buffers) (int64, error) { return all.WriteTo(c) },
	}
	for _, w := range ways {
		for name, how := range hows {
			t.Run(w.name+"/"+name, func(t *testing.T) {
				peer, ours := w.pair(t)
				narrow(t, peer, ours)
				var left []byte
				lots := rand.New(rand.NewPCG(1, 2))
				for err := error(nil); err == nil; {
					lengths := make([]int, 1+lots.IntN(20))
					for i := range lengths {
						lengths[i] = lots.IntN(6_000)
					}
					all, sent := parts(lengths...)
					if err := ours.SetWriteDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
						t.Fatal(err)
					}
					var n int64
					n, err = how(ours, &all)
					left = append(left, sent[:n]...)
					if rest := bytes.Join(all, nil); !bytes.Equal(rest, sent[n:]) {
						t.Fatalf("%d of %d bytes have left, and %d are still there: %v", n, len(sent), len(rest), err)
					}
					if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Fatal(err)
					}
				}
				if err := ours.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
					t.Fatal(err)
				}
				arrives(t, peer, left)
				all, sent := parts(10, 20)
				n, err := how(ours, &all) // it has ended itself
				if o, ok := errors.AsType[*net.OpError](err); n != 0 || !ok || o.Source.String() != ours.LocalAddr().String() || length(all) != len(sent) {
					t.Errorf("behind the end: %d, %v, %d still there", n, err, length(all))
				}
			})
		}
	}
}

// TestGatherSharesTheTurn: a gathered write that waits for room is not mixed with another write.
func TestGatherSharesTheTurn(t *testing.T) {
	peer, ours := ways[1].pair(t)
	narrow(t, peer, ours)
	begun := fill(t, ours)
	all, sent := parts(1_000, 30_000, 2_000)
	written := make(chan error, 2)
	go func() {
		_, err := nowait.Gather(ours, &all)
		written <- err
	}()
	other := bytes.Repeat([]byte{255}, 30_000) // no byte of a pattern
	go func() {
		_, err := ours.Write(other)
		written <- err
	}()
	if _, err := io.ReadFull(peer, make([]byte, len(begun))); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(sent)+len(other))
	if _, err := io.ReadFull(peer, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, append(bytes.Clone(sent), other...)) && !bytes.Equal(got, append(bytes.Clone(other), sent...)) {
		t.Error("the two writes are mixed")
	}
	if err := errors.Join(<-written, <-written); err != nil {
		t.Error(err)
	}
}

func length(all net.Buffers) (n int) {
	for _, p := range all {
		n += len(p)
	}
	return n
}
