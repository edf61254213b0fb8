package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// hub is a relay of messages in memory, which does what a test wants with some of them.
type hub struct {
	all  bool
	what func(h *hub, e *hubEar, message []byte) // for each delivery; nil: deliver

	mu   sync.Mutex
	ears []*hubEar
	next int
}

type hubEar struct {
	name  string
	take  func([]byte)
	count Count
}

func (e *hubEar) deliver(message []byte) {
	e.count.Delivered++
	e.take(message)
}

func (h *hub) cast(message []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	to := h.ears
	if !h.all {
		h.next++
		to = h.ears[h.next%len(h.ears):][:1]
	}
	for _, e := range to {
		if h.what == nil {
			e.deliver(bytes.Clone(message))
		} else {
			h.what(h, e, bytes.Clone(message))
		}
	}
}

// mouth is a sender's connection to a hub.
type mouth struct {
	net.Conn

	hub *hub
}

func (m mouth) Write(b []byte) (int, error) {
	m.hub.cast(b)
	return len(b), nil
}

type closer func()

func (c closer) Close() error { c(); return nil }

// relay makes a hub one that is measured.
func (h *hub) relay(t *testing.T) *Casts {
	t.Helper()
	return &Casts{
		Listen: func(name string, take func([]byte)) (io.Closer, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.ears = append(h.ears, &hubEar{name: name, take: take})
			return closer(func() {}), nil
		},
		Send: func() (net.Conn, error) {
			near, far := net.Pipe()
			t.Cleanup(func() { far.Close() })
			return mouth{near, h}, nil
		},
		Counts: func() (map[string]Count, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			counts := map[string]Count{}
			for _, e := range h.ears {
				counts[e.name] = e.count
			}
			return counts, nil
		},
	}
}

// number is that of a message, which is whole.
func number(message []byte) uint64 {
	n, _, _ := headOf(message)
	return n
}

const blink = 30 * time.Millisecond

// ways of measuring a crowd.
var casting = map[string]func(c *Crowd) (Result, error){
	"full":  func(c *Crowd) (Result, error) { return c.Full(blink, quiet) },
	"flood": func(c *Crowd) (Result, error) { return c.Flood(blink, quiet) },
	"paced": func(c *Crowd) (Result, error) { return c.Paced(2000, blink, quiet) },
	"mail":  func(c *Crowd) (Result, error) { return c.Mail(3, blink, quiet) },
}

// TestCasts: every kind of load with listeners that stay, one behind the other, and the account behind each.
func TestCasts(t *testing.T) {
	for _, all := range []bool{true, false} {
		c, err := Gather((&hub{all: all}).relay(t), 5, all)
		if err != nil {
			t.Fatal(err)
		}
		kinds := []string{"full", "paced", "flood", "full"}
		if !all {
			kinds = []string{"mail", "mail"}
		}
		for _, kind := range kinds {
			r, err := casting[kind](c)
			if err != nil || r["eps"] <= 0 || r["count"] <= 0 || kind == "paced" && (r["p50us"] <= 0 || r["p99us"] < r["p50us"]) || r["missed"] != 0 {
				t.Errorf("%s: %v %v", kind, r, err)
			}
		}
		c.Close()
	}
}

// TestUncounted: of a relay that says nothing of its deliveries every listener gets all, or there is no figure.
func TestUncounted(t *testing.T) {
	for _, kind := range []string{"full", "paced"} {
		h := &hub{all: true}
		casts := h.relay(t)
		casts.Counts = nil
		c, err := assemble(casts, 3, true, blink)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := casting[kind](c); err != nil || r["eps"] <= 0 {
			t.Errorf("%s: %v %v", kind, r, err)
		}
		h.mu.Lock()
		h.what = func(h *hub, e *hubEar, m []byte) {
			if e != h.ears[1] || number(m)%7 != 6 {
				e.deliver(m)
			}
		}
		h.mu.Unlock()
		r, err := casting[kind](c)
		if c.Close(); err == nil || !strings.Contains(err.Error(), " were sent") && !strings.Contains(err.Error(), "deliveries came of") {
			t.Errorf("%s, one lost: %v %v", kind, r, err)
		}
	}
}

// TestMessage: a message has only letters and digits, so that JSON has it as it is, and its head is read back.
func TestMessage(t *testing.T) {
	sent := time.Now()
	b := make([]byte, castBytes)
	for _, n := range []uint64{0, 7, 1 << 40} {
		compose(b, n, sent)
		got, when, err := headOf(b)
		if err != nil || got != n || when != sent.UnixNano() {
			t.Errorf("%d: %d, %d, %v", n, got, when, err)
		}
		if text, err := json.Marshal(string(b)); err != nil || string(text) != `"`+string(b)+`"` {
			t.Errorf("%s, %v", text, err)
		}
	}
	b[3] = 'x'
	if n, _, err := headOf(b); err == nil {
		t.Errorf("%s is %d", b, n)
	}
}

// TestMissed: what a relay says that it has missed is no failure, and is told as a share.
func TestMissed(t *testing.T) {
	h := &hub{all: true}
	c, err := Gather(h.relay(t), 4, true)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	h.what = func(h *hub, e *hubEar, message []byte) {
		if e == h.ears[0] { // a quarter of all
			e.count.Missed++
			return
		}
		e.deliver(message)
	}
	for range 2 {
		if r, err := casting["flood"](c); err != nil || r["missed"] != 0.25 {
			t.Errorf("%v %v", r, err)
		}
	}
	h.what = nil
	if r, err := casting["full"](c); err != nil {
		t.Errorf("behind it: %v %v", r, err)
	}
}

