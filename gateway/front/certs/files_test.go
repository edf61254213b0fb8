package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pair makes a certificate of the name with its key, both as PEM.
func pair(t testing.TB, name string, notAfter time.Time) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: notAfter,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	pk, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pk})
}

func write(t testing.TB, name string, b []byte) {
	t.Helper()
	temp := name + ".new"
	if err := os.WriteFile(temp, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temp, name); err != nil {
		t.Fatal(err)
	}
}

// served is the name on the certificate that a handshake gets now.
func served(t *testing.T, f *Files) string {
	t.Helper()
	c, err := f.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf.Subject.CommonName
}

func TestFilesTakeUpAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
		put := func(name string, days int) (cert, key []byte) { return pair(t, name, time.Now().AddDate(0, 0, days)) }
		cert, key := put("one", 10)
		write(t, certFile, cert)
		write(t, keyFile, key)
		var told []string
		f, err := OpenFiles(certFile, keyFile, func(err error) {
			if err != nil {
				told = append(told, err.Error())
				return
			}
			told = append(told, "new")
		})
		if err != nil {
			t.Fatal(err)
		}
		end := f.NotAfter()

		cert, key = put("two", 20)
		write(t, certFile, cert)
		if got := served(t, f); got != "one" {
			t.Errorf("looked before a second was over: %s", got)
		}
		for range 3 { // the key is still the old one: told once, looked at again each second
			<-time.After(checkEvery)
			if got := served(t, f); got != "one" {
				t.Errorf("a certificate without its key is served: %s", got)
			}
		}
		write(t, keyFile, key)
		<-time.After(checkEvery)
		if got := served(t, f); got != "two" || !f.NotAfter().After(end) {
			t.Errorf("the new pair is not served but %s", got)
		}
		<-time.After(checkEvery)
		served(t, f)

		write(t, certFile, []byte("no PEM"))
		<-time.After(checkEvery)
		os.Remove(keyFile)
		for range 2 {
			served(t, f)
			<-time.After(checkEvery)
		}
		if got := served(t, f); got != "two" {
			t.Errorf("broken files replaced a good pair by %s", got)
		}
		cert, key = put("three", 30)
		write(t, certFile, cert)
		write(t, keyFile, key)
		<-time.After(checkEvery)
		if got := served(t, f); got != "three" {
			t.Errorf("%s is served after the files were mended", got)
		}

		if len(told) != 4 || told[1] != "new" || told[3] != "new" {
			t.Fatalf("told %q", told)
		}
		for _, i := range []int{0, 2} {
			if !strings.Contains(told[i], dir) || !strings.HasSuffix(told[i], "the certificate before it stays in use") {
				t.Errorf("told %q", told[i])
			}
		}
	})
}

// TestFilesKeepConnections changes the certificate under an open connection.
func TestFilesKeepConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "both.pem")
		put := func(name string) {
			cert, key := pair(t, name, time.Now().Add(time.Hour))
			write(t, file, append(cert, key...))
		}
		put("one")
		f, err := OpenFiles(file, file, nil)
		if err != nil {
			t.Fatal(err)
		}
		config := Config(f, Hybrid)
		client, server, name := shake(t, config)
		if name != "one" {
			t.Fatal(name)
		}
		put("two")
		<-time.After(checkEvery)
		if _, _, name := shake(t, config); name != "two" {
			t.Errorf("a new connection got %s", name)
		}
		go server.Write([]byte("still here"))
		b := make([]byte, 10)
		if _, err := client.Read(b); err != nil || string(b) != "still here" {
			t.Errorf("%q %v", b, err)
		}
	})
}

func TestOpenFilesSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	cert, key := pair(t, "one", time.Now().Add(time.Hour))
	_, other := pair(t, "two", time.Now().Add(time.Hour))
	write(t, at("good.crt"), cert)
	write(t, at("good.key"), key)
	write(t, at("other.key"), other)
	write(t, at("empty"), nil)
	write(t, at("long"), make([]byte, maxPEM+1))
	for _, c := range []struct{ cert, key, want string }{
		{"none", "good.key", "certificate file: "},
		{"good.crt", "none", "key file: "},
		{"good.crt", "other.key", "private key does not match public key"},
		{"empty", "good.key", "failed to find any PEM data"},
		{"long", "good.key", "longer than"},
		{"good.crt", "long", "longer than"},
		{"good.crt", "good.crt", "with key"},
	} {
		_, err := OpenFiles(at(c.cert), at(c.key), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s, %s: %v, want %q", c.cert, c.key, err, c.want)
		}
	}
	if runtime.GOOS != "windows" && os.Getuid() != 0 {
		if err := os.Chmod(at("good.key"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenFiles(at("good.crt"), at("good.key"), nil); err == nil {
			t.Error("a key that cannot be read was opened")
		}
	}
}

// TestExpiredIsServed: a door that stays shut tells nobody why.
func TestExpiredIsServed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "both.pem")
	cert, key := pair(t, "old", time.Now().Add(-time.Minute))
	write(t, file, append(cert, key...))
	f, err := OpenFiles(file, file, nil)
	if err != nil || served(t, f) != "old" || f.NotAfter().After(time.Now()) {
		t.Errorf("%v", err)
	}
}
