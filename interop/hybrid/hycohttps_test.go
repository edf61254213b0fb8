package hybrid

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
)

// TestHTTPSTokenExpires: hyco-https comes back at once after a 1008, with a new token.
func TestHTTPSTokenExpires(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		p := s.Node(t, append(s.Listener(interop.Hyco), "RELAY_TTL=2"), "https-talk.js")
		for range 3 {
			p.Await(`^listening$`)
		}
		awaitGone(t, s, "TokenExpired")
	}, short())
}

// TestHTTPSAcceptsNoSockets: hyco-https cannot accept WebSockets. Where its exception ends the process, the sender learns
// at once that the listener is lost. Where the process lives on, the sender is told at the accept timeout; the exception has
// also left the library deaf on that control channel for good, so the gateway misses its pongs and drops it.
func TestHTTPSAcceptsNoSockets(t *testing.T) {
	interop.Need(t, "node")
	soon := testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Accept = time.Second })
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		dies := s.Node(t, s.Listener(interop.Hyco), "https-listener.js")
		dies.Await(`^listening$`)
		sender(t, s, "knock").Await(`^unexpected server response \(502\)$`)
		dies.Await(`^ReferenceError: Extensions is not defined$`)
		sender(t, s, "knock").Await(`^unexpected server response \(404\)$`)

		lives := s.Node(t, s.Listener(interop.Hyco), "https-talk.js")
		lives.Await(`^listening$`)
		sender(t, s, "knock").Await(`^unexpected server response \(504\)$`)
		lives.Await(`^uncaught: Extensions is not defined$`)
		awaitGone(t, s, "Idle")
		sender(t, s, "knock").Await(`^unexpected server response \(404\)$`)
	}, soon, testcluster.WithPing(500*time.Millisecond))
}

// TestHTTPSAnswers: hyco-https answers plain HTTP senders, whatever the size of request and answer.
func TestHTTPSAnswers(t *testing.T) {
	interop.Need(t, "node")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		p := s.Node(t, s.Listener(interop.Open), "https-listener.js")
		p.Await(`^listening$`)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: s.TLS()}, Timeout: 20 * time.Second}
		for _, n := range []int{0, 1, 65536, 65537, 200000} {
			resp, err := client.Post("https://"+s.Send+"/open/some/path?x=1", "text/plain", strings.NewReader(strings.Repeat("x", n)))
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Method  string            `json:"method"`
				URL     string            `json:"url"`
				Headers map[string]string `json:"headers"`
				Bytes   int               `json:"bytes"`
			}
			err = json.NewDecoder(resp.Body).Decode(&got)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Via") != "1.1 localhost" ||
				got.Method != "POST" || got.URL != "/open/some/path?x=1" || got.Bytes != n || got.Headers["via"] != "1.1 localhost" {
				t.Errorf("%d bytes: %d %v, %+v, %v", n, resp.StatusCode, resp.Header, got, err)
			}
		}
	})
}
