package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/manage/wire"
	hybrid "github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/trust"
)

// Params says whom to ask, and as whom. Either ConnectionString or Admin with Token is needed.
type Params struct {
	ConnectionString string // of a rule that may manage
	Admin            string // host:port of a node's admin door, asked in plain HTTP
	Token            string // the admin door's own
	Roots            trust.Roots
	Plain            bool          // the gateway of ConnectionString is asked without TLS
	Timeout          time.Duration // of one request; 0: DefaultTimeout
}

// DefaultTimeout is how long one request may take when nothing else is said.
const DefaultTimeout = 30 * time.Second

// tokenTime is how long a token of ours is good: a request's time, and clocks that differ.
const tokenTime = 10 * time.Minute

// Client asks one gateway. Make one with New.
type Client struct {
	base   string // without the last slash
	sign   func(now time.Time) string
	http   *http.Client
	header string // which header carries what sign gives
	admin  string // the admin door that is asked; "": another door
}

// New makes a client. It opens nothing. Errors are of the parameters: a connection string that cannot be read, a CA file
// without a certificate.
func New(p Params) (*Client, error) {
	if p.Timeout <= 0 {
		p.Timeout = DefaultTimeout
	}
	if p.ConnectionString == "" {
		if p.Admin == "" || p.Token == "" {
			return nil, errors.New("no gateway to ask: give a connection string")
		}
		return &Client{
			base: "http://" + p.Admin + "/api", http: newHTTP(nil, p.Timeout), admin: p.Admin,
			header: "Authorization", sign: func(time.Time) string { return "Bearer " + p.Token },
		}, nil
	}
	cs, err := connstring.Parse(p.ConnectionString)
	if err != nil {
		return nil, err
	}
	c := &Client{base: "https://" + cs.Host + "/$api", header: "ServiceBusAuthorization"}
	if c.sign, err = signer(&cs); err != nil {
		return nil, err
	}
	if p.Plain {
		c.base, c.http = "http://"+cs.Host+"/$api", newHTTP(nil, p.Timeout)
		return c, nil
	}
	roots, err := p.Roots.Config(trust.Hostname(cs.Host))
	if err != nil {
		return nil, err
	}
	c.http = newHTTP(roots, p.Timeout)
	return c, nil
}

// Close gives idle connections back. The client stays usable.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// signer makes tokens from a connection string: for its entity if it names one, else for the namespace.
func signer(cs *connstring.Settings) (func(time.Time) string, error) {
	switch {
	case cs.ManagedIdentity:
		return nil, errors.New("the connection string says Managed Identity, which this version cannot use: use one with a key")
	case cs.Signature != "":
		return func(time.Time) string { return cs.Signature }, nil
	case cs.Key == "":
		return nil, errors.New("the connection string has no key: use one of a rule that may manage")
	}
	audience := hybrid.Audience(cs.Host, (&url.URL{Path: cs.Path()}).EscapedPath())
	return func(now time.Time) string {
		return hybrid.Sign(audience, cs.KeyName, cs.Key, now.Add(tokenTime))
	}, nil
}

// Token signs a token for the path of an entity, as its listeners and senders show it. The connection string must have a key.
func Token(connectionString, path string, expiry time.Time) (string, error) {
	cs, err := connstring.Parse(connectionString)
	if err != nil {
		return "", err
	}
	if cs.Key == "" {
		return "", errors.New("the connection string has no key to sign with: name a rule with --rule, or use another string")
	}
	audience := hybrid.Audience(cs.Host, (&url.URL{Path: "/" + strings.Trim(path, "/")}).EscapedPath())
	return hybrid.Sign(strings.TrimSuffix(audience, "/"), cs.KeyName, cs.Key, expiry), nil
}

// path joins segments, each percent-encoded whole.
func path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// Error is the gateway's no.
type Error struct {
	Status   int    // of the answer
	Code     string // one of docs/errors.md; "": the answer was not that of a gateway's API
	Message  string
	Do       string               // what to do next; may be ""
	Tracking string               // finds the request in the gateway's log; may be ""
	Problems []wire.ConfigProblem // of a configuration that was not taken
}

// Error gives code and message in one line. Messages about tokens begin with their code, since SDKs show them alone.
func (e *Error) Error() string {
	if e.Code == "" || strings.HasPrefix(e.Message, e.Code+": ") {
		return e.Message
	}
	return e.Code + ": " + e.Message
}

// Unreachable is a request that no gateway answered: no connection, no trust, no answer in time.
type Unreachable struct {
	Host string
	Do   string // what to do next
	Err  error
}

// Error names the host and the cause.
func (e *Unreachable) Error() string {
	return fmt.Sprintf("cannot reach the gateway at %s: %v", e.Host, e.Err)
}

// Unwrap gives the cause.
func (e *Unreachable) Unwrap() error { return e.Err }
