package wire_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bridge/connect/wire"
)

// TestHello: bytes of the reference (section 16.7) both ways, and what is no Hello.
func TestHello(t *testing.T) {
	for _, row := range []struct {
		hello wire.Hello
		bytes string
	}{
		{wire.Hello{Mode: wire.Stream, Port: "amqps"}, "\x01\x00\x00\x05amqps"},
		{wire.Hello{Mode: wire.Datagram, Port: "5000U"}, "\x01\x00\x01\x055000U"},
		{wire.Hello{Mode: wire.Stream, Port: "päckchen"}, "\x01\x00\x00\x09päckchen"},
		{wire.Hello{Mode: wire.Stream}, "\x01\x00\x00\x00"},
		{wire.Hello{Mode: wire.Stream, Port: strings.Repeat("n", 255)}, "\x01\x00\x00\xff" + strings.Repeat("n", 255)},
	} {
		head, err := row.hello.AppendHead(nil)
		if got := string(head) + row.hello.Port; err != nil || got != row.bytes {
			t.Errorf("%+v: %q, %v", row.hello, got, err)
		}
		h, n, err := wire.DecodeHello([]byte(row.bytes + "data"))
		if err != nil || h != row.hello || n != len(row.bytes) {
			t.Errorf("%q: %+v, %d, %v", row.bytes, h, n, err)
		}
		for cut := range len(row.bytes) {
			if _, _, err := wire.DecodeHello([]byte(row.bytes[:cut])); !errors.Is(err, wire.ErrShort) {
				t.Errorf("%q: %v", row.bytes[:cut], err)
			}
		}
	}
	for text, want := range map[string]error{
		"\x02\x00\x00\x00":         wire.ErrVersion,
		"\x01\x01\x00\x00":         wire.ErrVersion,
		"\x00\x00\x00\x00":         wire.ErrVersion,
		"SSH-":                     wire.ErrVersion,
		"\x01\x00\x02\x00":         wire.ErrMode,
		"\x01\x00\x00\x02\xff\xfe": wire.ErrName,
	} {
		if _, _, err := wire.DecodeHello([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	for _, port := range []string{strings.Repeat("n", 256), "\xff"} {
		if _, err := (wire.Hello{Port: port}).AppendHead(nil); !errors.Is(err, wire.ErrName) {
			t.Errorf("a name of %d bytes: %v", len(port), err)
		}
	}
}

// TestAnswer: each answer has its bytes, and other bytes are none.
func TestAnswer(t *testing.T) {
	for answer, text := range map[wire.Answer]string{
		wire.StreamAgreed: "\x01\x00\x00", wire.DatagramAgreed: "\x01\x00\x01", wire.VersionUnknown: "\x00\x00\x00",
		wire.DatagramWanted: "\x00\x00\x01", wire.ModeMismatch: "\x00\x00\xff",
	} {
		if got := answer.Append(nil); string(got) != text {
			t.Errorf("%d: % x", answer, got)
		}
		if got, err := wire.DecodeAnswer([]byte(text)); err != nil || got != answer {
			t.Errorf("%q: %d, %v", text, got, err)
		}
		for cut := range len(text) {
			if _, err := wire.DecodeAnswer([]byte(text[:cut])); !errors.Is(err, wire.ErrShort) {
				t.Errorf("%q: %v", text[:cut], err)
			}
		}
	}
	for _, text := range []string{"\x01\x00\x02", "\x02\x00\x00", "SSH"} {
		if _, err := wire.DecodeAnswer([]byte(text)); !errors.Is(err, wire.ErrVersion) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzHello: what is understood comes back as the same bytes.
func FuzzHello(f *testing.F) {
	for _, seed := range []string{"\x01\x00\x00\x05amqps", "\x01\x00\x01\x00", "\x01\x00\x00\xff", "\x02", "", "\x01\x00\x00\x01\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := wire.DecodeHello(b)
		if err != nil {
			return
		}
		head, err := h.AppendHead(nil)
		if err != nil || !bytes.Equal(append(head, h.Port...), b[:n]) {
			t.Errorf("%q: %+v, %v", b, h, err)
		}
	})
}

// FuzzAnswer: what is understood comes back as the same bytes.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{"\x01\x00\x00", "\x00\x00\xff", "\x00\x00", "SSH-2.0"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := wire.DecodeAnswer(b)
		if err == nil && !bytes.HasPrefix(b, a.Append(nil)) {
			t.Errorf("%q: %d", b, a)
		}
	})
}
