package hybrid_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// stand is a handler that answers somewhere, and a client of it.
type stand struct {
	name   string
	client *http.Client
	end    func() // asks Serve to end
	base   string // of URLs: what the handler sees follows
	events events

	inMemory bool                 // all connections between the two
	cluster  *testcluster.Cluster // behind which the handler is; nil: it is no real one
}

// direct serves the handler by net/http.
func direct(t *testing.T, h http.Handler) *stand {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = quiet
	server.Start()
	t.Cleanup(server.Close)
	return &stand{name: "net/http", client: &http.Client{Transport: &http.Transport{DisableCompression: true}}, base: server.URL}
}

// behindFake serves the handler by hybrid.Serve at a fake gateway.
func behindFake(t *testing.T, h http.Handler, pointers bool) *stand {
	t.Helper()
	f := newFake(t)
	gateway := newHTTPFake(f)
	gateway.pointers, gateway.agent = pointers, "cancel"
	s := &stand{name: "fake gateway", base: "https://gateway/hyco", events: newEvents(), inMemory: true}
	ctx, stop := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() {
		err := hybrid.Serve(ctx, fakeConnectionString, h, hybrid.WithNetDial(f.net.Host("inside").DialContext), hybrid.WithTLSConfig(f.trust), s.events.option())
		if err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	s.events.next(t, hybrid.Online)
	if asked := gateway.pushed(t.Context()); asked != "cancel" {
		t.Errorf("the listener asked for %q", asked)
	}
	outside := f.net.Host("outside")
	transport := &http.Transport{
		TLSClientConfig: f.trust, DisableCompression: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return outside.DialContext(ctx, network, address)
		},
	}
	s.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		run.Wait()
		f.close()
	})
	return s
}

// TestSuite runs every case on a net/http server and through the protocol, and compares what was seen.
func TestSuite(t *testing.T) {
	t.Parallel()
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, scenario := c.make(t)
			want := scenario(direct(t, h))
			if c.differs != "" {
				if want == c.differs {
					t.Errorf("net/http shows the same: %s", want)
				}
				want = c.differs
			}
			for _, pointers := range []bool{false, true} {
				h, scenario := c.make(t)
				s := behindFake(t, h, pointers)
				if got := scenario(s); got != want {
					t.Errorf("pointers %v: %s\nwant %s", pointers, got, want)
				}
			}
		})
	}
}

// behindCluster serves the handler by hybrid.Serve at a real gateway, the listener at the last of its nodes and the client, a
// hybrid.Transport, at the first.
func behindCluster(t *testing.T, h http.Handler, nodes int, options ...hybrid.ListenOption) *stand {
	t.Helper()
	c := testcluster.New(t, nodes)
	c.Add(&entity.Entity{Name: "hyco"})
	s := &stand{name: fmt.Sprintf("%d node(s)", nodes), base: "http://hyco.example", events: newEvents(), cluster: c}
	trust, name := hybrid.WithCAFile(c.CAFile()), hybrid.WithEntity("hyco")
	ctx, stop := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() {
		options = append([]hybrid.ListenOption{trust, name, s.events.option()}, options...)
		if err := hybrid.Serve(ctx, c.Node(nodes-1).Ready().ConnectionString, h, options...); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	s.end = stop
	s.events.next(t, hybrid.Online)
	transport, err := hybrid.NewTransport(c.Node(0).Ready().ConnectionString, trust, name)
	if err != nil {
		t.Fatal(err)
	}
	s.client = &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		run.Wait()
		if t.Failed() {
			t.Logf("the gateway logged:\n%s", c.Log())
		}
	})
	return s
}

// TestSuiteOnCluster runs the same cases through real gateways: one node, and two.
func TestSuiteOnCluster(t *testing.T) {
	t.Parallel()
	for _, c := range suite {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h, scenario := c.make(t)
			want := c.differs
			if want == "" {
				want = scenario(direct(t, h))
			}
			for nodes := 1; nodes <= suiteNodes; nodes++ {
				h, scenario := c.make(t)
				s := behindCluster(t, h, nodes)
				if got := scenario(s); got != want {
					t.Errorf("%s: %s\nwant %s", s.name, got, want)
				}
			}
		})
	}
}

const suiteNodes = 2

// TestServeEndsInOrder: what a handler is answering when Serve ends is still answered, for as long as WithDrain says; then its
// sender is told 503.
func TestServeEndsInOrder(t *testing.T) {
	t.Parallel()
	for nodes := 1; nodes <= suiteNodes; nodes++ {
		for _, patient := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d node(s), patient %v", nodes, patient), func(t *testing.T) {
				t.Parallel()
				began, goOn := make(chan struct{}), make(chan struct{})
				h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					close(began)
					select {
					case <-goOn:
					case <-r.Context().Done():
					}
					fmt.Fprint(w, "done")
				})
				drain := 100 * time.Millisecond
				if patient {
					drain = patience
				}
				s := behindCluster(t, h, nodes, hybrid.WithDrain(drain))
				answer := make(chan string, 1)
				r := s.request(t, http.MethodGet, "/", http.NoBody)
				go func() { answer <- told(s.client.Do(r)) }()
				<-began
				s.end()
				want := "503 The listener was closed before it had answered"
				if patient {
					close(goOn)
					want = "200 OK"
				}
				if got := <-answer; !strings.HasPrefix(got, want) {
					t.Errorf("%s, want %s", got, want)
				}
			})
		}
	}
}
