package testcluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/local"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/link"
	meshmemory "github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/memory"
	"github.com/causeway-relay/causeway/internal/netx"
)

// Cluster is n nodes that behave as one gateway.
type Cluster struct {
	t       testing.TB
	o       options
	mesh    *local.Mesh
	store   store.Store
	dir     string
	nodes   []*Node
	records records
	secrets secrets
	unwatch func()
}

// Node is one node of a cluster.
type Node struct {
	*gateway.Gateway
	Num     mesh.Num
	cancel  context.CancelFunc
	done    chan struct{}
	started chan struct{} // closed when it is ready or has ended
	err     error
	dead    bool
}

type options struct {
	config func(node int, c *config.Config)
	log    slog.Handler
	step   func(relay.Step)
	ping   time.Duration
	params func(*gateway.Params)
	hasty  bool
	onNet  *netx.Network
	host   *netx.Host
}

// Option changes a cluster before it starts.
type Option func(*options)

// WithConfig changes each node's configuration; nodes count from 0.
func WithConfig(f func(node int, c *config.Config)) Option {
	return func(o *options) { o.config = f }
}

// WithLog sends every node's log to the handler too.
func WithLog(h slog.Handler) Option { return func(o *options) { o.log = h } }

// WithSteps tells of the documented steps on all nodes.
func WithSteps(f func(relay.Step)) Option { return func(o *options) { o.step = f } }

// WithPing sets the interval of pings.
func WithPing(d time.Duration) Option { return func(o *options) { o.ping = d } }

// WithParams changes what each node is made of, last of all: faults are put in here.
func WithParams(f func(*gateway.Params)) Option { return func(o *options) { o.params = f } }

// WithNetwork puts the relay doors into a network in memory, with its switches for partition, delay and loss: node i of New
// is the host HostName(i), https is its port 443 and http its port 80. The admin doors stay on loopback.
func WithNetwork(n *netx.Network) Option { return func(o *options) { o.onNet = n } }

// WithHost puts every door of every node on one host in memory, where they stand at loopback ports as usual, and closes the admin
// doors: such a cluster can live in a bubble of testing/synctest. Its metrics cannot be read.
func WithHost(h *netx.Host) Option { return func(o *options) { o.host = h } }

// HostName is the name of node i, counted from 0, in the network of WithNetwork.
func HostName(i int) string { return "node" + strconv.Itoa(i+1) }

// WithoutWaiting has New return before the nodes are ready; Ready waits.
func WithoutWaiting() Option { return func(o *options) { o.hasty = true } }

// New starts n nodes, with doors on loopback ports of their own, and ends them with the test. All share one store and one
// local certificate authority.
func New(t testing.TB, n int, opts ...Option) *Cluster {
	t.Helper()
	c := &Cluster{t: t, mesh: local.New(), store: memory.New(), dir: t.TempDir()}
	for _, o := range opts {
		o(&c.o)
	}
	c.unwatch = c.secrets.watch(c.store)
	for i := range n {
		c.nodes = append(c.nodes, c.start(i))
	}
	c.Secret("the admin door's token", c.AdminToken())
	t.Cleanup(c.close)
	return c
}

