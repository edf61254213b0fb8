package conversion

import (
	"context"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/accept"
	"github.com/causeway-relay/causeway/internal/conversion/framed"
)

// id finds the id of a message, which its answer names.
var id = regexp.MustCompile(`MessageID>([^<]*)<`)

// desk is a service of net.tcp that answers 15, made of a conversion of its own.
func desk(t testing.TB) *Conversion {
	return between(t, "netTcp", "wsHttp", func(_ context.Context, req *shape.Request) (*shape.Response, error) {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		relates := ""
		if m := id.FindSubmatch(b); m != nil {
			relates = "<a:RelatesTo>" + string(m[1]) + "</a:RelatesTo>"
		}
		return &shape.Response{
			Status: 200, Fields: shape.Fields{{Name: "Content-Type", Value: `application/soap+xml; charset=utf-8`}},
			Body: shape.Memory([]byte(`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>` +
				`<a:Action s:mustUnderstand="1">urn:answer</a:Action>` + relates + `</s:Header><s:Body><Sum>15</Sum></s:Body></s:Envelope>`)),
		}, nil
	})
}

// closing is how long a late service takes to end a session.
const closing = 50 * time.Millisecond

// late is the end of a connection at a service that takes its time to end a session: by the record, or, mute, by closing.
type late struct {
	net.Conn

	mute bool
}

// Write implements net.Conn.
func (l *late) Write(b []byte) (int, error) {
	if len(b) == 1 && b[0] == byte(framing.End) {
		<-time.After(closing)
		if l.mute {
			_ = l.Conn.Close()
		}
	}
	return l.Conn.Write(b)
}

// beside is a conversion in front of a late service.
func beside(t *testing.T, mute bool) (c *Conversion, wait func()) {
	t.Helper()
	service := desk(t)
	var all sync.WaitGroup
	c = between(t, "soap", "netTcp", nil)
	c.Ask, c.Address = nil, func(*shape.Hello) string { return "net.tcp://server1/calc" }
	c.Dial = func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		all.Go(func() {
			defer far.Close()
			_ = service.Serve(t.Context(), &late{far, mute}, &shape.Hello{})
		})
		return near, nil
	}
	return c, all.Wait
}

// calls makes a call, and says how long the answer took, and how long its end.
func calls(ctx context.Context, t *testing.T, c *Conversion) (answer, end time.Duration) {
	t.Helper()
	began := time.Now()
	res, err := c.Exchange(ctx, posts("urn:add", sum11))
	answer = time.Since(began)
	if err != nil || res.Status != 200 {
		t.Fatalf("%+v, %v", res, err)
	}
	if whole, ok := res.Body.(shape.Whole); !ok || !strings.Contains(string(whole.Bytes()), "<Sum>15</Sum>") {
		t.Errorf("an answer %q", res.Body)
	}
	if text := said(t, res); !strings.Contains(text, "<Sum>15</Sum>") { // reads and closes
		t.Errorf("an answer %q", text)
	}
	return answer, time.Since(began) - answer
}

// TestPrompt: a service that says End is not waited for from the second call on, and its session ends within the exchange, whether the
// sender is still there or not; one that only closes is waited for. Where nobody keeps what it does, it is too.
func TestPrompt(t *testing.T) {
	for _, row := range []struct {
		name         string
		mute, keeps  bool
		answers, end [3]time.Duration
	}{
		{"says End", false, true, [3]time.Duration{closing, 0, 0}, [3]time.Duration{0, closing, closing}},
		{"closes", true, true, [3]time.Duration{closing, closing, closing}, [3]time.Duration{}},
		{"nobody keeps it", false, false, [3]time.Duration{closing, closing, closing}, [3]time.Duration{}},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, wait := beside(t, row.mute)
			if row.keeps {
				c.Prompt = new(atomic.Bool)
			}
			for i := range row.answers {
				if answer, end := calls(t.Context(), t, c); answer != row.answers[i] || end != row.end[i] {
					t.Errorf("%s: call %d took %v and %v, want %v and %v", row.name, i, answer, end, row.answers[i], row.end[i])
				}
			}
			for cause, want := range map[fail.Code]time.Duration{fail.SenderGone: row.end[2], fail.Draining: 0} {
				ctx, over := context.WithCancelCause(t.Context())
				res, err := c.Exchange(ctx, posts("urn:add", sum11))
				if err != nil {
					t.Fatal(err)
				}
				over(fail.New(cause, ""))
				began := time.Now()
				_ = res.Body.Close()
				if took := time.Since(began); took != want {
					t.Errorf("%s: behind %s the session took %v, want %v", row.name, cause, took, want)
				}
			}
			wait()
		})
	}
}

// TestSessions: where connections are kept the answer waits for nothing, and the next call is on the same connection.
func TestSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, wait := beside(t, false)
		dials, dial := 0, c.Dial
		c.Dial = func(ctx context.Context) (net.Conn, error) {
			dials++
			return dial(ctx)
		}
		var tasks sync.WaitGroup
		c.Sessions = &framed.Client{Go: tasks.Go, Life: t.Context()}
		for i, want := range []time.Duration{0, closing, closing} { // the next call waits for the end of the one before
			if answer, end := calls(t.Context(), t, c); answer != want || end != 0 {
				t.Errorf("call %d took %v and %v, want %v", i, answer, end, want)
			}
		}
		<-time.After(2 * closing) // what follows finds a connection that is kept, and begins a session
		if res, err := c.Exchange(t.Context(), posts("urn:add", sum11[:len(sum11)/2])); err != nil || res.Status != 500 {
			t.Errorf("half a message: %+v, %v", res, err)
		}
		if answer, end := calls(t.Context(), t, c); answer != closing || end != 0 {
			t.Errorf("behind half a message a call took %v and %v, want %v", answer, end, closing)
		}
		if dials != 1 {
			t.Errorf("%d connections", dials)
		}
		c.Sessions.Close()
		tasks.Wait()
		wait()
	})
}

// BenchmarkExchange is a call of SOAP 1.1 at a service of net.tcp on this machine, each session on a connection of its own, and with kept ones.
func BenchmarkExchange(b *testing.B) {
	service := desk(b)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		accept.Loop(b.Context(), l, func(conn net.Conn) {
			all.Go(func() {
				defer conn.Close()
				_ = service.Serve(b.Context(), conn, &shape.Hello{})
			})
		})
	})
	defer all.Wait()
	defer l.Close()
	for _, kept := range []bool{false, true} {
		b.Run(map[bool]string{false: "own", true: "kept"}[kept], func(b *testing.B) {
			c := between(b, "soap", "netTcp", nil)
			c.Ask, c.Address = nil, func(*shape.Hello) string { return "net.tcp://server1/calc" }
			c.Dial = func(ctx context.Context) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
			}
			var tasks sync.WaitGroup
			if kept {
				c.Sessions = &framed.Client{Go: tasks.Go, Life: b.Context()}
				defer tasks.Wait()
				defer c.Sessions.Close()
			}
			b.ReportAllocs()
			for b.Loop() {
				res, err := c.Exchange(b.Context(), posts("urn:add", sum11))
				if err != nil || res.Status != 200 {
					b.Fatalf("%+v, %v", res, err)
				}
				_ = res.Body.Close()
			}
		})
	}
}
