package bindings

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// Binding is one of WCF's bindings with what it does when nobody changes anything.
type Binding struct {
	Name       string      `json:"name"`       // of the class, without namespace
	Schemes    []string    `json:"schemes"`    // of addresses
	Transport  string      `json:"transport"`  // http, https, net.tcp, net.pipe, relay
	Encoder    string      `json:"encoder"`    // text, binary, binary session, none
	SOAP       string      `json:"soap"`       // 1.1, 1.2, none
	Addressing string      `json:"addressing"` // none, 1.0
	Session    string      `json:"session"`    // none, transport, reliable (always), reliable (optional)
	Security   string      `json:"security"`   // the default mode and credential
	Modes      []string    `json:"modes"`      // security modes that pass a relay unchanged
	Transfer   []string    `json:"transfer"`   // buffered first: the default
	Shape      string      `json:"shape"`      // how the relay carries it: stream, exchange, cast
	Kind       entity.Kind `json:"kind"`       // of the entity to create for it
	Relay      string      `json:"relay"`      // the binding of the relay library in its place, or the plain one of a relay binding; "" none
	Defaults   Defaults    `json:"defaults"`
	Note       string      `json:"note,omitempty"`
}

// Defaults are what WCF's bindings allow when nobody says otherwise. In JSON times are text, such as "1m0s", as they are in all that the
// management API answers.
type Defaults struct {
	Open           time.Duration `json:"open"`
	Close          time.Duration `json:"close"`
	Send           time.Duration `json:"send"`
	Receive        time.Duration `json:"receive"`        // an idle session is ended after it
	MessageSize    int           `json:"messageSize"`    // bytes: MaxReceivedMessageSize
	Depth          int           `json:"depth"`          // of elements: ReaderQuotas.MaxDepth
	StringLength   int           `json:"stringLength"`   // characters: ReaderQuotas.MaxStringContentLength
	ArrayLength    int           `json:"arrayLength"`    // ReaderQuotas.MaxArrayLength
	SessionStrings int           `json:"sessionStrings"` // bytes of the in-band dictionary: MaxSessionSize; 0: there is none
}

// MarshalJSON writes the times as text.
func (d Defaults) MarshalJSON() ([]byte, error) {
	type rest Defaults // without this method
	return json.Marshal(struct {
		Open    string `json:"open"`
		Close   string `json:"close"`
		Send    string `json:"send"`
		Receive string `json:"receive"`
		rest           // its times stand behind those
	}{d.Open.String(), d.Close.String(), d.Send.String(), d.Receive.String(), rest(d)})
}

// Words of the table.
const (
	text          = "text"
	binary        = "binary"
	binarySession = "binary session"
	none          = "none"
	sessionStream = "transport"
	stream        = "stream"
	exchange      = "exchange"
	cast          = "cast"
)

var (
	buffered = []string{"Buffered"}
	streamed = []string{"Buffered", "Streamed", "StreamedRequest", "StreamedResponse"}
	ends     = []string{"None", "Message"}                                                // what is secured from end to end, message by message
	tcpModes = []string{"None", "Transport", "Message", "TransportWithMessageCredential"} // the upgrade passes through
)

// usual are the defaults that all bindings share.
func usual(sessionStrings int) Defaults {
	return Defaults{
		Open: time.Minute, Close: time.Minute, Send: time.Minute, Receive: 10 * time.Minute,
		MessageSize: 65536, Depth: 32, StringLength: 8192, ArrayLength: 16384, SessionStrings: sessionStrings,
	}
}

// maxSessionSize is BinaryMessageEncodingBindingElement's.
const maxSessionSize = 2048

