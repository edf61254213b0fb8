package leg_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs a story with a leg and its peer in fake time. read is what the leg's Read returned at the end.
func bubble(t *testing.T, o leg.Options, story func(t *testing.T, w *leg.WS, peer *netx.Conn, read <-chan error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		peer, ours := netx.Pipe()
		w := leg.NewWS(ours, nil, o)
		read := make(chan error, 1)
		go func() {
			var b shape.Batch
			for {
				if err := w.Read(&b); err != nil {
					read <- err
					return
				}
			}
		}()
		defer func() { w.Close(); peer.Close(); synctest.Wait() }()
		story(t, w, peer, read)
	})
}

func endOf(t *testing.T, err error) *shape.End {
	t.Helper()
	end, ok := errors.AsType[*shape.End](err)
	if !ok {
		t.Fatalf("%v is no end", err)
	}
	return end
}

func batch(payload string) *shape.Batch {
	return &shape.Batch{
		Buf:    append(make([]byte, shape.Headroom), payload...),
		Pieces: []shape.Piece{{Off: shape.Headroom, Len: len(payload), Last: true}},
	}
}

// TestSilentPeer: three pings without an answer are the end, from the beginning or later; one that answers lives on.
func TestSilentPeer(t *testing.T) {
	const every = 30 * time.Second
	for _, answers := range []int{0, 5} {
		bubble(t, leg.Options{Ping: every}, func(t *testing.T, _ *leg.WS, peer *netx.Conn, read <-chan error) {
			begin := time.Now()
			for range answers {
				if h, _ := readFrame(t, peer); h.Op != wsframe.Ping || time.Since(begin)%every != 0 {
					t.Fatalf("%+v after %v", h, time.Since(begin))
				}
				send(t, peer, frame(wsframe.Pong, true, nil))
			}
			answered, pings := time.Now(), 0
			for {
				h, _, err := tryFrame(peer)
				if err != nil {
					if !errors.Is(err, syscall.ECONNRESET) || pings != 3 {
						t.Errorf("after %d pings the peer sees %v, a loss behind the third is wanted", pings, err)
					}
					break
				}
				if pings++; h.Op != wsframe.Ping {
					t.Errorf("%+v", h)
				}
			}
			if took := time.Since(answered); took != 4*every { // three pings and the wait for the last answer
				t.Errorf("given up after %v", took)
			}
			if end := endOf(t, <-read); end.Why != fail.Idle || !strings.Contains(end.Text, "pings") {
				t.Errorf("ended with %+v", end)
			}
		})
	}
}

// TestHeldBackIsNotSilent: a peer that is not read, because the other side is slow, is not given up.
func TestHeldBackIsNotSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peer, ours := netx.Pipe()
		w := leg.NewWS(ours, nil, leg.Options{Ping: time.Second})
		defer func() { w.Close(); peer.Close(); synctest.Wait() }()
		<-time.After(time.Minute) // nobody reads the leg
		send(t, peer, frame(wsframe.Text, true, []byte("x")))
		var b shape.Batch
		if err := w.Read(&b); err != nil || b.Bytes() != 1 {
			t.Errorf("%d bytes, %v", b.Bytes(), err)
		}
	})
}

// TestNoPings: without the option the peer hears nothing by itself (WCF peers must not).
func TestNoPings(t *testing.T) {
	bubble(t, leg.Options{}, func(t *testing.T, _ *leg.WS, peer *netx.Conn, _ <-chan error) {
		if err := peer.SetReadDeadline(time.Now().Add(24 * time.Hour)); err != nil {
			t.Fatal(err)
		}
		if n, err := peer.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("heard %d bytes, %v", n, err)
		}
	})
}

// full has the leg write until the peer's buffer is full, and waits until the write blocks.
func full(t *testing.T, w *leg.WS) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		for {
			if err := w.Write(batch(strings.Repeat("x", 32<<10))); err != nil {
				done <- err
				return
			}
		}
	}()
	synctest.Wait()
	return done
}

// TestNewestPong: pings never wait for a write; while one blocks, the newest ping is owed, and paid behind it.
func TestNewestPong(t *testing.T) {
	bubble(t, leg.Options{}, func(t *testing.T, w *leg.WS, peer *netx.Conn, _ <-chan error) {
		send(t, peer, frame(wsframe.Ping, true, []byte("at once")))
		if h, body := readFrame(t, peer); h.Op != wsframe.Pong || string(body) != "at once" {
			t.Errorf("%+v %q", h, body)
		}
		full(t, w)
		for _, body := range []string{"one", "two", "three"} {
			send(t, peer, frame(wsframe.Ping, true, []byte(body)))
			synctest.Wait()
		}
		for {
			h, body := readFrame(t, peer)
			if h.Op == wsframe.Binary {
				continue
			}
			if h.Op != wsframe.Pong || string(body) != "three" {
				t.Errorf("%+v %q", h, body)
			}
			return
		}
	})
}

// TestWriteTimeout: a peer that takes nothing costs the time for one write.
func TestWriteTimeout(t *testing.T) {
	const limit = 40 * time.Second
	bubble(t, leg.Options{WriteTimeout: limit}, func(t *testing.T, w *leg.WS, _ *netx.Conn, _ <-chan error) {
		begin := time.Now()
		end := endOf(t, <-full(t, w))
		if took := time.Since(begin); end.Why != fail.WriteTimeout || took < limit*3/4 || took > limit {
			t.Errorf("%+v after %v", end, took)
		}
	})
}

