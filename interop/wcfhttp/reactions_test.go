package wcfhttp

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/dotnet"
	"github.com/causeway-relay/causeway/interop/mono"
)

// way is one in which the gateway, or what stands behind it, says no.
type way struct {
	name, path   string
	header       string    // of the request, where its length is what is wrong
	code         fail.Code // "" for an answer of the service's own
	status       int
	dotnet, mono string // the exceptions that their clients raise, as docs/wcf.md and docs/clients.md say; "" for one that cannot play
	far          bool   // played on two nodes too: what counts is at the listener's node
	before       func() // makes it come about, once for each call; nil where it stays
}

// caller is a client that is told no.
type caller struct {
	name string
	far  bool // plays on two nodes too
	call func(t *testing.T, address string, w *way) *interop.Program
}

// callers are the clients of both runtimes, in both versions of SOAP and in binary. One that is not here is left out.
func callers(t *testing.T) (all []caller) {
	t.Helper()
	if has(t, "dotnet") {
		for _, binding := range []string{"basichttp", "wshttp", "nethttp"} {
			all = append(all, caller{".NET " + binding, binding == "wshttp", func(t *testing.T, address string, w *way) *interop.Program {
				return dotnet.Start(t, "wcf-client", "--binding", binding, "--address", address, "--http-header", "X-Long: "+w.header, "--only", "echo", "--expect", "echo="+w.dotnet)
			}})
		}
	}
	if has(t, "mono") {
		for _, binding := range []string{"basic", "ws"} {
			all = append(all, caller{"Mono " + binding, binding == "ws", func(t *testing.T, address string, w *way) *interop.Program {
				return mono.Call(t, binding, "echo", address, "echo!"+w.mono)
			}})
		}
	}
	return all
}

// play has every client meet every way. First a plain sender looks whether the way is what it says it is.
func play(t *testing.T, s *interop.Stand, all []caller, ways []way) {
	t.Helper()
	for i := range ways {
		ways[i].probe(t, s)
		for _, c := range all {
			ways[i].meet(t, s, c)
		}
	}
}

// meet has a client meet the way, and records what it raised.
func (w *way) meet(t *testing.T, s *interop.Stand, c caller) {
	t.Helper()
	raised := w.dotnet
	if strings.HasPrefix(c.name, "Mono") {
		raised = w.mono
	}
	if raised == "" {
		return
	}
	w.again()
	p := c.call(t, w.address(s), w)
	p.End(2 * interop.Patience)
	interop.Record(t, interop.Cell{
		Table: "What WCF's clients raise over HTTP, " + columnOf(t), Row: w.title(), Column: c.name, Code: p.Code(), Note: raised,
		Command: p.Command(), Output: reason(p.Text()),
	})
	if p.Code() != 0 {
		t.Errorf("%s, %s, want %s:\n%.2000s", w.title(), c.name, raised, p.Text())
	}
}

func (w *way) address(s *interop.Stand) string { return "http://" + door(s) + "/" + w.path }

func (w *way) again() {
	if w.before != nil {
		w.before()
	}
}

// title is the way with the status and, where the gateway answers, its code.
func (w *way) title() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %d %s", w.name, w.status, w.code))
}

// probe sends a SOAP request and looks for status and code.
func (w *way) probe(t *testing.T, s *interop.Stand) {
	t.Helper()
	w.again()
	const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.address(s), strings.NewReader(envelope))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("SOAPAction", `""`)
	req.Header.Set("X-Long", w.header)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := fail.Code(resp.Header.Get("Causeway-Error")); resp.StatusCode != w.status || got != w.code {
		t.Errorf("%s: the answer is %s %q", w.title(), resp.Status, got)
	}
}

// TestReactions: what the clients of .NET and Mono raise for each way to say no, through a real gateway.
func TestReactions(t *testing.T) {
	t.Parallel()
	all := callers(t)
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		callers, ways := all, refusals(t, s)
		if columnOf(t) == "two nodes" {
			callers = slices.DeleteFunc(slices.Clone(all), func(c caller) bool { return !c.far })
			ways = slices.DeleteFunc(ways, func(w way) bool { return !w.far })
		}
		play(t, s, callers, ways)
	})
	t.Run("full", func(t *testing.T) { t.Run("one node", func(t *testing.T) { full(t, all) }) })
	t.Run("leaving", func(t *testing.T) { t.Run("one node", func(t *testing.T) { leaving(t, all) }) })
	t.Run("parted", func(t *testing.T) { t.Run("two nodes", func(t *testing.T) { parted(t, all) }) })
}

