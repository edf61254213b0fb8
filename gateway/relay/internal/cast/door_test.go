package cast

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// guarded is a listener that opens a way when it is asked for one, as the test says.
type guarded struct {
	several

	open  bool
	asked []string    // for which message
	then  func(error) // of the latest
	ready func()      // called when it is asked; nil: nothing
}

func (g *guarded) Opened() bool { return g.open }

func (g *guarded) Invite(_ context.Context, m *shape.Message, then func(error)) bool {
	g.asked, g.then = append(g.asked, m.Tracking), then
	if g.ready != nil {
		g.ready()
	}
	return g.open
}

// opens says what became of the way.
func (g *guarded) opens(err error) {
	g.open = err == nil
	g.then(err)
	synctest.Wait()
}

func guard(t *testing.T) (*desk, *guarded) {
	t.Helper()
	d := open(t, true)
	g := &guarded{several: several{d.single}}
	d.Queue.p.Sink, d.Queue.burst, d.Queue.door = g, g, g
	return d, g
}

// TestDoor: messages wait in the queue, and no goroutine for them, until their listener has opened the way, for which it is asked once; then
// they leave together.
func TestDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g := guard(t)
		d.put(t, 0, 1)
		d.put(t, 1, 1, 1)
		if d.Waiting() != 3 || d.p.Crew.busy != 0 {
			t.Errorf("%d wait, %d at work", d.Waiting(), d.p.Crew.busy)
		}
		g.opens(nil)
		d.end(nil)
		d.put(t, 3, 1)
		d.end(nil)
		d.sums(t, []string{"0+1+2", "3"}, []string{"0:1", "1:1", "2:1", "3:1"})
		if fmt.Sprint(g.asked) != "[0]" {
			t.Errorf("asked for %v", g.asked)
		}
	})
}

// TestDoorStaysShut: what waited is missed, and what comes behind asks again.
func TestDoorStaysShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g := guard(t)
		d.put(t, 0, 1)
		d.put(t, 1, 1)
		g.opens(&shape.Untaken{Err: errors.New("silent")})
		d.put(t, 2, 1)
		g.opens(nil)
		d.end(nil)
		d.sums(t, []string{"2"}, []string{"0:silent", "1:silent", "2:1"})
		if fmt.Sprint(g.asked) != "[0 2]" {
			t.Errorf("asked for %v", g.asked)
		}
	})
}

// TestDoorAtOnce: one that says what became of the way while it is asked, or that stood open by then.
func TestDoorAtOnce(t *testing.T) {
	for _, told := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			d, g := guard(t)
			g.ready = func() {
				g.open = !told
				if told {
					g.then(&shape.Untaken{Err: errors.New("no")})
				}
			}
			d.put(t, 0, 1)
			if told {
				d.sums(t, nil, []string{"0:no"})
				return
			}
			d.end(nil)
			d.sums(t, []string{"0"}, []string{"0:1"})
		})
	}
}

// TestLeavesAtTheDoor: a listener that leaves meanwhile misses what waits, and its queue is at rest when its way has an end too, also when no
// goroutine is to be had for that any more.
func TestLeavesAtTheDoor(t *testing.T) {
	for _, gone := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d, g := guard(t)
			var h hands
			d.p.Crew = NewCrew(h.run)
			d.put(t, 0, 1, 1)
			h.gone.Store(gone)
			d.Close(errors.New("left"))
			rests := make(chan struct{})
			go func() {
				d.Settled(t.Context())
				close(rests)
			}()
			synctest.Wait()
			select {
			case <-rests:
				t.Error("at rest while the way may still be opened")
			default:
			}
			g.opens(&shape.Untaken{Err: errors.New("gone")})
			<-rests
			d.sums(t, nil, []string{"0:left", "1:left"})
		})
	}
}

// TestNobodyForTheOpen: where no goroutine is to be had any more when the way is open, what waits is missed.
func TestNobodyForTheOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g := guard(t)
		var h hands
		d.p.Crew = NewCrew(h.run)
		d.put(t, 0, 1)
		h.gone.Store(true)
		g.opens(nil)
		d.Settled(t.Context())
		d.sums(t, nil, []string{"0:" + fail.New(fail.Draining, "").Error()})
	})
}

// TestOneAtTheDoor: a message to one listener waits for the way itself, since its sender does.
func TestOneAtTheDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, g := guard(t)
		over := make(chan error)
		go func() {
			_, err := d.Queue.Deliver(t.Context(), message("0", 1))
			over <- err
		}()
		synctest.Wait()
		d.end(nil)
		if err := <-over; err != nil || len(g.asked) != 0 {
			t.Errorf("%v, asked for %v", err, g.asked)
		}
		d.sums(t, []string{"0"}, []string{"0:1"})
	})
}
