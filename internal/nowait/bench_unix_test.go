//go:build unix

package nowait_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// BenchmarkPingPong is a message to another process and back, with and without telling the scheduler. The other process makes it what a
// relay meets: between two messages there is nothing to do. cpu-ns/op is what this process takes of the machine, threads of the runtime
// included.
func BenchmarkPingPong(b *testing.B) {
	for _, w := range ways {
		for _, n := range []int{64, 1 << 10, 16 << 10, nowait.Most} {
			b.Run(fmt.Sprintf("%s/%d", w.name, n), func(b *testing.B) {
				c := w.wrap(far(b))
				p := make([]byte, n)
				b.SetBytes(int64(2 * n))
				b.ReportAllocs()
				before := cpu(b)
				for b.Loop() {
					if _, err := c.Write(p); err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadFull(c, p); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// far is a connection to a process that echoes. Both end with the benchmark.
func far(b *testing.B) *net.TCPConn {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	peer := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^$")
	peer.Env = append(os.Environ(), echoAt+"="+l.Addr().String())
	if err := peer.Start(); err != nil {
		b.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		c.Close()
		_ = peer.Wait() // it has read the end, or its context's killed it
	})
	return c.(*net.TCPConn)
}

// cpu is the time that this process has taken of the machine, in nanoseconds.
func cpu(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
