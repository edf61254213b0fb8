package wsconn

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/nettest"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// TestNetConn: the conformance suite of net.Conn, through the gateway's pump.
func TestNetConn(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		p := newPair(t)
		return p.a, p.b, p.close, nil
	})
}

// TestHalfClose: either side may end first; the other direction goes on to its own end.
func TestHalfClose(t *testing.T) {
	for _, order := range []string{"a first", "b first"} {
		t.Run(order, func(t *testing.T) {
			p := newPair(t)
			first, second := p.a, p.b
			if order == "b first" {
				first, second = p.b, p.a
			}
			mustWrite(t, first, "question")
			if err := first.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(second); err != nil || string(got) != "question" {
				t.Fatalf("%q %v", got, err)
			}
			if _, err := first.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("write behind CloseWrite: %v", err)
			}
			mustWrite(t, second, "answer")
			if err := second.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			if got, err := io.ReadAll(first); err != nil || string(got) != "answer" {
				t.Fatalf("%q %v", got, err)
			}
			if err := errors.Join(first.CloseWrite(), first.Close()); err != nil {
				t.Errorf("close: %v", err)
			}
			p.pump.Wait()
			if p.report.Why != fail.PeerClosed {
				t.Errorf("the gateway saw %s", p.report.Why)
			}
		})
	}
}

// TestLossIsAnError: whatever ends a stream but the peer's Close, nobody reads io.EOF.
func TestLossIsAnError(t *testing.T) {
	for _, c := range []struct {
		name string
		lose func(p *pair)
		why  func(error) bool
	}{
		{"the peer aborts", func(p *pair) { p.b.Abort() }, is(syscall.ECONNRESET)},
		{"the gateway's connection resets", func(p *pair) { _ = p.gatewayA.Abort() }, is(syscall.ECONNRESET)},
		{"the gateway's connection ends", func(p *pair) { _ = p.gatewayA.CloseWrite() }, is(io.ErrUnexpectedEOF)},
		{"the gateway breaks the protocol", func(p *pair) { _, _ = p.gatewayA.Write([]byte{0xf2, 0}) }, func(err error) bool { _, ok := errors.AsType[*wsframe.Error](err); return ok }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t)
			mustWrite(t, p.b, "tail")
			got := make([]byte, 4)
			if _, err := io.ReadFull(p.a, got); err != nil || string(got) != "tail" {
				t.Fatalf("%q %v", got, err)
			}
			c.lose(p)
			_, err := p.a.Read(got)
			e, ok := errors.AsType[*lostError](err)
			if !ok || errors.Is(err, io.EOF) || !c.why(err) || e.name != "a" || e.op != "read" {
				t.Fatalf("read: %v", err)
			}
			if _, again := p.a.Read(got); again != err {
				t.Errorf("read again: %v", again)
			}
		})
	}
}

// TestCloseCodes: "done" is io.EOF, all else is said.
func TestCloseCodes(t *testing.T) {
	for _, c := range []struct {
		code int
		text string
		want error
	}{
		{0, "", io.EOF},
		{1000, "Shutdown", io.EOF},
		{1001, "the node shuts down", &closedError{1001, "the node shuts down"}},
		{4001, "", &closedError{4001, ""}},
	} {
		r := newRaw(t)
		r.send(wsframe.Header{Fin: true, Op: wsframe.Binary}, "tail")
		r.send(wsframe.Header{Fin: true, Op: wsframe.Close}, string(wsframe.AppendClose(nil, c.code, c.text)))
		got, err := io.ReadAll(r.c)
		if err == nil {
			err = io.EOF
		}
		if string(got) != "tail" || err.Error() != c.want.Error() {
			t.Errorf("%d: %q %v, want %v", c.code, got, err, c.want)
		}
		if _, _, err := r.c.ReadMessage(nil); err == nil || err.Error() != c.want.Error() {
			t.Errorf("%d by message: %v", c.code, err)
		}
		code, text, ok := r.c.PeerClose()
		if !ok || code != c.code || text != c.text {
			t.Errorf("PeerClose: %d %q %v, want %d %q", code, text, ok, c.code, c.text)
		}
		mustWrite(t, r.c, "still open") // the outgoing direction does not depend on it
	}
}

