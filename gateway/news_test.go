package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/manage/client"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/trust"
)

// newsroom is a cluster of two nodes with somebody who follows the events at each.
type newsroom struct {
	*testcluster.Cluster

	t      *testing.T
	ctx    context.Context
	asks   []*client.Client
	feeds  []chan *wire.Event
	closed []chan error
}

func newNewsroom(t *testing.T, opts ...testcluster.Option) *newsroom {
	n := &newsroom{Cluster: testcluster.New(t, 2, opts...), t: t}
	var cancel context.CancelFunc
	n.ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	for i := range 2 {
		asked, err := client.New(client.Params{ConnectionString: n.Node(i).Ready().ConnectionString, Roots: trust.Roots{File: n.CAFile()}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(asked.Close)
		feed, closed, stands := make(chan *wire.Event, 100), make(chan error, 1), make(chan struct{})
		go func() {
			closed <- asked.Events(n.ctx, "", "", func() { close(stands) }, func(e *wire.Event) error { feed <- e; return nil })
		}()
		<-stands
		n.asks, n.feeds, n.closed = append(n.asks, asked), append(n.feeds, feed), append(n.closed, closed)
	}
	return n
}

// happens wants the next event of both feeds to be the one named, and gives it.
func (n *newsroom) happens(name string) *wire.Event {
	n.t.Helper()
	var first *wire.Event
	for i, feed := range n.feeds {
		select {
		case e := <-feed:
			if e.Event != name || first != nil && (e.ID != first.ID || !e.Time.Equal(first.Time)) {
				n.t.Fatalf("node %d tells %+v, want %s", i+1, e, name)
			}
			first = e
		case <-n.ctx.Done():
			n.t.Fatalf("node %d does not tell of %s", i+1, name)
		}
	}
	return first
}

// listen opens a control channel at node 2.
func (n *newsroom) listen(id string) (*websocket.Conn, error) {
	dialer := websocket.Dialer{TLSClientConfig: n.TLS()}
	header := http.Header{"ServiceBusAuthorization": {n.Token(n.Root(), "http://localhost/hyco", time.Now().Add(time.Hour))}}
	conn, answer, err := dialer.DialContext(n.ctx, "wss://"+n.Node(1).Host("https")+"/$hc/hyco?sb-hc-action=listen&sb-hc-id="+id, header)
	if err != nil && answer != nil {
		err = fmt.Errorf("%w: %s", err, answer.Status)
	}
	return conn, err
}

// TestNews: what happens at one node or in the store is told at both, once, and stays in the history of both.
func TestNews(t *testing.T) {
	n := newNewsroom(t, testcluster.WithConfig(func(_ int, c *config.Config) {
		c.Metrics.PerEntity, c.Limits.ListenersPerEntity = true, 1
	}), testcluster.WithPing(time.Hour), testcluster.WithParams(func(p *gateway.Params) {
		p.Deaf = presence.Rules{Silence: 300 * time.Millisecond}
	}))
	e := n.Add(&entity.Entity{Name: "Hyco"})
	if got := n.happens("entity.created"); got.Entity != "Hyco" || got.Node != 0 {
		t.Errorf("created %+v", got)
	}
	e = e.Clone()
	e.AnonymousSenders = true
	e, err := n.Store().Put(n.ctx, e, store.Any)
	if err != nil {
		t.Fatal(err)
	}
	n.happens("entity.updated")
	conn, err := n.listen("meter")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := n.happens("listener.connected"); got.Entity != "Hyco" || got.Listener != "meter" || got.Node != 2 || got.Remote != conn.LocalAddr().String() {
		t.Errorf("connected %+v", got)
	}
	if got := n.happens("listener.deaf"); got.Reason != "Idle" || got.Text == "" || got.Duration == 0 {
		t.Errorf("deaf %+v", got)
	}
	n.counts(`entity="Hyco",state="deaf"`, 1)
	if got, err := n.asks[0].Entity(n.ctx, "hyco"); err != nil || got.Listeners != (wire.ListenerCounts{Deaf: 1}) {
		t.Errorf("node 1 counts %+v, %v", got.Listeners, err)
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	n.happens("listener.back")
	if _, err := n.listen("another"); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("beyond the limit: %v", err)
	}
	// The connected one may be deaf again at any moment of this short silence.
	if got := n.next("limit.reached"); got.Reason != "ListenerLimit" || got.Entity != "Hyco" {
		t.Errorf("limit %+v", got)
	}
	_, _ = n.listen("another") // is no news for a minute
	conn.Close()
	if got := n.next("listener.disconnected"); got.Reason != "Aborted" || got.Listener != "meter" {
		t.Errorf("disconnected %+v", got)
	}
	n.counts(`entity="Hyco",state="gone"`, 1)
	for i, asked := range n.asks {
		s, err := asked.StatusOf(n.ctx, "HYCO")
		if err != nil {
			t.Fatal(err)
		}
		var events []string
		for _, p := range s.Presence {
			if p.Entity != "Hyco" || p.Listener != "meter" || p.Node != 2 {
				t.Errorf("presence %+v", p)
			}
			events = append(events, strings.TrimPrefix(p.Event, "listener."))
		}
		if len(events) < 4 || !slices.Equal(events[:3], []string{"connected", "deaf", "back"}) || events[len(events)-1] != "disconnected" {
			t.Errorf("node %d remembers %v", i+1, events)
		}
		if all, err := asked.Status(n.ctx); err != nil || len(all.Presence) != len(s.Presence) || all.Entity != nil {
			t.Errorf("the whole picture: %+v, %v", all, err)
		}
	}
	if err := n.Store().Delete(n.ctx, e.At, store.Any); err != nil {
		t.Fatal(err)
	}
	n.next("entity.deleted")
}

// next is happens that passes over deafness and its end.
func (n *newsroom) next(name string) *wire.Event {
	n.t.Helper()
	var got *wire.Event
	for i, feed := range n.feeds {
		for {
			select {
			case e := <-feed:
				if e.Event == "listener.deaf" || e.Event == "listener.back" {
					continue
				}
				if e.Event != name {
					n.t.Fatalf("node %d tells %+v, want %s", i+1, e, name)
				}
				got = e
			case <-n.ctx.Done():
				n.t.Fatalf("node %d does not tell of %s", i+1, name)
			}
			break
		}
	}
	return got
}

// counts waits for a number of listeners at node 2; node 1 holds none of them.
func (n *newsroom) counts(labels string, want float64) {
	n.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n.Metric(1, "causeway_listeners", labels) != want {
		select {
		case <-tick.C:
		case <-n.ctx.Done():
			n.t.Fatalf("never %v listeners of %s", want, labels)
		}
	}
	if got := n.Metric(0, "causeway_listeners", labels); got != 0 {
		n.t.Errorf("node 1 counts %v listeners of %s", got, labels)
	}
}

// TestNewsOfCertificates: each threshold is told of once, however often one looks.
func TestNewsOfCertificates(t *testing.T) {
	n := newNewsroom(t)
	now := time.Now()
	for _, row := range []struct {
		left  time.Duration
		says  string
		quiet bool
	}{
		{22 * 24 * time.Hour, "", true},
		{20 * 24 * time.Hour, "within 21 days", false},
		{6 * 24 * time.Hour, "within 7 days", false},
		{time.Hour, "within a day", false},
		{-time.Hour, "has ended", false},
	} {
		end := now.Add(row.left)
		for range 3 {
			n.Node(1).CertificateExpiring("relay.example", end)
		}
		if row.quiet {
			continue
		}
		got := n.happens("certificate.expiring")
		if got.Certificate != "relay.example" || got.Node != 2 || got.NotAfter == nil || !got.NotAfter.Equal(end) || !strings.Contains(got.Text, row.says) {
			t.Errorf("%v before the end: %+v", row.left, got)
		}
	}
	for i, feed := range n.feeds {
		if len(feed) != 0 {
			t.Errorf("node %d tells more: %+v", i+1, <-feed)
		}
	}
}

// TestNewsEndWithTheNode: who follows the events does not hold up a node that shuts down, and hears of its listeners' end
// before.
func TestNewsEndWithTheNode(t *testing.T) {
	n := newNewsroom(t)
	n.Add(&entity.Entity{Name: "Hyco"})
	n.happens("entity.created")
	conn, err := n.listen("meter")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	n.happens("listener.connected")
	began := time.Now()
	if err := n.Node(1).Shutdown(n.ctx); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
	if got := n.happens("listener.disconnected"); got.Reason != "Draining" {
		t.Errorf("told %+v", got)
	}
	var away *client.Unreachable
	if err := <-n.closed[1]; !errors.As(err, &away) || away.Do == "" {
		t.Errorf("the stream of events ends with %v", err)
	}
	if len(n.closed[0]) != 0 {
		t.Error("the other node's stream has ended too")
	}
}
