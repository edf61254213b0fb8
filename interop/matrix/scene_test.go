package matrix

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// tcpDoors are the relays that have a TCP door of the sender's node.
var tcpDoors = append([]string{"ws", "server", "net-door", "basic", "wsh-door", "web", "tcp"}, dotNetDoors()...)

// withDoors opens them, each at a free port.
func withDoors(node int, c *config.Config) {
	if node > 0 {
		return
	}
	for _, name := range tcpDoors {
		c.TCP = append(c.TCP, config.TCPDoor{Entity: name, Bind: "127.0.0.1:0"})
	}
}

// scene is a gateway with all listeners of the matrix, and one process for each kind of them: hyco-ws, hyco-https, `causeway listen`.
type scene struct {
	*interop.Stand
	t        *testing.T
	services *mono.Host
	kit      *kit            // nil: .NET's programs are not there
	file     strings.Builder // the connectors
	stations int             // how many they are
	at       map[string]string
}

// newScene starts all listeners and returns when they listen. echo is host:port of a TCP echo, server that of a web server.
func newScene(t *testing.T, s *interop.Stand, services *mono.Host, net *kit, echo, server string) *scene {
	t.Helper()
	c := &scene{Stand: s, t: t, services: services, kit: net, at: map[string]string{}}
	c.file.WriteString("connectors:\n")
	web, basic := c.service("web", "rest", ""), c.service("basic", "echo", "")
	c.sdks(web, basic)
	c.bytes(echo)
	c.web(web, basic, server)
	c.connectors(basic)
	c.dotNet(basic)
	c.run()
	return c
}

// service opens a service of Mono's and gives where it listens. address is what clients call it, "" where they may call it anything.
// Those of net.tcp are for one session each: Mono's now and then leaves the one behind a closed one without an answer.
func (s *scene) service(binding, contract, address string) (listens string) {
	s.t.Helper()
	if address == "" {
		return s.services.Service(binding, contract)
	}
	scheme := "http"
	if binding == "tcp" {
		scheme = "net.tcp"
	}
	listens = scheme + "://127.0.0.1:" + interop.FreePort(s.t) + "/svc"
	s.services.ServiceAt(binding, contract, address, listens)
	return listens
}

// host is host:port of the address of a service.
func host(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	return strings.TrimSuffix(rest, "/svc")
}

// relay makes a relay and gives the address by which its senders know it.
func (s *scene) relay(name string, kind entity.Kind, change ...func(*entity.Entity)) (address string) {
	s.t.Helper()
	e := &entity.Entity{Name: name, Kind: kind, AnonymousSenders: true, Settings: entity.Settings{ResponseTimeout: interop.Patience}}
	for _, f := range change {
		f(e)
	}
	s.Add(e)
	address = "http://" + s.Cluster.Node(0).Host("http") + "/" + name
	if kind == entity.NetTCP {
		address = "net.tcp://" + s.Cluster.Node(0).Host("nettcp") + "/" + name
	}
	s.at[name] = address
	return address
}

// door is host:port of a relay's TCP door.
func (s *scene) door(relay string) string { return s.Cluster.Node(0).Door("tcp/" + relay) }

// sdks starts the listeners of the two libraries.
func (s *scene) sdks(web, basic string) {
	s.t.Helper()
	s.relay("ws", entity.Hybrid, func(e *entity.Entity) { e.Settings.ResponseTimeout = time.Second }) // nothing answers a request there
	sockets := []string{"ws,echo", "ws-net," + host(s.service("tcp", "echo", s.relay("ws-net", entity.NetTCP)))}
	s.relay("https", entity.Hybrid)
	s.relay("https-basic", entity.Hybrid)
	soap := s.service("ws", "echo", s.relay("https-wsh", entity.Hybrid))
	requests := []string{"https," + host(web) + "/svc", "https-basic," + host(basic) + "/svc", "https-wsh," + host(soap) + "/svc"}
	for _, x := range Cells() {
		switch {
		case x.Way != setting:
		case x.Listener == WebSocket:
			service := s.service("tcp", "echo", "")
			s.converting(&x, service)
			sockets = append(sockets, x.relay()+","+host(service))
		case x.Listener == Requests:
			s.converting(&x, "")
			requests = append(requests, x.relay()+","+host(basic)+"/svc")
		}
	}
	netSockets, netRequests := s.dotNetSDKs(basic)
	s.sdk(hycoWS, append(sockets, netSockets...)...)
	s.sdk(hycoHTTPS, append(requests, netRequests...)...)
}

