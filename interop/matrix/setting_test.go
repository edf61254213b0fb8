package matrix

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
	"github.com/causeway-relay/causeway/interop/soap/peers"
)

// What this file does: the stories of matrix_test.go with connectors that know nothing of bindings. The relay's setting has the gateway
// convert: bytes come to the service of net.tcp, requests to that of HTTP.

// TestSettingSOAPClientsAtNetTCP: clients of SOAP 1.1 over HTTP call a service of net.tcp behind a listener of plain bytes.
func TestSettingSOAPClientsAtNetTCP(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, name := range []string{"PHP", "npm soap"} {
			t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				p := peer(t, name)
				interop.Need(t, p.Part)
				services := mono.Start(t)
				service := services.Service("tcp", "desk")
				e := &entity.Entity{Name: "set-" + p.Part, Kind: entity.HTTP, Settings: entity.Settings{
					ResponseTimeout: interop.Patience,
					Convert:         entity.Conversion{Binding: "netTcp", Address: service, OneWay: []string{oneWay}},
				}}
				listen(t, s, e, "--target", "tcp://"+host(service))
				client := p.Client(t, "http://"+s.Cluster.Node(0).Host("http")+"/"+e.Name, peers.Forms[0])
				judge(t, name+" (SOAP 1.1) at Mono (net.tcp), the relay's setting", client)
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

// TestSettingNetTCPClientAtSOAP: Mono's client of net.tcp calls services of SOAP 1.1 over HTTP behind a listener of plain HTTP.
func TestSettingNetTCPClientAtSOAP(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		for _, name := range []string{"npm soap", "PHP"} {
			t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				p := peer(t, name)
				interop.Need(t, p.Part)
				address, server := p.Server(t, peers.Forms[0])
				e := &entity.Entity{Name: "set-" + p.Part + "-http", Kind: entity.NetTCP, Settings: entity.Settings{
					Convert: entity.Conversion{Binding: "basicHttp"},
				}}
				listen(t, s, e, "--target", strings.TrimSuffix(address, "/"))
				judge(t, "Mono (net.tcp) at "+name+" (SOAP 1.1), the relay's setting", mono.Call(t, "tcp", "desk", "net.tcp://"+s.Cluster.Node(0).Host("nettcp")+"/"+e.Name, deskSteps))
				if !t.Failed() {
					server.Await(`notified$`)
				}
			})
		}
	})
}
