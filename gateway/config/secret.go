package config

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const hidden = "***"

// Secret is a text that is never printed: every way of formatting, logging and encoding it gives ***. The zero value is
// "no secret".
type Secret struct{ text string }

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{text: text} }

// Reveal gives the text itself. Call it where the key is used, and nowhere else.
func (s Secret) Reveal() string { return s.text }

// Equal compares in constant time for texts of equal length.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.text), []byte(o.text)) == 1
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == "" }

// Format implements fmt.Formatter, so that no verb looks inside: %d and %x of a struct would.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String implements fmt.Stringer.
func (Secret) String() string { return hidden }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return hidden }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON implements json.Marshaler.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// MarshalText implements encoding.TextMarshaler, which YAML and XML encoders ask for.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
