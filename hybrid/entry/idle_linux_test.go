//go:build !race

package entry_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"runtime"
	"syscall"
	"testing"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
)

// TestIdleListener: what a listener that says nothing keeps alive at the gateway stays what it is: tens of thousands may be there. Its sockets
// in the kernel are not counted, nor what the collector leaves between (performance.md, What waits).
func TestIdleListener(t *testing.T) {
	const (
		few, many = 50, 500
		most      = 4600 // bytes each: 3,850 to 4,060, and room for what Go makes of them tomorrow
	)
	c := testcluster.New(t, 1, testcluster.WithConfig(func(_ int, c *config.Config) {
		c.AllowPlainTokens, c.Limits.ListenersPerEntity = true, few+many
	}), testcluster.WithParams(func(p *gateway.Params) { p.Log = slog.New(slog.DiscardHandler) }))
	s := &set{Cluster: c, t: t, listenerNode: c.Node(0), senderNode: c.Node(0), door: "http"}
	c.Add(&entity.Entity{Name: "hyco"})
	head := []byte("GET " + target("hyco", "listen", "") + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nServiceBusAuthorization: " + s.sign("hyco") + "\r\n\r\n")
	s.holds(few, head) // what comes with the first ones
	before := alive()
	s.holds(many, head)
	if each := (int64(alive()) - int64(before)) / many; each > most {
		t.Errorf("an idle listener keeps %d bytes, more than %d", each, most)
	} else {
		t.Logf("%d bytes each", each)
	}
}

// alive is how much of the heap is reachable.
func alive() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools held goes with the second
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// holds opens listeners on bare sockets, which are nothing to the heap, until the test ends, and waits until the gateway waits for none of
// them.
func (s *set) holds(n int, head []byte) {
	s.t.Helper()
	door := netip.MustParseAddrPort(s.listenerNode.Door(s.door))
	answer := make([]byte, 1024)
	for range n {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { _ = syscall.Close(fd) })
		bound := syscall.NsecToTimeval(patience.Nanoseconds())
		_ = syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &bound)
		if err := syscall.Connect(fd, &syscall.SockaddrInet4{Addr: door.Addr().As4(), Port: int(door.Port())}); err != nil {
			s.t.Fatal(err)
		}
		if _, err := syscall.Write(fd, head); err != nil {
			s.t.Fatal(err)
		}
		if got, err := syscall.Read(fd, answer); err != nil || !bytes.HasPrefix(answer[:got], []byte("HTTP/1.1 101 ")) {
			s.t.Fatalf("%q, %v", answer[:max(got, 0)], err)
		}
	}
	s.settles()
}
