package acme

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/interop"
)

// host is the name that the authority is asked for: one for each test, since what a name's challenge is, is known to all of one process.
// The authority's DNS server says that everything is on loopback.
func host(t testing.TB) string { return strings.ToLower(t.Name()) + ".example.com" }

// authority is a Pebble that calls the given ports.
type authority struct {
	*interop.Program
	directory string
	caFile    string // of its own HTTPS
	roots     *x509.CertPool
}

// newAuthority runs Pebble with its DNS server. life is that of the certificates it gives.
func newAuthority(t *testing.T, http01, tlsALPN01 int, life time.Duration) *authority {
	t.Helper()
	bin, dir := programs(t), t.TempDir()
	ca, err := localca.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := leaf(t, ca, dir)
	ports := free(t, 4)
	settings, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": addr(ports[0]), "managementListenAddress": addr(ports[1]), "certificate": certFile, "privateKey": keyFile,
		"httpPort": http01, "tlsPort": tlsALPN01, "retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles": map[string]any{"default": map[string]any{"description": "short", "validityPeriod": int(life.Seconds())}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		t.Fatal(err)
	}
	dns := interop.Start(t, dir, nil, filepath.Join(bin, "pebble-challtestsrv"), "-dnsserver", addr(ports[2]), "-management", addr(ports[3]),
		"-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv6", "")
	dns.Await(`(?i)starting`)
	a := &authority{
		Program:   interop.Start(t, dir, []string{"PEBBLE_VA_NOSLEEP=1"}, filepath.Join(bin, "pebble"), "-config", file, "-dnsserver", addr(ports[2])),
		directory: "https://" + addr(ports[0]) + "/dir", caFile: ca.File(), roots: x509.NewCertPool(),
	}
	a.Await(`ACME directory available`)
	a.roots.AppendCertsFromPEM(a.root(t, ca, "https://"+addr(ports[1])+"/roots/0"))
	return a
}

// root asks the authority for its root's certificate, once it answers.
func (a *authority) root(t *testing.T, ca *localca.Authority, url string) []byte {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(ca.Certificate())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, Timeout: interop.Patience}
	defer client.CloseIdleConnections()
	var last error
	var b []byte
	eventually(t, "the authority's root", func() bool {
		answer, err := client.Get(url)
		if last = err; err != nil {
			return false
		}
		defer answer.Body.Close()
		b, last = io.ReadAll(answer.Body)
		return last == nil && answer.StatusCode == http.StatusOK
	})
	return b
}

// programs builds Pebble and its DNS server from the module beside this test.
func programs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const at = "github.com/letsencrypt/pebble/v2/cmd/"
	build := interop.Start(t, filepath.Join(interop.Root(t), "interop", "acme", "pebble"), nil, "go", "build", "-o", dir+"/", at+"pebble", at+"pebble-challtestsrv")
	build.Finish(4 * time.Minute)
	return dir
}

// leaf writes a certificate of the CA for loopback.
func leaf(t *testing.T, ca *localca.Authority, dir string) (certFile, keyFile string) {
	t.Helper()
	source, err := ca.Leaf(nil)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := source.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "own.crt"), filepath.Join(dir, "own.key")
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: cert.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// free finds ports that nobody has. The programs that get them take no listener of others.
func free(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}

func addr(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// eventually asks again and again for a condition of another process, which gives no event to wait for.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, end := time.NewTicker(50*time.Millisecond), time.After(2*interop.Patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("gave up waiting for %s", what)
		}
	}
}

// node is a gateway that asks an authority.
type node struct {
	*gateway.Gateway
	t    *testing.T
	a    *authority
	logs *logs
}

// doors opens the doors before the node, so that the authority can be told their ports.
func doors(t *testing.T) map[string]net.Listener {
	t.Helper()
	open := map[string]net.Listener{}
	for _, name := range []string{"127.0.0.1:1", "127.0.0.1:2"} { // names for the hook of gateway.Params.Listen
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		open[name] = l
	}
	return open
}

const httpsDoor, httpDoor = "127.0.0.1:1", "127.0.0.1:2"

