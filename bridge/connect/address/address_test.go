package address_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// TestParse: every form of a target, and what is said of others.
func TestParse(t *testing.T) {
	rows := []struct {
		text  string
		web   bool
		fault string // a part of the error; "" for none
	}{
		{text: "tcp://localhost:22"},
		{text: "TCP://[::1]:22/"},
		{text: "net.tcp://host"},
		{text: "net.tcp://host:9/Calc.svc"},
		{text: "unix:///run/app.sock"},
		{text: "http://host/a/b", web: true},
		{text: "https://host:8443", web: true},
		{text: "tcp://host", fault: "tcp://HOST:PORT, and nothing behind the port"},
		{text: "tcp://host:22/path", fault: "nothing behind the port"},
		{text: "tcp://host:0", fault: "tcp://HOST:PORT"},
		{text: "tcp://host:ssh", fault: "tcp://HOST:PORT"},
		{text: "tcp://:22", fault: "tcp://HOST:PORT"},
		{text: "net.tcp://:22", fault: "net.tcp://HOST:PORT"},
		{text: "unix://run/app.sock", fault: "three slashes"},
		{text: "http://host:99999", fault: "http://HOST:PORT"},
		{text: "http://user:secret@host", fault: "expected tcp://HOST:PORT"},
		{text: "http://host/?q=1", fault: "expected tcp://HOST:PORT"},
		{text: "http://host/#f", fault: "expected tcp://HOST:PORT"},
		{text: "ftp://host:21", fault: "expected tcp://HOST:PORT"},
		{text: "localhost:22", fault: "did you mean tcp://localhost:22?"},
		{text: ":22", fault: "did you mean tcp://localhost:22?"},
		{text: "22", fault: "did you mean tcp://localhost:22?"},
		{text: "/run/app.sock", fault: "did you mean unix:///run/app.sock?"},
		{text: "", fault: "expected tcp://HOST:PORT"},
		{text: "tcp://host:22\n", fault: "expected tcp://HOST:PORT"},
	}
	for _, row := range rows {
		target, err := address.Parse(row.text)
		switch {
		case row.fault != "":
			if err == nil || !strings.Contains(err.Error(), row.fault) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%q: error %v, want one with %q", row.text, err, row.fault)
			}
		case err != nil:
			t.Errorf("%q: %v", row.text, err)
		case target.Text != row.text, (target.Web != nil) != row.web:
			t.Errorf("%q: %+v", row.text, target)
		}
	}
}

// TestService: only an address of net.tcp with a path names a service.
func TestService(t *testing.T) {
	for text, has := range map[string]bool{
		"net.tcp://h:1/a": true, "NET.TCP://h/a/b": true, "net.tcp://h:1": false, "net.tcp://h:1/": false, "tcp://h:1": false, "http://h:1/a": false,
	} {
		target, err := address.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := target.Service(); (got != nil) != has {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestParseBind: addresses of local sockets, and what is said of others.
func TestParseBind(t *testing.T) {
	rows := []struct{ text, network, address, fault string }{
		{"127.0.0.1:2222", "tcp", "127.0.0.1:2222", ""},
		{":0", "tcp", ":0", ""},
		{"[::1]:2222", "tcp", "[::1]:2222", ""},
		{"/run/c.sock", "unix", "/run/c.sock", ""},
		{"./c.sock", "unix", "./c.sock", ""},
		{"unix://c.sock", "unix", "c.sock", ""},
		{"2222", "", "", "127.0.0.1:2222, or :2222"},
		{"localhost", "", "", "port 0 for any free one"},
		{"local host:1", "", "", "expected an address"},
		{"localhost:65536", "", "", "expected an address"},
		{"unix://", "", "", "path of a Unix socket"},
		{"/run/\x00", "", "", "path of a Unix socket"},
		{"", "", "", "expected an address"},
	}
	for _, row := range rows {
		network, at, err := address.ParseBind(row.text)
		if (err != nil) != (row.fault != "") || err != nil && !strings.Contains(err.Error(), row.fault) {
			t.Errorf("%q: error %v, want %q", row.text, err, row.fault)
		}
		if network != row.network || at != row.address {
			t.Errorf("%q: %q %q, want %q %q", row.text, network, at, row.network, row.address)
		}
	}
}

// TestIsHost: what may stand in a Host field.
func TestIsHost(t *testing.T) {
	for text, is := range map[string]bool{
		"example.com": true, "example.com:8080": true, "[::1]:1": true, "": false, "a b": false, "a/b": false, "u@h": false, "h:0": false, "h:x": false, ":80": false,
	} {
		if got := address.IsHost(text); got != is {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestDial: a socket that is there is reached, also a Unix one; the error of a context that ended is its cause.
func TestDial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for _, at := range []struct{ network, address, scheme string }{{"tcp", "127.0.0.1:0", "tcp://"}, {"unix", path, "unix://"}} {
		l, err := net.Listen(at.network, at.address)
		if err != nil {
			t.Fatal(err)
		}
		target, err := address.Parse(at.scheme + l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := target.Dial(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", at.network, err)
		}
		if nowait.Wrap(conn) != conn {
			t.Errorf("%s: dialled %T", at.network, conn)
		}
		conn.Close()
		errWhy := errors.New("nobody waits any more")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errWhy)
		if _, err := target.Dial(ctx); !errors.Is(err, errWhy) {
			t.Errorf("%s: error %v, want the cause", at.network, err)
		}
		l.Close()
		if _, err := target.Dial(t.Context()); err == nil {
			t.Errorf("%s: a closed socket was reached", at.network)
		}
	}
	if !errors.Is(address.ErrNoTime, os.ErrDeadlineExceeded) {
		t.Error("no time is no deadline")
	}
}
