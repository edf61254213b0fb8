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

	Beside bool // what File holds is believed beside those, and not in their place
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
	if r.File != "" && !r.Beside {
		c.RootCAs = x509.NewCertPool()
		return c, add(c.RootCAs, r.File)
	}
	local := r.Local != "" && Loopback(host)
	if !local && r.File == "" {
		return c, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a system without roots still has ours
	}
	if local {
		if err := add(roots, r.Local); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if r.File != "" {
		if err := add(roots, r.File); err != nil {
			return nil, err
		}
	}
	c.RootCAs = roots
	return c, nil
}

// NoCertificateError is a file that holds no certificate.
type NoCertificateError struct{ File string }

// Error names the file.
func (e *NoCertificateError) Error() string {
	return "CA file: " + e.File + " holds no certificate in PEM form"
}

func add(pool *x509.CertPool, file string) error {
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("CA file: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return &NoCertificateError{file}
	}
	return nil
}
