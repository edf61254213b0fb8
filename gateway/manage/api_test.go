package manage_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage"
	"github.com/causeway-relay/causeway/gateway/store"
	hybrid "github.com/causeway-relay/causeway/hybrid/wire"
)

// TestWho: which token opens what.
func TestWho(t *testing.T) {
	w := newWorld(t)
	send, own, listen := entity.NewRule("SendOnly", entity.Send), entity.NewRule("Own", entity.Manage), entity.NewRule("In", entity.Listen)
	if err := w.store.PutRules(t.Context(), []entity.Rule{w.root, send}, store.Any); err != nil {
		t.Fatal(err)
	}
	w.put(&entity.Entity{Name: "mine", Rules: []entity.Rule{own, listen}})
	w.put(&entity.Entity{Name: "mine/below"})
	sign := func(audience string, r entity.Rule, in time.Duration) string {
		return hybrid.Sign(audience, r.Name, string(r.Primary), time.Now().Add(in))
	}
	const all, mine = "http://localhost/", "http://localhost/mine/"
	for _, c := range []struct {
		name, token, path string
		status            int
		code              string
	}{
		{"none", "", "status", 401, "MissingToken"},
		{"no token at all", "nonsense", "status", 401, "MalformedToken"},
		{"root", sign(all, w.root, time.Hour), "status", 200, ""},
		{"root with a port", sign("sb://localhost:1/", w.root, time.Hour), "status", 200, ""},
		{"expired", sign(all, w.root, -time.Minute), "status", 401, "ExpiredToken"},
		{"other host", sign("http://other/", w.root, time.Hour), "status", 401, "InvalidAudience"},
		{"wrong key", sign(all, entity.NewRule(entity.RootRule, entity.Manage), time.Hour), "status", 401, "InvalidSignature"},
		{"may only send", sign(all, send, time.Hour), "status", 401, "RightMissing"},
		{"may only send, of one", sign(all, send, time.Hour), "entities/mine", 401, "RightMissing"},
		{"root for one, elsewhere", sign(mine, w.root, time.Hour), "status", 401, "InvalidAudience"},
		{"root for one", sign(mine, w.root, time.Hour), "entities/mine", 200, ""},
		{"own rule", sign(mine, own, time.Hour), "entities/mine", 200, ""},
		{"own rule, wide audience", sign(all, own, time.Hour), "entities/mine/rules/Own/keys", 200, ""},
		{"own rule, other entity", sign(all, own, time.Hour), "entities/mine%2Fbelow", 401, "InvalidSignature"},
		{"own rule, no entity", sign(all, own, time.Hour), "entities/mine%2Fnone", 401, "InvalidSignature"},
		{"own rule, all", sign(all, own, time.Hour), "entities", 401, "InvalidSignature"},
		{"own rule, namespace's rules", sign(all, own, time.Hour), "rules", 401, "InvalidSignature"},
		{"own rule that may listen", sign(mine, listen, time.Hour), "entities/mine", 401, "RightMissing"},
		{"admin's token", "Bearer " + adminToken, "status", 401, "MalformedToken"},
		{"unknown path", "", "nothing", 401, "MissingToken"},
	} {
		got := w.as(c.token, "GET", "/$api/"+c.path, "")
		if got.status != c.status {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
			continue
		}
		if c.code != "" {
			got.code(t, c.status, c.code)
			if got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: a 401 without a challenge", c.name)
			}
		}
	}
	query := "/$api/status?sb-hc-token=" + url.QueryEscape(sign(all, w.root, time.Hour))
	w.as("", "GET", query, "").want(t, http.StatusOK)
	w.as("", "GET", "/$api/status", "", "Authorization: "+sign(all, w.root, time.Hour)).want(t, http.StatusOK)
}

// TestAdmin: the admin door's own token opens the admin door, and only that.
func TestAdmin(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/api/status", "/metrics"} {
		w.as("", "GET", path, "", "Authorization: Bearer "+adminToken).want(t, http.StatusOK)
		w.as("", "GET", path, "", "Authorization: bearer "+adminToken).want(t, http.StatusOK)
		w.ask("GET", path, "").want(t, http.StatusOK)
		w.as("", "GET", path, "", "Authorization: Bearer "+adminToken+"0").code(t, http.StatusUnauthorized, "MalformedToken")
		w.as("", "GET", path, "", "Authorization: Bearer ").code(t, http.StatusUnauthorized, "MalformedToken")
		w.as("", "GET", path, "").code(t, http.StatusUnauthorized, "MissingToken")
	}
	empty := httptest.NewRecorder() // a node without an admin token has no such way in
	r := httptest.NewRequest(http.MethodGet, "/api/status", http.NoBody)
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Authorization", "Bearer ")
	w.api.ByAdmin("/api/", "").ServeHTTP(empty, r)
	if empty.Code != http.StatusUnauthorized {
		t.Errorf("an empty token is let in: %d", empty.Code)
	}
}

