package interop

import (
	"net"
	"testing"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// Stand is a gateway as foreign programs see it: doors, a rule with its key, and the certificate to trust. All comes from
// what ready files hold, as users have it.
type Stand struct {
	*testcluster.Cluster        // nil when the gateway is a process of its own
	Listen               string // host:port of the https door for listeners
	Send                 string // the same for senders
	Rule, Key            string
	CA                   string // file
}

// Entities that every stand has.
const (
	Hyco = "hyco" // senders need a token
	Open = "open" // senders need none
)

// OnNodes runs a story on one node and on two: the listener's door is the last node's, the sender's the first's.
func OnNodes(t *testing.T, story func(t *testing.T, s *Stand), opts ...testcluster.Option) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run([]string{"", "one node", "two nodes"}[n], func(t *testing.T) {
			renew(t)
			c := testcluster.New(t, n, opts...)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the gateway logged:\n%s", c.Log())
				}
			})
			c.Add(&entity.Entity{Name: Hyco})
			c.Add(&entity.Entity{Name: Open, AnonymousSenders: true})
			s := NewStand(t, c.Node(n-1).Ready(), c.Node(0).Ready())
			s.Cluster = c
			story(t, s)
		})
	}
}

// NewStand makes a stand of what ready files say of the listener's node and the sender's.
func NewStand(t testing.TB, listen, send gateway.Ready) *Stand {
	t.Helper()
	from := func(r gateway.Ready) connstring.Settings {
		c, err := connstring.Parse(r.ConnectionString)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	l, s := from(listen), from(send)
	return &Stand{Listen: l.Host, Send: s.Host, Rule: l.KeyName, Key: l.Key, CA: listen.CAFile}
}

// Listener is the environment of a program that listens on an entity: RELAY_HOST, RELAY_PORT, RELAY_PATH, RELAY_RULE,
// RELAY_KEY, and the CA in the variables by which Node and OpenSSL programs take one.
func (s *Stand) Listener(entity string) []string { return s.env(s.Listen, entity) }

// Sender is the same for a program that sends.
func (s *Stand) Sender(entity string) []string { return s.env(s.Send, entity) }

func (s *Stand) env(door, entity string) []string {
	host, port, _ := net.SplitHostPort(door) // a connection string without port would be 443; loopback stands have one
	return []string{
		"RELAY_HOST=" + host, "RELAY_PORT=" + port, "RELAY_PATH=" + entity, "RELAY_RULE=" + s.Rule, "RELAY_KEY=" + s.Key,
		"NODE_EXTRA_CA_CERTS=" + s.CA, "SSL_CERT_FILE=" + s.CA,
	}
}

// Node runs a script of interop/node.
func (s *Stand) Node(t testing.TB, env []string, script string, args ...string) *Program {
	t.Helper()
	return Start(t, Root(t)+"/interop/node", env, "node", append([]string{"--no-deprecation", script}, args...)...)
}
