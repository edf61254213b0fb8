package entry_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// Bad listeners and bad senders in good company: 32 senders whose every exchange on the same control channel has its right
// answer, in its order, while one exchange after the other goes wrong in its own way.

const company = 32

// misdeed is one exchange that goes wrong.
type misdeed struct {
	name string
	send func(p *peer, path string)                    // the bad request; nil: an ordinary one
	do   func(s *set, c *told, q *asked) error         // what the listener does with it; nil: it never hears of it
	want func(a *answer, err error) (complaint string) // what the sender is told; nil: nothing can be
}

// status wants an answer of the gateway's own.
func status(want int, code string) func(*answer, error) string {
	return func(a *answer, err error) string {
		if err != nil || a.Status != want || a.Fields.Get("Causeway-Error") != code {
			return fmt.Sprintf("%v, %v in place of %d %s", a, err, want, code)
		}
		return ""
	}
}

// broken wants an answer that does not end in order.
func broken(a *answer, err error) string {
	if err == nil {
		return fmt.Sprintf("%d %q was taken for whole", a.Status, a.Body)
	}
	return ""
}

// says is a listener that sends texts on its control channel; ID in them is the request's.
func says(texts ...string) func(*set, *told, *asked) error {
	return func(_ *set, c *told, q *asked) error {
		for _, text := range texts {
			if err := c.trySend(wsframe.Text, []byte(strings.ReplaceAll(text, "ID", q.ID))); err != nil {
				return err
			}
		}
		return nil
	}
}

// comes is a listener that dials the rendezvous and does something there.
func comes(do func(at *peer, id string) error) func(*set, *told, *asked) error {
	return func(s *set, _ *told, q *asked) error {
		at, err := s.tryVisit(q.Address)
		if err != nil {
			return err
		}
		if a, err := at.tryAnswer(); err != nil || a.Status != 101 {
			return fmt.Errorf("%v at the rendezvous: %w", a, err)
		}
		return do(at, q.ID)
	}
}

// closes wants a Close with the code at a rendezvous where something was sent.
func closes(code int, op wsframe.Op, payload string) func(*set, *told, *asked) error {
	return comes(func(at *peer, id string) error {
		if err := at.trySend(op, []byte(strings.ReplaceAll(payload, "ID", id))); err != nil {
			return err
		}
		_, b, _, err := at.tryData()
		var c closed
		if !errors.As(err, &c) || c.code != code {
			return fmt.Errorf("%q and %w in place of Close %d", b, err, code)
		}
		return nil
	})
}

// begins is a listener that begins an answer at the rendezvous and then does something else.
func begins(then func(at *peer) error) func(*set, *told, *asked) error {
	return comes(func(at *peer, id string) error {
		if err := at.trySend(wsframe.Text, fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, id)); err != nil {
			return err
		}
		if err := at.tryWrite(wsframe.AppendFrame(nil, wsframe.Header{Op: wsframe.Binary, Masked: true}, []byte("begun"))); err != nil {
			return err
		}
		return then(at)
	})
}

