package hybrid_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// patience bounds every wait of these tests.
const patience = 20 * time.Second

// set is one of the two set-ups that every story runs on.
type set struct {
	*testcluster.Cluster
	t      *testing.T
	listen string     // connection string of the listener's node
	send   string     // of the sender's
	host   *netx.Host // where the doors are; nil: on the machine's loopback
}

// both runs a story on one node and on two: the listener's door on the last node, the sender's on the first.
func both(t *testing.T, story func(s *set), opts ...testcluster.Option) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) { story(newSet(t, n, opts...)) })
	}
}

// bubbles is both for stories of time: each runs in a bubble of testing/synctest, with doors in memory. Nothing is waited for on the
// clock, and nothing is late because the machine is busy. Metrics cannot be read there, and no test begins below it.
func bubbles(t *testing.T, story func(s *set), opts ...testcluster.Option) {
	t.Helper()
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprintf("%d node(s)", n), func(t *testing.T) { bubble(t, n, story, opts...) })
	}
}

// bubble runs a story on n nodes in a bubble.
func bubble(t *testing.T, n int, story func(s *set), opts ...testcluster.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host := netx.New().Host("localhost")
		s := newSet(t, n, append([]testcluster.Option{testcluster.WithHost(host)}, opts...)...)
		s.host = host
		story(s)
	})
}

// newSet starts n nodes with an entity that asks senders for tokens and one that does not.
func newSet(t *testing.T, n int, opts ...testcluster.Option) *set {
	t.Helper()
	c := testcluster.New(t, n, opts...)
	c.Add(&entity.Entity{Name: "hyco"})
	c.Add(&entity.Entity{Name: "open", AnonymousSenders: true})
	s := &set{Cluster: c, t: t, listen: c.Node(n - 1).Ready().ConnectionString, send: c.Node(0).Ready().ConnectionString}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the gateway logged:\n%s", c.Log())
		}
	})
	return s
}

// connect opens a connection to an address of a door.
func (s *set) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if s.host != nil {
		return s.host.DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// road is how listeners and senders come to the doors.
func (s *set) road() hybrid.Option { return hybrid.WithNetDial(s.connect) }

// trust makes the cluster's certificates good.
func (s *set) trust() hybrid.Option { return hybrid.WithCAFile(s.CAFile()) }

func (s *set) context() context.Context {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	return ctx
}

// listener listens on hyco and ends with the test.
func (s *set) listener(options ...hybrid.ListenOption) *hybrid.Listener {
	s.t.Helper()
	l, err := hybrid.Listen(s.context(), s.listen, append([]hybrid.ListenOption{hybrid.WithEntity("hyco"), s.trust(), s.road()}, options...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	return l
}

func (s *set) dial(options ...hybrid.DialOption) (*hybrid.Conn, error) {
	return hybrid.Dial(s.context(), s.send, append([]hybrid.DialOption{hybrid.WithEntity("hyco"), s.trust(), s.road()}, options...)...)
}

// pair is a connection from end to end.
func (s *set) pair(l *hybrid.Listener, options ...hybrid.DialOption) (near, far *hybrid.Conn) {
	s.t.Helper()
	near, err := s.dial(options...)
	if err != nil {
		s.t.Fatal(err)
	}
	far, err = l.AcceptConn()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { near.Abort(); far.Abort() })
	_ = errors.Join(near.SetDeadline(time.Now().Add(patience)), far.SetDeadline(time.Now().Add(patience)))
	return near, far
}

// part closes connections, all at once: each waits a second for its peer to end too.
func part(conns ...io.Closer) {
	var all sync.WaitGroup
	for _, c := range conns {
		all.Go(func() { _ = c.Close() })
	}
	all.Wait()
}

// echo serves a listener until it is closed.
func (s *set) echo(l net.Listener) {
	var runs sync.WaitGroup
	runs.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			runs.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			})
		}
	})
	s.t.Cleanup(runs.Wait)
	s.t.Cleanup(func() { l.Close() })
}

