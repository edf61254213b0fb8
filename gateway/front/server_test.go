package front

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/internal/leg"
	"github.com/causeway-relay/causeway/internal/netx"
)

func TestNewChecks(t *testing.T) {
	_, err := New(Params{Doors: []Door{{Name: "a"}, {Name: "a"}, {}}})
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"front: ", `name "a" is empty or taken`, `name "" is empty or taken`, "no listener", "no handler"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

// TestTake gives a connection away with its head, its raw bytes and what came behind, and without deadlines.
func TestTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := make(chan *leg.Arrival, 1)
		w := open(t, func(p *Params) {
			p.Route = takeUpgrades(func(_ context.Context, a *leg.Arrival) { got <- a })
			p.HeadTimeout, p.IdleTimeout, p.WriteTimeout = time.Second, time.Second, time.Second
		})
		for _, dial := range []func() net.Conn{func() net.Conn { return w.dial(t, "80") }, func() net.Conn { return w.dialTLS(t) }} {
			c := dial()
			r := bufio.NewReader(c)
			send(t, c, get("/first"))
			answer(t, r, "GET") // an ordinary request may come before
			send(t, c, upgrade+"frame")
			a := <-got
			if a.Head.Target != "/ws" || string(a.Read) != "frame" {
				t.Errorf("arrival %q %q", a.Head.Target, a.Read)
			}
			_, encrypted := c.(interface{ NetConn() net.Conn })
			if a.TLS != encrypted || (a.Door == HTTPS) != encrypted || a.Carried || a.Cert != nil || !a.Remote.IsValid() {
				t.Errorf("arrival %+v", a)
			}
			synctest.Wait() // Take has returned, and the connection lives on
			<-time.After(time.Hour)
			go fmt.Fprint(a.Conn, "later")
			b := make([]byte, 5)
			if _, err := io.ReadFull(r, b); err != nil || string(b) != "later" {
				t.Errorf("%q %v", b, err)
			}
			send(t, c, "more")
			if _, err := io.ReadFull(a.Conn, b[:4]); err != nil || string(b[:4]) != "more" {
				t.Errorf("%q %v", b, err)
			}
			a.Conn.Close()
			ended(t, r)
		}
	})
}

// TestTakePanics closes the connection and nothing else.
func TestTakePanics(t *testing.T) {
	w := open(t, func(p *Params) { p.Route = takeUpgrades(func(context.Context, *leg.Arrival) { panic("entry") }) })
	if got := ask(t, w.dial(t, "80"), upgrade); got != "" {
		t.Errorf("answered %q", got)
	}
	w.seen.mu.Lock()
	defer w.seen.mu.Unlock()
	if len(w.seen.panicked) != 1 || !strings.HasSuffix(w.seen.panicked[0], "entry") {
		t.Errorf("the hook saw %q", w.seen.panicked)
	}
}

// TestStay: what a Take left to do may return before it is over, and a shutdown waits for the end all the same, which is counted once. A
// panic is an end.
func TestStay(t *testing.T) {
	for _, falls := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			end := make(chan func(), 1)
			w := open(t, func(p *Params) {
				p.Route = takeUpgrades(func(_ context.Context, a *leg.Arrival) {
					a.Stay = func(over func()) {
						end <- func() { _ = a.Conn.Close(); over(); over() }
						if falls {
							panic("stay")
						}
					}
				})
			})
			c := w.dial(t, "80")
			send(t, c, upgrade)
			synctest.Wait()
			down := make(chan error, 1)
			go func() { down <- w.Shutdown(t.Context()) }()
			synctest.Wait()
			if early := len(down) == 1; early != falls {
				t.Errorf("a panic %t, and the shutdown is through %t", falls, early)
			}
			(<-end)()
			if err := <-down; err != nil {
				t.Error(err)
			}
			ended(t, bufio.NewReader(c))
			w.seen.mu.Lock()
			defer w.seen.mu.Unlock()
			if (len(w.seen.panicked) == 1) != falls {
				t.Errorf("the hook saw %q", w.seen.panicked)
			}
		})
	}
}

// TestWoken: a panic of what goes on with a connection that was quiet ends that connection alone.
func TestWoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, nil)
		peer, ours := netx.Pipe()
		l := w.crowd.open(ours)
		defer w.crowd.served()
		newConn(w.Server, HTTP, l)
		l.woken(func() { panic("woken") })
		ended(t, bufio.NewReader(peer))
		w.seen.mu.Lock()
		defer w.seen.mu.Unlock()
		if len(w.seen.panicked) != 1 || !strings.HasSuffix(w.seen.panicked[0], "woken") {
			t.Errorf("the hook saw %q", w.seen.panicked)
		}
	})
}

