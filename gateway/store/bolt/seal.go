package bolt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// newAEAD makes AES-256-GCM that puts a random nonce before each text. With 12 random bytes a key is good for four
// thousand million texts: a gateway that wrote one rule a second would need a century.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return aead, nil
}

// keyID tells keys apart without saying anything of them.
func keyID(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("causeway state key id"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// A scope is what a sealed key is bound to besides its rule: the namespace, or one entity.
const scopeOfNamespace = "namespace"

func scopeOf(at entity.Address) string { return "entity\x00" + at.Namespace + "\x00" + at.Path }

// bound is the additional data of a sealed key: it opens only where it was put, with the rights that it was given.
func bound(scope, rule string, rights entity.Rights, which string) []byte {
	return fmt.Appendf(nil, "causeway 1\x00%s\x00%s\x00%d\x00%s", scope, rule, rights, which)
}

func sealRules(aead cipher.AEAD, scope string, rules []entity.Rule) []ruleRecord {
	records := make([]ruleRecord, len(rules))
	for i, r := range rules {
		records[i] = ruleRecord{Name: r.Name, Rights: r.Rights, Source: r.Source}
		records[i].Primary = seal(aead, r.Primary, bound(scope, r.Name, r.Rights, "primary"))
		if r.Secondary != "" {
			records[i].Secondary = seal(aead, r.Secondary, bound(scope, r.Name, r.Rights, "secondary"))
		}
	}
	return records
}

func seal(aead cipher.AEAD, key entity.Secret, where []byte) []byte {
	return aead.Seal(nil, nil, []byte(key), where) //nolint:gosec // G407: this AEAD takes no nonce, it makes one
}

func openRules(aead cipher.AEAD, scope string, records []ruleRecord) ([]entity.Rule, error) {
	if len(records) == 0 {
		return nil, nil
	}
	rules := make([]entity.Rule, len(records))
	for i, r := range records {
		rules[i] = entity.Rule{Name: r.Name, Rights: r.Rights, Source: r.Source}
		primary, err := aead.Open(nil, nil, r.Primary, bound(scope, r.Name, r.Rights, "primary"))
		if err != nil {
			return nil, fmt.Errorf("%w: the primary key of rule %q does not open", ErrCorrupt, r.Name)
		}
		rules[i].Primary = entity.Secret(primary)
		if len(r.Secondary) == 0 {
			continue
		}
		secondary, err := aead.Open(nil, nil, r.Secondary, bound(scope, r.Name, r.Rights, "secondary"))
		if err != nil {
			return nil, fmt.Errorf("%w: the secondary key of rule %q does not open", ErrCorrupt, r.Name)
		}
		rules[i].Secondary = entity.Secret(secondary)
	}
	return rules, nil
}
