package framing_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// walk passes a client's stream cut by cut, as a gateway does, and gives its sessions: each with its preamble.
func walk(t *testing.T, cuts ...[]byte) [][]byte {
	t.Helper()
	var sessions [][]byte
	var held []byte
	var pass framing.Passage
	inside := false
	for _, cut := range cuts {
		held = append(held, cut...)
		for len(held) > 0 {
			if !inside {
				p, n, err := framing.ParsePreamble(held, framing.Limits{})
				if err != nil {
					break // not whole yet, or none
				}
				sessions = append(sessions, bytes.Clone(held[:n]))
				pass, inside, held = framing.NewPassage(p), true, held[n:]
				continue
			}
			n, over := pass.Pass(held)
			last := &sessions[len(sessions)-1]
			*last = append(*last, held[:n]...)
			held = held[n:]
			inside = !over
			if !over {
				if len(held) > 4 {
					t.Fatalf("%d bytes are wanted again", len(held))
				}
				break
			}
		}
	}
	if inside {
		last := &sessions[len(sessions)-1]
		*last = append(*last, held...)
	}
	return sessions
}

// TestSessionsOfCaptures: the sessions of a connection that is used again are told apart, whatever the cuts.
func TestSessionsOfCaptures(t *testing.T) {
	for _, c := range captures(t) {
		if strings.Contains(c.name, "dotnet/tcp-ssl") && !strings.Contains(c.name, "raw") {
			continue // recorded inside of TLS, so that what follows the upgrade is not what a gateway sees
		}
		b := c.stream(framing.Client)
		want := 1
		if strings.Contains(c.name, "dotnet/tcp-reuse") {
			want = 5
		}
		sessions := walk(t, b)
		if len(sessions) < want || want > 1 && len(sessions) != want {
			t.Errorf("%s: %d sessions, want %d", c.name, len(sessions), want)
		}
		if got := bytes.Join(sessions, nil); !bytes.Equal(got, b) {
			t.Errorf("%s: not all was passed", c.name)
		}
		if again := walk(t, pieces(b, 1)...); len(again) != len(sessions) {
			t.Errorf("%s: %d sessions byte by byte, %d whole", c.name, len(again), len(sessions))
		}
	}
}

// upgraded is a preamble that asks for the upgrade.
func upgraded(name string) []byte {
	return (&framing.Preamble{Mode: framing.Duplex, Via: "net.tcp://h/a", Encoding: framing.BinarySession, Upgrade: name}).Append(nil)
}

func tlsRecord(kind byte, n int) []byte {
	return append([]byte{kind, 3, 3, byte(n >> 8), byte(n)}, make([]byte, n)...)
}

func shake(id byte, n int) []byte {
	return append([]byte{id, 1, 0, byte(n >> 8), byte(n)}, make([]byte, n)...)
}

func frame(n int) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(n)), make([]byte, n)...)
}

// TestBehindUpgrades: a second preamble is found behind TLS and NegotiateStream, with protection or none, and not in what only
// looks like one.
func TestBehindUpgrades(t *testing.T) {
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	second := unhex(t, "000100 0102 0201 62 0308 0c 07")
	plain := unhex(t, "0c 0603 000100 07") // the records of a session without protection; the message looks like a version
	rows := []struct {
		name   string
		first  []byte
		second []byte
		want   int
	}{
		{"TLS", join(upgraded(framing.UpgradeTLS), tlsRecord(22, 150), tlsRecord(20, 1), tlsRecord(23, 0), tlsRecord(23, 16000)), second, 2},
		{"TLS twice", join(upgraded(framing.UpgradeTLS), tlsRecord(22, 150)), join(upgraded(framing.UpgradeTLS), tlsRecord(22, 7)), 2},
		{"NTLM, sealed", join(upgraded(framing.UpgradeNegotiate), shake(22, 40), shake(22, 400), shake(20, 30), frame(17), frame(0x100), frame(0xfc30)), second, 2},
		{"Kerberos, sealed, no last frame", join(upgraded(framing.UpgradeNegotiate), shake(22, 1400), frame(61), frame(0x116)), second, 2},
		{"NTLM, no protection", join(upgraded(framing.UpgradeNegotiate), shake(22, 40), shake(20, 30), plain), second, 2},
		{"no last frame, no protection", join(upgraded(framing.UpgradeNegotiate), shake(22, 40), plain), second, 2},
		{"an upgrade within", join(upgraded(framing.UpgradeNegotiate), shake(20, 3), framing.AppendText(nil, framing.UpgradeRequest, framing.UpgradeTLS), tlsRecord(22, 9)), second, 1},
		{"unknown", join(upgraded("application/x"), []byte{7}), second, 1},
		{"TLS that is none", join(upgraded(framing.UpgradeTLS), []byte{99}), second, 1},
		{"SSL 2", join(upgraded(framing.UpgradeTLS), []byte{22, 2}), second, 1},
		{"a frame too long", join(upgraded(framing.UpgradeNegotiate), shake(20, 3), frame(0xfc31)), second, 1},
		{"no credentials", join(upgraded(framing.UpgradeNegotiate), shake(21, 8)), nil, 1},
		{"a queue", unhex(t, "000100 0103 0201 62 0308 0601 00 07"), second, 1},
		{"garbage", unhex(t, "000100 0102 0201 62 0308 0c ff"), second, 1},
		{"garbage behind the end", unhex(t, "000100 0102 0201 62 0308 0c 07"), []byte{0x55}, 1},
	}
	for _, row := range rows {
		for _, b := range [][][]byte{{join(row.first, row.second)}, pieces(join(row.first, row.second), 1), {row.first, row.second}} {
			got := walk(t, b...)
			if len(got) != row.want {
				t.Errorf("%s: %d sessions, want %d", row.name, len(got), row.want)
			} else if row.want == 2 && !bytes.Equal(got[0], row.first) {
				t.Errorf("%s: the first ends at %d, want %d", row.name, len(got[0]), len(row.first))
			}
		}
	}
}

