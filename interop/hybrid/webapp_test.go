package hybrid

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/interop"
)

// webApp is a web application that knows nothing of relays: an echo of bodies, an event stream and a chat, for pages of other
// origins too. Whoever reads the event stream says so after each event (POST /read): the next is written only then.
type webApp struct{ read chan struct{} }

const appEvents = 5

func (a *webApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "X-Test, Content-Type")
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST, PUT")
	switch {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case strings.HasSuffix(r.URL.Path, "/echo"):
		w.Header().Set("X-Method", r.Method+" "+r.Header.Get("X-Test"))
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		body, err := io.ReadAll(r.Body) // a net/http server stops reading the request with the first byte of the answer
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write(body)
	case strings.HasSuffix(r.URL.Path, "/read"):
		select {
		case a.read <- struct{}{}:
		case <-r.Context().Done():
		}
	case strings.HasSuffix(r.URL.Path, "/events"):
		a.events(w, r)
	case strings.HasSuffix(r.URL.Path, "/chat"):
		chat(w, r)
	default:
		http.NotFound(w, r)
	}
}

// events writes the head, and each event when its reader has had what came before.
func (a *webApp) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	_ = http.NewResponseController(w).Flush()
	if r.Method == http.MethodHead { // as handlers are that do not look: it goes on
		<-r.Context().Done()
		return
	}
	for i := range appEvents {
		select {
		case <-a.read:
		case <-r.Context().Done():
			return
		}
		fmt.Fprintf(w, "id: %d\ndata: event %d\n\n", i, i)
		_ = http.NewResponseController(w).Flush()
	}
	<-r.Context().Done() // streams of events end with their reader
}

// chat says each message back, in capitals.
func chat(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, m, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteMessage(kind, []byte(strings.ToUpper(string(m)))); err != nil {
			return
		}
	}
}

// carriers are the two ways to bring an application to its senders.
var carriers = []struct {
	name  string
	start func(t *testing.T, s *interop.Stand, relay string, h http.Handler)
}{
	{"hybrid.Serve", serve},
	{"causeway listen", func(t *testing.T, s *interop.Stand, relay string, h http.Handler) {
		web := httptest.NewServer(h)
		t.Cleanup(web.Close)
		causeway(t, "listen", relay, "--target", web.URL, "--connection-string", connectionString(s, s.Listen), "--ca-file", s.CA).
			Await(`: listening$`)
	}},
}

// onCarriers runs a story with the application on each carrier, on one node and on two. base is the application's address.
func onCarriers(t *testing.T, story func(t *testing.T, s *interop.Stand, base string)) {
	t.Helper()
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, c := range carriers {
			t.Run(c.name, func(t *testing.T) {
				relay := relays(s, strings.ReplaceAll(c.name, " ", "-"))[1]
				c.start(t, s, relay, &webApp{make(chan struct{})})
				story(t, s, "https://"+s.Send+"/"+relay)
			})
		}
	})
}

// TestEventsByGo: the head arrives before any body, and each event before the next is written.
func TestEventsByGo(t *testing.T) {
	t.Parallel()
	interop.Need(t, "curl")
	onCarriers(t, func(t *testing.T, s *interop.Stand, base string) {
		client := webClient(t, s)
		a, err := client.Get(base + "/events")
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		if a.Header.Get("Content-Type") != "text/event-stream" || a.ContentLength != -1 {
			t.Errorf("%v, length %d", a.Header, a.ContentLength)
		}
		head, err := client.Head(base + "/events") // of a stream that does not end
		if err != nil {
			t.Fatal(err)
		}
		head.Body.Close()
		if head.StatusCode != http.StatusOK || head.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("HEAD: %s %v", head.Status, head.Header)
		}
		in := bufio.NewReader(a.Body)
		for i := range appEvents {
			ack, err := client.Post(base+"/read", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			ack.Body.Close()
			for _, want := range []string{fmt.Sprintf("id: %d\n", i), fmt.Sprintf("data: event %d\n", i), "\n"} {
				if line, err := in.ReadString('\n'); err != nil || line != want {
					t.Fatalf("%q, %v, want %q", line, err, want)
				}
			}
		}
	})
}

