package entry_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// What passes between a plain HTTP sender and a listener, and what is the gateway's own.

// TestSmallExchange is the captured exchange of reference section 14.1, byte for byte.
func TestSmallExchange(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		p.write(p.request("GET", "/open/small?x=1&sb-hc-id=zzz&y", credential(s.sign("")), "Custom: Hello", "Connection: keep-alive"))
		q := c.asked()
		want := fmt.Sprintf(`{"request":{"address":"wss://%[1]s/$hc/open/small?sb-hc-action=request&sb-hc-id=%[2]s","id":"%[2]s",`+
			`"requestTarget":"/open/small?x=1&y","method":"GET","remoteEndpoint":{"address":"127.0.0.1","port":%[3]d},`+
			`"requestHeaders":{"Host":"%[4]s","Custom":"Hello","Via":"1.1 localhost"},"body":false}}`,
			s.listenerNode.Host("https"), q.ID, q.Remote.Port(), p.host)
		if q.raw != want {
			t.Errorf("got  %s\nwant %s", q.raw, want)
		}
		if q.Remote.String() != p.conn.LocalAddr().String() {
			t.Errorf("the sender is said to be %s, it is %s", q.Remote, p.conn.LocalAddr())
		}
		c.reply(q.ID, "Hello")
		a := p.response("GET")
		date := a.Fields.Get("Date")
		if diff := cmp.Diff(shape.Fields{{Name: "X-Own", Value: "1"}, {Name: "Via", Value: "1.1 localhost"}, {Name: "Date", Value: date}, {Name: "Content-Length", Value: "5"}}, a.Fields); diff != "" || date == "" {
			t.Errorf("fields of the response: %s", diff)
		}
		if a.Status != 200 || a.Reason != "OK" || a.Body != "Hello" {
			t.Errorf("%d %q %q", a.Status, a.Reason, a.Body)
		}
	})
}

// TestRequestFields: case, order and repeats are kept, what belongs to one connection or to the gateway goes.
func TestRequestFields(t *testing.T) {
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "secured"})
		open, secured := s.register("open", ""), s.register("secured", "")
		for _, row := range []struct {
			name  string
			c     *channel
			lines []string
			want  shape.Fields
		}{
			{"case and order", open, []string{"x-B: 1", "X-a: 2", "!#$%&'*+-.^_`|~AbC: v", "Cookie: a=1", "Accept-Encoding: gzip"}, shape.Fields{
				{Name: "x-B", Value: "1"}, {Name: "X-a", Value: "2"}, {Name: "!#$%&'*+-.^_`|~AbC", Value: "v"}, {Name: "Cookie", Value: "a=1"}, {Name: "Accept-Encoding", Value: "gzip"},
			}},
			{"repeats", open, []string{"X-CustomHeader: requestValue1", "Between: 1", "x-customheader: requestValue2", "Cookie: a=1", "Cookie: b=2"}, shape.Fields{
				{Name: "X-CustomHeader", Value: "requestValue1, requestValue2"}, {Name: "Between", Value: "1"}, {Name: "Cookie", Value: "a=1; b=2"},
			}},
			{"hop by hop", open, []string{
				"Connection: keep-alive, X-Hop, HTTP2-Settings", "X-Hop: 1", "HTTP2-Settings: AAMA", "Upgrade: h2c", "TE: trailers", "Trailer: X", "Keep-Alive: 5",
				"Proxy-Connection: close", "Close: 1", "X-Stays: 1",
			}, shape.Fields{{Name: "X-Stays", Value: "1"}}},
			{"application's own authorization", open, []string{"Authorization: Basic YTpi", "X-MS-Thing: 1"}, shape.Fields{{Name: "Authorization", Value: "Basic YTpi"}, {Name: "X-MS-Thing", Value: "1"}}},
			{"bearer on an open entity", open, []string{"Authorization: Bearer mine"}, shape.Fields{{Name: "Authorization", Value: "Bearer mine"}}},
			{"relay token beside it", secured, []string{credential(s.sign("")), "Authorization: Bearer mine"}, shape.Fields{{Name: "Authorization", Value: "Bearer mine"}}},
			{"relay token in it", secured, []string{"Authorization: " + s.sign("secured"), "A: 1"}, shape.Fields{{Name: "A", Value: "1"}}},
			{"Via of others", open, []string{"via: 1.0 a, 1.1 b", "X: 1"}, shape.Fields{{Name: "via", Value: "1.0 a, 1.1 b, 1.1 localhost"}, {Name: "X", Value: "1"}}},
			{"bytes above ASCII", open, []string{"A: gr\xc3\xbcn", "B: gr\xfcn", "C: \"q\"\t\\"}, shape.Fields{{Name: "A", Value: "grün"}, {Name: "B", Value: "grün"}, {Name: "C", Value: "\"q\"\t\\"}}},
			{"expectation without a body", open, []string{"Expect: 100-continue", "X: 1"}, shape.Fields{{Name: "X", Value: "1"}}},
		} {
			p := s.sender()
			path := "/" + map[*channel]string{open: "open", secured: "secured"}[row.c]
			p.write(p.request("GET", path, row.lines...))
			q := row.c.asked()
			want := append(shape.Fields{{Name: "Host", Value: p.host}}, row.want...)
			if !want.Has("Via") {
				want.Add("Via", "1.1 localhost")
			}
			if diff := cmp.Diff(want, q.Fields); diff != "" {
				t.Errorf("%s: %s", row.name, diff)
			}
			row.c.reply(q.ID, "")
			if a := p.response("GET"); a.Status != 200 {
				t.Errorf("%s: %d %s", row.name, a.Status, a.Reason)
			}
		}
	})
}

