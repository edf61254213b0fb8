package ends

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/dotnet"
	"github.com/causeway-relay/causeway/interop/mono"
)

// transport is one way to reach Mono's service, and what is heard there of each death.
type transport struct {
	name         string
	kind         entity.Kind
	mono, dotnet string // what the programs call the binding
	door         string // of a node
	client       client
	held         busy // what one call is at the sender's node
	passing      busy // and at the listener's, if that is another
	hear         map[string]heard
}

// heard is what clients make of a death: ours of the bytes, .NET's of the exception that it raises. What is as good stands behind a bar.
type heard struct{ ours, dotnet string }

var transports = []transport{
	{
		name: "net.tcp", kind: entity.NetTCP, mono: "tcp", dotnet: "nettcp", door: "nettcp", client: framer{}, held: busy{streams: 1}, // which are counted where they come in
		hear: map[string]heard{
			"the client is gone":          {ours: "aborted"},
			"the service is killed":       {"closed", "ProtocolException"}, // the system ends a process's connections in order
			"the connector is killed":     {"reset", "CommunicationException"},
			"the listener's node is lost": {"reset|closed", "CommunicationException|ProtocolException"}, // the latter where the connector came to the sender's node
			"the sender's node is lost":   {"reset", "CommunicationException"},
		},
	},
	{
		name: "HTTP", kind: entity.HTTP, mono: "basic", dotnet: "basichttp", door: "http", client: poster{}, held: busy{exchanges: 1}, passing: busy{exchanges: 1},
		hear: map[string]heard{
			"the client is gone":          {ours: "aborted"},
			"the service is killed":       {"502", "ProtocolException"},
			"the connector is killed":     {"500 ListenerLost", "FaultException"},
			"the listener's node is lost": {"500 NodeLost", "FaultException"},
			"the sender's node is lost":   {"500 NodeLost|closed|reset", "FaultException|CommunicationException"}, // it may find the time to say so
		},
	},
}

// death is one end that dies in the middle of a call.
type death struct {
	name string
	node int            // that is lost, counted from 1, of two; 0: none
	kill func(s *story) // makes it come about
}

var deaths = []death{
	{name: "the client is gone", kill: (*story).leave},
	{name: "the service is killed", kill: (*story).killService},
	{name: "the connector is killed", kill: (*story).killConnector},
	{name: "the listener's node is lost", node: 2, kill: func(s *story) { s.lose(); s.killService() }}, // a call that goes on ends with its service
	{name: "the sender's node is lost", node: 1, kill: (*story).lose},
}

// TestEnds plays every death over both transports, on one node and on two.
func TestEnds(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	withNet := has(t, "dotnet")
	for i := range transports {
		t.Run(transports[i].name, func(t *testing.T) {
			t.Parallel()
			interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
				for n := range deaths {
					if two := s.Listen != s.Send; deaths[n].node == 0 || two {
						t.Run(deaths[n].name, func(t *testing.T) { play(t, s, &transports[i], &deaths[n], withNet) })
					}
				}
			})
		})
	}
}

// has reports whether a part is there. Who asks is not skipped where it is not, and the run says so.
func has(t *testing.T, part string) (there bool) {
	t.Helper()
	t.Run("needs "+part, func(t *testing.T) {
		interop.Need(t, part)
		there = true
	})
	return there
}

// story is one death.
type story struct {
	*stage
	*transport
	d     *death
	host  *mono.Host       // the process of both services
	calls place            // of our client
	net   place            // of .NET's: Mono's service of HTTP answers one call at a time
	first *interop.Program // the connector that has the calls
	abort func()           // our client's
	other *interop.Program // .NET's client; nil: it is not there
}

// targets are what the connectors have to reach. To net.tcp they pass bytes: one that knows what it passes asks the service whether it is there
// by a session of its own, and Mono's loses who comes while it closes that one.
func (s *story) targets() map[string]string {
	targets := map[string]string{}
	for _, p := range []place{s.calls, s.net} {
		targets[p.relay] = p.at
		if host, ok := strings.CutPrefix(p.at, "net.tcp://"); ok {
			host, _, _ = strings.Cut(host, "/")
			targets[p.relay] = "tcp://" + host
		}
	}
	return targets
}

// open makes a relay and a service for it.
func (s *story) open(relay string) place {
	s.t.Helper()
	s.add(relay, s.kind)
	p := place{door: s.Cluster.Node(0).Host(s.door), relay: relay}
	if s.kind != entity.NetTCP {
		p.at = s.host.Service(s.mono, "echo")
		p.service = p.at
		return p
	}
	p.service, p.at = p.via(), "net.tcp://127.0.0.1:"+interop.FreePort(s.t)+"/"+relay
	s.host.ServiceAt(s.mono, "echo", p.service, p.at)
	return p
}

