package entry_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/store"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// atOnce is how soon TCP ends behind the second Close (reference section 1, rule 8, and section 19, point 12).
const atOnce = 100 * time.Millisecond

// The ends of a stream as rules 7 to 9 of reference section 1 and section 7 want them.

// TestCloses: code and text go through as they are, in both directions, whoever closes first; the other direction stays
// open and carries data until its own Close, which may say something else.
func TestCloses(t *testing.T) {
	long := strings.Repeat("x", 123)
	closes := []struct {
		name     string
		payload  []byte
		code     int
		text     string
		back     int
		backText string
	}{
		{"empty", nil, 0, "", 0, ""},
		{"normal", wsframe.AppendClose(nil, 1000, "Shutdown"), 1000, "Shutdown", 1000, "CloseAsync"},
		{"own code", wsframe.AppendClose(nil, 4001, "bye"), 4001, "bye", 4999, "ciao"},
		{"going away", wsframe.AppendClose(nil, 1001, ""), 1001, "", 1000, ""},
		{"longest text", wsframe.AppendClose(nil, 3000, long), 3000, long, 1011, long},
		{"text of other scripts", wsframe.AppendClose(nil, 1000, "конец 終わり"), 1000, "конец 終わり", 1000, "fin"},
		{".NET's empty", []byte{0x03, 0xed}, 0, "", 1000, ""}, // 1005 on the wire
	}
	both(t, func(s *set) {
		c := s.register("hyco", "")
		for _, row := range closes {
			for _, first := range []string{"sender", "listener"} {
				t.Run(row.name+" of the "+first, func(t *testing.T) {
					s := s.in(t)
					a, b := s.pair(c, "hyco", "")
					if first == "listener" {
						a, b = b, a
					}
					a.send(wsframe.Close, row.payload)
					b.closes(row.code, row.text)
					b.send(wsframe.Text, []byte("still here")).send(wsframe.Binary, pattern(100_000))
					a.data(wsframe.Text, []byte("still here"))
					a.data(wsframe.Binary, pattern(100_000))
					a.send(wsframe.Binary, []byte("data behind a Close is ignored"))
					b.sendClose(row.back, row.backText)
					a.closes(row.back, row.backText)
					a.ended()
					b.ended()
				})
			}
		}
		s.await(map[string]string{"msg": "closed", "shape": "stream", "reason": "PeerClosed"})
	})
}

// TestTCPEndsAtOnce: both connections of a stream are down within 100 ms of the second Close, a control channel within 100 ms
// of the listener's, though the client does nothing but wait. A machine under load gets more than one try: an end that waits
// for something is late each time.
func TestTCPEndsAtOnce(t *testing.T) {
	const tries = 10
	ends := map[string]func(s *set) time.Duration{
		"stream": func(s *set) time.Duration {
			sender, listener := s.pair(s.register("hyco", "sb-hc-id="+guid(1)), "hyco", "")
			sender.sendClose(1000, "CloseAsync")
			listener.closes(1000, "CloseAsync")
			listener.sendClose(1000, "CloseAsync")
			sent := time.Now()
			listener.ended()
			sender.closes(1000, "CloseAsync")
			sender.ended()
			return time.Since(sent)
		},
		"control channel": func(s *set) time.Duration {
			c := s.register("hyco", "")
			c.sendClose(1000, "Normal Closure")
			sent := time.Now()
			c.closes(1000, "Normal Closure")
			c.ended()
			return time.Since(sent)
		},
		"control channel, empty Close": func(s *set) time.Duration {
			c := s.register("hyco", "")
			c.send(wsframe.Close, nil)
			sent := time.Now()
			c.closes(0, "")
			c.ended()
			return time.Since(sent)
		},
	}
	both(t, func(s *set) {
		for name, end := range ends {
			var took time.Duration
			for range tries {
				if took = end(s); took <= atOnce {
					break
				}
			}
			if took > atOnce {
				s.t.Errorf("%s: TCP ended %v behind the last Close, %d times over", name, took, tries)
			}
		}
	})
}

