package config

import (
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/causeway-relay/causeway/internal/suggest"
)

const noAnchors = "anchors, aliases and merge keys are not read, so that every value has one place; write the value out"

// walk checks one node of the file against the tree and gives its value for viper: map[string]any, []any or the checked
// text; nil for a key without a value, which counts as not written, and for one that has a problem.
func (l *loader) walk(n *yaml.Node, s *setting, path string) any {
	// Places are kept for the checks that come later: names against names, and those of Params.Check.
	at := place{line: n.Line, column: n.Column}
	l.places[path] = at
	switch {
	case l.full():
		return nil
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		l.at(at, path, noAnchors)
		return nil
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" && s.key != "":
		if s.required {
			l.wants(path, "a value")
		}
		return nil
	case s.class != nil:
		return l.scalar(n, s, path)
	case s.elem != nil:
		return l.list(n, s, path)
	default:
		return l.group(n, s, path)
	}
}

// group checks the keys of a mapping: each known, each once, the required ones there.
func (l *loader) group(n *yaml.Node, s *setting, path string) any {
	if n.Kind != yaml.MappingNode {
		// A file that holds null and nothing else is an empty file.
		if s.parent != nil || n.ShortTag() != "!!null" {
			l.wants(path, "keys with values: "+strings.Join(s.keys(), ", "))
		}
		return nil
	}
	values, seen := map[string]any{}, map[string]place{}
	for i := 0; i+1 < len(n.Content) && !l.full(); i += 2 {
		key, at := n.Content[i], place{line: n.Content[i].Line, column: n.Content[i].Column}
		child := s.find(key.Value)
		first, twice := seen[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || key.Anchor != "" || key.ShortTag() == "!!merge":
			l.at(at, path, noAnchors)
		case child == nil:
			l.unknown(at, s, path, key.Value)
		case twice:
			l.bare(at, join(path, child.key), "repeated key "+strconv.Quote(child.key)+"; the first is at "+first.in(l.file))
		default:
			seen[child.key] = at
			if v := l.walk(n.Content[i+1], child, join(path, child.key)); v != nil {
				values[child.key] = v
			}
		}
	}
	for _, c := range s.fields {
		if _, there := seen[c.key]; c.required && !there {
			l.at(l.places[path], path, "the key "+strconv.Quote(c.key)+" is missing here")
		}
	}
	return values
}

// unknown reports a key that the group does not have. The key is cited only when it looks like one: a secret that lost
// its place may stand where a key should.
func (l *loader) unknown(at place, s *setting, path, key string) {
	if later[join(s.path, key)] {
		l.bare(at, join(path, key), strconv.Quote(key)+" "+notAvailable)
		return
	}
	p := Problem{File: l.file, Line: at.line, Column: at.column, Key: path, Message: "unknown key"}
	if looksLikeKey(key) {
		p.Key, p.Message = join(path, key), "unknown key "+strconv.Quote(key)
		if p.Suggestion = suggest.Nearest(key, s.keys()); p.Suggestion == "" {
			p.Suggestion = elsewhere(key)
		}
	}
	if p.Suggestion == "" {
		p.Message += "; here stand " + strings.Join(s.keys(), ", ")
	}
	l.add(p)
}

// looksLikeKey is true for words, false for what keys of rules look like: those are longer or hold = + /.
func looksLikeKey(key string) bool {
	return key != "" && len(key) <= 32 && !strings.ContainsFunc(key, func(r rune) bool { return !plain(r) && r != '_' && r != '.' })
}

// elsewhere finds a key of another group by its exact name: pending is limits.pending.
func elsewhere(key string) (path string) {
	tree().each(func(s *setting) {
		if s.key == key && path == "" && !strings.Contains(s.path, "[]") {
			path = s.path
		}
	})
	return path
}

// list checks the elements of a sequence: how many, none empty, none twice.
func (l *loader) list(n *yaml.Node, s *setting, path string) any {
	if n.Kind != yaml.SequenceNode {
		l.wants(path, "a list; begin each element with a hyphen, or write [A, B]")
		return nil
	}
	if int64(len(n.Content)) > s.max {
		l.wants(path, "at most "+strconv.FormatInt(s.max, 10)+" elements")
		return nil
	}
	if s.required && len(n.Content) == 0 {
		l.wants(path, "at least one element")
	}
	values, seen := make([]any, 0, len(n.Content)), map[string]string{}
	for i, node := range n.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		v := l.walk(node, s.elem, at)
		if v != nil {
			values = append(values, v)
		}
		if s.unique != "" || s.elem.oneOf != nil {
			l.once(seen, s, at)
		}
	}
	return values
}

// once reports an element that equals an earlier one, or whose name does. Names are compared as they are looked up:
// without regard to case and outer slashes.
func (l *loader) once(seen map[string]string, s *setting, path string) {
	what := "value"
	if s.unique != "" {
		path, what = join(path, s.unique), s.unique
	}
	text, ok := l.texts[path]
	if !ok {
		return
	}
	folded := strings.ToLower(strings.Trim(text, "/"))
	first, twice := seen[folded]
	switch {
	case !twice:
		seen[folded] = path
	case l.texts[first] == text:
		l.at(l.places[path], path, "repeats the "+what+" at "+l.places[first].in(l.file))
	default:
		l.at(l.places[path], path, "differs only in case from the "+what+" at "+l.places[first].in(l.file)+"; names are found whatever their case")
	}
}

// scalar checks one value and gives it as text, secrets resolved and paths made whole.
func (l *loader) scalar(n *yaml.Node, s *setting, path string) any {
	if n.Kind != yaml.ScalarNode {
		l.wants(path, s.class.expect(s))
		return nil
	}
	text := n.Value
	switch {
	// Right as text, but YAML sees a number, a date or a boolean: quotes are all that is missing.
	case n.ShortTag() != s.class.tag && s.class.right(s, text) && s.class.tag == "!!str":
		l.wants(path, s.class.expect(s)+"; YAML reads this one as something else than text, so quote it")
		return nil
	case n.ShortTag() != s.class.tag:
		l.wants(path, s.class.expect(s))
		return nil
	case s.class == classes["secret"], s.class == classes["connection"]:
		if text = l.secret(text, path, s.class); text == "" {
			return nil
		}
	case !s.class.right(s, text):
		l.wrong(l.places[path], s, path, text)
		return nil
	case s.class == classes["path"], s.class == classes["file"]:
		if !filepath.IsAbs(text) {
			text = filepath.Join(l.dir(), text)
		}
	}
	l.texts[path] = text
	return text
}

// wrong reports a value of the right type that is not among the allowed ones.
func (l *loader) wrong(at place, s *setting, path, text string) {
	p := Problem{Key: path, Message: "expected " + s.class.expect(s)}
	if s.oneOf != nil { // of few known words the nearest can be told without citing what was written
		if laterChoices[s.path][text] || s.parent != nil && laterChoices[s.parent.path][text] {
			p.Message = "this value " + notAvailable + "; " + p.Message
		} else {
			p.Suggestion = suggest.Nearest(text, s.oneOf)
		}
	}
	l.report(at, p)
}

// wants reports what should stand at a path of the file.
func (l *loader) wants(path, what string) {
	l.at(l.places[path], path, "expected "+what)
}
