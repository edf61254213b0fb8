package gateway

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/causeway-relay/causeway/bindings/nettcp"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/front"
	"github.com/causeway-relay/causeway/gateway/tcpdoor"
)

// adminDoor is the operator's door: plain net/http, never for relay traffic.
const adminDoor = "admin"

// door is one bound socket.
type door struct {
	name     string
	listener net.Listener
}

// bind opens every door that is not off.
func (g *Gateway) bind() error {
	var problems []error
	for _, d := range []struct{ name, addr string }{
		{front.HTTPS, g.cfg.HTTPS}, {front.HTTP, g.cfg.HTTP}, {adminDoor, g.cfg.Admin},
	} {
		if d.addr == config.Off {
			continue
		}
		l, err := g.p.Listen("tcp", d.addr)
		if err != nil {
			problems = append(problems, fmt.Errorf("door %s: %w: %schoose another address with --%s, or close it with --%s off", d.name, err, lowPort(err), d.name, d.name))
			continue
		}
		g.doors = append(g.doors, door{d.name, l})
	}
	if err := g.bindNetTCP(); err != nil {
		problems = append(problems, err)
	}
	for _, t := range g.cfg.TCP {
		l, err := g.p.Listen("tcp", t.Bind)
		if err != nil {
			problems = append(problems, fmt.Errorf("tcp door of %s: %w: %schoose another address with --tcp", t.Entity, err, lowPort(err)))
			continue
		}
		g.doors = append(g.doors, door{portName(t.Entity), l})
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	return g.openCertificates() // behind the doors: an authority is told their ports
}

// lowPort says who may open a port that this user may not; "" where that is not what is wrong.
func lowPort(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "ports below 1024 take rights that a service has ('causeway service install'); run it as one, "
	}
	return ""
}

// portName is how a plain TCP door is called in the ready file.
func portName(entity string) string { return tcpdoor.Name + "/" + entity }

// address is where a door is bound; "" when it is closed.
func (g *Gateway) address(name string) string {
	for _, d := range g.doors {
		if d.name == name {
			return d.listener.Addr().String()
		}
	}
	return ""
}

// Addresses lists the open doors with the addresses that they are bound to.
func (g *Gateway) Addresses() map[string]string {
	all := make(map[string]string, len(g.doors))
	for _, d := range g.doors {
		all[d.name] = d.listener.Addr().String()
	}
	return all
}

// tcpPorts is where the plain TCP ports of this node are bound, by the names of the ready file; without a host where they are on all
// interfaces. Ports of one relay share a name, and their addresses stand in one value.
func (g *Gateway) tcpPorts() map[string]string {
	all := make(map[string]string, len(g.cfg.TCP))
	for i, t := range g.cfg.TCP {
		name, address := portName(t.Entity), g.portListener(i).Addr().String()
		if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().IsUnspecified() {
			address = ":" + strconv.Itoa(int(at.Port()))
		}
		if other := all[name]; other != "" {
			address = other + ", " + address
		}
		all[name] = address
	}
	return all
}

// CAFile is the local CA's certificate; "" when the certificate is the operator's own.
func (g *Gateway) CAFile() string { return g.ca }

// advertised is where others reach this node's doors: what the operator says, else the bound port under whatever host name
// they dialled themselves. Listeners of other nodes dial https or http; net.tcp is there for who asks for the picture. The
// operator's door is nobody else's, and of TCP ports there may be more than a node may tell others of: its own picture has them.
func (g *Gateway) advertised() map[string]string {
	all := make(map[string]string)
	for _, d := range g.doors {
		if d.name != front.HTTPS && d.name != front.HTTP && d.name != nettcp.Name {
			continue
		}
		if _, port, err := net.SplitHostPort(d.listener.Addr().String()); err == nil {
			all[d.name] = ":" + port
		}
	}
	for _, a := range g.cfg.Advertise {
		all[a.Door] = a.Address
	}
	return all
}

// adminToken reads the admin door's token from the data folder, or makes one.
func adminToken(dir string) (string, error) {
	file := filepath.Join(dir, "admin.token")
	b, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("admin token: %w", err)
	}
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // crypto/rand never fails: it ends the program instead
	token := hex.EncodeToString(raw[:])
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("admin token: %w", err)
	}
	return token, nil
}
