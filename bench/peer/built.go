package peer

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bench/hc"
	"github.com/causeway-relay/causeway/bench/load"
)

// built are tunnels that people would use instead and that no registry of packages has. Each is measured where the environment says
// where its program is, and named as absent elsewhere. A gateway and an agent that dialled out, as ours.
func built() []Peer {
	frp := named("BENCH_FRP", "frps", "frpc")
	piko, rathole, bore := named("BENCH_PIKO"), named("BENCH_RATHOLE"), named("BENCH_BORE")
	all := []Peer{
		frp.peer("frp", []string{"bulk", "echo", "setup", "http", "bytes", "idle"}, startFRP(frpMux),
			"gateway and agent, all streams in one TCP connection by yamux, no TLS, own handling of HTTP"),
		frp.peer("frp-nomux", []string{"bulk", "echo", "setup", "http_64k_64", "bytes", "idle"}, startFRP(frpNoMux),
			"the same with a connection for each stream, of a pool of 32"),
		frp.peer("frp-tls", []string{"bulk"}, startFRP(frpTLS), "the same as shipped: all streams in one TLS connection of the agent, the sender's leg plain"),
		piko.peer("piko", []string{"bulk", "echo", "setup", "http", "idle"}, startPiko,
			"gateway and agent, all streams in one WebSocket by yamux, no TLS, WebSocket senders, own handling of HTTP"),
		rathole.peer("rathole", []string{"bulk", "echo", "setup", "bytes", "idle"}, startRathole,
			"gateway and agent in Rust, a TCP connection for each stream, of a pool of 8"),
		bore.peer("bore", []string{"bulk", "echo", "setup", "bytes", "idle"}, startBore,
			"gateway and agent in Rust, a TCP connection that is dialled for each stream"),
	}
	for i := range all {
		all[i].Ciphered = all[i].Name == "frp-tls"
	}
	return all
}

// program is what a variable of the environment names: one file, or a folder of several.
type program struct {
	files  []string
	absent string
	ask    string // what it says its version to; empty: --version
}

// named looks for it. Without names the variable is the file itself.
func named(variable string, names ...string) program {
	at := os.Getenv(variable)
	if at == "" {
		return program{absent: variable + " does not name it"}
	}
	p := program{files: []string{at}}
	if len(names) > 0 {
		p.files = nil
	}
	for _, name := range names {
		p.files = append(p.files, filepath.Join(at, name))
	}
	for _, f := range p.files {
		if s, err := os.Stat(f); err != nil || s.IsDir() {
			p.absent = fmt.Sprintf("%s: no program %s", variable, filepath.Base(f))
		}
	}
	return p
}

// peer makes one of it, with the version that the program says.
func (p program) peer(name string, cells []string, start func(*Env, program) (*Tunnel, error), note string) Peer {
	if p.absent == "" {
		note += "; " + p.version()
	}
	return Peer{
		Name: name, Kind: Other, Default: true, Rival: true, Note: note, Absent: p.absent, Cells: cells,
		start: func(e *Env) (*Tunnel, error) { return start(e, p) },
	}
}

// version asks the program.
func (p program) version() string {
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	out, _ := exec.CommandContext(ctx, p.files[0], cmp.Or(p.ask, "--version")).CombinedOutput() // what it says is all that matters
	said := ""
	for word := range strings.FieldsSeq(string(out)) {
		if strings.ContainsAny(word, "0123456789") {
			said = cmp.Or(said, word)
		}
	}
	return "version " + cmp.Or(said, "not told")
}

// Ways of frp to carry streams: lines of both its configurations.
const (
	frpMux   = "transport.tls.enable = false\ntransport.tcpMux = true\ntransport.poolCount = 32\n"
	frpNoMux = "transport.tls.enable = false\ntransport.tcpMux = false\ntransport.poolCount = 32\n"
	frpTLS   = ""
)

func startFRP(transport string) func(*Env, program) (*Tunnel, error) {
	return func(e *Env, p program) (*Tunnel, error) {
		bind, bytes, web := freeAddr(), freeAddr(), freeAddr()
		mux := ""
		if transport == frpNoMux {
			mux = "transport.tcpMux = false\n"
		}
		t := &Tunnel{Dial: tcp(bytes), Bytes: true, Web: &load.Web{Dial: tcp(web), Host: "web.test", Path: "/"}}
		err := t.pair(e, bind,
			part{file: "frps.toml", argv: []string{p.files[0], "-c", "{file}"}, text: fmt.Sprintf("bindAddr = \"127.0.0.1\"\nbindPort = %s\n"+
				"proxyBindAddr = \"127.0.0.1\"\nvhostHTTPPort = %s\ntransport.maxPoolCount = 64\nlog.level = \"warn\"\n", port(bind), port(web)) + mux},
			part{file: "frpc.toml", argv: []string{p.files[1], "-c", "{file}"}, text: fmt.Sprintf("serverAddr = \"127.0.0.1\"\nserverPort = %s\n"+
				"loginFailExit = false\nlog.level = \"warn\"\n%s", port(bind), transport) +
				fmt.Sprintf("[[proxies]]\nname = \"bytes\"\ntype = \"tcp\"\nlocalIP = \"127.0.0.1\"\nlocalPort = %[1]s\nremotePort = %[2]s\n"+
					"[[proxies]]\nname = \"web\"\ntype = \"http\"\nlocalIP = \"127.0.0.1\"\nlocalPort = %[1]s\ncustomDomains = [\"web.test\"]\n", port(e.Target), port(bytes))})
		return t, err
	}
}

