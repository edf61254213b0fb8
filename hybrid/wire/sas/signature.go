package sas

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
)

const sumSize = sha256.Size

// compare checks a signature with the key, and finds out what was signed in place of the right thing.
func (r *Report) compare(sig, sr, se, key string) {
	sum, _ := base64.StdEncoding.DecodeString(sig) // the caller has looked
	if made(sum, key, sr, se) {
		r.Signature = Matches
		return
	}
	r.Signature = Differs
	for _, m := range mistakes {
		if m.fits(sum, key, sr, se) {
			r.add("The signature does not match: "+m.problem, m.do)
			return
		}
	}
	r.add("The signature does not match the key.", "compare with the keys that 'causeway rule keys' shows: the key may have been made anew, or sr or se changed after signing")
}

// made reports whether the key made the signature.
func made(sum []byte, key, sr, se string) bool {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(sr + "\n" + se))
	return hmac.Equal(mac.Sum(nil), sum)
}

// mistakes are the ones that signers of the field make, each with the way to recognize it.
var mistakes = []struct {
	problem, do string
	fits        func(sum []byte, key, sr, se string) bool
}{
	{
		"the key was decoded from base64 before signing.", "sign with the key's text as it is",
		func(sum []byte, key, sr, se string) bool {
			plain, err := base64.StdEncoding.DecodeString(key)
			return err == nil && made(sum, string(plain), sr, se)
		},
	},
	{
		"the address was signed without its escapes.", "sign sr exactly as it stands in the token",
		func(sum []byte, key, sr, se string) bool { return made(sum, key, unescaped(sr), se) },
	},
	{
		"the address was signed with its escapes, which the token does not have.", "put into the token what was signed",
		func(sum []byte, key, sr, se string) bool {
			return made(sum, key, url.QueryEscape(sr), se) || made(sum, key, lowerEscapes(url.QueryEscape(sr)), se)
		},
	},
	{
		"the escapes were signed in another case than they have in the token.", "sign sr exactly as it stands in the token",
		func(sum []byte, key, sr, se string) bool {
			return made(sum, key, lowerEscapes(sr), se) || made(sum, key, upperEscapes(sr), se)
		},
	},
	{
		"the address was signed in lower case.", "sign sr exactly as it stands in the token",
		func(sum []byte, key, sr, se string) bool { return made(sum, key, strings.ToLower(sr), se) },
	},
	{
		"a line end stands behind the key.", "cut the line end off before signing",
		func(sum []byte, key, sr, se string) bool {
			return made(sum, key+"\n", sr, se) || made(sum, key+"\r\n", sr, se)
		},
	},
	{
		"the line end between address and expiry is missing or doubled.", "sign sr, one line feed, se",
		func(sum []byte, key, sr, se string) bool {
			return made(sum, key, sr+"\n", se) || made(sum, key, sr+"\r", se) || made(sum, key, sr, se+"\n") || madeBare(sum, key, sr+se)
		},
	},
}

// madeBare is made without the line end.
func madeBare(sum []byte, key, text string) bool {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return hmac.Equal(mac.Sum(nil), sum)
}

// lowerEscapes and upperEscapes write the digits behind each percent sign in one case.
func lowerEscapes(s string) string { return mapEscapes(s, strings.ToLower) }
func upperEscapes(s string) string { return mapEscapes(s, strings.ToUpper) }

func mapEscapes(s string, change func(string) string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, "%")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		n := min(2, len(after))
		b.WriteString("%" + change(after[:n]))
		s = after[n:]
	}
}
