package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid/internal/exchange"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsconn"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// busy is a server with one exchange under way, whose exchanger waits for the test, and whose rendezvous leads to the test.
type busy struct {
	*exchange.Server
	t        *testing.T
	failures failures
	channel  channel
	goOn     chan struct{}   // lets the exchanger answer 299 "late"
	ended    chan error      // why the exchange's context ended
	dialled  chan *netx.Conn // the gateway's side of each rendezvous
	refuses  error           // of dials
}

const busyID = "11111111-2222-4333-8444-555555555555_G1"

// newBusy begins the exchange of an offer. It lives in a bubble.
func newBusy(t *testing.T, o *wire.Offer) *busy {
	b := &busy{t: t, goOn: make(chan struct{}), ended: make(chan error, 1), dialled: make(chan *netx.Conn, 8)}
	b.Server = exchange.New(t.Context(), exchange.Params{Exchanger: exchanger(b.exchange), Most: 8, Failed: b.failures.add, Dial: b.dial})
	b.channel.lost = errors.New("the channel has gone")
	o.ID, o.Address, o.Method, o.Target = busyID, address, "GET", "/a"
	b.Take(&b.channel, o, nil)
	synctest.Wait()
	return b
}

func (b *busy) exchange(ctx context.Context, _ *shape.Request) (*shape.Response, error) {
	select {
	case <-b.goOn:
		return &shape.Response{Status: 299, Reason: "Odd", Body: shape.Memory([]byte("late"))}, nil
	case <-ctx.Done():
		b.ended <- context.Cause(ctx)
		return nil, context.Cause(ctx)
	}
}

func (b *busy) dial(context.Context, *wire.Address) (*wsconn.Conn, error) {
	near, far := netx.Pipe()
	b.dialled <- far
	if b.refuses != nil {
		return nil, b.refuses
	}
	return wsconn.New(near, nil, wsconn.Params{
		Local: near.LocalAddr(), Remote: near.RemoteAddr(), Network: "test",
		Lost:   func(op string, cause error) error { return fmt.Errorf("%s: %w", op, cause) },
		Closed: func(code int, text string) error { return fmt.Errorf("closed with %d %s", code, text) },
	}), nil
}

// endedFor waits for the exchange to end by its context, and checks why, and that it was reported.
func (b *busy) endedFor(why fail.Code) {
	b.t.Helper()
	if err := <-b.ended; !fail.Is(err, why) {
		b.t.Errorf("the context ended for %v, want %s", err, why)
	}
	b.Drain(b.t.Context())
	if err := b.failures.all[busyID]; !fail.Is(err, why) {
		b.t.Errorf("reported %v, want %s", err, why)
	}
}

// met waits for the one dial of the rendezvous, which is made behind the end of the channel by as much as is wanted.
func (b *busy) met(behind time.Duration) *netx.Conn {
	b.t.Helper()
	began := time.Now()
	far := <-b.dialled
	if took := time.Since(began); took != behind {
		b.t.Errorf("dialled after %v, want %v", took, behind)
	}
	return far
}

// answers reads what is said at the rendezvous: the answer and its end, which it returns. Nothing else is dialled.
func (b *busy) answers(far *netx.Conn) {
	b.t.Helper()
	defer far.Close()
	var head, body []byte
	for {
		h, payload := frame(b.t, far)
		switch {
		case h.Op == wsframe.Text:
			head = payload
			continue
		case h.Op != wsframe.Close:
			body = append(body, payload...)
			continue
		}
		_, _ = far.Write(wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: wsframe.Close, Len: int64(len(payload))}, payload))
		break
	}
	m, err := wire.Decode(head)
	if err != nil || m.Kind != wire.KindResponse {
		b.t.Fatalf("%q %v", head, err)
	}
	b.Drain(b.t.Context())
	said := fmt.Sprint(m.Response.Status, " ", m.Response.Reason, " ", string(body))
	b.channel.sent, b.channel.body = append(b.channel.sent, m.Response), append(b.channel.body, said)
	if len(b.dialled) > 0 {
		b.t.Error("another rendezvous was dialled")
	}
}

// frame reads one frame of a client.
func frame(t *testing.T, r io.Reader) (wsframe.Header, []byte) {
	t.Helper()
	var buf []byte
	for {
		h, n, err := wsframe.Decode(buf)
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			payload := make([]byte, h.Len)
			if _, err := io.ReadFull(r, payload); err != nil {
				t.Fatal(err)
			}
			wsframe.Mask(payload, h.Key, 0)
			return h, payload
		}
		var one [1]byte
		if _, err := io.ReadFull(r, one[:]); err != nil {
			t.Fatal(err)
		}
		buf = append(buf, one[0])
	}
}

