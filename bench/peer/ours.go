package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bench/hc"
	"github.com/causeway-relay/causeway/bench/load"
)

// The adapter of our own gateway. It reads a JSON file (see ours.example.json)
// that says how to start the gateway and where its endpoints are. What it
// needs of the gateway:
//
//   - a Hybrid Connections endpoint, ws:// or wss://, with one entity and a
//     shared access key that may listen and send (hc.Endpoint);
//   - the listener's control channel at /$hc/{path}?sb-hc-action=listen, accept
//     messages with a rendezvous address, senders at ?sb-hc-action=connect;
//   - for HTTP rows: HTTP senders at http_addr/{path}, relayed as "request"
//     messages over the control channel or a rendezvous;
//   - for the raw TCP row: a TCP (or net.tcp) port bound to the entity.
//
// The listener is the independent one in this module (`peerbench hc-agent`),
// run as its own process, unless the file names the product's own agent.
type oursConfig struct {
	hc.Endpoint
	Gateway  []string          `json:"gateway"`   // command line; empty: it already runs
	Env      []string          `json:"env"`       // further environment, K=V
	Files    map[string]string `json:"files"`     // config files to write into the scratch folder
	Ready    string            `json:"ready"`     // address to wait for
	Agent    []string          `json:"agent"`     // command line of the product's own agent; empty: hc-agent
	HTTPAddr string            `json:"http_addr"` // host:port for HTTP senders; empty: none
	HTTPPath string            `json:"http_path"` // default /{path}
	HTTPHost string            `json:"http_host"` // default web.test
	TCPAddr  string            `json:"tcp_addr"`  // host:port for raw TCP senders; empty: none
	IdlePath string            `json:"idle_path"` // entity of idle listener number {i}; default {path}-{i}
}

// Placeholders in every string of the file: {port:NAME} (a free loopback port,
// the same for the same NAME), {work}, {bin}, {target_tcp}, {target_http}.
func (e *Env) expand(s string, ports map[string]string) string {
	s = strings.NewReplacer("{work}", e.Work, "{bin}", e.BinDir, "{target_tcp}", e.TCP, "{target_http}", e.HTTP).Replace(s)
	for {
		i := strings.Index(s, "{port:")
		if i < 0 {
			return s
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			return s
		}
		n := s[i+6 : i+j]
		if ports[n] == "" {
			ports[n] = fmt.Sprint(Port())
		}
		s = s[:i] + ports[n] + s[i+j+1:]
	}
}

// loadOurs reads ours.json, or with a suffix its neighbour ours<suffix>.json.
func loadOurs(e *Env, suffix string) (*oursConfig, error) {
	b, err := os.ReadFile(strings.TrimSuffix(e.Ours, ".json") + suffix + ".json")
	if err != nil {
		return nil, err
	}
	c := &oursConfig{}
	if err := json.Unmarshal([]byte(e.expand(string(b), map[string]string{})), c); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Ours, err)
	}
	if c.HTTPPath == "" {
		c.HTTPPath = "/" + c.Path
	}
	if c.HTTPHost == "" {
		c.HTTPHost = "web.test"
	}
	return c, nil
}

func startOurs(e *Env, c *oursConfig, tcp bool) (*Tunnel, error) {
	t := &Tunnel{}
	for n, text := range c.Files {
		e.File(n, text)
	}
	if len(c.Gateway) > 0 {
		if err := t.gateway(e.Run("gateway", c.Env, c.Gateway[0], c.Gateway[1:]...)); err != nil {
			return t, err
		}
	}
	if c.Ready != "" {
		var p *Proc
		if len(t.Gateway) > 0 {
			p = t.Gateway[0]
		}
		if err := WaitPort(c.Ready, p); err != nil {
			return t, err
		}
	}
	var err error
	if len(c.Agent) > 0 {
		err = t.agent(e.Run("agent", c.Env, c.Agent[0], c.Agent[1:]...))
	} else {
		err = t.agent(e.hcAgent("agent", c.Endpoint, 0, ""))
	}
	if err != nil {
		return t, err
	}
	if tcp {
		t.Dial = TCPDial(c.TCPAddr)
	} else {
		t.Dial = hcDial(c.Endpoint)
	}
	if c.HTTPAddr != "" {
		t.HTTP = &load.HTTPTarget{Addr: c.HTTPAddr, Host: c.HTTPHost, Path: c.HTTPPath, Header: c.HTTPHeader(), Via: "l7"}
	}
	return t, nil
}

