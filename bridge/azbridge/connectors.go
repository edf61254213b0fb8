package azbridge

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
)

// maxConnectors bounds what one command line or file gives; a causeway.yaml takes as many.
const maxConnectors = 1000

// Connectors are what the settings ask to run, and everything that was found wrong while they were read. fallback is the
// connection string where none is said. Connectors that have a problem are left out.
func (s *Settings) Connectors(fallback string) ([]connect.Connector, Problems) {
	problems := len(s.problems)
	s.added = 0
	var list []connect.Connector
	if s.clear {
		if len(s.local)+len(s.remote) > 0 {
			s.warn(place{}, "ClearAllForwardings is true: no forwarding of files and options is left")
		}
		s.local, s.remote = nil, nil
	}
	general := s.general(fallback)
	for i := range s.local {
		for j := range s.local[i].bindings {
			if c, ok := s.localConnector(&s.local[i], &s.local[i].bindings[j], general); ok {
				list = s.add(list, s.local[i].bindings[j].place, c)
			}
		}
	}
	for i := range s.remote {
		for j := range s.remote[i].bindings {
			if c, ok := s.remoteConnector(&s.remote[i], &s.remote[i].bindings[j], general); ok {
				list = s.add(list, s.remote[i].bindings[j].place, c)
			}
		}
	}
	found := s.problems
	s.problems = s.problems[:problems]
	return list, found
}

// add checks a connector by itself and beside those before.
func (s *Settings) add(list []connect.Connector, at place, c connect.Connector) []connect.Connector {
	switch s.added++; {
	case s.added == maxConnectors+1:
		s.wrong(at, "more than %d bindings; split the file", maxConnectors)
		return list
	case s.added > maxConnectors:
		return list
	}
	for _, flaw := range c.Check() {
		s.wrong(at, "%s", flaw.Message)
		return list
	}
	for i := range list {
		if flaw := connect.Clash(&list[i], &c); flaw != nil {
			s.wrong(at, "%s", flaw.Message)
			return list
		}
	}
	return append(list, c)
}

// general is the connection string of entries without their own. A whole one wins over its parts, as in azbridge.
func (s *Settings) general(fallback string) string {
	switch {
	case s.connectionString != "":
		return s.connectionString
	case s.endpoint == "":
		return fallback
	}
	c := "Endpoint=" + s.endpoint
	switch {
	case s.signature != "":
		c += ";SharedAccessSignature=" + s.signature
	case s.key != "" || s.keyName != "":
		c += ";SharedAccessKeyName=" + s.keyName + ";SharedAccessKey=" + s.key
	}
	return c
}

// stringOf is the connection string of an entry, without a key when it wants none, and its relay.
func (s *Settings) stringOf(f *forward, at place, general string, anonymous bool) (text, relay string, ok bool) {
	text = cmp.Or(f.connectionString, general)
	if text == "" {
		s.wrong(at, "no connection string: give AzureRelayConnectionString, or ConnectionString on the entry, or set CAUSEWAY_CONNECTION_STRING; 'causeway azbridge' takes -x too")
		return "", "", false
	}
	cs, err := connstring.Parse(text)
	if err != nil {
		return "", "", false // said where it stands
	}
	relay = cmp.Or(f.relay, cs.EntityPath)
	if cs.EntityPath != "" && !strings.EqualFold(strings.Trim(cs.EntityPath, "/"), strings.Trim(relay, "/")) {
		s.wrong(at, "the connection string is for another relay; use one of the namespace, or give the entry its own")
		return "", "", false
	}
	if anonymous {
		cs.KeyName, cs.Key, cs.Signature, cs.ManagedIdentity = "", "", "", false
		return cs.Format(), relay, true
	}
	return text, relay, true
}

