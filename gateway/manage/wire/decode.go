package wire

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/internal/suggest"
)

// Bounds on what is read. Sizes of whole bodies are the server's to limit.
const (
	maxProblems = 20
	maxList     = 128 // elements of any list: the longest is settings.allow
)

// Problem is one thing that is wrong with a body. It never holds a value, which may be a key.
type Problem struct {
	Member string // settings.allow[2]; "" the body as a whole
	Text   string // what was expected
}

// Problems is everything that is wrong, in the order of the body.
type Problems []Problem

// Error is one sentence with all problems.
func (p Problems) Error() string {
	parts := make([]string, len(p))
	for i, one := range p {
		if parts[i] = one.Text; one.Member != "" {
			parts[i] = one.Member + ": " + one.Text
		}
	}
	return strings.Join(parts, "; ")
}

// member reads one value into its place.
type member func(d *decoder, path string, raw []byte)

// members are all that an object may have.
type members map[string]member

// decoder reads a body and goes on after a problem, so that all are told at once.
type decoder struct{ problems Problems }

func (d *decoder) report(path, text string) {
	if !d.full() {
		d.problems = append(d.problems, Problem{path, text})
	}
}

// full stops reading whose findings nobody would see.
func (d *decoder) full() bool { return len(d.problems) >= maxProblems }

// body reads the whole of a body: one object. An empty one is an object without members.
func (d *decoder) body(b []byte, known members) {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0:
	case !utf8.Valid(b):
		d.report("", "the body is not UTF-8")
	case !json.Valid(b):
		d.report("", "the body is not JSON")
	default:
		d.object("", b, known)
	}
}

// object reads the members of an object, and reports false when raw is none. raw is valid JSON.
func (d *decoder) object(path string, raw []byte, known members) bool {
	if raw[0] != '{' {
		d.report(path, "expected an object")
		return false
	}
	seen := make(map[string]bool, len(known))
	r := json.NewDecoder(bytes.NewReader(raw))
	_, _ = r.Token() // the brace; raw is valid, so reading its parts cannot fail
	for r.More() && !d.full() {
		token, _ := r.Token()
		name, _ := token.(string)
		var value json.RawMessage
		_ = r.Decode(&value)
		at := join(path, name)
		read, ok := known[name]
		switch {
		case !ok:
			d.unknown(path, name, known)
		case seen[name]:
			d.report(at, "stands twice")
		default:
			read(d, at, value)
		}
		seen[name] = true
	}
	return true
}

// unknown tells the nearest name, or all. A name that is no word is not cited: a key may have lost its place.
func (d *decoder) unknown(path, name string, known members) {
	text := "unknown member"
	if len(name) <= 32 && !strings.ContainsFunc(name, notWord) {
		text += " " + strconv.Quote(name)
	}
	names := make([]string, 0, len(known))
	for one := range known {
		names = append(names, one)
	}
	slices.Sort(names)
	if near := suggest.Nearest(name, names); near != "" {
		d.report(path, text+"; did you mean "+strconv.Quote(near)+"?")
		return
	}
	d.report(path, text+"; here stand "+strings.Join(names, ", "))
}

func notWord(r rune) bool {
	return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// array reads the elements of a list, and reports false when raw is none or too long.
func (d *decoder) array(path string, raw []byte, each func(path string, raw []byte)) bool {
	if raw[0] != '[' {
		d.report(path, "expected a list")
		return false
	}
	r := json.NewDecoder(bytes.NewReader(raw))
	_, _ = r.Token() // the bracket; see object
	for i := 0; r.More() && !d.full(); i++ {
		if i == maxList {
			d.report(path, "has more than "+strconv.Itoa(maxList)+" elements")
			return false
		}
		var value json.RawMessage
		_ = r.Decode(&value)
		each(path+"["+strconv.Itoa(i)+"]", value)
	}
	return true
}

// join makes the path of a member.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// The kinds of values.

func ignored(*decoder, string, []byte) {}

func text[T ~string](to **T) member {
	return func(d *decoder, path string, raw []byte) {
		if s, complaint := stringOf(raw); complaint != "" {
			d.report(path, complaint)
		} else {
			v := T(s)
			*to = &v
		}
	}
}

func flag(to **bool) member {
	return func(d *decoder, path string, raw []byte) {
		var v bool
		if raw[0] != 't' && raw[0] != 'f' || json.Unmarshal(raw, &v) != nil {
			d.report(path, "expected true or false")
			return
		}
		*to = &v
	}
}

// nullable reads a value for which null means its zero.
func nullable[T any](to **T, of func([]byte) (T, string)) member {
	return func(d *decoder, path string, raw []byte) {
		var v T
		if raw[0] != 'n' {
			var complaint string
			if v, complaint = of(raw); complaint != "" {
				d.report(path, complaint+", or null for the default")
				return
			}
		}
		*to = &v
	}
}

// list reads a list of values of one kind.
func list[T any](to **[]T, of func([]byte) (T, string)) member {
	return func(d *decoder, path string, raw []byte) {
		all := []T{}
		if d.array(path, raw, func(path string, raw []byte) {
			v, complaint := of(raw)
			if complaint != "" {
				d.report(path, complaint)
			}
			all = append(all, v)
		}) {
			*to = &all
		}
	}
}

func stringOf(raw []byte) (string, string) {
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", "expected a text in quotes"
	}
	return s, ""
}

func durationOf(raw []byte) (Duration, string) {
	s, complaint := stringOf(raw)
	if complaint != "" {
		return 0, "expected a duration in quotes, such as \"90s\""
	}
	span, err := ParseDuration(s)
	if err != nil {
		return 0, err.Error()
	}
	return span, ""
}

func networkOf(raw []byte) (netip.Prefix, string) {
	s, _ := stringOf(raw) // what is no text is no network
	network, err := ParseNetwork(s)
	if err != nil {
		return network, err.Error()
	}
	return network, ""
}
