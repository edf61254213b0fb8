package connect_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bridge/connect"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/fail"
	"github.com/causeway-relay/causeway/hybrid"
)

// TestPreambleListening is the golden exchange of reference section 16.7 in the role of azbridge's listening end: the test is the
// forwarding end, and sees each byte and each message.
func TestPreambleListening(t *testing.T) {
	rows := []struct {
		name   string
		say    []string // one message each
		answer string   // the whole of the answer, if it is a no
		echoes string   // what came through behind the yes
		reason fail.Code
	}{
		{"amqps", []string{"\x01\x00\x00\x05", "amqps", "hello"}, "\x01\x00\x00", "hello", ""},
		{"in one message", []string{"\x01\x00\x00\x05amqpshello"}, "\x01\x00\x00", "hello", ""},
		{"the other port", []string{"\x01\x00\x00\x04", "2222", "hello"}, "\x01\x00\x00", "HELLO", ""},
		{"a port in another case", []string{"\x01\x00\x00\x05", "AMQPS"}, "", "", connect.PortUnknown},
		{"no port", []string{"\x01\x00\x00\x00"}, "", "", connect.PortUnknown},
		{"another version", []string{"\x02\x00\x00\x05", "amqps"}, "\x00\x00\x00", "", connect.PreambleFailed},
		{"no preamble at all", []string{"SSH-2.0-x\r\n"}, "\x00\x00\x00", "", connect.PreambleFailed},
		{"datagrams", []string{"\x01\x00\x01\x05", "amqps"}, "\x00\x00\xff", "", connect.PreambleFailed},
		{"an unknown mode", []string{"\x01\x00\x07\x05", "amqps"}, "\x00\x00\xff", "", connect.PreambleFailed},
	}
	both(t, func(w *world) {
		plain := service(w.t, "tcp", "127.0.0.1:0", echo)
		loud := service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			b := make([]byte, 5)
			_, _ = io.ReadFull(c, b)
			_, _ = io.WriteString(c, strings.ToUpper(string(b)))
		})
		l := w.bridge(w.listen,
			connect.Connector{Listen: "hyco", Target: "tcp://" + plain.Addr().String(), PortName: "amqps"},
			connect.Connector{Listen: "hyco", Target: "tcp://" + loud.Addr().String(), PortName: "2222"})
		l.await(connect.ListenerConnected)
		for _, row := range rows {
			c, err := hybrid.Dial(w.t.Context(), w.send, hybrid.WithEntity("hyco"), hybrid.WithCAFile(w.CAFile()))
			if err != nil {
				w.t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			for _, message := range row.say {
				if err := c.WriteMessage(hybrid.Binary, []byte(message)); err != nil {
					w.t.Fatal(err)
				}
			}
			if row.answer != "" {
				if kind, answer, err := c.ReadMessage(nil); err != nil || string(answer) != row.answer || kind != hybrid.Binary {
					w.t.Errorf("%s: answered %q, %v", row.name, answer, err)
				}
			}
			if row.echoes != "" {
				got := make([]byte, len(row.echoes))
				if _, err := io.ReadFull(c, got); err != nil || string(got) != row.echoes {
					w.t.Errorf("%s: %q, %v", row.name, got, err)
				}
				_ = c.CloseWrite()
			}
			if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
				w.t.Errorf("%s: behind it came %q, %v", row.name, b, err)
			}
			c.Close()
			if row.reason != "" {
				if ev := l.await(connect.Refused); ev.Reason != row.reason || ev.Do == "" {
					w.t.Errorf("%s: %v", row.name, ev)
				}
			}
		}
	})
}

