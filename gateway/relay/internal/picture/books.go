package picture

import (
	"cmp"
	"maps"
	"slices"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// maxEntities bounds the entities that are counted one by one. The sum has them all.
const maxEntities = 10_000

// Books add up what was carried. The zero Books are empty. The caller sees to it that one goroutine at a time uses them.
type Books struct {
	In, Out int64 // of all entities, deleted ones included
	loads   map[entity.Address]Load
}

// Add counts what has been carried for an entity.
func (b *Books) Add(at entity.Address, in, out int64) {
	b.In += in
	b.Out += out
	load, known := b.loads[at]
	if !known && len(b.loads) >= maxEntities {
		return
	}
	if b.loads == nil {
		b.loads = make(map[entity.Address]Load)
	}
	load.In += in
	load.Out += out
	b.loads[at] = load
}

// Forget drops what an entity carried.
func (b *Books) Forget(at entity.Address) { delete(b.loads, at) }

// Running is what streams that run add to the books.
type Running map[entity.Address]Load

// Running begins with what has been carried.
func (b *Books) Running() Running {
	if b.loads == nil {
		return make(Running)
	}
	return Running(maps.Clone(b.loads))
}

// Add counts a stream that runs.
func (r Running) Add(at entity.Address, in, out int64) {
	load := r[at]
	load.Streams++
	load.In += in
	load.Out += out
	r[at] = load
}

// Loads gives the loads by path.
func (r Running) Loads() []Load {
	loads := make([]Load, 0, len(r))
	for at, load := range r {
		load.Path = at.Path
		loads = append(loads, load)
	}
	slices.SortFunc(loads, func(a, b Load) int { return cmp.Compare(a.Path, b.Path) })
	return loads
}
