// Package mediatype reads and writes content types with their parameters, as peers of SOAP send them. Package soap gives its names to
// others. It keeps nothing; any goroutine may call it.
//
// Sources: RFC 2045, 5.1; RFC 9110, 8.3.
package mediatype

import (
	"errors"
	"strings"
)

// Type is a content type with its parameters (RFC 2045, 5.1; RFC 9110, 8.3).
type Type struct {
	// Type is type/subtype in lower case.
	Type string
	// Params are the parameters in their order, names in lower case, values
	// without quotes.
	Params []Param
}

// Param is a parameter of a Type.
type Param struct{ Name, Value string }

// Max bounds a content type, in bytes; MTOM's, with an action inside, have a few
// hundred bytes.
const Max = 4 << 10

// Parse reads a content type. It takes what peers send, too: values with
// characters that want quotes but have none (action, boundary, start), white space
// around "=", empty parameters, a quoted action in a quoted start-info or type
// without escapes. It refuses what is ambiguous: a parameter twice, an open quote,
// control characters.
func Parse(s string) (Type, error) {
	if len(s) > Max {
		return Type{}, errors.New("content type: too long")
	}
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7F {
			return Type{}, errors.New("content type: control character")
		}
	}
	typ, rest, _ := strings.Cut(s, ";")
	typ = strings.Trim(typ, " \t")
	if major, minor, _ := strings.Cut(typ, "/"); !isToken(major) || !isToken(minor) {
		return Type{}, errors.New("content type: no type/subtype")
	}
	m := Type{Type: strings.ToLower(typ)}
	for {
		rest = strings.TrimLeft(rest, "; \t")
		if rest == "" {
			return m, nil
		}
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			return Type{}, errors.New("content type: parameter without value")
		}
		if name = strings.TrimRight(name, " \t"); !isToken(name) {
			return Type{}, errors.New("content type: bad name of a parameter")
		}
		name = strings.ToLower(name)
		after = strings.TrimLeft(after, " \t")
		var value string
		value, rest, ok = paramValue(after)
		if !ok && (name == "start-info" || name == "type") {
			value, rest, ok = nestedValue(after)
		}
		if !ok {
			return Type{}, errors.New("content type: quotes that do not fit")
		}
		if _, twice := m.Param(name); twice {
			return Type{}, errors.New("content type: parameter " + name + " twice")
		}
		m.Params = append(m.Params, Param{name, value})
	}
}

// paramValue reads a quoted string or everything up to the next semicolon.
func paramValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return strings.TrimRight(value, " \t"), rest, true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			rest = strings.TrimLeft(s[i+1:], " \t")
			return b.String(), rest, rest == "" || rest[0] == ';'

		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// nestedValue reads a quoted content type that has a quoted parameter inside, with
// the inner quotes written like the outer ones:
//
//	start-info="application/soap+xml; action="urn:a""
//
// It is unambiguous as far as it goes: one inner pair behind "=", no escapes.
func nestedValue(s string) (value, rest string, ok bool) {
	open := strings.Index(s, `="`) + len(`="`)
	if open < len(`="`) || s[0] != '"' || strings.Contains(s, `\`) {
		return "", "", false
	}
	inner := strings.IndexByte(s[open:], '"')
	if inner < 0 {
		return "", "", false
	}
	inner += open + 1
	outer := strings.IndexByte(s[inner:], '"')
	if outer < 0 {
		return "", "", false
	}
	outer += inner
	rest = strings.TrimLeft(s[outer+1:], " \t")
	return s[1:outer], rest, rest == "" || rest[0] == ';'
}

// Param gives the value of a parameter, whose name is in lower case.
func (m *Type) Param(name string) (value string, ok bool) {
	for _, p := range m.Params {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}

// String gives the content type with quotes where a value needs them and where
// WCF writes them.
func (m *Type) String() string {
	size := len(m.Type)
	for _, p := range m.Params {
		size += len(p.Name) + len(p.Value) + len(`; =""`)
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteString(m.Type)
	for _, p := range m.Params {
		b.WriteString("; ")
		b.WriteString(p.Name)
		b.WriteByte('=')
		if isToken(p.Value) {
			b.WriteString(p.Value)
			continue
		}
		b.WriteByte('"')
		for i := range len(p.Value) {
			if c := p.Value[i]; c == '"' || c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(p.Value[i])
		}
		b.WriteByte('"')
	}
	return b.String()
}

// isToken reports whether s needs no quotes (RFC 2045, 5.1).
func isToken(s string) bool {
	for i := range len(s) {
		if !tokens[s[i]] {
			return false
		}
	}
	return s != ""
}

// tokens are the characters of tokens.
var tokens = func() (is [256]bool) {
	for c := '!'; c < 0x7F; c++ {
		is[c] = !strings.ContainsRune("()<>@,;:\\\"/[]?=", c)
	}
	return is
}()
