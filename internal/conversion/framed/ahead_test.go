package framed

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestAhead: a session begins before its message is made where a connection is kept, and nowhere else. One in which nothing is said in the
// end leaves its connection for the next.
func TestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, (*house).usual)
		c.house.serve = func(n int, w *wire) {
			for begun(w) {
				c.house.mu.Lock()
				c.house.heard = append(c.house.heard, "session")
				c.house.mu.Unlock()
				for c.house.answer(n, w) {
					continue
				}
				if _, err := w.conn.Write([]byte{7}); err != nil {
					return
				}
			}
		}
		c.Ahead(via).Leave()
		synctest.Wait()
		if c.house.dials != 0 {
			t.Errorf("%d connections for no message", c.house.dials)
		}
		tries := func(message string) {
			t.Helper()
			if _, err := c.triesAhead(via, message); err != nil {
				t.Errorf("%s: %v", message, err)
			}
			synctest.Wait()
		}
		tries("a") // nothing is kept yet
		tries("b")
		c.Ahead(via).Leave()
		synctest.Wait()
		c.says("c")
		synctest.Wait()
		other := c.Ahead(via + "/other")
		synctest.Wait()
		other.Leave()
		tries("d")
		if c.house.dials != 1 {
			t.Errorf("%d connections", c.house.dials)
		}
		c.over("session", "0 a", "session", "0 b", "session", "session", "0 c", "session", "0 d")
	})
}

// TestAheadEnded: the end of a call's context ends the wait for the acknowledgement, and nothing is sent behind it.
func TestAheadEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, func(h *house, n int, w *wire) {
			if begun(w) && h.answer(n, w) && ends(w, 0) {
				_, _ = w.preamble()
				_, _ = w.read()
			}
		})
		c.says("a")
		synctest.Wait()
		a := c.Ahead(via)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		began := time.Now()
		_, err := a.Call(ctx, c.house.dial, []byte("b"), false, most)
		if !errors.Is(err, context.Canceled) || time.Since(began) != 300*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		c.over("0 a")
	})
}

// TestAheadLeft: a service that does not acknowledge a session in which nothing is said is given up, in time, and so is its connection.
func TestAheadLeft(t *testing.T) {
	for name, mute := range map[string]func(w *wire){
		"silent": func(w *wire) { _, _ = w.conn.Read(make([]byte, 1)) },
		"leaves": func(*wire) {},
		"other":  func(w *wire) { _, _ = w.conn.Write([]byte{7}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(t, func(h *house, n int, w *wire) {
					if n > 0 {
						h.usual(n, w)
					} else if begun(w) && h.answer(n, w) && ends(w, 0) {
						_, _ = w.preamble()
						mute(w)
					}
				})
				c.says("a")
				synctest.Wait()
				c.Ahead(via).Leave()
				pass(endingTime + calmTime)
				c.says("b")
				c.over("0 a", "1 b")
			})
		})
	}
}
