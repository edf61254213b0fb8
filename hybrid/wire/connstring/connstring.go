package connstring

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/hybrid/wire"
)

// ErrBad is the class of every error of this package, which are *wire.Error for the person who wrote the string.
var ErrBad = errors.New("bad connection string")

// maxKeyText is the longest rule name and key (section 4.2).
const maxKeyText = 256

// Settings are what a connection string gives a program: namespace, rights and entity (section 10). They hold secrets:
// String hides them, Format shows them.
type Settings struct {
	Host             string        // host[:port], as written
	Base             string        // decoded path of the endpoint, "/" when it has none; what EntityPath is relative to
	KeyName          string        // with Key
	Key              string        // secret
	Signature        string        // secret: a ready token, instead of name and key
	ManagedIdentity  bool          // Authentication=Managed Identity
	EntityPath       string        // as written; "" for a string of a namespace
	OperationTimeout time.Duration // 0 when absent
}

// Parse reads a connection string as the .NET library does: parts between ";", key words without regard
// to case, the first "=" of a part ends its key word; blanks around a value are those of copying and do not count. Unknown or repeated key words, a missing or wrong Endpoint, half a
// key pair and a pair beside a signature are ErrBad. The text of the error names the key word and what to
// do, never a value. No credentials at all are no error: they are an anonymous sender.
func Parse(s string) (Settings, error) {
	var c Settings
	seen := make(map[string]bool, len(keyWords))
	for part := range strings.SplitSeq(strings.TrimSpace(s), ";") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		word, value, ok := strings.Cut(part, "=")
		if !ok {
			return c, badString("A part has no \"=\". Write Name=Value;Name=Value.")
		}
		set, known := keyWords[strings.ToLower(word)]
		if !known {
			return c, unknownWord(word)
		}
		if seen[strings.ToLower(word)] {
			return c, badString("The key word " + word + " stands twice. Keep one.")
		}
		seen[strings.ToLower(word)] = true
		if text := set(&c, strings.TrimSpace(value)); text != "" {
			return c, badString(text)
		}
	}
	err := c.check()
	return c, err
}

// keyWords are the parts a connection string may have; each setter returns what is wrong with its value.
var keyWords = map[string]func(*Settings, string) string{
	"endpoint": (*Settings).setEndpoint,
	"sharedaccesskeyname": func(c *Settings, v string) string {
		c.KeyName = v
		return tooLong("SharedAccessKeyName", v)
	},
	"sharedaccesskey": func(c *Settings, v string) string {
		c.Key = v
		return tooLong("SharedAccessKey", v)
	},
	"sharedaccesssignature": func(c *Settings, v string) string {
		c.Signature = v
		return ""
	},
	"entitypath": func(c *Settings, v string) string {
		c.EntityPath = v
		return ""
	},
	"authentication":   (*Settings).setAuthentication,
	"operationtimeout": (*Settings).setTimeout,
}

// badString makes the error for the person who wrote the string.
func badString(text string) error {
	return &wire.Error{Op: "parse connection string", Class: ErrBad, Text: text}
}

// unknownWord must not show more than a word: with a lost ";" it might be a piece of a key.
func unknownWord(word string) error {
	if trimmed := strings.TrimSpace(word); trimmed != word && keyWords[strings.ToLower(trimmed)] != nil {
		return badString("The key word " + trimmed + " has a blank beside it. Remove the blank.")
	}
	return badString("A key word is unknown. Known are Endpoint, SharedAccessKeyName, SharedAccessKey, SharedAccessSignature, " +
		"EntityPath, Authentication and OperationTimeout.")
}

// tooLong says so when a name or key is longer than any rule has, which a string glued to another one mostly is.
func tooLong(word, value string) string {
	if len(value) > maxKeyText {
		return word + " is longer than 256 characters. Copy it again."
	}
	return ""
}

// setEndpoint takes sb://host[:port][/base]. .NET refuses every other scheme, so people find out here what is meant.
func (c *Settings) setEndpoint(v string) string {
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return "Endpoint is no address. Write Endpoint=sb://HOST[:PORT]/."
	}
	if !strings.EqualFold(u.Scheme, "sb") {
		return "Endpoint must begin with sb://. Write Endpoint=sb://HOST[:PORT]/."
	}
	bare := strings.Contains(u.Hostname(), ":") && u.Host[0] != '[' // an IPv6 address without its brackets, or colons alone
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "" || bare {
		return "Endpoint must be a host with an optional port and path. Write Endpoint=sb://HOST[:PORT]/."
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "The port of Endpoint must be a number from 1 to 65535."
		}
	}
	c.Host, c.Base = strings.TrimSuffix(u.Host, ":"), u.Path
	if c.Base == "" {
		c.Base = "/"
	}
	return ""
}

