package matrix

import "fmt"

// Table is what stories write into interop.Cell for docs/matrix.md, which is none of the tables of docs/interop.md.
const Table = "Any sender, any listener"

// DotNetTable is the same for the cells of DotNet.
const DotNetTable = Table + ": .NET"

// Absent is the row of the only cell of DotNetTable where .NET's programs were not there.
const Absent = "not played"

// What senders and listeners speak.
const (
	WebSocket = "hybrid WebSocket"
	Requests  = "hybrid HTTP"
	NetTCP    = "net.tcp"
	Basic     = "basicHttp"
	WS        = "wsHttp"
	Web       = "webHttp"
	TCP       = "TCP door" // of a listener: a service of plain TCP
)

// Kinds are the rows of the document, and its columns.
func Kinds() []string { return []string{WebSocket, Requests, NetTCP, Basic, WS, Web, TCP} }

// Nodes are the gateways on which each cell is played, by the names of interop.OnNodes.
func Nodes() []string { return []string{"one node", "two nodes"} }

// Cell says what is to come of one kind of sender at one kind of listener. A story plays it and fails where something else comes.
type Cell struct {
	Sender, Listener string // of Kinds
	By, At           string // the program that sends, and what listens
	From, To         string // the bindings of package convert between which messages are converted; "": bytes pass as they are
	Way              string // who converts: a connector beside the service, or the gateway
	Answer           string // the words with which it is refused; "": it works
}

// Converted reports whether messages are converted on the way.
func (c *Cell) Converted() bool { return c.From != "" && c.Answer == "" }

// Shown is what the document says of the cell before the number of a hole.
func (c *Cell) Shown() string {
	switch {
	case c.Answer != "":
		return "cannot"
	case c.Converted():
		return "works, [converted](#what-conversions-lose) by " + c.Way
	}
	return "works"
}

// Programs of both sides.
const (
	hycoWS    = "hyco-ws"
	hycoHTTPS = "hyco-https"
	curl      = "curl"
	php       = "PHP's SOAP client"
	monoC     = "Mono's client"
	dotNetC   = ".NET's client"
	dotNetS   = ".NET's service"
	netcat    = "nc"
	forward   = ", `causeway forward`"
	behind    = ", Mono's service behind it"
	connector = "connector"
	setting   = "a setting of the relay"
	nobody    = "-" // where what listens refuses to begin
)

// beside is a connector beside a service.
func beside(service, flags string) string {
	return fmt.Sprintf("`causeway listen %s`, %s", flags, service)
}

// relayed is the setting of a relay whose listeners speak a binding.
func relayed(binding string) string {
	return ", at a relay with `--listener-binding " + binding + "`"
}

// What is answered where it cannot work.
const (
	noRequests = "this listener takes connections and no HTTP requests"                                         // of listeners that tell
	silent     = "The request was routed to the listener but the listener did not respond in the required time" // of hyco-ws, which does not
	noEnvelope = "a web request has no envelope and no action, so nothing says which operation of the contract it asks for"
)

