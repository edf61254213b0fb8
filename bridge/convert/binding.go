package convert

import (
	"slices"
	"strings"

	"github.com/causeway-relay/causeway/soap"
	"github.com/causeway-relay/causeway/soap/wsa"
)

// Binding is how one side speaks (WCF wire reference section 6).
type Binding struct {
	Name       string
	Version    soap.Version // None: no envelope, or any for a sender of AnySOAP
	Form       soap.Form
	Addressing wsa.Version
	Framed     bool // messages go in a framing session (net.tcp); else they are exchanges of HTTP
	Any        bool // takes every version, form and addressing that says what it is
	Plain      bool // no envelope at all: requests of a web
}

// Names of bindings that callers choose by.
const (
	AnySOAP   = "soap"
	BasicHTTP = "basicHttp"
	NetTCP    = "netTcp"
	WebHTTP   = "webHttp"
)

// table has every binding in the order of the documentation.
var table = []Binding{
	{Name: AnySOAP, Any: true},
	{Name: BasicHTTP, Version: soap.V11},
	{Name: "basicHttpMtom", Version: soap.V11, Form: soap.Multipart},
	{Name: "soap12", Version: soap.V12},
	{Name: "wsHttp", Version: soap.V12, Addressing: wsa.V10},
	{Name: "wsHttp2004", Version: soap.V12, Addressing: wsa.August2004},
	{Name: "wsHttpMtom", Version: soap.V12, Form: soap.Multipart, Addressing: wsa.V10},
	{Name: "netHttp", Version: soap.V12, Form: soap.Binary, Addressing: wsa.V10},
	{Name: NetTCP, Version: soap.V12, Form: soap.Session, Addressing: wsa.V10, Framed: true},
	{Name: WebHTTP, Plain: true},
}

// Bindings lists every binding that a side can be said to speak. The caller may change the list.
func Bindings() []Binding { return slices.Clone(table) }

// Names are those of Bindings, for messages to people.
func Names() string {
	var names []string
	for _, b := range table {
		names = append(names, b.Name)
	}
	return strings.Join(names, ", ")
}

// Find looks a binding up by its name, whatever its case, with or without the word Binding behind it.
func Find(name string) (Binding, bool) {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(name, "binding")
	for _, b := range table {
		if strings.EqualFold(b.Name, name) || name == "ws2007http" && b.Name == "wsHttp" {
			return b, true
		}
	}
	return Binding{}, false
}

// Pair is what is known of a conversion before a message is seen.
type Pair struct {
	From     string   `json:"from"` // what senders speak
	To       string   `json:"to"`   // what the service speaks
	Possible bool     `json:"possible"`
	Same     bool     `json:"same"`            // nothing is converted: bytes pass
	Loses    []string `json:"loses,omitempty"` // what does not come through; empty: nothing
	Reason   string   `json:"reason,omitempty"`
}

// Between says whether messages of one binding can become those of another, and what is lost.
func Between(from, to Binding) Pair {
	p := Pair{From: from.Name, To: to.Name, Possible: true, Same: from == to}
	switch {
	case p.Same:
		return p
	case from.Plain || to.Plain:
		p.Possible = false
		p.Reason = "a web request has no envelope and no action, so nothing says which operation of the contract it asks for"
		return p
	case to.Any:
		p.Possible = false
		p.Reason = "a service speaks one binding: name it"
		return p
	}
	lose := func(is bool, text string) {
		if is {
			p.Loses = append(p.Loses, text)
		}
	}
	lose(true, "message security: a signed or encrypted message is refused, since its signature would not hold; from soap, one that is in the binding of an HTTP service already passes")
	lose(true, "reliable sessions (WS-ReliableMessaging): refused; between equal bindings they pass")
	lose(from.Framed && !to.Framed, "callbacks and the state of a session: each message is a request of its own")
	lose(!from.Framed && to.Framed, "the state of a session: each request is a session of its own; a service that calls back is refused")
	lose(from.Version != soap.V11 && to.Version == soap.V11, "subcodes but the first, languages but one and the node of a sender's fault; header attribute relay")
	lose(from.Version != soap.V12 && to.Version == soap.V12, "encodingStyle on Envelope, Header and Body; of the service's faults what SOAP 1.1 has no room for")
	lose((from.Any || from.Addressing != wsa.None) && to.Addressing == wsa.None, "addressing headers: the service sees neither MessageID nor To; the action of its answer is the request's with Response behind it")
	lose(to.Addressing != wsa.None && (from.Any || from.Addressing != wsa.None && from.Addressing != to.Addressing), "the header From, where it is of another version of addressing")
	lose((from.Any || from.Addressing == wsa.None) && to.Addressing != wsa.None && to.Framed, "one-way operations have to be named (oneWay): without MessageID nothing tells them")
	lose(to.Form == soap.Multipart && from.Form != soap.Multipart && from.Form != soap.Binary && from.Form != soap.Session, "binary content of text stays inline base64")
	return p
}

// Pairs gives every pair of different names.
func Pairs() (all []Pair) {
	for _, from := range table {
		for _, to := range table {
			if !to.Any {
				all = append(all, Between(from, to))
			}
		}
	}
	return all
}
