package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/convert"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/conversion"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
)

// converting makes a relay whose listeners speak another binding.
func (w *world) converting(name, binding string, change ...func(*entity.Entity)) {
	w.add(name, append([]func(*entity.Entity){func(e *entity.Entity) {
		e.Settings.Convert = entity.Conversion{Binding: binding, OneWay: []string{"urn:tell*"}}
	}}, change...)...)
}

// streams registers a listener of plain bytes: each of its streams is taken by a goroutine of its own, which all end with the test.
func (w *world) streams(name string, take func(ctx context.Context, c net.Conn)) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	l, err := hybrid.Listen(ctx, w.Node(w.last()).Ready().ConnectionString, hybrid.WithEntity(name), hybrid.WithCAFile(w.CAFile()))
	if err != nil {
		w.t.Fatal(err)
	}
	life, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all []chan struct{}
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			over := make(chan struct{})
			all = append(all, over)
			go func() {
				defer close(over)
				defer c.Close()
				stop := context.AfterFunc(life, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
				defer stop()
				take(life, c)
			}()
		}
		for _, over := range all {
			<-over
		}
	}()
	w.t.Cleanup(func() {
		end()
		_ = l.Close()
		<-done
	})
}

// heard is a message as a service of SOAP 1.2 sees it.
type heard struct{ kind, text, target string }

// asked is a service of SOAP 1.2 in text.
type asked func(h heard) (status int, text string)

// Exchange implements shape.Exchanger.
func (a asked) Exchange(_ context.Context, req *shape.Request) (*shape.Response, error) {
	b, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	status, text := a(heard{req.Fields.Get("Content-Type"), string(b), req.Target})
	res := &shape.Response{Status: status, Body: shape.Memory([]byte(text))}
	res.Fields.Add("Content-Type", type12)
	return res, nil
}

// service registers a listener of net.tcp: a service in binary XML, in front of which a conversion of its own makes text of what it hears.
func (w *world) service(name string, answer asked) {
	w.t.Helper()
	from, _ := convert.Find("netTcp")
	to, _ := convert.Find("wsHttp")
	c := &conversion.Conversion{
		Converter: &convert.Converter{From: from, To: to}, Relay: "x", Address: func(*shape.Hello) string { return "http://x" }, Ask: answer,
	}
	w.streams(name, func(ctx context.Context, conn net.Conn) {
		_ = c.Serve(ctx, conn, &shape.Hello{}) // a sender that leaves is its own business
	})
}

