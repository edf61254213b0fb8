package http1

import (
	"iter"
	"slices"
	"strings"
)

// Field is one field line: the name with its case, the value without the blanks around it.
type Field struct{ Name, Value string }

// Fields are field lines in the order they came, with the case they had, repeats kept apart. Names are compared ignoring the case
// of ASCII letters (RFC 9110 section 5.1). The zero value is empty and ready to use.
type Fields []Field

// Get returns the value of the first field of that name, "" when there is none. It never allocates.
func (f Fields) Get(name string) string {
	if i := f.index(name); i >= 0 {
		return f[i].Value
	}
	return ""
}

// Has reports whether there is a field of that name, also one with an empty value.
func (f Fields) Has(name string) bool { return f.index(name) >= 0 }

// Values returns the values of all fields of that name in their order, nil when there is none.
func (f Fields) Values(name string) (values []string) {
	for i := range f {
		if equalFold(f[i].Name, name) {
			values = append(values, f[i].Value)
		}
	}
	return values
}

// Add appends a field; others of that name stay.
func (f *Fields) Add(name, value string) { *f = append(*f, Field{name, value}) }

// Set leaves exactly one field of that name: in the place of the first one if there was one, else at the end.
func (f *Fields) Set(name, value string) {
	i := f.index(name)
	if i < 0 {
		f.Add(name, value)
		return
	}
	(*f)[i] = Field{name, value}
	rest := (*f)[i+1:]
	rest.Del(name) // moves within the same array
	*f = (*f)[:i+1+len(rest)]
}

// Del removes all fields of that name in place; the others keep their order.
func (f *Fields) Del(name string) {
	if f.Has(name) {
		*f = slices.DeleteFunc(*f, func(x Field) bool { return equalFold(x.Name, name) })
	}
}

// DelHop removes what belongs to one connection only (RFC 9110 section 7.6.1): every field that Connection names, then Connection
// itself, Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade, Content-Length (framing is each hop's own) and
// Close, which the relay service removes as well (hybrid reference 8.3, 8.5). Host stays, even when Connection names it: without
// it the message would say something else.
func (f *Fields) DelHop() {
	var named []string
	if f.Has("Connection") {
		for token := range f.Tokens("Connection") {
			named = append(named, token)
		}
	}
	*f = slices.DeleteFunc(*f, func(x Field) bool {
		same := func(name string) bool { return equalFold(x.Name, name) }
		return hop(x.Name) || named != nil && !same("Host") && slices.ContainsFunc(named, same)
	})
}

// hop tells the names of fields that belong to one connection, by their length first: they are asked for with every field of every message.
func hop(name string) bool {
	switch len(name) {
	case len("TE"):
		return sameLetters(name, "TE")
	case len("Close"):
		return sameLetters(name, "Close")
	case len("Trailer"): // or Upgrade
		return sameLetters(name, "Trailer") || sameLetters(name, "Upgrade")
	case len("Connection"): // or Keep-Alive
		return sameLetters(name, "Connection") || sameLetters(name, "Keep-Alive")
	case len("Content-Length"):
		return sameLetters(name, "Content-Length")
	case len("Proxy-Connection"):
		return sameLetters(name, "Proxy-Connection")
	case len("Transfer-Encoding"):
		return sameLetters(name, "Transfer-Encoding")
	}
	return false
}

// Tokens yields the members of all fields of that name as one comma-separated list (RFC 9110 section 5.6.1): blanks around a
// member cut, empty members left out, a comma inside a quoted string no separator. Members come as written, quotes included.
func (f Fields) Tokens(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range f {
			if !equalFold(f[i].Name, name) {
				continue
			}
			for rest := f[i].Value; rest != ""; {
				var member string
				if member, rest = cutMember(rest); member != "" && !yield(member) {
					return
				}
			}
		}
	}
}

// HasToken reports whether the list of that name has the member, ignoring the case of ASCII letters. It never allocates.
func (f Fields) HasToken(name, token string) bool {
	for i := range f {
		if equalFold(f[i].Name, name) && hasMember(f[i].Value, token) {
			return true
		}
	}
	return false
}

// hasMember is HasToken for one value, which nearly always has one member.
func hasMember(list, token string) bool {
	if strings.IndexByte(list, ',') < 0 {
		member := trimBlanks(list)
		return member != "" && equalFold(member, token)
	}
	for list != "" {
		var member string
		if member, list = cutMember(list); member != "" && equalFold(member, token) {
			return true
		}
	}
	return false
}

// index finds the first field of that name, -1 when there is none. Lists are short: a map would cost more than it saves.
func (f Fields) index(name string) int {
	for i := range f {
		if equalFold(f[i].Name, name) {
			return i
		}
	}
	return -1
}

// cutMember splits a list after its first member. A quoted string that never ends takes the rest of the line.
func cutMember(list string) (member, rest string) {
	quoted := false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ',' && !quoted:
			return trimBlanks(list[:i]), list[i+1:]
		}
	}
	return trimBlanks(list), ""
}

// trimBlanks cuts OWS (RFC 9110 section 5.6.3) and nothing else: no other white space of Unicode.
func trimBlanks(s string) string { return strings.Trim(s, " \t") }
