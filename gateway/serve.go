package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	soaphttp "github.com/causeway-relay/causeway/bindings/http"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/front"
	"github.com/causeway-relay/causeway/gateway/front/acme"
	"github.com/causeway-relay/causeway/gateway/limit"
	"github.com/causeway-relay/causeway/gateway/manage"
	"github.com/causeway-relay/causeway/gateway/tcpdoor"
	"github.com/causeway-relay/causeway/hybrid/entry"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/leg"
)

// socketsPerConnection is how many sockets a connection of the quota may need: a sender, its rendezvous, and a dial that
// is being refused. spareSockets are for management and health.
const (
	socketsPerConnection = 3
	spareSockets         = 1000
)

// openFront makes the relay doors: the hybrid entry for its own, the handlers for everything else.
func (g *Gateway) openFront(hybrid *entry.Entry, api *manage.API) error {
	clients, err := g.clientAuthorities()
	if err != nil {
		return err
	}
	var doors []front.Door
	for _, d := range g.doors {
		if d.name == front.HTTPS || d.name == front.HTTP {
			secure := g.tlsOf(d.name)
			if secure != nil && clients != nil {
				secure.ClientCAs, secure.ClientAuth = clients, tls.VerifyClientCertIfGiven
			}
			doors = append(doors, front.Door{Name: d.name, Listener: d.listener, TLS: secure})
		}
	}
	sockets := limit.NewGate(g.cfg.Limits.Connections*socketsPerConnection + spareSockets)
	leave := sockets.Leave // made once, not for each connection
	enter := func(netip.AddrPort) (func(), *fail.Error) {
		if !sockets.Enter() {
			return nil, fail.New(fail.Overloaded, "The gateway has as many sockets as limits.connections allows.")
		}
		return leave, nil
	}
	if err := g.openPorts(enter); err != nil {
		return err
	}
	if err := g.openNetTCP(enter); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/$api/", api.ByToken("/$api/"))
	mux.HandleFunc("/$health", g.healthy)
	mux.HandleFunc("/", api.NotHere)
	handler := http.Handler(mux)
	if g.acme != nil {
		handler = g.acme.Challenge(mux)
	}
	wcf := soaphttp.New(soaphttp.Params{
		Relay: g.relay, Node: uint16(g.p.Node), Tracking: entry.NewTracking, Idle: g.cfg.Timeouts.Idle, Write: g.cfg.Timeouts.Write,
		PlainTokens: g.cfg.AllowPlainTokens, Find: g.find, REST: entry.REST,
	})
	takeHybrid, takeWCF := hybrid.Take, wcf.Take // as above
	g.front, err = front.New(front.Params{
		Doors: doors,
		Route: func(a *leg.Arrival) front.Take {
			if g.acme != nil && strings.HasPrefix(a.Head.Target, acme.ChallengePath) {
				return nil // no relay's, whatever its name
			}
			switch {
			case !entry.Wants(a.Head):
				return nil
			case wcf.Wants(a.Head):
				return takeWCF
			}
			return takeHybrid
		},
		Handler: handler,
		Enter:   enter,
		Phrase: func(message, tracking, system string) string {
			return wire.Trail{ID: tracking, Node: uint16(g.p.Node), System: system, Time: time.Now()}.Reason(message)
		},
		Hooks:     g.frontHooks(),
		HeadBytes: g.cfg.Limits.HeadBytes, HeadTimeout: g.cfg.Timeouts.Head,
		IdleTimeout: g.cfg.Timeouts.Idle, WriteTimeout: g.cfg.Timeouts.Write,
	})
	return err
}

// openPorts makes the plain TCP doors.
func (g *Gateway) openPorts(enter func(netip.AddrPort) (func(), *fail.Error)) error {
	for i, t := range g.cfg.TCP {
		at, err := entity.NewAddress("", t.Entity)
		if err != nil {
			return fmt.Errorf("tcp door of %s: %w", t.Entity, err)
		}
		g.ports = append(g.ports, tcpdoor.New(tcpdoor.Params{
			Relay: g.relay, Listener: g.portListener(i), Entity: at, Tracking: entry.NewTracking, Write: g.cfg.Timeouts.Write, Enter: enter,
		}))
	}
	return nil
}

// portListener is the socket of the plain TCP door number i: they were bound behind the others, in their order.
func (g *Gateway) portListener(i int) net.Listener {
	return g.doors[len(g.doors)-len(g.cfg.TCP)+i].listener
}

// openAdmin makes the operator's door.
func (g *Gateway) openAdmin(api *manage.API) {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", g.healthy)
	mux.HandleFunc("/readyz", g.ready)
	metrics := promhttp.HandlerFor(g.meter.registry, promhttp.HandlerOpts{})
	mux.Handle("/metrics", api.Guarded(g.token, metrics))
	mux.Handle("/api/", api.ByAdmin("/api/", g.token))
	g.admin = &http.Server{
		Handler: http.NewCrossOriginProtection().Handler(mux), ReadHeaderTimeout: g.cfg.Timeouts.Head,
		MaxHeaderBytes: g.cfg.Limits.HeadBytes, IdleTimeout: g.cfg.Timeouts.Idle,
	}
}

// serveAdmin serves the operator's door until it is closed.
func (g *Gateway) serveAdmin() error {
	for _, d := range g.doors {
		if d.name != adminDoor {
			continue
		}
		if err := g.admin.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
	}
	return nil
}

// healthy answers while the process lives.
func (g *Gateway) healthy(w http.ResponseWriter, _ *http.Request) {
	manage.WriteJSON(w, http.StatusOK, map[string]bool{"healthy": true})
}

// readiness is the answer of /readyz.
type readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []reason `json:"reasons,omitempty"`
}

type reason struct {
	Component string `json:"component"`
	Reason    string `json:"reason"`
}

// ready answers whether the node takes traffic, and why not.
func (g *Gateway) ready(w http.ResponseWriter, _ *http.Request) {
	var r readiness
	for _, why := range g.relay.Reasons() {
		r.Reasons = append(r.Reasons, reason{"relay", why})
	}
	r.Ready = len(r.Reasons) == 0
	status := http.StatusOK
	if !r.Ready {
		status = http.StatusServiceUnavailable
	}
	manage.WriteJSON(w, status, r)
}