// converting makes a relay whose setting it is that the gateway converts. service is the address that messages name there, "" for the relay's.
func (s *scene) converting(x *Cell, service string) {
	s.t.Helper()
	s.relay(x.relay(), x.kind(), func(e *entity.Entity) { e.Settings.Convert = entity.Conversion{Binding: x.To, Address: service} })
}

// kind is that of a relay whose senders speak what the cell's do.
func (c *Cell) kind() entity.Kind {
	if c.From == "netTcp" {
		return entity.NetTCP
	}
	return entity.HTTP
}

// sdk starts the listeners of one library.
func (s *scene) sdk(library string, relays ...string) {
	s.t.Helper()
	p := s.Node(s.t, s.Listener(""), "matrix-pipe.js", append([]string{library}, relays...)...)
	for range relays {
		p.Await(` listening$`)
	}
}

// connector adds one to the file that `causeway listen` is given.
func (s *scene) connector(relay, target string, more ...string) {
	s.stations++
	fmt.Fprintf(&s.file, "  - {listen: %s, target: %q%s}\n", relay, target, strings.Join(append([]string{""}, more...), ", "))
}

// forwarded adds a local port that leads to a relay, and gives its host:port.
func (s *scene) forwarded(relay string) string {
	s.t.Helper()
	s.stations++
	local := "127.0.0.1:" + interop.FreePort(s.t)
	fmt.Fprintf(&s.file, "  - {forward: %s, bind: %q}\n", relay, local)
	s.at[relay+" forwarded"] = local
	return local
}

// bytes adds the connectors of net.tcp and of plain TCP that change nothing. Services of net.tcp, and of wsHttp, look at the address by which
// their clients know them.
func (s *scene) bytes(echo string) {
	s.t.Helper()
	s.connector("net", s.service("tcp", "echo", s.relay("net", entity.NetTCP)))
	s.relay("net-door", entity.NetTCP)
	s.connector("net-door", s.service("tcp", "echo", "net.tcp://"+s.door("net-door")+"/svc"))
	s.relay("net-forward", entity.NetTCP)
	s.connector("net-forward", s.service("tcp", "echo", "net.tcp://"+s.forwarded("net-forward")+"/svc"))
	s.relay("tcp", entity.Hybrid)
	s.connector("tcp", "tcp://"+echo)
	s.connector("tcp-net", "tcp://"+host(s.service("tcp", "echo", s.relay("tcp-net", entity.NetTCP))))
}

// web adds the connectors of services over HTTP that change nothing.
func (s *scene) web(web, basic, server string) {
	s.t.Helper()
	for name, service := range map[string]string{"basic": basic, "web": web} {
		s.relay(name, entity.HTTP)
		s.connector(name, service)
		s.forwarded(name)
	}
	s.relay("server", entity.Hybrid)
	s.connector("server", "http://"+server)
	s.connector("wsh", s.service("ws", "echo", s.relay("wsh", entity.HTTP)))
	s.relay("wsh-door", entity.HTTP)
	s.connector("wsh-door", s.service("ws", "echo", "http://"+s.door("wsh-door")+"/svc"))
	s.relay("wsh-forward", entity.HTTP)
	s.connector("wsh-forward", s.service("ws", "echo", "http://"+s.forwarded("wsh-forward")+"/svc"))
}

// connectors adds those between two bindings.
func (s *scene) connectors(basic string) {
	s.t.Helper()
	ws := s.service("ws", "echo", "")
	for _, x := range Cells() {
		if x.Way != connector {
			continue
		}
		target := map[string]string{"basicHttp": basic, "wsHttp": ws}[x.To]
		if x.To == "netTcp" {
			target = s.service("tcp", "echo", "")
		}
		s.relay(x.relay(), x.kind())
		s.connector(x.relay(), target, "as: "+x.From, "targetAs: "+x.To)
	}
}

// relay is the name of the relay of a conversion.
func (c *Cell) relay() string {
	return strings.ToLower(strings.NewReplacer(" ", "", ".", "").Replace(c.From + "-at-" + c.Listener))
}

// run starts all connectors and waits until they are up.
func (s *scene) run() {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "connectors.yaml")
	if err := os.WriteFile(file, []byte(s.file.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	p := s.command(s.t, "listen", "--config", file)
	for range s.stations {
		p.Await(`: (listening$|forwarding )`)
	}
}

// command runs our program with the right to listen and to send.
func (s *scene) command(t *testing.T, args ...string) *interop.Program {
	t.Helper()
	cs := "Endpoint=sb://" + s.Listen + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key
	return interop.Start(t, t.TempDir(), []string{"CAUSEWAY_CONNECTION_STRING=" + cs, "CAUSEWAY_CA_FILE=" + s.CA}, interop.Command(t), args...)
}
