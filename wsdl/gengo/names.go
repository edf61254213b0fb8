package gengo

import (
	"strconv"
	"strings"
	"unicode"
)

// initialisms are words that Go writes in one case.
var initialisms = map[string]bool{
	"API": true, "ASCII": true, "CPU": true, "CSS": true, "DNS": true, "EOF": true, "GUID": true, "HTML": true, "HTTP": true, "HTTPS": true,
	"ID": true, "IP": true, "JSON": true, "QPS": true, "RAM": true, "RPC": true, "SLA": true, "SMTP": true, "SQL": true, "SSH": true, "TCP": true,
	"TLS": true, "TTL": true, "UDP": true, "UI": true, "UID": true, "URI": true, "URL": true, "UTF8": true, "UUID": true, "VM": true, "XML": true,
	"SOAP": true, "WSDL": true, "XSD": true,
}

// GoName makes an exported Go name of an XML name: words joined, their first letters in upper case, what is no letter or digit left out.
func GoName(local string) string { return exported(joined(local)) }

// joined is a name that may stand behind another.
func joined(local string) string {
	var b strings.Builder
	for _, word := range words(local) {
		if up := strings.ToUpper(word); initialisms[up] {
			b.WriteString(up)
			continue
		}
		for i, r := range word {
			if i == 0 {
				r = unicode.ToUpper(r)
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// exported puts a letter before what does not begin with a capital one.
func exported(name string) string {
	first, _ := firstRune(name)
	switch {
	case name == "":
		return "X"
	case unicode.IsDigit(first), first == '_':
		return "N" + name
	case !unicode.IsUpper(first):
		return "X" + name // letters without case: exported all the same
	}
	return name
}

func firstRune(s string) (rune, bool) {
	for _, r := range s {
		return r, true
	}
	return 0, false
}

// words cuts a name where it changes from small to large letters, and at what no Go name has.
func words(s string) []string {
	var all []string
	var cur []rune
	end := func() {
		if len(cur) > 0 {
			all = append(all, string(cur))
			cur = nil
		}
	}
	runes := []rune(s)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
			continue
		}
		if i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]) && unicode.IsUpper(runes[i-1])) {
			end()
		}
		cur = append(cur, r)
	}
	end()
	return all
}

// space gives out names, each once. A name that is taken gets the first suffix that is free, then numbers.
type space map[string]bool

func (s space) take(name string, suffixes ...string) string {
	candidate := name
	for i := 0; s[candidate]; i++ {
		if i < len(suffixes) {
			candidate = name + suffixes[i]
			continue
		}
		candidate = name + strconv.Itoa(i-len(suffixes)+2)
	}
	s[candidate] = true
	return candidate
}