// refusals makes a relay for each way to fail that needs no gateway of its own.
func refusals(t *testing.T, s *interop.Stand) []way {
	t.Helper()
	listenOnly, forged := entity.NewRule("ListenOnly", entity.Listen), entity.NewRule(entity.RootRule, entity.Send)
	token := func(rule *entity.Rule) string {
		return "key?sb-hc-token=" + url.QueryEscape(s.Cluster.Token(rule, "http://localhost/key", time.Now().Add(time.Hour)))
	}
	quick := func(e *entity.Entity) { e.Settings.ResponseTimeout = time.Second }
	add(s, "deserted")
	add(s, "key", func(e *entity.Entity) { e.AnonymousSenders, e.Rules = false, []entity.Rule{listenOnly} })
	add(s, "walled", func(e *entity.Entity) { e.Settings.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }) // nobody of this machine
	for _, name := range []string{"silent", "slow"} {
		add(s, name, quick)
	}
	for _, name := range []string{"lost", "nonsense", "small", "page", "gone"} {
		add(s, name)
	}
	hang(t, s, "slow")
	answering(t, s, "small", func(out http.ResponseWriter, _ *http.Request) {
		http.Error(out, "at most so many bytes", http.StatusRequestEntityTooLarge)
	})
	answering(t, s, "page", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/html")
		http.Error(out, "<html><body>Server Error in '/' Application.</body></html>", http.StatusInternalServerError)
	})
	answering(t, s, "gone", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	channel(t, s, "silent", func(*websocket.Conn, string) {})
	channel(t, s, "nonsense", func(c *websocket.Conn, id string) {
		_ = c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":100}}`, id))
	})
	leaves := func() { channel(t, s, "lost", func(c *websocket.Conn, _ string) { _ = c.NetConn().Close() }) }
	return []way{
		{name: "no such relay", path: "nowhere", code: fail.UnknownEntity, status: 404, dotnet: noEndpoint, mono: noEndpoint},
		{name: "nobody listens", path: "deserted", code: fail.NoListener, status: 404, dotnet: noEndpoint, mono: noEndpoint, far: true},
		{name: "no token", path: "key", code: fail.MissingToken, status: 401, dotnet: noRight, mono: "WebException"},
		{name: "a token of a wrong key", path: token(&forged), code: fail.InvalidSignature, status: 401, dotnet: noRight, mono: "WebException"},
		{name: "a token without Send", path: token(&listenOnly), code: fail.RightMissing, status: 403, dotnet: noRight, mono: "WebException"},
		{name: "the sender's address is not allowed", path: "walled", code: fail.AddressBlocked, status: 403, dotnet: noRight, mono: "WebException"},
		{name: "the listener does not answer", path: "silent", code: fail.ListenerSilent, status: 504, dotnet: "TimeoutException", mono: "FaultException", far: true},
		{name: "the service answers too late", path: "slow", code: fail.ListenerSilent, status: 504, dotnet: "TimeoutException", mono: "FaultException", far: true},
		{name: "the listener is lost meanwhile", path: "lost", code: fail.ListenerLost, status: 500, dotnet: "FaultException", mono: "FaultException", far: true, before: leaves},
		{name: "the listener's answer is none", path: "nonsense", code: fail.BadAnswer, status: 500, dotnet: "FaultException", mono: "FaultException", far: true},
		{name: "the address is too long", path: "deserted/" + strings.Repeat("x", 20<<10), code: fail.HeadTooLarge, status: 414, dotnet: "ProtocolException", mono: "WebException"},
		{name: "the head is too long", path: "deserted", header: strings.Repeat("x", 40<<10), code: fail.HeadTooLarge, status: 431, dotnet: "ProtocolException"},
		{name: "the message is too long for the service", path: "small", status: 413, dotnet: "ProtocolException", mono: "WebException"},
		{name: "the service shows an HTML page", path: "page", status: 500, dotnet: "ProtocolException", mono: "XmlException"},
		{name: "the service ends without an answer", path: "gone", status: 502, dotnet: "ProtocolException", mono: "FaultException", far: true},
	}
}

// Exceptions that several ways raise.
const (
	noEndpoint = "EndpointNotFoundException"
	noRight    = "MessageSecurityException"
	tooBusy    = "ServerTooBusyException"
)

// answering listens for a relay with a service that answers so.
func answering(t *testing.T, s *interop.Stand, name string, f http.HandlerFunc) {
	t.Helper()
	service := httptest.NewUnstartedServer(f)
	service.Config.ErrorLog = log.New(io.Discard, "", 0) // it breaks off on purpose
	service.Start()
	t.Cleanup(service.Close)
	connector(t, s, name, service.URL)
}

