package entry_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/http1/corpus"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// Requests that are to be read in two ways, tokens in many spellings, refusals in the service's words, the management read.

// TestSmuggledRequests puts the field cases and a sample of the corpus to a running gateway: the listener hears of the whole ones
// only, and whole.
func TestSmuggledRequests(t *testing.T) {
	accepted := map[string]string{"ok-ext.bin": "Z"}
	files, err := filepath.Glob("../../internal/http1/testdata/cases/smuggle-*/*.bin")
	if err != nil || len(files) != 28 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	echoing(t, func(s *set, c *channel) {
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := s.dial(s.senderNode, "http")
			if want, good := accepted[filepath.Base(file)]; good {
				p.write(string(b))
				q := c.asked()
				if string(q.body) != want {
					t.Errorf("%s: the listener got %q", file, q.body)
				}
				c.reply(q.ID, want)
				if a := p.response("POST"); a.Status != 200 || a.Body != want {
					t.Errorf("%s: %d %q", file, a.Status, a.Body)
				}
				continue
			}
			p.write(string(b))
			if a := p.response("POST"); a.Status != 400 || !strings.EqualFold(a.Fields.Get("Connection"), "close") {
				t.Errorf("%s: %d %v", file, a.Status, a.Fields)
			}
			p.ended()
			c.undisturbed()
		}
	})
}

// TestSmuggledExchanges does the same with each fault of the grammar, beside the same message without it. It is in a bubble: a body that
// comes slowly, as on a busy machine, is offered to the listener before its fault has come. With two nodes, where the sender's reads as the
// only one did, a part of them is enough.
func TestSmuggledExchanges(t *testing.T) {
	bubbles(t, func(s *set) {
		heads, bodies, least := 300, 200, 200
		if s.listenerNode != s.senderNode {
			heads, bodies, least = 60, 40, 40
		}
		c := s.echoes()
		place := corpus.Place{Host: "localhost", Path: "/echo"}
		whole := 0
		for _, item := range append(corpus.Pick(corpus.Heads(place), heads), corpus.Pick(corpus.Bodies(place), bodies)...) {
			p := s.dial(s.senderNode, "http")
			if a := p.put(item.Broken); a == nil || a.Status < 400 {
				s.t.Errorf("%s (%s) was answered %v", item.Name, item.Rule, a)
			}
			c.undisturbed()
			if !item.Plain {
				continue
			}
			whole++
			p = s.dial(s.senderNode, "http")
			p.write(string(item.Repaired))
			q := c.asked()
			if !bytes.Equal(q.body, item.Body) {
				s.t.Errorf("%s: the listener got %q of %q", item.Name, q.body, item.Body)
			}
			c.reply(q.ID, "")
			p.response(q.Method)
		}
		if whole < least {
			s.t.Errorf("only %d whole requests in the sample", whole)
		}
	})
}

// TestTokenAudiences is the field case: every spelling of an audience that scripts sign, and what is wrong with the others.
func TestTokenAudiences(t *testing.T) {
	b, err := os.ReadFile("testdata/token-audiences/tokens.tsv")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{
		"InvalidAudience": "wrong audience", "ExpiredToken": "token is expired", "InvalidSignature": "token has an invalid signature", "MalformedToken": "token is malformed",
	}
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "Hyco", Rules: []entity.Rule{{Name: "send", Rights: entity.Send, Primary: "dGVzdC1rZXk="}}})
		c := s.register("hyco", "")
		rows := 0
		for line := range strings.SplitSeq(strings.TrimSpace(string(b)), "\n") {
			row := strings.Split(line, "\t")
			if len(row) != 3 || strings.HasPrefix(line, "#") {
				continue
			}
			rows++
			name, token, want := row[0], row[1], strings.Split(row[2], "|")
			p := s.sender()
			p.host = "localhost"
			p.write(p.request("GET", "/hyco", credential(token)))
			if want[0] == "accept" {
				c.reply(c.asked().ID, "let in")
				if a := p.response("GET"); a.Status != 200 || a.Body != "let in" {
					t.Errorf("%s: %d %s", name, a.Status, a.Reason)
				}
				continue
			}
			a := p.response("GET")
			code, said := a.Fields.Get("Causeway-Error"), false
			for _, w := range want {
				said = said || code == w && strings.Contains(a.Reason, texts[w])
			}
			if a.Status != 401 || !said || !strings.Contains(a.Reason, "hyco") {
				t.Errorf("%s: %d %s %q, want %v", name, a.Status, code, a.Reason, want)
			}
			if name == "bad-noscheme" && !strings.Contains(a.Reason, "http://localhost/hyco") {
				t.Errorf("%s: %q does not say what was expected", name, a.Reason)
			}
		}
		if rows != 19 {
			t.Errorf("%d tokens", rows)
		}
		c.undisturbed()
	})
}

