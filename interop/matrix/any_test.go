package matrix

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/mono"
)

// hello is what every client that calls the service sees of it, by what it speaks.
var hello = map[string]string{NetTCP: "echo: hello", Basic: "echo: hello", WS: "echo: hello", Web: "hello w\u00f6rld x3"}

// TestAnySenderAnyListener plays every cell of the matrix: a program that sends, at a program that listens. It works or is refused as
// the cell says, on one node and on two.
func TestAnySenderAnyListener(t *testing.T) {
	t.Parallel()
	interop.Need(t, "mono", "node", "curl", "netcat", "php")
	services := mono.Start(t)
	plain := interop.Start(t, interop.Root(t)+"/interop/node", nil, "node", "echo-services.js")
	var echo, web string
	if _, err := fmt.Sscanf(plain.Await(`^tcp .*$`), "tcp %s web %s", &echo, &web); err != nil {
		t.Fatal(err)
	}
	net := newKit(t)
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		sc, nodes := newScene(t, s, services, net, "127.0.0.1:"+echo, "127.0.0.1:"+web), column(t)
		for _, c := range Cells() {
			t.Run(c.Sender+" at "+c.Listener, func(t *testing.T) {
				t.Parallel()
				c.judge(t, Table, nodes, sc.play(t, &c))
			})
		}
		if net == nil {
			return
		}
		for _, c := range DotNet() {
			t.Run(".NET, "+c.Sender+" at "+c.Listener, func(t *testing.T) {
				t.Parallel()
				c.judge(t, DotNetTable, nodes, sc.playDotNet(t, &c))
			})
		}
	}, testcluster.WithConfig(withDoors))
}

// outcome is the program that judges a cell, and what it has to say where the cell works.
type outcome struct {
	p    *interop.Program
	says string
}

// judge waits for the program and compares what came of it with what the cell says.
func (c *Cell) judge(t *testing.T, table, nodes string, o outcome) {
	t.Helper()
	o.p.End(interop.Patience)
	code, text := o.p.Code(), o.p.Text()
	interop.Record(t, interop.Cell{
		Table: table, Row: c.Sender, Column: c.Listener + ", " + nodes, Code: code, Note: c.Shown(),
		Command: base(t, o.p.Command()), Output: said(text), Reason: c.Answer,
	})
	switch works := code == 0 && strings.Contains(text, o.says); {
	case c.Answer == "" && !works:
		t.Errorf("exit code %d, want 0 and %q\n%s", code, o.says, text)
	case c.Answer != "" && code == 0:
		t.Errorf("it can do now what it could not (%s):\n%s", c.Answer, text)
	case c.Answer != "" && !strings.Contains(text, c.Answer):
		t.Errorf("exit code %d without %q:\n%s", code, c.Answer, text)
	}
}