// Cells are all of the matrix, row by row.
func Cells() []Cell {
	var (
		net    = beside("Mono's service", "--target net.tcp://")
		web    = beside("Mono's service", "--target http://")
		plain  = beside("a TCP echo", "--target tcp://")
		server = beside("a web server of Node's", "--target http://")
		as     = func(from, to, target string) string {
			flags := "--as " + from + " --target " + target
			if to != "netTcp" && to != "basicHttp" {
				flags += " --target-as " + to
			}
			return beside("Mono's service", flags)
		}
	)
	return []Cell{
		{Sender: WebSocket, Listener: WebSocket, By: hycoWS, At: hycoWS},
		{Sender: WebSocket, Listener: Requests, By: hycoWS, At: server},
		{Sender: WebSocket, Listener: NetTCP, By: monoC + forward, At: net},
		{Sender: WebSocket, Listener: Basic, By: php + forward, At: web},
		{Sender: WebSocket, Listener: WS, By: monoC + forward, At: web},
		{Sender: WebSocket, Listener: Web, By: monoC + forward, At: web},
		{Sender: WebSocket, Listener: TCP, By: hycoWS, At: plain},

		{Sender: Requests, Listener: WebSocket, By: curl + ", an envelope of SOAP 1.1", At: hycoWS + behind + relayed("netTcp"), From: "soap", To: "netTcp", Way: setting},
		{Sender: Requests, Listener: Requests, By: curl, At: hycoHTTPS},
		{Sender: Requests, Listener: NetTCP, By: curl + ", an envelope of SOAP 1.1", At: as("soap", "netTcp", "net.tcp://"), From: "soap", To: "netTcp", Way: connector},
		{Sender: Requests, Listener: Basic, By: curl + ", an envelope of SOAP 1.1", At: web},
		{Sender: Requests, Listener: WS, By: curl + ", an envelope of SOAP 1.2", At: web},
		{Sender: Requests, Listener: Web, By: curl, At: web},
		{Sender: Requests, Listener: TCP, By: curl, At: plain, Answer: noRequests},

		{Sender: NetTCP, Listener: WebSocket, By: monoC, At: hycoWS + behind},
		{Sender: NetTCP, Listener: Requests, By: monoC, At: hycoHTTPS + behind + relayed("basicHttp"), From: "netTcp", To: "basicHttp", Way: setting},
		{Sender: NetTCP, Listener: NetTCP, By: monoC, At: net},
		{Sender: NetTCP, Listener: Basic, By: monoC, At: as("netTcp", "basicHttp", "http://"), From: "netTcp", To: "basicHttp", Way: connector},
		{Sender: NetTCP, Listener: WS, By: monoC, At: as("netTcp", "wsHttp", "http://"), From: "netTcp", To: "wsHttp", Way: connector},
		{Sender: NetTCP, Listener: Web, By: nobody, At: as("netTcp", "webHttp", "http://"), From: "netTcp", To: "webHttp", Answer: noEnvelope},
		{Sender: NetTCP, Listener: TCP, By: monoC, At: beside("Mono's service", "--target tcp://")},

		{Sender: Basic, Listener: WebSocket, By: php, At: hycoWS + behind + relayed("netTcp"), From: "basicHttp", To: "netTcp", Way: setting},
		{Sender: Basic, Listener: Requests, By: php, At: hycoHTTPS + behind},
		{Sender: Basic, Listener: NetTCP, By: php, At: as("basicHttp", "netTcp", "net.tcp://"), From: "basicHttp", To: "netTcp", Way: connector},
		{Sender: Basic, Listener: Basic, By: php, At: web},
		{Sender: Basic, Listener: WS, By: php, At: as("basicHttp", "wsHttp", "http://"), From: "basicHttp", To: "wsHttp", Way: connector},
		{Sender: Basic, Listener: Web, By: nobody, At: as("basicHttp", "webHttp", "http://"), From: "basicHttp", To: "webHttp", Answer: noEnvelope},
		{Sender: Basic, Listener: TCP, By: php, At: plain, Answer: noRequests},

		{Sender: WS, Listener: WebSocket, By: monoC, At: hycoWS + behind + relayed("netTcp"), From: "wsHttp", To: "netTcp", Way: setting},
		{Sender: WS, Listener: Requests, By: monoC, At: hycoHTTPS + behind},
		{Sender: WS, Listener: NetTCP, By: monoC, At: as("wsHttp", "netTcp", "net.tcp://"), From: "wsHttp", To: "netTcp", Way: connector},
		{Sender: WS, Listener: Basic, By: monoC, At: as("wsHttp", "basicHttp", "http://"), From: "wsHttp", To: "basicHttp", Way: connector},
		{Sender: WS, Listener: WS, By: monoC, At: web},
		{Sender: WS, Listener: Web, By: nobody, At: as("wsHttp", "webHttp", "http://"), From: "wsHttp", To: "webHttp", Answer: noEnvelope},
		{Sender: WS, Listener: TCP, By: monoC, At: plain, Answer: noRequests},

		{Sender: Web, Listener: WebSocket, By: curl, At: hycoWS, Answer: silent},
		{Sender: Web, Listener: Requests, By: monoC, At: hycoHTTPS + behind},
		{Sender: Web, Listener: NetTCP, By: nobody, At: as("webHttp", "netTcp", "net.tcp://"), From: "webHttp", To: "netTcp", Answer: noEnvelope},
		{Sender: Web, Listener: Basic, By: nobody, At: as("webHttp", "basicHttp", "http://"), From: "webHttp", To: "basicHttp", Answer: noEnvelope},
		{Sender: Web, Listener: WS, By: nobody, At: as("webHttp", "wsHttp", "http://"), From: "webHttp", To: "wsHttp", Answer: noEnvelope},
		{Sender: Web, Listener: Web, By: monoC, At: web},
		{Sender: Web, Listener: TCP, By: curl, At: plain, Answer: noRequests},

		{Sender: TCP, Listener: WebSocket, By: netcat, At: hycoWS},
		{Sender: TCP, Listener: Requests, By: netcat, At: server},
		{Sender: TCP, Listener: NetTCP, By: monoC, At: net},
		{Sender: TCP, Listener: Basic, By: php, At: web},
		{Sender: TCP, Listener: WS, By: monoC, At: web},
		{Sender: TCP, Listener: Web, By: monoC, At: web},
		{Sender: TCP, Listener: TCP, By: netcat, At: plain},
	}
}

