package store

import (
	"iter"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// maxKey bounds the canonical paths that a view is searched for. Lower-casing may lengthen a name, never to the double.
const maxKey = 2 * entity.MaxName

// chunkSize is the most entities in one chunk of a view. A change copies one chunk and the list of chunks: at 10,000
// entities about 2 KiB, whatever their rules weigh.
const chunkSize = 128

// View is one state of a store: immutable, safe for any number of readers, valid for ever. The zero View is empty. Rules
// and entities that it gives out are shared: clone before changing one.
//
// Entities are kept sorted by namespace and path, in chunks; no chunk is empty. With, Without and WithRules make
// another view and share all chunks but the one that changed.
type View struct {
	rules  []entity.Rule
	ruled  uint64 // revision of rules
	chunks [][]*entity.Entity
	n      int
}

// NewView makes a view of entities and rules, which must not be changed afterwards. Of two entities with one address the
// later counts.
func NewView(rules []entity.Rule, entities []*entity.Entity) *View {
	sorted := slices.Clone(entities)
	slices.SortStableFunc(sorted, func(a, b *entity.Entity) int { return compare(a.At, b.At) })
	kept := sorted[:0]
	for i, e := range sorted {
		if i+1 < len(sorted) && sorted[i+1].At == e.At {
			continue
		}
		kept = append(kept, e)
	}
	v := &View{rules: rules, n: len(kept)}
	for chunk := range slices.Chunk(kept, chunkSize/2) {
		v.chunks = append(v.chunks, slices.Clip(chunk))
	}
	return v
}

// Find gives the entity whose address is the longest prefix, by whole segments, of the address; nil when there is none.
// It allocates nothing, and long addresses cost no more than long names.
func (v *View) Find(at entity.Address) *entity.Entity {
	path := at.Path
	if len(path) > maxKey {
		path = cutSegments(path, maxKey)
	}
	for {
		// The last entity that is not behind the path has every prefix of the path that exists as its own prefix.
		last := v.before(entity.Address{Namespace: at.Namespace, Path: path})
		if last == nil || last.At.Namespace != at.Namespace {
			return nil
		}
		common := commonPrefix(last.At.Path, path)
		if common == len(last.At.Path) && (common == len(path) || path[common] == '/') {
			return last
		}
		if path = cutSegments(path, common); path == "" {
			return nil
		}
	}
}

// Get gives the entity at exactly the address; nil when there is none. It allocates nothing.
func (v *View) Get(at entity.Address) *entity.Entity {
	if e := v.before(at); e != nil && e.At == at {
		return e
	}
	return nil
}

// Rules are the namespace's authorization rules.
func (v *View) Rules() []entity.Rule { return v.rules }

// RulesRevision tells one state of the rules from every other that the store has had or will have while it is open: what
// Store.PutRules may be told to expect. 0 is a store that never had any.
func (v *View) RulesRevision() uint64 { return v.ruled }

// Len is how many entities there are.
func (v *View) Len() int { return v.n }

// All gives every entity, sorted by namespace and canonical path.
func (v *View) All() iter.Seq[*entity.Entity] {
	return func(yield func(*entity.Entity) bool) {
		for _, chunk := range v.chunks {
			for _, e := range chunk {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// With gives a view that has the entity, in place of one with the same address.
func (v *View) With(e *entity.Entity) *View {
	if len(v.chunks) == 0 {
		return &View{rules: v.rules, ruled: v.ruled, chunks: [][]*entity.Entity{{e}}, n: 1}
	}
	c := max(0, v.chunkOf(e.At))
	chunk := v.chunks[c]
	i, found := search(chunk, e.At)
	if found {
		chunk = slices.Clone(chunk)
		chunk[i] = e
		return v.replaced(c, v.n, chunk)
	}
	chunk = slices.Insert(slices.Clone(chunk), i, e)
	if len(chunk) <= chunkSize {
		return v.replaced(c, v.n+1, chunk)
	}
	half := len(chunk) / 2
	return v.replaced(c, v.n+1, slices.Clone(chunk[:half]), slices.Clone(chunk[half:]))
}

// Without gives a view that has no entity at the address: v itself when there was none.
func (v *View) Without(at entity.Address) *View {
	c := v.chunkOf(at)
	if c < 0 {
		return v
	}
	i, found := search(v.chunks[c], at)
	if !found {
		return v
	}
	chunk := slices.Delete(slices.Clone(v.chunks[c]), i, i+1)
	if len(chunk) == 0 {
		return v.replaced(c, v.n-1)
	}
	return v.replaced(c, v.n-1, chunk)
}

// WithRules gives a view with other rules, which must not be changed afterwards, and their revision.
func (v *View) WithRules(rules []entity.Rule, revision uint64) *View {
	return &View{rules: rules, ruled: revision, chunks: v.chunks, n: v.n}
}

// replaced gives a view of n entities with other chunks in the place of one.
func (v *View) replaced(c, n int, chunks ...[]*entity.Entity) *View {
	list := make([][]*entity.Entity, 0, len(v.chunks)+len(chunks)-1)
	list = append(list, v.chunks[:c]...)
	list = append(list, chunks...)
	list = append(list, v.chunks[c+1:]...)
	return &View{rules: v.rules, ruled: v.ruled, chunks: list, n: n}
}

// before gives the last entity whose address is not behind the given one; nil when all are.
func (v *View) before(at entity.Address) *entity.Entity {
	c := v.chunkOf(at)
	if c < 0 {
		return nil
	}
	i, found := search(v.chunks[c], at)
	if !found {
		i-- // never below 0: the chunk begins at or before the address
	}
	return v.chunks[c][i]
}

// chunkOf gives the chunk that has the address if any has it: the last one that begins at or before it; -1 when none does.
func (v *View) chunkOf(at entity.Address) int {
	low, high := 0, len(v.chunks)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if compare(v.chunks[mid][0].At, at) <= 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low - 1
}

// search gives the place of the address in a chunk, or where it would stand.
func search(chunk []*entity.Entity, at entity.Address) (int, bool) {
	return slices.BinarySearchFunc(chunk, at, func(e *entity.Entity, at entity.Address) int { return compare(e.At, at) })
}

// compare orders addresses by namespace, then by the bytes of the path.
func compare(a, b entity.Address) int {
	if a.Namespace != b.Namespace {
		return strings.Compare(a.Namespace, b.Namespace)
	}
	return strings.Compare(a.Path, b.Path)
}

// commonPrefix counts the bytes that two paths have in common at their beginning.
func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// cutSegments gives the longest prefix of the path that is made of whole segments, has at most n bytes and is shorter
// than the path.
func cutSegments(path string, n int) string {
	if n < len(path) && path[n] == '/' {
		return path[:n]
	}
	return path[:max(0, strings.LastIndexByte(path[:n], '/'))]
}
