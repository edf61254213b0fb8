package connect_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/gateway/shape"
	"github.com/causeway-relay/causeway/hybrid"
)

// TestApply: what is the same runs on untouched, its connections too; what is new begins; connections of what has gone, or leads
// elsewhere, end after their time; and what cannot be changes nothing.
func TestApply(t *testing.T) {
	both(t, func(w *world) {
		named := func(text string) string {
			return "tcp://" + service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) {
				_, _ = io.WriteString(c, text)
				echo(c)
			}).Addr().String()
		}
		kept := connect.Connector{Listen: "hyco", Target: named("a")}
		changed := connect.Connector{Listen: "Sales.EU/Orders-V2", Target: named("b")}
		l := w.bridge(w.listen, kept, changed)
		l.await(connect.ListenerConnected)
		l.await(connect.ListenerConnected)
		open := deadAddress(w.t)
		first := connect.Connector{Forward: "hyco", Bind: open}
		second := connect.Connector{Forward: "sales.eu/orders-v2", Bind: "127.0.0.1:0"}
		f := w.bridge(w.send, first, second)
		ports := map[string]string{}
		for range 2 {
			ev := f.await(connect.ForwardOpened)
			ports[ev.Entity] = ev.Remote
		}
		greeted := func(address, want string) net.Conn {
			c := dial(w.t, address)
			b := make([]byte, 1)
			if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
				w.t.Errorf("%q, %v; want %q", b, err, want)
			}
			return c
		}
		a, b := greeted(ports["hyco"], "a"), greeted(ports["sales.eu/orders-v2"], "b")

		changed.Target = named("c")
		if err := l.Apply([]connect.Connector{kept, changed}); err != nil {
			w.t.Fatal(err)
		}
		if err := lost(b); err != nil {
			w.t.Error(err)
		}
		greeted(ports["sales.eu/orders-v2"], "c").Close()
		says(w.t, a, "untouched")

		for _, bad := range [][]connect.Connector{
			{first, {Forward: "hyco", Bind: strings.TrimPrefix(kept.Target, "tcp://")}}, // the second's socket is taken
			{first, second, {Forward: "hyco"}},
			{first, first},
		} {
			if err := f.Apply(bad); err == nil {
				w.t.Errorf("%v was applied", bad)
			}
		}
		greeted(ports["sales.eu/orders-v2"], "c").Close()

		if err := f.Apply([]connect.Connector{first}); err != nil {
			w.t.Fatal(err)
		}
		if c, err := net.Dial("tcp", ports["sales.eu/orders-v2"]); err == nil {
			c.Close()
			w.t.Error("the socket of a connector that is no more is open")
		}
		says(w.t, a, "untouched")
		if err := l.Apply(nil); err != nil {
			w.t.Fatal(err)
		}
		if err := lost(a); err != nil {
			w.t.Error(err)
		}
		for _, e := range []*ends{l, f} {
			for e.await(connect.Closed).Reason == fail.PeerClosed { // of a short one, which may be told before
			}
		}
	})
}

// TestShutdown: listeners leave at once; connections may end until the context does, then they are cut, and both ends say so.
func TestShutdown(t *testing.T) {
	both(t, func(w *world) {
		l := w.listener("tcp://" + service(w.t, "tcp", "127.0.0.1:0", echo).Addr().String())
		f, address := w.forward()
		slow, stuck := dial(w.t, address), dial(w.t, address)
		says(w.t, slow, "x")
		says(w.t, stuck, "x")
		ctx, cancel := context.WithCancel(w.t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			l.Bridge.Shutdown(ctx)
		}()
		settles(w.t, "the listener leaves", func() bool {
			err := turned(w.t, address)
			return err == nil && f.await(connect.Refused).Reason == fail.NoListener
		})
		says(w.t, slow, "still")
		if err := slow.CloseWrite(); err != nil {
			w.t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, slow); err != nil {
			w.t.Error(err)
		}
		if ev := l.await(connect.Closed); ev.Reason != fail.PeerClosed {
			w.t.Errorf("%v", ev)
		}
		cancel()
		<-done
		if err := lost(stuck); err != nil {
			w.t.Error(err)
		}
		if ev := l.await(connect.Closed); ev.Reason != fail.Draining {
			w.t.Errorf("%v", ev)
		}
		if err := l.Apply(nil); err == nil {
			w.t.Error("a bridge that was stopped takes connectors")
		}
		l.Bridge.Shutdown(ctx)
	})
}

