package config

import (
	"net/netip"
	"time"
)

// Off is the address that closes a door.
const Off = "off"

// Config is everything a node is told. Every zero value means the default: a Config made by hand is completed by
// Complete, one from Load is complete. The comments of the fields are the text of docs/configuration.md.
type Config struct {
	// Folder of the node's state, keys and local CA; made with mode 0700. Default: the folder systemd gives
	// (STATE_DIRECTORY), else $XDG_DATA_HOME/causeway, else ~/.local/share/causeway; on Windows %LocalAppData%\causeway,
	// for a service %ProgramData%\causeway.
	Data string `key:"data" is:"path" flag:"data" sample:"/var/lib/causeway"`
	// Name under which clients reach this gateway; it stands in connection strings and in the local CA's certificate.
	Host string `key:"host" is:"host" flag:"host" default:"localhost" sample:"relay.example.com"`
	// Door for listeners, senders and the management API. HOST:PORT, :PORT for all interfaces, port 0 for any free
	// one, or off.
	HTTPS string `key:"https" is:"door" flag:"https" default:"127.0.0.1:8443" sample:":443"`
	// The same door without TLS. Tokens are taken from loopback only, unless allowPlainTokens says otherwise.
	HTTP string `key:"http" is:"door" flag:"http" default:"127.0.0.1:8080" sample:"off"`
	// Door for WCF clients of net.tcp. HOST:PORT, :PORT for all interfaces, port 0 for any free one, or off. Default:
	// 127.0.0.1:9808, or none when something else has that port.
	NetTCP string `key:"nettcp" is:"door" flag:"nettcp" example:":9808"`
	// Door for the operator: health, metrics, API. Keep it on loopback or behind a firewall.
	Admin string `key:"admin" is:"door" flag:"admin" default:"127.0.0.1:9090" sample:"127.0.0.1:9090"`
	// File that is written when every door is open: addresses, process id and connection string as JSON. Default: none.
	ReadyFile string `key:"readyFile" is:"path" flag:"ready-file" example:"/run/causeway/ready.json"`
	// Take tokens over plain HTTP from other machines too. Anyone on the way can read them: only behind a proxy that
	// ends TLS.
	AllowPlainTokens bool `key:"allowPlainTokens" default:"false"`
	// Where other nodes and clients reach a door of this node, when that is not the address it is bound to.
	// The flag is --advertise DOOR=HOST:PORT,...
	Advertise []Advertise `key:"advertise" flag:"advertise" unique:"door" max:"16"`
	// Ports whose every connection is a sender of one relay, as plain bytes. The port is itself the grant: whoever
	// reaches it may send. The flag is --tcp ENTITY=ADDR,...
	TCP []TCPDoor `key:"tcp" flag:"tcp" max:"1000"`
	// Host names and what is served under each. A host without roles serves all; without any entry so does every host.
	Hosts []Host `key:"hosts" unique:"name" max:"100" sample:"-"`
	// The certificate of the https door. Default: one from the local CA in the data folder.
	TLS TLS `key:"tls"`
	// The node's own log, on standard error.
	Log Log `key:"log"`
	// What /metrics shows.
	Metrics Metrics `key:"metrics"`
	// Bounds. At a bound the newest is refused, with a text that names the key.
	Limits Limits `key:"limits"`
	// How long each wait may last.
	Timeouts Timeouts `key:"timeouts"`
	// Authorization rules of the whole namespace. A rule declared here belongs to the file: removed here, it is gone,
	// and the API refuses to change it. Default: RootManageSharedAccessKey with all rights and keys made at first start.
	Rules []Rule `key:"rules" live:"true" unique:"name" max:"12"`
	// Relays that belong to the file: made at start and reload, gone when removed here. Relays made by command or API
	// live beside them.
	Entities []Entity `key:"entities" live:"true" unique:"name" max:"10000"`
	// Services that are reached through a relay, and local ports that lead to one. They run inside of the node, or without one by
	// 'causeway listen --config FILE'.
	Connectors []Connector `key:"connectors" live:"true" max:"1000"`
}

// Advertise is one door's address as others see it.
type Advertise struct {
	// Name of the door.
	Door string `key:"door" is:"choice" oneof:"https|http|nettcp" required:"true" example:"https"`
	// HOST:PORT that reaches the door.
	Address string `key:"address" is:"hostport" required:"true" example:"node1.example.com:443"`
}