// TestChannelEnds: an exchange whose control channel has ended in order goes on for as long as somebody waits for its answer, which is
// told at its rendezvous; that is dialled when no answer came soon, to hear of the end.
func TestChannelEnds(t *testing.T) {
	lost := errors.New("closed with 1001")
	for name, f := range map[string]func(b *busy){
		"nobody waits any more": func(b *busy) {
			b.Lost(&b.channel, true, lost)
			_ = b.met(time.Second).Close()
			b.endedFor(fail.SenderGone)
		},
		"nobody is there": func(b *busy) {
			b.refuses = errNoDial
			b.Lost(&b.channel, true, lost)
			b.met(time.Second)
			b.endedFor(fail.ListenerLost)
		},
		"an answer soon": func(b *busy) {
			b.Lost(&b.channel, true, lost)
			close(b.goOn)
			b.answers(b.met(0))
			b.said("299 Odd late")
		},
		"an answer later": func(b *busy) {
			b.Lost(&b.channel, true, lost)
			far := b.met(time.Second)
			<-time.After(time.Minute)
			close(b.goOn)
			b.answers(far)
			b.said("299 Odd late")
		},
		"an answer that left just before": func(b *busy) {
			b.channel.lost = nil
			b.Lost(&b.channel, true, lost)
			close(b.goOn)
			b.Drain(b.t.Context())
			b.said("late")
		},
		"the listener is closed": func(b *busy) {
			b.Lost(&b.channel, true, lost)
			far := b.met(time.Second)
			synctest.Wait() // until the rendezvous is the exchange's: one that comes too late is given up
			ctx, cancel := context.WithCancel(b.t.Context())
			cancel()
			drained := make(chan struct{})
			go func() {
				defer close(drained)
				b.Drain(ctx)
			}()
			defer func() { <-drained }() // time stands still behind the test
			if err := <-b.ended; err == nil {
				b.t.Error("no cause")
			}
			b.answers(far)
			if r := b.channel.sent[0]; r.Status != 503 {
				b.t.Errorf("%+v", r)
			}
			if len(b.failures.all) > 0 {
				b.t.Errorf("reported %v", b.failures.all)
			}
		},
		"without order": func(b *busy) {
			b.Lost(&b.channel, false, lost)
			b.endedFor(fail.ListenerLost)
			if len(b.dialled) > 0 {
				b.t.Error("a rendezvous was dialled")
			}
		},
		"another channel": func(b *busy) {
			b.Lost(new(channel), true, lost)
			b.Lost(new(channel), false, lost)
			<-time.After(time.Minute)
			b.channel.lost = nil
			close(b.goOn)
			b.Drain(b.t.Context())
			b.said("late")
		},
		"deleted": func(b *busy) {
			b.Lost(&b.channel, true, lost)
			b.Deleted(errors.New("404"))
			b.endedFor(fail.EntityDeleted)
			<-time.After(time.Minute)
			if len(b.dialled) > 0 {
				b.t.Error("a rendezvous was dialled")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(newBusy(t, &wire.Offer{})) })
		})
	}
}

// said checks the one answer, wherever it was told.
func (b *busy) said(want string) {
	b.t.Helper()
	if len(b.channel.body) != 1 || b.channel.body[0] != want {
		b.t.Errorf("said %q, want %q", b.channel.body, want)
	}
	if len(b.failures.all) > 0 {
		b.t.Errorf("reported %v", b.failures.all)
	}
}

// TestPointerKeepsItsRendezvous: what a pointer stands for is read at the one rendezvous, whatever becomes of the channel, and its end is
// the exchange's, also while nobody reads the body.
func TestPointerKeepsItsRendezvous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBusy(t, &wire.Offer{Pointer: true})
		far := b.met(0)
		b.Lost(&b.channel, true, errors.New("closed with 1001"))
		<-time.After(time.Minute)
		request := wire.Request{At: wire.Rendezvous{Authority: "h", Path: "/a", Action: wire.ActionRequest}, Target: "/a", Method: "PUT", Body: true}
		message, err := request.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		h := wsframe.Header{Fin: true, Op: wsframe.Text, Len: int64(len(message))}
		if _, err := far.Write(wsframe.AppendFrame(nil, h, message)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.Deleted(errors.New("404"))
		b.endedFor(fail.EntityDeleted)
		if len(b.dialled) > 0 {
			t.Error("another rendezvous was dialled")
		}
		_ = far.Close()
	})
}
