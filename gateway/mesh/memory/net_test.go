package memory_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/link"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/netx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// joined makes a net of count nodes.
func joined(t testing.TB, count int) (n *memory.Net, b []mesh.Bus) {
	t.Helper()
	n = memory.NewNet(mesh.Timing{})
	b = make([]mesh.Bus, count+1)
	for i := 1; i <= count; i++ {
		bus, err := n.Join(context.Background(), mesh.Node{Num: mesh.Num(i)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { bus.Close() })
		b[i] = bus
	}
	return n, b
}

// hear collects what is told to a node.
func hear(b mesh.Bus) <-chan string {
	heard := make(chan string, 1000)
	b.Handle("k", func(_ context.Context, _ mesh.Num, body []byte) ([]byte, error) {
		heard <- string(body)
		return nil, nil
	})
	return heard
}

func TestJoinTakesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, b := joined(t, 5)
		if d := time.Since(start); d != 0 {
			t.Errorf("five nodes joined in %v", d)
		}
		for _, bus := range b[1:] {
			if got := len(bus.Nodes()); got != 5 {
				t.Errorf("node %d knows %d nodes", bus.Self().Num, got)
			}
		}
	})
}

func TestJoinBesideAPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, b := joined(t, 2)
		n.Partition(1, 3)
		start := time.Now()
		three, err := n.Join(t.Context(), mesh.Node{Num: 3})
		if err != nil {
			t.Fatal(err)
		}
		defer three.Close()
		if d := time.Since(start); d != 0 {
			t.Errorf("a join waited %v for a node it does not reach", d)
		}
		if got := len(three.Nodes()); got != 2 {
			t.Errorf("node 3 knows %d nodes, want itself and 2", got)
		}
		n.Heal(1, 3)
		for len(b[1].Nodes()) != 3 || len(three.Nodes()) != 3 {
			<-time.After(100 * time.Millisecond)
			if time.Since(start) > time.Minute {
				t.Fatal("the nodes never met")
			}
		}
	})
}

func TestJoinRefuses(t *testing.T) {
	n, _ := joined(t, 1)
	for _, num := range []mesh.Num{0, 1} {
		if b, err := n.Join(t.Context(), mesh.Node{Num: num}); err == nil {
			b.Close()
			t.Errorf("number %d was taken", num)
		}
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, b := joined(t, 2)
		heard := hear(b[2])
		n.Delay(1, 2, time.Second)
		start := time.Now()
		for _, word := range []string{"one", "two"} {
			if err := b[1].Tell(t.Context(), 2, "k", []byte(word)); err != nil {
				t.Fatal(err)
			}
		}
		if one, two := <-heard, <-heard; one != "one" || two != "two" {
			t.Errorf("heard %s, %s", one, two)
		}
		if d := time.Since(start); d != time.Second {
			t.Errorf("a message took %v, want a second", d)
		}
		if _, err := b[1].Hold(t.Context(), mesh.Holding{ID: "x"}); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d < 3*time.Second || d > 4*time.Second {
			t.Errorf("after %v: a Hold takes there and back", d)
		}
	})
}

// TestPartitionLosesWhatIsOnItsWay: also what was sent before.
func TestPartitionLosesWhatIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, b := joined(t, 2)
		asked := false
		b[2].Handle("q", func(context.Context, mesh.Num, []byte) ([]byte, error) { asked = true; return nil, nil })
		n.Delay(1, 2, time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		time.AfterFunc(500*time.Millisecond, func() { n.Partition(1, 2) })
		if _, err := b[1].Ask(ctx, 2, "q", nil); !errors.Is(err, context.DeadlineExceeded) || asked {
			t.Errorf("ask: %v, arrived: %v", err, asked)
		}
	})
}

func TestFaultsOfClasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, b := joined(t, 2)
		asked := make(chan string, 100)
		b[2].Handle("q", func(_ context.Context, _ mesh.Num, body []byte) ([]byte, error) {
			asked <- string(body)
			return nil, nil
		})
		ask := func(words ...string) {
			for _, word := range words {
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				_, _ = b[1].Ask(ctx, 2, "q", []byte(word)) // whether it is answered is not the matter here
				cancel()
			}
		}
		heard := func(want ...string) {
			t.Helper()
			synctest.Wait()
			var got []string
			for len(asked) > 0 {
				got = append(got, <-asked)
			}
			slices.Sort(got) // handlers of asks run side by side
			if !slices.Equal(got, want) {
				t.Errorf("heard %v, want %v", got, want)
			}
		}
		n.Lose(1, 2, "ask", 2)
		ask("a", "b", "c")
		heard("c")
		n.Mend(1, 2, "ask")
		n.Swap(1, 2, "ask")
		ask("a")
		heard() // it waits for the next
		ask("b")
		heard("a", "b")
		ask("c")
		heard()
		n.Mend(1, 2, "ask")
		heard("c")
		n.Keep(1, 2, "ask")
		ask("a")
		heard()
		n.Mend(2, 1, "ask") // another rule
		heard()
		n.Mend(1, 2, "ask")
		heard("a")
		n.Lose(0, 0, "cancel", -1)
		n.Keep(1, 2, "ask")
		ask("b")
		b[2].Close()
		n.Mend(1, 2, "ask") // nobody is there any more
		heard()
	})
}

func TestKillEndsTheNodeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, b := joined(t, 3)
		n.Kill(9) // nobody
		n.Kill(2)
		n.Kill(2)
		if got := len(b[1].Nodes()); got != 2 {
			t.Errorf("node 1 knows %d nodes", got)
		}
		if err := b[2].Tell(t.Context(), 1, "k", nil); err != nil {
			t.Errorf("the dead do not know that they are: %v", err)
		}
		if err := b[2].Close(); err != nil {
			t.Errorf("close of the dead: %v", err)
		}
	})
}

// TestQueueIsBounded: what a node does not take is lost beyond a bound, and the sender of an ask is told.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, b := joined(t, 2)
		n.Delay(1, 2, time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var wg sync.WaitGroup
		var mu sync.Mutex
		overloaded := 0
		for range 1<<14 + 10 {
			wg.Go(func() {
				if _, err := b[1].Ask(ctx, 2, "q", nil); fail.Is(err, fail.Overloaded) {
					mu.Lock()
					overloaded++
					mu.Unlock()
				}
			})
		}
		synctest.Wait()
		mu.Lock()
		if overloaded < 10 {
			t.Errorf("%d asks were refused, want those beyond the bound", overloaded)
		}
		mu.Unlock()
		cancel()
		wg.Wait()
	})
}

// doors gives nodes 1 and 2 links over a network in memory.
func doors(t *testing.T, n *memory.Net) (l [3]mesh.Link, served chan net.Conn) {
	t.Helper()
	network := netx.New()
	served = make(chan net.Conn, 10)
	for i := mesh.Num(1); i <= 2; i++ {
		host := network.Host(fmt.Sprint("node", i))
		listener, err := host.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		l[i], err = n.Link(i, link.Params{Listener: listener, Dial: func(ctx context.Context, addr string) (net.Conn, error) {
			return host.DialContext(ctx, "tcp", addr)
		}})
		if err != nil {
			t.Fatal(err)
		}
		l[i].Serve(func(c net.Conn, _ shape.Preface) { served <- c })
		t.Cleanup(func() { l[i].Close() })
	}
	return l, served
}

func TestSwitchesReachCarriedConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memory.NewNet(mesh.Timing{})
		l, served := doors(t, n)
		carry := func() (there, here net.Conn) {
			t.Helper()
			there, err := l[1].Dial(t.Context(), 2, shape.Preface{Door: "https"})
			if err != nil {
				t.Fatal(err)
			}
			here = <-served
			t.Cleanup(func() { there.Close(); here.Close() })
			return there, here
		}
		broken := func(c net.Conn) {
			t.Helper()
			if _, err := io.Copy(io.Discard, c); err == nil {
				t.Error("a connection that broke ended as if in order")
			}
		}
		_, here := carry()
		n.Partition(1, 2)
		broken(here)
		if _, err := l[2].Dial(t.Context(), 1, shape.Preface{Door: "https"}); !fail.Is(err, fail.NodeLost) {
			t.Errorf("dial across a partition: %v", err)
		}
		n.Heal(1, 2)
		there, here := carry()
		n.Kill(1)
		broken(there)
		broken(here)
		for i := 1; i <= 2; i++ {
			if _, err := l[i].Dial(t.Context(), mesh.Num(3-i), shape.Preface{Door: "https"}); !fail.Is(err, fail.NodeLost) {
				t.Errorf("dial from node %d after a death: %v", i, err)
			}
		}
	})
}

func TestLinkNeedsItsParts(t *testing.T) {
	if _, err := memory.NewNet(mesh.Timing{}).Link(1, link.Params{}); err == nil {
		t.Error("a link without a listener was made")
	}
}

func Example() {
	n := memory.NewNet(mesh.Timing{})
	one, _ := n.Join(context.Background(), mesh.Node{Num: 1})
	two, _ := n.Join(context.Background(), mesh.Node{Num: 2})
	defer one.Close()
	defer two.Close()

	stop := two.Watch(func(c mesh.Change) {
		for _, h := range c.Added {
			fmt.Println("node", c.Node, "holds", h.At)
		}
	})
	defer stop()
	release, _ := one.Hold(context.Background(), mesh.Holding{At: entity.Address{Path: "plant/line1"}, ID: "a", Channel: 1})
	defer release()

	two.Handle("greet", func(_ context.Context, from mesh.Num, b []byte) ([]byte, error) {
		return fmt.Appendf(nil, "%s, node %d", b, from), nil
	})
	answer, _ := one.Ask(context.Background(), 2, "greet", []byte("hello"))
	fmt.Println(string(answer))
	// Output:
	// node 1 holds plant/line1
	// hello, node 1
}

func BenchmarkAsk(b *testing.B) {
	_, bus := joined(b, 2)
	bus[2].Handle("q", func(_ context.Context, _ mesh.Num, q []byte) ([]byte, error) { return q, nil })
	body := make([]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := bus[1].Ask(b.Context(), 2, "q", body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTell(b *testing.B) {
	_, bus := joined(b, 2)
	bus[2].Handle("k", func(context.Context, mesh.Num, []byte) ([]byte, error) { return nil, nil })
	body := make([]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if err := bus[1].Tell(b.Context(), 2, "k", body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHold is one listener that comes and goes: the 2 ms of gathering are in it.
func BenchmarkHold(b *testing.B) {
	_, bus := joined(b, 2)
	b.ReportAllocs()
	for b.Loop() {
		release, err := bus[1].Hold(b.Context(), mesh.Holding{ID: "x"})
		if err != nil {
			b.Fatal(err)
		}
		release()
	}
}
