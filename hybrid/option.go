package hybrid

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Defaults, each with its source.
const (
	defaultKeepAlive = 30 * time.Second // reference section 6.4
	defaultPatience  = 70 * time.Second // what .NET and Java senders wait (reference section 9)
	defaultBacklog   = 128              // SOMAXCONN of many systems
)

// ListenOption changes what Listen does. Those that are no DialOption too have no meaning for a sender.
type ListenOption interface{ forListen(s *listenSettings) }

// DialOption changes what Dial does.
type DialOption interface{ forDial(s *dialSettings) }

// Option is for both Listen and Dial.
type Option interface {
	ListenOption
	DialOption
}

// settings are what both ends have.
type settings struct {
	entity    string
	caFile    string
	tls       *tls.Config
	netDial   func(ctx context.Context, network, address string) (net.Conn, error)
	source    TokenSource
	keepAlive time.Duration
	timeout   time.Duration
	protocols []string
}

type listenSettings struct {
	settings
	backlog int
	ladder  []time.Duration
	accept  func(context.Context, *Request) (string, error)
	events  func(Event)
}

type dialSettings struct {
	settings
	target string
	header http.Header
}

type (
	option       func(s *settings)
	listenOption func(s *listenSettings)
	dialOption   func(s *dialSettings)
)

func (o option) forListen(s *listenSettings)       { o(&s.settings) }
func (o option) forDial(s *dialSettings)           { o(&s.settings) }
func (o listenOption) forListen(s *listenSettings) { o(s) }
func (o dialOption) forDial(s *dialSettings)       { o(s) }

// TokenSource makes a token that is good for the audience (http://HOST/PATH/) and says when it expires; a zero time is never.
// It is asked before each handshake and, by a listener, again before the token expires.
type TokenSource func(ctx context.Context, audience string) (token string, expires time.Time, err error)

// WithEntity names the hybrid connection, for a connection string without EntityPath.
func WithEntity(path string) Option { return option(func(s *settings) { s.entity = path }) }

// WithCAFile believes the certificates in a PEM file and no others. Without it: the file named by CAUSEWAY_CA_FILE, else the
// system's roots and, for loopback hosts, the local CA in the default data folder.
func WithCAFile(file string) Option { return option(func(s *settings) { s.caFile = file }) }

// WithTLSConfig replaces everything said by WithCAFile. The configuration is copied; ServerName is set for each host unless
// it is given. A ClientSessionCache in it makes repeated dials cheaper.
func WithTLSConfig(c *tls.Config) Option { return option(func(s *settings) { s.tls = c }) }

// WithNetDial opens the connections below TLS, for example through a proxy. Without it they are TCP, through the proxy of
// HTTPS_PROXY where that is set.
func WithNetDial(dial func(ctx context.Context, network, address string) (net.Conn, error)) Option {
	return option(func(s *settings) { s.netDial = dial })
}

// WithTokenSource shows the tokens of source instead of ones signed with the connection string's key.
func WithTokenSource(source TokenSource) Option {
	return option(func(s *settings) { s.source = source })
}

// WithKeepAlive sets how often an idle connection is pinged, 30 s without it. After three pings without any answer the
// gateway counts as dead. Below a second, a busy gateway may be taken for a dead one.
func WithKeepAlive(every time.Duration) Option {
	return option(func(s *settings) { s.keepAlive = every })
}

// WithTimeout bounds one handshake, 70 s without it; a sender's includes the time that the listener takes to accept. The
// context may end it sooner.
func WithTimeout(d time.Duration) Option { return option(func(s *settings) { s.timeout = d }) }

// WithSubprotocols names WebSocket sub-protocols. Dial offers them. Listen chooses the first of them that a sender offers, and
// none when it offers no other; without this option a listener takes the sender's first, as the SDKs do.
func WithSubprotocols(names ...string) Option {
	return option(func(s *settings) { s.protocols = names })
}

// WithBacklog bounds how many senders may be on their way to Accept, 128 without it. One more is turned away with 503.
func WithBacklog(n int) ListenOption { return listenOption(func(s *listenSettings) { s.backlog = n }) }

// WithBackoff sets the pauses before each attempt to come back after a loss; the last one repeats. Without it they are 0, 1,
// 2, 5, 10 and 30 s, as in the SDKs. Each pause is made up to a quarter longer by chance.
func WithBackoff(pauses ...time.Duration) ListenOption {
	return listenOption(func(s *listenSettings) { s.ladder = pauses })
}

// WithAcceptHook asks f about each sender before it is taken. It returns the sub-protocol to speak, "" for none, or an error:
// that of Reject turns the sender away with its status and reason, any other with 502 and no word of the error. ctx ends when
// the sender would be given up. f runs on goroutines of its own, several at a time.
func WithAcceptHook(f func(ctx context.Context, r *Request) (subprotocol string, err error)) ListenOption {
	return listenOption(func(s *listenSettings) { s.accept = f })
}

// WithEvents tells f what becomes of the listener: up, down and why, senders lost. Calls do not overlap and keep the order of
// the events. f must return soon and must not call Close, which would wait for it.
func WithEvents(f func(Event)) ListenOption {
	return listenOption(func(s *listenSettings) { s.events = f })
}

// WithTarget adds what follows the name of the hybrid connection: a path suffix, a query, or both: "/deep/er?x=1". It is raw,
// so percent-encoded; the listener sees it byte for byte, except elements of the query that begin with sb-hc-.
func WithTarget(suffix string) DialOption {
	return dialOption(func(s *dialSettings) { s.target = suffix })
}

// WithHeader adds header fields for the listener to see. Those of the handshake itself cannot be given.
func WithHeader(h http.Header) DialOption { return dialOption(func(s *dialSettings) { s.header = h }) }