// What differs from run to run: the tracking ids and times of refusals.
var (
	anyID   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_G\d+)?`)
	anyTime = regexp.MustCompile(`\d+/\d+/\d{4} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`)
)

// said is what a program printed, without what differs from run to run, as one line.
func said(text string) string {
	text = anyTime.ReplaceAllString(anyID.ReplaceAllString(text, "ID"), "TIME")
	return strings.Join(strings.Fields(text), " ")
}

// base is a command line without the folder of our own program.
func base(t testing.TB, command string) string {
	t.Helper()
	return strings.ReplaceAll(command, filepath.Dir(interop.Command(t))+string(filepath.Separator), "")
}

// play starts the program of a cell.
func (s *scene) play(t *testing.T, c *Cell) outcome {
	t.Helper()
	switch {
	case c.Answer == noEnvelope:
		return s.refused(t, c)
	case c.Sender == WebSocket:
		return s.socket(t, c)
	case c.Sender == Requests, c.By == curl:
		return s.request(t, c)
	case c.Sender == TCP:
		return s.plain(t, c)
	}
	relay := s.at[s.relayOf(c)]
	return outcome{client(t, c.Sender, relay), hello[c.Sender]}
}

// suffix of the relays of a listener that has one for each sender.
var suffix = map[string]string{NetTCP: "-net", Basic: "-basic", WS: "-wsh"}

// relayOf is the relay of a listener for the sender of the cell.
func (s *scene) relayOf(c *Cell) string {
	name := map[string]string{WebSocket: "ws", Requests: "https", NetTCP: "net", Basic: "basic", WS: "wsh", Web: "web", TCP: "tcp"}[c.Listener]
	switch {
	case c.Converted():
		return c.relay()
	case s.at[name+suffix[c.Sender]] != "":
		return name + suffix[c.Sender]
	}
	return name
}

// patient has Mono wait for an answer almost as long as a story does, since a machine may have more to do than this.
const patient = "PEER_TIMEOUT=20"

// client calls the service of what it speaks.
func client(t *testing.T, kind, address string) *interop.Program {
	t.Helper()
	switch kind {
	case NetTCP:
		return mono.Call(t, "tcp", "echo", address, "echo", patient)
	case Basic:
		return interop.Start(t, interop.Root(t)+"/interop/matrix/testdata", nil, "php", "echo.php", address)
	case WS:
		return mono.Call(t, "ws", "echo", address, "echo", patient)
	}
	return mono.Call(t, "web", "rest", address, "hello", patient)
}

// refused asks our program for a conversion that there cannot be.
func (s *scene) refused(t *testing.T, c *Cell) outcome {
	t.Helper()
	target := "http://127.0.0.1:8000/svc"
	if c.To == "netTcp" {
		target = "net.tcp://127.0.0.1:808/svc"
	}
	return outcome{s.command(t, "listen", "calc", "--as", c.From, "--target", target, "--target-as", c.To), ""}
}

// socket sends by hybrid WebSocket: hyco-ws a word, or a client's bytes through a forwarding connector.
func (s *scene) socket(t *testing.T, c *Cell) outcome {
	t.Helper()
	switch c.Listener {
	case WebSocket, Requests, TCP:
		relay := map[string]string{WebSocket: "ws", Requests: "server", TCP: "tcp"}[c.Listener]
		return outcome{s.Node(t, s.Sender(relay), "matrix-word.js", "hello"), "came back: hello"}
	}
	local := map[string]string{NetTCP: "net-forward", Basic: "basic", WS: "wsh-forward", Web: "web"}[c.Listener]
	return outcome{client(t, c.Listener, service(c.Listener, s.at[local+" forwarded"])), hello[c.Listener]}
}

// service is the address of a service at a port whose bytes are passed.
func service(kind, at string) string {
	if kind == NetTCP {
		return "net.tcp://" + at + "/svc"
	}
	return "http://" + at + "/svc"
}

// plain sends by a TCP door: a word, or a client's bytes.
func (s *scene) plain(t *testing.T, c *Cell) outcome {
	t.Helper()
	door := map[string]string{WebSocket: "ws", Requests: "server", NetTCP: "net-door", Basic: "basic", WS: "wsh-door", Web: "web", TCP: "tcp"}[c.Listener]
	at := s.door(door)
	if hello[c.Listener] != "" {
		return outcome{client(t, c.Listener, service(c.Listener, at)), hello[c.Listener]}
	}
	host, port, _ := strings.Cut(at, ":")
	nc := interop.Start(t, t.TempDir(), nil, "nc", "-n", "-N", host, port)
	said := "hello"
	if c.Listener == Requests {
		said = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r"
	}
	nc.Say(said)
	nc.Within(`^hello$`, interop.Patience)
	nc.Hush()
	return outcome{nc, "hello"}
}

const (
	soap11 = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Echo xmlns="http://tempuri.org/"><text>hello</text></Echo></s:Body></s:Envelope>`
	soap12 = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>` +
		`<a:Action s:mustUnderstand="1">http://tempuri.org/IEcho/Echo</a:Action><a:MessageID>urn:uuid:7ba25bb6-4bb9-4d4b-8f8f-2f1f0c6b1f11</a:MessageID>` +
		`<a:To s:mustUnderstand="1">ADDRESS</a:To></s:Header><s:Body><Echo xmlns="http://tempuri.org/"><text>hello</text></Echo></s:Body></s:Envelope>`
)

// request sends by plain HTTP: an envelope to those who speak SOAP, a question to others.
func (s *scene) request(t *testing.T, c *Cell) outcome {
	t.Helper()
	address := s.at[s.relayOf(c)]
	args, says := []string{"--silent", "--show-error", "--fail-with-body", "--max-time", "25"}, "<EchoResult>hello</EchoResult>"
	switch {
	case c.Listener == WS:
		args = append(args, "--header", "Content-Type: application/soap+xml; charset=utf-8", "--data-binary", strings.ReplaceAll(soap12, "ADDRESS", address))
	case c.Listener == Basic || c.Converted():
		args = append(args, "--header", "Content-Type: text/xml; charset=utf-8", "--header", `SOAPAction: "http://tempuri.org/IEcho/Echo"`, "--data-binary", soap11)
	default:
		address, says = address+"/hello/world?n=3", "hello world x3"
	}
	return outcome{interop.Start(t, t.TempDir(), nil, "curl", append(args, address)...), says}
}
