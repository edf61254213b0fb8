package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// EnvCAFile is the variable that names a CA file where no flag or option does.
const EnvCAFile = "CAUSEWAY_CA_FILE"

// Roots says whose signature makes a gateway's certificate good.
type Roots struct {
	File  string // PEM file that is believed, and nothing else; "": the system's roots
	Local string // PEM file that is believed beside the system's roots for loopback hosts; it may be missing, "" is none
}

// Default is the rule of client commands: the file that was named, else that of CAUSEWAY_CA_FILE; without either the
// system's roots, beside the CA in the default data folder.
func Default(file string) Roots {
	if file == "" {
		file = os.Getenv(EnvCAFile)
	}
	return Roots{File: file, Local: filepath.Join(DataDir(runtime.GOOS, os.Getenv), "ca.pem")}
}

// Config makes the TLS settings of a client that dials host, a name or address without port. Errors are of files: one that
// cannot be read, or holds no certificate.
func (r Roots) Config(host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.File != "" {
		c.RootCAs = x509.NewCertPool()
		return c, add(c.RootCAs, r.File)
	}
	if r.Local == "" || !Loopback(host) {
		return c, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a system without roots still has the local CA
	}
	if err := add(roots, r.Local); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c.RootCAs = roots
	return c, nil
}

func add(pool *x509.CertPool, file string) error {
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("CA file: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("CA file: %s holds no certificate in PEM form", file)
	}
	return nil
}
