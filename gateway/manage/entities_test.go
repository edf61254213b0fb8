package manage_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/store"
)

// TestLife takes one entity from its making to its end.
func TestLife(t *testing.T) {
	w := newWorld(t)
	made := w.ask("PUT", "/$api/entities/hyco", `{"kind":"nettcp","settings":{"responseTimeout":"90s","allow":["10.1.2.3/8","::1"]}}`)
	made.want(t, http.StatusCreated)
	e := decode[wire.Entity](t, made)
	if want := "Endpoint=sb://localhost/;SharedAccessKeyName=" + manage.DefaultRule; !strings.HasPrefix(e.ConnectionString, want) || !strings.HasSuffix(e.ConnectionString, ";EntityPath=hyco") {
		t.Errorf("connection string %q", e.ConnectionString)
	}
	if e.Name != "hyco" || e.Kind != "nettcp" || e.Source != "store" || e.CreatedAt.IsZero() || e.Settings.RequestTarget != "service" || !e.Settings.PlainWebSocket {
		t.Errorf("made %s", made.body)
	}
	made.want(t, http.StatusCreated, `"responseTimeout":"1m30s"`, `"allow":["10.0.0.0/8","::1/128"]`)

	shown := w.ask("GET", "/$api/entities/HYCO", "").want(t, http.StatusOK)
	if shown.header.Get("ETag") != made.header.Get("ETag") || shown.header.Get("ETag") == "" {
		t.Errorf("tags %q and %q", made.header.Get("ETag"), shown.header.Get("ETag"))
	}
	if strings.Contains(shown.body, "connectionString") {
		t.Errorf("GET shows a secret: %s", shown.body)
	}

	// What GET gave can be sent back, and changes nothing.
	same := w.ask("PUT", "/$api/entities/hyco", shown.body).want(t, http.StatusOK)
	if diff := cmp.Diff(trimmed(t, shown), trimmed(t, same)); diff != "" {
		t.Errorf("round trip (-before +after):\n%s", diff)
	}

	// PATCH leaves what it does not name; PUT makes it the default.
	w.ask("PATCH", "/$api/entities/hyco", `{"anonymousSenders":true,"settings":{"responseTimeout":null}}`).
		want(t, http.StatusOK, `"kind":"nettcp"`, `"anonymousSenders":true`, `"responseTimeout":null`, `"10.0.0.0/8"`)
	w.ask("PUT", "/$api/entities/hyco", ``).want(t, http.StatusOK, `"kind":"hybrid"`, `"anonymousSenders":false`, `"allow":[]`)
	w.ask("GET", "/$api/entities/hyco/rules", "").want(t, http.StatusOK, manage.DefaultRule)

	w.ask("DELETE", "/$api/entities/hyco", "").want(t, http.StatusNoContent)
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		w.ask(method, "/$api/entities/hyco", "{}").code(t, http.StatusNotFound, "UnknownEntity", "hyco")
	}
}

// trimmed takes the time of the change away.
func trimmed(t *testing.T, a answer) map[string]any {
	e := decode[map[string]any](t, a)
	delete(e, "updatedAt")
	return e
}

// TestConditions: If-Match and If-None-Match against every state.
func TestConditions(t *testing.T) {
	w := newWorld(t)
	w.ask("PUT", "/$api/entities/x", "", "If-Match: *").code(t, http.StatusPreconditionFailed, "Conflict")
	first := w.ask("PUT", "/$api/entities/x", "", "If-None-Match: *").want(t, http.StatusCreated).header.Get("ETag")
	w.ask("PUT", "/$api/entities/x", "", "If-None-Match: *").code(t, http.StatusPreconditionFailed, "Conflict", "exists already")
	second := w.ask("PUT", "/$api/entities/x", "", "If-Match: "+first).want(t, http.StatusOK).header.Get("ETag")
	if first == second {
		t.Fatalf("a change left the tag %s", first)
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		w.ask(method, "/$api/entities/x", "", "If-Match: "+first).code(t, http.StatusPreconditionFailed, "Conflict")
	}
	w.ask("PATCH", "/$api/entities/x", "", `If-Match: "0", `+second).want(t, http.StatusOK)
	w.ask("DELETE", "/$api/entities/x", "", "If-Match: *").want(t, http.StatusNoContent)
}

