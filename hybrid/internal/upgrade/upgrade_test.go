package upgrade_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/hybrid/internal/upgrade"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// stand is a connection whose gateway the test plays.
type stand struct {
	*upgrade.Conn
	gateway  *netx.Conn
	accepted chan *http1.Head
	rejected chan *http1.Head
}

// newStand makes one. read is what came behind the rendezvous' handshake.
func newStand(t testing.TB, read []byte, fault error) *stand {
	t.Helper()
	near, far := netx.Pipe()
	s := &stand{gateway: far, accepted: make(chan *http1.Head, 1), rejected: make(chan *http1.Head, 1)}
	s.Conn = upgrade.New(upgrade.Params{
		Local: near.LocalAddr(), Remote: near.RemoteAddr(),
		Accept: func(h *http1.Head) (net.Conn, []byte, error) {
			s.accepted <- h
			if fault != nil {
				return nil, nil, fault
			}
			return near, read, nil
		},
		Reject: func(h *http1.Head) error { s.rejected <- h; return fault },
	})
	t.Cleanup(func() {
		_ = near.Close()
		_ = far.Close()
		s.Abort()
	})
	return s
}

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: p1\r\n\r\n"

// frame is one frame, unmasked.
type frame struct {
	Op      wsframe.Op
	Fin     bool
	Payload string
}

// encode makes frames as a server or a client writes them.
func encode(frames []frame, masked bool) (b []byte) {
	for i, f := range frames {
		h := wsframe.Header{Op: f.Op, Fin: f.Fin, Len: int64(len(f.Payload))}
		if masked {
			h.Masked, h.Key = true, [4]byte{byte(i), 2, 3, 4}
		}
		b = wsframe.AppendFrame(b, h, []byte(f.Payload))
	}
	return b
}

// decode reads frames, all of them masked or none.
func decode(t testing.TB, b []byte, masked bool) (frames []frame) {
	t.Helper()
	for len(b) > 0 {
		h, n, err := wsframe.Decode(b)
		if err != nil || n == 0 || h.Masked != masked || int64(len(b)-n) < h.Len {
			t.Fatalf("frame %d: %+v %d %v in %d bytes", len(frames), h, n, err, len(b))
		}
		payload := bytes.Clone(b[n : n+int(h.Len)])
		if masked {
			wsframe.Mask(payload, h.Key, 0)
		}
		frames = append(frames, frame{h.Op, h.Fin, string(payload)})
		b = b[n+int(h.Len):]
	}
	return frames
}

// sample has every kind and form of a frame.
var sample = []frame{
	{wsframe.Text, true, "hello"}, {wsframe.Binary, false, ""}, {wsframe.Ping, true, "are you there"}, {wsframe.Cont, false, strings.Repeat("x", 125)},
	{wsframe.Cont, true, strings.Repeat("y", 126)}, {wsframe.Binary, true, strings.Repeat("z", 70000)}, {wsframe.Text, true, ""},
	{wsframe.Pong, true, ""}, {wsframe.Close, true, "\x03\xe8bye"},
}

