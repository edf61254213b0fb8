package wsframe

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// headers are whole headers and what they say. The first seven are the examples of RFC 6455 section 5.7.
var headers = []struct {
	name string
	wire string
	want Header
}{
	{"unmasked text", "8105", Header{Fin: true, Op: Text, Len: 5}},
	{"masked text", "818537fa213d", Header{Fin: true, Op: Text, Masked: true, Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}, Len: 5}},
	{"first fragment", "0103", Header{Op: Text, Len: 3}},
	{"last fragment", "8002", Header{Fin: true, Op: Cont, Len: 2}},
	{"ping", "8905", Header{Fin: true, Op: Ping, Len: 5}},
	{"256 bytes", "827e0100", Header{Fin: true, Op: Binary, Len: 256}},
	{"64 KiB", "827f0000000000010000", Header{Fin: true, Op: Binary, Len: 65536}},
	{"pong of a client", "8a8000000000", Header{Fin: true, Op: Pong, Masked: true}},
	{"empty close", "8800", Header{Fin: true, Op: Close}},
	{"longest in one byte", "827d", Header{Fin: true, Op: Binary, Len: 125}},
	{"shortest in two", "827e007e", Header{Fin: true, Op: Binary, Len: 126}},
	{"longest in two", "827effff", Header{Fin: true, Op: Binary, Len: 65535}},
	{"longest of all", "82ff7fffffffffffffff01020304", Header{Fin: true, Op: Binary, Masked: true, Key: [4]byte{1, 2, 3, 4}, Len: math.MaxInt64}},
	{"reserved bits", "f200", Header{Fin: true, Rsv: 7, Op: Binary}},
	{"first reserved bit", "4100", Header{Rsv: 4, Op: Text}},
}

func TestHeaders(t *testing.T) {
	for _, c := range headers {
		t.Run(c.name, func(t *testing.T) {
			wire := unhex(t, c.wire)
			h, n, err := Decode(append(wire, "payload"...))
			if err != nil || n != len(wire) {
				t.Fatalf("Decode = %d, %v, want %d bytes", n, err, len(wire))
			}
			if diff := cmp.Diff(c.want, h); diff != "" {
				t.Error(diff)
			}
			if got := Append([]byte("x"), h); !bytes.Equal(got, append([]byte("x"), wire...)) {
				t.Errorf("Append gives %x, want 78%x", got, wire)
			}
			if h.Size() != len(wire) {
				t.Errorf("Size = %d, want %d", h.Size(), len(wire))
			}
			if n := HeaderSize(wire[1]); n != len(wire) {
				t.Errorf("HeaderSize = %d, want %d", n, len(wire))
			}
			for cut := range wire {
				if _, n, err := Decode(wire[:cut]); n != 0 || err != nil {
					t.Errorf("Decode of %d bytes = %d, %v, want more", cut, n, err)
				}
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct {
		name, wire string
		want       *Error
	}{
		{"opcode 3", "8300", errOpcode},
		{"opcode 7", "8700", errOpcode},
		{"opcode 11", "8b00", errOpcode},
		{"opcode 15", "0f00", errOpcode},
		{"125 in two bytes", "827e007d", errLength},
		{"0 in two bytes", "82fe000001020304", errLength},
		{"65535 in eight bytes", "827f000000000000ffff", errLength},
		{"64 bits", "827f8000000000000000", errHuge},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, n, err := Decode(unhex(t, c.wire))
			if !errors.Is(err, c.want) || n != 0 {
				t.Errorf("Decode = %d, %v, want %v", n, err, c.want)
			}
			var e *Error
			if !errors.As(err, &e) || e.CloseCode != CloseProtocol {
				t.Errorf("close code is not 1002: %v", err)
			}
		})
	}
}

func TestPut(t *testing.T) {
	for _, c := range headers {
		wire := unhex(t, c.wire)
		buf := bytes.Repeat([]byte{0xEE}, MaxHeader+3)
		start := Put(buf[:MaxHeader], c.want)
		if !bytes.Equal(buf[start:MaxHeader], wire) {
			t.Errorf("%s: Put gives %x, want %x", c.name, buf[start:MaxHeader], wire)
		}
		if left := bytes.Repeat([]byte{0xEE}, start); !bytes.Equal(buf[:start], left) || string(buf[MaxHeader:]) != "\xEE\xEE\xEE" {
			t.Errorf("%s: Put wrote beside the header: %x", c.name, buf)
		}
	}
}

func TestAppendFrame(t *testing.T) {
	payload := []byte("Hello")
	masked := AppendFrame(nil, Header{Fin: true, Op: Text, Masked: true, Key: [4]byte{0x37, 0xfa, 0x21, 0x3d}}, payload)
	if want := unhex(t, "818537fa213d7f9f4d5158"); !bytes.Equal(masked, want) { // RFC 6455 section 5.7
		t.Errorf("masked frame = %x, want %x", masked, want)
	}
	if string(payload) != "Hello" {
		t.Errorf("the payload was changed to %q", payload)
	}
	plain := AppendFrame([]byte("x"), Header{Fin: true, Op: Ping, Len: 99}, payload)
	if want := "x\x89\x05Hello"; string(plain) != want {
		t.Errorf("plain frame = %q, want %q", plain, want)
	}
}

func TestOpString(t *testing.T) {
	for op, want := range map[Op]string{Cont: "continuation", Text: "text", Binary: "binary", Close: "close", Ping: "ping", Pong: "pong", 3: "reserved", 0xF: "reserved", 200: "reserved"} {
		if op.String() != want {
			t.Errorf("Op(%d) = %q, want %q", op, op, want)
		}
		if control := op == Close || op == Ping || op == Pong; op < 0xB && op.Control() != control {
			t.Errorf("Op(%d).Control() = %v", op, op.Control())
		}
	}
}

func TestFramePathAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, MaxHeader+64)
	frames := make([][]byte, len(headers))
	for i, c := range headers {
		frames[i] = unhex(t, c.wire)
	}
	bad := unhex(t, "827e007d")
	var s Sequence
	allocs := testing.AllocsPerRun(100, func() {
		for _, f := range frames {
			h, _, err := Decode(f)
			if err != nil {
				t.Fatal(err)
			}
			buf = Append(buf[:0], h)
			buf = AppendFrame(buf[:0], h, []byte("payload"))
			Put(buf[:MaxHeader], h)
			s.state = between
			_ = s.Check(h)
		}
		if _, _, err := Decode(bad); err == nil {
			t.Fatal("no error")
		}
		buf = AppendClose(buf[:0], CloseGoingAway, "going away")
	})
	if allocs != 0 {
		t.Errorf("%v allocations a run", allocs)
	}
}
