package firewall

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// Ports of the listener's machine, and those that the sender's programs open for them. They may be equal: it is another machine, and
// so WCF's clients call the service by the address that it has.
const (
	sshPort, webPort, redisPort, tcpPort, httpPort = "22022", "8000", "6379", "9808", "8091"
	decoyPort                                      = "9999" // the gateway's machine has more than the gateway
	strayPort                                      = "7000" // of the listener's machine, and no target
)

// TestFirewall: services behind a wall that lets nothing in and one port of the gateway out are used by their own clients, by way
// of 'causeway listen' and 'causeway forward'; and nothing else there can be reached.
func TestFirewall(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: network namespaces and packet filters need root")
	}
	interop.Need(t, "netns", "nftables", "ssh", "netcat", "redis", "curl", "python", "mono")
	onNodes(t, func(t *testing.T, n int) {
		w := newWorld(t)
		s := &walled{world: w, g: newGateway(t, w.gateway, gatewayHost, n)}
		w.gateway.start(t, nil, "nc", "-l", "-k", "-n", gatewayHost, decoyPort)
		w.listener.start(t, nil, "redis-server", "--port", redisPort, "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "").Await(`Ready to accept`)
		stray := w.listener.start(t, nil, "nc", "-l", "-k", "-n", "127.0.0.1", strayPort)
		s.proveWall(t)
		before := w.count("outward")

		t.Run("Redis", s.redis)
		t.Run("web server", s.web)
		t.Run("OpenSSH", s.ssh)
		t.Run("WCF", s.wcf)
		t.Run("ports by name", s.ports)
		t.Run("nothing else", s.nothingElse)

		if n := w.count("outward"); n != before {
			t.Errorf("the listener's side tried %d packets to other places than the gateway's nodes", n-before)
		}
		if in := w.count("inward"); in == 0 || before == 0 {
			t.Errorf("the wall dropped %d packets inward and %d outward: it was never hit", in, before)
		} else {
			t.Logf("dropped: %d packets inward, %d outward", in, before)
		}
		if n := w.count("strayed"); n != 0 || strings.TrimSpace(stray.Text()) != "" {
			t.Errorf("%d dials to what is no target; it heard %q", n, stray.Text())
		}
		if !w.listener.reaches(t, "127.0.0.1", strayPort) || w.count("strayed") == 0 {
			t.Error("a dial to what is no target is not seen: the count proves nothing")
		}
	})
}

// walled is one run of the story.
type walled struct {
	*world
	g *relayGateway
}

// proveWall: what the wall is to stop works without it, and not with it; its one hole works.
func (s *walled) proveWall(t *testing.T) {
	t.Helper()
	_, door, _ := strings.Cut(s.g.far(), ":")
	type way struct {
		what       string
		from       place
		host, port string
	}
	stopped := []way{
		{"the sender dials the service", s.sender, listenerHost, redisPort},
		{"the gateway dials the service", s.gateway, "10.203.2.1", redisPort},
		{"the listener dials a second port of the gateway", s.listener, gatewayHost, decoyPort},
	}
	_, near, _ := strings.Cut(s.g.near(), ":")
	if near != door {
		stopped = append(stopped, way{"the listener dials the other node", s.listener, gatewayHost, near})
	}
	for _, d := range stopped {
		if !d.from.reaches(t, d.host, d.port) {
			t.Fatalf("%s: not even without the wall", d.what)
		}
	}
	s.build(door, near, sshPort, webPort, redisPort, tcpPort, httpPort)
	done := make(chan string, len(stopped))
	for _, d := range stopped { // each waits for its time to be over
		go func() {
			if d.from.reaches(t, d.host, d.port) {
				done <- d.what + ": in spite of the wall"
			} else {
				done <- ""
			}
		}()
	}
	for range stopped {
		if wrong := interop.Take(t, done, "the end of a way through the wall"); wrong != "" {
			t.Error(wrong)
		}
	}
	if !s.listener.reaches(t, gatewayHost, door) || !s.listener.reaches(t, "127.0.0.1", redisPort) {
		t.Fatal("the wall has no hole for the gateway's port")
	}
}

