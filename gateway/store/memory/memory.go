// Package memory owns the store of a gateway that keeps nothing: tests, the demo and nodes that read everything from
// their configuration file. It passes the same conformance suite (storetest) as the store that lasts.
package memory

import (
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/gateway/store/internal/book"
)

// New makes an empty store that lives as long as the process.
func New() store.Store { return book.New(keeper{}, &store.View{}, 0) }

// keeper keeps nothing: the book's view is all there is.
type keeper struct{}

func (keeper) Put(*entity.Entity, uint64) error     { return nil }
func (keeper) Delete(entity.Address, uint64) error  { return nil }
func (keeper) PutRules([]entity.Rule, uint64) error { return nil }
func (keeper) Close() error                         { return nil }
