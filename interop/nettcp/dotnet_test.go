package nettcp

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/dotnet"
	"github.com/causeway-relay/causeway/interop/mono"
)

// TestDotNetService: the .NET client at a net.tcp service of .NET, sessions, pooled connections and reliable ones among them.
func TestDotNetService(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet")
	port := interop.FreePort(t)
	dotnet.Start(t, "wcf-client", "rm-peer", "--tcp", port).Await(`READY`)
	for _, binding := range []string{"nettcp", "nettcp-rm"} {
		t.Run(binding, func(t *testing.T) {
			cases := "echo,add,ping,notify,counter,many,channels,reuse"
			direct := client(t, "--binding", binding, "--address", "net.tcp://127.0.0.1:"+port+"/svc", "--only", cases)
			if passed(direct) < 7 {
				t.Fatalf("direct: %q", direct)
			}
			interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
				expose(t, s, "svc", "127.0.0.1:"+port)
				relayed := client(t, "--binding", binding, "--address", "net.tcp://"+door(s)+"/svc", "--only", cases)
				equal(t, binding, direct, relayed)
				t.Logf("%d cases through the gateway", passed(relayed))
			})
		})
	}
}

// TestDotNetTLS: the .NET client's TLS ends at the gateway, with a service that has none: the client gets what it gets from that
// service in the clear. It uses its connections again, in the clear between one TLS and the next.
func TestDotNetTLS(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet")
	port := interop.FreePort(t)
	dotnet.Start(t, "wcf-client", "rm-peer", "--tcp", port).Await(`READY`)
	const cases = "echo,add,ping,notify,counter,many,channels,reuse"
	direct := client(t, "--binding", "nettcp", "--address", "net.tcp://127.0.0.1:"+port+"/svc", "--only", cases)
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		expose(t, s, "svc", "127.0.0.1:"+port, func(e *entity.Entity) { e.Settings.EndTLS = true })
		for _, binding := range []string{"nettcp-ssl", "nettcp-ssl-rm"} {
			relayed := client(t, "--binding", binding, "--address", "net.tcp://"+door(s)+"/svc", "--ca", s.CA, "--only", cases)
			equal(t, binding, direct, relayed)
		}
	})
}

// TestDotNetTLSPasses: the .NET client's TLS passes the gateway, to a service that ends it: here another gateway, since none of the
// services at hand can. The client trusts that one's authority alone, so TLS that ended on the way would fail.
func TestDotNetTLSPasses(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet")
	port := interop.FreePort(t)
	dotnet.Start(t, "wcf-client", "rm-peer", "--tcp", port).Await(`READY`)
	const cases = "echo,add,ping,notify,counter,many,channels,reuse"
	far := testcluster.New(t, 1)
	service := interop.NewStand(t, far.Node(0).Ready(), far.Node(0).Ready())
	service.Cluster = far
	expose(t, service, "svc", "127.0.0.1:"+port, func(e *entity.Entity) { e.Settings.EndTLS = true })
	direct := client(t, "--binding", "nettcp-ssl", "--address", "net.tcp://"+door(service)+"/svc", "--ca", service.CA, "--only", cases)
	if passed(direct) != strings.Count(cases, ",")+1 {
		t.Fatalf("direct: %q", direct)
	}
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		expose(t, s, "svc", far.Node(0).Door("nettcp"))
		relayed := client(t, "--binding", "nettcp-ssl", "--address", "net.tcp://"+door(s)+"/svc", "--ca", service.CA, "--only", cases)
		equal(t, "TLS", direct, relayed)
	})
}

// TestDotNetAtMono: the .NET client at Mono's service: every case that both support gives the same. All go over one channel a
// contract, since Mono leaves a connection half dead when its session ends, and the next one may or may not come through.
func TestDotNetAtMono(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet", "mono")
	const cases = "echo,echo-unicode,echo-empty,echo-null,add,ping,submit,blob-2000,many,counter"
	run := func(t *testing.T, address string, contracts string) []string {
		return client(t, "--binding", "nettcp", "--address", address, "--only", contracts, "--shared", "--timeout", "20")
	}
	host := mono.Start(t)
	echo, counter := host.Service("tcp", "echo"), host.Service("tcp", "counter")
	direct := append(run(t, echo, strings.TrimSuffix(cases, ",counter")), run(t, counter, "counter")...)
	if passed(direct) < 8 {
		t.Fatalf("direct: %q", direct)
	}
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		behind := func(contract string) string {
			address, listen := "net.tcp://"+door(s)+"/"+contract, "127.0.0.1:"+interop.FreePort(t)
			mono.Start(t).ServiceAt("tcp", contract, address, "net.tcp://"+listen+"/"+contract)
			expose(t, s, contract, listen)
			return address
		}
		relayed := append(run(t, behind("echo"), strings.TrimSuffix(cases, ",counter")), run(t, behind("counter"), "counter")...)
		equal(t, "at Mono", direct, relayed)
	})
}

// TestDotNetReactions: what the .NET client raises for each way of the gateway to say no.
func TestDotNetReactions(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet")
	slow := testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Accept = time.Second })
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		add := func(name string, change func(*entity.Entity)) {
			e := &entity.Entity{Name: name, Kind: entity.NetTCP, AnonymousSenders: true}
			change(e)
			s.Add(e)
		}
		add("silent", func(*entity.Entity) {})
		add("token", func(e *entity.Entity) { e.AnonymousSenders = false })
		add("walled", func(e *entity.Entity) { e.Settings.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
		add("secure", func(e *entity.Entity) { e.Settings.EndTLS = true })
		expose(t, s, "dead", "127.0.0.1:"+interop.FreePort(t))
		for _, row := range []struct{ binding, path, raises string }{
			{"nettcp", "silent", "EndpointNotFoundException"},
			{"nettcp", "nowhere", "EndpointNotFoundException"},
			{"nettcp", "token", "ProtocolException"},
			{"nettcp", "walled", "ProtocolException"},
			{"nettcp", "secure", "ProtocolException"},
			{"nettcp", strings.Repeat("long/", 500), "CommunicationException"},
			{"nettcp", "dead", "CommunicationException"},
			{"nettcp-ssl", "silent", "EndpointNotFoundException"},
			{"nettcp-ssl", "token", "ProtocolException"},
			{"nettcp-streamed", "silent", "EndpointNotFoundException"},
		} {
			p := dotnet.Start(t, "wcf-client", "--binding", row.binding, "--address", "net.tcp://"+door(s)+"/"+row.path,
				"--only", "echo", "--expect", "echo="+row.raises, "--timeout", "20")
			p.End(interop.Patience)
			if p.Code() != 0 {
				t.Errorf("%s at %.20s: %s", row.binding, row.path, p.Text())
			}
		}
	}, slow)
}
