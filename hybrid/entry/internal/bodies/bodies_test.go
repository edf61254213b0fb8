package bodies_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pulled is a request's body: each part is one read; closing ends a read that waits.
type pulled struct {
	size   int64
	parts  chan string
	fault  error
	closed chan struct{}
	rest   string
}

func newPulled(size int64, parts ...string) *pulled {
	b := &pulled{size: size, parts: make(chan string, len(parts)+1), closed: make(chan struct{})}
	for _, part := range parts {
		b.parts <- part
	}
	return b
}

// end has no more to come, or a fault.
func (b *pulled) end(fault error) *pulled { b.fault = fault; close(b.parts); return b }

func (b *pulled) Read(p []byte) (int, error) {
	if b.rest == "" {
		select {
		case part, more := <-b.parts:
			if !more && b.fault != nil {
				return 0, b.fault
			}
			if !more {
				return 0, io.EOF
			}
			b.rest = part
		case <-b.closed:
			return 0, fail.New(fail.SenderGone, "")
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
func (b *pulled) Size() int64  { return b.size }
func (b *pulled) Close() error { close(b.closed); return nil }

// fakeLeg records what is written and gives what is to be read.
type fakeLeg struct {
	shape.Leg

	text, data bytes.Buffer
	ended      bool
	in         chan string // one binary piece each; closed: end
	last       bool        // the piece behind the last of in ends the message
	end        *shape.End
	aborted    chan *shape.End
}

func newLeg() *fakeLeg {
	return &fakeLeg{in: make(chan string, 100), aborted: make(chan *shape.End, 1)}
}

func (l *fakeLeg) Write(b *shape.Batch) error {
	for _, p := range b.Pieces {
		if p.Off < shape.Headroom || p.Len > bodies.MaxPiece && !p.Text && l.text.Len() == 0 {
			return errors.New("no room for a header")
		}
		if p.Text {
			l.text.Write(b.Buf[p.Off : p.Off+p.Len])
		} else {
			l.data.Write(b.Buf[p.Off : p.Off+p.Len])
			l.ended = p.Last
		}
	}
	return nil
}

func (l *fakeLeg) Read(b *shape.Batch) error {
	select {
	case s, more := <-l.in:
		text := strings.HasPrefix(s, "{")
		switch {
		case more:
			*b = shape.Batch{Buf: []byte(s), Pieces: []shape.Piece{{Len: len(s), Text: text, Last: text}}}
			return nil
		case l.last:
			l.last = false
			*b = shape.Batch{Pieces: []shape.Piece{{Last: true}}}
			return nil
		}
		return l.end
	case end := <-l.aborted:
		return end
	}
}

func (l *fakeLeg) Abort(end *shape.End) {
	select {
	case l.aborted <- end:
	default:
	}
}

// TestGather: what fits is gathered, in the time that it takes if its length is known, for a moment if it is not.
func TestGather(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	gone := fail.New(fail.SenderGone, "left")
	for name, row := range map[string]struct {
		body  func() *pulled
		later string // comes a minute later
		all   bool
		data  string
		err   error
		took  time.Duration
	}{
		"known":             {func() *pulled { return newPulled(4, "ab", "cd").end(nil) }, "", true, "abcd", nil, 0},
		"known, slow":       {func() *pulled { return newPulled(4, "ab") }, "cd", true, "abcd", nil, time.Minute},
		"known, ends early": {func() *pulled { return newPulled(4, "ab").end(nil) }, "", true, "", fail.New(fail.SenderGone, ""), 0},
		"known, longest":    {func() *pulled { return newPulled(65536, long[:65536]).end(nil) }, "", true, long[:65536], nil, 0},
		"known, too long":   {func() *pulled { return newPulled(65537, long[:65537]).end(nil) }, "", false, "", nil, 0},
		"unknown":           {func() *pulled { return newPulled(-1, "ab", "cd").end(nil) }, "", true, "abcd", nil, 0},
		"unknown, empty":    {func() *pulled { return newPulled(-1).end(nil) }, "", true, "", nil, 0},
		"unknown, goes on":  {func() *pulled { return newPulled(-1, "ab") }, "", false, "", nil, 50 * time.Millisecond},
		"unknown, late":     {func() *pulled { return newPulled(-1) }, "ab", false, "", nil, time.Minute + 50*time.Millisecond},
		"unknown, too long": {func() *pulled { return newPulled(-1, long).end(nil) }, "", false, "", nil, 0},
		"unknown, broken":   {func() *pulled { return newPulled(-1, "ab").end(gone) }, "", false, "", gone, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := row.body()
				u := bodies.NewUpload(b)
				if row.later != "" {
					time.AfterFunc(time.Minute, func() { b.parts <- row.later })
				}
				began := time.Now()
				all, err := u.Gather(t.Context())
				if row.err != nil {
					if fail.Of(err).Code != fail.Of(row.err).Code {
						t.Errorf("%v", err)
					}
				} else if all != row.all || err != nil || all && string(u.Data()) != row.data || all && u.Empty() != (row.data == "") {
					t.Errorf("all %v, %v, %.20q", all, err, u.Data())
				}
				if took := time.Since(began); took != row.took {
					t.Errorf("after %v", took)
				}
				u.Stop()
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancelCause(t.Context())
		u := bodies.NewUpload(newPulled(-1))
		time.AfterFunc(time.Second, func() { leave(gone) })
		if _, err := u.Gather(ctx); !errors.Is(err, gone) {
			t.Errorf("%v", err)
		}
		u.Stop()
	})
}

// TestFlow: what was gathered leaves with the message, the rest as it comes, and the end is told once.
func TestFlow(t *testing.T) {
	long := strings.Repeat("0123456789", 30_000)
	for name, b := range map[string]*pulled{
		"known": newPulled(300_000, long[:10], long[10:250_000], long[250_000:]), "unknown": newPulled(-1, long[:70_000], long[70_000:]),
	} {
		synctest.Test(t, func(t *testing.T) {
			close(b.parts)
			b.parts = reopened(b.parts)
			b.closed = make(chan struct{})
			u := bodies.NewUpload(b)
			if all, err := u.Gather(t.Context()); all || err != nil {
				t.Fatalf("%s: %v, %v", name, all, err)
			}
			leg := newLeg()
			if err := u.Start(leg, []byte(`{"request":{}}`)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if leg.text.String() != `{"request":{}}` || leg.data.String() != long || !leg.ended || !u.Sent() || u.Fault() != nil {
				t.Errorf("%s: message %q, %d bytes, ended %v, sent %v, %v", name, leg.text.String(), leg.data.Len(), leg.ended, u.Sent(), u.Fault())
			}
			u.Stop()
		})
	}
	synctest.Test(t, func(t *testing.T) { // the sender leaves: a loss and no Close
		b := newPulled(100_000, "begun")
		u := bodies.NewUpload(b)
		_, _ = u.Gather(t.Context())
		leg := newLeg()
		if err := u.Start(leg, []byte("{}")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.end(fail.New(fail.SenderGone, ""))
		if end := <-leg.aborted; end.Code != 0 || end.Why != fail.SenderGone || !fail.Is(u.Fault(), fail.SenderGone) || u.Sent() {
			t.Errorf("%+v, %v", end, u.Fault())
		}
		u.Stop()
	})
}

// reopened is the same channel inside of a bubble.
func reopened(c chan string) chan string {
	own := make(chan string, cap(c))
	for part := range c {
		own <- part
	}
	close(own)
	return own
}

const head = `{"response":{"requestId":"x","statusCode":200,"body":true}}`

// TestReply: head and body as the frames bring them, and what each end of the connection means.
func TestReply(t *testing.T) {
	for name, row := range map[string]struct {
		last bool
		end  *shape.End
		want error // nil: the body is complete
	}{
		"last frame":        {true, &shape.End{Why: fail.Aborted}, nil},
		"Close 1000":        {false, &shape.End{Why: fail.PeerClosed, Code: 1000}, nil},
		"Close":             {false, &shape.End{Why: fail.PeerClosed}, nil},
		"Close with a code": {false, &shape.End{Why: fail.PeerClosed, Code: 1011}, fail.New(fail.ListenerLost, "")},
		"end of TCP":        {false, &shape.End{Why: fail.Aborted, Cause: io.EOF}, fail.New(fail.ListenerLost, "")},
		"bad frame":         {false, &shape.End{Why: fail.BadFrame}, fail.New(fail.ListenerLost, "")},
		"draining":          {false, &shape.End{Why: fail.Draining}, fail.New(fail.Draining, "")},
	} {
		leg := newLeg()
		leg.last, leg.end = row.last, row.end
		for _, s := range []string{head, "some ", "body"} {
			leg.in <- s
		}
		close(leg.in)
		var over []bool
		r := bodies.NewReply(leg, time.Hour, func(complete, left bool) { over = append(over, complete, left) })
		m, err := r.Head()
		if err != nil || m.Status != 200 || r.Over() || r.Size() != -1 {
			t.Fatalf("%s: %v, %v", name, m, err)
		}
		got, err := io.ReadAll(r)
		if string(got) != "some body" || fail.Of(err) == nil != (row.want == nil) || row.want != nil && (!errors.Is(err, row.want) || errors.Is(err, io.EOF)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if _, ok := errors.AsType[*shape.End](err); ok {
			t.Errorf("%s: an end of the leg is in the chain of %v", name, err)
		}
		_, _ = r.Close(), r.Close()
		if len(over) != 2 || over[0] != (row.want == nil) || over[1] {
			t.Errorf("%s: over %v", name, over)
		}
		r.Quiesce()
	}
}

// TestReplyStandsStill: the time is for each gap, it counts data, and it does not run while nobody reads.
func TestReplyStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leg := newLeg()
		leg.in <- head
		r := bodies.NewReply(leg, time.Minute, func(bool, bool) {})
		if _, err := r.Head(); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 10)
		for range 5 {
			time.AfterFunc(59*time.Second, func() { leg.in <- "x" })
			if n, err := r.Read(p); n != 1 || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
			<-time.After(time.Hour) // the sender is slow
		}
		began := time.Now()
		if n, err := r.Read(p); n != 0 || !fail.Is(err, fail.Idle) || time.Since(began) != time.Minute {
			t.Errorf("%d, %v after %v", n, err, time.Since(began))
		}
		r.Quiesce()
	})
}

// TestReplyGivenUp: who reads on behind Quiesce is told at once, although data had come that he has not taken.
func TestReplyGivenUp(t *testing.T) {
	leg := newLeg()
	for _, s := range []string{head, "a long piece"} {
		leg.in <- s
	}
	r := bodies.NewReply(leg, time.Hour, func(bool, bool) {})
	if _, err := r.Head(); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 6)
	if n, err := r.Read(p); n != len(p) || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	r.Quiesce()
	for range 2 {
		if n, err := r.Read(p); n != 0 || !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%d, %v", n, err)
		}
	}
}