// play has a call of each client held by the service, lets the end die, and looks what becomes of all others.
func play(t *testing.T, at *interop.Stand, tr *transport, d *death, withNet bool) {
	if d.node > 0 { // which costs a gateway
		c := testcluster.New(t, 2)
		at = interop.NewStand(t, c.Node(1).Ready(), c.Node(0).Ready())
		at.Cluster = c
	}
	s := &story{stage: &stage{Stand: at, t: t, gone: map[int]bool{}}, transport: tr, d: d, host: mono.Start(t, "PEER_HOLD=1")}
	name := strings.NewReplacer(" ", "-", "'", "", ".", "").Replace(tr.name + " " + d.name)
	s.calls, s.net = s.open(name), s.open(name+"-net")
	s.first = s.listen(s.Listen, s.targets())

	ours, abort := tr.client.hold(t, s.calls)
	s.abort = abort
	s.host.Await(`^sleep: 7$`)
	direct, calls := s.direct(), 1
	if withNet {
		s.other, calls = s.program(), 2
	}
	s.books("in the middle of the call", tr.held.times(calls), tr.passing.times(calls), time.Now().Add(soon))
	if d.node != 1 {
		s.listen(s.Send, s.targets()) // who takes the next call
	}

	began := time.Now()
	d.kill(s)
	s.hears(ours)
	if direct != nil {
		s.hears(direct) // the same without a gateway
	}
	if withNet {
		s.judge(began)
	}
	s.books("after it", busy{}, busy{}, began.Add(soon))
	t.Logf("over after %v", time.Since(began).Round(time.Millisecond))
	s.next()
}

// to are the words that tell wcf-client where its service is.
func (s *story) to() []string {
	if s.kind == entity.NetTCP {
		return []string{"--binding", s.dotnet, "--address", s.net.service}
	}
	return []string{"--binding", s.dotnet, "--address", "http://" + s.net.door + "/" + s.net.relay}
}

// direct has our client call the service without a gateway, where what comes of that is the same. nil: it is not.
func (s *story) direct() <-chan string {
	s.t.Helper()
	if s.kind != entity.NetTCP || s.d.name != deaths[1].name {
		return nil
	}
	door, relay, _ := strings.Cut(strings.TrimPrefix(s.calls.at, "net.tcp://"), "/")
	heard, _ := s.client.hold(s.t, place{door: door, relay: relay, service: s.calls.service})
	s.host.Await(`^sleep: 7$`)
	return heard
}

// hears wants one of our clients to hear what it should, and soon.
func (s *story) hears(from <-chan string) {
	s.t.Helper()
	want := s.hear[s.d.name].ours
	select {
	case got := <-from:
		if !slices.Contains(strings.Split(want, "|"), got) {
			s.t.Errorf("our client heard %q, want %q", got, want)
		}
	case <-time.After(soon):
		s.t.Fatalf("our client heard nothing within %v", soon)
	}
}

// program starts .NET's client, whose call is held likewise.
func (s *story) program() *interop.Program {
	s.t.Helper()
	raises, _, _ := strings.Cut(s.hear[s.d.name].dotnet, "|")
	p := dotnet.Start(s.t, "wcf-client", append(s.to(), "--only", "delay", "--expect", "delay="+raises)...)
	s.host.Await(`^sleep: 1500$`)
	return p
}

// judge waits for .NET's client, which has to raise what it should, and soon. One that was killed says nothing.
func (s *story) judge(began time.Time) {
	s.t.Helper()
	raises, others, _ := strings.Cut(s.hear[s.d.name].dotnet, "|")
	if raises == "" {
		return
	}
	p := s.other
	p.End(interop.Patience)
	if took := time.Since(began); took > soon {
		s.t.Errorf(".NET's client heard nothing within %v", soon)
	}
	if others != "" && strings.Contains(p.Text(), "FAIL delay: "+others) {
		return
	}
	interop.Record(s.t, interop.Cell{
		Table: "What .NET's client raises when an end dies in the middle of its call", Row: s.d.name, Column: s.name + ", " + s.column(), Code: p.Code(), Note: raises,
		Command: p.Command(), Output: p.Text(),
	})
	if p.Code() != 0 {
		s.t.Errorf(".NET's client, want %s:\n%.2000s", raises, p.Text())
	}
}

func (s *story) column() string {
	return strings.ReplaceAll(strings.Split(s.t.Name(), "/")[2], "_", " ")
}

// next makes the call that follows, once. It goes through.
func (s *story) next() {
	s.t.Helper()
	s.restart()
	if s.d.node == 1 {
		s.calls.door = s.Cluster.Node(1).Host(s.door)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), interop.Patience)
	defer cancel()
	if err := s.client.add(ctx, s.calls); err != nil {
		s.t.Errorf("the next call: %v", err)
	}
}

// killService kills the process of the services, once.
func (s *story) killService() {
	if s.host != nil {
		s.host.Kill()
		s.host = nil
	}
}

// restart starts the service again, at the same address: Mono's of HTTP answers one call at a time and does not see who leaves, and that of
// net.tcp dies now and then of a connection that was reset amid a call.
func (s *story) restart() {
	s.killService()
	s.host = mono.Start(s.t)
	s.host.ServiceAt(s.mono, "echo", s.calls.service, s.calls.at)
}

// leave has ours abort its call, and .NET's die in the middle of its own.
func (s *story) leave() {
	s.abort()
	if s.other != nil {
		s.other.Kill()
	}
}

func (s *story) killConnector() { s.first.Kill() }

// lose has a node go as in a crash.
func (s *story) lose() {
	s.gone[s.d.node-1] = true
	s.Cluster.Kill(s.d.node - 1)
}
