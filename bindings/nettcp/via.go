package nettcp

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// scheme is that of every Via: WCF's own services take no other.
const scheme = "net.tcp"

// tokenKey is where a Via can hold a relay token. WCF's services look at its path alone, so a client can put one there.
const tokenKey = "sb-hc-token"

// destination is what a Via says.
type destination struct {
	at      entity.Address
	host    string // host and port, as it came
	target  string // path and query, without a token
	forward string // the Via for the listener: without a token; "" as it came
	cred    auth.Credential
}

// parseVia reads a Via.
func parseVia(via string) (*destination, *fail.Error) {
	u, err := url.Parse(via)
	if err != nil {
		return nil, fail.New(fail.BadRequest, "The Via is no address.")
	}
	if u.Scheme != scheme {
		return nil, fail.Newf(fail.UnknownEntity, "Nothing is at addresses of the scheme %q: write %s://HOST:PORT/NAME.", u.Scheme, scheme)
	}
	at, err := entity.NewAddress("", u.Path)
	if err != nil {
		return nil, fail.Wrap(fail.BadRequest, "via", err)
	}
	d := &destination{at: at, host: u.Host}
	query, token := takeToken(u.RawQuery)
	if token != "" {
		if token, err = url.QueryUnescape(token); err != nil {
			return nil, fail.New(fail.MalformedToken, "MalformedToken: The token is malformed or not a recognised kind.")
		}
		d.cred = auth.Credential{Scheme: auth.SAS, Text: token}
		u.RawQuery = query
		d.forward = u.String()
	}
	d.target = u.EscapedPath()
	if u.RawQuery != "" {
		d.target += "?" + u.RawQuery
	}
	return d, nil
}

// takeToken takes the token out of a query.
func takeToken(query string) (rest, token string) {
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(part, "=")
		if strings.EqualFold(key, tokenKey) {
			token = value
			continue
		}
		kept = append(kept, part)
	}
	return strings.Join(kept, "&"), token
}

// safeFor refuses a token that anyone on the way could read: a preamble is always in the clear.
func (d *destination) safeFor(local, plainTokens bool) *fail.Error {
	if d.cred.Scheme == auth.None || local || plainTokens {
		return nil
	}
	return fail.New(fail.BadRequest, fmt.Sprintf("A token in %s is not taken from other machines, since a Via is never encrypted: run causeway forward beside the client, or set allowPlainTokens.", tokenKey))
}

// hostOf is the host of an authority.
func hostOf(authority string) string {
	u := url.URL{Host: authority}
	return u.Hostname()
}
