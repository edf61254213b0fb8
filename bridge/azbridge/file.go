package azbridge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	// maxFile bounds a configuration file: 4,000 bindings need half of it.
	maxFile = 1 << 20
	// maxEntries bounds each list.
	maxEntries = 4096
)

// lists are the keys of the file that hold forwards.
var lists = [...]string{"LocalForward", "RemoteForward"}

// ReadFile adds what a configuration file says, over what was read before. YAML is read, and JSON, which is YAML.
func (s *Settings) ReadFile(name string, data []byte) {
	whole := place{file: name}
	switch {
	case len(data) > maxFile:
		s.wrong(whole, "the file is larger than %d bytes; split it", maxFile)
		return
	case !utf8.Valid(data):
		s.wrong(whole, "the file is not UTF-8 text; save it as UTF-8")
		return
	}
	var doc yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))).Decode(&doc)
	if errors.Is(err, io.EOF) {
		return // nothing but comments
	}
	if err != nil {
		s.syntax(whole, err)
		return
	}
	s.mapping(name, doc.Content[0], func(at place, key string, value *yaml.Node) {
		switch key {
		case lists[0]:
			s.local = append(s.local, s.forwards(name, key, value, localKeys)...)
		case lists[1]:
			s.remote = append(s.remote, s.forwards(name, key, value, remoteKeys)...)
		default:
			if !known(key) {
				s.set(at, key, "") // says so
			} else if text, ok := s.text(at, key, value); ok {
				s.set(at, key, text)
			}
		}
	})
}

// syntax reports text that is no YAML. The parser's words may cite the file, so none but its line is passed on.
func (s *Settings) syntax(at place, err error) {
	_, rest, found := strings.Cut(err.Error(), "line ")
	if found {
		if _, scanErr := fmt.Sscanf(rest, "%d:", &at.line); scanErr == nil {
			at.column = 1
		}
	}
	s.wrong(at, "the file is no valid YAML near here; check indentation, quotes and brackets")
}

// mapping calls f for each key, in order. Keys that repeat, and what is no mapping, are problems.
func (s *Settings) mapping(file string, n *yaml.Node, f func(at place, key string, value *yaml.Node)) {
	at := place{file: file, line: n.Line, column: n.Column}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		s.wrong(at, "expected keys with values")
		return
	}
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		at := place{file: file, line: key.Line, column: key.Column}
		if key.Kind != yaml.ScalarNode || key.Anchor != "" || key.ShortTag() == "!!merge" {
			s.wrong(at, "anchors, aliases and merge keys are not read; write the value out")
			continue
		}
		if line, twice := seen[key.Value]; twice {
			s.wrong(at, "repeated key; the first is in line %d: keep one", line)
			continue
		}
		seen[key.Value] = key.Line
		f(at, key.Value, n.Content[i+1])
	}
}

// text is a single value; what is none is a problem.
func (s *Settings) text(at place, key string, n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Anchor != "" {
		s.wrong(at, "%s: expected a single value", key)
		return "", false
	}
	return n.Value, n.ShortTag() != "!!null" // without a value it counts as not written
}

// entryKey is a key of an entry or binding: for which it stands, and what it sets. set returns what is wrong with the value.
type entryKey struct {
	entry   func(f *forward, text string) string
	binding func(s *Settings, b *binding, text string) string
}

func port(_ *Settings, b *binding, text string) string {
	b.port = text
	isNumber, wrong := portText(text)
	if wrong == "" && !isNumber {
		return "expected a port from 1 to 65535"
	}
	return wrong
}

// common are the keys that both lists have.
func common(more map[string]entryKey) map[string]entryKey {
	more["RelayName"] = entryKey{entry: func(f *forward, text string) string {
		f.relay = text
		if !isRelay(text) {
			return "expected the name of a relay"
		}
		return ""
	}}
	more["ConnectionString"] = entryKey{entry: func(f *forward, text string) string {
		f.connectionString = text
		return connectionString(text)
	}}
	more["PortName"] = entryKey{binding: func(_ *Settings, b *binding, text string) string {
		b.name = text
		return notEmpty(text)
	}}
	return more
}

