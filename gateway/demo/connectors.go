package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/front"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
)

// Relays of the second part: services that know nothing of relays.
const (
	tcpName = "demo-tcp"
	webName = "demo-web"
)

// connectors shows services behind 'listen': one of TCP reached by 'forward', and a web server reached by a plain HTTP client and
// by WCF clients of two bindings.
func connectors(ctx context.Context, w *world, show *show, echo string) (err error) {
	site, err := startSite()
	if err != nil {
		return fmt.Errorf("web server: %w", err)
	}
	defer site.close()
	heard := &heard{events: make(map[string]connect.Event), more: make(chan struct{})}
	behind, beside := w.bridge(nodes-1, heard), w.bridge(0, heard)
	defer func() {
		now, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		beside.Shutdown(now)
		behind.Shutdown(now)
	}()
	if err := errors.Join(
		behind.Apply([]connect.Connector{{Listen: tcpName, Target: "tcp://" + echo}, {Listen: webName, Target: "http://" + site.address()},
			{Listen: calcName, Target: "http://" + site.address() + "/Calculator.svc"}}),
		beside.Apply([]connect.Connector{{Forward: tcpName, Bind: anyPort}}),
	); err != nil {
		return err
	}
	local, err := heard.await(ctx, connect.ForwardOpened, tcpName)
	for _, name := range []string{tcpName, webName, calcName} {
		if err == nil {
			_, err = heard.await(ctx, connect.ListenerConnected, name)
		}
	}
	if err != nil {
		return err
	}
	const words = "bytes of a client that knows nothing of relays"
	if err := echoed(ctx, local.Remote, words); err != nil {
		return fmt.Errorf("through listen and forward: %w", err)
	}
	show.say("listen %s at node 2, forward at node 1 (%s): %q came back", tcpName, local.Remote, words)
	if err := visit(ctx, w, show); err != nil {
		return err
	}
	return calculate(ctx, w, show)
}

// bridge runs connectors that dial a node.
func (w *world) bridge(node int, h *heard) *connect.Bridge {
	return connect.New(connect.Params{
		ConnectionString: w.nodes[node].Ready().ConnectionString, Options: []hybrid.Option{hybrid.WithTLSConfig(w.trust)}, Tell: h.tell,
	})
}

// echoed says words to an address and wants them back, behind the end of its own side.
func echoed(ctx context.Context, address, words string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if _, err = io.WriteString(conn, words); err == nil {
		err = conn.(*net.TCPConn).CloseWrite() //nolint:forcetypeassert // dialled as such
	}
	if err != nil {
		return err
	}
	b, err := io.ReadAll(conn)
	if err == nil && string(b) != words {
		err = fmt.Errorf("%q came back", b)
	}
	return err
}

// visit sends what HTTP clients send: to node 1, for a web server whose listener is at node 2.
func visit(ctx context.Context, w *world, show *show) error {
	cs, err := connstring.Parse(w.nodes[0].Ready().ConnectionString)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(w.nodes[0].Addresses()[front.HTTPS])
	if err != nil {
		return err
	}
	base := "https://localhost:" + port + "/" + webName
	token := wire.Sign(wire.Audience("localhost", webName), cs.KeyName, cs.Key, time.Now().Add(time.Hour))
	transport := &http.Transport{TLSClientConfig: w.trust.Clone()}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/hello", http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("ServiceBusAuthorization", token)
	status, body, err := fetch(transport, r)
	if err != nil {
		return fmt.Errorf("HTTP sender: %w", err)
	}
	show.say("GET %s/hello: %s, %q", base, status, body)
	return nil
}

// site is a web server that only this machine reaches.
type site struct {
	l      net.Listener
	server *http.Server
	runs   sync.WaitGroup
}

func startSite() (*site, error) {
	l, err := net.Listen("tcp", anyPort)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello from behind a firewall") // a client that left shows itself
	})
	mux.HandleFunc("POST /Calculator.svc", calculator)
	s := &site{l: l, server: &http.Server{Handler: mux, ReadHeaderTimeout: patience}}
	s.runs.Go(func() { _ = s.server.Serve(l) })
	return s, nil
}

func (s *site) address() string { return s.l.Addr().String() }

func (s *site) close() {
	_ = s.server.Close()
	s.runs.Wait()
}

// heard waits for events of connectors.
type heard struct {
	mu     sync.Mutex
	events map[string]connect.Event
	more   chan struct{}
}

func (h *heard) tell(e connect.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events[string(e.Kind)+" "+e.Entity] = e
	close(h.more)
	h.more = make(chan struct{})
}

func (h *heard) await(ctx context.Context, kind connect.Kind, entity string) (connect.Event, error) {
	for {
		h.mu.Lock()
		e, ok := h.events[string(kind)+" "+entity]
		more := h.more
		h.mu.Unlock()
		if ok {
			return e, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return e, fmt.Errorf("no %s of %s: %w", kind, entity, ctx.Err())
		}
	}
}
