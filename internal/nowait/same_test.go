package nowait_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// outcome is what a read or a write gave, without the ports that differ from one connection to the next.
type outcome struct {
	N       int
	Text    string
	Is      []string // of the errors that callers look for
	Timeout bool
}

func outcomeOf(c net.Conn, n int, err error) outcome {
	o := outcome{N: n}
	if err == nil {
		return o
	}
	o.Text = strings.NewReplacer(c.LocalAddr().String(), "OURS", c.RemoteAddr().String(), "PEER").Replace(err.Error())
	for _, known := range []error{io.EOF, net.ErrClosed, os.ErrDeadlineExceeded, syscall.ECONNRESET, syscall.EPIPE, syscall.EAGAIN} {
		if errors.Is(err, known) {
			o.Is = append(o.Is, known.Error())
		}
	}
	if e, ok := errors.AsType[net.Error](err); ok {
		o.Timeout = e.Timeout()
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && (e.Source.String() != c.LocalAddr().String() || e.Addr.String() != c.RemoteAddr().String()) {
		o.Text += " WITH OTHER ADDRESSES"
	} else if !ok && !errors.Is(err, io.EOF) {
		o.Text += " WITHOUT AN OPERATION"
	}
	return o
}

// script is a test's hold on one pair. Its steps note what comes of them.
type script struct {
	*testing.T

	peer *net.TCPConn
	ours net.Conn
	all  []outcome
}

func (s *script) read(p []byte) {
	n, err := s.ours.Read(p)
	s.all = append(s.all, outcomeOf(s.ours, n, err))
}

func (s *script) write(p []byte) {
	n, err := s.ours.Write(p)
	s.all = append(s.all, outcomeOf(s.ours, n, err))
}

// stuck gives a write that finds no room for all of its bytes. How many of them have left it does not note: the kernel may find some.
func (s *script) stuck() func() {
	narrow(s, s.peer, s.ours)
	fill(s, s.ours)
	return func() {
		n, err := s.ours.Write(make([]byte, nowait.Most))
		if n == nowait.Most {
			s.Error("there was room for all")
		}
		s.all = append(s.all, outcomeOf(s.ours, 0, err))
	}
}

func (s *script) must(errs ...error) {
	s.Helper()
	if err := errors.Join(errs...); err != nil {
		s.Fatal(err)
	}
}

// beside does f on a goroutine, and step meanwhile: before f has begun to wait, or behind it, which must not make a difference.
func (s *script) beside(f func(), step func() error) {
	s.Helper()
	over := make(chan struct{})
	begun := make(chan struct{})
	go func() {
		defer close(over)
		close(begun)
		f()
	}()
	<-begun
	err := step()
	<-over
	s.must(err)
}

// past is a deadline that has struck.
var past = time.Unix(1, 0)

// TestSameAsPackageNet: what a Conn's reads and writes give is what those of a *net.TCPConn give, word by word.
func TestSameAsPackageNet(t *testing.T) {
	const (
		reading = "read tcp OURS->PEER: "
		writing = "write tcp OURS->PEER: "
	)
	var (
		closed   = []string{net.ErrClosed.Error()}
		deadline = []string{os.ErrDeadlineExceeded.Error()}
	)
	cases := []struct {
		name string
		play func(s *script)
		want []outcome
	}{
		{"words and the end", func(s *script) {
			s.must(write(s.peer, "hello"), s.peer.CloseWrite())
			s.read(make([]byte, 3))
			s.read(make([]byte, 3))
			s.read(make([]byte, 3))
			s.read(make([]byte, 3))
			s.write([]byte("still open"))
		}, []outcome{{N: 3}, {N: 2}, {Text: "EOF", Is: []string{"EOF"}}, {Text: "EOF", Is: []string{"EOF"}}, {N: 10}}},
		{"nothing", func(s *script) { // neither waits
			s.read(nil)
			s.write(nil)
			s.read([]byte{})
			s.write([]byte{})
		}, make([]outcome, 4)},
		{"nothing, of one that is closed", func(s *script) {
			s.must(s.ours.Close())
			s.read(nil)
			s.write(nil)
		}, []outcome{{Text: reading + net.ErrClosed.Error(), Is: closed}, {Text: writing + net.ErrClosed.Error(), Is: closed}}},
		{"closed", func(s *script) {
			s.must(s.ours.Close())
			s.read(make([]byte, 1))
			s.write([]byte("x"))
		}, []outcome{{Text: reading + net.ErrClosed.Error(), Is: closed}, {Text: writing + net.ErrClosed.Error(), Is: closed}}},
		{"closed amid a read", func(s *script) {
			s.beside(func() { s.read(make([]byte, 1)) }, s.ours.Close)
		}, []outcome{{Text: reading + net.ErrClosed.Error(), Is: closed}}},
		{"closed amid a write", func(s *script) {
			s.beside(s.stuck(), s.ours.Close)
		}, []outcome{{Text: writing + net.ErrClosed.Error(), Is: closed}}},
		{"deadlines that have struck", func(s *script) {
			s.must(write(s.peer, "there is something"), s.ours.SetDeadline(past))
			s.read(make([]byte, 1))
			s.write([]byte("x"))
			s.must(s.ours.SetDeadline(time.Now().Add(patience)))
			s.read(make([]byte, 1))
			s.write([]byte("x"))
		}, []outcome{
			{Text: reading + "i/o timeout", Is: deadline, Timeout: true}, {Text: writing + "i/o timeout", Is: deadline, Timeout: true}, {N: 1}, {N: 1},
		}},
		{"a deadline that strikes amid a read", func(s *script) {
			s.must(s.ours.SetReadDeadline(time.Now().Add(5 * time.Millisecond)))
			s.read(make([]byte, 1))
		}, []outcome{{Text: reading + "i/o timeout", Is: deadline, Timeout: true}}},
		{"a deadline that is set amid a read", func(s *script) {
			s.beside(func() { s.read(make([]byte, 1)) }, func() error { return s.ours.SetReadDeadline(past) })
		}, []outcome{{Text: reading + "i/o timeout", Is: deadline, Timeout: true}}},
		{"a deadline that is set amid a write", func(s *script) {
			s.beside(s.stuck(), func() error { return s.ours.SetWriteDeadline(past) })
		}, []outcome{{Text: writing + "i/o timeout", Is: deadline, Timeout: true}}},
		{"an end that is ours", func(s *script) {
			s.must(s.ours.(interface{ CloseWrite() error }).CloseWrite(), write(s.peer, "answer"))
			s.read(make([]byte, 10))
		}, []outcome{{N: 6}}},
		{"an empty read of an end", func(s *script) {
			s.must(s.peer.CloseWrite())
			s.read(nil)
			s.read(make([]byte, 1))
		}, []outcome{{}, {Text: "EOF", Is: []string{"EOF"}}}},
	}
	for _, c := range cases {
		for _, w := range ways {
			t.Run(c.name+"/"+w.name, func(t *testing.T) {
				s := &script{T: t}
				s.peer, s.ours = w.pair(t)
				c.play(s)
				if diff := cmp.Diff(c.want, s.all); diff != "" {
					t.Errorf("the steps gave (- expected, + got)\n%s", diff)
				}
			})
		}
	}
}

// TestResetSameAsPackageNet: a reset is the kernel's error, in the words of package net, to whoever is told first; a write behind it
// finds a broken pipe.
func TestResetSameAsPackageNet(t *testing.T) {
	var all [2][]outcome
	for i, w := range ways {
		s := &script{T: t}
		s.peer, s.ours = w.pair(t)
		s.must(s.peer.SetLinger(0), s.peer.Close())
		s.read(make([]byte, 1))
		s.write([]byte("x"))
		s.read(make([]byte, 1))
		if first := s.all[0]; first.N != 0 || !strings.HasPrefix(first.Text, "read tcp OURS->PEER: ") || s.all[1].N != 0 || s.all[1].Text == "" {
			t.Errorf("%s: %+v", w.name, s.all)
		}
		all[i] = s.all
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Errorf("(- package net, + nowait)\n%s", diff)
	}
}

// TestLengths: bytes pass whole and in order below, at and beyond the length that the scheduler is not told of, both ways.
func TestLengths(t *testing.T) {
	for _, n := range []int{1, 100, nowait.Most - 1, nowait.Most, nowait.Most + 1, 5*nowait.Most + 7} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			peer, ours := ways[1].pair(t)
			sent := pattern(0, n)
			written := make(chan error, 1)
			go func() {
				m, err := ours.Write(sent)
				if err == nil && m != n {
					err = fmt.Errorf("%d bytes written", m)
				}
				written <- errors.Join(err, ours.(interface{ CloseWrite() error }).CloseWrite())
			}()
			arrives(t, peer, sent)
			if err := <-written; err != nil {
				t.Fatal(err)
			}
			go func() {
				_, err := peer.Write(sent)
				written <- errors.Join(err, peer.CloseWrite())
			}()
			got := make([]byte, n+1) // one read of up to so many, and what is left
			m, err := ours.Read(got)
			if err != nil || m == 0 {
				t.Fatal(m, err)
			}
			arrives(t, io.MultiReader(strings.NewReader(string(got[:m])), ours), sent)
			if err := <-written; err != nil {
				t.Error(err)
			}
		})
	}
}

// write is one write of all of a text.
func write(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}
