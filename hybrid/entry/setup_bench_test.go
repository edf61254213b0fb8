package entry_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/internal/wsframe"
)

// meeting is a raw listener and raw senders who open streams, send a byte each way and close. All of it is system calls and one buffer, so
// that what allocates is the gateway.
type meeting struct {
	control        net.Conn
	listener, door string // addresses
	buf            [4096]byte
}

func newMeeting(b testing.TB, nodes int) *meeting {
	b.Helper()
	s := bench(b, nodes)
	m := &meeting{control: mustDial(b, s.listenerNode.Door("http")), listener: s.listenerNode.Door("http"), door: s.senderNode.Door("http")}
	token := s.Token(s.Root(), "http://localhost/", inAnHour())
	fmt.Fprintf(m.control, "GET /$hc/open?sb-hc-action=listen HTTP/1.1\r\nHost: %s\r\nServiceBusAuthorization: %s\r\n%s\r\n", s.listenerNode.Host("http"), token, upgrade)
	until(b, m.control, "\r\n\r\n")
	return m
}

// read reads up to a text.
func (m *meeting) read(conn net.Conn, text string) (string, error) {
	n := 0
	for !strings.Contains(string(m.buf[:n]), text) {
		got, err := conn.Read(m.buf[n:])
		if err != nil {
			return "", fmt.Errorf("%w behind %q", err, m.buf[:n])
		}
		n += got
	}
	return string(m.buf[:n]), nil
}

// stream is one stream from its connect to its close.
func (m *meeting) stream() error {
	sender, err := net.Dial("tcp", m.door)
	if err != nil {
		return err
	}
	defer sender.Close()
	fmt.Fprint(sender, "GET /$hc/open?sb-hc-action=connect HTTP/1.1\r\nHost: localhost\r\n"+upgrade+"\r\n")
	offer, err := m.read(m.control, "}}")
	if err != nil {
		return err
	}
	_, address, _ := strings.Cut(offer, `"ws://`)
	_, address, _ = strings.Cut(address, "/")
	address, _, _ = strings.Cut(address, `"`)
	at, err := net.Dial("tcp", m.listener)
	if err != nil {
		return err
	}
	defer at.Close()
	fmt.Fprintf(at, "GET /%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", address, upgrade)
	for _, conn := range []net.Conn{at, sender} {
		if _, err := m.read(conn, "\r\n\r\n"); err != nil {
			return err
		}
	}
	for _, way := range [][2]net.Conn{{sender, at}, {at, sender}} {
		_, _ = way[0].Write(wsframe.AppendFrame(m.buf[:0], wsframe.Header{Fin: true, Op: wsframe.Binary, Masked: true}, []byte("x")))
		if _, err := m.read(way[1], "x"); err != nil {
			return err
		}
	}
	for _, way := range [][2]net.Conn{{sender, at}, {at, sender}} {
		_, _ = way[0].Write(wsframe.AppendFrame(m.buf[:0], wsframe.Header{Fin: true, Op: wsframe.Close, Masked: true}, wsframe.AppendClose(nil, 1000, "")))
		if _, err := m.read(way[1], "\x03\xe8"); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkSetUp is a stream of WebSockets: opened, a byte each way, closed.
func BenchmarkSetUp(b *testing.B) {
	for nodes := 1; nodes <= 2; nodes++ {
		b.Run(fmt.Sprintf("%dnodes", nodes), func(b *testing.B) {
			m := newMeeting(b, nodes)
			b.ReportAllocs()
			for b.Loop() {
				if err := m.stream(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestSetUpAllocations bounds what a stream costs from its connect to its close, the raw parties' two connections included.
func TestSetUpAllocations(t *testing.T) {
	m := newMeeting(t, 1)
	cost := testing.AllocsPerRun(100, func() {
		if err := m.stream(); err != nil {
			t.Fatal(err)
		}
	})
	if t.Logf("allocations a stream: %v", cost); cost > 145 {
		t.Errorf("%v allocations a stream", cost)
	}
}
