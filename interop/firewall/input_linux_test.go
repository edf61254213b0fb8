package firewall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/front/localca"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/hybrid/wire"
	"github.com/causeway-relay/causeway/interop"
)

// TestRefusals: what is wrong with gateway, trust, key, right or name ends 'listen' with its exit code and what to do next; 'forward'
// stays, resets its client and says the same.
func TestRefusals(t *testing.T) {
	t.Parallel()
	interop.Need(t)
	stranger, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	onNodes(t, func(t *testing.T, n int) {
		g := newGateway(t, "", "127.0.0.1", n)
		door := g.far()
		with := func(rule, key string) string {
			return "Endpoint=sb://" + door + "/;SharedAccessKeyName=" + rule + ";SharedAccessKey=" + key
		}
		root := with("RootManageSharedAccessKey", g.key)
		expired := "Endpoint=sb://" + door + "/;SharedAccessSignature=" +
			wire.Sign(wire.Audience(door, "/other"), "RootManageSharedAccessKey", g.key, time.Now().Add(-time.Hour))
		for _, row := range []struct {
			name, cs, relay, ca string
			code                int
			says, do            string
		}{
			{"no gateway", strings.Replace(root, door, "127.0.0.1:"+interop.FreePort(t), 1), "other", g.ca, 5, "connection refused", "causeway serve"},
			{"wrong CA", root, "other", stranger.File(), 5, "certificate", "--ca-file"},
			{"wrong key", with("RootManageSharedAccessKey", sendKey("nobody")), "other", g.ca, 4, "InvalidSignature", "causeway rule keys"},
			{"expired token", expired, "other", g.ca, 4, "ExpiredToken", "clock"},
			{"no such relay", root, "nowhere", g.ca, 3, "UnknownEntity", "causeway relay create"},
			{"wrong right", with("Send", sendKey("other")), "other", g.ca, 4, "RightMissing", "right"},
		} {
			env := []string{"CAUSEWAY_CA_FILE=" + row.ca, "CAUSEWAY_CONNECTION_STRING=" + row.cs}
			key := row.cs[strings.LastIndexByte(row.cs, '=')+1:]
			judge := func(what string, p *interop.Program) {
				text := p.Text()
				if !strings.Contains(text, row.says) || !strings.Contains(text, row.do) || strings.Contains(text, key+"=") || strings.Contains(text, strings.TrimSuffix(key, "=")+"=") {
					t.Errorf("%s, %s: %s", row.name, what, text)
				}
			}
			l := interop.Start(t, t.TempDir(), env, interop.Command(t), "listen", row.relay, "--target", "tcp://127.0.0.1:9")
			l.End(interop.Patience)
			if l.Code() != row.code {
				t.Errorf("%s: exit code %d, want %d", row.name, l.Code(), row.code)
			}
			judge("listen", l)
			if row.name == "wrong right" {
				continue // it is the right one here
			}
			f := interop.Start(t, t.TempDir(), env, interop.Command(t), "forward", row.relay, "--bind", "127.0.0.1:0")
			wantReset(t, f.Await(`: forwarding (\S+)$`))
			f.Await(`refused: `)
			judge("forward", f)
		}
	})
}

// wantReset wants a connection to end as a loss, without a byte.
func wantReset(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if errors.Is(err, syscall.ECONNRESET) {
		return // it was there before the connect had returned
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(interop.Patience))
	if b, err := io.ReadAll(c); len(b) > 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q and %v, want a reset", b, err)
	}
}

// descriptors counts the open files of a process.
func descriptors(t *testing.T, p *interop.Program) int {
	t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID()))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestBadTargets: a target that is dead (200 connections), that does not answer, or that resets in the middle, and a relay that is
