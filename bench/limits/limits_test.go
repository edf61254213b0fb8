package limits

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// masked makes a client's frame.
func masked(op byte, payload []byte) []byte {
	b := []byte{0x80 | op}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := []byte{0xa1, 0x00, 0x7f, 0x3c}
	b = append(b, key...)
	for i, x := range payload {
		b = append(b, x^key[i&3])
	}
	return b
}

// TestUnmask cuts a stream of frames into reads of every kind: what comes out does not depend on it, and is what the
// frames would be without a mask.
func TestUnmask(t *testing.T) {
	var in, want []byte
	for _, n := range []int{0, 1, 5, 125, 126, 4000, 65535, 65536, 70000} {
		payload := bytes.Repeat([]byte{byte(n), 1, 2}, n/3+1)[:n]
		in = append(in, masked(2, payload)...)
		header := masked(2, payload)[:len(masked(2, payload))-n-4]
		header[1] &= 0x7f
		want = append(append(want, header...), payload...)
	}
	for _, chunk := range []int{1, 2, 7, 100, 2048, 64 << 10} {
		var u unmasker
		var got, have []byte
		for rest := bytes.Clone(in); len(rest) > 0; {
			n := min(chunk, len(rest))
			out, kept := u.turn(append(have, rest[:n]...))
			got = append(got, out...)
			have = bytes.Clone(kept)
			rest = rest[n:]
		}
		if !bytes.Equal(got, want) || len(have) != 0 {
			t.Errorf("in reads of %d: %d bytes, %d wanted, the same: %t", chunk, len(got), len(want), bytes.Equal(got, want))
		}
	}
}

func TestTextFrame(t *testing.T) {
	for _, n := range []int{3, 125, 126, 5000} {
		b := text(string(bytes.Repeat([]byte("x"), n)))
		size, payload, _ := parseHeader(append(b[:4:4], 0, 0, 0, 0, 0, 0, 0, 0))
		if b[0] != 0x81 || int(payload) != n || size-4+n != len(b) {
			t.Errorf("%d bytes: header % x", n, b[:4])
		}
	}
}

// stand is a bound with a listener that gorilla plays; senders of bytes come to tcp.
func stand(t *testing.T) (ws, tcp string, far <-chan *websocket.Conn) {
	t.Helper()
	var at [2]*net.TCPListener
	for i := range at {
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		at[i] = l
	}
	addr := at[0].Addr().String()
	h := NewHCRef(addr, "ws")
	go accept(at[0], func(c *net.TCPConn) {
		if err := h.serve(c); err != nil {
			c.Close()
		}
	})
	go accept(at[1], func(c *net.TCPConn) { h.sender(c, "x") })
	if _, _, err := websocket.DefaultDialer.Dial("ws://"+addr+"/$hc/x?sb-hc-action=connect", nil); err == nil {
		t.Fatal("a sender was let in without a listener")
	}
	control := join(t, "ws://"+addr+"/$hc/x?sb-hc-action=listen")
	came := make(chan *websocket.Conn, 1)
	go func() {
		var m struct {
			Accept struct{ Address string }
		}
		if err := control.ReadJSON(&m); err != nil {
			t.Error(err)
			close(came)
			return
		}
		ws, _, err := websocket.DefaultDialer.Dial(m.Accept.Address, nil)
		if err != nil {
			t.Error(err)
		}
		came <- ws
	}()
	return "ws://" + addr + "/$hc/x?sb-hc-action=connect", at[1].Addr().String(), came
}

func join(t *testing.T, address string) *websocket.Conn {
	t.Helper()
	ws, answer, err := websocket.DefaultDialer.Dial(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	t.Cleanup(func() { ws.Close() })
	return ws
}

// TestHCRef carries a stream between two clients that gorilla plays.
func TestHCRef(t *testing.T) {
	sender, _, far := stand(t)
	near := join(t, sender)
	listener := <-far
	if listener == nil {
		t.FailNow()
	}
	defer listener.Close()
	for _, way := range [][2]*websocket.Conn{{near, listener}, {listener, near}} {
		sent := bytes.Repeat([]byte("0123456789"), 20_000)
		go way[0].WriteMessage(websocket.BinaryMessage, sent)
		if _, got, err := way[1].ReadMessage(); err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

// TestBytes carries bytes to messages and messages to bytes, of sizes around those of the buffers and the headers, and both ends' goodbyes.
func TestBytes(t *testing.T) {
	t.Run("the sender leaves", func(t *testing.T) {
		near, listener := exchangeBytes(t)
		near.Close()
		if _, _, err := listener.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Error(err)
		}
	})
	t.Run("the listener leaves", func(t *testing.T) {
		near, listener := exchangeBytes(t)
		if err := listener.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"), time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(near); err != nil || len(b) > 0 {
			t.Errorf("%q, %v", b, err)
		}
	})
}

// exchangeBytes opens a stream and carries every size both ways.
func exchangeBytes(t *testing.T) (near net.Conn, listener *websocket.Conn) {
	t.Helper()
	_, tcp, far := stand(t)
	near, err := net.Dial("tcp", tcp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	if listener = <-far; listener == nil {
		t.FailNow()
	}
	t.Cleanup(func() { listener.Close() })
	for _, n := range []int{1, 125, 126, waiting, waiting + 1, 65535, 65536, 1 << 20} {
		sent := bytes.Repeat([]byte("0123456789abc"), n/13+1)[:n]
		var writers sync.WaitGroup
		writers.Go(func() { near.Write(sent) })
		var got []byte
		for len(got) < n {
			_, message, err := listener.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, message...)
		}
		if !bytes.Equal(got, sent) {
			t.Errorf("%d bytes up: %d came", n, len(got))
		}
		writers.Go(func() {
			listener.WriteControl(websocket.PingMessage, []byte("not data"), time.Now().Add(time.Minute))
			listener.WriteMessage(websocket.BinaryMessage, sent)
		})
		down := make([]byte, n)
		if _, err := io.ReadFull(near, down); err != nil || !bytes.Equal(down, sent) {
			t.Errorf("%d bytes down: %v", n, err)
		}
		writers.Wait()
	}
	return near, listener
}

// TestStrip cuts frames into reads of every kind: what comes out does not depend on it, and is what the data frames held.
func TestStrip(t *testing.T) {
	var in, want []byte
	for _, n := range []int{0, 1, 125, 126, 4000, 65536} {
		payload := bytes.Repeat([]byte{byte(n), 1, 2}, n/3+1)[:n]
		in = append(append(in, masked(9, []byte("ping"))...), masked(2, payload)...)
		want = append(want, payload...)
	}
	in = append(in, masked(8, []byte{3, 232})...)
	for _, chunk := range []int{1, 2, 7, 100, 2048, 64 << 10} {
		u := unmasker{data: true}
		var got, have []byte
		for rest := bytes.Clone(in); len(rest) > 0 && !u.over; {
			n := min(chunk, len(rest))
			out, kept := u.turn(append(have, rest[:n]...))
			got = append(got, out...)
			have = bytes.Clone(kept)
			rest = rest[n:]
		}
		if !bytes.Equal(got, want) || !u.over {
			t.Errorf("in reads of %d: %d bytes, %d wanted, the end %t", chunk, len(got), len(want), u.over)
		}
	}
}
