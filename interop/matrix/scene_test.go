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
var tcpDoors = []string{"ws", "server", "net-door", "basic", "wsh-door", "web", "tcp"}

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
	file     strings.Builder // the connectors
	stations int             // how many they are
	at       map[string]string
}

// newScene starts all listeners and returns when they listen. echo is host:port of a TCP echo, server that of a web server.
func newScene(t *testing.T, s *interop.Stand, services *mono.Host, echo, server string) *scene {
	t.Helper()
	c := &scene{Stand: s, t: t, services: services, at: map[string]string{}}
	c.file.WriteString("connectors:\n")
	web, basic := c.service("web", "rest", ""), c.service("basic", "echo", "")
	c.sdks(web, basic)
	c.bytes(echo)
	c.web(web, basic, server)
	c.converting(basic)
	c.run()
	return c
}

// service opens a service of Mono's and gives where it listens. address is what clients call it, "" where they may call it anything.
// Those of net.tcp are for one session each: Mono's now and then leaves the one behind a closed one without an answer.
func (c *scene) service(binding, contract, address string) (listens string) {
	c.t.Helper()
	if address == "" {
		return c.services.Service(binding, contract)
	}
	scheme := "http"
	if binding == "tcp" {
		scheme = "net.tcp"
	}
	listens = scheme + "://127.0.0.1:" + interop.FreePort(c.t) + "/svc"
	c.services.ServiceAt(binding, contract, address, listens)
	return listens
}

// host is host:port of the address of a service.
func host(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	return strings.TrimSuffix(rest, "/svc")
}

// relay makes a relay and gives the address by which its senders know it.
func (c *scene) relay(name string, kind entity.Kind) (address string) {
	c.t.Helper()
	c.Add(&entity.Entity{Name: name, Kind: kind, AnonymousSenders: true, Settings: entity.Settings{ResponseTimeout: 10 * time.Second}})
	address = "http://" + c.Cluster.Node(0).Host("http") + "/" + name
	if kind == entity.NetTCP {
		address = "net.tcp://" + c.Cluster.Node(0).Host("nettcp") + "/" + name
	}
	c.at[name] = address
	return address
}

// door is host:port of a relay's TCP door.
func (c *scene) door(relay string) string { return c.Cluster.Node(0).Door("tcp/" + relay) }

// sdks starts the listeners of the two libraries.
func (c *scene) sdks(web, basic string) {
	c.t.Helper()
	c.Add(&entity.Entity{Name: "ws", AnonymousSenders: true, Settings: entity.Settings{ResponseTimeout: time.Second}}) // it answers no request
	c.at["ws"] = "http://" + c.Cluster.Node(0).Host("http") + "/ws"
	relays := []string{"ws,echo,"}
	for _, name := range []string{"ws-net", "ws-soap", "ws-basichttp", "ws-wshttp"} { // a service of net.tcp has one session
		relays = append(relays, name+","+host(c.service("tcp", "echo", c.relay(name, entity.NetTCP)))+",")
	}
	c.sdk(hycoWS, relays...)
	c.relay("https", entity.Hybrid)
	c.relay("https-basic", entity.Hybrid)
	soap := c.service("ws", "echo", c.relay("https-wsh", entity.Hybrid))
	c.sdk(hycoHTTPS, "https,echo,"+host(web)+"/svc", "https-basic,echo,"+host(basic)+"/svc", "https-wsh,echo,"+host(soap)+"/svc")
}

// sdk starts the listeners of one library.
func (c *scene) sdk(library string, relays ...string) {
	c.t.Helper()
	p := c.Node(c.t, c.Listener(""), "matrix-pipe.js", append([]string{library}, relays...)...)
	for range relays {
		p.Await(` listening$`)
	}
}

// connector adds one to the file that `causeway listen` is given.
func (c *scene) connector(relay, target string, more ...string) {
	c.stations++
	fmt.Fprintf(&c.file, "  - {listen: %s, target: %q%s}\n", relay, target, strings.Join(append([]string{""}, more...), ", "))
}