// TestFrames: what a server writes leaves as a client's frames, whatever its writes are cut into; what a gateway writes comes as a
// client's.
func TestFrames(t *testing.T) {
	for _, size := range []int{1, 2, 7, 1000, 1 << 20} {
		inbound := encode(sample, false)
		s := newStand(t, inbound[:min(len(inbound), 9)], nil) // a part came with the handshake
		sent := make(chan []byte, 1)
		go func() {
			b, _ := io.ReadAll(s.gateway)
			sent <- b
		}()
		go func() {
			_, _ = s.gateway.Write(inbound[9:])
			_ = s.gateway.CloseWrite()
		}()
		out := append([]byte(switching), encode(sample, false)...)
		for b := out; len(b) > 0; {
			n := min(size, len(b))
			if m, err := s.Write(b[:n]); m != n || err != nil {
				t.Fatal(m, err)
			}
			b = b[n:]
		}
		if h := <-s.accepted; h.Fields.Get("Sec-WebSocket-Protocol") != "p1" {
			t.Errorf("head %+v", h)
		}
		var r io.Reader = s
		if size == 1 {
			r = iotest.OneByteReader(s)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(sample, decode(t, got, true)); diff != "" {
			t.Error("read:", diff)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(sample, decode(t, <-sent, true)); diff != "" {
			t.Error("written:", diff)
		}
		if err := s.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a second Close: %v", err)
		}
	}
}

// TestAnswers: what heads do.
func TestAnswers(t *testing.T) {
	fault := errors.New("the gateway is gone")
	rows := []struct {
		name, written string
		fault         error
		accepted      bool
		rejected      int
		write, read   error // how they end
	}{
		{name: "yes", written: switching, accepted: true},
		{name: "behind a 100", written: "HTTP/1.1 100 Continue\r\n\r\n" + switching, accepted: true},
		{name: "no", written: "HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!", rejected: 403, read: io.EOF},
		{name: "an answer that is none", written: "HTTP/1.1 200 OK\r\n\r\n", rejected: 200, read: io.EOF},
		{name: "yes, but gone", written: switching, fault: fault, accepted: true, write: fault, read: fault},
		{name: "no, but gone", written: "HTTP/1.1 403 Forbidden\r\n\r\n", fault: fault, rejected: 403, write: fault, read: fault},
	}
	for _, row := range rows {
		for _, whole := range []bool{true, false} {
			s := newStand(t, nil, row.fault)
			var err error
			size := 1
			if whole {
				size = len(row.written)
			}
			for b := row.written; b != "" && err == nil; b = b[size:] {
				_, err = s.Write([]byte(b[:size]))
			}
			if !errors.Is(err, row.write) {
				t.Errorf("%s: write %v, want %v", row.name, err, row.write)
			}
			if row.read != nil {
				if _, err := s.Read(make([]byte, 1)); !errors.Is(err, row.read) {
					t.Errorf("%s: read %v, want %v", row.name, err, row.read)
				}
			}
			if got := len(s.accepted) > 0; got != row.accepted {
				t.Errorf("%s: accepted %v", row.name, got)
			}
			if row.rejected == 0 && len(s.rejected) > 0 || row.rejected != 0 && (<-s.rejected).Status != row.rejected {
				t.Errorf("%s: rejected", row.name)
			}
		}
	}
}

// TestBadAnswers: what is no head, no frame, or too long.
func TestBadAnswers(t *testing.T) {
	for name, written := range map[string]string{
		"no head":        "hello\r\n\r\n",
		"a long head":    "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 40<<10),
		"a masked frame": switching + string(encode(sample[:1], true)),
		"no frame":       switching + "\x83\x00",
	} {
		s := newStand(t, nil, nil)
		go func() { _, _ = io.Copy(io.Discard, s.gateway) }()
		if _, err := io.Copy(struct{ io.Writer }{s}, struct{ io.Reader }{strings.NewReader(written)}); err == nil {
			t.Errorf("%s was taken", name)
		}
		_ = s.Close()
	}
	for name, read := range map[string][]byte{"masked": encode(sample[:1], true), "no frame": {0x83, 0}} {
		s := newStand(t, read, nil)
		if _, err := s.Write([]byte(switching)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(make([]byte, 10)); err == nil {
			t.Errorf("%s came through", name)
		}
	}
}

// TestUnanswered: a Close before the answer turns the sender away, once; nobody waits for ever.
func TestUnanswered(t *testing.T) {
	s := newStand(t, nil, nil)
	if err := s.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read %v", err)
	}
	if err := s.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	go func() {
		_, err := s.Read(make([]byte, 1))
		read <- err
	}()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if h := <-s.rejected; h.Status != 502 {
		t.Errorf("status %d", h.Status)
	}
	if err := <-read; !errors.Is(err, net.ErrClosed) {
		t.Errorf("read %v", err)
	}
	if _, err := s.Write([]byte(switching)); err == nil {
		t.Error("an answer behind Close")
	}
}

// TestDeadlinesCarry: deadlines set before the answer hold behind it.
func TestDeadlinesCarry(t *testing.T) {
	s := newStand(t, nil, nil)
	if err := s.SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte(switching)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read %v", err)
	}
	for _, set := range []func(time.Time) error{s.SetReadDeadline, s.SetWriteDeadline, s.SetDeadline} {
		if err := set(time.Time{}); err != nil {
			t.Error(err)
		}
	}
	if s.LocalAddr() == nil || s.RemoteAddr() == nil {
		t.Error("no addresses")
	}
}

// FuzzFrames: whatever a server writes, its pieces do not change what leaves; whatever a gateway writes, the reads do not.
func FuzzFrames(f *testing.F) {
	f.Add(encode(sample[:5], false), 3) // short ones: the fuzzer takes them apart byte by byte
	f.Add(encode(sample[6:], false), 1)
	f.Add(encode(sample[:3], true), 5)
	f.Add([]byte{0x82, 0xff, 0xff}, 1)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		size = max(size, 1)
		whole, wholeErr := outbound(t, b, len(b)+1)
		pieces, piecesErr := outbound(t, b, size)
		a, c := unmasked(whole), unmasked(pieces)
		same := bytes.Equal(a, c)
		if wholeErr != nil { // what stood before the fault may have left
			same = bytes.HasPrefix(c, a)
		}
		if (wholeErr == nil) != (piecesErr == nil) || !same {
			t.Errorf("whole %d bytes %v, in pieces %d bytes %v", len(whole), wholeErr, len(pieces), piecesErr)
		}
		s := newStand(t, nil, nil)
		go func() {
			_, _ = s.gateway.Write(b)
			_ = s.gateway.CloseWrite()
		}()
		if _, err := s.Write([]byte(switching)); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(s)
		s.Abort()
		if err == nil && len(got) < len(b) && !bytes.Equal(unmasked(got), b[:len(unmasked(got))]) {
			t.Errorf("%x became %x", b, got)
		}
	})
}

// outbound writes bytes behind the answer, in pieces, and gives what left.
func outbound(t *testing.T, b []byte, size int) ([]byte, error) {
	s := newStand(t, nil, nil)
	sent := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(s.gateway)
		sent <- b
	}()
	_, err := s.Write([]byte(switching))
	for len(b) > 0 && err == nil {
		n := min(size, len(b))
		_, err = s.Write(b[:n])
		b = b[n:]
	}
	_ = s.Close()
	return <-sent, err
}

// unmasked takes the masks off, as far as frames are whole.
func unmasked(b []byte) (out []byte) {
	for {
		h, n, err := wsframe.Decode(b)
		if err != nil || n == 0 {
			return out
		}
		payload := bytes.Clone(b[n:min(int64(len(b)), int64(n)+h.Len)])
		wsframe.Mask(payload, h.Key, 0)
		h.Masked, h.Key = false, [4]byte{}
		out = append(wsframe.Append(out, h), payload...)
		b = b[n+len(payload):]
	}
}
