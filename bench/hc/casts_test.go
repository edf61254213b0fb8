package hc

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// TestReceive: messages come on connections that the gateway asks for, one behind the other; each is whole, whatever its frames.
func TestReceive(t *testing.T) {
	var up websocket.Upgrader
	messages := []string{"", "one", strings.Repeat("long", 16<<10), strings.Repeat("x", small)}
	got := make(chan string)
	var all sync.WaitGroup
	defer all.Wait()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all.Add(1)
		defer all.Done()
		q := r.URL.Query()
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		address := fmt.Sprintf(`{"accept":{"address":"ws%s/$hc/news?sb-hc-action=accept&line=%%d","id":"1"}}`, strings.TrimPrefix(server.URL, "http"))
		switch {
		case q.Get("sb-hc-action") == "listen" && q.Get("sb-hc-id") == "me" && r.URL.Path == "/$hc/news":
			if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, address, 1)); err != nil {
				t.Error(err)
			}
			if err := c.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, address, 2)); err != nil {
				t.Error(err)
			}
			_, _, _ = c.ReadMessage() // it ends with the receiver
		case q.Get("line") == "1":
			for _, m := range messages {
				if err := c.WriteMessage(websocket.BinaryMessage, []byte(m)); err != nil {
					t.Error(err)
				}
			}
			bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
			if err := c.WriteMessage(websocket.CloseMessage, bye); err != nil {
				t.Error(err)
			}
			_, _, _ = c.ReadMessage() // its answer
		case q.Get("line") == "2": // stays until the receiver goes
			_, _, _ = c.ReadMessage()
		default:
			t.Errorf("nobody asks for %s", r.URL)
		}
	}))
	defer server.Close()
	e := Endpoint{Base: "ws" + strings.TrimPrefix(server.URL, "http"), Path: "news", KeyName: "k", Key: "s"}
	r, err := Receive(t.Context(), e, "me", func(b []byte) { got <- string(b) })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range messages {
		if m := <-got; m != want {
			t.Errorf("a message of %d, want %d", len(m), len(want))
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Receive(t.Context(), Endpoint{Base: "ws://127.0.0.1:1"}, "me", nil); err == nil {
		t.Error("a receiver without a gateway")
	}
}

// TestMessagesBreak: an end that is none in order is an error, and what came of a message before it is for nobody.
func TestMessagesBreak(t *testing.T) {
	var up websocket.Upgrader
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.NetConn().Write([]byte("\x82\x03one\x02\x04half")); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	c, err := DialURL(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var got bytes.Buffer
	if err := c.Messages(func(b []byte) { got.Write(b) }); err == nil || got.String() != "one" {
		t.Errorf("%q, %v", got.String(), err)
	}
}

// TestCounts reads the gateway's list of listeners, and tells what it says instead.
func TestCounts(t *testing.T) {
	answer, status := `[{"id":"a","state":"online","casts":{"delivered":3,"missed":1,"waiting":2},"more":0},{"id":"b","casts":{}}]`, http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.EscapedPath() != "/$api/entities/a%2Fb/listeners" || !strings.Contains(r.Header.Get("ServiceBusAuthorization"), "skn=k") {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	defer server.Close()
	e := Endpoint{Base: "ws" + strings.TrimPrefix(server.URL, "http"), Path: "a/b", KeyName: "k", Key: "s"}
	got, err := e.Counts(t.Context())
	if err != nil || len(got) != 2 || got["a"] != (Count{3, 1, 2}) || got["b"] != (Count{}) {
		t.Errorf("%v, %v", got, err)
	}
	answer = `{"error":"no"}`
	if got, err := e.Counts(t.Context()); err == nil {
		t.Errorf("of no list: %v", got)
	}
	status = http.StatusForbidden
	if _, err := e.Counts(t.Context()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
}
