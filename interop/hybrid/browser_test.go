package hybrid

import (
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/interop"
)

//go:embed testdata/sender.html
var page []byte

// TestSenderInABrowser: a page in Chromium as sender. A page cannot set headers, so its token is in the query; the browser
// trusts the gateway's CA as a user's would, by its certificate store, and checks the certificate.
func TestSenderInABrowser(t *testing.T) {
	interop.Need(t, "browser", "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		listener := talk(t, s)
		report := browse(t, s, url.Values{
			"sb-hc-action": {"connect"},
			"sb-hc-token":  {wire.Sign("http://localhost/"+interop.Hyco, s.Rule, s.Key, time.Now().Add(time.Hour))},
		})
		if report.Error != "" || report.Exact != 14 || report.Protocol != "soap" || report.Bye != "4002 no more, thank you, clean" {
			t.Errorf("the page reports %+v", report)
		}
		listener.Await(`^open soap /\$hc/hyco$`)
		listener.Await(`^closed 4001 enough of this$`)
	})
}

// TestBrowserIsRefused: without a token the page sees an error and no more, as browsers have it.
func TestBrowserIsRefused(t *testing.T) {
	interop.Need(t, "browser", "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		talk(t, s)
		if report := browse(t, s, url.Values{"sb-hc-action": {"connect"}}); report.Error != "closed 1006" {
			t.Errorf("the page reports %+v", report)
		}
		awaitAccount(t, s, "refused", "stream", "MissingToken")
	})
}

// report is what the page tells.
type report struct {
	Exact    int    `json:"exact"`    // messages that came back byte for byte, and that the listener had read right
	Protocol string `json:"protocol"` // chosen sub-protocol
	Bye      string `json:"bye"`      // how the listener closed: code, text, clean or not
	Error    string `json:"error"`
}

// browse opens the page in a fresh Chromium and waits for its report.
func browse(t *testing.T, s *interop.Stand, query url.Values) report {
	t.Helper()
	reports := make(chan report, 1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/report":
			var got report
			body, err := io.ReadAll(r.Body)
			if err == nil {
				err = json.Unmarshal(body, &got)
			}
			if err != nil {
				t.Errorf("report %q: %v", body, err)
			}
			reports <- got
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write(page)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(web.Close)
	target := "wss://" + s.Send + "/$hc/" + interop.Hyco + "?" + query.Encode()
	browser := chromium(t, s, web.URL+"/#"+url.QueryEscape(target))
	timer := time.NewTimer(interop.Patience)
	defer timer.Stop()
	select {
	case got := <-reports:
		browser.Kill()
		return got
	case <-browser.Done():
		t.Fatal("the browser ended without a report")
	case <-timer.C:
		t.Fatal("no report")
	}
	return report{}
}

// chromium starts the browser with a home and a profile of its own, whose certificate store holds the CA.
func chromium(t *testing.T, s *interop.Stand, page string) *interop.Program {
	t.Helper()
	home := t.TempDir()
	store := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(store, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-N", "--empty-password"},
		{"-A", "-n", "causeway", "-t", "C,,", "-i", s.CA},
	} {
		if out, err := exec.CommandContext(t.Context(), "certutil", append([]string{"-d", "sql:" + store}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("certutil %v: %v\n%s", args, err, out)
		}
	}
	args := []string{
		"--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-dev-shm-usage", "--disable-extensions", "--user-data-dir=" + filepath.Join(home, "profile"),
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium's own sandbox refuses root
	}
	env := []string{"HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_CACHE_HOME=" + home, "TMPDIR=" + home}
	return interop.Start(t, home, env, browserName(t), append(args, page)...)
}

// browserName finds Chromium under the names that systems give it.
func browserName(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium: call Need first")
	return ""
}
