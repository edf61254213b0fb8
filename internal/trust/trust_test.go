package trust

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/internal/netx"
)

// authority makes a local CA and gives its folder and a server that has a certificate of it.
func authority(t *testing.T) (dir string, server *tls.Config) {
	t.Helper()
	dir = t.TempDir()
	ca, err := localca.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf(nil)
	if err != nil {
		t.Fatal(err)
	}
	return dir, &tls.Config{GetCertificate: leaf.GetCertificate, MinVersion: tls.VersionTLS12}
}

// handshake tells what a client whose roots are those for host makes of the server under the name.
func handshake(t *testing.T, roots Roots, host, name string, server *tls.Config) error {
	t.Helper()
	client, err := roots.Config(host)
	if err != nil {
		return err
	}
	client.ServerName = name
	near, far := netx.Pipe() // net.Pipe would hang: both sides write at once
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		_ = tls.Server(far, server).HandshakeContext(t.Context()) // the client's word counts
	}()
	err = tls.Client(near, client).HandshakeContext(t.Context())
	near.Close()
	<-done
	return err
}

func TestConfig(t *testing.T) {
	dir, server := authority(t)
	ca, none := filepath.Join(dir, "ca.pem"), filepath.Join(t.TempDir(), "none.pem")
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign, _ := authority(t)
	other := filepath.Join(foreign, "ca.pem")
	for _, c := range []struct {
		name  string
		roots Roots
		host  string
		cert  string
		check func(error) bool
	}{
		{"the file", Roots{File: ca}, "localhost", "localhost", nothing},
		{"the local CA", Roots{Local: ca}, "localhost", "localhost", nothing},
		{"the local CA by number", Roots{Local: ca}, "127.0.0.1", "localhost", nothing},
		{"the file wins over the local CA", Roots{File: empty, Local: ca}, "localhost", "localhost", says("holds no certificate")},
		{"the local CA is for this machine only", Roots{Local: ca}, "relay.example.com", "localhost", kind[x509.UnknownAuthorityError]},
		{"a missing local CA", Roots{Local: none}, "localhost", "localhost", kind[x509.UnknownAuthorityError]},
		{"a local CA that is none", Roots{Local: empty}, "localhost", "localhost", says("holds no certificate")},
		{"nothing", Roots{}, "localhost", "localhost", kind[x509.UnknownAuthorityError]},
		{"a missing file", Roots{File: none}, "localhost", "localhost", func(err error) bool { return errors.Is(err, fs.ErrNotExist) }},
		{"the file beside the local CA", Roots{File: other, Local: ca, Beside: true}, "localhost", "localhost", nothing},
		{"the file beside the system's roots", Roots{File: ca, Beside: true}, "relay.example.com", "localhost", nothing},
		{"the file beside a missing local CA", Roots{File: ca, Local: none, Beside: true}, "localhost", "localhost", nothing},
		{"a file that is none, beside", Roots{File: empty, Local: ca, Beside: true}, "localhost", "localhost", kind[*NoCertificateError]},
		{"another host", Roots{File: ca}, "localhost", "relay.example.com", kind[x509.HostnameError]},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := handshake(t, c.roots, c.host, c.cert, server); !c.check(err) {
				t.Errorf("%v", err)
			}
		})
	}
}

func nothing(err error) bool { return err == nil }

func says(text string) func(error) bool {
	return func(err error) bool { return err != nil && strings.Contains(err.Error(), text) }
}