// TestResponses: status, phrase and fields are the listener's own; what belongs to one connection goes (reference section 8.5).
func TestResponses(t *testing.T) {
	odd := "!#$%&*+-.^_`~*|\"'(){}[]<>=/,:;@\\"
	both(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		ask := func(method string, answer func(id string)) *answer {
			t.Helper()
			p.write(p.request(method, "/open"))
			answer(c.asked().ID)
			return p.response(method)
		}
		statuses := []int{200, 201, 202, 203, 204, 205, 206, 299, 300, 301, 302, 303, 304, 305, 306, 307, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 426, 450, 500, 501, 502, 503, 504, 505, 599}
		for _, status := range statuses {
			a := ask("GET", func(id string) {
				_ = c.tryReply(wire.Response{RequestID: id, Status: status, Reason: odd, HasReason: true}, nil)
			})
			if a.Status != status || a.Reason != odd || a.Body != "" {
				t.Errorf("%d became %d %q %q", status, a.Status, a.Reason, a.Body)
			}
			if bare := status == 204 || status == 304; bare == a.Fields.Has("Content-Length") || a.Fields.Has("Transfer-Encoding") {
				t.Errorf("%d: framing %v", status, a.Fields)
			}
		}
		for _, row := range []struct{ message, reason string }{
			{`"statusCode":200`, "OK"}, {`"statusCode":"201"`, "Created"}, {`"statusCode":200,"statusDescription":null`, "OK"},
			{`"statusCode":200,"statusDescription":""`, ""}, {`"statusCode":413,"statusDescription":"Request Entity Too Large"`, "Request Entity Too Large"},
			{`"statusCode":450`, ""}, {`"statusCode":200,"statusDescription":"a\r\nX: 1\u0000b"`, "a  X: 1 b"},
		} {
			a := ask("GET", func(id string) {
				c.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"body":false,"requestId":%q,%s}}`, id, row.message))
			})
			if a.Reason != row.reason || len(a.Fields) != 3 {
				t.Errorf("%s: %d %q %v", row.message, a.Status, a.Reason, a.Fields)
			}
		}
		fields := `{"X-One":"1,2","set-COOKIE":"a=1; path=/,b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT,c=3","content-TYPE":"text/x","Content-Length":"3","Connection":"close, X-Hop",` +
			`"X-Hop":"1","Transfer-Encoding":"chunked","Keep-Alive":"5","Upgrade":"h2c","TE":"x","Trailer":"y","Close":"z","Date":"Thu, 01 Jan 1970 00:00:00 GMT","via":"1.1 mine",` +
			`"bad name":"x","X-Inject":"a\r\nX-Evil: 1","X-List":["p","q"],"X-Number":5,"X-Null":null}`
		a := ask("GET", func(id string) {
			c.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"responseHeaders":%s,"body":true}}`, id, fields))
			c.send(wsframe.Binary, []byte("body"))
		})
		want := shape.Fields{
			{Name: "X-One", Value: "1,2"}, {Name: "set-COOKIE", Value: "a=1; path=/"}, {Name: "set-COOKIE", Value: "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"},
			{Name: "set-COOKIE", Value: "c=3"}, {Name: "content-TYPE", Value: "text/x"}, {Name: "Date", Value: "Thu, 01 Jan 1970 00:00:00 GMT"},
			{Name: "via", Value: "1.1 mine, 1.1 localhost"}, {Name: "X-Inject", Value: "a  X-Evil: 1"}, {Name: "X-List", Value: "p"}, {Name: "X-List", Value: "q"},
			{Name: "X-Number", Value: "5"}, {Name: "Content-Length", Value: "4"},
		}
		if diff := cmp.Diff(want, a.Fields); diff != "" || a.Body != "body" {
			t.Errorf("body %q, fields %s", a.Body, diff)
		}
		a = ask("HEAD", func(id string) {
			_ = c.tryReply(wire.Response{RequestID: id, Status: 200, Fields: shape.Fields{{Name: "Content-Length", Value: "12345"}}}, nil)
		})
		if a.Status != 200 || a.Fields.Get("Content-Length") != "12345" {
			t.Errorf("HEAD: %v", a.Fields)
		}
		if a = ask("HEAD", func(id string) { c.reply(id, "hello") }); a.Status != 200 || a.Body != "" { // hyco-https does that
			t.Errorf("HEAD with a body: %d %q", a.Status, a.Body)
		}
		for _, status := range []int{204, 205, 304} {
			a = ask("GET", func(id string) { _ = c.tryReply(wire.Response{RequestID: id, Status: status}, []byte("not wanted")) })
			if a.Status != status || a.Body != "" {
				t.Errorf("%d with a body: %q", status, a.Body)
			}
		}
		if a = ask("GET", func(id string) { c.reply(id, "still in step") }); a.Body != "still in step" {
			t.Errorf("afterwards %q", a.Body)
		}
	})
}

