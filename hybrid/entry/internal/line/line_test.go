package line

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/hybrid/entry/internal/bodies"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// gated is a connection whose writes wait for a word: how many bytes they take, and with which error.
type gated struct {
	net.Conn
	begun chan struct{}
	words chan word
	mu    sync.Mutex
	got   [][]byte
}

type word struct {
	most int
	err  error
}

func (g *gated) SetWriteDeadline(time.Time) error { return nil }

func (g *gated) Write(p []byte) (int, error) {
	g.begun <- struct{}{}
	w := <-g.words
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(p), w.most)
	g.got = append(g.got, bytes.Clone(p[:n]))
	return n, w.err
}

// told is what became of a unit.
type told struct {
	n   int
	err error
}

// start gives the line of a connection.
func start(conn net.Conn, read []byte) *Line {
	l := new(Line)
	l.Init(conn, read, 1<<20)
	return l
}

// units begins to tell: each is on its way when this returns.
func units(l *Line, deadline time.Time, texts ...string) []chan told {
	var all []chan told
	for _, text := range texts {
		c := make(chan told, 1)
		all = append(all, c)
		go func() {
			n, err := l.Tell([]byte(text), nil, deadline)
			c <- told{n, err}
		}()
		synctest.Wait()
	}
	return all
}

// lineTest gives a line whose first unit is being written.
func lineTest(t *testing.T, story func(t *testing.T, g *gated, l *Line, first chan told)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &gated{begun: make(chan struct{}, 8), words: make(chan word, 8)}
		l := start(g, nil)
		first := units(l, time.Now().Add(time.Minute), "first")[0]
		<-g.begun
		story(t, g, l, first)
	})
}

var errBroken = errors.New("broken")

// TestTogether: units that come while another is written leave in one write, each whole and in order; those who said them hear
// what became of their own bytes.
func TestTogether(t *testing.T) {
	for _, row := range []struct {
		name string
		word word
		want []told // each unit is 2 bytes of header and 3 of text
	}{
		{"written", word{1 << 20, nil}, []told{{5, nil}, {5, nil}, {5, nil}}},
		{"nothing left", word{0, errBroken}, []told{{0, errBroken}, {0, errBroken}, {0, errBroken}}},
		{"some left", word{7, errBroken}, []told{{5, nil}, {2, errBroken}, {0, errBroken}}},
		{"all left before the error", word{1 << 20, errBroken}, []told{{5, nil}, {5, nil}, {5, nil}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			lineTest(t, func(t *testing.T, g *gated, l *Line, first chan told) {
				later := units(l, time.Now().Add(time.Minute), "aaa", "bbb", "ccc")
				g.words <- word{1 << 20, nil}
				if got := <-first; got.n != 7 || got.err != nil {
					t.Fatalf("the first unit: %+v", got)
				}
				<-g.begun
				g.words <- row.word
				for i, c := range later {
					if got := <-c; got != row.want[i] {
						t.Errorf("unit %d: %+v, not %+v", i, got, row.want[i])
					}
				}
				var all []byte
				for _, text := range []string{"aaa", "bbb", "ccc"} {
					all = appendMessage(all, wsframe.Text, []byte(text))
				}
				if len(g.got) != 2 || !bytes.Equal(g.got[1], all[:min(len(all), row.word.most)]) {
					t.Errorf("%d writes, the second %q", len(g.got), g.got[len(g.got)-1])
				}
			})
		})
	}
}

// TestTogetherBounds: a unit that is due earlier than the batch, and one that would make it too long, go by themselves.
func TestTogetherBounds(t *testing.T) {
	for _, row := range []struct {
		name string
		due  time.Duration
		text string
	}{
		{"an earlier deadline", time.Second, "bbb"},
		{"too long", time.Minute, strings.Repeat("b", batchMost)},
	} {
		t.Run(row.name, func(t *testing.T) {
			lineTest(t, func(t *testing.T, g *gated, l *Line, first chan told) {
				a := units(l, time.Now().Add(time.Minute), "aaa")[0]
				b := units(l, time.Now().Add(row.due), row.text)[0]
				for range 3 {
					g.words <- word{1 << 20, nil}
				}
				for _, c := range []chan told{first, a, b} {
					if got := <-c; got.err != nil {
						t.Errorf("%+v", got)
					}
				}
				if len(g.got) != 3 {
					t.Errorf("%d writes", len(g.got))
				}
			})
		})
	}
}

