package connect_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/internal/http1"
)

// site is a web server that keeps the heads it was asked with as they came, and answers what the test wants.
type site struct {
	net.Listener

	mu     sync.Mutex
	heads  []string
	answer func(head *http1.Head, body []byte) string // whole answers, head and body
	conns  int
}

// newSite starts one.
func newSite(t *testing.T, answer func(head *http1.Head, body []byte) string) *site {
	t.Helper()
	s := &site{answer: answer}
	s.Listener = service(t, "tcp", "127.0.0.1:0", s.serve)
	return s
}

func (s *site) serve(c net.Conn) {
	s.mu.Lock()
	s.conns++
	s.mu.Unlock()
	in := bufio.NewReader(c)
	for {
		head, err := http1.ReadRequest(in, http1.Limits{})
		if err != nil {
			return
		}
		f, err := http1.RequestFraming(head)
		if err != nil {
			return
		}
		var body http1.BodyReader
		body.Reset(in, f)
		b, err := io.ReadAll(&body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.heads = append(s.heads, string(http1.AppendRequest(nil, head)))
		s.mu.Unlock()
		if _, err := io.WriteString(c, s.answer(head, b)); err != nil {
			return
		}
	}
}

// last is the head of the newest request.
func (s *site) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.heads) == 0 {
		return ""
	}
	return s.heads[len(s.heads)-1]
}

// sender is a plain HTTP client of the first node, head by head and byte by byte.
type sender struct {
	net.Conn

	in    *bufio.Reader
	token string
	host  string
}

func (w *world) sender() *sender {
	w.t.Helper()
	host := w.Node(0).Host("https")
	c, err := (&tls.Dialer{Config: w.TLS()}).DialContext(w.t.Context(), "tcp", host)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &sender{c, bufio.NewReader(c), w.Token(w.Root(), "http://localhost/", time.Now().Add(time.Hour)), host}
}

