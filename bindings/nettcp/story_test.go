package nettcp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/relay"
	"github.com/causeway-relay/causeway/hybrid"
)

// recorded gives what one side of a recorded connection of .NET said, turn by turn.
func recorded(t *testing.T, name string) (turns []string, sides []byte) {
	t.Helper()
	f, err := os.Open("../framing/testdata/captures.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	inside := false
	for lines.Scan() {
		text := lines.Text()
		if strings.HasPrefix(text, "-- ") {
			inside = text == "-- "+name
			continue
		}
		if inside {
			side, digits, _ := strings.Cut(text, " ")
			b, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatal(err)
			}
			turns, sides = append(turns, string(b)), append(sides, side[0])
		}
	}
	if len(turns) == 0 {
		t.Fatalf("no recording %s", name)
	}
	return turns, sides
}

// TestRecorded: what .NET's client and service said to each other over TLS, Windows security, on a connection that is used five
// times, streamed, in the clear, with callbacks and in reliable sessions, messages that were sent again among them, passes as it was
// said, turn by turn.
func TestRecorded(t *testing.T) {
	names := map[string]string{
		"dotnet/tcp-ssl-raw/c1": "nettcp-ssl", "dotnet/tcp-windows/c1": "nettcp-windows", "dotnet/tcp-reuse/c1": "nettcp",
		"dotnet/tcp-streamed-up/c1": "nettcp-streamed", "dotnet/tcp-callback-nested/c1": "nettcp", "dotnet/tcp-fault-typed/c1": "nettcp",
		"mono/tcp-callback/c1": "svc", "dotnet/tcp-callback-order/c1": "nettcp",
		"dotnet/tcp-rm/c1": "svc", "dotnet/tcp-rm-counter/c1": "svc", "dotnet/tcp-rm-resend/c1": "svc", "dotnet/tcp-rm-refused/c1": "nettcp",
	}
	both(t, func(w *world) {
		calls := map[string]<-chan net.Conn{}
		for name, path := range names {
			if calls[path] == nil {
				w.open(path)
				calls[path] = w.listen(path)
			}
			turns, sides := recorded(t, name)
			client := w.dial()
			var service net.Conn
			early := "" // what the client said before the preamble was whole
			for i, said := range turns {
				switch {
				case service == nil:
					w.send(client, []byte(said))
					early += said
					if _, _, err := framing.ParsePreamble([]byte(early), framing.Limits{}); err != nil {
						continue
					}
					service = w.take(calls[path])
					w.expect(service, []byte(early))
				case sides[i] == 'c':
					w.say(client, service, []byte(said))
				default:
					w.say(service, client, []byte(said))
				}
			}
			if service == nil {
				t.Errorf("%s did not reach its service", name)
			}
		}
	})
}

// callback plays a duplex service: it greets each message with a call of its own before it answers.
func callback(c net.Conn) {
	defer c.Close()
	var d framing.Decoder
	var s framing.Session
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		for b := buf[:n]; len(b) > 0; {
			ev, k, bad := d.Next(b)
			if bad != nil || s.Step(framing.Client, ev.Kind, ev.Data) != nil {
				break
			}
			var out []byte
			switch ev.Kind {
			case framing.PreambleEnd:
				out = []byte{byte(framing.PreambleAck)}
			case framing.SizedEnvelope:
				out = framing.AppendSized(framing.AppendSized(nil, append([]byte("call "), ev.Data...)), append([]byte("answer "), ev.Data...))
			case framing.End:
				out = []byte{byte(framing.End)}
			}
			for _, first := range out[:min(1, len(out))] {
				_ = s.Step(framing.Server, framing.Kind(first), nil)
			}
			if _, err := c.Write(out); err != nil {
				return
			}
			b = b[k:]
		}
		if err != nil {
			return
		}
	}
}

// serve registers a listener whose every stream is a duplex service, until stop ends all of it, as the end of a process does.
func (w *world) serve(name string) (stop func()) {
	w.t.Helper()
	l, err := hybrid.Listen(w.t.Context(), w.last.Ready().ConnectionString, hybrid.WithEntity(name), hybrid.WithCAFile(w.CAFile()))
	if err != nil {
		w.t.Fatal(err)
	}
	var conns sync.WaitGroup
	life, end := context.WithCancel(context.Background())
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer context.AfterFunc(life, func() { abort(c) })()
				callback(c)
			})
		}
	})
	stop = sync.OnceFunc(func() { _ = l.Close(); end(); conns.Wait() })
	w.t.Cleanup(stop)
	return stop
}

// call makes one call that is called back.
func (w *world) call(c net.Conn, text string) error {
	if _, err := c.Write(framing.AppendSized(nil, []byte(text))); err != nil {
		return err
	}
	want := framing.AppendSized(framing.AppendSized(nil, []byte("call "+text)), []byte("answer "+text))
	got := make([]byte, len(want))
	for n := 0; n < len(got); {
		k, err := c.Read(got[n:])
		if err != nil {
			return err
		}
		n += k
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("got %q", got)
	}
	return nil
}

// TestRestart: a hundred sessions with callbacks; the listener goes, which every client sees at once and clearly; it comes back,
// and a hundred sessions run again, on new connections, as WCF's clients make them.
func TestRestart(t *testing.T) {
	both(t, func(w *world) {
		const sessions = 100
		stop := w.serve("calc")
		for round := range 2 {
			clients := make([]net.Conn, sessions)
			var all sync.WaitGroup
			for i := range clients {
				clients[i] = w.dial()
				w.send(clients[i], w.preamble("calc"))
				w.expect(clients[i], ack)
				all.Go(func() {
					for n := range 5 {
						if err := w.call(clients[i], fmt.Sprintf("session %d call %d", i, n)); err != nil {
							t.Errorf("round %d: %v", round, err)
							return
						}
					}
				})
			}
			all.Wait()
			if round == 1 {
				break
			}
			stop()
			for _, c := range clients {
				if b, how := rest(c); len(b) != 0 || how != "closed" && how != "reset" {
					t.Fatalf("a client whose listener went saw %q, %s", b, how)
				}
			}
			late := w.dial()
			w.send(late, w.preamble("calc"))
			if b, how := rest(late); !bytes.Equal(b, framing.AppendFault(nil, framing.EndpointNotFound)) || how != "closed" {
				t.Errorf("without a listener: %q, %s", b, how)
			}
			stop = w.serve("calc")
		}
	})
}

// TestKinds: a kind keeps nobody out: net.tcp clients reach what was made for something else. At one-way and event relays what arrives is
// each message, on a connection of the gateway's own.
func TestKinds(t *testing.T) {
	w := newWorld(t, 1)
	for _, kind := range entity.Kinds() {
		name := "kind/" + string(kind)
		w.open(name, func(e *entity.Entity) { e.Kind = kind })
		calls := w.listen(name)
		client := w.dial()
		w.send(client, w.preamble(name+"/deeper"))
		if _, casts := relay.ModeOf(kind); casts {
			w.expect(client, ack)
			text := newSays(t, "application/soap+msbinsession1").envelope("x")
			w.say(client, client, theEnd)
			w.send(client, slices.Concat(w.preamble(name+"/deeper"), framing.AppendSized(nil, text)))
			var first [1]byte
			if _, err := io.ReadFull(w.take(calls), first[:]); err != nil || first[0] != 0x56 { // an envelope of binary XML
				t.Errorf("%s: %x, %v", kind, first, err)
			}
			continue
		}
		w.expect(w.take(calls), w.preamble(name+"/deeper"))
	}
}
