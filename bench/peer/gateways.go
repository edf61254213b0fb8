package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bench/hc"
	"github.com/causeway-relay/causeway/bench/load"
)

// settings say how a Hybrid Connections gateway is started and reached. They are ours.json and ours-tls.json; in every
// string there {port:NAME} is a free loopback port, the same for the same NAME, {work} the scratch folder, {bin} the folder
// of the binary and {target_tcp} the target. Fields of cells that are not measured here are passed over.
type settings struct {
	hc.Endpoint
	Gateway  []string          `json:"gateway"`   // command line
	Env      []string          `json:"env"`       // K=V
	Files    map[string]string `json:"files"`     // written into the scratch folder
	Ready    string            `json:"ready"`     // address that is open when the gateway is
	Agent    []string          `json:"agent"`     // command line of the listener; empty: the independent one of package hc
	IdlePath string            `json:"idle_path"` // entity of idle listener {i}; empty: the entity itself
}

// gateways are those that speak the protocol: the bound, and ours.
func gateways() []Peer {
	var all []Peer
	for _, v := range []struct{ name, scheme, note string }{
		{"hcref", "ws", "the protocol's bound: a bare Hybrid Connections gateway, WebSocket on both legs, headers rewritten and unmasked in place"},
		{"hcref-tls", "wss", "the same with TLS 1.3 to the sender and to the listener"},
	} {
		all = append(all, gateway(v.name, Limit, "", v.note, func(e *Env) (*settings, error) { return bare(e, v.scheme), nil }))
	}
	for _, v := range []struct{ name, file, bound, note string }{
		{"ours", "ours.json", "hcref", "the gateway: WebSocket sender, Hybrid Connections listener"},
		{"ours-tls", "ours-tls.json", "hcref-tls", "the same with TLS 1.3 to the sender and to the listener"},
	} {
		all = append(all, gateway(v.name, Ours, v.bound, v.note, func(e *Env) (*settings, error) { return read(e, v.file) }))
	}
	return all
}

// gateway makes a peer. Its settings are made at each start, since ports are free only then.
func gateway(name, kind, bound, note string, settle func(*Env) (*settings, error)) Peer {
	var present *settings
	return Peer{
		Name: name, Kind: kind, Bound: bound, Note: note, Default: true,
		start: func(e *Env) (*Tunnel, error) {
			s, err := settle(e)
			if err != nil {
				return nil, err
			}
			present = s
			return s.start(e)
		},
		listeners: func(e *Env, t *Tunnel, n int) error {
			p, err := startListener(e, "idle", present.Endpoint, n, present.IdlePath)
			if err == nil {
				t.agent = append(t.agent, p)
			}
			return err
		},
	}
}

// bare are the settings of the bound, which takes every path and no token.
func bare(e *Env, scheme string) *settings {
	addr := freeAddr()
	return &settings{
		Endpoint: hc.Endpoint{Base: scheme + "://" + addr, Path: "bench", Insecure: true},
		Gateway:  []string{e.Self, "hcref", addr, scheme}, Ready: addr, IdlePath: "bench-{i}",
	}
}

// read reads the settings of ours.
func read(e *Env, name string) (*settings, error) {
	b, err := os.ReadFile(filepath.Join(e.Config, name))
	if err != nil {
		return nil, err
	}
	s := &settings{}
	if err := json.Unmarshal([]byte(e.expand(string(b), freePort)), s); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(s.Gateway) == 0 || s.Ready == "" {
		return nil, fmt.Errorf("%s: gateway and ready are missing", name)
	}
	return s, nil
}

func freePort() string {
	_, port, _ := net.SplitHostPort(freeAddr()) // we made it
	return port
}

// expand fills in the placeholders.
func (e *Env) expand(s string, free func() string) string {
	s = strings.NewReplacer("{work}", e.Work, "{bin}", e.Bin, "{target_tcp}", e.Target).Replace(s)
	ports := map[string]string{}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{port:")
		b.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !found {
			return b.String()
		}
		if !closed {
			return b.String() + "{port:" + rest
		}
		if ports[name] == "" {
			ports[name] = free()
		}
		b.WriteString(ports[name])
		s = after
	}
}

// start runs gateway and listener.
func (s *settings) start(e *Env) (*Tunnel, error) {
	t := &Tunnel{Dial: dialer(s.Endpoint)}
	for name, text := range s.Files {
		if err := os.WriteFile(filepath.Join(e.Work, name), []byte(text), 0o600); err != nil {
			return t, err
		}
	}
	g, err := e.start("gateway", s.Env, s.Gateway...)
	if err != nil {
		return t, err
	}
	t.gateway = append(t.gateway, g)
	if err := openAt(s.Ready, g); err != nil {
		return t, err
	}
	var a *Process
	if len(s.Agent) > 0 {
		a, err = e.start("agent", s.Env, s.Agent...)
	} else {
		a, err = startListener(e, "agent", s.Endpoint, 0, "")
	}
	if err == nil {
		t.agent = append(t.agent, a)
	}
	return t, err
}

// startListener runs the independent listener; with n it only holds n idle control channels.
func startListener(e *Env, name string, at hc.Endpoint, n int, idlePath string) (*Process, error) {
	b, err := json.Marshal(at)
	if err != nil {
		return nil, err
	}
	return e.start(name, nil, e.Self, "listener", string(b), e.Target, strconv.Itoa(n), idlePath)
}

func dialer(at hc.Endpoint) load.Dialer {
	return func() (net.Conn, error) {
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		c, err := at.Dial(ctx)
		if err != nil {
			return nil, err // not a nil of the wrong type
		}
		return c, nil
	}
}
