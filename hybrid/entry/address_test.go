package entry_test

import (
	"maps"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// What of a sender reaches its listener: path, query, header fields (reference sections 2 and 6.1).

// shown connects with the target and gives the accept message; the stream is opened and ended.
func (s *set) shown(c *channel, target string, lines ...string) *acceptMessage {
	s.t.Helper()
	sender := s.dial(s.senderNode, s.door)
	sender.write(sender.head(target, append(lines, credential(s.sign("")))...))
	m := c.offer()
	listener := s.visit(m.Accept.Address).upgraded("")
	sender.upgraded("").sendClose(1000, "")
	listener.closes(1000, "")
	listener.sendClose(1000, "")
	return m
}

// addressed wants the address of an accept message: the sender's node, path and query as given, the relay's own at the end.
func (s *set) addressed(m *acceptMessage, path, query string) {
	s.t.Helper()
	if query != "" {
		query += "&"
	}
	want := "wss://" + s.senderNode.Host("https") + "/$hc" + path + "?" + query + "sb-hc-action=accept&sb-hc-id=" + m.Accept.ID
	if m.Accept.Address != want {
		s.t.Errorf("address %q, want %q", m.Accept.Address, want)
	}
	if !markShape.MatchString(m.Accept.ID) {
		s.t.Errorf("id %q", m.Accept.ID)
	}
}

// TestQueries are the vectors of reference section 2.2 and of row 27: left sent, right shown.
func TestQueries(t *testing.T) {
	vectors := []struct{ sent, want string }{
		{"", ""}, {"?", ""},
		{"?foo=bar", "foo=bar"}, {"?&foo=bar", "&foo=bar"}, {"?a=1&a=2&", "a=1&a=2&"}, {"?&&&", "&&&"},
		{"?sb-hc-id=1", ""}, {"?sb-hc-id=1&custom=value", "custom=value"}, {"?custom=value&sb-hc-id=1", "custom=value"},
		{"?sb-hc-undefined", "sb-hc-undefined"}, {"?sb-hc-undefined=true", ""}, {"?sb-hc-whatever=", ""},
		{"?SB-HC-Whatever=1&%73b-hc-x=1&b=2", "b=2"},
		{"?key='value'", "key='value'"}, {"?+", "+"}, {"?%2B", "%2B"}, {"?%20", "%20"}, {"?%2f%3a%3d%26", "%2f%3a%3d%26"},
		{"?%C3%b8", "%C3%b8"}, {"?foo=bar&", "foo=bar&"}, {"?sb-hc-whatever=&foo=bar", "foo=bar"},
		{"?CustomValue", "CustomValue"}, {"?custom-Value", "custom-Value"}, {"?custom&value", "custom&value"},
		{"?&custom&value&", "&custom&value&"}, {"?&&value&&", "&&value&&"}, {"?api-version=abc", "api-version=abc"},
		{"?key=%22value%22", "key=%22value%22"}, {"?key=%3Cvalue%3E", "key=%3Cvalue%3E"},
		{"?%20Key%20=%20%20Value%20With%20Space", "%20Key%20=%20%20Value%20With%20Space"},
		{"?%20Not%20a%20key%20value%20pair", "%20Not%20a%20key%20value%20pair"}, {"?name=%C3%B8", "name=%C3%B8"},
		{"?a=1?b=2?", "a=1?b=2?"}, {"?x=" + strings.Repeat("y", 8000), "x=" + strings.Repeat("y", 8000)},
	}
	both(t, func(s *set) {
		c := s.register("hyco", "")
		for _, v := range vectors {
			s.addressed(s.shown(c, "/$hc/hyco"+v.sent), "/hyco", v.want)
		}
		sender := s.dial(s.senderNode, s.door)
		sender.write(sender.head("/$hc/hyco?a=1&sb-hc-token=" + formEncoded(s.sign("hyco")) + "&b=2"))
		s.addressed(c.offer(), "/hyco", "a=1&b=2")
	})
}

// TestPaths: the suffix reaches the listener byte for byte; the entity is found by the longest prefix of whole segments,
// whatever its case, its slashes and the spelling of $hc.
func TestPaths(t *testing.T) {
	both(t, func(s *set) {
		s.add("hyco/deep")
		top, deep := s.register("hyco", ""), s.register("hyco/deep", "")
		for _, v := range []struct {
			target, path, query string
			at                  *channel
		}{
			{"/$hc/hyco", "/hyco", "", top},
			{"/$hc/hyco/", "/hyco/", "", top},
			{"/$hc/hyco/one/Two%20three/%2F?q=1", "/hyco/one/Two%20three/%2F", "q=1", top},
			{"/$hc//hyco//x", "//hyco//x", "", top},
			{"/$HC/HyCo/Suffix", "/HyCo/Suffix", "", top},
			{"/%24hc/hyco/a", "/hyco/a", "", top},
			{"/$hc/hyco/deeper", "/hyco/deeper", "", top},
			{"/$hc/hyco/deep", "/hyco/deep", "", deep},
			{"/$hc/hyco/DEEP/er?x", "/hyco/DEEP/er", "x", deep},
			{"/$hc/h%79co/%64eep/x", "/h%79co/%64eep/x", "", deep},
			{"/$hc/hyco/a%3Fsb-hc-action=connect&sb-hc-id=1", "/hyco/a", "", top},
			{"/$hc/hyco/a%3fsb-hc-action=connect&x=1", "/hyco/a", "x=1", top},
			{"/$hc/hyco/a%3Fx=1", "/hyco/a%3Fx=1", "", top},
			{"/$hc/hyco?sb-hc-action=", "/hyco", "", top},
			{"/$hc/hyco?SB-HC-ACTION=Connect", "/hyco", "", top},
		} {
			s.addressed(s.shown(v.at, v.target), v.path, v.query)
		}
		for target, code := range map[string]string{
			"/$hc/hycos": "UnknownEntity", "/$hc/hyc": "UnknownEntity", "/$hc/": "UnknownEntity", "/$hc": "UnknownEntity",
			"/$hc/hyco/%zz": "BadRequest", "/$hc/hyco/../x": "BadRequest", "/$hc/hyco/%2e%2E": "BadRequest", "/$hc/hyco/%00": "BadRequest",
			"/$hc/hyco?sb-hc-action=steal": "BadRequest", "/$hc/hyco?sb-hc-action=listens": "BadRequest",
			"/$hc/hyco?sb-hc-id=%0a": "BadRequest",
		} {
			p := s.dial(s.senderNode, s.door)
			p.write(p.head(target, credential(s.sign(""))))
			a := p.answer()
			if got := a.Fields.Get("Causeway-Error"); got != code || a.Status != map[string]int{"UnknownEntity": 404, "BadRequest": 400}[code] {
				s.t.Errorf("%s was answered %d %s %q", target, a.Status, got, a.Reason)
			}
		}
	})
}

// TestListenBelow: a listener on a deeper path gets what is asked for there and below, beside those of the entity itself.
func TestListenBelow(t *testing.T) {
	both(t, func(s *set) {
		below := s.register("hyco/plant/line1", "")
		s.addressed(s.shown(below, "/$hc/hyco/Plant/LINE1/x"), "/hyco/Plant/LINE1/x", "")
		for _, path := range []string{"hyco", "hyco/plant", "hyco/plant/line2"} {
			s.arrive(path, "").refused(404, "NoListener", "/"+path, "There are no listeners connected for the endpoint")
		}
	})
}

// TestPlainUpgrade: a WebSocket upgrade without /$hc is a connect, unless the entity forbids it.
func TestPlainUpgrade(t *testing.T) {
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "strict", AnonymousSenders: true, Settings: entity.Settings{NoPlainWebSocket: true}})
		c, strict := s.register("hyco", ""), s.register("strict", "")
		s.addressed(s.shown(c, "/hyco/chat?room=1"), "/hyco/chat", "room=1")
		sender := s.dial(s.senderNode, s.door)
		sender.write(sender.head("/strict/chat"))
		sender.refused(400, "BadRequest", "/strict/chat", "The entity takes web-socket requests under /$hc only")
		s.addressed(s.shown(strict, "/$hc/strict/chat"), "/strict/chat", "")
		sender = s.dial(s.senderNode, s.door)
		sender.write(sender.head("/nowhere", credential(s.sign(""))))
		sender.refused(404, "UnknownEntity", "/nowhere", "Endpoint does not exist")
	})
}

