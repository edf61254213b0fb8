package entry_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
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
	send func(p *peer)                                 // the bad request; nil: an ordinary one
	do   func(s *set, c *peer, q *asked) error         // what the listener does with it; nil: it never hears of it
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
func says(texts ...string) func(*set, *peer, *asked) error {
	return func(_ *set, c *peer, q *asked) error {
		for _, text := range texts {
			if err := c.trySend(wsframe.Text, []byte(strings.ReplaceAll(text, "ID", q.ID))); err != nil {
				return err
			}
		}
		return nil
	}
}

// comes is a listener that dials the rendezvous and does something there.
func comes(do func(at *peer, id string) error) func(*set, *peer, *asked) error {
	return func(s *set, _ *peer, q *asked) error {
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

// told wants a Close with the code at a rendezvous where something was sent.
func told(code int, op wsframe.Op, payload string) func(*set, *peer, *asked) error {
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
func begins(then func(at *peer) error) func(*set, *peer, *asked) error {
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

const post = "POST /open/bad HTTP/1.1\r\nHost: localhost\r\n"

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
	{"a body that nobody announced", nil, func(s *set, c *peer, q *asked) error {
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
	{"body before its message", nil, told(1002, wsframe.Binary, "body"), status(502, "BadAnswer")},
	{"another command", nil, told(1002, wsframe.Text, `{"renewToken":{"token":"x"}}`), status(502, "BadAnswer")},
	{"no id at the rendezvous", nil, told(1002, wsframe.Text, `{"response":{"statusCode":200}}`), status(502, "BadAnswer")},
	{"no JSON at the rendezvous", nil, told(1002, wsframe.Text, `{"response"`), status(502, "BadAnswer")},
	{"too long a message", nil, told(1009, wsframe.Text, strings.Repeat(" ", 2<<20)), status(502, "BadAnswer")},
	{"frame that is none", nil, comes(func(at *peer, _ string) error { return at.tryWrite([]byte("\x93\x80abcd")) }), status(502, "ListenerLost")},
	{"body that stands still", nil, begins(func(*peer) error { return nil }), broken},
	{"body that breaks off", nil, begins(func(at *peer) error { at.reset(); return nil }), broken},
	{"body that ends with an error", nil, begins(func(at *peer) error { return at.trySend(wsframe.Close, wsframe.AppendClose(nil, 1011, "no")) }), broken},

	{"chunk that is none", func(p *peer) {
		_ = p.tryWrite([]byte(post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nZ\r\n0\r\n\r\n"))
	}, nil, status(400, "BadRequest")},
	{"second chunk that is none", func(p *peer) { _ = p.tryWrite([]byte(post + "Transfer-Encoding: chunked\r\n\r\n1\r\nZ\r\nZ\r\n")) }, nil, status(400, "BadRequest")},
	{"chunk far into a large body", func(p *peer) {
		_ = p.tryWrite([]byte(post + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1000\r\n"+strings.Repeat("x", 4096)+"\r\n", 20) + "zz\r\n"))
	}, comes(func(at *peer, _ string) error {
		for {
			if _, err := at.tryFrame(); err != nil {
				return nil // it breaks off, and that is what it is to do
			}
		}
	}), status(400, "BadRequest")},
	{"body that ends early", func(p *peer) {
		_ = p.tryWrite([]byte(post + "Content-Length: 10\r\n\r\nshort"))
		_ = p.conn.Close()
	}, nil, nil},
	{"body that stands still on its way up", func(p *peer) { _ = p.tryWrite([]byte(post + "Content-Length: 10\r\n\r\nshort")) }, nil, status(408, "SlowBody")},
	{"head that fits no message", func(p *peer) {
		_ = p.tryWrite([]byte("GET /open/bad HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat(`"`, 32600) + "\r\n\r\n"))
	}, nil, status(431, "HeadTooLarge")},
	{"sender that leaves", func(p *peer) { _ = p.tryWrite([]byte("GET /open/bad HTTP/1.1\r\nHost: localhost\r\n\r\n")) }, says(), nil},
}

// TestBadInGoodCompany: every misdeed is a clear error to the right party, and no other exchange of the channel suffers.
func TestBadInGoodCompany(t *testing.T) {
	both(t, func(s *set) {
		s.Add(&entity.Entity{Name: "open", AnonymousSenders: true, Settings: entity.Settings{ResponseTimeout: 700 * time.Millisecond}})
		c := s.register("open", "")
		bad := make(chan *asked)
		complaints := make(chan string, 1000)
		turn := new(sync.Mutex) // of the control channel's writer
		go attend(c.peer, turn, bad, complaints)
		var stop [2]chan struct{}
		var over [2]sync.WaitGroup
		for half := range stop {
			stop[half] = make(chan struct{})
			for i := range company / 2 {
				over[half].Go(func() { s.keepsCompany(2*i+half, stop[half], complaints) })
			}
		}
		for _, m := range misdeeds {
			if complaint := s.commit(c.peer, turn, bad, &m); complaint != "" {
				t.Errorf("%s: %s", m.name, complaint)
			}
		}
		for half := range stop { // the first may be held back until the second asks again
			close(stop[half])
			over[half].Wait()
		}
		close(complaints)
		for complaint := range complaints {
			t.Error(complaint)
		}
	})
}

// isHeld are the requests of the first half of the company.
var isHeld = regexp.MustCompile(`^/open/good/\d*[02468]/\d*5$`)

// attend is the listener: good requests are answered two at a time in the wrong order, bad ones are somebody else's.
func attend(c *peer, turn *sync.Mutex, bad chan<- *asked, complaints chan<- string) {
	defer close(bad)
	var held *asked
	answer := func(q *asked) {
		r := wire.Response{RequestID: q.ID, Status: 200, Fields: shape.Fields{{Name: "X-Target", Value: q.Target}}}
		turn.Lock()
		defer turn.Unlock()
		if err := c.tryReply(r, q.body); err != nil {
			complaints <- err.Error()
		}
	}
	for {
		q, err := c.tryAsked()
		switch {
		case err != nil:
			return
		case q.Pointer || strings.HasPrefix(q.Target, "/open/bad"):
			bad <- q
		case held == nil && isHeld.MatchString(q.Target):
			held = q // answered behind the next
		default:
			answer(q)
			if held != nil {
				answer(held)
				held = nil
			}
		}
	}
}

// keepsCompany is one good sender: each answer is that of its request, on one connection, in order.
func (s *set) keepsCompany(i int, stop <-chan struct{}, complaints chan<- string) {
	p, err := s.tryDial(s.senderNode.Door(s.door), s.senderNode.Host(s.door), s.door == "http")
	for n := 0; err == nil; n++ {
		select {
		case <-stop:
			return
		default:
		}
		target, body := fmt.Sprintf("/open/good/%d/%d", i, n), strings.Repeat("x", (i*977+n*131)%3000+1)
		if err = p.tryWrite([]byte(p.request("POST", target, fmt.Sprintf("Content-Length: %d", len(body))) + body)); err != nil {
			break
		}
		var a *answer
		if a, err = p.tryResponse("POST"); err == nil && (a.Status != 200 || a.Fields.Get("X-Target") != target || a.Body != body) {
			err = fmt.Errorf("%s was answered %d %s with %d bytes of %d, for %q", target, a.Status, a.Reason, len(a.Body), len(body), a.Fields.Get("X-Target"))
		}
	}
	complaints <- err.Error()
}

// commit does one misdeed and says what of its outcome is wrong.
func (s *set) commit(c *peer, turn *sync.Mutex, bad <-chan *asked, m *misdeed) string {
	p := s.sender()
	defer p.conn.Close()
	if m.send == nil {
		p.write(p.request("GET", "/open/bad"))
	} else {
		m.send(p)
	}
	if m.do != nil {
		ctx, cancel := testContext(s.t)
		defer cancel()
		var q *asked
		select {
		case q = <-bad: // nil: the control channel is gone
		case <-ctx.Done():
		}
		if q == nil {
			return "the listener was not asked"
		}
		turn.Lock()
		err := m.do(s, c, q)
		turn.Unlock()
		if err != nil {
			return err.Error()
		}
	}
	if m.want == nil {
		return ""
	}
	return m.want(p.tryResponse("GET"))
}