// forwarded adds a local port that leads to a relay, and gives its host:port.
func (c *scene) forwarded(relay string) string {
	c.t.Helper()
	c.stations++
	local := "127.0.0.1:" + interop.FreePort(c.t)
	fmt.Fprintf(&c.file, "  - {forward: %s, bind: %q}\n", relay, local)
	c.at[relay+" forwarded"] = local
	return local
}

// bytes adds the connectors of net.tcp and of plain TCP that change nothing. Services of net.tcp, and of wsHttp, look at the address by which
// their clients know them.
func (c *scene) bytes(echo string) {
	c.t.Helper()
	c.connector("net", c.service("tcp", "echo", c.relay("net", entity.NetTCP)))
	c.relay("net-door", entity.NetTCP)
	c.connector("net-door", c.service("tcp", "echo", "net.tcp://"+c.door("net-door")+"/svc"))
	c.relay("net-forward", entity.NetTCP)
	c.connector("net-forward", c.service("tcp", "echo", "net.tcp://"+c.forwarded("net-forward")+"/svc"))
	c.relay("tcp", entity.Hybrid)
	c.connector("tcp", "tcp://"+echo)
	c.connector("tcp-net", "tcp://"+host(c.service("tcp", "echo", c.relay("tcp-net", entity.NetTCP))))
}

// web adds the connectors of services over HTTP that change nothing.
func (c *scene) web(web, basic, server string) {
	c.t.Helper()
	for name, service := range map[string]string{"basic": basic, "web": web} {
		c.relay(name, entity.HTTP)
		c.connector(name, service)
		c.forwarded(name)
	}
	c.relay("server", entity.Hybrid)
	c.connector("server", "http://"+server)
	c.connector("wsh", c.service("ws", "echo", c.relay("wsh", entity.HTTP)))
	c.relay("wsh-door", entity.HTTP)
	c.connector("wsh-door", c.service("ws", "echo", "http://"+c.door("wsh-door")+"/svc"))
	c.relay("wsh-forward", entity.HTTP)
	c.connector("wsh-forward", c.service("ws", "echo", "http://"+c.forwarded("wsh-forward")+"/svc"))
}

// converting adds the connectors between two bindings.
func (c *scene) converting(basic string) {
	c.t.Helper()
	ws := c.service("ws", "echo", "")
	for _, x := range Cells() {
		if !x.Converted() {
			continue
		}
		kind, target := entity.HTTP, ""
		if x.From == "netTcp" {
			kind = entity.NetTCP
		}
		switch x.Listener {
		case WebSocket:
			target = c.at["ws-"+strings.ToLower(x.From)]
		case Requests:
			target = c.at["https-basic"]
		case NetTCP:
			target = c.service("tcp", "echo", "")
		case Basic:
			target = basic
		case WS:
			target = ws
		}
		c.relay(x.relay(), kind)
		c.connector(x.relay(), target, "as: "+x.From, "targetAs: "+x.To)
	}
}

// relay is the name of the relay whose connector converts.
func (c *Cell) relay() string {
	return strings.ToLower(strings.NewReplacer(" ", "", ".", "").Replace(c.From + "-at-" + c.Listener))
}

// run starts all connectors and waits until they are up.
func (c *scene) run() {
	c.t.Helper()
	file := filepath.Join(c.t.TempDir(), "connectors.yaml")
	if err := os.WriteFile(file, []byte(c.file.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
	p := c.command(c.t, "listen", "--config", file)
	for range c.stations {
		p.Await(`: (listening$|forwarding )`)
	}
}

// command runs our program with the right to listen and to send.
func (c *scene) command(t *testing.T, args ...string) *interop.Program {
	t.Helper()
	exe, err := causeway()
	if err != nil {
		t.Fatal(err)
	}
	cs := "Endpoint=sb://" + c.Listen + "/;SharedAccessKeyName=" + c.Rule + ";SharedAccessKey=" + c.Key
	return interop.Start(t, t.TempDir(), []string{"CAUSEWAY_CONNECTION_STRING=" + cs, "CAUSEWAY_CA_FILE=" + c.CA}, exe, args...)
}