// TestRest runs what a Take left when it has returned. A shutdown waits for it, and a panic in it is like one of the Take.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		w := open(t, func(p *Params) {
			p.Route = takeUpgrades(func(_ context.Context, a *leg.Arrival) {
				took := true
				a.Rest = func() {
					<-goOn
					if took {
						panic("the rest ran inside the Take")
					}
					panic("rest")
				}
				took = false
			})
		})
		c := w.dial(t, "80")
		send(t, c, upgrade)
		synctest.Wait()
		down := make(chan error, 1)
		go func() { down <- w.Shutdown(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-down:
			t.Errorf("the shutdown did not wait: %v", err)
		default:
		}
		close(goOn)
		if err := <-down; err != nil {
			t.Error(err)
		}
		ended(t, bufio.NewReader(c))
		w.seen.mu.Lock()
		defer w.seen.mu.Unlock()
		if len(w.seen.panicked) != 1 || !strings.HasSuffix(w.seen.panicked[0], "rest") {
			t.Errorf("the hook saw %q", w.seen.panicked)
		}
	})
}

// TestRoutePanics costs one connection.
func TestRoutePanics(t *testing.T) {
	w := open(t, func(p *Params) {
		p.Route = func(a *leg.Arrival) Take {
			if a.Head.Target == "/bad" {
				panic("route")
			}
			return nil
		}
	})
	if got := ask(t, w.dial(t, "80"), get("/bad")); got != "" {
		t.Errorf("answered %q", got)
	}
	if got := ask(t, w.dial(t, "80"), "GET / HTTP/1.0\r\n\r\n"); statusOf(got) != "200" {
		t.Errorf("then %q", got)
	}
	w.seen.mu.Lock()
	defer w.seen.mu.Unlock()
	if len(w.seen.panicked) != 1 || !strings.HasSuffix(w.seen.panicked[0], "route") {
		t.Errorf("the hook saw %q", w.seen.panicked)
	}
}

// TestCloseDuringEnter ends the server while the limit is being asked: the place is given back all the same.
func TestCloseDuringEnter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, left := make(chan struct{}), 0
		w := open(t, func(p *Params) {
			p.Enter = func(netip.AddrPort) (func(), *fail.Error) { <-asked; return func() { left++ }, nil }
		})
		w.dial(t, "80")
		synctest.Wait()
		w.Close()
		close(asked)
		synctest.Wait()
		if left != 1 {
			t.Errorf("left %d times", left)
		}
	})
}

// TestRouteSeesEveryHead, on a kept connection too.
func TestRouteSeesEveryHead(t *testing.T) {
	var targets []string
	var taken *leg.Arrival
	done := make(chan struct{})
	w := open(t, func(p *Params) {
		p.Route = func(a *leg.Arrival) Take {
			targets = append(targets, a.Head.Target)
			if !a.Head.Fields.Has("Upgrade") {
				return nil
			}
			return func(_ context.Context, a *leg.Arrival) {
				taken = a
				a.Conn.Close()
				close(done)
			}
		}
	})
	ask(t, w.dial(t, "80"), get("/1")+get("/2")+upgrade)
	<-done
	if diff := cmp.Diff([]string{"/1", "/2", "/ws"}, targets); diff != "" || taken.Head.Target != "/ws" {
		t.Error(diff, taken)
	}
}

// TestShutdownClosesIdle ends what waits at once and returns, while the doors are closed already.
func TestShutdownClosesIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, nil)
		silent, handshaking := w.dial(t, "80"), w.dial(t, "443")
		kept, secret := w.dial(t, "80"), w.dialTLS(t)
		send(t, kept, get("/"))
		answer(t, bufio.NewReader(kept), "GET")
		synctest.Wait()
		start := time.Now()
		if err := w.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("took %v", took)
		}
		for _, c := range []net.Conn{silent, handshaking, kept, secret} {
			if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || timeout(err) {
				t.Errorf("read %d, %v", n, err)
			}
		}
		if _, err := w.net.Host("client").DialContext(t.Context(), "tcp", "gw:80"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial: %v", err)
		}
		if err := <-w.ran; err != nil {
			t.Errorf("run: %v", err)
		}
		w.ran <- nil
	})
}