// open puts 'listen' beside a target and 'forward' beside its client, and gives where the client connects to.
func (s *walled) open(t *testing.T, relay, target, port string) string {
	t.Helper()
	s.g.listen(s.listener, relay, "--target", target)
	s.g.forward(s.sender, relay, relay, "--bind", "127.0.0.1:"+port)
	return "127.0.0.1:" + port
}

// random makes a file of random bytes and gives its hash.
func random(t *testing.T, file string, size int) string {
	t.Helper()
	b := make([]byte, size)
	_, _ = rand.Read(b)
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return hashOf(b)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// same wants a file to have a hash.
func same(t *testing.T, file, want string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil || hashOf(b) != want {
		t.Errorf("%s came as %d other bytes: %v", filepath.Base(file), len(b), err)
	}
}

func (s *walled) redis(t *testing.T) {
	s.open(t, "redis", "tcp://127.0.0.1:"+redisPort, redisPort)
	cli := []string{"redis-cli", "-h", "127.0.0.1", "-p", redisPort}
	big := strings.Repeat("0123456789abcdef", 1<<15)
	if out, err := s.sender.try(within(t), big, append(cli, "-x", "set", "big")...); err != nil || strings.TrimSpace(out) != "OK" {
		t.Fatalf("set: %v %s", err, out)
	}
	if got := s.sender.run(t, append(cli, "get", "big")...); strings.TrimSpace(got) != big {
		t.Errorf("%d bytes came back of %d", len(got), len(big))
	}
	if got := s.sender.run(t, append(cli, "-r", "20", "incr", "count")...); !strings.HasSuffix(strings.TrimSpace(got), "20") {
		t.Errorf("20 increments give %q", got)
	}
}

// web: the server is reached as bytes by 'forward', and by HTTP through the gateway itself.
func (s *walled) web(t *testing.T) {
	dir := s.t.TempDir()
	want := random(t, filepath.Join(dir, "file"), 2<<20)
	s.listener.start(s.t, nil, interop.Python(t, "http.server"), "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", dir, webPort).Await(`^Serving HTTP`)
	s.open(t, "web", "http://127.0.0.1:"+webPort, webPort)
	got := filepath.Join(t.TempDir(), "got")
	s.sender.run(t, "curl", "-sS", "-f", "--noproxy", "*", "-o", got, "http://127.0.0.1:"+webPort+"/file")
	same(t, got, want)
	s.sender.run(t, "curl", "-sS", "-f", "--noproxy", "*", "--cacert", s.g.ca, "-H", "ServiceBusAuthorization: "+s.token(t, "web"), "-o", got, "https://"+s.g.near()+"/web/file")
	same(t, got, want)
}

// token is one that may send to a relay.
func (s *walled) token(t *testing.T, relay string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), interop.Command(t), "token", relay) // signed here, without the gateway
	cmd.Env = append(os.Environ(), s.g.sender(relay)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("token: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// ssh: a command, a file each way, and an end of one direction before the other.
func (s *walled) ssh(t *testing.T) {
	dir := t.TempDir()
	place("").run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "host"))
	place("").run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "user"))
	hostKey, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %[2]s/host\nAuthorizedKeysFile %[2]s/user.pub\nPidFile none\nUsePAM no\nStrictModes no\n"+
		"PermitRootLogin yes\nPasswordAuthentication no\nUseDNS no\nAllowTcpForwarding no\nSubsystem sftp internal-sftp\n", sshPort, dir)
	for name, text := range map[string]string{"sshd_config": config, "known": "inside " + string(hostKey)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // sshd wants it, whatever its settings
		t.Fatal(err)
	}
	s.listener.start(t, nil, "/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(dir, "sshd_config")).Await(`Server listening`)
	l := s.g.listen(s.listener, "ssh", "--target", "tcp://127.0.0.1:"+sshPort)
	s.g.forward(s.sender, "ssh", "ssh", "--bind", "127.0.0.1:"+sshPort)

	options := []string{"-F", "none", "-i", dir + "/user", "-o", "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=" + dir + "/known", "-o", "HostKeyAlias=inside", "-o", "BatchMode=yes"}
	with := func(program string, rest ...string) []string {
		return append(append([]string{program}, options...), rest...)
	}
	out, err := s.sender.try(within(t), "through the wall", with("ssh", "-p", sshPort, "root@127.0.0.1", "cat; hostname >/dev/null; ip -o -4 addr show")...)
	if err != nil || !strings.HasPrefix(out, "through the wall") || !strings.Contains(out, listenerHost) {
		t.Fatalf("ssh: %v: %s", err, out)
	}
	up, there, back := filepath.Join(dir, "up"), filepath.Join(dir, "there"), filepath.Join(dir, "back")
	want := random(t, up, 8<<20)
	s.sender.run(t, with("scp", "-q", "-P", sshPort, up, "root@127.0.0.1:"+there)...)
	same(t, there, want)
	s.sender.run(t, with("scp", "-q", "-P", sshPort, "root@127.0.0.1:"+there, back)...)
	same(t, back, want)
	s.sshByProxyCommand(t, l, with, up, there+"-2", want)
}

