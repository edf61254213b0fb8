package relay_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/mesh"
	meshmemory "github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/memory"
)

// crowd is some nodes with listeners that count what they get.
type crowd struct {
	nodes []*relay.Relay
	left  atomic.Int64 // deliveries that are waited for
	done  chan struct{}
	began time.Time
	keep  atomic.Bool
	mu    sync.Mutex
	took  []time.Duration
}

// Deliver implements shape.Sink.
func (c *crowd) Deliver(context.Context, *shape.Message) (int, error) {
	if c.keep.Load() {
		took := time.Since(c.began)
		c.mu.Lock()
		c.took = append(c.took, took)
		c.mu.Unlock()
	}
	if c.left.Add(-1) == 0 {
		c.done <- struct{}{}
	}
	return 1, nil
}

// gather makes n listeners of an entity on some nodes.
func gather(b testing.TB, nodes, n int, kind entity.Kind) *crowd {
	b.Helper()
	c := &crowd{done: make(chan struct{}, 1)}
	s := memory.New()
	at, _ := entity.NewAddress("", "news")
	if _, err := s.Put(b.Context(), &entity.Entity{Name: "news", At: at, Kind: kind, AnonymousSenders: true}, store.Any); err != nil {
		b.Fatal(err)
	}
	net := meshmemory.NewNet(mesh.Timing{})
	var ends []func()
	for i := range nodes {
		bus, err := net.Join(b.Context(), mesh.Node{Num: mesh.Num(i + 1)})
		if err != nil {
			b.Fatal(err)
		}
		r := relay.New(relay.Params{
			Store: s, Bus: bus, Verifiers: map[auth.Scheme]auth.Verifier{auth.SAS: verifier{}}, Limits: relay.Limits{ListenersPerEntity: n + 1},
		})
		r.Open()
		c.nodes = append(c.nodes, r)
		ends = append(ends, func() {
			r.Close()
			_ = bus.Close()
		})
	}
	for i := range n {
		l := &relay.Listener{ID: fmt.Sprint(i), Leave: func(*shape.End) {}, Cast: c}
		seat, err := c.nodes[i%nodes].Listen(b.Context(), relay.Ask{Need: entity.Listen, Cred: sas("Listen")}, hello("news"), l)
		if err != nil {
			b.Fatal(err)
		}
		ends = append(ends, func() { seat.Leave(&shape.End{}) })
	}
	b.Cleanup(func() {
		slices.Reverse(ends)
		for _, end := range ends {
			end()
		}
	})
	return c
}

// event sends one and waits until all have it.
func (c *crowd) event(b testing.TB, m *shape.Message, n int) {
	c.left.Store(int64(n))
	c.began = time.Now()
	o, err := c.nodes[0].Cast(b.Context(), relay.Ask{Need: entity.Send}, m, relay.All)
	if err != nil || o.Taken != n {
		b.Fatalf("%+v, %v", o, err)
	}
	<-c.done
}

// BenchmarkEvent: one message to all, until the last has it: deliveries a second, and when the slowest hundredth had it.
func BenchmarkEvent(b *testing.B) {
	for _, nodes := range []int{1, 2} {
		for _, n := range []int{100, 1000} {
			b.Run(fmt.Sprintf("nodes=%d/listeners=%d", nodes, n), func(b *testing.B) {
				c := gather(b, nodes, n, entity.Event)
				m := &shape.Message{Hello: *hello("news"), Type: "text/plain", Data: make([]byte, 1024)}
				b.ReportAllocs()
				for b.Loop() {
					c.event(b, m, n)
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
				c.keep.Store(true)
				for range 50 {
					c.event(b, m, n)
				}
				slices.Sort(c.took)
				b.ReportMetric(float64(c.took[len(c.took)*99/100].Microseconds()), "p99-us")
			})
		}
	}
}

// BenchmarkOneWay: messages to one of ten listeners, one after the other.
func BenchmarkOneWay(b *testing.B) {
	for _, nodes := range []int{1, 2} {
		b.Run(fmt.Sprintf("nodes=%d", nodes), func(b *testing.B) {
			c := gather(b, nodes, 10, entity.OneWay)
			c.left.Store(-1)
			m := &shape.Message{Hello: *hello("news"), Type: "text/plain", Data: make([]byte, 1024)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.nodes[0].Cast(b.Context(), relay.Ask{Need: entity.Send}, m, relay.One); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// TestCastAllocations: what an event costs for each listener is bounded: its place in the queue and the time for its delivery.
func TestCastAllocations(t *testing.T) {
	const n = 100
	c := gather(t, 1, n, entity.Event)
	m := &shape.Message{Hello: *hello("news"), Data: make([]byte, 1024)}
	each := testing.AllocsPerRun(100, func() { c.event(t, m, n) }) / n
	t.Logf("%.1f allocations a delivery", each)
	if most := 12.0; each > most {
		t.Errorf("%.1f allocations a delivery, at most %.0f are allowed", each, most)
	}
}
