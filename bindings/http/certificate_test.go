package http_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	nethttp "net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// TestCertificate: a client certificate of an authority that the operator names stands for the rule of its subject's name; nobody has to
// show one.
func TestCertificate(t *testing.T) {
	file, shown := authority(t, "clerk")
	both(t, func(w *world) {
		w.add("calc", func(e *entity.Entity) { e.AnonymousSenders, e.Rules = false, []entity.Rule{w.rule} })
		w.serve("calc", func(out nethttp.ResponseWriter, _ *nethttp.Request) { out.WriteHeader(204) })
		if got := w.call("GET", "calc", ""); got.status != 401 {
			t.Errorf("without a certificate: %+v", got)
		}
		transport := w.client.Transport.(*nethttp.Transport)
		transport.CloseIdleConnections()
		transport.TLSClientConfig.Certificates = []tls.Certificate{shown}
		if got := w.call("GET", "calc", ""); got.status != 204 {
			t.Errorf("with a certificate: %+v", got)
		}
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.TLS.ClientCA = file }))
}

// authority makes an authority, whose file it gives, and a client certificate of its own.
func authority(t *testing.T, name string) (file string, shown tls.Certificate) {
	t.Helper()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "clients"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	caKey, leafKey := key(), key()
	root, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, leafKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "clients.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: leafKey}
}
