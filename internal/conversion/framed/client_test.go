package framed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/internal/accept"
)

// house is a service each of whose connections a function serves, the first with 0.
type house struct {
	serve func(n int, w *wire)

	mu    sync.Mutex
	dials int
	heard []string // what was brought, as the connection's number and the message
	all   sync.WaitGroup
}

func (h *house) dial(context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	h.mu.Lock()
	n := h.dials
	h.dials++
	h.mu.Unlock()
	h.all.Go(func() {
		defer far.Close()
		h.serve(n, newWire(far, most, readRoom))
	})
	return near, nil
}

// pass lets a bubble's time pass.
func pass(d time.Duration) { <-time.After(d) }

// begun takes a session; false: there is none any more.
func begun(w *wire) bool {
	p, err := w.preamble()
	if p == nil || err != nil {
		return false
	}
	w.d = framing.Decoder{Limits: w.d.Limits}
	_, err = w.conn.Write([]byte{byte(framing.PreambleAck)})
	return err == nil
}

// take takes a message; false: the session has ended.
func (h *house) take(n int, w *wire) bool {
	m, err := w.read()
	if err != nil || m.end {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = append(h.heard, fmt.Sprintf("%d %s", n, m.body))
	return true
}

// answer takes a message and answers it.
func (h *house) answer(n int, w *wire) bool {
	if !h.take(n, w) {
		return false
	}
	_, err := w.conn.Write(framing.AppendSized(nil, []byte("yes")))
	return err == nil
}

// ends waits for the client's End, and says its own a while later.
func ends(w *wire, late time.Duration) bool {
	if m, err := w.read(); err != nil || !m.end {
		return false
	}
	pass(late)
	w.d = framing.Decoder{Limits: w.d.Limits}
	_, err := w.conn.Write([]byte{byte(framing.End)})
	return err == nil
}

// usual serves one session after the other, as WCF's services do.
func (h *house) usual(n int, w *wire) {
	for begun(w) && h.answer(n, w) && ends(w, 0) {
		continue
	}
}

// caller is a client with what goes on behind its answers.
type caller struct {
	Client

	house *house
	tasks sync.WaitGroup
	t     *testing.T
}

func newCaller(t *testing.T, serve func(h *house, n int, w *wire)) *caller {
	c := &caller{house: &house{}, t: t}
	c.house.serve = func(n int, w *wire) { serve(c.house, n, w) }
	c.Go, c.Life = c.tasks.Go, t.Context()
	return c
}

// says makes a call that is answered, and gives how long that took.
func (c *caller) says(message string) time.Duration {
	c.t.Helper()
	took, err := c.tries(via, message)
	if err != nil {
		c.t.Errorf("%s: %v", message, err)
	}
	return took
}

func (c *caller) tries(to, message string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	oneWay, began := strings.HasPrefix(message, "tell"), time.Now()
	got, err := c.Call(ctx, c.house.dial, to, []byte(message), oneWay, most)
	if err == nil && !oneWay && string(got) != "yes" {
		err = fmt.Errorf("an answer %q", got)
	}
	return time.Since(began), err
}

// triesAhead is tries of a session that began before the message was made, and had time to be acknowledged.
func (c *caller) triesAhead(to, message string) (time.Duration, error) {
	began := time.Now()
	a := c.Ahead(to)
	synctest.Wait()
	got, err := a.Call(context.Background(), c.house.dial, []byte(message), false, most)
	if err == nil && string(got) != "yes" {
		err = fmt.Errorf("an answer %q", got)
	}
	return time.Since(began), err
}

// over ends the client and its service, and says what was heard.
func (c *caller) over(want ...string) {
	c.t.Helper()
	c.Close()
	c.tasks.Wait()
	c.house.all.Wait()
	if got := strings.Join(c.house.heard, ", "); got != strings.Join(want, ", ") {
		c.t.Errorf("the service heard %q, want %q", got, want)
	}
}

// TestClientKeeps: sessions in a row are on one connection, each with a preamble of its own; one of another Via is not, nor are two at the
// same time. One-way messages are no exception.
func TestClientKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, (*house).usual)
		c.house.serve = func(n int, w *wire) {
			for begun(w) {
				for c.house.take(n, w) {
					if last := c.house.heard[len(c.house.heard)-1]; !strings.Contains(last, "tell") {
						_, _ = w.conn.Write(framing.AppendSized(nil, []byte("yes")))
					}
				}
				w.d = framing.Decoder{Limits: w.d.Limits}
				if _, err := w.conn.Write([]byte{byte(framing.End)}); err != nil {
					return
				}
			}
		}
		for _, message := range []string{"a", "b", "tell", "c"} {
			c.says(message) // at once: it waits for the end of the one before
		}
		synctest.Wait()
		if _, err := c.tries(via+"/other", "d"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		c.says("e")
		c.over("0 a", "0 b", "0 tell", "0 c", "1 d", "0 e")
	})
}