// TestMessages: kinds and ends are kept; an empty message is one, and no end of a stream.
func TestMessages(t *testing.T) {
	p := newPair(t)
	long := strings.Repeat("0123456789", 20_000)
	type message struct {
		Text bool
		Data string
	}
	want := []message{{true, "hello"}, {false, ""}, {false, long}, {true, ""}, {true, long[:65537]}, {false, "end"}}
	var writer sync.WaitGroup
	writer.Go(func() {
		for _, m := range want {
			if err := p.a.WriteMessage(m.Text, []byte(m.Data)); err != nil {
				t.Error(err)
			}
		}
	})
	var got []message
	for range want {
		kind, b, err := p.b.ReadMessage(nil)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, message{kind, string(b)})
	}
	writer.Wait()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// TestNextReader: what is left of a message is skipped; an old reader says so; bytes and messages mix.
func TestNextReader(t *testing.T) {
	r := newRaw(t)
	r.send(wsframe.Header{Op: wsframe.Text}, "first ")
	r.send(wsframe.Header{Fin: true, Op: wsframe.Ping}, "p")
	r.send(wsframe.Header{Op: wsframe.Cont}, "")
	r.send(wsframe.Header{Fin: true, Op: wsframe.Cont}, "message")
	r.send(wsframe.Header{Fin: true, Op: wsframe.Binary}, "second")
	r.send(wsframe.Header{Fin: true, Op: wsframe.Binary}, "")
	r.send(wsframe.Header{Fin: true, Op: wsframe.Text}, "third")
	r.send(wsframe.Header{Fin: true, Op: wsframe.Binary}, "fourth")

	kind, first, err := r.c.NextReader()
	if err != nil || !kind {
		t.Fatal(kind, err)
	}
	if got, err := io.ReadAll(first); err != nil || string(got) != "first message" {
		t.Errorf("%q %v", got, err)
	}
	if h, body := r.next(); h.Op != wsframe.Pong || body != "p" {
		t.Errorf("the ping was answered by %v %q", h.Op, body)
	}
	kind, second, err := r.c.NextReader()
	if err != nil || kind {
		t.Fatal(kind, err)
	}
	if _, err := first.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the old reader: %v", err)
	}
	b := make([]byte, 3)
	if _, err := io.ReadFull(second, b); err != nil || string(b) != "sec" {
		t.Errorf("%q %v", b, err)
	}
	if _, b, err := r.c.ReadMessage(nil); err != nil || len(b) != 0 {
		t.Errorf("the empty message: %q %v", b, err)
	}
	b = make([]byte, 11)
	if n, err := r.c.Read(b); err != nil || string(b[:n]) != "thirdfourth" {
		t.Errorf("bytes across messages: %q %v", b[:n], err)
	}
}

// TestEmptyWrite: an empty Write sends nothing, an empty message is sent.
func TestEmptyWrite(t *testing.T) {
	r := newRaw(t)
	if n, err := r.c.Write(nil); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if err := r.c.WriteMessage(true, nil); err != nil {
		t.Fatal(err)
	}
	if h, body := r.next(); h.Op != wsframe.Text || !h.Fin || body != "" {
		t.Errorf("%+v %q", h, body)
	}
}

