package manage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/events"
	"github.com/causeway-relay/causeway/gateway/manage"
	"github.com/causeway-relay/causeway/gateway/mesh"
	meshmemory "github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/memory"
	"github.com/causeway-relay/causeway/gateway/tap/nodes"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// adminToken is that of the admin door in these tests.
const adminToken = "0123456789abcdef"

// notAfter is when the certificate of these tests ends.
var notAfter = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// world is an API over a real relay and a store in memory.
type world struct {
	t      *testing.T
	store  store.Store
	api    *manage.API
	events *events.Log
	relay  *relay.Relay
	root   entity.Rule
	log    lockedBuffer
	mux    *http.ServeMux
}

func newWorld(t *testing.T, change ...func(*manage.Params)) *world {
	t.Helper()
	w := &world{t: t, store: memory.New(), root: entity.NewRule(entity.RootRule, entity.Listen|entity.Send|entity.Manage)}
	ctx := context.Background()
	if err := w.store.PutRules(ctx, []entity.Rule{w.root}, store.Any); err != nil {
		t.Fatal(err)
	}
	self := mesh.Node{Num: 1, Doors: map[string]string{"https": ":8443"}, Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	bus, err := meshmemory.NewNet(mesh.Timing{}).Join(ctx, self)
	if err != nil {
		t.Fatal(err)
	}
	w.events = events.New(events.Params{Bus: bus})
	r := relay.New(relay.Params{
		Store: w.store, Bus: bus, Verifiers: map[auth.Scheme]auth.Verifier{auth.SAS: auth.NewSAS()}, Hosts: []string{"localhost"},
	})
	r.Open()
	t.Cleanup(func() {
		expired, cancel := context.WithCancel(ctx)
		cancel()
		r.Drain(expired)
		r.Close()
		w.events.Close()
		_ = bus.Close()
		_ = w.store.Close()
	})
	p := manage.Params{
		Store: w.store, Relay: r, Events: w.events, History: presence.NewHistory(), Node: 1, Version: "test", Log: slog.New(slog.NewJSONHandler(&w.log, nil)), PlainTokens: false,
		Certificates: func() []manage.Certificate { return []manage.Certificate{{Name: "localhost", NotAfter: notAfter}} },
		ConnectionString: func(rule, key, path string) string {
			return "Endpoint=sb://localhost/;SharedAccessKeyName=" + rule + ";SharedAccessKey=" + key + ";EntityPath=" + path
		},
	}
	w.relay, p.Watch = r, nodes.New(nodes.Params{Here: r.Watch, Bus: bus}).Watch
	for _, f := range change {
		f(&p)
	}
	w.api = manage.New(p)
	w.mux = http.NewServeMux()
	w.mux.Handle("/$api/", w.api.ByToken("/$api/"))
	w.mux.Handle("/api/", w.api.ByAdmin("/api/", adminToken))
	w.mux.Handle("/metrics", w.api.Guarded(adminToken, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "figures")
	})))
	w.mux.HandleFunc("/", w.api.NotHere)
	return w
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request as the namespace's root; header lines are "Name: value".
func (w *world) ask(method, path, body string, header ...string) answer {
	w.t.Helper()
	token := wire.Sign("http://localhost/", w.root.Name, string(w.root.Primary), time.Now().Add(time.Hour))
	return w.as(token, method, path, body, header...)
}

// as sends a request with a token, none for "".
func (w *world) as(token, method, path, body string, header ...string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = "localhost:8443", "127.0.0.1:50000"
	if token != "" {
		r.Header.Set("ServiceBusAuthorization", token)
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return w.send(r)
}

func (w *world) send(r *http.Request) answer {
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Header(), rec.Body.String()}
}

// want fails the test unless the answer has the status and every text.
func (a answer) want(t *testing.T, status int, has ...string) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	for _, text := range has {
		if !strings.Contains(a.body, text) {
			t.Errorf("the answer lacks %s: %s", text, a.body)
		}
	}
	return a
}

// code fails the test unless the answer is an error in the API's form.
func (a answer) code(t *testing.T, status int, code string, has ...string) {
	t.Helper()
	a.want(t, status, has...)
	var body struct {
		Error map[string]string `json:"error"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	e := body.Error
	if len(e) != 4 || e["code"] != code || e["message"] == "" || e["do"] == "" || e["trackingId"] == "" {
		t.Errorf("not an error of the code %s: %s", code, a.body)
	}
	if a.header.Get("Causeway-Error") != code || a.header.Get("TrackingId") != e["trackingId"] {
		t.Errorf("headers %v for %s", a.header, a.body)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("content type %q", a.header.Get("Content-Type"))
	}
}

// decode reads an answer.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// put stores an entity that belongs to the file.
func (w *world) put(e *entity.Entity) {
	w.t.Helper()
	at, err := entity.NewAddress("", e.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	e.At, e.Kind = at, entity.Hybrid
	if _, err := w.store.Put(context.Background(), e, store.Any); err != nil {
		w.t.Fatal(err)
	}
}

// lockedBuffer is a buffer for many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
