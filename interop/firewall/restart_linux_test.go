package firewall

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/interop"
)

const (
	streams = 50
	block   = 16 << 10 // what a stream sends at a time; the first byte says whether it is the last
	// rate is how many handshakes of one listener a second may hold.
	rate = 2
	// slack is what a loaded machine may add to the pause that a listener said it makes.
	slack = 10 * time.Second
)

// TestGatewayRestarts: twenty times in all, a gateway with fifty connections is killed, by kill -9 and by SIGTERM in turn, and started
// again. Streams end whole or as losses, never as if they were whole; the listener is back by itself within the pause that it has told.
func TestGatewayRestarts(t *testing.T) {
	t.Parallel()
	interop.Need(t)
	onNodes(t, func(t *testing.T, n int) { restarts(t, n, 10) })
}

// TestConnectorKilled: a connector that is killed leaves a loss at the far end, never an end in order.
func TestConnectorKilled(t *testing.T) {
	t.Parallel()
	interop.Need(t)
	onNodes(t, func(t *testing.T, n int) {
		var judged atomic.Bool // the listening end's own target sees what the system makes of a killed process
		lost := make(chan struct{}, streams)
		u := newTunnel(t, n, serve(t, func(c *net.TCPConn) error {
			b := make([]byte, block)
			var err error
			for err == nil {
				if _, err = io.ReadFull(c, b); err == nil {
					_, err = c.Write(b)
				}
			}
			lost <- struct{}{}
			if judged.Load() && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)) {
				return errTruncated
			}
			return nil // a loss is what is wanted
		}))
		s := newStreams(t, u.address)
		u.listening.Kill()
		s.wantLost(t)
		for range streams {
			interop.Take(t, lost, "the loss at the target")
		}
		u.listening = u.listen("", "other", "--target", target(u.listening))
		s = newStreams(t, u.address)
		judged.Store(true)
		u.forwarding.Kill()
		for range streams {
			interop.Take(t, lost, "the loss at the target")
			<-s.ends // as the system pleases
		}
	})
}

// TestSoak: twenty restarts, and 1 GiB each way.
func TestSoak(t *testing.T) {
	if os.Getenv("CAUSEWAY_SOAK") == "" {
		t.Skip("takes minutes: make soak, or CAUSEWAY_SOAK=1m go test -run '^TestSoak' ./interop/firewall")
	}
	t.Setenv("CAUSEWAY_INTEROP", "1") // whoever asked for a soak asked for this
	interop.Need(t)
	t.Run("1 GiB", func(t *testing.T) {
		onNodes(t, func(t *testing.T, n int) { transfer(t, n, 1<<30) })
	})
	t.Run("20 restarts", func(t *testing.T) {
		onNodes(t, func(t *testing.T, n int) { restarts(t, n, 10) })
	})
}

// restarts does rounds of it. Every second round has a new listening process, since the pauses of one grow while the gateway does not
// live for long.
func restarts(t *testing.T, n, rounds int) {
	t.Helper()
	u := newTunnel(t, n, serve(t, func(c *net.TCPConn) error { echo(t, c); return nil }))
	old := []*interop.Program{u.listening}
	for round := range rounds {
		if round > 0 && round%2 == 0 {
			u.listening.Signal(syscall.SIGTERM)
			u.listening.Finish(interop.Patience)
			u.listening = u.listen("", "other", "--target", target(u.listening), "-o", "json")
			old = append(old, u.listening)
		}
		crash := (round+n)%2 == 0
		s := newStreams(t, u.address)
		told := time.Now()
		if crash {
			u.p.Kill()
			s.wantLost(t)
		} else {
			u.p.Signal(syscall.SIGTERM)
			u.p.Await(`msg=draining`)
			s.wantWhole(t)
			u.p.Finish(interop.Patience)
		}
		u.start()
		up := time.Now()
		u.listening.Await(`^other: listening$`)
		back := time.Now()
		pause := lastPause(t, u.listening)
		if took := back.Sub(up); took > pause+slack {
			t.Errorf("round %d: the listener is back %v after the gateway, although it told a pause of %v", round, took, pause)
		}
		t.Logf("round %d, crash %v: the gateway was away for %v, the listener is back after %v more (pause %v)", round, crash, up.Sub(told).Round(time.Millisecond), back.Sub(up).Round(time.Millisecond), pause)
	}
	newStreams(t, u.address).wantWhole(t)
	handshakes(t, u)
	for _, p := range old {
		attempts(t, p)
	}
}

// target is what a listening process leads to.
func target(p *interop.Program) string {
	return regexp.MustCompile(`tcp://\S+`).FindString(p.Command())
}

var pauses = regexp.MustCompile(`trying again in ([0-9.a-zµ]+)`)

// lastPause is the pause that the listener has told last.
func lastPause(t *testing.T, p *interop.Program) time.Duration {
	t.Helper()
	all := pauses.FindAllStringSubmatch(p.Text(), -1)
	if len(all) == 0 {
		t.Fatal("the listener has told no pause")
	}
	d, err := time.ParseDuration(all[len(all)-1][1])
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	online  = regexp.MustCompile(`(?m)^time=(\S+) .*msg="listener online" .*listener=(\S+)`)
	refused = regexp.MustCompile(`(?m)^time=(\S+) .*msg=refused .*listener=(\S+) .*reason=(\w+) .*shape=listener`)
)