// events collects what a listener tells.
type events chan hybrid.Event

func newEvents() events { return make(events, 1000) }

func (e events) option() hybrid.ListenOption {
	return hybrid.WithEvents(func(ev hybrid.Event) { e <- ev })
}

// next waits for the next event of a kind and drops others.
func (e events) next(t *testing.T, kind hybrid.EventKind) hybrid.Event {
	t.Helper()
	timer := time.NewTimer(3 * patience)
	defer timer.Stop()
	for {
		select {
		case ev := <-e:
			if ev.Kind == kind {
				return ev
			}
		case <-timer.C:
			t.Fatalf("no event %q", kind)
		}
	}
}

// TestEcho: what a program expects of net: bytes there and back, addresses, an orderly end.
func TestEcho(t *testing.T) {
	both(t, func(s *set) {
		l := s.listener()
		near, far := s.pair(l, hybrid.WithTarget("/deep/er?x=1&sb-hc-secret=2&y=%2F"), hybrid.WithHeader(http.Header{"X-Custom": {"a", "b"}}))
		r := far.Request()
		if r.URL.Path != "/hyco/deep/er" || r.URL.RawQuery != "x=1&y=%2F" || r.Header.Get("X-Custom") != "a, b" ||
			r.Header.Get("ServiceBusAuthorization") != "" || r.TrackingID != far.TrackingID() || near.Request() != nil {
			s.t.Errorf("request %+v %s", r, r.URL)
		}
		if !r.Remote.Addr().IsLoopback() || far.RemoteAddr().String() != r.Remote.String() || near.LocalAddr().String() != r.Remote.String() ||
			far.LocalAddr().String() != l.Addr().String() || near.RemoteAddr().Network() != "hybrid" {
			s.t.Errorf("addresses: %s %s, %s %s", near.LocalAddr(), near.RemoteAddr(), far.LocalAddr(), far.RemoteAddr())
		}
		if near.TrackingID() == "" || far.TrackingID() == "" {
			s.t.Error("no tracking ids")
		}
		if _, err := near.Write([]byte("question")); err != nil {
			s.t.Fatal(err)
		}
		if err := near.CloseWrite(); err != nil {
			s.t.Fatal(err)
		}
		if got, err := io.ReadAll(far); err != nil || string(got) != "question" {
			s.t.Fatalf("%q %v", got, err)
		}
		if code, text, ok := far.PeerClose(); !ok || code != 1000 || text != "Shutdown" {
			s.t.Errorf("closed with %d %q %v", code, text, ok)
		}
		if err := far.WriteMessage(hybrid.Text, []byte("answer")); err != nil {
			s.t.Fatal(err)
		}
		if err := far.Close(); err != nil {
			s.t.Error(err)
		}
		if kind, got, err := near.ReadMessage(nil); err != nil || kind != hybrid.Text || string(got) != "answer" {
			s.t.Fatalf("%v %q %v", kind, got, err)
		}
		if n, err := near.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			s.t.Errorf("%d %v", n, err)
		}
	})
}

// TestAbort: the peer of a stream that was aborted reads a loss.
func TestAbort(t *testing.T) {
	both(t, func(s *set) {
		near, far := s.pair(s.listener())
		far.Abort()
		_, err := near.Read(make([]byte, 1))
		if e, ok := errors.AsType[*hybrid.Error](err); !ok || errors.Is(err, io.EOF) || e.Code != fail.Aborted {
			s.t.Errorf("%v", err)
		}
	})
}

// TestAnonymous: a connection string without a key is enough where senders need none.
func TestAnonymous(t *testing.T) {
	both(t, func(s *set) {
		l := s.listener(hybrid.WithEntity("open"))
		s.echo(l)
		c, err := hybrid.Dial(s.context(), "Endpoint=sb://"+s.Node(0).Host("https")+"/;EntityPath=open", s.trust())
		if err != nil {
			s.t.Fatal(err)
		}
		defer c.Close()
		if got := roundTrip(s.t, c, "hello"); got != "hello" {
			s.t.Errorf("%q", got)
		}
	})
}

