package entry_test

import (
	"errors"
	"fmt"
	"io"
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
	bytes          string // that of a door for bytes
	buf            [4096]byte
}

func newMeeting(b testing.TB, nodes int) *meeting {
	b.Helper()
	s := bench(b, nodes)
	m := &meeting{control: mustDial(b, s.listenerNode.Door("http")), listener: s.listenerNode.Door("http"), door: s.senderNode.Door("http"), bytes: s.senderNode.Door("tcp/open")}
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
	at, err := m.meet()
	if err != nil {
		return err
	}
	defer at.Close()
	if _, err := m.read(sender, "\r\n\r\n"); err != nil {
		return err
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

// meet is the listener's part: the offer, its connection and the 101.
func (m *meeting) meet() (net.Conn, error) {
	offer, err := m.read(m.control, "}}")
	if err != nil {
		return nil, err
	}
	_, address, _ := strings.Cut(offer, `"ws://`)
	_, address, _ = strings.Cut(address, "/")
	address, _, _ = strings.Cut(address, `"`)
	at, err := net.Dial("tcp", m.listener)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(at, "GET /%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", address, upgrade)
	if _, err = m.read(at, "\r\n\r\n"); err != nil {
		_ = at.Close()
	}
	return at, err
}

// bytesStream is one stream of a sender of plain bytes.
func (m *meeting) bytesStream() error {
	sender, err := net.Dial("tcp", m.bytes)
	if err != nil {
		return err
	}
	defer sender.Close()
	at, err := m.meet()
	if err != nil {
		return err
	}
	defer at.Close()
	_, _ = sender.Write([]byte("x"))
	if _, err := m.read(at, "x"); err != nil {
		return err
	}
	_, _ = at.Write(wsframe.AppendFrame(m.buf[:0], wsframe.Header{Fin: true, Op: wsframe.Binary, Masked: true}, []byte("x")))
	if _, err := m.read(sender, "x"); err != nil {
		return err
	}
	_ = sender.(*net.TCPConn).CloseWrite()
	if _, err := m.read(at, "\x03\xe8"); err != nil {
		return err
	}
	_, _ = at.Write(wsframe.AppendFrame(m.buf[:0], wsframe.Header{Fin: true, Op: wsframe.Close, Masked: true}, wsframe.AppendClose(nil, 1000, "")))
	if n, err := sender.Read(m.buf[:]); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%d bytes and %w at the end", n, err)
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

// TestSetUpAllocations bounds what a stream costs from its connect to its close, the raw parties' two connections included. The race detector
// adds some of its own.
func TestSetUpAllocations(t *testing.T) {
	m := newMeeting(t, 1)
	for _, row := range []struct {
		name   string
		stream func() error
		most   float64
	}{{"WebSockets", m.stream, 112}, {"bytes", m.bytesStream, 108}} {
		cost := testing.AllocsPerRun(100, func() {
			if err := row.stream(); err != nil {
				t.Fatal(row.name, err)
			}
		})
		if t.Logf("allocations of a stream from %s: %v", row.name, cost); cost > row.most {
			t.Errorf("%v allocations a stream from %s", cost, row.name)
		}
	}
}
