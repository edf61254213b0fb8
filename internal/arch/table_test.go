package arch

// module is the import path that every path in the table is relative to.
const module = "github.com/causeway-relay/causeway"

// layer is one row of the table: which packages it rules and what their non-test files may import directly.
//
// Patterns are paths relative to the module: "a/b" is that package, "a/**" is a and all below it, "**/wire/**" is any
// folder named wire and all below it. "." is the module's root folder.
type layer struct {
	name string
	pkgs []string
	may  []string // packages of this module
	ext  []string // modules of others, by path prefix; "*" is any
	deny []string // of the standard library: a path, or a path and all below it with "/**"
	only names    // of some standard packages only these names
	pure bool     // no go statements, no clock: time is a parameter
	test bool     // may be imported by tests and by other test packages only
}

// Sets of packages that several rows name.
var (
	wire       = []string{"soap/**", "wsdl/**", "**/wire/**", "bindings/framing/**", "bridge/convert/**", "internal/http1/**", "internal/wsframe/**", "internal/amqp/**", "internal/suggest/**"}
	vocabulary = []string{"gateway/shape", "gateway/fail", "gateway/entity", "bindings"}
)

// Standard packages that a layer never touches.
var (
	noIO   = []string{"net", "net/http/**", "os/**", "log/**", "syscall"}
	noLogs = []string{"log"}
)

// names maps a standard package to the names that a layer may use of it.
type names map[string][]string

// Secrets hide themselves (slog.LogValuer) in every layer; only entries and the root write logs. A connection is a word of
// the vocabulary; opening one is not.
var (
	hides = names{"log/slog": {"LogValuer", "Value", "StringValue", "GroupValue", "Attr", "String"}}
	words = names{"log/slog": hides["log/slog"], "net": {"Conn", "Addr", "Buffers", "TCPConn"}}
)