func roundTrip(t *testing.T, c net.Conn, text string) string {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// TestMany: 100 senders at once, each with its own bytes.
func TestMany(t *testing.T) {
	t.Parallel()
	bubbles(t, func(s *set) {
		s.echo(s.listener(hybrid.WithBacklog(100)))
		var senders sync.WaitGroup
		for i := range 100 {
			senders.Go(func() {
				c, err := s.dial()
				if err != nil {
					s.t.Error(err)
					return
				}
				defer c.Close()
				want := fmt.Sprintf("%0*d", 100*i+1, i)
				var writer sync.WaitGroup
				writer.Go(func() {
					if _, err := io.WriteString(c, want); err != nil || c.CloseWrite() != nil {
						s.t.Error(err)
					}
				})
				if got, err := io.ReadAll(c); err != nil || string(got) != want {
					s.t.Errorf("sender %d: %d bytes came back, %v", i, len(got), err)
				}
				writer.Wait()
			})
		}
		senders.Wait()
	}, testcluster.WithConfig(func(_ int, c *config.Config) { c.Limits.PendingPerSource = 1000 }))
}

// TestServeHTTP: the standard library's server and client meet over a hybrid connection.
func TestServeHTTP(t *testing.T) {
	both(t, func(s *set) {
		server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s from %s: %d bytes", r.Method, r.URL.Path, r.RemoteAddr, len(b))
		})}
		l := s.listener()
		var serving sync.WaitGroup
		serving.Go(func() { _ = server.Serve(l) })
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return hybrid.Dial(ctx, s.send, hybrid.WithEntity("hyco"), s.trust())
		}}
		client := &http.Client{Transport: transport, Timeout: patience}
		for range 3 {
			answer, err := client.Post("http://anything/path", "text/plain", io.LimitReader(zeros{}, 300_000))
			if err != nil {
				s.t.Fatal(err)
			}
			b, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if want := "POST /path from 127.0.0.1:"; err != nil || len(b) < len(want) || string(b[:len(want)]) != want {
				s.t.Errorf("%q %v", b, err)
			}
		}
		transport.CloseIdleConnections()
		if err := server.Shutdown(s.context()); err != nil {
			s.t.Error(err)
		}
		serving.Wait()
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestWrongCA: a gateway that is not trusted is never shown a token, and the error says what to do.
func TestWrongCA(t *testing.T) {
	s := alone(t)
	t.Setenv("CAUSEWAY_DATA", t.TempDir())
	t.Setenv("CAUSEWAY_CA_FILE", "")
	for name, option := range map[string]hybrid.Option{
		"the system's roots": hybrid.WithTimeout(patience),
		"no roots":           hybrid.WithTLSConfig(&tls.Config{RootCAs: emptyPool(), MinVersion: tls.VersionTLS12}),
	} {
		_, err := hybrid.Dial(s.context(), s.send, hybrid.WithEntity("hyco"), option)
		checkError(t, name, err, fail.Code(""), 0, "--ca-file")
		if e, ok := errors.AsType[*hybrid.Error](err); ok && e.Temporary() {
			t.Errorf("%s: %v counts as temporary", name, err)
		}
	}
	t.Setenv("CAUSEWAY_CA_FILE", s.CAFile())
	l, err := hybrid.Listen(s.context(), s.listen, hybrid.WithEntity("hyco"))
	if err != nil {
		t.Fatalf("with CAUSEWAY_CA_FILE: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// alone is a set of one node.
func alone(t *testing.T, opts ...testcluster.Option) *set {
	t.Helper()
	c := testcluster.New(t, 1, opts...)
	c.Add(&entity.Entity{Name: "hyco"})
	cs := c.Node(0).Ready().ConnectionString
	return &set{Cluster: c, t: t, listen: cs, send: cs}
}