// TestClientAtMono: a service that closes its connection late and says no End holds up no answer. The next call waits for that, where it
// comes at once; one that comes later does not.
func TestClientAtMono(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const closing = 50 * time.Millisecond
		c := newCaller(t, func(h *house, n int, w *wire) {
			if begun(w) && h.answer(n, w) {
				_, _ = w.read()
				pass(closing)
			}
		})
		for i, want := range []time.Duration{0, closing + calmTime, closing + calmTime} {
			if took := c.says("a"); took != want {
				t.Errorf("call %d took %v, want %v", i, took, want)
			}
		}
		pass(closing + 2*calmTime)
		if took := c.says("b"); took != 0 {
			t.Errorf("later: %v", took)
		}
		var both sync.WaitGroup // one waits for the end of that, the other has none to wait for
		var took [2]time.Duration
		for i := range took {
			both.Go(func() { took[i] = c.says("c") })
		}
		both.Wait()
		if took[0]+took[1] != closing+calmTime {
			t.Errorf("two at the same time took %v", took)
		}
		c.over("0 a", "1 a", "2 a", "3 b", "4 c", "5 c")
	})
}

// TestClientNeverEnded: a service that does not end its sessions costs the next call a moment, and no answer; each such session is given up.
func TestClientNeverEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var left []time.Duration
		c := newCaller(t, func(h *house, n int, w *wire) {
			if begun(w) && h.answer(n, w) {
				_, _ = w.read()
				began := time.Now()
				_, _ = w.conn.Read(make([]byte, 1))
				mu.Lock()
				defer mu.Unlock()
				left = append(left, time.Since(began))
			}
		})
		if took := []time.Duration{c.says("a"), c.says("b")}; took[0] != 0 || took[1] != giveWay {
			t.Errorf("took %v", took)
		}
		began := time.Now()
		c.over("0 a", "1 b")
		if took := time.Since(began); took != endingTime+calmTime {
			t.Errorf("the end took %v", took)
		}
		if len(left) != 2 || left[0] != endingTime || left[1] != endingTime {
			t.Errorf("left after %v", left)
		}
	})
}

// TestClientMany: of sessions that do not end no more than a number goes on behind answers, and no answer waits for that.
func TestClientMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended sync.WaitGroup
		c := newCaller(t, func(h *house, n int, w *wire) {
			if begun(w) && h.answer(n, w) {
				_, _ = w.read()
				_, _ = w.conn.Read(make([]byte, 1))
				ended.Done()
			}
		})
		ended.Add(maxEnding + 9)
		var calls sync.WaitGroup
		for range maxEnding + 9 {
			calls.Go(func() { c.says("a") })
		}
		calls.Wait()
		c.mu.Lock()
		n := c.ending
		c.mu.Unlock()
		if n != maxEnding {
			t.Errorf("%d sessions end behind their answers", n)
		}
		ended.Wait()
		c.over(c.house.heard...)
	})
}

// TestClientGone: a kept connection that is of no more use costs nothing but another one, whatever is wrong with it, and the message is
// brought once. Behind the acknowledgement nothing is tried again.
func TestClientGone(t *testing.T) {
	second := func(what func(h *house, n int, w *wire)) func(h *house, n int, w *wire) {
		return func(h *house, n int, w *wire) {
			if n > 0 {
				h.usual(n, w)
				return
			}
			if begun(w) && h.answer(n, w) && ends(w, 0) {
				what(h, n, w)
			}
		}
	}
	hear := func(w *wire) { _, _ = w.preamble() }
	for name, row := range map[string]struct {
		what  func(h *house, n int, w *wire)
		took  time.Duration
		heard string // of the second message
		text  string // of its error
	}{
		"closed at once":        {what: func(*house, int, *wire) {}, heard: "1 b"},
		"closed later":          {what: func(*house, int, *wire) { pass(time.Second) }, heard: "1 b"},
		"closed at the session": {what: func(_ *house, _ int, w *wire) { hear(w) }, heard: "1 b"},
		"refused": {what: func(_ *house, _ int, w *wire) {
			hear(w)
			_, _ = w.conn.Write(framing.AppendFault(nil, framing.ServerTooBusy))
		}, heard: "1 b"},
		"silent": {what: func(_ *house, _ int, w *wire) {
			hear(w)
			_, _ = w.conn.Read(make([]byte, 1))
		}, took: time.Second, heard: "1 b"},
		"talks between sessions": {what: func(_ *house, _ int, w *wire) {
			_, _ = w.conn.Write([]byte{byte(framing.PreambleAck)})
			_, _ = w.conn.Read(make([]byte, 1))
		}, heard: "1 b"},
		"closed at the message": {what: func(h *house, n int, w *wire) { _ = begun(w) && h.take(n, w) }, heard: "0 b", text: "ended the session without an answer"},
	} {
		for ahead, name := range map[bool]string{false: name, true: name + ", ahead"} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newCaller(t, second(row.what))
					c.says("a")
					if strings.HasPrefix(name, "closed later") {
						pass(2 * time.Second)
					}
					synctest.Wait()
					try := c.tries
					if ahead {
						try = c.triesAhead
					}
					took, err := try(via, "b")
					if took != row.took || (err == nil) != (row.text == "") || err != nil && !strings.Contains(err.Error(), row.text) {
						t.Errorf("%v after %v, want %q after %v", err, took, row.text, row.took)
					}
					synctest.Wait()
					c.over("0 a", row.heard)
				})
			})
		}
	}
}