// ask sends a request and reads the answer.
func (s *sender) ask(t *testing.T, method, target string, fields http1.Fields, body string) (*http1.Head, string) {
	t.Helper()
	list := append(http1.Fields{{Name: "Host", Value: s.host}, {Name: "ServiceBusAuthorization", Value: s.token}}, fields...)
	head := &http1.Head{Method: method, Target: target, Minor: 1, Fields: list}
	if body != "" {
		http1.Framing{Kind: http1.Length, Length: int64(len(body))}.Apply(head)
	}
	if _, err := s.Write(append(http1.AppendRequest(nil, head), body...)); err != nil {
		t.Fatal(err)
	}
	answer, err := http1.ReadResponse(s.in, http1.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := http1.ResponseFraming(answer, method)
	if err != nil {
		t.Fatal(err)
	}
	var in http1.BodyReader
	in.Reset(s.in, f)
	b, err := io.ReadAll(&in)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(b)
}

// plainAnswer is an answer of 200 with a body.
func plainAnswer(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// TestHTTP: requests reach the web server, answers come back, connections are kept; the relay's name is cut off and put before a Location.
func TestHTTP(t *testing.T) {
	both(t, func(w *world) {
		s := newSite(w.t, func(head *http1.Head, body []byte) string {
			if strings.HasPrefix(head.Target, "/app/away") {
				return "HTTP/1.1 302 Found\r\nLocation: /app/login?x=/app\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
			}
			return plainAnswer(head.Method + " " + head.Target + " " + string(body))
		})
		l := w.bridge(w.listen, connect.Connector{Listen: "Sales.EU/Orders-V2", Target: "http://" + s.Addr().String() + "/app", Web: connect.Web{
			Add: []http1.Field{{Name: "X-Api.Key-ID", Value: "AbC"}}, Remove: []string{"x-secret"},
		}})
		l.await(connect.ListenerConnected)
		c := w.sender()
		for _, row := range []struct{ method, target, body, want string }{
			{"GET", "/Sales.EU/Orders-V2", "", "GET /app "},
			{"GET", "/Sales.EU/Orders-V2/", "", "GET /app/ "},
			{"GET", "/sales.eu/orders-v2/x?a=%20b", "", "GET /app/x?a=%20b "},
			{"POST", "/Sales.EU/Orders-V2/x", "small", "POST /app/x small"},
			{"PUT", "/Sales.EU/Orders-V2/x", strings.Repeat("large", 100000), "PUT /app/x " + strings.Repeat("large", 100000)},
			{"DELETE", "/Sales.EU/Orders-V2/x", "", "DELETE /app/x "},
			{"PROPFIND", "/Sales.EU/Orders-V2/x", "", "PROPFIND /app/x "},
		} {
			answer, body := c.ask(w.t, row.method, row.target, http1.Fields{{Name: "x-SECRET", Value: "1"}}, row.body)
			if answer.Status != 200 || body != row.want {
				w.t.Errorf("%s %s: %d, %.100q", row.method, row.target, answer.Status, body)
			}
			head := s.last()
			if !strings.Contains(head, "\r\nX-Api.Key-ID: AbC\r\n") || strings.Contains(strings.ToLower(head), "x-secret") || !strings.Contains(head, "\r\nHost: "+s.Addr().String()+"\r\n") {
				w.t.Errorf("the server saw\n%s", head)
			}
			if ev := l.await(connect.Answered); ev.Reason != "" || !strings.HasSuffix(ev.Text, " 200") || ev.In != int64(len(row.body)) || ev.Out != int64(len(row.want)) {
				w.t.Errorf("%+v", ev)
			}
		}
		answer, _ := c.ask(w.t, "GET", "/Sales.EU/Orders-V2/away", nil, "")
		if got := answer.Fields.Get("Location"); answer.Status != 302 || got != "/Sales.EU/Orders-V2/login?x=/app" || len(answer.Fields.Values("Set-Cookie")) != 2 {
			w.t.Errorf("%d to %s", answer.Status, got)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.conns > 2 {
			w.t.Errorf("%d connections for requests one by one", s.conns)
		}
	})
}

// TestFidelity: 500 generated heads each way, compared byte for byte; allowed is what is documented and nothing else.
func TestFidelity(t *testing.T) {
	const rounds = 500 / min(small, 4)
	both(t, func(w *world) {
		random := rand.New(rand.NewPCG(1, 2))
		var next string
		s := newSite(w.t, func(*http1.Head, []byte) string { return next })
		l := w.bridge(w.listen, connect.Connector{Listen: "hyco", Target: "http://" + s.Addr().String()})
		l.await(connect.ListenerConnected)
		c := w.sender()
		for round := range rounds {
			fields := randomFields(random)
			status := 200 + random.IntN(400)
			reason := randomText(random, " !#$%&*+-.^_`~|\"'(){}[]<>=/,:;@\\")
			answer := &http1.Head{Status: status, Reason: reason, Minor: 1, Fields: append(randomFields(random), http1.Field{Name: "Date", Value: "Thu, 01 Jan 2026 00:00:00 GMT"})}
			sent := append(http1.Fields(nil), answer.Fields...)
			http1.Framing{Kind: http1.Length}.Apply(answer)
			next = string(http1.AppendResponse(nil, answer))
			target := "/hyco/" + randomText(random, "-._~!$&'()*+,;=:@") + "?" + randomText(random, "-._~!$&'()*+,;=:@/?")
			got, _ := c.ask(w.t, []string{"GET", "OPTIONS", "DELETE", "X-Odd"}[random.IntN(4)], target, fields, "")

			seen, _, err := http1.DecodeRequest([]byte(s.last()), http1.Limits{})
			if err != nil {
				w.t.Fatal(err)
			}
			want := append(http1.Fields{{Name: "Host", Value: s.Addr().String()}}, fields...)
			if diff := cmp.Diff(want, without(seen.Fields, "Via")); diff != "" || seen.Target != strings.TrimPrefix(target, "/hyco") {
				w.t.Fatalf("round %d, request to %s: (-want +got)\n%s%s", round, target, seen.Target, diff)
			}
			if diff := cmp.Diff(sent, without(got.Fields, "Via", "Content-Length", "Connection")); diff != "" || got.Status != status || got.Reason != reason {
				w.t.Fatalf("round %d, answer %d %q, want %d %q: (-want +got)\n%s", round, got.Status, got.Reason, status, reason, diff)
			}
		}
	})
}

// without gives the fields but those of the names.
func without(list http1.Fields, names ...string) http1.Fields {
	out := append(http1.Fields(nil), list...)
	for _, name := range names {
		out.Del(name)
	}
	return out
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func randomText(r *rand.Rand, more string) string {
	alphabet := letters + more
	b := make([]byte, 1+r.IntN(30))
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return strings.TrimSpace("x" + string(b) + "x")
}

// randomFields are fields of an end-to-end nature, each name once: the gateway joins repeated ones (reference section 8.3).
func randomFields(r *rand.Rand) http1.Fields {
	var list http1.Fields
	for i := range r.IntN(12) {
		list = append(list, http1.Field{Name: fmt.Sprintf("X%d-%s", i, randomText(r, "!#$%&*+-.^_`~|")), Value: randomText(r, " \t!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")})
	}
	return list
}

// TestHTTPStreams: what the server writes arrives before it writes more, and what the sender writes as well.
func TestHTTPStreams(t *testing.T) {
	both(t, func(w *world) {
		steps := make(chan string)
		server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(rw)
			_ = control.EnableFullDuplex()
			rw.WriteHeader(200)
			_ = control.Flush()
			b := make([]byte, 64)
			for {
				n, err := r.Body.Read(b)
				if n > 0 {
					_, _ = rw.Write(bytes.ToUpper(b[:n]))
					_ = control.Flush()
				}
				if err != nil {
					return
				}
			}
		})}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			w.t.Fatal(err)
		}
		var runs sync.WaitGroup
		runs.Go(func() { _ = server.Serve(l) })
		w.t.Cleanup(runs.Wait)
		w.t.Cleanup(func() { server.Close() })
		w.listener("http://" + l.Addr().String())
		reader, writer := io.Pipe()
		request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "https://"+w.Node(0).Host("https")+"/hyco/echo", reader)
		if err != nil {
			w.t.Fatal(err)
		}
		request.Header.Set("ServiceBusAuthorization", w.Token(w.Root(), "http://localhost/", time.Now().Add(time.Hour)))
		transport := &http.Transport{TLSClientConfig: w.TLS()}
		defer transport.CloseIdleConnections()
		runs.Go(func() {
			for text := range steps {
				_, _ = io.WriteString(writer, text)
			}
			writer.Close()
		})
		steps <- "first"
		response, err := transport.RoundTrip(request)
		if err != nil {
			w.t.Fatal(err)
		}
		defer response.Body.Close()
		b := make([]byte, 64)
		for i, text := range []string{"FIRST", "SECOND", "THIRD"} {
			if i > 0 {
				steps <- strings.ToLower(text)
			}
			if _, err := io.ReadFull(response.Body, b[:len(text)]); err != nil || string(b[:len(text)]) != text {
				w.t.Fatalf("%q, %v; want %s", b[:len(text)], err, text)
			}
		}
		close(steps)
		if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
			w.t.Errorf("%q, %v", rest, err)
		}
	})
}

