package nettcp_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/hybrid"
)

// converting makes a relay whose listeners speak SOAP 1.1 over HTTP.
func (w *world) converting(name string, change ...func(*entity.Entity)) {
	w.t.Helper()
	w.open(name, append([]func(*entity.Entity){func(e *entity.Entity) { e.Settings.Convert = entity.Conversion{Binding: "basicHttp"} }}, change...)...)
}

// answer registers a listener that answers requests.
func (w *world) answer(name string, h nethttp.HandlerFunc) {
	w.t.Helper()
	w.Serve(int(w.last.Num)-1, name, h)
}

// caller is a client of net.tcp with one session: it says messages of SOAP 1.2 in text, which a conversion of its own makes binary.
type caller struct {
	w       *world
	conn    net.Conn
	session *convert.Session
	dec     framing.Decoder
	buf     []byte
}

// session begins a session.
func (w *world) session(path string) *caller {
	w.t.Helper()
	return w.sessionOn(w.dial(), w.preamble(path))
}

// sessionOn begins a session on a connection with what is left of a preamble.
func (w *world) sessionOn(conn net.Conn, preamble []byte) *caller {
	w.t.Helper()
	c := &caller{w: w, conn: conn, session: convert.NewSession(), dec: framing.Decoder{}}
	w.send(c.conn, preamble)
	if ev, fault := c.next(); ev.Kind != framing.PreambleAck {
		w.t.Fatalf("the preamble was answered with %v %s\n%s", ev.Kind, fault, w.Log())
	}
	return c
}

// next reads a record; a message whole.
func (c *caller) next() (framing.Event, string) {
	c.w.t.Helper()
	var data []byte
	for {
		ev, n, err := c.dec.Next(c.buf)
		c.buf = c.buf[n:]
		if err == nil {
			if data = append(data, ev.Data...); ev.Kind == framing.SizedEnvelope && !ev.Last {
				continue
			}
			ev.Data = data
			return ev, string(data)
		}
		room := make([]byte, 4096)
		n, rerr := c.conn.Read(room)
		if c.buf = append(c.buf, room[:n]...); n == 0 {
			return framing.Event{}, fmt.Sprint(rerr)
		}
	}
}

const (
	say12 = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>` +
		`<a:Action s:mustUnderstand="1">urn:add</a:Action>%s</s:Header><s:Body><Add xmlns="urn:c">%s</Add></s:Body></s:Envelope>`
	withID = `<a:MessageID>urn:uuid:7</a:MessageID><a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>`
)

// say sends a message of the session, and gives the conversion that reads its answer.
func (c *caller) say(headers, text string) *convert.Call {
	c.w.t.Helper()
	call, record := c.write(headers, text)
	c.w.send(c.conn, record)
	return call
}

// write makes the record of a message.
func (c *caller) write(headers, text string) (*convert.Call, []byte) {
	c.w.t.Helper()
	from, _ := convert.Find("wsHttp")
	to, _ := convert.Find("netTcp")
	o := convert.Options{To: c.w.via("calc"), Target: c.session}
	_, _ = rand.Read(o.ID[:])
	call, err := (&convert.Converter{From: from, To: to, Most: 8 << 20}).Request(convert.Message{
		ContentType: "application/soap+xml; charset=utf-8", Body: fmt.Appendf(nil, say12, headers, text),
	}, o)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return call, framing.AppendSized(nil, call.Out.Body)
}

// hear reads the answer in text.
func (c *caller) hear(call *convert.Call) (text string, fault bool) {
	c.w.t.Helper()
	ev, words := c.next()
	if ev.Kind != framing.SizedEnvelope {
		c.w.t.Fatalf("a record %v: %s\n%s", ev.Kind, words, c.w.Log())
	}
	out, fault, err := call.Reply(convert.Message{ContentType: framing.BinarySession.ContentType(), Body: ev.Data})
	if err != nil {
		c.w.t.Fatal(err)
	}
	return string(out.Body), fault
}

// upper is a service of SOAP 1.1: it answers with what it heard, and counts.
func upper(calls *atomic.Int32) nethttp.HandlerFunc {
	return func(out nethttp.ResponseWriter, r *nethttp.Request) {
		b, _ := io.ReadAll(r.Body)
		calls.Add(1)
		switch text := string(b); {
		case !strings.Contains(text, "schemas.xmlsoap.org/soap/envelope/") || r.Header.Get("SOAPAction") != `"urn:add"` || r.Method != "POST":
			out.WriteHeader(400)
		case strings.Contains(text, "fault"):
			out.Header().Set("Content-Type", "text/xml")
			out.WriteHeader(500)
			_, _ = io.WriteString(out, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>no such sum</faultstring></s:Fault></s:Body></s:Envelope>`)
		case strings.Contains(text, "page"):
			out.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(out, "<html/>")
		case strings.Contains(text, "broken"): // the listener hangs up amid its answer
			out.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(out, strings.Repeat(" ", 100<<10))
			_ = nethttp.NewResponseController(out).Flush()
			panic(nethttp.ErrAbortHandler)
		case strings.Contains(text, "teapot"):
			out.WriteHeader(418)
		case strings.Contains(text, "quiet"):
			out.WriteHeader(202)
		default:
			out.Header().Set("Content-Type", "text/xml; charset=utf-8")
			_, _ = out.Write(bytes.ReplaceAll(b, []byte("seven"), []byte("SEVEN "+r.URL.String())))
		}
	}
}

