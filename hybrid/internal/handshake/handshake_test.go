package handshake_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/hybrid/internal/handshake"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/nowait"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// stand is a gateway on loopback with a certificate for "gateway" that gives one answer to whoever comes.
type stand struct {
	p     handshake.Params
	asked *http.Request // the last handshake; read it behind wait
	runs  sync.WaitGroup
}

// newStand makes a stand. answer gets the accept key of the request; "" is none: the stand closes the connection.
func newStand(t *testing.T, answer func(accept string) string) *stand {
	t.Helper()
	ca, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf([]string{"gateway"})
	if err != nil {
		t.Fatal(err)
	}
	socket, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: leaf.GetCertificate, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	s := &stand{p: handshake.Params{
		Authority: "gateway:443", TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address != "gateway:443" {
				t.Errorf("dialled %q", address)
			}
			return new(net.Dialer).DialContext(ctx, network, socket.Addr().String())
		},
	}}
	s.runs.Go(func() {
		c, err := socket.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		s.asked = r
		text := answer(wsframe.AcceptKey(r.Header.Get("Sec-WebSocket-Key")))
		if text == "" {
			return
		}
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c) // until the client has read it
	})
	t.Cleanup(func() { socket.Close(); s.runs.Wait() })
	return s
}

// dialer is one that trusts the stand.
func (s *stand) dialer(t *testing.T) *handshake.Dialer {
	t.Helper()
	d, err := handshake.New(s.p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var at = &wire.Address{Authority: "gateway:443", Target: "/$hc/hyco?sb-hc-action=connect"}

// good is an answer of a gateway, up to the end of its head.
func good(accept string) string {
	return "HTTP/1.1 101 Web Socket\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept +
		"\r\nSec-WebSocket-Protocol: chat\r\nTrackingId: track\r\n"
}

// TestUpgrade: the request is that of RFC 6455 with the fields given, and what came behind the answer is kept.
func TestUpgrade(t *testing.T) {
	s := newStand(t, func(accept string) string { return good(accept) + "\r\nfirst frames" })
	u, err := s.dialer(t).Upgrade(t.Context(), at, false, http1.Fields{{Name: "X-Own", Value: "1"}})
	if err != nil {
		t.Fatal(err)
	}
	rest := make([]byte, len("first frames")-len(u.Read))
	if _, err := io.ReadFull(u.Conn, rest); err != nil {
		t.Error(err)
	}
	u.Conn.Close()
	s.runs.Wait()
	if got := string(u.Read) + string(rest); u.Protocol != "chat" || u.Tracking != "track" || u.Raw || got != "first frames" {
		t.Errorf("%+v, then %q", u, got)
	}
	if r := s.asked; r.RequestURI != at.Target || r.Host != at.Authority || r.Header.Get("X-Own") != "1" || r.Header.Get("Sec-WebSocket-Version") != "13" || r.Header.Get("Upgrade") != "websocket" {
		t.Errorf("the request: %+v", r)
	}
}

// TestUpgradeRaw: who asks for bytes may get them.
func TestUpgradeRaw(t *testing.T) {
	s := newStand(t, func(string) string {
		return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: causeway/1\r\nConnection: Upgrade\r\n\r\n"
	})
	u, err := s.dialer(t).Upgrade(t.Context(), at, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	u.Conn.Close()
	s.runs.Wait()
	if !u.Raw || s.asked.Header.Get("Upgrade") != "causeway/1" || s.asked.Header.Get("Sec-WebSocket-Key") != "" {
		t.Errorf("%+v of %+v", u, s.asked)
	}
}

// TestNoUpgrade: answers that are none, and refusals, which keep the words and fields of whoever answered.
func TestNoUpgrade(t *testing.T) {
	rows := []struct {
		name   string
		answer func(accept string) string
		status int // of a refusal; 0: it is another error
	}{
		{"refused", func(string) string { return "HTTP/1.1 404 no listeners\r\nX-Why: this\r\nContent-Length: 0\r\n\r\n" }, 404},
		{"an ordinary page", func(string) string { return "HTTP/1.1 200 OK\r\nX-Why: this\r\nContent-Length: 0\r\n\r\n" }, 200},
		{"a key of somebody else", func(string) string { return good(wsframe.AcceptKey("x")) + "\r\n" }, 0},
		{"no Connection", func(a string) string { return strings.Replace(good(a), "Connection:", "X:", 1) + "\r\n" }, 0},
		{"an extension that nobody asked for", func(a string) string { return good(a) + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" }, 0},
		{"bytes that nobody asked for", func(string) string {
			return "HTTP/1.1 101 x\r\nUpgrade: causeway/1\r\nConnection: Upgrade\r\n\r\n"
		}, 0},
		{"no HTTP", func(string) string { return "SSH-2.0-OpenSSH\r\n\r\n" }, 0},
		{"a head without end", func(string) string { return "HTTP/1.1 101 x\r\nA: " + strings.Repeat("x", 64<<10) }, 0},
		{"nothing", func(string) string { return "" }, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newStand(t, row.answer)
			u, err := s.dialer(t).Upgrade(t.Context(), at, false, nil)
			if u != nil || err == nil {
				t.Fatalf("%+v, %v", u, err)
			}
			no, refused := errors.AsType[*handshake.Refusal](err)
			switch {
			case refused != (row.status != 0):
				t.Errorf("error %v", err)
			case refused && (no.Status != row.status || no.Fields.Get("X-Why") != "this"):
				t.Errorf("refusal %+v", no)
			}
		})
	}
}

// TestUpgradeEnds: a gateway that never answers is waited for as long as the context says, whose cause is the error.
func TestUpgradeEnds(t *testing.T) {
	asked := make(chan struct{})
	over := make(chan struct{})
	s := newStand(t, func(string) string { close(asked); <-over; return "" })
	ctx, cancel := context.WithCancelCause(t.Context())
	errWhy := errors.New("the user left")
	go func() { <-asked; cancel(errWhy) }()
	_, err := s.dialer(t).Upgrade(ctx, at, false, nil)
	close(over)
	if !errors.Is(err, errWhy) {
		t.Errorf("error %v, want the cause", err)
	}
}

// TestOpenUntrusted: a certificate that nobody vouches for ends the connection before a word is said.
func TestOpenUntrusted(t *testing.T) {
	s := newStand(t, func(string) string { return "" })
	s.p.TLS.RootCAs = x509.NewCertPool()
	c, err := s.dialer(t).Open(t.Context(), "gateway:443")
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); !untrusted || c != nil {
		t.Errorf("%v, %v", c, err)
	}
	s.runs.Wait()
	if s.asked != nil {
		t.Error("it was asked all the same")
	}
}

// TestNewCopies: the caller's configuration is not changed, and a file of certificates that is not there is told.
func TestNewCopies(t *testing.T) {
	own := &tls.Config{MinVersion: tls.VersionTLS12}
	d, err := handshake.New(handshake.Params{Authority: "gateway", TLS: own})
	if err != nil {
		t.Fatal(err)
	}
	if dial, config := d.Base(); dial == nil || config == own || config.ClientSessionCache == nil || own.ClientSessionCache != nil {
		t.Error("the configuration is the caller's own")
	}
	if _, err := handshake.New(handshake.Params{Authority: "gateway", CAFile: "no such file"}); err == nil {
		t.Error("no error for certificates that are not there")
	}
}

// TestDialsAreShort: what is dialled below TLS, by whomever, and for an HTTP client too, is what internal/nowait makes of it.
func TestDialsAreShort(t *testing.T) {
	s := newStand(t, func(accept string) string { return good(accept) + "\r\n" })
	d := s.dialer(t)
	u, err := d.Upgrade(t.Context(), at, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Conn.Close()
	dial, _ := d.Base()
	based, err := dial(t.Context(), "tcp", "gateway:443")
	if err != nil {
		t.Fatal(err)
	}
	defer based.Close()
	for name, c := range map[string]net.Conn{"Upgrade": u.Conn.(interface{ NetConn() net.Conn }).NetConn(), "Base": based} {
		if nowait.Wrap(c) != c {
			t.Errorf("%s dialled %T", name, c)
		}
	}
	gone := s.p
	gone.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, io.ErrNoProgress }
	if d, err = handshake.New(gone); err != nil {
		t.Fatal(err)
	}
	if c, err := d.Open(t.Context(), "gateway"); c != nil || !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a dial that fails: %v, %v", c, err)
	}
}
