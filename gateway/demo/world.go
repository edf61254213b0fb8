package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/front"
	"github.com/causeway-relay/causeway/gateway/local"
	"github.com/causeway-relay/causeway/gateway/mesh"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/memory"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
)

// anyPort is an address of this machine alone, at a port that is free.
const anyPort = "127.0.0.1:0"

// nodes is how many the demonstration has: the listener's and the sender's.
const nodes = 2

// world is everything that runs.
type world struct {
	show  *show
	store store.Store
	nodes []*gateway.Gateway
	runs  sync.WaitGroup
	stop  context.CancelFunc
	trust *tls.Config
	rule  entity.Rule   // whose name and key the calculator's clients show
	gone  chan struct{} // closed when the listener has left the relay's table
	once  sync.Once
}

// open starts the nodes on loopback ports of their own and creates the entity.
func open(dir string, show *show) (_ *world, err error) {
	w := &world{show: show, store: memory.New(), gone: make(chan struct{}), rule: entity.NewRule("caller", entity.Send)}
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	together := local.New()
	for i := range nodes {
		if err := w.start(ctx, filepath.Join(dir, fmt.Sprintf("node%d", i+1)), i, together); err != nil {
			return nil, err
		}
	}
	if w.trust, err = trust(w.nodes[nodes-1].CAFile(), w.nodes[0].CAFile()); err != nil {
		return nil, err
	}
	for _, name := range []string{entityName, tcpName, webName, calcName} {
		at, err := entity.NewAddress("", name)
		if err != nil {
			return nil, err
		}
		e := &entity.Entity{Name: name, At: at, Kind: entity.Hybrid}
		if name == calcName {
			e.Kind, e.Rules = entity.HTTP, []entity.Rule{w.rule}
		}
		if _, err := w.store.Put(ctx, e, store.None); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *world) start(ctx context.Context, dir string, i int, together *local.Mesh) error {
	cfg := config.Default()
	cfg.Data, cfg.HTTPS, cfg.HTTP, cfg.Admin = dir, anyPort, anyPort, anyPort
	cfg.NetTCP = anyPort
	g, err := gateway.New(gateway.Params{
		Config: cfg, Node: mesh.Num(i + 1), Store: w.store, Join: together.Join, Step: w.step, Presence: w.presence,
	})
	if err != nil {
		return fmt.Errorf("node %d: %w", i+1, err)
	}
	ready := make(chan struct{})
	g.OnReady(func() { close(ready) })
	failed := make(chan error, 1)
	w.runs.Go(func() { failed <- g.Run(ctx) })
	select {
	case <-ready:
	case err := <-failed:
		return fmt.Errorf("node %d: %w", i+1, err)
	}
	w.nodes = append(w.nodes, g)
	return nil
}

func (w *world) close() {
	w.stop()
	w.runs.Wait()
	_ = w.store.Close()
}

// presence notes that the listener has gone.
func (w *world) presence(p *relay.Presence) {
	if !p.Online {
		w.once.Do(func() { close(w.gone) })
	}
}

func (w *world) awaitGone(ctx context.Context) {
	select {
	case <-w.gone:
	case <-ctx.Done():
	}
}

// trust makes a client configuration of the nodes' own authorities: certificates are checked, not ignored.
func trust(files ...string) (*tls.Config, error) {
	pool := x509.NewCertPool()
	for _, f := range files {
		pem, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", f)
		}
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

// dial opens a WebSocket to a node's https door, with a token made from its connection string.
func (w *world) dial(ctx context.Context, node int, action string) (*websocket.Conn, error) {
	cs, err := connstring.Parse(w.nodes[node].Ready().ConnectionString)
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(w.nodes[node].Addresses()[front.HTTPS])
	if err != nil {
		return nil, err
	}
	token := wire.Sign(wire.Audience("localhost", entityName), cs.KeyName, cs.Key, time.Now().Add(time.Hour))
	url := "wss://localhost:" + port + "/$hc/" + entityName + "?sb-hc-action=" + action
	return w.connect(ctx, url, http.Header{"ServiceBusAuthorization": {token}})
}

func (w *world) connect(ctx context.Context, url string, fields http.Header) (*websocket.Conn, error) {
	d := websocket.Dialer{TLSClientConfig: w.trust.Clone(), HandshakeTimeout: patience}
	conn, resp, err := d.DialContext(ctx, url, fields)
	if resp != nil && errors.Is(err, websocket.ErrBadHandshake) {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("the gateway answered %s", resp.Status)
	}
	return conn, err
}

// send is one sender: it connects to node 1, says its words, waits for the echo and closes.
func (w *world) send(ctx context.Context, words string) error {
	conn, err := w.dial(ctx, 0, "connect")
	if err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte(words)); err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	for got := ""; got != words; {
		_, m, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("sender: %w", err)
		}
		got += string(m)
		if len(got) > len(words) {
			return fmt.Errorf("sender: %q came back for %q", got, words)
		}
	}
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "done")
	if err := conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(patience)); err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		return fmt.Errorf("sender: the stream did not close in order: %w", err)
	}
	return nil
}
