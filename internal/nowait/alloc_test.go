package nowait_test

import (
	"errors"
	"io"
	"net"
	"testing"

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
		"WriteNow": func() error {
			n, err := nowait.WriteNow(ours, p)
			if err == nowait.ErrNothing && !nowait.Better {
				n, err = ours.Write(p)
			}
			if err != nil || n < len(p) {
				return errors.Join(err, io.ErrShortWrite)
			}
			_, err = io.ReadFull(peer, p)
			return err
		},
		"ReadNow": func() error {
			if _, err := peer.Write(p); err != nil {
				return err
			}
			n, err := nowait.ReadNow(ours, p)
			if err == nowait.ErrNothing { // it is not there yet, or never so
				n, err = ours.Read(p)
			}
			if err != nil || n < len(p) {
				return errors.Join(err, io.ErrUnexpectedEOF)
			}
			return nil
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