// TestLossIsNoEnd: a connection that breaks, or ends without a Close, is a loss for the other side, before and after the
// first Close and in the middle of a message.
func TestLossIsNoEnd(t *testing.T) {
	inMiddle := wsframe.AppendFrame(nil, wsframe.Header{Op: wsframe.Binary, Masked: true}, []byte("a part"))
	losses := map[string]func(p *peer){
		"reset":            func(p *peer) { p.reset() },
		"TCP end":          func(p *peer) { _ = p.conn.Close() },
		"end in a message": func(p *peer) { p.write(string(inMiddle)); _ = p.conn.Close() },
		"end in a frame":   func(p *peer) { p.write(string(inMiddle[:4])); _ = p.conn.Close() },
	}
	both(t, func(s *set) {
		c := s.register("hyco", "")
		for name, lose := range losses {
			for _, side := range []string{"sender", "listener"} {
				t.Run(name+" of the "+side, func(t *testing.T) {
					s := s.in(t)
					a, b := s.pair(c, "hyco", "")
					if side == "listener" {
						a, b = b, a
					}
					lose(a)
					for {
						f, err := b.tryFrame() // the part of the message may come first
						if err == nil && (f.Op == wsframe.Binary && !f.Fin) {
							continue
						}
						if err == nil || isTimeout(err) || err.Error() == "EOF" {
							t.Errorf("the other side sees %v %q and %v, not a loss", f.Op, f.payload, err)
						}
						return
					}
				})
			}
		}
	})
}

// TestLossAfterClose: who sent a Close and then breaks does not make the other side's end an orderly one.
func TestLossAfterClose(t *testing.T) {
	both(t, func(s *set) {
		c := s.register("hyco", "")
		sender, listener := s.pair(c, "hyco", "")
		sender.sendClose(1000, "Shutdown")
		listener.closes(1000, "Shutdown")
		sender.reset()
		var err error
		for err == nil { // the gateway learns of it by writing
			err = listener.trySend(wsframe.Binary, pattern(32<<10))
		}
		s.await(map[string]string{"msg": "closed", "shape": "stream", "reason": "Aborted"})
	})
}

// TestQuietAfterClose: after the first Close a stream may go on for as long as something flows, and is cut when nothing
// does; without any Close it may be quiet for ever.
func TestQuietAfterClose(t *testing.T) {
	t.Parallel()
	const quiet = 500 * time.Millisecond
	bubbles(t, func(s *set) {
		c := s.register("hyco", "")
		idle, other := s.pair(c, "hyco", "")
		sender, listener := s.pair(c, "hyco", "")
		sender.sendClose(1000, "Shutdown")
		listener.closes(1000, "Shutdown")
		ticks := time.NewTicker(quiet / 16)
		defer ticks.Stop()
		for began := time.Now(); time.Since(began) < 2*quiet; <-ticks.C {
			listener.send(wsframe.Binary, []byte("more"))
			sender.data(wsframe.Binary, []byte("more"))
		}
		sender.lost()
		listener.gone()
		s.await(map[string]string{"msg": "closed", "shape": "stream", "reason": "Idle", "side": "gateway"})
		idle.send(wsframe.Text, []byte("after all that time"))
		other.data(wsframe.Text, []byte("after all that time"))
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Idle = quiet }))
}

// TestBackPressure: a sender whose listener does not read is held up, and whoever takes nothing for timeouts.write loses
// the stream; the other side sees a loss.
func TestBackPressure(t *testing.T) {
	bubbles(t, func(s *set) {
		sender, listener := s.pair(s.register("hyco", ""), "hyco", "")
		var err error
		for err == nil {
			err = sender.trySend(wsframe.Binary, pattern(256<<10))
		}
		if isTimeout(err) {
			s.t.Error("the sender was held up for longer than the gateway may wait")
		}
		s.await(map[string]string{"msg": "closed", "shape": "stream", "reason": "WriteTimeout", "side": "listener"})
		_ = listener
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Timeouts.Write = 300 * time.Millisecond }))
}

