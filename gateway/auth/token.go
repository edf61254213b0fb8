package auth

import (
	"net/url"
	"strings"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// Bounds on a token's text. They are our own: the longest address (entity.MaxPath) cannot be signed, but no client's is near it.
const (
	maxToken  = 8 << 10 // bytes of the whole text
	maxFields = 16      // fields between '&', empty ones not counted; four have a meaning

	maxSeconds = 253402300799 // 9999-12-31 23:59:59, the last time that every format can write; later ones count as this one
)

// schemeWord may stand before a token's fields, in any case (reference section 4.1).
const schemeWord = "SharedAccessSignature"

// token is a shared access signature taken apart. Nothing in it is checked beyond its form.
type token struct {
	resource string // sr as it appears: the signature covers it, decoding waits until the signature is good
	expiry   string // se as it appears: covered too
	seconds  int64  // se as a number
	sig      string // base64, decoded from its form
	rule     string // skn, decoded from its form
}

// parseToken takes a token's text apart. Fields come in any order, their names in any case; empty and unknown fields
// do not count, a known one that comes twice is refused.
func parseToken(text string) (token, *fail.Error) {
	if len(text) > maxToken {
		return token{}, fail.Newf(fail.MalformedToken, "MalformedToken: The token has %d bytes, at most %d are read.", len(text), maxToken)
	}
	var raw [4]string
	var seen [4]bool
	count := 0
	for field := range strings.SplitSeq(cutScheme(text), "&") {
		if field == "" {
			continue
		}
		if count++; count > maxFields {
			return token{}, malformed("it has more than %d fields", maxFields)
		}
		name, value, _ := strings.Cut(field, "=")
		i := fieldIndex(name)
		if i < 0 {
			continue
		}
		if seen[i] {
			return token{}, malformed("the field %s stands twice", fieldNames[i])
		}
		raw[i], seen[i] = value, true
	}
	for i, value := range raw {
		if value == "" {
			return token{}, malformed("the field %s is missing", fieldNames[i])
		}
	}
	return decodeToken(raw)
}

// The fields of a token, in the order in which parseToken keeps them.
var fieldNames = [4]string{"sr", "sig", "se", "skn"}

func fieldIndex(name string) int {
	for i, known := range fieldNames {
		if strings.EqualFold(name, known) {
			return i
		}
	}
	return -1
}

// decodeToken undoes the form encoding of sig, se and skn. sr stays as it is.
func decodeToken(raw [4]string) (token, *fail.Error) {
	t := token{resource: raw[0], expiry: raw[2]}
	sig, err := url.PathUnescape(raw[1]) // keeps '+'
	if err != nil {
		return token{}, malformed("the field sig has a broken percent escape")
	}
	// base64 has no blanks: a blank is a plus that somebody decoded once too often (case plus-raw-in-header).
	t.sig = strings.ReplaceAll(sig, " ", "+")
	se, err := url.QueryUnescape(raw[2])
	if err != nil {
		return token{}, malformed("the field se has a broken percent escape")
	}
	seconds, ok := parseSeconds(se)
	if !ok {
		return token{}, malformed("the field se is no whole number of seconds since 1970")
	}
	t.seconds = seconds
	if t.rule, err = url.QueryUnescape(raw[3]); err != nil {
		return token{}, malformed("the field skn has a broken percent escape")
	}
	if len(t.rule) > entity.MaxRuleName {
		return token{}, malformed("the field skn has more than %d characters", entity.MaxRuleName)
	}
	return t, nil
}

// parseSeconds reads decimal digits only: no sign, no blank, no fraction. No lifetime is too long (section 4.2): scripts
// that count in milliseconds get a token for ever.
func parseSeconds(s string) (int64, bool) {
	var n int64
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = min(n*10+int64(d), maxSeconds)
	}
	return n, s != ""
}

// cutScheme takes the scheme word away where there is one.
func cutScheme(text string) string {
	text = strings.TrimSpace(text)
	if len(text) >= len(schemeWord) && strings.EqualFold(text[:len(schemeWord)], schemeWord) {
		if rest := text[len(schemeWord):]; rest == "" || rest[0] == ' ' || rest[0] == '\t' {
			return strings.TrimSpace(rest)
		}
	}
	return text
}

func malformed(format string, args ...any) *fail.Error {
	return fail.Newf(fail.MalformedToken, "MalformedToken: The token is malformed: "+format+".", args...)
}
