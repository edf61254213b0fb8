package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	soaphttp "github.com/causeway-relay/causeway/bindings/http"
	"github.com/causeway-relay/causeway/bindings/nettcp"
	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/front"
	"github.com/causeway-relay/causeway/gateway/front/acme"
	"github.com/causeway-relay/causeway/gateway/front/certs"
	"github.com/causeway-relay/causeway/gateway/manage"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/mesh/memory"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/bolt"
	"github.com/causeway-relay/causeway/gateway/tap/nodes"
	"github.com/causeway-relay/causeway/hybrid/entry"
)

// Version is what the binary says it is. The build sets it; "devel" otherwise.
var Version = "devel" //nolint:gochecknoglobals // set by the linker: -X

// Params is what a node is made of. Only Config is needed.
type Params struct {
	Config *config.Config
	Log    *slog.Logger // nil: nothing is logged
	Node   mesh.Num     // 0: 1
	Store  store.Store  // nil: state.db in the data folder
	// Join enters the node into a cluster once its doors are known. nil: the node is alone.
	Join func(mesh.Node) (mesh.Bus, mesh.Link, error)
	// Listen opens a door. nil: TCP, with keep-alive as net.Listen has it.
	Listen func(network, addr string) (net.Listener, error)
	// Step is told of each of the nine documented steps, at the moment when it happens.
	Step func(relay.Step)
	// Presence is told of each listener that comes or goes.
	Presence func(*relay.Presence)
	// Expiring is told of each certificate of the https door that comes near its end: below 21, 7 and 1 days, and at the end.
	Expiring func(name string, notAfter time.Time)
	// Load reads the configuration again for a reload. nil: this node cannot reload.
	Load func() (*config.Config, config.Problems)
	// LogLevel is set by a reload. nil: the level stays.
	LogLevel *slog.LevelVar
	// ACMEEvery is how often an authority's certificates are looked at; 0: every 10 minutes.
	ACMEEvery time.Duration
	// Connect is given the settings of each reload before anything of it is in force: connectors are the caller's. An error leaves
	// everything as it is. nil: nobody is.
	Connect func(*config.Config) error
	// Ping is the interval of pings to listeners and senders; 0: 30 s.
	Ping time.Duration
	// Deaf says when a listener counts as slow or deaf; zero members have their defaults.
	Deaf presence.Rules
}

// Gateway is one node.
type Gateway struct {
	p     Params
	cfg   *config.Config
	log   *slog.Logger
	store store.Store
	bus   mesh.Bus
	link  mesh.Link
	relay *relay.Relay
	taps  *nodes.Nodes
	front *front.Server
	enter *entry.Entry // hybrid connections
	ports []port
	admin *http.Server
	doors []door
	certs certs.Source
	files atomic.Pointer[certs.Files] // nil: the certificate is not from files
	acme  *acme.Source                // nil: no authority is asked
	meter *meter
	news  *news
	ca    string // file of the local CA; "" when the certificate is the operator's own
	token string // the admin door's

	reloading sync.Mutex     // one reload at a time; guards live
	live      *config.Config // the settings in force; cfg are those of the start, with what takes a restart

	owned   bool // the store is ours to close
	once    sync.Once
	onReady func()
}

// OnReady has f called when every door is open and served. It is called before Run.
func (g *Gateway) OnReady(f func()) { g.onReady = f }

