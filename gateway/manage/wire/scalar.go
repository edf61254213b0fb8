package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Key is a rule's key in clear. In JSON it is a plain text; it does not show itself in formatted text.
type Key string

// String hides the key.
func (Key) String() string { return "***" }

// GoString hides the key from %#v.
func (Key) GoString() string { return "***" }

// Duration is a time span. In JSON it is a text like 1m30s; zero is null: the default counts.
type Duration time.Duration

// Span is a measured time. In JSON it is a text like 1m30.5s, to the millisecond.
type Span time.Duration

// String is the text.
func (s Span) String() string { return time.Duration(s).Round(time.Millisecond).String() }

// MarshalJSON writes the text.
func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// UnmarshalJSON reads an answer.
func (s *Span) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("read a time: %w", err)
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("read a time: %w", err)
	}
	*s = Span(span)
	return nil
}

// The bounds of a time span, as in the configuration file.
const (
	minDuration = time.Millisecond
	maxDuration = 24 * time.Hour
)

// MarshalJSON writes the text.
func (d Duration) MarshalJSON() ([]byte, error) {
	if d == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(time.Duration(d).String())
}

// UnmarshalJSON reads an answer.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var text *string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("read a duration: %w", err)
	}
	if text == nil {
		*d = 0
		return nil
	}
	span, err := ParseDuration(*text)
	if err != nil {
		return err
	}
	*d = span
	return nil
}

// ParseDuration reads a time span from 1ms to 24h.
func ParseDuration(text string) (Duration, error) {
	span, err := time.ParseDuration(text)
	if err != nil || span < minDuration || span > maxDuration {
		return 0, errors.New("expected a duration from 1ms to 24h, such as 90s or 1m30s")
	}
	return Duration(span), nil
}

// ParseNetwork reads a network like 192.0.2.0/24, or one address as a network of its own. Bits behind the mask are cleared.
func ParseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, errors.New("expected a network such as 192.0.2.0/24, or a single IP address")
	}
	return p.Masked(), nil
}
