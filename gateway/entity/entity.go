package entity

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Limits of the service (reference section 9).
const (
	MaxRules    = 12     // authorization rules a scope
	MaxRuleName = 256    // characters of a rule's name
	MaxKey      = 256    // characters of a key
	MaxEntities = 10_000 // entities a namespace
	MaxName     = 260    // characters of an entity's name
)

// Kind says what an entity was made for. It sets defaults only: it never restricts who may meet whom.
type Kind string

// The kinds that exist.
const (
	Hybrid Kind = "hybrid"
	NetTCP Kind = "nettcp"
	HTTP   Kind = "http"
	OneWay Kind = "oneway"
	Event  Kind = "event"
)

// Kinds lists every kind in the order of the documentation.
func Kinds() []Kind { return []Kind{Hybrid, NetTCP, HTTP, OneWay, Event} }

// Source says who owns an entity or a rule: the store (made by the API) or the configuration file.
type Source string

// The two sources. What belongs to the file cannot be changed by the API.
const (
	FromStore Source = "store"
	FromFile  Source = "file"
)

// Secret is a key in clear. It never shows itself in a log, an error or JSON.
type Secret string

const hidden = "***"

// LogValue hides the secret from structured logs.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// String hides the secret from formatted text.
func (Secret) String() string { return hidden }

// Format hides the secret from every verb, the wrong ones too: fmt would show what it cannot format.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// MarshalText hides the secret from JSON and YAML. Reveal it with a conversion to string where it must be written.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Rule is one authorization rule: a name, what it grants and two keys, each good on its own. A zero Secondary is no key.
type Rule struct {
	Name      string
	Rights    Rights
	Primary   Secret
	Secondary Secret
	Source    Source
}

// Settings are an entity's policies. The zero value is the documented default of each.
type Settings struct {
	ResponseTimeout  time.Duration  // 0: the gateway's timeouts.response
	RawRequestTarget bool           // requestTarget: raw instead of service (percent-decoded)
	NoPlainWebSocket bool           // plainWebSocket: false
	EndTLS           bool           // tls: terminate instead of passthrough: an upgrade to TLS within the protocol ends at the gateway
	Sticky           bool           // senders of one network address keep to one listener, as long as it is there
	Allow            []netip.Prefix // senders' addresses; empty: all
	Metadata         []Document     // the description that is served in the place of the service's; empty: the service's own
	Convert          Conversion     // between senders and listeners of different WCF bindings; zero: what comes passes as it is
}

// Entity is something addressable. Name keeps the spelling it was made with; At is its canonical address.
type Entity struct {
	Name             string
	At               Address
	Kind             Kind
	AnonymousSenders bool
	UserMetadata     string
	Settings         Settings
	Rules            []Rule
	Source           Source
	CreatedAt        time.Time
	UpdatedAt        time.Time
	Revision         uint64 // changes with every write: the entity tag of the API
}

// Description is what an entity's runtime information shows (reference section 11).
type Description struct {
	Entity    *Entity
	Listeners int // online on all nodes
}

// Rule finds a rule by name, whatever its case. It returns nil when there is none.
func (e *Entity) Rule(name string) *Rule { return FindRule(e.Rules, name) }

// FindRule finds a rule by name, whatever its case. It returns nil when there is none.
func FindRule(rules []Rule, name string) *Rule {
	for i := range rules {
		if strings.EqualFold(rules[i].Name, name) {
			return &rules[i]
		}
	}
	return nil
}

// Clone copies the entity with everything below it.
func (e *Entity) Clone() *Entity {
	c := *e
	c.Rules = slices.Clone(e.Rules)
	c.Settings.Allow = slices.Clone(e.Settings.Allow)
	c.Settings.Metadata = slices.Clone(e.Settings.Metadata)
	c.Settings.Convert.OneWay = slices.Clone(e.Settings.Convert.OneWay)
	return &c
}

// Allows reports whether a sender at addr may come in by the entity's address list.
func (e *Entity) Allows(addr netip.Addr) bool {
	if len(e.Settings.Allow) == 0 {
		return true
	}
	addr = addr.Unmap()
	return slices.ContainsFunc(e.Settings.Allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Check says everything that is wrong with the entity, joined; nil when nothing is.
func (e *Entity) Check() error {
	var problems []error
	if err := CheckName(e.Name); err != nil {
		problems = append(problems, err)
	}
	if !slices.Contains(Kinds(), e.Kind) {
		problems = append(problems, fmt.Errorf("kind %q is unknown: use one of %v", e.Kind, Kinds()))
	}
	if e.Settings.ResponseTimeout < 0 {
		problems = append(problems, errors.New("responseTimeout is negative: give a duration like 60s"))
	}
	flaws := e.Settings.Convert.Check(e.Kind)
	for i := range flaws {
		problems = append(problems, &flaws[i])
	}
	return errors.Join(append(problems, CheckDocuments(e.Settings.Metadata), CheckRules(e.Rules))...)
}

// CheckName says what is wrong with an entity's name: empty, too long, a reserved first segment or no canonical address.
func CheckName(name string) error {
	at, err := NewAddress("", name)
	switch {
	case err != nil:
		return fmt.Errorf("name %q: %w", name, err)
	case at.Path == "":
		return errors.New("the name is empty: give a path like orders or plant/line1")
	case len(name) > MaxName:
		return fmt.Errorf("the name has %d characters, at most %d are allowed", len(name), MaxName)
	case strings.HasPrefix(at.Path, "$"):
		return fmt.Errorf("name %q: paths that begin with $ belong to the gateway", name)
	case strings.Contains(at.Path, "//"):
		return fmt.Errorf("name %q has an empty segment", name)
	case strings.ContainsAny(at.Path, "?#%\\"):
		return fmt.Errorf("name %q: ? # %% and \\ cannot stand in a name", name)
	}
	return nil
}

// CheckRules says everything that is wrong with a scope's rules, joined.
func CheckRules(rules []Rule) error {
	var problems []error
	if len(rules) > MaxRules {
		problems = append(problems, fmt.Errorf("%d rules, at most %d are allowed", len(rules), MaxRules))
	}
	for i := range rules {
		if FindRule(rules[:i], rules[i].Name) != nil {
			problems = append(problems, fmt.Errorf("rule %q stands twice", rules[i].Name))
		}
		problems = append(problems, rules[i].Check())
	}
	return errors.Join(problems...)
}

// Check says what is wrong with the rule. Names are plain so that every client can take them (azbridge: letters, digits, - _).
func (r *Rule) Check() error {
	plain := func(c rune) bool {
		return c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	switch {
	case r.Name == "" || len(r.Name) > MaxRuleName:
		return fmt.Errorf("a rule's name has %d characters: 1 to %d are allowed", len(r.Name), MaxRuleName)
	case strings.ContainsFunc(r.Name, func(c rune) bool { return !plain(c) }):
		return fmt.Errorf("rule %q: use letters, digits, '.', '-' and '_' only", r.Name)
	case r.Rights == 0:
		return fmt.Errorf("rule %q grants nothing: give Listen, Send or Manage", r.Name)
	case len(r.Primary) == 0 || len(r.Primary) > MaxKey || len(r.Secondary) > MaxKey:
		return fmt.Errorf("rule %q: a key has 1 to %d characters", r.Name, MaxKey)
	}
	return nil
}
