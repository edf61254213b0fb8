package hybrid

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/interop"
)

//go:embed testdata/webapp.html
var webPage []byte

// webReport is what the page tells.
type webReport struct {
	Echoed int      `json:"echoed"` // bodies that came back
	Opened bool     `json:"opened"` // the event stream, before its first event
	Events []string `json:"events"`
	Chat   string   `json:"chat"`
	Error  string   `json:"error"`
}

// TestPage (a short name, for Chromium puts a socket into the test's folder): Chromium as sender, with preflights, server-sent events and a WebSocket chat, at an application that
// knows nothing of relays.
func TestPage(t *testing.T) {
	t.Parallel()
	interop.Need(t, "browser")
	onCarriers(t, func(t *testing.T, s *interop.Stand, base string) {
		reports := make(chan webReport, 1)
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/":
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = w.Write(webPage)
			case "/report":
				var got webReport
				if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
					t.Errorf("report: %v", err)
				}
				reports <- got
			default:
				http.NotFound(w, r)
			}
		}))
		t.Cleanup(web.Close)
		browser := chromium(t, s, web.URL+"/#"+url.QueryEscape(base))
		timer := time.NewTimer(interop.Patience)
		defer timer.Stop()
		select {
		case got := <-reports:
			want := []string{"0 event 0", "1 event 1", "2 event 2", "3 event 3", "4 event 4"}
			if got.Error != "" || got.Echoed != 4 || !got.Opened || !slices.Equal(got.Events, want) || got.Chat != "GOOD MORNING" {
				t.Errorf("the page reports %+v", got)
			}
			browser.Kill()
		case <-browser.Done():
			t.Fatal("the browser ended without a report")
		case <-timer.C:
			t.Fatal("no report")
		}
	})
}
