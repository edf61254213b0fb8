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

// asked is an invitation that is answered at once, or by a test.
type asked struct {
	answer    func() (shape.Leg, error) // nil: the test answers
	came      func(shape.Leg, error)
	cancelled bool
}

// Ask implements Invitation.
func (a *asked) Ask(_ context.Context, came func(shape.Leg, error)) {
	a.came = came
	if a.answer != nil {
		came(a.answer())
	}
}

// Cancel implements Invitation.
func (a *asked) Cancel() bool {
	a.cancelled = true
	return a.answer == nil
}

func answered(answer func() (shape.Leg, error)) func() Invitation {
	return func() Invitation { return &asked{answer: answer} }
}

// opener gives a connection to a listener that reads whole frames, and what it read.
func opener(t *testing.T) (open func() Invitation, frames <-chan string) {
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
	return answered(func() (shape.Leg, error) {
		return leg.NewWS(near, nil, leg.Options{Role: wsframe.Server, MaxPiece: 32 << 10}), nil
	}), got
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
	err := l.Deliver(t.Context(), answered(func() (shape.Leg, error) { return nil, io.ErrNoProgress }), m...)
	if _, untaken := errors.AsType[*shape.Untaken](err); !untaken || !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("never opened: %v", err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, fail.New(fail.ListenerSilent, ""))
	defer cancel()
	err = l.Deliver(ctx, answered(func() (shape.Leg, error) { // which nobody reads
		return leg.NewWS(near, nil, leg.Options{Role: wsframe.Server}), nil
	}), m...)
	if _, untaken := errors.AsType[*shape.Untaken](err); untaken || !fail.Is(err, fail.ListenerLost) {
		t.Errorf("stuck: %v", err)
	}
	_ = far.Close()
	l.Close()
}

// TestOpen: a line asks for a connection and waits for nobody; there is one from its coming on, and none when it has ended.
func TestOpen(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	var l Line
	told := make(chan error, 9)
	tell := func(err error) { told <- err }
	first := &asked{}
	if l.Open(t.Context(), first, tell) || l.Opened() || len(told) > 0 {
		t.Error("open before anybody came")
	}
	first.came(nil, io.ErrNoProgress)
	if err := <-told; !errors.Is(err, io.ErrNoProgress) || !isUntaken(err) || l.Opened() {
		t.Errorf("nobody came: %v", err)
	}
	second := &asked{}
	l.Open(t.Context(), second, tell)
	second.came(leg.NewWS(near, nil, leg.Options{Role: wsframe.Server}), nil)
	if err := <-told; err != nil || !l.Opened() || !l.Open(t.Context(), &asked{}, tell) {
		t.Errorf("somebody came: %v", err)
	}
	read := l.read
	_ = far.Close()
	read.over.Wait()
	if l.Opened() {
		t.Error("open behind its end")
	}
}

// TestCloseWhileAsked: whoever waits for a connection is told when the listener has gone; one that comes in that moment is not kept.
func TestCloseWhileAsked(t *testing.T) {
	for _, comes := range []bool{false, true} {
		near, far := net.Pipe()
		told := make(chan error, 9)
		var l Line
		inv := &asked{}
		if comes { // it cannot be taken back
			inv.answer = func() (shape.Leg, error) {
				l.Close()
				return leg.NewWS(near, nil, leg.Options{Role: wsframe.Server}), nil
			}
		}
		l.Open(t.Context(), inv, func(err error) { told <- err })
		l.Close()
		if err := <-told; !isUntaken(err) || !inv.cancelled || l.Opened() {
			t.Errorf("comes %t: %v, taken back %t", comes, err, inv.cancelled)
		}
		if comes {
			if _, err := far.Read(make([]byte, 1)); err == nil {
				t.Error("it is kept")
			}
		}
		_, _ = near.Close(), far.Close()
		l.Open(t.Context(), &asked{}, func(err error) { told <- err })
		if err := <-told; !isUntaken(err) || len(told) > 0 {
			t.Errorf("behind the end: %v, told %d times more", err, len(told))
		}
	}
}

// TestWaitIsTakenBack: who waits for a connection until his time is over has asked for nothing then.
func TestWaitIsTakenBack(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var l Line
	inv := &asked{}
	cancel(io.ErrNoProgress)
	err := l.Deliver(ctx, func() Invitation { return inv }, &shape.Message{})
	if !isUntaken(err) || !errors.Is(err, io.ErrNoProgress) || !inv.cancelled || l.asked != nil {
		t.Errorf("%v, taken back %t", err, inv.cancelled)
	}
}

// asking is a context that knows whether its end was asked for.
type asking struct {
	context.Context //nolint:containedctx // it is one

	asked *bool
}

// Done implements context.Context.
func (a asking) Done() <-chan struct{} {
	*a.asked = true
	return a.Context.Done()
}

// TestAsksBeforeItWaits: whoever waits for a connection has asked for the end of that before the listener is told, which may take its time.
func TestAsksBeforeItWaits(t *testing.T) {
	near, far := net.Pipe()
	var l Line
	ended, before := false, false
	err := l.Deliver(asking{t.Context(), &ended}, answered(func() (shape.Leg, error) {
		before = ended
		_ = far.Close()
		return leg.NewWS(near, nil, leg.Options{Role: wsframe.Server}), nil
	}), &shape.Message{Data: []byte("a")})
	if err == nil || !before {
		t.Errorf("asked before the listener was told: %t, %v", before, err)
	}
	l.Close()
}

func isUntaken(err error) bool {
	_, untaken := errors.AsType[*shape.Untaken](err)
	return untaken
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