// The keys of each list. A binding's keys may stand on the entry itself, which then has no Bindings.
var (
	localKeys = common(map[string]entryKey{
		"NoAuthentication": {
			entry:   func(f *forward, text string) string { return boolean(&f.anonymous, text) },
			binding: func(_ *Settings, b *binding, text string) string { return boolean(&b.anonymous, text) },
		},
		"BindAddress": {binding: func(_ *Settings, b *binding, text string) string {
			b.host = text
			return host(text)
		}},
		"BindPort": {binding: port},
		"BindLocalSocket": {binding: func(_ *Settings, b *binding, text string) string {
			b.socket = text
			return notEmpty(text)
		}},
		"HostName": {binding: func(s *Settings, b *binding, text string) string {
			s.warn(b.place, "HostName has no effect: no hosts file is changed; give clients the bind address, or enter the name in DNS")
			return host(text)
		}},
	})
	remoteKeys = common(map[string]entryKey{
		"Http": {
			entry:   func(f *forward, text string) string { return boolean(&f.http, text) },
			binding: func(_ *Settings, b *binding, text string) string { return boolean(&b.http, text) },
		},
		"Host": {binding: func(_ *Settings, b *binding, text string) string {
			b.host = text
			return host(text)
		}},
		"HostPort": {binding: port},
		"LocalSocket": {binding: func(_ *Settings, b *binding, text string) string {
			b.socket = text
			return notEmpty(text)
		}},
		"Path": {binding: func(_ *Settings, b *binding, text string) string {
			b.path = strings.Trim(text, "/")
			if strings.ContainsAny(text, "?#") {
				return "expected a path, without query"
			}
			return ""
		}},
		"Insecure": {binding: func(s *Settings, b *binding, text string) string {
			var insecure bool
			wrong := boolean(&insecure, text)
			if insecure {
				s.warn(b.place, "Insecure has no effect: the target's certificate is checked; name its CA with caFile")
			}
			return wrong
		}},
	})
)

const bindingsKey = "Bindings"

// forwards reads one of the lists.
func (s *Settings) forwards(file, list string, n *yaml.Node, keys map[string]entryKey) []forward {
	at := place{file: file, line: n.Line, column: n.Column}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxEntries {
		s.wrong(at, "%s: expected a list of at most %d entries", list, maxEntries)
		return nil
	}
	all := make([]forward, 0, len(n.Content))
	for _, entry := range n.Content {
		all = append(all, s.forward(file, entry, keys))
	}
	return all
}

// forward reads one entry.
func (s *Settings) forward(file string, n *yaml.Node, keys map[string]entryKey) forward {
	f := forward{place: place{file: file, line: n.Line, column: n.Column}}
	own := binding{place: f.place}
	direct := false
	var bindings *yaml.Node
	s.mapping(file, n, func(at place, name string, value *yaml.Node) {
		k, known := keys[name]
		switch {
		case name == bindingsKey:
			bindings = value
			return
		case !known:
			s.unknown(at, name, append(sortedKeys(keys), bindingsKey))
			return
		}
		text, ok := s.text(at, name, value)
		if !ok {
			return
		}
		var wrong string
		if k.entry != nil {
			wrong = k.entry(&f, text)
		} else {
			direct = true
			own.place = at
			wrong = k.binding(s, &own, text)
		}
		if wrong != "" {
			f.bad = true
			s.wrong(at, "%s: %s", name, wrong)
		}
	})
	problems := len(s.problems)
	switch {
	case bindings != nil && direct:
		s.wrong(own.place, "a binding's keys stand beside Bindings; move them into it")
	case direct:
		own.place, own.http = f.place, f.http
		f.bindings = []binding{own}
	case bindings != nil:
		f.bindings = s.bindings(file, bindings, keys)
	}
	switch {
	case n.Kind != yaml.MappingNode:
		f.bad = true
	case f.bad:
	case f.relay == "" && f.connectionString == "":
		f.bad = true
		s.wrong(f.place, "the key RelayName is missing here")
	case len(f.bindings) == 0 && len(s.problems) == problems:
		s.wrong(f.place, "the entry has no binding; add Bindings with at least one")
	}
	return f
}

// bindings reads the list of an entry.
func (s *Settings) bindings(file string, n *yaml.Node, keys map[string]entryKey) []binding {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxEntries {
		s.wrong(place{file: file, line: n.Line, column: n.Column}, "%s: expected a list of at most %d entries", bindingsKey, maxEntries)
		return nil
	}
	names := make([]string, 0, len(keys))
	for _, name := range sortedKeys(keys) {
		if keys[name].binding != nil {
			names = append(names, name)
		}
	}
	all := make([]binding, 0, len(n.Content))
	for _, one := range n.Content {
		b := binding{place: place{file: file, line: one.Line, column: one.Column}}
		s.mapping(file, one, func(at place, name string, value *yaml.Node) {
			k := keys[name]
			if k.binding == nil {
				s.unknown(at, name, names)
				return
			}
			if text, ok := s.text(at, name, value); ok {
				if wrong := k.binding(s, &b, text); wrong != "" {
					b.bad = true
					s.wrong(at, "%s: %s", name, wrong)
				}
			}
		})
		all = append(all, b)
	}
	return all
}
