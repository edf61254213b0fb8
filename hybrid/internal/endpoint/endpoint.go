// Package endpoint owns what a connection string says of a hybrid connection, and what follows from it: its name, the tokens that are
// shown for it, and the targets of handshakes at it.
//
// It does not own connections or errors for programs (package hybrid), nor how connection strings and tokens are written (hybrid/wire).
// An Endpoint is never changed; its methods may be called from any goroutine, and only Token may wait, for a Source.
//
// Sources: Hybrid Connections reference sections 2 (targets), 5 (addresses in answers) and 9 (tokens).
package endpoint

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
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/trust"
)

// tokenTime is how long a token of ours is good: the SDKs' hour (reference section 9).
const tokenTime = time.Hour

// Source makes a token that is good for an audience, http://HOST/PATH/, and says when it expires: hybrid.TokenSource.
type Source func(ctx context.Context, audience string) (token string, expires time.Time, err error)

// Endpoint is a hybrid connection as a connection string names it. Make one with New.
type Endpoint struct {
	Host string // host, or host and port, of the connection string
	Path string // raw, begins with "/", no slash at the end

	cs     connstring.Settings
	source Source
}

// New reads a connection string. entity is the path of a hybrid connection for one that has none, or the same as it has; with a source
// the keys of the string are not used. The errors say what to do and never hold a secret.
func New(connectionString, entity string, source Source) (*Endpoint, error) {
	cs, err := connstring.Parse(connectionString)
	if err != nil {
		return nil, err
	}
	switch {
	case cs.EntityPath == "":
		cs.EntityPath = entity
	case entity != "" && !strings.EqualFold(strings.Trim(entity, "/"), strings.Trim(cs.EntityPath, "/")):
		return nil, fmt.Errorf("the connection string is for %q, the option for %q: give one of them", cs.EntityPath, entity)
	}
	path := strings.TrimRight(cs.Path(), "/")
	if cs.EntityPath == "" || path == "" {
		return nil, errors.New("no hybrid connection is named: add EntityPath=NAME to the connection string, or use WithEntity")
	}
	if cs.ManagedIdentity && source == nil {
		return nil, errors.New("the connection string says Managed Identity: bring the tokens with WithTokenSource")
	}
	return &Endpoint{Host: cs.Host, Path: (&url.URL{Path: path}).EscapedPath(), cs: cs, source: source}, nil
}

// Name is the address for people: no secret in it.
func (e *Endpoint) Name() string { return "sb://" + e.Host + e.Path }

// Anonymous reports whether there is nothing to make a token of.
func (e *Endpoint) Anonymous() bool { return e.source == nil && e.cs.Key == "" && e.cs.Signature == "" }

// Token makes what ServiceBusAuthorization holds: "" when Anonymous. A zero time: it is not known when it expires, or never does. ctx is
// for the source.
func (e *Endpoint) Token(ctx context.Context) (text string, expires time.Time, err error) {
	switch {
	case e.source != nil:
		text, expires, err = e.source(ctx, wire.Audience(trust.Hostname(e.Host), e.Path))
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
	return wire.Sign(wire.Audience(e.Host, e.Path), e.cs.KeyName, e.cs.Key, expires), expires, nil
}

// Address is the endpoint as a listener names it in its own answers: https://host/path without the port, as the .NET library has it
// (reference section 5).
func (e *Endpoint) Address() string {
	host, _, err := net.SplitHostPort(e.Host)
	if err != nil {
		host = e.Host // it has none
	}
	return "https://" + host + e.Path
}

// Target is the request target of a handshake with the action and the id: suffix is raw, a path below the hybrid connection, a query or
// both, and may be empty.
func (e *Endpoint) Target(suffix string, action wire.Action, id string) string {
	path, query, _ := strings.Cut(suffix, "?")
	if path != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if query != "" {
		query += "&"
	}
	return "/$hc" + e.Path + path + "?" + query + "sb-hc-action=" + action.String() + "&sb-hc-id=" + id
}

// NewID makes a random GUID (RFC 9562 section 5.4, version 4).
func NewID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // crypto/rand never fails: it ends the program instead
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return string(wire.AppendGUID(nil, id))
}
