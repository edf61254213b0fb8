package peer

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"

	"github.com/causeway-relay/causeway/bench/load"
)

// nginxStream is what carries bytes. Debian's packages: nginx-light, libnginx-mod-stream, haproxy, openssh-server.
const nginxStream = "/usr/lib/nginx/modules/ngx_stream_module.so"

// hops are the cells of what is one hop and dials the target itself.
var hops = []string{"echo", "http", "bytes", "soap", "events", "calls", "volume"}

// others are what people would use instead, as far as Debian has it.
func others() []Peer {
	return []Peer{
		{
			Name: "nginx", Kind: Other, Default: true, Absent: lacking("nginx", nginxStream), start: startNginx, Cells: hops, Streams: true,
			Note: "one hop, dials the target itself: Debian's nginx with upstream keep-alive, and its stream module",
		},
		{
			Name: "haproxy", Kind: Other, Default: true, Absent: lacking("haproxy"), start: startHAProxy, Cells: []string{"echo", "http", "bytes"},
			Note: "one hop, dials the target itself: Debian's HAProxy with keep-alive and reuse, and in TCP mode with splice",
		},
		{
			Name: "ssh-R", Kind: Other, Default: true, Rival: true, Ciphered: true, Absent: lacking("sshd", "ssh", "ssh-keygen"), start: startSSH,
			Note: "Debian's OpenSSH, remote forwarding: one encrypted connection from the agent that all streams share",
		},
	}
}

// where finds a program; servers are outside of the path of many users.
func where(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	return "/usr/sbin/" + name
}

// lacking names the first that is not there; empty: all are.
func lacking(names ...string) string {
	for _, name := range names {
		if _, err := os.Stat(where(name)); err != nil {
			return name + " is not installed"
		}
	}
	return ""
}

// proxy runs a server with a configuration that names the addresses of both of its doors.
func proxy(e *Env, file, config, web, bytes string, argv ...string) (*Tunnel, error) {
	t := &Tunnel{Dial: tcp(bytes), Bytes: true, Web: &load.Web{Dial: tcp(web), Host: "web.test", Path: "/"}, NetTCP: netTCP(tcp(bytes))}
	if err := os.WriteFile(filepath.Join(e.Work, file), []byte(config), 0o600); err != nil {
		return t, err
	}
	p, err := e.start("gateway", nil, argv...)
	if err != nil {
		return t, err
	}
	t.gateway = append(t.gateway, p)
	return t, openAt(web, p)
}

func startNginx(e *Env) (*Tunnel, error) {
	web, bytes := freeAddr(), freeAddr()
	return proxy(e, "nginx.conf", fmt.Sprintf(`load_module %s;
daemon off;
worker_processes 2;
worker_rlimit_nofile 20000;
pid %[2]s/nginx.pid;
error_log stderr error;
events { worker_connections 20000; }
stream { server { listen %[3]s; proxy_pass %[5]s; proxy_buffer_size 64k; proxy_timeout 10m; tcp_nodelay on; } }
http {
  access_log off;
  client_body_temp_path %[2]s/b; proxy_temp_path %[2]s/p; fastcgi_temp_path %[2]s/f; uwsgi_temp_path %[2]s/u; scgi_temp_path %[2]s/s;
  client_max_body_size 0; client_body_buffer_size 128k; proxy_request_buffering off; proxy_max_temp_file_size 0; proxy_buffers 16 16k; keepalive_requests 1000000000;
  upstream target { server %[5]s; keepalive 128; keepalive_requests 1000000000; }
  server { listen %[4]s; location / { proxy_pass http://target; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; } }
}
`, nginxStream, e.Work, bytes, web, e.Target), web, bytes, where("nginx"), "-c", filepath.Join(e.Work, "nginx.conf"), "-p", e.Work, "-e", "stderr")
}

func startHAProxy(e *Env) (*Tunnel, error) {
	web, bytes := freeAddr(), freeAddr()
	return proxy(e, "haproxy.cfg", fmt.Sprintf(`global
  nbthread 2
  maxconn 6000
defaults
  timeout connect 5s
  timeout client 10m
  timeout server 10m
  option splice-auto
listen bytes
  mode tcp
  bind %s
  server s %[3]s
listen web
  mode http
  http-reuse always
  bind %[2]s
  server s %[3]s
`, bytes, web, e.Target), web, bytes, where("haproxy"), "-db", "-f", filepath.Join(e.Work, "haproxy.cfg"))
}

// keygen makes a pair of keys for one run.
func keygen(e *Env, name string) (string, error) {
	path := filepath.Join(e.Work, name)
	if out, err := exec.Command(where("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", path).CombinedOutput(); err != nil {
		return "", fmt.Errorf("ssh-keygen: %w: %s", err, out)
	}
	return path, nil
}

func startSSH(e *Env) (*Tunnel, error) {
	t := &Tunnel{Bytes: true}
	host, err := keygen(e, "host")
	if err != nil {
		return t, err
	}
	key, err := keygen(e, "user")
	if err != nil {
		return t, err
	}
	if os.Getuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // sshd separates its privileges there
			return t, err
		}
	}
	door, public := freeAddr(), freeAddr()
	_, port, _ := strings.Cut(door, ":")
	config := filepath.Join(e.Work, "sshd_config")
	text := fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s.pub\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n"+
		"PermitRootLogin yes\nAllowTcpForwarding yes\nPidFile none\nMaxSessions 1000\nLogLevel ERROR\n", port, host, key)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return t, err
	}
	p, err := e.start("gateway", nil, where("sshd"), "-D", "-e", "-f", config)
	if err != nil {
		return t, err
	}
	t.gateway = append(t.gateway, p)
	if err := openAt(door, p); err != nil {
		return t, err
	}
	me, err := user.Current()
	if err != nil {
		return t, err
	}
	a, err := e.start("agent", nil, where("ssh"), "-F", "/dev/null", "-N", "-p", port, "-i", key, "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "ExitOnForwardFailure=yes", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes",
		"-R", public+":"+e.Target, me.Username+"@127.0.0.1")
	if err == nil {
		t.agent = append(t.agent, a)
	}
	t.Dial = tcp(public)
	return t, err
}
