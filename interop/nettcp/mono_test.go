package nettcp

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// row is one of Mono's truth table: a binding, a contract and calls on one channel.
type row struct{ binding, contract, steps string }

// rows are all that Mono does over net.tcp, the sad ones too: security and reliable sessions that it silently leaves out,
// calls that it answers with nothing.
var rows = []row{
	{"tcp", "echo", "echo,echo-unicode,echo-empty,echo-null,add,ping"},
	{"tcp", "echo", "echo-300,echo-7000,blob,blob-2000"},
	{"tcp", "echo", "submit"},
	{"tcp", "echo", "notify,wait,add"},
	{"tcp", "echo", "fault-typed,add"},
	{"tcp", "echo", "fault-crash,add"},
	{"tcp", "echo", "fault-plain"},
	{"tcp", "echo", "missing"},
	{"tcp", "counter", "begin,next,next,end"},
	{"tcp", "duplex", "subscribe,query"},
	{"tcp", "untyped", "untyped"},
	{"tcp-streamed", "echo", "echo"},
	{"tcp-streamed", "echo", "echo,echo"},
	{"tcp-streamed", "stream", "turn"},
	{"tcp-streamed", "stream", "down"},
	{"tcp-streamed", "stream", "up"},
	{"tcp-text", "echo", "echo,notify,wait,fault-typed"},
	{"tcp-text11", "echo", "echo,fault-typed"},
	{"tcp-rm", "echo", "echo"},
	{"tcp-windows", "echo", "echo"},
	{"tcp-ssl", "echo", "echo"},
	{"tcp-soap11bin", "echo", "echo,add"},
}

// column plays every row on a service of its own, since Mono's loses sessions that come while it closes another (TestMonoLosesSessions). at
// says where clients reach the service that listens at the address given, by the name given.
func column(t *testing.T, at func(name, listen string) (address string)) []string {
	t.Helper()
	services, clients := mono.Start(t), mono.Start(t)
	var all []string
	for i, r := range rows {
		name, listen := fmt.Sprintf("row%d", i+1), "127.0.0.1:"+interop.FreePort(t)
		address := at(name, listen)
		services.ServiceAt(r.binding, r.contract, address, "net.tcp://"+listen+"/"+name)
		lines := clients.Client(r.binding, r.contract, address, r.steps)
		for n, l := range lines {
			lines[n] = masked(l)
		}
		all = append(all, fmt.Sprintf("%d %v: %s", i+1, r, strings.Join(lines, "; ")))
	}
	return all
}

// TestMonoReactions: what Mono's client makes of the gateway's no. It knows one kind of it, the fault in the place of the
// acknowledgement, which it shows as text.
func TestMonoReactions(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		host := mono.Start(t)
		s.Add(&entity.Entity{Name: "silent", Kind: entity.NetTCP, AnonymousSenders: true})
		for path, fault := range map[string]string{"silent": "EndpointNotFound", "nowhere": "EndpointNotFound", interop.Hyco: "EndpointAccessDenied"} {
			lines := host.Client("tcp", "echo", "net.tcp://"+door(s)+"/"+path, "echo")
			if len(lines) == 0 || !strings.Contains(lines[0], "FAILED") || !strings.Contains(lines[0], "faults/"+fault) {
				t.Errorf("%s: %q", path, lines)
			}
		}
	})
}

// TestMonoRows: each row of Mono's truth table through the gateway equals the same row of the same program without it.
func TestMonoRows(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	direct := sync.OnceValue(func() []string {
		return column(t, func(name, listen string) string { return "net.tcp://" + listen + "/" + name })
	})
	good := 0
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		relayed := column(t, func(name, listen string) string {
			expose(t, s, name, listen)
			return "net.tcp://" + door(s) + "/" + name
		})
		for i, want := range direct() {
			if relayed[i] != want {
				t.Errorf("direct:  %s\n through: %s", want, relayed[i])
			} else if !strings.Contains(want, "FAILED") {
				good++
			}
		}
	})
	if good < 2*8 {
		t.Errorf("only %d rows went well: %q", good, direct())
	}
}

// halves are the bindings that stream one way only. Mono has them and cannot do them: its client waits without an end.
var halves = []row{
	{"tcp-streamreq", "echo", "echo"},
	{"tcp-streamresp", "echo", "echo"},
	{"tcp-streamreq", "stream", "up"},
	{"tcp-streamresp", "stream", "down"},
}

// TestMonoHalves: what Mono cannot do directly it cannot do through the gateway either, in the same words or silence.
func TestMonoHalves(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	play := func(t *testing.T, at func(name, listen string) string) []string {
		t.Helper()
		var ends []func(time.Duration) ([]string, bool)
		for i, r := range halves { // each in programs of its own: none is left to answer the next one
			services, clients := mono.Start(t), mono.Start(t)
			name, listen := fmt.Sprintf("half%d", i+1), "127.0.0.1:"+interop.FreePort(t)
			address := at(name, listen)
			services.ServiceAt(r.binding, r.contract, address, "net.tcp://"+listen+"/"+name)
			ends = append(ends, clients.Begin(r.binding, r.contract, address, r.steps))
		}
		var outcomes []string
		for i, end := range ends {
			lines, done := end(2 * time.Second)
			for n, l := range lines {
				lines[n] = masked(l)
			}
			outcomes = append(outcomes, fmt.Sprintf("%v: %s; returned: %t", halves[i], strings.Join(lines, "; "), done))
		}
		return outcomes
	}
	direct := sync.OnceValue(func() []string {
		return play(t, func(name, listen string) string { return "net.tcp://" + listen + "/" + name })
	})
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		relayed := play(t, func(name, listen string) string {
			expose(t, s, name, listen)
			return "net.tcp://" + door(s) + "/" + name
		})
		for i, want := range direct() {
			if relayed[i] != want {
				t.Errorf("direct:  %s\n through: %s", want, relayed[i])
			}
		}
	})
}
