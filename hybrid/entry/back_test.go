package entry_test

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/testcluster"
)

// A listener comes back while the gateway still holds its old connection: its link was cut without a word, and nothing of the
// old connection answers any more. Fifty times, with the quota full, it is let in at once, senders find the new connection, and
// at the end nothing of the old ones is left. With a name fifteen times will do: each old connection is given its time to answer.

const (
	backSenders = 4
	slack       = 10 // goroutines that come and go: scrapes, timers
)

func TestBackBeforeTheGatewayNoticed(t *testing.T) {
	for _, c := range []struct {
		name, id string
		rounds   int
	}{
		{"a GUID", guid(500), 50},
		{"a name", "meter-7", 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(s *set) {
				s.door = "http" // the same road, and its sockets are those of the door
				for i := range 24 {
					s.registerAt(s.listenerNode, "hyco/other", "sb-hc-id="+guid(i))
				}
				s.registerAt(s.listenerNode, "hyco/meter", "sb-hc-id="+c.id) // 25: the quota is full, and its link is cut at once
				goroutines := 0
				for round := range c.rounds {
					node := s.listenerNode
					if round%2 == 1 {
						node = s.senderNode // it comes back at whatever node the balancer finds
					}
					began := time.Now()
					now := s.registerAt(node, "hyco/meter", "sb-hc-id="+c.id)
					if took := time.Since(began); took > time.Second {
						s.t.Errorf("round %d: let in after %v", round, took)
					}
					began = time.Now()
					for range backSenders {
						sender, listener := s.pair(now, "hyco/meter", "")
						sender.reset()
						listener.reset()
					}
					if took := time.Since(began); took > 2*time.Second {
						s.t.Errorf("round %d: %d senders took %v", round, backSenders, took)
					}
					if round == 0 {
						s.nothingIsLeft(25, 1<<20)
						goroutines = runtime.NumGoroutine() + slack
					}
					// From here on nobody reads, writes or closes it: its link is cut.
				}
				s.nothingIsLeft(25, goroutines)
			}, testcluster.WithPing(time.Minute))
		})
	}
}

// nothingIsLeft waits until the gateway has as many listeners as there are, no socket whose peer has gone, and not more
// goroutines than at the start.
func (s *set) nothingIsLeft(listeners float64, goroutines int) {
	s.t.Helper()
	tick, end := time.NewTicker(50*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		count, waiting, running := -1.0, s.closeWait(), runtime.NumGoroutine()
		if waiting == 0 && running <= goroutines { // else nobody needs to ask the nodes yet
			count = 0
			for i := range s.index(s.listenerNode) + 1 {
				for _, state := range []string{"online", "slow", "deaf"} {
					count += s.Metric(i, "causeway_listeners", `state="`+state+`"`)
				}
			}
		}
		if count == listeners {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			s.t.Fatalf("%v listeners, want %v; %d sockets in CLOSE_WAIT; %d goroutines, at the start %d", count, listeners, waiting, running, goroutines)
		}
	}
}

// closeWait counts the gateway's sockets whose peer has closed and which are still open (state 08). Other systems than Linux say
// nothing of that in a file.
func (s *set) closeWait() (n int) {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return 0
	}
	for _, node := range []*testcluster.Node{s.listenerNode, s.senderNode} {
		_, port, err := net.SplitHostPort(node.Door(s.door))
		if err != nil {
			s.t.Fatal(err)
		}
		number, _ := strconv.Atoi(port)
		for line := range strings.Lines(string(table)) {
			f := strings.Fields(line)
			if len(f) > 3 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", number)) && f[3] == "08" {
				n++
			}
		}
	}
	return n
}