// TestTogetherLate: whoever waits for a write that does not end hears so in time, and none of it leaves later.
func TestTogetherLate(t *testing.T) {
	lineTest(t, func(t *testing.T, g *gated, l *Line, first chan told) {
		late := units(l, time.Now().Add(time.Second), "aaa", "bbb")
		for _, c := range late {
			if got := <-c; got.n != 0 || !errors.Is(got.err, os.ErrDeadlineExceeded) {
				t.Errorf("a unit that waits for too long: %+v", got)
			}
		}
		g.words <- word{1 << 20, nil}
		<-first
		again := units(l, time.Now().Add(time.Second), "ccc")[0]
		<-g.begun
		g.words <- word{1 << 20, nil}
		if got := <-again; got.err != nil || len(g.got) != 2 || string(g.got[1][2:]) != "ccc" {
			t.Errorf("behind it: %+v, %q", got, g.got)
		}
	})
}

// socket is a gated connection that says it is the kernel's.
type socket struct{ *gated }

func (socket) SyscallConn() (syscall.RawConn, error) { return nil, net.ErrClosed }

// TestLongUnit: a body that stays in its place makes the same frames as one that is copied.
func TestLongUnit(t *testing.T) {
	for _, n := range []int{longBody, bodies.MaxPiece, bodies.MaxPiece + 1, 65536, 65537, 3*bodies.MaxPiece + 5} {
		synctest.Test(t, func(t *testing.T) {
			body := bytes.Repeat([]byte("0123456789abcde"), n/15+1)[:n]
			text := []byte(strings.Repeat("t", 700))
			want := appendMessage(appendMessage(nil, wsframe.Text, text), wsframe.Binary, body)
			g := &gated{begun: make(chan struct{}, 32), words: make(chan word, 32)}
			l := start(socket{g}, nil)
			for range cap(g.words) {
				g.words <- word{1 << 20, nil}
			}
			if left, err := l.Tell(text, body, time.Now().Add(time.Minute)); left != len(want) || err != nil {
				t.Errorf("%d bytes: %d of %d left, %v", n, left, len(want), err)
			}
			if got := bytes.Join(g.got, nil); !bytes.Equal(got, want) {
				t.Errorf("%d bytes: other frames left", n)
			}
			if l.writing {
				t.Errorf("%d bytes: the turn was not given back", n)
			}
		})
	}
}

// TestAlone: a unit that is told alone waits for its turn, until its deadline, leaves in a write of its own and takes nobody along.
func TestAlone(t *testing.T) {
	lineTest(t, func(t *testing.T, g *gated, l *Line, first chan told) {
		alone := func(text string, wait time.Duration) chan told {
			c := make(chan told, 1)
			deadline := time.Now().Add(wait)
			go func() {
				n, err := l.TellAlone([]byte(text), nil, deadline)
				c <- told{n, err}
			}()
			synctest.Wait()
			return c
		}
		late, whole, torn := alone("late", time.Second), alone("one", time.Minute), alone("two", time.Minute)
		if got := <-late; got.n != 0 || !errors.Is(got.err, os.ErrDeadlineExceeded) {
			t.Errorf("behind its time: %+v", got)
		}
		g.words <- word{1 << 20, nil}
		<-first
		<-g.begun
		g.words <- word{1 << 20, nil}
		<-g.begun
		g.words <- word{3, errBroken}
		if got, broken := <-whole, <-torn; got != (told{5, nil}) || broken != (told{3, errBroken}) {
			t.Errorf("%+v, %+v", got, broken)
		}
		if len(g.got) != 3 || !bytes.HasSuffix(g.got[1], []byte("one")) || len(g.got[1]) != 5 {
			t.Errorf("written %q", g.got)
		}
	})
}

// TestNoRoom: a peer that takes nothing holds a unit up until its deadline, and what has left is known to the byte; the deadline of one unit
// is none of the next.
func TestNoRoom(t *testing.T) {
	peer, ours := netx.Loopback(t)
	if err := ours.SetWriteBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	l := start(nowait.Wrap(ours), nil)
	unit, left := bytes.Repeat([]byte("u"), 8<<10), 0
	var err error
	for err == nil && left < 64<<20 {
		var n int
		n, err = l.Tell(unit, nil, time.Now().Add(20*time.Millisecond))
		left += n
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes left, %v", left, err)
	}
	all := make(chan int64, 1)
	go func() {
		n, _ := io.Copy(io.Discard, peer) // ends with the connection
		all <- n
	}()
	for range 3 { // there is no room yet, or there is
		n, err := l.Tell(unit, nil, time.Now().Add(time.Minute))
		if left += n; err != nil {
			t.Fatal(err)
		}
	}
	if err := l.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if n := <-all; n != int64(left) {
		t.Errorf("%d bytes arrived, %d left", n, left)
	}
}