// TestToHTTP: a session of net.tcp reaches a listener of HTTP, message by message; one-way messages have no answer, faults are faults, and
// the session goes on behind each. The session is one line of the log, each message another.
func TestToHTTP(t *testing.T) {
	both(t, func(w *world) {
		t := w.t
		w.converting("sum")
		var calls atomic.Int32
		w.answer("sum", upper(&calls))
		c := w.session("sum/below?x=1")
		for i, row := range []struct {
			headers, text string
			fault         bool
			want          string
		}{
			{withID, "seven", false, "SEVEN /sum/below?x=1"},
			{withID, "fault", true, "no such sum"},
			{withID, "page", true, "without a SOAP message; TrackingId:"},
			{withID, "teapot", true, "the service answered 418"},
			{withID, "broken", true, "the service's answer broke off"},
			{"", "quiet", false, ""},
			{withID, "seven again", false, "SEVEN /sum/below?x=1"},
		} {
			call := c.say(row.headers, row.text)
			if row.want == "" {
				continue
			}
			text, fault := c.hear(call)
			if fault != row.fault || !strings.Contains(text, row.want) || !strings.Contains(text, "RelatesTo") {
				t.Errorf("%d, %s: fault %v, %s", i, row.text, fault, text)
			}
			if id := regexp.MustCompile(`TrackingId:([0-9a-f-]{36})`).FindStringSubmatch(text); id != nil {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				l := w.Await(ctx, "the account of "+row.text, func(l map[string]string) bool { return l["tracking"] == id[1] && l["shape"] == "exchange" })
				cancel()
				if l["within"] == "" || l["entity"] != "sum" || l["door"] != "nettcp" || l["listener"] == "" {
					t.Errorf("%s: the log has %v", row.text, l)
				}
			}
		}
		w.send(c.conn, theEnd)
		w.expect(c.conn, theEnd)
		if n := calls.Load(); n != 7 {
			t.Errorf("the service saw %d messages, want 7", n)
		}
		w.reason("closed", "PeerClosed")
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		// The connection goes on: another session, with another Via.
		w.converting("sum2")
		w.answer("sum2", upper(&calls))
		w.send(c.conn, w.preamble("sum2"))
		c.session, c.dec = convert.NewSession(), framing.Decoder{}
		if ev, words := c.next(); ev.Kind != framing.PreambleAck {
			t.Fatalf("%v %s", ev.Kind, words)
		}
		if text, fault := c.hear(c.say(withID, "seven")); fault || !strings.Contains(text, "SEVEN /sum2") {
			t.Errorf("the second session: %s", text)
		}
		w.Await(ctx, "the first session", func(l map[string]string) bool {
			return l["msg"] == "closed" && l["shape"] == "stream" && l["entity"] == "sum" && l["in"] != "0" && l["out"] != "0"
		})
	})
}

