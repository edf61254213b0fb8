package httpserve_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/alarm"
	"github.com/causeway-relay/causeway/internal/http1"
	"github.com/causeway-relay/causeway/internal/httpserve"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/nowait"
)

// request decodes a GET.
func request(t *testing.T) *http1.Head {
	t.Helper()
	head, _, err := http1.DecodeRequest([]byte("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), http1.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// TestWholeOnTCP: a body in memory arrives behind its head whatever its size, on a connection of the system's, where long ones leave from
// where they lie, and on another.
func TestWholeOnTCP(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 1 << 10, 20<<10 - 1, 20 << 10, 64 << 10, 3 << 20} {
		data := bytes.Repeat([]byte("0123456789abcdef!"), size/17+1)[:size]
		tcpFar, tcpNear := netx.Loopback(t)
		far, near := net.Pipe()
		for name, c := range map[string][2]net.Conn{"TCP": {tcpFar, tcpNear}, "pipe": {far, near}} {
			got := make(chan string, 1)
			go func() {
				all, _ := io.ReadAll(c[0]) // ends with the connection
				got <- string(all)
			}()
			closed := 0
			a := &leg.Arrival{Conn: c[1], Head: request(t)}
			for range 2 {
				httpserve.Serve(t.Context(), a, httpserve.Params{}, func(context.Context, shape.Body) *shape.Response {
					return &shape.Response{Status: 200, Fields: http1.Fields{{Name: "Date", Value: "now"}}, Body: &whole{data: data, closed: &closed}}
				})
				if !a.Again {
					t.Fatalf("%s, %d bytes: the connection does not go on", name, size)
				}
			}
			_ = c[1].Close()
			answer := fmt.Sprintf("HTTP/1.1 200 \r\nDate: now\r\nContent-Length: %d\r\n\r\n%s", size, data)
			if all := <-got; all != answer+answer {
				t.Errorf("%s, %d bytes: %d bytes came: %.90q", name, size, len(all), all)
			}
			if closed != 2 {
				t.Errorf("%s, %d bytes: bodies closed %d times", name, size, closed)
			}
		}
	}
}

// dated notes the write deadlines of a connection.
type dated struct {
	net.Conn

	set []time.Time
}

func (d *dated) SetWriteDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return d.Conn.SetWriteDeadline(t)
}

// TestWriteDeadlineStays: answers that follow each other closely share a write deadline, which is never nearer than three quarters
// of what one write may take.
func TestWriteDeadlineStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		far, near := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, far) }() // ends with the connection
		conn := &dated{Conn: near}
		a := &leg.Arrival{Conn: conn, Head: request(t)}
		for i, step := range []struct {
			pause time.Duration
			set   int // how often it was moved until then
		}{{0, 1}, {100 * time.Millisecond, 1}, {900 * time.Millisecond, 2}, {999 * time.Millisecond, 2}, {time.Hour, 3}} {
			<-time.After(step.pause)
			httpserve.Serve(t.Context(), a, httpserve.Params{Write: 8 * time.Second}, func(context.Context, shape.Body) *shape.Response {
				return &shape.Response{Status: 200}
			})
			if !a.Again || len(conn.set) != step.set {
				t.Errorf("answer %d: again %v, deadline set %d times", i, a.Again, len(conn.set))
			}
			if left := time.Until(a.WriteBy); left < 6*time.Second || left > 8*time.Second || !a.WriteBy.Equal(conn.set[len(conn.set)-1]) {
				t.Errorf("answer %d leaves a deadline in %v, of %v", i, left, conn.set)
			}
		}
		_ = near.Close()
		_ = far.Close()
	})
}

// TestSlowReaderOnTCP: the same where an answer leaves without a deadline as long as there is room.
func TestSlowReaderOnTCP(t *testing.T) {
	far, near := netx.Loopback(t) // nobody reads far
	pieces := make([]string, 4<<10)
	for i := range pieces {
		pieces[i] = strings.Repeat("p", 16<<10)
	}
	body := newStream(-1, pieces...)
	a := &leg.Arrival{Conn: nowait.Wrap(near), Head: request(t)}
	left := make(chan error, 1)
	httpserve.Serve(t.Context(), a, httpserve.Params{Write: 40 * time.Millisecond}, func(ctx context.Context, _ shape.Body) *shape.Response {
		context.AfterFunc(ctx, func() { left <- context.Cause(ctx) })
		return &shape.Response{Status: 200, Body: body}
	})
	<-body.closed
	if why := <-left; a.Again || !fail.Is(why, fail.SenderGone) || len(body.parts) == 0 {
		t.Errorf("again %v, ended by %v, %d pieces were not wanted", a.Again, why, len(body.parts))
	}
	_, _ = io.Copy(io.Discard, far) // ends with the connection
}

// TestLateTogether: of requests that share a clock each is watched once its answer takes its time, and a next request that comes meanwhile
// is kept.
func TestLateTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late alarm.Clock
		const many = 8
		var all sync.WaitGroup
		for i := range many {
			far, near := net.Pipe()
			a := &leg.Arrival{Conn: near, Head: request(t)}
			all.Go(func() {
				_, _ = io.Copy(io.Discard, far) // ends with the connection
			})
			all.Go(func() {
				defer near.Close()
				began, leaves := time.Now(), i%2 == 0
				httpserve.Serve(t.Context(), a, httpserve.Params{Late: &late}, func(ctx context.Context, _ shape.Body) *shape.Response {
					after := time.Duration(i) * 5 * time.Millisecond // before the watch begins, or behind it
					<-time.After(after)
					if leaves {
						_ = far.Close()
						<-ctx.Done()
						if took := time.Since(began); took != max(after, 10*time.Millisecond) || !fail.Is(context.Cause(ctx), fail.SenderGone) {
							t.Errorf("%d left after %v, which was seen after %v: %v", i, after, took, context.Cause(ctx))
						}
					} else if _, err := far.Write([]byte("next")); err != nil {
						t.Errorf("%d: nobody looks: %v", i, err)
					}
					return &shape.Response{Status: 200}
				})
				if a.Again == leaves || !leaves && string(a.Read) != "next" {
					t.Errorf("%d goes on: %v, with %q", i, a.Again, a.Read)
				}
			})
		}
		all.Wait()
	})
}