// deleted and made again: each is said at both ends, nothing is left open, and a connection beside them is untouched.
func TestBadTargets(t *testing.T) {
	t.Parallel()
	interop.Need(t)
	onNodes(t, func(t *testing.T, n int) {
		g := newGateway(t, "", "127.0.0.1", n)
		open := func(relay, target string) (l, f *interop.Program, address string) {
			l = g.listen("", relay, "--target", "tcp://"+target)
			f = g.start1(relay)
			address = f.Await(`: forwarding (\S+)$`)
			return l, f, address
		}
		_, _, good := open("redis", serve(t, func(c *net.TCPConn) error { _, err := io.Copy(c, c); return err }))
		other, err := net.Dial("tcp", good)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		says(t, other, "before")

		l, f, address := open("ssh", "127.0.0.1:"+interop.FreePort(t))
		wantReset(t, address)
		l.Await(`refused: TargetRefused: .*; next: `)
		f.Await(`refused: Rejected: 502 `)
		before := [2]int{descriptors(t, l), descriptors(t, f)}
		var runs sync.WaitGroup
		for range 10 {
			runs.Go(func() {
				for range 20 {
					wantReset(t, address)
				}
			})
		}
		runs.Wait()
		settles(t, "descriptors", func() bool { return descriptors(t, l) <= before[0]+5 && descriptors(t, f) <= before[1]+5 })

		l, f, address = open("web", silent(t))
		wantReset(t, address)
		l.Await(`refused: TargetTimeout: .*; next: `)
		f.Await(`refused: Rejected: 504 `)

		l, _, address = open("wcf-tcp", serve(t, func(c *net.TCPConn) error {
			_, err := c.Write(make([]byte, 100_000))
			_, _ = io.ReadFull(c, make([]byte, 1)) // the client has all of it
			_ = c.SetLinger(0)
			return errors.Join(err, c.Close())
		}))
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(interop.Patience))
		if _, err := io.ReadFull(c, make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); len(b) > 0 || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("behind the target's reset: %q and %v", b, err)
		}
		l.Await(`closed: Aborted, in 1, out 100000, .*lost by the target`)

		g.command("relay", "create", "doomed")
		l, _, address = open("doomed", serve(t, func(c *net.TCPConn) error { _, _ = io.Copy(c, c); return nil }))
		doomed, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer doomed.Close()
		says(t, doomed, "before")
		g.command("relay", "delete", "doomed")
		if _, err := doomed.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a stream of a relay that was deleted: %v", err)
		}
		l.Await(`not listening: UnknownEntity: .*trying again in .*; next: .*causeway relay create`)
		g.command("relay", "create", "doomed")
		l.Await(`: listening$`)
		says(t, other, "behind")
	})
}

// start1 is 'causeway forward' with the root rule, on a port of its own choice.
func (g *relayGateway) start1(relay string) *interop.Program {
	return interop.Start(g.t, g.t.TempDir(), g.env(g.near()), interop.Command(g.t), "forward", relay, "--bind", "127.0.0.1:0")
}

// command runs a command of the operator's.
func (g *relayGateway) command(args ...string) {
	g.t.Helper()
	interop.Start(g.t, g.t.TempDir(), g.env(g.near()), interop.Command(g.t), args...).Finish(interop.Patience)
}

// says sends a word and wants it back.
func says(t *testing.T, c net.Conn, word string) {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(interop.Patience))
	if _, err := io.WriteString(c, word); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(word))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != word {
		t.Fatalf("%q came back of %q: %v", got, word, err)
	}
}

// silent is an address where the system drops every new connection, as a firewall does: its queue is full.
func silent(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	at := &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := errors.Join(syscall.Bind(fd, at), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	for range 10 {
		c, err := net.DialTimeout("tcp", address, 300*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the queue is never full")
	return ""
}

// TestGoServer: a net/http server on a hybrid.Listener, for curl through 'causeway forward'.
func TestGoServer(t *testing.T) {
	t.Parallel()
	interop.Need(t, "curl")
	onNodes(t, func(t *testing.T, n int) {
		g := newGateway(t, "", "127.0.0.1", n)
		l, err := hybrid.Listen(t.Context(), strings.TrimPrefix(g.env(g.far())[1], "CAUSEWAY_CONNECTION_STRING="), hybrid.WithEntity("web"), hybrid.WithCAFile(g.ca), hybrid.WithBytes())
		if err != nil {
			t.Fatal(err)
		}
		var asked atomic.Int64
		server := &http.Server{ReadHeaderTimeout: interop.Patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			b, err := io.ReadAll(r.Body) // an HTTP/1 server answers behind the request
			if err == nil {
				_, err = w.Write(b)
			}
			if err != nil {
				t.Error(err)
			}
		})}
		var serving sync.WaitGroup
		serving.Go(func() { _ = server.Serve(l) })
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), interop.Patience)
			defer cancel()
			if err := server.Shutdown(ctx); err != nil {
				t.Error(err)
			}
			serving.Wait()
		})
		f := g.start1("web")
		address := f.Await(`: forwarding (\S+)$`)
		dir := t.TempDir()
		want := random(t, filepath.Join(dir, "file"), 1<<20)
		for _, more := range [][]string{nil, {"-H", "Transfer-Encoding: chunked"}} {
			place("").run(t, append([]string{"curl", "-sS", "-f", "--noproxy", "*", "-X", "POST", "-H", "Expect:", "--data-binary", "@" + dir + "/file", "-o", dir + "/back", "http://" + address + "/echo"}, more...)...)
			same(t, filepath.Join(dir, "back"), want)
		}
		if asked.Load() != 2 {
			t.Errorf("%d requests", asked.Load())
		}
	})
}