// TestHandshakeRate: with the gateway away a listener tries again by itself, never more than twice a second.
func TestHandshakeRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var dials []time.Time
		b := connect.New(connect.Params{
			ConnectionString: "Endpoint=sb://gateway/;SharedAccessKeyName=r;SharedAccessKey=eA==",
			Options: []hybrid.Option{hybrid.WithNetDial(func(context.Context, string, string) (net.Conn, error) {
				mu.Lock()
				defer mu.Unlock()
				dials = append(dials, time.Now())
				return nil, errors.New("the gateway is away")
			})},
		})
		if err := b.Apply([]connect.Connector{{Listen: "hyco", Target: "tcp://localhost:1"}}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if err := b.Wait(ctx); err != nil {
			t.Fatal(err)
		}
		b.Shutdown(ctx)
		if len(dials) < 15 {
			t.Errorf("%d attempts in ten minutes", len(dials))
		}
		for i := 2; i < len(dials); i++ {
			if dials[i].Sub(dials[i-2]) < time.Second {
				t.Errorf("three handshakes within %v", dials[i].Sub(dials[i-2]))
			}
		}
	})
}

// TestCheck: each mistake has its key and says what to write.
func TestCheck(t *testing.T) {
	long := strings.Repeat("n", 256)
	for _, row := range []struct {
		c    connect.Connector
		want string // key: part of the message; "": in order
	}{
		{connect.Connector{Listen: "a", Target: "tcp://localhost:22"}, ""},
		{connect.Connector{Listen: "a/b", Target: "tcp://[::1]:22"}, ""},
		{connect.Connector{Listen: "a", Target: "net.tcp://localhost/Service", PortName: "p"}, ""},
		{connect.Connector{Listen: "a", Target: "unix:///run/x.sock"}, ""},
		{connect.Connector{Forward: "a", Bind: ":0"}, ""},
		{connect.Connector{Forward: "a", Bind: "[::1]:22"}, ""},
		{connect.Connector{Forward: "a", Bind: "./x.sock"}, ""},
		{connect.Connector{Forward: "a", Bind: "unix:///x.sock", ConnectionString: "Endpoint=sb://h/;EntityPath=A"}, ""},
		{connect.Connector{}, "listen: expected the name"},
		{connect.Connector{Listen: "a", Forward: "b", Target: "tcp://h:1", Bind: ":1"}, "forward: expected listen or forward, not both"},
		{connect.Connector{Listen: "a"}, "target: expected tcp://"},
		{connect.Connector{Listen: "a", Target: "localhost:22"}, "target: expected tcp://HOST:PORT, net.tcp://HOST:PORT, unix:///PATH, http://HOST:PORT or https://HOST:PORT; did you mean tcp://localhost:22?"},
		{connect.Connector{Listen: "a", Target: "22"}, "did you mean tcp://localhost:22?"},
		{connect.Connector{Listen: "a", Target: "/run/x"}, "did you mean unix:///run/x?"},
		{connect.Connector{Listen: "a", Target: "tcp://localhost"}, "target: expected tcp://HOST:PORT"},
		{connect.Connector{Listen: "a", Target: "tcp://localhost:0"}, "target: expected tcp://HOST:PORT"},
		{connect.Connector{Listen: "a", Target: "tcp://localhost:22/x"}, "nothing behind the port"},
		{connect.Connector{Listen: "a", Target: "tcp://u:p@localhost:22"}, "target: expected"},
		{connect.Connector{Listen: "a", Target: "unix://run/x"}, "three slashes"},
		{connect.Connector{Listen: "a", Target: "net.tcp://"}, "target: expected net.tcp://HOST:PORT"},
		{connect.Connector{Listen: "a", Target: "ftp://h:21"}, "target: expected"},
		{connect.Connector{Listen: "a", Target: "http://h"}, ""},
		{connect.Connector{Listen: "a", Target: "https://h:9443/app", Web: connect.Web{
			Host: "x:1", From: "/a", To: "/b", Add: []shape.Field{{Name: "X-A", Value: "b c"}}, Remove: []string{"X-B"}, CAFile: "ca", Cert: "c", Key: "k",
		}}, ""},
		{connect.Connector{Listen: "a", Target: "http://h", Web: connect.Web{Host: connect.KeepHost}}, ""},
		{connect.Connector{Listen: "a", Target: "http://:80"}, "target: expected http://HOST:PORT"},
		{connect.Connector{Listen: "a", Target: "http://h?x"}, "target: expected"},
		{connect.Connector{Listen: "a", Target: "http://h", PortName: "p"}, "portName: belongs to targets of bytes"},
		{connect.Connector{Listen: "a", Target: "http://h", Web: connect.Web{Host: "a/b"}}, "host: expected HOST"},
		{connect.Connector{Listen: "a", Target: "http://h", Web: connect.Web{From: "a"}}, "prefix.from: expected a path"},
		{connect.Connector{Listen: "a", Target: "http://h", Web: connect.Web{To: "/a?b"}}, "prefix.to: expected a path"},
		{connect.Connector{Listen: "a", Target: "http://h", Web: connect.Web{Add: []shape.Field{{Name: "a b"}}}}, "headers.add: expected the name"},
		{connect.Connector{Listen: "a", Target: "http://h", Web: connect.Web{Add: []shape.Field{{Name: "A", Value: "b\nc"}}}}, "headers.add: expected the name"},
		{connect.Connector{Listen: "a", Target: "http://h", Web: connect.Web{Add: []shape.Field{{Name: "content-length", Value: "1"}}}}, "headers.add: expected the name"},
		{connect.Connector{Listen: "a", Target: "http://h", Web: connect.Web{Remove: []string{""}}}, "headers.remove: expected names"},
		{connect.Connector{Listen: "a", Target: "https://h", Web: connect.Web{Cert: "c"}}, "cert: expected cert and key together"},
		{connect.Connector{Listen: "a", Target: "http://h", Web: connect.Web{CAFile: "c"}}, "target: certificates are for https"},
		{connect.Connector{Listen: "a", Target: "tcp://h:1", Web: connect.Web{To: "/x"}}, "prefix.to: belongs to a target of http"},
		{connect.Connector{Forward: "a", Bind: ":1", Web: connect.Web{Host: "x"}}, "host: belongs to a target of http"},
		{connect.Connector{Listen: "a", Target: "tcp://h:1", Bind: ":1"}, "bind: belongs to forward"},
		{connect.Connector{Forward: "a", Bind: ":1", Target: "tcp://h:1"}, "target: belongs to listen"},
		{connect.Connector{Forward: "a"}, "bind: expected an address"},
		{connect.Connector{Forward: "a", Bind: "2222"}, "such as 127.0.0.1:2222"},
		{connect.Connector{Forward: "a", Bind: "h:ssh"}, "bind: expected an address"},
		{connect.Connector{Forward: "a", Bind: "unix://"}, "bind: expected the path"},
		{connect.Connector{Forward: "$a", Bind: ":1"}, "forward: "},
		{connect.Connector{Listen: "a?b", Target: "tcp://h:1"}, "listen: "},
		{connect.Connector{Listen: "a", Target: "tcp://h:1", PortName: long}, "portName: expected UTF-8 of at most 255"},
		{connect.Connector{Forward: "a", Bind: ":1", ConnectionString: "Endpoint=sb://h/;EntityPath=b"}, "connectionString: its EntityPath names another relay than forward"},
		{connect.Connector{Forward: "a", Bind: ":1", ConnectionString: "Endpoint=http://h/;SharedAccessKey=secret"}, "connectionString: "},
	} {
		flaws := row.c.Check()
		switch {
		case row.want == "" && len(flaws) > 0:
			t.Errorf("%+v: %v", row.c, flaws)
		case row.want != "" && (len(flaws) != 1 || !strings.Contains(flaws[0].Error(), row.want) || strings.Contains(flaws[0].Error(), "secret")):
			t.Errorf("%+v: %v; want %s", row.c, flaws, row.want)
		}
	}
}