// sshByProxyCommand: the same without a port, by 'forward' on standard input and output.
func (s *walled) sshByProxyCommand(t *testing.T, l *interop.Program, with func(program string, rest ...string) []string, up, there, want string) {
	t.Helper()
	for range 3 { // by the port: an ssh that leaves bytes unread resets its connection there
		l.Await(`.* closed: .*`)
	}
	proxy := "ProxyCommand=env '" + strings.Join(s.g.sender("ssh"), "' '") + "' " + interop.Command(t) + " forward ssh --bind -"
	out, err := s.sender.try(within(t), "through the wall", with("ssh", "-o", proxy, "root@plant", "cat; ip -o -4 addr show; exit 7")...)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 7 || !strings.HasPrefix(out, "through the wall") || !strings.Contains(out, listenerHost) {
		t.Fatalf("ssh by ProxyCommand: %v: %s", err, out)
	}
	s.sender.run(t, with("scp", "-q", "-o", proxy, up, "root@plant:"+there)...)
	same(t, there, want)
	s.sender.run(t, with("scp", "-q", "-o", proxy, "root@plant:"+there, there+"-back")...)
	same(t, there+"-back", want)
	for range 3 {
		if line := l.Await(`.* closed: .*`); !strings.Contains(line, "closed: PeerClosed, ") {
			t.Errorf("an end of ssh is a loss at the listener: %s", line)
		}
	}
}

// wcf: Mono's services over net.tcp and over HTTP, and its clients, which call them by the addresses that they have.
func (s *walled) wcf(t *testing.T) {
	services, clients := mono.StartBy(t, s.listener.command()), mono.StartBy(t, s.sender.command())
	for _, row := range []struct{ binding, relay, scheme, port string }{
		{"tcp", "wcf-tcp", "net.tcp", tcpPort},
		{"basic", "wcf-http", "http", httpPort},
	} {
		address := row.scheme + "://127.0.0.1:" + row.port + "/svc"
		services.ServiceAt(row.binding, "echo", address, address)
		s.open(t, row.relay, "tcp://127.0.0.1:"+row.port, row.port)
		got := clients.Client(row.binding, "echo", address, "echo,echo-unicode,echo-7000,add,ping,fault-typed")
		text := strings.Join(got, "\n")
		for _, want := range []string{"echo: hello", "echo-7000: 7000", "add: 42", "ping: ok"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", row.binding, want, text)
			}
		}
	}
}