// DotNet are cells of .NET's client, at .NET's service where there is one of the kind: it speaks net.tcp and wsHttp. They are played beside
// Cells where the interop kit is. All of them work.
func DotNet() []Cell {
	as := func(from, to, target, service string) string {
		return beside(service, "--as "+from+" --target "+target+" --target-as "+to)
	}
	net, ws, web := beside(dotNetS, "--target net.tcp://"), beside(dotNetS, "--target http://"), beside("Mono's service", "--target http://")
	const behindIt = ", " + dotNetS + " behind it"
	return []Cell{
		{Sender: WebSocket, Listener: NetTCP, By: dotNetC + forward, At: net},
		{Sender: WebSocket, Listener: WS, By: dotNetC + forward, At: ws},

		{Sender: NetTCP, Listener: WebSocket, By: dotNetC, At: hycoWS + behindIt},
		{Sender: NetTCP, Listener: Requests, By: dotNetC, At: hycoHTTPS + behind + relayed("basicHttp"), From: "netTcp", To: "basicHttp", Way: setting},
		{Sender: NetTCP, Listener: NetTCP, By: dotNetC, At: net},
		{Sender: NetTCP, Listener: Basic, By: dotNetC, At: as("netTcp", "basicHttp", "http://", "Mono's service"), From: "netTcp", To: "basicHttp", Way: connector},
		{Sender: NetTCP, Listener: WS, By: dotNetC, At: as("netTcp", "wsHttp", "http://", dotNetS), From: "netTcp", To: "wsHttp", Way: connector},

		{Sender: Basic, Listener: WebSocket, By: dotNetC, At: hycoWS + behindIt + relayed("netTcp"), From: "basicHttp", To: "netTcp", Way: setting},
		{Sender: Basic, Listener: Requests, By: dotNetC, At: hycoHTTPS + behind},
		{Sender: Basic, Listener: NetTCP, By: dotNetC, At: as("basicHttp", "netTcp", "net.tcp://", dotNetS), From: "basicHttp", To: "netTcp", Way: connector},
		{Sender: Basic, Listener: Basic, By: dotNetC, At: web},
		{Sender: Basic, Listener: WS, By: dotNetC, At: as("basicHttp", "wsHttp", "http://", dotNetS), From: "basicHttp", To: "wsHttp", Way: connector},

		{Sender: WS, Listener: Requests, By: dotNetC, At: hycoHTTPS + behindIt},
		{Sender: WS, Listener: NetTCP, By: dotNetC, At: as("wsHttp", "netTcp", "net.tcp://", dotNetS), From: "wsHttp", To: "netTcp", Way: connector},
		{Sender: WS, Listener: Basic, By: dotNetC, At: as("wsHttp", "basicHttp", "http://", "Mono's service"), From: "wsHttp", To: "basicHttp", Way: connector},
		{Sender: WS, Listener: WS, By: dotNetC, At: ws},

		{Sender: TCP, Listener: NetTCP, By: dotNetC, At: net},
		{Sender: TCP, Listener: WS, By: dotNetC, At: ws},
	}
}