// TCPDoor is one port of plain bytes.
type TCPDoor struct {
	// Name of the relay.
	Entity string `key:"entity" is:"name" required:"true" example:"plant/ssh"`
	// HOST:PORT, :PORT for all interfaces, port 0 for any free one.
	Bind string `key:"bind" is:"door" required:"true" example:"127.0.0.1:2222"`
}

// Host is one host name that clients use.
type Host struct {
	// The host name, without port.
	Name string `key:"name" is:"host" required:"true" sample:"relay.example.com"`
	// What is served there. Default: everything.
	Roles []string `key:"roles" is:"choice" oneof:"relay" max:"16" sample:"relay"`
}

// TLS says where the certificate of the https door comes from: two files, or an authority that is asked by ACME.
type TLS struct {
	// PEM file with the certificate and its chain. A new one is taken up without a restart.
	Cert string `key:"cert" is:"file" live:"true" example:"/etc/causeway/tls.crt"`
	// PEM file with the private key; nobody but the gateway should be able to read it.
	Key string `key:"key" is:"file" live:"true" example:"/etc/causeway/tls.key"`
	// PEM file of the authorities whose client certificates are taken, by relays of kind http, oneway and event at the https door, and where
	// TLS of a net.tcp client ends at the gateway: the common name of the subject is the name of the rule whose rights the client has.
	// Default: none is asked for.
	ClientCA string `key:"clientCA" is:"file" example:"/etc/causeway/clients.pem"`
	// Key exchanges that the https door takes: hybrid adds X25519MLKEM768, which keeps traffic that is recorded today closed to a
	// quantum computer of tomorrow; curves leaves it out, which saves about a tenth of what a connection by TLS costs.
	KeyExchange string `key:"keyExchange" is:"choice" oneof:"hybrid|curves" default:"hybrid"`
	// Get and renew the certificate from an authority such as Let's Encrypt. It must reach this node under each of the hosts:
	// at port 443 (https door), or at port 80 (http door).
	ACME ACME `key:"acme"`
}

// ACME names the authority and what is asked of it. Without hosts nothing is asked.
type ACME struct {
	// Where the authority can reach a person about the account. Default: none.
	Email string `key:"email" is:"email" example:"admin@example.com"`
	// The authority's directory. Default: Let's Encrypt, whose terms of use are agreed to by naming hosts.
	Directory string `key:"directory" is:"url" default:"https://acme-v02.api.letsencrypt.org/directory"`
	// PEM file by which the authority's own certificate is checked. Default: the system's roots.
	CAFile string `key:"caFile" is:"file" example:"/etc/causeway/acme-ca.pem"`
	// DNS names to get certificates for. Other names, and these until the authority has confirmed them, get one of the local CA.
	Hosts []string `key:"hosts" is:"dns" max:"100" sample:"relay.example.com"`
}

// Log says what the node writes about itself.
type Log struct {
	// Least severe line that is written.
	Level string `key:"level" is:"choice" oneof:"debug|info|warn|error" live:"true" default:"info"`
	// One line as text for people, or as JSON for collectors.
	Format string `key:"format" is:"choice" oneof:"text|json" default:"text" sample:"json"`
}

// Metrics says what is measured.
type Metrics struct {
	// Label the metrics with the entity, up to 1,000 of them, the rest as other. Costs memory in the collector.
	PerEntity bool `key:"perEntity" default:"false"`
}

// Limits bounds what peers can make the node hold.
type Limits struct {
	// Listeners of one entity, over all nodes. Default: the service's documented quota.
	ListenersPerEntity int `key:"listenersPerEntity" min:"1" max:"100000" default:"25"`
	// Connections at the same time, of all kinds. Default: the service's documented quota for a namespace.
	Connections int `key:"connections" min:"1" max:"10000000" default:"5000"`
	// Bytes of a request's head. Default: the service's documented 32 kB header block.
	HeadBytes int `key:"headBytes" min:"1024" max:"1048576" default:"32768"`
	// Senders that wait for their listener at the same time. Default: ours, twice the connections.
	Pending int `key:"pending" min:"1" max:"10000000" default:"10000"`
	// The same for one source address, so that one sender cannot use up the rest. Default: ours, 2% of pending.
	PendingPerSource int `key:"pendingPerSource" min:"1" max:"10000000" default:"200"`
	// Bytes of a message to a one-way or event relay. Listeners that are released programs may take less than the most that can be
	// set here. Default: the service's documented 64 KB.
	CastMessage int `key:"castMessage" min:"1024" max:"1048576" default:"65536"`
}

