package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"os"

	"github.com/causeway-relay/causeway/bindings/nettcp"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid/entry"
)

// port is a door of plain TCP, whatever is spoken there.
type port interface {
	Serve(context.Context)
	Stop()
	Close()
}

// netTCPAddr is where the net.tcp door is when nobody says where: WCF's own port is a privileged one, 808.
const netTCPAddr = "127.0.0.1:9808"

// bindNetTCP opens the net.tcp door. Nobody asked for it where it has its default address, so somebody else may have that: a
// second gateway on one machine, started with the doors that it knows of.
func (g *Gateway) bindNetTCP() error {
	addr := g.cfg.NetTCP
	if addr == config.Off {
		return nil
	}
	if addr == "" {
		addr = netTCPAddr
	}
	l, err := g.p.Listen("tcp", addr)
	switch {
	case err == nil:
		g.doors = append(g.doors, door{nettcp.Name, l})
	case g.cfg.NetTCP == "":
		g.log.Info("door closed: its address cannot be had", "door", nettcp.Name, "address", addr, "cause", err)
	default:
		return fmt.Errorf("door %s: %w: choose another address with --%s, or close it with --%s off", nettcp.Name, err, nettcp.Name, nettcp.Name)
	}
	return nil
}

// openNetTCP makes the net.tcp door.
func (g *Gateway) openNetTCP(enter func(netip.AddrPort) (func(), *fail.Error)) error {
	clients, err := g.clientAuthorities()
	if err != nil {
		return err
	}
	for _, d := range g.doors {
		if d.name != nettcp.Name {
			continue
		}
		g.ports = append(g.ports, nettcp.New(nettcp.Params{
			Relay: g.relay, Listener: d.listener, Tracking: entry.NewTracking, Enter: enter,
			Preamble: g.cfg.Timeouts.Preamble, Write: g.cfg.Timeouts.Write, Quiet: g.cfg.Timeouts.Session, PlainTokens: g.cfg.AllowPlainTokens,
			TLS: g.certificateFor(clients), Find: func(at entity.Address) *entity.Entity { return g.store.View().Find(at) },
		}))
	}
	return nil
}

// clientAuthorities are those whose client certificates are taken; nil: none is asked for.
func (g *Gateway) clientAuthorities() (*x509.CertPool, error) {
	if g.cfg.TLS.ClientCA == "" {
		return nil, nil //nolint:nilnil // no pool is what there is
	}
	clients, err := authorities(g.cfg.TLS.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("tls.clientCA: %w", err)
	}
	return clients, nil
}

// authorities reads certificates of authorities.
func authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate: give a PEM file", file)
	}
	return pool, nil
}

// certificateFor sets the certificate of the https door, and whose clients may show theirs; nil when there is none.
func (g *Gateway) certificateFor(clients *x509.CertPool) func(*tls.Config) {
	if g.certs == nil {
		return nil
	}
	return func(c *tls.Config) {
		c.GetCertificate = g.certs.GetCertificate
		if clients != nil {
			c.ClientCAs, c.ClientAuth = clients, tls.VerifyClientCertIfGiven
		}
	}
}
