package capture

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
)

// Proxy stands between a client and a service while they talk, and rewrites what both say as on the way through a relay.
type Proxy struct {
	t       testing.TB
	service string
	count   atomic.Int64
}

// NewProxy makes a proxy to the service at an address: scheme, host and port.
func NewProxy(t testing.TB, service string) *Proxy { return &Proxy{t: t, service: service} }

// Count gives the number of messages with an envelope that were rewritten.
func (p *Proxy) Count() int { return int(p.count.Load()) }

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	request := p.relayed(Read(p.t, in.Header, in.Body))
	out, err := http.NewRequestWithContext(in.Context(), in.Method, p.service+in.URL.RequestURI(), bytes.NewReader(request.Body))
	if err != nil {
		p.t.Error(err)
		return
	}
	out.Header = request.Header
	out.Header.Del("Accept-Encoding")
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	answer := p.relayed(Read(p.t, resp.Header, resp.Body))
	maps.Copy(w.Header(), answer.Header)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.Body)))
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(answer.Body) // a client that has gone tells so itself
}

// relayed rewrites a message if it has an envelope; To and what it relates to stay as they are in the end.
func (p *Proxy) relayed(m Message) Message {
	if !m.IsSOAP() {
		return m
	}
	p.count.Add(1)
	return m.Relayed(p.t, "", "")
}