// TestWebCredentials: where a token may stand, which of several counts, and that a sender's right is asked for.
func TestWebCredentials(t *testing.T) {
	listenOnly := entity.NewRule("ListenOnly", entity.Listen)
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "ruled", Rules: []entity.Rule{listenOnly}})
		c := s.register("ruled", "")
		good, bad := s.sign("ruled"), s.sign("elsewhere")
		for _, row := range []struct {
			name, query string
			lines       []string
			code        string // "" let in
		}{
			{"none", "", nil, "MissingToken"},
			{"query", "?sb-hc-token=" + formEncoded(good), nil, ""},
			{"query of the Node helper", "?null?sb-hc-token=" + formEncoded(good), nil, ""},
			{"header", "", []string{credential(good)}, ""},
			{"query before header", "?sb-hc-token=" + formEncoded(bad), []string{credential(good)}, "InvalidAudience"},
			{"good query before a bad header", "?sb-hc-token=" + formEncoded(good), []string{credential(bad)}, ""},
			{"Authorization", "", []string{"Authorization: " + good}, ""},
			{"Authorization behind a header", "", []string{"Authorization: " + good, credential(bad)}, "InvalidAudience"},
			{"somebody else's Authorization", "", []string{"Authorization: Basic YTpi"}, "MissingToken"},
			{"no right", "", []string{credential(s.Token(&listenOnly, "http://localhost/ruled", inAnHour()))}, "RightMissing"},
		} {
			p := s.sender()
			p.write(p.request("GET", "/ruled"+row.query, row.lines...))
			if row.code == "" {
				q := c.asked()
				if q.Fields.Has("Authorization") || q.Fields.Has("ServiceBusAuthorization") || strings.Contains(q.Target, "?") {
					t.Errorf("%s: the listener sees %s %v", row.name, q.Target, q.Fields)
				}
				c.reply(q.ID, "")
			}
			a := p.response("GET")
			if (a.Status == 200) != (row.code == "") || a.Fields.Get("Causeway-Error") != row.code {
				t.Errorf("%s: %d %v", row.name, a.Status, a.Fields)
			}
		}
	})
}

// no wants a refusal of the gateway's own in the service's form, on a connection that goes on.
func (p *peer) no(method, name string, status int, code, path string, message ...string) *answer {
	p.t.Helper()
	a := p.response(method)
	m := reasonShape.FindStringSubmatch(a.Reason)
	if a.Status != status || m == nil || a.Fields.Get("Causeway-Error") != code || a.Fields.Has("Via") {
		p.t.Errorf("%s: %d %q %v, want %d %s", name, a.Status, a.Reason, a.Fields, status, code)
		return a
	}
	for _, part := range message {
		if !strings.Contains(m[1]+".", part) {
			p.t.Errorf("%s: %q does not have %q", name, m[1], part)
		}
	}
	if m[3] != p.host+":"+path || m[2] != a.Fields.Get("TrackingId") || !markShape.MatchString(m[2]) {
		p.t.Errorf("%s: trail %q %q, field %q", name, m[2], m[3], a.Fields.Get("TrackingId"))
	}
	if method != "HEAD" {
		want := fmt.Sprintf(`"message":%q}}`, a.Reason)
		if !strings.HasSuffix(a.Body, want) || a.Fields.Get("Content-Type") != "application/json" {
			p.t.Errorf("%s: body %q", name, a.Body)
		}
	}
	return a
}

