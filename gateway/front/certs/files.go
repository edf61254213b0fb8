package certs

import (
	"crypto/tls"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// checkEvery is how often the files are looked at at most while handshakes come. Renewal tools replace them weeks ahead.
	checkEvery = time.Second
	// maxPEM bounds a file. A chain of four RSA certificates is 8 KiB.
	maxPEM = 1 << 20
)

// Files serves a certificate chain and its key from two PEM files, and takes up a new pair without a restart: open
// connections go on, the next full handshake has the new certificate. Use OpenFiles.
type Files struct {
	certFile, keyFile string
	changed           func(error)
	current           atomic.Pointer[tls.Certificate]

	mu        sync.Mutex // held by the one handshake that looks at the files
	due       time.Time
	cert, key fs.FileInfo // as they were when last read, well or badly
	trouble   string      // of the last read, "" none: the same trouble is told once
	last      error       // the same as it was told
}

// OpenFiles reads the pair. certFile holds the leaf first and then what leads to a root, keyFile its key; both may be the same
// file. changed, if not nil, is told of each later change: nil for a new pair in use, else why the old one stays. It is called
// from a handshake and must not wait. An expired certificate is served as it is: its clients say so, and NotAfter does.
func OpenFiles(certFile, keyFile string, changed func(error)) (*Files, error) {
	f := &Files{certFile: certFile, keyFile: keyFile, changed: changed}
	if changed == nil {
		f.changed = func(error) {}
	}
	if err := f.statLocked(); err != nil {
		return nil, err
	}
	pair, err := f.read()
	if err != nil {
		return nil, err
	}
	f.current.Store(pair)
	f.due = time.Now().Add(checkEvery)
	return f, nil
}

// GetCertificate gives the pair in use. At most once a second one of the handshakes looks whether the files changed; the
// others do not wait for it.
func (f *Files) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if f.mu.TryLock() {
		f.checkLocked(time.Now())
		f.mu.Unlock()
	}
	return f.current.Load(), nil
}

// Check looks at the files now, whatever the time, and says why the pair before them stays in use; nil when what is in the files
// is in use. A reload calls it, so that its answer is about the files as they are.
func (f *Files) Check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due = time.Time{}
	f.checkLocked(time.Now())
	return f.last
}

// NotAfter is when the leaf in use ends.
func (f *Files) NotAfter() time.Time { return f.current.Load().Leaf.NotAfter }

// checkLocked reads the pair again when a file is another or has another size or time. While the pair does not fit (two files
// cannot be replaced at once) the old one stays and every check reads again.
func (f *Files) checkLocked(now time.Time) {
	if now.Before(f.due) {
		return
	}
	f.due = now.Add(checkEvery)
	cert, key := f.cert, f.key
	err := f.statLocked()
	if err == nil && f.trouble == "" && same(cert, f.cert) && same(key, f.key) {
		return
	}
	var pair *tls.Certificate
	if err == nil {
		pair, err = f.read()
	}
	if err != nil {
		if f.trouble != err.Error() {
			f.trouble = err.Error()
			f.last = fmt.Errorf("%w; the certificate before it stays in use", err)
			f.changed(f.last)
		}
		return
	}
	f.trouble, f.last = "", nil
	f.current.Store(pair)
	f.changed(nil)
}

// statLocked notes how the files look. It runs before they are read, so that a change in between is seen at the next check.
func (f *Files) statLocked() error {
	cert, err := os.Stat(f.certFile)
	if err != nil {
		return fmt.Errorf("certificate file: %w", err)
	}
	key, err := os.Stat(f.keyFile)
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	f.cert, f.key = cert, key
	return nil
}

// read makes the pair of what the files hold now.
func (f *Files) read() (*tls.Certificate, error) {
	cert, err := readPEM(f.certFile)
	if err != nil {
		return nil, fmt.Errorf("certificate file: %w", err)
	}
	key, err := readPEM(f.keyFile)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", f.certFile, f.keyFile, err)
	}
	return &pair, nil
}

// same reports whether nothing speaks for another content: a renewal makes a new file, or writes the old one anew.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func readPEM(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxPEM+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxPEM {
		return nil, fmt.Errorf("%s is longer than %d bytes: name a file of PEM blocks", name, maxPEM)
	}
	return b, nil
}
