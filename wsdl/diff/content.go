package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/describe"
)

// content compares two content models.
func (c *comparer) content(kind, path string, a, b *describe.Particle, w way) {
	switch {
	case a == nil && b == nil:
	case a == nil:
		c.add(c.added(b, w), kind, path, "", "", "it has content now")
	case b == nil:
		c.add(Breaking, kind, path, "", "", "it has no content any more")
	default:
		c.particle(path, a, b, w)
	}
}

// added judges a particle that is new: one that may be left out hurts nobody.
func (c *comparer) added(p *describe.Particle, w way) Level {
	if optional(p) {
		return Compatible
	}
	return hurts(w, sent)
}

// optional reports whether a particle may be empty.
func optional(p *describe.Particle) bool {
	if p.Min == 0 {
		return true
	}
	switch p.Kind {
	case "sequence", "all":
		return !slices.ContainsFunc(p.Items, func(i describe.Particle) bool { return !optional(&i) })
	case "choice":
		return slices.ContainsFunc(p.Items, func(i describe.Particle) bool { return optional(&i) })
	}
	return false
}

// particleKey names a particle among its siblings.
func particleKey(p describe.Particle) string {
	switch {
	case p.Element != nil:
		return p.Element.Name
	case p.Ref != "":
		return p.Kind + " " + p.Ref
	}
	return p.Kind
}

// particle compares two particles that stand for each other.
func (c *comparer) particle(path string, a, b *describe.Particle, w way) {
	if a.Kind != b.Kind {
		c.text(Breaking, "content", path, "what groups it changed", a.Kind, b.Kind)
		return
	}
	c.occurs(path, a, b, w)
	switch {
	case a.Element != nil && b.Element != nil:
		c.text(Breaking, "element", path, "the name changed", a.Element.Name, b.Element.Name)
		c.element(path, a.Element, b.Element, w)
	case (a.Element == nil) != (b.Element == nil), a.Ref != b.Ref:
		c.text(Breaking, "content", path, "what it refers to changed", particleKey(*a), particleKey(*b))
	}
	c.wildcards("content", path+" / any", a.Wildcard, b.Wildcard, w)
	c.items(path, a, b, w)
}

// occurs: fewer than before hurt who sends, more hurt who receives; so do those that may be missing.
func (c *comparer) occurs(path string, a, b *describe.Particle, w way) {
	if a.Min == b.Min && a.Max == b.Max {
		return
	}
	level := Compatible
	if b.Min > a.Min || less(b.Max, a.Max) {
		level = hurts(w, sent)
	}
	if level != Breaking && (b.Min < a.Min || less(a.Max, b.Max)) {
		level = hurts(w, received)
	}
	c.add(level, "content", path, occurs(a), occurs(b), "how often it stands changed")
}

// less compares numbers of occurrences; a negative one is without bound.
func less(a, b int) bool { return a >= 0 && (b < 0 || a < b) }

// occurs writes how often a particle may stand.
func occurs(p *describe.Particle) string {
	if p.Max < 0 {
		return fmt.Sprintf("%d..*", p.Min)
	}
	return fmt.Sprintf("%d..%d", p.Min, p.Max)
}

// items compares what stands in a sequence, choice or all.
func (c *comparer) items(path string, a, b *describe.Particle, w way) {
	in := func(key string) string { return path + " / " + key }
	left := map[string][]*describe.Particle{}
	for i := range b.Items {
		k := particleKey(b.Items[i])
		left[k] = append(left[k], &b.Items[i])
	}
	var kept []string
	matched := map[*describe.Particle]bool{}
	for i := range a.Items {
		k := particleKey(a.Items[i])
		if len(left[k]) == 0 {
			c.gone(in(k), a, w)
			continue
		}
		other := left[k][0]
		left[k] = left[k][1:]
		matched[other] = true
		kept = append(kept, k)
		c.particle(in(k), &a.Items[i], other, w)
	}
	var now []string
	for i := range b.Items {
		p := &b.Items[i]
		if matched[p] {
			now = append(now, particleKey(*p))
			continue
		}
		level, how := c.added(p, w), "it is new"
		if b.Kind == "choice" { // one more that may come
			level, how = hurts(w, received), "it is a new branch"
		}
		c.add(level, "content", in(particleKey(*p)), "", "", "%s", how)
	}
	if a.Kind == "sequence" && !slices.Equal(kept, now) {
		c.add(Breaking, "content", path, strings.Join(kept, " "), strings.Join(now, " "), "the order changed")
	}
}

// gone: who sends it is refused, who receives misses it; a branch of a choice is missed by nobody who receives.
func (c *comparer) gone(path string, in *describe.Particle, w way) {
	level := Breaking
	if in.Kind == "choice" {
		level = hurts(w, sent)
	}
	c.add(level, "content", path, "", "", "it is gone")
}
