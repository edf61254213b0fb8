package nettcp

import (
	"context"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/hybrid"
	"github.com/causeway-relay/causeway/interop"
	"github.com/causeway-relay/causeway/interop/dotnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is host and port of the stand's net.tcp door.
func door(s *interop.Stand) string { return s.Cluster.Node(0).Host("nettcp") }

// expose makes a relay that plain clients may send to, and listens there for the service at target: a raw listener that
// copies bytes and knows nothing of net.tcp.
func expose(t testing.TB, s *interop.Stand, name, target string, change ...func(*entity.Entity)) {
	t.Helper()
	e := &entity.Entity{Name: name, Kind: entity.NetTCP, AnonymousSenders: true}
	for _, f := range change {
		f(e)
	}
	s.Add(e)
	listen(t, s, name, target)
}

func listen(t testing.TB, s *interop.Stand, name, target string) {
	listenFor(t.Context(), t, s, name, target)
}

// listenFor is listen for as long as ctx lasts. With it go all connections at once, as with a process that is killed.
func listenFor(ctx context.Context, t testing.TB, s *interop.Stand, name, target string) {
	t.Helper()
	cs := "Endpoint=sb://" + s.Listen + "/;SharedAccessKeyName=" + s.Rule + ";SharedAccessKey=" + s.Key
	l, err := hybrid.Listen(t.Context(), cs, hybrid.WithEntity(name), hybrid.WithCAFile(s.CA))
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { pipe(ctx, c.(*hybrid.Conn), target) })
		}
	})
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	t.Cleanup(func() {
		stop()
		_ = l.Close()
		conns.Wait()
	})
}

// pipe copies between a stream and the service, at most until ctx ends.
func pipe(ctx context.Context, c *hybrid.Conn, target string) {
	defer c.Close()
	service, err := net.Dial("tcp", target)
	if err != nil {
		c.Abort()
		return
	}
	defer service.Close()
	stop := context.AfterFunc(ctx, func() {
		c.Abort()
		_ = service.Close()
	})
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := io.Copy(service, c); err != nil {
			_ = service.Close()
			return
		}
		_ = service.(*net.TCPConn).CloseWrite()
	}()
	if _, err := io.Copy(c, service); err != nil {
		c.Abort()
	}
	_ = c.CloseWrite()
	<-done
}

// early is what .NET's client says of .NET's service when the last messages of a reliable session cross, directly as well: now and then
// the one ends the sequence before the other has seen its end.
const early = "errantly sent a TerminateSequence"

// client runs wcf-client to its end and gives what it printed a case, without what differs from run to run. A run in which a reliable
// session ended early is played again, at most twice.
func client(t *testing.T, args ...string) (lines []string) {
	t.Helper()
	for range 3 {
		p := dotnet.Start(t, "wcf-client", args...)
		p.End(interop.Patience)
		lines = nil
		for line := range strings.Lines(p.Text()) {
			if line = masked(line); strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "FAIL ") {
				lines = append(lines, line)
			}
		}
		if len(lines) == 0 {
			t.Fatalf("%s printed\n%s", p.Command(), p.Text())
		}
		if !strings.Contains(p.Text(), early) {
			break
		}
	}
	return lines
}

// What differs between direct and relayed: addresses, times, and numbers that programs make up.
var (
	anyAddress = regexp.MustCompile(`net\.tcp://[^\s'"]*`)
	anyTime    = regexp.MustCompile(`\d\d:\d\d:\d\d(\.\d+)?`)
)

func masked(line string) string {
	return strings.TrimSpace(anyTime.ReplaceAllString(anyAddress.ReplaceAllString(line, "ADDRESS"), "TIME"))
}

// passed counts the cases that went well.
func passed(lines []string) (n int) {
	for _, l := range lines {
		if strings.HasPrefix(l, "ok ") {
			n++
		}
	}
	return n
}

// equal compares two runs case by case.
func equal(t *testing.T, what string, direct, relayed []string) {
	t.Helper()
	slices.Sort(direct)
	slices.Sort(relayed)
	for _, l := range direct {
		if !slices.Contains(relayed, l) {
			t.Errorf("%s: only direct: %s", what, l)
		}
	}
	for _, l := range relayed {
		if !slices.Contains(direct, l) {
			t.Errorf("%s: only through the gateway: %s", what, l)
		}
	}
}
