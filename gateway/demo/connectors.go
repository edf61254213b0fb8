package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/front"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// Relays of the second part: services that know nothing of relays.
const (
	tcpName = "demo-tcp"
	webName = "demo-web"
)

// connectors shows services behind 'listen': one of TCP reached by 'forward', and a web server reached by a plain HTTP client and by
// a SOAP 1.1 client.
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
		behind.Apply([]connect.Connector{{Listen: tcpName, Target: "tcp://" + echo}, {Listen: webName, Target: "http://" + site.address()}}),
		beside.Apply([]connect.Connector{{Forward: tcpName, Bind: anyPort}}),
	); err != nil {
		return err
	}
	local, err := heard.await(ctx, connect.ForwardOpened, tcpName)
	for _, name := range []string{tcpName, webName} {
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
	return visit(ctx, w, show)
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

// soap is the request of a SOAP 1.1 client.
const soap = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
	`<Add xmlns="http://tempuri.org/"><a>40</a><b>2</b></Add></s:Body></s:Envelope>`

// result finds what the service answers.
var result = regexp.MustCompile(`<AddResult>\d+</AddResult>`)

// visit sends what HTTP clients send: to node 1, for a web server whose listener is at node 2.
func visit(ctx context.Context, w *world, show *show) error {
	cs, err := wire.ParseConnectionString(w.nodes[0].Ready().ConnectionString)
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
	send := func(method, path, body string, fields map[string]string) (string, string, error) {
		request, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(body))
		if err != nil {
			return "", "", err
		}
		request.Header.Set("ServiceBusAuthorization", token)
		for name, value := range fields {
			request.Header.Set(name, value)
		}
		answer, err := transport.RoundTrip(request)
		if err != nil {
			return "", "", err
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s %s: %s", method, path, answer.Status)
		}
		return answer.Status, string(b), err
	}
	status, body, err := send(http.MethodGet, "/hello", "", nil)
	if err != nil {
		return fmt.Errorf("HTTP sender: %w", err)
	}
	show.say("GET %s/hello: %s, %q", base, status, body)
	status, body, err = send(http.MethodPost, "/service", soap, map[string]string{
		"Content-Type": "text/xml; charset=utf-8", "SOAPAction": `"http://tempuri.org/Add"`,
	})
	if err != nil {
		return fmt.Errorf("SOAP client: %w", err)
	}
	show.say("SOAP 1.1 POST %s/service: %s, %s", base, status, result.FindString(body))
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
	mux.HandleFunc("POST /service", add)
	s := &site{l: l, server: &http.Server{Handler: mux, ReadHeaderTimeout: patience}}
	s.runs.Go(func() { _ = s.server.Serve(l) })
	return s, nil
}

// numbers are those that the SOAP request adds.
var numbers = regexp.MustCompile(`<[ab]>(\d+)</[ab]>`)

// add is a SOAP service of one operation.
func add(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil || r.Header.Get("SOAPAction") != `"http://tempuri.org/Add"` {
		http.Error(w, "unknown action", http.StatusInternalServerError)
		return
	}
	sum := 0
	for _, found := range numbers.FindAllSubmatch(b, -1) {
		n, _ := strconv.Atoi(string(found[1])) // digits
		sum += n
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	fmt.Fprintf(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><AddResponse xmlns="http://tempuri.org/">`+
		`<AddResult>%d</AddResult></AddResponse></s:Body></s:Envelope>`, sum)
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
