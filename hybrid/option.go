package hybrid

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// Defaults, each with its source.
const (
	defaultKeepAlive = 30 * time.Second // reference section 6.4
	defaultPatience  = 70 * time.Second // what .NET and Java senders wait (reference section 9)
	defaultBacklog   = 128              // SOMAXCONN of many systems
	defaultRequests  = 1024             // 64 MiB of request bodies on control channels at the most
	defaultDrain     = 5 * time.Second  // as long as the gateway has to answer a goodbye
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
	bytes     bool
	plain     bool
}

type listenSettings struct {
	settings
	backlog int
	ladder  []time.Duration
	accept  func(context.Context, *Request) (string, error)
	events  func(Event)

	exchanger shape.Exchanger
	receiver  func(context.Context, *Message) error
	senders   func(context.Context, *Sender)
	requests  int
	drain     time.Duration
	standby   int
	fullPath  bool
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

// WithPlain does without TLS, for a gateway's http door (default port 80). Whoever is on the way can read tokens and data: a gateway takes
// such tokens from its own machine alone, unless it is told otherwise (allowPlainTokens). CA files and TLS settings are not looked at.
func WithPlain() Option { return option(func(s *settings) { s.plain = true }) }

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

// WithBytes is for programs that move bytes and no messages: a gateway of this project then carries streams without frames, which
// costs less on both sides (docs/agent.md). Nothing else changes: peers that do speak in messages see a binary one for each piece,
// and are read as bytes. Other gateways never grant it, and the frames stay.
func WithBytes() Option { return option(func(s *settings) { s.bytes = true }) }

// WithStandby keeps n connections waiting at the gateway, so that a sender is met without a dial: a round trip and the handshakes
// are saved for each. It implies WithBytes; n is 64 at the most, and a gateway may grant fewer, or none.
func WithStandby(n int) ListenOption {
	return listenOption(func(s *listenSettings) { s.bytes, s.standby = true, min(n, wire.MaxStandby) })
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

// WithExchanger hands the requests of HTTP senders to x, as they came: case and order of header fields, the raw target, any
// method; and sends its answers as they are, the reason phrase too, also an empty one. Fields of the request are without those of
// one connection (reference section 8.3); At is not set. x is called from a goroutine for each request, many at a time.
//
// An answer leaves whole if it is not longer than 64 KiB and complete within 10 ms, or 250 ms where it tells its length; else as its
// body is read. Both bodies are pulled, so a slow side slows the other down. x's error is told to the sender by its code if it is a
// *fail.Error, with Rejected by its own status and text; others are 502, and reported as RequestFailed.
//
// The context ends when nobody waits for the answer any more; x must return then. That is when the sender leaves (as far as the gateway
// tells; ours does), when the hybrid connection is deleted, when the control channel that the request came by is lost, or when Close has
// waited for long enough. A channel that its gateway closes, because it shuts down or the token has expired, does not end the context: the
// answer goes by a rendezvous of its own then, which is dialled after a second, and the context ends with that.
//
// Without it such requests are answered with 501, and a text that says what to do. Answers that the listener makes itself have reasons
// in the shape of the SDKs' own (reference section 5), and tell them again as JSON.
func WithExchanger(x shape.Exchanger) ListenOption {
	return listenOption(func(s *listenSettings) { s.exchanger = x })
}

// WithRequests bounds how many requests of HTTP senders are answered at a time, 1024 without it. One more gets 503 at once.
func WithRequests(most int) ListenOption {
	return listenOption(func(s *listenSettings) { s.requests = most })
}

// WithDrain sets how long Close waits for requests that are being answered, before it ends their contexts; 5 s without it.
func WithDrain(d time.Duration) ListenOption {
	return listenOption(func(s *listenSettings) { s.drain = d })
}

// WithSenders hands each sender of a stream to f before it is answered, instead of to Accept, which then gives nothing. f decides,
// now or later; ctx ends when the sender would be given up. f runs on goroutines of its own, as many as WithBacklog allows
// undecided senders, and Close waits for it. The accept hook and sub-protocols of the other options are not looked at.
func WithSenders(f func(ctx context.Context, s *Sender)) ListenOption {
	return listenOption(func(s *listenSettings) { s.senders = f })
}

// WithFullPath has the handler of Serve see paths with the hybrid connection's name in front, as senders write them.
func WithFullPath() ListenOption { return listenOption(func(s *listenSettings) { s.fullPath = true }) }

// WithTarget adds what follows the name of the hybrid connection: a path suffix, a query, or both: "/deep/er?x=1". It is raw,
// so percent-encoded; the listener sees it byte for byte, except elements of the query that begin with sb-hc-.
func WithTarget(suffix string) DialOption {
	return dialOption(func(s *dialSettings) { s.target = suffix })
}

// WithHeader adds header fields for the listener to see. Those of the handshake itself cannot be given.
func WithHeader(h http.Header) DialOption { return dialOption(func(s *dialSettings) { s.header = h }) }
