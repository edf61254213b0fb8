package httpserve_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/httpserve"
	"github.com/causeway-relay/causeway/internal/leg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// whole is a body that is complete.
type whole struct {
	data   []byte
	read   int
	closed *int
}

func (w *whole) Read(p []byte) (int, error) {
	n := copy(p, w.data[w.read:])
	if w.read += n; w.read == len(w.data) {
		return n, io.EOF
	}
	return n, nil
}
func (w *whole) Size() int64   { return int64(len(w.data)) }
func (w *whole) Bytes() []byte { return w.data }
func (w *whole) Close() error {
	if w.closed != nil {
		*w.closed++
	}
	return nil
}

// stream is a body of parts, each of which is one read.
type stream struct {
	size   int64
	parts  chan string // closed: the end
	broken error       // in place of the end
	closed chan struct{}
	once   sync.Once
	rest   string
}

func newStream(size int64, parts ...string) *stream {
	s := &stream{size: size, parts: make(chan string, len(parts)), closed: make(chan struct{})}
	for _, part := range parts {
		s.parts <- part
	}
	close(s.parts)
	return s
}

func (s *stream) Read(p []byte) (int, error) {
	if s.rest == "" {
		part, more := <-s.parts
		switch {
		case !more && s.broken != nil:
			return 0, s.broken
		case !more:
			return 0, io.EOF
		}
		s.rest = part
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
func (s *stream) Size() int64 { return s.size }
func (s *stream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// end is one end of a connection in memory whose other end is read as it comes.
type end struct {
	t    *testing.T
	conn net.Conn
	a    *leg.Arrival
	mu   sync.Mutex
	got  bytes.Buffer
	over chan struct{} // what the other end gets has ended
}

// arrive makes the arrival of a request. early is how much behind the head was read with it.
func arrive(t *testing.T, request string, early int) *end {
	t.Helper()
	far, near := net.Pipe()
	e := &end{t: t, conn: far, over: make(chan struct{})}
	go func() {
		defer close(e.over)
		buf := make([]byte, 64<<10)
		for {
			n, err := far.Read(buf)
			e.mu.Lock()
			e.got.Write(buf[:n])
			e.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	head, n, err := http1.DecodeRequest([]byte(request), http1.Limits{})
	if err != nil || n == 0 {
		t.Fatalf("%q: %v", request, err)
	}
	e.a = &leg.Arrival{Conn: near, Head: head, Read: []byte(request[n : n+early])}
	if rest := request[n+early:]; rest != "" {
		go func() { _, _ = io.WriteString(far, rest) }()
	}
	return e
}

// text is what the sender got so far, the date left out.
func (e *end) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var lines []string
	for line := range strings.SplitAfterSeq(e.got.String(), "\r\n") {
		if !strings.HasPrefix(line, "Date: ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// close ends the test's side.
func (e *end) close() {
	_ = e.conn.Close()
	_ = e.a.Conn.Close()
	<-e.over
}

// readAll is a body's content as an answerer sees it.
func readAll(b shape.Body) (string, error) {
	if b == nil {
		return "", nil
	}
	all, err := io.ReadAll(b)
	return string(all), err
}

// TestAnswers: every kind of body in the framing that fits the sender, and whether the connection lasts.
func TestAnswers(t *testing.T) {
	const get, old = "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.0\r\nHost: h\r\n\r\n"
	ok := func(b shape.Body) *shape.Response {
		return &shape.Response{Status: 200, Reason: "Fine", Fields: shape.Fields{{Name: "x-A", Value: "1"}}, Body: b}
	}
	long := strings.Repeat("y", 50_000)
	for name, row := range map[string]struct {
		request string
		res     *shape.Response
		want    string
		again   bool
	}{
		"nothing":             {get, ok(nil), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nContent-Length: 0\r\n\r\n", true},
		"whole":               {get, ok(&whole{data: []byte("body")}), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nContent-Length: 4\r\n\r\nbody", true},
		"long":                {get, ok(&whole{data: []byte(long)}), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nContent-Length: 50000\r\n\r\n" + long, true},
		"sized":               {get, ok(newStream(4, "bo", "dy")), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nContent-Length: 4\r\n\r\nbody", true},
		"stream":              {get, ok(newStream(-1, "bo", "dy")), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n", true},
		"empty stream":        {get, ok(newStream(-1)), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
		"too short":           {get, ok(newStream(9, "body")), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nContent-Length: 9\r\n\r\nbody", false},
		"too long":            {get, ok(newStream(4, "body", "evil")), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nContent-Length: 4\r\n\r\nbody", false},
		"HTTP/1.0":            {old, ok(newStream(-1, "bo", "dy")), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nConnection: close\r\n\r\nbody", false},
		"HTTP/1.0, kept":      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ok(&whole{data: []byte("b")}), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nb", true},
		"close":               {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", ok(nil), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
		"HEAD, length known":  {"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", ok(&whole{data: []byte("body")}), "HTTP/1.1 200 Fine\r\nx-A: 1\r\nContent-Length: 4\r\n\r\n", true},
		"HEAD, not known":     {"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", ok(newStream(-1, "body")), "HTTP/1.1 200 Fine\r\nx-A: 1\r\n\r\n", true},
		"204":                 {get, &shape.Response{Status: 204, Body: &whole{data: []byte("x")}}, "HTTP/1.1 204 \r\n\r\n", true},
		"framing of its own":  {get, &shape.Response{Status: 200, Fields: shape.Fields{{Name: "transfer-encoding", Value: "chunked"}, {Name: "CONTENT-LENGTH", Value: "77"}}, Body: &whole{data: []byte("x")}}, "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", true},
		"unknown expectation": {"GET / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\n\r\n", ok(nil), "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := arrive(t, row.request, 0)
				httpserve.Serve(t.Context(), e.a, httpserve.Params{}, func(context.Context, shape.Body) *shape.Response { return row.res })
				if e.a.Again != row.again {
					t.Errorf("again %v", e.a.Again)
				}
				synctest.Wait()
				if got := e.text(); got != row.want {
					t.Errorf("got  %.300q\nwant %.300q", got, row.want)
				}
				e.close()
			})
		})
	}
}

// TestBodies: bodies in every framing, read with the head or behind it, and what stands behind them is the next request.
func TestBodies(t *testing.T) {
	const next = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n"
	for name, row := range map[string]struct {
		head, wire, want string
		size             int64
	}{
		"none":       {"", "", "", 0},
		"length":     {"Content-Length: 11\r\n", "hello world", "hello world", 11},
		"chunked":    {"Transfer-Encoding: chunked\r\n", "6;a=b\r\nhello \r\n5\r\nworld\r\n0\r\nT: x\r\n\r\n", "hello world", -1},
		"zero":       {"Content-Length: 0\r\n", "", "", 0},
		"empty":      {"Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "", -1},
		"long":       {"Content-Length: 30000\r\n", strings.Repeat("z", 30000), strings.Repeat("z", 30000), 30000},
		"long chunk": {"Transfer-Encoding: chunked\r\n", "7530\r\n" + strings.Repeat("z", 30000) + "\r\n0\r\n\r\n", strings.Repeat("z", 30000), -1},
	} {
		request := "POST / HTTP/1.1\r\nHost: h\r\n" + row.head + "\r\n" + row.wire + next
		behind := len(row.wire) + len(next)
		for _, early := range []int{0, len(row.wire) / 2, len(row.wire), len(row.wire) + 5, behind} {
			synctest.Test(t, func(t *testing.T) {
				e := arrive(t, request, early)
				httpserve.Serve(t.Context(), e.a, httpserve.Params{}, func(_ context.Context, b shape.Body) *shape.Response {
					got, err := readAll(b)
					if got != row.want || err != nil || b != nil && b.Size() != row.size || b == nil && row.size > 0 {
						t.Errorf("%s: %.50q, %v", name, got, err)
					}
					return &shape.Response{Status: 200}
				})
				if !e.a.Again {
					t.Fatalf("%s: the connection is gone", name)
				}
				rest := make([]byte, len(next)-len(e.a.Read))
				if _, err := io.ReadFull(e.a.Conn, rest); err != nil || string(e.a.Read)+string(rest) != next {
					t.Errorf("%s, %d early: %q and %q are left, %v", name, early, e.a.Read, rest, err)
				}
				e.close()
			})
		}
	}
}

// TestUnreadBody: a body that nobody reads is read if it is little, and costs the connection if it is not or does not come.
func TestUnreadBody(t *testing.T) {
	for name, row := range map[string]struct {
		head, wire string
		again      bool
		took       time.Duration
	}{
		"short":         {"Content-Length: 5\r\n", "hello", true, 0},
		"chunked":       {"Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", true, 0},
		"long":          {"Content-Length: 10000000\r\n", "hello", false, time.Second},
		"not coming":    {"Content-Length: 10\r\n", "hello", false, 5*time.Second + time.Second},
		"long chunks":   {"Transfer-Encoding: chunked\r\n", strings.Repeat("2000\r\n"+strings.Repeat("x", 8192)+"\r\n", 50), false, time.Second},
		"broken":        {"Transfer-Encoding: chunked\r\n", "zz\r\n", false, time.Second},
		"not continued": {"Content-Length: 5\r\nExpect: 100-continue\r\n", "", false, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			e := arrive(t, "POST / HTTP/1.1\r\nHost: h\r\n"+row.head+"\r\n"+row.wire, 0)
			closed := 0
			httpserve.Serve(t.Context(), e.a, httpserve.Params{}, func(_ context.Context, b shape.Body) *shape.Response {
				_ = b.Close()
				if _, err := b.Read(make([]byte, 1)); !fail.Is(err, fail.SenderGone) {
					t.Errorf("%s: a closed body gives %v", name, err)
				}
				return &shape.Response{Status: 401, Body: &whole{data: []byte("no"), closed: &closed}}
			})
			if e.a.Again != row.again || time.Since(began) > row.took+time.Second/10 || closed != 1 {
				t.Errorf("%s: again %v after %v, closed %d times", name, e.a.Again, time.Since(began), closed)
			}
			synctest.Wait()
			if !strings.HasPrefix(e.text(), "HTTP/1.1 401 \r\nContent-Length: 2\r\n") {
				t.Errorf("%s: %q", name, e.text())
			}
			if says := strings.Contains(e.text(), "Connection: close"); says != (name == "long" || name == "not continued") {
				t.Errorf("%s: the answer says that it is the last: %v", name, says)
			}
			e.close()
		})
	}
}

// TestContinue: the 100 leaves when the body is asked for and not before, and once.
func TestContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := arrive(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-Continue\r\n\r\n", 0)
		httpserve.Serve(t.Context(), e.a, httpserve.Params{}, func(_ context.Context, b shape.Body) *shape.Response {
			synctest.Wait()
			if e.text() != "" {
				t.Errorf("%q before the body is asked for", e.text())
			}
			go func() {
				synctest.Wait()
				if e.text() != http1.Continue {
					t.Errorf("%q when the body is asked for", e.text())
				}
				_, _ = io.WriteString(e.conn, "body")
			}()
			got, err := readAll(b)
			return &shape.Response{Status: 200, Reason: fmt.Sprint(got, err)}
		})
		synctest.Wait()
		if want := http1.Continue + "HTTP/1.1 200 body<nil>\r\n"; !strings.HasPrefix(e.text(), want) || !e.a.Again {
			t.Errorf("%q", e.text())
		}
		e.close()
	})
}

// TestBodyFaults: what goes wrong with a body, in the gateway's words.
func TestBodyFaults(t *testing.T) {
	for name, row := range map[string]struct {
		head, wire string
		end        bool // the sender leaves
		code       fail.Code
		after      time.Duration
	}{
		"bad chunk":  {"Transfer-Encoding: chunked\r\n", "5\r\nhelloX", false, fail.BadRequest, 0},
		"early end":  {"Content-Length: 10\r\n", "hello", true, fail.SenderGone, 0},
		"early end ": {"Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n", true, fail.SenderGone, 0},
		"slow":       {"Content-Length: 10\r\n", "hello", false, fail.SlowBody, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := arrive(t, "POST / HTTP/1.1\r\nHost: h\r\n"+row.head+"\r\n"+row.wire, len(row.wire))
			began := time.Now()
			httpserve.Serve(t.Context(), e.a, httpserve.Params{Idle: 30 * time.Second}, func(ctx context.Context, b shape.Body) *shape.Response {
				if row.end {
					_ = e.conn.Close()
				}
				got, err := readAll(b)
				if got != "hello" || !fail.Is(err, row.code) || time.Since(began) != row.after {
					t.Errorf("%s: %q, %v after %v", name, got, err, time.Since(began))
				}
				if again, same := readAll(b); again != "" || !errors.Is(same, err) {
					t.Errorf("%s: then %q, %v", name, again, same)
				}
				if gone := fail.Is(context.Cause(ctx), fail.SenderGone); gone != row.end {
					t.Errorf("%s: the sender has left: %v", name, gone)
				}
				return &shape.Response{Status: 400}
			})
			if e.a.Again {
				t.Errorf("%s: the connection goes on", name)
			}
			e.close()
		})
	}
}

// TestSenderLeaves ends the context while the answer is waited for, and closes an answer that he does not take.
func TestSenderLeaves(t *testing.T) {
	for _, request := range []string{"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"} {
		synctest.Test(t, func(t *testing.T) {
			e := arrive(t, request, 0)
			httpserve.Serve(t.Context(), e.a, httpserve.Params{}, func(ctx context.Context, b shape.Body) *shape.Response {
				if _, err := readAll(b); err != nil {
					t.Error(err)
				}
				_ = e.conn.Close()
				<-ctx.Done()
				if !fail.Is(context.Cause(ctx), fail.SenderGone) {
					t.Errorf("%v", context.Cause(ctx))
				}
				return &shape.Response{Status: 500}
			})
			if e.a.Again {
				t.Error("the connection goes on")
			}
			e.close()

			e = arrive(t, request, 0)
			s := newStream(-1)
			s.parts = make(chan string)
			var cause error
			go func() {
				s.parts <- "first"
				_ = e.conn.Close()
				s.parts <- "second"
				close(s.parts)
			}()
			httpserve.Serve(t.Context(), e.a, httpserve.Params{}, func(ctx context.Context, b shape.Body) *shape.Response {
				_, _ = readAll(b)
				context.AfterFunc(ctx, func() { cause = context.Cause(ctx) })
				return &shape.Response{Status: 200, Body: s}
			})
			synctest.Wait()
			<-s.closed
			if !fail.Is(cause, fail.SenderGone) || e.a.Again {
				t.Errorf("cause %v, again %v", cause, e.a.Again)
			}
			for range s.parts { // the writer above ends
			}
			e.close()
		})
	}
}

// TestHeadFirst: the head of a stream leaves before its first byte is there, and each read leaves at once.
func TestHeadFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := arrive(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 0)
		s := newStream(-1)
		s.parts = make(chan string)
		over := make(chan struct{})
		go func() {
			defer close(over)
			httpserve.Serve(t.Context(), e.a, httpserve.Params{}, func(context.Context, shape.Body) *shape.Response { return &shape.Response{Status: 200, Body: s} })
		}()
		want := "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n"
		for i := range 5 {
			synctest.Wait()
			if e.text() != want {
				t.Fatalf("before part %d: %q, want %q", i, e.text(), want)
			}
			s.parts <- "part"
			want += "4\r\npart\r\n"
		}
		s.broken = errors.New("the listener is lost")
		close(s.parts)
		<-over
		if e.a.Again || e.text() != want {
			t.Errorf("a broken answer ended as %q, again %v", e.text(), e.a.Again)
		}
		e.close()
	})
}

// TestSlowReader: a sender that takes nothing ends at the write timeout.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far, near := net.Pipe() // nobody reads far
		head, _, _ := http1.DecodeRequest([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), http1.Limits{})
		a := &leg.Arrival{Conn: near, Head: head}
		began := time.Now()
		httpserve.Serve(t.Context(), a, httpserve.Params{Write: 9 * time.Second}, func(context.Context, shape.Body) *shape.Response { return &shape.Response{Status: 200} })
		if took := time.Since(began); took != 9*time.Second || a.Again {
			t.Errorf("after %v, again %v", took, a.Again)
		}
		_ = far.Close()
	})
}

// TestConcurrentClose: the body is closed from another goroutine while it is read, as a timeout does it.
func TestConcurrentClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := arrive(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello", 0)
		httpserve.Serve(t.Context(), e.a, httpserve.Params{}, func(_ context.Context, b shape.Body) *shape.Response {
			go func() {
				synctest.Wait()
				_ = b.Close()
			}()
			if got, err := readAll(b); got != "hello" || !fail.Is(err, fail.SenderGone) {
				t.Errorf("%q, %v", got, err)
			}
			return &shape.Response{Status: 504}
		})
		if e.a.Again {
			t.Error("the connection goes on although half of a body is missing")
		}
		e.close()
	})
}
