package presence_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
)

// patience bounds every wait of these stories.
const patience = 40 * time.Second

// Variables of the listener's process.
const (
	envString = "CAUSEWAY_TEST_LISTENER" // its connection string
	envCA     = "CAUSEWAY_TEST_CA"
	envDelay  = "CAUSEWAY_TEST_DELAY" // how long it takes for each sender
)

// TestMain makes the test's own program the listener's process, too.
func TestMain(m *testing.M) {
	if os.Getenv(envString) == "" {
		os.Exit(m.Run())
	}
	if err := listen(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// listen echoes what senders say, until the process is killed.
func listen() error {
	delay, err := time.ParseDuration(os.Getenv(envDelay))
	if err != nil {
		return err
	}
	roots, err := trust(os.Getenv(envCA))
	if err != nil {
		return err
	}
	l, err := hybrid.Listen(context.Background(), os.Getenv(envString), hybrid.WithTLSConfig(roots), hybrid.WithBackoff(100*time.Millisecond),
		hybrid.WithAcceptHook(func(context.Context, *hybrid.Request) (string, error) {
			<-time.After(delay)
			return "", nil
		}))
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() { // ends with its sender
			_, _ = io.Copy(c, c)
			_ = c.Close()
		}()
	}
}

// trust believes one CA, and calls every node localhost, which their certificates do.
func trust(file string) (*tls.Config, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in " + file)
	}
	return &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}, nil
}

// scene is a gateway of one node or two, with short periods.
type scene struct {
	*testcluster.Cluster

	t         *testing.T
	ctx       context.Context
	host      string // the address of the doors
	near, far *testcluster.Node
	tls       *tls.Config
}

// onNodes runs a story on one node and on two; the listener is at the last node. host is where the doors are.
func onNodes(t *testing.T, host string, story func(s *scene)) {
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) {
			c := testcluster.New(t, n, testcluster.WithPing(time.Second), testcluster.WithConfig(func(_ int, cfg *config.Config) {
				cfg.HTTPS, cfg.Timeouts.Accept = host+":0", time.Second
			}), testcluster.WithParams(func(p *gateway.Params) {
				p.Deaf = presence.Rules{Silence: 3 * time.Second, Slow: 300 * time.Millisecond}
			}))
			c.Add(&entity.Entity{Name: "hyco"})
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			t.Cleanup(cancel)
			roots, err := trust(c.CAFile())
			if err != nil {
				t.Fatal(err)
			}
			story(&scene{Cluster: c, t: t, ctx: ctx, host: host, near: c.Node(0), far: c.Node(n - 1), tls: roots})
		})
	}
}

// door is the host:port of a node's https door.
func (s *scene) door(n *testcluster.Node) string {
	_, port, err := net.SplitHostPort(n.Door("https"))
	if err != nil {
		s.t.Fatal(err)
	}
	return net.JoinHostPort(s.host, port)
}

func (s *scene) connectionString(n *testcluster.Node) string {
	return fmt.Sprintf("Endpoint=sb://%s/;SharedAccessKeyName=%s;SharedAccessKey=%s;EntityPath=hyco", s.door(n), s.Root().Name, string(s.Root().Primary))
}

// listener starts the process; wrap is a command that it is run by.
func (s *scene) listener(delay time.Duration, wrap ...string) *interop.Program {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	command := append(wrap, self)
	p := interop.Start(s.t, s.t.TempDir(), []string{envString + "=" + s.connectionString(s.far), envCA + "=" + s.CAFile(), envDelay + "=" + delay.String()},
		command[0], command[1:]...)
	p.Await("listening")
	return p
}

// send says hello and wants it back.
func (s *scene) send() error {
	c, err := hybrid.Dial(s.ctx, s.connectionString(s.near), hybrid.WithTLSConfig(s.tls))
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := io.WriteString(c, "hello"); err != nil {
		return err
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
		return fmt.Errorf("got %q: %w", got, err)
	}
	return nil
}

// served wants a sender to be served.
func (s *scene) served() {
	s.t.Helper()
	if err := s.send(); err != nil {
		s.t.Fatalf("a sender is not served: %v", err)
	}
}

// ignored wants a sender to wait for nothing.
func (s *scene) ignored() {
	s.t.Helper()
	var no *hybrid.Error
	if err := s.send(); !errors.As(err, &no) || no.Status != http.StatusGatewayTimeout {
		s.t.Fatalf("a sender gets %v in place of 504", err)
	}
}

// says waits until the log has so many lines of a message.
func (s *scene) says(message, text string) {
	s.t.Helper()
	s.Await(s.ctx, message, func(line map[string]string) bool {
		return line["msg"] == message && line["entity"] == "hyco" && strings.Contains(line["text"], text)
	})
}

// is waits until the metrics of the listener's node say one listener of a state, or of one of several.
func (s *scene) is(states ...string) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	one := func(state string) bool {
		return s.Metric(int(s.far.Num)-1, "causeway_listeners", `state="`+state+`"`) == 1
	}
	for !slices.ContainsFunc(states, one) {
		select {
		case <-tick.C:
		case <-s.ctx.Done():
			s.t.Fatalf("no listener is %s\n%s", strings.Join(states, " or "), s.Log())
		}
	}
}

