package relay

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Ask is what a party wants and what it shows for it. The entry found the credential; the relay checks it.
type Ask struct {
	Need  entity.Rights
	Cred  auth.Credential
	Hints Hints
	// Granted says that the door itself is the grant to send: no credential is asked for.
	Granted bool

	// Also is the entry's own condition on the entity, asked when all others are fulfilled; nil: there is none.
	Also func(*entity.Entity) *fail.Error
}

// admit decides whether a party may do what it asks: the credential first, then whether the entity exists, then where the
// party comes from (reference section 4.6).
func (r *Relay) admit(ask Ask, h *shape.Hello) (*entity.Entity, auth.Claims, *fail.Error) {
	if err := r.entering(); err != nil {
		return nil, auth.Claims{}, err
	}
	view := r.p.Store.View()
	ent := view.Find(h.At)
	open := ask.Need == entity.Send && (ask.Granted || ent != nil && ent.AnonymousSenders)
	var claims auth.Claims
	if !open {
		var err *fail.Error
		if claims, err = r.verify(ask, h, ent, view.Rules()); err != nil {
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

// verify checks the credential and the right.
func (r *Relay) verify(ask Ask, h *shape.Hello, ent *entity.Entity, namespace []entity.Rule) (auth.Claims, *fail.Error) {
	place := auth.Place{At: h.At, Host: h.Host, Hosts: r.p.Hosts}
	scope := auth.Scope{Namespace: namespace}
	if ent != nil {
		scope.Entity = ent.Rules
	}
	if ask.Cred.Scheme == auth.None {
		return auth.Claims{}, fail.Newf(fail.MissingToken, "MissingToken: Relay security token is required. Expected audience: '%s'.", auth.Audience(place))
	}
	verifier, ok := r.p.Verifiers[ask.Cred.Scheme]
	if !ok {
		return auth.Claims{}, fail.New(fail.MalformedToken, "MalformedToken: The token is malformed or not a recognised kind.")
	}
	claims, err := verifier.Verify(ask.Cred, scope, place, time.Now())
	switch {
	case err != nil:
		return claims, fail.Of(err)
	case !claims.Rights.Has(ask.Need):
		return claims, fail.Newf(fail.RightMissing, "Authorization failed for specified action: %s. The token's rule '%s' grants %s.", ask.Need, claims.Rule, claims.Rights)
	}
	return claims, nil
}
