package matrix

import (
	"slices"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/dotnet"
	"github.com/causeway-relay/causeway/interop/mono"
)

// form is a form of SOAP over HTTP.
type form struct {
	name    string // for people
	binding string // of package convert
	mono    string // what Mono's program calls it
	net     string // what wcf-client does; "": it is not played there, since it only puts two of the others together
	deaf    bool   // Mono's service ends where Mono's own client sends it such a message
}

// forms are those beside plain SOAP 1.1, which the other stories have.
var forms = []form{
	{"wsHttp", "wsHttp", "ws", "wshttp", false},
	{"MTOM", "basicHttpMtom", "basic-mtom", "basichttp-mtom", true},
	{"wsHttp with MTOM", "wsHttpMtom", "http-mtom12", "", true},
	{"netHttp", "netHttp", "http-binary", "", false},
}

// netCases are what wcf-client does at the contract echo: text of all alphabets, numbers, a message with every primitive type, bytes
// both ways, one-way, and a fault with a detail.
const netCases = "echo,echo-unicode,echo-empty,echo-null,add,ping,notify,submit,blob-2000,fault-typed"

// netOneWay is the one-way operation of that contract.
const netOneWay = "http://tempuri.org/IEcho/Notify"

// troupe is two of Mono's processes: one holds the services of a column's stories, the other plays their clients.
type troupe struct {
	t                 *testing.T // ends them
	s                 *interop.Stand
	services, clients *mono.Host
}

// relayOf is the name of a story's relay: each has one of its own.
func relayOf(story string, f form) string {
	return strings.ToLower(strings.ReplaceAll(story+" "+f.name, " ", "-"))
}

// web is a relay whose senders speak HTTP.
func web(name string) *entity.Entity {
	return &entity.Entity{Name: name, Kind: entity.HTTP, Settings: entity.Settings{ResponseTimeout: interop.Patience}}
}

// httpAt and tcpAt are where senders find a relay.
func httpAt(s *interop.Stand, relay string) string {
	return "http://" + s.Cluster.Node(0).Host("http") + "/" + relay
}

func tcpAt(s *interop.Stand, relay string) string {
	return "net.tcp://" + s.Cluster.Node(0).Host("nettcp") + "/" + relay
}

// desk plays the desk's story with a client of a binding, and waits for the one-way call at the service.
func (c *troupe) desk(binding, address string) []string {
	return c.heard(c.clients.Client(binding, "desk", address, deskSteps))
}

// heard waits for what lines say that the service was told by the way.
func (c *troupe) heard(lines []string) []string {
	if slices.Contains(lines, "desk-notify: right") {
		c.services.Await(`^notified$`)
	}
	return lines
}

// direct plays the story without a relay. Mono compiles a binding's code when it is first used, which can take longer on a busy machine
// than its clients wait: so there is a call before, whose outcome does not matter.
func (c *troupe) direct(t *testing.T, binding, address string) []string {
	t.Helper()
	for range 3 {
		if slices.Contains(c.alone(t, binding, address, "desk-words"), "desk-words: right") {
			break
		}
	}
	return c.heard(c.alone(t, binding, address, deskSteps))
}

// alone has Mono's client call Mono's service. Seldom it never comes back from that, whatever time it was given, and takes no other call
// either: then it is another that calls.
func (c *troupe) alone(t *testing.T, binding, address, steps string) []string {
	t.Helper()
	for range 3 {
		if lines, done := c.clients.Begin(binding, "desk", address, steps)(2 * interop.Patience); done {
			return lines
		}
		t.Log("Mono's client does not come back from Mono's service")
		c.clients.Kill()
		c.clients = mono.Start(c.t)
	}
	t.Fatalf("no client of Mono comes back from %s", address)
	return nil
}

// compare wants a client to hear the same through a converting connector as from a service of its own binding, and every step right.
func compare(t *testing.T, row, binding string, direct, relayed []string) {
	t.Helper()
	cell := interop.Cell{
		Table: "Across bindings", Row: row, Column: column(t), Output: strings.Join(relayed, "\n"),
		Command: "mono peer.exe call " + binding + " desk ADDRESS " + deskSteps,
	}
	right := len(strings.Split(deskSteps, ","))
	for _, line := range relayed {
		if strings.HasSuffix(line, ": right") {
			right--
		}
	}
	if right != 0 || !slices.Equal(direct, relayed) {
		cell.Code = 1
		t.Errorf("%s:\ndirect  %q\nthrough %q", row, direct, relayed)
	}
	interop.Record(t, cell)
}

// TestSOAPForms: Mono's clients of every other form of SOAP over HTTP call its service of net.tcp, and its client of net.tcp calls its
// services of those forms: every data type of the desk, its headers, its faults and its one-way operation.
func TestSOAPForms(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		c := &troupe{t, s, mono.Start(t), mono.Start(t)}
		tcp := c.services.Service("tcp", "desk")
		direct := c.direct(t, "tcp", tcp)
		for _, f := range forms {
			t.Run(strings.ReplaceAll(f.name, " ", "-"), func(t *testing.T) { c.bothWays(t, f, tcp, direct) })
		}
	})
}

// bothWays plays the stories of a form. tcp is the service of net.tcp, and direct what its clients hear: so does everybody who hears it
// right.
func (c *troupe) bothWays(t *testing.T, f form, tcp string, direct []string) {
	service, own := c.services.Service(f.mono, "desk"), direct
	if !f.deaf {
		own = c.direct(t, f.mono, service)
	}

	relay := relayOf("at net.tcp", f)
	listen(t, c.s, web(relay), "--as", f.binding, "--target", tcp, "--one-way", oneWay)
	compare(t, "Mono ("+f.name+") at Mono (net.tcp)", f.mono, own, c.desk(f.mono, httpAt(c.s, relay)))

	relay = relayOf("net.tcp at", f)
	listen(t, c.s, &entity.Entity{Name: relay, Kind: entity.NetTCP}, "--as", "netTcp", "--target-as", f.binding, "--target", service)
	compare(t, "Mono (net.tcp) at Mono ("+f.name+")", "tcp", direct, c.desk("tcp", tcpAt(c.s, relay)))
}

// TestDotNetForms: .NET's clients of wsHttp and of MTOM call Mono's service of net.tcp, and .NET's client of net.tcp calls Mono's
// services of those forms.
func TestDotNetForms(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet", "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		c := &troupe{t: t, s: s, services: mono.Start(t)}
		tcp := c.services.Service("tcp", "echo")
		for _, f := range forms {
			if f.net == "" {
				continue
			}
			t.Run(strings.ReplaceAll(f.name, " ", "-"), func(t *testing.T) { c.dotnet(t, f, tcp) })
		}
	})
}

// dotnet plays the stories of a form with .NET's client.
func (c *troupe) dotnet(t *testing.T, f form, tcp string) {
	relay := relayOf("at net.tcp", f)
	listen(t, c.s, web(relay), "--as", f.binding, "--target", tcp, "--one-way", netOneWay)
	judge(t, ".NET ("+f.name+") at Mono (net.tcp)", dotnet.Start(t, "wcf-client", "--binding", f.net, "--address", httpAt(c.s, relay), "--only", netCases))

	relay = relayOf("net.tcp at", f)
	listen(t, c.s, &entity.Entity{Name: relay, Kind: entity.NetTCP}, "--as", "netTcp", "--target-as", f.binding, "--target", c.services.Service(f.mono, "echo"))
	judge(t, ".NET (net.tcp) at Mono ("+f.name+")", dotnet.Start(t, "wcf-client", "--binding", "nettcp", "--address", tcpAt(c.s, relay), "--only", netCases))
}