// handshakes looks at what the gateways saw: no second has more handshakes of one listener than rate, and there were some.
func handshakes(t *testing.T, u *tunnel) {
	t.Helper()
	seen := make(map[string][]time.Time)
	note := func(found []string) {
		at, err := time.Parse(time.RFC3339, found[1])
		if err != nil {
			t.Fatal(err)
		}
		seen[found[2]] = append(seen[found[2]], at)
	}
	for _, p := range u.lives {
		for _, found := range online.FindAllStringSubmatch(p.Text(), -1) {
			note(found)
		}
		for _, found := range refused.FindAllStringSubmatch(p.Text(), -1) {
			if found[2] == `""` && found[3] == "Conflict" {
				continue // no listen handshake: a connection that was to stand by, and whose channel had just gone
			}
			note(found)
			if found[3] != "Draining" {
				t.Errorf("a listener was refused: %s", found[0])
			}
		}
	}
	total := 0
	for id, at := range seen {
		total += len(at)
		spread(t, "gateway: listener "+id, at)
	}
	if total < len(u.lives) {
		t.Errorf("%d handshakes at %d gateways", total, len(u.lives))
	}
}

// attempts looks at what a listener did, also when nobody saw it.
func attempts(t *testing.T, p *interop.Program) {
	t.Helper()
	var at []time.Time
	for line := range strings.Lines(p.Text()) {
		var e struct {
			Time   time.Time `json:"time"`
			Event  string    `json:"event"`
			Reason string    `json:"reason"`
		}
		if json.Unmarshal([]byte(line), &e) == nil && (e.Event == "listener.connected" || e.Event == "listener.disconnected" && e.Reason == "Unreachable") {
			at = append(at, e.Time)
		}
	}
	if len(at) == 0 {
		t.Error("no attempt of the listener is told")
	}
	spread(t, "listener", at)
}

// spread wants no second with more than rate of the times.
func spread(t *testing.T, who string, at []time.Time) {
	t.Helper()
	slices.SortFunc(at, time.Time.Compare)
	for i := rate; i < len(at); i++ {
		if d := at[i].Sub(at[i-rate]); d < time.Second {
			t.Errorf("%s: %d handshakes in %v", who, rate+1, d)
		}
	}
}

// running are streams through the gateway, each with a block on its way, until they are told to finish.
type running struct {
	finish chan struct{}
	ends   chan error // of each stream, within talk's deadline: nil for a whole one
	runs   sync.WaitGroup
}

// errTruncated says that a stream ended as if it were whole.
var errTruncated = errors.New("the stream ended in order before its last block")

// newStreams opens streams, and waits until each has had its first block back.
func newStreams(t *testing.T, address string) *running {
	t.Helper()
	s := &running{finish: make(chan struct{}), ends: make(chan error, streams)}
	begun := make(chan struct{}, streams)
	for i := range streams {
		s.runs.Go(func() { s.ends <- s.talk(address, byte(i), begun) })
	}
	t.Cleanup(s.runs.Wait)
	for range streams {
		select {
		case <-begun:
		case err := <-s.ends:
			t.Fatalf("a stream did not begin: %v", err)
		case <-time.After(2 * interop.Patience):
			t.Fatal("streams do not begin")
		}
	}
	return s
}

// talk is one stream: blocks go out and come back until it is to finish; the hash of both ways must be the same.
func (s *running) talk(address string, seed byte, begun chan<- struct{}) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(3 * interop.Patience))
	sent, heard := sha256.New(), sha256.New()
	out, in := bytes.Repeat([]byte{seed}, block), make([]byte, block)
	for count := uint32(0); ; count++ {
		out[0], out[1], out[2] = 1, byte(count), byte(count>>8)
		select {
		case <-s.finish:
			out[0] = 0
		default:
		}
		sent.Write(out)
		if _, err := c.Write(out); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, in); errors.Is(err, io.EOF) {
			return errTruncated
		} else if err != nil {
			return err
		}
		heard.Write(in)
		if count == 0 {
			begun <- struct{}{}
		}
		if out[0] == 0 {
			break
		}
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	if n, err := io.Copy(io.Discard, c); n != 0 || err != nil {
		return fmt.Errorf("%d bytes and %w behind the last block", n, err)
	}
	if !bytes.Equal(sent.Sum(nil), heard.Sum(nil)) {
		return errors.New("wrong hash")
	}
	return nil
}

// echo is the target's end of such a stream. It is a fault when its client seems to have ended before the last block.
func echo(t *testing.T, c *net.TCPConn) {
	b := make([]byte, block)
	for {
		if _, err := io.ReadFull(c, b); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("at the target: %v", errTruncated)
			}
			return // a loss
		}
		if _, err := c.Write(b); err != nil {
			return
		}
		if b[0] == 0 {
			_, _ = io.Copy(io.Discard, c)
			_ = c.CloseWrite()
			return
		}
	}
}

// wantLost wants every stream to end as a loss.
func (s *running) wantLost(t *testing.T) {
	t.Helper()
	for range streams {
		if err := <-s.ends; err == nil || errors.Is(err, errTruncated) || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the gateway was killed, and a stream ended with %v", err)
		}
	}
}

// wantWhole lets the streams finish, and wants each to be whole.
func (s *running) wantWhole(t *testing.T) {
	t.Helper()
	close(s.finish)
	for range streams {
		if err := <-s.ends; err != nil {
			t.Errorf("a stream that was let end: %v", err)
		}
	}
}