// TestCutWrite: a deadline that cuts a frame leaves the stream whole: the next write ends what was begun.
func TestCutWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRaw(t)
		_ = r.peer.(*netx.Conn).SetBuffer(1000)
		data := bytes.Repeat([]byte("abcdefg"), 100)
		_ = r.c.SetWriteDeadline(time.Now().Add(time.Second))
		var sent []byte
		var err error
		for err == nil {
			var n int
			n, err = r.c.Write(data)
			sent = append(sent, data[:n]...)
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		if n, err := r.c.Write(data); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("behind the deadline: %d %v", n, err)
		}
		_ = r.c.SetWriteDeadline(time.Time{})
		var writer sync.WaitGroup
		writer.Go(func() {
			if err := r.c.WriteMessage(true, []byte("whole")); err != nil {
				t.Error(err)
			}
		})
		var got []byte
		for {
			h, body := r.next()
			if h.Op == wsframe.Text {
				if body != "whole" {
					t.Errorf("the message behind is %q", body)
				}
				break
			}
			got = append(got, body...)
		}
		writer.Wait()
		if !bytes.Equal(got, sent) {
			t.Errorf("%d bytes came, %d were reported sent", len(got), len(sent))
		}
	})
}

// TestDeadlinesOverTLS: crypto/tls takes a failed write for its last one, so a deadline that passes between writes, and a ping
// at such a time, must not come near it.
func TestDeadlinesOverTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		carrier, peer := tlsPipe(t)
		c := named(carrier, "tls")
		r := &raw{t, c, peer}
		c.pulse.start(c, time.Minute)
		for range 3 {
			if err := c.SetDeadline(time.Now().Add(-time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write([]byte("too late")); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("write: %v", err)
			}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("read: %v", err)
			}
			if h, _ := r.next(); h.Op != wsframe.Ping {
				t.Errorf("%v instead of a ping", h.Op)
			}
			r.send(wsframe.Header{Fin: true, Op: wsframe.Binary}, "still there?")
			_ = c.SetDeadline(time.Time{})
			got := make([]byte, 12)
			if _, err := io.ReadFull(c, got); err != nil || string(got) != "still there?" {
				t.Fatalf("%q %v", got, err)
			}
			mustWrite(t, c, "yes")
			if _, body := r.next(); body != "yes" {
				t.Errorf("%q", body)
			}
		}
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		mustWrite(t, c, "in time")
		if _, body := r.next(); body != "in time" {
			t.Errorf("%q", body)
		}
		if h, _ := r.next(); h.Op != wsframe.Ping { // while the deadline that the carrier had has passed
			t.Errorf("%v instead of a ping", h.Op)
		}
		_ = c.SetWriteDeadline(time.Time{})
		mustWrite(t, c, "and on")
		c.Abort()
		_ = peer.Close()
	})
}

// TestNoPingsBesideWrites: what is written shows life enough, and no answer is missed.
func TestNoPingsBesideWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRaw(t)
		r.c.pulse.start(r.c, time.Minute)
		reading := make(chan error, 1)
		go func() {
			_, err := r.c.Read(make([]byte, 1))
			reading <- err
		}()
		for range 20 {
			mustWrite(t, r.c, "x")
			if h, _ := r.next(); h.Op != wsframe.Binary {
				t.Fatalf("%v beside writes", h.Op)
			}
			time.AfterFunc(30*time.Second, func() { _, _ = r.c.Write([]byte("x")) })
			if h, _ := r.next(); h.Op != wsframe.Binary {
				t.Fatalf("%v beside writes", h.Op)
			}
		}
		select {
		case err := <-reading:
			t.Errorf("the reader: %v", err)
		default:
		}
	})
}

// TestCloseCompletes: Close sends the rest of what a deadline has cut before it says goodbye.
func TestCloseCompletes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRaw(t)
		_ = r.peer.(*netx.Conn).SetBuffer(1000)
		_ = r.c.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := r.c.Write(make([]byte, framePayload+1))
		if n != framePayload || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(n, err)
		}
		closing := make(chan error, 1)
		go func() { closing <- r.c.Close() }()
		var seen []string
		for range 3 {
			h, body := r.next()
			seen = append(seen, fmt.Sprintf("%v %v %d", h.Op, h.Fin, len(body)))
		}
		want := []string{fmt.Sprintf("%v false %d", wsframe.Binary, framePayload), fmt.Sprintf("%v true 0", wsframe.Cont), fmt.Sprintf("%v true 2", wsframe.Close)}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
		r.send(wsframe.Header{Fin: true, Op: wsframe.Close}, "")
		if err := <-closing; err != nil {
			t.Error(err)
		}
	})
}