// TestAbortWakes: whatever the leg is doing, both its goroutines learn the reason.
func TestAbortWakes(t *testing.T) {
	why := &shape.End{Why: fail.Draining, Code: 1001, Text: "going"}
	bubble(t, leg.Options{}, func(t *testing.T, w *leg.WS, peer *netx.Conn, read <-chan error) {
		written := full(t, w)
		begin := time.Now()
		w.Abort(why)
		if end := endOf(t, <-read); end != why {
			t.Errorf("the read ended with %+v", end)
		}
		if end := endOf(t, <-written); end.Why != fail.Aborted {
			t.Errorf("the write ended with %+v", end)
		}
		if took := time.Since(begin); took > time.Second { // a write that gets on may end, so that the reason can be said
			t.Errorf("the abort waited for %v", took)
		}
		if _, err := io.Copy(io.Discard, peer); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the peer sees %v: a frame was cut short, so a loss is wanted", err)
		}
	})
	bubble(t, leg.Options{}, func(t *testing.T, w *leg.WS, peer *netx.Conn, read <-chan error) {
		synctest.Wait()
		for range 3 { // the first counts
			w.Abort(why)
			why = &shape.End{Why: fail.Internal, Code: 1011}
		}
		if end := endOf(t, <-read); end.Why != fail.Draining {
			t.Errorf("the read ended with %+v", end)
		}
		expectClose(t, peer, 1001, "going")
		expectEOF(t, peer)
	})
	bubble(t, leg.Options{}, func(t *testing.T, w *leg.WS, peer *netx.Conn, _ <-chan error) {
		synctest.Wait()
		w.Abort(&shape.End{Why: fail.Aborted}) // no code: nothing to be said
		if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the peer sees %v", err)
		}
	})
}

func expectEOF(t *testing.T, c net.Conn) {
	t.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes and %v behind the end", n, err)
	}
}

// TestAbortIsBounded: the last word to a peer that takes nothing costs a second at most, where TCP's buffer is full but no
// write is under way.
func TestAbortIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peer, ours := netx.Pipe()
		if err := ours.SetBuffer(8); err != nil {
			t.Fatal(err)
		}
		if err := peer.SetBuffer(8); err != nil {
			t.Fatal(err)
		}
		w := leg.NewWS(ours, nil, leg.Options{})
		defer func() { w.Close(); peer.Close(); synctest.Wait() }()
		if err := w.Write(batch("123456")); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		w.Abort(&shape.End{Why: fail.Draining, Code: 1001, Text: "this does not fit"})
		if took := time.Since(begin); took != time.Second {
			t.Errorf("the abort took %v", took)
		}
	})
}

// TestOneClose: the first CloseWrite counts, no data follows it, and the leg may be closed again and again.
func TestOneClose(t *testing.T) {
	bubble(t, leg.Options{}, func(t *testing.T, w *leg.WS, peer *netx.Conn, read <-chan error) {
		for code := 4001; code < 4004; code++ {
			if err := w.CloseWrite(&shape.End{Code: code, Text: "bye"}); err != nil {
				t.Error(err)
			}
		}
		if end := endOf(t, w.Write(batch("late"))); end.Why != fail.Aborted {
			t.Errorf("a write behind the close: %+v", end)
		}
		send(t, peer, frame(wsframe.Ping, true, []byte("no answer")))
		send(t, peer, closeFrame(4001, "bye too"))
		if end := endOf(t, <-read); end.Why != fail.PeerClosed || end.Code != 4001 || end.Text != "bye too" {
			t.Errorf("the read ended with %+v", end)
		}
		var b shape.Batch
		if end := endOf(t, w.Read(&b)); end.Why != fail.PeerClosed {
			t.Errorf("another read gives %+v", end)
		}
		for range 3 {
			w.Close()
		}
		w.Abort(&shape.End{Why: fail.Internal, Code: 1011})
		expectClose(t, peer, 4001, "bye")
		expectEOF(t, peer)
	})
}

// TestReadAhead: what came behind the handshake is the beginning of the stream, however much it was.
func TestReadAhead(t *testing.T) {
	for _, size := range []int{0, 1, 2 << 10, 64<<10 - shape.Headroom, 64 << 10, 300 << 10} {
		message := pattern(400 << 10)
		framed := frame(wsframe.Binary, true, message)
		legs := map[string]func(net.Conn) (shape.Leg, []byte){
			"frames": func(c net.Conn) (shape.Leg, []byte) { return leg.NewWS(c, framed[:size], leg.Options{}), framed[size:] },
			"bytes":  func(c net.Conn) (shape.Leg, []byte) { return leg.NewTCP(c, message[:size], 0), message[size:] },
		}
		for name, newLeg := range legs {
			synctest.Test(t, func(t *testing.T) {
				peer, ours := netx.Pipe()
				l, rest := newLeg(ours)
				sent := sendAside(peer, rest)
				var got []byte
				for len(got) < len(message) {
					var b shape.Batch
					if err := l.Read(&b); err != nil {
						t.Fatalf("%s, %d ahead: %v behind %d bytes", name, size, err, len(got))
					}
					for _, p := range b.Pieces {
						got = append(got, b.Buf[p.Off:p.Off+p.Len]...)
					}
				}
				if !bytes.Equal(got, message) {
					t.Errorf("%s: with %d bytes ahead another message came", name, size)
				}
				if err := <-sent; err != nil {
					t.Error(err)
				}
				l.Close()
				peer.Close()
			})
		}
	}
}

func sendAside(c net.Conn, b []byte) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := c.Write(b)
		done <- err
	}()
	return done
}
