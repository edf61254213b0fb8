package matrix

import (
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
	"github.com/causeway-relay/causeway/interop/soap/peers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(interop.Exit)) }

// deskSteps are the story of Mono's client at a desk.
const deskSteps = "desk-words,desk-empty,desk-nil,desk-add,desk-submit,desk-blob,desk-store,desk-whoami,desk-sender,desk-receiver,desk-typed,desk-notify"

// oneWay is the desk's action that has no answer, which nothing in a message without addressing tells.
const oneWay = "urn:example:desk/Notify"

// listen runs the command beside the service until the test ends.
func listen(t *testing.T, s *interop.Stand, e *entity.Entity, words ...string) *interop.Program {
	t.Helper()
	e.AnonymousSenders = true
	s.Add(e)
	cs := "Endpoint=sb://" + s.Listen + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key
	args := append([]string{"listen", e.Name, "--connection-string", cs, "--ca-file", s.CA}, words...)
	p := interop.Start(t, t.TempDir(), nil, interop.Command(t), args...)
	p.Await("^" + regexp.QuoteMeta(e.Name) + ": listening")
	return p
}

// peer is a stack by its name.
func peer(t *testing.T, name string) *peers.Peer {
	t.Helper()
	for _, p := range peers.All() {
		if p.Name == name {
			return p
		}
	}
	t.Fatal(name)
	return nil
}

func column(t *testing.T) string {
	t.Helper()
	return strings.ReplaceAll(strings.Split(t.Name(), "/")[1], "_", " ")
}

// judge waits for a client, and wants every step of its story right.
func judge(t *testing.T, row string, p *interop.Program) {
	t.Helper()
	p.End(4 * interop.Patience)
	interop.Record(t, interop.Cell{Table: "Across bindings", Row: row, Column: column(t), Code: p.Code(), Command: p.Command(), Output: p.Text()})
	if p.Code() != 0 {
		t.Errorf("%s: exit code %d\n%s", row, p.Code(), p.Text())
	}
}

// way is who converts in a story, and how its parts are told: what stands behind the row's name and before the relay's, the relay's setting for a
// service at an address, and the words of the connector.
type way struct {
	note, prefix string
	setting      func(service string) entity.Conversion
	words        func(service string) []string
}

// soapAtNetTCP plays clients of SOAP 1.1 over HTTP at a service of net.tcp and binary XML.
func soapAtNetTCP(t *testing.T, w way) {
	t.Helper()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, name := range []string{"PHP", "npm soap"} {
			t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				p := peer(t, name)
				interop.Need(t, p.Part)
				services := mono.Start(t)
				service := services.Service("tcp", "desk")
				e := &entity.Entity{Name: w.prefix + p.Part, Kind: entity.HTTP, Settings: entity.Settings{ResponseTimeout: interop.Patience, Convert: w.setting(service)}}
				listen(t, s, e, w.words(service)...)
				client := p.Client(t, "http://"+s.Cluster.Node(0).Host("http")+"/"+e.Name, peers.Forms[0])
				judge(t, name+" (SOAP 1.1) at Mono (net.tcp)"+w.note, client)
				if !strings.HasSuffix(strings.TrimSpace(client.Text()), "\ndone") {
					t.Errorf("the story ended early:\n%s", client.Text())
				}
				if !t.Failed() {
					services.Await(`^notified$`)
				}
			})
		}
	})
}

// netTCPAtSOAP plays Mono's client of net.tcp at services of SOAP 1.1 over HTTP.
func netTCPAtSOAP(t *testing.T, w way) {
	t.Helper()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, name := range []string{"npm soap", "PHP"} {
			t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				p := peer(t, name)
				interop.Need(t, p.Part)
				address, server := p.Server(t, peers.Forms[0])
				service := strings.TrimSuffix(address, "/")
				e := &entity.Entity{Name: w.prefix + p.Part + "-http", Kind: entity.NetTCP, Settings: entity.Settings{Convert: w.setting(service)}}
				listen(t, s, e, w.words(service)...)
				judge(t, "Mono (net.tcp) at "+name+" (SOAP 1.1)"+w.note, mono.Call(t, "tcp", "desk", "net.tcp://"+s.Cluster.Node(0).Host("nettcp")+"/"+e.Name, deskSteps))
				if !t.Failed() {
					server.Await(`notified$`)
				}
			})
		}
	})
}

// none is a relay without the setting.
func none(string) (c entity.Conversion) { return c }

// TestSOAPClientsAtNetTCP: clients of SOAP 1.1 over HTTP call a service of net.tcp and binary XML.
func TestSOAPClientsAtNetTCP(t *testing.T) {
	t.Parallel()
	soapAtNetTCP(t, way{prefix: "desk-", setting: none, words: func(service string) []string {
		return []string{"--as", "basicHttp", "--target", service, "--one-way", oneWay}
	}})
}

// TestNetTCPClientAtSOAP: Mono's client of net.tcp calls services of SOAP 1.1 over HTTP.
func TestNetTCPClientAtSOAP(t *testing.T) {
	t.Parallel()
	netTCPAtSOAP(t, way{prefix: "desk-", setting: none, words: func(service string) []string {
		return []string{"--as", "netTcp", "--target", service}
	}})
}
