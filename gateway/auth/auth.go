package auth

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// Scheme says how a credential is to be checked.
type Scheme string

// The schemes that have a verifier.
const (
	None Scheme = ""    // the party showed nothing
	SAS  Scheme = "sas" // relay shared access signature (reference section 4.2)
)

// Credential is what a party showed. The entry found it; only a verifier reads it. It never shows itself in a log.
type Credential struct {
	Scheme Scheme
	Text   string
}

// LogValue hides the text.
func (c Credential) LogValue() slog.Value { return slog.StringValue(string(c.Scheme) + " ***") }

// String hides the text.
func (c Credential) String() string { return string(c.Scheme) + " ***" }

// Format hides the text from every verb, %#v and %d among them.
func (c Credential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText hides the text from JSON.
func (c Credential) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Claims is what a good credential proves.
type Claims struct {
	Rule     string // name as the rule spells it
	Rights   entity.Rights
	Prefix   entity.Address // audience: good for this address and all below
	OfEntity bool           // the rule is the entity's own: good for that entity alone, however wide Prefix is (section 4.3, Java senders)
	Expires  time.Time
}

// Scope is where a credential's rule is looked up: the entity's rules first (nil when there is no such entity), then the namespace's.
type Scope struct {
	Entity    []entity.Rule
	Namespace []entity.Rule
}

// Place is what the credential must be good for.
type Place struct {
	At    entity.Address // what the party asked for
	Host  string         // the authority that it dialled; the port does not count
	Hosts []string       // other host names of the namespace that are as good
}

// Verifier checks the credentials of one scheme. It is safe for concurrent use and does no I/O.
// Errors are *fail.Error: MissingToken, MalformedToken, InvalidSignature, ExpiredToken, InvalidAudience.
type Verifier interface {
	Verify(c Credential, s Scope, p Place, now time.Time) (Claims, error)
}
