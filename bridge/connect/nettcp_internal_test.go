package connect

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
)

// TestMoveVia: the service's address stands in the place of the relay's, what is behind it stays.
func TestMoveVia(t *testing.T) {
	at, err := url.Parse("net.tcp://10.0.0.7:808/Calc/Service.svc/")
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct{ relay, via, want string }{
		{"calc", "net.tcp://relay:9808/calc", "net.tcp://10.0.0.7:808/Calc/Service.svc"},
		{"calc", "net.tcp://relay:9808/CALC/x/y?z=1", "net.tcp://10.0.0.7:808/Calc/Service.svc/x/y?z=1"},
		{"plant/line 1", "net.tcp://relay/plant/line%201/mex", "net.tcp://10.0.0.7:808/Calc/Service.svc/mex"},
		{"calc", "net.tcp://relay/calculator", "net.tcp://relay/calculator"},
		{"calc", "net.tcp://relay/other", "net.tcp://relay/other"},
		{"calc", "net.tcp://relay", "net.tcp://relay"},
		{"calc", "http://relay/calc", "http://relay/calc"},
		{"calc", "net.tcp://[::1", "net.tcp://[::1"},
	}
	for _, row := range rows {
		if got := moveVia(row.via, row.relay, at); got != row.want {
			t.Errorf("%s of %s: %s, want %s", row.via, row.relay, got, row.want)
		}
	}
}

// sessionTo is a whole session of a client with an address, with a message long enough to make a leg busy.
func sessionTo(via string) []byte {
	p := &framing.Preamble{Mode: framing.Duplex, Via: via, Encoding: framing.BinarySession}
	return append(framing.AppendSized(p.Append(nil), bytes.Repeat([]byte("a message "), 5000)), byte(framing.End))
}

// parts is a reader that gives one part, or one error, at each call; io.EOF behind the last.
type parts []any

func (q *parts) Read(p []byte) (int, error) {
	if len(*q) == 0 {
		return 0, io.EOF
	}
	first := (*q)[0]
	*q = (*q)[1:]
	switch part := first.(type) {
	case []byte:
		n := copy(p, part)
		if n < len(part) {
			*q = slices.Insert(*q, 0, any(part[n:]))
		}
		return n, nil
	default:
		return 0, part.(error) //nolint:forcetypeassert // there is nothing else
	}
}

// TestRenamerDeadline: a deadline that passes between any two bytes of two sessions is told and costs nothing; an end is final.
func TestRenamerDeadline(t *testing.T) {
	here, there := "net.tcp://relay/hyco", "net.tcp://10.0.0.7:808/Calc.svc"
	head := (&framing.Preamble{Mode: framing.Duplex, Via: here, Encoding: framing.BinarySession}).Append(nil)
	moved := (&framing.Preamble{Mode: framing.Duplex, Via: there, Encoding: framing.BinarySession}).Append(nil)
	rest := append(framing.AppendSized(nil, []byte("a message")), byte(framing.End))
	sent, want := slices.Concat(head, rest, head, rest), slices.Concat(moved, rest, moved, rest)
	for cut := range len(sent) + 1 {
		r := newRenamer(&parts{sent[:cut], os.ErrDeadlineExceeded, sent[cut:]}, func(string) string { return there })
		got, late := readOn(t, r)
		if !bytes.Equal(got, want) || late != 1 {
			t.Fatalf("a deadline behind %d bytes, told %d times: %q, want %q", cut, late, got, want)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Fatalf("behind the end: %d, %v", n, err)
		}
	}
}

// readOn reads to the end and counts the deadlines on the way.
func readOn(t *testing.T, r io.Reader) (got []byte, late int) {
	t.Helper()
	buf := make([]byte, 4<<10)
	for {
		n, err := r.Read(buf)
		got = append(got, buf[:n]...)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if late++; late > 1 {
				t.Fatalf("a deadline that was told once is told for ever, behind %d bytes", len(got))
			}
		case errors.Is(err, io.EOF):
			return got, late
		case err != nil:
			t.Fatal(err)
		}
	}
}

// lossy gives bytes together with a deadline that has passed.
type lossy struct {
	from io.Reader
	told bool
}

func (l *lossy) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if err == nil && !l.told {
		l.told = true
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

// TestRenamerBytesAndDeadline: bytes that came with a deadline are given, and what follows them too.
func TestRenamerBytesAndDeadline(t *testing.T) {
	sent := sessionTo("net.tcp://relay/hyco")
	got, late := readOn(t, newRenamer(&lossy{from: bytes.NewReader(sent)}, func(via string) string { return via }))
	if !bytes.Equal(got, sent) || late != 0 {
		t.Errorf("%d bytes of %d, %d deadlines", len(got), len(sent), late)
	}
}

// piped is a pipe as a renamed sender.
type piped struct {
	net.Conn
	in *renamer
}

func (c piped) Read(p []byte) (int, error) { return c.in.Read(p) }

// TestRenamedPause: a client that has sent a long message may pause before the next session on the same connection, for as long
// as it likes. The leg that reads it sets a deadline of its own while it is busy.
func TestRenamedPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, sender := net.Pipe()
		session := sessionTo("net.tcp://relay/hyco")
		l := leg.NewTCP(piped{sender, newRenamer(sender, func(via string) string { return via })}, nil, time.Minute)
		var runs sync.WaitGroup
		defer runs.Wait()
		defer l.Close() // wakes the client
		runs.Go(func() {
			defer client.Close()
			for range 3 {
				if _, err := client.Write(session); err != nil {
					t.Error("the sender was cut off:", err)
					return
				}
				<-time.After(time.Hour) // of the bubble's own clock
			}
		})
		var got []byte
		for {
			var b shape.Batch
			err := l.Read(&b)
			if end, ok := errors.AsType[*shape.End](err); ok {
				if end.Why != fail.PeerClosed {
					t.Errorf("the stream ended with %v: %v", end.Why, end.Cause)
				}
				break
			}
			for _, p := range b.Pieces {
				got = append(got, b.Buf[p.Off:p.Off+p.Len]...)
			}
		}
		if want := bytes.Repeat(session, 3); !bytes.Equal(got, want) {
			t.Errorf("%d bytes arrived, want %d", len(got), len(want))
		}
	})
}
