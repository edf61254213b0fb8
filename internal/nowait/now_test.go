package nowait_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/causeway-relay/causeway/internal/nowait"
)

// TestWriteNow: what there is room for leaves, whatever deadline is set, and the rest when there is room, in order and to the byte.
func TestWriteNow(t *testing.T) {
	if !nowait.Better {
		t.Skip("package net writes here")
	}
	for _, size := range []int{1, 1 << 10, nowait.Most} {
		peer, ours := ways[1].pair(t)
		narrow(t, peer, ours)
		if err := ours.SetWriteDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		var sent []byte
		for {
			p := pattern(len(sent), size)
			n, err := nowait.WriteNow(ours, p)
			if sent = append(sent, p[:n]...); err == nil && n == size {
				continue
			}
			if err != nowait.ErrNothing || n >= size {
				t.Fatalf("%d of %d left, %v", n, size, err)
			}
			break
		}
		if len(sent) == 0 {
			t.Fatal("nothing left at once")
		}
		if err := ours.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		rest := pattern(len(sent), size)
		written := make(chan error, 1)
		go func() {
			_, err := ours.Write(rest)
			written <- errors.Join(err, ours.(interface{ CloseWrite() error }).CloseWrite())
		}()
		arrives(t, peer, append(sent, rest...))
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
}

// TestWriteNowLeavesIt: what it does not do at once, it does not begin.
func TestWriteNowLeavesIt(t *testing.T) {
	_, bare := ways[0].pair(t)
	_, ours := ways[1].pair(t)
	for name, write := range map[string]func() (int, error){
		"another connection": func() (int, error) { return nowait.WriteNow(bare, []byte("x")) },
		"more than Most":     func() (int, error) { return nowait.WriteNow(ours, make([]byte, nowait.Most+1)) },
	} {
		if n, err := write(); n != 0 || err != nowait.ErrNothing {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

// TestWriteNowOnALoss: errors are those of Write.
func TestWriteNowOnALoss(t *testing.T) {
	if !nowait.Better {
		t.Skip("package net writes here")
	}
	peer, ours := ways[1].pair(t)
	if err := errors.Join(peer.SetLinger(0), peer.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(ours); err == nil {
		t.Error("the loss did not arrive")
	}
	n, err := nowait.WriteNow(ours, []byte("x"))
	if o, ok := errors.AsType[*net.OpError](err); !ok || o.Op != "write" || !errors.Is(err, syscall.EPIPE) || n != 0 {
		t.Errorf("after a loss: %d, %v", n, err)
	}
	ours.Close()
	n, err = nowait.WriteNow(ours, []byte("x"))
	if _, want := ours.Write([]byte("x")); n != 0 || err == nil || err.Error() != want.Error() {
		t.Errorf("after Close: %d, %v, want %v", n, err, want)
	}
}