func hcDial(ep hc.Endpoint) load.Dialer {
	return func() (net.Conn, error) {
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		c, err := ep.Dial(ctx)
		if err != nil {
			return nil, err // not a typed nil
		}
		return c, nil
	}
}

// hcAgent runs the independent listener as its own process. With n > 0 it only
// holds n idle control channels, at the entities that idlePath names.
func (e *Env) hcAgent(name string, ep hc.Endpoint, n int, idlePath string) (*Proc, error) {
	b, _ := json.Marshal(ep)
	return e.Run(name, nil, e.Self, "hc-agent", "-endpoint", string(b), "-tcp", e.TCP, "-http", e.HTTP, "-n", fmt.Sprint(n), "-idle-path", idlePath)
}

func init() {
	var c *oursConfig
	idle := func(e *Env, t *Tunnel, n int) error { return t.agent(e.hcAgent("idle", c.Endpoint, n, c.IdlePath)) }
	for _, v := range []struct {
		name, note, suffix string
		tcp, optional      bool
	}{
		{"ours", "our gateway; WebSocket sender, Hybrid Connections listener, plain", "", false, false},
		{"ours-tls", "our gateway with TLS 1.3 to the sender and to the listener", "-tls", false, false},
		{"ours-tcp", "our gateway; raw TCP sender at the gateway's port, Hybrid Connections listener", "", true, true},
	} {
		register(Peer{Name: v.name, Kind: "ours", Default: !v.optional, Note: v.note, Start: func(e *Env) (*Tunnel, error) {
			var err error
			if c, err = loadOurs(e, v.suffix); err != nil {
				return nil, err
			}
			if v.tcp && c.TCPAddr == "" {
				return nil, fmt.Errorf("no tcp_addr in %s", e.Ours)
			}
			return startOurs(e, c, v.tcp)
		}, Agents: idle})
	}
	// The reference gateway of the same protocol: the bound for ours.
	var ref *oursConfig
	for _, v := range []struct {
		name, note, scheme string
		tcp                bool
	}{
		{"hcref", "bound for ours: minimal Hybrid Connections gateway, WebSocket sender and rendezvous, headers rewritten and unmasked in place, plain", "ws", false},
		{"hcref-tcp", "bound for ours: the same gateway, raw TCP sender, WebSocket rendezvous", "ws", true},
		{"hcref-tls", "bound for ours: the same gateway with TLS 1.3 to the sender and to the listener (Go crypto/tls)", "wss", false},
	} {
		register(Peer{Name: v.name, Kind: "limit", Default: true, Note: v.note, Start: func(e *Env) (*Tunnel, error) {
			ws, pub := Addr(Port()), Addr(Port())
			ref = &oursConfig{Endpoint: hc.Endpoint{Base: v.scheme + "://" + ws, Path: "bench", KeyName: "k", Key: "secret", Insecure: true},
				Gateway: []string{e.Self, "hcref", ws, pub, "bench", v.scheme}, Ready: ws, TCPAddr: pub}
			if v.scheme == "ws" {
				ref.HTTPAddr, ref.HTTPPath, ref.HTTPHost = ws, "/bench", "web.test"
			}
			return startOurs(e, ref, v.tcp)
		}, Agents: func(e *Env, t *Tunnel, n int) error { return t.agent(e.hcAgent("idle", ref.Endpoint, n, ref.IdlePath)) }})
	}
}

// Expand fills in the placeholders of a configuration file.
func (e *Env) Expand(s string) string { return e.expand(s, map[string]string{}) }
