package firewall

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/interop"
)

// tunnel is 'listen' beside a target on loopback, 'forward', and a gateway between them.
type tunnel struct {
	*relayGateway
	listening, forwarding *interop.Program
	address               string // where clients connect to
}

// newTunnel makes one of a gateway of n nodes.
func newTunnel(t *testing.T, n int, target string) *tunnel {
	t.Helper()
	g := newGateway(t, "", "127.0.0.1", n)
	u := &tunnel{relayGateway: g, address: "127.0.0.1:" + interop.FreePort(t)}
	u.listening = g.listen("", "other", "--target", "tcp://"+target, "-o", "json")
	u.forwarding = g.forward("", "other", "other", "--bind", u.address)
	return u
}

// TestIperf: iperf3 measures both directions; both of its connections and the control one go through.
func TestIperf(t *testing.T) {
	t.Parallel()
	interop.Need(t, "iperf")
	onNodes(t, func(t *testing.T, n int) {
		port := interop.FreePort(t)
		server := interop.Start(t, t.TempDir(), nil, "iperf3", "-s", "-B", "127.0.0.1", "-p", port, "--forceflush")
		u := newTunnel(t, n, "127.0.0.1:"+port)
		_, client, _ := net.SplitHostPort(u.address)
		for _, way := range []string{"", "-R"} {
			server.Await(`^Server listening`) // it takes one client at a time, and says when the one before is done with
			args := []string{"iperf3", "-c", "127.0.0.1", "-p", client, "-t", "2", "-P", "2", "-J"}
			if way != "" {
				args = append(args, way)
			}
			var report struct {
				End struct {
					Received struct {
						Bytes float64 `json:"bytes"`
						Rate  float64 `json:"bits_per_second"`
					} `json:"sum_received"`
				} `json:"end"`
			}
			if out := place("").run(t, args...); json.Unmarshal([]byte(out), &report) != nil || report.End.Received.Bytes < 16<<20 {
				t.Errorf("iperf3 %s received %.0f bytes: %s", way, report.End.Received.Bytes, out)
			}
			t.Logf("iperf3 %s: %.2f Gbit/s", way, report.End.Received.Rate/1e9)
		}
	})
}

// TestNetcat: 'nc -N' ends its direction when its file has ended; what the target has still to say behind that comes whole, and so
// does what nc says behind the target's end.
func TestNetcat(t *testing.T) {
	t.Parallel()
	interop.Need(t, "netcat")
	onNodes(t, func(t *testing.T, n int) {
		tail := make([]byte, 4<<20)
		seed := rand.NewChaCha8([32]byte{1})
		_, _ = seed.Read(tail)
		heard := make(chan string, 1)
		u := newTunnel(t, n, serve(t, func(c *net.TCPConn) error {
			sum := sha256.New()
			first := make([]byte, 1)
			if _, err := io.ReadFull(c, first); err != nil {
				return err
			}
			if first[0] == 'E' { // the target ends first
				if _, err := c.Write([]byte("over\n")); err != nil {
					return err
				}
				if err := c.CloseWrite(); err != nil {
					return err
				}
				text, err := io.ReadAll(c)
				heard <- string(text)
				return err
			}
			sum.Write(first)
			if _, err := io.Copy(sum, c); err != nil {
				return err
			}
			heard <- hex.EncodeToString(sum.Sum(nil))
			_, err := c.Write(tail)
			return err
		}))
		_, port, _ := net.SplitHostPort(u.address)
		dir := t.TempDir()
		file := make([]byte, 3<<20+1)
		_, _ = seed.Read(file)
		file[0] = 'F'
		want := hashOf(file)
		if err := os.WriteFile(filepath.Join(dir, "file"), file, 0o600); err != nil {
			t.Fatal(err)
		}
		place("").run(t, "sh", "-c", fmt.Sprintf("nc -N 127.0.0.1 %s <%s/file >%s/tail", port, dir, dir))
		if got := interop.Take(t, heard, "what the target heard"); got != want {
			t.Errorf("the target heard a file of hash %s, want %s", got, want)
		}
		same(t, filepath.Join(dir, "tail"), hashOf(tail))

		nc := interop.Start(t, dir, nil, "nc", "-N", "127.0.0.1", port)
		nc.Say("E")
		nc.Await(`^over$`)
		nc.Say("behind the end")
		nc.Hush()
		nc.Finish(interop.Patience)
		if got := interop.Take(t, heard, "what the target heard"); got != "\nbehind the end\n" {
			t.Errorf("behind its own end the target heard %q", got)
		}
	})
}

// serve is a target: f has each connection, one error fails the test.
func serve(t *testing.T, f func(c *net.TCPConn) error) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var runs sync.WaitGroup
	runs.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			runs.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(5 * time.Minute))
				if err := f(c.(*net.TCPConn)); err != nil {
					t.Errorf("at the target: %v", err)
				}
			})
		}
	})
	t.Cleanup(runs.Wait)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// TestVolume: much passes both ways at once, whole, and no process grows by it. TestSoak does the same with 1 GiB.
func TestVolume(t *testing.T) {
	t.Parallel()
	interop.Need(t)
	onNodes(t, func(t *testing.T, n int) { transfer(t, n, 256<<20) })
}

// growth is how much a process's memory may grow while much passes: the buffers of its streams, and what the collector lets be.
const growth = 24 << 20

// transfer sends size bytes each way, and looks at memory and hashes.
func transfer(t *testing.T, n int, size int64) {
	t.Helper()
	// The target sends its own bytes while it reads, then the hash of what it read.
	u := newTunnel(t, n, serve(t, func(c *net.TCPConn) error {
		heard := sha256.New()
		done := make(chan error, 1)
		go func() {
			_, err := io.CopyN(heard, c, size)
			done <- err
		}()
		err := errors.Join(pour(c, 2, size, sha256.New()), <-done)
		if err == nil {
			_, err = c.Write(heard.Sum(nil))
		}
		return err
	}))
	programs := map[string]*interop.Program{"the gateway": u.p, "listen": u.listening, "forward": u.forwarding}
	interop.Steady(t, programs, growth, func() { bothWays(t, u.address, size) })
}

// bothWays is the client of transfer: it sends and hears size bytes, and compares hashes.
func bothWays(t *testing.T, address string, size int64) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Minute))
	began, sent := time.Now(), sha256.New()
	done := make(chan error, 1)
	go func() { done <- pour(c, 1, size, sent) }()
	heard, want := sha256.New(), sha256.New()
	_, err = io.CopyN(heard, c, size)
	if err = errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	theirs := make([]byte, sha256.Size)
	if _, err := io.ReadFull(c, theirs); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	if err := pour(io.Discard, 2, size, want); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(theirs, sent.Sum(nil)) || !bytes.Equal(heard.Sum(nil), want.Sum(nil)) {
		t.Error("what came is not what was sent")
	}
	t.Logf("%d MiB each way in %v: %.0f MiB/s in all", size>>20, took, float64(2*size>>20)/took.Seconds())
}

// pour writes size bytes that the seed decides, and their hash.
func pour(w io.Writer, seed byte, size int64, sum hash.Hash) error {
	source := rand.NewChaCha8([32]byte{seed})
	buf := make([]byte, 1<<20)
	for left := size; left > 0; left -= int64(len(buf)) {
		_, _ = source.Read(buf)
		sum.Write(buf)
		if _, err := w.Write(buf); err != nil {
			return fmt.Errorf("with %d bytes to go: %w", left, err)
		}
	}
	return nil
}
