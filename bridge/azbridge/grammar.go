package azbridge

import (
	"net"
	"strconv"
	"strings"
)

// The forwardings of the command line (reference section 16.7). A relay's name may hold slashes, but no colon.

// addLocal reads -L [ADDR:]PORT[/NAME][;...]:RELAY. The relay's name is what follows the last colon.
func (s *Settings) addLocal(at place, text string) {
	const form = "expected [ADDR:]PORT[/NAME][;...]:RELAY, for instance 127.0.0.1:2222/ssh:myrelay"
	cut := strings.LastIndexByte(text, ':')
	if cut <= 0 || !isRelay(text[cut+1:]) {
		s.wrong(at, "%s", form)
		return
	}
	f := forward{place: at, relay: text[cut+1:]}
	for item := range strings.SplitSeq(text[:cut], ";") {
		b, wrong := localItem(item)
		if wrong != "" {
			s.wrong(at, "%s", wrong)
			return
		}
		b.place = at
		f.bindings = append(f.bindings, b)
	}
	s.local = append(s.local, f)
}

// localItem reads [ADDR:]PORT[/NAME], or the path of a Unix socket with [:NAME] behind nothing: what is no number is a path.
func localItem(item string) (b binding, wrong string) {
	const form = "expected [ADDR:]PORT[/NAME], for instance 127.0.0.1:2222/ssh"
	address, name, _ := strings.Cut(item, "/")
	at, port := "", address
	if cut := strings.LastIndexByte(address, ':'); cut >= 0 {
		at, port = strings.Trim(address[:cut], "[]"), address[cut+1:]
	}
	switch isNumber, wrong := portText(port); {
	case wrong != "":
		return b, wrong
	case !isNumber && item == "":
		return b, form
	case !isNumber:
		return binding{socket: item, name: item}, ""
	}
	if at != "" && host(at) != "" {
		return b, form
	}
	b = binding{host: at, port: port, name: name}
	if name == "" {
		b.name = port
	}
	return b, ""
}

// noDatagrams is said of every UDP binding.
const noDatagrams = "is a UDP port, and datagrams are not carried; take it out, or use a TCP port"

// portText reports whether text is a port, and what is wrong with it: a number out of range, or one of UDP.
func portText(text string) (isNumber bool, wrong string) {
	digits := strings.TrimSuffix(strings.TrimSuffix(text, "U"), "u")
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || digits == "" || digits[0] == '+':
		return false, ""
	case n < 0, digits != text:
		return true, text + " " + noDatagrams
	case n == 0 || n > 65535:
		return true, "expected a port from 1 to 65535"
	}
	return true, ""
}

// addRemote reads -T RELAY:[NAME/][HOST:]PORT[;...]. The relay's name stands before the first colon.
func (s *Settings) addRemote(at place, text string) {
	relay, items, ok := strings.Cut(text, ":")
	if !ok || !isRelay(relay) || items == "" {
		s.wrong(at, "expected RELAY:[NAME/][HOST:]PORT[;...], for instance myrelay:ssh/localhost:22")
		return
	}
	f := forward{place: at, relay: relay}
	for item := range strings.SplitSeq(items, ";") {
		name, address, named := strings.Cut(item, "/")
		if !named {
			name, address = "", item
		}
		if named && name == "" { // a path begins with a slash
			name, address = "", item
		}
		b, wrong := remoteItem(name, address)
		if wrong != "" {
			s.wrong(at, "%s", wrong)
			return
		}
		b.place = at
		f.bindings = append(f.bindings, b)
	}
	s.remote = append(s.remote, f)
}

// addOld reads -R RELAY:HOST:[NAME/]PORT, the old order of the same.
func (s *Settings) addOld(at place, text string) {
	const form = "expected RELAY:HOST:[NAME/]PORT; -T RELAY:[NAME/]HOST:PORT says the same"
	relay, rest, _ := strings.Cut(text, ":")
	cut := strings.LastIndexByte(rest, ':')
	if !isRelay(relay) || cut <= 0 {
		s.wrong(at, form)
		return
	}
	name, port, named := strings.Cut(rest[cut+1:], "/")
	if !named {
		name, port = "", rest[cut+1:]
	}
	isNumber, wrong := portText(port)
	at2 := strings.Trim(rest[:cut], "[]")
	switch {
	case wrong != "":
		s.wrong(at, "%s", wrong)
		return
	case !isNumber, host(at2) != "":
		s.wrong(at, form)
		return
	}
	if name == "" {
		name = port
	}
	s.remote = append(s.remote, forward{place: at, relay: relay, bindings: []binding{{place: at, name: name, host: at2, port: port}}})
}

// remoteItem reads [HOST:]PORT, or the path of a Unix socket: what is no number.
func remoteItem(name, address string) (b binding, wrong string) {
	at, port := "", address
	if cut := strings.LastIndexByte(address, ':'); cut >= 0 {
		at, port = strings.Trim(address[:cut], "[]"), address[cut+1:]
	}
	switch isNumber, wrong := portText(port); {
	case wrong != "":
		return b, wrong
	case !isNumber && strings.HasPrefix(address, "/"):
		b = binding{socket: address, name: name}
		if name == "" {
			b.name = address
		}
		return b, ""
	case !isNumber:
		return b, "expected [HOST:]PORT, or the path of a Unix socket"
	}
	if at != "" && host(at) != "" {
		return b, "expected [HOST:]PORT, or the path of a Unix socket"
	}
	b = binding{host: at, port: port, name: name}
	if name == "" {
		b.name = port
	}
	return b, ""
}

// addHTTP reads -H RELAY:{http|https}/HOST[/PATH]:PORT. Without a port it is the scheme's.
func (s *Settings) addHTTP(at place, text string) {
	const form = "expected RELAY:{http|https}/HOST[/PATH][:PORT], for instance myrelay:http/localhost/app:8080"
	relay, rest, ok := strings.Cut(text, ":")
	scheme, address, slashed := strings.Cut(rest, "/")
	if !ok || !slashed || !isRelay(relay) || scheme != "http" && scheme != "https" {
		s.wrong(at, form)
		return
	}
	port := map[string]string{"http": "80", "https": "443"}[scheme]
	if cut := strings.LastIndexByte(address, ':'); cut >= 0 && !strings.Contains(address[cut:], "]") {
		port, address = address[cut+1:], address[:cut]
	}
	name, path, _ := strings.Cut(address, "/")
	isNumber, wrong := portText(port)
	name = strings.Trim(name, "[]")
	switch {
	case wrong != "":
		s.wrong(at, "%s", wrong)
		return
	case !isNumber, host(name) != "":
		s.wrong(at, form)
		return
	}
	s.remote = append(s.remote, forward{place: at, relay: relay, http: true, bindings: []binding{
		{place: at, host: name, port: port, path: path, http: true, https: scheme == "https"},
	}})
}

// isRelay reports whether text can be a relay's name; what else it must be is checked with the connector.
func isRelay(text string) bool { return text != "" && !strings.ContainsAny(text, " ;") }

// joinHost makes HOST:PORT, with localhost where no host is said.
func joinHost(name, port string) string {
	if name == "" {
		name = "localhost"
	}
	return net.JoinHostPort(strings.Trim(name, "[]"), port)
}