// table is architecture.md section 3 as data. The first row with a matching package rules it, so narrow rows come first.
var table = []layer{
	// Helpers of tests. They may import everything; nothing but a test may import them.
	{
		name: "test", test: true,
		pkgs: []string{"internal/arch/**", "internal/netx/**", "internal/testcluster/**", "internal/http1/corpus/**", "interop/**", "**/storetest/**", "**/meshtest/**", "wsdl/wsdltest/**"},
		may:  []string{"**"}, ext: []string{"*"},
	},
	{name: "bench", test: true, pkgs: []string{"bench/**"}, may: []string{"**"}, ext: []string{"*"}}, // measures, so it may pause

	// 0 wire: bytes and values in, bytes and values out.
	{name: "wire", pkgs: []string{"wsdl/**", "soap/wssec/**"}, may: wire, ext: []string{"github.com/beevik/etree", "golang.org/x/text"}, deny: wireNever(), pure: true},
	{name: "wire", pkgs: []string{"signalr/wire/**"}, may: wire, ext: []string{"github.com/tinylib/msgp", "golang.org/x/text"}, deny: wireNever(), pure: true},
	{name: "wire", pkgs: wire, may: wire, ext: []string{"golang.org/x/text"}, deny: wireNever(), pure: true},

	// 1 vocabulary: the words of the core.
	{name: "vocabulary", pkgs: vocabulary, may: join(wire, vocabulary), deny: []string{"net/http/**", "os/**", "log", "syscall"}, only: words},

	// 2 core, lowest first: each package names those below it. Of the wire only http1, for exchanges between nodes.
	{name: "core", pkgs: []string{"gateway/auth/**"}, may: core("gateway/auth/**"), ext: []string{"github.com/golang-jwt/jwt", "github.com/coreos/go-oidc"}, deny: noLogs, only: hides},
	{name: "core", pkgs: []string{"gateway/limit/**"}, may: core("gateway/limit/**"), ext: []string{"golang.org/x/time"}, deny: noLogs, only: hides},
	{name: "core", pkgs: []string{"gateway/store/bolt/**"}, may: core("gateway/auth", "gateway/limit", "gateway/store/**"), ext: []string{"go.etcd.io/bbolt"}, deny: noLogs, only: hides},
	{name: "core", pkgs: []string{"gateway/store/**"}, may: core("gateway/auth", "gateway/limit", "gateway/store/**"), deny: noLogs, only: hides},
	{name: "core", pkgs: []string{"gateway/mesh/link/**"}, may: core("gateway/mesh", "internal/nowait"), deny: noLogs, only: hides},
	{name: "core", pkgs: []string{"gateway/mesh/**"}, may: core("gateway/limit", "gateway/mesh/**"), deny: noLogs, only: hides},
	{name: "core", pkgs: []string{"gateway/presence/**"}, may: vocabulary, deny: join(noLogs, []string{"net/http/**", "os/**"}), only: hides},
	{name: "core", pkgs: []string{"gateway/events/**"}, may: core("gateway/mesh", "gateway/events/**"), deny: join(noLogs, []string{"net/http/**", "os/**"}), only: hides},
	{name: "core", pkgs: []string{"gateway/route/**"}, may: core("gateway/limit", "gateway/store", "gateway/mesh", "gateway/presence", "gateway/route/**"), deny: noLogs, only: hides},
	{name: "core", pkgs: []string{"gateway/meet/**"}, may: core("gateway/limit", "gateway/store", "gateway/mesh", "gateway/route", "gateway/meet/**", "internal/alarm"), deny: noLogs, only: hides},
	{name: "core", pkgs: []string{"gateway/flow/**"}, may: core("gateway/flow/**"), deny: noLogs, only: hides},
	{name: "core", pkgs: []string{"gateway/tap/nodes/**"}, may: core("gateway/mesh", "gateway/tap"), deny: join(noLogs, []string{"net/http/**", "os/**"}), only: hides},
	{name: "core", pkgs: []string{"gateway/tap/**"}, may: core("gateway/flow", "gateway/tap/**"), deny: join(noLogs, []string{"net/http/**", "os/**"}), only: hides},
	{
		name: "core", pkgs: []string{"gateway/relay/**"}, deny: noLogs, only: hides,
		may: core("gateway/auth", "gateway/limit", "gateway/store", "gateway/mesh", "gateway/route", "gateway/meet", "gateway/flow", "gateway/presence", "gateway/tap", "gateway/relay/**", "internal/alarm", "internal/netend", "internal/stack"),
	},

	// 2b engines: a mesh and a store over a product of others.
	{name: "engine", pkgs: []string{"gateway/engine/**"}, may: join(vocabulary, []string{"gateway/store", "gateway/mesh", "gateway/engine/**"}), ext: []string{"github.com/nats-io"}},

	// Between core and entries: legs over real connections, shared by entries and clients.
	{name: "leg", pkgs: []string{"internal/leg/**"}, may: []string{"gateway/shape", "gateway/fail", "internal/wsframe", "internal/http1", "internal/netend", "internal/nowait"}, deny: join(noLogs, []string{"net/http/**"}), only: hides},

	// The server's side of one HTTP request, shared by the entries that take plain HTTP senders.
	{name: "leg", pkgs: []string{"internal/late/**"}, may: []string{"internal/alarm", "internal/leg"}, deny: join(noLogs, []string{"net/http/**"}), only: hides},
	{name: "leg", pkgs: []string{"internal/httpserve/**"}, may: []string{"gateway/shape", "gateway/fail", "internal/alarm", "internal/late", "internal/leg", "internal/http1", "internal/nowait"}, deny: join(noLogs, []string{"net/http/**"}), only: hides},

	// Whether a connection ended or was lost.
	{name: "netend", pkgs: []string{"internal/netend/**"}, may: []string{"internal/nowait"}, deny: join(noLogs, []string{"net/http/**", "os/**"})},

	// Moments that nearly never come, on one timer.
	{name: "alarm", pkgs: []string{"internal/alarm/**"}, deny: join(noLogs, []string{"net", "net/http/**", "os/**"})},
	{name: "stack", pkgs: []string{"internal/stack/**"}, deny: join(noLogs, []string{"net", "net/http/**", "os/**"})},

	// Short reads and writes of sockets.
	{name: "nowait", pkgs: []string{"internal/nowait/**"}, deny: join(noLogs, []string{"net/http/**", "os/exec"})},

	// A conversion at work: connectors run one, and entries. It is given a way to the service.
	{name: "conversion", pkgs: []string{"internal/conversion/**"}, may: join(wire, []string{"gateway/shape", "gateway/fail", "gateway/entity", "internal/conversion/**"}), deny: join(noLogs, []string{"net/http/**", "os/exec"})},

	// What every TCP door does alike: accept, and know what is open.
	{name: "accept", pkgs: []string{"internal/accept/**"}, deny: join(noLogs, []string{"net/http/**", "os/**"})},

	// The client's side of a WebSocket stream, as a net.Conn.
	{name: "wsconn", pkgs: []string{"internal/wsconn/**"}, may: []string{"internal/wsframe"}, deny: join(noLogs, []string{"net/http/**"})},

	// How clients find and trust a gateway: commands, the Go API.
	{name: "trust", pkgs: []string{"internal/trust/**"}, deny: join(noLogs, []string{"net/http/**"})},

	// How the program uses memory, and runs under its system's manager of services.
	{name: "heap", pkgs: []string{"internal/heap/**"}, deny: join(noLogs, []string{"net/**", "os/**"})},
	{name: "service", pkgs: []string{"internal/service/**"}, ext: []string{"golang.org/x/sys/windows"}, deny: join(noLogs, []string{"net/http/**"})},

	// 3 entries: one protocol each, the relay is their only way in.
	{name: "entry", pkgs: []string{"hybrid/entry/**"}, may: entry("hybrid/entry/**"), ext: entryLibraries()},
	{name: "entry", pkgs: []string{"bindings/nettcp/**"}, may: entry("bindings/nettcp/**"), ext: entryLibraries()},
	{name: "entry", pkgs: []string{"bindings/http/**"}, may: entry("bindings/http/**"), ext: entryLibraries()},
	{name: "entry", pkgs: []string{"bindings/wcfrelay/**"}, may: entry("bindings/wcfrelay/**"), ext: entryLibraries()},
	{name: "entry", pkgs: []string{"devices/entry/**"}, may: entry("devices/entry/**"), ext: append(entryLibraries(), "github.com/mochi-mqtt/server/v2/packets")},
	{name: "entry", pkgs: []string{"signalr/hub/**", "signalr/entry/**"}, may: entry("signalr/hub/**", "signalr/entry/**"), ext: entryLibraries()},
	{name: "entry", pkgs: []string{"gateway/front/**"}, may: entry("gateway/front/**"), ext: append(entryLibraries(), "github.com/caddyserver/certmagic", "go.uber.org/zap", "golang.org/x/net/http/httpguts")},
	{name: "client", pkgs: []string{"gateway/manage/client/**"}, may: client()},
	{name: "entry", pkgs: []string{"gateway/tcpdoor/**"}, may: entry("gateway/tcpdoor/**"), deny: noLogs},
	{name: "entry", pkgs: []string{"gateway/manage/**"}, may: entry("gateway/store", "gateway/events", "gateway/presence", "gateway/tap/**", "gateway/manage/**"), ext: entryLibraries()},
	{name: "entry", pkgs: []string{"gateway/edge/**"}, may: entry("gateway/store", "gateway/edge/**"), ext: entryLibraries()},

	// 3c clients: what runs beside a user's program.
	{name: "client", pkgs: []string{"hybrid"}, may: client("hybrid/internal/**"), ext: []string{"github.com/gorilla/websocket"}},
	{name: "client", pkgs: []string{"hybrid/internal/handler/**"}, may: join(vocabulary, []string{"internal/http1"}), deny: noLogs},
	{name: "client", pkgs: []string{"hybrid/internal/upgrade/**"}, may: []string{"internal/http1", "internal/wsframe"}, deny: noLogs},
	{name: "client", pkgs: []string{"hybrid/internal/proxy/**"}, may: []string{"internal/trust"}, deny: noLogs},
	{name: "client", pkgs: []string{"hybrid/internal/endpoint/**"}, may: []string{"hybrid/wire", "hybrid/wire/connstring", "internal/trust"}, deny: join(noLogs, []string{"net/http/**"})},
	{
		name: "client", pkgs: []string{"hybrid/internal/handshake/**"}, deny: noLogs,
		may: []string{"hybrid/wire", "hybrid/internal/either", "hybrid/internal/proxy", "internal/http1", "internal/leg", "internal/nowait", "internal/trust", "internal/wsframe"},
	},
	{name: "client", pkgs: []string{"hybrid/internal/either/**"}, deny: join(noLogs, []string{"net/http/**"})},
	{name: "client", pkgs: []string{"hybrid/internal/ladder/**"}, deny: join(noLogs, []string{"net/http/**"})},
	{name: "client", pkgs: []string{"hybrid/internal/receiver/**"}, may: vocabulary, deny: noLogs},
	{name: "client", pkgs: []string{"hybrid/internal/rawconn/**"}, may: []string{"internal/netend"}, deny: join(noLogs, []string{"net/http/**"})},
	{name: "client", pkgs: []string{"hybrid/internal/exchange/**"}, may: join(vocabulary, []string{"hybrid/wire", "internal/wsconn", "soap", "soap/encoder", "soap/wsa"}), deny: noLogs},
	{name: "client", pkgs: []string{"rpc/**"}, may: client("hybrid", "rpc/**")},
	{name: "client", pkgs: []string{"bridge/connect/**"}, may: client("hybrid", "bridge/**", "internal/nowait")},
	{name: "client", pkgs: []string{"bridge/azbridge/**"}, may: client("bridge/connect"), ext: []string{"go.yaml.in/yaml"}},
	{name: "client", pkgs: []string{"bridge/**"}, may: client("bridge/**")},
	{name: "client", pkgs: []string{"bindings/wcfrelayclient/**"}, may: client("bindings/wcfrelayclient/**")},

	// 4 root: wires everything together, holds no rule of business.
	{name: "root", pkgs: []string{"gateway/local/**"}, may: join(vocabulary, []string{"gateway/mesh/**", "gateway/local/**"}), deny: noLogs, only: hides},
	{name: "root", pkgs: []string{"gateway", "gateway/config/**", "gateway/demo/**", "cmd/**"}, may: []string{"**"}, ext: []string{"*"}},
}

// wireNever is what a wire package may not see: nothing that waits, listens, logs, throws dice or knows the machine.
func wireNever() []string {
	return join(noIO, []string{"context", "math/rand/**", "net/http/**"})
}

// core is what a core package may import besides the core packages given.
func core(more ...string) []string {
	return join(vocabulary, []string{"internal/http1"}, more)
}

// entry is what an entry may import besides its own folders: the relay, types of auth and limit, legs, wire, vocabulary.
func entry(own ...string) []string {
	return join(wire, vocabulary, []string{"gateway/relay", "gateway/auth", "gateway/limit", "internal/accept", "internal/alarm", "internal/conversion/**", "internal/late", "internal/leg/**", "internal/httpserve/**", "internal/nowait", "internal/stack"}, own)
}

// client is what a client package may import besides its own folders.
func client(own ...string) []string {
	return join(wire, vocabulary, []string{"gateway/flow", "internal/accept", "internal/conversion/**", "internal/leg/**", "internal/trust/**", "internal/wsconn/**"}, own)
}

// entryLibraries are the modules of others that any entry may use.
func entryLibraries() []string {
	return []string{"github.com/gorilla/websocket", "github.com/prometheus/client_golang", "golang.org/x/text"}
}

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}
