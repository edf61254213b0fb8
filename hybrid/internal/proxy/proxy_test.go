package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// startProxy answers one CONNECT and then is the place that was asked for: it echoes. It gives its address and what it heard.
func startProxy(t *testing.T, answer string) (address string, heard *http.Request, wait func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard = new(http.Request)
	var runs sync.WaitGroup
	runs.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		r, err := http.ReadRequest(in)
		if err != nil {
			t.Error(err)
			return
		}
		*heard = *r
		_, _ = io.WriteString(c, answer)
		_, _ = io.Copy(c, in)
	})
	return l.Addr().String(), heard, func() { l.Close(); runs.Wait() }
}

// TestProxy: CONNECT with the user's name and password, and nothing lost of what follows.
func TestProxy(t *testing.T) {
	at, heard, wait := startProxy(t, "HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n")
	dial := Dialer(func(r *http.Request) (*url.URL, error) {
		if r.URL.String() != "https://relay.example.com:443" {
			t.Errorf("asked about %s", r.URL)
		}
		return url.Parse("http://user:pass@" + at)
	})
	c, err := dial(t.Context(), "tcp", "relay.example.com:443")
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
		t.Errorf("%q %v", got, err)
	}
	c.Close()
	wait()
	if heard.Method != http.MethodConnect || heard.Host != "relay.example.com:443" || heard.RequestURI != "relay.example.com:443" ||
		heard.Header.Get("Proxy-Authorization") != "Basic dXNlcjpwYXNz" {
		t.Errorf("the proxy heard %s %s %v", heard.Method, heard.RequestURI, heard.Header)
	}
}

// TestProxyRefuses: whose no it was is said, and no password.
func TestProxyRefuses(t *testing.T) {
	at, _, wait := startProxy(t, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
	defer wait()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for _, c := range []struct {
		name, proxy, text string
		ctx               context.Context
	}{
		{"no", "http://user:hush@" + at, "407 Proxy Authentication Required", t.Context()},
		{"a scheme", "socks5://user:hush@" + at, "WithNetDial", t.Context()},
		{"silence", "http://user:hush@" + silent.Addr().String(), context.DeadlineExceeded.Error(), soon},
		{"its address", "://", "missing protocol scheme", t.Context()},
	} {
		dial := Dialer(func(*http.Request) (*url.URL, error) { return url.Parse(c.proxy) })
		_, err := dial(c.ctx, "tcp", "relay.example.com:443")
		if err == nil || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "proxy") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	direct := Dialer(func(*http.Request) (*url.URL, error) { return nil, nil }) //nolint:nilnil // as http.ProxyFromEnvironment
	conn, err := direct(t.Context(), "tcp", silent.Addr().String())
	if err != nil {
		t.Error(err)
	} else {
		conn.Close()
	}
	if _, err := Dialer(func(*http.Request) (*url.URL, error) { return nil, errors.New("bad HTTPS_PROXY") })(t.Context(), "tcp", "x:1"); err == nil {
		t.Error("a bad variable was ignored")
	}
}
