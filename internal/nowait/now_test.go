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

// TestReadNow: what is there is read, whatever deadline is set, and nothing is waited for; the end and a closed connection are told as Read
// tells them.
func TestReadNow(t *testing.T) {
	if !nowait.Better {
		t.Skip("package net reads here")
	}
	peer, ours := ways[1].pair(t)
	p := make([]byte, 1<<10)
	if n, err := nowait.ReadNow(ours, p); n != 0 || err != nowait.ErrNothing {
		t.Errorf("of nothing: %d, %v", n, err)
	}
	if err := ours.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"first", "second"} {
		if _, err := peer.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := come(ours, p[:1]); err != nil {
			t.Fatal(err)
		}
		if n, err := nowait.ReadNow(ours, p); err != nil || string(p[:n]) != text {
			t.Errorf("%q, %v, want %q", p[:n], err, text)
		}
	}
	if err := peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := come(ours, p[:1]); err != nil {
		t.Fatal(err)
	}
	if n, err := nowait.ReadNow(ours, p); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
	ours.Close()
	n, err := nowait.ReadNow(ours, p)
	if _, want := ours.Read(p); n != 0 || err == nil || err.Error() != want.Error() {
		t.Errorf("after Close: %d, %v, want %v", n, err, want)
	}
}

// come waits until there is something to read, or the end, and leaves it.
func come(conn net.Conn, room []byte) error {
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	err = raw.Read(func(fd uintptr) bool {
		return nowait.Peek(fd, room) != nowait.ErrNothing
	})
	return errors.Join(err, conn.SetReadDeadline(time.Unix(1, 0)))
}

// TestReadNowLeavesIt: what it cannot read without waiting is left to Read.
func TestReadNowLeavesIt(t *testing.T) {
	peer, bare := ways[0].pair(t)
	_, ours := ways[1].pair(t)
	if _, err := peer.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func() (int, error){
		"another connection": func() (int, error) { return nowait.ReadNow(bare, make([]byte, 1)) },
		"more than Most":     func() (int, error) { return nowait.ReadNow(ours, make([]byte, nowait.Most+1)) },
		"into nothing":       func() (int, error) { return nowait.ReadNow(ours, nil) },
	} {
		if n, err := read(); n != 0 || err != nowait.ErrNothing {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

// TestWriteReady: ready is asked before a write waits, once, and not where there is room; its error ends the write. All leaves, in order.
func TestWriteReady(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			peer, ours := w.pair(t)
			narrow(t, peer, ours)
			waits := !nowait.Better || w.name == ways[0].name // from the start
			asked := 0
			ready := func() error { asked++; return nil }
			if n, err := nowait.WriteReady(ours, []byte("x"), ready); n != 1 || err != nil || (asked == 1) != waits {
				t.Errorf("%d left, %v, asked %d times", n, err, asked)
			}
			sent := append([]byte("x"), fill(t, ours)...)
			no := errors.New("no")
			n, err := nowait.WriteReady(ours, pattern(len(sent), nowait.Most), func() error { return no })
			if sent = append(sent, pattern(len(sent), nowait.Most)[:n]...); !errors.Is(err, no) || n == nowait.Most {
				t.Errorf("%d left, %v", n, err)
			}
			if err := ours.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			last := pattern(len(sent), nowait.Most)
			waiting, written := make(chan struct{}), make(chan error, 1)
			go func() {
				n, err := nowait.WriteReady(ours, last, func() error { close(waiting); return nil })
				if n != len(last) {
					err = errors.Join(err, io.ErrShortWrite)
				}
				written <- errors.Join(err, ours.(interface{ CloseWrite() error }).CloseWrite())
			}()
			select {
			case <-waiting: // nobody has read yet
			case <-time.After(patience):
				t.Fatal("there is room without end")
			}
			arrives(t, peer, append(sent, last...))
			if err := <-written; err != nil {
				t.Error(err)
			}
		})
	}
}