// TestNeverDials: a listener that answers pings and never dials is deaf with its second offer, and online when it dials.
func TestNeverDials(t *testing.T) {
	t.Parallel()
	onNodes(t, "127.0.0.1", func(s *scene) {
		dialer := websocket.Dialer{TLSClientConfig: s.tls}
		header := http.Header{"ServiceBusAuthorization": {s.Token(s.Root(), "http://127.0.0.1/hyco", time.Now().Add(time.Hour))}}
		conn, _, err := dialer.DialContext(s.ctx, "wss://"+s.door(s.far)+"/$hc/hyco?sb-hc-action=listen&sb-hc-id=raw", header)
		if err != nil {
			s.t.Fatal(err)
		}
		offers := make(chan string, 16)
		done := make(chan struct{})
		s.t.Cleanup(func() { conn.Close(); <-done })
		go func() { // reads, so that pings are answered
			defer close(done)
			for {
				var m struct {
					Accept struct {
						Address string `json:"address"`
					} `json:"accept"`
				}
				if conn.ReadJSON(&m) != nil {
					return
				}
				offers <- m.Accept.Address
			}
		}()
		s.is("online")
		s.ignored()
		s.is("slow")
		s.ignored()
		s.says("listener deaf", "2 offers in a row")
		s.is("deaf")
		for range 2 {
			interop.Take(s.t, offers, "an offer that was ignored")
		}
		answered := make(chan error, 1)
		go func() { answered <- s.send() }()
		stream, _, err := dialer.DialContext(s.ctx, interop.Take(s.t, offers, "the third offer"), nil)
		if err != nil {
			s.t.Fatal(err)
		}
		defer stream.Close()
		kind, data, err := stream.ReadMessage()
		if err == nil {
			err = stream.WriteMessage(kind, data)
		}
		if err != nil {
			s.t.Fatal(err)
		}
		if err := interop.Take(s.t, answered, "the end of the sender"); err != nil {
			s.t.Fatalf("the sender is not served: %v", err)
		}
		s.says("listener back", "")
		s.is("online")
	})
}

// TestStopped: a process that is stopped is deaf by its silence alone, and back by itself when it runs again.
func TestStopped(t *testing.T) {
	t.Parallel()
	onNodes(t, "127.0.0.1", func(s *scene) {
		p := s.listener(0)
		s.served()
		p.Signal(syscall.SIGSTOP)
		s.says("listener deaf", "nothing was heard of it for 3s")
		s.is("deaf")
		p.Signal(syscall.SIGCONT)
		s.is("online")
		s.served()
	})
}

// TestStoppedUnderSenders: two senders find it out before the silence is long enough.
func TestStoppedUnderSenders(t *testing.T) {
	t.Parallel()
	onNodes(t, "127.0.0.1", func(s *scene) {
		p := s.listener(0)
		s.served()
		p.Signal(syscall.SIGSTOP)
		s.ignored()
		s.ignored()
		s.says("listener deaf", "")
		s.is("deaf")
		p.Signal(syscall.SIGCONT)
		s.is("online", "slow") // it may dial for one of those senders before it answers a ping
		s.served()
		s.is("online")
	})
}

// TestSlow: a listener that takes nearly all of the time for each sender is slow, and never deaf.
func TestSlow(t *testing.T) {
	t.Parallel()
	onNodes(t, "127.0.0.1", func(s *scene) {
		s.listener(500 * time.Millisecond)
		served := make(chan error, 12)
		for range cap(served) / 4 {
			for range 4 {
				go func() { served <- s.send() }()
			}
			for range 4 {
				if err := interop.Take(s.t, served, "the end of a sender"); err != nil {
					s.t.Errorf("a sender is not served: %v", err)
				}
			}
		}
		s.is("slow")
		if strings.Contains(s.Log(), `"msg":"listener deaf"`) {
			s.t.Error("a slow listener was called deaf")
		}
	})
}

// TestCut: the cable of a listener's machine is pulled: deaf within its time, and online again by itself when it is plugged in,
// on its old channel or on a new one.
func TestCut(t *testing.T) {
	t.Parallel()
	const here, there = "10.203.77.1", "10.203.77.2"
	name := fmt.Sprintf("cw%d", os.Getpid()%100000)
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: network namespaces need root")
	}
	interop.Need(t, "netns")
	ip := func(args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v: %s", args, err, out)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "ip", "netns", "add", name).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: this machine lets nobody make a network namespace: %v: %s", err, out)
	}
	t.Cleanup(func() { ip("netns", "del", name) })
	ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
	ip("addr", "add", here+"/30", "dev", name)
	ip("link", "set", name, "up")
	ip("-n", name, "addr", "add", there+"/30", "dev", "eth0")
	ip("-n", name, "link", "set", "eth0", "up")
	onNodes(t, here, func(s *scene) {
		s.listener(0, "ip", "netns", "exec", name)
		s.served()
		ip("-n", name, "link", "set", "eth0", "down")
		s.says("listener deaf", "nothing was heard of it for 3s")
		s.is("deaf")
		ip("-n", name, "link", "set", "eth0", "up")
		s.is("online")
		s.served()
	})
}
