package acme_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/front/acme"
	"github.com/causeway-relay/causeway/gateway/front/certs"
	"github.com/causeway-relay/causeway/gateway/front/localca"
)

// The road to an authority and back is proven against a real one in interop/acme; here is what needs none.

// leaf is the fallback of these tests.
func leaf(t *testing.T) certs.Source {
	t.Helper()
	ca, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l, err := ca.Leaf([]string{"relay.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func params(t *testing.T) acme.Params {
	t.Helper()
	return acme.Params{
		Hosts: []string{"relay.example.com"}, Dir: t.TempDir(), Fallback: leaf(t), Log: slog.New(slog.DiscardHandler),
		HTTP: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, HTTPS: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2},
	}
}

// TestBefore: until there is a certificate every name gets the fallback's, and the authority, which would be misled by it, none.
func TestBefore(t *testing.T) {
	p := params(t)
	s, err := acme.New(p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{"relay.example.com", "Relay.Example.com", "localhost", "other.example.com", ""} {
		client, server := net.Pipe()
		got, err := s.GetCertificate(&tls.ClientHelloInfo{ServerName: name, Conn: server})
		want, _ := p.Fallback.GetCertificate(&tls.ClientHelloInfo{ServerName: name})
		if err != nil || got != want {
			t.Errorf("%q gets %v, %v", name, got, err)
		}
		_ = client.Close()
		_ = server.Close()
	}
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	hello := &tls.ClientHelloInfo{ServerName: "relay.example.com", SupportedProtos: []string{acme.Protocol}, Conn: server}
	if got, err := s.GetCertificate(hello); err == nil {
		t.Errorf("a challenge that nobody gave is answered with %v", got)
	}
	if list := s.Served(); len(list) != 0 || !s.NotAfter().Equal(p.Fallback.NotAfter()) {
		t.Errorf("served %v until %v", list, s.NotAfter())
	}
}

// TestChallengePath: requests that are not the authority's are the next handler's.
func TestChallengePath(t *testing.T) {
	s, err := acme.New(params(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := s.Challenge(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "next "+r.URL.Path) }))
	for _, path := range []string{"/", "/hyco", acme.ChallengePath, acme.ChallengePath + "unknown"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://relay.example.com"+path, http.NoBody))
		if got := w.Body.String(); got != "next "+path {
			t.Errorf("%s is answered %d %q", path, w.Code, got)
		}
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(p *acme.Params){
		"name them in tls.acme.hosts": func(p *acme.Params) { p.Hosts = nil },
		"open one":                    func(p *acme.Params) { p.HTTP, p.HTTPS = nil, nil },
		"no such file":                func(p *acme.Params) { p.CAFile = empty + "x" },
		"no certificate in PEM form":  func(p *acme.Params) { p.CAFile = empty },
	} {
		p := params(t)
		change(&p)
		if _, err := acme.New(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestUnreachable: an authority that is not there is told to the log once it was asked, and nobody waits for it.
func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	told := make(signal, 100)
	p := params(t)
	p.Directory, p.Log = "https://"+l.Addr().String()+"/dir", slog.New(slog.NewTextHandler(told, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := acme.New(p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	end := time.After(30 * time.Second)
	for {
		select {
		case line := <-told:
			if strings.Contains(line, "certificate not obtained") {
				if !strings.Contains(line, "host=relay.example.com") || !strings.Contains(line, "at port 80") {
					t.Errorf("the log says %s", line)
				}
				return
			}
		case <-end:
			t.Fatal("nobody was told")
		}
	}
}

// signal is a log whose lines are waited for; a full one drops.
type signal chan string

func (s signal) Write(b []byte) (int, error) {
	select {
	case s <- string(bytes.TrimSpace(b)):
		return len(b), nil
	default:
		return 0, errors.New("full")
	}
}
