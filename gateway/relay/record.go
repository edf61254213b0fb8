package relay

import (
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/relay/internal/account"
	"github.com/causeway-relay/causeway/gateway/shape"
)

// What is told of the road.
type (
	// Step is one of the nine documented steps, at the moment when it happened.
	Step = account.Step
	// Hooks are told what happens on the road. They must not block, nor call the relay.
	Hooks = account.Hooks
	// Presence says that a listener came or went, or seems to be otherwise than before.
	Presence = account.Presence
	// Missed says that a listener did not get a message that was for it.
	Missed = account.Missed
	// Stages are the times from arrival until each station was passed.
	Stages = account.Stages
	// Record is the account of one connection, for one log line and the metrics.
	Record = account.Record
)

// Turned notes a party that an entry turns away by itself, before it came to the relay: a request that breaks the
// protocol's rules. It returns the error as the party is to be told it.
func (r *Relay) Turned(kind string, h *shape.Hello, err *fail.Error) *fail.Error {
	return r.clerk.Refused(r.clerk.Begin(kind, h), err)
}
