package connect

import (
	"cmp"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/causeway-relay/causeway/bridge/connect/wire"
	"github.com/causeway-relay/causeway/gateway/entity"
	hybrid "github.com/causeway-relay/causeway/hybrid/wire"
)

// Connector is one line of a file, or one command. Exactly one of Listen and Forward is given.
type Connector struct {
	Listen           string // name of the relay to listen on, with Target
	Forward          string // name of the relay to send to, with Bind
	Target           string // tcp://HOST:PORT, net.tcp://HOST[:PORT] or unix:///PATH
	Bind             string // HOST:PORT, :PORT, port 0 for any; or the path of a Unix socket
	ConnectionString string // "": that of Params
	PortName         string // speak azbridge's preamble and serve, or ask for, the port of this name
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
		if _, err := parseTarget(c.Target); err != nil {
			wrong("target", err.Error())
		}
	default:
		if c.Target != "" {
			wrong("target", "belongs to listen; forward has bind")
		}
		if _, _, err := parseBind(c.Bind); err != nil {
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
	cs, err := hybrid.ParseConnectionString(c.ConnectionString)
	switch {
	case err != nil:
		return err.Error()
	case cs.EntityPath != "" && !strings.EqualFold(strings.Trim(cs.EntityPath, "/"), strings.Trim(c.Name(), "/")):
		return "its EntityPath names another relay than " + c.side() + "; make them the same, or leave EntityPath out"
	}
	return ""
}

// target is where a listening connector leads.
type target struct {
	text    string // as written, for people
	network string // tcp, unix
	address string
}

// netTCPPort is that of WCF's net.tcp addresses without one.
const netTCPPort = "808"

// errText is an error that ends what stands before it in a sentence.
type errText string

// Error is the text.
func (e errText) Error() string { return string(e) }

// targetForm is what a target looks like.
const targetForm = "expected tcp://HOST:PORT or unix:///PATH"

// parseTarget reads a target.
func parseTarget(text string) (*target, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsFunc(text, unicode.IsControl) {
		return nil, errText(targetForm + nearTarget(text))
	}
	switch strings.ToLower(u.Scheme) {
	case "tcp":
		if !isPort(u.Port(), 1) || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
			return nil, errText("expected tcp://HOST:PORT, and nothing behind the port")
		}
		return &target{text, "tcp", u.Host}, nil
	case "net.tcp": // what passes is bytes: the address inside of them is between client and service
		port := cmp.Or(u.Port(), netTCPPort)
		if u.Hostname() == "" || !isPort(port, 1) {
			return nil, errText("expected net.tcp://HOST:PORT")
		}
		return &target{text, "tcp", net.JoinHostPort(u.Hostname(), port)}, nil
	case "unix":
		if u.Host != "" || len(u.Path) < 2 {
			return nil, errText("expected unix:///PATH, with three slashes and a whole path")
		}
		return &target{text, "unix", u.Path}, nil
	}
	return nil, errText(targetForm + nearTarget(text))
}

// nearTarget guesses what somebody who wrote no scheme meant.
func nearTarget(text string) string {
	switch host, port, err := net.SplitHostPort(text); {
	case err == nil && isPort(port, 1):
		return "; did you mean tcp://" + net.JoinHostPort(cmp.Or(host, "localhost"), port) + "?"
	case isPort(text, 1):
		return "; did you mean tcp://localhost:" + text + "?"
	case strings.HasPrefix(text, "/"):
		return "; did you mean unix://" + text + "?"
	}
	return ""
}

// unixScheme may stand before the path of a local socket.
const unixScheme = "unix://"

// parseBind reads the address of a local socket. What has a slash is the path of a Unix socket.
func parseBind(text string) (network, address string, err error) {
	path, isUnix := strings.CutPrefix(text, unixScheme)
	if isUnix || strings.ContainsRune(text, '/') {
		if path == "" || strings.ContainsFunc(path, unicode.IsControl) {
			return "", "", errText("expected the path of a Unix socket")
		}
		return "unix", path, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || !isPort(port, 0) || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' }) {
		if isPort(text, 0) {
			return "", "", errText("expected an address such as 127.0.0.1:" + text + ", or :" + text + " for all interfaces")
		}
		return "", "", errText("expected an address such as 127.0.0.1:2222, port 0 for any free one, or the path of a Unix socket")
	}
	return "tcp", text, nil
}

// isPort takes digits only: names of services differ between machines.
func isPort(text string, lowest int) bool {
	n, err := strconv.Atoi(text)
	return err == nil && strconv.Itoa(n) == text && n >= lowest && n <= 65535
}
