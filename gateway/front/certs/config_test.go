package certs

import (
	"crypto/tls"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/internal/netx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shake does a handshake with a client that takes any certificate, and gives the name on it.
func shake(t *testing.T, server *tls.Config, edit ...func(*tls.Config)) (c, s *tls.Conn, name string) {
	t.Helper()
	c, s, err := try(t, server, edit...)
	if err != nil {
		t.Fatal(err)
	}
	return c, s, c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func try(t *testing.T, server *tls.Config, edit ...func(*tls.Config)) (c, s *tls.Conn, err error) {
	t.Helper()
	near, far := netx.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	config := &tls.Config{InsecureSkipVerify: true, ServerName: "gw"}
	for _, f := range edit {
		f(config)
	}
	c, s = tls.Client(near, config), tls.Server(far, server)
	done := make(chan error)
	go func() { done <- s.HandshakeContext(t.Context()) }()
	err = c.HandshakeContext(t.Context())
	if err != nil {
		near.Close()
	}
	return c, s, errors.Join(err, <-done)
}

func source(t testing.TB) *Files {
	t.Helper()
	file := filepath.Join(t.TempDir(), "both.pem")
	cert, key := pair(t, "gw", time.Now().Add(time.Hour))
	write(t, file, append(cert, key...))
	f, err := OpenFiles(file, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestALPNAndVersions(t *testing.T) {
	config := Config(source(t), Hybrid)
	for _, c := range []struct {
		name string
		edit func(*tls.Config)
		alpn string
		ok   bool
	}{
		{"none, as .NET", func(*tls.Config) {}, "", true},
		{"http/1.1", func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }, "http/1.1", true},
		{"h2 first", func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }, "http/1.1", true},
		{"h2 alone", func(c *tls.Config) { c.NextProtos = []string{"h2"} }, "", false},
		{"no SNI", func(c *tls.Config) { c.ServerName = "" }, "", true},
		{"TLS 1.2", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, "", true},
		{"TLS 1.1", func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, "", false},
	} {
		conn, _, err := try(t, config, c.edit)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.ok && conn.ConnectionState().NegotiatedProtocol != c.alpn {
			t.Errorf("%s: ALPN %q, want %q", c.name, conn.ConnectionState().NegotiatedProtocol, c.alpn)
		}
	}
}

func TestExchange(t *testing.T) {
	t.Setenv("GODEBUG", "tlsmlkem=1") // make test-unit does without it
	for exchange, want := range map[Exchange]tls.CurveID{Hybrid: tls.X25519MLKEM768, Curves: tls.X25519} {
		c, _, _ := shake(t, Config(source(t), exchange))
		if got := c.ConnectionState().CurveID; got != want {
			t.Errorf("%d: %v, want %v", exchange, got, want)
		}
	}
}

// TestResumption: tickets stay on, because a rendezvous is a second connection of the same client.
func TestResumption(t *testing.T) {
	config := Config(source(t), Curves)
	cache := tls.NewLRUClientSessionCache(1)
	for i := range 2 {
		c, s, _ := shake(t, config, func(c *tls.Config) { c.ClientSessionCache = cache })
		if got := c.ConnectionState().DidResume; got != (i == 1) {
			t.Errorf("connection %d: resumed %t", i, got)
		}
		go s.Write([]byte("x")) // the ticket comes with it
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkHandshake is the price of the exchanges, both sides in one process, nothing resumed.
func BenchmarkHandshake(b *testing.B) {
	f := source(b)
	for name, exchange := range map[string]Exchange{"hybrid": Hybrid, "curves": Curves} {
		b.Run(name, func(b *testing.B) {
			server := Config(f, exchange)
			client := &tls.Config{InsecureSkipVerify: true}
			b.ReportAllocs()
			for b.Loop() {
				near, far := netx.Pipe()
				done := make(chan error)
				go func() { done <- tls.Server(far, server).HandshakeContext(b.Context()) }()
				if err := errors.Join(tls.Client(near, client).HandshakeContext(b.Context()), <-done); err != nil {
					b.Fatal(err)
				}
				near.Close()
				far.Close()
			}
		})
	}
}
