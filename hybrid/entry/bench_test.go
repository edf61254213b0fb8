package entry_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
)

// bench is a gateway with a raw listener and raw senders on doors without TLS; both cost next to nothing.
func bench(b testing.TB, nodes int) *set {
	quiet := testcluster.WithParams(func(p *gateway.Params) { p.Log = slog.New(slog.DiscardHandler) }) // the test's own log costs more than an exchange
	bytes := testcluster.WithConfig(func(i int, cfg *config.Config) {
		if i == 0 {
			cfg.TCP = []config.TCPDoor{{Entity: "open", Bind: "127.0.0.1:0"}}
		}
	})
	c := testcluster.New(b, nodes, quiet, bytes)
	c.Add(&entity.Entity{Name: "open", AnonymousSenders: true})
	return &set{Cluster: c, listenerNode: c.Node(nodes - 1), senderNode: c.Node(0), door: "http"}
}

func mustDial(b testing.TB, address string) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return conn
}

// serveRaw is a listener that answers each request on the control channel with its own body of n bytes; a body of the request
// is passed over.
func serveRaw(b testing.TB, s *set, n int) {
	b.Helper()
	conn := mustDial(b, s.listenerNode.Door("http"))
	token := s.Token(s.Root(), "http://localhost/", inAnHour())
	fmt.Fprintf(conn, "GET /$hc/open?sb-hc-action=listen HTTP/1.1\r\nHost: localhost\r\nServiceBusAuthorization: %s\r\n%s\r\n", token, upgrade)
	in := make([]byte, 0, 256<<10)
	for !bytes.Contains(in, []byte("\r\n\r\n")) {
		m, err := conn.Read(in[len(in):cap(in)])
		if err != nil {
			b.Fatal(err)
		}
		in = in[:len(in)+m]
	}
	in = in[:0]
	go func() {
		body := bytes.Repeat([]byte("y"), n)
		out := make([]byte, 0, n+1024)
		for {
			m, err := conn.Read(in[len(in):cap(in)])
			if err != nil {
				return
			}
			in = in[:len(in)+m]
			out = out[:0]
			for {
				h, size, err := wsframe.Decode(in)
				if err != nil || size == 0 || int64(len(in)-size) < h.Len {
					break
				}
				payload := in[size : size+int(h.Len)]
				if h.Op == wsframe.Text {
					at := bytes.Index(payload, []byte(`","id":"`)) + len(`","id":"`)
					id := payload[at : at+bytes.IndexByte(payload[at:], '"')]
					text := append(append(append(make([]byte, 0, 256), `{"response":{"requestId":"`...), id...), `","statusCode":200,"responseHeaders":{"Content-Type":"text/plain"},"body":true}}`...)
					out = wsframe.AppendFrame(out, wsframe.Header{Fin: true, Op: wsframe.Text, Masked: true}, text)
					out = wsframe.AppendFrame(out, wsframe.Header{Fin: true, Op: wsframe.Binary, Masked: true}, body)
				}
				in = append(in[:0], in[size+int(h.Len):]...)
			}
			if _, err := conn.Write(out); len(out) > 0 && err != nil {
				return
			}
		}
	}()
}

// askRaw sends a request and reads its answer of n bytes.
func askRaw(conn net.Conn, request, buf []byte, n int) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	for got, want := 0, 0; want == 0 || got < want; {
		m, err := conn.Read(buf[got:])
		if err != nil {
			return err
		}
		got += m
		if end := bytes.Index(buf[:got], []byte("\r\n\r\n")); want == 0 && end > 0 {
			want = end + 4 + n
		}
	}
	return nil
}