// start makes and runs node i.
func (c *Cluster) start(i int) *Node {
	c.t.Helper()
	cfg := config.Default()
	cfg.Data, cfg.HTTPS, cfg.HTTP, cfg.Admin = c.dir, "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.NetTCP = "127.0.0.1:0"
	if c.o.config != nil {
		c.o.config(i, cfg)
	}
	handler := slog.Handler(&c.records)
	if c.o.log != nil {
		handler = slog.NewMultiHandler(handler, c.o.log)
	}
	num := mesh.Num(i + 1)
	p := gateway.Params{
		Config: cfg, Node: num, Store: c.store, Join: c.mesh.Join, Step: c.o.step, Ping: c.o.ping,
		Log: slog.New(handler),
	}
	if c.o.onNet != nil {
		c.moveDoors(i, &p)
	}
	if c.o.host != nil {
		cfg.Admin, cfg.AllowPlainTokens = config.Off, true // its addresses are no loopback ones
		p.Listen, p.Join = c.o.host.Listen, c.joinInMemory
	}
	if c.o.params != nil {
		c.o.params(&p)
	}
	g, err := gateway.New(p)
	if err != nil {
		c.t.Fatalf("node %d: %v", num, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	node := &Node{Gateway: g, Num: num, cancel: cancel, done: make(chan struct{})}
	started := make(chan struct{})
	var once sync.Once
	go func() {
		defer close(node.done)
		g.OnReady(func() { once.Do(func() { close(started) }) })
		node.err = g.Run(ctx)
		once.Do(func() { close(started) })
	}()
	node.started = started
	if !c.o.hasty {
		<-started
	}
	return node
}

// joinInMemory enters a node with a link on the host of WithHost. It has the form of gateway.Params.Join.
func (c *Cluster) joinInMemory(self mesh.Node) (mesh.Bus, mesh.Link, error) {
	bus, err := c.mesh.Net.Join(context.Background(), self)
	if err != nil {
		return nil, nil, err
	}
	l, err := c.o.host.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, errors.Join(err, bus.Close())
	}
	carrier, err := c.mesh.Net.Link(self.Num, link.Params{Listener: l, Dial: func(ctx context.Context, address string) (net.Conn, error) {
		return c.o.host.DialContext(ctx, "tcp", address)
	}})
	if err != nil {
		return nil, nil, errors.Join(err, l.Close(), bus.Close())
	}
	return bus, carrier, nil
}

// moveDoors binds the relay doors of node i in the network in memory. Each node advertises a host name of its own there.
func (c *Cluster) moveDoors(i int, p *gateway.Params) {
	host := c.o.onNet.Host(HostName(i))
	p.Config.HTTPS, p.Config.HTTP = host.Name()+":443", host.Name()+":80"
	p.Config.Advertise = []config.Advertise{{Door: "https", Address: p.Config.HTTPS}, {Door: "http", Address: p.Config.HTTP}}
	p.Listen = func(network, addr string) (net.Listener, error) {
		if name, _, err := net.SplitHostPort(addr); err == nil && name == host.Name() {
			return host.Listen(network, addr)
		}
		return net.Listen(network, addr)
	}
}

// Ready waits until node i serves everything, or has ended.
func (c *Cluster) Ready(i int) { <-c.nodes[i].started }

func (c *Cluster) close() {
	for _, leak := range c.Leaks() {
		c.t.Errorf("secret: %s", leak)
	}
	for _, n := range c.nodes {
		n.stop()
		if n.err != nil {
			c.t.Errorf("node %d: %v", n.Num, n.err)
		}
	}
	for _, leak := range c.secrets.search([]output{{"the log of the end", c.Log()}}) {
		c.t.Errorf("secret: %s", leak)
	}
	c.unwatch()
	if err := c.store.Close(); err != nil {
		c.t.Errorf("store: %v", err)
	}
}

func (n *Node) stop() {
	n.cancel()
	<-n.done
}

// Node gives node i, counted from 0.
func (c *Cluster) Node(i int) *Node { return c.nodes[i] }

// Store is the store of all nodes.
func (c *Cluster) Store() store.Store { return c.store }

// Net is the mesh with its switches: Partition, Heal, Kill, Delay.
func (c *Cluster) Net() *meshmemory.Net { return c.mesh.Net }

// Kill ends node i as a crash does: the others notice, nobody is told.
func (c *Cluster) Kill(i int) {
	n := c.nodes[i]
	c.mesh.Net.Kill(n.Num)
	n.stop()
	n.dead = true
}

// Add creates an entity and fails the test if it cannot.
func (c *Cluster) Add(e *entity.Entity) *entity.Entity {
	c.t.Helper()
	at, err := entity.NewAddress("", e.Name)
	if err != nil {
		c.t.Fatal(err)
	}
	e.At = at
	if e.Kind == "" {
		e.Kind = entity.Hybrid
	}
	stored, err := c.store.Put(context.Background(), e, store.Any)
	if err != nil {
		c.t.Fatal(err)
	}
	return stored
}

// Root is the rule with all rights.
func (c *Cluster) Root() *entity.Rule {
	return entity.FindRule(c.store.View().Rules(), entity.RootRule)
}

// CAFile is the certificate that signs every node's.
func (c *Cluster) CAFile() string { return c.nodes[0].CAFile() }

// TLS trusts the cluster's certificate authority.
func (c *Cluster) TLS() *tls.Config {
	c.t.Helper()
	pem, err := os.ReadFile(c.CAFile())
	if err != nil {
		c.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}
}

// Door is the host:port of a node's door.
func (n *Node) Door(name string) string { return n.Addresses()[name] }

// Host is "localhost:port" of a node's door: what a client calls it.
func (n *Node) Host(name string) string {
	_, port, _ := net.SplitHostPort(n.Door(name))
	return net.JoinHostPort("localhost", port)
}
