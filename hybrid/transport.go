package hybrid

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/causeway-relay/causeway/hybrid/internal/endpoint"
	"github.com/causeway-relay/causeway/internal/http1"
)

const (
	// idleConns is how many connections a Transport keeps for the next requests. net/http's two a host make a busy client dial for
	// almost each.
	idleConns = 256
	// idleTime is how long one of them may be idle, below the gateway's own minute.
	idleTime = 50 * time.Second
	// tokenLead is how much of a token's life must be left for it to be shown again.
	tokenLead = 5 * time.Minute
)

// Transport is an http.RoundTripper whose requests reach whoever answers at a hybrid connection. Make one with NewTransport.
//
// It takes the path and query of a request's URL, puts the name of the hybrid connection in front, and sends the request to the
// gateway, whatever scheme and host the URL names: a client of http://web/a becomes one of https://GATEWAY/NAME/a by its Transport
// alone. Bodies are streamed both ways. The token goes in a header of its own, so Authorization is the application's.
//
// An answer that the gateway made itself, because nobody listens for instance, is an answer like others; ResponseError tells.
type Transport struct {
	endpoint *endpoint.Endpoint
	scheme   string // of requests to the gateway
	timeout  time.Duration
	base     *http.Transport

	mu    sync.Mutex
	token string
	until time.Time // the token is shown again until then
}

// NewTransport makes a Transport for the hybrid connection that the connection string, or WithEntity, names. A connection string
// without a key sends no token. Of the options, WithTarget, WithHeader, WithSubprotocols, WithBytes and WithKeepAlive have no meaning;
// WithTimeout bounds the making of a token and a connection.
func NewTransport(connectionString string, options ...DialOption) (*Transport, error) {
	s := dialSettings{settings: settings{timeout: defaultPatience}}
	for _, o := range options {
		o.forDial(&s)
	}
	e, err := newEndpoint(connectionString, &s.settings)
	if err != nil {
		return nil, &Error{Op: "dial", Cause: err, final: true}
	}
	d, err := newDialer(&s.settings, e.Host)
	if err != nil {
		return nil, &Error{Op: "dial", Target: e.Name(), Cause: err, final: true}
	}
	dial, config := d.Base()
	scheme := "https"
	if s.plain {
		scheme = "http"
	}
	return &Transport{endpoint: e, scheme: scheme, timeout: s.timeout, base: &http.Transport{
		DialContext: dial, TLSClientConfig: config, TLSHandshakeTimeout: s.timeout,
		MaxIdleConns: idleConns, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: idleTime,
		ExpectContinueTimeout: time.Second, DisableCompression: true,
	}}, nil
}

// RoundTrip implements http.RoundTripper. The error is an *Error when the gateway did not answer.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := t.credential(r.Context())
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, complete(err, "dial", t.endpoint.Name(), "")
	}
	sent := r.Clone(r.Context())
	sent.URL = t.locate(r.URL)
	sent.Host = ""
	if token != "" {
		sent.Header.Set("ServiceBusAuthorization", token)
	}
	answer, err := t.base.RoundTrip(sent)
	if err != nil {
		return nil, complete(unanswered(err), "dial", t.endpoint.Name(), "")
	}
	answer.Request = r
	if to := answer.Header.Get("Location"); to != "" {
		answer.Header.Set("Location", t.relocate(to))
	}
	return answer, nil
}

// relocate takes out of a Location what locate puts in, so that a client that follows it comes back here.
func (t *Transport) relocate(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Host != "" && !strings.EqualFold(u.Host, t.endpoint.Host) || !strings.HasPrefix(u.EscapedPath(), t.endpoint.Path+"/") {
		return to
	}
	path := strings.TrimPrefix(u.EscapedPath(), t.endpoint.Path)
	_, rest, _ := strings.Cut(to, u.EscapedPath())
	return path + rest
}

// CloseIdleConnections closes connections that no request uses; http.Client calls it.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }

// locate makes the URL of a request at the gateway.
func (t *Transport) locate(u *url.URL) *url.URL {
	path := u.EscapedPath()
	if path != "" && !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	raw := t.endpoint.Path + path
	at := &url.URL{Scheme: t.scheme, Host: t.endpoint.Host, RawQuery: u.RawQuery, ForceQuery: u.ForceQuery}
	if at.Path, at.RawPath = raw, raw; strings.Contains(raw, "%") {
		if plain, err := url.PathUnescape(raw); err == nil {
			at.Path = plain
		}
	}
	return at
}

// credential gives a token that is good for a while, and makes one when there is none.
func (t *Transport) credential(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Before(t.until) {
		return t.token, nil
	}
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	token, expires, err := t.endpoint.Token(ctx)
	if err != nil {
		return "", &Error{Cause: err}
	}
	left := expires.Sub(now)
	t.token, t.until = token, now.Add(max(left-tokenLead, left/2))
	if expires.IsZero() { // it is not known, or never
		t.until = now.Add(tokenLead)
	}
	return token, nil
}

// ResponseError is the *Error of an answer that the gateway made itself; nil for one of a listener. It does not read the body.
func ResponseError(r *http.Response) error {
	name := r.Header.Get("Causeway-Error")
	if name == "" && (r.StatusCode < http.StatusBadRequest || r.Header.Get("Via") != "") {
		return nil // gateways of others mark what listeners say by Via (reference section 5)
	}
	_, reason, _ := strings.Cut(r.Status, " ")
	var fields http1.Fields
	for _, name := range []string{"Causeway-Error", "TrackingId"} {
		if value := r.Header.Get(name); value != "" {
			fields.Add(name, value)
		}
	}
	e := refused(r.StatusCode, reason, fields)
	target := ""
	if r.Request != nil && r.Request.URL != nil {
		target = r.Request.URL.Redacted()
	}
	return complete(e, "dial", target, "")
}
