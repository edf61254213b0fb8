package address_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/bridge/connect/address"
)

// TestProbe: who acknowledges a preamble is there, and so is who only wants another encoding or security.
func TestProbe(t *testing.T) {
	fault := func(f framing.Fault) []byte { return framing.AppendFault(nil, f) }
	rows := []struct {
		name   string
		answer []byte
		fault  string
	}{
		{"acknowledged", []byte{byte(framing.PreambleAck)}, ""},
		{"another encoding", fault(framing.ContentTypeInvalid), ""},
		{"no such endpoint", fault(framing.EndpointNotFound), string(framing.EndpointNotFound)},
		{"too busy", fault(framing.ServerTooBusy), string(framing.ServerTooBusy)},
		{"closed without a word", nil, ""},
		{"no net.tcp", []byte("SSH-2.0-OpenSSH\r\n"), "does not speak net.tcp"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			at := "net.tcp://" + l.Addr().String() + "/Calc.svc"
			heard := make(chan []byte, 1)
			go func() {
				defer close(heard)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				hello := framing.Preamble{Mode: framing.Duplex, Via: at, Encoding: framing.BinarySession}
				b := make([]byte, len(hello.Append(nil)))
				if _, err := io.ReadFull(conn, b); err != nil || !bytes.Equal(b, hello.Append(nil)) {
					t.Errorf("preamble %q, %v", b, err)
				}
				_, _ = conn.Write(row.answer)
				if c, ok := conn.(*net.TCPConn); ok {
					_ = c.CloseWrite()
				}
				rest, _ := io.ReadAll(conn)
				heard <- rest
			}()
			err = address.Probe(t.Context(), at)
			rest := <-heard
			l.Close()
			if (err != nil) != (row.fault != "") || err != nil && !strings.Contains(err.Error(), row.fault) {
				t.Errorf("error %v, want %q", err, row.fault)
			}
			if row.name == "acknowledged" && !bytes.Equal(rest, []byte{byte(framing.End)}) {
				t.Errorf("the session was ended by %q", rest)
			}
		})
	}
	if err := address.Probe(t.Context(), "nonsense"); err == nil {
		t.Error("no error for an address that is none")
	}
}

// TestProbeAsksTwice: a service that takes a connection and says nothing, as Mono's does with some, is asked on another one; the session there
// is ended, and its end awaited.
func TestProbeAsksTwice(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(30 * time.Second)) //nolint:forcetypeassert // of tcp
	heard := make(chan string, 2)
	go func() {
		defer close(heard)
		for _, answers := range []bool{false, true} {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
			if answers {
				_, _ = conn.Write([]byte{byte(framing.PreambleAck)})
			}
			b, err := io.ReadAll(io.LimitReader(conn, int64(len(hello(l))+1)))
			if err == nil && answers {
				_, _ = conn.Write([]byte{byte(framing.End)})
				if n, err := conn.Read(b[:1]); n != 0 || !errors.Is(err, io.EOF) {
					t.Errorf("behind the end came %d bytes, %v", n, err)
				}
			}
			heard <- string(b)
			_ = conn.Close()
		}
	}()
	if err := address.Probe(t.Context(), "net.tcp://"+l.Addr().String()+"/Calc.svc"); err != nil {
		t.Error(err)
	}
	want := string(hello(l))
	if first, second := <-heard, <-heard; first != want || second != want+string(rune(framing.End)) {
		t.Errorf("heard %q and %q", first, second)
	}
}

// hello is the preamble of a probe.
func hello(l net.Listener) []byte {
	p := framing.Preamble{Mode: framing.Duplex, Via: "net.tcp://" + l.Addr().String() + "/Calc.svc", Encoding: framing.BinarySession}
	return p.Append(nil)
}
