package connect_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/connect"
)

// hello is a client's preamble for an address.
func hello(via string) []byte {
	return (&framing.Preamble{Mode: framing.Duplex, Via: via, Encoding: framing.BinarySession}).Append(nil)
}

// expect reads exactly what is wanted.
func expect(t *testing.T, c net.Conn, want []byte) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got %q and %v, want %q", got[:n], err, want)
	}
}

// wcfService is a listening socket that answers its first connection as a probe, closes asked then, and hands all others to the test.
func wcfService(t *testing.T, answer []byte) (address string, conns <-chan net.Conn, asked <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out, done, first := make(chan net.Conn, 16), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		probed(c, answer)
		close(first)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			out <- c
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
		for len(out) > 0 {
			_ = (<-out).Close()
		}
	})
	return l.Addr().String(), out, first
}

// probed answers the first connection, which is the connector's question whether the service is there.
func probed(c net.Conn, answer []byte) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	var buf []byte
	for {
		part := make([]byte, 256)
		n, err := c.Read(part)
		buf = append(buf, part[:n]...)
		if p, _, bad := framing.ParsePreamble(buf, framing.Limits{}); bad == nil && strings.HasSuffix(p.Via, "/Calc.svc") {
			break
		}
		if err != nil {
			return
		}
	}
	_, _ = c.Write(answer)
	if len(answer) == 1 {
		_, _ = io.Copy(io.Discard, c) // its End
	}
}

// TestNetTCPTarget: clients of a WCF service name the relay, the service hears its own address: of each session on a
// connection, and everything else as it was.
func TestNetTCPTarget(t *testing.T) {
	both(t, func(w *world) {
		t := w.t
		address, conns, asked := wcfService(t, []byte{byte(framing.PreambleAck)})
		w.listener("net.tcp://" + address + "/Services/Calc.svc")
		select {
		case <-asked: // the connector's question may come behind the first sender else
		case <-time.After(patience):
			t.Fatal("nobody asked whether the service is there")
		}
		_, local := w.forward()
		client, err := net.Dial("tcp", local)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		message := framing.AppendSized(nil, bytes.Repeat([]byte("a message "), 5000))
		end := []byte{byte(framing.End)}
		var at net.Conn
		for i := range 3 {
			sent := slices.Concat(hello(fmt.Sprintf("net.tcp://relay:9808/HYCO/sub%d?x", i)), message, end)
			go func() { _, _ = client.Write(sent) }()
			if at == nil {
				select {
				case at = <-conns:
					defer at.Close()
				case <-time.After(patience):
					t.Fatal("the service was not reached")
				}
			}
			expect(t, at, slices.Concat(hello(fmt.Sprintf("net.tcp://%s/Services/Calc.svc/sub%d?x", address, i)), message, end))
			_, _ = at.Write(end)
			expect(t, client, end)
		}
		go func() { _, _ = client.Write([]byte("GET / HTTP/1.1\r\n\r\n")) }() // behind the end that is no session
		if b, err := io.ReadAll(at); len(b) != 0 || err == nil {
			t.Errorf("the service got %q, %v", b, err)
		}
	})
}

// TestNetTCPPlace: a target without a path is a place for bytes.
func TestNetTCPPlace(t *testing.T) {
	both(t, func(w *world) {
		t := w.t
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		w.listener("net.tcp://" + l.Addr().String())
		_, local := w.forward()
		client, err := net.Dial("tcp", local)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := client.Write(hello("net.tcp://relay:9808/hyco/x")); err != nil {
			t.Fatal(err)
		}
		at, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer at.Close()
		expect(t, at, hello("net.tcp://relay:9808/hyco/x"))
	})
}

// TestProbe: what a service says to a preamble, and whether that means that it is there.
func TestProbe(t *testing.T) {
	rows := []struct {
		name   string
		answer []byte
		says   string // "": it is there
	}{
		{"acknowledged", []byte{byte(framing.PreambleAck)}, ""},
		{"another encoding", framing.AppendFault(nil, framing.ContentTypeInvalid), ""},
		{"security", nil, ""},
		{"no endpoint", framing.AppendFault(nil, framing.EndpointNotFound), "EndpointNotFound"},
		{"busy", framing.AppendFault(nil, framing.ServerTooBusy), "ServerTooBusy"},
		{"a web server", []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak net.tcp"},
		{"half a fault", framing.AppendFault(nil, framing.ServerTooBusy)[:20], "EOF"},
	}
	for _, row := range rows {
		address, _, _ := wcfService(t, row.answer)
		err := connect.ProbeNetTCP(t.Context(), "net.tcp://"+address+"/Calc.svc")
		if row.says == "" && err != nil || row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	if err := connect.ProbeNetTCP(t.Context(), "nonsense"); err == nil {
		t.Error("nonsense is there")
	}
}

// TestTargetDown: a connector whose service has no such endpoint says so.
func TestTargetDown(t *testing.T) {
	both(t, func(w *world) {
		address, _, _ := wcfService(t, framing.AppendFault(nil, framing.EndpointNotFound))
		e := w.bridge(w.listen, connect.Connector{Listen: "hyco", Target: "net.tcp://" + address + "/Calc.svc"})
		if ev := e.await(connect.TargetDown); !strings.Contains(ev.Text, "EndpointNotFound") || ev.Do == "" {
			t.Errorf("%+v", ev)
		}
	})
}
