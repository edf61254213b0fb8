//go:build unix

package carry

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/netx"
)

const patience = 20 * time.Second

// pair gives two ends of a loopback connection, of which the peer's is bounded in time.
func pair(t *testing.T) (peer, ours *net.TCPConn) {
	t.Helper()
	peer, ours = netx.Loopback(t)
	_ = peer.SetDeadline(time.Now().Add(patience))
	return peer, ours
}

// cross carries between two connections and gives their far ends, and what tells that it is over.
func cross(t *testing.T) (x, y *net.TCPConn, over <-chan struct{}) {
	t.Helper()
	x, a := pair(t)
	y, b := pair(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		Through(context.Background(), a, b, patience)
	}()
	return x, y, done
}

// TestEnds: each direction ends by itself, and nothing is lost behind the first end.
func TestEnds(t *testing.T) {
	x, y, over := cross(t)
	for _, way := range [][2]*net.TCPConn{{x, y}, {y, x}} {
		if _, err := way[0].Write([]byte("words")); err != nil {
			t.Fatal(err)
		}
		if err := way[0].CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(way[1]); string(got) != "words" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	<-over
}

// TestResetToldOnce: a reset of which a write was told already is a loss for the other side, not the end that the read shows.
func TestResetToldOnce(t *testing.T) {
	x, a := pair(t)
	y, b := pair(t)
	_ = a.SetDeadline(time.Now().Add(patience))
	if err := errors.Join(x.SetLinger(0), x.Close()); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil {
		_, err = a.Write([]byte("x"))
	}
	(&crossing{a: a, b: b, quiet: patience}).half(b, a)
	if _, err := y.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the other side sees %v", err)
	}
}

// TestLosses: a reset of one side is a reset of the other.
func TestLosses(t *testing.T) {
	x, y, over := cross(t)
	if err := errors.Join(x.SetLinger(0), x.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := y.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the other side sees %v", err)
	}
	<-over
}