// TestClash: connectors that cannot run beside each other, and those that can.
func TestClash(t *testing.T) {
	raw := connect.Connector{Listen: "Web", Target: "tcp://h:1"}
	port := connect.Connector{Listen: "web", Target: "tcp://h:1", PortName: "p"}
	bind := connect.Connector{Forward: "web", Bind: ":1"}
	for _, row := range []struct {
		a, b connect.Connector
		key  string
	}{
		{raw, connect.Connector{Listen: "web/", Target: "tcp://h:2"}, "listen"},
		{raw, port, "portName"},
		{port, raw, "portName"},
		{port, port, "portName"},
		{bind, connect.Connector{Forward: "other", Bind: ":1"}, "bind"},
		{raw, bind, ""},
		{raw, connect.Connector{Listen: "other", Target: "tcp://h:1"}, ""},
		{raw, connect.Connector{Listen: "web", Target: "tcp://h:1", ConnectionString: "Endpoint=sb://elsewhere/"}, ""},
		{port, connect.Connector{Listen: "web", Target: "tcp://h:1", PortName: "q"}, ""},
		{bind, connect.Connector{Forward: "web", Bind: ":2"}, ""},
		{connect.Connector{Forward: "a", Bind: ":0"}, connect.Connector{Forward: "b", Bind: ":0"}, ""},
	} {
		flaw := connect.Clash(&row.a, &row.b)
		if (flaw == nil) != (row.key == "") || flaw != nil && flaw.Key != row.key {
			t.Errorf("%+v beside %+v: %v, want %s", row.a, row.b, flaw, row.key)
		}
	}
}

// TestEventJSON: the members that the contract fixes, in their order.
func TestEventJSON(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.FixedZone("", 3600))
	b, err := json.Marshal(connect.Event{Time: at, Kind: connect.Closed, Entity: "Sales.EU/Orders-V2", Remote: "h:1", Reason: fail.PeerClosed, In: 1, Out: 2, Duration: 90 * time.Second, Text: "not told"})
	const want = `{"time":"2026-01-02T02:04:05.006Z","event":"connection.closed","entity":"Sales.EU/Orders-V2","remote":"h:1","reason":"PeerClosed","in":1,"out":2,"duration":"1m30s"}`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v; want %s", b, err, want)
	}
}
