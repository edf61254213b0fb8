// Package hc is a small Hybrid Connections listener and sender over WebSocket. It shares no code with the gateway under
// test and can be pointed at any that speaks the protocol:
//
//	listener  GET {base}/$hc/{path}?sb-hc-action=listen&sb-hc-token=...
//	          <- {"accept":{"address":"ws://.../$hc/path?sb-hc-action=accept&..."}}
//	          -> a second WebSocket to that address: the rendezvous
//	sender    GET {base}/$hc/{path}?sb-hc-action=connect&sb-hc-token=...
//
// Requests come as messages of the control channel or at a rendezvous. There is no renewal of tokens. One goroutine reads a Conn and one writes it.
package hc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Endpoint names one hybrid connection at one gateway.
type Endpoint struct {
	Base     string `json:"base"`     // ws://127.0.0.1:8080 or wss://...
	Path     string `json:"path"`     // of the entity
	KeyName  string `json:"key_name"` // empty: no token is sent
	Key      string `json:"key"`
	Audience string `json:"audience"` // the address that is signed; empty: http://{host}/{path}
	Insecure bool   `json:"insecure"` // any server certificate will do
}

// tokenLife is how long a token of ours is good: longer than any run.
const tokenLife = 12 * time.Hour

func (e Endpoint) token() string {
	if e.KeyName == "" {
		return ""
	}
	audience := e.Audience
	if audience == "" {
		host := ""
		if u, err := url.Parse(e.Base); err == nil {
			host = u.Hostname()
		}
		audience = "http://" + host + "/" + e.Path
	}
	return Token(audience, e.KeyName, e.Key, time.Now().Add(tokenLife))
}

// address is what is dialled for an action. id is the listener's; empty: none.
func (e Endpoint) address(action, id string) string {
	q := "sb-hc-action=" + action
	if id != "" {
		q += "&sb-hc-id=" + url.QueryEscape(id)
	}
	if t := e.token(); t != "" {
		q += "&sb-hc-token=" + url.QueryEscape(t)
	}
	return strings.TrimRight(e.Base, "/") + "/$hc/" + e.Path + "?" + q
}

// HTTPHeader is the header line by which a sender of HTTP shows its token; empty where there is none.
func (e Endpoint) HTTPHeader() string {
	if t := e.token(); t != "" {
		return "ServiceBusAuthorization: " + t + "\r\n"
	}
	return ""
}

// frame is the longest payload that is sent in one frame.
const frame = 64 << 10

var (
	writeBuffers sync.Pool // an idle connection holds none
	// One configuration for all connections, so that TLS sessions are resumed.
	anyCertificate = &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(64)}
)

// open makes one WebSocket.
func (e Endpoint) open(ctx context.Context, address string) (*Conn, error) {
	return e.openAsking(ctx, address, nil)
}

// openAsking does it with further header fields.
func (e Endpoint) openAsking(ctx context.Context, address string, fields http.Header) (*Conn, error) {
	d := &websocket.Dialer{HandshakeTimeout: 10 * time.Second, ReadBufferSize: 4 << 10, WriteBufferSize: frame + 14, WriteBufferPool: &writeBuffers}
	if e.Insecure {
		d.TLSClientConfig = anyCertificate
	}
	ws, answer, err := d.DialContext(ctx, address, fields)
	if answer != nil {
		_ = answer.Body.Close() // gorilla has read what there is of it
		if err != nil {
			err = fmt.Errorf("%w: %s", err, answer.Status)
		}
	}
	if err != nil {
		return nil, err
	}
	return &Conn{ws: ws}, nil
}

// Dial is the sender: one stream to the listener's target.
func (e Endpoint) Dial(ctx context.Context) (*Conn, error) {
	return e.open(ctx, e.address("connect", ""))
}

// DialURL opens a WebSocket elsewhere, for peers whose senders are WebSocket clients too.
func DialURL(ctx context.Context, address string) (*Conn, error) {
	return Endpoint{}.open(ctx, address)
}

// Conn is a WebSocket as a stream of bytes.
type Conn struct {
	ws      *websocket.Conn
	message io.Reader // what is left of the present one
}

// Read implements net.Conn. A Close frame in order is the end of the stream.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		if c.message == nil {
			_, r, err := c.ws.NextReader()
			if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
				return 0, io.EOF
			}
			if err != nil {
				return 0, err
			}
			c.message = r
		}
		n, err := c.message.Read(p)
		if errors.Is(err, io.EOF) {
			c.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Write implements net.Conn: binary messages of at most 64 KiB.
func (c *Conn) Write(p []byte) (int, error) {
	for n := 0; n < len(p); {
		end := min(len(p), n+frame)
		if err := c.ws.WriteMessage(websocket.BinaryMessage, p[n:end]); err != nil {
			return n, err
		}
		n = end
	}
	return len(p), nil
}

// Text writes one text message.
func (c *Conn) Text(p []byte) error { return c.ws.WriteMessage(websocket.TextMessage, p) }

// Close implements net.Conn: a Close frame, and no waiting for the answer.
func (c *Conn) Close() error {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
	return c.ws.Close()
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.ws.LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.ws.RemoteAddr() }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.ws.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.ws.SetWriteDeadline(t) }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.ws.SetReadDeadline(t), c.ws.SetWriteDeadline(t))
}