// TestNames: a name is one segment, whatever its case and escapes.
func TestNames(t *testing.T) {
	w := newWorld(t)
	w.ask("PUT", "/$api/entities/plant%2FLine%201", "").want(t, http.StatusCreated, `"name":"plant/Line 1"`)
	for _, path := range []string{"/$api/entities/PLANT%2Fline%201", "/%24api/entities/plant%2fline%201", "/$api/entities/%2Fplant%2Fline%201%2F"} {
		w.ask("GET", path, "").want(t, http.StatusOK, `"name":"plant/Line 1"`)
	}
	w.ask("GET", "/$api/entities/plant/Line%201", "").code(t, http.StatusNotFound, "UnknownEntity")
	for _, name := range []string{"$hc", "a%2F%2Fb", "a%3Fb", "a%23", "%25", "a%2F..%2Fb", "%00", "%FF", strings.Repeat("a", 261)} {
		w.ask("PUT", "/$api/entities/"+name, "").code(t, http.StatusBadRequest, "BadRequest")
	}
	w.ask("PUT", "/$api/entities/"+strings.Repeat("a", 260), "").want(t, http.StatusCreated)
}

func TestList(t *testing.T) {
	w := newWorld(t)
	if got := w.ask("GET", "/$api/entities", "").want(t, http.StatusOK).body; strings.TrimSpace(got) != "[]" {
		t.Errorf("nothing is %s", got)
	}
	for _, name := range []string{"b", "a%2Fone", "a%2Ftwo"} {
		w.ask("PUT", "/$api/entities/"+name, "").want(t, http.StatusCreated)
	}
	w.ask("PATCH", "/$api/entities/b", `{"kind":"event"}`).want(t, http.StatusOK)
	for query, want := range map[string]string{
		"": "a/one a/two b", "?prefix=A/": "a/one a/two", "?prefix=/a/t": "a/two", "?kind=event": "b", "?kind=event&prefix=a": "",
		"?sb-hc-id=1": "a/one a/two b",
	} {
		names := []string{}
		for _, e := range decode[[]wire.Entity](t, w.ask("GET", "/$api/entities"+query, "").want(t, http.StatusOK)) {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
	w.ask("GET", "/$api/entities?kind=evnt", "").code(t, http.StatusBadRequest, "BadRequest", "kind: expected one of hybrid, nettcp, http, oneway, event.")
	w.ask("GET", "/$api/entities?kidn=event", "").code(t, http.StatusBadRequest, "BadRequest", "did you mean kind?")
	w.ask("GET", "/$api/entities?colour=red", "").code(t, http.StatusBadRequest, "BadRequest", "prefix, kind")
}

// TestBadBodies: every fault is named, all at once, and without it the body is taken.
func TestBadBodies(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		body string
		says []string
		good string
	}{
		{`[]`, []string{"expected an object"}, `{}`},
		{`{"kind":`, []string{"not JSON"}, `{"kind":"hybrid"}`},
		{`{} {}`, []string{"not JSON"}, `{}`},
		{"{\"kind\":\"\xff\"}", []string{"not UTF-8"}, `{"kind":"http"}`},
		{`{"kidn":"http"}`, []string{`unknown member \"kidn\"; did you mean \"kind\"?`}, `{"kind":"http"}`},
		{`{"kind":"http","kind":"http"}`, []string{"kind: stands twice"}, `{"kind":"http"}`},
		{`{"kind":"tcp"}`, []string{"kind: expected one of hybrid, nettcp, http, oneway, event"}, `{"kind":"nettcp"}`},
		{`{"kind":null}`, []string{"kind: expected a text"}, `{"kind":"http"}`},
		{`{"anonymousSenders":"true"}`, []string{"anonymousSenders: expected true or false"}, `{"anonymousSenders":true}`},
		{`{"name":"other"}`, []string{"name: is not the name in the address"}, `{"name":"X"}`},
		{`{"settings":1}`, []string{"settings: expected an object"}, `{"settings":{}}`},
		{`{"settings":{"responseTimeout":60}}`, []string{"settings.responseTimeout: expected a duration in quotes"}, `{"settings":{"responseTimeout":"60s"}}`},
		{`{"settings":{"responseTimeout":"25h"}}`, []string{"from 1ms to 24h"}, `{"settings":{"responseTimeout":"24h"}}`},
		{`{"settings":{"requestTarget":"rwa"}}`, []string{"expected service or raw"}, `{"settings":{"requestTarget":"raw"}}`},
		{`{"settings":{"allow":"10.0.0.0/8"}}`, []string{"settings.allow: expected a list"}, `{"settings":{"allow":["10.0.0.0/8"]}}`},
		{`{"settings":{"allow":["10.0.0.0/8","10.0.0.0/33",7]}}`, []string{"settings.allow[1]: expected a network", "settings.allow[2]: "}, `{"settings":{"allow":["10.0.0.0/32"]}}`},
		{`{"settings":{"allow":[` + strings.Repeat(`"::1",`, 128) + `"::1"]}}`, []string{"more than 128"}, `{"settings":{"allow":["::1"]}}`},
		{`{"rules":[{"rights":["Send"]}]}`, []string{"each rule needs a name"}, `{"rules":[{"name":"a","rights":["Send"]}]}`},
		{`{"rules":[{"name":"a b","rights":["Sned"]}]}`, []string{`\"Sned\" is no right`, "letters, digits"}, `{"rules":[{"name":"ab","rights":["send"]}]}`},
		{`{"rules":[{"name":"a","rights":["Send"]},{"name":"A","rights":["Send"]}]}`, []string{"stands twice"}, `{"rules":[]}`},
		{`{"kind":"x","colour":1,"settings":{"alow":[],"plainWebSocket":0}}`, []string{"kind:", "colour", `did you mean \"allow\"`, "plainWebSocket"}, `{}`},
	} {
		w.ask("PUT", "/$api/entities/x", c.body).code(t, http.StatusBadRequest, "BadRequest", c.says...)
		w.ask("PUT", "/$api/entities/x", c.good).want(t, http.StatusCreated)
		w.ask("DELETE", "/$api/entities/x", "").want(t, http.StatusNoContent)
	}
	w.ask("PUT", "/$api/entities/x", "").want(t, http.StatusCreated)
	for _, method := range []string{"PUT", "PATCH"} { // keys in use are not thrown away by accident
		w.ask(method, "/$api/entities/x", `{"rules":[]}`).code(t, http.StatusBadRequest, "BadRequest", "rules: stand only in the request that makes")
	}
	if strings.Contains(w.ask("PUT", "/$api/entities/x", `{"c2VjcmV0LWtleS1tYXRlcmlhbA==":1}`).body, "c2Vj") {
		t.Error("a member's name that looks like a key is cited")
	}
}

// TestFirstRules: what a new entity begins with is its maker's word.
func TestFirstRules(t *testing.T) {
	w := newWorld(t)
	body := `{"rules":[{"name":"In","rights":["Listen"],"primaryKey":"old-key","secondaryKey":""},{"name":"All","rights":["manage"]}]}`
	made := decode[wire.Entity](t, w.ask("PUT", "/$api/entities/a", body).want(t, http.StatusCreated))
	if !strings.Contains(made.ConnectionString, "SharedAccessKeyName=In;SharedAccessKey=old-key;") {
		t.Errorf("connection string %q", made.ConnectionString)
	}
	w.ask("GET", "/$api/entities/a/rules", "").want(t, http.StatusOK, `{"name":"In","rights":["Listen"]}`, `{"name":"All","rights":["Listen","Send","Manage"]}`)
	w.ask("GET", "/$api/entities/a/rules/in/keys", "").want(t, http.StatusOK, `"primaryKey":"old-key"`, `"secondaryKey":""`)

	bare := w.ask("PUT", "/$api/entities/b", `{"rules":[]}`).want(t, http.StatusCreated)
	if strings.Contains(bare.body, "connectionString") {
		t.Errorf("without a rule there is no connection string: %s", bare.body)
	}
}

// TestOwnedByFile: what the file declares, only the file changes.
func TestOwnedByFile(t *testing.T) {
	w := newWorld(t)
	rule := entity.NewRule("Mine", entity.Send)
	rule.Source = entity.FromFile
	w.put(&entity.Entity{Name: "filed", Source: entity.FromFile, Rules: []entity.Rule{rule}})
	if err := w.store.PutRules(t.Context(), []entity.Rule{w.root, rule}, store.Any); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, path, body string }{
		{"PUT", "entities/filed", ""}, {"PATCH", "entities/filed", ""}, {"DELETE", "entities/filed", ""},
		{"PUT", "entities/filed/rules/New", `{"rights":["Send"]}`}, {"PATCH", "entities/filed/rules/Mine", `{"rights":["Send"]}`},
		{"DELETE", "entities/filed/rules/Mine", ""}, {"POST", "entities/filed/rules/Mine/keys", `{"regenerate":"primary"}`},
		{"PUT", "rules/Mine", `{"rights":["Send"]}`}, {"PATCH", "rules/Mine", ""}, {"DELETE", "rules/Mine", ""},
		{"POST", "rules/Mine/keys", `{"regenerate":"primary"}`},
	} {
		w.ask(c.method, "/$api/"+c.path, c.body).code(t, http.StatusConflict, "OwnedByFile", "configuration file")
	}
	w.ask("GET", "/$api/entities/filed", "").want(t, http.StatusOK, `"source":"file"`)
	w.ask("GET", "/$api/entities/filed/rules/Mine/keys", "").want(t, http.StatusOK, string(rule.Primary))
	w.ask("PUT", "/$api/rules/Other", `{"rights":["Send"]}`).want(t, http.StatusCreated)
}

