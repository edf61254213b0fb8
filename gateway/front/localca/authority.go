package localca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Names of the files in the data directory.
const (
	certName = "ca.pem"
	keyName  = "ca.key"
)

const (
	authorityYears = 10
	// renewAuthority is when a start makes a new certificate for the same key: while less than a leaf's life is left. Both
	// certificates verify the same leaves, so machines that trust the old one have a year to take the new one.
	renewAuthority = 398 * 24 * time.Hour
	// backdate allows for clients whose clock is behind.
	backdate = time.Hour
)

// Authority is the local CA: it may sign for any name, so whoever reads its key can pose as any site to a machine that trusts
// it. Use Open.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

// Open reads the authority of the data directory, or makes one: ca.key first (mode 0600), then ca.pem, each written beside its
// place and moved there, so that a crash leaves no half file. Two processes that start at once end up with the same one. A
// certificate near its end is replaced by one for the same key. The directory must exist.
func Open(dir string) (*Authority, error) {
	a := &Authority{file: filepath.Join(dir, certName)}
	keyFile := filepath.Join(dir, keyName)
	if err := a.openKey(keyFile); err != nil {
		return nil, err
	}
	cert, err := readCert(a.file)
	if errors.Is(err, fs.ErrNotExist) {
		cert, err = a.create(place)
	}
	if err != nil {
		return nil, fmt.Errorf("local CA: %w", err)
	}
	if !a.key.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("local CA: %s is not the key of %s: put the right one back, or remove both files and trust the new CA", keyFile, a.file)
	}
	a.cert = cert
	if time.Until(cert.NotAfter) < renewAuthority {
		if a.cert, err = a.create(replace); err != nil {
			return nil, fmt.Errorf("local CA: renew %s: %w", a.file, err)
		}
	}
	return a, nil
}

// File is the path of ca.pem: what --ca-file, CAUSEWAY_CA_FILE and the ready file name.
func (a *Authority) File() string { return a.file }

// Certificate is the authority's own certificate. It must not be changed.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// openKey reads ca.key or makes it. A certificate without its key is an accident, not a new start: whoever is starting beside
// this one puts the key in its place first, so that a certificate seen before the key is looked for must have one.
func (a *Authority) openKey(keyFile string) error {
	_, noCert := os.Stat(a.file)
	key, err := readKey(keyFile)
	if err == nil {
		a.key = key
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("local CA: %w", err)
	}
	if noCert == nil {
		return fmt.Errorf("local CA: %s is there without %s: put the key back, or remove %s and trust the new CA", a.file, keyName, certName)
	}
	key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("local CA: make a key: %w", err)
	}
	if a.key, err = writeKey(keyFile, key); err != nil {
		return fmt.Errorf("local CA: %w", err)
	}
	return nil
}

// create signs a certificate for the key and puts it into its place. It gives what is there afterwards: with place, another
// process may have been first.
func (a *Authority) create(put func(name string, b []byte, mode fs.FileMode) error) (*x509.Certificate, error) {
	id, err := keyID(&a.key.PublicKey)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	from := time.Now().Add(-backdate)
	template := &x509.Certificate{
		SerialNumber: serial,
		// The id keeps two gateways' authorities apart in a store that sorts by name.
		Subject:               pkix.Name{CommonName: "Causeway local CA " + hex.EncodeToString(id[:4]), Organization: []string{"Causeway"}},
		NotBefore:             from,
		NotAfter:              from.AddDate(authorityYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		SubjectKeyId:          id,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate: %w", err)
	}
	if err := put(a.file, encodeCert(der), 0o644); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return readCert(a.file)
}

// keyID is the method of RFC 7093 section 2 (1): the first 160 bits of the key's SHA-256.
func keyID(key *ecdsa.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the key: %w", err)
	}
	sum := sha256.Sum256(der)
	return sum[:20], nil
}

// newSerial is 127 random bits and never 0: RFC 5280 section 4.1.2.2 allows 20 octets, positive.
func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	return n.Add(n, big.NewInt(1)), nil
}