// posts is a sender of a bad body.
func posts(rest string) func(*peer, string) {
	return func(p *peer, path string) {
		_ = p.tryWrite([]byte("POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + rest)) // it may be refused meanwhile
	}
}

// misdeeds are all ways in which a listener or a sender is known to go wrong.
var misdeeds = []misdeed{
	{"never answers", nil, says(), status(504, "ListenerSilent")},
	{"answers somebody else", nil, says(`{"response":{"requestId":"00019a95-0f45-d50d-0000-000000000000_G1","statusCode":200}}`), status(504, "ListenerSilent")},
	{"answers without an id", nil, says(`{"response":{"statusCode":200}}`), status(504, "ListenerSilent")},
	{"answers with an id that is none", nil, says(`{"response":{"requestId":"+ID","statusCode":200}}`), status(504, "ListenerSilent")},
	{"says what is no JSON", nil, says(`{"response":`, "\x00", ``, `[]`, `{"respond":{}}`), status(504, "ListenerSilent")},
	{"no status", nil, says(`{"response":{"requestId":"ID"}}`), status(502, "BadAnswer")},
	{"a status that ends nothing", nil, says(`{"response":{"requestId":"ID","statusCode":101}}`), status(502, "BadAnswer")},
	{"a status that is none", nil, says(`{"response":{"requestId":"ID","statusCode":999}}`), status(502, "BadAnswer")},
	{"answers twice", nil, says(`{"response":{"requestId":"ID","statusCode":200}}`, `{"response":{"requestId":"ID","statusCode":500}}`), func(a *answer, err error) string {
		if err != nil || a.Status != 200 {
			return fmt.Sprintf("%v, %v", a, err)
		}
		return ""
	}},
	{"a body that nobody announced", nil, func(s *set, c *told, q *asked) error {
		if err := c.trySend(wsframe.Binary, []byte("stray")); err != nil {
			return err
		}
		return says(`{"response":{"requestId":"ID","statusCode":204,"body":false}}`)(s, c, q)
	}, func(a *answer, err error) string {
		if err != nil || a.Status != 204 {
			return fmt.Sprintf("%v, %v", a, err)
		}
		return ""
	}},
	{"comes and says nothing", nil, comes(func(*peer, string) error { return nil }), status(504, "ListenerSilent")},
	{"comes and goes", nil, comes(func(at *peer, _ string) error { return at.trySend(wsframe.Close, wsframe.AppendClose(nil, 1000, "")) }), status(502, "BadAnswer")},
	{"comes and is lost", nil, comes(func(at *peer, _ string) error { at.reset(); return nil }), status(502, "ListenerLost")},
	{"body before its message", nil, closes(1002, wsframe.Binary, "body"), status(502, "BadAnswer")},
	{"another command", nil, closes(1002, wsframe.Text, `{"renewToken":{"token":"x"}}`), status(502, "BadAnswer")},
	{"no id at the rendezvous", nil, closes(1002, wsframe.Text, `{"response":{"statusCode":200}}`), status(502, "BadAnswer")},
	{"no JSON at the rendezvous", nil, closes(1002, wsframe.Text, `{"response"`), status(502, "BadAnswer")},
	{"too long a message", nil, closes(1009, wsframe.Text, strings.Repeat(" ", 2<<20)), status(502, "BadAnswer")},
	{"frame that is none", nil, comes(func(at *peer, _ string) error { return at.tryWrite([]byte("\x93\x80abcd")) }), status(502, "ListenerLost")},
	{"body that stands still", nil, begins(func(*peer) error { return nil }), broken},
	{"body that breaks off", nil, begins(func(at *peer) error {
		synctest.Wait() // a reset takes with it what the gateway has not read yet
		at.reset()
		return nil
	}), broken},
	{"body that ends with an error", nil, begins(func(at *peer) error { return at.trySend(wsframe.Close, wsframe.AppendClose(nil, 1011, "no")) }), broken},

	{"chunk that is none", posts("Transfer-Encoding: chunked\r\n\r\n0x1\r\nZ\r\n0\r\n\r\n"), nil, status(400, "BadRequest")},
	{"second chunk that is none", posts("Transfer-Encoding: chunked\r\n\r\n1\r\nZ\r\nZ\r\n"), nil, status(400, "BadRequest")},
	{farIn, posts("Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 20) + "zz\r\n"), comes(func(at *peer, _ string) error {
		for {
			if _, err := at.tryFrame(); err != nil {
				return nil // it breaks off, and that is what it is to do
			}
		}
	}), status(400, "BadRequest")},
	{"body that ends early", func(p *peer, path string) {
		posts("Content-Length: 10\r\n\r\nshort")(p, path)
		_ = p.conn.Close()
	}, nil, nil},
	{"body that stands still on its way up", posts("Content-Length: 10\r\n\r\nshort"), nil, status(408, "SlowBody")},
	{"head that fits no message", posts("X: " + strings.Repeat(`"`, 32600) + "\r\n\r\n"), nil, status(431, "HeadTooLarge")},
	{"sender that leaves", posts("\r\n"), says(), nil},
}

// told is a control channel that many write to.
type told struct {
	turn sync.Mutex
	p    *peer
}

func (c *told) trySend(op wsframe.Op, payload []byte) error {
	c.turn.Lock()
	defer c.turn.Unlock()
	return c.p.trySend(op, payload)
}

func (c *told) tryReply(r wire.Response, body []byte) error {
	c.turn.Lock()
	defer c.turn.Unlock()
	return c.p.tryReply(r, body)
}

// TestBadInGoodCompany: every misdeed is a clear error to the right party, and no other exchange of the channel suffers.
func TestBadInGoodCompany(t *testing.T) {
	t.Parallel()
	const rounds = 20
	bubbles(t, func(s *set) {
		s.Add(&entity.Entity{Name: "open", AnonymousSenders: true, Settings: entity.Settings{ResponseTimeout: 2 * time.Second}})
		c := &told{p: s.register("open", "").peer}
		bad := make([]chan *asked, len(misdeeds))
		for i := range bad {
			bad[i] = make(chan *asked, 1)
		}
		complaints := make(chan string, len(misdeeds)+2*company*rounds)
		over := new(sync.WaitGroup)
		for i := range misdeeds {
			p := s.sender() // the test's own goroutine dials
			over.Go(func() {
				if complaint := s.commit(p, i, c, bad[i]); complaint != "" {
					complaints <- misdeeds[i].name + ": " + complaint
				}
			})
		}
		for i := range company {
			over.Go(func() {
				if err := s.keepsCompany(i, rounds); err != nil {
					complaints <- fmt.Sprintf("sender %d: %v", i, err)
				}
			})
		}
		attended := make(chan struct{})
		go func() {
			defer close(attended)
			attend(c, bad, complaints)
		}()
		over.Wait()
		c.p.reset()
		<-attended
		close(complaints)
		for complaint := range complaints {
			s.t.Error(complaint)
		}
	})
}

// attend is the listener: of the good requests every other is answered behind the next, the bad ones are each somebody's.
func attend(c *told, bad []chan *asked, complaints chan<- string) {
	var held *asked
	answer := func(q *asked) {
		r := wire.Response{RequestID: q.ID, Status: 200, Fields: shape.Fields{{Name: "X-Target", Value: q.Target}}}
		if err := c.tryReply(r, q.body); err != nil {
			complaints <- err.Error()
		}
	}
	for {
		q, err := c.p.tryAsked()
		if err != nil {
			return
		}
		i, isBad := misdeedOf(q)
		switch {
		case isBad:
			bad[i] <- q
		case held == nil && strings.HasSuffix(q.Target, "/held"):
			held = q
		default:
			answer(q)
			if held != nil {
				answer(held)
				held = nil
			}
		}
	}
}

// farIn is the misdeed that goes by a pointer.
const farIn = "chunk far into a large body"

// misdeedOf says which misdeed a request belongs to. A pointer has no target; only one misdeed is that large.
func misdeedOf(q *asked) (i int, ok bool) {
	if q.Pointer {
		return slices.IndexFunc(misdeeds, func(m misdeed) bool { return m.name == farIn }), true
	}
	n, err := fmt.Sscanf(q.Target, "/open/bad/%d", &i)
	return i, n == 1 && err == nil
}

// keepsCompany is one good sender: each answer is that of its request, on one connection, in order. Of each pair one is held back
// by the listener until somebody else asks, and the last rounds hold nothing back.
func (s *set) keepsCompany(i, rounds int) error {
	p, err := s.tryDial(s.senderNode.Door(s.door), s.senderNode.Host(s.door), s.door == "http")
	if err != nil {
		return err
	}
	for n := range rounds {
		target, body := fmt.Sprintf("/open/good/%d/%d", i, n), strings.Repeat("x", (i*977+n*131)%3000+1)
		if i%2 == 0 && n < rounds/2 {
			target += "/held"
		}
		if err := p.tryWrite([]byte(p.request("POST", target, fmt.Sprintf("Content-Length: %d", len(body))) + body)); err != nil {
			return err
		}
		a, err := p.tryResponse("POST")
		if err != nil {
			return err
		}
		if a.Status != 200 || a.Fields.Get("X-Target") != target || a.Body != body {
			return fmt.Errorf("%s was answered %d %s with %d bytes of %d, for %q", target, a.Status, a.Reason, len(a.Body), len(body), a.Fields.Get("X-Target"))
		}
	}
	return nil
}

// commit does misdeed i and says what of its outcome is wrong.
func (s *set) commit(p *peer, i int, c *told, bad <-chan *asked) string {
	m := &misdeeds[i]
	defer p.conn.Close()
	path := fmt.Sprintf("/open/bad/%d", i)
	if m.send != nil {
		m.send(p, path)
	} else if err := p.tryWrite([]byte(p.request("GET", path))); err != nil {
		return err.Error()
	}
	if m.do != nil {
		ctx, cancel := testContext(s.t)
		defer cancel()
		select {
		case q := <-bad:
			if err := m.do(s, c, q); err != nil {
				return err.Error()
			}
		case <-ctx.Done():
			return "the listener was not asked"
		}
	}
	if m.want == nil {
		return ""
	}
	return m.want(p.tryResponse("GET"))
}
