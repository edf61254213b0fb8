package http

import (
	"crypto/x509"
	"encoding/base64"
	"strings"

	"github.com/causeway-relay/causeway/gateway/auth"
)

// relayField is where senders put a relay token that stay clear of the service's own Authorization.
const relayField = "ServiceBusAuthorization"

// credential finds what the head shows, in the order of the architecture: a relay token (WCF relay reference section 12.7), the name
// and key of a rule in HTTP Basic, a client certificate. Of an entity that asks for nothing Authorization is the service's.
func (v *visit) credential() {
	f := &v.req.Fields
	if text := f.Get(relayField); text != "" {
		v.ask.Cred = auth.Credential{Scheme: auth.SAS, Text: text}
		return
	}
	if v.target.Token != "" {
		v.ask.Cred = auth.Credential{Scheme: auth.SAS, Text: v.target.Token}
		return
	}
	if v.entity.AnonymousSenders {
		return
	}
	if cred, ok := authorization(f.Get("Authorization")); ok {
		v.ask.Cred = cred
		f.Del("Authorization")
		return
	}
	if v.arrival.Cert != nil {
		if shown, err := x509.ParseCertificate(v.arrival.Cert); err == nil { // TLS has checked it
			v.ask.Cred = auth.Credential{Scheme: auth.Certificate, Text: shown.Subject.CommonName}
		}
	}
}

// authorization reads an Authorization that is the relay's: a token of it, or name and key. Others are the service's.
func authorization(text string) (auth.Credential, bool) {
	scheme, rest, _ := strings.Cut(text, " ")
	switch strings.ToLower(scheme) {
	case "bearer", "sharedaccesssignature":
		return auth.Credential{Scheme: auth.SAS, Text: text}, true
	case "basic":
		pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
		if err != nil {
			pair = nil // a malformed one is refused as that
		}
		return auth.Credential{Scheme: auth.Key, Text: string(pair)}, true
	}
	return auth.Credential{}, false
}
