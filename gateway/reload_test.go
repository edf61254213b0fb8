package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/hybrid"
)

// node is a gateway of one node with a configuration file.
type node struct {
	*gateway.Gateway
	t     *testing.T
	file  string
	log   *safeBuffer
	level *slog.LevelVar
}

// safeBuffer is a log that is written and read at once.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newNode runs a node with the file's text; doors are on loopback with free ports.
func newNode(t *testing.T, text string, change ...func(*gateway.Params)) *node {
	t.Helper()
	dir := t.TempDir()
	n := &node{t: t, file: filepath.Join(dir, "causeway.yaml"), log: new(safeBuffer), level: new(slog.LevelVar)}
	n.write(text)
	load := func() (*config.Config, config.Problems) {
		return config.Load(config.Params{File: n.file, Env: []string{}, Flags: map[string]string{
			"data": filepath.Join(dir, "data"), "https": "127.0.0.1:0", "http": "127.0.0.1:0", "admin": "127.0.0.1:0", "nettcp": "off",
		}})
	}
	cfg, problems := load()
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	p := gateway.Params{
		Config: cfg, Load: load, LogLevel: n.level, Log: slog.New(slog.NewTextHandler(n.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&p)
	}
	var err error
	if n.Gateway, err = gateway.New(p); err != nil {
		t.Fatal(err)
	}
	open, ended := make(chan struct{}), make(chan error, 1)
	n.OnReady(func() { close(open) })
	go func() { ended <- n.Run(context.Background()) }()
	select {
	case <-open:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return n
}

// write puts a text into the node's file, which nothing watches.
func (n *node) write(text string) {
	n.t.Helper()
	if err := os.WriteFile(n.file, []byte(text), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

// get asks the admin door.
func (n *node) ask(method, path string) (int, string) {
	n.t.Helper()
	r, err := http.NewRequestWithContext(n.t.Context(), method, "http://"+n.Addresses()["admin"]+path, http.NoBody)
	if err != nil {
		n.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+n.adminToken())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// adminToken is the admin door's own.
func (n *node) adminToken() string {
	n.t.Helper()
	b, err := os.ReadFile(filepath.Join(filepath.Dir(n.file), "data", "admin.token"))
	if err != nil {
		n.t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// names lists the entities that the API shows.
func (n *node) names() []string {
	n.t.Helper()
	_, body := n.ask("GET", "/api/entities")
	var list []struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		n.t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names
}

// TestReload: entities, rules and the log's level change while the node runs; what takes a restart is named; a file with a
// problem changes nothing and its problems come with their places.
func TestReload(t *testing.T) {
	n := newNode(t, "entities: [{name: one}, {name: two}]\n")
	n.write("entities: [{name: two}, {name: three}]\nrules: [{name: Reader, rights: [Listen]}]\nlog: {level: warn}\nlimits: {pending: 7}\n")
	got, err := n.Reload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := gateway.Reloaded{Changed: []string{"log.level", "rules", "entities"}, Restart: []string{"limits.pending"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if names := n.names(); !slices.Equal(names, []string{"three", "two"}) {
		t.Errorf("entities %v", names)
	}
	if status, _ := n.ask("GET", "/api/rules/Reader"); status != http.StatusOK {
		t.Errorf("the new rule: %d", status)
	}
	if n.level.Level() != slog.LevelWarn {
		t.Errorf("level %v", n.level.Level())
	}
	for text, problem := range map[string]string{
		"entities: [{name: four}]\nlog: {level: loud}\n":                             `"line":2,"column":14,"key":"log.level"`,
		"entities: [{name: four}]\nhosts: 1\n":                                       `"key":"hosts"`,
		"entities: [{name: four}]\ntls: {cert: causeway.yaml, key: causeway.yaml}\n": `certificate`,
	} {
		n.write(text)
		if _, err := n.Reload(t.Context()); !errors.As(err, new(config.Problems)) {
			t.Errorf("%s: %v", text, err)
		}
		status, body := n.ask("POST", "/api/reload")
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, problem) || !strings.Contains(body, `"problems":[`) {
			t.Errorf("%s: %d %s", text, status, body)
		}
		if names := n.names(); !slices.Equal(names, []string{"three", "two"}) {
			t.Errorf("%s left entities %v", text, names)
		}
	}
	// The restart is still owed, and what is live already is no change.
	n.write("entities: [{name: two}, {name: three}]\nrules: [{name: Reader, rights: [Listen]}]\nlog: {level: warn}\nlimits: {pending: 7}\n")
	if status, body := n.ask("POST", "/api/reload"); status != http.StatusOK || strings.TrimSpace(body) != `{"changed":[],"restart":["limits.pending"]}` {
		t.Errorf("%d %s", status, body)
	}
}

// TestReloadWithoutConfiguration: a node that was made by hand says that it cannot.
func TestReloadWithoutConfiguration(t *testing.T) {
	n := newNode(t, "{}\n", func(p *gateway.Params) { p.Load = nil })
	if status, body := n.ask("POST", "/api/reload"); status != http.StatusBadRequest || !strings.Contains(body, "restart it") {
		t.Errorf("%d %s", status, body)
	}
}

// pair writes a certificate with its key for localhost, by its own hand, and gives it.
func pair(t *testing.T, dir, name string, ends time.Time) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: ends, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{"crt": {Type: "CERTIFICATE", Bytes: der}, "key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name+"."+file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// served is the common name of the certificate that a new handshake gets.
func (n *node) served() string {
	n.t.Helper()
	conn, err := tls.Dial("tcp", n.Addresses()["https"], &tls.Config{ServerName: "localhost", InsecureSkipVerify: true})
	if err != nil {
		n.t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

// metric gives the value of a metric without labels.
func (n *node) metric(name string) string {
	n.t.Helper()
	_, page := n.ask("GET", "/metrics")
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	n.t.Fatalf("no metric %s", name)
	return ""
}

// stream opens one through the node, by its own connection string, without looking at the certificate.
func (n *node) stream(entity string) (near, far *hybrid.Conn) {
	n.t.Helper()
	trusting := hybrid.WithTLSConfig(&tls.Config{InsecureSkipVerify: true})
	cs := n.Ready().ConnectionString
	l, err := hybrid.Listen(n.t.Context(), cs, hybrid.WithEntity(entity), trusting)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = l.Close() })
	if near, err = hybrid.Dial(n.t.Context(), cs, hybrid.WithEntity(entity), trusting); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = near.Close() })
	conn, err := l.Accept()
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = conn.Close() })
	return near, conn.(*hybrid.Conn)
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

// TestReloadCertificate: a stream that is open before a reload lives on, new handshakes get the new certificate, whether the
// files have new content or new names; broken files keep the old one and say so. The metric and the status follow.
func TestReloadCertificate(t *testing.T) {
	dir := t.TempDir()
	first := pair(t, dir, "first", time.Now().Add(90*24*time.Hour))
	text := func(name string) string {
		return "entities: [{name: hyco}]\ntls: {cert: '" + filepath.Join(dir, name+".crt") + "', key: '" + filepath.Join(dir, name+".key") + "'}\n"
	}
	n := newNode(t, text("first"))
	near, far := n.stream("hyco")
	pass(t, near, far, "before")
	ends := func(c *x509.Certificate) {
		t.Helper()
		want := new(big.Float).SetInt64(c.NotAfter.Unix())
		got, _, err := big.ParseFloat(n.metric("causeway_certificate_expiry_seconds"), 10, 64, 0)
		if err != nil || got.Cmp(want) != 0 {
			t.Errorf("metric %v, want %v (%v)", got, want, err)
		}
		if _, status := n.ask("GET", "/api/status"); !strings.Contains(status, c.NotAfter.UTC().Format(time.RFC3339)) {
			t.Errorf("status without %s: %s", c.NotAfter.UTC().Format(time.RFC3339), status)
		}
	}
	ends(first)

	second := pair(t, dir, "second", time.Now().Add(80*24*time.Hour))
	n.write(text("second"))
	if got, err := n.Reload(t.Context()); err != nil || !slices.Equal(got.Changed, []string{"tls.cert", "tls.key"}) || len(got.Restart) > 0 {
		t.Fatalf("%+v %v", got, err)
	}
	if got := n.served(); got != "second" {
		t.Errorf("after the reload %q is served", got)
	}
	ends(second)
	pass(t, near, far, "after new names")

	if err := os.WriteFile(filepath.Join(dir, "second.crt"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := n.Reload(t.Context())
	if !errors.As(err, new(config.Problems)) || !strings.Contains(err.Error(), "stays in use") {
		t.Errorf("broken files: %v", err)
	}
	if got := n.served(); got != "second" {
		t.Errorf("with broken files %q is served", got)
	}
	if !strings.Contains(n.log.String(), "certificate files not taken") {
		t.Errorf("the log says nothing of broken files:\n%s", n.log)
	}
	third := pair(t, dir, "third", time.Now().Add(70*24*time.Hour))
	for _, ext := range []string{".crt", ".key"} {
		if err := os.Rename(filepath.Join(dir, "third"+ext), filepath.Join(dir, "second"+ext)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := n.served(); got != "third" {
		t.Errorf("after new content %q is served", got)
	}
	ends(third)
	pass(t, near, far, "after new content")

	n.write("entities: [{name: hyco}]\n")
	if _, err := n.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := n.served(); got != "localhost" {
		t.Errorf("without files %q is served, want the local CA's", got)
	}
	pass(t, near, far, "after the local CA")
}

// TestExpiring: a certificate near its end is told at once.
func TestExpiring(t *testing.T) {
	dir := t.TempDir()
	cert := pair(t, dir, "old", time.Now().Add(5*24*time.Hour))
	told := make(chan time.Time, 10)
	n := newNode(t, "tls: {cert: '"+filepath.Join(dir, "old.crt")+"', key: '"+filepath.Join(dir, "old.key")+"'}\n", func(p *gateway.Params) {
		p.Expiring = func(name string, notAfter time.Time) {
			if name == "localhost" {
				told <- notAfter
			}
		}
	})
	select {
	case got := <-told:
		if !got.Equal(cert.NotAfter) {
			t.Errorf("told of %v, want %v", got, cert.NotAfter)
		}
	case <-time.After(patience):
		t.Fatal("nobody was told")
	}
	if !strings.Contains(n.log.String(), "certificate expiring") {
		t.Errorf("the log says nothing:\n%s", n.log)
	}
	if got := n.event("certificate.expiring"); !strings.Contains(got, cert.NotAfter.UTC().Format(time.RFC3339)) || !strings.Contains(got, "localhost") {
		t.Errorf("the event says %s", got)
	}
}

// event waits for an event of the node, an earlier one too, and gives its data.
func (n *node) event(name string) string {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.Addresses()["admin"]+"/api/events", http.NoBody)
	if err != nil {
		n.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+n.adminToken())
	r.Header.Set("Last-Event-ID", "0")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	lines, found := bufio.NewScanner(answer.Body), false
	for lines.Scan() {
		found = found || lines.Text() == "event: "+name
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && found {
			return data
		}
	}
	n.t.Fatalf("no event %s: %v", name, lines.Err())
	return ""
}
