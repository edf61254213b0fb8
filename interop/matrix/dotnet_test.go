package matrix

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/dotnet"
)

// What this file does: the cells of .NET's programs, beside those of any_test.go and on the same gateways.

// kit is .NET's service: host:port of net.tcp, and of wsHttp.
type kit struct{ tcp, http string }

// newKit starts it; nil: .NET's programs are not there, which the document then says.
func newKit(t *testing.T) *kit {
	t.Helper()
	var k *kit
	t.Run("needs dotnet", func(t *testing.T) {
		interop.Need(t, "dotnet")
		k = &kit{"127.0.0.1:" + interop.FreePort(t), "127.0.0.1:" + interop.FreePort(t)}
	})
	if k == nil {
		interop.Record(t, interop.Cell{Table: DotNetTable, Row: Absent})
		return nil
	}
	port := func(at string) string { return at[strings.LastIndexByte(at, ':')+1:] }
	dotnet.Start(t, "wcf-client", "rm-peer", "--tcp", port(k.tcp), "--http", port(k.http)).Await(`READY`)
	return k
}

// dotNetRelay is the name of the cell's relay: each has one of its own.
func (c *Cell) dotNetRelay() string {
	return strings.ToLower(strings.NewReplacer(" ", "", ".", "").Replace("net-" + c.Sender + "-at-" + c.Listener))
}

// dotNetDoors are the relays that have a TCP door for .NET's client.
func dotNetDoors() (relays []string) {
	for _, c := range DotNet() {
		if c.Sender == TCP {
			relays = append(relays, c.dotNetRelay())
		}
	}
	return relays
}

// dotNetAt makes the cell's relay.
func (s *scene) dotNetAt(c *Cell, change ...func(*entity.Entity)) (relay string) {
	s.t.Helper()
	kind := entity.HTTP
	if c.Sender == NetTCP || c.Listener == NetTCP && !c.Converted() {
		kind = entity.NetTCP
	}
	s.relay(c.dotNetRelay(), kind, change...)
	return c.dotNetRelay()
}

// dotNetSDKs makes the relays of cells whose listeners are programs with the libraries, and gives what these are told.
func (s *scene) dotNetSDKs(basic string) (sockets, requests []string) {
	s.t.Helper()
	for _, c := range DotNet() {
		if s.kit == nil || c.Listener != WebSocket && c.Listener != Requests {
			continue
		}
		relay := s.dotNetAt(&c, func(e *entity.Entity) {
			if c.Way == setting {
				e.Settings.Convert = entity.Conversion{Binding: c.To}
			}
		})
		switch {
		case c.Listener == WebSocket:
			sockets = append(sockets, relay+","+s.kit.tcp)
		case c.Sender == WS:
			requests = append(requests, relay+","+s.kit.http+"/svc")
		default:
			requests = append(requests, relay+","+host(basic)+"/svc")
		}
	}
	return sockets, requests
}

// dotNet adds the connectors of all others. basic is Mono's service, for what .NET's does not speak.
func (s *scene) dotNet(basic string) {
	s.t.Helper()
	for _, c := range DotNet() {
		if s.kit == nil || c.Listener == WebSocket || c.Listener == Requests {
			continue
		}
		target := map[string]string{NetTCP: "net.tcp://" + s.kit.tcp + "/svc", Basic: basic, WS: "http://" + s.kit.http + "/svc"}[c.Listener]
		relay := s.dotNetAt(&c)
		if c.Converted() {
			s.connector(relay, target, "as: "+c.From, "targetAs: "+c.To)
		} else {
			s.connector(relay, target)
		}
		if c.Sender == WebSocket {
			s.forwarded(relay)
		}
	}
}

// playDotNet starts .NET's client, which speaks what the sender does; where that carries bytes, what the service does.
func (s *scene) playDotNet(t *testing.T, c *Cell) outcome {
	t.Helper()
	speaks, address := c.Sender, s.at[c.dotNetRelay()]
	switch c.Sender {
	case WebSocket:
		speaks, address = c.Listener, service(c.Listener, s.at[c.dotNetRelay()+" forwarded"])
	case TCP:
		speaks, address = c.Listener, service(c.Listener, s.door(c.dotNetRelay()))
	}
	binding := map[string]string{NetTCP: "nettcp", Basic: "basichttp", WS: "wshttp"}[speaks]
	return outcome{dotnet.Start(t, "wcf-client", "--binding", binding, "--address", address, "--only", "echo,add"), "2 passed, 0 failed"}
}