// setAuthentication takes the one value there is; .NET lets blanks and case go.
func (c *Settings) setAuthentication(v string) string {
	if !strings.EqualFold(strings.ReplaceAll(v, " ", ""), "ManagedIdentity") {
		return "Authentication must be Managed Identity, or absent."
	}
	c.ManagedIdentity = true
	return ""
}

// setTimeout takes a time span of .NET.
func (c *Settings) setTimeout(v string) string {
	d, ok := parseTimeSpan(v)
	if !ok || d <= 0 {
		return "OperationTimeout must be hh:mm:ss and more than zero, for instance 00:01:00."
	}
	c.OperationTimeout = d
	return ""
}

// check looks at what the parts are together.
func (c *Settings) check() error {
	pair := c.KeyName != "" || c.Key != ""
	switch {
	case c.Host == "":
		return badString("Endpoint is missing. Write Endpoint=sb://HOST[:PORT]/.")
	case c.Signature != "" && pair:
		return badString("SharedAccessSignature and a key exclude each other. Keep one.")
	case c.ManagedIdentity && (pair || c.Signature != ""):
		return badString("Authentication and a key or signature exclude each other. Keep one.")
	case pair && c.Key == "":
		return badString("SharedAccessKey is missing beside SharedAccessKeyName. Give both.")
	case pair && c.KeyName == "":
		return badString("SharedAccessKeyName is missing beside SharedAccessKey. Give both.")
	}
	return nil
}

// Path returns the path of the entity, relative to the endpoint as URLs are: sb://h/x/y/ with a is /x/y/a, sb://h/x/y with
// a is /x/a. It begins with "/" and is not percent-encoded: blanks stand in it as they were written.
func (c *Settings) Path() string {
	entity := strings.TrimPrefix(c.EntityPath, "/")
	if entity == "" {
		return c.Base
	}
	return c.Base[:strings.LastIndexByte(c.Base, '/')+1] + entity
}

// Format writes the connection string with its secrets, for the person who may have them. Parse gives
// the same value back, as long as no part has a ";".
func (c *Settings) Format() string {
	return c.format(func(secret string) string { return secret })
}

// String is Format with "***" for each secret.
func (c Settings) String() string { return c.format(func(string) string { return "***" }) }

// GoString hides the secrets from %#v.
func (c Settings) GoString() string { return c.String() }

// format writes the parts that are set, secrets as show wants them.
func (c *Settings) format(show func(string) string) string {
	b := strings.Builder{}
	b.WriteString("Endpoint=sb://" + c.Host + (&url.URL{Path: c.Base}).EscapedPath())
	add := func(word, value string) {
		if value != "" {
			b.WriteString(";" + word + "=" + value)
		}
	}
	secret := func(word, value string) {
		if value != "" {
			add(word, show(value))
		}
	}
	add("SharedAccessKeyName", c.KeyName)
	secret("SharedAccessKey", c.Key)
	secret("SharedAccessSignature", c.Signature)
	if c.ManagedIdentity {
		add("Authentication", "Managed Identity")
	}
	add("EntityPath", c.EntityPath)
	if c.OperationTimeout > 0 {
		add("OperationTimeout", formatTimeSpan(c.OperationTimeout))
	}
	return b.String()
}

// parseTimeSpan reads [d.]hh:mm[:ss[.fffffff]], the form of .NET: days up to 10000, then 23, 59 and 59, and up to seven
// digits of a second, which are ticks of 100 ns.
func parseTimeSpan(s string) (time.Duration, bool) {
	days := "0"
	if dot, colon := strings.IndexByte(s, '.'), strings.IndexByte(s, ':'); dot >= 0 && dot < colon {
		days, s = s[:dot], s[dot+1:]
	}
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	seconds, fraction := "0", ""
	if len(parts) == 3 {
		seconds, fraction, _ = strings.Cut(parts[2], ".")
	}
	total := time.Duration(0)
	for _, p := range []struct {
		text string
		unit time.Duration
		max  uint64
	}{{days, 24 * time.Hour, 10000}, {parts[0], time.Hour, 23}, {parts[1], time.Minute, 59}, {seconds, time.Second, 59}} {
		n, err := strconv.ParseUint(p.text, 10, 32)
		if err != nil || n > p.max {
			return 0, false
		}
		total += time.Duration(n) * p.unit
	}
	if fraction != "" {
		n, err := strconv.ParseUint((fraction + "0000000")[:7], 10, 32)
		if err != nil || len(fraction) > 7 {
			return 0, false
		}
		total += time.Duration(n) * 100
	}
	return total, true
}

// formatTimeSpan writes what parseTimeSpan reads; what is finer than a tick is lost.
func formatTimeSpan(d time.Duration) string {
	text := time.Time{}.Add(d % (24 * time.Hour)).Format("15:04:05")
	if ticks := d % time.Second / 100; ticks > 0 {
		text += "." + strconv.Itoa(int(ticks + 1e7))[1:]
	}
	if days := int(d / (24 * time.Hour)); days > 0 {
		text = strconv.Itoa(days) + "." + text
	}
	return text
}
