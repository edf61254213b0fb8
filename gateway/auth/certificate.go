package auth

import (
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// Certificate is the scheme of a client certificate that TLS has checked: its chain, its times, its use. The credential's
// text is the common name of its subject.
const Certificate Scheme = "certificate"

// NewCertificate gives the verifier of client certificates. The common name is the name of a rule, the entity's before the
// namespace's, whatever its case; the certificate grants what the rule does. Taking the rule away takes its certificates away.
// It ends with the connection and not before. It has no state.
func NewCertificate() Verifier { return certificate{} }

type certificate struct{}

// Verify does what NewCertificate says.
func (certificate) Verify(c Credential, s Scope, p Place, _ time.Time) (Claims, error) {
	if c.Scheme != Certificate || c.Text == "" {
		return Claims{}, fail.New(fail.MalformedToken, "MalformedToken: The token is malformed or not a recognised kind.")
	}
	rule, own := entity.FindRule(s.Entity, c.Text), true
	if rule == nil {
		rule, own = entity.FindRule(s.Namespace, c.Text), false
	}
	if rule == nil {
		return Claims{}, fail.New(fail.InvalidSignature, "InvalidSignature: No rule has the name that the client certificate gives as its subject.")
	}
	return Claims{Rule: rule.Name, Rights: rule.Rights, Prefix: p.At, OfEntity: own}, nil
}
