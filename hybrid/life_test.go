package hybrid_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// balancer dials the door of one node, whatever the address: what stands in front of a cluster does so.
type balancer struct {
	s    *set
	node atomic.Int32
}

func (b *balancer) option() hybrid.Option {
	return hybrid.WithNetDial(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return b.s.connect(ctx, network, b.s.Node(int(b.node.Load())).Door("https"))
	})
}

// TestNodeDies: a listener whose node dies is back by another way; its streams over that node end with an error, those over
// others live on.
func TestNodeDies(t *testing.T) {
	bubble(t, 3, func(s *set) {
		way, heard := &balancer{s: s}, newEvents()
		way.node.Store(2)
		l := s.listener(way.option(), heard.option(), hybrid.WithBackoff(0, 50*time.Millisecond))
		heard.next(s.t, hybrid.Online)
		s.echo(l)
		over2, err := hybrid.Dial(s.context(), s.Node(2).Ready().ConnectionString, hybrid.WithEntity("hyco"), s.trust(), s.road())
		if err != nil {
			s.t.Fatal(err)
		}
		defer over2.Abort()
		way.node.Store(1) // from here on a rendezvous reaches another node than the sender's, and is carried
		over0, err := s.dial()
		if err != nil {
			s.t.Fatal(err)
		}
		defer over0.Abort()
		for _, c := range []net.Conn{over0, over2} {
			roundTrip(s.t, c, "before")
		}
		s.Kill(2)
		if ev := heard.next(s.t, hybrid.Offline); ev.Err == nil {
			s.t.Error("no reason")
		}
		if _, err := over2.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			s.t.Errorf("a stream over the dead node: %v", err)
		}
		roundTrip(s.t, over0, "after")
		heard.next(s.t, hybrid.Online)
		again, err := s.dial()
		if err != nil {
			s.t.Fatal(err)
		}
		defer again.Abort()
		roundTrip(s.t, again, "again")
	})
}

// TestEntityDeleted: the listener is told, tries on, and is back when the hybrid connection is.
func TestEntityDeleted(t *testing.T) {
	bubbles(t, func(s *set) {
		heard := newEvents()
		s.listener(heard.option(), hybrid.WithBackoff(0, 20*time.Millisecond))
		heard.next(s.t, hybrid.Online)
		at, err := entity.NewAddress("", "hyco")
		if err != nil {
			s.t.Fatal(err)
		}
		if err := s.Store().Delete(s.context(), at, store.Any); err != nil {
			s.t.Fatal(err)
		}
		if e, ok := errors.AsType[*hybrid.Error](heard.next(s.t, hybrid.Offline).Err); !ok || e.Code != fail.Draining || e.Reason == "" {
			s.t.Errorf("told %#v", e)
		}
		if e, ok := errors.AsType[*hybrid.Error](heard.next(s.t, hybrid.Offline).Err); !ok || e.Code != fail.UnknownEntity || e.Status != 404 {
			s.t.Errorf("then %#v", e)
		}
		s.Add(&entity.Entity{Name: "hyco"})
		heard.next(s.t, hybrid.Online)
	})
}

// TestRenewsAtTheGateway: a gateway that ends channels with their tokens has no reason to.
func TestRenewsAtTheGateway(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		heard, asked := newEvents(), make(chan struct{}, 100)
		l := s.listener(heard.option(), hybrid.WithTokenSource(func(_ context.Context, audience string) (string, time.Time, error) {
			asked <- struct{}{}
			expires := time.Now().Add(3 * time.Second).Truncate(time.Second) // tokens count in seconds
			return s.Token(s.Root(), audience, expires), expires, nil
		}))
		heard.next(s.t, hybrid.Online)
		near, far := s.pair(l)
		for range 4 { // one of the handshake, three renewals: four seconds and more
			select {
			case <-asked:
			case <-time.After(patience):
				s.t.Fatal("the token was not renewed")
			}
		}
		if len(heard) != 0 {
			s.t.Errorf("%+v", <-heard)
		}
		if _, err := near.Write([]byte("x")); err != nil {
			s.t.Error(err)
		}
		if _, err := far.Read(make([]byte, 1)); err != nil {
			s.t.Error(err)
		}
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.TokenGrace = 500 * time.Millisecond }))
}

// TestCloseOfAListener: it is out of the gateway's table when Close returns; who was accepted lives on, who was not is lost.
func TestCloseOfAListener(t *testing.T) {
	bubbles(t, func(s *set) {
		l := s.listener()
		near, far := s.pair(l)
		var waiting []*hybrid.Conn
		for range 5 {
			c, err := s.dial()
			if err != nil {
				s.t.Fatal(err)
			}
			defer c.Abort()
			waiting = append(waiting, c)
		}
		if err := l.Close(); err != nil {
			s.t.Fatal(err)
		}
		_, err := s.dial()
		for e, ok := errors.AsType[*hybrid.Error](err); ok && e.Code == fail.ListenerLost && s.listen != s.send; e, ok = errors.AsType[*hybrid.Error](err) {
			_, err = s.dial() // another node has yet to hear of it
		}
		checkError(s.t, "dial behind Close", err, fail.NoListener, 404, "start the listener")
		for _, c := range waiting {
			_ = c.SetDeadline(time.Now().Add(patience))
			if e, ok := errors.AsType[*hybrid.Error](second(c.Read(make([]byte, 1)))); !ok || e.Code != fail.Aborted {
				s.t.Errorf("who waited: %v", e)
			}
		}
		if _, err := near.Write([]byte("on")); err != nil {
			s.t.Error(err)
		}
		if got := make([]byte, 2); second(io.ReadFull(far, got)) != nil || string(got) != "on" {
			s.t.Errorf("who was accepted: %q", got)
		}
		ctx := s.context()
		s.Await(ctx, "the listener's account", func(line map[string]string) bool {
			return line["msg"] == "closed" && line["listener"] == l.ID() && line["reason"] == "PeerClosed"
		})
	})
}

func second(_ int, err error) error { return err }

// TestPingsKeepStreams: streams and listeners that say nothing outlive gateways that ask for life often, and whose own pings
// nobody reads.
func TestPingsKeepStreams(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		heard := newEvents()
		l := s.listener(heard.option(), hybrid.WithKeepAlive(50*time.Millisecond))
		heard.next(s.t, hybrid.Online)
		near, far := s.pair(l, hybrid.WithKeepAlive(50*time.Millisecond))
		read := make(chan error, 1)
		go func() {
			_, err := near.Read(make([]byte, 1)) // one side waits, nobody reads the other
			read <- err
		}()
		select {
		case err := <-read:
			s.t.Fatalf("the stream ended: %v", err)
		case ev := <-heard:
			s.t.Fatalf("the listener: %+v", ev)
		case <-time.After(time.Second):
		}
		if _, err := far.Write([]byte("x")); err != nil {
			s.t.Error(err)
		}
		if err := <-read; err != nil {
			s.t.Error(err)
		}
	}, testcluster.WithPing(50*time.Millisecond))
}