// TestShutdownLetsFinish waits for handlers, for Takes and for a head that has begun.
func TestShutdownLetsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(3 * time.Second):
				case <-r.Context().Done():
					t.Error("a running handler was cancelled")
				}
				echo(w, r)
			})
			p.Route = takeUpgrades(func(ctx context.Context, a *leg.Arrival) {
				<-time.After(5 * time.Second)
				if ctx.Err() != nil {
					t.Error("a running Take was cancelled")
				}
				a.Conn.Close()
			})
		})
		busy, taken, begun, stuck := w.dial(t, "80"), w.dial(t, "80"), w.dial(t, "80"), w.dialTLS(t)
		send(t, busy, get("/busy"))
		send(t, taken, upgrade)
		send(t, begun, "GET /begun HTTP/1.1\r\n")
		send(t, stuck, "GET /stuck HTTP/1.1\r\n")
		synctest.Wait()
		start := time.Now()
		over := make(chan error)
		go func() { over <- w.Shutdown(t.Context()) }()
		synctest.Wait()
		send(t, begun, "Host: gw\r\n\r\n")
		if got := ask(t, stuck, ""); statusOf(got) != "503" || !strings.Contains(got, string(fail.Draining)) {
			t.Errorf("a head that did not end: %q", got)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("a head that did not end took %v", took)
		}
		for _, c := range []net.Conn{busy, begun} {
			r := bufio.NewReader(c)
			if resp, _ := answer(t, r, "GET"); resp.StatusCode != 200 || !resp.Close {
				t.Errorf("%v", resp)
			}
			ended(t, r)
			c.Close()
		}
		if err := <-over; err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("took %v, the Take runs 5 s", took)
		}
	})
}

// TestShutdownGivesUp ends everything when its time is over, and says why.
func TestShutdownGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		causes := make(chan error, 2)
		wait := func(ctx context.Context) { <-ctx.Done(); causes <- context.Cause(ctx) }
		w := open(t, func(p *Params) {
			p.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { wait(r.Context()) })
			p.Route = takeUpgrades(func(ctx context.Context, a *leg.Arrival) { wait(ctx) })
		})
		send(t, w.dial(t, "80"), get("/"))
		taken := w.dial(t, "80")
		send(t, taken, upgrade)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		if err := w.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shut down: %v", err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
		for range 2 {
			if err := <-causes; !fail.Is(err, fail.Draining) && !fail.Is(err, fail.SenderGone) {
				t.Errorf("cause %v", err)
			}
		}
		if _, err := io.ReadAll(taken); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	})
}

// TestRunEndsWithItsContext also when a Take has handed its connection on.
func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, ctx := openBare(t)
		s, err := New(Params{
			Doors: []Door{{Name: HTTP, Listener: n}}, Handler: http.HandlerFunc(echo),
			Route: takeUpgrades(func(context.Context, *leg.Arrival) {}),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(ctx)
		ran := make(chan error)
		go func() { ran <- s.Run(ctx) }()
		c := n.dial(t)
		send(t, c, upgrade)
		synctest.Wait()
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		ended(t, c)
		s.Close()
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		near, far := netPipe(t)
		if err := s.ServeConn(far, shape.Preface{Door: HTTP}); err == nil {
			t.Error("a closed server served")
		}
		ended(t, near)
	})
}

// bare is a listener whose Accept gives what a test wants.
type bare struct {
	next chan any // net.Conn or error
	done chan struct{}
}

func openBare(t *testing.T) (*bare, context.Context) {
	return &bare{next: make(chan any, 100), done: make(chan struct{})}, t.Context()
}

func (b *bare) Accept() (net.Conn, error) {
	select {
	case <-b.done:
		return nil, net.ErrClosed
	case v := <-b.next:
		if c, ok := v.(net.Conn); ok {
			return c, nil
		}
		return nil, v.(error)
	}
}
func (b *bare) Close() error   { close(b.done); return nil }
func (b *bare) Addr() net.Addr { return &net.TCPAddr{} }

func (b *bare) dial(t *testing.T) net.Conn {
	t.Helper()
	near, far := netPipe(t)
	b.next <- far
	return near
}

