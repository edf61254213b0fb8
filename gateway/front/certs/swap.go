package certs

import (
	"crypto/tls"
	"sync/atomic"
	"time"
)

// Swap is a source that another one can be put into while doors are open: handshakes that begin after Set returns have the
// new source's certificate, connections that are open go on. The zero value has no source; use NewSwap.
type Swap struct{ current atomic.Pointer[Source] }

// NewSwap makes a Swap with its first source.
func NewSwap(from Source) *Swap {
	s := new(Swap)
	s.Set(from)
	return s
}

// Set puts another source in place. The one before is not closed: it is the caller's.
func (s *Swap) Set(from Source) { s.current.Store(&from) }

// GetCertificate asks the source of the moment.
func (s *Swap) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return (*s.current.Load()).GetCertificate(hello)
}

// NotAfter is that of the source of the moment.
func (s *Swap) NotAfter() time.Time { return (*s.current.Load()).NotAfter() }
