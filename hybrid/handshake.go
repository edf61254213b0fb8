package hybrid

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/causeway-relay/causeway/hybrid/internal/either"
	"github.com/causeway-relay/causeway/hybrid/internal/proxy"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/trust"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// maxHead bounds the answer to a handshake.
const maxHead = 32 << 10

// sessions is how many TLS sessions a listener or sender remembers: one for each node that it meets, and some.
const sessions = 32

// dialer opens connections to gateways.
type dialer struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	tls  *tls.Config
	own  string // the authority of the connection string, which is tried where another is not reached
	ways either.Ways
}

// newDialer reads whom to trust.
func newDialer(s *settings, authority string) (*dialer, error) {
	d := &dialer{dial: s.netDial, own: authority}
	d.ways.Open = d.open
	if d.dial == nil {
		d.dial = proxy.Dialer(http.ProxyFromEnvironment)
	}
	if s.tls != nil {
		d.tls = s.tls.Clone()
	} else {
		var err error
		if d.tls, err = trust.Default(s.caFile).Config(trust.Hostname(authority)); err != nil {
			return nil, err
		}
	}
	if d.tls.ClientSessionCache == nil {
		d.tls.ClientSessionCache = tls.NewLRUClientSessionCache(sessions) // a rendezvous is a new connection to the same node
	}
	return d, nil
}

// open connects to an authority and secures the connection.
func (d *dialer) open(ctx context.Context, authority string) (net.Conn, error) {
	conn, err := d.dial(ctx, "tcp", trust.Address(authority, "443"))
	if err != nil {
		return nil, err
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

// upgraded is a connection whose handshake is through.
type upgraded struct {
	conn     net.Conn
	read     []byte // what came behind the handshake
	protocol string
	tracking string
	raw      bool // bytes follow, no frames
}

// rawUpgrade is the protocol of a rendezvous without frames (docs/agent.md).
const rawUpgrade = "causeway/1"

// upgrade opens a connection and asks for a WebSocket at the address, or for bytes with raw, with the fields behind those of the
// handshake. ctx bounds all of it. The error is an *Error without Op and Target.
func (d *dialer) upgrade(ctx context.Context, at *wire.Address, raw bool, more http1.Fields) (*upgraded, error) {
	conn, authority, err := d.ways.Dial(ctx, at.Authority, d.own)
	if err != nil {
		return nil, unanswered(err)
	}
	at = &wire.Address{Authority: authority, Target: at.Target}                      // whoever was reached
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // wakes what waits below
	u, err := shake(conn, at, raw, more)
	if !stop() && err == nil {
		err = unanswered(context.Cause(ctx))
	}
	if err != nil {
		conn.Close()
		if ctx.Err() != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			err = unanswered(context.Cause(ctx))
		}
		return nil, err
	}
	return u, nil
}

// shake writes the request and reads the answer.
func shake(conn net.Conn, at *wire.Address, raw bool, more http1.Fields) (*upgraded, error) {
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
		return nil, unanswered(err)
	}
	head, rest, err := readHead(conn)
	switch {
	case err != nil:
		return nil, unanswered(err)
	case head.Status != http.StatusSwitchingProtocols:
		return nil, refused(head.Status, head.Reason, head.Fields)
	}
	u := &upgraded{
		conn: conn, read: rest, protocol: head.Fields.Get("Sec-WebSocket-Protocol"), tracking: head.Fields.Get("TrackingId"),
		raw: head.Fields.HasToken("Upgrade", rawUpgrade),
	}
	switch {
	case !head.Fields.HasToken("Connection", "upgrade"),
		!u.raw && (!head.Fields.HasToken("Upgrade", "websocket") || head.Fields.Get("Sec-WebSocket-Accept") != wsframe.AcceptKey(key)),
		u.raw && !raw && !more.Has(wire.AgentField), head.Fields.Has("Sec-WebSocket-Extensions"):
		return nil, unanswered(errors.New("the answer 101 is not that of a WebSocket"))
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
