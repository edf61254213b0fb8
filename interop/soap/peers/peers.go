// Package peers runs SOAP stacks of others as clients and servers of one contract (package desk): each a program in its own
// language beside this file, whose first lines say what is special about the stack.
//
// Every function takes the address to talk to, so a story decides what stands between: nothing, or a gateway. Only tests
// import it, from the test's own goroutine, after interop.Need with the peer's part.
package peers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/soap/desk"
	"github.com/causeway-relay/causeway/soap"
)

// Peer is one stack.
type Peer struct {
	Name string
	Part string // of scripts/need
	// ClientHoles and ServerHoles say what the stack itself cannot do, with the reason, by form. WithMonoService and WithMonoClient say
	// what it and Mono cannot do together.
	ClientHoles, ServerHoles, WithMonoService, WithMonoClient map[Form]string

	client, server func(t testing.TB, port string) []string // commands; a nil one is none
}

// Form is how messages look.
type Form struct {
	Version soap.Version
	MTOM    bool
}

// Forms that stories go through.
var Forms = []Form{{soap.V11, false}, {soap.V12, false}, {soap.V11, true}, {soap.V12, true}}

// String gives a word for tables.
func (f Form) String() string {
	if f.MTOM {
		return f.Version.String() + " MTOM"
	}
	return f.Version.String()
}

// All gives the peers.
func All() []*Peer {
	v11, v12, mtom11, mtom12 := Forms[0], Forms[1], Forms[2], Forms[3]
	noMTOM := func(why string) map[Form]string { return map[Form]string{mtom11: why, mtom12: why} }
	return []*Peer{
		{
			Name: "zeep", Part: "zeep", client: python("zeep", "zeep_client.py"),
			WithMonoService: map[Form]string{v11: accepted, v12: accepted},
		},
		{
			Name: "suds", Part: "suds", client: python("suds", "suds_client.py"),
			ClientHoles:     map[Form]string{v12: "suds speaks SOAP 1.1 only", mtom11: "suds reads no MIME", mtom12: "suds reads no MIME"},
			WithMonoService: map[Form]string{v12: "suds speaks SOAP 1.1 only"},
		},
		{
			Name: "spyne", Part: "spyne", server: python("spyne", "spyne_server.py"),
			ServerHoles: noMTOM("spyne reads MIME with attachments and no XOP"),
		},
		{
			Name: "PHP", Part: "php", client: command("php", "php_client.php"),
			server: func(_ testing.TB, port string) []string {
				return []string{"php", "-S", "127.0.0.1:" + port, "php_server.php"}
			},
			ClientHoles: noMTOM("PHP has no MIME"), ServerHoles: noMTOM("PHP has no MIME"),
			WithMonoClient: map[Form]string{v12: "PHP's faults of SOAP 1.2 name no language, without which Mono takes none"},
		},
		{
			Name: "SOAP::Lite", Part: "perl", client: command("perl", "soaplite_client.pl"), server: command("perl", "soaplite_server.pl"),
			ClientHoles: noMTOM("SOAP::Lite finds the envelope in MIME, but knows no XOP"),
			ServerHoles: map[Form]string{
				v12:    "SOAP::Lite's server writes an envelope of SOAP 1.2 as text/xml",
				mtom11: "SOAP::Lite's server answers in text", mtom12: "SOAP::Lite's server writes an envelope of SOAP 1.2 as text/xml",
			},
			WithMonoClient: map[Form]string{v12: "SOAP::Lite's faults of SOAP 1.2 have the elements of 1.1"},
		},
		{
			Name: "gSOAP", Part: "gsoap", client: gsoap("client"), server: gsoap("serve"),
			WithMonoClient: map[Form]string{v12: "gSOAP answers a sender's fault of SOAP 1.2 with 400, as part 2 of it says, and Mono reads no fault in a 400"},
		},
		{
			Name: "npm soap", Part: "nodesoap", client: command("node", "node/client.js"), server: command("node", "node/server.js"),
			ServerHoles: noMTOM("the server of npm's soap reads no MIME"),
		},
	}
}

// accepted is why Mono's service and zeep do not get along.
const accepted = "all is right but the one-way call at the end: zeep wants 202 for it, Mono's service answers 200"

