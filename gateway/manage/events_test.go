package manage_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/events"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	hybrid "github.com/causeway-relay/causeway/hybrid/wire"
)

// follow opens a stream of events on a real connection.
func (w *world) follow(ctx context.Context, path string, header ...string) *bufio.Reader {
	w.t.Helper()
	server := httptest.NewServer(w.mux)
	w.t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("ServiceBusAuthorization", hybrid.Sign("http://127.0.0.1/", w.root.Name, string(w.root.Primary), time.Now().Add(time.Hour)))
	r.Host = "127.0.0.1"
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("Cache-Control") != "no-store" {
		w.t.Fatalf("%s %v", answer.Status, answer.Header)
	}
	return bufio.NewReader(answer.Body)
}

// block reads lines up to an empty one.
func block(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("%v behind %q", err, all.String())
		}
		if line == "\n" {
			return all.String()
		}
		all.WriteString(line)
	}
}

// TestEvents: the wire form, the filter, and resuming.
func TestEvents(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	all, one := w.follow(ctx, "/$api/events"), w.follow(ctx, "/$api/events?entity=PLANT%2Fline1")
	for _, r := range []*bufio.Reader{all, one} {
		if got := block(t, r); !strings.HasPrefix(got, ": ") {
			t.Errorf("it begins with %q", got)
		}
	}
	began := time.Date(2026, 11, 25, 20, 21, 9, 0, time.UTC)
	w.events.Publish(&events.Event{ID: "1-1", Time: began, Name: events.EntityCreated, Entity: "other"})
	w.events.Publish(&events.Event{
		ID: "1-2", Time: began, Name: events.ListenerDisconnected, Entity: "plant/Line1", Node: 2, Listener: "l<1>", Remote: "192.0.2.7:51234",
		Reason: "TokenExpired", Text: "two\nlines", Lasted: 65*time.Minute + 20*time.Millisecond,
	})
	w.events.Publish(&events.Event{ID: "1-3", Time: began, Name: events.CertificateExpiring, Node: 1, Certificate: "localhost", NotAfter: began})
	const second = "id: 1-2\nevent: listener.disconnected\n" +
		`data: {"id":"1-2","time":"2026-11-25T20:21:09Z","event":"listener.disconnected","entity":"plant/Line1","remote":"192.0.2.7:51234","reason":"TokenExpired",` +
		`"in":0,"out":0,"duration":"1h5m0.02s","node":2,"listener":"l\u003c1\u003e","text":"two\nlines"}` + "\n"
	if got := block(t, one); got != second {
		t.Errorf("got\n%s want\n%s", got, second)
	}
	want := []string{"id: 1-1\nevent: entity.created\n", second, "id: 1-3\nevent: certificate.expiring\n"}
	for _, begin := range want {
		if got := block(t, all); !strings.HasPrefix(got, begin) {
			t.Errorf("got %q, want %q", got, begin)
		}
	}
	again := w.follow(ctx, "/$api/events", "Last-Event-ID: 1-1")
	block(t, again)
	if got := block(t, again); got != second {
		t.Errorf("resumed with %q", got)
	}
	lost := w.follow(ctx, "/$api/events", "Last-Event-ID: 9-9")
	if got := block(t, lost); !strings.Contains(got, "may be missing") {
		t.Errorf("an unknown id is told %q", got)
	}
	if got := block(t, lost); !strings.HasPrefix(got, want[0]) {
		t.Errorf("an unknown id resumes with %q", got)
	}
	w.events.Close()
	if got := block(t, all); !strings.Contains(got, "shutting down") {
		t.Errorf("the end is %q", got)
	}
	if rest, err := all.ReadString('\n'); err == nil {
		t.Errorf("behind the end comes %q", rest)
	}
}

// TestEventsAreGuarded: nobody without the right sees them, and the query is read strictly.
func TestEventsAreGuarded(t *testing.T) {
	w := newWorld(t)
	w.as("", "GET", "/$api/events", "").code(t, http.StatusUnauthorized, "MissingToken")
	w.as("", "GET", "/$api/traffic", "").code(t, http.StatusUnauthorized, "MissingToken")
	w.ask("GET", "/$api/events?entiti=x", "").code(t, http.StatusBadRequest, "BadRequest", "did you mean entity")
	w.ask("GET", "/$api/events?entity=%00", "").code(t, http.StatusBadRequest, "BadRequest")
	w.ask("HEAD", "/$api/events", "").want(t, http.StatusOK)
	w.ask("GET", "/$api/traffic?most=1001", "").code(t, http.StatusBadRequest, "BadRequest", "from 0 to 1000")
	w.ask("GET", "/$api/status?entity=none", "").code(t, http.StatusNotFound, "UnknownEntity")
	w.ask("GET", "/$api/status?entity=%00", "").code(t, http.StatusBadRequest, "BadRequest")
}

// TestSlowWatcher: one that reads nothing holds nobody up and is ended.
func TestSlowWatcher(t *testing.T) {
	w := newWorld(t)
	ended := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer close(ended)
		w.mux.ServeHTTP(rw, r)
	}))
	server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		if t, ok := c.(*net.TCPConn); ok && s == http.StateNew {
			_ = t.SetWriteBuffer(4 << 10)
		}
	}
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	token := hybrid.Sign("http://localhost/", w.root.Name, string(w.root.Primary), time.Now().Add(time.Hour))
	if _, err := fmt.Fprintf(conn, "GET /$api/events HTTP/1.1\r\nHost: localhost\r\nServiceBusAuthorization: %s\r\n\r\n", token); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 15) // it stands
	if _, err := conn.Read(first); err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 10_000)
	began := time.Now()
	for range 5 * events.Kept { // 50 MB: no socket holds that
		w.events.Publish(&events.Event{Name: events.LimitReached, Text: text})
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("publishing took %v", took)
	}
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if strings.HasPrefix(line, ":") {
			told.WriteString(line)
		}
		if err != nil || strings.Contains(line, "too slow") {
			break
		}
	}
	if !strings.Contains(told.String(), "too slow: more than 1000 events behind") {
		t.Errorf("it is told %q", told.String())
	}
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Error("the stream does not end")
	}
}

// TestTraffic: every relay stands in the picture, and names are as they are written.
func TestTraffic(t *testing.T) {
	w := newWorld(t)
	w.ask("PUT", "/$api/entities/Plant%2FLine1", "").want(t, http.StatusCreated)
	got := decode[wire.Traffic](t, w.ask("GET", "/$api/traffic?most=5", "").want(t, http.StatusOK, `"streams":[]`, `"listeners":[]`, `"missing":[]`))
	if len(got.Entities) != 1 || got.Entities[0].Entity != "Plant/Line1" || got.Time.IsZero() {
		t.Errorf("traffic %+v", got)
	}
	s := decode[wire.Status](t, w.ask("GET", "/$api/status?entity=plant/LINE1", "").want(t, http.StatusOK))
	if s.Entity == nil || s.Entity.Name != "Plant/Line1" || len(s.Presence) != 0 {
		t.Errorf("status %+v", s)
	}
}
