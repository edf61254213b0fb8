package front

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// Role is what a host name is for (architecture section 4 'Host roles'). The other names come with their protocols.
type Role string

// The roles there are.
const (
	Relay      Role = "relay"      // hybrid connections and what else listens and sends
	API        Role = "api"        // the management API
	Management Role = "management" // reserved: the service's own management reads
)

// Roles says which host names have which roles. The zero value gives every host all of them.
type Roles struct{ hosts map[string][]Role }

// Host is one entry of the configuration.
type Host struct {
	Name  string // without port
	Roles []Role // empty: all
}

// NewRoles makes the table. A host name may come once, in any case.
func NewRoles(hosts []Host) (Roles, error) {
	r := Roles{hosts: make(map[string][]Role, len(hosts))}
	for _, h := range hosts {
		name := hostName(h.Name)
		if _, ok := r.hosts[name]; ok || name == "" {
			return Roles{}, fmt.Errorf("front: host %q is empty or listed twice", h.Name)
		}
		for _, role := range h.Roles {
			if role != Relay && role != API && role != Management {
				return Roles{}, fmt.Errorf("front: host %q has the unknown role %q: use relay, api or management", h.Name, role)
			}
		}
		r.hosts[name] = h.Roles
	}
	return r, nil
}

// Has reports whether the host serves the role. host is as in a request, with or without port. A host that is not listed has all
// roles, and so has one that is listed without any.
func (r Roles) Has(host string, role Role) bool {
	roles := r.hosts[hostName(host)]
	return len(roles) == 0 || slices.Contains(roles, role)
}

// hostName cuts the port, the brackets and the last dot off.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimPrefix(strings.TrimSuffix(host, "]"), "[")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
