package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/wsdl/describe"
)

// Level is what a change does to callers.
type Level string

// The levels.
const (
	Breaking   Level = "breaking"
	Compatible Level = "compatible"
)

// Change is one difference.
type Change struct {
	Level Level  `json:"level"`
	Kind  string `json:"kind"`          // service, port, operation, message, element, type, group, attribute
	Path  string `json:"path"`          // where: names from the outside in, with " / " between
	Text  string `json:"text"`          // what
	Old   string `json:"old,omitempty"` // the values, where there are some
	New   string `json:"new,omitempty"`
}

// String gives level, place and text.
func (c Change) String() string {
	s := fmt.Sprintf("%s: %s %s: %s", c.Level, c.Kind, c.Path, c.Text)
	if c.Old != "" || c.New != "" {
		s += fmt.Sprintf(": %q became %q", c.Old, c.New)
	}
	return s
}

// Report is all differences, breaking ones first.
type Report struct {
	Breaking   int      `json:"breaking"`
	Compatible int      `json:"compatible"`
	Changes    []Change `json:"changes"`
}

// Compare compares an old outline with a new one.
func Compare(before, after *describe.Outline) *Report {
	c := &comparer{was: newUse(before), now: newUse(after)}
	each(c, before.Services, after.Services, func(s describe.Service) string { return s.Name }, "service", "", Breaking, Compatible, c.service)
	each(c, before.Bindings, after.Bindings, func(p describe.Port) string { return p.Name }, "binding", "", Breaking, Compatible,
		func(path string, a, b describe.Port) { c.port(path, a, b) })
	each(c, before.Elements, after.Elements, func(e describe.Element) string { return e.Name }, "element", "", Breaking, Compatible,
		func(path string, a, b describe.Element) { c.element(path, &a, &b, c.way("element "+a.Name)) })
	each(c, before.Types, after.Types, func(t describe.Type) string { return t.Name }, "type", "", Breaking, Compatible,
		func(path string, a, b describe.Type) { c.typ(path, &a, &b, c.way("type "+a.Name)) })
	each(c, before.Groups, after.Groups, func(g describe.Group) string { return g.Name }, "group", "", Breaking, Compatible,
		func(path string, a, b describe.Group) {
			c.content("group", path, a.Content, b.Content, c.way("group "+a.Name))
		})
	each(c, before.Attributes, after.Attributes, func(a describe.Attribute) string { return a.Name }, "attribute", "", Breaking, Compatible,
		func(path string, a, b describe.Attribute) { c.attribute(path, &a, &b, both) })
	slices.SortStableFunc(c.changes, func(a, b Change) int { return strings.Compare(string(a.Level), string(b.Level)) })
	r := &Report{Changes: c.changes}
	if r.Changes == nil {
		r.Changes = []Change{}
	}
	for _, change := range c.changes {
		if change.Level == Breaking {
			r.Breaking++
		} else {
			r.Compatible++
		}
	}
	return r
}

// way is where a type is used.
type way uint8

const (
	sent     way = 1 << iota // by callers
	received                 // by callers
	both     = sent | received
)

type comparer struct {
	was, now *use
	changes  []Change
}

// way gives where a component is used, before or after.
func (c *comparer) way(key string) way {
	w := c.was.ways[key] | c.now.ways[key]
	if w == 0 {
		return both
	}
	return w
}

// add notes a change.
func (c *comparer) add(level Level, kind, path, old, now, format string, args ...any) {
	c.changes = append(c.changes, Change{level, kind, path, fmt.Sprintf(format, args...), old, now})
}

// text notes two values that differ.
func (c *comparer) text(level Level, kind, path, what, old, now string) {
	if old != now {
		c.add(level, kind, path, old, now, "%s", what)
	}
}

// flag notes a property that came or went.
func (c *comparer) flag(kind, path, what string, old, now bool, gone, came Level) {
	switch {
	case old && !now:
		c.add(gone, kind, path, "", "", "it is not %s any more", what)
	case !old && now:
		c.add(came, kind, path, "", "", "it is %s now", what)
	}
}

// hurts gives Breaking if a way is among those that a change hurts.
func hurts(w, who way) Level {
	if w&who != 0 {
		return Breaking
	}
	return Compatible
}

// each compares two lists by key: what is gone, what is new, what both have. Of several with one key the nth stands for the nth.
func each[T any](c *comparer, before, after []T, key func(T) string, kind, path string, gone, came Level, same func(path string, a, b T)) {
	left := map[string][]T{}
	for _, b := range after {
		left[key(b)] = append(left[key(b)], b)
	}
	in := func(k string) string {
		if path == "" {
			return k
		}
		return path + " / " + k
	}
	for _, a := range before {
		k := key(a)
		if len(left[k]) == 0 {
			c.add(gone, kind, in(k), "", "", "it is gone")
			continue
		}
		b := left[k][0]
		left[k] = left[k][1:]
		same(in(k), a, b)
	}
	for _, b := range after {
		k := key(b)
		if len(left[k]) > 0 {
			left[k] = left[k][1:]
			c.add(came, kind, in(k), "", "", "it is new")
		}
	}
}

// same compares things that are their own key: there is nothing more to compare.
func same[T any](string, T, T) {}

// text gives a value that may not be given; "" then.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