// TestMethods: every verb passes but CONNECT.
func TestMethods(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		for _, method := range []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "PROPFIND", "M-SEARCH", "get", "X!#$%"} {
			p.write(p.request(method, "/open"))
			q := c.asked()
			if q.Method != method || q.Offer.Body {
				t.Errorf("%s became %s, body %v", method, q.Method, q.Offer.Body)
			}
			c.reply(q.ID, "")
			if a := p.response(method); a.Status != 200 {
				t.Errorf("%s: %d %s", method, a.Status, a.Reason)
			}
		}
		p.write("CONNECT open:443 HTTP/1.1\r\nHost: open:443\r\n\r\n")
		if a := p.response("GET"); a.Status != 405 || !strings.Contains(a.Fields.Get("Allow"), "OPTIONS") || a.Fields.Get("Causeway-Error") != "BadRequest" || a.Fields.Has("Via") {
			t.Errorf("CONNECT: %d %v", a.Status, a.Fields)
		}
		p.write(p.request("OPTIONS", "*"))
		if a := p.response("OPTIONS"); a.Status != 200 {
			t.Errorf("OPTIONS *: %d", a.Status)
		}
		c.undisturbed()
	})
}

// TestRequestTargets is the table of reference section 2.2, and the rule for paths with both of its settings.
func TestRequestTargets(t *testing.T) {
	queries := [][2]string{
		{"?foo=bar", "?foo=bar"}, {"?&foo=bar", "?&foo=bar"}, {"?a=1&a=2&", "?a=1&a=2&"}, {"?&&&", "?&&&"}, {"?sb-hc-id=1", ""}, {"?sb-hc-id=1&custom=value", "?custom=value"},
		{"?custom=value&sb-hc-id=1", "?custom=value"}, {"?sb-hc-undefined", "?sb-hc-undefined"}, {"?sb-hc-undefined=true", ""}, {"?sb-hc-whatever=", ""}, {"?key='value'", "?key='value'"},
		{"?+", "?+"}, {"?%2B", "?%2B"}, {"?%20", "?%20"}, {"?%2f%3a%3d%26", "?%2f%3a%3d%26"}, {"?%C3%b8", "?%C3%b8"}, {"?foo=bar&", "?foo=bar&"}, {"?sb-hc-whatever=&foo=bar", "?foo=bar"},
		{"?CustomValue", "?CustomValue"}, {"?custom&value", "?custom&value"}, {"?&&value&&", "?&&value&&"}, {"?api-version=abc", "?api-version=abc"},
		{"?key=%22value%22", "?key=%22value%22"}, {"?%20Key%20=%20%20Value%20With%20Space", "?%20Key%20=%20%20Value%20With%20Space"}, {"?", ""}, {"?a%", "?a%"},
	}
	paths := [][2]string{
		{"/open", "/open"}, {"/OPEN/", "/OPEN/"}, {"/open//x", "/open//x"}, {"/open/p%20q", "/open/p q"}, {"/open/%C3%B8", "/open/ø"}, {"/open/ø", "/open/ø"}, {"/open/%25%2F%5C%3F%23", "/open/%25%2F%5C%3F%23"},
		{"/open/%2f%3f", "/open/%2f%3f"}, {"/open/%7Euser", "/open/~user"}, {"/open/a+b;c=1,2:3@", "/open/a+b;c=1,2:3@"},
	}
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "rawly", AnonymousSenders: true, Settings: entity.Settings{RawRequestTarget: true}})
		c, raw := s.register("open", ""), s.register("rawly", "")
		p := s.sender()
		ask := func(c *channel, target, want string) {
			t.Helper()
			p.write(p.request("GET", target))
			q := c.asked()
			if q.Target != want {
				t.Errorf("%s became %q, want %q", target, q.Target, want)
			}
			if at, err := url.Parse(q.Address); err != nil || !strings.HasPrefix(at.Path, "/$hc/") || at.Query().Get("sb-hc-id") != q.ID {
				t.Errorf("%s: address %s, %v", target, q.Address, err)
			}
			c.reply(q.ID, "")
			p.response("GET")
		}
		for _, row := range queries {
			ask(c, "/open/x"+row[0], "/open/x"+row[1])
		}
		for _, row := range paths {
			ask(c, row[0]+"?q=%20", row[1]+"?q=%20")
			ask(raw, "/rawly"+row[0], "/rawly"+row[0])
		}
		ask(c, "http://"+p.host+"/open/absolute?a", "/open/absolute?a")
		ask(c, "/open/x?sb-hc-token="+formEncoded(s.sign(""))+"&z=1", "/open/x?z=1")
		for _, bad := range []string{"/open/../x", "/open/%2e%2E/x", "/open/%00", "/open/%FF"} {
			p.write(p.request("GET", bad))
			if a := p.response("GET"); a.Status != 400 {
				t.Errorf("%s: %d %s", bad, a.Status, a.Reason)
			}
		}
	})
}

