package hybrid

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// Request is what a sender said when it knocked.
type Request struct {
	TrackingID   string         // of the rendezvous: what the gateway's log calls the ticket
	URL          *url.URL       // path and query: the hybrid connection's name, what follows it, the sender's query
	Target       string         // the same as it came: raw path and query
	Header       http.Header    // of the sender's handshake, names in canonical form, without its token
	Fields       shape.Fields   // the same with order and case as they came
	Subprotocols []string       // that it offers
	Remote       netip.AddrPort // its address as the gateway sees it
}

// requestOf reads an offer. The error is of an address that nobody can dial.
func requestOf(o *wire.Offer) (*Request, *wire.Address, error) {
	at, err := wire.ParseAddress(o.Address)
	if err != nil {
		return nil, nil, err
	}
	target, err := wire.ParseTarget(at.Target)
	if err != nil {
		return nil, nil, err
	}
	u, err := url.ParseRequestURI(target.Visible())
	if err != nil { // a path that only the relay understands: it is shown as it came
		path, query, _ := strings.Cut(target.Visible(), "?")
		u = &url.URL{Path: path, RawQuery: query}
	}
	r := &Request{
		TrackingID: target.ID, URL: u, Target: target.Visible(), Fields: o.Fields, Header: make(http.Header, len(o.Fields)),
		Subprotocols: wire.Protocols(o.Fields), Remote: o.Remote,
	}
	for _, f := range o.Fields {
		r.Header.Add(f.Name, f.Value)
	}
	return r, &at, nil
}
