package hybrid_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/netx"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// benchPair is a stream through a gateway of one node, over TLS on loopback.
func benchPair(b *testing.B) (near, far *hybrid.Conn) {
	b.Helper()
	c := testcluster.New(b, 1)
	c.Add(&entity.Entity{Name: "hyco"})
	cs := c.Node(0).Ready().ConnectionString + ";EntityPath=hyco"
	l, err := hybrid.Listen(b.Context(), cs, hybrid.WithCAFile(c.CAFile()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	if near, err = hybrid.Dial(b.Context(), cs, hybrid.WithCAFile(c.CAFile())); err != nil {
		b.Fatal(err)
	}
	if far, err = l.AcceptConn(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { near.Abort(); far.Abort() })
	return near, far
}

// BenchmarkEcho is one message there and back.
func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{64, 4096, 65536} {
		b.Run(byteCount(size), func(b *testing.B) {
			near, far := benchPair(b)
			var echo sync.WaitGroup
			echo.Go(func() { echoMessages(far) })
			payload, got := make([]byte, size), make([]byte, 0, size+1)
			b.SetBytes(2 * int64(size))
			for b.Loop() {
				if err := near.WriteMessage(hybrid.Binary, payload); err != nil {
					b.Fatal(err)
				}
				if _, _, err := near.ReadMessage(got); err != nil {
					b.Fatal(err)
				}
			}
			near.Abort()
			echo.Wait()
		})
	}
}

func echoMessages(c *hybrid.Conn) {
	var buf []byte
	for {
		kind, m, err := c.ReadMessage(buf)
		if err != nil || c.WriteMessage(kind, m) != nil {
			return
		}
		buf = m
	}
}

// BenchmarkBulk is one direction at full speed. Beside it, the same over TCP alone, for a ratio.
func BenchmarkBulk(b *testing.B) {
	b.Run("hybrid", func(b *testing.B) {
		near, far := benchPair(b)
		bulk(b, near, far)
	})
	b.Run("tcp", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		near, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		far, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		bulk(b, near, far)
	})
}

func bulk(b *testing.B, near, far net.Conn) {
	b.Helper()
	chunk := make([]byte, 64<<10)
	var sink sync.WaitGroup
	sink.Go(func() { _, _ = io.CopyBuffer(onlyWriter{}, far, make([]byte, 64<<10)) })
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		if _, err := near.Write(chunk); err != nil {
			b.Fatal(err)
		}
	}
	near.Close()
	sink.Wait()
	far.Close()
}

type onlyWriter struct{}

func (onlyWriter) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkDial is the whole road of a sender: handshake, offer, rendezvous, answer.
func BenchmarkDial(b *testing.B) {
	c := testcluster.New(b, 1)
	c.Add(&entity.Entity{Name: "hyco"})
	cs, trust := c.Node(0).Ready().ConnectionString+";EntityPath=hyco", hybrid.WithCAFile(c.CAFile())
	l, err := hybrid.Listen(b.Context(), cs, trust)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		near, err := hybrid.Dial(b.Context(), cs, trust, hybrid.WithTimeout(10*time.Second))
		if err != nil {
			b.Fatal(err)
		}
		far, err := l.AcceptConn()
		if err != nil {
			b.Fatal(err)
		}
		near.Abort()
		far.Abort()
	}
}

func byteCount(n int) string {
	if n >= 1024 {
		return strconv.Itoa(n/1024) + "KiB"
	}
	return strconv.Itoa(n) + "B"
}

// BenchmarkSetUp is the time from a sender's dial to its first byte at the listener: with a rendezvous that is dialled, in frames
// and in bytes, and with connections that stand by.
func BenchmarkSetUp(b *testing.B) {
	for _, c := range []struct {
		name   string
		listen []hybrid.ListenOption
		dial   []hybrid.DialOption
	}{
		{"frames", nil, nil},
		{"bytes", []hybrid.ListenOption{hybrid.WithBytes()}, []hybrid.DialOption{hybrid.WithBytes()}},
		{"standby", []hybrid.ListenOption{hybrid.WithStandby(16)}, []hybrid.DialOption{hybrid.WithBytes()}},
	} {
		for _, delay := range []time.Duration{0, 10 * time.Millisecond} {
			b.Run(c.name+"/"+delay.String()+" away", func(b *testing.B) { setUp(b, delay, c.listen, c.dial) })
		}
	}
}