// TestKeepAlive: requests follow each other on a connection, also when they came together, of different entities, and an
// upgrade behind them. HTTP/1.0 is served too.
func TestKeepAlive(t *testing.T) {
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "other", AnonymousSenders: true})
		c, other := s.register("open", ""), s.register("other", "")
		p := s.sender()
		var batch bytes.Buffer
		for i := range 3 {
			body := strings.Repeat("x", i)
			fmt.Fprintf(&batch, "POST /open/%d HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", i, p.host, len(body), body)
			fmt.Fprintf(&batch, "POST /other/%d HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Trailer: 1\r\n\r\n", i, p.host)
		}
		batch.WriteString(p.request("GET", "/$health"))
		p.write(batch.String())
		for i := range 3 {
			for at, c := range map[string]*channel{"open": c} {
				q := c.asked()
				if q.Target != fmt.Sprintf("/%s/%d", at, i) || len(q.body) != i {
					t.Errorf("request %d: %s with %d bytes", i, q.Target, len(q.body))
				}
				c.reply(q.ID, q.Target)
			}
			q := other.asked()
			if string(q.body) != "ab" || q.Fields.Has("X-Trailer") {
				t.Errorf("chunked: %q %v", q.body, q.Fields)
			}
			other.reply(q.ID, q.Target)
			for _, at := range []string{"open", "other"} {
				if a := p.response("POST"); a.Body != fmt.Sprintf("/%s/%d", at, i) {
					t.Errorf("answer %d of %s: %q", i, at, a.Body)
				}
			}
		}
		if a := p.response("GET"); a.Status != 200 || !strings.Contains(a.Body, "healthy") {
			t.Errorf("health on the same connection: %d %q", a.Status, a.Body)
		}
		p.write(p.head("/$hc/open?sb-hc-action=connect"))
		m := c.offer()
		s.visit(m.Accept.Address).upgraded("")
		p.upgraded("")

		for _, keep := range []bool{true, false} {
			p := s.sender()
			lines := "GET /open HTTP/1.0\r\nHost: h\r\n"
			if keep {
				lines += "Connection: keep-alive\r\n"
			}
			p.write(lines + "\r\n")
			c.reply(c.asked().ID, "old")
			a := p.response("GET")
			if a.Body != "old" || strings.EqualFold(a.Fields.Get("Connection"), "keep-alive") != keep {
				t.Errorf("HTTP/1.0, keep %v: %q %v", keep, a.Body, a.Fields)
			}
			if !keep {
				p.ended()
			}
		}
		p = s.sender()
		p.write(p.request("GET", "/open", "Connection: close"))
		c.reply(c.asked().ID, "bye")
		if a := p.response("GET"); a.Body != "bye" || a.Fields.Get("Connection") != "close" {
			t.Errorf("close: %q %v", a.Body, a.Fields)
		}
		p.ended()
	})
}

