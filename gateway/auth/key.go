package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// Key is the scheme of a rule's name and one of its keys in clear, as HTTP Basic and UsernameToken carry them. The
// credential's text is NAME:KEY. Entries take it over TLS only, or where plain tokens are allowed.
const Key Scheme = "key"

// NewKey gives the verifier of names with keys. The rule is the entity's before the namespace's, whatever the case of its name;
// both keys are good, and compared in constant time. It grants what the rule does, for as long as the request lasts. It has no
// state.
func NewKey() Verifier { return key{} }

type key struct{}

// Verify does what NewKey says.
func (key) Verify(c Credential, s Scope, p Place, _ time.Time) (Claims, error) {
	name, shown, ok := strings.Cut(c.Text, ":")
	if c.Scheme != Key || !ok || name == "" || shown == "" {
		return Claims{}, fail.New(fail.MalformedToken, "MalformedToken: The token is malformed or not a recognised kind.")
	}
	rule, own := entity.FindRule(s.Entity, name), true
	if rule == nil {
		rule, own = entity.FindRule(s.Namespace, name), false
	}
	// Who has no such rule is told the same as who has a wrong key, after the same work.
	var none entity.Rule
	good := rule != nil
	if !good {
		rule = &none
	}
	first, second := same(shown, rule.Primary), same(shown, rule.Secondary)
	if !good || first|second == 0 {
		return Claims{}, fail.New(fail.InvalidSignature, "InvalidSignature: The name is no rule's, or the key is not the rule's.")
	}
	return Claims{Rule: rule.Name, Rights: rule.Rights, Prefix: p.At, OfEntity: own}, nil
}

// same gives 1 where the texts are the same and not empty, in a time that tells nothing of the secret, its length included.
func same(shown string, secret entity.Secret) int {
	a, b := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(secret))
	equal := subtle.ConstantTimeCompare(a[:], b[:])
	if secret == "" {
		return 0
	}
	return equal
}
