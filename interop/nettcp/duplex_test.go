package nettcp

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// callbacks are .NET's cases of a duplex contract: a call back behind a one-way call, one amid a call, and thirty before the answer of the call
// that caused them.
var callbacks = []string{"subscribe", "query", "publish"}

// events finds what the case publish says of events that came in another order.
var events = regexp.MustCompile(`^FAIL publish: Exception: got (.*), want (event 0,.*,event 29)$`)

// callbackLines are the lines of a run of cases of a duplex contract. .NET's client hands callbacks that come close together to its program in
// some other order now and then, directly as well; that all came, and each once, is what counts. Their order on the wire is that of bytes.
func callbackLines(t *testing.T, args ...string) []string {
	t.Helper()
	lines := client(t, args...)
	for i, line := range lines {
		if found := events.FindStringSubmatch(line); found != nil {
			if lost, more := differ(strings.Split(found[2], ","), strings.Split(found[1], ",")); len(lost)+len(more) == 0 {
				lines[i] = "ok publish"
			}
		}
	}
	return lines
}

// TestDotNetCallbacks: Mono's service calls .NET's client back on the client's own connection, through the gateway as directly. Each case
// has a service of its own, since Mono loses sessions that come while it closes another (TestMonoLosesSessions).
func TestDotNetCallbacks(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet", "mono")
	services := mono.Start(t)
	play := func(t *testing.T, at func(name, listen string) (address string)) (lines []string) {
		t.Helper()
		for _, name := range callbacks {
			listen := "127.0.0.1:" + interop.FreePort(t)
			address := at(name, listen)
			services.ServiceAt("tcp", "duplex", address, "net.tcp://"+listen+"/"+name)
			lines = append(lines, callbackLines(t, "--binding", "nettcp", "--address", address, "--only", name)...)
		}
		return lines
	}
	direct := play(t, func(name, listen string) string { return "net.tcp://" + listen + "/" + name })
	if passed(direct) != len(callbacks) {
		t.Fatalf("direct: %q", direct)
	}
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		relayed := play(t, func(name, listen string) string {
			expose(t, s, name, listen)
			return "net.tcp://" + door(s) + "/" + name
		})
		equal(t, "callbacks", direct, relayed)
	})
}

// TestDotNetWebSocket: NetHttpBinding of .NET, whose duplex contracts go over WebSockets, with a service of ours: calls, sessions and callbacks
// pass at the http door and, in TLS, at the https door as they do directly.
func TestDotNetWebSocket(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet")
	cases := "echo,add,ping,notify,many,channels,reuse,counter,counter-two," + strings.Join(callbacks, ",")
	direct := callbackLines(t, "--binding", "nethttp-ws", "--address", deskDirect(t), "--only", cases)
	if passed(direct) != strings.Count(cases, ",")+1 {
		t.Fatalf("direct: %q", direct)
	}
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		s.Add(&entity.Entity{Name: "desk", AnonymousSenders: true})
		deskBehind(t, s, "desk")
		plain := callbackLines(t, "--binding", "nethttp-ws", "--address", "http://"+s.Cluster.Node(0).Host("http")+"/desk", "--only", cases)
		equal(t, "over WebSocket", direct, plain)
		secure := callbackLines(t, "--binding", "nethttps-ws", "--address", "https://"+s.Send+"/desk", "--ca", s.CA, "--only", cases)
		equal(t, "over WebSocket and TLS", direct, secure)
	})
}

// TestConvertedDuplex: what a conversion loses of a duplex contract, with Mono's programs and both ways to convert. A SOAP caller of a service
// that calls back is refused in words that say what to do. To a client of net.tcp at a service of SOAP over HTTP nobody calls back.
func TestConvertedDuplex(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono")
	const query = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Query xmlns="http://tempuri.org/"><x>20</x></Query></s:Body></s:Envelope>`
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		services := mono.Start(t)
		for _, by := range converters {
			relay := "duplex-" + by.name
			by.soapAtNetTCP(t, s, relay, services.Service("tcp", "duplex"))
			status, text := testcluster.PostSOAP(t, "http://"+s.Cluster.Node(0).Host("http")+"/"+relay, `"http://tempuri.org/IDuplex/Query"`, query)
			if status != http.StatusInternalServerError || !strings.Contains(text, "calls its client back, for which an exchange has no place: let senders use netTcp") {
				t.Errorf("%s: %d %s", by.name, status, text)
			}
		}
	})
}

// converters are both ways to convert: by a connector, and by the gateway as a setting of the relay.
var converters = []struct {
	name string
	// soapAtNetTCP makes a relay whose senders speak SOAP over HTTP, in front of a service of net.tcp; netTCPAtSOAP the other way round.
	soapAtNetTCP, netTCPAtSOAP func(t *testing.T, s *interop.Stand, relay, service string)
}{
	{"connector", func(t *testing.T, s *interop.Stand, relay, service string) {
		t.Helper()
		s.Add(&entity.Entity{Name: relay, Kind: entity.HTTP, AnonymousSenders: true})
		convertTo(t, s, relay, service, "basicHttp")
	}, func(t *testing.T, s *interop.Stand, relay, service string) {
		t.Helper()
		s.Add(&entity.Entity{Name: relay, Kind: entity.NetTCP, AnonymousSenders: true})
		convertTo(t, s, relay, service, "netTcp")
	}},
	{"setting", func(t *testing.T, s *interop.Stand, relay, service string) {
		t.Helper()
		host, _, _ := strings.Cut(strings.TrimPrefix(service, "net.tcp://"), "/")
		expose(t, s, relay, host, func(e *entity.Entity) {
			e.Kind, e.Settings.Convert = entity.HTTP, entity.Conversion{Binding: "netTcp", Address: service}
		})
	}, func(t *testing.T, s *interop.Stand, relay, service string) {
		t.Helper()
		s.Add(&entity.Entity{
			Name: relay, Kind: entity.NetTCP, AnonymousSenders: true,
			Settings: entity.Settings{Convert: entity.Conversion{Binding: "basicHttp"}},
		})
		convertTo(t, s, relay, service, "") // which it does not: requests pass
	}},
}
