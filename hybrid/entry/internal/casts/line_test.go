package casts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opener gives a connection to a listener that reads whole frames, and what it read.
func opener(t *testing.T) (open func(context.Context) (shape.Leg, error), frames <-chan string) {
	t.Helper()
	near, far := net.Pipe()
	got := make(chan string, 200)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(got)
		var unread []byte
		buf := make([]byte, 64<<10)
		for {
			n, err := far.Read(buf)
			unread = append(unread, buf[:n]...)
			for {
				h, size, derr := wsframe.Decode(unread)
				if derr != nil {
					t.Errorf("a frame: %v", derr)
					return
				}
				if size == 0 || int64(len(unread)-size) < h.Len {
					break
				}
				kind := map[wsframe.Op]string{wsframe.Text: "text", wsframe.Binary: "binary", wsframe.Cont: "more", wsframe.Close: "close"}[h.Op]
				if !h.Fin {
					kind += "..."
				}
				got <- fmt.Sprintf("%s %.300s", kind, unread[size:][:h.Len])
				unread = unread[size+int(h.Len):]
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = far.Close()
		<-done
	})
	return func(context.Context) (shape.Leg, error) {
		return leg.NewWS(near, nil, leg.Options{Role: wsframe.Server, MaxPiece: 32 << 10}), nil
	}, got
}

// TestTogether: messages that are delivered with one stroke are frames of their own, each as text or binary as it says, whatever rooms are
// used again; a long one is cut and stays one message.
func TestTogether(t *testing.T) {
	open, frames := opener(t)
	var l Line
	text := func(s string) *shape.Message { return &shape.Message{Type: "text/plain", Data: []byte(s)} }
	binary := func(s string) *shape.Message {
		return &shape.Message{Type: "application/octet-stream", Data: []byte(s)}
	}
	long := strings.Repeat("long", 10<<10)
	for _, together := range [][]*shape.Message{
		{text("one")},
		{text("a"), binary("b"), binary(""), text("ü"), {Type: "text/plain", Data: []byte("\xff")}},
		{binary(strings.Repeat("x", 800)), text(strings.Repeat("y", 700))}, // beyond the small room
		{text(long)}, // beyond the large one
		{binary("z")},
	} {
		if err := l.Deliver(t.Context(), open, together...); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"text one", "text a", "binary b", "binary ", "text ü", "binary \xff", "binary " + strings.Repeat("x", 300), "text " + strings.Repeat("y", 300),
		"text... " + long[:300], "more " + long[:300], "binary z",
	} {
		if got := <-frames; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	go func() { // the listener's answer to the Close does not come
		for range frames {
		}
	}()
	l.Close()
	err := l.Deliver(t.Context(), open, text("late"))
	if _, untaken := errors.AsType[*shape.Untaken](err); !untaken {
		t.Errorf("behind the end: %v", err)
	}
}

// TestTogetherIsLost: when the connection breaks the error says so, without the mark that nothing has left; with an opener that fails it has
// the mark.
func TestTogetherIsLost(t *testing.T) {
	near, far := net.Pipe()
	var l Line
	m := []*shape.Message{{Data: []byte("a")}, {Data: []byte("b")}}
	err := l.Deliver(t.Context(), func(context.Context) (shape.Leg, error) { return nil, io.ErrNoProgress }, m...)
	if _, untaken := errors.AsType[*shape.Untaken](err); !untaken || !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("never opened: %v", err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, fail.New(fail.ListenerSilent, ""))
	defer cancel()
	err = l.Deliver(ctx, func(context.Context) (shape.Leg, error) { // which nobody reads
		return leg.NewWS(near, nil, leg.Options{Role: wsframe.Server}), nil
	}, m...)
	if _, untaken := errors.AsType[*shape.Untaken](err); untaken || !fail.Is(err, fail.ListenerLost) {
		t.Errorf("stuck: %v", err)
	}
	_ = far.Close()
	l.Close()
}

// TestBatchAllocations: what leaves together lies in room that is used again, of short messages and of long ones.
func TestBatchAllocations(t *testing.T) {
	if raced {
		t.Skip("pools drop what they get under the race detector")
	}
	for _, size := range []int{1, 100, 1000} {
		messages := make([]*shape.Message, 16)
		for i := range messages {
			messages[i] = &shape.Message{Type: "text/plain", Data: bytes.Repeat([]byte("a"), size)}
		}
		if n := testing.AllocsPerRun(100, func() { batchOf(messages).give() }); n > 0 {
			t.Errorf("%d bytes: %v allocations", size, n)
		}
	}
}
