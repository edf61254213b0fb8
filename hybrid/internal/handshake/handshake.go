// Package handshake owns how a client comes to a gateway: the connection with its TLS, the request for a WebSocket or for bytes, and the
// answer to it, checked.
//
// It does not own the control channel's handshake (its library's), tokens and targets (hybrid/internal/endpoint), what a refusal means
// (package hybrid), or what flows behind an answer of 101. A Dialer's methods may be called from any goroutine; each call ends with its
// context.
//
// Sources: RFC 6455 section 4.1; Hybrid Connections reference section 4; docs/agent.md (connections without frames).
package handshake

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/causeway-relay/causeway/hybrid/internal/either"
	"github.com/causeway-relay/causeway/hybrid/internal/proxy"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/nowait"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// maxHead bounds the answer to a handshake.
const maxHead = 32 << 10

// sessions is how many TLS sessions a listener or sender remembers: one for each node that it meets, and some.
const sessions = 32

// Params is what a Dialer is made of. Only Authority is needed.
type Params struct {
	Authority string      // of the connection string: it is tried where another is not reached
	CAFile    string      // PEM; "": the usual places (internal/trust). Not looked at with TLS
	TLS       *tls.Config // is copied
	Plain     bool        // no TLS at all: CAFile and TLS are not looked at
	// Dial opens the connections below TLS. nil: TCP, through the proxy of the environment.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Dialer opens connections to gateways. Make one with New.
type Dialer struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	tls  *tls.Config // nil: there is no TLS
	own  string
	ways either.Ways
}

// New reads whom to trust.
func New(p Params) (*Dialer, error) {
	dial := p.Dial
	if dial == nil {
		dial = proxy.Dialer(http.ProxyFromEnvironment)
	}
	d := &Dialer{dial: short(dial), own: p.Authority}
	d.ways.Open = d.Open
	switch {
	case p.Plain:
		return d, nil
	case p.TLS != nil:
		d.tls = p.TLS.Clone()
	default:
		var err error
		if d.tls, err = trust.Default(p.CAFile).Config(trust.Hostname(p.Authority)); err != nil {
			return nil, err
		}
	}
	if d.tls.ClientSessionCache == nil {
		d.tls.ClientSessionCache = tls.NewLRUClientSessionCache(sessions) // a rendezvous is a new connection to the same node
	}
	return d, nil
}

// short has what is dialled read and written as package nowait does, below TLS.
func short(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return nowait.Wrap(conn), nil
	}
}

// Open connects to an authority, HOST or HOST:PORT, and secures the connection unless it is to be plain. Nobody else is tried.
func (d *Dialer) Open(ctx context.Context, authority string) (net.Conn, error) {
	conn, err := d.dial(ctx, "tcp", trust.Gateway(authority, d.tls == nil))
	if err != nil || d.tls == nil {
		return conn, err
	}
	config := d.tls
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName = trust.Hostname(authority)
	}
	secured := leg.Secure(conn, tls.Client, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secured, nil
}

// Base is what the dialer dials and trusts with, for an HTTP client of the same gateway. The configuration is shared: it must not be
// changed; it is nil where there is no TLS.
func (d *Dialer) Base() (dial func(ctx context.Context, network, address string) (net.Conn, error), config *tls.Config) {
	return d.dial, d.tls
}

// Upgraded is a connection whose handshake is through. It is its owner's to close.
type Upgraded struct {
	Conn     net.Conn
	Read     []byte // what came behind the handshake
	Protocol string // the sub-protocol that was chosen, "" for none
	Tracking string // the gateway's tracking id, "" if it gave none
	Raw      bool   // bytes follow, no frames
}

// Refusal is an answer with another status than 101.
type Refusal struct {
	Status int
	Reason string       // the reason phrase, as it came
	Fields http1.Fields // of the answer
}

// Error gives status and reason.
func (r *Refusal) Error() string { return fmt.Sprintf("refused with %d %s", r.Status, r.Reason) }

var errNoWebSocket = errors.New("the answer 101 is not that of a WebSocket")

// rawUpgrade is the protocol of a rendezvous without frames (docs/agent.md).
const rawUpgrade = "causeway/1"

// Upgrade opens a connection and asks for a WebSocket at the address, or for bytes with raw, with the fields behind those of the
// handshake. ctx bounds all of it, and its cause is the error when it ends first. Any other error is a *Refusal, or says why no answer
// came that is one.
func (d *Dialer) Upgrade(ctx context.Context, at *wire.Address, raw bool, more http1.Fields) (*Upgraded, error) {
	conn, authority, err := d.ways.Dial(ctx, at.Authority, d.own)
	if err != nil {
		return nil, err
	}
	at = &wire.Address{Authority: authority, Target: at.Target}                      // whoever was reached
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // wakes what waits below
	u, err := shake(conn, at, raw, more)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		conn.Close()
		if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	return u, nil
}

// shake writes the request and reads the answer.
func shake(conn net.Conn, at *wire.Address, raw bool, more http1.Fields) (*Upgraded, error) {
	key := newKey()
	fields := http1.Fields{{Name: "Host", Value: at.Authority}, {Name: "Connection", Value: "Upgrade"}}
	if raw {
		fields.Add("Upgrade", rawUpgrade)
	} else {
		fields = append(fields, http1.Fields{
			{Name: "Upgrade", Value: "websocket"},
			{Name: "Sec-WebSocket-Version", Value: "13"},
			{Name: "Sec-WebSocket-Key", Value: key},
		}...)
	}
	request := &http1.Head{Method: http.MethodGet, Target: at.Target, Fields: append(fields, more...)}
	if _, err := conn.Write(http1.AppendRequest(nil, request)); err != nil {
		return nil, err
	}
	head, rest, err := readHead(conn)
	switch {
	case err != nil:
		return nil, err
	case head.Status != http.StatusSwitchingProtocols:
		return nil, &Refusal{head.Status, head.Reason, head.Fields}
	}
	u := &Upgraded{
		Conn: conn, Read: rest, Protocol: head.Fields.Get("Sec-WebSocket-Protocol"), Tracking: head.Fields.Get("TrackingId"),
		Raw: head.Fields.HasToken("Upgrade", rawUpgrade),
	}
	switch {
	case !head.Fields.HasToken("Connection", "upgrade"),
		!u.Raw && (!head.Fields.HasToken("Upgrade", "websocket") || head.Fields.Get("Sec-WebSocket-Accept") != wsframe.AcceptKey(key)),
		u.Raw && !raw && !more.Has(wire.AgentField), head.Fields.Has("Sec-WebSocket-Extensions"):
		return nil, errNoWebSocket
	}
	return u, nil
}

// readHead reads one response head and what came behind it.
func readHead(conn net.Conn) (*http1.Head, []byte, error) {
	buf := make([]byte, 0, 2<<10)
	for {
		if len(buf) >= maxHead {
			return nil, nil, errors.New("the answer's head is too long")
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := conn.Read(buf[len(buf):min(cap(buf), maxHead)])
		buf = buf[:len(buf)+n]
		if n > 0 {
			head, used, bad := http1.DecodeResponse(buf, http1.Limits{Bytes: maxHead})
			if bad != nil {
				return nil, nil, bad
			}
			if used > 0 {
				return head, buf[used:], nil
			}
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

// newKey makes the key of a handshake.
func newKey() string {
	var key [16]byte
	_, _ = rand.Read(key[:]) // crypto/rand never fails: it ends the program instead
	return base64.StdEncoding.EncodeToString(key[:])
}
