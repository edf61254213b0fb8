package manage

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/events"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/manage/wire"
	"github.com/causeway-relay/causeway/gateway/presence"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/tap"
	"github.com/causeway-relay/causeway/gateway/tap/nodes"
)

// Certificate is one that a door serves.
type Certificate struct {
	Name     string
	NotAfter time.Time
}

// Params is what an API is made of. All but PlainTokens, Reload and Refused are needed.
type Params struct {
	Store   store.Store
	Relay   *relay.Relay
	Node    uint16
	Version string
	Log     *slog.Logger // one line for each change and for each refusal
	Events  *events.Log
	History *presence.History
	// Watch looks at what passes a relay on all nodes.
	Watch        func(entity.Address, tap.Options) (*nodes.Watch, error)
	PlainTokens  bool // tokens over plain http from other machines are taken
	Certificates func() []Certificate
	// Ports are the plain TCP ports of this node, by the names that doors have: where each is bound. nil: there are none.
	Ports func() map[string]string
	// Reload reads the configuration again and puts in force what can be. Problems mean that nothing has changed. nil: the node
	// cannot.
	Reload func(context.Context) (done wire.Reloaded, problems []wire.ConfigProblem, err error)
	// ConnectionString makes one for a rule and, if path is not empty, one entity.
	ConnectionString func(rule, key, path string) string
	// Refused counts a request that was refused, by the door of its record: "api", or https and http for what is no
	// management at all. nil: nobody counts.
	Refused func(door string, code fail.Code)
}

// API serves the management API. Make one with New.
type API struct{ p Params }

// New makes an API.
func New(p Params) *API {
	if p.Refused == nil {
		p.Refused = func(string, fail.Code) {}
	}
	if p.Ports == nil {
		p.Ports = func() map[string]string { return nil }
	}
	return &API{p: p}
}

// ByToken serves the API below prefix to who shows a relay token with the right Manage: for everything one of a
// namespace's rule, for the paths of one entity also one of its own rules.
func (a *API) ByToken(prefix string) http.Handler { return a.below(prefix, "") }

// ByAdmin is ByToken that also takes the admin door's own token, as bearer.
func (a *API) ByAdmin(prefix, token string) http.Handler {
	return a.below(prefix, entity.Secret(token))
}

// Guarded lets h serve who may manage the namespace: by a relay token or by the admin door's own.
func (a *API) Guarded(token string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{request: r, tracking: trackingOf(r)}
		if err := a.authorize(c, entity.Secret(token)); err != nil {
			a.audit(c, err)
			a.refuse(w, c, err)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// below serves the paths behind prefix, which may come percent-encoded and so is counted in segments.
func (a *API) below(prefix string, token entity.Secret) http.Handler {
	skip := strings.Count(strings.Trim(prefix, "/"), "/") + 1
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
		a.serve(w, r, segments[min(skip, len(segments)):], token)
	})
}