func startPiko(e *Env, p program) (*Tunnel, error) {
	proxy, agents, admin, gossip := freeAddr(), freeAddr(), freeAddr(), freeAddr()
	t := &Tunnel{Web: &load.Web{Dial: tcp(proxy), Host: "web.test", Path: "/", Header: "X-Piko-Endpoint: web\r\n"}}
	t.Dial = func() (net.Conn, error) {
		ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		c, err := hc.DialURL(ctx, "ws://"+proxy+"/_piko/v1/tcp/bytes")
		if err != nil {
			return nil, err // not a nil of the wrong type
		}
		return c, nil
	}
	listener := "  - endpoint_id: %s\n    addr: %s\n    protocol: %s\n    timeout: 10s\n    access_log:\n      disable: true\n"
	err := t.pair(e, agents,
		part{argv: []string{
			p.files[0], "server", "--proxy.bind-addr", proxy, "--upstream.bind-addr", agents, "--admin.bind-addr", admin,
			"--cluster.gossip.bind-addr", gossip, "--log.level", "error", "--proxy.access-log.disable",
		}},
		part{file: "agent.yaml", argv: []string{p.files[0], "agent", "start", "--config.path", "{file}"}, text: "connect:\n  url: http://" + agents +
			"\nserver:\n  enabled: false\nlog:\n  level: error\nlisteners:\n" + fmt.Sprintf(listener, "bytes", e.Target, "tcp") + fmt.Sprintf(listener, "web", e.Target, "http")})
	return t, err
}

func startRathole(e *Env, p program) (*Tunnel, error) {
	bind, bytes := freeAddr(), freeAddr()
	t := &Tunnel{Dial: tcp(bytes), Bytes: true}
	err := t.pair(e, bind,
		part{file: "server.toml", argv: []string{p.files[0], "--server", "{file}"}, env: quietRust, text: fmt.Sprintf(
			"[server]\nbind_addr = %q\ndefault_token = \"t\"\n[server.services.bytes]\nbind_addr = %q\n", bind, bytes)},
		part{file: "client.toml", argv: []string{p.files[0], "--client", "{file}"}, env: quietRust, text: fmt.Sprintf(
			"[client]\nremote_addr = %q\ndefault_token = \"t\"\n[client.services.bytes]\nlocal_addr = %q\n", bind, e.Target)})
	return t, err
}

// boreDoor is the one port at which bore's agents arrive.
const boreDoor = "127.0.0.1:7835"

func startBore(e *Env, p program) (*Tunnel, error) {
	bytes := freeAddr()
	t := &Tunnel{Dial: tcp(bytes), Bytes: true}
	err := t.pair(e, boreDoor,
		part{argv: []string{p.files[0], "server", "--min-port", "1024"}, env: quietRust},
		part{argv: []string{p.files[0], "local", port(e.Target), "--to", "127.0.0.1", "--port", port(bytes)}, env: quietRust})
	return t, err
}

// quietRust keeps what is written in Rust from logging.
var quietRust = []string{"RUST_LOG=error"}

// part is one of the two programs of a tunnel: {file} in its command line is the file that holds text.
type part struct {
	file, text string
	argv, env  []string
}

// pair starts a gateway, and its agent once the agents' door is open.
func (t *Tunnel) pair(e *Env, door string, gateway, agent part) error {
	g, err := gateway.start(e, "gateway")
	if err != nil {
		return err
	}
	t.gateway = append(t.gateway, g)
	if err := openAt(door, g); err != nil {
		return err
	}
	a, err := agent.start(e, "agent")
	if err == nil {
		t.agent = append(t.agent, a)
	}
	return err
}

func (p part) start(e *Env, name string) (*Process, error) {
	path := filepath.Join(e.Work, p.file)
	if p.file != "" {
		if err := os.WriteFile(path, []byte(p.text), 0o600); err != nil {
			return nil, err
		}
	}
	argv := make([]string, len(p.argv))
	for i, word := range p.argv {
		argv[i] = strings.ReplaceAll(word, "{file}", path)
	}
	return e.start(name, p.env, argv...)
}

// port is that of a host:port of ours.
func port(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}
