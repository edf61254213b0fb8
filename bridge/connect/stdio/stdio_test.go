package stdio_test

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/bridge/connect/stdio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for a real file.
const patience = 30 * time.Second

// pipe is a pipe of the system's.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = r.Close(), w.Close() })
	return r, w
}

// wants reads as much as is wanted.
func wants(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Fatalf("%q, %v; want %q", got, err, want)
	}
}

// TestFiles: bytes pass at once, and each direction ends alone.
func TestFiles(t *testing.T) {
	in, say := pipe(t)
	hear, out := pipe(t)
	c := stdio.New(in, out)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	for _, text := range []string{"hello", strings.Repeat("again", 50_000)} {
		go func() { _, _ = say.WriteString(text) }()
		wants(t, c, text)
		go func() { _, _ = io.WriteString(c, text) }()
		wants(t, hear, text)
	}
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(hear); len(rest) != 0 || err != nil {
		t.Errorf("%q, %v behind the end", rest, err)
	}
	if _, err := say.WriteString("last"); err != nil {
		t.Error(err)
	}
	say.Close()
	if rest, err := io.ReadAll(c); string(rest) != "last" || err != nil {
		t.Errorf("%q, %v is read at the end", rest, err)
	}
	for range 2 { // a busy reader sets one before each read, also behind the end
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Errorf("a deadline behind the end: %v", err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("behind the end: %v", err)
		}
	}
	if err := c.Err(); err != nil {
		t.Error(err)
	}
	c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a deadline behind Close: %v", err)
	}
}

// TestLeft: who closes both files has left in order, whichever is first; what is said to him then is dropped, and is no failure.
func TestLeft(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a write does not say there why it failed")
	}
	for _, inputFirst := range []bool{true, false} {
		in, say := pipe(t)
		hear, out := pipe(t)
		c := stdio.New(in, out)
		_ = c.SetDeadline(time.Now().Add(patience))
		if inputFirst {
			_ = say.Close()
		}
		_ = hear.Close()
		for range 3 { // the first is found to be for nobody, and waits until it is known why
			said := make(chan error, 1)
			go func() {
				_, err := io.WriteString(c, "word")
				said <- err
			}()
			_ = say.Close()
			if err := <-said; err != nil {
				t.Errorf("input first: %t: %v", inputFirst, err)
			}
		}
		if rest, err := io.ReadAll(c); len(rest) != 0 || err != nil {
			t.Errorf("input first: %t: %q, %v is read at the end", inputFirst, rest, err)
		}
		if err := errors.Join(c.CloseWrite(), c.Err(), c.Close()); err != nil {
			t.Errorf("input first: %t: %v", inputFirst, err)
		}
	}
}

// TestDeadline: one that passes wakes a read, and loses nothing.
func TestDeadline(t *testing.T) {
	in, say := pipe(t)
	_, out := pipe(t)
	c := stdio.New(in, out)
	defer c.Close()
	_ = c.SetReadDeadline(time.Unix(1, 0))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
	_ = c.SetReadDeadline(time.Time{})
	if _, err := say.WriteString("hello"); err != nil {
		t.Fatal(err)
	}
	wants(t, c, "hello")
	say.Close()
}

// failing is a file that does not work.
type failing struct{}

var errDisk = errors.New("the disk is full")

func (failing) Read([]byte) (int, error)  { return 0, errDisk }
func (failing) Write([]byte) (int, error) { return 0, errDisk }

// TestFailures: what fails at one file ends both directions with the reason, and is no end in order.
func TestFailures(t *testing.T) {
	t.Run("input", func(t *testing.T) {
		c := stdio.New(failing{}, io.Discard)
		defer c.Close()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, errDisk) || !errors.Is(c.Err(), errDisk) {
			t.Errorf("%v, %v", err, c.Err())
		}
	})
	t.Run("output", func(t *testing.T) {
		in, say := pipe(t)
		c := stdio.New(in, failing{})
		defer c.Close()
		defer say.Close()
		_, _ = io.WriteString(c, "hello") // taken, and then lost
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, errDisk) || !errors.Is(c.Err(), errDisk) {
			t.Errorf("%v, %v", err, c.Err())
		}
		if _, err := io.WriteString(c, "more"); !errors.Is(err, errDisk) {
			t.Errorf("%v", err)
		}
		if err := c.CloseWrite(); !errors.Is(err, errDisk) {
			t.Errorf("%v", err)
		}
	})
	t.Run("no reader", func(t *testing.T) {
		in, say := pipe(t)
		hear, out := pipe(t)
		hear.Close()
		c := stdio.New(in, out)
		defer c.Close()
		defer say.Close()
		_, _ = io.WriteString(c, "hello") // as above
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("%v", err)
		}
	})
}

// TestUnread: the input has a second to end once nobody reads the output. If it does, nothing has failed.
func TestUnread(t *testing.T) {
	for _, ends := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			in, say := io.Pipe()
			c := stdio.New(in, io.Discard)
			defer c.Close()
			defer say.Close()
			began := time.Now()
			c.Unread()
			c.Unread()
			want := stdio.ErrUnread
			if ends {
				say.Close()
				want = io.EOF
			}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, want) {
				t.Errorf("ends: %v: %v", ends, err)
			}
			if took := time.Since(began); took != 0 && ends || took != time.Second && !ends {
				t.Errorf("ends: %v: %v", ends, took)
			}
			<-time.After(2 * time.Second)
			if err := c.Err(); (err != nil) == ends {
				t.Errorf("ends: %v: %v", ends, err)
			}
		})
	}
}

// TestCloseOfStuck: an output that takes nothing keeps nobody, and what was written before has a second.
func TestCloseOfStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, say := io.Pipe()
		hear, out := io.Pipe()
		c := stdio.New(in, out)
		if _, err := io.WriteString(c, "nobody reads it"); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.CloseWrite() }()
		synctest.Wait()
		began := time.Now()
		_ = c.Close()
		if took := time.Since(began); took != time.Second {
			t.Errorf("%v", took)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		_, _ = say.Close(), hear.Close() // ends the goroutines of the files
	})
}

var _ net.Conn = (*stdio.Conn)(nil)
