package entry_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// heads makes heads by chance, always the same ones.
type heads struct{ *rand.Rand }

const (
	tokens = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	values = " \t!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
)

// text is 1 to most bytes of a set.
func (h heads) text(set string, most int) string {
	b := make([]byte, 1+h.IntN(most))
	for i := range b {
		b[i] = set[h.IntN(len(set))]
	}
	return string(b)
}

// reserved are names that mean something to a gateway.
var reserved = []string{
	"host", "via", "date", "expect", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "proxy-connection", "close",
	"set-cookie", "cookie", "authorization", "x-process-at",
}

// fields makes fields whose names differ in more than case.
func (h heads) fields() (fields shape.Fields) {
	for range h.IntN(20) {
		name := h.text(tokens, 20)
		free := !fields.Has(name)
		for _, r := range reserved {
			free = free && !strings.EqualFold(name, r)
		}
		if free {
			fields.Add(name, strings.Trim(h.text(values, 100), " \t"))
		}
	}
	return fields
}

// lines are fields as they stand in a head.
func lines(fields shape.Fields) (all []string) {
	for _, f := range fields {
		all = append(all, f.Name+": "+f.Value)
	}
	return all
}

// TestGeneratedHeads compares 500 heads each way, with the documented changes and no other.
func TestGeneratedHeads(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("open", "")
		p := s.sender()
		h := heads{rand.New(rand.NewPCG(1, 2))}
		via := shape.Field{Name: "Via", Value: "1.1 localhost"}
		for range 500 {
			method, up, down := h.text(tokens, 8), h.fields(), h.fields()
			if method == "CONNECT" || method == "HEAD" {
				method = "GET"
			}
			target := "/open/" + h.text("abcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,;=:@", 30) + "?q=" + h.text("abc=&%+*/?:'", 30)
			p.write(p.request(method, target, lines(up)...))
			q := c.asked()
			want := append(append(shape.Fields{{Name: "Host", Value: p.host}}, up...), via)
			if diff := cmp.Diff(want, q.Fields); diff != "" || q.Method != method || q.Target != target {
				t.Fatalf("%s %s became %s %s, %s", method, target, q.Method, q.Target, diff)
			}
			status, reason := 200+h.IntN(400), h.text(values[2:], 60)
			if status == 204 || status == 205 || status == 304 {
				status = 200
			}
			r := wire.Response{RequestID: q.ID, Status: status, Reason: reason, HasReason: true, Fields: down}
			if err := c.tryReply(r, []byte("body")); err != nil {
				t.Fatal(err)
			}
			a := p.response(method)
			want = append(append(shape.Fields{}, down...), via, shape.Field{Name: "Date", Value: a.Fields.Get("Date")}, shape.Field{Name: "Content-Length", Value: "4"})
			if diff := cmp.Diff(want, a.Fields); diff != "" || a.Status != status || a.Reason != reason || a.Body != "body" {
				t.Fatalf("%d %q became %d %q %q, %s", status, reason, a.Status, a.Reason, a.Body, diff)
			}
		}
	})
}

// TestNothingStays: after many senders that left, in the middle of an answer and before it, there are as many goroutines as before.
func TestNothingStays(t *testing.T) {
	const rounds = 20 // each that left something would leave 20 of it
	both(t, func(s *set) {
		c := s.register("open", "")
		round := func(i int) {
			p := s.sender()
			p.write(p.request("GET", "/open/stream"))
			q := c.asked()
			at := s.rendezvous(q)
			at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, q.ID))
			at.fragment(wsframe.Binary, false, pattern(1000))
			if _, err := p.tryHead(); err != nil {
				t.Fatal(err)
			}
			p.reset()
			at.leaves(1001)
			_ = at.conn.Close()

			p = s.sender()
			p.write(p.request("GET", "/open/wait?sb-hc-id="+guid(1000+i)))
			q = c.asked()
			_ = p.conn.Close()
			s.await(map[string]string{"msg": "refused", "reason": "SenderGone", "tracking": guid(1000 + i)})
			c.reply(q.ID, "nobody's")

			p = s.sender()
			p.write(p.request("GET", "/open/ping", "Connection: close"))
			c.reply(c.asked().ID, "pong")
			if a := p.response("GET"); a.Body != "pong" {
				t.Fatalf("%q", a.Body)
			}
			p.ended()
		}
		round(0)
		before := runtime.NumGoroutine()
		for i := range rounds {
			round(i + 1)
		}
		ctx, cancel := testContext(t)
		defer cancel()
		for runtime.NumGoroutine() > before+5 { // the last ones are on their way
			if ctx.Err() != nil {
				t.Fatalf("%d goroutines after %d rounds, %d before", runtime.NumGoroutine(), rounds, before)
			}
			runtime.Gosched()
		}
	})
}
