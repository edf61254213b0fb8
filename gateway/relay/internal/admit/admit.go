// Package admit owns the decision whether a party may do what it asks: the credential, the right, the entity, the network address.
//
// It does not own how many may come in, nor what a node that starts or drains refuses (relay). Gate is read only once made and may be
// used from any goroutine. Source: Hybrid Connections reference section 4.6.
package admit

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/route"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/gateway/store"
)

// Ask is what a party wants and what it shows for it. The entry found the credential; the relay checks it.
type Ask struct {
	Need  entity.Rights
	Cred  auth.Credential
	Hints route.Hints
	// Granted says that the door itself is the grant to send: no credential is asked for.
	Granted bool

	// Also is the entry's own condition on the entity, asked when all others are fulfilled; nil: there is none.
	Also func(*entity.Entity) *fail.Error
}

// Gate decides.
type Gate struct {
	Store     store.Store
	Verifiers map[auth.Scheme]auth.Verifier
	Hosts     []string // host names of the namespace beside the one that a party dialled
}

// Admit decides whether a party may do what it asks: the credential first, then whether the entity exists, then where the
// party comes from. now is what an expiry is compared with.
func (g *Gate) Admit(ask *Ask, h *shape.Hello, now time.Time) (*entity.Entity, auth.Claims, *fail.Error) {
	view := g.Store.View()
	ent := view.Find(h.At)
	open := ask.Need == entity.Send && (ask.Granted || ent != nil && ent.AnonymousSenders)
	var claims auth.Claims
	if !open {
		var err *fail.Error
		if claims, err = g.verify(ask, h, ent, view.Rules(), now); err != nil {
			return nil, claims, err
		}
	}
	switch {
	case ent == nil:
		return nil, claims, fail.New(fail.UnknownEntity, "Endpoint does not exist.")
	case ask.Need == entity.Send && !ent.Allows(h.Remote.Addr()):
		return nil, claims, fail.Newf(fail.AddressBlocked, "IP address %s has been prevented from connecting to the endpoint.", h.Remote.Addr().Unmap())
	}
	if ask.Also != nil {
		if err := ask.Also(ent); err != nil {
			return nil, claims, err
		}
	}
	return ent, claims, nil
}

// Namespace decides whether a party may do what it asks in the namespace as a whole: management.
func (g *Gate) Namespace(ask *Ask, h *shape.Hello, now time.Time) *fail.Error {
	_, err := g.verify(ask, h, nil, g.Store.View().Rules(), now)
	return err
}

// verify checks the credential and the right.
func (g *Gate) verify(ask *Ask, h *shape.Hello, ent *entity.Entity, namespace []entity.Rule, now time.Time) (auth.Claims, *fail.Error) {
	place := auth.Place{At: h.At, Host: h.Host, Hosts: g.Hosts}
	scope := auth.Scope{Namespace: namespace}
	if ent != nil {
		scope.Entity = ent.Rules
	}
	if ask.Cred.Scheme == auth.None {
		return auth.Claims{}, fail.Newf(fail.MissingToken, "MissingToken: Relay security token is required. Expected audience: '%s'.", auth.Audience(place))
	}
	verifier, ok := g.Verifiers[ask.Cred.Scheme]
	if !ok {
		return auth.Claims{}, fail.New(fail.MalformedToken, "MalformedToken: The token is malformed or not a recognised kind.")
	}
	claims, err := verifier.Verify(ask.Cred, scope, place, now)
	switch {
	case err != nil:
		return claims, fail.Of(err)
	case !claims.Rights.Has(ask.Need):
		return claims, fail.Newf(fail.RightMissing, "Authorization failed for specified action: %s. The token's rule '%s' grants %s.", ask.Need, claims.Rule, claims.Rights)
	}
	return claims, nil
}