// TestToHTTPUnreached: what the protocol of sessions has no SOAP for is its fault, and the log has the reason.
func TestToHTTPUnreached(t *testing.T) {
	both(t, func(w *world) {
		t := w.t
		w.converting("nobody")
		w.converting("slow", func(e *entity.Entity) { e.Settings.ResponseTimeout = 300 * time.Millisecond })
		w.converting("big")
		w.open("raw")
		var calls atomic.Int32
		w.answer("big", upper(&calls))
		w.answer("slow", func(_ nethttp.ResponseWriter, r *nethttp.Request) { <-r.Context().Done() })
		c := w.dial()
		w.send(c, w.preamble("nobody"))
		w.expect(c, framing.AppendFault(nil, framing.EndpointNotFound))
		w.reason("refused", "NoListener")

		slow := w.session("slow")
		slow.say(withID, "seven")
		if ev, words := slow.next(); ev.Kind != framing.FaultRecord || !strings.HasSuffix(words, string(framing.EndpointUnavailable)) {
			t.Errorf("a listener that does not answer: %v %s", ev.Kind, words)
		}
		w.reason("closed", "ListenerSilent")

		big := w.session("big")
		_, _ = big.conn.Write(framing.AppendSized(nil, make([]byte, convert.DefaultMessage+1))) // it is refused before its end
		if ev, words := big.next(); ev.Kind != framing.FaultRecord || !strings.HasSuffix(words, string(framing.MaxMessageSizeExceeded)) {
			t.Errorf("a long message: %v %s", ev.Kind, words)
		}
		w.reason("closed", "TooLarge")
		if calls.Load() != 0 {
			t.Error("the service saw a part of a long message")
		}

		odd := w.dial()
		w.send(odd, (&framing.Preamble{Mode: framing.Duplex, Via: w.via("big"), Encoding: framing.BinarySession, Upgrade: framing.UpgradeNegotiate}).Append(nil))
		w.expect(odd, framing.AppendFault(nil, framing.UpgradeInvalid))
	})
}

// TestToHTTPLeaves: a sender that leaves takes its message with it, and a relay that is deleted ends its sessions.
func TestToHTTPLeaves(t *testing.T) {
	both(t, func(w *world) {
		t := w.t
		w.converting("held")
		began, ended := make(chan struct{}, 9), make(chan struct{}, 9)
		w.answer("held", func(_ nethttp.ResponseWriter, r *nethttp.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			began <- struct{}{}
			<-r.Context().Done()
			ended <- struct{}{}
		})
		wait := func(what string, c <-chan struct{}) {
			t.Helper()
			select {
			case <-c:
			case <-time.After(patience):
				t.Fatalf("%s is not seen\n%s", what, w.Log())
			}
		}
		c := w.session("held")
		c.say(withID, "seven")
		wait("the message", began)
		_ = c.conn.Close()
		wait("the end of the sender", ended)
		w.reason("closed", "SenderGone")

		c = w.session("held")
		c.say(withID, "seven")
		wait("the message", began)
		if err := w.Store().Delete(t.Context(), entity.Address{Path: "held"}, store.Any); err != nil {
			t.Fatal(err)
		}
		w.reason("closed", "EntityDeleted")
		if _, how := rest(c.conn); how == "still open" {
			t.Error("the session outlives its relay")
		}
		wait("the end of the relay", ended)
	})
}

