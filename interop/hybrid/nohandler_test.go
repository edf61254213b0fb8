package hybrid

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	api "github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/interop"
)

// unfit is a listener that cannot answer a request, and what its sender is told.
type unfit struct {
	name   string
	start  func(t *testing.T, s *interop.Stand, relay string)
	status int
	reason string // with RELAY for the entity: the beginning, or all of it
	code   string // of the gateway's own refusals, in Causeway-Error; "": the listener's words, which have Via
}

// netReason is what the .NET library says without a handler (reference section 14.16); it has to pass byte for byte.
const netReason = "The listener RequestHandler has not been configured. TrackingId:233a515b-5b1c-4f6e-9b8f-0d6a1c2b3d4e_G1, Address:https://localhost/RELAY, Timestamp:11/25/2026 16:18:26"

// netFails is the same of a handler that failed.
const netFails = "The listener's RequestHandler failed. See Listener logs for details. TrackingId:233a515b-5b1c-4f6e-9b8f-0d6a1c2b3d4e_G1, Address:https://localhost/RELAY, Timestamp:11/25/2026 16:18:26"

// says is a raw listener with one answer to all.
func says(status int, reason string) func(t *testing.T, s *interop.Stand, relay string) {
	return func(t *testing.T, s *interop.Stand, relay string) {
		words := strings.ReplaceAll(reason, "RELAY", relay)
		listenRaw(t, s, relay, "raw").serve(func(*webRequest, []byte) (webResponse, []byte) {
			return webResponse{Status: status, Reason: &words}, nil
		})
	}
}

// handlerOf is a listener by hyco-https whose handler is none, or fails.
func handlerOf(word string) func(t *testing.T, s *interop.Stand, relay string) {
	return func(t *testing.T, s *interop.Stand, relay string) {
		s.Node(t, append(s.Listener(relay), "RELAY_ID=one", "RELAY_HANDLER="+word), "matrix-listener.js").Await(`^listening$`)
	}
}

var unfits = []unfit{
	// hyco-https says nothing without a handler, and its process ends with a handler's exception.
	{"hyco-https, none", handlerOf("none"), 504, "The request was routed to the listener but the listener did not respond in the required time.", "ListenerSilent"},
	{"hyco-https, fails", handlerOf("fails"), 502, "The listener's control channel was lost while the sender waited.", "ListenerLost"},
	{"raw, none", says(501, netReason), 501, netReason, ""},
	{"raw, fails", says(500, netFails), 500, netFails, ""},
	{"hybrid.Listen", func(t *testing.T, s *interop.Stand, relay string) {
		l, err := api.Listen(t.Context(), connectionString(s, s.Listen), api.WithEntity(relay), api.WithCAFile(s.CA))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	}, 501, "The listener RequestHandler has not been configured: this listener takes connections and no HTTP requests. ", ""},
	{"hybrid.Serve, fails", func(t *testing.T, s *interop.Stand, relay string) {
		serve(t, s, relay, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a secret of the handler") }))
	}, 500, "The listener's handler failed. See its log for details.", ""},
	{"causeway listen tcp", func(t *testing.T, s *interop.Stand, relay string) {
		causeway(t, "listen", relay, "--target", "tcp://127.0.0.1:9", "--connection-string", connectionString(s, s.Listen), "--ca-file", s.CA).Await(`: listening$`)
	}, 501, "The listener RequestHandler has not been configured: this listener takes connections and no HTTP requests. ", ""},
	{"causeway listen http, target away", func(t *testing.T, s *interop.Stand, relay string) {
		web := httptest.NewServer(http.NotFoundHandler())
		web.Close()
		causeway(t, "listen", relay, "--target", web.URL, "--connection-string", connectionString(s, s.Listen), "--ca-file", s.CA).Await(`: listening$`)
	}, 502, "", ""},
}

// TestNoHandler: a request to a listener without a handler, or whose handler fails, is answered at once or in time, in words that
// name the relay and can be found again, and that hold nothing of the listener's exception (row 28 of the public suites).
func TestNoHandler(t *testing.T) {
	t.Parallel()
	interop.Need(t, "node", "curl")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for i, u := range unfits {
			t.Run(u.name, func(t *testing.T) {
				relay := "unfit" + string(rune('a'+i))
				s.Add(&entity.Entity{Name: relay, Settings: entity.Settings{ResponseTimeout: time.Second}})
				u.start(t, s, relay)
				a, body, err := (&matrixCase{}).send(t.Context(), webClient(t, s), s, relay)
				if err != nil {
					t.Fatal(err)
				}
				u.check(t, relay, a, string(body))
			})
		}
	})
}

func (u *unfit) check(t *testing.T, relay string, a *http.Response, body string) {
	t.Helper()
	_, reason, _ := strings.Cut(a.Status, " ")
	want := strings.ReplaceAll(u.reason, "RELAY", relay)
	if a.StatusCode != u.status || !strings.HasPrefix(reason, want) {
		t.Errorf("%s, want %d %s", a.Status, u.status, want)
	}
	for _, part := range []string{"TrackingId:", "localhost", relay} {
		if !strings.Contains(reason, part) {
			t.Errorf("no %s in %q", part, reason)
		}
	}
	via := "1.1 localhost"
	if u.code != "" {
		via = ""
	}
	if a.Header.Get("Via") != via || a.Header.Get("Causeway-Error") != u.code {
		t.Errorf("Via %q, Causeway-Error %q, want %q, %q", a.Header.Get("Via"), a.Header.Get("Causeway-Error"), via, u.code)
	}
	if strings.Contains(reason+body, "secret") {
		t.Errorf("the sender is shown the listener's exception: %s %s", reason, body)
	}
}

// TestCurlAtConnections: curl, which shows no reason phrases, is told by the body what is wrong with a request to a listener that takes
// connections only, and what to do; with the tracking id.
func TestCurlAtConnections(t *testing.T) {
	t.Parallel()
	interop.Need(t, "curl")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		causeway(t, "listen", interop.Hyco, "--target", "tcp://127.0.0.1:9", "--connection-string", connectionString(s, s.Listen), "--ca-file", s.CA).Await(`: listening$`)
		token := wire.Sign("http://localhost/"+interop.Hyco, s.Rule, s.Key, time.Now().Add(time.Hour))
		p := interop.Start(t, t.TempDir(), nil, "curl", "--silent", "--show-error", "--max-time", "25", "--cacert", s.CA,
			"--header", "ServiceBusAuthorization: "+token, "https://"+s.Send+"/"+interop.Hyco)
		p.Finish(interop.Patience)
		for _, part := range []string{`"code":"NotImplemented"`, "takes connections and no HTTP requests", "causeway listen NAME --target http://", "TrackingId:", "Address:https://localhost/hyco"} {
			if !strings.Contains(p.Text(), part) {
				t.Errorf("no %s in %s", part, p.Text())
			}
		}
	})
}
