package manage

import (
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// door is what records call the API, whichever socket a request came by.
const door = "api"

// authorize decides whether a call may manage, and notes who it is. An empty token is none.
func (a *API) authorize(c *call, token entity.Secret) error {
	credential := credentialOf(c.request)
	if isBearer(credential, token) {
		c.who = "admin"
		return nil
	}
	hello := &shape.Hello{Host: c.request.Host, Tracking: c.tracking, Door: door}
	hello.Remote, _ = netip.ParseAddrPort(c.request.RemoteAddr) // net/http and the front write nothing else
	ask := relay.Ask{Need: entity.Manage}
	if credential != "" {
		if c.request.TLS == nil && !a.p.PlainTokens && !hello.Remote.Addr().Unmap().IsLoopback() {
			return fail.New(fail.BadRequest, "Tokens are not taken over plain http from other machines. Use https, or set allowPlainTokens.")
		}
		ask.Cred = auth.Credential{Scheme: auth.SAS, Text: credential}
	}
	c.who = ruleOf(credential)
	err := a.p.Relay.Authorize(c.request.Context(), ask, hello)
	if err == nil {
		return nil
	}
	return a.ownRule(c, ask, hello, err)
}

// ownRule lets an entity's own rule, or a token for the entity alone, manage that entity; else it gives refusal, or the
// one thing that is closer to the point. There is no such rule before the entity exists, so making one takes the namespace's.
func (a *API) ownRule(c *call, ask relay.Ask, hello *shape.Hello, refusal error) error {
	if c.at == (entity.Address{}) || a.p.Store.View().Get(c.at) == nil {
		return refusal
	}
	own := *hello
	own.At = c.at
	_, err := a.p.Relay.Describe(c.request.Context(), ask, &own)
	if err == nil || fail.Is(err, fail.RightMissing) {
		return err
	}
	return refusal
}

// isBearer reports whether a credential is the admin door's own token.
func isBearer(credential string, token entity.Secret) bool {
	scheme, text, _ := strings.Cut(credential, " ")
	return token != "" && strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(text), []byte(token)) == 1
}

// credentialOf finds the token of a request: the places of the relay's own protocol, and Authorization.
func credentialOf(r *http.Request) string {
	for _, name := range []string{"ServiceBusAuthorization", "Authorization"} {
		if v := r.Header.Get(name); v != "" {
			return v
		}
	}
	t, err := wire.ParseTarget(r.URL.RequestURI())
	if err != nil {
		return ""
	}
	return t.Token
}

// ruleOf gives the name of the rule that a token says it was signed by, for the log.
func ruleOf(credential string) string {
	for field := range strings.SplitSeq(credential, "&") {
		if name, ok := strings.CutPrefix(field, "skn="); ok {
			return name
		}
	}
	return ""
}
