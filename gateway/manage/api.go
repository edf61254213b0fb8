package manage

import (
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/hybrid/wire"
)

// Certificate is one that a door serves.
type Certificate struct {
	Name     string    `json:"name"`
	NotAfter time.Time `json:"notAfter"`
}

// Params is what an API is made of. All are needed.
type Params struct {
	Store        store.Store
	Relay        *relay.Relay
	Node         uint16
	Version      string
	Log          *slog.Logger
	Certificates func() []Certificate
	// ConnectionString makes one for a rule and, if path is not empty, one entity.
	ConnectionString func(rule, key, path string) string
}

// API serves the management API. Make one with New.
type API struct {
	p   Params
	mux *http.ServeMux
}

// New makes an API.
func New(p Params) *API {
	a := &API{p: p, mux: http.NewServeMux()}
	a.routes()
	return a
}

// ByToken serves the API below prefix to who shows a relay token with the right Manage.
func (a *API) ByToken(prefix string) http.Handler {
	return a.guard("", http.StripPrefix(strings.TrimSuffix(prefix, "/"), a.mux))
}

// ByAdmin is ByToken that also takes the admin door's own token, as bearer.
func (a *API) ByAdmin(prefix, token string) http.Handler {
	return a.guard(token, http.StripPrefix(strings.TrimSuffix(prefix, "/"), a.mux))
}

// Guarded lets h serve who may manage: by a relay token or by the admin door's own.
func (a *API) Guarded(token string, h http.Handler) http.Handler { return a.guard(token, h) }

// guard lets who may manage through to h.
func (a *API) guard(token string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		credential := credentialOf(r)
		if token != "" && subtle.ConstantTimeCompare([]byte(strings.TrimPrefix(credential, "Bearer ")), []byte(token)) == 1 {
			h.ServeHTTP(w, r)
			return
		}
		hello := &shape.Hello{Host: r.Host, Tracking: trackingOf(r), Door: "api"}
		hello.Remote, _ = netip.ParseAddrPort(r.RemoteAddr)
		ask := relay.Ask{Need: entity.Manage}
		if credential != "" {
			ask.Cred = auth.Credential{Scheme: auth.SAS, Text: credential}
		}
		if err := a.p.Relay.Authorize(r.Context(), ask, hello); err != nil {
			a.refuse(w, r, fail.Of(err))
			return
		}
		h.ServeHTTP(w, r)
	})
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