// all is the table, plain bindings first, in the order of the documentation.
var all = []Binding{
	{
		"BasicHttpBinding", []string{"http"}, "http", text, "1.1", none, none, "None", ends, streamed, exchange, entity.HTTP,
		"BasicHttpRelayBinding", usual(0), "SOAPAction in the HTTP header",
	},
	{
		"BasicHttpsBinding", []string{"https"}, "https", text, "1.1", none, none, "Transport, no credential", ends, streamed, exchange, entity.HTTP,
		"BasicHttpRelayBinding", usual(0), "TLS ends at the gateway",
	},
	{
		"WSHttpBinding", []string{"http", "https"}, "http", text, "1.2", "1.0", "reliable (optional)", "Message, Windows credential", ends, buffered, exchange, entity.HTTP,
		"WS2007HttpRelayBinding", usual(0), "reliable sessions are WS-RM 1.0",
	},
	{
		"WS2007HttpBinding", []string{"http", "https"}, "http", text, "1.2", "1.0", "reliable (optional)", "Message, Windows credential", ends, buffered, exchange, entity.HTTP,
		"WS2007HttpRelayBinding", usual(0), "reliable sessions are WS-RM 1.1",
	},
	{
		"WSDualHttpBinding", []string{"http"}, "http", text, "1.2", "1.0", "reliable (always)", "Message, Windows credential", nil, buffered, exchange, entity.HTTP,
		"", usual(0), "the service calls the client back over HTTP: the client has to be reachable, which a relay does not change; use NetTcpBinding",
	},
	{
		"NetTcpBinding", []string{"net.tcp"}, "net.tcp", binarySession, "1.2", "1.0", sessionStream, "Transport, Windows credential, signed and encrypted", tcpModes, streamed,
		stream, entity.NetTCP, "NetTcpRelayBinding", usual(maxSessionSize), "streamed modes have no session and encode plain binary; reliable sessions are WS-RM 1.0",
	},
	{
		"NetNamedPipeBinding", []string{"net.pipe"}, "net.pipe", binarySession, "1.2", "1.0", sessionStream, "Transport, Windows credential", nil, streamed,
		stream, entity.NetTCP, "", usual(maxSessionSize), "of one machine: give the service a NetTcpBinding endpoint as well",
	},
	{
		"NetHttpBinding", []string{"http", "ws"}, "http", binary, "1.2", "1.0", none, "None", ends, streamed, exchange, entity.Hybrid,
		"", usual(0), "duplex contracts go over WebSocket with the sub-protocol soap, as a stream of messages",
	},
	{
		"NetHttpsBinding", []string{"https", "wss"}, "https", binary, "1.2", "1.0", none, "Transport, no credential", ends, streamed, exchange, entity.Hybrid,
		"", usual(0), "as NetHttpBinding; TLS ends at the gateway",
	},
	{
		"WebHttpBinding", []string{"http", "https"}, "http", none, none, none, none, "None", []string{"None"}, streamed, exchange, entity.HTTP,
		"WebHttpRelayBinding", usual(0), "XML, JSON or raw bodies without an envelope",
	},
	relayed("BasicHttpRelayBinding", []string{"http", "https"}, text, "1.1", none, none, streamed, exchange, entity.HTTP, "BasicHttpBinding", 0),
	relayed("WS2007HttpRelayBinding", []string{"http", "https"}, text, "1.2", "1.0", "reliable (optional)", buffered, exchange, entity.HTTP, "WS2007HttpBinding", 0),
	relayed("WebHttpRelayBinding", []string{"http", "https"}, none, none, none, none, streamed, exchange, entity.HTTP, "WebHttpBinding", 0),
	relayed("NetTcpRelayBinding", []string{"sb"}, binarySession, "1.2", "1.0", sessionStream, streamed, stream, entity.NetTCP, "NetTcpBinding", maxSessionSize),
	relayed("NetOnewayRelayBinding", []string{"sb"}, binary, "1.2", "1.0", none, buffered, cast, entity.OneWay, "", 0),
	relayed("NetEventRelayBinding", []string{"sb"}, binary, "1.2", "1.0", none, buffered, cast, entity.Event, "", 0),
}

// relayed is a binding of the relay library: the stack of its plain counterpart, with the relay as transport.
func relayed(name string, schemes []string, encoder, soap, addressing, session string, transfer []string, shape string, kind entity.Kind, plain string, sessionStrings int) Binding {
	return Binding{
		name, schemes, "relay", encoder, soap, addressing, session, "Transport, RelayAccessToken", []string{"None", "Transport", "Message", "TransportWithMessageCredential"},
		transfer, shape, kind, plain, usual(sessionStrings), "Transport is TLS to the gateway on both sides",
	}
}

// All lists every binding in the order of the documentation. The caller may change the list, not what it points to.
func All() []Binding { return slices.Clone(all) }

// Find looks a binding up by its name, whatever its case, the word Binding at its end or not.
func Find(name string) (Binding, bool) {
	for _, b := range all {
		if strings.EqualFold(name, b.Name) || strings.EqualFold(name+"Binding", b.Name) {
			return b, true
		}
	}
	return Binding{}, false
}