// localConnector makes a forwarding connector.
func (s *Settings) localConnector(f *forward, b *binding, general string) (c connect.Connector, ok bool) {
	if f.bad || b.bad {
		return c, false
	}
	text, relay, ok := s.stringOf(f, b.place, general, f.anonymous || b.anonymous)
	if !ok {
		return c, false
	}
	c = connect.Connector{Forward: relay, ConnectionString: text, PortName: b.name}
	switch {
	case b.socket != "" && b.port != "":
		s.wrong(b.place, "a binding has a port or a socket; keep one")
		return c, false
	case b.socket != "":
		c.Bind = "unix://" + strings.TrimPrefix(b.socket, "unix://")
		c.PortName = cmp.Or(b.name, b.socket)
	case b.port == "":
		s.wrong(b.place, "the key BindPort is missing here")
		return c, false
	default:
		c.Bind = net.JoinHostPort(strings.Trim(cmp.Or(b.host, s.bindAddress, s.anyAddress()), "[]"), b.port)
		c.PortName = cmp.Or(b.name, b.port)
	}
	return c, true
}

// anyAddress is where local sockets are opened when no address is said.
func (s *Settings) anyAddress() string {
	switch {
	case s.gatewayPorts && s.family == "inet":
		return "0.0.0.0"
	case s.gatewayPorts:
		return "::"
	case s.family == "inet6":
		return "::1"
	}
	return "127.0.0.1"
}

// remoteConnector makes a listening connector.
func (s *Settings) remoteConnector(f *forward, b *binding, general string) (c connect.Connector, ok bool) {
	if f.bad || b.bad {
		return c, false
	}
	text, relay, ok := s.stringOf(f, b.place, general, false)
	if !ok {
		return c, false
	}
	c = connect.Connector{Listen: relay, ConnectionString: text}
	switch {
	case b.socket != "" && b.port != "":
		s.wrong(b.place, "a binding has a port or a socket; keep one")
		return c, false
	case b.socket != "":
		c.Target, c.PortName = "unix://"+strings.TrimPrefix(b.socket, "unix://"), cmp.Or(b.name, b.socket)
		return c, true
	case b.port == "":
		s.wrong(b.place, "the key HostPort is missing here")
		return c, false
	case b.http || f.http:
		c.Target = webTarget(b)
		return c, true
	}
	c.Target, c.PortName = "tcp://"+joinHost(b.host, b.port), cmp.Or(b.name, b.port)
	return c, true
}

// webTarget is the address of a web server. The relay's name is cut from the path of a request, and the address's path put there.
func webTarget(b *binding) string {
	scheme := "http"
	if b.https || b.port == "443" {
		scheme = "https"
	}
	u := url.URL{Scheme: scheme, Host: joinHost(b.host, b.port)}
	if b.path != "" {
		u.Path = "/" + b.path + "/"
	}
	return u.String()
}

// Local makes connectors of the value of -L: [ADDR:]PORT[/NAME][;...]:RELAY.
func Local(text, connectionString string) ([]connect.Connector, error) {
	return one((*Settings).addLocal, "-L", text, connectionString)
}

// Remote makes connectors of the value of -T: RELAY:[NAME/][HOST:]PORT[;...].
func Remote(text, connectionString string) ([]connect.Connector, error) {
	return one((*Settings).addRemote, "-T", text, connectionString)
}

func one(add func(*Settings, place, string), option, text, connectionString string) ([]connect.Connector, error) {
	var s Settings
	add(&s, place{option: option}, text)
	list, problems := s.Connectors(connectionString)
	return list, problems.Err()
}

// File writes connectors as a causeway.yaml. It holds their connection strings, which are secret.
func File(list []connect.Connector) ([]byte, error) {
	type row struct {
		Listen           string `yaml:"listen,omitempty"`
		Forward          string `yaml:"forward,omitempty"`
		Target           string `yaml:"target,omitempty"`
		Bind             string `yaml:"bind,omitempty"`
		PortName         string `yaml:"portName,omitempty"`
		ConnectionString string `yaml:"connectionString,omitempty"`
	}
	rows := make([]row, 0, len(list))
	for i := range list {
		c := &list[i]
		rows = append(rows, row{c.Listen, c.Forward, c.Target, c.Bind, c.PortName, c.ConnectionString})
	}
	b, err := yaml.Marshal(map[string]any{"connectors": rows})
	if err != nil {
		return nil, fmt.Errorf("write connectors: %w", err)
	}
	return b, nil
}
