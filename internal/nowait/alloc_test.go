package nowait_test

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// TestNoAllocation: short reads and writes, gathered ones too, take no memory.
func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	peer, ours := ways[1].pair(t)
	p := make([]byte, 1<<10)
	parts := [2][]byte{p[:4], p[4:]}
	both, all := parts, net.Buffers(nil)
	turns := map[string]func() error{
		"Read and Write": func() error {
			if _, err := ours.Write(p); err != nil {
				return err
			}
			if _, err := io.ReadFull(peer, p); err != nil {
				return err
			}
			if _, err := peer.Write(p); err != nil {
				return err
			}
			_, err := io.ReadFull(ours, p)
			return err
		},
		"Gather": func() error {
			both = parts
			all = both[:]
			if _, err := nowait.Gather(ours, &all); err != nil {
				return err
			}
			_, err := io.ReadFull(peer, p)
			return err
		},
	}
	for name, turn := range turns {
		var err error
		if n := testing.AllocsPerRun(500, func() {
			if e := turn(); e != nil {
				err = e
			}
		}); n != 0 || err != nil {
			t.Errorf("%s: %v allocations a turn, %v", name, n, err)
		}
	}
}

// BenchmarkPingPong is a message there and back between two goroutines, with and without telling the scheduler.
func BenchmarkPingPong(b *testing.B) {
	for _, w := range ways {
		for _, n := range []int{64, 1 << 10, 16 << 10, nowait.Most} {
			b.Run(fmt.Sprintf("%s/%d", w.name, n), func(b *testing.B) {
				far, ours := w.pair(b)
				peer := w.wrap(far)
				_ = far.SetDeadline(time.Time{})
				_ = ours.SetDeadline(time.Time{})
				over := make(chan struct{})
				go func() {
					defer close(over)
					p := make([]byte, n)
					for {
						if _, err := io.ReadFull(peer, p); err != nil {
							return
						}
						if _, err := peer.Write(p); err != nil {
							return
						}
					}
				}()
				p := make([]byte, n)
				b.SetBytes(int64(2 * n))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := ours.Write(p); err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(ours, p); err != nil {
						b.Fatal(err)
					}
				}
				_ = ours.Close()
				<-over
			})
		}
	}
}
