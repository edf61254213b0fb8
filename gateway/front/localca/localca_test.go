package localca

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *Authority {
	t.Helper()
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func leafOf(t *testing.T, l *Leaf, sni string) *x509.Certificate {
	t.Helper()
	c, err := l.GetCertificate(&tls.ClientHelloInfo{ServerName: sni})
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf
}

// verify holds a certificate against an authority as a client does.
func verify(a *Authority, leaf *x509.Certificate, host string) error {
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: time.Now()})
	return err
}

// need gives the path of a program, or skips; with CI=true a missing one is a failure.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", program)
	}
	t.Skipf("%s is missing: this part is not tested", program)
	return ""
}

func TestOpenLasts(t *testing.T) {
	dir := t.TempDir()
	first, second := open(t, dir), open(t, dir)
	if !first.Certificate().Equal(second.Certificate()) || !first.key.Equal(second.key) {
		t.Error("the second start has another authority")
	}
	if first.File() != filepath.Join(dir, "ca.pem") {
		t.Errorf("file %s", first.File())
	}
	c := first.Certificate()
	if years := c.NotAfter.Sub(c.NotBefore).Hours() / 24 / 365.25; years < 9.9 || years > 10.1 {
		t.Errorf("valid for %.1f years", years)
	}
	if !c.IsCA || c.MaxPathLen != 0 || !c.MaxPathLenZero || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
		t.Errorf("not a CA for leaves only: %+v", c)
	}
	if !strings.HasPrefix(c.Subject.CommonName, "Causeway local CA ") {
		t.Errorf("name %q", c.Subject.CommonName)
	}
	if other := open(t, t.TempDir()); other.Certificate().Subject.CommonName == c.Subject.CommonName {
		t.Error("two authorities have one name")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("files %v, %v", files, err)
	}
	for name, want := range map[string]fs.FileMode{"ca.key": 0o600, "ca.pem": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

// TestOpenAtOnce starts many beside each other, often: one may look for the key before another wrote it, and for the certificate
// after.
func TestOpenAtOnce(t *testing.T) {
	for range 8 {
		openAtOnce(t, t.TempDir())
	}
}

func openAtOnce(t *testing.T, dir string) {
	t.Helper()
	var all sync.WaitGroup
	got := make([]*Authority, 20)
	errs := make([]error, len(got))
	for i := range got {
		all.Go(func() { got[i], errs[i] = Open(dir) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, a := range got {
		if !a.Certificate().Equal(got[0].Certificate()) {
			t.Fatal("two starts at once made two authorities")
		}
	}
}

// TestOpenAfterACrash: the key was written and the certificate was not.
func TestOpenAfterACrash(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	if err := os.Remove(first.File()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first.File()+".123.new", []byte("-----BEGIN CERT"), 0o600); err != nil {
		t.Fatal(err)
	}
	if second := open(t, dir); !second.key.Equal(first.key) {
		t.Error("the key was not kept")
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	change := func(name string, edit func([]byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), edit(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	text := func(s string) func([]byte) []byte { return func([]byte) []byte { return []byte(s) } }
	flip := func(b []byte) []byte { return bytes.Replace(b, []byte("\nM"), []byte("\nN"), 1) }
	for name, c := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  []string
	}{
		"key gone":         {func(_ *testing.T, dir string) { os.Remove(filepath.Join(dir, "ca.key")) }, []string{"ca.pem is there without ca.key", "put the key back"}},
		"key empty":        {change("ca.key", text("")), []string{"ca.key holds no PEM block PRIVATE KEY", "put the right file back"}},
		"key broken":       {change("ca.key", flip), []string{"ca.key", "put the right file back"}},
		"key too long":     {change("ca.key", text(strings.Repeat("x", maxFile+1))), []string{"longer than"}},
		"cert empty":       {change("ca.pem", text("")), []string{"ca.pem holds no PEM block CERTIFICATE", "put the right file back"}},
		"cert broken":      {change("ca.pem", flip), []string{"ca.pem", "put the right file back"}},
		"another's key":    {anothers("ca.key"), []string{"is not the key of", "put the right one back"}},
		"another's cert":   {anothers("ca.pem"), []string{"is not the key of", "put the right one back"}},
		"a leaf for a CA":  {leafForCA, []string{"is no CA's certificate"}},
		"an RSA key":       {change("ca.key", func([]byte) []byte { return rsaKey(t) }), []string{"holds no ECDSA key"}},
		"no directory":     {func(_ *testing.T, dir string) { os.RemoveAll(dir) }, []string{"ca.key"}},
		"open to everyone": {func(_ *testing.T, dir string) { os.Chmod(filepath.Join(dir, "ca.key"), 0o644) }, []string{"chmod 600"}},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "open to everyone" && runtime.GOOS == "windows" {
				t.Skip("Windows has no such bits")
			}
			dir := t.TempDir()
			open(t, dir)
			c.spoil(t, dir)
			_, err := Open(dir)
			if err == nil {
				t.Fatal("opened")
			}
			for _, want := range append(c.want, "local CA: ") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func anothers(name string) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		from := t.TempDir()
		open(t, from)
		if err := os.Rename(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func leafForCA(t *testing.T, dir string) {
	l, err := open(t, dir).Leaf(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), encodeCert(leafOf(t, l, "").Raw), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAuthorityRenews makes a new certificate near the end of the old one: both verify the same leaf.
func TestAuthorityRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		old := open(t, dir)
		<-time.After(time.Until(old.Certificate().NotAfter) - renewAuthority - time.Hour)
		if !open(t, dir).Certificate().Equal(old.Certificate()) {
			t.Fatal("renewed too early")
		}
		<-time.After(2 * time.Hour)
		renewed := open(t, dir)
		if renewed.Certificate().Equal(old.Certificate()) || !renewed.key.Equal(old.key) {
			t.Fatal("not renewed, or with another key")
		}
		if left := time.Until(renewed.Certificate().NotAfter); left < 9*365*24*time.Hour {
			t.Errorf("the new one has %v left", left)
		}
		if again := open(t, dir); !again.Certificate().Equal(renewed.Certificate()) {
			t.Error("the new one is not what is in the file")
		}
		l, err := renewed.Leaf(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []*Authority{old, renewed} {
			if err := verify(a, leafOf(t, l, ""), "localhost"); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestLeafNames(t *testing.T) {
	a := open(t, t.TempDir())
	l, err := a.Leaf([]string{"relay.example.com", "*.corp.example", "10.1.2.3", "fd00::7", "localhost", "Upper.Example.", "::ffff:192.0.2.9"})
	if err != nil {
		t.Fatal(err)
	}
	cert := leafOf(t, l, "")
	for _, host := range []string{
		"localhost", "a.localhost", "relay.localhost", "127.0.0.1", "::1", "relay.example.com",
		"x.corp.example", "10.1.2.3", "fd00::7", "upper.example", "192.0.2.9",
	} {
		if err := verify(a, cert, host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"example.com", "a.b.localhost", "127.0.0.2", "a.relay.example.com"} {
		if verify(a, cert, host) == nil {
			t.Errorf("%s is covered", host)
		}
	}
	if verify(open(t, t.TempDir()), cert, "localhost") == nil {
		t.Error("another authority verifies it")
	}
	if life := cert.NotAfter.Sub(cert.NotBefore); life > 397*24*time.Hour {
		t.Errorf("a life of %v is longer than browsers take", life)
	}
	if cert.IsCA || len(cert.ExtKeyUsage) != 1 || cert.ExtKeyUsage[0] != x509.ExtKeyUsageServerAuth {
		t.Errorf("usage %v, CA %t", cert.ExtKeyUsage, cert.IsCA)
	}
	if !l.NotAfter().Equal(cert.NotAfter) {
		t.Error("NotAfter is another's")
	}
	for _, bad := range []string{"", "https://x", "a b", "host:8443", "-x", "x-", "a..b", "*", "*.", "a.*", "fe80::1%eth0", strings.Repeat("a", 64)} {
		if _, err := a.Leaf([]string{bad}); err == nil || !strings.Contains(err.Error(), "without scheme and port") {
			t.Errorf("host %q: %v", bad, err)
		}
	}
}

// TestLeafForOneName: OpenSSL and Node do not take *.localhost, so a name below localhost gets a certificate that lists it.
func TestLeafForOneName(t *testing.T) {
	a := open(t, t.TempDir())
	l, err := a.Leaf([]string{"known.localhost"})
	if err != nil {
		t.Fatal(err)
	}
	main := leafOf(t, l, "")
	for _, sni := range []string{"localhost", "relay.localhost", "known.localhost", "example.com", ".localhost", "a b.localhost", "*.localhost"} {
		if !leafOf(t, l, sni).Equal(main) {
			t.Errorf("%q got one of its own", sni)
		}
	}
	one := leafOf(t, l, "My-NS.localhost")
	if one.Equal(main) || !one.Equal(leafOf(t, l, "my-ns.localhost")) {
		t.Error("a name below localhost is not served, or made each time")
	}
	if !strings.Contains(strings.Join(one.DNSNames, " "), "my-ns.localhost") || verify(a, one, "localhost") != nil {
		t.Errorf("names %q", one.DNSNames)
	}
	for i := range 2 * maxNamed {
		leafOf(t, l, fmt.Sprintf("n%d.localhost", i))
	}
	if len(l.named) != maxNamed {
		t.Errorf("%d certificates are kept, the bound is %d", len(l.named), maxNamed)
	}
	if !leafOf(t, l, "one-more.localhost").Equal(main) {
		t.Error("over the bound the main one has to do")
	}
}

func TestLeafRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := open(t, t.TempDir())
		l, err := a.Leaf(nil)
		if err != nil {
			t.Fatal(err)
		}
		first, named := leafOf(t, l, ""), leafOf(t, l, "a.localhost")
		<-time.After(time.Until(first.NotAfter) - leafRenew - time.Hour)
		if !leafOf(t, l, "").Equal(first) {
			t.Error("renewed too early")
		}
		<-time.After(2 * time.Hour)
		second := leafOf(t, l, "")
		if second.Equal(first) || first.PublicKey.(*ecdsa.PublicKey).Equal(second.PublicKey) || verify(a, second, "::1") != nil {
			t.Error("not renewed, or with the old key")
		}
		if leafOf(t, l, "a.localhost").Equal(named) {
			t.Error("a named one was not renewed")
		}
		// Near the authority's end a leaf ends with it and is not made anew on every handshake.
		<-time.After(time.Until(a.Certificate().NotAfter) - time.Hour)
		last := leafOf(t, l, "")
		if !last.NotAfter.Equal(a.Certificate().NotAfter) || !leafOf(t, l, "").Equal(last) {
			t.Errorf("a leaf until %v, the authority until %v", last.NotAfter, a.Certificate().NotAfter)
		}
	})
}

// TestOpenSSL lets the other large implementation judge.
func TestOpenSSL(t *testing.T) {
	openssl := need(t, "openssl")
	a := open(t, t.TempDir())
	l, err := a.Leaf([]string{"relay.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ flag, host, sni string }{
		{"-verify_hostname", "localhost", ""},
		{"-verify_hostname", "relay.localhost", "relay.localhost"},
		{"-verify_hostname", "my-ns.localhost", "my-ns.localhost"},
		{"-verify_hostname", "relay.example.com", "relay.example.com"},
		{"-verify_ip", "127.0.0.1", ""},
		{"-verify_ip", "::1", ""},
	} {
		file := filepath.Join(t.TempDir(), "leaf.pem")
		if err := os.WriteFile(file, encodeCert(leafOf(t, l, c.sni).Raw), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"verify", "-x509_strict", "-purpose", "sslserver", c.flag, c.host, "-CAfile", a.File(), file}
		if out, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", c.host, err, out)
		}
	}
	out, err := exec.CommandContext(t.Context(), openssl, "pkey", "-in", filepath.Join(filepath.Dir(a.File()), "ca.key"), "-noout", "-check").CombinedOutput()
	if err != nil {
		t.Errorf("the key: %v\n%s", err, out)
	}
}

func rsaKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
