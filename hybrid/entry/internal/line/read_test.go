package line

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

// pieces is a connection that gives what it has in pieces of n bytes, and then its end.
type pieces struct {
	net.Conn
	text string
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.n)], p.text)
	p.text = p.text[n:]
	return n, nil
}

// frames is what a listener sends: each frame masked.
func frames(all ...wsframe.Header) (text string) {
	for i := range all {
		h := all[i]
		h.Masked, h.Key = true, [4]byte{1, 2, 3, byte(i)}
		text += string(wsframe.AppendFrame(nil, h, payload(h.Len)))
	}
	return text
}

func payload(n int64) []byte { return []byte(strings.Repeat("frame by frame ", int(n)/15+1))[:n] }

// history is one of each kind of length, with control frames between.
var history = []wsframe.Header{
	{Fin: true, Op: wsframe.Text, Len: 5},
	{Fin: true, Op: wsframe.Ping, Len: 125},
	{Op: wsframe.Binary, Len: 126},
	{Fin: true, Op: wsframe.Pong},
	{Fin: true, Op: wsframe.Cont, Len: 70_000},
	{Fin: true, Op: wsframe.Text},
}

// TestFrames: whatever pieces they come in, and whatever part of them came behind the handshake, headers and payloads are what was sent.
func TestFrames(t *testing.T) {
	text := frames(history...)
	for _, early := range []int{0, 1, 2, 7, 130, len(text)} {
		for _, n := range []int{1, 3, 64 << 10, len(text)} {
			l := start(&pieces{text: text[early:], n: n}, []byte(text[:early]))
			for i, want := range history {
				h, err := l.Head()
				if err != nil || h.Op != want.Op || h.Fin != want.Fin || h.Len != want.Len {
					t.Fatalf("%d early, by %d: frame %d is %+v, %v", early, n, i, h, err)
				}
				b, err := l.Payload([]byte("before"), h)
				if err != nil || string(b) != "before"+string(payload(want.Len)) {
					t.Fatalf("%d early, by %d: the payload of frame %d has %d bytes, %v", early, n, i, len(b), err)
				}
				if binary := i >= 2 && i <= 4; l.Text() == binary {
					t.Errorf("%d early, by %d: frame %d is of the other kind", early, n, i)
				}
			}
			if _, err := l.Head(); err != io.ErrUnexpectedEOF {
				t.Errorf("%d early, by %d: behind all: %v", early, n, err)
			}
		}
	}
}

// TestTruncated: a connection that ends within a frame is lost, wherever that is.
func TestTruncated(t *testing.T) {
	text := frames(wsframe.Header{Fin: true, Op: wsframe.Binary, Len: 300})
	for n := range len(text) {
		l := start(&pieces{text: text[:n], n: 50}, nil)
		h, err := l.Head()
		if err == nil {
			_, err = l.Payload(nil, h)
		}
		if err != io.ErrUnexpectedEOF {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

// TestBreaches: a frame that may not come is refused by its header, before anything of it is kept.
func TestBreaches(t *testing.T) {
	for text, code := range map[string]int{
		"\x81\x00":                 wsframe.CloseProtocol, // not masked
		"\x80\x80\x00\x00\x00\x00": wsframe.CloseProtocol,
		"\x83":                     0, // not there yet
		"\x83\x80\x00\x00\x00\x00": wsframe.CloseProtocol,
		"\x81\xff\x00\x00\x00\x00\x00\x10\x00\x01\x00\x00\x00\x00": wsframe.CloseTooBig,
		"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00": wsframe.CloseProtocol,
	} {
		_, err := start(&pieces{text: text, n: 4}, nil).Head()
		breach, ok := errors.AsType[*wsframe.Error](err)
		if ok != (code != 0) || ok && breach.CloseCode != code {
			t.Errorf("%q: %v, want the code %d", text, err, code)
		}
	}
}

// TestLongAnnounced: who announces much and sends little costs little.
func TestLongAnnounced(t *testing.T) {
	l := start(&pieces{text: "\x82\xff\x00\x00\x00\x00\x00\x0f\xff\xff\x00\x00\x00\x00xyz", n: 100}, nil)
	h, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Payload(nil, h)
	if err == nil || string(b) != "xyz" || cap(b) > 2*longMessage {
		t.Errorf("%d bytes with room for %d, %v", len(b), cap(b), err)
	}
}

// TestClosed: no control frame leaves behind a Close.
func TestClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gated{begun: make(chan struct{}, 8), words: make(chan word, 8)}
		l := start(g, nil)
		due := time.Now().Add(time.Minute)
		for i, op := range []wsframe.Op{wsframe.Ping, wsframe.Close, wsframe.Close, wsframe.Pong} {
			g.words <- word{1 << 20, nil}
			if err := l.Control(op, []byte("\x03\xe8"), due); (err == ErrClosed) != (i >= 2) {
				t.Errorf("frame %d, %v: %v", i, op, err)
			}
		}
		if len(g.got) != 2 || string(g.got[0]) != "\x89\x02\x03\xe8" || string(g.got[1]) != "\x88\x02\x03\xe8" {
			t.Errorf("%q left", g.got)
		}
	})
}

// TestTurns: who waits for the turn longer than he may goes without it, and leaves it to the others; all who may wait get it, one by one.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gated{begun: make(chan struct{}, 8), words: make(chan word, 8)}
		l := start(g, nil)
		errs := make(chan error, 8)
		control := func(due time.Duration) {
			deadline := time.Now().Add(due)
			go func() { errs <- l.Control(wsframe.Ping, nil, deadline) }()
			synctest.Wait()
		}
		control(time.Hour)
		<-g.begun
		control(time.Second)
		control(time.Hour)
		control(2 * time.Second)
		control(time.Hour)
		for range 2 {
			if err := <-errs; err == nil {
				t.Error("written while another write ran")
			}
		}
		for range 3 {
			g.words <- word{1 << 20, nil}
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if l.writing || l.waiting != 0 || len(l.turn) != 0 || len(g.got) != 3 {
			t.Errorf("writing %t, %d wait, %d turns given, %d frames", l.writing, l.waiting, len(l.turn), len(g.got))
		}
	})
}

// TestStands: who asks early waits until it is known, and hears it whenever he asks.
func TestStands(t *testing.T) {
	for _, will := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			l := new(Line)
			said := make(chan bool, 2)
			for range cap(said) {
				go func() {
					up, err := l.Stands(context.Background())
					if err != nil {
						t.Error(err)
					}
					said <- up
				}()
			}
			gone, leave := context.WithCancelCause(context.Background())
			leave(errBroken)
			if _, err := l.Stands(gone); !errors.Is(err, errBroken) {
				t.Errorf("who left: %v", err)
			}
			synctest.Wait()
			if len(said) > 0 {
				t.Error("known before")
			}
			if will {
				l.Init(&pieces{}, nil, 1)
			}
			l.Never()
			for range cap(said) {
				if up := <-said; up != will {
					t.Errorf("stands: %t", up)
				}
			}
			if up, err := l.Stands(context.Background()); up != will || err != nil {
				t.Errorf("later: %t, %v", up, err)
			}
		})
	}
}
