package trust

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
)

// Advice says what a person can do next about a gateway that gave no answer: to a dial, a TLS handshake or a request. It
// begins in lower case and ends without a full stop.
func Advice(err error) string {
	var timeout net.Error
	var name *net.DNSError
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "name the CA's certificate (--ca-file or " + EnvCAFile + "; the ready file says where it is), or run 'causeway trust'"
	case errors.As(err, new(x509.HostnameError)):
		return "use a host name that the certificate has, or give the gateway this one with --host"
	case errors.As(err, new(x509.CertificateInvalidError)):
		return "compare the clocks and the certificate's dates"
	case errors.As(err, new(tls.RecordHeaderError)), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return "this port does not speak TLS: use that of the https door, or, of a gateway that has none, --plain (hybrid.WithPlain)"
	case errors.As(err, &name) && name.IsNotFound:
		return "check the host name in the connection string"
	case errors.Is(err, context.Canceled):
		return "it was cancelled here: nothing to do"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "check the network, or wait longer"
	default:
		return "check the address, and that 'causeway serve' runs there"
	}
}