// Timeouts bounds how long the node waits. Each is more than zero.
type Timeouts struct {
	// For a request's head to arrive whole. Default: the emulator's time for gateway operations.
	Head time.Duration `key:"head" min:"1ms" max:"24h" default:"10s"`
	// For the preamble of a net.tcp client to arrive whole. Default: as WCF's own listeners.
	Preamble time.Duration `key:"preamble" min:"1ms" max:"24h" default:"30s"`
	// For anything to flow in a session of a net.tcp client, either way. Default: as long as client and service want, whose own
	// receive time-outs are 10 minutes unless they say otherwise.
	Session time.Duration `key:"session" min:"1ms" max:"24h" example:"10m"`
	// For the listener to open the rendezvous. Default: the documented life of an accept address.
	Accept time.Duration `key:"accept" min:"1ms" max:"24h" default:"30s"`
	// For the listener's answer to an HTTP request; an entity can have its own. Default: the service's documented limit.
	Response time.Duration `key:"response" min:"1ms" max:"24h" default:"60s"`
	// Between two pieces of an HTTP body, and after the first half of a stream has ended. Default: as the service.
	Idle time.Duration `key:"idle" min:"1ms" max:"24h" default:"60s"`
	// For one write to a peer that does not read. Default: as the emulator.
	Write time.Duration `key:"write" min:"1ms" max:"24h" default:"60s"`
	// For open streams after a stop was asked for. Default: a little less than the 30 s that Kubernetes gives.
	Drain time.Duration `key:"drain" min:"1ms" max:"24h" default:"25s"`
	// How long a listener stays after its token expired. Default: what the .NET, Java and Node SDKs need, which renew at the expiry and not before.
	TokenGrace time.Duration `key:"tokenGrace" min:"1ms" max:"24h" default:"5m"`
}

// Rule is an authorization rule. A key that is missing is made by the gateway and kept in its store.
type Rule struct {
	// 1 to 256 letters, digits, dots, hyphens and underscores. Two names that differ only in case are an error.
	Name string `key:"name" is:"rule" required:"true" example:"Send.Only"`
	// What a token of this rule may do. Manage includes the other two.
	Rights []string `key:"rights" is:"choice" oneof:"Listen|Send|Manage" required:"true" max:"3" example:"Send"`
	// The key itself, env:NAME or file:PATH. 1 to 256 printable characters.
	PrimaryKey Secret `key:"primaryKey" is:"secret" example:"env:SEND_ONLY_PRIMARY"`
	// As primaryKey; both are valid at the same time, so that keys can be changed without a break.
	SecondaryKey Secret `key:"secondaryKey" is:"secret" example:"file:/run/secrets/send-only-secondary"`
}

// Entity is a relay that the file declares.
type Entity struct {
	// Path under the host, as written: case is kept. Two names that differ only in case are an error.
	Name string `key:"name" is:"name" required:"true" example:"sales/orders"`
	// What it is meant for. A kind sets defaults and keeps nobody out.
	Kind string `key:"kind" is:"choice" oneof:"hybrid|nettcp|http|oneway|event" default:"hybrid"`
	// Let senders in without a token. Listeners always need one. Default: as the service.
	AnonymousSenders bool `key:"anonymousSenders" default:"false"`
	// As timeouts.response, for this entity. Default: timeouts.response.
	ResponseTimeout time.Duration `key:"responseTimeout" min:"1ms" max:"24h" example:"2m"`
	// How the listener sees the path of a request: decoded as the service does it, or raw as it came.
	RequestTarget string `key:"requestTarget" is:"choice" oneof:"service|raw" default:"service"`
	// Let WebSocket clients that know nothing of relays be senders, at the entity's plain path.
	PlainWebSocket *bool `key:"plainWebSocket" default:"true"`
	// What becomes of the upgrade to TLS that a net.tcp client may ask for: passthrough leaves it to the listener, terminate ends it
	// at the gateway, with the certificate of the https door, and then takes no client without it.
	TLS string `key:"tls" is:"choice" oneof:"passthrough|terminate" default:"passthrough"`
	// Let senders of one network address keep to one listener as long as it is there, where what they do takes more than one
	// connection: WCF's TransportWithMessageCredential over net.tcp, reliable sessions.
	Sticky bool `key:"sticky" default:"false"`
	// Networks senders may come from. Default: all.
	Allow []netip.Prefix `key:"allow" is:"cidr" max:"128" example:"192.0.2.0/24"`
	// Files of a description that the gateway serves in the place of the service, at ?wsdl, ?singleWsdl, ?wsdl=NAME and ?xsd=NAME, with
	// the relay's addresses: WSDL 1.1 first, then what it imports. Read at the start and at each reload. Default: the service's own.
	Metadata []string `key:"metadata" is:"file" max:"32" example:"/etc/causeway/calc.wsdl"`
	// WCF binding of the service behind the listeners, where senders speak another: each message is converted at the gateway
	// ('causeway bindings --pairs'). Senders speak SOAP over HTTP or, at the net.tcp door, netTcp. Default: what comes passes as it is.
	ListenerBinding string `key:"listenerBinding" is:"text" example:"netTcp"`
	// Address of the service as converted messages name it, in the Via of net.tcp and the header To. Default: the relay's own.
	ServiceAddress string `key:"serviceAddress" is:"text" example:"net.tcp://localhost:808/calc"`
	// Actions of operations without an answer, for senders whose messages do not tell. One that ends with * stands for all that
	// begin so.
	OneWay []string `key:"oneWay" is:"text" max:"128" example:"urn:calc/Notify*"`
	// Authorization rules of this entity, beside the namespace's.
	Rules []Rule `key:"rules" live:"true" unique:"name" max:"12"`
}

