package gateway

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/front"
)

// Ready is what the ready file holds: enough for every client of the node.
type Ready struct {
	Version          string            `json:"version"`
	PID              int               `json:"pid"`
	Node             int               `json:"node"`
	Host             string            `json:"host"`
	Endpoints        map[string]string `json:"endpoints"`
	CAFile           string            `json:"caFile,omitempty"`
	ConnectionString string            `json:"connectionString,omitempty"`
}

// Ready describes the node. Its connection string is secret.
func (g *Gateway) Ready() Ready {
	return Ready{
		Version: Version, PID: os.Getpid(), Node: int(g.p.Node), Host: g.cfg.Host,
		Endpoints: g.Addresses(), CAFile: g.ca, ConnectionString: g.rootConnectionString(),
	}
}

// rootConnectionString is that of the root rule, else of the first rule that may manage; "" when there is none.
func (g *Gateway) rootConnectionString() string {
	rules := g.store.View().Rules()
	rule := entity.FindRule(rules, entity.RootRule)
	for i := 0; rule == nil && i < len(rules); i++ {
		if rules[i].Rights.Has(entity.Manage) {
			rule = &rules[i]
		}
	}
	if rule == nil {
		return ""
	}
	return g.connectionString(rule.Name, string(rule.Primary), "")
}

// connectionString makes one for a rule and, if path is not empty, one entity (reference section 10).
func (g *Gateway) connectionString(rule, key, path string) string {
	s := fmt.Sprintf("Endpoint=sb://%s/;SharedAccessKeyName=%s;SharedAccessKey=%s", g.authority(), rule, key)
	if path != "" {
		s += ";EntityPath=" + path
	}
	return s
}

// authority is the host and port under which clients reach the https door, or the http door when that is all there is.
func (g *Gateway) authority() string {
	name := front.HTTPS
	if g.address(name) == "" {
		name = front.HTTP
	}
	for _, a := range g.cfg.Advertise {
		if a.Door == name {
			return a.Address
		}
	}
	_, port, err := net.SplitHostPort(g.address(name))
	if err != nil || port == "443" {
		return g.cfg.Host
	}
	return net.JoinHostPort(g.cfg.Host, port)
}

// writeReady writes the ready file in one piece: a reader sees all of it or nothing.
func (g *Gateway) writeReady() error {
	if g.cfg.ReadyFile == "" {
		return nil
	}
	return WriteReady(g.cfg.ReadyFile, g.Ready())
}

// WriteReady writes a ready file: one object, or an array for several nodes.
func WriteReady(file string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("ready file: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".ready-*") // 0600: it holds a key
	if err != nil {
		return fmt.Errorf("ready file: %w: its folder must exist and be writable", err)
	}
	_, err = tmp.Write(append(b, '\n'))
	if closing := tmp.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("ready file: %w", err)
	}
	return nil
}
