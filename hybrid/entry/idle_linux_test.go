//go:build !race

package entry_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/causeway-relay/causeway/gateway"
	"github.com/causeway-relay/causeway/gateway/config"
	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/internal/testcluster"
	"github.com/causeway-relay/causeway/internal/wsframe"
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
	head := s.asks(target("hyco", "listen", ""), credential(s.sign("hyco")))
	s.holds(few, head) // what comes with the first ones
	before := alive()
	s.holds(many, head)
	if each := (int64(alive()) - int64(before)) / many; each > most {
		t.Errorf("an idle listener keeps %d bytes, more than %d", each, most)
	} else {
		t.Logf("%d bytes each", each)
	}
}

// TestIdleEventListener: the same of a listener that has had a message of an event relay, and so a connection for the next ones.
func TestIdleEventListener(t *testing.T) {
	const (
		few, many = 20, 400
		most      = 7600 // bytes each: 6,300 to 7,000, a tenth of which is the test's
	)
	c := testcluster.New(t, 1, testcluster.WithConfig(func(_ int, c *config.Config) {
		c.AllowPlainTokens, c.Limits.ListenersPerEntity = true, few+many
	}), testcluster.WithParams(func(p *gateway.Params) { p.Log = slog.New(slog.DiscardHandler) }))
	s := &set{Cluster: c, t: t, listenerNode: c.Node(0), senderNode: c.Node(0), door: "http"}
	c.Add(&entity.Entity{Name: "news", Kind: entity.Event})
	head := s.asks(target("news", "listen", ""), credential(s.sign("news")))
	sender := s.arrive("news", "").upgraded("")
	told := func(n int) {
		controls := s.holds(n, head)
		sender.send(wsframe.Binary, []byte("word"))
		for _, fd := range controls {
			s.hold(s.asks(s.offered(fd)))
		}
		s.settles()
	}
	told(few) // what comes with the first ones
	before := alive()
	told(many)
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

// asks is the handshake of a WebSocket for a request target.
func (*set) asks(target string, lines ...string) []byte {
	return []byte("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		strings.Join(append(lines, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), "\r\n") + "\r\n\r\n")
}

// holds opens listeners on bare sockets, which are nothing to the heap, until the test ends, and waits until the gateway waits for none of
// them.
func (s *set) holds(n int, head []byte) (all []int) {
	s.t.Helper()
	for range n {
		all = append(all, s.hold(head))
	}
	s.settles()
	return all
}

// hold opens one of them.
func (s *set) hold(head []byte) (fd int) {
	s.t.Helper()
	door := netip.MustParseAddrPort(s.listenerNode.Door(s.door))
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
	answer := make([]byte, 1024)
	if got, err := syscall.Read(fd, answer); err != nil || !bytes.HasPrefix(answer[:max(got, 0)], []byte("HTTP/1.1 101 ")) {
		s.t.Fatalf("%q, %v", answer[:max(got, 0)], err)
	}
	return fd
}

// offered reads the accept message on a control channel, and gives the target that it names.
func (s *set) offered(fd int) string {
	s.t.Helper()
	message := make([]byte, 4096)
	n, err := syscall.Read(fd, message)
	if err != nil {
		s.t.Fatal(err)
	}
	_, address, _ := strings.Cut(string(message[:n]), `"address":"`)
	address, _, whole := strings.Cut(address, `"`)
	if _, address, _ = strings.Cut(address, "//"); !whole {
		s.t.Fatalf("%q", message[:n])
	}
	return address[strings.IndexByte(address, '/'):]
}