// TestPings: a ping of either side is answered by the gateway and not passed on, also between the fragments of a message; an
// unsolicited pong is neither answered nor passed on.
func TestPings(t *testing.T) {
	both(t, func(s *set) {
		sender, listener := s.pair(s.register("hyco", ""), "hyco", "")
		for _, pair := range [][2]*peer{{sender, listener}, {listener, sender}} {
			a, b := pair[0], pair[1]
			a.send(wsframe.Pong, nil).send(wsframe.Pong, []byte("alive"))
			a.write(string(wsframe.AppendFrame(nil, wsframe.Header{Op: wsframe.Text, Masked: true}, []byte("one "))))
			a.pingPong()
			a.write(string(wsframe.AppendFrame(nil, wsframe.Header{Op: wsframe.Cont, Masked: true}, []byte("message"))))
			a.pingPong()
			a.write(string(wsframe.AppendFrame(nil, wsframe.Header{Op: wsframe.Cont, Masked: true, Fin: true}, nil)))
			got := wholeMessage(b)
			if got != "text one message" {
				s.t.Errorf("through came %q", got)
			}
		}
	})
}

// wholeMessage reads frames until a message ends; a control frame is an answer that nobody asked for.
func wholeMessage(p *peer) string {
	p.t.Helper()
	var kind wsframe.Op
	var b strings.Builder
	for {
		f, err := p.tryFrame()
		switch {
		case err != nil:
			p.t.Fatal(err)
		case f.Op.Control():
			p.t.Errorf("a %v %q came along", f.Op, f.payload)
			continue
		case f.Op != wsframe.Cont:
			kind = f.Op
		}
		b.Write(f.payload)
		if f.Fin {
			return fmt.Sprintf("%v %s", kind, b.String())
		}
	}
}

// TestSilentPeers: a peer that answers no ping is dropped, on a control channel and on a stream, and the others are told of a
// loss; one that answers stays.
func TestSilentPeers(t *testing.T) {
	const ping = 50 * time.Millisecond
	bubbles(t, func(s *set) {
		s.add("silent")
		c, silent := s.register("hyco", ""), s.register("silent", "")
		sender, listener := s.pair(c, "hyco", "")
		var answering sync.WaitGroup
		defer answering.Wait()
		defer func() { _ = c.conn.Close() }()
		answering.Go(func() { _, _, _, _ = c.tryData() })
		answering.Go(func() { _, _, _, _ = listener.tryData() }) // answers pings until the stream is cut: the sender does not
		s.await(map[string]string{"msg": "closed", "shape": "stream", "reason": "Idle", "side": "sender"})
		s.await(map[string]string{"msg": "closed", "shape": "listener", "entity": "silent", "reason": "Idle"})
		sender.lost()
		silent.gone()
		for line := range strings.Lines(s.Log()) {
			if strings.Contains(line, `"msg":"closed"`) && strings.Contains(line, `"shape":"listener"`) && !strings.Contains(line, `"entity":"silent"`) {
				s.t.Errorf("the listener that answers was dropped: %s", line)
			}
		}
	}, testcluster.WithPing(ping))
}

// TestToldWhileBusy: streams in full flow are told too why they end: a write that is under way, and data that nobody reads any
// more, do not turn the Close into a reset. It is in a bubble: how long the gateway lets a peer take the Close is little on a busy machine.
func TestToldWhileBusy(t *testing.T) {
	bubbles(t, func(s *set) {
		c := s.register("hyco", "")
		e := s.add("busy")
		busy := s.register("busy", "")
		for round := range 3 {
			sender, listener := s.pair(busy, "busy", "")
			var flowing sync.WaitGroup
			told := make(chan error, 3)
			for _, p := range []*peer{sender, listener} {
				var over atomic.Bool // a peer that was told stops, sooner or later
				flowing.Go(func() {
					for !over.Load() && p.trySend(wsframe.Binary, pattern(100_000)) == nil {
					}
				})
				flowing.Go(func() {
					for seen := 0; ; seen++ {
						_, _, _, err := p.tryData()
						if err != nil {
							over.Store(true)
							told <- err
							return
						}
						if seen == 3 && p == sender {
							told <- nil
						}
					}
				})
			}
			if err := <-told; err != nil {
				s.t.Fatal(err)
			}
			if err := s.Store().Delete(s.t.Context(), e.At, store.Any); err != nil {
				s.t.Fatal(err)
			}
			for range 2 {
				var end closed
				if err := <-told; !errors.As(err, &end) || end.code != 1001 {
					s.t.Errorf("round %d: %v", round, err)
				}
			}
			_, _ = sender.conn.Close(), listener.conn.Close()
			flowing.Wait()
			busy.dismissed(1001, "deleted")
			s.add("busy")
			busy = s.register("busy", "")
		}
		c.undisturbed()
	})
}