// Connector leads the senders of a relay to a service, or the clients of a local port to a relay.
type Connector struct {
	// Name of the relay to listen on; needs target.
	Listen string `key:"listen" is:"name" example:"plant/web"`
	// Where senders are led: tcp://HOST:PORT, net.tcp://HOST:PORT, net.tcp://HOST:PORT/PATH, unix:///PATH, http://HOST:PORT/PATH or
	// https://HOST:PORT/PATH.
	Target string `key:"target" is:"text" example:"https://127.0.0.1:9443"`
	// Name of the relay to send to, instead of listen; needs bind.
	Forward string `key:"forward" is:"name"`
	// Local address whose connections become senders: HOST:PORT, :PORT for all interfaces, port 0 for any free one, or the path of a
	// Unix socket. Whoever reaches it may send.
	Bind string `key:"bind" is:"text"`
	// Gateway, rule and key, as a connection string, env:NAME or file:PATH. Default: the node that the file is of; without one that of
	// the command.
	ConnectionString Secret `key:"connectionString" is:"connection" example:"env:PLANT_CONNECTION"`
	// Name of a port: speak azbridge's preamble, for an azbridge at the other end. Several connectors may share one relay by it.
	PortName string `key:"portName" is:"text"`
	// Binding of the senders, where the service speaks another: each SOAP message is converted ('causeway bindings --pairs').
	As string `key:"as" is:"text" example:"basicHttp"`
	// Binding of the service. Default: netTcp for a target of net.tcp, basicHttp for one of http.
	TargetAs string `key:"targetAs" is:"text" example:"wsHttp"`
	// Actions of operations without an answer, for senders whose messages do not tell. One that ends with * stands for all that
	// begin so.
	OneWay []string `key:"oneWay" is:"text" max:"256" example:"urn:example:desk/Notify"`
	// Host that a web server sees: HOST, HOST:PORT, or keep for what the sender wrote. Default: the target's.
	Host string `key:"host" is:"text" example:"app.example.com"`
	// What is done to the path of a request to a web server.
	Prefix Prefix `key:"prefix"`
	// What is done to the header of a request to a web server.
	Headers Headers `key:"headers"`
	// PEM file of the authorities that the target's certificate is checked by. Default: the system's.
	CAFile string `key:"caFile" is:"file" example:"/etc/causeway/target-ca.pem"`
	// PEM file of a client certificate for the target.
	Cert string `key:"cert" is:"file" example:"/etc/causeway/client.crt"`
	// PEM file of its private key.
	Key string `key:"key" is:"file" example:"/etc/causeway/client.key"`
}

// Prefix is what is cut off the front of a path, and what is put there.
type Prefix struct {
	// Beginning of the sender's path. Default: the relay's name.
	From string `key:"from" is:"text" example:"/plant/web"`
	// Beginning of the target's path. Default: the path of the target.
	To string `key:"to" is:"text" example:"/"`
}

// Headers are changes of header fields. Names keep their case.
type Headers struct {
	// Fields that are set, in place of those of the same name.
	Add []Header `key:"add" max:"64"`
	// Names of fields that are taken out.
	Remove []string `key:"remove" is:"text" max:"64" example:"X-Debug"`
}

// Header is one header field.
type Header struct {
	// Its name, as written.
	Name string `key:"name" is:"text" required:"true" example:"X-Api.Key-ID"`
	// Its value. It may be env:NAME or file:PATH.
	Value Secret `key:"value" is:"connection" required:"true" example:"AbC"`
}
