package wcfhttp

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/capture"
	"github.com/causeway-relay/causeway/interop/dotnet"
)

// What this file does: reliable sessions (WS-ReliableMessaging) over HTTP. .NET has a client of both versions, and the interop kit a service;
// Mono and CoreWCF have none. Without the kit recorded sessions are played, byte by byte.

// reliable are the bindings with a reliable session: RM 1.0, RM 1.1, and RM 1.0 in TLS, which ends at the gateway, with a service that has none.
var reliable = []string{"wshttp-rm", "ws2007http-rm", "wshttps-rm"}

// reliableCases are calls one by one, one-way, with the state of a session and of two at once, on eight channels at once and on five after another.
const reliableCases = "echo,add,ping,notify,counter,counter-two,channels,reuse"

// TestDotNetReliable: .NET's reliable sessions over HTTP through the gateway as directly, at a relay with two listeners and two services. Each
// service knows the sequences that it has made itself and refuses all others, so each session has to stay with one: sticky.
func TestDotNetReliable(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet")
	var peers [2]string
	for i := range peers {
		peers[i], _ = rmPeer(t)
	}
	play := func(t *testing.T, at func(binding string) []string, bindings ...string) (all [][]string) {
		t.Helper()
		var running []*interop.Program // at once: they wait more than they work
		for _, binding := range bindings {
			running = append(running, dotnet.Start(t, "wcf-client", append(at(binding), "--binding", binding, "--only", reliableCases)...))
		}
		for _, p := range running {
			all = append(all, printed(t, p))
		}
		return all
	}
	direct := play(t, func(string) []string { return []string{"--address", "http://" + peers[0] + "/svc"} }, reliable[:2]...)
	for i, lines := range direct {
		if len(lines) != strings.Count(reliableCases, ",")+1 || slices.ContainsFunc(lines, failed) {
			t.Fatalf("%s, direct: %q", reliable[i], lines)
		}
	}
	direct = append(direct, direct[0])
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		add(s, "svc", func(e *entity.Entity) { e.Settings.Sticky = true })
		for _, at := range peers {
			connector(t, s, "svc", "http://"+at)
		}
		to := func(binding string) []string {
			if strings.HasPrefix(binding, "wshttps") {
				return []string{"--address", "https://" + s.Send + "/svc", "--ca", s.CA}
			}
			return []string{"--address", "http://" + door(s) + "/svc"}
		}
		for i, relayed := range play(t, to, reliable...) {
			cell := interop.Cell{
				Table: ".NET's reliable sessions over HTTP, through the gateway", Row: reliable[i], Column: columnOf(t), Note: fmt.Sprint(len(relayed)),
				Command: "wcf-client --binding " + reliable[i] + " " + strings.Join(to(reliable[i]), " ") + " --only " + reliableCases,
			}
			for _, wrong := range differ(direct[i], relayed) {
				t.Errorf("%s: %s", reliable[i], wrong)
				cell.Code, cell.Output = 1, wrong
			}
			interop.Record(t, cell)
		}
	})
}

func failed(line string) bool { return strings.HasPrefix(line, "FAIL ") }

// rmPeer starts the kit's service of reliable sessions, and gives host and port. args are more of its words.
func rmPeer(t *testing.T, args ...string) (at string, p *interop.Program) {
	t.Helper()
	port := interop.FreePort(t)
	p = dotnet.Start(t, "wcf-client", append([]string{"rm-peer", "--http", port}, args...)...)
	p.Await(`READY`)
	return "127.0.0.1:" + port, p
}

// TestDotNetReliableResends: the service forgets every third message as if the network had lost it. The client sends it again, the gateway
// passes it on again, and every call is answered once and right: it neither repeats nor drops any by itself.
func TestDotNetReliableResends(t *testing.T) {
	t.Parallel()
	interop.Need(t, "dotnet")
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		add(s, "svc")
		at, peer := rmPeer(t, "--drop", "3")
		connector(t, s, "svc", "http://"+at)
		lines := client(t, "--binding", "wshttp-rm", "--address", "http://"+door(s)+"/svc", "--only", "echo,add,counter", "--shared")
		if len(lines) != 3 || slices.ContainsFunc(lines, failed) {
			t.Errorf("%q", lines)
		}
		peer.Await(`^dropped message \d+$`) // else nothing was proven
	})
}

