package client_test

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	hybrid "github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests.
const patience = 20 * time.Second

func pemOf(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// ask makes a client of a node with all rights.
func ask(t *testing.T, c *testcluster.Cluster, node int) *client.Client {
	t.Helper()
	made, err := client.New(client.Params{ConnectionString: c.Node(node).Ready().ConnectionString, Roots: trust.Roots{File: c.CAFile()}, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.Close)
	return made
}

// TestCalls makes every call, on two nodes: what one changes the other shows.
func TestCalls(t *testing.T) {
	c := testcluster.New(t, 2)
	a, b, ctx := ask(t, c, 0), ask(t, c, 1), testContext(t)
	kind, name := "event", "plant/Line 1"
	e, err := a.CreateEntity(ctx, name, wire.EntityChange{Kind: &kind})
	if err != nil || e.Name != name || e.Kind != kind || !strings.Contains(e.ConnectionString, "EntityPath="+name) {
		t.Fatalf("created %v, %v", e.Name, err)
	}
	_, err = b.CreateEntity(ctx, name, wire.EntityChange{})
	wantError(t, err, http.StatusPreconditionFailed, "Conflict")

	anonymous := true
	if e, err = b.UpdateEntity(ctx, "PLANT/line 1", wire.EntityChange{AnonymousSenders: &anonymous}); err != nil || !e.AnonymousSenders || e.Kind != kind {
		t.Errorf("updated %+v, %v", e, err)
	}
	if list, err := a.Entities(ctx, "plant/", kind); err != nil || len(list) != 1 || list[0].Name != name {
		t.Errorf("listed %+v, %v", list, err)
	}
	if list, err := a.Entities(ctx, "", "http"); err != nil || len(list) != 0 {
		t.Errorf("listed %+v, %v", list, err)
	}
	rights := []string{"Send"}
	for _, scope := range []string{"", name} {
		if r, err := a.CreateRule(ctx, scope, "R", wire.RuleChange{Rights: &rights}); err != nil || r.Rights[0] != "Send" {
			t.Errorf("rule of %q: %+v, %v", scope, r, err)
		}
		keys, err := b.Keys(ctx, scope, "R")
		if err != nil {
			t.Fatal(err)
		}
		again, err := b.Regenerate(ctx, scope, "R", wire.Secondary)
		if err != nil || again.PrimaryKey != keys.PrimaryKey || again.SecondaryKey == keys.SecondaryKey {
			t.Errorf("regenerated a key of %q: %v", scope, err)
		}
		listen := []string{"Listen"}
		if r, err := b.UpdateRule(ctx, scope, "R", wire.RuleChange{Rights: &listen}); err != nil || r.Rights[0] != "Listen" {
			t.Errorf("updated %+v, %v", r, err)
		}
		if list, err := a.Rules(ctx, scope); err != nil || len(list) != 2 {
			t.Errorf("rules of %q: %+v, %v", scope, list, err)
		}
		if err := a.DeleteRule(ctx, scope, "R"); err != nil {
			t.Error(err)
		}
	}
	if s, err := a.Status(ctx); err != nil || len(s.Nodes) != 2 || s.Entities != 1 {
		t.Errorf("status %+v, %v", s, err)
	}
	if err := b.DeleteEntity(ctx, name); err != nil {
		t.Error(err)
	}
	_, err = a.Entity(ctx, name)
	wantError(t, err, http.StatusNotFound, "UnknownEntity")
}

// TestListeners: a listener at one node is seen at the other, and ended from there.
func TestListeners(t *testing.T) {
	c := testcluster.New(t, 2)
	c.Add(&entity.Entity{Name: "Hyco"})
	a, ctx := ask(t, c, 0), testContext(t)
	id := "00000000-0000-4000-8000-000000000001"
	dialer := websocket.Dialer{TLSClientConfig: c.TLS(), HandshakeTimeout: patience}
	header := http.Header{
		"ServiceBusAuthorization": {c.Token(c.Root(), "http://localhost/hyco", time.Now().Add(time.Hour))}, "User-Agent": {"test/1"},
	}
	conn, _, err := dialer.DialContext(ctx, "wss://"+c.Node(1).Host("https")+"/$hc/hyco?sb-hc-action=listen&sb-hc-id="+id, header)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	list, err := a.Listeners(ctx, "hyco")
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	l := list[0]
	if l.ID != id || l.Entity != "Hyco" || l.Node != 2 || l.State != "online" || l.Remote != conn.LocalAddr().String() || l.TokenExpires == nil || l.Since.IsZero() {
		t.Errorf("listener %+v", l)
	}
	if e, err := a.Entity(ctx, "hyco"); err != nil || e.Listeners.Online != 1 {
		t.Errorf("%+v, %v", e, err)
	}
	if s, err := a.Status(ctx); err != nil || s.Listeners != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := a.DropListener(ctx, id); err != nil {
		t.Fatal(err)
	}
	var closed *websocket.CloseError
	if _, _, err := conn.ReadMessage(); !errors.As(err, &closed) || closed.Code != websocket.CloseGoingAway {
		t.Errorf("the listener reads %v", err)
	}
	wantError(t, a.DropListener(ctx, "none"), http.StatusNotFound, "UnknownEntity")
}

// wantError fails the test unless err is a gateway's no that says everything.
func wantError(t *testing.T, err error, status int, code string) {
	t.Helper()
	var no *client.Error
	if !errors.As(err, &no) || no.Status != status || no.Code != code || no.Message == "" || no.Do == "" || no.Tracking == "" {
		t.Errorf("got %#v, want %d %s", err, status, code)
	}
}

// TestAdmin asks by the token of the data folder.
func TestAdmin(t *testing.T) {
	c := testcluster.New(t, 1)
	token, err := os.ReadFile(filepath.Join(filepath.Dir(c.CAFile()), "admin.token"))
	if err != nil {
		t.Fatal(err)
	}
	for text, good := range map[string]bool{strings.TrimSpace(string(token)): true, "wrong": false} {
		asked, err := client.New(client.Params{Admin: c.Node(0).Door("admin"), Token: text})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = asked.Status(testContext(t)); good && err != nil {
			t.Error(err)
		} else if !good {
			wantError(t, err, http.StatusUnauthorized, "MalformedToken")
			if no, ok := errors.AsType[*client.Error](err); !ok || !strings.Contains(no.Do, "CAUSEWAY_ADMIN") || strings.Count(err.Error(), no.Code) != 1 {
				t.Errorf("a token of another node: %v; next: %s", err, no.Do)
			}
		}
		asked.Close()
	}
}

// TestTrust: which certificate is believed, and what is said when none is.
func TestTrust(t *testing.T) {
	c := testcluster.New(t, 1)
	port := c.Node(0).Host("https")[len("localhost"):]
	other := filepath.Join(t.TempDir(), "other.pem")
	server := httptest.NewTLSServer(nil) // another authority altogether
	server.Close()
	if err := os.WriteFile(other, pemOf(server.Certificate().Raw), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		host, file, local string
		good              bool
		do                string
	}{
		{"localhost", c.CAFile(), "", true, ""},
		{"127.0.0.1", "", c.CAFile(), true, ""},
		{"relay.localhost", "", c.CAFile(), true, ""},
		{"localhost", "", "", false, "--ca-file"},
		{"localhost", "", filepath.Join(t.TempDir(), "none"), false, "--ca-file"},
		{"localhost", other, c.CAFile(), false, "--ca-file"}, // the named file alone counts
	} {
		asked, err := client.New(client.Params{
			ConnectionString: "Endpoint=sb://" + v.host + port + "/;SharedAccessKeyName=" + c.Root().Name + ";SharedAccessKey=" + string(c.Root().Primary),
			Roots:            trust.Roots{File: v.file, Local: v.local},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = asked.Status(testContext(t))
		var away *client.Unreachable
		switch {
		case v.good && err != nil:
			t.Errorf("%+v: %v", v, err)
		case !v.good && (!errors.As(err, &away) || !strings.Contains(away.Do, v.do)):
			t.Errorf("%+v: %#v", v, err)
		}
		asked.Close()
	}
}

// TestEntityString: the string of an entity's own rule manages that entity.
func TestEntityString(t *testing.T) {
	c := testcluster.New(t, 1)
	own := entity.NewRule("Own", entity.Manage)
	c.Add(&entity.Entity{Name: "mine", Rules: []entity.Rule{own}})
	asked, err := client.New(client.Params{
		ConnectionString: "Endpoint=sb://" + c.Node(0).Host("https") + "/;SharedAccessKeyName=Own;SharedAccessKey=" + string(own.Primary) + ";EntityPath=mine",
		Roots:            trust.Roots{File: c.CAFile()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer asked.Close()
	if _, err := asked.Entity(testContext(t), "mine"); err != nil {
		t.Error(err)
	}
	_, err = asked.Status(testContext(t))
	wantError(t, err, http.StatusUnauthorized, "InvalidSignature")
}

// TestStrangers: answers of what is no gateway, and no answers.
func TestStrangers(t *testing.T) {
	answers := map[string]struct {
		status int
		body   string
	}{"a page": {404, "<html>"}, "another's JSON": {403, `{"error":"no"}`}, "a page as a yes": {200, "<html>"}, "elsewhere": {302, ""}}
	for name, v := range answers {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://example.com/")
			w.WriteHeader(v.status)
			_, _ = io.WriteString(w, v.body)
		}))
		asked, err := client.New(client.Params{Admin: server.Listener.Addr().String(), Token: "x"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = asked.Status(testContext(t))
		var no *client.Error
		if !errors.As(err, &no) || no.Code != "" || no.Status != v.status || no.Do == "" {
			t.Errorf("%s: %#v", name, err)
		}
		asked.Close()
		server.Close()
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	shut, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shut.Close()
	for _, v := range []struct{ address, do string }{
		{plain.Listener.Addr().String(), "does not speak TLS"}, {silent.Addr().String(), "wait longer"}, {shut.Addr().String(), "causeway serve"},
	} {
		asked, err := client.New(client.Params{ConnectionString: "Endpoint=sb://" + v.address + "/;SharedAccessKeyName=a;SharedAccessKey=very-secret", Timeout: time.Second / 2})
		if err != nil {
			t.Fatal(err)
		}
		_, err = asked.Status(testContext(t))
		var away *client.Unreachable
		if !errors.As(err, &away) || !strings.Contains(away.Do, v.do) || away.Host != v.address {
			t.Errorf("%s: %#v", v.do, err)
		}
		if strings.Contains(fmt.Sprint(err), "very-secret") || strings.Contains(fmt.Sprint(err), "$api") {
			t.Errorf("the error says too much: %v", err)
		}
		asked.Close()
	}
}

func TestParams(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const good = "Endpoint=sb://localhost/;SharedAccessKeyName=a;SharedAccessKey=b"
	for says, p := range map[string]client.Params{
		"no gateway":           {},
		"give a connection":    {Admin: "127.0.0.1:9090"},
		"key word is unknown":  {ConnectionString: "x=y"},
		"has no key":           {ConnectionString: "Endpoint=sb://localhost/"},
		"Managed Identity":     {ConnectionString: "Endpoint=sb://localhost/;Authentication=Managed Identity"},
		"CA file":              {ConnectionString: good, Roots: trust.Roots{File: filepath.Join(t.TempDir(), "none")}},
		"holds no certificate": {ConnectionString: good, Roots: trust.Roots{File: empty}},
		"in PEM form":          {ConnectionString: good, Roots: trust.Roots{Local: empty}},
	} {
		if _, err := client.New(p); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestToken(t *testing.T) {
	expiry := time.Unix(2000000000, 0)
	got, err := client.Token("Endpoint=sb://localhost:8443/;SharedAccessKeyName=R;SharedAccessKey=k;EntityPath=other", "/plant/Line 1/", expiry)
	if want := hybrid.Sign("http://localhost/plant/Line%201", "R", "k", expiry); err != nil || got != want {
		t.Errorf("token %s, %v; want %s", got, err, want)
	}
	for _, s := range []string{"Endpoint=sb://localhost/", "nonsense"} {
		if _, err := client.Token(s, "x", expiry); err == nil {
			t.Errorf("%s signs", s)
		}
	}
}
