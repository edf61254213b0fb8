package config

import (
	"strconv"
	"strings"
)

// readFlags checks what the command line sets. Flags come after the environment, whose values they replace, also in what
// later checks and places speak of. A path without a setting is a mistake of the command, not of its user.
func (l *loader) readFlags(flags map[string]string) {
	for _, path := range sortedKeys(flags) {
		text := flags[path]
		if _, ok := pairLists[path]; ok {
			l.readPairs(path, text)
			continue
		}
		s := scalars()[path]
		if s == nil {
			l.add(Problem{Key: path, Message: path + ": no setting has this path"})
			continue
		}
		from := "--" + s.flag
		if s.flag == "" {
			from = path
		}
		l.over[path] = overlay{from: from, text: text}
		l.flags[path] = text
		if !s.class.right(s, text) {
			l.wrong(place{from: from}, s, path, text)
		}
	}
}

// pairLists are the lists that a flag can set, as LEFT=RIGHT,... which replaces the list of the file: what an orchestrator
// knows only when it starts a node. unique means that a left side may come once.
var pairLists = map[string]struct {
	left, right, expect string
	unique              bool
}{
	"advertise": {"door", "address", "expected DOOR=HOST:PORT, more of them after commas", true},
	"tcp":       {"entity", "bind", "expected ENTITY=ADDR, more of them after commas", false},
}

// readPairs reads such a flag. The parts are checked as in the file.
func (l *loader) readPairs(name, text string) {
	form := pairLists[name]
	list := tree().find(name)
	left, right := list.elem.find(form.left), list.elem.find(form.right)
	from, values, seen := place{from: "--" + list.flag}, []map[string]any{}, map[string]bool{}
	l.over[name] = overlay{from: from.from, text: text}
	for i, one := range strings.Split(text, ",") {
		path := name + "[" + strconv.Itoa(i) + "]"
		a, b, ok := strings.Cut(one, "=")
		switch {
		case !ok:
			l.at(from, path, form.expect)
		case !left.class.right(left, a):
			l.wrong(from, left, join(path, form.left), a)
		case !right.class.right(right, b):
			l.wrong(from, right, join(path, form.right), b)
		case form.unique && seen[a]:
			l.at(from, path, "the "+form.left+" "+a+" stands twice")
		default:
			seen[a] = true
		}
		values = append(values, map[string]any{form.left: a, form.right: b})
	}
	l.flags[name] = values
}
