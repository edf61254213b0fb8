//go:build linux

package entry_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// waiting counts the gateway's goroutines that wait for peers with nothing to say: of streams, of control channels and of connections for
// messages.
func waiting() int {
	buf := make([]byte, 4<<20)
	all := string(buf[:runtime.Stack(buf, true)])
	return strings.Count(all, "flow.(*pair).pump(") + strings.Count(all, "entry.(*control).run(") + strings.Count(all, "casts.(*reader).run(")
}

// settles waits until no goroutine does.
func (s *set) settles() {
	s.t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	over := time.After(patience)
	for n := waiting(); n > 0; n = waiting() {
		select {
		case <-look.C:
		case <-over:
			s.t.Fatalf("%d goroutines still wait for peers that say nothing", n)
		}
	}
}

// TestQuiet: listeners and streams that say nothing have no goroutine at the gateway, plain or by TLS: their stacks are the larger part of
// what an idle connection costs. All goes on when somebody speaks, and ends as ever.
func TestQuiet(t *testing.T) {
	c := testcluster.New(t, 1, testcluster.WithConfig(func(_ int, c *config.Config) { c.AllowPlainTokens = true }))
	type pair struct{ sender, listener *peer }
	type side struct { // of one door
		*set
		entity  *entity.Entity
		control *channel
		pairs   []pair
	}
	var sides []*side
	for _, door := range []string{"http", "https"} {
		s := &set{Cluster: c, t: t, listenerNode: c.Node(0), senderNode: c.Node(0), door: door}
		e := c.Add(&entity.Entity{Name: "hyco-" + door})
		sides = append(sides, &side{set: s, entity: e, control: s.register(e.Name, "")})
	}
	each := func(do func(*side)) {
		for _, s := range sides {
			do(s)
		}
		sides[0].settles()
	}
	each(func(s *side) { // the listeners alone were quiet before
		s.settles()
		for range 4 {
			a, b := s.pair(s.control, s.entity.Name, "")
			s.pairs = append(s.pairs, pair{a, b})
		}
		for _, p := range s.pairs {
			p.sender.send(wsframe.Text, []byte("question"))
			p.listener.data(wsframe.Text, []byte("question"))
			p.listener.send(wsframe.Binary, pattern(100_000))
			p.sender.data(wsframe.Binary, pattern(100_000))
		}
	})
	each(func(s *side) {
		s.control.pingPong()
		for _, p := range s.pairs {
			p.sender.pingPong()
			p.listener.pingPong()
		}
	})
	each(func(s *side) { // one direction is over, the other is quiet
		s.pairs[0].sender.sendClose(4001, "bye")
		s.pairs[0].listener.closes(4001, "bye")
	})
	each(func(s *side) {
		p := s.pairs[0]
		p.listener.send(wsframe.Text, []byte("more")).sendClose(4002, "ciao")
		p.sender.data(wsframe.Text, []byte("more"))
		p.sender.closes(4002, "ciao")
		p.sender.ended()
		p.listener.ended()
		_ = s.pairs[1].sender.conn.Close()
		s.pairs[1].listener.lost()
		if err := c.Store().Delete(t.Context(), s.entity.At, store.Any); err != nil {
			t.Fatal(err)
		}
		for _, p := range s.pairs[2:] {
			p.sender.dismissed(1001)
			p.listener.dismissed(1001)
		}
		s.control.dismissed(1001)
	})
}
