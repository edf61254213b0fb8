package front

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/causeway-relay/causeway/internal/http1/corpus"
	"github.com/causeway-relay/causeway/internal/leg"
)

// recorder counts what gets through.
type recorder struct {
	mu     sync.Mutex
	routed int
	whole  [][]byte // bodies that a handler read to their end
	broken int      // bodies that ended in an error
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routed, r.whole, r.broken = 0, nil, 0
}

func (r *recorder) look() (routed int, whole [][]byte, broken int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.routed, r.whole, r.broken
}

func (r *recorder) route(*leg.Arrival) Take {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routed++
	return nil
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	b, err := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.broken++
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.whole = append(r.whole, b)
}

// put sends a message, ends the direction and reads all that comes back. The server may be done before it has all.
func put(t *testing.T, w *world, message []byte) string {
	t.Helper()
	c := w.dial(t, "80")
	defer c.Close()
	_, err := c.Write(message)
	if err == nil {
		err = c.(interface{ CloseWrite() error }).CloseWrite()
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("read the answer: %v (after %q)", err, b)
	}
	return string(b)
}

// TestSmuggledHeads puts every broken head of the corpus to a door. Each is refused and the connection closed, and nothing of it,
// a hidden second request neither, reaches an entry or a handler. Repaired, each gets through with its body.
func TestSmuggledHeads(t *testing.T) {
	rec := &recorder{}
	w := open(t, func(p *Params) { p.Handler, p.Route = rec, rec.route })
	items := corpus.Heads(corpus.Place{Host: "gw", Path: "/echo"})
	if len(items) < 2000 {
		t.Fatalf("%d heads", len(items))
	}
	for _, item := range items {
		rec.reset()
		got := put(t, w, item.Broken)
		if s := statusOf(got); len(s) != 3 || s[0] != '4' && s[0] != '5' {
			t.Errorf("%s (%s) was answered %.60q", item.Name, item.Rule, got)
		}
		if routed, whole, broken := rec.look(); routed+len(whole)+broken != 0 {
			t.Errorf("%s (%s) got through %d times", item.Name, item.Rule, routed)
		}
		rec.reset()
		put(t, w, item.Repaired)
		checkThrough(t, rec, item)
	}
}

// TestSmuggledBodies does it with chunked bodies: the head is good and a handler is asked, but never sees a whole body.
func TestSmuggledBodies(t *testing.T) {
	rec := &recorder{}
	w := open(t, func(p *Params) { p.Handler, p.Route = rec, rec.route })
	items := corpus.Bodies(corpus.Place{Host: "gw", Path: "/echo"})
	for _, item := range items {
		rec.reset()
		got := put(t, w, item.Broken)
		if s := statusOf(got); len(s) != 3 || s[0] != '4' {
			t.Errorf("%s (%s) was answered %.60q", item.Name, item.Rule, got)
		}
		if routed, whole, broken := rec.look(); routed != 1 || len(whole) != 0 || broken != 1 {
			t.Errorf("%s (%s): %d requests, whole bodies %q", item.Name, item.Rule, routed, whole)
		}
		rec.reset()
		put(t, w, item.Repaired)
		checkThrough(t, rec, item)
	}
}

// checkThrough wants exactly one request with the item's body.
func checkThrough(t *testing.T, rec *recorder, item corpus.Item) {
	t.Helper()
	routed, whole, broken := rec.look()
	if routed != 1 || broken != 0 {
		t.Errorf("%s repaired: %d requests, %d broken", item.Name, routed, broken)
		return
	}
	if strings.HasPrefix(item.Name, "asterisk/") && len(whole) == 0 {
		return // OPTIONS * is answered without the handler
	}
	if len(whole) != 1 || !bytes.Equal(whole[0], item.Body) {
		t.Errorf("%s repaired: bodies %q, want %q", item.Name, whole, item.Body)
	}
}
