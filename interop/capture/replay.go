package capture

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/rewrite"
	"github.com/causeway-relay/causeway/soap/wssec"
)

// Replayer answers a client with what a recorded service said, rewritten as behind a relay.
type Replayer struct {
	t  testing.TB
	mu sync.Mutex

	exchanges []Exchange
	next      int
}

// Replay makes a handler that answers the nth request with the nth answer of exchanges. Where that has an envelope it is
// rewritten first: Action and To change and change back, a header comes, a timestamp is made new, and it relates to the
// request that was really sent.
func Replay(t testing.TB, exchanges []Exchange) *Replayer {
	return &Replayer{t: t, exchanges: exchanges}
}

// Count gives the number of answers so far.
func (r *Replayer) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next
}

// ServeHTTP implements http.Handler.
func (r *Replayer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	request := Read(r.t, req.Header, req.Body)
	if r.next == len(r.exchanges) {
		r.t.Errorf("a request more than was recorded: %s %q", req.URL, request.Body)
		http.Error(w, "nothing more was recorded", http.StatusServiceUnavailable)
		return
	}
	answer := r.exchanges[r.next].Answer
	r.next++
	if answer.IsSOAP() {
		relates := ""
		if request.IsSOAP() {
			relates = request.MessageID(r.t)
		}
		answer = answer.Relayed(r.t, "", relates)
		if answer.Decode(r.t).Find(wssec.NamespaceSecext, "Security") != nil { // only a timestamp, and long over
			answer = answer.Rewritten(r.t, rewrite.Edit{Op: rewrite.Put, Space: wssec.NamespaceSecext, Local: "Security", Block: fresh(r.t)})
		}
	}
	for _, name := range []string{"Content-Type", "Content-Encoding", "Mime-Version", "Www-Authenticate", "Connection"} {
		if v := answer.Header.Values(name); v != nil {
			w.Header()[name] = v
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.Body)))
	w.WriteHeader(answer.Status)
	if _, err := w.Write(answer.Body); err != nil {
		r.t.Logf("answer %d: %v", r.next, err)
	}
}

// fresh gives a security header that is good now.
func fresh(t testing.TB) *soap.Header {
	t.Helper()
	s := wssec.Security{Timestamp: wssec.NewTimestamp(time.Now())}
	s.Timestamp.ID = "_0"
	h, err := s.Header()
	if err != nil {
		t.Fatal(err)
	}
	return h
}