// TestContinue: a sender that waits for it is told to go on when its body is wanted, and never after a no.
func TestContinue(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "")
		expecting := func(n int, more ...string) *peer {
			p := s.sender()
			return p.write(p.request("POST", "/open", append(more, "Expect: 100-continue", fmt.Sprintf("Content-Length: %d", n))...))
		}
		for _, n := range []int{5, 70000} {
			p := expecting(n)
			var q *asked
			if n > 65536 {
				q = c.asked() // a pointer; nothing is read of the sender before the listener comes
				far := s.rendezvous(q)
				p.continues()
				p.write(strings.Repeat("z", n))
				full := far.asked()
				if len(full.body) != n || full.Fields.Has("Expect") {
					t.Errorf("%d bytes arrived, fields %v", len(full.body), full.Fields)
				}
				far.reply(full.ID, "done")
			} else {
				p.continues()
				p.write(strings.Repeat("z", n))
				q = c.asked()
				c.reply(q.ID, "done")
			}
			if a := p.response("POST"); a.Status != 200 || a.Body != "done" {
				t.Errorf("%d bytes: %d %q", n, a.Status, a.Body)
			}
		}
		p := s.sender()
		p.write(p.request("POST", "/hyco", "Expect: 100-continue", "Content-Length: 5"))
		if a := p.response("POST"); a.Status != 401 || a.Fields.Get("Connection") != "close" {
			t.Errorf("a refusal: %d %v", a.Status, a.Fields)
		}
		p.ended()
		p = s.sender()
		p.write(p.request("POST", "/open", "Expect: miracles", "Content-Length: 0"))
		if a := p.response("POST"); a.Status != 417 {
			t.Errorf("another expectation: %d", a.Status)
		}
	})
}

// continues wants the 100 and nothing else.
func (p *peer) continues() {
	p.t.Helper()
	const want = "HTTP/1.1 100 Continue\r\n\r\n"
	for len(p.in) < len(want) {
		if err := p.more(); err != nil {
			p.t.Fatalf("waiting for a 100: %v, %q", err, p.in)
		}
	}
	if string(p.in) != want {
		p.t.Fatalf("%q in place of a 100", p.in)
	}
	p.in = nil
}
