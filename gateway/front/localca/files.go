package localca

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// maxFile bounds ca.pem and ca.key, which are less than 1 KiB.
const maxFile = 64 << 10

// readKey reads ca.key. A key that everybody on the machine may read is refused: it would make every site's certificate.
func readKey(name string) (*ecdsa.PrivateKey, error) {
	b, mode, err := read(name)
	if err != nil {
		return nil, err
	}
	// Group access stays possible: volumes of a container's pod are handed over by group. Windows has no such bits.
	if runtime.GOOS != "windows" && mode.Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%s may be used by everybody (mode %04o): run 'chmod 600 %s'", name, mode.Perm(), name)
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s holds no PEM block PRIVATE KEY: %s", name, startOver)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, startOver)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds no ECDSA key: %s", name, startOver)
	}
	return key, nil
}

const startOver = "put the right file back, or remove ca.pem and ca.key and trust the new CA"

// readCert reads ca.pem and wants a CA's certificate.
func readCert(name string) (*x509.Certificate, error) {
	b, _, err := read(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s holds no PEM block CERTIFICATE: %s", name, startOver)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", name, err, startOver)
	}
	if !cert.IsCA {
		return nil, fmt.Errorf("%s is no CA's certificate: %s", name, startOver)
	}
	return cert, nil
}

func read(name string) ([]byte, fs.FileMode, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	b, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, 0, err
	}
	if len(b) > maxFile {
		return nil, 0, fmt.Errorf("%s is longer than %d bytes: %s", name, maxFile, startOver)
	}
	return b, info.Mode(), nil
}

// writeKey puts the key into its place and gives the one that is there afterwards: another process may have been first.
func writeKey(name string, key *ecdsa.PrivateKey) (*ecdsa.PrivateKey, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the key: %w", err)
	}
	b := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := place(name, b, 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return readKey(name)
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// place writes a file that must not be there yet: fs.ErrExist when it is.
func place(name string, b []byte, mode fs.FileMode) error {
	temp, err := writeTemp(name, b, mode)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }() // after a rename it is not there
	err = os.Link(temp, name)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(temp, name) // a file system without hard links: first come is not kept, half files are still not seen
	}
	if err != nil {
		return err
	}
	return syncDir(name)
}

// replace writes a file over the one that is there.
func replace(name string, b []byte, mode fs.FileMode) error {
	temp, err := writeTemp(name, b, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, name); err != nil {
		_ = os.Remove(temp) // the first error is the one that counts
		return err
	}
	return syncDir(name)
}

// writeTemp writes the bytes to the disk under a name beside the one they are for.
func writeTemp(name string, b []byte, mode fs.FileMode) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.new") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = file.Write(b)
	err = errors.Join(err, file.Sync(), file.Close(), os.Chmod(file.Name(), mode))
	if err != nil {
		_ = os.Remove(file.Name()) // the first error is the one that counts
		return "", err
	}
	return file.Name(), nil
}

// syncDir makes a new name last. Windows does it by itself and cannot open a directory for it.
func syncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
