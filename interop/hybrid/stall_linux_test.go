package hybrid

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/interop"
)

const (
	offered   = 1 << 30  // what a writer has for a reader that stops
	mostLeft  = 64 << 20 // of it may leave: what all buffers of the kernel on the way take
	mostGrown = 1 << 20  // what a gateway may keep of it
)

// stalling is one carrier. It starts what it needs at the relay, and gives what is to be done in each direction: run offers, calls look
// when the writer stands still, leaves, and says how much left the writer.
type stalling struct {
	name  string
	start func(t *testing.T, s *interop.Stand, relay string) (request, response func(look func()) int64)
}

var stallings = []stalling{
	{"hybrid.Serve", func(t *testing.T, s *interop.Stand, relay string) (request, response func(look func()) int64) {
		return stallByWeb(t, s, relay, serve)
	}},
	{"causeway listen http", func(t *testing.T, s *interop.Stand, relay string) (request, response func(look func()) int64) {
		return stallByWeb(t, s, relay, carriers[1].start)
	}},
	{"rendezvous", stallAtRendezvous},
	{"control channel", stallAtControl},
	{"causeway listen tcp, raw", stallRaw},
}

// TestStalledReader: a reader that stops while 1 GiB is offered stops its writer, up and down, and what the gateway's process has more
// than before is at most 1 MiB: by every carrier, in one node, and in two between which the exchange crosses. Two nodes are one
// process here, so they share the bound. The process collects its garbage early (GOGC): what hundreds of short exchanges on a
// control channel left behind is not what is kept for those that stand still.
func TestStalledReader(t *testing.T) {
	t.Parallel()
	interop.Need(t, "curl")
	for name, open := range map[string]func(*testing.T, ...string) (*interop.Program, *interop.Stand){"one node": process, "two nodes": twoNodes} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node, s := open(t, "GOGC=25")
			for _, c := range stallings {
				t.Run(c.name, func(t *testing.T) {
					relay := "stall-" + strings.NewReplacer(" ", "-", ",", "", ".", "").Replace(strings.ToLower(c.name))
					causeway(t, "relay", "create", relay, "--anonymous-senders", "--connection-string", connectionString(s, s.Send), "--ca-file", s.CA).Finish(interop.Patience)
					request, response := c.start(t, s, relay)
					stalls(t, node, "request", request)
					stalls(t, node, "response", response)
				})
			}
		})
	}
}

// stalls judges one direction. The first round leaves what is kept for later exchanges: code, pools, stacks; the second is judged
// beside the quiet process.
func stalls(t *testing.T, node *interop.Program, way string, run func(look func()) int64) {
	t.Helper()
	stalled := int64(0)
	run(func() {})
	before := node.Memory("RssAnon")
	sent := run(func() { stalled = node.Memory("RssAnon") })
	t.Logf("%s: %d KiB left the writer; the gateway has %d KiB, %d before", way, sent>>10, stalled>>10, before>>10)
	if sent > mostLeft {
		t.Errorf("%s: %d bytes left although nobody reads them", way, sent)
	}
	if stalled-before > mostGrown {
		t.Errorf("%s: the gateway grew by %d KiB", way, (stalled-before)>>10)
	}
}

// twoNodes starts a process of the binary in which two nodes are one gateway, joined by their link on loopback. Listeners are at the
// second node, senders at the first. env is for the process.
func twoNodes(t *testing.T, env ...string) (*interop.Program, *interop.Stand) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "ready.json")
	node := causewayWith(t, env, "demo", "--keep", "--ready-file", file)
	node.Await(`^both nodes keep running`)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var ready []gateway.Ready
	if err := json.Unmarshal(b, &ready); err != nil || len(ready) != 2 {
		t.Fatalf("%s: %v", b, err)
	}
	s := interop.NewStand(t, ready[1], ready[0])
	s.CA = filepath.Join(dir, "both.pem") // each node has an authority of its own
	var all []byte
	for _, r := range ready {
		pem, err := os.ReadFile(r.CAFile)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pem...)
	}
	if err := os.WriteFile(s.CA, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return node, s
}

// settled waits until a writer stands still, and gives how much it wrote.
func settled(t *testing.T, n *atomic.Int64) int64 {
	t.Helper()
	tick := time.NewTicker(600 * time.Millisecond)
	defer tick.Stop()
	for last := int64(-1); ; {
		<-tick.C
		now := n.Load()
		if now == last && now > 0 {
			return now
		}
		last = now
	}
}

// counting counts what is read.
type counting struct {
	io.Reader
	n *atomic.Int64
}

func (c counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// stall is a web application that counts what leaves a writer, in both directions, and holds the reader of a request until its sender
// has gone.
type stall struct {
	t        *testing.T
	client   *http.Client
	base     string
	up, down atomic.Int64
	left     chan struct{} // told when the sender of an upload has gone: net/http does not see it while a body is unread
}

func (s *stall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		_, _ = io.ReadFull(r.Body, make([]byte, 1<<10)) // and then no more
		<-s.left
		return
	}
	_, _ = io.Copy(w, counting{noise(offered), &s.down})
}

// stallByWeb has the application brought to its senders by a carrier of web applications.
func stallByWeb(t *testing.T, s *interop.Stand, relay string, start func(*testing.T, *interop.Stand, string, http.Handler)) (request, response func(look func()) int64) {
	app := &stall{t: t, client: webClient(t, s), base: "https://" + s.Send + "/" + relay, left: make(chan struct{}, 1)}
	app.client.Timeout = 2 * time.Minute
	start(t, s, relay, app)
	return app.request, app.response
}

// request offers 1 GiB to the application, which reads next to nothing of it.
func (s *stall) request(look func()) int64 {
	s.up.Store(0)
	return s.hold(http.MethodPut, counting{noise(offered), &s.up}, &s.up, look)
}

// response asks for 1 GiB and reads no more than the head.
func (s *stall) response(look func()) int64 {
	s.down.Store(0)
	return s.hold(http.MethodGet, http.NoBody, &s.down, look)
}

// hold makes the exchange, looks when its writer stands still, and leaves.
func (s *stall) hold(method string, body io.Reader, n *atomic.Int64, look func()) int64 {
	s.t.Helper()
	over := ask(s.t, s.client, method, s.base, body)
	sent := settled(s.t, n)
	look()
	over()
	if method == http.MethodPut {
		s.left <- struct{}{}
	}
	return sent
}

// ask sends a request whose answer nobody reads. over leaves, and returns when the sender has gone.
func ask(t *testing.T, client *http.Client, method, url string, body io.Reader) (over func()) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		a, err := client.Do(r)
		if err != nil {
			return
		}
		<-ctx.Done() // reads nothing
		_ = a.Body.Close()
	}()
	return func() { leave(); <-done }
}
