package hybrid_test

import (
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid"
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