// TestEventsByRaw is the same with a listener that answers on a rendezvous, fragment by fragment.
func TestEventsByRaw(t *testing.T) {
	t.Parallel()
	interop.Need(t, "curl")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		l := listenRaw(t, s, interop.Open, "raw")
		defer l.control.Close()
		type result struct {
			a   *http.Response
			err error
		}
		answered := make(chan result, 1)
		client := webClient(t, s)
		go func() {
			a, err := client.Get("https://" + s.Send + "/open/events")
			answered <- result{a, err}
		}()
		r, _, _, err := l.next()
		if err != nil {
			t.Fatal(err)
		}
		c, err := l.rendezvous(r.Address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := writeResponse(c, webResponse{ID: r.ID, Status: 200, Headers: map[string]string{"Content-Type": "text/event-stream"}, Body: true}); err != nil {
			t.Fatal(err)
		}
		got := interop.Take(t, answered, "the head of the answer")
		if got.err != nil {
			t.Fatal(got.err)
		}
		defer got.a.Body.Close()
		in := bufio.NewReader(got.a.Body)
		for i := range appEvents {
			event := fmt.Sprintf("id: %d\ndata: event\n\n", i) // some 20 bytes: whoever gathers would be seen
			if _, err := c.NetConn().Write(fragment(i == 0, false, event)); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, len(event))
			if _, err := io.ReadFull(in, buf); err != nil || string(buf) != event {
				t.Fatalf("event %d: %q, %v", i, buf, err)
			}
		}
		if _, err := c.NetConn().Write(fragment(false, true, "")); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
			t.Errorf("%q more, %v", rest, err)
		}
	})
}

// fragment is a masked frame of a binary message of less than 126 bytes; the library can only gather. The mask is zero.
func fragment(first, last bool, payload string) []byte {
	b := []byte{0, 0x80 | byte(len(payload)), 0, 0, 0, 0}
	if first {
		b[0] = websocket.BinaryMessage
	}
	if last {
		b[0] |= 0x80
	}
	return append(b, payload...)
}

// TestWebSenders: one exchange of every size and one answer in pieces, by the HTTP clients that people have.
func TestWebSenders(t *testing.T) {
	t.Parallel()
	interop.Need(t, "node", "python", "curl")
	onCarriers(t, func(t *testing.T, s *interop.Stand, base string) {
		for _, sender := range [][]string{
			{"node", interop.Root(t) + "/interop/node/web-sender.js"},
			{interop.Python(t, "ssl"), interop.Root(t) + "/interop/python/web_sender.py"},
		} {
			p := interop.Start(t, t.TempDir(), append(s.Sender(interop.Open), "PYTHONDONTWRITEBYTECODE=1"), sender[0], append(sender[1:], base)...)
			p.Await(`^exchanges done \d+$`)
			p.Finish(interop.Patience)
		}
		for _, args := range [][]string{{}, {"-H", "Transfer-Encoding: chunked"}, {"-H", "Expect: 100-continue"}} {
			body := strings.Repeat("curl", 50000)
			p := interop.Start(t, t.TempDir(), nil, "curl", append(args, "--silent", "--show-error", "--fail", "--http1.1", "--max-time", "25", "--cacert", s.CA,
				"--data-binary", "@-", "-H", "X-Test: curl", "--dump-header", "/dev/stderr", base+"/echo")...)
			p.Say(body)
			p.Hush()
			p.Finish(interop.Patience)
			for _, want := range []string{body, "X-Method: POST curl", "Set-Cookie: a=1", "Set-Cookie: b=2"} {
				if !strings.Contains(p.Text(), want) {
					t.Errorf("curl %v shows no %.40q", args, want)
				}
			}
		}
	})
}

// TestChatByGo: a WebSocket at the application's own address, without /$hc and without an action.
func TestChatByGo(t *testing.T) {
	t.Parallel()
	interop.Need(t, "curl")
	onCarriers(t, func(t *testing.T, s *interop.Stand, base string) {
		dial := &websocket.Dialer{TLSClientConfig: s.TLS(), HandshakeTimeout: interop.Patience}
		c, a, err := dial.DialContext(t.Context(), strings.Replace(base, "https", "wss", 1)+"/chat?room=1", nil)
		if err != nil {
			t.Fatalf("%v %v", a, err)
		}
		defer c.Close()
		for _, m := range []string{"hello", strings.Repeat("long ", 20000)} {
			if err := c.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
				t.Fatal(err)
			}
			want := strings.ToUpper(m)
			if kind, got, err := c.ReadMessage(); err != nil || kind != websocket.TextMessage || string(got) != want {
				t.Errorf("%d bytes became %d, %v", len(m), len(got), err)
			}
		}
	})
}
