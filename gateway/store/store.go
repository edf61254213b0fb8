package store

import (
	"context"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// Change is one durable difference. Exactly one of Put, Deleted and Rules is set.
type Change struct {
	Put     *entity.Entity // created or replaced, as stored
	Deleted *entity.Entity // as it was
	Rules   bool           // the namespace's rules changed
}

// Any as expected revision means: whatever is there, or nothing.
const Any = ^uint64(0)

// None as expected revision means: nothing may be there yet.
const None = uint64(0)

// Store is a node's copy of the durable state. Reads are of memory; a write is durable when it returns without error.
// A write that the disk refuses is fail.Internal, and so is every later one: what is in memory goes on being served.
// It is safe for concurrent use. Entities that it gives out are shared and must not be changed: Clone first.
type Store interface {
	// View is the present state: immutable, cheap to take, valid for ever.
	View() *View
	// Put creates or replaces the entity e.At. expect is the revision that must be there now: Any, None or a revision;
	// otherwise fail.Conflict. It checks e, refuses more than entity.MaxEntities (fail.Overloaded), stamps CreatedAt
	// (kept when replaced), UpdatedAt and a new Revision, and returns what is stored. e itself is not kept.
	Put(ctx context.Context, e *entity.Entity, expect uint64) (*entity.Entity, error)
	// Delete removes the entity; fail.UnknownEntity when there is none, fail.Conflict as in Put.
	Delete(ctx context.Context, at entity.Address, expect uint64) error
	// PutRules replaces the namespace's rules. expect is the revision of the rules that must be there now
	// (View.RulesRevision) or Any; otherwise fail.Conflict, and nothing has changed.
	PutRules(ctx context.Context, rules []entity.Rule, expect uint64) error
	// Watch has f called after every change, in order, one at a time, before the writer's call returns; View has the change
	// already. f holds up all writers: it is quick, and calls neither a writing method nor stop. stop ends it; f is not
	// running when stop returns.
	Watch(f func(Change)) (stop func())
	// Close ends the store; every write afterwards fails with fail.Draining. The last View stays good. It may be called twice.
	Close() error
}
