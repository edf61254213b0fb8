package wssec

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
)

// Secret is a password or token. It shows as *** wherever it is printed or
// encoded; Reveal gives it. The zero Secret is the empty one. Compare with Equal:
// == compares who made it.
type Secret struct{ text *string } // a pointer, so that fmt shows none in an unexported field either

const hidden = "***"

// NewSecret makes a Secret.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal gives the secret in clear.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Equal compares in a time that tells nothing of either.
func (s Secret) Equal(t Secret) bool {
	// Sums have one length, whatever the texts have.
	a, b := sha256.Sum256([]byte(s.Reveal())), sha256.Sum256([]byte(t.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String gives ***.
func (Secret) String() string { return hidden }

// Format writes *** for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// MarshalText gives ***.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