func kind[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestDefault(t *testing.T) {
	t.Setenv(EnvCAFile, "/env.pem")
	dir := t.TempDir()
	t.Setenv("CAUSEWAY_DATA", dir)
	if got, want := Default("/flag.pem"), (Roots{File: "/flag.pem", Local: filepath.Join(dir, "ca.pem")}); got != want {
		t.Errorf("with a flag %+v, want %+v", got, want)
	}
	if got := Default(""); got.File != "/env.pem" {
		t.Errorf("with the variable %+v", got)
	}
	t.Setenv(EnvCAFile, "")
	if got := Default(""); got.File != "" {
		t.Errorf("with neither %+v", got)
	}
}

// TestDataDir: one rule for nodes and clients, in every environment.
func TestDataDir(t *testing.T) {
	for _, c := range []struct {
		system string
		env    map[string]string
		want   string
	}{
		{"linux", map[string]string{"HOME": "/home/u"}, "/home/u/.local/share/causeway"},
		{"linux", map[string]string{"HOME": "/home/u", "XDG_DATA_HOME": "/x"}, "/x/causeway"},
		{"linux", map[string]string{"HOME": "/home/u", "XDG_DATA_HOME": "relative"}, "/home/u/.local/share/causeway"},
		{"linux", map[string]string{"HOME": "/home/u", "STATE_DIRECTORY": "/var/lib/one:/var/lib/two"}, "/var/lib/one"},
		{"linux", map[string]string{"HOME": "relative"}, "/var/lib/causeway"},
		{"linux", nil, "/var/lib/causeway"},
		{"windows", map[string]string{"CAUSEWAY_DATA": `D:\relay`}, `D:\relay`},
		{"windows", map[string]string{"LOCALAPPDATA": `C:\Users\u\AppData\Local`}, `C:\Users\u\AppData\Local\causeway`},
		{"windows", map[string]string{"LOCALAPPDATA": `C:\Windows\System32\config\systemprofile\AppData\Local`, "PROGRAMDATA": `E:\PD`}, `E:\PD\causeway`},
		{"windows", nil, `C:\ProgramData\causeway`},
	} {
		if got := DataDir(c.system, func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.system, c.env, got, c.want)
		}
	}
}

func TestHost(t *testing.T) {
	for _, c := range []struct {
		authority, name, address string
		loopback                 bool
	}{
		{"localhost:8443", "localhost", "localhost:8443", true},
		{"a.b.LocalHost", "a.b.LocalHost", "localhost:443", true},
		{"x.localhost.:1", "x.localhost.", "localhost:1", true},
		{"127.8.8.8:1", "127.8.8.8", "127.8.8.8:1", true},
		{"[::1]:8443", "::1", "[::1]:8443", true},
		{"[::1]", "::1", "[::1]:443", true},
		{"relay.example.com", "relay.example.com", "relay.example.com:443", false},
		{"notlocalhost:1", "notlocalhost", "notlocalhost:1", false},
		{"10.0.0.1", "10.0.0.1", "10.0.0.1:443", false},
	} {
		if got := Hostname(c.authority); got != c.name {
			t.Errorf("Hostname(%q) = %q", c.authority, got)
		}
		if got := Address(c.authority, "443"); got != c.address {
			t.Errorf("Address(%q) = %q, want %q", c.authority, got, c.address)
		}
		if got, plain := Gateway(c.authority, false), Gateway(c.authority, true); got != c.address || plain != Address(c.authority, "80") {
			t.Errorf("Gateway(%q) = %q, %q without TLS", c.authority, got, plain)
		}
		if got := Loopback(Hostname(c.authority)); got != c.loopback {
			t.Errorf("Loopback(%q) = %v", c.name, got)
		}
	}
}

// TestAdvice: each cause has its own way out.
func TestAdvice(t *testing.T) {
	expired, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{x509.UnknownAuthorityError{}, "--ca-file"},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "--ca-file"},
		{x509.HostnameError{Certificate: &x509.Certificate{}}, "--host"},
		{x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}, "clocks"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "https door"},
		{&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, "host name"},
		{expired.Err(), "wait longer"},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "wait longer"},
		{context.Canceled, "cancelled"},
		{errors.New("connection refused"), "causeway serve"},
	} {
		if got := Advice(c.err); !strings.Contains(got, c.want) {
			t.Errorf("%v: %q does not say %q", c.err, got, c.want)
		}
	}
}
