package front

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/front/certs"
	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/internal/netx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a server on a network in memory, with its doors and what its hooks saw.
type world struct {
	*Server
	net  *netx.Network
	ca   *x509.CertPool
	ran  chan error
	seen seen
}

// seen collects what the hooks told.
type seen struct {
	mu       sync.Mutex
	refused  []Refusal
	tls      []error
	accept   []time.Duration
	panicked []string
	greeted  int
}

func (s *seen) hooks() Hooks {
	with := func(f func()) { s.mu.Lock(); defer s.mu.Unlock(); f() }
	return Hooks{
		Refused:   func(r Refusal) { with(func() { s.refused = append(s.refused, r) }) },
		TLSError:  func(_ string, _ netip.AddrPort, err error) { with(func() { s.tls = append(s.tls, err) }) },
		AcceptErr: func(_ string, _ error, wait time.Duration) { with(func() { s.accept = append(s.accept, wait) }) },
		Panicked: func(_, tracking string, v any, _ []byte) {
			with(func() { s.panicked = append(s.panicked, fmt.Sprint(tracking, v)) })
		},
		Connected: func(string, netip.AddrPort, bool) { with(func() { s.greeted++ }) },
	}
}

func (s *seen) refusals() []Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Refusal(nil), s.refused...)
}

// open starts a server with an http and an https door on the host "gw", ports 80 and 443. Handler defaults to echo.
func open(t testing.TB, edit func(*Params)) *world {
	t.Helper()
	w := &world{net: netx.New(), ran: make(chan error, 1)}
	plain, err := w.net.Listen("gw:80")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := w.net.Listen("gw:443")
	if err != nil {
		t.Fatal(err)
	}
	authority, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := authority.Leaf([]string{"gw"})
	if err != nil {
		t.Fatal(err)
	}
	w.ca = x509.NewCertPool()
	w.ca.AddCert(authority.Certificate())
	p := Params{
		Doors: []Door{
			{Name: HTTP, Listener: plain},
			{Name: HTTPS, Listener: secret, TLS: certs.Config(leaf, certs.Curves)},
		},
		Handler: http.HandlerFunc(echo),
		Phrase: func(message, tracking, system string) string {
			return message + ". TrackingId:" + tracking + ", SystemTracker:" + system
		},
		Hooks: w.seen.hooks(),
	}
	if edit != nil {
		edit(&p)
	}
	w.Server, err = New(p)
	if err != nil {
		t.Fatal(err)
	}
	go func() { w.ran <- w.Run(context.Background()) }()
	t.Cleanup(func() {
		w.Close()
		if err := <-w.ran; err != nil {
			t.Errorf("run: %v", err)
		}
		w.ran <- nil
	})
	return w
}

// echo answers with what it was asked.
func echo(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "%s %s %q", r.Method, r.RequestURI, b)
}

// dial connects to a door of the world.
func (w *world) dial(t testing.TB, port string) net.Conn {
	t.Helper()
	c, err := w.net.Host("client").DialContext(context.Background(), "tcp", "gw:"+port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// dialTLS connects to the https door and is past the handshake.
func (w *world) dialTLS(t testing.TB) *tls.Conn {
	t.Helper()
	c := tls.Client(w.dial(t, "443"), &tls.Config{RootCAs: w.ca, ServerName: "gw"})
	if err := c.HandshakeContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends the bytes and reads everything until the server ends.
func ask(t testing.TB, c net.Conn, request string) string {
	t.Helper()
	send(t, c, request)
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatalf("read the answer to %.60q: %v (got %q)", request, err, b)
	}
	return string(b)
}

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatalf("send %.60q: %v", text, err)
	}
}

// answer reads one response with its whole body.
func answer(t testing.TB, r *bufio.Reader, method string) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("read a response: %v", err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read the body of %s: %v", resp.Status, err)
	}
	resp.Body.Close()
	return resp, string(b)
}

// ended wants the connection to end in order, with nothing more on it.
func ended(t testing.TB, r io.Reader) {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil || len(b) > 0 {
		t.Errorf("the connection goes on with %.80q, %v", b, err)
	}
}

// statusOf is the number in the status line, "" if there is none.
func statusOf(answer string) string {
	line, _, _ := strings.Cut(answer, "\r\n")
	parts := strings.SplitN(line, " ", 3)
	if len(parts) < 2 || parts[0] != "HTTP/1.1" {
		return ""
	}
	return parts[1]
}

func timeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func repeat(s string, n int) string { return string(bytes.Repeat([]byte(s), n)) }

func netPipe(t testing.TB) (a, b net.Conn) {
	t.Helper()
	near, far := netx.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}