// TestHeaders: the listener is shown every field of the sender, with its case, repeats joined, but what carried the token.
func TestHeaders(t *testing.T) {
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "open/er", AnonymousSenders: true})
		c, open := s.register("hyco", ""), s.register("open/er", "")
		host := s.senderNode.Host("https")
		usual := map[string]string{
			"Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": sampleKey,
		}
		with := func(more ...string) map[string]string {
			m := maps.Clone(usual)
			for i := 0; i < len(more); i += 2 {
				m[more[i]] = more[i+1]
			}
			return m
		}
		token := s.sign("")
		for _, row := range []struct {
			c     *channel
			path  string
			lines []string
			want  map[string]string
		}{
			{c, "hyco", []string{credential(token)}, usual},
			{c, "hyco", []string{"sErViCeBuSaUtHoRiZaTiOn: " + token, "x-lower: a", "X-UPPER: b", "X-Mixed_9!: c\td"},
				with("x-lower", "a", "X-UPPER", "b", "X-Mixed_9!", "c\td")},
			{c, "hyco", []string{"X-Many: one", "Cookie: a=1", "x-many: two", "Cookie: b=2", credential(token), "X-Many: "},
				with("X-Many", "one, two, ", "Cookie", "a=1; b=2")},
			{c, "hyco", []string{credential(token), "Authorization: Bearer the-application's-own"}, with("Authorization", "Bearer the-application's-own")},
			{c, "hyco", []string{"Authorization: " + token}, usual},
			{open, "open/er", []string{"Authorization: Bearer the-application's-own"}, with("Authorization", "Bearer the-application's-own")},
			{open, "open/er", []string{"Authorization: Basic dXNlcjpwYXNz", "ServiceBusAuthorization: junk"}, with("Authorization", "Basic dXNlcjpwYXNz")},
			{c, "hyco", []string{credential(token), `X-Quotes: "a\b"`, "X-Umlaut: \xc3\xa4", "X-Script: <b>&"},
				with("X-Quotes", `"a\b"`, "X-Umlaut", "ä", "X-Script", "<b>&")},
			{c, "hyco", []string{credential(token), "X-Latin: na\xefve"}, with("X-Latin", "naïve")},
			{c, "hyco", []string{credential(token), "Microsoft-Relay-DisallowedListeners: " + guid(77), "Relay-User-Agent: azure-relay-dotnet/3.0.1.0"},
				with("Microsoft-Relay-DisallowedListeners", guid(77), "Relay-User-Agent", "azure-relay-dotnet/3.0.1.0")},
		} {
			sender := s.dial(s.senderNode, s.door)
			sender.write(sender.head("/$hc/"+row.path, row.lines...))
			m := row.c.offer()
			if !maps.Equal(m.Accept.ConnectHeaders, row.want) {
				s.t.Errorf("%q: the listener is shown %v, want %v", row.lines, m.Accept.ConnectHeaders, row.want)
			}
			local := sender.conn.LocalAddr().String()
			if want := m.Accept.RemoteEndpoint; local != join(want.Address, want.Port) {
				s.t.Errorf("remote endpoint %v, the sender is at %s", want, local)
			}
			s.visit(m.Accept.Address).upgraded("")
			sender.upgraded("")
		}
	})
}

