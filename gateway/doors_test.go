package gateway

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/bindings/nettcp"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/front"
)

// TestDoorsSay: each door that does not open is told with what to do, and a port that only a service may open with that.
func TestDoorsSay(t *testing.T) {
	for _, c := range []struct {
		cause error
		says  string
	}{
		{fs.ErrPermission, "'causeway service install'"},
		{&net.OpError{Op: "listen", Err: syscall.EACCES}, "'causeway service install'"},
		{errors.New("taken"), "choose another address with --https, or close it with --https off"},
	} {
		cfg := config.Default()
		cfg.Data, cfg.NetTCP = t.TempDir(), config.Off
		cfg.TCP = []config.TCPDoor{{Entity: "ssh", Bind: "127.0.0.1:22"}}
		g, err := New(Params{Config: cfg, Log: slog.New(slog.DiscardHandler), Listen: func(string, string) (net.Listener, error) { return nil, c.cause }})
		if err == nil {
			g.Close()
			t.Fatal("it opens")
		}
		for _, says := range []string{c.says, "door https: ", "door http: ", "door admin: ", "tcp door of ssh: ", "with --tcp"} {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%v: %q is not said: %v", c.cause, says, err)
			}
		}
		if low := strings.Contains(err.Error(), "below 1024"); low != errors.Is(c.cause, fs.ErrPermission) {
			t.Errorf("%v: rights: %t", c.cause, low)
		}
	}
}

// TestAdvertised: others are told of the doors for https, http and net.tcp, at their bound ports or where the operator says, and of no other.
func TestAdvertised(t *testing.T) {
	g := &Gateway{cfg: config.Default()}
	want := map[string]string{}
	for _, name := range []string{front.HTTPS, front.HTTP, nettcp.Name, adminDoor, portName("ssh")} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		g.doors = append(g.doors, door{name, l})
		if _, port, _ := net.SplitHostPort(l.Addr().String()); name != adminDoor && name != portName("ssh") {
			want[name] = ":" + port
		}
	}
	if diff := cmp.Diff(want, g.advertised()); diff != "" {
		t.Errorf("bound (-want +got):\n%s", diff)
	}
	g.cfg.Advertise = []config.Advertise{{Door: nettcp.Name, Address: "relay.example.com:808"}}
	want[nettcp.Name] = "relay.example.com:808"
	if diff := cmp.Diff(want, g.advertised()); diff != "" {
		t.Errorf("as the operator says (-want +got):\n%s", diff)
	}
}

// TestTCPPorts: the picture has each plain TCP port as it is bound, those of one relay in one value, and no other door.
func TestTCPPorts(t *testing.T) {
	cfg := config.Default()
	cfg.Data, cfg.HTTPS, cfg.HTTP, cfg.Admin, cfg.NetTCP = t.TempDir(), config.Off, "127.0.0.1:0", config.Off, config.Off
	cfg.TCP = []config.TCPDoor{{Entity: "ssh", Bind: "127.0.0.1:0"}, {Entity: "plant/db", Bind: "127.0.0.1:0"}, {Entity: "ssh", Bind: "127.0.0.1:0"}}
	var bound []string
	g, err := New(Params{Config: cfg, Log: slog.New(slog.DiscardHandler), Listen: func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		if err == nil {
			bound = append(bound, l.Addr().String())
		}
		if len(bound) == 3 {
			l = wide{l}
		}
		return l, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	_, port, _ := net.SplitHostPort(bound[2])
	want := map[string]string{"tcp/ssh": bound[1] + ", " + bound[3], "tcp/plant/db": ":" + port}
	if diff := cmp.Diff(want, g.tcpPorts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// wide is a socket that says that it is bound to all interfaces.
type wide struct{ net.Listener }

// Addr implements net.Listener.
func (w wide) Addr() net.Addr {
	at := *w.Listener.Addr().(*net.TCPAddr)
	at.IP = net.IPv6unspecified
	return &at
}
