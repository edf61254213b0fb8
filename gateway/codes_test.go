package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// patience bounds every wait of these tests.
const patience = 20 * time.Second

// world is a cluster with the entity hyco and clients.
type world struct {
	*testcluster.Cluster
	t *testing.T
}

// got is what a peer was told: the status of an answer with its field Causeway-Error, or the code of a Close.
type got struct {
	status int
	code   string
}

// place is where a code shows beside the answer: the log line's message and attributes, and the metric's labels.
type place struct {
	line   map[string]string
	metric string
	labels string
}

// refused and closed are the two kinds of place. {} in them is the code.
func refused(door, shape string) place {
	line := map[string]string{"msg": "refused", "door": door, "reason": "{}"}
	if shape != "" {
		line["shape"] = shape
	}
	return place{line, "causeway_refused_total", `door="` + door + `",reason="{}"`}
}

func closed(shape string) place {
	return place{map[string]string{"msg": "closed", "shape": shape, "reason": "{}"}, "causeway_closed_total", `reason="{}",shape="` + shape + `"`}
}

// management is where refusals of the API show.
var management = place{map[string]string{"msg": "management", "reason": "{}"}, "causeway_refused_total", `door="api",reason="{}"`}

// row provokes one code.
type row struct {
	want    got // code "" : a Close
	at      place
	nodes   int // 0: 1
	config  func(c *config.Config)
	provoke func(w *world) got
}

// refusal is the row of a handshake that is turned away.
func refusal(status int, provoke func(w *world) got) row {
	return row{want: got{status, "{}"}, at: refused("https", "stream"), provoke: provoke}
}

func (r row) with(f func(c *config.Config)) row { r.config = f; return r }
func (r row) on(at place) row                   { r.at = at; return r }

