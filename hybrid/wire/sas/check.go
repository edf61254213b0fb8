package sas

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxToken   = 8 << 10      // bytes that a gateway reads
	maxFields  = 16           // the same, of fields
	maxRule    = 256          // characters of a rule's name
	maxSeconds = 253402300799 // 9999-12-31 23:59:59; what is later counts as this
	// millis is when an expiry can only be meant in milliseconds: the year 5138 in seconds, 1973 in milliseconds.
	millis = 100_000_000_000
	scheme = "SharedAccessSignature"
	signed = "sign it anew: 'causeway token NAME' prints one"
)

// Check takes a token apart. Anything may be given; what is no token gets a problem that says what it looks like.
func Check(text string, p Params) Report {
	r := Report{Signature: Unknown, Problems: []Problem{}, Notes: []Problem{}}
	if len(text) > maxToken {
		r.add(fmt.Sprintf("This has %d bytes; no token has more than %d.", len(text), maxToken), signed)
		return r
	}
	text = r.unwrap(strings.TrimSpace(text))
	switch {
	case text == "":
		r.add("There is nothing to check.", signed)
	case looksLikeConnectionString(text):
		r.add("This is a connection string, not a token.", "sign with it: 'causeway token NAME --connection-string STRING', or CAUSEWAY_CONNECTION_STRING")
	case looksLikeJWT(text):
		r.jwt(text, p)
	default:
		r.sas(text, p)
	}
	return r
}

// unwrap takes off what people copy along: quotes, a header's name, a query's parameter, escapes around the whole.
func (r *Report) unwrap(text string) string {
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		r.add("Quotes stand around the token; a gateway takes them for a part of it.", "leave the quotes away")
		text = text[1 : n-1]
	}
	for _, name := range []string{"ServiceBusAuthorization:", "Authorization:", "sb-hc-token="} {
		if len(text) >= len(name) && strings.EqualFold(text[:len(name)], name) {
			text = strings.TrimSpace(text[len(name):]) // how it was carried, not a mistake
			if name == "sb-hc-token=" {
				text = unescaped(text)
			}
		}
	}
	if word, rest, ok := strings.Cut(text, " "); ok && strings.EqualFold(word, "Bearer") {
		if text = strings.TrimSpace(rest); !looksLikeJWT(text) {
			r.add("The word Bearer stands before a shared access signature.", "leave Bearer away")
		}
	}
	if strings.ContainsAny(text, "\r\n") {
		r.add("A line break is inside the token.", "write it in one line")
		text = strings.NewReplacer("\r", "", "\n", "").Replace(text)
	}
	if lower := strings.ToLower(text); !strings.Contains(lower, "sr=") && strings.Contains(lower, "sr%3d") {
		r.add("The whole token is escaped as a query's value is.", "escape it in sb-hc-token= only; in a header it stands as it is")
		text = unescaped(text)
	}
	return text
}

// unescaped undoes form encoding where it is whole.
func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

func looksLikeConnectionString(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, "endpoint=sb://") || strings.Contains(lower, "sharedaccesskey=")
}

// fields are those of a shared access signature, in the order in which they are asked for.
var fields = [4]string{"sr", "sig", "se", "skn"}

// sas reads the four fields.
func (r *Report) sas(text string, p Params) {
	if len(text) >= len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		text = strings.TrimSpace(text[len(scheme):])
	}
	if !strings.Contains(text, "=") {
		r.add("This is no token: it has neither the fields of a shared access signature nor the three parts of a JSON web token.", signed)
		return
	}
	r.Kind = SAS
	raw, count := map[string]string{}, 0
	for field := range strings.SplitSeq(text, "&") {
		if field == "" {
			continue
		}
		if count++; count > maxFields {
			r.add(fmt.Sprintf("The token has more than %d fields.", maxFields), signed)
			break
		}
		name, value, _ := strings.Cut(field, "=")
		name = strings.ToLower(name)
		if _, twice := raw[name]; twice && known(name) {
			r.add("The field "+name+" stands twice.", signed)
			continue
		}
		raw[name] = value
	}
	for _, name := range fields {
		if raw[name] == "" {
			r.add("The field "+name+" is missing: "+meaning[name]+".", signed)
		}
	}
	r.audience(raw["sr"], p)
	r.expiry(raw["se"], p.Now)
	r.rule(raw["skn"], p)
	r.signature(raw, p)
}

func known(name string) bool {
	for _, f := range fields {
		if f == name {
			return true
		}
	}
	return false
}

// meaning says what a field is for.
var meaning = map[string]string{
	"sr": "the address that the token is for", "sig": "the signature", "se": "when the token ends, in seconds since 1970", "skn": "the rule that signed",
}

// expiry reads se.
func (r *Report) expiry(raw string, now time.Time) {
	if raw == "" {
		return
	}
	digits := unescaped(raw)
	seconds, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		r.add("The field se is no whole number of seconds since 1970.", signed)
		return
	}
	switch {
	case seconds == 0 || now.IsZero():
	case seconds >= millis && time.UnixMilli(int64(seconds)).Before(now.AddDate(100, 0, 0)):
		r.note("The expiry seems to be in milliseconds; read as seconds the token is good for ever.", "count seconds since 1970, and sign it anew")
	case seconds >= 1000 && seconds < 100_000_000:
		r.add("The expiry seems to be a duration; it is a moment, counted in seconds since 1970.", "add the time of now, and sign it anew")
	}
	r.until(min(int64(seconds), maxSeconds), now)
}

// until notes when the token ends.
func (r *Report) until(seconds int64, now time.Time) {
	ends := time.Unix(seconds, 0).UTC()
	r.Expires = &ends
	if !now.IsZero() && now.After(ends) {
		r.add("The token expired "+now.Sub(ends).Round(time.Second).String()+" ago, at "+ends.Format(time.RFC3339)+
			".", signed+"; if it was signed just now, compare the clocks with 'causeway doctor'")
	}
}

// rule reads skn.
func (r *Report) rule(raw string, p Params) {
	if raw == "" {
		return
	}
	rule, err := url.QueryUnescape(raw)
	if err != nil {
		r.add("The field skn has a broken percent escape.", signed)
		return
	}
	if r.Rule = shown(rule); len(rule) > maxRule {
		r.add(fmt.Sprintf("The field skn has more than %d characters.", maxRule), signed)
	}
	if p.Rule != "" && !strings.EqualFold(rule, p.Rule) {
		r.add("The token names the rule "+shown(rule)+", the connection string has the key of "+shown(p.Rule)+".",
			"check with a connection string of the rule "+shown(rule))
	}
}

// signature looks at sig, and checks it where there is the rule's key.
func (r *Report) signature(raw map[string]string, p Params) {
	if raw["sig"] == "" {
		return
	}
	sig, err := url.PathUnescape(raw["sig"])
	if err != nil {
		r.add("The field sig has a broken percent escape.", signed)
		return
	}
	if twice, err := url.PathUnescape(sig); err == nil && twice != sig {
		r.add("The signature is escaped twice.", "escape it once, behind the signing")
		sig = twice
	}
	sig = strings.ReplaceAll(sig, " ", "+")
	if sum, err := base64.StdEncoding.DecodeString(sig); err != nil || len(sum) != sumSize {
		r.add("The signature is not the base64 text of 32 bytes.", "sign with HMAC-SHA256 and write it in base64, not in hex and not in the form for URLs")
		return
	}
	if p.Key == "" || raw["sr"] == "" || raw["se"] == "" || p.Rule != "" && !strings.EqualFold(r.Rule, p.Rule) {
		return
	}
	r.compare(sig, raw["sr"], raw["se"], p.Key)
}
