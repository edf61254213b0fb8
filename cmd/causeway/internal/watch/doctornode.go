package watch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/bridge/doctor"
	"github.com/causeway-relay/causeway/cmd/causeway/internal/cli"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/front/certs"
)

const (
	// knockTime bounds a dial to a door of this machine.
	knockTime = 3 * time.Second
	// soon is how long before its end a certificate should have been renewed: a third of the life of those of ACME's authorities.
	soon = 7 * 24 * time.Hour
)

// checkNode looks at a node's settings and at its doors, from this machine.
func checkNode(ctx context.Context, file string) []doctor.Check {
	cfg, problems := config.Load(config.Params{File: file})
	if problems.Err() != nil {
		first, _, _ := strings.Cut(problems.Error(), "\n")
		return []doctor.Check{{
			Name: rowConfig, State: doctor.Failed, Detail: first, Do: "see all with: causeway config check --config " + file,
		}}
	}
	rows := []doctor.Check{{Name: rowConfig, State: doctor.OK, Detail: file + " is in order"}}
	for _, d := range []struct{ name, address string }{{"https", cfg.HTTPS}, {"http", cfg.HTTP}, {"admin", cfg.Admin}, {"nettcp", cfg.NetTCP}} {
		if d.address != "" { // a door that is only opened where its port is free is no failure
			rows = append(rows, checkDoor(ctx, d.name, d.address, file))
		}
	}
	for _, t := range cfg.TCP {
		rows = append(rows, checkDoor(ctx, "tcp/"+t.Entity, t.Bind, file))
	}
	return append(rows, checkCertificate(ctx, cfg))
}

// checkDoor knocks at a door.
func checkDoor(ctx context.Context, name, address, file string) doctor.Check {
	row := doctor.Check{Name: rowDoor + name, State: doctor.Skipped}
	at := doorAddress(address)
	if at == "" {
		row.Detail = "not checked: " + address
		if address == config.Off {
			row.Detail = "closed: off"
		}
		return row
	}
	conn, err := (&net.Dialer{Timeout: knockTime}).DialContext(ctx, "tcp", at)
	if err == nil {
		_ = conn.Close() // it was only to see
		row.State, row.Detail = doctor.OK, at+" is open"
		return row
	}
	row.State, row.Detail = doctor.Failed, at+" takes no connections"
	row.Do = "causeway serve --config " + file
	if l, err := net.Listen("tcp", address); err == nil {
		_ = l.Close() // as above
	} else if errors.Is(err, fs.ErrPermission) {
		row.Detail += ", and this user may not open it"
		row.Do = "run it as a service, which may: causeway service install -- serve --config " + file
	}
	return row
}

// checkCertificate says when the certificate of the https door ends: the one that is served, else the one in the files.
func checkCertificate(ctx context.Context, cfg *config.Config) doctor.Check {
	row := doctor.Check{Name: rowCertificate, State: doctor.Skipped, Detail: "the https door is closed and there are no files"}
	ends, issuer, ok := servedCertificate(ctx, cfg)
	if !ok && cfg.TLS.Cert != "" {
		files, err := certs.OpenFiles(cfg.TLS.Cert, cfg.TLS.Key, nil)
		if err != nil {
			row.State, row.Detail, row.Do = doctor.Failed, err.Error(), renewAdvice(cfg)
			return row
		}
		ends, ok = files.NotAfter(), true
	}
	if !ok {
		return row
	}
	left := time.Until(ends)
	row.State, row.Detail = doctor.OK, fmt.Sprintf("good until %s (%d days)", cli.Clock(ends), int(left.Hours()/24))
	switch {
	case len(cfg.TLS.ACME.Hosts) > 0 && strings.HasPrefix(issuer, "Causeway local CA"):
		row.State, row.Detail = doctor.Failed, "the authority has given none yet; clients get one of the local CA"
		row.Do = "see 'certificate not obtained' in the node's log: the authority must reach " + cfg.TLS.ACME.Hosts[0] + " at port 443 or 80"
	case left < 0:
		row.State, row.Detail, row.Do = doctor.Failed, "ended "+cli.Clock(ends), renewAdvice(cfg)
	case left < soon:
		row.State, row.Do = doctor.Failed, renewAdvice(cfg)
	}
	return row
}

// servedCertificate does a handshake with the door.
func servedCertificate(ctx context.Context, cfg *config.Config) (ends time.Time, issuer string, ok bool) {
	at := doorAddress(cfg.HTTPS)
	if at == "" {
		return ends, "", false
	}
	name := cfg.Host
	if len(cfg.TLS.ACME.Hosts) > 0 {
		name = cfg.TLS.ACME.Hosts[0]
	}
	ctx, cancel := context.WithTimeout(ctx, knockTime)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: name, InsecureSkipVerify: true}} // it is looked at, nothing is sent
	conn, err := dialer.DialContext(ctx, "tcp", at)
	if err != nil {
		return ends, "", false
	}
	defer conn.Close()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0] //nolint:forcetypeassert // what a tls.Dialer gives
	return leaf.NotAfter, leaf.Issuer.CommonName, true
}

// renewAdvice is how a certificate gets a new end.
func renewAdvice(cfg *config.Config) string {
	switch {
	case cfg.TLS.Cert != "":
		return "put a new pair in place of " + cfg.TLS.Cert + " and " + cfg.TLS.Key + "; it is taken up without a restart"
	case len(cfg.TLS.ACME.Hosts) > 0:
		return "see 'certificate not obtained' in the node's log"
	}
	return "restart the node: the local CA makes a new one"
}
