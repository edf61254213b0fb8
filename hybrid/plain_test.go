package hybrid_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/hybrid"
)

// plain is a connection string that has a node's http door in the place of its https door.
func plain(t *testing.T, connectionString, door string) string {
	t.Helper()
	begin, rest, found := strings.Cut(connectionString, "/;")
	if !found {
		t.Fatal("no endpoint")
	}
	return begin[:strings.LastIndexByte(begin, ':')] + door[strings.LastIndexByte(door, ':'):] + "/;" + rest
}

// TestPlain: a listener, senders in frames and in bytes, and HTTP both ways by doors without TLS, on one node and on two. What is said of
// certificates is not looked at, and without the option these doors are none.
func TestPlain(t *testing.T) {
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) {
			s := newSet(t, n)
			listens, sends := plain(t, s.listen, s.Node(n-1).Door("http")), plain(t, s.send, s.Node(0).Door("http"))
			without := []hybrid.Option{hybrid.WithEntity("hyco"), hybrid.WithPlain(), hybrid.WithCAFile("no such file")}
			l, err := hybrid.Listen(s.context(), listens, without[0], without[1], without[2])
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			s.echo(l)
			for _, more := range [][]hybrid.DialOption{nil, {hybrid.WithBytes()}} {
				c, err := hybrid.Dial(s.context(), sends, append([]hybrid.DialOption{without[0], without[1], without[2]}, more...)...)
				if err != nil {
					t.Fatal(err)
				}
				back := make([]byte, 5)
				if _, err := io.WriteString(c, "hello"); err != nil {
					t.Error(err)
				}
				if _, err := io.ReadFull(c, back); err != nil || string(back) != "hello" {
					t.Errorf("%q came back, %v", back, err)
				}
				part(c)
			}
			if _, err := hybrid.Dial(s.context(), sends, hybrid.WithEntity("hyco"), s.trust()); err == nil || !strings.Contains(err.Error(), "WithPlain") {
				t.Errorf("with TLS: %v", err)
			}
			servesPlain(t, s, listens, sends)
		})
	}
}

// servesPlain has a handler asked.
func servesPlain(t *testing.T, s *set, listens, sends string) {
	t.Helper()
	ctx, end := context.WithCancel(s.context())
	online, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- hybrid.Serve(ctx, listens, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "at "+r.URL.Path) }),
			hybrid.WithEntity("open"), hybrid.WithPlain(), hybrid.WithEvents(func(e hybrid.Event) {
				if e.Kind != hybrid.Online {
					return
				}
				select {
				case online <- struct{}{}:
				default: // back again
				}
			}))
	}()
	defer func() { end(); <-ended }()
	select {
	case <-online:
	case err := <-ended:
		ended <- err
		t.Error(err)
		return
	}
	transport, err := hybrid.NewTransport(sends, hybrid.WithEntity("open"), hybrid.WithPlain())
	if err != nil {
		t.Error(err)
		return
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://web/a", http.NoBody)
	if err != nil {
		t.Error(err)
		return
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		t.Error(err)
		return
	}
	defer answer.Body.Close()
	if b, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK || string(b) != "at /a" {
		t.Errorf("%d %q, %v", answer.StatusCode, b, err)
	}
}