// TestControlMessageBound: no control message has more than 65,536 bytes whatever a sender sends (section 1, rule 7): tryOffer
// sees to that. What would need more is refused with 431, and the listener goes on.
func TestControlMessageBound(t *testing.T) {
	t.Parallel()
	both(t, func(s *set) {
		c := s.register("hyco", "")
		offers := make(chan *acceptMessage)
		reading := make(chan struct{})
		go func() {
			defer close(reading)
			for {
				m, err := c.tryOffer()
				if err != nil {
					s.t.Logf("the listener reads %v", err)
					return
				}
				offers <- m
			}
		}()
		fits, refused := 0, 0
		for _, value := range []string{
			strings.Repeat("a", 31_000), strings.Repeat("a", 66_000), strings.Repeat(`"`, 31_000), strings.Repeat(`"`, 33_000),
			strings.Repeat("\\", 31_000), strings.Repeat("\\", 64_000), strings.Repeat("<", 60_000), strings.Repeat("\xc3\xa4", 30_000),
			strings.Repeat("\xf0\x9f\x98\x80", 15_000), strings.Repeat("\xff", 31_000), strings.Repeat("\xff", 33_000), strings.Repeat("\t", 40_000),
		} {
			sender := s.arrive("hyco", "", "X-Big: a"+value+"z")
			answers := make(chan *answer, 1)
			go func() {
				a, _ := sender.tryAnswer() // nil fails below
				answers <- a
			}()
			select {
			case m := <-offers:
				fits++
				if got := m.Accept.ConnectHeaders["X-Big"]; len(got) < len(value) {
					s.t.Errorf("%.4q: the listener is shown %d bytes", value, len(got))
				}
				s.visit(m.Accept.Address).upgraded("")
				if a := <-answers; a == nil || a.Status != 101 {
					s.t.Errorf("%.4q: %v", value, a)
				}
			case a := <-answers:
				refused++
				if a == nil || a.Status != 431 || a.Fields.Get("Causeway-Error") != "HeadTooLarge" || !reasonShape.MatchString(a.Reason) {
					s.t.Errorf("%.4q: %v", value, a)
				}
			}
		}
		if fits != 7 || refused != 5 {
			s.t.Errorf("%d fit, %d were refused", fits, refused)
		}
		c.reset()
		<-reading
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Limits.HeadBytes = 128 << 10 }))
}

// TestControlMessageEdge finds the longest header that still fits, byte by byte: the message is then exactly as long as
// allowed, and one byte more is refused.
func TestControlMessageEdge(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		lines := func(n int) []string {
			return []string{"X-A: " + strings.Repeat(`"`, 20_000), "X-B: " + strings.Repeat("b", n)}
		}
		sender := s.arrive("hyco", "", lines(1)...)
		_, b, _, err := c.tryData()
		if err != nil {
			s.t.Fatal(err)
		}
		_ = sender.conn.Close()
		room := 65536 - len(b) + 1 // ports of senders have five digits, so only X-B changes
		sender = s.arrive("hyco", "", lines(room)...)
		if _, b, _, err = c.tryData(); err != nil || len(b) != 65536 {
			s.t.Errorf("the message has %d bytes: %v", len(b), err)
		}
		_ = sender.conn.Close()
		s.arrive("hyco", "", lines(room+1)...).refused(431, "HeadTooLarge", "/hyco", "65536 bytes")
		s.pair(c, "hyco", "")
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Limits.HeadBytes = 128 << 10 }))
}

func join(address string, port int) string {
	return net.JoinHostPort(address, strconv.Itoa(port))
}