// hesitant is a store whose reader gives others a chance to write before it acts on what it read.
type hesitant struct{ store.Store }

func (h hesitant) View() *store.View {
	v := h.Store.View()
	for range 100 {
		runtime.Gosched()
	}
	return v
}

// TestManyAtOnce: changes that meet are all kept. Eight can meet: each fails once for every other at most.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t, func(p *manage.Params) { p.Store = hesitant{p.Store} })
	w.ask("PUT", "/$api/entities/x", `{"rules":[]}`).want(t, http.StatusCreated)
	for _, scope := range []string{"", "entities/x/"} {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				path := fmt.Sprintf("/$api/%srules/r%d", scope, i)
				if a := w.ask("PUT", path, `{"rights":["Send"]}`); a.status != http.StatusCreated {
					t.Errorf("%s: %d %s", path, a.status, a.body)
				}
			})
		}
		all.Wait()
		names := map[string]bool{}
		for _, r := range decode[[]wire.Rule](t, w.ask("GET", "/$api/"+scope+"rules", "").want(t, http.StatusOK)) {
			names[r.Name] = true
		}
		for i := range 8 {
			if !names[fmt.Sprintf("r%d", i)] {
				t.Errorf("%q lost r%d: %v", scope, i, names)
			}
		}
	}
	var all sync.WaitGroup
	for _, body := range []string{
		`{"kind":"event"}`, `{"anonymousSenders":true}`, `{"settings":{"requestTarget":"raw"}}`, `{"settings":{"plainWebSocket":false}}`, `{"settings":{"tls":"terminate","sticky":true}}`,
		`{"settings":{"allow":["::1"]}}`, `{"settings":{"responseTimeout":"5s"}}`,
	} {
		all.Go(func() {
			if a := w.ask("PATCH", "/$api/entities/x", body); a.status != http.StatusOK {
				t.Errorf("%s: %d %s", body, a.status, a.body)
			}
		})
	}
	all.Wait()
	w.ask("GET", "/$api/entities/x", "").want(t, http.StatusOK,
		`"kind":"event"`, `"anonymousSenders":true`, `"requestTarget":"raw"`, `"plainWebSocket":false`, `"tls":"terminate","sticky":true`, `["::1/128"]`, `"5s"`)
}

// TestMetadata: what only the service's own management writes is kept by ours.
func TestMetadata(t *testing.T) {
	w := newWorld(t)
	e := &entity.Entity{Name: "x", UserMetadata: "port=22", Source: entity.FromStore}
	w.put(e)
	for _, method := range []string{"PUT", "PATCH"} {
		w.ask(method, "/$api/entities/x", `{"kind":"http"}`).want(t, http.StatusOK)
		if got := w.store.View().Get(e.At); got.UserMetadata != "port=22" || got.Kind != entity.HTTP {
			t.Errorf("%s leaves %+v", method, got)
		}
	}
}