// BenchmarkExchange is one request and its answer on the control channel, by body size, without and with others beside it.
func BenchmarkExchange(b *testing.B) {
	for _, size := range []int{0, 1024, 65536} {
		for _, senders := range []int{1, 64} {
			for nodes := 1; nodes <= 2; nodes++ {
				b.Run(fmt.Sprintf("%dB/%dsenders/%dnodes", size, senders, nodes), func(b *testing.B) {
					s := bench(b, nodes)
					serveRaw(b, s, size)
					request := fmt.Appendf(nil, "POST /open/path?q=1 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
					turns := make(chan struct{})
					var over sync.WaitGroup
					for range senders {
						conn := mustDial(b, s.senderNode.Door("http"))
						over.Go(func() {
							buf := make([]byte, size+4096)
							for range turns {
								if err := askRaw(conn, request, buf, size); err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					b.SetBytes(int64(2 * size))
					b.ReportAllocs()
					for b.Loop() {
						turns <- struct{}{}
					}
					close(turns)
					over.Wait()
				})
			}
		}
	}
}

// TestExchangeAllocations bounds what one exchange costs: a body of any size on the control channel costs no more than none.
func TestExchangeAllocations(t *testing.T) {
	costs := map[int]float64{}
	for _, size := range []int{0, 65536} {
		s := bench(t, 1)
		serveRaw(t, s, size)
		conn := mustDial(t, s.senderNode.Door("http"))
		request := fmt.Appendf(nil, "POST /open HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat("x", size))
		buf := make([]byte, size+4096)
		costs[size] = testing.AllocsPerRun(300, func() {
			if err := askRaw(conn, request, buf, size); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Logf("allocations an exchange: %v", costs)
	if costs[0] > 19 || costs[65536] > costs[0]+16 {
		t.Errorf("allocations an exchange by size of the bodies: %v", costs)
	}
}

// BenchmarkDownload is a long answer by rendezvous, in frames of 64 KiB, to a sender that reads as fast as it can.
func BenchmarkDownload(b *testing.B) {
	for nodes := 1; nodes <= 2; nodes++ {
		b.Run(fmt.Sprintf("%dnodes", nodes), func(b *testing.B) {
			const piece = 64 << 10
			s := bench(b, nodes)
			control := mustDial(b, s.listenerNode.Door("http"))
			token := s.Token(s.Root(), "http://localhost/", inAnHour())
			host := s.listenerNode.Host("http")
			fmt.Fprintf(control, "GET /$hc/open?sb-hc-action=listen HTTP/1.1\r\nHost: %s\r\nServiceBusAuthorization: %s\r\n%s\r\n", host, token, upgrade)
			until(b, control, "\r\n\r\n")
			sender := mustDial(b, s.senderNode.Door("http"))
			fmt.Fprint(sender, "GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n")
			message := until(b, control, "}}")
			address, _, _ := strings.Cut(message[strings.Index(message, `"ws://`)+1:], `"`)
			id := address[strings.LastIndexByte(address, '=')+1:]
			at := mustDial(b, s.listenerNode.Door("http"))
			fmt.Fprintf(at, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", "/"+strings.SplitN(address, "/", 4)[3], host, upgrade)
			until(b, at, "\r\n\r\n")
			head := fmt.Appendf(nil, `{"response":{"requestId":%q,"statusCode":200,"body":true}}`, id)
			_, _ = at.Write(wsframe.AppendFrame(nil, wsframe.Header{Fin: true, Op: wsframe.Text, Masked: true}, head))
			first := wsframe.AppendFrame(nil, wsframe.Header{Op: wsframe.Binary, Masked: true}, make([]byte, piece))
			next := wsframe.AppendFrame(nil, wsframe.Header{Op: wsframe.Cont, Masked: true}, make([]byte, piece))
			go func() { // ends with the connection
				for f := first; ; f = next {
					if _, err := at.Write(f); err != nil {
						return
					}
				}
			}()
			buf := make([]byte, piece)
			b.SetBytes(piece)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := io.ReadFull(sender, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// until reads up to a text and gives what came.
func until(b testing.TB, conn net.Conn, text string) string {
	b.Helper()
	var in []byte
	for buf := make([]byte, 4096); !bytes.Contains(in, []byte(text)); {
		n, err := conn.Read(buf)
		if err != nil {
			b.Fatalf("%v behind %q", err, in)
		}
		in = append(in, buf[:n]...)
	}
	return string(in)
}