// TestCastsAreCounted: a relay that loses a message without saying so, hands one out twice or late, or changes one gets no figure.
func TestCastsAreCounted(t *testing.T) {
	faults := map[string]struct {
		what func(h *hub, e *hubEar, message []byte)
		want string
	}{
		"loses one in silence": {func(h *hub, e *hubEar, m []byte) {
			if number(m)%7 != 6 {
				e.deliver(m)
			}
		}, " were sent"},
		"says it was delivered": {func(h *hub, e *hubEar, m []byte) {
			if e.count.Delivered++; number(m)%7 != 6 {
				e.take(m)
			}
		}, "are said to be delivered"},
		"says both": {func(h *hub, e *hubEar, m []byte) {
			e.count.Missed++
			e.deliver(m)
		}, " were sent"},
		"hands it out twice": {func(h *hub, e *hubEar, m []byte) {
			e.deliver(m)
			if number(m)%7 == 6 {
				e.take(m)
			}
		}, "twice"},
		"changes it": {func(h *hub, e *hubEar, m []byte) {
			if number(m)%7 == 6 {
				m[100] ^= 1
			}
			e.deliver(m)
		}, "is not one that was sent"},
		"makes one up": {func(h *hub, e *hubEar, m []byte) {
			if number(m)%7 == 6 {
				m[0] ^= 1
			}
			e.deliver(m)
		}, "is not one that was sent"},
		"cuts it": {func(h *hub, e *hubEar, m []byte) { e.deliver(m[:len(m)-1]) }, "a message of 127 bytes"},
		"keeps it": {func(h *hub, e *hubEar, m []byte) {
			e.count.Waiting++
		}, "still wait"},
		"forgets a listener": {func(h *hub, e *hubEar, m []byte) {
			e.name += "x"
			e.deliver(m)
		}, "is gone"},
	}
	for name, fault := range faults {
		for _, kind := range []string{"full", "flood", "paced", "mail"} {
			all := kind != "mail"
			h := &hub{all: all}
			c, err := assemble(h.relay(t), 3, all, blink)
			if err != nil {
				t.Fatal(err)
			}
			h.mu.Lock()
			h.what = fault.what
			h.mu.Unlock()
			r, err := casting[kind](c)
			c.Close()
			short := kind == "full" && err != nil && strings.Contains(err.Error(), "deliveries came of") // seen at once
			if err == nil || !short && !strings.Contains(err.Error(), fault.want) {
				t.Errorf("a relay that %s, %s: %v, %v", name, kind, r, err)
			}
		}
	}
}

// TestOrder: an event that comes behind a later one is an error.
func TestOrder(t *testing.T) {
	h := &hub{all: true}
	c, err := Gather(h.relay(t), 2, true)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	held := map[*hubEar][]byte{}
	h.what = func(h *hub, e *hubEar, m []byte) {
		if number(m)%2 == 1 {
			held[e] = m
			return
		}
		e.deliver(m)
		if held[e] != nil {
			e.deliver(held[e])
		}
	}
	if r, err := casting["paced"](c); err == nil || !strings.Contains(err.Error(), "behind") {
		t.Errorf("%v, %v", r, err)
	}
}

// TestSenderIsTold: a relay that ends a sender gets no figure, and the error has its words.
func TestSenderIsTold(t *testing.T) {
	h := &hub{all: true}
	casts := h.relay(t)
	c, err := assemble(casts, 2, true, blink)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	casts.Send = func() (net.Conn, error) {
		near, far := net.Pipe()
		far.Close()
		return mouth{near, h}, nil
	}
	if r, err := casting["full"](c); err == nil || !strings.Contains(err.Error(), "ended a sender") {
		t.Errorf("%v, %v", r, err)
	}
	casts.Send = func() (net.Conn, error) { return nil, fmt.Errorf("nobody there") }
	for _, kind := range []string{"full", "paced"} {
		if _, err := casting[kind](c); err == nil {
			t.Errorf("%s without a relay", kind)
		}
	}
}

// TestGatherFails: listeners that do not come, or hear nothing, are an error.
func TestGatherFails(t *testing.T) {
	deaf := &hub{all: true, what: func(*hub, *hubEar, []byte) {}}
	if _, err := assemble(deaf.relay(t), 2, true, blink); err == nil || !strings.Contains(err.Error(), "reached 0 of 2") {
		t.Errorf("deaf: %v", err)
	}
	one := &hub{} // always the same
	casts := one.relay(t)
	one.what = func(h *hub, e *hubEar, m []byte) { h.ears[0].deliver(m) }
	if _, err := assemble(casts, 2, false, blink); err == nil || !strings.Contains(err.Error(), "not every listener") {
		t.Errorf("one of two: %v", err)
	}
	casts.Listen = func(string, func([]byte)) (io.Closer, error) { return nil, io.ErrUnexpectedEOF }
	if _, err := assemble(casts, 2, true, blink); err == nil {
		t.Error("without listeners")
	}
}