// New checks the configuration, opens the store and binds every door. Nothing is served before Run.
func New(p Params) (_ *Gateway, err error) {
	if p.Node == 0 {
		p.Node = 1
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Listen == nil {
		p.Listen = listen
	}
	g := &Gateway{p: p, cfg: p.Config, live: p.Config, log: p.Log, store: p.Store}
	defer func() {
		if err != nil {
			g.Close()
		}
	}()
	for _, step := range []func() error{g.openData, g.openStore, g.declare, g.bind, g.join, g.compose} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *Gateway) openData() error {
	if err := os.MkdirAll(g.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w: name another with --data", err)
	}
	var err error
	g.token, err = adminToken(g.cfg.Data)
	return err
}

func (g *Gateway) openStore() error {
	if g.store != nil {
		return nil
	}
	s, err := bolt.Open(g.cfg.Data, bolt.Params{Credentials: os.Getenv("CREDENTIALS_DIRECTORY")})
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	g.store, g.owned = s, true
	return nil
}

// join enters the mesh with the doors that listeners of other nodes can dial.
func (g *Gateway) join() error {
	self := mesh.Node{Num: g.p.Node, Doors: g.advertised(), Since: time.Now()}
	if g.p.Join != nil {
		var err error
		if g.bus, g.link, err = g.p.Join(self); err != nil {
			return fmt.Errorf("join the cluster: %w", err)
		}
		return nil
	}
	bus, err := memory.NewNet(mesh.Timing{}).Join(context.Background(), self)
	if err != nil {
		return fmt.Errorf("mesh of one node: %w", err)
	}
	g.bus = bus
	return nil
}

// compose wires the core, the entries and the doors.
func (g *Gateway) compose() error {
	g.meter = newMeter(g)
	g.news = openNews(g.bus, g.store)
	g.relay = relay.New(relay.Params{
		Store: g.store, Bus: g.bus, Link: g.link,
		Verifiers: map[auth.Scheme]auth.Verifier{auth.SAS: auth.NewSAS(), auth.Certificate: auth.NewCertificate(), auth.Key: auth.NewKey()},
		Hosts:     []string{g.cfg.Host},
		Limits: relay.Limits{
			ListenersPerEntity: g.cfg.Limits.ListenersPerEntity, Connections: g.cfg.Limits.Connections,
			Pending: g.cfg.Limits.Pending, PendingPerSource: g.cfg.Limits.PendingPerSource, CastMessage: g.cfg.Limits.CastMessage,
		},
		Timeouts: relay.Timeouts{
			Accept: g.cfg.Timeouts.Accept, Response: g.cfg.Timeouts.Response, Idle: g.cfg.Timeouts.Idle, TokenGrace: g.cfg.Timeouts.TokenGrace,
		},
		Presence: g.p.Deaf,
		Pipeline: new(soaphttp.Pipeline).Around,
		Endpoint: nettcp.Endpoint(entry.NewTracking),
		Hooks:    g.hooks(),
	})
	g.enter = entry.New(entry.Params{
		Relay: g.relay, Node: uint16(g.p.Node), Log: g.log, Ping: g.p.Ping,
		Write: g.cfg.Timeouts.Write, HeadTimeout: g.cfg.Timeouts.Head, PlainTokens: g.cfg.AllowPlainTokens,
		Accept: g.cfg.Timeouts.Accept, Response: g.cfg.Timeouts.Response, Idle: g.cfg.Timeouts.Idle, Entity: g.find,
	})
	g.taps = nodes.New(nodes.Params{Here: g.relay.Watch, Bus: g.bus, Link: g.link})
	api := manage.New(manage.Params{
		Watch: g.taps.Watch,
		Store: g.store, Relay: g.relay, Node: uint16(g.p.Node), Version: Version, Log: g.log,
		PlainTokens: g.cfg.AllowPlainTokens, Certificates: g.certificates, ConnectionString: g.connectionString, Reload: g.reload,
		Events: g.news.log, History: g.news.history,
		Ports:   g.tcpPorts,
		Refused: func(door string, code fail.Code) { g.meter.refused.WithLabelValues(door, string(code)).Inc() },
	})
	if err := g.openFront(g.enter, api); err != nil {
		return err
	}
	g.openAdmin(api)
	return nil
}

// find gives the entity that an address belongs to, as it is now; nil: there is none.
func (g *Gateway) find(at entity.Address) *entity.Entity { return g.store.View().Find(at) }

// Run serves until ctx ends, which is as Close; Shutdown from another goroutine ends it in order. It returns when
// everything has ended. Doors are served before the tables are loaded: until then health can be read, and listeners and
// senders are told 503 in place of waiting.
func (g *Gateway) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	errs := make([]error, 4)
	parts.Go(func() { errs[0] = g.front.Run(ctx) })
	parts.Go(func() { errs[1] = g.serveAdmin() })
	for _, d := range g.ports {
		parts.Go(func() { d.Serve(ctx) })
	}
	if g.link != nil {
		g.link.Serve(func(conn net.Conn, p shape.Preface) {
			var err error
			switch {
			case p.Door == relay.NodeDoor:
				g.relay.ServeNode(conn)
			case p.Door == nodes.Door:
				g.taps.Serve(conn)
			case p.Upgraded:
				err = g.enter.Carried(ctx, conn, p)
			default:
				err = g.front.ServeConn(conn, p)
			}
			if err != nil {
				g.log.InfoContext(ctx, "carried connection refused", "door", p.Door, "cause", err)
			}
		})
	}
	g.relay.Open()
	life, ended := context.WithCancel(ctx) // ends what only watches, once the doors have ended
	defer ended()
	var watches sync.WaitGroup
	watches.Go(func() { g.watchCertificates(life) })
	if g.acme != nil {
		errs[3] = g.acme.Start(life)
	}
	stop := context.AfterFunc(ctx, g.Close)
	if errs[2] = g.writeReady(); errs[2] != nil {
		g.Close()
	} else {
		g.announce()
		if g.onReady != nil {
			g.onReady()
		}
	}
	parts.Wait()
	ended()
	watches.Wait()
	stop()
	g.Close()
	return errors.Join(errs...)
}

// Shutdown drains. The order: readiness goes first, so that balancers turn away; then nobody new comes in and listeners
// are sent elsewhere, so that other nodes get the senders; then streams end by themselves or at ctx; then the doors; then
// the mesh, since until here others may still ask for what runs; the admin door last, so that health can be read to the end.
func (g *Gateway) Shutdown(ctx context.Context) error {
	for _, d := range g.ports {
		d.Stop()
	}
	g.relay.Drain(ctx)
	g.news.close() // who follows the events has seen the last of them
	err := g.front.Shutdown(ctx)
	g.Close()
	return err
}

// Close ends everything now. It may be called twice and before Run.
func (g *Gateway) Close() {
	g.once.Do(func() {
		if g.relay != nil {
			expired, cancel := context.WithCancel(context.Background())
			cancel()
			g.relay.Drain(expired)
		}
		g.news.close()
		if g.front != nil {
			g.front.Close()
		}
		for _, d := range g.ports {
			d.Close()
		}
		if g.relay != nil {
			g.relay.Close()
		}
		if g.acme != nil {
			g.acme.Close()
		}
		if g.link != nil {
			_ = g.link.Close()
		}
		if g.bus != nil {
			_ = g.bus.Close()
		}
		if g.owned {
			_ = g.store.Close()
		}
		if g.admin != nil {
			_ = g.admin.Close()
		}
		for _, d := range g.doors {
			_ = d.listener.Close()
		}
		if g.cfg.ReadyFile != "" {
			_ = os.Remove(g.cfg.ReadyFile)
		}
	})
}

// announce says in the log where the node can be reached.
func (g *Gateway) announce() {
	for _, d := range g.doors {
		g.log.Info("door open", "door", d.name, "address", d.listener.Addr().String())
	}
	g.log.Info("ready", "node", int(g.p.Node), "version", Version, "data", filepath.Clean(g.cfg.Data))
}