// TestPreambleForwarding is the other role: the test is the listening end.
func TestPreambleForwarding(t *testing.T) {
	rows := []struct {
		answer string // "" closes without one
		text   string // of the refusal; "": agreed
	}{
		{"\x01\x00\x00", ""},
		{"", `the far end has no port "2222"`},
		{"\x00\x00\x00", "another version"},
		{"\x00\x00\x01", "datagrams"},
		{"\x00\x00\xff", "datagrams"},
		{"SSH", "does not speak azbridge's preamble"},
	}
	both(t, func(w *world) {
		l, err := hybrid.Listen(w.t.Context(), w.listen, hybrid.WithEntity("hyco"), hybrid.WithCAFile(w.CAFile()))
		if err != nil {
			w.t.Fatal(err)
		}
		defer l.Close()
		f := w.bridge(w.send, connect.Connector{Forward: "hyco", Bind: "127.0.0.1:0", PortName: "2222"})
		address := f.await(connect.ForwardOpened).Remote
		for _, row := range rows {
			c := dial(w.t, address)
			if _, err := io.WriteString(c, "early"); err != nil {
				w.t.Fatal(err)
			}
			far, err := l.AcceptConn()
			if err != nil {
				w.t.Fatal(err)
			}
			_ = far.SetDeadline(time.Now().Add(patience))
			for _, want := range []string{"\x01\x00\x00\x04", "2222"} { // the name is a message of its own
				if kind, got, err := far.ReadMessage(nil); err != nil || kind != hybrid.Binary || string(got) != want {
					w.t.Errorf("%q, %v; want %q", got, err, want)
				}
			}
			if _, err := far.Write([]byte(row.answer)); err != nil {
				w.t.Fatal(err)
			}
			if row.text != "" {
				_ = far.Close()
				if err := lost(c); err != nil {
					w.t.Error(err)
				}
				if ev := f.await(connect.Refused); ev.Reason != connect.PreambleFailed || !strings.Contains(ev.Text, row.text) || ev.Do == "" {
					w.t.Errorf("%v", ev)
				}
				continue
			}
			got := make([]byte, 5)
			if _, err := io.ReadFull(far, got); err != nil || string(got) != "early" {
				w.t.Errorf("%q, %v", got, err)
			}
			_, err = io.WriteString(far, "answer")
			if err = errors.Join(err, far.CloseWrite()); err != nil {
				w.t.Fatal(err)
			}
			if b, err := io.ReadAll(c); err != nil || string(b) != "answer" {
				w.t.Errorf("%q, %v", b, err)
			}
			c.Close()
			far.Close()
		}
	})
}

// TestPortsBothWays: two ports of one relay, each reached by its own local socket.
func TestPortsBothWays(t *testing.T) {
	both(t, func(w *world) {
		list := make([]connect.Connector, 0, 4)
		for _, port := range []string{"one", "two"} {
			at := service(w.t, "tcp", "127.0.0.1:0", func(c net.Conn) { _, _ = io.WriteString(c, port) }).Addr().String()
			list = append(list, connect.Connector{Listen: "hyco", Target: "tcp://" + at, PortName: port})
		}
		l := w.bridge(w.listen, list...)
		l.await(connect.ListenerConnected)
		for _, port := range []string{"one", "two"} {
			f := w.bridge(w.send, connect.Connector{Forward: "hyco", Bind: "127.0.0.1:0", PortName: port})
			c := dial(w.t, f.await(connect.ForwardOpened).Remote)
			if b, err := io.ReadAll(c); err != nil || string(b) != port {
				w.t.Errorf("%q, %v", b, err)
			}
		}
	})
}

// TestPreambleAtConversion: what listens for azbridge's preamble is no listener for a conversion to net.tcp, which begins with its own: the
// sender is told, and the service sees nothing.
func TestPreambleAtConversion(t *testing.T) {
	both(t, func(w *world) {
		target := service(w.t, "tcp", "127.0.0.1:0", func(net.Conn) { w.t.Error("the service got a connection") })
		w.Add(&entity.Entity{Name: "desk", Kind: entity.HTTP, AnonymousSenders: true, Settings: entity.Settings{Convert: entity.Conversion{Binding: "netTcp"}}})
		l := w.bridge(w.listen, connect.Connector{Listen: "desk", Target: "tcp://" + target.Addr().String(), PortName: "808"})
		l.await(connect.ListenerConnected)
		if status, text := post(w.t, "http://"+w.Node(0).Host("http")+"/desk", "urn:desk/Ask"); status != 500 || !strings.Contains(text, "does not speak net.tcp") {
			w.t.Errorf("%d %s", status, text)
		}
		if ev := l.await(connect.Refused); ev.Reason != connect.PreambleFailed {
			w.t.Errorf("%v", ev)
		}
	})
}