// TestToHTTPTLS: TLS that a sender asks for ends at the door wherever messages are converted, since they have to be read; where the relay
// wants TLS to end here, a sender without it is turned away.
func TestToHTTPTLS(t *testing.T) {
	both(t, func(w *world) {
		w.converting("open")
		w.converting("strict", func(e *entity.Entity) { e.Settings.EndTLS = true })
		var calls atomic.Int32
		for _, relay := range []string{"open", "strict"} {
			w.answer(relay, upper(&calls))
			client := w.dial()
			w.send(client, (&framing.Preamble{Mode: framing.Duplex, Via: w.via(relay), Encoding: framing.BinarySession, Upgrade: framing.UpgradeTLS}).Append(nil))
			w.expect(client, []byte{byte(framing.UpgradeResponse)})
			c := w.sessionOn(tls.Client(client, w.TLS()), []byte{byte(framing.PreambleEnd)})
			if text, fault := c.hear(c.say(withID, "seven")); fault || !strings.Contains(text, "SEVEN /"+relay) {
				w.t.Errorf("%s: %s", relay, text)
			}
			w.send(c.conn, theEnd)
			w.expect(c.conn, theEnd)
		}
		plain := w.dial()
		w.send(plain, w.preamble("strict"))
		w.expect(plain, framing.AppendFault(nil, framing.UpgradeInvalid))
		if n := calls.Load(); n != 2 {
			w.t.Errorf("the services saw %d messages, want 2", n)
		}
	})
}

// TestToHTTPOrder: messages that a session sends without waiting are delivered one at a time, in their order.
func TestToHTTPOrder(t *testing.T) {
	both(t, func(w *world) {
		w.converting("row")
		var inside, most atomic.Int32
		heard := make(chan string, 99)
		w.answer("row", func(out nethttp.ResponseWriter, r *nethttp.Request) {
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			b, _ := io.ReadAll(r.Body)
			heard <- regexp.MustCompile(`number \d+`).FindString(string(b))
			inside.Add(-1)
			out.Header().Set("Content-Type", "text/xml; charset=utf-8")
			_, _ = out.Write(b)
		})
		c := w.session("row")
		var all []byte
		var last *convert.Call
		const count = 20
		for i := range count {
			headers := ""
			if i == count-1 {
				headers = withID
			}
			call, record := c.write(headers, fmt.Sprintf("number %d", i))
			last, all = call, append(all, record...)
		}
		w.send(c.conn, all)
		if text, fault := c.hear(last); fault || !strings.Contains(text, "number 19") {
			w.t.Errorf("the last one's answer: %s", text)
		}
		for i := range count {
			if got := <-heard; got != fmt.Sprintf("number %d", i) {
				w.t.Errorf("message %d was %q", i, got)
			}
		}
		if n := most.Load(); n != 1 {
			w.t.Errorf("%d messages at once", n)
		}
	})
}

// TestToHTTPByOtherDoors: net.tcp that arrives in a hybrid WebSocket, as through a forwarding connector, ends at the gateway as well.
func TestToHTTPByOtherDoors(t *testing.T) {
	both(t, func(w *world) {
		w.converting("sum")
		var calls atomic.Int32
		w.answer("sum", upper(&calls))
		conn, err := hybrid.Dial(w.t.Context(), w.Node(0).Ready().ConnectionString, hybrid.WithEntity("sum"), hybrid.WithCAFile(w.CAFile()))
		if err != nil {
			w.t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		c := w.sessionOn(conn, w.preamble("sum/below"))
		if text, fault := c.hear(c.say(withID, "seven")); fault || !strings.Contains(text, "SEVEN /sum/below") {
			w.t.Errorf("fault %v, %s", fault, text)
		}
		w.send(c.conn, theEnd)
		w.expect(c.conn, theEnd)
	})
}

// TestToNetTCPPasses: where listeners speak net.tcp, a sender of net.tcp has nothing converted: its bytes pass, an upgrade among them.
func TestToNetTCPPasses(t *testing.T) {
	both(t, func(w *world) {
		w.open("same", func(e *entity.Entity) {
			e.Settings.Convert = entity.Conversion{Binding: "netTcp", Address: "net.tcp://localhost:808/calc"}
		})
		calls := w.listen("same")
		for _, upgrade := range []string{"", framing.UpgradeTLS} {
			client := w.dial()
			w.send(client, (&framing.Preamble{Mode: framing.Duplex, Via: w.via("same"), Encoding: framing.BinarySession, Upgrade: upgrade}).Append(nil))
			service := w.take(calls)
			want := w.preamble("same")
			if upgrade != "" {
				want = framing.AppendText(want[:len(want)-1], framing.UpgradeRequest, upgrade)
			}
			w.expect(service, want)
			w.say(service, client, ack)
		}
	})
}
