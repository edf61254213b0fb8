package relay

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay/internal/admit"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// Ask is what a party wants and what it shows for it. The entry found the credential; the relay checks it.
type Ask = admit.Ask

// admit decides whether a party may do what it asks, at a node that takes parties.
func (r *Relay) admit(ask Ask, h *shape.Hello) (*entity.Entity, auth.Claims, *fail.Error) {
	return r.admitAt(&ask, h, time.Now())
}

// admitAt is admit for a party that has come at a time that is now.
func (r *Relay) admitAt(ask *Ask, h *shape.Hello, now time.Time) (*entity.Entity, auth.Claims, *fail.Error) {
	if err := r.entering(); err != nil {
		return nil, auth.Claims{}, err
	}
	return r.gate.Admit(ask, h, now)
}
