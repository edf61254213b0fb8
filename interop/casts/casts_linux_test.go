package casts

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// How many listeners of each kind there are: a hundred, the one that is killed included.
const (
	receivers = 40 // our Go API
	sockets   = 30 // hyco-ws, on a connection
	requests  = 10 // hyco-https, as requests
	webs      = 19 // causeway listen --target http://
)

// ledger is what the listeners of this process wrote down, by listener.
type ledger struct {
	mu   sync.Mutex
	got  map[string][]string
	more chan struct{}
}

func newLedger() *ledger { return &ledger{got: map[string][]string{}, more: make(chan struct{})} }

func (l *ledger) add(who, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got[who] = append(l.got[who], what)
	close(l.more)
	l.more = make(chan struct{})
}

// list is what a listener wrote down.
func (l *ledger) list(who string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got[who])
}

// state says who of them has not written down n messages yet, or more, and gives what is closed when there is more to see.
func (l *ledger) state(n int, who []string) (short, over string, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range who {
		text := fmt.Sprintf("%s wrote down %d messages of %d", w, len(l.got[w]), n)
		switch {
		case len(l.got[w]) > n:
			over = text
		case len(l.got[w]) < n:
			short = text
		}
	}
	return short, over, l.more
}

// await waits until each of who wrote down n messages, and nobody more.
func (l *ledger) await(t *testing.T, n int, who ...string) {
	t.Helper()
	limit := time.After(interop.Patience)
	for {
		short, over, more := l.state(n, who)
		if over != "" {
			t.Fatal(over)
		}
		if short == "" {
			return
		}
		select {
		case <-more:
		case <-limit:
			t.Fatal(short)
		}
	}
}

// stand is the gateway with an event relay and its listeners.
type stand struct {
	*interop.Stand
	t     *testing.T
	cs    string
	book  *ledger
	names []string // of the listeners in this process
}

// receive starts listeners of the Go API.
func (s *stand) receive() {
	for i := range receivers {
		name := fmt.Sprint("receiver ", i)
		l, err := hybrid.Listen(s.t.Context(), s.cs, hybrid.WithEntity("news"), hybrid.WithCAFile(s.CA),
			hybrid.WithReceiver(func(_ context.Context, m *hybrid.Message) error {
				s.book.add(name, label.FindString(string(m.Data)))
				return nil
			}))
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = l.Close() })
		s.names = append(s.names, name)
	}
}

// web starts connectors in front of one web server, which is told text of SOAP 1.2.
func (s *stand) web() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/soap+xml") {
			s.t.Errorf("posted: %s %q, %v", r.Header.Get("Content-Type"), b, err)
		}
		s.book.add("web "+strings.Trim(r.URL.Path, "/"), label.FindString(string(b)))
	}))
	s.t.Cleanup(server.Close)
	up := make(chan struct{}, webs)
	for i := range webs {
		b := connect.New(connect.Params{
			ConnectionString: s.cs, Roots: trust.Roots{File: s.CA}, Grace: time.Second, Tell: func(e connect.Event) {
				if e.Kind == connect.ListenerConnected {
					up <- struct{}{}
				}
			},
		})
		s.t.Cleanup(func() {
			over, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			b.Shutdown(over)
		})
		if err := b.Apply([]connect.Connector{{Listen: "news", Target: fmt.Sprintf("%s/%d", server.URL, i)}}); err != nil {
			s.t.Fatal(err)
		}
		s.names = append(s.names, fmt.Sprint("web ", i))
	}
	for range webs {
		select {
		case <-up:
		case <-time.After(interop.Patience):
			s.t.Fatal("a connector does not come online")
		}
	}
}

// node starts listeners of an SDK in a process of their own.
func (s *stand) node(kind string, count int) *interop.Program {
	p := s.Node(s.t, s.Listener("news"), "cast-listener.js", kind, fmt.Sprint(count))
	p.Await(`^all listening$`)
	return p
}

// wrote waits until the process has written down n more messages for each of its listeners, and checks that each has all that were sent, in
// their order.
func wrote(t *testing.T, p *interop.Program, listeners, n, sent int) {
	t.Helper()
	for range listeners * n {
		p.Await(`^got \d+ \w+ `)
	}
	got := map[string][]string{}
	for line := range strings.Lines(p.Text()) {
		if who, _, ok := strings.Cut(strings.TrimPrefix(line, "got "), " "); ok && strings.HasPrefix(line, "got ") {
			got[who] = append(got[who], label.FindString(line))
		}
	}
	for who, notes := range got {
		all(t, p.Command()+": listener "+who, notes, sent)
	}
	if len(got) != listeners {
		t.Errorf("%s: %d listeners wrote something down", p.Command(), len(got))
	}
}

