package hybrid

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/interop"
)

const (
	volume    = 256 << 20 // bytes each way in make test
	soakSize  = 5 << 30   // in make soak
	maxGrowth = 24 << 20  // of any process over what it had after its first exchanges: pools, stacks, the collector's slack
)

// TestWebVolume: 256 MiB up and down in one exchange each, by hybrid.Serve and by 'causeway listen', hashed at both ends; no
// process grows with them. make soak does 5 GiB.
func TestWebVolume(t *testing.T) {
	t.Parallel()
	interop.Need(t, "curl")
	webVolume(t, volume)
}

// TestSoakWebVolume is the same with 5 GiB.
func TestSoakWebVolume(t *testing.T) {
	if os.Getenv("CAUSEWAY_SOAK") == "" {
		t.Skip("moves 20 GiB: make soak, or CAUSEWAY_SOAK=5m go test -run '^TestSoakWebVolume' ./interop/hybrid")
	}
	webVolume(t, soakSize)
}

func webVolume(t *testing.T, size int64) {
	node, s := process(t)
	for _, c := range []string{"serve", "listen"} {
		t.Run(c, func(t *testing.T) {
			relay := "volume-" + c
			causeway(t, "relay", "create", relay, "--anonymous-senders", "--connection-string", connectionString(s, s.Send), "--ca-file", s.CA).Finish(interop.Patience)
			programs := map[string]*interop.Program{"the gateway": node}
			if c == "serve" {
				serve(t, s, relay, http.HandlerFunc(volumes))
			} else {
				web := httptest.NewServer(http.HandlerFunc(volumes))
				t.Cleanup(web.Close)
				p := causeway(t, "listen", relay, "--target", web.URL, "--connection-string", connectionString(s, s.Listen), "--ca-file", s.CA)
				p.Await(`: listening$`)
				programs["listen"] = p
			}
			client := webClient(t, s)
			client.Timeout = 10 * time.Minute
			base := "https://" + s.Send + "/" + relay
			up(t, client, base, 4<<20)
			down(t, client, base, 4<<20)
			interop.Steady(t, programs, maxGrowth, func() {
				began := time.Now()
				up(t, client, base, size)
				middle := time.Now()
				down(t, client, base, size)
				t.Logf("%d MiB: up in %v, down in %v", size>>20, middle.Sub(began), time.Since(middle))
			})
		})
	}
}

// process starts a gateway as a process of its own, with more environment.
func process(t *testing.T, env ...string) (*interop.Program, *interop.Stand) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "ready.json")
	node := causewayWith(t, env, "serve", "--data", filepath.Join(dir, "data"), "--https", "127.0.0.1:0", "--http", "off", "--admin", "127.0.0.1:0", "--ready-file", file)
	node.Await(`msg=ready`)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var ready gateway.Ready
	if err := json.Unmarshal(b, &ready); err != nil {
		t.Fatal(err)
	}
	return node, interop.NewStand(t, ready, ready)
}

// noise is so many bytes, always the same ones.
func noise(size int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{5}), size) }

// volumes is the application: PUT is answered with the hash of what came, GET ?n=size with so much noise.
func volumes(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		sum := sha256.New()
		if _, err := io.Copy(sum, r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, hex.EncodeToString(sum.Sum(nil)))
		return
	}
	size, err := strconv.ParseInt(r.URL.Query().Get("n"), 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = io.Copy(w, noise(size))
}

func hashOf(t *testing.T, r io.Reader) string {
	t.Helper()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func up(t *testing.T, client *http.Client, base string, size int64) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, base, noise(size))
	if err != nil {
		t.Fatal(err)
	}
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	got, err := io.ReadAll(a.Body)
	if want := hashOf(t, noise(size)); err != nil || a.StatusCode != http.StatusOK || string(got) != want {
		t.Errorf("up: %s %s, %v, want %s", a.Status, got, err, want)
	}
}

func down(t *testing.T, client *http.Client, base string, size int64) {
	t.Helper()
	a, err := client.Get(fmt.Sprintf("%s?n=%d", base, size))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if got, want := hashOf(t, a.Body), hashOf(t, noise(size)); a.StatusCode != http.StatusOK || got != want {
		t.Errorf("down: %s %s, want %s", a.Status, got, want)
	}
}