// TestPlain: tokens of other machines need TLS, or the operator's word.
func TestPlain(t *testing.T) {
	w, open := newWorld(t), newWorld(t, func(p *manage.Params) { p.PlainTokens = true })
	for _, c := range []struct {
		name   string
		w      *world
		remote string
		tls    bool
		status int
	}{
		{"plain from afar", w, "192.0.2.7:1", false, 400},
		{"plain from here", w, "127.0.0.1:1", false, 200},
		{"plain from here, IPv6", w, "[::1]:1", false, 200},
		{"plain from here, mapped", w, "[::ffff:127.0.0.1]:1", false, 200},
		{"TLS from afar", w, "192.0.2.7:1", true, 200},
		{"allowed", open, "192.0.2.7:1", false, 200},
	} {
		r := httptest.NewRequest(http.MethodGet, "/$api/status", http.NoBody)
		r.Host, r.RemoteAddr = "localhost", c.remote
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		r.Header.Set("ServiceBusAuthorization", hybrid.Sign("http://localhost/", entity.RootRule, string(c.w.root.Primary), time.Now().Add(time.Hour)))
		if got := c.w.send(r); got.status != c.status {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
}

func TestPaths(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"", "nothing", "entities/x/nothing", "status/x", "entities/", "rules//keys"} {
		r := &http.Request{Method: "GET", URL: &url.URL{Path: "/$api/" + path}, Host: "localhost", RemoteAddr: "127.0.0.1:1", Header: http.Header{}}
		r.Header.Set("ServiceBusAuthorization", hybrid.Sign("http://localhost/", entity.RootRule, string(w.root.Primary), time.Now().Add(time.Hour)))
		rec := httptest.NewRecorder()
		w.api.ByToken("/$api/").ServeHTTP(rec, r)
		answer{rec.Code, rec.Header(), rec.Body.String()}.code(t, http.StatusNotFound, "UnknownEntity", "nothing at this path")
	}
	for path, allow := range map[string]string{
		"entities": "GET, HEAD", "entities/x": "DELETE, GET, HEAD, PATCH, PUT", "rules/r/keys": "GET, HEAD, POST", "listeners/l": "DELETE",
	} {
		got := w.ask("TRACE", "/$api/"+path, "")
		got.code(t, http.StatusMethodNotAllowed, "BadRequest", allow)
		if got.header.Get("Allow") != allow {
			t.Errorf("%s allows %q, want %q", path, got.header.Get("Allow"), allow)
		}
	}
	w.ask("HEAD", "/$api/status", "").want(t, http.StatusOK)
	w.ask("PUT", "/$api/entities/x", strings.Repeat(" ", 2<<20+1)).code(t, http.StatusRequestEntityTooLarge, "TooLarge")
	w.ask("PUT", "/$api/entities/x", strings.Repeat(" ", 2<<20)).want(t, http.StatusCreated)
	id := "11111111-2222-3333-4444-555555555555"
	if got := w.ask("GET", "/$api/nothing", "", "TrackingId: "+id+"_G9"); !strings.Contains(got.body, id+`"`) {
		t.Errorf("the client's tracking id is lost: %s", got.body)
	}
}

// TestStatusPorts: the TCP ports of the node that answers are among its doors, and not among another's.
func TestStatusPorts(t *testing.T) {
	for node, want := range map[uint16]string{1: `"doors":{"https":":8443","tcp/ssh":"127.0.0.1:2222"}`, 2: `"doors":{"https":":8443"}`} {
		w := newWorld(t, func(p *manage.Params) {
			p.Node, p.Ports = node, func() map[string]string { return map[string]string{"tcp/ssh": "127.0.0.1:2222"} }
		})
		if got := w.ask("GET", "/$api/status", "").want(t, http.StatusOK).body; !strings.Contains(got, want) {
			t.Errorf("node %d answers %s\nwant %s", node, got, want)
		}
	}
}

// TestStatusShape holds the names of the answer, which never change.
func TestStatusShape(t *testing.T) {
	w := newWorld(t)
	w.ask("PUT", "/$api/entities/x", "").want(t, http.StatusCreated)
	want := fmt.Sprintf(`{"version":"test","nodes":[{"node":1,"doors":{"https":":8443"},"live":true,"since":"2026-01-01T00:00:00Z"}],`+
		`"entities":1,"listeners":0,"streams":0,"exchanges":0,"presence":[],"certificates":[{"name":"localhost","notAfter":%q}]}`, notAfter.Format(time.RFC3339))
	if got := strings.TrimSpace(w.ask("GET", "/$api/status", "").want(t, http.StatusOK).body); got != want {
		t.Errorf("status\n%s\nwant\n%s", got, want)
	}
	var shape map[string]any
	if err := json.Unmarshal([]byte(w.ask("GET", "/$api/entities/x", "").body), &shape); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for name := range shape {
		names = append(names, name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"anonymousSenders", "createdAt", "kind", "listeners", "name", "settings", "source", "updatedAt"}, names); diff != "" {
		t.Errorf("entity (-want +got):\n%s", diff)
	}
}

// TestStatusTotal: every code has its status, and nothing else has.
func TestStatusTotal(t *testing.T) {
	for _, code := range fail.Codes() {
		if !manage.Has(code) {
			t.Errorf("%s has no status", code)
		}
		if s := manage.Status(code); s < 400 || s > 599 {
			t.Errorf("%s has the status %d", code, s)
		}
	}
	if n := manage.Rows(); n != len(fail.Codes()) {
		t.Errorf("%d rows for %d codes", n, len(fail.Codes()))
	}
	if manage.Status("no such code") != http.StatusInternalServerError {
		t.Error("an unknown code is not 500")
	}
}

// TestSecrets: keys stand in no log and in no answer but those that are for them.
func TestSecrets(t *testing.T) {
	w := newWorld(t)
	made := w.ask("PUT", "/$api/entities/x", `{"rules":[{"name":"K","rights":["Send"],"primaryKey":"very-secret-1"}]}`).want(t, http.StatusCreated)
	if !strings.Contains(made.body, "very-secret-1") {
		t.Fatal("the maker does not get the connection string")
	}
	bad := w.ask("PUT", "/$api/entities/x/rules/K", `{"rights":["very-secret-2"],"primaryKey":"very secret-3","very-secret-key-that-lost-its-place-4":1}`)
	seen := bad.body
	for _, path := range []string{"entities", "entities/x", "entities/x/rules", "entities/x/rules/K", "rules", "status", "entities/x/listeners"} {
		seen += w.ask("GET", "/$api/"+path, "").want(t, http.StatusOK).body
	}
	w.ask("DELETE", "/$api/entities/x", "").want(t, http.StatusNoContent)
	log := w.log.String()
	for _, secret := range []string{"very-secret-1", "secret-3", "secret-key-that", string(w.root.Primary), string(w.root.Secondary), "sig=", adminToken} {
		if strings.Contains(seen, secret) {
			t.Errorf("an answer shows %q: %s", secret, seen)
		}
		if strings.Contains(log, secret) {
			t.Errorf("the log shows %q: %s", secret, log)
		}
	}
	for _, has := range []string{`"method":"PUT"`, `"path":"/$api/entities/x"`, `"rule":"` + entity.RootRule, `"reason":"BadRequest"`, `"method":"DELETE"`} {
		if !strings.Contains(log, has) {
			t.Errorf("the log lacks %s: %s", has, log)
		}
	}
	if strings.Count(log, "\n") != 3 {
		t.Errorf("reads are logged, or changes are not: %s", log)
	}
}

// TestNotHere: plain HTTP where only WebSockets are served, in the service's form.
func TestNotHere(t *testing.T) {
	w := newWorld(t)
	got := w.as("", "GET", "/hyco?x=1", "").want(t, http.StatusBadRequest,
		`{"error":{"code":"BadRequest","message":"This endpoint is only for web-socket requests. TrackingId:`, `_G1, SystemTracker:localhost:8443:/hyco, Timestamp:`)
	if got.header.Get("Causeway-Error") != "UpgradeRequired" {
		t.Errorf("headers %v", got.header)
	}
}
