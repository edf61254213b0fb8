package peer

import (
	"context"
	"crypto/tls"
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

// settings say how a Hybrid Connections gateway is started and reached. They are in ours.json and its like; in every string
// there {port:NAME} is a free loopback port, the same for the same NAME, {work} the scratch folder, {bin} the folder of the
// binary, {self} this program, {config} the folder of ours.json, {target_tcp} and {target_http} the target.
type settings struct {
	hc.Endpoint
	Gateway  []string          `json:"gateway"`   // command line
	Env      []string          `json:"env"`       // K=V
	Files    map[string]string `json:"files"`     // written into the scratch folder
	Ready    string            `json:"ready"`     // address that is open when the gateway is
	Await    string            `json:"await"`     // file that is there then; empty: none
	Agent    []string          `json:"agent"`     // command line of the listener; empty: the independent one of package hc
	Forward  []string          `json:"forward"`   // command line of another process beside the gateway: what opens tcp_addr, or a second listener; empty: none
	HTTPAddr string            `json:"http_addr"` // host:port of senders of HTTP
	HTTPPath string            `json:"http_path"` // what they ask for
	HTTPHost string            `json:"http_host"` // their field Host
	TCPAddr  string            `json:"tcp_addr"`  // host:port of senders of bytes
	NetTCP   string            `json:"nettcp"`    // host:port of clients of net.tcp
	IdlePath string            `json:"idle_path"` // entity of idle listener {i}; empty: the entity itself
}

// Doors of a gateway's tunnel.
const (
	doorWS   = 1 << iota // WebSocket senders
	doorTCP              // senders of bytes
	doorWeb              // senders of HTTP
	doorNet              // clients of net.tcp
	flows                // answers flow as they are written
	raw                  // the independent listener asks for bytes and stands by
	doorCast             // relays of messages that nobody answers: event and oneway. Listeners are the load's
	doorWays             // one call by several ways: relays plain, carried, converted, connector and inside
)

// bares are the protocol's bounds.
func bares() []Peer {
	var all []Peer
	for _, v := range []struct{ name, scheme, note string }{
		{"hcref", "ws", "the protocol's bound: a bare Hybrid Connections gateway, WebSocket on both legs, headers rewritten and unmasked in place; HTTP over the control channel"},
		{"hcref-tls", "wss", "the same with TLS 1.3 to the sender and to the listener"},
	} {
		p := gateway(doorWS|doorWeb, func(e *Env) (*settings, error) { return bare(e, v.scheme), nil })
		p.Name, p.Kind, p.Note, p.Cells = v.name, Limit, v.note, []string{"bulk", "echo", "setup", "http", "idle", "listeners"}
		all = append(all, p)
	}
	p := gateway(doorTCP, func(e *Env) (*settings, error) {
		s := bare(e, "ws")
		s.TCPAddr = freeAddr()
		s.Gateway = []string{e.Self, "hcref-tcp", s.Ready, s.TCPAddr}
		return s, nil
	})
	p.Name, p.Kind, p.Cells = "hcref-tcp", Limit, []string{"bulk", "echo", "setup"}
	p.Note = "the same for senders of bytes: a header put before what was read, headers and masks taken off on the way back"
	return append(all, p)
}

// ours are the ways through the gateway under test.
func ours() []Peer {
	var all []Peer
	for _, v := range []struct {
		name, file, bound string
		doors             int
		note              string
	}{
		{"ours", "ours.json", "hcref", doorWS | doorWeb | flows, "the gateway: WebSocket sender or HTTP sender, foreign Hybrid Connections listener"},
		{"ours-logged", "ours-logged.json", "hcref", doorWS | doorWeb | flows, "the gateway as `ours`, with a line in its log for each stream and exchange, as it comes: no other column here writes one"},
		{"ours-tls", "ours-tls.json", "hcref-tls", doorWS | doorWeb | flows, "the same with TLS 1.3 to the sender and to the listener"},
		{"ours-tcp", "ours.json", "hcref-tcp", doorTCP, "the gateway: TCP sender at a --tcp door, foreign Hybrid Connections listener"},
		{"ours-raw", "ours.json", "relay-hybrid", doorTCP | raw, "the gateway: TCP sender at a --tcp door, listener with raw streams and standby connections, plain on both legs"},
		{"ours-agent", "ours-agent.json", "relay-hybrid", doorTCP, "the gateway: TCP sender at a --tcp door, `causeway listen tcp://`, which always dials by TLS"},
		{"ours-forward", "ours-forward.json", "relay-hybrid", doorTCP, "the gateway between `causeway forward` and `causeway listen tcp://`, TLS on both legs"},
		{"ours-http", "ours-http.json", "hcref", doorWeb | flows, "the gateway: HTTP sender, `causeway listen http://`, which always dials by TLS"},
		{"ours-serve", "ours-serve.json", "hcref", doorWeb | flows, "the gateway: HTTP sender, a net/http handler on `hybrid.Serve`, which answers itself and always dials by TLS"},
		{"ours-node", "ours-node.json", "hcref", doorWeb, "the gateway: HTTP sender, a listener by unmodified hyco-https, which asks the target"},
		{"ours-nettcp", "ours-nettcp.json", "relay-hybrid", doorNet, "the gateway: net.tcp client at its net.tcp door, `causeway listen net.tcp://`, which always dials by TLS"},
		{"ours-convert", "ours-convert.json", "hcref", doorWays, "the gateway: SOAP 1.1 sender, `causeway listen http://`, `causeway listen --as basicHttp --target net.tcp://`, the relay's setting `listenerBinding`, and a program of two listeners, of which one carries messages to net.tcp as they are and one converts them"},
		{"ours-cast", "ours-cast.json", "fanout", doorCast, "the gateway: an event relay and a one-way relay, WebSocket senders, foreign Hybrid Connections listeners"},
	} {
		p := gateway(v.doors, func(e *Env) (*settings, error) { return read(e, v.file) })
		p.Name, p.Kind, p.Bound, p.Note, p.Streams = v.name, Ours, v.bound, v.note, v.doors&flows != 0
		if v.name == "ours-forward" || v.name == "ours-tcp" || v.doors&(doorWeb|doorNet) != 0 && v.doors&doorWS == 0 {
			p.Cells = moving
		}
		switch v.name {
		case "ours-tls": // what is under TLS is the other's
			p.Ciphered = true
			p.Cells = []string{"bulk", "echo", "setup", "http", "volume", "idle", "listeners"}
		case "ours-logged": // where a line is written at each turn
			p.Cells = []string{"setup_16", "http_1k_64", "http_64k_64"}
		case "ours-serve": // what the gateway does because a request is SOAP is the same for each listener
			p.Cells = []string{"http", "events", "volume"}
		case "ours-cast":
			p.Cells = casting
		case "ours-convert":
			p.Cells = []string{"convert"}
		case "ours-node": // it holds whole bodies
			p.Cells, p.Absent = []string{"http"}, lacking("node", hycoHTTPS)
		}
		all = append(all, p)
	}
	return all
}

// hycoHTTPS is the library that the lock file of the interop tests brings: scripts/need node.
const hycoHTTPS = "../interop/node/node_modules/hyco-https"

// gateway makes a peer. Its settings are made at each start, since ports are free only then.
func gateway(doors int, settle func(*Env) (*settings, error)) Peer {
	p := Peer{Default: true}
	p.start = func(e *Env) (*Tunnel, error) {
		s, err := settle(e)
		if err != nil {
			return nil, err
		}
		return s.start(e, doors)
	}
	if doors&doorWS != 0 {
		p.listeners = func(e *Env, t *Tunnel, n int) error {
			l, err := startListener(e, "idle", t.settings.Endpoint, n, t.settings.IdlePath)
			if err == nil {
				t.agent = append(t.agent, l)
			}
			return err
		}
	}
	return p
}

// bare are the settings of the bound, which takes every path and no token.
func bare(e *Env, scheme string) *settings {
	addr := freeAddr()
	return &settings{
		Endpoint: hc.Endpoint{Base: scheme + "://" + addr, Path: "bench", Insecure: true},
		Gateway:  []string{e.Self, "hcref", addr, scheme}, Ready: addr, IdlePath: "bench-{i}",
		HTTPAddr: addr, HTTPPath: "/bench/", HTTPHost: "web.test",
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
	return port(freeAddr())
}

// expand fills in the placeholders.
func (e *Env) expand(s string, free func() string) string {
	s = strings.NewReplacer("{work}", e.Work, "{bin}", e.Bin, "{self}", e.Self, "{config}", e.Config, "{target_tcp}", e.Target, "{target_http}", e.Target).Replace(s)
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

// tunnel has the doors that are wanted.
func (s *settings) tunnel(doors int) *Tunnel {
	t := &Tunnel{settings: s}
	if doors&doorWS != 0 {
		t.Dial = dialer(s.Endpoint)
	}
	if doors&doorTCP != 0 {
		t.Dial, t.Bytes = tcp(s.TCPAddr), true
	}
	if doors&doorNet != 0 {
		t.NetTCP = &load.NetTCP{Dial: tcp(s.NetTCP), Via: "net.tcp://" + s.NetTCP + "/" + s.Path}
	}
	if doors&doorCast != 0 {
		t.Casts = map[string]*load.Casts{Event: s.casts(Event), OneWay: s.casts(OneWay)}
	}
	if doors&doorWays != 0 {
		t.Ways = &load.Ways{Plain: s.web("plain"), Carried: s.web("carried"), Converted: s.web("converted"), Connector: s.web("connector"), Inside: s.web("inside")}
	}
	if doors&doorWeb != 0 {
		t.Web = &load.Web{Dial: tcp(s.HTTPAddr), Host: s.HTTPHost, Path: s.HTTPPath, Header: s.HTTPHeader()}
		if strings.HasPrefix(s.Base, "wss:") {
			t.Web.Dial = encrypted(s.HTTPAddr)
		}
	}
	return t
}

// start runs gateway, listener and what else the settings name.
func (s *settings) start(e *Env, doors int) (*Tunnel, error) {
	t := s.tunnel(doors)
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
	if err := thereAt(s.Await, g); err != nil {
		return t, err
	}
	if doors&doorCast != 0 {
		return t, nil
	}
	var a *Process
	switch {
	case len(s.Agent) > 0:
		a, err = e.start("agent", s.Env, s.Agent...)
	case doors&raw != 0:
		a, err = startListener(e, "agent", s.Endpoint, 0, rawPath)
	default:
		a, err = startListener(e, "agent", s.Endpoint, 0, "")
	}
	if err != nil {
		return t, err
	}
	t.agent = append(t.agent, a)
	if len(s.Forward) > 0 {
		if a, err = e.start("forward", s.Env, s.Forward...); err == nil {
			t.agent = append(t.agent, a)
		}
	}
	return t, err
}

// rawPath in place of the path of idle channels asks the listener's process for raw streams.
const rawPath = "raw"

// startListener runs the independent listener; with n it only holds n idle control channels.
func startListener(e *Env, name string, at hc.Endpoint, n int, idlePath string) (*Process, error) {
	b, err := json.Marshal(at)
	if err != nil {
		return nil, err
	}
	return e.start(name, nil, e.Self, "listener", string(b), e.Target, strconv.Itoa(n), idlePath)
}

// encrypted dials an address by TLS and asks for no name. Sessions are resumed.
func encrypted(addr string) load.Dialer {
	config := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(64)}
	return func() (net.Conn, error) {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", addr, config)
		if err != nil {
			return nil, err // not a nil of the wrong type
		}
		return c, nil
	}
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
