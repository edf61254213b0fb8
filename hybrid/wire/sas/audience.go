package sas

import (
	"cmp"
	"net/url"
	"strings"
)

// maxShown bounds what a problem repeats of a token.
const maxShown = 200

// audience reads sr: a URI of which host and path count.
func (r *Report) audience(raw string, p Params) {
	if raw == "" {
		return
	}
	text, err := url.QueryUnescape(raw)
	if err != nil {
		r.add("The field sr has a broken percent escape.", signed)
		return
	}
	if !strings.Contains(text, "://") && strings.Contains(strings.ToLower(text), "%3a%2f%2f") {
		r.add("The address in sr is escaped twice.", "escape it once, and sign what is in the token")
		text = unescaped(text)
	}
	r.Audience = shown(withoutQuery(text))
	r.place(text, p)
}

// place checks an audience against where the token is to be used.
func (r *Report) place(text string, p Params) {
	word, rest, ok := strings.Cut(text, "://")
	if !ok || word == "" || strings.ContainsAny(word, "/?# ") {
		r.add("The address has no scheme.", "write http://HOST/NAME")
		return
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	r.Host = hostOnly(authority[strings.LastIndexByte(authority, '@')+1:])
	r.Path = pathOf(path)
	if r.Host == "" {
		r.add("The address has no host.", "write http://HOST/NAME")
		return
	}
	want := "http://" + bracketed(hostOnly(cmp.Or(p.Host, r.Host))) + "/" + strings.Trim(p.Path, "/")
	if p.Host != "" && !strings.EqualFold(r.Host, hostOnly(p.Host)) {
		r.add("The token is for the host "+shown(r.Host)+", not for "+hostOnly(p.Host)+".", "sign for "+want)
	}
	if p.Path != "" && !within(p.Path, r.Path) {
		r.add("The token is for "+shown(r.Path)+", which does not cover "+strings.Trim(p.Path, "/")+".", "sign for "+want)
	}
}

// within reports whether the entity path is at or below the token's, by whole segments, whatever the case.
func within(path, prefix string) bool {
	path, prefix = strings.ToLower(strings.Trim(path, "/")), strings.ToLower(prefix)
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

// pathOf undoes the escapes that a signer left, and takes the mark of WebSocket addresses off.
func pathOf(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	path = strings.Trim(path, "/")
	if first, rest, _ := strings.Cut(path, "/"); strings.EqualFold(first, "$hc") {
		path = strings.Trim(rest, "/")
	}
	return path
}

// hostOnly cuts off the port, brackets, and the dot that ends a full name.
func hostOnly(authority string) string {
	if inner, ok := strings.CutPrefix(authority, "["); ok {
		host, _, _ := strings.Cut(inner, "]")
		return host
	}
	if i := strings.IndexByte(authority, ':'); i >= 0 && strings.LastIndexByte(authority, ':') == i {
		authority = authority[:i]
	}
	return strings.TrimSuffix(authority, ".")
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// withoutQuery cuts off what may carry a key.
func withoutQuery(audience string) string {
	audience, _, _ = strings.Cut(audience, "?")
	word, rest, ok := strings.Cut(audience, "://")
	if !ok {
		return audience
	}
	authority, path, slash := strings.Cut(rest, "/")
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	if slash {
		authority += "/"
	}
	return word + "://" + authority + path
}

// shown makes a text fit for a terminal: one line, printable, cut where it is long.
func shown(s string) string {
	cut := ""
	if len(s) > maxShown {
		s, cut = s[:maxShown], "..."
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r > 0x7e && r < 0xa0 || r == '\ufffd' {
			return '?'
		}
		return r
	}, s) + cut
}