// channel listens for a relay with a control channel of the test's own: f has each request, by its id, when it comes. What the
// listener's programs never do is done with it. It has ended when the gateway has ended it.
func channel(t *testing.T, s *interop.Stand, name string, f func(c *websocket.Conn, id string)) (ended <-chan struct{}) {
	t.Helper()
	dialer := websocket.Dialer{TLSClientConfig: s.Cluster.TLS(), HandshakeTimeout: interop.Patience}
	token := s.Cluster.Token(s.Cluster.Root(), "http://localhost/"+name, time.Now().Add(time.Hour))
	c, resp, err := dialer.DialContext(t.Context(), "wss://"+s.Listen+"/$hc/"+name+"?sb-hc-action=listen", http.Header{"ServiceBusAuthorization": {token}})
	if err != nil {
		t.Fatalf("listen for %s: %v", name, err)
	}
	defer resp.Body.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			var m struct {
				Request struct {
					ID string `json:"id"`
				} `json:"request"`
			}
			kind, text, err := c.ReadMessage()
			if err != nil {
				return
			}
			if kind == websocket.TextMessage && json.Unmarshal(text, &m) == nil && m.Request.ID != "" {
				f(c, m.Request.ID)
			}
		}
	}()
	t.Cleanup(func() {
		_ = c.Close()
		<-done
	})
	return done
}

// stand is a gateway of its own for a way that others cannot share.
func stand(t *testing.T, nodes int, change func(*config.Config)) *interop.Stand {
	t.Helper()
	c := testcluster.New(t, nodes, testcluster.WithConfig(func(_ int, cfg *config.Config) { change(cfg) }))
	s := interop.NewStand(t, c.Node(nodes-1).Ready(), c.Node(0).Ready())
	s.Cluster = c
	return s
}

// full is a gateway that has as many connections as it may.
func full(t *testing.T, all []caller) {
	t.Helper()
	s := stand(t, 1, func(c *config.Config) { c.Limits.Connections = 1 })
	add(s, "full")
	channel(t, s, "full", func(*websocket.Conn, string) {})
	play(t, s, all, []way{{name: "as many connections as allowed", path: "full", code: fail.ConnectionLimit, status: 503, dotnet: tooBusy, mono: "FaultException"}})
}

// leaving is a gateway that shuts down, and is held up by a stream.
func leaving(t *testing.T, all []caller) {
	t.Helper()
	s := stand(t, 1, func(*config.Config) {})
	add(s, "watch")
	watch := channel(t, s, "watch", func(*websocket.Conn, string) {})
	stay(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = s.Cluster.Node(0).Shutdown(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-over
	})
	interop.Take(t, watch, "the end of the listener") // one that owes nothing is sent away at once
	play(t, s, all, []way{{name: "the gateway shuts down", path: "watch", code: fail.Draining, status: 503, dotnet: tooBusy, mono: "FaultException"}})
}

// stay opens a stream that holds the gateway up for as long as it may, and until the test ends.
func stay(t *testing.T, s *interop.Stand) {
	t.Helper()
	s.Add(&entity.Entity{Name: "stay"})
	cs := "Endpoint=sb://" + s.Listen + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key
	l, err := hybrid.Listen(t.Context(), cs, hybrid.WithEntity("stay"), hybrid.WithCAFile(s.CA))
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 1)
	go func() {
		defer close(accepted)
		if c, err := l.Accept(); err == nil {
			accepted <- c
		}
	}()
	near, err := hybrid.Dial(t.Context(), cs, hybrid.WithEntity("stay"), hybrid.WithCAFile(s.CA))
	if err != nil {
		t.Fatal(err)
	}
	far := interop.Take(t, accepted, "the stream")
	if far == nil {
		t.Fatal("nobody came")
	}
	t.Cleanup(func() {
		near.Abort()
		_ = far.Close()
		_ = l.Close()
	})
}

// parted are gateways whose listener's node goes while the sender waits: each call has one of its own, since it breaks it.
func parted(t *testing.T, all []caller) {
	t.Helper()
	w := &way{name: "the listener's node is lost meanwhile", path: "parted", code: fail.NodeLost, status: 500, dotnet: "FaultException", mono: "FaultException"}
	fresh := func() *interop.Stand {
		s := stand(t, 2, func(*config.Config) {})
		add(s, "parted")
		channel(t, s, "parted", func(*websocket.Conn, string) { s.Cluster.Kill(1) })
		return s
	}
	w.probe(t, fresh())
	for _, c := range all {
		if c.far {
			w.meet(t, fresh(), c)
		}
	}
}
