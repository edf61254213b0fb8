package hybrid_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
)

// carriers are the ways that a stream may take: frames or bytes at each end, dialled or stood by.
var carriers = []struct {
	name   string
	listen []hybrid.ListenOption
	dial   []hybrid.DialOption
}{
	{"bytes at the listener", []hybrid.ListenOption{hybrid.WithBytes()}, nil},
	{"bytes at the sender", nil, []hybrid.DialOption{hybrid.WithBytes()}},
	{"bytes at both", []hybrid.ListenOption{hybrid.WithBytes()}, []hybrid.DialOption{hybrid.WithBytes()}},
	{"standing by", []hybrid.ListenOption{hybrid.WithStandby(3)}, nil},
	{"standing by, bytes at both", []hybrid.ListenOption{hybrid.WithStandby(3)}, []hybrid.DialOption{hybrid.WithBytes()}},
}

// onCarriers runs a story on each way, on one node and on two.
func onCarriers(t *testing.T, story func(s *set, l *hybrid.Listener, dial []hybrid.DialOption)) {
	t.Helper()
	for _, c := range carriers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			both(t, func(s *set) { story(s, s.listener(c.listen...), c.dial) })
		})
	}
}

// TestBytes: what goes in comes out, in both directions at once, with half-close: once much, then little.
func TestBytes(t *testing.T) {
	t.Parallel()
	onCarriers(t, func(s *set, l *hybrid.Listener, dial []hybrid.DialOption) {
		for i := range 8 { // more than stand by
			near, far := s.pair(l, dial...)
			if r := far.Request(); r == nil || r.Remote.String() != near.LocalAddr().String() || far.TrackingID() == "" {
				s.t.Errorf("request %+v of %v", r, near.LocalAddr())
			}
			sums := make(chan string, 2)
			for _, c := range []*hybrid.Conn{near, far} {
				go func() {
					h := sha256.New()
					n, err := io.Copy(h, c)
					sums <- fmt.Sprintf("%d %x %v", n, h.Sum(nil), err)
				}()
			}
			sent := pattern(100_000)
			if i == 0 {
				sent = pattern(1 << 20)
			}
			for _, c := range []*hybrid.Conn{near, far} {
				if _, err := io.Copy(c, strings.NewReader(string(sent))); err != nil {
					s.t.Error(err)
				}
				if err := c.CloseWrite(); err != nil {
					s.t.Error(err)
				}
			}
			want := fmt.Sprintf("%d %x %v", len(sent), sha256.Sum256(sent), nil)
			for range 2 {
				if got := <-sums; got != want {
					s.t.Errorf("%s\nwant %s", got, want)
				}
			}
			part(near, far)
		}
	})
}

// TestBytesOneWayAfterTheOther: after a half-close the answer still comes.
func TestBytesOneWayAfterTheOther(t *testing.T) {
	onCarriers(t, func(s *set, l *hybrid.Listener, dial []hybrid.DialOption) {
		near, far := s.pair(l, dial...)
		if _, err := near.Write([]byte("question")); err != nil {
			s.t.Fatal(err)
		}
		if err := near.CloseWrite(); err != nil {
			s.t.Fatal(err)
		}
		if b, err := io.ReadAll(far); string(b) != "question" || err != nil {
			s.t.Errorf("%q %v", b, err)
		}
		if _, _, ok := far.PeerClose(); !ok {
			s.t.Error("the end was not noted")
		}
		if _, err := far.Write([]byte("answer")); err != nil {
			s.t.Fatal(err)
		}
		if err := far.Close(); err != nil {
			s.t.Error(err)
		}
		if b, err := io.ReadAll(near); string(b) != "answer" || err != nil {
			s.t.Errorf("%q %v", b, err)
		}
		if _, err := near.Write([]byte("x")); err == nil {
			s.t.Error("a write behind CloseWrite")
		}
		near.Close()
		if err := near.Close(); !errors.Is(err, net.ErrClosed) {
			s.t.Errorf("a second Close: %v", err)
		}
	})
}

