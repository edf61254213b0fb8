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
		if path == "advertise" {
			l.readAdvertise(text)
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

// readAdvertise reads --advertise DOOR=HOST:PORT,... which replaces the list of the file. It is the one list a flag can
// set: an orchestrator knows a node's outer address only when it starts it. The parts are checked as in the file.
func (l *loader) readAdvertise(text string) {
	list := tree().find("advertise")
	from, values, seen := place{from: "--advertise"}, []map[string]any{}, map[string]bool{}
	l.over["advertise"] = overlay{from: from.from, text: text}
	for i, one := range strings.Split(text, ",") {
		path := "advertise[" + strconv.Itoa(i) + "]"
		name, target, ok := strings.Cut(one, "=")
		door, address := list.elem.find("door"), list.elem.find("address")
		switch {
		case !ok:
			l.at(from, path, "expected DOOR=HOST:PORT, more of them after commas")
		case !door.class.right(door, name):
			l.wrong(from, door, join(path, "door"), name)
		case !address.class.right(address, target):
			l.wrong(from, address, join(path, "address"), target)
		case seen[name]:
			l.at(from, path, "the door "+name+" stands twice")
		default:
			seen[name] = true
		}
		values = append(values, map[string]any{"door": name, "address": target})
	}
	l.flags["advertise"] = values
}
