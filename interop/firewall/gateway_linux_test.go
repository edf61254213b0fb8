package firewall

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/local"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/store/bolt"
	"github.com/causeway-relay/causeway/interop"
)

// envNodes makes the test's own program a gateway of several nodes: its configuration files, with colons between.
const envNodes = "CAUSEWAY_TEST_NODES"

func TestMain(m *testing.M) {
	if files := os.Getenv(envNodes); files != "" {
		if err := serveNodes(strings.Split(files, ":")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(interop.Exit))
}

// serveNodes runs one node a file, all of one cluster and one store, until SIGTERM: as 'causeway serve' does with one.
func serveNodes(files []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	cluster := local.New()
	first, problems := config.Load(config.Params{File: files[0]})
	if err := problems.Err(); err != nil {
		return err
	}
	state, err := bolt.Open(first.Data, bolt.Params{})
	if err != nil {
		return err
	}
	ended, ready := make(chan error, len(files)), make(chan struct{}, len(files))
	var nodes []*gateway.Gateway
	for i, file := range files {
		cfg, problems := config.Load(config.Params{File: file})
		if err := problems.Err(); err != nil {
			return err
		}
		g, err := gateway.New(gateway.Params{Config: cfg, Node: mesh.Num(i + 1), Store: state, Join: cluster.Join, Log: log})
		if err != nil {
			return err
		}
		g.OnReady(func() { ready <- struct{}{} })
		nodes = append(nodes, g)
		go func() { ended <- g.Run(context.Background()) }()
	}
	for range nodes {
		<-ready
	}
	for i, g := range nodes {
		text, err := json.Marshal(g.Ready())
		if err == nil {
			err = os.WriteFile(files[i]+".ready", text, 0o600)
		}
		if err != nil {
			return err
		}
	}
	log.Info("serving")
	<-ctx.Done()
	log.Info("draining")
	drain, cancel := context.WithTimeout(context.Background(), first.Timeouts.Drain)
	defer cancel()
	var parts sync.WaitGroup
	for _, g := range nodes {
		parts.Go(func() { _ = g.Shutdown(drain) }) // what was still open when the time was over is cut
	}
	parts.Wait()
	var errs []error
	for range nodes {
		errs = append(errs, <-ended)
	}
	return errors.Join(append(errs, state.Close())...)
}

// relays are what every gateway of these stories has. Each has a rule of its own that may only send there.
var relays = []string{"ssh", "web", "redis", "wcf-tcp", "wcf-http", "ports", "other"}

// sendKey is the key of the rule Send of a relay.
func sendKey(relay string) string {
	return base64.StdEncoding.EncodeToString([]byte("senders of the relay " + relay))
}

// relayGateway is a gateway in a process of its own, with ports that stay when it is started anew.
type relayGateway struct {
	t     *testing.T
	at    place
	host  string
	doors []string // host:port of each node's https door
	files []string // configuration of each node
	key   string   // of the root rule
	ca    string
	p     *interop.Program
	lives []*interop.Program // each process that there was
}

// newGateway starts a gateway of n nodes at a place.
func newGateway(t *testing.T, at place, host string, n int) *relayGateway {
	t.Helper()
	dir := t.TempDir()
	g := &relayGateway{t: t, at: at, host: host, ca: filepath.Join(dir, "data", "ca.pem")}
	for i := range n {
		door := host + ":" + interop.FreePort(t)
		var text strings.Builder
		fmt.Fprintf(&text, "data: %s/data\nhost: %s\nhttps: %s\nhttp: \"off\"\nnettcp: \"off\"\nadmin: 127.0.0.1:0\n", dir, host, door)
		if n == 1 {
			fmt.Fprintf(&text, "readyFile: %s\n", filepath.Join(dir, "1.yaml.ready"))
		}
		text.WriteString("entities:\n")
		for _, name := range relays {
			fmt.Fprintf(&text, "  - {name: %s, rules: [{name: Send, rights: [Send], primaryKey: %s}]}\n", name, sendKey(name))
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.yaml", i+1))
		if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		g.doors, g.files = append(g.doors, door), append(g.files, file)
	}
	g.start()
	return g
}

// start starts the process and waits until every door is open.
func (g *relayGateway) start() {
	g.t.Helper()
	var env []string
	command := []string{interop.Command(g.t), "serve", "--config", g.files[0]}
	said := `msg=ready`
	if len(g.files) > 1 {
		self, err := os.Executable()
		if err != nil {
			g.t.Fatal(err)
		}
		env, command, said = []string{envNodes + "=" + strings.Join(g.files, ":")}, []string{self}, `msg=serving`
	}
	g.p = g.at.start(g.t, env, command...)
	g.lives = append(g.lives, g.p)
	g.p.Await(said)
	if g.key != "" {
		return
	}
	text, err := os.ReadFile(g.files[0] + ".ready")
	if err != nil {
		g.t.Fatal(err)
	}
	var ready gateway.Ready
	if err := json.Unmarshal(text, &ready); err != nil {
		g.t.Fatal(err)
	}
	_, g.key, _ = strings.Cut(ready.ConnectionString, "SharedAccessKey=")
}

// near and far are the doors of the first node, where senders are, and of the last, where listeners are.
func (g *relayGateway) near() string { return g.doors[0] }
func (g *relayGateway) far() string  { return g.doors[len(g.doors)-1] }

// env is what a command is told: the root rule at a door.
func (g *relayGateway) env(door string) []string {
	return []string{"CAUSEWAY_CA_FILE=" + g.ca, "CAUSEWAY_CONNECTION_STRING=Endpoint=sb://" + door + "/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=" + g.key}
}

// sender is what a command is told that may send to one relay and do nothing else.
func (g *relayGateway) sender(relay string) []string {
	return []string{"CAUSEWAY_CA_FILE=" + g.ca, "CAUSEWAY_CONNECTION_STRING=Endpoint=sb://" + g.near() + "/;SharedAccessKeyName=Send;SharedAccessKey=" + sendKey(relay)}
}

// listen runs 'causeway listen' at a place and waits until it listens.
func (g *relayGateway) listen(at place, args ...string) *interop.Program {
	g.t.Helper()
	p := at.start(g.t, g.env(g.far()), append([]string{interop.Command(g.t), "listen"}, args...)...)
	p.Await(`: listening$`)
	return p
}

// forward runs 'causeway forward' at a place, with the key of a relay's senders, and waits until the address is open.
func (g *relayGateway) forward(at place, relay string, args ...string) *interop.Program {
	g.t.Helper()
	p := at.start(g.t, g.sender(relay), append([]string{interop.Command(g.t), "forward"}, args...)...)
	p.Await(`: forwarding `)
	return p
}

// onNodes runs a story for one node and for two.
func onNodes(t *testing.T, story func(t *testing.T, n int)) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run([]string{"", "one node", "two nodes"}[n], func(t *testing.T) {
			t.Parallel()
			story(t, n)
		})
	}
}

// within is a context for one command.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