// TestHTTPDown: a web server that is away is told to sender and operator, and so is its return; answers without sense are 502.
func TestHTTPDown(t *testing.T) {
	both(t, func(w *world) {
		address := deadAddress(w.t)
		l := w.listener("http://" + address)
		c := w.sender()
		for range 2 {
			if answer, _ := c.ask(w.t, "GET", "/hyco", nil, ""); answer.Status != 502 || !strings.Contains(answer.Reason, "cannot reach its target") || strings.Contains(answer.Reason, address) {
				w.t.Errorf("%d %s", answer.Status, answer.Reason)
			}
			if ev := l.await(connect.Answered); ev.Reason != connect.TargetRefused || ev.Do == "" {
				w.t.Errorf("%+v", ev)
			}
		}
		answer := make(chan string, 1)
		service(w.t, "tcp", address, func(c net.Conn) {
			head, err := http1.ReadRequest(bufio.NewReader(c), http1.Limits{})
			if err == nil && head.Target == "/" {
				_, _ = io.WriteString(c, <-answer)
			}
		})
		answer <- plainAnswer("back")
		if head, body := c.ask(w.t, "GET", "/hyco/", nil, ""); head.Status != 200 || body != "back" {
			w.t.Errorf("%d %s", head.Status, body)
		}
		if ev := l.await(connect.TargetUp); ev.Entity != "hyco" {
			w.t.Errorf("%+v", ev)
		}
		for _, nonsense := range []string{"", "SSH-2.0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "HTTP/1.1 101 Switching Protocols\r\n\r\n"} {
			answer <- nonsense
			if head, _ := c.ask(w.t, "GET", "/hyco/", nil, ""); head.Status != 502 || !strings.Contains(head.Reason, "no proper answer") {
				w.t.Errorf("%q: %d %s", nonsense, head.Status, head.Reason)
			}
		}
	})
}

