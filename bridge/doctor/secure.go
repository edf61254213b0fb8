package doctor

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/internal/trust"
)

const (
	// maxSkew is how far clocks may be apart: tokens of SDKs that live shortest have a few minutes.
	maxSkew = time.Minute
	// glance bounds a look at a port where the gateway only may be.
	glance = time.Second
	// maxAnswer bounds what is read of an answer's body.
	maxAnswer = 64 << 10
)

// checkTLS does a handshake with whoever is there, looks at the certificate afterwards, and asks for the time: a clock that is
// wrong is often why the certificate is refused. Nothing secret is sent.
func (e *exam) checkTLS(ctx context.Context) {
	if e.Plain {
		e.checkPlain(ctx)
		return
	}
	roots, err := e.Roots.Config(e.host)
	if err != nil {
		e.failed(TLS, err.Error(), e.caAdvice(nil))
		return
	}
	conn, err := e.handshake(ctx, &tls.Config{ServerName: e.host, InsecureSkipVerify: true}) // verified below, and nothing is sent before
	if err != nil {
		e.failed(TLS, why(err), e.speechAdvice(ctx, err))
		return
	}
	defer conn.Close()
	chain := conn.ConnectionState().PeerCertificates
	e.Begins(Clock)
	e.checkClock(conn)
	if err := verify(chain, roots.RootCAs, e.host, e.Now()); err != nil {
		e.failed(TLS, err.Error(), e.trustAdvice(chain, err))
		return
	}
	e.ok(TLS, "the certificate for "+e.host+" is trusted, until "+chain[0].NotAfter.UTC().Format(time.RFC3339))
}

// checkPlain is checkTLS where there is none by the user's wish.
func (e *exam) checkPlain(ctx context.Context) {
	conn, err := e.connect(ctx)
	if err != nil {
		e.failed(TLS, why(err), trust.Advice(err))
		return
	}
	defer conn.Close()
	e.Begins(Clock)
	e.checkClock(conn)
	e.ok(TLS, "none, as was asked for: others on the way can read keys and data")
}

// connect dials, through a proxy where there is one. The connection has a deadline.
func (e *exam) connect(ctx context.Context) (net.Conn, error) {
	target := e.address
	if e.via != "" {
		target = e.via
	}
	conn, err := dial(ctx, target, e.Timeout)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(e.Timeout)) // a dead connection says so at the write
	e.undo = append(e.undo, context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) }))
	if e.via != "" {
		if err := through(conn, e.address); err != nil {
			_ = conn.Close() // the error is what counts
			return nil, err
		}
	}
	return conn, nil
}

// handshake connects and does TLS.
func (e *exam) handshake(ctx context.Context, c *tls.Config) (*tls.Conn, error) {
	conn, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	secured := tls.Client(conn, c)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // as above
		return nil, err
	}
	return secured, nil
}

// through asks a proxy for a way (RFC 9110 section 9.3.6).
func through(conn net.Conn, address string) error {
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address); err != nil {
		return fmt.Errorf("ask the proxy: %w", err)
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 1), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return fmt.Errorf("ask the proxy: %w", err)
	}
	_ = answer.Body.Close() // CONNECT has none
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy answers %s", answer.Status)
	}
	return nil
}

// verify is what crypto/tls does in a handshake, at a time that is given.
func verify(chain []*x509.Certificate, roots *x509.CertPool, host string, now time.Time) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: host, CurrentTime: now})
	return err
}

// trustAdvice says how the certificate gets trusted, or another.
func (e *exam) trustAdvice(chain []*x509.Certificate, err error) string {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return e.caAdvice(chain)
	case errors.As(err, new(x509.HostnameError)):
		return e.namesAdvice(chain[0])
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && e.found[Clock].State == Failed:
		return "set the clock, see the row " + Clock
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "renew the gateway's certificate: put new files in place of tls.cert and tls.key, which are taken up without a restart; 'causeway doctor --config FILE' there"
	}
	return trust.Advice(err)
}