// codes provoke every reason that the gateway has, over the wire.
var codes = map[fail.Code]row{
	fail.MissingToken:     refusal(401, func(w *world) got { return w.knock("hyco", "connect", "") }),
	fail.MalformedToken:   refusal(401, func(w *world) got { return w.knock("hyco", "connect", "SharedAccessSignature x=1") }),
	fail.InvalidSignature: refusal(401, func(w *world) got { return w.knock("hyco", "connect", w.badly("RootManageSharedAccessKey", "hyco")) }),
	fail.ExpiredToken: refusal(401, func(w *world) got {
		return w.knock("hyco", "connect", w.Token(w.Root(), "http://localhost/hyco", time.Now().Add(-time.Hour)))
	}),
	fail.InvalidAudience: refusal(401, func(w *world) got { return w.knock("hyco", "connect", w.sign("other")) }),
	fail.RightMissing: refusal(401, func(w *world) got {
		only := entity.NewRule("ListenOnly", entity.Listen)
		w.Add(&entity.Entity{Name: "ruled", Rules: []entity.Rule{only}})
		return w.knock("ruled", "connect", w.Token(&only, "http://localhost/ruled", time.Now().Add(time.Hour)))
	}),
	fail.AddressBlocked: refusal(403, func(w *world) got {
		w.Add(&entity.Entity{Name: "closed", Settings: entity.Settings{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
		return w.knock("closed", "connect", w.sign(""))
	}),
	fail.BadRequest: refusal(400, func(w *world) got { return w.knock("hyco", "steal", w.sign("")) }),
	fail.BadFrame: {want: got{status: 1002}, at: closed("stream"), provoke: func(w *world) got {
		near, _ := w.stream()
		w.write(near, "\x82\x02hi") // not masked
		return w.end(near)
	}},
	fail.UpgradeRequired: {want: got{400, "{}"}, at: refused("http", ""), provoke: func(w *world) got {
		return w.plain("GET /$hc/hyco HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}},
	fail.HeadTooLarge: {want: got{431, "{}"}, at: refused("http", ""), provoke: func(w *world) got {
		return w.plain("GET /hyco HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 40<<10) + "\r\n\r\n")
	}},
	fail.TooLarge: {want: got{status: 1009}, at: closed("listener"), provoke: func(w *world) got {
		c := w.listen("hyco", "")
		_ = c.WriteMessage(websocket.TextMessage, make([]byte, 2<<20))
		return w.end(c)
	}},
	fail.SlowHead: row{want: got{408, "{}"}, at: refused("http", ""), provoke: func(w *world) got {
		return w.plain("GET /hyco HTTP/1.1\r\n")
	}}.with(func(c *config.Config) { c.Timeouts.Head = 200 * time.Millisecond }),
	fail.SlowBody: row{want: got{408, "{}"}, at: refused("http", "exchange"), provoke: func(w *world) got {
		w.listen("open", "")
		return w.plain("POST /open HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nbegun")
	}}.with(func(c *config.Config) { c.Timeouts.Idle = 200 * time.Millisecond }),
	fail.ListenerSilent: row{want: got{504, "{}"}, at: refused("http", "exchange"), provoke: func(w *world) got {
		w.listen("open", "")
		return w.plain("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}}.with(func(c *config.Config) { c.Timeouts.Response = 100 * time.Millisecond }),
	fail.RendezvousTimeout: row{want: got{504, "{}"}, at: refused("http", "exchange"), provoke: func(w *world) got {
		w.listen("open", "")
		return w.plain("POST /open HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70000\r\n\r\n" + strings.Repeat("x", 70000))
	}}.with(func(c *config.Config) { c.Timeouts.Response = 100 * time.Millisecond }),
	fail.BadAnswer: {want: got{502, "{}"}, at: refused("http", "exchange"), provoke: func(w *world) got {
		c := w.listen("open", "")
		go func() { // ends with the connection
			var m struct{ Request struct{ ID string } }
			if c.ReadJSON(&m) == nil {
				_ = c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":100}}`, m.Request.ID))
			}
		}()
		return w.plain("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}},
	fail.UnknownEntity: refusal(404, func(w *world) got { return w.knock("nowhere", "connect", w.sign("")) }),
	fail.NoListener:    refusal(404, func(w *world) got { return w.knock("hyco", "connect", w.sign("")) }),
	fail.NoMatchingListener: refusal(404, func(w *world) got {
		w.listen("hyco", "")
		return w.knock("hyco", "connect", w.sign(""), "Microsoft-Relay-AllowedListeners", "none")
	}),
	fail.UnknownTicket: refusal(400, func(w *world) got { return w.knock("hyco", "accept", "") }).on(refused("https", "rendezvous")),
	fail.ListenerLimit: refusal(403, func(w *world) got {
		w.listen("hyco", "")
		return w.knock("hyco", "listen", w.sign(""))
	}).on(refused("https", "listener")).with(func(c *config.Config) { c.Limits.ListenersPerEntity = 1 }),
	fail.ConnectionLimit: refusal(403, func(w *world) got {
		w.listen("hyco", "")
		return w.knock("hyco", "connect", w.sign(""))
	}).with(func(c *config.Config) { c.Limits.Connections = 1 }),
	fail.Conflict: {want: got{412, "{}"}, at: management, provoke: func(w *world) got {
		return w.manage("PUT", "entities/hyco", `{"kind":"hybrid"}`, "If-None-Match", "*")
	}},
	fail.OwnedByFile: row{want: got{409, "{}"}, at: management, provoke: func(w *world) got {
		return w.manage("DELETE", "entities/declared", "")
	}}.with(func(c *config.Config) { c.Entities = []config.Entity{{Name: "declared", Kind: "hybrid"}} }),
	fail.AcceptTimeout: refusal(504, func(w *world) got {
		w.listen("hyco", "")
		return w.knock("hyco", "connect", w.sign(""))
	}).with(func(c *config.Config) { c.Timeouts.Accept = 100 * time.Millisecond }),
	fail.ListenerLost: refusal(502, func(w *world) got {
		c := w.listen("hyco", "")
		return w.meanwhile(func() { w.offer(c); _ = c.Close() })
	}),
	fail.Rejected: refusal(418, func(w *world) got {
		c := w.listen("hyco", "")
		return w.meanwhile(func() { w.visit(w.offer(c) + "&sb-hc-statusCode=418&sb-hc-statusDescription=teapot") })
	}),
	fail.SlowClient: {want: got{503, "{}"}, at: refused("http", "cast"), provoke: func(w *world) got {
		const post = "POST /mail HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"
		w.Add(&entity.Entity{Name: "mail", Kind: entity.OneWay, AnonymousSenders: true})
		c := w.listen("mail", "sb-hc-cast=request")
		_, _ = fmt.Fprint(w.raw("http"), post) // nobody answers it
		for range 2 {                          // the request and its body
			if _, _, err := c.ReadMessage(); err != nil {
				w.t.Error(err)
			}
		}
		return w.plain(post)
	}},
	fail.Draining: refusal(503, func(w *world) got {
		w.stream() // holds the drain up
		ctx, cancel := context.WithCancel(context.Background())
		c := w.listen("hyco", "sb-hc-id=watch")
		over := make(chan error, 1)
		go func() { over <- w.Node(0).Shutdown(ctx) }()
		w.t.Cleanup(func() { cancel(); <-over })
		if end := w.end(c); end.status != 1001 {
			w.t.Errorf("a listener of a node that drains was told %d", end.status)
		}
		return w.knock("hyco", "connect", w.sign(""))
	}),
	fail.Overloaded: refusal(503, func(w *world) got {
		c := w.listen("hyco", "")
		go w.knock("hyco", "connect", w.sign("")) // ends with the cluster
		w.offer(c)
		return w.knock("hyco", "connect", w.sign(""))
	}).with(func(c *config.Config) { c.Limits.Pending = 1 }),
	fail.NodeLost: {want: got{502, "{}"}, at: refused("https", "rendezvous"), nodes: 2, provoke: func(w *world) got {
		c := w.listen("hyco", "")
		go w.knockAt(1, "hyco", "connect", w.sign("")) // ends with the cluster
		address := w.offer(c)
		w.Net().Partition(1, 2)
		return w.visit(strings.Replace(address, w.Node(1).Host("https"), w.Node(0).Host("https"), 1))
	}},
	fail.PeerClosed: {want: got{status: 4001}, at: closed("stream"), provoke: func(w *world) got {
		near, far := w.stream()
		_ = near.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "bye"), time.Now().Add(patience))
		end := w.end(far) // gorilla answers
		w.end(near)
		return end
	}},
	fail.SenderGone: {want: got{}, at: refused("https", "stream"), provoke: func(w *world) got {
		c := w.listen("hyco", "")
		raw := w.raw("https")
		fmt.Fprintf(raw, "GET /$hc/hyco HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nServiceBusAuthorization: %s\r\n\r\n", w.sign(""))
		w.offer(c)
		_ = raw.Close()
		return got{}
	}},
	fail.Aborted: {want: got{status: websocket.CloseAbnormalClosure}, at: closed("stream"), provoke: func(w *world) got {
		near, far := w.stream()
		_ = near.NetConn().Close()
		return w.end(far)
	}},
	fail.Idle: row{want: got{status: websocket.CloseAbnormalClosure}, at: closed("stream"), provoke: func(w *world) got {
		near, far := w.stream()
		far.SetCloseHandler(func(int, string) error { return nil })
		_ = near.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(patience))
		w.end(far)
		return w.end(near)
	}}.with(func(c *config.Config) { c.Timeouts.Idle = 200 * time.Millisecond }),
	fail.WriteTimeout: row{want: got{}, at: closed("stream"), provoke: func(w *world) got {
		near, _ := w.stream() // nobody reads at the far end
		for near.WriteMessage(websocket.BinaryMessage, make([]byte, 256<<10)) == nil {
		}
		return got{}
	}}.with(func(c *config.Config) { c.Timeouts.Write = 200 * time.Millisecond }),
	fail.TokenExpired: row{want: got{status: 1008}, at: closed("listener"), provoke: func(w *world) got {
		return w.end(w.listenWith("hyco", "", w.Token(w.Root(), "http://localhost/hyco", time.Now().Add(1500*time.Millisecond))))
	}}.with(func(c *config.Config) { c.Timeouts.TokenGrace = time.Millisecond }),
	fail.EntityDeleted: {want: got{status: 1001}, at: closed("listener"), provoke: func(w *world) got {
		e := w.Add(&entity.Entity{Name: "doomed"})
		c := w.listen("doomed", "")
		if err := w.Store().Delete(context.Background(), e.At, store.Any); err != nil {
			w.t.Error(err)
		}
		return w.end(c)
	}},
	fail.Replaced: {want: got{status: 1001}, at: closed("listener"), provoke: func(w *world) got {
		const id = "sb-hc-id=11111111-2222-3333-4444-555555555555"
		c := w.listen("hyco", id)
		w.listen("hyco", id)
		return w.end(c)
	}},
	fail.Dropped: {want: got{status: 1001}, at: closed("listener"), provoke: func(w *world) got {
		c := w.listen("hyco", "sb-hc-id=worker7")
		if answer := w.manage("DELETE", "listeners/worker7", ""); answer.status/100 != 2 {
			w.t.Errorf("drop: %+v", answer)
		}
		return w.end(c)
	}},
}

// alone are codes that need a node of their own: TestStarting and TestInternal provoke them.
var alone = map[fail.Code]bool{fail.Starting: true, fail.Internal: true}

// TestCodes provokes every code there is, and finds it in the answer, in the log and in the metrics.
func TestCodes(t *testing.T) {
	for _, code := range fail.Codes() {
		r, ok := codes[code]
		if !ok {
			if !alone[code] {
				t.Errorf("nothing provokes %s: provoke it, or take it out of gateway/fail", code)
			}
			continue
		}
		t.Run(string(code), func(t *testing.T) {
			var opts []testcluster.Option
			if r.config != nil {
				opts = append(opts, testcluster.WithConfig(func(_ int, c *config.Config) { r.config(c) }))
			}
			w := &world{testcluster.New(t, max(1, r.nodes), opts...), t}
			w.Add(&entity.Entity{Name: "hyco"})
			w.Add(&entity.Entity{Name: "open", AnonymousSenders: true})
			answer := r.provoke(w)
			r.want.code = strings.ReplaceAll(r.want.code, "{}", string(code))
			if answer != r.want {
				t.Errorf("the peer was told %+v, want %+v", answer, r.want)
			}
			w.shows(code, r.at)
		})
	}
	for code := range codes {
		if code.Info().Code != code {
			t.Errorf("%s is no code any more", code)
		}
	}
}

// shows wants the code in the log and in the metrics of the first node.
func (w *world) shows(code fail.Code, at place) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	w.Await(ctx, string(code), func(line map[string]string) bool {
		for key, want := range at.line {
			if line[key] != strings.ReplaceAll(want, "{}", string(code)) {
				return false
			}
		}
		return true
	})
	if n := w.Metric(0, at.metric, strings.ReplaceAll(at.labels, "{}", string(code))); n < 1 {
		w.t.Errorf("%s{%s} is %v", at.metric, at.labels, n)
	}
}

// sign makes a good token for the path.
func (w *world) sign(path string) string {
	return w.Token(w.Root(), "http://localhost/"+path, time.Now().Add(time.Hour))
}

// badly signs with a key that nobody has.
func (w *world) badly(rule, path string) string {
	return w.Sign("http://localhost/"+path, rule, "no-key-of-anybody-here", time.Now().Add(time.Hour))
}

// open dials the node's https door; header are pairs of name and value.
func (w *world) open(node int, path, action, query, token string, header ...string) (*websocket.Conn, *http.Response, error) {
	h := http.Header{}
	if token != "" {
		h.Set("ServiceBusAuthorization", token)
	}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	url := "wss://" + w.Node(node).Host("https") + "/$hc/" + path + "?sb-hc-action=" + action
	if query != "" {
		url += "&" + query
	}
	return w.dial(url, h)
}

func (w *world) dial(url string, h http.Header) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{TLSClientConfig: w.TLS(), HandshakeTimeout: patience}
	conn, resp, err := d.Dial(url, h)
	if conn != nil {
		w.t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		_ = conn.SetWriteDeadline(time.Now().Add(patience))
	}
	if resp != nil {
		body, _ := io.ReadAll(resp.Body)
		w.Saw("a handshake's answer", fmt.Appendf(body, "%s %v", resp.Status, resp.Header))
	}
	return conn, resp, err
}

// knock opens a handshake that is refused.
func (w *world) knock(path, action, token string, header ...string) got {
	return w.knockAt(0, path, action, token, header...)
}

func (w *world) knockAt(node int, path, action, token string, header ...string) got {
	_, resp, _ := w.open(node, path, action, "", token, header...)
	return gotOf(resp)
}

func gotOf(resp *http.Response) got {
	if resp == nil {
		return got{}
	}
	return got{resp.StatusCode, resp.Header.Get("Causeway-Error")}
}

// listen opens a control channel.
func (w *world) listen(path, query string) *websocket.Conn {
	return w.listenWith(path, query, w.sign(""))
}

func (w *world) listenWith(path, query, token string) *websocket.Conn {
	conn, resp, err := w.open(0, path, "listen", query, token)
	if err != nil {
		w.t.Fatalf("listen: %v %v", err, resp)
	}
	return conn
}

// offer waits for an accept message and gives its address.
func (w *world) offer(c *websocket.Conn) string {
	var m struct{ Accept struct{ Address string } }
	if err := c.ReadJSON(&m); err != nil {
		w.t.Errorf("offer: %v", err)
	}
	return m.Accept.Address
}

// visit dials an address of an accept message and gives the answer.
func (w *world) visit(address string) got {
	_, resp, _ := w.dial(address, nil)
	return gotOf(resp)
}

// meanwhile connects to hyco and does something while the sender waits.
func (w *world) meanwhile(f func()) got {
	answer := make(chan got, 1)
	go func() { answer <- w.knock("hyco", "connect", w.sign("")) }()
	f()
	return <-answer
}

// stream is a stream to a new listener of hyco.
func (w *world) stream() (near, far *websocket.Conn) {
	c := w.listen("hyco", "")
	opened := make(chan *websocket.Conn, 1)
	go func() {
		conn, _, _ := w.open(0, "hyco", "connect", "", w.sign(""))
		opened <- conn
	}()
	far, resp, err := w.dial(w.offer(c), nil)
	if near = <-opened; err != nil || near == nil {
		w.t.Fatalf("stream: %v %v", err, resp)
	}
	return near, far
}

// write puts bytes on a connection past its frames.
func (w *world) write(c *websocket.Conn, b string) {
	if _, err := io.WriteString(c.NetConn(), b); err != nil {
		w.t.Error(err)
	}
}

// end waits for the Close of a connection, or its loss.
func (w *world) end(c *websocket.Conn) got {
	for {
		_, _, err := c.ReadMessage()
		var end *websocket.CloseError
		switch {
		case errors.As(err, &end):
			w.Saw("a Close", []byte(end.Text))
			return got{status: end.Code}
		case err != nil:
			return got{status: websocket.CloseAbnormalClosure}
		}
	}
}

// raw opens a connection to a door.
func (w *world) raw(door string) net.Conn {
	w.t.Helper()
	conn, err := net.DialTimeout("tcp", w.Node(0).Door(door), patience)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	if door == "https" {
		return tls.Client(conn, w.TLS())
	}
	return conn
}

// plain sends a request to the http door.
func (w *world) plain(request string) got {
	conn := w.raw("http")
	if _, err := io.WriteString(conn, request); err != nil {
		w.t.Error(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		w.t.Errorf("answer: %v", err)
		return got{}
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	w.Saw("an HTTP answer", fmt.Appendf(body, "%s %v", resp.Status, resp.Header))
	return gotOf(resp)
}

// manage asks the management API as the operator.
func (w *world) manage(method, path, body string, header ...string) got {
	w.t.Helper()
	resp, b := w.api("http://"+w.Node(0).Door("admin")+"/api/"+path, method, body, append(header, "Authorization", "Bearer "+w.AdminToken())...)
	w.Saw("an answer of the API", b)
	return gotOf(resp)
}

// api does one HTTP request.
func (w *world) api(url, method, body string, header ...string) (*http.Response, []byte) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: w.TLS()}}
	resp, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, b
}

// slow is a bus on which watching or holding does not go as it should.
type slow struct {
	mesh.Bus

	watch <-chan struct{} // Watch returns when it is closed
	hold  error
}

func (s *slow) Watch(f func(mesh.Change)) (stop func()) {
	<-s.watch
	return s.Bus.Watch(f)
}

func (s *slow) Hold(ctx context.Context, h mesh.Holding) (release func(), err error) {
	if s.hold != nil {
		return nil, s.hold
	}
	return s.Bus.Hold(ctx, h)
}

// withBus gives every node a bus that is changed.
func withBus(change func(*slow)) func(*gateway.Params) {
	return func(p *gateway.Params) {
		p.Join = func(self mesh.Node) (mesh.Bus, mesh.Link, error) {
			bus, err := memory.NewNet(mesh.Timing{}).Join(context.Background(), self)
			s := &slow{Bus: bus}
			change(s)
			return s, nil, err
		}
	}
}

// TestStarting: while the tables load, doors are served, health says why the node is not ready, and every handshake gets 503;
// then it is let in.
func TestStarting(t *testing.T) {
	loaded := make(chan struct{})
	w := &world{testcluster.New(t, 1, testcluster.WithParams(withBus(func(s *slow) { s.watch = loaded })), testcluster.WithoutWaiting()), t}
	w.Add(&entity.Entity{Name: "hyco"})
	for _, action := range []string{"listen", "connect"} {
		if answer := w.knock("hyco", action, w.sign("")); answer != (got{503, "Starting"}) {
			t.Errorf("%s was told %+v", action, answer)
		}
	}
	w.shows(fail.Starting, refused("https", "listener"))
	w.shows(fail.Starting, refused("https", "stream"))
	resp, body := w.api("http://"+w.Node(0).Door("admin")+"/readyz", "GET", "")
	var ready struct {
		Ready   bool `json:"ready"`
		Reasons []struct {
			Reason string `json:"reason"`
		} `json:"reasons"`
	}
	if err := json.Unmarshal(body, &ready); err != nil || resp.StatusCode != 503 || ready.Ready || len(ready.Reasons) != 1 || ready.Reasons[0].Reason != "loading" {
		t.Errorf("readiness is %d %s", resp.StatusCode, body)
	}
	close(loaded)
	w.Ready(0)
	w.listen("hyco", "")
	if resp, body := w.api("http://"+w.Node(0).Door("admin")+"/readyz", "GET", ""); resp.StatusCode != 200 {
		t.Errorf("readiness is %d %s", resp.StatusCode, body)
	}
}

// TestInternal: what breaks inside is 500 with a tracking id for the peer, and the cause only in the log.
func TestInternal(t *testing.T) {
	broken := errors.New("the mesh is on fire")
	w := &world{testcluster.New(t, 1, testcluster.WithParams(withBus(func(s *slow) {
		s.hold = broken
		s.watch = closedChannel()
	}))), t}
	w.Add(&entity.Entity{Name: "hyco"})
	_, resp, _ := w.open(0, "hyco", "listen", "", w.sign(""))
	if answer := gotOf(resp); answer != (got{500, "Internal"}) {
		t.Errorf("the listener was told %+v", answer)
	}
	if resp != nil && strings.Contains(resp.Status, "fire") {
		t.Errorf("the peer was told of the inside: %q", resp.Status)
	}
	w.shows(fail.Internal, refused("https", "listener"))
	if !strings.Contains(w.Log(), broken.Error()) {
		t.Error("the log does not have the cause")
	}
}

func closedChannel() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