// TestRewriter: each session goes on with another Via, everything else as it was, whatever the cuts.
func TestRewriter(t *testing.T) {
	move := func(via string) string { return strings.Replace(via, "127.0.0.1:18790", "10.1.2.3", 1) }
	for _, c := range captures(t) {
		b := c.stream(framing.Client)
		if !strings.Contains(c.name, "dotnet/tcp-reuse") && !strings.Contains(c.name, "tcp-streamed-up") && !strings.Contains(c.name, "dotnet/tcp-windows") {
			continue
		}
		var want []byte
		for _, s := range walk(t, b) {
			p, n, err := framing.ParsePreamble(s, framing.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			q := *p
			q.Via = move(p.Via)
			want = append(q.Append(want), s[n:]...)
		}
		for _, n := range []int{1, 3, 1000, len(b)} {
			r := framing.Rewriter{To: move}
			var got []byte
			for _, cut := range pieces(b, n) {
				var err error
				if got, err = r.Append(got, cut); err != nil {
					t.Fatal(err)
				}
			}
			if got = append(got, r.Rest()...); !bytes.Equal(got, want) {
				t.Errorf("%s by %d: %x, want %x", c.name, n, got, want)
			}
		}
	}
	r := framing.Rewriter{To: move}
	if got, err := r.Append(nil, unhex(t, "0001000102")); err != nil || len(got) != 0 || len(r.Rest()) != 0 {
		t.Errorf("half a preamble: %x, rest %x, %v", got, r.Rest(), err)
	}
	if got, err := r.Append(nil, []byte{0x55}); err == nil || len(got) != 0 {
		t.Errorf("garbage: %x", got)
	}
}

// FuzzRewriter: whatever a client sends goes on, whatever the cuts, and only the Vias are others.
func FuzzRewriter(f *testing.F) {
	for _, c := range captures(f) {
		if b := c.stream(framing.Client); len(b) < 2000 {
			f.Add(b, uint64(1))
		}
	}
	f.Add(bytes.Join([][]byte{upgraded(framing.UpgradeNegotiate), shake(22, 40), shake(20, 3), frame(17), upgraded(framing.UpgradeTLS), tlsRecord(22, 9), upgraded("x")}, nil), uint64(2))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		same := framing.Rewriter{To: func(via string) string { return via }}
		rng := rand.New(rand.NewPCG(seed, 1))
		var got []byte
		var broken error
		for rest := b; len(rest) > 0 && broken == nil; {
			n := 1 + rng.IntN(min(len(rest), 40))
			got, broken = same.Append(got, rest[:n])
			rest = rest[n:]
		}
		got = append(got, same.Rest()...)
		whole := framing.Rewriter{To: func(via string) string { return via }}
		want, err := whole.Append(nil, b)
		want = append(want, whole.Rest()...)
		if !bytes.Equal(got, want) || (err == nil) != (broken == nil) {
			t.Errorf("cut %x and %v, whole %x and %v", got, broken, want, err)
		}
		if len(want) > len(b) {
			t.Errorf("%d bytes became %d", len(b), len(want))
		}
	})
}

// TestWithin: a session goes on from its preamble to its End, in the clear; of one that cannot be seen into nobody knows.
func TestWithin(t *testing.T) {
	for name, c := range map[string]struct {
		upgrade string
		sent    []byte
		within  bool
	}{
		"nothing yet":       {"", nil, true},
		"a message":         {"", framing.AppendSized(nil, []byte("x")), true},
		"half a message":    {"", framing.AppendSized(nil, []byte("xyz"))[:3], true},
		"the end":           {"", append(framing.AppendSized(nil, []byte("x")), byte(framing.End)), false},
		"what fits nothing": {"", []byte{0x55}, false},
		"TLS":               {framing.UpgradeTLS, nil, false},
		"Windows security":  {framing.UpgradeNegotiate, nil, false},
	} {
		p := framing.NewPassage(&framing.Preamble{Mode: framing.Duplex, Upgrade: c.upgrade})
		p.Pass(c.sent)
		if p.Within() != c.within {
			t.Errorf("%s: %t", name, !c.within)
		}
	}
}
