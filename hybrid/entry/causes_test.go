package entry_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// cause is one way in which an exchange goes wrong, and the account that the operator finds of it.
type cause struct {
	name   string
	happen func(s *set, p *peer, c *channel) // p has asked for GET /<entity> or, with a body, for POST
	body   int
	alone  bool // nobody listens
	want   map[string]string
	passed string // stations whose times are there: a(dmit), r(esolve), o(ffer), m(eet), f(irst)
}

var causes = []cause{
	{name: "no listener", alone: true, happen: func(*set, *peer, *channel) {},
		want: map[string]string{"msg": "refused", "reason": "NoListener", "side": "sender"}, passed: "ar"},
	{name: "refused by its words", happen: func(_ *set, _ *peer, c *channel) {
		r := wire.Response{RequestID: c.asked().ID, Status: 403, HasReason: true, Reason: "Not today"}
		if err := c.tryReply(r, nil); err != nil {
			c.t.Error(err)
		}
	}, want: map[string]string{"msg": "closed", "reason": "PeerClosed", "status": "403"}, passed: "arom"},
	{name: "silent", happen: func(_ *set, _ *peer, c *channel) { c.asked() },
		want: map[string]string{"msg": "refused", "reason": "ListenerSilent", "side": "listener"}, passed: "aro"},
	{name: "does not dial", body: 70000, happen: func(_ *set, _ *peer, c *channel) { c.asked() },
		want: map[string]string{"msg": "refused", "reason": "RendezvousTimeout", "side": "listener"}, passed: "aro"},
	{name: "lost before the answer", happen: func(_ *set, _ *peer, c *channel) { c.asked(); c.reset() },
		want: map[string]string{"msg": "refused", "reason": "ListenerLost", "side": "listener"}, passed: "aro"},
	{name: "answers with what is none", happen: func(_ *set, _ *peer, c *channel) {
		if err := c.tryReply(wire.Response{RequestID: c.asked().ID, Status: 100}, nil); err != nil {
			c.t.Error(err)
		}
	}, want: map[string]string{"msg": "refused", "reason": "BadAnswer", "side": "listener"}, passed: "aro"},
	{name: "died in the body", happen: func(s *set, p *peer, c *channel) {
		q := c.asked()
		at := s.rendezvous(q)
		at.send(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, q.ID))
		at.fragment(wsframe.Binary, false, []byte("half of it"))
		if _, err := p.tryHead(); err != nil {
			s.t.Error(err)
		}
		at.reset()
	}, want: map[string]string{"msg": "closed", "reason": "ListenerLost", "side": "listener", "status": "200", "out": "10"}, passed: "aromf"},
	{name: "sender gone", happen: func(_ *set, p *peer, c *channel) { c.asked(); p.reset() },
		want: map[string]string{"msg": "refused", "reason": "SenderGone", "side": "sender"}, passed: "aro"},
}

// TestCausesAreTold: each way in which an exchange goes wrong has an account of its own in the log: whose fault, why, how far it came
// and when, with the tracking id that the sender was told, wherever the listener is.
func TestCausesAreTold(t *testing.T) {
	t.Parallel()
	quick := testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Response = 300 * time.Millisecond })
	both(t, func(s *set) {
		told := map[string]string{}
		for i, x := range causes {
			name := fmt.Sprintf("cause%d", i)
			s.Add(&entity.Entity{Name: name, AnonymousSenders: true})
			var c *channel
			if !x.alone {
				c = s.register(name, "")
			}
			p := s.sender()
			if x.body > 0 {
				p.write(p.request("POST", "/"+name, fmt.Sprintf("Content-Length: %d", x.body)) + strings.Repeat("x", x.body))
			} else {
				p.write(p.request("GET", "/"+name))
			}
			x.happen(s, p, c)
			want := map[string]string{"shape": "exchange", "entity": name}
			maps.Copy(want, x.want)
			line := s.await(want)
			if got := passed(t, line["stages"]); got != x.passed {
				t.Errorf("%s: passed %q, want %q: %s", x.name, got, x.passed, line["stages"])
			}
			if line["tracking"] == "" || line["duration"] == "0s" {
				t.Errorf("%s: %v", x.name, line)
			}
			account := line["msg"] + line["reason"] + line["status"]
			if other, ok := told[account]; ok {
				t.Errorf("%q and %q have the same account %s", x.name, other, account)
			}
			told[account] = x.name
		}
	}, quick)
}

// passed names the stations whose times are there, and wants them in their order.
func passed(t *testing.T, stages string) (letters string) {
	t.Helper()
	last := time.Duration(0)
	for word := range strings.FieldsSeq(strings.Trim(stages, "[]")) {
		name, text, _ := strings.Cut(word, "=")
		at, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("stages %s: %v", stages, err)
		}
		if at == 0 {
			continue
		}
		if at < last {
			t.Errorf("%s is before the station in front of it: %s", name, stages)
		}
		letters, last = letters+name[:1], at
	}
	return letters
}
