package leg_test

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// patient is a leg that tells before it waits.
type patient interface {
	shape.Leg
	shape.Patient
}

// TestPatient: what there is room for leaves without a word where the system can tell; a write that finds no room says so before it waits,
// and so does one that finds another under way.
func TestPatient(t *testing.T) {
	for name, of := range map[string]func(*nowait.Conn) patient{
		"frames": func(c *nowait.Conn) patient { return leg.NewWS(c, nil, leg.Options{}) },
		"bytes":  func(c *nowait.Conn) patient { return leg.NewTCP(c, nil, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			peer, conn := netx.Loopback(t)
			var ours nowait.Conn
			ours.Init(conn)
			l := of(&ours)
			defer l.Close()
			_, err := nowait.WriteNow(&ours, []byte("x"))
			if err != nil && !errors.Is(err, nowait.ErrNothing) {
				t.Fatal(err)
			}
			told := 0
			if tells := l.WritePatient(batch("short"), func() { told++ }); tells != nil || err == nil && told != 0 {
				t.Errorf("a write that there is room for: %v, told %d times", tells, told)
			}
			long := strings.Repeat("x", 60<<10)
			first, second := make(chan struct{}), make(chan struct{})
			var writes sync.WaitGroup
			write := func(waits chan struct{}) {
				once := sync.OnceFunc(func() { close(waits) })
				for range 200 { // of which the kernel holds a few
					if err := l.WritePatient(batch(long), once); err != nil {
						t.Error(err)
						return
					}
				}
			}
			writes.Go(func() { write(first) })
			<-first
			writes.Go(func() { write(second) })
			<-second
			read := make(chan error, 1)
			go func() {
				_, err := io.Copy(io.Discard, peer)
				read <- err
			}()
			writes.Wait()
			l.Close()
			if err := <-read; err != nil {
				t.Error(err)
			}
		})
	}
}