// tlsPipe is a connection over TLS in memory, handshake done.
func tlsPipe(t *testing.T) (client, server net.Conn) {
	t.Helper()
	ca, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf(nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	near, far := netx.Pipe()
	a := tls.Client(near, &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS13})
	b := tls.Server(far, &tls.Config{GetCertificate: leaf.GetCertificate, MinVersion: tls.VersionTLS13})
	done := make(chan error, 1)
	go func() { done <- b.HandshakeContext(t.Context()) }()
	if err := errors.Join(a.HandshakeContext(t.Context()), <-done); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// TestCloseBreaksAWriteOff: Close does not wait for a Write that waits; the peer must not take what it has for all.
func TestCloseBreaksAWriteOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRaw(t)
		_ = r.peer.(*netx.Conn).SetBuffer(1000)
		writing := make(chan error, 1)
		go func() {
			_, err := r.c.Write(make([]byte, 100_000))
			writing <- err
		}()
		synctest.Wait()
		began := time.Now()
		if err := r.c.Close(); err == nil {
			t.Error("Close says nothing of what was lost")
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("Close took %v", took)
		}
		if err := <-writing; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the write: %v", err)
		}
		if _, err := io.ReadAll(r.peer); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the peer reads %v", err)
		}
	})
}

// TestCloseWaitsForThePeer: Close drops what still comes and returns with the peer's Close; it does not wait for ever.
func TestCloseWaitsForThePeer(t *testing.T) {
	for _, c := range []struct {
		name string
		peer func(r *raw)
		took time.Duration
	}{
		{"answers at once", func(r *raw) {
			r.send(wsframe.Header{Fin: true, Op: wsframe.Binary}, "late")
			r.send(wsframe.Header{Fin: true, Op: wsframe.Close}, "\x03\xe8")
		}, 0},
		{"answers late", func(r *raw) {
			time.AfterFunc(300*time.Millisecond, func() { r.send(wsframe.Header{Fin: true, Op: wsframe.Close}, "") })
		}, 300 * time.Millisecond},
		{"never answers", func(*raw) {}, closeTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRaw(t)
				began := time.Now()
				var peer sync.WaitGroup
				peer.Go(func() {
					if h, _ := r.next(); h.Op != wsframe.Close {
						t.Errorf("%v instead of a Close", h.Op)
					}
					c.peer(r)
				})
				reading := make(chan error)
				go func() {
					_, err := r.c.Read(make([]byte, 1))
					reading <- err
				}()
				synctest.Wait()
				if err := r.c.Close(); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took != c.took {
					t.Errorf("took %v, want %v", took, c.took)
				}
				peer.Wait()
				for _, err := range []error{<-reading, r.c.Close(), r.c.SetDeadline(time.Time{}), second(r.c.Write([]byte("x"))), second(r.c.Read(make([]byte, 1)))} {
					if !errors.Is(err, net.ErrClosed) {
						t.Errorf("behind Close: %v", err)
					}
				}
			})
		})
	}
}

// TestCloseCutsOffASender: a peer that goes on sending is cut off, not waited for.
func TestCloseCutsOffASender(t *testing.T) {
	p := newPair(t)
	sender := make(chan error, 1)
	go func() {
		var err error
		for chunk := make([]byte, 64<<10); err == nil; {
			_, err = p.b.Write(chunk)
		}
		sender <- err
	}()
	if err := p.a.Close(); err != nil {
		t.Error(err)
	}
	if err := <-sender; err == nil {
		t.Error("the sender was not told")
	}
}

