package hybrid

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/interop"
)

// offered is what a writer has for a reader that stops.
const offered = 1 << 30

// stall counts what left a writer, in both directions, and holds the reader of a request until its sender has gone.
type stall struct {
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

// settled waits until a writer stands still, and gives how much it wrote.
func settled(t *testing.T, n *atomic.Int64) int64 {
	t.Helper()
	tick := time.NewTicker(700 * time.Millisecond)
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

// TestStalledReader: a reader that stops while 1 GiB is offered stops its writer, up and down, and costs the gateway's process
// at most 1 MiB more than the same exchange in a first round did.
func TestStalledReader(t *testing.T) {
	interop.Need(t, "curl")
	t.Parallel()
	node, s := process(t)
	for _, c := range carriers {
		t.Run(c.name, func(t *testing.T) {
			relay := "stall-" + c.name[:6]
			causeway(t, "relay", "create", relay, "--anonymous-senders", "--connection-string", connectionString(s, s.Send), "--ca-file", s.CA).Finish(interop.Patience)
			app := &stall{left: make(chan struct{}, 1)}
			c.start(t, s, relay, app)
			client := webClient(t, s)
			client.Timeout = 2 * time.Minute
			base := "https://" + s.Send + "/" + relay
			for _, way := range []struct {
				name string
				run  func(t *testing.T, client *http.Client, base string, look func()) int64
			}{{"request", app.request}, {"response", app.response}} {
				before, stalled := int64(0), int64(0)
				way.run(t, client, base, func() { before = resident(t, node, "RssAnon") })
				sent := way.run(t, client, base, func() { stalled = resident(t, node, "RssAnon") })
				t.Logf("%s: %d KiB left the writer; the gateway has %d KiB, %d before", way.name, sent>>10, stalled>>10, before>>10)
				if sent > 64<<20 {
					t.Errorf("%s: %d bytes left although nobody reads them", way.name, sent)
				}
				if stalled-before > 1<<20 {
					t.Errorf("%s: the gateway grew by %d KiB", way.name, (stalled-before)>>10)
				}
			}
		})
	}
}

// request offers 1 GiB to the application, which reads next to nothing of it.
func (s *stall) request(t *testing.T, client *http.Client, base string, look func()) int64 {
	t.Helper()
	s.up.Store(0)
	r, err := http.NewRequest(http.MethodPut, base, counting{noise(offered), &s.up})
	if err != nil {
		t.Fatal(err)
	}
	return s.hold(t, r, client, &s.up, look)
}

// response asks for 1 GiB and reads no more than the head.
func (s *stall) response(t *testing.T, client *http.Client, base string, look func()) int64 {
	t.Helper()
	s.down.Store(0)
	r, err := http.NewRequest(http.MethodGet, base, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return s.hold(t, r, client, &s.down, look)
}

// hold makes the exchange, looks when its writer stands still, and leaves.
func (s *stall) hold(t *testing.T, r *http.Request, client *http.Client, n *atomic.Int64, look func()) int64 {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a, err := client.Do(r.WithContext(ctx))
		if err != nil {
			return
		}
		<-ctx.Done() // reads nothing
		_ = a.Body.Close()
	}()
	sent := settled(t, n)
	look()
	leave()
	<-done
	if r.Method == http.MethodPut {
		s.left <- struct{}{}
	}
	return sent
}