// all wants a listener to have written down the first messages, as many as were sent, in their order.
func all(t *testing.T, who string, notes []string, sent int) {
	t.Helper()
	if len(notes) != sent {
		t.Errorf("%s wrote down %d messages of %d", who, len(notes), sent)
	}
	for i, note := range notes {
		if note != fmt.Sprint("message ", i+1) {
			t.Errorf("%s wrote down %q in place of message %d", who, note, i+1)
		}
	}
}

// TestEventsOfMono: the one-way calls of a Mono client over net.tcp reach a hundred listeners. One is stopped, so that it takes nothing, and
// then killed: what it missed is counted, to the message, and no other misses or gets twice a single one, before and behind it.
func TestEventsOfMono(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono", "node")
	interop.OnNodes(t, func(t *testing.T, at *interop.Stand) {
		at.Add(&entity.Entity{Name: "news", Kind: entity.Event, AnonymousSenders: true})
		s := &stand{Stand: at, t: t, book: newLedger()}
		s.cs = "Endpoint=sb://" + s.Listen + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key
		s.receive()
		s.web()
		ws, https, victim := s.node("ws", sockets), s.node("https", requests), s.node("https", 1)
		host := mono.Start(t)
		const each = 10
		send := func() {
			t.Helper()
			lines := host.Client("tcp", "echo", "net.tcp://"+s.Cluster.Node(0).Host("nettcp")+"/news", strings.TrimSuffix(strings.Repeat("notify-next,", each), ","))
			if want := each + 1; len(lines) != want || strings.Contains(strings.Join(lines, " "), "FAILED") {
				t.Fatalf("Mono says %q", lines)
			}
		}
		send()
		s.book.await(t, each, s.names...)
		wrote(t, ws, sockets, each, each)
		wrote(t, https, requests, each, each)
		wrote(t, victim, 1, each, each)

		s.counts(100, each, 0) // all have said so: the victim is stopped amid nothing
		victim.Signal(syscall.SIGSTOP)
		send()
		s.book.await(t, 2*each, s.names...)
		wrote(t, ws, sockets, each, 2*each)
		wrote(t, https, requests, each, 2*each)
		s.counts(100, 2*each, each)
		victim.Kill()
		account := s.Cluster.Await(interop.Context(t), "the account of the listener that was killed", func(l map[string]string) bool {
			return l["msg"] == "closed" && l["shape"] == "listener"
		})
		if account["taken"] != fmt.Sprint(each) || account["missed"] != fmt.Sprint(each) {
			t.Errorf("the listener that was killed: taken %s, missed %s", account["taken"], account["missed"])
		}
		send()
		s.book.await(t, 3*each, s.names...)
		wrote(t, ws, sockets, each, 3*each)
		wrote(t, https, requests, each, 3*each)
		for _, name := range s.names {
			all(t, name, s.book.list(name), 3*each)
		}
		s.counts(99, 3*each, 0)
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Limits.ListenersPerEntity = 200 }))
}

// counts waits until the management API says of each of so many listeners that it has all that were sent, but for one, if some wait for it.
func (s *stand) counts(listeners int, sent, waiting int64) {
	s.t.Helper()
	api, err := client.New(client.Params{ConnectionString: s.cs, Roots: trust.Roots{File: s.CA}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer api.Close()
	limit := time.After(interop.Patience)
	for {
		list, err := api.Listeners(s.t.Context(), "news")
		if err != nil {
			s.t.Fatal(err)
		}
		stopped, whole, others := 0, 0, ""
		for _, l := range list {
			switch c := l.Casts; {
			case c.Delivered == sent && c.Missed == 0 && c.Waiting == 0:
				whole++
			case waiting > 0 && c.Delivered == sent-waiting && c.Missed == 0 && c.Waiting == waiting:
				stopped++
			default: // the gateway may not have heard yet that it was taken
				others += fmt.Sprintf("%s (%s): %+v; ", l.ID, l.Agent, c)
			}
		}
		if len(list) == listeners && whole+stopped == listeners && (stopped == 1) == (waiting > 0) {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-limit:
			s.t.Fatalf("%d listeners, %d have all, %d are stopped: %s", len(list), whole, stopped, others)
		}
	}
}
