package conversion

import (
	"net/url"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// At makes the conversion that an entity's settings ask for, for senders of net.tcp (framed) or of SOAP over HTTP; nil: what they say
// passes as it is. How the service is reached is the caller's to fill in.
func At(e *entity.Entity, framed bool) *Conversion {
	c := e.Settings.Convert.From(framed)
	if c == nil {
		return nil
	}
	out := &Conversion{Converter: c, Relay: e.Name, Named: e.Settings.Convert.Address != ""}
	out.Address = func(h *shape.Hello) string {
		if a := e.Settings.Convert.Address; a != "" {
			return a
		}
		return own(h, c.To.Framed) + escaped(e.Name)
	}
	return out
}

// own is the beginning of the gateway's own addresses, as the sender dialled it. A door of another protocol has another port, which says
// nothing then.
func own(h *shape.Hello, framed bool) string {
	scheme := "http"
	switch {
	case framed:
		scheme = "net.tcp"
	case h.Door == "https":
		return "https://" + h.Host
	case h.Door == "http":
		return "http://" + h.Host
	}
	host := (&url.URL{Host: h.Host}).Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if host == "" {
		host = "localhost" // HTTP/1.0 need not say (RFC 9110 section 7.6.3)
	}
	return scheme + "://" + host
}