// sequence finds what makes a reliable session: its own messages, by their actions, and its header blocks.
var sequence = regexp.MustCompile(`/rm/\w+|/wsrm/\d+/\w+|<r:(?:Sequence|SequenceAcknowledgement|AckRequested)[ >]`)

// wanted are the parts of a reliable session that the recordings have to have: else they would prove less than they say.
var wanted = []string{
	"rm/CreateSequence", "rm/CreateSequenceResponse", "rm/SequenceAcknowledgement", "rm/LastMessage", "rm/TerminateSequence",
	"wsrm/200702/CreateSequence", "wsrm/200702/CreateSequenceResponse", "wsrm/200702/CloseSequence", "wsrm/200702/CloseSequenceResponse",
	"wsrm/200702/TerminateSequence", "wsrm/200702/TerminateSequenceResponse", "<r:Sequence", "<r:SequenceAcknowledgement",
}

// TestReliableBytes: reliable sessions of .NET's client and its service, as they were recorded, pass the gateway byte for byte in both
// directions, with the fields that say what they are; each message comes to the service once, in its order, those that were sent again too.
func TestReliableBytes(t *testing.T) {
	t.Parallel()
	interop.Need(t)
	interop.OnNodes(t, func(t *testing.T, s *interop.Stand) {
		var seen []byte
		for _, c := range capture.Load(t, "dotnet") {
			if !strings.HasPrefix(c.Name, "http-rm") {
				continue
			}
			service := &recorded{exchanges: c.Exchanges}
			add(s, c.Name)
			answering(t, s, c.Name, service.ServeHTTP)
			for i, ex := range c.Exchanges {
				status, header, body := resend(t, "http://"+door(s)+"/"+c.Name, &ex.Request)
				if want := &ex.Answer; status != want.Status || !bytes.Equal(body, want.Body) || header.Get("Content-Type") != want.Header.Get("Content-Type") {
					t.Errorf("%s, answer %d: %d %q\n%s\nwant %d %q\n%s", c.Name, i, status, header.Get("Content-Type"), body, want.Status, want.Header.Get("Content-Type"), want.Body)
				}
				seen = append(append(seen, ex.Request.Body...), body...)
			}
			for _, wrong := range service.end() {
				t.Errorf("%s: %s", c.Name, wrong)
			}
		}
		found := map[string]bool{}
		for _, part := range sequence.FindAll(seen, -1) {
			found[strings.Trim(string(part), "/ >")] = true
		}
		for _, part := range wanted {
			if !found[part] {
				t.Errorf("no recording has %s", part)
			}
		}
	})
}

// recorded is a service that expects what a client said when it was recorded, and says what the service said then.
type recorded struct {
	exchanges []capture.Exchange

	mu    sync.Mutex
	next  int
	wrong []string
}

// ServeHTTP implements http.Handler.
func (r *recorded) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == len(r.exchanges) {
		r.wrong = append(r.wrong, "a message more than were sent")
		http.Error(w, "nothing more was recorded", http.StatusServiceUnavailable)
		return
	}
	want, answer := &r.exchanges[r.next].Request, &r.exchanges[r.next].Answer
	r.next++
	if err != nil || !bytes.Equal(body, want.Body) {
		r.wrong = append(r.wrong, fmt.Sprintf("request %d: %v\n%s\nwant\n%s", r.next, err, body, want.Body))
	}
	for _, field := range []string{"Content-Type", "Soapaction", "Content-Encoding"} {
		if !slices.Equal(req.Header[field], want.Header[field]) {
			r.wrong = append(r.wrong, fmt.Sprintf("request %d: %s %q, want %q", r.next, field, req.Header[field], want.Header[field]))
		}
	}
	w.Header()["Content-Type"] = answer.Header["Content-Type"]
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // a client that has gone says so itself
}

// end is what was wrong with what came, in all.
func (r *recorded) end() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next != len(r.exchanges) {
		r.wrong = append(r.wrong, fmt.Sprintf("%d messages came, want %d", r.next, len(r.exchanges)))
	}
	return r.wrong
}

// resend sends a recorded request.
func resend(t *testing.T, address string, m *capture.Message) (status int, header http.Header, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(interop.Context(t), m.Method, address, bytes.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"Content-Type", "Soapaction", "Content-Encoding"} {
		if v := m.Header[field]; v != nil {
			req.Header[field] = v
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, body
}