// TestWebRefusals is the status table of reference section 5.1, each cause apart, all on one connection.
func TestWebRefusals(t *testing.T) {
	t.Parallel()
	quick := testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Response = 300 * time.Millisecond })
	bubbles(t, func(s *set) {
		s.Add(&entity.Entity{Name: "closed", AnonymousSenders: true, Settings: entity.Settings{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
		s.Add(&entity.Entity{Name: "silent", AnonymousSenders: true})
		c := s.register("silent", "")
		p := s.sender()
		ask := func(method, target string, lines ...string) { p.write(p.request(method, target, lines...)) }

		ask("GET", "/nowhere/x", credential(s.sign("")), "X-Y: 1")
		p.no("GET", "unknown entity", 404, "UnknownEntity", "nowhere/x", "Endpoint does not exist.")
		ask("GET", "/nowhere")
		p.no("GET", "unknown entity, no token", 401, "MissingToken", "nowhere", "token")
		ask("GET", "/open?x=1")
		p.no("GET", "no listener", 404, "NoListener", "open", "There are no listeners connected for the endpoint.")
		ask("HEAD", "/open")
		p.no("HEAD", "no listener, HEAD", 404, "NoListener", "open")
		ask("GET", "/silent", "Microsoft-Relay-AllowedListeners: "+guid(77))
		p.no("GET", "targeted at nobody", 404, "NoMatchingListener", "silent", "None of the connected listeners meet the AllowedListeners/DisallowedListeners criteria.")
		ask("GET", "/silent", "Microsoft-Relay-AllowedListeners: "+strings.Repeat(guid(77)+",", 101))
		p.no("GET", "too many ids", 400, "BadRequest", "silent")
		ask("GET", "/closed")
		p.no("GET", "address", 403, "AddressBlocked", "closed", "prevented from connecting")
		ask("GET", "/open/%GG")
		// The codec refuses that one and closes.
		if a := p.response("GET"); a.Status != 400 {
			s.t.Errorf("a broken escape: %d", a.Status)
		}
		p = s.sender()
		ask("GET", "/silent", "X: "+strings.Repeat(`"`, 32600))
		p.no("GET", "head that fits no message", 431, "HeadTooLarge", "silent", "65536")
		ask("POST", "/silent", "X: "+strings.Repeat(`"`, 32600), "Content-Length: 3")
		p.write("abc")
		p.no("POST", "the same with a body", 431, "HeadTooLarge", "silent")

		ask("GET", "/silent")
		q := c.asked()
		a := p.no("GET", "silent listener", 504, "ListenerSilent", "silent", "The request was routed to the listener but the listener did not respond in the required time.")
		if !strings.Contains(a.Body, `"code":"GatewayTimeout"`) {
			s.t.Errorf("body %q", a.Body)
		}
		c.reply(q.ID, "late")
		ask("POST", "/silent", "Content-Length: 70000")
		p.write(strings.Repeat("x", 70000))
		if q = c.asked(); !q.Pointer {
			s.t.Errorf("%.300s", q.raw)
		}
		p.no("POST", "no rendezvous", 504, "RendezvousTimeout", "silent", "The listener did not rendezvous to accept the request within the allotted time")
		s.rendezvous(q).dismissed(1001)

		p = s.sender()
		ask("GET", "/silent")
		q = c.asked()
		at := s.rendezvous(q) // comes, and says nothing
		p.no("GET", "silent at the rendezvous", 504, "ListenerSilent", "silent")
		at.leaves(1001)

		ask("GET", "/silent")
		c.asked()
		c.reset()
		p.no("GET", "listener lost", 502, "ListenerLost", "silent")
	}, quick)
}

// TestResponseTimeout is the field case of answers that take longer than a minute, with the entity's own time: it is for the
// first byte and for each gap, not for the whole.
func TestResponseTimeout(t *testing.T) {
	t.Parallel()
	const short, long = 400 * time.Millisecond, time.Minute
	bubbles(t, func(s *set) {
		s.Add(&entity.Entity{Name: "slow", AnonymousSenders: true, Settings: entity.Settings{ResponseTimeout: short}})
		s.Add(&entity.Entity{Name: "slow2", AnonymousSenders: true, Settings: entity.Settings{ResponseTimeout: long}})
		slow, slow2 := s.register("slow", ""), s.register("slow2", "")
		p, p2 := s.sender(), s.sender()
		began := time.Now()
		p.write(p.request("GET", "/slow/first-byte"))
		p2.write(p2.request("GET", "/slow2/first-byte"))
		q, q2 := slow.asked(), slow2.asked()
		p.no("GET", "slow", 504, "ListenerSilent", "slow/first-byte", "did not respond in the required time")
		if took := time.Since(began); took < short || took > short+5*time.Second {
			s.t.Errorf("after %v", took)
		}
		slow.reply(q.ID, "ignored")
		slow2.reply(q2.ID, "in time")
		if a := p2.response("GET"); a.Status != 200 || a.Body != "in time" {
			s.t.Errorf("%d %q", a.Status, a.Body)
		}

		p.write(p.request("GET", "/slow/chunks"))
		q = slow.asked()
		at := s.rendezvous(q)
		at.send(1, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, q.ID))
		if _, err := p.tryHead(); err != nil {
			s.t.Fatal(err)
		}
		pieces := newPieces(p)
		for i := range 5 { // together longer than the timeout
			p.quiet(short / 2)
			at.fragment(byteOp(i), false, fmt.Appendf(nil, "chunk %d", i))
			if got := pieces.next(); got != fmt.Sprintf("chunk %d", i) {
				s.t.Errorf("chunk %d arrived as %q", i, got)
			}
		}
		at.send(0xA, nil) // pongs are no progress
		began = time.Now()
		if _, err := p.tryPiece(pieces.chunks); err == nil {
			s.t.Error("an answer that stood still was taken for whole")
		}
		if took := time.Since(began); took < short/2 || took > short+5*time.Second {
			s.t.Errorf("a gap ended after %v", took)
		}
		at.leaves(1001)

		p = s.sender()
		p.write(p.request("GET", "/slow/fast"))
		slow.reply(slow.asked().ID, "fast")
		if a := p.response("GET"); a.Body != "fast" {
			s.t.Errorf("%q", a.Body)
		}
	})
}

// TestSlowUpload: an upload may take as long as it goes on, and is cut off when it stands still.
func TestSlowUpload(t *testing.T) {
	quick := testcluster.WithConfig(func(_ int, c *config.Config) {
		c.Timeouts.Response, c.Timeouts.Idle = 400*time.Millisecond, 300*time.Millisecond
	})
	bubbles(t, func(s *set) {
		c := s.register("open", "")
		for _, n := range []int{10, 100000} {
			p := s.sender()
			p.write(p.request("POST", "/open", fmt.Sprintf("Content-Length: %d", n)) + "begun")
			if n > 65536 {
				at := s.rendezvous(c.asked())
				_, _, _, _ = at.tryData() // the message
				_, _ = at.tryFrame()      // what was begun
				at.lost()
			}
			p.no("POST", fmt.Sprint(n), 408, "SlowBody", "open")
			p.ended()
		}
		p := s.sender()
		p.write(p.request("POST", "/open", "Content-Length: 70000"))
		at := s.rendezvous(c.asked())
		for range 7 {
			p.quiet(100 * time.Millisecond)
			p.write(strings.Repeat("z", 10000))
		}
		q := at.asked()
		at.reply(q.ID, fmt.Sprint(len(q.body)))
		if a := p.response("POST"); a.Body != "70000" {
			s.t.Errorf("%d %q", a.Status, a.Body)
		}
		c.undisturbed()
	}, quick)
}

// TestRuntimeInformation is the management read of .NET clients (reference section 11).
func TestRuntimeInformation(t *testing.T) {
	both(t, func(s *set) {
		sendOnly := entity.NewRule("SendOnly", entity.Send)
		s.Add(&entity.Entity{Name: "Plant/One", AnonymousSenders: true, UserMetadata: "a <b> & c", Rules: []entity.Rule{sendOnly}})
		s.register("plant/one", "")
		p := s.sender()
		ask := func(target string, lines ...string) *answer {
			p.write(p.request("GET", target, append(lines, "X-PROCESS-AT: ServiceBus")...))
			return p.response("GET")
		}
		for _, token := range []string{s.sign("Plant/One"), s.sign("")} {
			a := ask("/Plant/One?x=1&api-version=2016-07", "Authorization: "+token)
			var got struct {
				XMLName xml.Name `xml:"http://www.w3.org/2005/Atom entry"`
				ID      string   `xml:"id"`
				Title   string   `xml:"title"`
				Content struct {
					Type string `xml:"type,attr"`
					D    struct {
						Inner string `xml:",innerxml"`
					} `xml:"http://schemas.microsoft.com/netservices/2010/10/servicebus/connect HybridConnectionDescription"`
				} `xml:"content"`
			}
			if err := xml.Unmarshal([]byte(a.Body), &got); err != nil || a.Status != 200 || a.Fields.Get("Content-Type") != "application/atom+xml;type=entry;charset=utf-8" {
				t.Fatalf("%d %v %q: %v", a.Status, a.Fields, a.Body, err)
			}
			order := regexpOrder(got.Content.D.Inner)
			if strings.Join(order, " ") != "CreatedAt UpdatedAt RequiresClientAuthorization UserMetadata ListenerCount" || got.Content.Type != "application/xml" ||
				!strings.Contains(got.Content.D.Inner, "<RequiresClientAuthorization>false</RequiresClientAuthorization><UserMetadata>a &lt;b&gt; &amp; c</UserMetadata><ListenerCount>1<") {
				t.Errorf("description %q", got.Content.D.Inner)
			}
			if got.Title != "Plant/One" || got.ID != "https://"+p.host+"/Plant/One?x=1&api-version=2016-07" {
				t.Errorf("%+v", got)
			}
		}
		for _, row := range []struct {
			target string
			lines  []string
			status int
			text   string
		}{
			{"/Plant/One", nil, 401, "token"},
			{"/Plant/One", []string{"Authorization: not.a.token"}, 401, "token"},
			{"/Plant/One", []string{"Authorization: " + s.Token(&sendOnly, "http://localhost/plant/one", inAnHour())}, 401, "Manage"},
			{"/nowhere", []string{"Authorization: " + s.sign("")}, 404, "Endpoint does not exist"},
		} {
			a := ask(row.target+"?api-version=2016-07", row.lines...)
			var e struct {
				XMLName xml.Name `xml:"Error"`
				Code    int      `xml:"Code"`
				Detail  string   `xml:"Detail"`
			}
			if err := xml.Unmarshal([]byte(a.Body), &e); err != nil || a.Status != row.status || e.Code != row.status || e.Detail != a.Reason || !strings.Contains(e.Detail, row.text) || !strings.Contains(e.Detail, "TrackingId:") {
				t.Errorf("%s %v: %d %q %v", row.target, row.lines, a.Status, a.Body, err)
			}
		}
		p.write(p.request("PUT", "/Plant/One", "X-PROCESS-AT: ServiceBus", "Content-Length: 0"))
		if a := p.response("PUT"); a.Status != 400 || !strings.Contains(a.Body, "<Error>") {
			t.Errorf("a change: %d %q", a.Status, a.Body)
		}
	})
}

// TestSettings: the policies of an entity hold as they stand in the configuration file, and as they are changed.
func TestSettings(t *testing.T) {
	off := false
	declared := testcluster.WithConfig(func(_ int, c *config.Config) {
		c.Entities = []config.Entity{
			{Name: "set", Kind: "hybrid", AnonymousSenders: true, ResponseTimeout: 200 * time.Millisecond, RequestTarget: "raw", PlainWebSocket: &off},
		}
	})
	bubbles(t, func(s *set) {
		s.Add(&entity.Entity{Name: "changed", AnonymousSenders: true})
		c, changed := s.register("set", ""), s.register("changed", "")
		p := s.sender()
		ask := func(c *channel, target, want string) {
			t.Helper()
			p.write(p.request("GET", target))
			q := c.asked()
			if q.Target != want {
				s.t.Errorf("%s became %s", target, q.Target)
			}
			c.reply(q.ID, "")
			p.response("GET")
		}
		plainly := func(path string) *answer {
			t.Helper()
			q := s.dial(s.senderNode, s.door)
			return q.write(q.head(path)).answer()
		}
		ask(c, "/set/a%20b", "/set/a%20b")
		ask(changed, "/changed/a%20b", "/changed/a b")
		p.write(p.request("GET", "/set"))
		c.asked()
		p.no("GET", "response timeout of the file", 504, "ListenerSilent", "set")
		if a := plainly("/set"); a.Status != 400 || !strings.Contains(a.Reason, "/$hc") {
			s.t.Errorf("a WebSocket without /$hc: %d %s", a.Status, a.Reason)
		}
		went := make(chan struct{})
		go func() {
			defer close(went)
			s.visit(changed.offer().Accept.Address).upgraded("")
		}()
		if a := plainly("/changed/x?y"); a.Status != 101 {
			s.t.Errorf("a WebSocket without /$hc: %d %s", a.Status, a.Reason)
		}
		<-went

		s.Add(&entity.Entity{Name: "changed", AnonymousSenders: true, Settings: entity.Settings{
			ResponseTimeout: 200 * time.Millisecond, RawRequestTarget: true, NoPlainWebSocket: true,
		}})
		ask(changed, "/changed/a%20b", "/changed/a%20b")
		p.write(p.request("GET", "/changed"))
		changed.asked()
		p.no("GET", "response timeout of the store", 504, "ListenerSilent", "changed")
		if a := plainly("/changed"); a.Status != 400 {
			s.t.Errorf("a WebSocket without /$hc: %d", a.Status)
		}
	}, declared)
}