// TestSilentGateway: a reader learns of a gateway that is gone without a word; a slow one is let be.
func TestSilentGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRaw(t)
		r.c.pulse.start(r.c, time.Minute)
		began := time.Now()
		done := make(chan error, 1)
		go func() {
			_, err := r.c.Read(make([]byte, 1))
			done <- err
		}()
		for range 5 {
			if h, _ := r.next(); h.Op != wsframe.Ping {
				t.Fatalf("%v instead of a ping", h.Op)
			}
			r.send(wsframe.Header{Fin: true, Op: wsframe.Pong}, "")
		}
		err := <-done
		if _, ok := errors.AsType[*lostError](err); !ok || !errors.Is(err, ErrSilent) {
			t.Fatalf("%v", err)
		}
		if took := time.Since(began); took != (5+1+maxMissed)*time.Minute {
			t.Errorf("noticed after %v", took)
		}
	})
}

// TestPulse: a connection that nobody reads shows life, and is not taken for dead.
func TestPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRaw(t)
		r.c.pulse.start(r.c, 30*time.Second)
		for range 20 {
			if h, _ := r.next(); h.Op != wsframe.Ping {
				t.Fatalf("%v instead of a ping", h.Op)
			}
		}
		mustWrite(t, r.c, "alive")
		if _, body := r.next(); body != "alive" {
			t.Errorf("%q", body)
		}
	})
}

// echoing is a carrier that gives one frame again and again and swallows what is written, without a garbage of its own.
type echoing struct {
	net.Conn

	frame []byte
	at    int
}

func (e *echoing) Read(p []byte) (int, error) {
	n := copy(p, e.frame[e.at:])
	e.at = (e.at + n) % len(e.frame)
	return n, nil
}

func (e *echoing) Write(p []byte) (int, error)      { return len(p), nil }
func (e *echoing) SetWriteDeadline(time.Time) error { return nil }

// TestNoAllocations: bytes and messages flow without garbage, short ones and long ones.
func TestNoAllocations(t *testing.T) {
	for _, size := range []int{10, 1024, 200_000} {
		payload := make([]byte, size)
		c := named(&echoing{Conn: newRaw(t).peer, frame: wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: wsframe.Binary}, payload)}, "echo")
		message := make([]byte, 0, size+1)
		var err error
		if n := testing.AllocsPerRun(100, func() {
			_, err1 := c.Write(payload)
			_, err2 := io.ReadFull(c, payload)
			_, m, err3 := c.ReadMessage(message)
			if err = errors.Join(err1, err2, err3, c.WriteMessage(true, payload)); err == nil && len(m) != size {
				err = io.ErrUnexpectedEOF
			}
		}); n > 0 || err != nil {
			t.Errorf("%d bytes: %v allocations for four operations, %v", size, n, err)
		}
	}
}

func mustWrite(t *testing.T, c *Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func second(_ int, err error) error { return err }

// TestPieces: a message of unknown length leaves in fragments, and an empty end is one.
func TestPieces(t *testing.T) {
	r := newRaw(t)
	go func() {
		for _, p := range []string{"one", "", "two"} {
			if err := r.c.WritePiece([]byte(p), false); err != nil {
				t.Error(err)
			}
		}
		if err := r.c.WritePiece(nil, true); err != nil {
			t.Error(err)
		}
		if err := r.c.WritePiece([]byte("whole"), true); err != nil {
			t.Error(err)
		}
	}()
	for _, want := range []struct {
		op   wsframe.Op
		fin  bool
		body string
	}{{wsframe.Binary, false, "one"}, {wsframe.Cont, false, "two"}, {wsframe.Cont, true, ""}, {wsframe.Binary, true, "whole"}} {
		if h, body := r.next(); h.Op != want.op || h.Fin != want.fin || body != want.body {
			t.Errorf("%v fin %v %q, want %+v", h.Op, h.Fin, body, want)
		}
	}
}