// ports: azbridge's grammar, where a port has a name: the listener's side decides what a name means, and that no other is there.
func (s *walled) ports(t *testing.T) {
	l := s.g.listen(s.listener, "-T", "ports:redis/"+redisPort)
	s.g.forward(s.sender, "ports", "-L", "7379/redis:ports")
	if got := s.sender.run(t, "redis-cli", "-h", "127.0.0.1", "-p", "7379", "ping"); strings.TrimSpace(got) != "PONG" {
		t.Errorf("redis by its port's name says %q", got)
	}
	for i, name := range []string{"stray", strayPort, "127.0.0.1:" + strayPort} {
		port := fmt.Sprint(7400 + i)
		f := s.g.forward(s.sender, "ports", "ports", "--bind", "127.0.0.1:"+port, "--port-name", name)
		s.refused(t, port)
		f.Await(`refused: PreambleFailed: .*no port `)
		l.Await(`refused: PortUnknown: `)
	}
}

// refused wants a connection of the sender's to end without a byte.
func (s *walled) refused(t *testing.T, port string) {
	t.Helper()
	if out, _ := s.sender.try(within(t), "PING\r\n", "nc", "-n", "-N", "127.0.0.1", port); out != "" {
		t.Errorf("a connection that nobody is to take answers %q", out)
	}
}

// nothingElse: whatever a sender says, it reaches the target of its relay or nothing.
func (s *walled) nothingElse(t *testing.T) {
	// The open port leads to Redis, whatever is asked of it.
	for _, ask := range []string{
		"CONNECT 127.0.0.1:" + strayPort + " HTTP/1.1\r\nHost: 127.0.0.1:" + strayPort + "\r\n\r\n",
		"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x1b\x58", // SOCKS 5: 127.0.0.1:7000
	} {
		out, _ := s.sender.try(within(t), ask, "nc", "-n", "-N", "-w", "5", "127.0.0.1", redisPort)
		if strings.Contains(out, "200") || strings.HasPrefix(out, "\x05") {
			t.Errorf("%q is answered by %q", ask, out)
		}
	}
	// The web relay leads to the web server, whatever host and path say.
	for _, target := range []string{"/", "//127.0.0.1:" + strayPort + "/", "http://127.0.0.1:" + strayPort + "/", "/web/..//127.0.0.1:" + strayPort, "/web?host=127.0.0.1:" + strayPort} {
		s.sender.run(t, "curl", "-sS", "--noproxy", "*", "--path-as-is", "--request-target", target, "-H", "Host: 127.0.0.1:"+strayPort, "http://127.0.0.1:"+webPort+"/")
		s.sender.run(t, "curl", "-sS", "--noproxy", "*", "--path-as-is", "-o", "/dev/null", "--cacert", s.g.ca, "-H", "ServiceBusAuthorization: "+s.token(t, "web"),
			"-H", "Causeway-Target: tcp://127.0.0.1:"+strayPort, "https://"+s.g.near()+"/web/"+strings.TrimPrefix(target, "/web/"))
	}
	// Whoever has the key of one relay has none of another, and a name is not a way.
	for i, row := range []struct{ key, name, says string }{
		{"redis", "ssh", `refused: InvalidSignature: `},
		{"redis", "nowhere", `refused: InvalidSignature: `},
		{"redis", "127.0.0.1:" + strayPort, `refused: InvalidSignature: |^causeway: NAME: `},
		{"redis", "redis/../ssh", `^causeway: NAME: `},
		{"other", "other", `refused: NoListener: `},
	} {
		port := fmt.Sprint(7500 + i)
		p := s.sender.start(t, s.g.sender(row.key), interop.Command(t), "forward", row.name, "--bind", "127.0.0.1:"+port)
		if strings.HasPrefix(p.Await(`(: forwarding|^causeway: NAME: )`), "causeway") {
			p.End(interop.Patience)
			if p.Code() != 2 || !regexp.MustCompile("(?m)"+row.says).MatchString(p.Text()) {
				t.Errorf("%s: exit code %d: %s", row.name, p.Code(), p.Text())
			}
			continue
		}
		s.refused(t, port)
		p.Await(row.says)
	}
	if strings.Contains(s.g.p.Text(), sendKey("redis")) || strings.Contains(s.g.p.Text(), s.g.key) {
		t.Error("the gateway's log has a key")
	}
}
