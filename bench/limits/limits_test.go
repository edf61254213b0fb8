package limits

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"

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

// TestHCRef carries a stream between two clients that gorilla plays.
func TestHCRef(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	h := NewHCRef(addr, "ws")
	go accept(l, func(c *net.TCPConn) {
		if err := h.serve(c); err != nil {
			c.Close()
		}
	})
	dial := func(address string) *websocket.Conn {
		ws, answer, err := websocket.DefaultDialer.Dial(address, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		t.Cleanup(func() { ws.Close() })
		return ws
	}
	if _, _, err := websocket.DefaultDialer.Dial("ws://"+addr+"/$hc/x?sb-hc-action=connect", nil); err == nil {
		t.Fatal("a sender was let in without a listener")
	}
	control := dial("ws://" + addr + "/$hc/x?sb-hc-action=listen")
	far := make(chan *websocket.Conn, 1)
	go func() {
		var m struct {
			Accept struct{ Address string }
		}
		if err := control.ReadJSON(&m); err != nil {
			t.Error(err)
			close(far)
			return
		}
		ws, _, err := websocket.DefaultDialer.Dial(m.Accept.Address, nil)
		if err != nil {
			t.Error(err)
		}
		far <- ws
	}()
	near := dial("ws://" + addr + "/$hc/x?sb-hc-action=connect")
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
