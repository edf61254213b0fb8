package tap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/flow"
	"github.com/causeway-relay/causeway/gateway/shape"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	line1 = entity.Address{Path: "plant/line1"}
	line2 = entity.Address{Path: "plant/line2"}
)

// looking begins a watch that ends with the test.
func looking(t *testing.T, b *Board, at entity.Address, o Options) *Watch {
	t.Helper()
	w, err := b.Watch(at, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// queued takes everything that a watch has now.
func queued(t *testing.T, w *Watch) []*Record {
	t.Helper()
	var all []*Record
	for {
		r, err := w.take()
		if err != nil {
			t.Fatal(err)
		}
		if r == nil {
			return all
		}
		all = append(all, r)
	}
}

// story is records in short, one line each.
func story(records []*Record) []string {
	var lines []string
	for _, r := range records {
		line := fmt.Sprintf("%s %s", r.Shape, r.Event)
		switch r.Event {
		case Request:
			line += " " + r.Method + " " + r.Target
		case Response:
			line += fmt.Sprintf(" %d %s", r.Status, r.Listener)
		case Data, Message:
			line += fmt.Sprintf(" %s %q of %d", r.Dir, r.Data, r.Size)
			if r.Last {
				line += " last"
			}
		case End:
			line += fmt.Sprintf(" %s %d %d", r.Reason, r.In, r.Out)
		case Open:
		}
		if r.Missed > 0 {
			line += fmt.Sprintf(" missed %d", r.Missed)
		}
		lines = append(lines, line)
	}
	return lines
}

// TestExchange: heads at once, bodies as they are read, credentials masked, and the end.
func TestExchange(t *testing.T) {
	var b Board
	w := looking(t, &b, line1, Options{Bytes: 20})
	s := Subject{Shape: "exchange", Tracking: "t", Entity: "plant/line1"}
	req := &shape.Request{Method: "POST"}
	req.Target = "/plant/line1?a=1&sb-hc-token=SECRET"
	req.Fields = shape.Fields{{Name: "Authorization", Value: "Basic SECRET"}, {Name: "Cookie", Value: "id=SECRET"}, {Name: "X-Line", Value: "1"}}
	x := b.Of(line1).Exchange(&s, req)
	x.Up([]byte("<a>hello, world</a>"), nil)
	x.Up([]byte("<b>more</b>"), io.EOF)
	x.Up([]byte("<b>more</b>"), io.EOF) // asked for again
	s.Listener = "l1"
	x.Response(&s, &shape.Response{Status: 200})
	x.Down([]byte("<wsse:Password>SECRET</wsse:Password>"), nil)
	x.Down(nil, io.EOF)
	b.Of(line1).End(&s, "PeerClosed", "", 30, 37)
	got := queued(t, w)
	want := []string{
		"exchange request POST /plant/line1?a=1&sb-hc-token=***",
		`exchange data in "<a>hello, world</a>" of 19`,
		`exchange data in "<" of 11 last`,
		"exchange response 200 l1",
		`exchange data out "<wsse:Password>*****" of 37`,
		`exchange data out "" of 0 last`,
		"exchange end PeerClosed 30 37",
	}
	if diff := cmp.Diff(want, story(got)); diff != "" {
		t.Error(diff)
	}
	fields := shape.Fields{{Name: "Authorization", Value: "Basic ***"}, {Name: "Cookie", Value: "id=***"}, {Name: "X-Line", Value: "1"}}
	if diff := cmp.Diff(fields, got[0].Fields); diff != "" {
		t.Error(diff)
	}
	if req.Fields[0].Value != "Basic SECRET" {
		t.Error("the request itself was changed")
	}
}

// sized is a body of a known length; its reader is the test.
type sized struct {
	shape.Body
	n int64
}

func (s sized) Size() int64 { return s.n }

// TestKnownLength: readers that know a body's length take it and never ask for its end; the last byte is the last all the same, once.
func TestKnownLength(t *testing.T) {
	var b Board
	w := looking(t, &b, line1, Options{Bytes: 20})
	s := Subject{Shape: "exchange"}
	x := b.Of(line1).Exchange(&s, &shape.Request{Method: "POST", Body: sized{n: 5}})
	x.Up([]byte("<a"), nil)
	x.Up([]byte("/> "), nil)
	x.Up(nil, io.EOF)
	x.Response(&s, &shape.Response{Status: 200, Body: sized{n: 2}})
	x.Down([]byte("ok"), nil)
	x.Down(nil, io.EOF)
	want := []string{
		"exchange request POST ", `exchange data in "<a" of 2`, `exchange data in "/> " of 3 last`,
		"exchange response 200 ", `exchange data out "ok" of 2 last`,
	}
	if diff := cmp.Diff(want, story(queued(t, w))); diff != "" {
		t.Error(diff)
	}
}

// TestBrokenBody: a body that breaks off has no last piece.
func TestBrokenBody(t *testing.T) {
	var b Board
	w := looking(t, &b, line1, Options{})
	x := b.Of(line1).Exchange(&Subject{Shape: "exchange"}, &shape.Request{Method: "GET"})
	x.Down([]byte("half"), errors.New("lost"))
	x.Down([]byte("never"), nil)
	want := []string{"exchange request GET ", `exchange data out "half" of 4`}
	if diff := cmp.Diff(want, story(queued(t, w))); diff != "" {
		t.Error(diff)
	}
}

// TestStream: the pieces of both directions, cut for each watcher as it asked, and a secret that goes on behind the cut.
func TestStream(t *testing.T) {
	var b Board
	long, short := looking(t, &b, line1, Options{}), looking(t, &b, line1, Options{Bytes: 4})
	about := &Subject{Shape: "stream"}
	g := b.Of(line1)
	g.Open(about)
	s := g.Stream(about)
	saw := func(dir uint8, pieces ...string) {
		var batch shape.Batch
		batch.Buf = append(batch.Buf, "head"...)
		for i, p := range pieces {
			batch.Pieces = append(batch.Pieces, shape.Piece{Off: len(batch.Buf), Len: len(p), Text: true, Last: i == len(pieces)-1})
			batch.Buf = append(batch.Buf, p...)
		}
		s.Saw(dir, &batch)
		if got := string(batch.Buf); got != "head"+strings.Join(pieces, "") {
			t.Errorf("the batch was changed: %q", got)
		}
	}
	saw(flow.Forth, "<Password>SEC", "RET</Password>")
	saw(flow.Back, "yes")
	g.End(about, "PeerClosed", "", 27, 3)
	later := looking(t, &b, line1, Options{})
	later.Running(about)
	if got := story(queued(t, later)); len(got) != 1 || got[0] != "stream open" {
		t.Errorf("a stream that ran before: %q", got)
	}
	want := []string{
		"stream open", `stream data in "<Password>***" of 13`, `stream data in "***</Password>" of 14 last`, `stream data out "yes" of 3 last`, "stream end PeerClosed 27 3",
	}
	if diff := cmp.Diff(want, story(queued(t, long))); diff != "" {
		t.Error(diff)
	}
	want[1], want[2] = `stream data in "<Pas" of 13`, `stream data in "***<" of 14 last`
	if diff := cmp.Diff(want, story(queued(t, short))); diff != "" {
		t.Error(diff)
	}
}

// TestCast: a message and what became of it.
func TestCast(t *testing.T) {
	var b Board
	w := looking(t, &b, line1, Options{})
	m := &shape.Message{Type: "text/plain", Data: []byte("tick")}
	b.Of(line1).Message(&Subject{Shape: "cast"}, m, 3, 1)
	got := queued(t, w)
	if diff := cmp.Diff([]string{`cast message in "tick" of 4 last`}, story(got)); diff != "" || got[0].Taken != 3 || got[0].Lost != 1 {
		t.Error(diff, got[0])
	}
}

// TestBoard: who looks sees its relay and no other, nobody is asked when nobody looks, and a group that a connection holds on to learns
// of who comes and goes.
func TestBoard(t *testing.T) {
	var left []entity.Address
	b := Board{Left: func(at entity.Address) { left = append(left, at) }}
	if b.Of(line1) != nil {
		t.Fatal("somebody looks at a new board")
	}
	first := looking(t, &b, line1, Options{})
	group := b.Of(line1)
	other := looking(t, &b, line2, Options{})
	second := looking(t, &b, line1, Options{})
	group.tell(&Record{Event: Open})
	for w, want := range map[*Watch]int{first: 1, second: 1, other: 0} {
		if n := len(queued(t, w)); n != want {
			t.Errorf("%d records, want %d", n, want)
		}
	}
	first.Close()
	second.Close()
	second.Close()
	if b.Of(line1) != nil || b.Of(line2) == nil {
		t.Error("the board does not know who left")
	}
	group.tell(&Record{Event: Open}) // a connection that outlives its watchers
	if _, err := first.Next(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	other.Close()
	if b.groups.Load() != nil {
		t.Error("an empty board is not as a new one")
	}
	if diff := cmp.Diff([]entity.Address{line1, line2}, left); diff != "" {
		t.Error(diff)
	}
}

// TestBounds: a watcher that takes nothing loses what is more than its queue holds, by number and by bytes, and is told how much.
func TestBounds(t *testing.T) {
	for _, row := range []struct {
		name  string
		piece int
		least int
		most  int
	}{{"by number", 1, queueRecords, queueRecords}, {"by bytes", 64 << 10, 40, 64}} {
		t.Run(row.name, func(t *testing.T) {
			var b Board
			w := looking(t, &b, line1, Options{Bytes: MaxBytes})
			x := b.Of(line1).Stream(&Subject{})
			batch := shape.Batch{Buf: make([]byte, row.piece), Pieces: []shape.Piece{{Len: row.piece}}}
			const sent = 2000
			for range sent {
				x.Saw(flow.Forth, &batch)
			}
			kept := len(queued(t, w))
			if kept < row.least || kept > row.most {
				t.Errorf("%d are kept", kept)
			}
			x.Saw(flow.Forth, &batch)
			if next := queued(t, w); len(next) != 1 || next[0].Missed != sent-kept {
				t.Errorf("%d records, of %d sent %d were kept", len(next), sent, kept)
			}
		})
	}
}

// TestMaxWatchers: one more than the bound is refused, until somebody leaves.
func TestMaxWatchers(t *testing.T) {
	var b Board
	var last *Watch
	for range MaxWatchers {
		last = looking(t, &b, line1, Options{})
	}
	if _, err := b.Watch(line1, Options{}); !fail.Is(err, fail.Overloaded) {
		t.Errorf("%v", err)
	}
	last.Close()
	looking(t, &b, line1, Options{})
}

// TestClose: a board that closes ends those who wait, and takes nobody any more.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Board
		w := looking(t, &b, line1, Options{})
		got := make(chan error)
		go func() {
			_, err := w.Next(context.Background())
			got <- err
		}()
		synctest.Wait()
		b.Close()
		if err := <-got; !errors.Is(err, ErrClosed) {
			t.Errorf("%v", err)
		}
		if _, err := b.Watch(line1, Options{}); !fail.Is(err, fail.Draining) {
			t.Errorf("%v", err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		var later Board
		if _, err := looking(t, &later, line1, Options{}).Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// TestTogether has watchers come and go beside traffic.
func TestTogether(t *testing.T) {
	var b Board
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				if g := b.Of(line1); g != nil {
					g.End(&Subject{}, "", "", 0, 0)
				}
			}
		})
		all.Go(func() {
			for range 200 {
				if w, err := b.Watch(line1, Options{}); err == nil {
					w.Close()
				}
			}
		})
	}
	all.Wait()
	if b.Of(line1) != nil {
		t.Error("watchers are left")
	}
}

// TestNobodyLooks: the price of the feature while it is not used.
func TestNobodyLooks(t *testing.T) {
	var b Board
	looking(t, &b, line2, Options{})
	if n := testing.AllocsPerRun(100, func() {
		if b.Of(line1) != nil {
			t.Fatal("somebody looks")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
