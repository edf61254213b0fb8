package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/gateway/shape"
)

var update = flag.Bool("update", false, "write the golden files anew")

var equal = cmp.Options{cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })}

func ticket() (t shape.Ticket) {
	for i := range t {
		t[i] = byte(i * 17)
	}
	return t
}

// golden has a preface for each file below testdata.
var golden = map[string]shape.Preface{
	"plain": {
		Door: "https", Host: "relay.example:8443", Remote: netip.MustParseAddrPort("192.0.2.7:50000"), TLS: true,
		Replay: []byte("GET /$hc/plant HTTP/1.1\r\n"),
	},
	"standby": {
		Door: "https", Host: "h", Remote: netip.MustParseAddrPort("[2001:db8::7]:1"), TLS: true, Upgraded: true,
		Ticket: ticket(), Cert: []byte{0x30, 0x03, 0x02, 0x01, 0xff},
	},
	"least": {Door: "node"},
}

func TestGolden(t *testing.T) {
	for name, p := range golden {
		file := filepath.Join("testdata", name+".bin")
		b, err := Append(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, want) {
			t.Errorf("%s: wrote\n%q, want\n%q", name, b, want)
		}
		got, n, err := Decode(append(want, "the stream"...))
		if err != nil || n != len(want) {
			t.Errorf("%s: took %d of %d bytes, %v", name, n, len(want), err)
		}
		if diff := cmp.Diff(p, got, equal); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for cut := range want {
			if _, n, err := Decode(want[:cut]); !errors.Is(err, ErrShort) || n != 0 {
				t.Errorf("%s cut after %d of %d bytes: took %d, %v", name, cut, len(want), n, err)
			}
		}
	}
}

// wire makes a preface of any JSON.
func wire(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

const fine = `"v":1,"door":"https","host":"h:8443","remote":"192.0.2.1:1","tls":true,"upgraded":false,"hop":1,"replay":0`

func TestDecodeRefuses(t *testing.T) {
	change := func(old, put string) []byte {
		if !strings.Contains(fine, old) {
			panic(old)
		}
		return wire("{" + strings.Replace(fine, old, put, 1) + "}")
	}
	cases := map[string][]byte{
		"no length":            wire(""),
		"a length too long":    {0, 1, 0, 1},
		"a monstrous length":   {255, 255, 255, 255},
		"no JSON":              wire("hello"),
		"a list":               wire("[]"),
		"two objects":          wire("{" + fine + "}{}"),
		"no version":           change(`"v":1,`, ""),
		"another version":      change(`"v":1`, `"v":2`),
		"no hop":               change(`"hop":1`, `"hop":0`),
		"a second hop":         change(`"hop":1`, `"hop":2`),
		"no door":              change(`"https"`, `""`),
		"a strange door":       change(`"https"`, `"../etc"`),
		"a long door":          change(`"https"`, `"`+strings.Repeat("a", maxDoor+1)+`"`),
		"a host with a line":   change(`"h:8443"`, `"h\r\nx"`),
		"a host with a space":  change(`"h:8443"`, `"h x"`),
		"a long host":          change(`"h:8443"`, `"`+strings.Repeat("h", maxHost+1)+`"`),
		"a remote without any": change(`"192.0.2.1:1"`, `"192.0.2.1"`),
		"a remote by name":     change(`"192.0.2.1:1"`, `"localhost:1"`),
		"a negative replay":    change(`"replay":0`, `"replay":-1`),
		"a long replay":        change(`"replay":0`, fmt.Sprintf(`"replay":%d`, MaxReplay+1)),
		"a broken replay":      change(`"replay":0`, `"replay":1e99`),
		"a cert not base64":    change(`"hop":1`, `"hop":1,"cert":"!"`),
		"a ticket alone":       change(`"hop":1`, `"hop":1,"ticket":"00112233445566778899aabbccddeeff"`),
		"no ticket":            change(`"upgraded":false`, `"upgraded":true`),
		"a short ticket":       change(`"upgraded":false`, `"upgraded":true,"ticket":"0011"`),
		"a ticket not hex":     change(`"upgraded":false`, `"upgraded":true,"ticket":"`+strings.Repeat("x", 32)+`"`),
	}
	for name, b := range cases {
		if p, n, err := Decode(b); !errors.Is(err, ErrPreface) || n != 0 {
			t.Errorf("%s was read as %+v, %d, %v", name, p, n, err)
		}
	}
	if _, _, err := Decode(wire("{" + fine + `,"later":{"a":[1]}}`)); err != nil {
		t.Errorf("a member that is not known yet: %v", err)
	}
}

func TestAppendRefuses(t *testing.T) {
	for name, p := range map[string]shape.Preface{
		"no door":       {},
		"a bad host":    {Door: "https", Host: "a\nb"},
		"no UTF-8":      {Door: "https", Host: "\xff"},
		"a long replay": {Door: "https", Replay: make([]byte, MaxReplay+1)},
		"a long cert":   {Door: "https", Cert: make([]byte, MaxPreface)},
	} {
		if b, err := Append([]byte("kept"), p); !errors.Is(err, ErrPreface) || string(b) != "kept" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func TestRoundTripOfAny(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := shape.Preface{
			Door:     rapid.StringMatching(`[a-z0-9-]{1,32}`).Draw(t, "door"),
			Host:     rapid.StringMatching(`[!-~é]{0,80}`).Draw(t, "host"),
			TLS:      rapid.Bool().Draw(t, "tls"),
			Upgraded: rapid.Bool().Draw(t, "upgraded"),
			Cert:     rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "cert"),
			Replay:   rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "replay"),
		}
		if rapid.Bool().Draw(t, "remote") {
			p.Remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte{1, 2, 3, 4}), rapid.Uint16().Draw(t, "port"))
		}
		if p.Upgraded {
			copy(p.Ticket[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ticket"))
		}
		if len(p.Cert) == 0 {
			p.Cert = nil
		}
		if len(p.Replay) == 0 {
			p.Replay = nil
		}
		b, err := Append(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		got, n, err := Decode(b)
		if err != nil || n != len(b) {
			t.Fatalf("took %d of %d, %v", n, len(b), err)
		}
		if diff := cmp.Diff(p, got, equal); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzPreface reads anything as bytes and as a stream, which must agree; what was read must survive being written.
func FuzzPreface(f *testing.F) {
	for _, p := range golden {
		b, err := Append(nil, p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(wire("{" + fine + "}"))
	f.Add(wire(`{"V":1,"door":"https","hop":1,"remote":"[fe80::1%eth0]:1","replay":3}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, n, err := Decode(b)
		r := bytes.NewReader(b)
		streamed, streamErr := readPreface(r)
		if (err == nil) != (streamErr == nil) {
			t.Fatalf("bytes: %v, stream: %v", err, streamErr)
		}
		if err != nil {
			return
		}
		if !reflect.DeepEqual(p, streamed) {
			t.Fatalf("as bytes %+v, as a stream %+v", p, streamed)
		}
		if n != len(b)-r.Len() {
			t.Fatalf("took %d as bytes, %d as a stream", n, len(b)-r.Len())
		}
		again, err := Append(nil, p)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, _, err := Decode(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !reflect.DeepEqual(p, back) {
			t.Fatalf("read %+v, wrote it and read %+v", p, back)
		}
	})
}
