package entry_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// pendingBytes is what one waiting sender may cost, the client in this process and its end of the network included.
const pendingBytes = 64 << 10

// TestSoakHalfOpen: ten thousand senders wait for a listener that begins each rendezvous and never finishes it. Memory stays
// within a bound for each, one more is told why not, and everything is given back when they leave. The network is in memory:
// so many sockets are more than a process may have.
func TestSoakHalfOpen(t *testing.T) {
	if os.Getenv("CAUSEWAY_SOAK") == "" {
		t.Skip("takes a minute: make soak, or CAUSEWAY_SOAK=1m go test -run '^TestSoak' ./hybrid/entry")
	}
	const many = 10_000
	network := netx.New()
	host := network.Host("gateway")
	c := testcluster.New(t, 1,
		testcluster.WithConfig(func(_ int, c *config.Config) {
			c.AllowPlainTokens = true
			c.HTTPS, c.HTTP = config.Off, "127.0.0.1:80"
			c.Limits.Pending, c.Limits.PendingPerSource, c.Limits.Connections = many, many, 2*many
			c.Timeouts.Accept, c.Timeouts.Head = 10*patience, 10*patience
		}),
		testcluster.WithParams(func(p *gateway.Params) {
			p.Listen = func(network, addr string) (net.Listener, error) {
				if strings.HasSuffix(addr, ":80") {
					return host.Listen(network, addr)
				}
				return net.Listen(network, addr)
			}
		}))
	c.Add(&entity.Entity{Name: "echo", AnonymousSenders: true})
	client := network.Host("client")
	dial := func() *peer {
		conn, err := client.DialContext(t.Context(), "tcp", "gateway:80")
		if err != nil {
			t.Fatal(err)
		}
		return &peer{t: t, c: c, host: "gateway", conn: conn}
	}
	before := memory()

	listener := dial()
	listener.write(listener.head("/$hc/echo?sb-hc-action=listen", credential(c.Token(c.Root(), "http://gateway/", inAnHour())))).upgraded("")
	offers := make(chan string, many)
	var reading sync.WaitGroup
	reading.Go(func() {
		for range many {
			_, b, _, err := listener.tryData()
			var m acceptMessage
			if err == nil {
				err = json.Unmarshal(b, &m)
			}
			if err != nil {
				t.Errorf("offer: %v", err)
				break
			}
			offers <- m.Accept.Address
		}
		close(offers)
	})
	all := make([]*peer, 0, 2*many)
	for range many {
		p := dial()
		all = append(all, p.write(p.head("/$hc/echo")))
	}
	reading.Wait()
	for address := range offers {
		p := dial()
		head := p.head(strings.TrimPrefix(address, "ws://gateway"))
		all = append(all, p.write(head[:len(head)-3]))
	}
	full := dial()
	full.write(full.head("/$hc/echo")).refused(503, "Overloaded", "/echo", "limits.pending")
	if got := c.Metric(0, "causeway_pending", ""); got != many {
		t.Errorf("%v are pending", got)
	}
	if used := memory() - before; used > many*pendingBytes {
		t.Errorf("%d waiting senders and as many rendezvous half-open take %d bytes", many, used)
	} else {
		t.Logf("%d bytes each", used/many)
	}

	for _, p := range all {
		_ = p.conn.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for c.Metric(0, "causeway_pending", "") != 0 {
		if ctx.Err() != nil {
			t.Fatalf("%v are still pending", c.Metric(0, "causeway_pending", ""))
		}
	}
	again := dial()
	again.write(again.head("/$hc/echo"))
	if _, _, _, err := listener.tryData(); err != nil {
		t.Errorf("a sender behind the flood: %v", err)
	}
}

// memory is what the process holds after a collection, stacks included.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
