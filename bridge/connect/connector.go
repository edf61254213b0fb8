package connect

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/causeway-relay/causeway/bridge/connect/address"
	"github.com/causeway-relay/causeway/bridge/connect/wire"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire/connstring"
)

// Connector is one line of a file, or one command. Exactly one of Listen and Forward is given.
type Connector struct {
	Listen           string // name of the relay to listen on, with Target
	Forward          string // name of the relay to send to, with Bind
	Target           string // tcp://HOST:PORT, net.tcp://HOST[:PORT], unix:///PATH, http://HOST[:PORT][/PATH] or https://...
	Bind             string // HOST:PORT, :PORT, port 0 for any; or the path of a Unix socket
	ConnectionString string // "": that of Params
	PortName         string // speak azbridge's preamble and serve, or ask for, the port of this name

	Web     // of a target of http or https
	Convert // between what senders speak and what the target does
}

// Web says how requests are changed on their way to a web server.
type Web struct {
	Host   string        // what the server sees in Host; "": the target's; "keep": what the sender wrote
	From   string        // what is cut off the front of a path; "": the relay's name
	To     string        // what is put there; "": the path of the target
	Add    []shape.Field // header fields that are added; a field of the same name that is there is replaced
	Remove []string      // names of header fields that are taken out
	CAFile string        // PEM file of the authorities that the server's certificate is checked by; "": the system's
	Cert   string        // PEM file of a client certificate
	Key    string        // PEM file of its key
}

// isWeb reports whether the target is a web server.
func (c *Connector) isWeb() bool {
	t, err := address.Parse(c.Target)
	return err == nil && t.Web != nil
}

// Name is the relay's.
func (c *Connector) Name() string { return cmp.Or(c.Listen, c.Forward) }

// Flaw is one thing that is wrong with a connector: the key of the file that it stands at, and what to write instead. It holds
// no value of a secret.
type Flaw struct{ Key, Message string }

// Error gives key and message.
func (f *Flaw) Error() string { return f.Key + ": " + f.Message }

// Check finds everything that is wrong with a connector by itself. Whether its addresses answer is seen when it runs.
func (c *Connector) Check() []Flaw {
	var flaws []Flaw
	wrong := func(key, message string) { flaws = append(flaws, Flaw{key, message}) }
	switch {
	case c.Listen != "" && c.Forward != "":
		wrong("forward", "expected listen or forward, not both; write two connectors")
	case c.Listen == "" && c.Forward == "":
		wrong("listen", "expected the name of a relay at listen or at forward")
	case c.Listen != "":
		if c.Bind != "" {
			wrong("bind", "belongs to forward; listen has target")
		}
		if _, err := address.Parse(c.Target); err != nil {
			wrong("target", err.Error())
		}
	default:
		if c.Target != "" {
			wrong("target", "belongs to listen; forward has bind")
		}
		if _, _, err := address.ParseBind(c.Bind); err != nil {
			wrong("bind", err.Error())
		}
	}
	if name := c.Name(); name != "" {
		if err := entity.CheckName(name); err != nil {
			wrong(c.side(), err.Error())
		}
	}
	if _, err := (wire.Hello{Port: c.PortName}).AppendHead(nil); err != nil {
		wrong("portName", "expected UTF-8 of at most 255 bytes")
	}
	flaws = append(flaws, c.checkWeb()...)
	if _, flaw := c.converter(); flaw != nil {
		flaws = append(flaws, *flaw)
	}
	if flaw := c.checkString(); flaw != "" {
		wrong("connectionString", flaw)
	}
	return flaws
}

// side is the key that names the relay.
func (c *Connector) side() string {
	if c.Listen != "" {
		return "listen"
	}
	return "forward"
}

// checkString says what is wrong with the connector's own connection string; its errors never hold a value.
func (c *Connector) checkString() string {
	if c.ConnectionString == "" {
		return ""
	}
	cs, err := connstring.Parse(c.ConnectionString)
	switch {
	case err != nil:
		return err.Error()
	case cs.EntityPath != "" && !strings.EqualFold(strings.Trim(cs.EntityPath, "/"), strings.Trim(c.Name(), "/")):
		return "its EntityPath names another relay than " + c.side() + "; make them the same, or leave EntityPath out"
	}
	return ""
}

// checkWeb looks at what is said about a web server.
func (c *Connector) checkWeb() (flaws []Flaw) {
	wrong := func(key, message string) { flaws = append(flaws, Flaw{key, message}) }
	t, err := address.Parse(c.Target)
	switch {
	case c.Forward != "" || err != nil || t.Web == nil:
		if key := c.webKey(); key != "" {
			wrong(key, "belongs to a target of http or https")
		}
		return flaws
	case c.PortName != "":
		wrong("portName", "belongs to targets of bytes; a web server has none")
	}
	for key, path := range map[string]string{"prefix.from": c.From, "prefix.to": c.To} {
		if path != "" && (path[0] != '/' || strings.ContainsAny(path, "?# ") || strings.ContainsFunc(path, unicode.IsControl)) {
			wrong(key, "expected a path that begins with a slash, without query")
		}
	}
	if c.Host != "" && c.Host != KeepHost && !address.IsHost(c.Host) {
		wrong("host", "expected HOST or HOST:PORT, or "+KeepHost)
	}
	for _, f := range c.Add {
		if !isToken(f.Name) || strings.ContainsFunc(f.Value, isControl) || reserved(f.Name) {
			wrong("headers.add", "expected the name of a header field that may be set, and a value of one line")
			break
		}
	}
	for _, name := range c.Remove {
		if !isToken(name) {
			wrong("headers.remove", "expected names of header fields")
			break
		}
	}
	switch {
	case (c.Cert == "") != (c.Key == ""):
		wrong("cert", "expected cert and key together, or neither")
	case (c.Cert != "" || c.CAFile != "") && t.Web.Scheme != "https":
		wrong("target", "certificates are for https; write https://")
	}
	return flaws
}

// webKey is the first key that is for web servers only; "" when none is there.
func (c *Connector) webKey() string {
	for _, k := range []struct {
		key   string
		given bool
	}{
		{"host", c.Host != ""}, {"prefix.from", c.From != ""}, {"prefix.to", c.To != ""}, {"headers.add", len(c.Add) > 0},
		{"headers.remove", len(c.Remove) > 0}, {"caFile", c.CAFile != ""}, {"cert", c.Cert != ""}, {"key", c.Key != ""},
	} {
		if k.given {
			return k.key
		}
	}
	return ""
}

// KeepHost is the Host of a connector that leaves what senders write.
const KeepHost = "keep"

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// reserved reports whether a header field belongs to the framing of a message, and cannot be set.
func reserved(name string) bool {
	for _, r := range []string{"Host", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer", "Transfer-Encoding", "Content-Length", "Expect"} {
		if strings.EqualFold(name, r) {
			return true
		}
	}
	return false
}