// HasClient reports whether the stack has a client.
func (p *Peer) HasClient() bool { return p.client != nil }

// HasServer reports whether the stack has a server.
func (p *Peer) HasServer() bool { return p.server != nil }

// Client starts the peer's client; it calls the service at address, prints "ok STEP" lines and ends with code 0 if all was
// right. The WSDL that it reads, where it reads one, has that address.
func (p *Peer) Client(t testing.TB, address string, f Form) *interop.Program {
	t.Helper()
	cmd := p.client(t, "")
	return interop.Start(t, folder(t), environment(t, address, "", f), cmd[0], cmd[1:]...)
}

// Server starts the peer's server and gives its address.
func (p *Peer) Server(t testing.TB, f Form) (address string, program *interop.Program) {
	t.Helper()
	port := interop.FreePort(t)
	address = "http://127.0.0.1:" + port + "/"
	cmd := p.server(t, port)
	program = interop.Start(t, folder(t), environment(t, address, port, f), cmd[0], cmd[1:]...)
	program.Await(`READY|Development Server .* started`)
	return address, program
}

func folder(t testing.TB) string {
	t.Helper()
	return filepath.Join(interop.Root(t), "interop", "soap", "peers")
}

// environment is what the programs know of a story.
func environment(t testing.TB, address, port string, f Form) []string {
	t.Helper()
	wsdl := filepath.Join(t.TempDir(), "desk.wsdl")
	if err := os.WriteFile(wsdl, []byte(desk.WSDL(address, address)), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		"DESK_URL=" + address, "DESK_PORT=" + port, "DESK_WSDL=" + wsdl, "DESK_VERSION=" + strings.TrimPrefix(f.Version.String(), "SOAP "),
		"PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8",
	}
	if f.MTOM {
		env = append(env, "DESK_MTOM=1")
	}
	return env
}

func command(args ...string) func(testing.TB, string) []string {
	return func(testing.TB, string) []string { return args }
}

func python(module, script string) func(testing.TB, string) []string {
	return func(t testing.TB, _ string) []string { return []string{interop.Python(t, module), script} }
}

// gsoap gives the command of the C program, which is generated from the WSDL and compiled once.
func gsoap(role string) func(testing.TB, string) []string {
	return func(t testing.TB, _ string) []string { return []string{buildGSOAP(t), role} }
}

// generate is how wsdl2h and soapcpp2 make C of the WSDL, and a program of that. Times get the type that has fractions.
const generate = `
set -e
cat >typemap.dat <<'END'
d = "urn:example:desk"
xsd__dateTime = #import "custom/struct_timeval.h" | xsd__dateTime
END
share=$(dirname "$(find /usr/share/gsoap /usr/local/share/gsoap /opt/homebrew/share/gsoap -name custom -type d 2>/dev/null | head -n 1)")
wsdl2h -c -s -t typemap.dat -o desk.h desk.wsdl
soapcpp2 -c -L -x -I"$share:$share/import" desk.h
gcc -O1 -w -I. -I"$share" -o gsoap "$1" soapC.c soapClient.c soapServer.c "$share/custom/struct_timeval.c" -lgsoap -lm
`

// only11 cuts the second binding out of the WSDL: gSOAP would make a second set of functions for it, while the version is a
// setting of its runtime.
var only11 = regexp.MustCompile(`(?s)  <wsdl:binding name="DeskSoap12".*?</wsdl:binding>\n|    <wsdl:port name="Soap12".*?\n`)

func buildGSOAP(t testing.TB) string {
	t.Helper()
	source := filepath.Join(folder(t), "gsoap", "desk.c")
	code, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	wsdl := only11.ReplaceAllString(desk.WSDL("http://127.0.0.1/", "http://127.0.0.1/"), "")
	sum := sha256.Sum256([]byte(fmt.Sprint(generate, wsdl, string(code))))
	exe := filepath.Join(interop.Cache(t), "gsoap-"+hex.EncodeToString(sum[:])[:16])
	if _, err := os.Stat(exe); err == nil {
		return exe
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "desk.wsdl"), []byte(wsdl), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", generate, "generate", source)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the gSOAP peer: %v\n%s", err, out)
	}
	if err := interop.Install(filepath.Join(dir, "gsoap"), exe); err != nil {
		t.Fatal(err)
	}
	return exe
}