// TestWebSockets: a web application with WebSockets works behind one command; a refusal keeps its status; bytes of a forwarding
// connector reach the web server as they are.
func TestWebSockets(t *testing.T) {
	both(t, func(w *world) {
		var upgrader websocket.Upgrader
		upgrader.Subprotocols = []string{"chat"}
		server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/ws" {
				http.Error(rw, "no", http.StatusTeapot)
				return
			}
			c, err := upgrader.Upgrade(rw, r, nil)
			if err != nil {
				return
			}
			defer c.Close()
			for {
				kind, b, err := c.ReadMessage()
				if err != nil {
					return
				}
				if err := c.WriteMessage(kind, append([]byte(r.Header.Get("X-App")+":"), b...)); err != nil {
					return
				}
			}
		})}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			w.t.Fatal(err)
		}
		var runs sync.WaitGroup
		runs.Go(func() { _ = server.Serve(l) })
		w.t.Cleanup(runs.Wait)
		w.t.Cleanup(func() { server.Close() })
		e := w.listener("http://" + l.Addr().String())
		token := w.Token(w.Root(), "http://localhost/", time.Now().Add(time.Hour))
		dialer := websocket.Dialer{TLSClientConfig: w.TLS(), HandshakeTimeout: patience, Subprotocols: []string{"other", "chat"}}
		url := "wss://" + w.Node(0).Host("https") + "/hyco"
		for _, path := range []string{"/ws", "/ws?x=1"} {
			c, _, err := dialer.DialContext(w.t.Context(), url+path, http.Header{"ServiceBusAuthorization": {token}, "X-App": {"app"}})
			if err != nil {
				w.t.Fatal(err)
			}
			if c.Subprotocol() != "chat" {
				w.t.Errorf("sub-protocol %q", c.Subprotocol())
			}
			_ = c.SetReadDeadline(time.Now().Add(patience))
			for _, text := range []string{"one", strings.Repeat("two", 50000)} {
				if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
					w.t.Fatal(err)
				}
				if kind, b, err := c.ReadMessage(); err != nil || kind != websocket.TextMessage || string(b) != "app:"+text {
					w.t.Fatalf("%d %.50q %v", kind, b, err)
				}
			}
			_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "bye"), time.Now().Add(patience))
			if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, 4001) {
				w.t.Errorf("%v", err)
			}
			c.Close()
			if ev := e.await(connect.Closed); ev.Reason != fail.PeerClosed {
				w.t.Errorf("%+v", ev)
			}
		}
		_, answer, err := dialer.DialContext(w.t.Context(), url+"/elsewhere", http.Header{"ServiceBusAuthorization": {token}})
		if !errors.Is(err, websocket.ErrBadHandshake) || answer.StatusCode != http.StatusTeapot {
			w.t.Errorf("%v", err)
		}
		_, address := w.forward()
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(get(w.t, "http://"+address+"/plain"))
		if err != nil {
			w.t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusTeapot {
			w.t.Errorf("through a forwarding connector: %s", response.Status)
		}
	})
}

func get(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
