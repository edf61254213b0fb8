// Package book owns what every store does alike: it checks a change, counts revisions, hands the change to a Keeper that
// makes it last, shows the new View and tells the watchers. store/memory and store/bolt are a book with their own keeper.
//
// One lock orders all writes and everything that watchers hear; readers take the view without it. Spec: the comments of
// store.Store.
package book

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/store"
)

// Keeper makes changes last. Its methods are called one at a time; when one returns an error nothing has changed.
// revision is the store's count of writes with this one.
type Keeper interface {
	Put(e *entity.Entity, revision uint64) error
	Delete(at entity.Address, revision uint64) error
	PutRules(rules []entity.Rule, revision uint64) error
	Close() error
}

// errClosed is what every write after Close gets.
var errClosed = errors.New("the store is closed")

// Book is a store.Store over a Keeper. Use New.
type Book struct {
	view atomic.Pointer[store.View]

	mu       sync.Mutex
	keeper   Keeper // nil once closed
	revision uint64 // of the last write
	watchers []*watcher
}

var _ store.Store = (*Book)(nil)

type watcher struct{ f func(store.Change) }

// New makes a book with what the keeper has already. When its rules were written is not kept: they count as written with the
// last change.
func New(k Keeper, v *store.View, revision uint64) *Book {
	b := &Book{keeper: k, revision: revision}
	if len(v.Rules()) > 0 {
		v = v.WithRules(v.Rules(), revision)
	}
	b.view.Store(v)
	return b
}

// View is the present state.
func (b *Book) View() *store.View { return b.view.Load() }

// Put creates or replaces an entity.
func (b *Book) Put(ctx context.Context, e *entity.Entity, expect uint64) (*entity.Entity, error) {
	if err := check(e); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.readyLocked(ctx); err != nil {
		return nil, err
	}
	v := b.View()
	old := v.Get(e.At)
	if err := expected(old, e.Name, expect); err != nil {
		return nil, err
	}
	if old == nil && v.Len() >= entity.MaxEntities {
		return nil, fail.Newf(fail.Overloaded, "the namespace has %d entities, as many as it may have: delete one first", v.Len())
	}
	stored := b.stampedLocked(e, old)
	if err := b.keeper.Put(stored, stored.Revision); err != nil {
		return nil, fail.Wrap(fail.Internal, "write entity", err)
	}
	b.doneLocked(v.With(stored), store.Change{Put: stored})
	return stored, nil
}

// Delete removes an entity.
func (b *Book) Delete(ctx context.Context, at entity.Address, expect uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.readyLocked(ctx); err != nil {
		return err
	}
	v := b.View()
	old := v.Get(at)
	if old == nil {
		return fail.Newf(fail.UnknownEntity, "%q does not exist", at)
	}
	if err := expected(old, old.Name, expect); err != nil {
		return err
	}
	if err := b.keeper.Delete(at, b.revision+1); err != nil {
		return fail.Wrap(fail.Internal, "delete entity", err)
	}
	b.doneLocked(v.Without(at), store.Change{Deleted: old})
	return nil
}

// PutRules replaces the namespace's rules.
func (b *Book) PutRules(ctx context.Context, rules []entity.Rule, expect uint64) error {
	if err := entity.CheckRules(rules); err != nil {
		return &fail.Error{Code: fail.BadRequest, Text: err.Error()}
	}
	rules = slices.Clone(rules)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.readyLocked(ctx); err != nil {
		return err
	}
	v := b.View()
	if expect != store.Any && expect != v.RulesRevision() {
		return fail.New(fail.Conflict, "the namespace's rules have changed since they were read")
	}
	if err := b.keeper.PutRules(rules, b.revision+1); err != nil {
		return fail.Wrap(fail.Internal, "write rules", err)
	}
	b.doneLocked(v.WithRules(rules, b.revision+1), store.Change{Rules: true})
	return nil
}

// Watch has f called after every change, by whoever made it.
func (b *Book) Watch(f func(store.Change)) (stop func()) {
	w := &watcher{f}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers = append(b.watchers, w)
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.watchers = slices.DeleteFunc(b.watchers, func(other *watcher) bool { return other == w })
	}
}

// Close waits for a running write and ends the store. The last view stays readable.
func (b *Book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.keeper == nil {
		return nil
	}
	k := b.keeper
	b.keeper, b.watchers = nil, nil
	return k.Close()
}

func (b *Book) readyLocked(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write to the store: %w", err)
	}
	if b.keeper == nil {
		return fail.Wrap(fail.Draining, "write to the store", errClosed)
	}
	return nil
}

// stampedLocked copies the entity and gives the copy its times and the next revision.
func (b *Book) stampedLocked(e, old *entity.Entity) *entity.Entity {
	stored := e.Clone()
	stored.Revision = b.revision + 1
	stored.UpdatedAt = time.Now().UTC().Round(0) // Round drops the monotonic part, which no disk keeps
	stored.CreatedAt = stored.UpdatedAt
	if old != nil {
		stored.CreatedAt = old.CreatedAt
	}
	return stored
}

// doneLocked shows a change that is durable to readers, then to watchers.
func (b *Book) doneLocked(v *store.View, c store.Change) {
	b.revision++
	b.view.Store(v)
	for _, w := range b.watchers {
		w.f(c)
	}
}

// check says what is wrong with an entity that a caller wants stored.
func check(e *entity.Entity) error {
	if err := e.Check(); err != nil {
		return &fail.Error{Code: fail.BadRequest, Text: err.Error()}
	}
	at, err := entity.NewAddress(e.At.Namespace, e.Name)
	if err != nil || at != e.At {
		return fail.Newf(fail.BadRequest, "the address %q does not belong to the name %q", e.At, e.Name)
	}
	return nil
}

// expected compares the revision that is there with the one that the caller saw.
func expected(old *entity.Entity, name string, expect uint64) error {
	var now uint64 // store.None
	if old != nil {
		now = old.Revision
	}
	switch {
	case expect == store.Any || expect == now:
		return nil
	case expect == store.None:
		return fail.Newf(fail.Conflict, "%q exists already", name)
	case old == nil:
		return fail.Newf(fail.Conflict, "%q does not exist any more", name)
	}
	return fail.Newf(fail.Conflict, "%q has changed since it was read: revision %d, expected %d", name, now, expect)
}
