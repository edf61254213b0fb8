package entry_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// before is a sender who speaks before its listener has come. Each row says all of it to the sender's connection, and then looks at the
// first thing that the listener gets.
var before = map[string]struct {
	lines []string // of the sender's handshake
	say   func(sender *peer, words []byte)
}{
	"frames": {nil, func(p *peer, words []byte) { p.send(wsframe.Binary, words) }},
	"bytes":  {[]string{wire.AgentField + ": raw"}, func(p *peer, words []byte) { p.write(string(words)) }},
}

// TestSaidBefore: what a sender says before its listener has come, however long that takes, is there in one piece, one frame, of both
// kinds of senders and of listeners: the watch on the sender takes no byte of it.
func TestSaidBefore(t *testing.T) {
	for _, door := range []string{"http", "https"} {
		for name, row := range before {
			t.Run(door+", "+name, func(t *testing.T) {
				words := pattern(1000)
				bubbles(t, func(s *set) {
					s.door = door
					c := s.agent(1)
					one := s.stand()
					sender := s.arrive("hyco", "", row.lines...)
					one.line()
					<-time.After(time.Second) // it is watched by now
					row.say(sender, words)
					synctest.Wait()
					one.write("200 \n")
					if err := one.more(); err != nil || !bytes.Equal(one.in, words) {
						s.t.Errorf("the agent's first read has %d bytes of %d: %v", len(one.in), len(words), err)
					}
					one.reset()

					sender = s.arrive("hyco", "", row.lines...)
					address := c.offer().Accept.Address
					<-time.After(time.Second)
					row.say(sender, words)
					synctest.Wait()
					s.visit(address).upgraded("").oneFrame(words)
				}, plainTokens)
			})
		}
	}
}

// TestSaidBeforeSocket is TestSaidBefore with sockets of the system's, which are watched in another way.
func TestSaidBeforeSocket(t *testing.T) {
	for name, row := range before {
		t.Run(name, func(t *testing.T) {
			words := pattern(1000)
			both(t, func(s *set) {
				s.door = "http"
				c := s.register("hyco", "")
				sender := s.arrive("hyco", "", row.lines...)
				address := c.offer().Accept.Address
				s.AwaitWatches(1)
				row.say(sender, words)
				s.AwaitWatches(0) // it has seen them
				s.visit(address).upgraded("").oneFrame(words)
			}, plainTokens)
		})
	}
}

// plainTokens lets the parties come without TLS.
var plainTokens = testcluster.WithConfig(func(_ int, c *config.Config) { c.AllowPlainTokens = true })

// oneFrame wants a message in one frame.
func (p *peer) oneFrame(want []byte) {
	p.t.Helper()
	if longest := p.data(wsframe.Binary, want); longest != int64(len(want)) {
		p.t.Errorf("the longest frame of a message of %d bytes has %d", len(want), longest)
	}
}