// TestBytesLost: an abort is a loss at the other end, never an end in order.
func TestBytesLost(t *testing.T) {
	onCarriers(t, func(s *set, l *hybrid.Listener, dial []hybrid.DialOption) {
		for _, fromListener := range []bool{false, true} {
			a, b := s.pair(l, dial...)
			if fromListener {
				a, b = b, a
			}
			if _, err := a.Write([]byte("x")); err != nil {
				s.t.Fatal(err)
			}
			if _, err := io.ReadFull(b, make([]byte, 1)); err != nil {
				s.t.Fatal(err)
			}
			a.Abort()
			_, err := b.Read(make([]byte, 1))
			var closed *hybrid.CloseError
			var lost *hybrid.Error
			if !errors.As(err, &lost) && !errors.As(err, &closed) {
				s.t.Errorf("from the listener %v: %v", fromListener, err)
			}
			b.Close()
		}
	})
}

// TestBytesDeadlines: a deadline that passes leaves the connection as it was.
func TestBytesDeadlines(t *testing.T) {
	t.Parallel()
	onCarriers(t, func(s *set, l *hybrid.Listener, dial []hybrid.DialOption) {
		near, far := s.pair(l, dial...)
		defer part(near, far)
		for _, c := range []*hybrid.Conn{near, far} {
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			var timeout net.Error
			if _, err := c.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
				s.t.Errorf("a read beyond its deadline: %v", err)
			}
			_ = c.SetReadDeadline(time.Time{})
		}
		if _, err := near.Write([]byte("x")); err != nil {
			s.t.Error(err)
		}
		if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
			s.t.Error(err)
		}
	})
}

// TestBytesMessages: the message view works on bytes, each piece one binary message.
func TestBytesMessages(t *testing.T) {
	t.Parallel()
	onCarriers(t, func(s *set, l *hybrid.Listener, dial []hybrid.DialOption) {
		near, far := s.pair(l, dial...)
		defer part(near, far)
		if err := near.WriteMessage(hybrid.Binary, []byte("one")); err != nil {
			s.t.Fatal(err)
		}
		if kind, b, err := far.ReadMessage(nil); kind != hybrid.Binary || string(b) != "one" || err != nil {
			s.t.Errorf("%v %q %v", kind, b, err)
		}
		if err := far.WriteMessage(hybrid.Binary, []byte("two")); err != nil {
			s.t.Fatal(err)
		}
		_, r, err := near.NextReader()
		if err != nil {
			s.t.Fatal(err)
		}
		if b, err := io.ReadAll(r); string(b) != "two" || err != nil {
			s.t.Errorf("%q %v", b, err)
		}
	})
}

// TestBytesRejected: a hook's no, its sub-protocol and the sender's request are the same on every way.
func TestBytesRejected(t *testing.T) {
	t.Parallel()
	for _, c := range carriers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bubbles(t, func(s *set) {
				l := s.listener(append(c.listen, hybrid.WithSenders(func(_ context.Context, x *hybrid.Sender) {
					switch r := x.Request(); r.URL.RawQuery {
					case "no":
						_ = x.Reject(451, "Not here, at all")
					default:
						conn, err := x.Accept(r.Subprotocols[1])
						if err != nil {
							s.t.Error(err)
							return
						}
						conn.Close()
						if again := x.Reject(500, ""); again == nil {
							s.t.Error("rejected behind Accept")
						}
					}
				}))...)
				dial := append([]hybrid.DialOption{hybrid.WithSubprotocols("a", "b")}, c.dial...)
				_, err := s.dial(append(dial, hybrid.WithTarget("?no"))...)
				var no *hybrid.Error
				if !errors.As(err, &no) || no.Code != fail.Rejected || no.Status != 451 || no.Reason != "Not here, at all" {
					s.t.Errorf("%#v", err)
				}
				near, err := s.dial(append(dial, hybrid.WithTarget("?yes"))...)
				if err != nil {
					s.t.Fatal(err)
				}
				if near.Subprotocol() != "b" {
					s.t.Errorf("sub-protocol %q", near.Subprotocol())
				}
				if _, err := io.ReadAll(near); err != nil {
					s.t.Error(err)
				}
				near.Close()
				l.Close()
			})
		})
	}
}