// TestSink reads what nobody may be sent to its end, but not for ever.
func TestSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ends := range []bool{true, false} {
			leg := newLeg()
			leg.in <- head
			leg.in <- "body"
			if leg.last = ends; ends {
				close(leg.in)
			}
			left := false
			r := bodies.NewReply(leg, time.Hour, func(_, l bool) { left = l })
			if _, err := r.Head(); err != nil {
				t.Fatal(err)
			}
			r.Leave()
			if got := r.Sink(time.Second); got != ends || !left {
				t.Errorf("ends %v: %v, left %v", ends, got, left)
			}
		}
	})
}

// TestReplyAllocations: a read of the body costs nothing.
func TestReplyAllocations(t *testing.T) {
	leg := &steady{batch: shape.Batch{Buf: make([]byte, 4096), Pieces: []shape.Piece{{Len: 4096}}}}
	r := bodies.NewReply(leg, time.Hour, func(bool, bool) {})
	if _, err := r.Head(); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 4096)
	if n := testing.AllocsPerRun(500, func() {
		if n, err := r.Read(p); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a read", n)
	}
	r.Quiesce()
}

// steady gives the same piece for ever behind the head.
type steady struct {
	shape.Leg

	begun bool
	batch shape.Batch
}

func (s *steady) Read(b *shape.Batch) error {
	if !s.begun {
		s.begun = true
		*b = shape.Batch{Buf: []byte(head), Pieces: []shape.Piece{{Len: len(head), Text: true, Last: true}}}
		return nil
	}
	*b = s.batch
	return nil
}

func (*steady) Abort(*shape.End) {}

// TestWhole reads as often as it is asked, and gives its buffer back once.
func TestWhole(t *testing.T) {
	parcel := bodies.GetParcel()
	*parcel = append(*parcel, "body"...)
	w := bodies.NewWhole(parcel, *parcel)
	if got, err := io.ReadAll(w); string(got) != "body" || err != nil || w.Size() != 4 || string(w.Bytes()) != "body" {
		t.Errorf("%q, %v", got, err)
	}
	_, _ = w.Close(), w.Close()
	if a := bodies.Announced(7); a.Size() != 7 || a.Close() != nil {
		t.Error(a)
	} else if n, err := a.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d, %v", n, err)
	}
}