// newNode runs a node on the doors. off closes one of them.
func newNode(t *testing.T, a *authority, open map[string]net.Listener, plain bool) *node {
	t.Helper()
	cfg := config.Default()
	cfg.Data, cfg.Host, cfg.HTTPS, cfg.HTTP, cfg.Admin, cfg.NetTCP = t.TempDir(), host(t), httpsDoor, config.Off, config.Off, config.Off
	if plain {
		cfg.HTTP = httpDoor
	}
	cfg.Entities = []config.Entity{{Name: "hyco", Kind: "hybrid"}}
	cfg.TLS.ACME = config.ACME{Directory: a.directory, CAFile: a.caFile, Hosts: []string{host(t)}, Email: "admin@example.com"}
	n := &node{t: t, a: a, logs: new(logs)}
	var err error
	n.Gateway, err = gateway.New(gateway.Params{
		Config: cfg, ACMEEvery: 500 * time.Millisecond, Log: slog.New(slog.NewTextHandler(n.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Listen: func(_, address string) (net.Listener, error) { return open[address], nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(t.Context()) }()
	t.Cleanup(func() {
		n.Close()
		if err := interop.Take(t, ended, "the end of the gateway"); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the gateway logged:\n%s", n.logs.String())
		}
	})
	return n
}

// handshake does one under a name, trusting the authority's root alone.
func (n *node) handshake(name string) (*x509.Certificate, error) {
	dialer := &net.Dialer{Timeout: interop.Patience}
	conn, err := tls.DialWithDialer(dialer, "tcp", n.Addresses()["https"], &tls.Config{ServerName: name, RootCAs: n.a.roots})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

// await waits for a certificate that is not the one given.
func (n *node) await(old *x509.Certificate) *x509.Certificate {
	n.t.Helper()
	var got *x509.Certificate
	eventually(n.t, "a certificate of the authority", func() bool {
		cert, err := n.handshake(host(n.t))
		got = cert
		return err == nil && (old == nil || cert.SerialNumber.Cmp(old.SerialNumber) != 0)
	})
	return got
}

// TestHTTP01: with a TLS door that the authority cannot reach, the http door's answers are what convinces it.
func TestHTTP01(t *testing.T) {
	t.Parallel()
	interop.Need(t)
	open := doors(t)
	a := newAuthority(t, open[httpDoor].Addr().(*net.TCPAddr).Port, free(t, 1)[0], 24*time.Hour)
	n := newNode(t, a, open, true)
	cert := n.await(nil)
	if cert.VerifyHostname(host(t)) != nil {
		t.Errorf("the certificate is for %v", cert.DNSNames)
	}
	if !strings.Contains(n.logs.String(), "served key authentication") || !strings.Contains(n.logs.String(), "http-01") {
		t.Error("no HTTP-01 was answered")
	}
	// Requests that are not the authority's go on as ever: no challenge is known by this token.
	answer, err := http.Get("http://" + n.Addresses()["http"] + "/.well-known/acme-challenge/nothing")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		t.Errorf("a token that was never given is answered %d", answer.StatusCode)
	}
}

// TestTLSALPN01: with the http door closed, the https door convinces the authority; the certificate is renewed while the node
// runs, and a stream that is open lives on.
func TestTLSALPN01(t *testing.T) {
	t.Parallel()
	interop.Need(t)
	open := doors(t)
	a := newAuthority(t, free(t, 1)[0], open[httpsDoor].Addr().(*net.TCPAddr).Port, 15*time.Second)
	n := newNode(t, a, open, false)
	first := n.await(nil)
	near, far := n.stream()
	pass(t, near, far, "before")
	second := n.await(first)
	if !second.NotAfter.After(first.NotAfter) {
		t.Errorf("renewed until %v, before it was %v", second.NotAfter, first.NotAfter)
	}
	pass(t, near, far, "after")
	if !strings.Contains(n.logs.String(), "challenge=tls-alpn-01") {
		t.Error("no TLS-ALPN-01 was answered")
	}
	if !strings.Contains(n.logs.String(), `msg="certificate obtained" host=`+host(t)+` renewal=true`) {
		t.Error("the renewal is not in the log")
	}
}

// TestUnreachable: an authority that cannot reach the doors gives nothing; the log says what to do, and clients get the local
// CA's certificate meanwhile.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	interop.Need(t)
	open := doors(t)
	nowhere := free(t, 2)
	n := newNode(t, newAuthority(t, nowhere[0], nowhere[1], time.Hour), open, true)
	eventually(t, "the failure in the log", func() bool { return strings.Contains(n.logs.String(), "certificate not obtained") })
	if !strings.Contains(n.logs.String(), "the authority must reach "+host(t)+" at port 80") {
		t.Error("the log does not say what to do")
	}
	if cert, err := n.handshake(host(n.t)); err == nil {
		t.Errorf("a certificate of the authority: %v", cert.Subject)
	}
	conn, err := tls.Dial("tcp", n.Addresses()["https"], &tls.Config{ServerName: host(t), InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if cert := conn.ConnectionState().PeerCertificates[0]; !strings.HasPrefix(cert.Issuer.CommonName, "Causeway local CA") || cert.VerifyHostname(host(t)) != nil {
		t.Errorf("meanwhile %v for %v is served", cert.Issuer, cert.DNSNames)
	}
}

// stream opens one through the node under its public name.
func (n *node) stream() (near, far net.Conn) {
	n.t.Helper()
	cs := strings.Replace(n.Ready().ConnectionString, "sb://"+host(n.t), "sb://127.0.0.1", 1)
	trusting := hybrid.WithTLSConfig(&tls.Config{ServerName: host(n.t), RootCAs: n.a.roots})
	l, err := hybrid.Listen(n.t.Context(), cs, hybrid.WithEntity("hyco"), trusting)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = l.Close() })
	if near, err = hybrid.Dial(n.t.Context(), cs, hybrid.WithEntity("hyco"), trusting); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = near.Close() })
	if far, err = l.Accept(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = far.Close() })
	return near, far
}

// pass sends a text each way.
func pass(t *testing.T, near, far io.ReadWriter, text string) {
	t.Helper()
	for _, way := range [][2]io.ReadWriter{{near, far}, {far, near}} {
		if _, err := io.WriteString(way[0], text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got := make([]byte, len(text))
		if _, err := io.ReadFull(way[1], got); err != nil || string(got) != text {
			t.Fatalf("%q arrived as %q: %v", text, got, err)
		}
	}
}
