package manage_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	hybrid "github.com/causeway-relay/causeway/hybrid/wire"
)

// TestTap: a request that nobody answers is seen, its credentials are not, and the log says who looked.
func TestTap(t *testing.T) {
	w := newWorld(t)
	w.put(&entity.Entity{Name: "plant/Line1"})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	seen := w.follow(ctx, "/$api/entities/plant%2Fline1/tap?bytes=100")
	if got := block(t, seen); !strings.HasPrefix(got, ": ") {
		t.Errorf("it begins with %q", got)
	}
	at := entity.Address{Path: "plant/line1"}
	token := hybrid.Sign("http://localhost/plant/line1", w.root.Name, string(w.root.Primary), time.Now().Add(time.Hour))
	req := &shape.Request{Method: "POST", Hello: shape.Hello{
		At: at, Target: "/plant/line1?x=1&sb-hc-token=SECRET", Tracking: "11111111-2222-3333-4444-555555555555", Door: "https", Action: "urn:a",
		Remote: netip.MustParseAddrPort("192.0.2.7:51234"), Host: "localhost", Fields: shape.Fields{{Name: "Authorization", Value: "Basic SECRET"}, {Name: "X-A", Value: "<1>"}},
	}}
	if _, err := w.relay.Exchange(ctx, relay.Ask{Need: entity.Send, Cred: auth.Credential{Scheme: auth.SAS, Text: token}}, req); err == nil {
		t.Fatal("somebody answered")
	}
	request, end := block(t, seen), block(t, seen)
	var s wire.Seen
	data, _ := strings.CutPrefix(request, "event: request\ndata: ")
	if err := json.Unmarshal([]byte(data), &s); err != nil {
		t.Fatalf("%v in %q", err, request)
	}
	if s.Entity != "plant/Line1" || s.Method != "POST" || s.Target != "/plant/line1?x=1&sb-hc-token=***" || s.Action != "urn:a" || s.Door != "https" || s.Node != 1 ||
		s.Remote != "192.0.2.7:51234" || s.Tracking != req.Tracking || s.Shape != "exchange" || len(s.Fields) != 2 || s.Fields[0] != [2]string{"Authorization", "Basic ***"} || s.Fields[1] != [2]string{"X-A", "<1>"} {
		t.Errorf("request %+v", s)
	}
	if !strings.Contains(end, `"event":"end"`) || !strings.Contains(end, `"reason":"NoListener"`) {
		t.Errorf("end %q", end)
	}
	if log := w.log.String(); !strings.Contains(log, `"msg":"tap"`) || !strings.Contains(log, `"rule":"`+w.root.Name) || strings.Contains(log, "SECRET") {
		t.Errorf("log: %s", log)
	}
}

// TestTapRefused: no relay, a bad number, no right; and HEAD looks at nothing.
func TestTapRefused(t *testing.T) {
	w := newWorld(t)
	w.put(&entity.Entity{Name: "hyco"})
	for path, status := range map[string]int{
		"/$api/entities/none/tap": http.StatusNotFound, "/$api/entities/hyco/tap?bytes=0": http.StatusBadRequest, "/$api/entities/hyco/tap?bytes=999999": http.StatusBadRequest,
		"/$api/entities/hyco/tap?bytes=x": http.StatusBadRequest, "/$api/entities/hyco/tap?more=1": http.StatusBadRequest,
	} {
		if got := w.ask(http.MethodGet, path, ""); got.status != status {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := w.as("", http.MethodGet, "/$api/entities/hyco/tap", ""); got.status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", got.status)
	}
	if got := w.ask(http.MethodHead, "/$api/entities/hyco/tap", ""); got.status != http.StatusOK || got.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD: %d %v", got.status, got.header)
	}
}
