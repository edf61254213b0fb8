package casts

import (
	"bufio"
	"io"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/leg/park"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// watchedConn tells of each time it is parked.
type watchedConn struct {
	park.Conn

	parked chan struct{}
}

// Park implements leg.Parker.
func (c *watchedConn) Park(ready func()) bool {
	c.parked <- struct{}{}
	return c.Conn.Park(ready)
}

// TestQuietListener: a connection that waits without a goroutine is read whenever its listener says something, as its keep-alives are: each
// ping is answered, messages are dropped, it waits again behind each, and is not woken for nothing; its Close ends it.
func TestQuietListener(t *testing.T) {
	const patience = 20 * time.Second
	var lot park.Lot
	defer lot.Close()
	far, ours := netx.Loopback(t)
	near := &watchedConn{parked: make(chan struct{}, 100)}
	near.Init(ours, &lot)
	var l Line
	open := answered(func() (shape.Leg, error) { return leg.NewWS(near, nil, leg.Options{Role: wsframe.Server}), nil })
	if err := l.Deliver(t.Context(), open, &shape.Message{Type: "text/plain", Data: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	if err := far.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(far)
	hears := func(op wsframe.Op, body string) {
		t.Helper()
		want := string(wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: op}, []byte(body)))
		got := make([]byte, len(want))
		if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
			t.Fatalf("%q, %v, want %q", got, err, want)
		}
	}
	// says waits until the connection is parked, and speaks.
	says := func(op wsframe.Op, body string) {
		t.Helper()
		select {
		case <-near.parked:
		case <-time.After(patience):
			t.Fatal("it is not parked")
		}
		if _, err := far.Write(wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: op, Masked: true}, []byte(body))); err != nil {
			t.Fatal(err)
		}
	}
	hears(wsframe.Text, "a")
	for _, word := range []string{"one", "two", "three"} {
		says(wsframe.Ping, word)
		hears(wsframe.Pong, word)
	}
	says(wsframe.Text, "nobody reads this")
	says(wsframe.Close, "\x03\xe8")
	hears(wsframe.Close, "\x03\xe8")
	l.read.over.Wait()
	if l.Opened() {
		t.Error("open behind its end")
	}
	if n := len(near.parked); n > 0 {
		t.Errorf("parked %d times more than it had nothing to say", n)
	}
}
