package azbridge

import (
	"encoding/base64"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
	"github.com/causeway-relay/causeway/internal/suggest"
)

// Settings is what files and options say together. The zero value says nothing.
type Settings struct {
	KeepAlive time.Duration // of listeners; 0: not said
	LogFile   string        // where lines go; "": standard error
	Quiet     bool          // only what is wrong is said

	connectionString string
	endpoint         string
	keyName, key     string
	signature        string

	family       string // any, inet, inet6
	bindAddress  string
	gatewayPorts bool
	clear        bool
	local        []forward
	remote       []forward
	problems     Problems
	added        int // bindings, while they become connectors
}

// forward is one relay of LocalForward or RemoteForward.
type forward struct {
	place
	relay            string
	connectionString string
	anonymous        bool // NoAuthentication
	http             bool
	bad              bool // said already
	bindings         []binding
}

// binding is one port of a forward. Which of its values mean something depends on the list.
type binding struct {
	place
	name      string // PortName
	host      string // BindAddress, Host
	port      string // BindPort, HostPort
	socket    string // BindLocalSocket, LocalSocket
	path      string
	http      bool
	https     bool // of -H
	anonymous bool
	bad       bool // said already
}

// setting is one key of the file that has a single value. -o takes the same. set returns what is wrong with the value, as the
// end of a sentence that names the key; never the value, which may be a secret.
type setting struct {
	name string
	set  func(s *Settings, at place, text string) string
}

// settings are in the order of the reference.
var settings = []setting{
	{"AddressFamily", func(s *Settings, _ place, text string) string {
		s.family = text
		return oneOf(text, "any", "inet", "inet6")
	}},
	{"AzureRelayConnectionString", func(s *Settings, _ place, text string) string {
		s.connectionString = text
		return connectionString(text)
	}},
	{"AzureRelayEndpoint", func(s *Settings, _ place, text string) string {
		s.endpoint = text
		return endpoint(text)
	}},
	{"AzureRelaySharedAccessKeyName", func(s *Settings, _ place, text string) string {
		s.keyName = text
		return keyName(text)
	}},
	{"AzureRelaySharedAccessKey", func(s *Settings, _ place, text string) string {
		s.key = text
		return key(text)
	}},
	{"AzureRelaySharedAccessSignature", func(s *Settings, _ place, text string) string {
		s.signature = text
		return signature(text)
	}},
	{"BindAddress", func(s *Settings, _ place, text string) string {
		s.bindAddress = text
		return host(text)
	}},
	{"ClearAllForwardings", func(s *Settings, _ place, text string) string { return boolean(&s.clear, text) }},
	{"ConnectionAttempts", func(s *Settings, at place, text string) string {
		s.warn(at, "ConnectionAttempts has no effect: a listener comes back until it is stopped, a sender is told at once; take it out")
		return number(text, 1, 10)
	}},
	{"ConnectTimeout", func(s *Settings, at place, text string) string {
		s.warn(at, "ConnectTimeout has no effect: a relay has 70 s and a target 10 s; take it out")
		return number(text, 0, 120)
	}},
	{"ExitOnForwardFailure", func(s *Settings, at place, text string) string {
		var exit bool
		wrong := boolean(&exit, text)
		if wrong == "" && !exit {
			s.warn(at, "ExitOnForwardFailure has no effect: a local address that cannot be opened always ends the command; take it out")
		}
		return wrong
	}},
	{"GatewayPorts", func(s *Settings, _ place, text string) string { return boolean(&s.gatewayPorts, text) }},
	{"KeepAliveInterval", func(s *Settings, _ place, text string) string {
		n, _ := strconv.Atoi(text)
		s.KeepAlive = time.Duration(n) * time.Second
		return number(text, 1, 86400)
	}},
	{"LogLevel", func(s *Settings, _ place, text string) string {
		text = strings.ToLower(text)
		s.Quiet = slices.Contains([]string{"none", "quiet", "fatal", "error"}, text)
		return oneOf(text, "none", "quiet", "fatal", "error", "info", "verbose", "debug", "debug1", "debug2", "debug3")
	}},
	{"LogFileName", func(s *Settings, _ place, text string) string {
		s.LogFile = text
		return notEmpty(text)
	}},
}

// known reports whether the file has a key of that name with a single value.
func known(name string) bool {
	return slices.ContainsFunc(settings, func(k setting) bool { return k.name == name })
}

// set gives a key its value.
func (s *Settings) set(at place, name, text string) {
	for _, k := range settings {
		if k.name == name {
			if wrong := k.set(s, at, text); wrong != "" {
				s.wrong(at, "%s: %s", name, wrong)
			}
			return
		}
	}
	names := make([]string, 0, len(settings)+len(lists))
	for _, k := range settings {
		names = append(names, k.name)
	}
	s.unknown(at, name, append(names, lists[:]...))
}

// unknown says that there is no such key, and which one is near.
func (s *Settings) unknown(at place, name string, names []string) {
	if len(name) > 40 || strings.ContainsAny(name, " =;/+") { // a secret may stand where a key should
		s.wrong(at, "unknown key; here stand %s", strings.Join(names, ", "))
		return
	}
	if near := suggest.Nearest(name, names); near != "" {
		s.wrong(at, "unknown key %q; did you mean %q?", name, near)
		return
	}
	s.wrong(at, "unknown key %q; here stand %s", name, strings.Join(names, ", "))
}

// The checks of values. Each returns what was expected; "" when the text is right.

func oneOf(text string, words ...string) string {
	if slices.Contains(words, text) {
		return ""
	}
	return "expected one of " + strings.Join(words, ", ")
}

func boolean(b *bool, text string) string {
	switch strings.ToLower(text) {
	case "true":
		*b = true
	case "false":
		*b = false
	default:
		return "expected true or false"
	}
	return ""
}

func number(text string, least, most int) string {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return "expected a whole number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)
	}
	return ""
}

func notEmpty(text string) string {
	if strings.TrimSpace(text) == "" {
		return "expected a value"
	}
	return ""
}

func host(text string) string {
	if _, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return ""
	}
	if text == "" || len(text) > 253 || strings.ContainsAny(text, " /:;@?#%\\") {
		return "expected a host name or an IP address"
	}
	return ""
}

func endpoint(text string) string {
	u, err := url.Parse(text)
	if err != nil || !strings.EqualFold(u.Scheme, "sb") || u.Host == "" || u.User != nil || strings.ContainsAny(text, "; ") {
		return "expected an address such as sb://relay.example.com/"
	}
	return ""
}

func keyName(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
	}
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return "expected the name of a rule: letters, digits, hyphens and underscores"
	}
	return ""
}

func key(text string) string {
	if _, err := base64.StdEncoding.DecodeString(text); err != nil || text == "" {
		return "expected a key in base64, as 'causeway rule keys' shows it"
	}
	return ""
}

func signature(text string) string {
	if !strings.HasPrefix(text, "SharedAccessSignature ") || strings.ContainsRune(text, ';') {
		return "expected a token that begins with SharedAccessSignature, as 'causeway token' prints it"
	}
	return ""
}

func connectionString(text string) string {
	if _, err := connstring.Parse(text); err != nil {
		return err.Error()
	}
	return ""
}
