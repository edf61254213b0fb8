package sas

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// looksLikeJWT is true for three parts of base64 whose first begins as JSON does.
func looksLikeJWT(text string) bool {
	return strings.HasPrefix(text, "eyJ") && strings.Count(text, ".") == 2
}

// claims are those of a JSON web token that say where and when it is good (RFC 7519 section 4.1).
type claims struct {
	Audience  json.RawMessage `json:"aud"` // a text or a list of them
	Expires   *float64        `json:"exp"`
	NotBefore *float64        `json:"nbf"`
}

// jwt reads a JSON web token. Its signature is its issuer's: it is not checked here.
func (r *Report) jwt(text string, p Params) {
	r.Kind = JWT
	part := strings.Split(text, ".")[1]
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	var c claims
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		r.add("The second part of the JSON web token is not base64 of JSON.", "copy it again, whole")
		return
	}
	r.Audience = shown(audienceOf(c.Audience))
	if c.Expires == nil {
		r.add("The token has no exp: it would never end.", "get one with an end")
	} else {
		r.until(seconds(*c.Expires), p.Now)
	}
	if c.NotBefore != nil {
		begins := time.Unix(seconds(*c.NotBefore), 0).UTC()
		r.NotBefore = &begins
		if !p.Now.IsZero() && p.Now.Before(begins) {
			r.add("The token is not good yet: it begins "+begins.Sub(p.Now).Round(time.Second).String()+" from now, at "+begins.Format(time.RFC3339)+".",
				"compare the clocks with 'causeway doctor', or wait")
		}
	}
	r.add("This is a JSON web token, as Entra gives; this version of the gateway takes shared access signatures only.", signed)
}

// audienceOf gives the audience, or the first of a list.
func audienceOf(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var list []string
	if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
		return list[0]
	}
	return ""
}

// seconds bounds a number of seconds to what every format can write.
func seconds(f float64) int64 {
	switch {
	case f >= maxSeconds:
		return maxSeconds
	case f > 0:
		return int64(f)
	}
	return 0
}