// setUp opens streams one after the other. The listener is as far from the gateway as the delay says, one way.
func setUp(b *testing.B, delay time.Duration, listen []hybrid.ListenOption, dial []hybrid.DialOption) {
	b.Helper()
	network := netx.New()
	c := testcluster.New(b, 1, testcluster.WithNetwork(network))
	c.Add(&entity.Entity{Name: "hyco"})
	gateway := testcluster.HostName(0)
	trust := hybrid.WithTLSConfig(&tls.Config{RootCAs: c.TLS().RootCAs, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	cs := c.Node(0).Ready().ConnectionString + ";EntityPath=hyco"
	cs = strings.Replace(cs, c.Node(0).Ready().Host, gateway, 1)
	network.Delay("inside", gateway, delay)
	l, err := hybrid.Listen(b.Context(), cs, append(listen, trust, hybrid.WithNetDial(network.Host("inside").DialContext))...)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		near, err := hybrid.Dial(b.Context(), cs, append(dial, trust, hybrid.WithNetDial(network.Host("outside").DialContext))...)
		if err != nil {
			b.Fatal(err)
		}
		conn, err := l.AcceptConn()
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		near.Abort()
		conn.Abort()
		b.StartTimer()
	}
}

// BenchmarkRequest is one request of an HTTP sender, answered by a handler: alone and 64 at a time, on the control channel and, for
// an answer that is longer, over a rendezvous. Beside it, the same at a net/http server over TLS, for a ratio.
func BenchmarkRequest(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10, 256 << 10} {
		body := pattern(size)
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(body)
		})
		for _, atATime := range []int{1, 64} {
			b.Run(fmt.Sprintf("relay/%s/%d", byteCount(size), atATime), func(b *testing.B) {
				c := testcluster.New(b, 1)
				c.Add(&entity.Entity{Name: "hyco"})
				cs := c.Node(0).Ready().ConnectionString + ";EntityPath=hyco"
				ctx, stop := context.WithCancel(b.Context())
				online := make(chan struct{}, 1)
				var run sync.WaitGroup
				run.Go(func() {
					_ = hybrid.Serve(ctx, cs, h, hybrid.WithCAFile(c.CAFile()), hybrid.WithEvents(func(hybrid.Event) { online <- struct{}{} }))
				})
				<-online
				t, err := hybrid.NewTransport(cs, hybrid.WithCAFile(c.CAFile()))
				if err != nil {
					b.Fatal(err)
				}
				fetch(b, &http.Client{Transport: t}, "http://web/", atATime, size)
				t.CloseIdleConnections()
				stop()
				run.Wait()
			})
			b.Run(fmt.Sprintf("direct/%s/%d", byteCount(size), atATime), func(b *testing.B) {
				server := httptest.NewTLSServer(h)
				defer server.Close()
				client := server.Client()
				client.Transport.(*http.Transport).MaxIdleConnsPerHost = 64
				fetch(b, client, server.URL, atATime, size)
			})
		}
	}
}

// fetch asks for a body of that size, so many at a time.
func fetch(b *testing.B, client *http.Client, url string, atATime, size int) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(int64(size))
	work := make(chan struct{})
	var workers sync.WaitGroup
	for range atATime {
		workers.Go(func() {
			buf := make([]byte, 32<<10)
			for range work {
				answer, err := client.Get(url)
				if err != nil {
					b.Error(err)
					continue
				}
				n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, answer.Body, buf)
				answer.Body.Close()
				if err != nil || int(n) != size || answer.StatusCode != http.StatusOK {
					b.Error(answer.Status, n, err)
				}
			}
		})
	}
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	workers.Wait()
}
