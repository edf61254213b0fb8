package hybrid

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/trust"
)

// tokenTime is how long a token of ours is good: the SDKs' hour (reference section 9).
const tokenTime = time.Hour

// endpoint is a hybrid connection as a connection string names it.
type endpoint struct {
	cs     wire.ConnectionString
	path   string // raw, begins with "/", no slash at the end
	source TokenSource
}

// newEndpoint reads a connection string. Its errors never hold a secret.
func newEndpoint(connectionString string, s *settings) (*endpoint, error) {
	cs, err := wire.ParseConnectionString(connectionString)
	if err != nil {
		return nil, err
	}
	switch {
	case cs.EntityPath == "":
		cs.EntityPath = s.entity
	case s.entity != "" && !strings.EqualFold(strings.Trim(s.entity, "/"), strings.Trim(cs.EntityPath, "/")):
		return nil, fmt.Errorf("the connection string is for %q, the option for %q: give one of them", cs.EntityPath, s.entity)
	}
	path := strings.TrimRight(cs.Path(), "/")
	if cs.EntityPath == "" || path == "" {
		return nil, errors.New("no hybrid connection is named: add EntityPath=NAME to the connection string, or use WithEntity")
	}
	if cs.ManagedIdentity && s.source == nil {
		return nil, errors.New("the connection string says Managed Identity: bring the tokens with WithTokenSource")
	}
	return &endpoint{cs: cs, path: (&url.URL{Path: path}).EscapedPath(), source: s.source}, nil
}

// name is the address for people: no secret in it.
func (e *endpoint) name() string { return "sb://" + e.cs.Host + e.path }

// anonymous reports whether there is nothing to make a token of.
func (e *endpoint) anonymous() bool { return e.source == nil && e.cs.Key == "" && e.cs.Signature == "" }

// token makes what ServiceBusAuthorization holds. A zero time: it is not known when it expires, or never does.
func (e *endpoint) token(ctx context.Context) (text string, expires time.Time, err error) {
	switch {
	case e.source != nil:
		text, expires, err = e.source(ctx, wire.Audience(trust.Hostname(e.cs.Host), e.path))
		if err != nil {
			return "", time.Time{}, fmt.Errorf("token source: %w", err)
		}
		return text, expires, nil
	case e.cs.Signature != "":
		return e.cs.Signature, time.Time{}, nil
	case e.cs.Key == "":
		return "", time.Time{}, nil
	}
	expires = time.Now().Add(tokenTime)
	return wire.Sign(wire.Audience(e.cs.Host, e.path), e.cs.KeyName, e.cs.Key, expires), expires, nil
}

// address is the endpoint as a listener names it in its own answers: https://host/path without the port, as the .NET library has it
// (reference section 5).
func (e *endpoint) address() string {
	host, _, err := net.SplitHostPort(e.cs.Host)
	if err != nil {
		host = e.cs.Host // it has none
	}
	return "https://" + host + e.path
}

// target is the request target of a handshake: suffix is raw and may bring a query.
func (e *endpoint) target(suffix string, action wire.Action, id string) string {
	path, query, _ := strings.Cut(suffix, "?")
	if path != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if query != "" {
		query += "&"
	}
	return "/$hc" + e.path + path + "?" + query + "sb-hc-action=" + action.String() + "&sb-hc-id=" + id
}

// newID makes a random GUID (RFC 9562 section 5.4, version 4).
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // crypto/rand never fails: it ends the program instead
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return string(wire.AppendGUID(nil, id))
}
