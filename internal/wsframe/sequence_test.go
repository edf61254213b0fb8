package wsframe

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata again")

// letters name the events in histories; frames are one frame for each as a client sends it.
const letters = "WFNLPC"

var eventFrames = [events]Header{
	evWhole: {Fin: true, Op: Binary, Masked: true},
	evFirst: {Op: Text, Masked: true},
	evNext:  {Op: Cont, Masked: true},
	evLast:  {Fin: true, Op: Cont, Masked: true},
	evPing:  {Fin: true, Op: Ping, Masked: true},
	evClose: {Fin: true, Op: Close, Masked: true},
}

// legal are the histories RFC 6455 sections 5.4 and 5.5 allow, said in another way than the table.
var legal = regexp.MustCompile(`^([WP]|F[NP]*L)*(F[NP]*)?C?$`)

// TestTable reaches every state by frames, sends every event from there and compares with the histories that are legal.
func TestTable(t *testing.T) {
	paths := [states]string{between: "", inside: "F", closed: "C"}
	for st, path := range paths {
		for ev := range events {
			for _, role := range []Role{Server, Client} {
				s := Sequence{Role: role}
				for _, step := range path {
					if err := s.Check(frameFor(role, event(strings.IndexRune(letters, step)))); err != nil {
						t.Fatalf("path %q: %v", path, err)
					}
				}
				if s.state != state(st) {
					t.Fatalf("path %q leads to state %d, want %d", path, s.state, st)
				}
				err := s.Check(frameFor(role, ev))
				history := path + letters[ev:ev+1]
				if legal.MatchString(history) != (err == nil) {
					t.Errorf("role %d, history %s: %v", role, history, err)
				}
				cell := transitions[st][ev]
				if (cell.err != nil) != (err != nil) || err != nil && !errors.Is(err, cell.err) {
					t.Errorf("role %d, history %s: %v, the table says %v", role, history, err, cell.err)
				}
				if want := cell.next; err == nil && s.state != want {
					t.Errorf("history %s leads to %d, want %d", history, s.state, want)
				}
				if err != nil && s.state != state(st) {
					t.Errorf("history %s: an error moved the state", history)
				}
			}
		}
	}
}

func frameFor(role Role, ev event) Header {
	h := eventFrames[ev]
	h.Masked = role == Server
	return h
}

// TestTableAsText keeps the table readable: testdata/sequence.txt is made from it (go test -run TableAsText -update).
func TestTableAsText(t *testing.T) {
	stateNames := [states]string{"between", "inside", "closed"}
	eventNames := [events]string{"whole", "first", "next", "last", "ping, pong", "close"}
	var b strings.Builder
	for st := range states {
		for ev := range events {
			cell := transitions[st][ev]
			if cell.err != nil {
				fmt.Fprintf(&b, "%-8s %-10s -> %d %s\n", stateNames[st], eventNames[ev], cell.err.CloseCode, cell.err.Text)
			} else {
				fmt.Fprintf(&b, "%-8s %-10s -> %s\n", stateNames[st], eventNames[ev], stateNames[cell.next])
			}
		}
	}
	const file = "testdata/sequence.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the table is now\n%s", b.String())
	}
}

func TestFramesAlone(t *testing.T) {
	good := Header{Fin: true, Op: Binary, Masked: true, Len: 10}
	for _, c := range []struct {
		name   string
		role   Role
		change func(*Header)
		want   error
	}{
		{"good", Server, func(*Header) {}, nil},
		{"first reserved bit", Server, func(h *Header) { h.Rsv = 4 }, errReserved},
		{"last reserved bit", Server, func(h *Header) { h.Rsv = 1 }, errReserved},
		{"reserved bit of a ping", Server, func(h *Header) { h.Rsv, h.Op = 2, Ping }, errReserved},
		{"client does not mask", Server, func(h *Header) { h.Masked = false }, errUnmasked},
		{"client does not mask a pong", Server, func(h *Header) { h.Masked, h.Op = false, Pong }, errUnmasked},
		{"server masks", Client, func(*Header) {}, errMasked},
		{"server", Client, func(h *Header) { h.Masked = false }, nil},
		{"longest ping", Server, func(h *Header) { h.Op, h.Len = Ping, 125 }, nil},
		{"long ping", Server, func(h *Header) { h.Op, h.Len = Ping, 126 }, errControlLong},
		{"long close", Server, func(h *Header) { h.Op, h.Len = Close, 1<<40 }, errControlLong},
		{"split pong", Server, func(h *Header) { h.Op, h.Fin = Pong, false }, errSplit},
		{"split close", Server, func(h *Header) { h.Op, h.Fin = Close, false }, errSplit},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := good
			c.change(&h)
			s := Sequence{Role: c.role}
			if err := s.Check(h); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestMessageKind(t *testing.T) {
	var s Sequence
	for i, step := range []struct {
		ev     event
		op     Op
		closed bool
	}{{evFirst, Text, false}, {evPing, Text, false}, {evNext, Text, false}, {evLast, Text, false}, {evWhole, Binary, false}, {evClose, Binary, true}} {
		if err := s.Check(eventFrames[step.ev]); err != nil {
			t.Fatal(err)
		}
		if s.Message() != step.op || s.Closed() != step.closed {
			t.Errorf("step %d: message %s, closed %v, want %s, %v", i, s.Message(), s.Closed(), step.op, step.closed)
		}
	}
}

func TestMaxMessage(t *testing.T) {
	check := func(s *Sequence, ev event, n int64) error {
		h := eventFrames[ev]
		h.Len = n
		return s.Check(h)
	}
	s := Sequence{MaxMessage: 100}
	for _, err := range []error{
		check(&s, evWhole, 100),                                               // exactly
		check(&s, evFirst, 60), check(&s, evPing, 125), check(&s, evLast, 40), // over fragments, pings not counted
		check(&s, evWhole, 100), // the count starts anew
		check(&s, evFirst, 60),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := check(&s, evLast, 41); !errors.Is(err, ErrTooLong) {
		t.Errorf("101 bytes in two fragments: %v, want ErrTooLong", err)
	}
	s = Sequence{MaxMessage: 100}
	if err := check(&s, evWhole, 1<<62); !errors.Is(err, ErrTooLong) || ErrTooLong.CloseCode != CloseTooBig {
		t.Errorf("a huge frame: %v, want ErrTooLong with 1009", err)
	}
	var unbounded Sequence
	for range 4 {
		if err := check(&unbounded, evWhole, 1<<62); err != nil {
			t.Fatal(err)
		}
	}
	if err := check(&unbounded, evFirst, 1<<62); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := check(&unbounded, evNext, 1<<62); err != nil {
			t.Fatal(err)
		}
	}
}