// TestAcceptErrors run a door out of descriptors: it waits longer each time, serves on, and starts anew.
func TestAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, ctx := openBare(t)
		var seen seen
		s, err := New(Params{Doors: []Door{{Name: HTTP, Listener: l}}, Handler: http.HandlerFunc(echo), Hooks: seen.hooks()})
		if err != nil {
			t.Fatal(err)
		}
		ran := make(chan error)
		go func() { ran <- s.Run(ctx) }()
		start := time.Now()
		for range 10 {
			l.next <- &net.OpError{Op: "accept", Err: syscall.EMFILE}
		}
		c := l.dial(t)
		if got := ask(t, c, "GET / HTTP/1.0\r\n\r\n"); statusOf(got) != "200" {
			t.Errorf("%q", got)
		}
		if took := time.Since(start); took != 5*255*time.Millisecond+2*time.Second {
			t.Errorf("served after %v", took)
		}
		l.next <- errors.New("anything else")
		synctest.Wait()
		start = time.Now()
		s.Close()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("stopping took %v", took)
		}
		var waits []int64
		for _, d := range seen.accept {
			waits = append(waits, d.Milliseconds())
		}
		if diff := cmp.Diff([]int64{5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 5}, waits); diff != "" {
			t.Error(diff)
		}
	})
}

// TestServeConn takes a connection that another node carried here.
func TestServeConn(t *testing.T) {
	got := make(chan *leg.Arrival, 1)
	var limited netip.AddrPort
	w := open(t, func(p *Params) {
		p.Enter = func(remote netip.AddrPort) (func(), *fail.Error) { limited = remote; return nil, nil }
		p.Route = takeUpgrades(func(_ context.Context, a *leg.Arrival) { got <- a; a.Conn.Close() })
		p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.RemoteAddr, " ", r.TLS != nil && r.TLS.HandshakeComplete, len(r.TLS.PeerCertificates))
		})
	})
	remote := netip.MustParseAddrPort("203.0.113.7:4711")
	serve := func(p shape.Preface, request string) string {
		near, far := netPipe(t)
		done := make(chan error)
		go func() { done <- w.ServeConn(far, p) }()
		b := ask(t, near, request)
		if err := <-done; err != nil {
			t.Error(err)
		}
		return b
	}
	cert := []byte("no certificate")
	preface := shape.Preface{Door: HTTPS, Host: "gw", Remote: remote, TLS: true, Cert: cert}
	serve(preface, upgrade+"behind")
	a := <-got
	if !a.Carried || !a.TLS || a.Door != HTTPS || a.Remote != remote || !bytes.Equal(a.Cert, cert) || string(a.Read) != "behind" {
		t.Errorf("arrival %+v", a)
	}
	if limited != remote {
		t.Errorf("the limit was asked for %v", limited)
	}
	preface.Cert = w.certificate(t)
	if got := serve(preface, "GET / HTTP/1.0\r\n\r\n"); !strings.HasSuffix(got, "\r\n\r\n203.0.113.7:4711 true 1") {
		t.Errorf("a handler saw %q", got)
	}
	checkRefusal(t, serve(preface, "GET / HTTP/1.1\r\n\r\n"), 400, fail.BadRequest)
	for name, bad := range map[string]shape.Preface{"unknown door": {Door: "amqps"}, "upgraded": {Door: HTTP, Upgraded: true}} {
		near, far := netPipe(t)
		if err := w.ServeConn(far, bad); err == nil {
			t.Errorf("%s was served", name)
		}
		ended(t, near)
	}
}

// certificate is the DER of the door's own certificate.
func (w *world) certificate(t *testing.T) []byte {
	c := w.dialTLS(t)
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].Raw
}

// TestTrackedTCP keeps what relays use of a TCP connection, and gives the place back whoever closes.
func TestTrackedTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan struct{})
	got := make(chan net.Conn)
	s, err := New(Params{
		Doors: []Door{{Name: HTTP, Listener: l}}, Handler: http.HandlerFunc(echo),
		Enter: func(netip.AddrPort) (func(), *fail.Error) { return func() { close(left) }, nil },
		Route: takeUpgrades(func(_ context.Context, a *leg.Arrival) { got <- a.Conn }),
	})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.Run(t.Context()) }()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send(t, c, upgrade)
	conn := <-got
	if _, ok := conn.(syscall.Conn); !ok {
		t.Error("no syscall.Conn")
	}
	if tcp, ok := conn.(interface{ TCP() *net.TCPConn }); !ok || tcp.TCP() == nil {
		t.Error("no *net.TCPConn for splicing")
	}
	if _, ok := conn.(interface{ SetLinger(sec int) error }); !ok {
		t.Error("no SetLinger")
	}
	bufs := net.Buffers{[]byte("gathered "), []byte("write")}
	if n, err := bufs.WriteTo(conn); n != 14 || err != nil {
		t.Error(n, err)
	}
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error(err)
	}
	if b, err := io.ReadAll(c); string(b) != "gathered write" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	select {
	case <-left:
		t.Error("the place was given back before the end")
	default:
	}
	conn.Close()
	conn.Close()
	<-left
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ran; err != nil {
		t.Error(err)
	}
}