// echo answers with the body of what it heard.
func echo(h heard) (int, string) {
	body := h.text[strings.Index(h.text, "<s:Body") : strings.Index(h.text, "</s:Body>")+len("</s:Body>")]
	id := regexp.MustCompile(`MessageID>([^<]*)<`).FindStringSubmatch(h.text)
	relates := ""
	if id != nil {
		relates = "<a:RelatesTo>" + id[1] + "</a:RelatesTo>"
	}
	return 200, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>` +
		`<a:Action s:mustUnderstand="1">urn:answer</a:Action>` + relates + `</s:Header>` + body + `</s:Envelope>`
}

// refuses answers with a fault.
func refuses(heard) (int, string) {
	return 500, `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code>` +
		`<s:Reason><s:Text xml:lang="en">no such sum</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`
}

const sum11 = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>%s</s:Header><s:Body><Add xmlns="urn:c">7 and 8</Add></s:Body></s:Envelope>`

// say posts a message of SOAP 1.1.
func (w *world) say(path, action, text string) answer {
	w.t.Helper()
	return w.call("POST", path, text, "Content-Type", "text/xml; charset=utf-8", "SOAPAction", `"`+action+`"`)
}

// line waits for the line in the log of the sender's node that has what a fault's tracking id says.
func (w *world) line(a answer, message string) map[string]string {
	w.t.Helper()
	id := regexp.MustCompile(`TrackingId:([0-9a-f-]{36})`).FindStringSubmatch(a.body)
	if id == nil {
		w.t.Fatalf("no tracking id in %d %s", a.status, a.body)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	return w.Await(ctx, message+" "+id[1], func(l map[string]string) bool { return l["msg"] == message && l["tracking"] == id[1] })
}

// TestToNetTCP: senders of SOAP over HTTP reach a service of net.tcp behind a listener of bytes, each in its own version, and the exchange
// has one account with all that belongs there.
func TestToNetTCP(t *testing.T) {
	both(t, func(w *world) {
		w.converting("calc", "netTcp")
		var last atomic.Pointer[heard]
		w.service("calc", func(h heard) (int, string) {
			last.Store(&h)
			return echo(h)
		})
		for _, row := range []struct{ name, text, kind, want string }{
			{"SOAP 1.1", fmt.Sprintf(sum11, ""), "text/xml; charset=utf-8", "schemas.xmlsoap.org/soap/envelope"},
			{"SOAP 1.2", strings.Replace(fmt.Sprintf(envelope12, ""), "<Add/>", `<Add xmlns="urn:c">7 and 8</Add>`, 1), type12, "2003/05/soap-envelope"},
		} {
			got := w.call("POST", "calc/below?x=1", row.text, "Content-Type", row.kind, "SOAPAction", `"urn:add"`)
			if got.status != 200 || !strings.Contains(got.body, "7 and 8") || !strings.Contains(got.body, row.want) || !strings.HasPrefix(got.fields.Get("Content-Type"), row.kind[:8]) {
				t.Errorf("%s: %+v", row.name, got)
			}
			if h := last.Load(); !strings.Contains(h.text, ">urn:add<") || !strings.Contains(h.text, "7 and 8") {
				t.Errorf("%s: the service heard %s", row.name, h.text)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		w.Await(ctx, "the account", func(l map[string]string) bool {
			return l["msg"] == "closed" && l["shape"] == "exchange" && l["action"] == "urn:add" && l["status"] == "200" && l["listener"] != "" && l["ticket"] != ""
		})
		if got := w.call("GET", "calc", ""); got.status != 405 || got.fields.Get("Allow") != "POST" {
			t.Errorf("GET: %+v", got)
		}
		w.converting("described", "netTcp", func(e *entity.Entity) { e.Settings.Metadata = described() })
		if got := w.call("GET", "described?wsdl", ""); got.status != 200 || !strings.Contains(got.body, "definitions") {
			t.Errorf("an attached description: %+v", got)
		}
	})
}

// TestToNetTCPFaults: what goes wrong is told in SOAP of the sender's version, with the tracking id that the log has; what the service is
// not to see it does not see.
func TestToNetTCPFaults(t *testing.T) {
	both(t, func(w *world) {
		w.converting("calc", "netTcp")
		w.converting("gone", "netTcp")
		w.converting("nobody", "netTcp")
		w.converting("odd", "netTcp")
		w.converting("slow", "netTcp", func(e *entity.Entity) { e.Settings.ResponseTimeout = 300 * time.Millisecond })
		var calls atomic.Int32
		w.service("calc", func(h heard) (int, string) {
			calls.Add(1)
			return refuses(h)
		})
		hang := func(answers bool) func(context.Context, net.Conn) {
			return func(ctx context.Context, c net.Conn) {
				_ = framed.Serve(ctx, c, 1<<20, func(string, string) (framed.Handler, error) {
					return func(ctx context.Context, _ []byte) ([]byte, error) {
						if answers {
							_, _ = c.Write([]byte{0x06, 0x40, 1}) // the beginning of an answer
							return nil, errors.New("killed")
						}
						<-ctx.Done()
						return nil, ctx.Err()
					}, nil
				})
			}
		}
		w.streams("gone", hang(true))
		w.streams("slow", hang(false))
		w.streams("odd", func(_ context.Context, c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH\r\n") })
		signed := `<o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/></o:Security>`
		for _, row := range []struct {
			path, text string
			status     int
			says       string
			log        string // how the account ended
			reason     string
		}{
			{"calc", "<", 500, "", "closed", "PeerClosed"},
			{"calc", fmt.Sprintf(sum11, signed), 500, "signed or encrypted", "closed", "PeerClosed"},
			{"calc", fmt.Sprintf(sum11, `<h:H xmlns:h="urn:h" s:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"/>`), 500, "MustUnderstand", "closed", "PeerClosed"},
			{"calc", strings.Replace(fmt.Sprintf(sum11, ""), "7 and", strings.Repeat("7", convert.DefaultMessage), 1), 413, "larger than", "closed", "PeerClosed"},
			{"gone", fmt.Sprintf(sum11, ""), 500, "the service did not answer", "closed", "PeerClosed"},
			{"odd", fmt.Sprintf(sum11, ""), 500, "does not speak net.tcp", "closed", "PeerClosed"},
			{"nobody", fmt.Sprintf(sum11, ""), 404, "DestinationUnreachable", "refused", "NoListener"},
			{"slow", fmt.Sprintf(sum11, ""), 504, "EndpointUnavailable", "refused", "ListenerSilent"},
		} {
			got := w.say(row.path, "urn:add", row.text)
			if got.status != row.status || !strings.Contains(got.body, row.says) || !strings.Contains(got.body, "schemas.xmlsoap.org/soap/envelope") || !strings.Contains(got.body, "faultcode") {
				t.Errorf("%s, %.40q: %d %s", row.path, row.text, got.status, got.body)
				continue
			}
			if l := w.line(got, row.log); l["reason"] != row.reason {
				t.Errorf("%s, %.40q: the log has %v", row.path, row.text, l)
			}
		}
		if n := calls.Load(); n != 0 {
			t.Errorf("the service saw %d messages that could not be converted", n)
		}
		got := w.say("calc", "urn:add", fmt.Sprintf(sum11, ""))
		if got.status != 500 || !strings.Contains(got.body, ":Client</faultcode>") || !strings.Contains(got.body, "no such sum") || calls.Load() != 1 {
			t.Errorf("a fault of the service's: %+v, %d calls", got, calls.Load())
		}
	})
}

// TestToNetTCPOneWay: a one-way message is 202 and one message; a sender that leaves takes a two-way call with it.
func TestToNetTCPOneWay(t *testing.T) {
	both(t, func(w *world) {
		w.converting("calc", "netTcp")
		told := make(chan string, 9)
		w.service("calc", func(h heard) (int, string) {
			told <- h.text
			return 202, ""
		})
		if got := w.say("calc", "urn:tell/All", fmt.Sprintf(sum11, "")); got.status != 202 || got.body != "" {
			t.Errorf("%+v", got)
		}
		select {
		case text := <-told:
			if !strings.Contains(text, "7 and 8") || !strings.Contains(text, "urn:tell/All") {
				t.Errorf("the service heard %s", text)
			}
		case <-time.After(patience):
			t.Error("nothing was told")
		}

		// PHP's client hangs up as soon as it has written such a message.
		gone, text := w.dial(), fmt.Sprintf(sum11, "")
		if _, err := fmt.Fprintf(gone, "POST /calc HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nSOAPAction: urn:tell/Gone\r\nContent-Length: %d\r\n\r\n%s", len(text), text); err != nil {
			t.Fatal(err)
		}
		_ = gone.Close()
		select {
		case text := <-told:
			if !strings.Contains(text, "7 and 8") || !strings.Contains(text, "urn:tell/Gone") {
				t.Errorf("the service heard %s", text)
			}
		case <-time.After(patience):
			t.Error("a message whose sender had gone was not delivered")
		}

		w.converting("slow", "netTcp")
		began, ended := make(chan struct{}), make(chan struct{})
		w.streams("slow", func(ctx context.Context, c net.Conn) {
			_ = framed.Serve(ctx, c, 1<<20, func(string, string) (framed.Handler, error) {
				return func(ctx context.Context, _ []byte) ([]byte, error) {
					close(began)
					<-ctx.Done()
					close(ended)
					return nil, ctx.Err()
				}, nil
			})
		})
		ctx, hangUp := context.WithCancel(t.Context())
		defer hangUp()
		req, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodPost, "https://"+w.Node(0).Host("https")+"/slow", strings.NewReader(fmt.Sprintf(sum11, "")))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "text/xml; charset=utf-8")
		req.Header.Set("SOAPAction", `"urn:add"`)
		failed := make(chan error, 1)
		go func() {
			res, err := w.client.Do(req)
			if err == nil {
				res.Body.Close()
				if told := res.Header.Get("Causeway-Error"); told == "SenderGone" { // it crossed the goodbye of TLS, which the client still heard out
					err = errors.New(told)
				}
			}
			failed <- err
		}()
		for _, step := range []chan struct{}{began, ended} {
			select {
			case <-step:
			case <-time.After(patience):
				t.Fatalf("the listener does not see it\n%s", w.Log())
			}
			hangUp()
		}
		if err := <-failed; err == nil {
			t.Error("an answer for a sender who left")
		}
		wait, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		w.Await(wait, "the end of the sender who left", func(l map[string]string) bool {
			return l["msg"] == "refused" && l["reason"] == "SenderGone" && l["entity"] == "slow"
		})
	})
}

// TestToHTTP: a listener of HTTP gets its own binding, whatever version senders use; a GET is its own.
func TestToHTTP(t *testing.T) {
	both(t, func(w *world) {
		for binding, kind := range map[string]string{"basicHttp": "text/xml", "wsHttp": "application/soap+xml", "wsHttpMtom": "multipart/related", "netHttp": "application/soap+msbin1"} {
			w.converting(binding, binding)
			var seen atomic.Pointer[string]
			w.serve(binding, func(out nethttp.ResponseWriter, r *nethttp.Request) {
				if r.Method == nethttp.MethodGet {
					_, _ = io.WriteString(out, "a page")
					return
				}
				b, _ := io.ReadAll(r.Body)
				text := r.Header.Get("Content-Type") + "\n" + r.URL.String() + "\n" + string(b)
				seen.Store(&text)
				out.Header().Set("Content-Type", r.Header.Get("Content-Type"))
				if binding == "wsHttp" {
					_, answer := echo(heard{text: string(b)})
					b = []byte(answer)
				}
				_, _ = out.Write(b)
			})
			got := w.say(binding+"/below?x=1", "urn:add", fmt.Sprintf(sum11, ""))
			text := *seen.Load()
			if !strings.HasPrefix(text, kind) || !strings.Contains(text, "7 and 8") || !strings.Contains(text, "/below?x=1\n") {
				t.Errorf("%s: the listener got %q", binding, text)
			}
			if binding == "basicHttp" || binding == "wsHttp" {
				if got.status != 200 || !strings.Contains(got.body, "7 and 8") || !strings.Contains(got.body, "schemas.xmlsoap.org/soap/envelope") {
					t.Errorf("%s: %+v", binding, got)
				}
			}
			if got := w.call("GET", binding, ""); got.status != 200 || got.body != "a page" {
				t.Errorf("%s, GET: %+v", binding, got)
			}
		}
	})
}

// TestOwnBinding: a message that is in the listener's binding passes as it is, signed or not, whatever the listener answers; at the same relay
// others are converted. Where messages have to name the service's address, one that names another is converted, unless it is signed.
func TestOwnBinding(t *testing.T) {
	const signed = `<o:Security xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/></o:Security>`
	both(t, func(w *world) {
		w.converting("ws", "wsHttp")
		w.converting("named", "wsHttp", func(e *entity.Entity) { e.Settings.Convert.Address = "http://server1/calc" })
		seen := make(chan string, 1)
		var sent atomic.Pointer[string] // what came as it is was not converted
		answer := strings.Repeat("an answer of its own ", 10_000)
		for _, relay := range []string{"ws", "named"} {
			w.serve(relay, func(out nethttp.ResponseWriter, r *nethttp.Request) {
				b, _ := io.ReadAll(r.Body)
				seen <- r.URL.String() + "\n" + r.Header.Get("X-Mine") + "\n" + r.Header.Get("Content-Type") + "\n" + string(b)
				if string(b) != *sent.Load() {
					_, text := echo(heard{text: string(b)})
					out.Header().Set("Content-Type", type12)
					_, _ = io.WriteString(out, text)
					return
				}
				out.Header().Set("X-Theirs", "kept")
				out.Header().Set("Content-Type", "text/html")
				out.WriteHeader(403)
				_, _ = io.WriteString(out, answer)
			})
		}
		to := `<a:To s:mustUnderstand="1">https://gateway/ws</a:To>`
		for _, row := range []struct {
			name, relay, text string
			passes            bool
		}{
			{"plain", "ws", fmt.Sprintf(envelope12, to), true},
			{"signed", "ws", fmt.Sprintf(envelope12, to+signed), true},
			{"for a next node", "ws", fmt.Sprintf(envelope12, `<h xmlns="urn:h" s:mustUnderstand="1" s:role="http://www.w3.org/2003/05/soap-envelope/role/next"/>`), true},
			{"without addressing", "ws", strings.ReplaceAll(fmt.Sprintf(envelope12, ""), "2005/08/addressing", "none"), false},
			{"another address", "named", fmt.Sprintf(envelope12, to), false},
			{"the service's address", "named", fmt.Sprintf(envelope12, "<a:To>http://server1/calc/below</a:To>"), true},
			{"another address, signed", "named", fmt.Sprintf(envelope12, to+signed), true},
		} {
			kind := type12 + `; action="urn:add"`
			sent.Store(&row.text)
			got := w.call("POST", row.relay+"/below?x=1", row.text, "Content-Type", kind, "X-Mine", "here")
			text := <-seen
			if row.passes {
				if want := "/" + row.relay + "/below?x=1\nhere\n" + kind + "\n" + row.text; text != want {
					t.Errorf("%s: the listener got %s\nwant %s", row.name, text, want)
				}
				if got.status != 403 || got.body != answer || got.fields.Get("X-Theirs") != "kept" || got.fields.Get("Content-Type") != "text/html" {
					t.Errorf("%s: %d %.200s %v", row.name, got.status, got.body, got.fields)
				}
				continue
			}
			if got.status != 200 || !strings.Contains(got.body, "<Add") || !strings.Contains(text, "\nhere\n") || !strings.Contains(text, "2005/08/addressing") || row.relay == "named" && !strings.Contains(text, ">http://server1/calc/below<") {
				t.Errorf("%s: %+v; the listener got %s", row.name, got, text)
			}
		}
	})
}