// caAdvice finds the CA's file: on this machine where it fits, else in words.
func (e *exam) caAdvice(chain []*x509.Certificate) string {
	if e.Own != nil && e.Own.CAFile != "" && e.Own.CAFile != e.Roots.File && (chain == nil || signed(e.Own.CAFile, chain, e.host, e.Now())) {
		return "give --ca-file " + e.Own.CAFile + " or set " + trust.EnvCAFile + " to it, or run 'causeway trust'"
	}
	if len(chain) > 0 && strings.HasPrefix(chain[0].Issuer.CommonName, "Causeway local CA") {
		return "copy ca.pem of the gateway's data folder here (its ready file says where it is) and give --ca-file ca.pem, or set " + trust.EnvCAFile
	}
	return "name the certificate of the CA that signed it with --ca-file FILE, or set " + trust.EnvCAFile
}

// signed reports whether a CA's file makes a chain good.
func signed(file string, chain []*x509.Certificate, host string, now time.Time) bool {
	pem, err := os.ReadFile(file)
	pool := x509.NewCertPool()
	return err == nil && pool.AppendCertsFromPEM(pem) && verify(chain, pool, host, now) == nil
}

// namesAdvice names a host that the certificate has.
func (e *exam) namesAdvice(leaf *x509.Certificate) string {
	_, port, _ := net.SplitHostPort(e.address)
	for _, name := range leaf.DNSNames {
		if !strings.HasPrefix(name, "*.") {
			return "write " + endpoint(name, port) + " in the connection string, or run the gateway with --host " + e.host
		}
	}
	return "run the gateway with --host " + e.host
}

// speechAdvice is for a port that does not speak TLS as it should.
func (e *exam) speechAdvice(ctx context.Context, err error) string {
	host, port, _ := net.SplitHostPort(e.address)
	for _, other := range e.otherPorts(host) {
		if other != port && e.via == "" && e.isGateway(ctx, host, other) {
			return "a gateway's https door is at port " + other + ": write " + endpoint(e.host, other) + " in the connection string"
		}
	}
	return trust.Advice(err)
}

// isGateway looks whether a gateway that may be the one that is meant answers at a port. On this machine many users may have one, and
// each has a CA of its own: there only the node that is known counts, or one that is trusted. Elsewhere trust is another row's matter.
func (e *exam) isGateway(ctx context.Context, host, port string) bool {
	config := &tls.Config{ServerName: e.host, InsecureSkipVerify: true} // only its health is asked for
	if trust.Loopback(host) && (e.Own == nil || e.Own.Port != port) {
		var err error
		if config, err = e.Roots.Config(e.host); err != nil {
			return false
		}
	}
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	dialer := tls.Dialer{Config: config}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(glance)) // a dead connection says so at the write
	_, body, err := e.health(conn)
	return err == nil && strings.Contains(body, `"healthy":true`)
}

// health asks for the door's health, which is open to all.
func (e *exam) health(conn net.Conn) (http.Header, string, error) {
	if _, err := fmt.Fprintf(conn, "GET /$health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", e.Gateway.Host); err != nil {
		return nil, "", err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer.Header, string(b), err
}

// checkClock compares this machine's clock with the field Date of the gateway's answer, whose unit is a second.
func (e *exam) checkClock(conn net.Conn) {
	before := e.Now()
	header, _, err := e.health(conn)
	took := e.Now().Sub(before)
	if err != nil {
		e.skipped(Clock, "the gateway said no time: "+why(err))
		return
	}
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		e.skipped(Clock, "the gateway's answer has no Date")
		return
	}
	e.skew = before.Add(took / 2).Sub(date.Add(time.Second / 2))
	if e.skew.Abs() <= maxSkew {
		e.ok(Clock, "within a minute of the gateway's")
		return
	}
	word := "ahead of"
	if e.skew < 0 {
		word = "behind"
	}
	e.failed(Clock, "this machine's clock is "+e.skew.Abs().Round(time.Second).String()+" "+word+" the gateway's", clockAdvice(e.System, e.Now().Add(-e.skew)))
}

// clockAdvice is how a clock is set.
func clockAdvice(system string, right time.Time) string {
	const else_ = "; if the gateway's clock is the wrong one, set that"
	switch system {
	case "windows":
		return "as administrator: w32tm /resync" + else_
	case "darwin":
		return "sudo sntp -sS time.apple.com" + else_
	}
	return fmt.Sprintf("set the clock, as administrator: date -u -s @%d, and have it kept right: timedatectl set-ntp true%s", right.Unix(), else_)
}
