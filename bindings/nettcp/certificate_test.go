package nettcp_test

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
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// authority signs client certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	made := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "clients"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.cert, a.key = made.Leaf, made.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// sign makes a certificate; the first one signs itself.
func (a *authority) sign(c *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) client(name string) tls.Certificate {
	return a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

// TestClientCertificate: where TLS ends at the gateway, a client certificate grants what the rule of its name does.
func TestClientCertificate(t *testing.T) {
	good, strange := newAuthority(t), newAuthority(t)
	file := filepath.Join(t.TempDir(), "clients.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: good.cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, 1, testcluster.WithConfig(func(_ int, c *config.Config) { c.TLS.ClientCA = file }))
	w.Add(&entity.Entity{
		Name: "secure", Settings: entity.Settings{EndTLS: true},
		Rules: []entity.Rule{entity.NewRule("clerk", entity.Send), entity.NewRule("porter", entity.Listen)},
	})
	calls := w.listen("secure")
	upgrade := w.changed(framing.Preamble{Via: w.via("secure"), Upgrade: framing.UpgradeTLS})
	rows := []struct {
		name   string
		certs  []tls.Certificate
		reason string // "": let in
	}{
		{"a sender's", []tls.Certificate{good.client("Clerk")}, ""},
		{"none", nil, "MissingToken"},
		{"a listener's", []tls.Certificate{good.client("porter")}, "RightMissing"},
		{"nobody's", []tls.Certificate{good.client("nobody")}, "InvalidSignature"},
		{"a stranger's", []tls.Certificate{strange.client("clerk")}, "BadRequest"},
	}
	for _, row := range rows {
		client := w.dial()
		w.send(client, upgrade)
		w.expect(client, []byte{byte(framing.UpgradeResponse)})
		c := w.TLS()
		c.MaxVersion = tls.VersionTLS12 // as .NET; in 1.3 a client learns later that its certificate was not taken
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if len(row.certs) == 0 {
				return &tls.Certificate{}, nil
			}
			return &row.certs[0], nil // whatever authorities the gateway names
		}
		inside := tls.Client(client, c)
		err := inside.Handshake()
		if row.reason == "BadRequest" {
			if err == nil {
				t.Errorf("%s was taken", row.name)
			}
			w.reason("refused", row.reason)
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		w.send(inside, []byte{byte(framing.PreambleEnd)})
		if row.reason == "" {
			service := w.take(calls)
			w.expect(service, w.preamble("secure"))
			w.say(service, inside, ack)
			continue
		}
		w.expect(inside, framing.AppendFault(nil, framing.EndpointAccessDenied))
		w.reason("refused", row.reason)
	}
}
