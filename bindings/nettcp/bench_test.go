package nettcp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// message is what the calls carry: a small WCF request in binary has about that size.
var message = framing.AppendSized(nil, make([]byte, 200))

// echoBack is the least of a net.tcp service: it acknowledges and gives every message back.
func echoBack(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	var d framing.Decoder
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if err != nil {
			return
		}
		var out []byte
		for b := buf[:n]; len(b) > 0; {
			ev, k, bad := d.Next(b)
			if bad != nil {
				break
			}
			switch {
			case ev.Kind == framing.PreambleEnd:
				out = append(out, ack...)
			case ev.Kind == framing.SizedEnvelope && ev.First:
				out = append(framing.AppendInt(append(out, byte(framing.SizedEnvelope)), ev.Size), ev.Data...)
			case ev.Kind == framing.SizedEnvelope:
				out = append(out, ev.Data...)
			}
			b = b[k:]
		}
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// accept serves connections until the listener is closed.
func accept(b *testing.B, l net.Listener, serve func(net.Conn)) {
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { serve(c) })
		}
	})
	b.Cleanup(func() { _ = l.Close(); conns.Wait() })
}

// ways are how clients reach a service: directly, and through one node or two.
func ways(b *testing.B, serve func(net.Conn), run func(b *testing.B, dial func() net.Conn)) {
	open := func(b *testing.B, address, via string) func() net.Conn {
		preamble := (&framing.Preamble{Mode: framing.Duplex, Via: via, Encoding: framing.BinarySession}).Append(nil)
		return func() net.Conn {
			c, err := net.Dial("tcp", address)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := c.Write(preamble); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
				b.Fatal(err)
			}
			return c
		}
	}
	b.Run("direct", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		accept(b, l, serve)
		run(b, open(b, l.Addr().String(), "net.tcp://localhost/calc"))
	})
	for nodes := 1; nodes <= 2; nodes++ {
		b.Run(fmt.Sprintf("relayed by %d", nodes), func(b *testing.B) {
			c := testcluster.New(b, nodes)
			c.Add(&entity.Entity{Name: "calc", Kind: entity.NetTCP, AnonymousSenders: true})
			l, err := hybrid.Listen(b.Context(), c.Node(nodes-1).Ready().ConnectionString, hybrid.WithEntity("calc"), hybrid.WithCAFile(c.CAFile()))
			if err != nil {
				b.Fatal(err)
			}
			accept(b, l, serve)
			run(b, open(b, c.Node(0).Door("nettcp"), "net.tcp://"+c.Node(0).Host("nettcp")+"/calc"))
		})
	}
}

// BenchmarkCall is a call and its reply on an open session, by one client and by 32.
func BenchmarkCall(b *testing.B) {
	for _, clients := range []int{1, 32} {
		b.Run(fmt.Sprintf("%d clients", clients), func(b *testing.B) {
			ways(b, echoBack, func(b *testing.B, dial func() net.Conn) {
				conns := make([]net.Conn, clients)
				for i := range conns {
					conns[i] = dial()
					defer conns[i].Close()
				}
				var left atomic.Int64
				left.Store(int64(b.N))
				took := make([][]time.Duration, clients)
				b.ResetTimer()
				var all sync.WaitGroup
				for i, c := range conns {
					all.Go(func() {
						got := make([]byte, len(message))
						for left.Add(-1) >= 0 {
							begin := time.Now()
							if _, err := c.Write(message); err != nil {
								b.Error(err)
								return
							}
							if _, err := io.ReadFull(c, got); err != nil {
								b.Error(err)
								return
							}
							took[i] = append(took[i], time.Since(begin))
						}
					})
				}
				all.Wait()
				b.StopTimer()
				spans := slices.Concat(took...)
				slices.Sort(spans)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
				b.ReportMetric(float64(spans[len(spans)/2].Microseconds()), "p50-us")
				b.ReportMetric(float64(spans[len(spans)*99/100].Microseconds()), "p99-us")
			})
		})
	}
}

// BenchmarkSession is a whole session on a connection of its own: dial, preamble, acknowledgement, a call, the end.
func BenchmarkSession(b *testing.B) {
	ways(b, echoBack, func(b *testing.B, dial func() net.Conn) {
		for b.Loop() {
			c := dial()
			if _, err := c.Write(message); err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(c, make([]byte, len(message))); err != nil {
				b.Fatal(err)
			}
			_ = c.Close()
		}
	})
}

// BenchmarkStreamed is 256 MiB of one request, in chunks of 32 KiB, and what memory that takes at the most.
func BenchmarkStreamed(b *testing.B) {
	const size = 256 << 20
	swallow := func(c net.Conn) {
		defer c.Close()
		if _, err := c.Write(ack); err != nil {
			return
		}
		n, _ := io.CopyN(io.Discard, c, size)
		if n == size {
			_, _ = c.Write(theEnd)
		}
	}
	ways(b, swallow, func(b *testing.B, dial func() net.Conn) {
		b.SetBytes(size)
		chunk := framing.AppendChunk(nil, make([]byte, 32<<10))
		var most uint64
		for b.Loop() {
			c := dial()
			before := inUse()
			for sent, i := 0, 0; sent < size; i++ {
				n, err := c.Write(chunk)
				if err != nil {
					b.Fatal(err)
				}
				if sent += n; i%1024 == 0 {
					most = max(most, uint64(max(0, used()-before)))
				}
			}
			if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
				b.Fatal(err)
			}
			_ = c.Close()
		}
		b.ReportMetric(float64(most)/(1<<20), "MiB-more")
	})
}

// used is the heap without a collection before.
func used() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