// TestClientBounds: as many connections are kept as WCF keeps, each for a while, and none for long.
func TestClientBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		open := 0
		count := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			open += n
		}
		c := newCaller(t, func(h *house, n int, w *wire) {
			count(1)
			defer count(-1)
			for begun(w) && h.take(n, w) {
				pass(time.Second)
				_, _ = w.conn.Write(framing.AppendSized(nil, []byte("yes")))
				if !ends(w, 0) {
					return
				}
			}
		})
		kept := func(want int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if c.mu.Lock(); open != want || len(c.idle) != want {
				t.Errorf("%d connections are open and %d kept, want %d", open, len(c.idle), want)
			}
			c.mu.Unlock()
		}
		var calls sync.WaitGroup
		began := time.Now()
		for range maxIdle + 3 {
			calls.Go(func() { c.says("a") })
		}
		calls.Wait()
		kept(maxIdle)
		pass(idleTime - time.Second)
		c.says("b")
		pass(2 * time.Second)
		kept(1)
		for time.Since(began) < leaseTime-idleTime { // the one is used again and again
			pass(idleTime - 5*time.Second)
			c.says("c")
		}
		kept(1)
		if c.house.dials != maxIdle+3 {
			t.Errorf("%d connections in all", c.house.dials)
		}
		pass(leaseTime - time.Since(began))
		c.says("d")
		kept(0)
		c.says("e")
		kept(1)
		c.Close()
		kept(0)
		c.says("f")
		kept(0)
		c.over(c.house.heard...)
	})
}

// TestClientLife: the end of the client's life cuts what goes on behind answers, and no answer.
func TestClientLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, func(h *house, n int, w *wire) {
			if begun(w) && h.answer(n, w) {
				_, _ = w.read()
				_, _ = w.conn.Read(make([]byte, 1))
			}
		})
		life, cut := context.WithCancel(t.Context())
		c.Life = life
		c.says("a")
		synctest.Wait()
		cut()
		began := time.Now()
		c.over("0 a")
		if took := time.Since(began); took != 0 {
			t.Errorf("the end took %v", took)
		}
	})
}

// TestClientLeft: a caller that leaves while it waits for the end of another session hears so at once, and nobody's turn is lost.
func TestClientLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const closing = 100 * time.Millisecond
		c := newCaller(t, func(h *house, n int, w *wire) {
			for begun(w) && h.answer(n, w) && ends(w, closing) {
				continue
			}
		})
		c.says("a")
		ctx, leave := context.WithTimeoutCause(t.Context(), closing/2, io.ErrUnexpectedEOF)
		defer leave()
		began := time.Now()
		if _, err := c.Call(ctx, c.house.dial, via, []byte("b"), false, most); !errors.Is(err, io.ErrUnexpectedEOF) || time.Since(began) != closing/2 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if took := c.says("c"); took != closing/2 {
			t.Errorf("the next took %v", took)
		}
		pass(closing)
		c.over("0 a", "0 c")
	})
}

// overTCP is a usual service on this machine, which ends with the test.
func overTCP(t testing.TB) Dialer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		accept.Loop(context.Background(), l, func(conn net.Conn) {
			all.Go(func() {
				defer conn.Close()
				_ = Serve(context.Background(), conn, most, func(string, string) (Handler, error) {
					return func(context.Context, []byte) ([]byte, error) { return []byte("yes"), nil }, nil
				})
			})
		})
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}
}

// TestClientAllocations: a call on a kept connection makes two thirds of the allocations of one on its own, both ends together, and no more than it does
// today.
func TestClientAllocations(t *testing.T) {
	dial, envelope := overTCP(t), []byte("echo")
	var tasks sync.WaitGroup
	c := &Client{Go: tasks.Go, Life: t.Context()}
	defer tasks.Wait()
	defer c.Close()
	own := testing.AllocsPerRun(50, func() {
		if _, err := Call(t.Context(), dial, via, envelope, false, most); err != nil {
			t.Error(err)
		}
	})
	kept := testing.AllocsPerRun(50, func() {
		if _, err := c.Call(t.Context(), dial, via, envelope, false, most); err != nil {
			t.Error(err)
		}
	})
	if t.Logf("%.0f allocations on a kept connection, %.0f on one of its own", kept, own); kept > 44 || kept > own*2/3 {
		t.Error("too many")
	}
}

// BenchmarkCall is a call of a service on this machine, each session on a connection of its own, and on a kept one.
func BenchmarkCall(b *testing.B) {
	dial, envelope := overTCP(b), []byte("echo")
	run := func(name string, call func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("own", func() error {
		_, err := Call(b.Context(), dial, via, envelope, false, most)
		return err
	})
	var tasks sync.WaitGroup
	c := &Client{Go: tasks.Go, Life: b.Context()}
	run("kept", func() error {
		_, err := c.Call(context.Background(), dial, via, envelope, false, most)
		return err
	})
	c.Close()
	tasks.Wait()
}
