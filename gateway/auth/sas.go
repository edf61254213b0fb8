package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// NewSAS gives the verifier of relay shared access signatures (reference sections 4.2, 4.3 and 4.6):
//
//	[SharedAccessSignature ]sr=<encoded audience>&sig=<encoded base64>&se=<unix seconds>&skn=<rule>
//
// It checks, in this order: form, signature, expiry, audience. The order keeps what a token says from whoever could not
// sign it. Texts of errors begin with the code's name and are complete but for the tracking suffix. It adds no grace to
// an expiry: who wants some gives an earlier now. It remembers the last 1,024 tokens that were signed well, so that one that is
// shown with every request costs its HMACs once; a rule whose keys or rights have changed, or that is gone, is not remembered.
func NewSAS() Verifier { return sas{newSeen()} }

type sas struct{ seen *seen }

// Verify does what NewSAS says.
func (v sas) Verify(c Credential, s Scope, p Place, now time.Time) (Claims, error) {
	if c.Scheme == None {
		return Claims{}, fail.New(fail.MissingToken, "MissingToken: Relay security token is required.")
	}
	if c.Scheme != SAS {
		return Claims{}, fail.New(fail.MalformedToken, "MalformedToken: The token is malformed or not a recognised kind.")
	}
	proof, unsigned := v.proven(c.Text, s)
	if unsigned != nil {
		return Claims{}, unsigned
	}
	expires := time.Unix(proof.token.seconds, 0).UTC()
	if now.After(expires) {
		return Claims{}, fail.Newf(fail.ExpiredToken, "ExpiredToken: The token is expired. Expiration time: '%s'.",
			expires.Format("2006-01-02 15:04:05Z"))
	}
	prefix, wrong := proof.audience.covers(p)
	if wrong != nil {
		return Claims{}, wrong
	}
	return Claims{Rule: proof.rule.Name, Rights: proof.rule.Rights, Prefix: prefix, OfEntity: proof.own, Expires: expires}, nil
}

// proven takes a token apart, with the rule that signed it.
func (v sas) proven(text string, s Scope) (*proof, error) {
	if p := v.seen.find(text, s); p != nil {
		return p, nil
	}
	text = strings.Clone(text) // what is remembered holds on to no head of a request
	t, malformed := parseToken(text)
	if malformed != nil {
		return nil, malformed
	}
	rule, own := signer(&t, s)
	if rule == nil {
		return nil, fail.New(fail.InvalidSignature, "InvalidSignature: The token has an invalid signature.")
	}
	p := &proof{text: text, token: t, audience: readAudience(t.resource), rule: *rule, own: own}
	v.seen.keep(p)
	return p, nil
}

// signer finds the rule that signed the token: the entity's of that name, else the namespace's of that name. All four
// keys are tried whether the rules exist or not, so the time taken tells neither which key failed nor which names exist.
func signer(t *token, s Scope) (rule *entity.Rule, own bool) {
	message := make([]byte, 0, len(t.resource)+1+len(t.expiry))
	message = append(message, t.resource...)
	message = append(message, '\n')
	message = append(message, t.expiry...)

	ofEntity, ofNamespace := entity.FindRule(s.Entity, t.rule), entity.FindRule(s.Namespace, t.rule)
	entitySigned, namespaceSigned := signed(ofEntity, t.sig, message), signed(ofNamespace, t.sig, message)
	switch {
	case entitySigned:
		return ofEntity, true
	case namespaceSigned:
		return ofNamespace, false
	}
	return nil, false
}

// signed reports whether one of the rule's two keys made the signature. Without a rule it does the same work in vain.
func signed(rule *entity.Rule, sig string, message []byte) bool {
	var primary, secondary entity.Secret
	if rule != nil {
		primary, secondary = rule.Primary, rule.Secondary
	}
	return madeBy(primary, sig, message)|madeBy(secondary, sig, message) == 1
}

// madeBy is 1 when the key made the signature. An empty key is no key. The key's text is used as it is, although it
// looks like base64.
func madeBy(key entity.Secret, sig string, message []byte) int {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(message)
	var sum [sha256.Size]byte
	var text [(sha256.Size + 2) / 3 * 4]byte
	base64.StdEncoding.Encode(text[:], mac.Sum(sum[:0]))
	present := 1 - subtle.ConstantTimeEq(int32(len(key)), 0)
	return subtle.ConstantTimeCompare(text[:], []byte(sig)) & present
}
