package hybrid

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/hybrid/internal/endpoint"
	"github.com/causeway-relay/causeway/hybrid/internal/handshake"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
)

// Dial connects to whoever listens on the hybrid connection that the connection string, or WithEntity, names. It returns when
// a listener has accepted; ctx bounds that and has no meaning afterwards. A connection string without a key connects without
// a token, which hybrid connections with anonymous senders allow.
//
// A refusal is an *Error: UnknownEntity, NoListener and Rejected are those that a program may want to tell apart.
func Dial(ctx context.Context, connectionString string, options ...DialOption) (*Conn, error) {
	s := dialSettings{settings: settings{keepAlive: defaultKeepAlive, timeout: defaultPatience}}
	for _, o := range options {
		o.forDial(&s)
	}
	e, err := newEndpoint(connectionString, &s.settings)
	if err != nil {
		return nil, &Error{Op: "dial", Cause: err, final: true}
	}
	suffix, _, _ := strings.Cut(s.target, "?")
	target := e.Name() + suffix
	fields, err := s.fields()
	if err != nil {
		return nil, &Error{Op: "dial", Target: target, Cause: err, final: true}
	}
	d, err := newDialer(&s.settings, e.Host)
	if err != nil {
		return nil, &Error{Op: "dial", Target: target, Cause: err, final: true}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if s.bytes {
		fields.Add(wire.AgentField, wire.Agent{Raw: true}.String())
	}
	id := endpoint.NewID()
	u, err := d.connect(ctx, e, e.Target(s.target, wire.ActionConnect, id), fields)
	if err != nil {
		return nil, complete(err, "dial", target, id)
	}
	if u.Tracking == "" {
		u.Tracking = id
	}
	return newConn(u, &s.settings, target, u.Conn.LocalAddr(), address(target)), nil
}

// connect opens a sender's connection.
func (d *dialer) connect(ctx context.Context, e *endpoint.Endpoint, target string, fields http1.Fields) (*handshake.Upgraded, error) {
	token, _, err := e.Token(ctx)
	if err != nil {
		return nil, &Error{Cause: err}
	}
	if token != "" {
		fields = append(fields, http1.Field{Name: "ServiceBusAuthorization", Value: token})
	}
	return d.upgrade(ctx, &wire.Address{Authority: e.Host, Target: target}, false, fields)
}

// complete fills in an error of the handshake. id is used unless the answer named one.
func complete(err error, op, target, id string) error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Cause: err}
	}
	e.Op, e.Target = op, target
	if e.TrackingID == "" {
		e.TrackingID = id
	}
	return e
}

// reserved are fields that the handshake itself writes.
var reserved = []string{"Host", "Connection", "Upgrade", "Content-Length", "Transfer-Encoding", "ServiceBusAuthorization"}

// fields are the sender's own header fields, checked, in the order of their names.
func (s *dialSettings) fields() (http1.Fields, error) {
	var fields http1.Fields
	for _, p := range s.protocols {
		if !isToken(p) {
			return nil, fmt.Errorf("sub-protocol %q is not a token of letters, digits and !#$%%&'*+-.^_`|~", p)
		}
	}
	if len(s.protocols) > 0 {
		fields.Add("Sec-WebSocket-Protocol", strings.Join(s.protocols, ", "))
	}
	names := make([]string, 0, len(s.header))
	for name := range s.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		canonical := http.CanonicalHeaderKey(name)
		if !isToken(name) {
			return nil, fmt.Errorf("header name %q is not a token", name)
		}
		if strings.HasPrefix(canonical, "Sec-Websocket-") || slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, name) }) {
			return nil, fmt.Errorf("header %s belongs to the handshake and cannot be set", name)
		}
		for _, value := range s.header[name] {
			if strings.ContainsFunc(value, isControl) {
				return nil, fmt.Errorf("the value of header %s has a control character", name)
			}
			fields.Add(name, value)
		}
	}
	return fields, nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}
