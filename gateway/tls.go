package gateway

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/front"
	"github.com/causeway-relay/causeway/gateway/front/acme"
	"github.com/causeway-relay/causeway/gateway/front/certs"
	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/gateway/manage"
)

// acmeDir is where account, keys and certificates of an authority lie, below the data folder.
const acmeDir = "acme"

// openCertificates finds the certificate of the https door: the operator's files, an authority's by ACME, else one of the
// local CA.
func (g *Gateway) openCertificates() error {
	if g.cfg.HTTPS == config.Off {
		return nil
	}
	if g.cfg.TLS.Cert != "" {
		files, err := g.openFiles(g.cfg)
		if err != nil {
			return err
		}
		g.files.Store(files)
		g.certs = certs.NewSwap(files)
		return nil
	}
	leaf, err := g.localLeaf()
	if err != nil || len(g.cfg.TLS.ACME.Hosts) == 0 {
		g.certs = certs.NewSwap(leaf)
		return err
	}
	return g.openACME(leaf)
}

// openFiles reads the operator's pair. What becomes of later changes is told to the log.
func (g *Gateway) openFiles(cfg *config.Config) (*certs.Files, error) {
	files, err := certs.OpenFiles(cfg.TLS.Cert, cfg.TLS.Key, func(err error) {
		if err != nil {
			g.log.Error("certificate files not taken", "cause", err)
			return
		}
		g.log.Info("certificate files taken", "cert", cfg.TLS.Cert)
	})
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return files, nil
}

// localLeaf opens the local CA and makes the doors' certificate for every name that this node is known to have.
func (g *Gateway) localLeaf() (*localca.Leaf, error) {
	dir, err := filepath.Abs(g.cfg.Data) // clients that read the CA's file name may run elsewhere
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	authority, err := localca.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("local certificate authority: %w", err)
	}
	extra := []string{g.cfg.Host}
	for _, h := range g.cfg.Hosts {
		extra = append(extra, h.Name)
	}
	extra = append(extra, g.cfg.TLS.ACME.Hosts...)
	for _, a := range g.cfg.Advertise {
		if host, _, err := net.SplitHostPort(a.Address); err == nil {
			extra = append(extra, host)
		}
	}
	leaf, err := authority.Leaf(extra)
	if err != nil {
		return nil, fmt.Errorf("local certificate: %w", err)
	}
	g.ca = authority.File()
	return leaf, nil
}

// openACME makes the source that asks an authority. Until it has answered, and for other names, clients get the leaf.
func (g *Gateway) openACME(leaf certs.Source) error {
	hosts := make([]string, 0, len(g.cfg.TLS.ACME.Hosts))
	for _, h := range g.cfg.TLS.ACME.Hosts {
		hosts = append(hosts, strings.ToLower(h))
	}
	p := acme.Params{
		Hosts: hosts, Email: g.cfg.TLS.ACME.Email, Directory: g.cfg.TLS.ACME.Directory, CAFile: g.cfg.TLS.ACME.CAFile,
		Dir: filepath.Join(g.cfg.Data, acmeDir), Fallback: leaf, Log: g.log, Every: g.p.ACMEEvery,
	}
	for _, d := range g.doors {
		switch d.name {
		case front.HTTPS:
			p.HTTPS = d.listener.Addr()
		case front.HTTP:
			p.HTTP = d.listener.Addr()
		}
	}
	var err error
	if g.acme, err = acme.New(p); err != nil {
		return err
	}
	g.certs = g.acme
	if slices.Contains(hosts, strings.ToLower(g.cfg.Host)) { // whoever reaches the gateway by its name needs no CA's file
		g.ca = ""
	}
	return nil
}

// tlsOf is the TLS of a door; nil: plain.
func (g *Gateway) tlsOf(name string) *tls.Config {
	exchange := certs.Hybrid
	if g.cfg.TLS.KeyExchange == "curves" {
		exchange = certs.Curves
	}
	switch {
	case name != front.HTTPS:
		return nil
	case g.acme != nil:
		return certs.Config(g.certs, exchange, acme.Protocol)
	}
	return certs.Config(g.certs, exchange)
}

// served lists what the https door serves.
func (g *Gateway) served() []certs.Served {
	switch {
	case g.certs == nil:
		return nil
	case g.acme != nil:
		return g.acme.Served()
	}
	if files := g.files.Load(); files != nil {
		_ = files.Check() // a change that no handshake has met yet; trouble is in the log
	}
	names := []string{g.cfg.Host}
	for _, h := range g.cfg.Hosts {
		if h.Name != g.cfg.Host {
			names = append(names, h.Name)
		}
	}
	return []certs.Served{{Name: strings.Join(names, ","), NotAfter: g.certs.NotAfter()}}
}

// certificates is served for the API.
func (g *Gateway) certificates() []manage.Certificate {
	var list []manage.Certificate
	for _, s := range g.served() {
		list = append(list, manage.Certificate{Name: s.Name, NotAfter: s.NotAfter})
	}
	return list
}

// watchCertificates warns before certificates end, until ctx does.
func (g *Gateway) watchCertificates(ctx context.Context) {
	certs.Watch(ctx, g.served, func(s certs.Served, left time.Duration) {
		do := "replace the files of tls.cert and tls.key; they are taken up without a restart"
		if g.acme != nil {
			do = "see the lines 'certificate not obtained' for what keeps the authority from renewing it"
		}
		g.log.WarnContext(ctx, "certificate expiring", "certificate", s.Name, "not_after", s.NotAfter, "left", left.Round(time.Minute), "do", do)
		g.CertificateExpiring(s.Name, s.NotAfter)
		if g.p.Expiring != nil {
			g.p.Expiring(s.Name, s.NotAfter)
		}
	})
}
