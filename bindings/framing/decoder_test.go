package framing_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/bindings/framing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestInt: the reference's examples, longer forms, and what is too long.
func TestInt(t *testing.T) {
	rows := []struct {
		hex  string
		want int
		n    int
		err  bool
	}{
		{"00", 0, 1, false},
		{"7f", 127, 1, false},
		{"8001", 128, 2, false},
		{"ac02", 300, 2, false},
		{"ffffffff07", 1<<31 - 1, 5, false},
		{"8000", 0, 2, false},
		{"8180808000", 1, 5, false},
		{"ffffffff08", 0, 0, true},
		{"808080808000", 0, 0, true},
	}
	for _, row := range rows {
		b := unhex(t, row.hex)
		v, n, err := framing.Int(b)
		if v != row.want || n != row.n || (err != nil) != row.err {
			t.Errorf("%s: %d in %d bytes, %v", row.hex, v, n, err)
		}
		for i := range n {
			if _, _, err := framing.Int(b[:i]); !errors.Is(err, framing.ErrShort) {
				t.Errorf("%s cut at %d: %v", row.hex, i, err)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1<<31-1).Draw(t, "n")
		b := framing.AppendInt(nil, n)
		if v, k, err := framing.Int(append(b, 0xff)); v != n || k != len(b) || err != nil {
			t.Errorf("%d comes back as %d, %v", n, v, err)
		}
	})
}

// text is a record of a text with n bytes.
func text(k framing.Kind, n int) []byte { return framing.AppendText(nil, k, strings.Repeat("x", n)) }

// TestRefused: what no limit and no rule allows, and the fault that it is answered with. The same holds byte by byte.
func TestRefused(t *testing.T) {
	sized := func(n int) []byte { return framing.AppendInt([]byte{byte(framing.SizedEnvelope)}, n) }
	rows := []struct {
		name  string
		bytes []byte
		fault framing.Fault
	}{
		{"no record", []byte{0x0d}, ""},
		{"an HTTP request", []byte("GET / HTTP/1.1\r\n"), ""},
		{"version 2", []byte{0, 2, 0}, framing.UnsupportedVersion},
		{"version 0", []byte{0, 0, 1}, framing.UnsupportedVersion},
		{"mode 0", []byte{1, 0}, framing.UnsupportedMode},
		{"mode 5", []byte{1, 5}, framing.UnsupportedMode},
		{"a Via of 2049 bytes", text(framing.Via, 2049), framing.ViaTooLong},
		{"a Via of 2 GiB", unhex(t, "02ffffffff07"), framing.ViaTooLong},
		{"an empty Via", unhex(t, "0200"), ""},
		{"a Via that is not UTF-8", unhex(t, "0202c328"), ""},
		{"a length of six bytes", unhex(t, "02808080808001"), ""},
		{"a length of 32 bits", unhex(t, "06ffffffff0f"), ""},
		{"a content type of 257 bytes", text(framing.ExtensibleEncoding, 257), framing.ContentTypeTooLong},
		{"an upgrade of 257 bytes", text(framing.UpgradeRequest, 257), framing.ContentTypeTooLong},
		{"a fault of 257 bytes", text(framing.FaultRecord, 257), ""},
		{"a message of 65537 bytes", sized(65537), framing.MaxMessageSizeExceeded},
		{"a message of 2 GiB", sized(1<<31 - 1), framing.MaxMessageSizeExceeded},
		{"chunks of 65537 bytes", append(append(append(unhex(t, "05"), framing.AppendInt(nil, 65536)...), make([]byte, 65536)...), 1), framing.MaxMessageSizeExceeded},
	}
	for _, row := range rows {
		for _, cuts := range [][][]byte{{row.bytes}, pieces(row.bytes, 1)} {
			var d framing.Decoder
			err := drain(&d, cuts)
			var breach *framing.Error
			if !errors.As(err, &breach) || framing.FaultOf(err) != row.fault {
				t.Errorf("%s: %v with the fault %q", row.name, err, framing.FaultOf(err))
			}
			if _, n, again := d.Next([]byte{0}); n != 0 || !errors.Is(again, err) || !errors.Is(d.Finish(), err) {
				t.Errorf("%s: goes on after the error", row.name)
			}
		}
	}
}

func drain(d *framing.Decoder, cuts [][]byte) error {
	for _, b := range cuts {
		for {
			_, n, err := d.Next(b)
			b = b[n:]
			if errors.Is(err, framing.ErrShort) {
				break
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// TestLimits: the longest that is allowed is allowed, and bounds of one's own count.
func TestLimits(t *testing.T) {
	for _, b := range [][]byte{
		text(framing.Via, 2048), text(framing.ExtensibleEncoding, 256), text(framing.UpgradeRequest, 256), text(framing.FaultRecord, 256),
		framing.AppendSized(nil, make([]byte, 65536)), append(framing.AppendChunk([]byte{5}, make([]byte, 65536)), 0),
	} {
		var d framing.Decoder
		if err := drain(&d, [][]byte{b}); err != nil || d.Finish() != nil {
			t.Errorf("%x...: %v", b[:4], err)
		}
	}
	own := framing.Limits{Via: 3, ContentType: 3, Fault: 3, Envelope: 3}
	for _, k := range []framing.Kind{framing.Via, framing.ExtensibleEncoding, framing.UpgradeRequest, framing.FaultRecord} {
		if err := drain(&framing.Decoder{Limits: own}, [][]byte{text(k, 3)}); err != nil {
			t.Errorf("%v: %v", k, err)
		}
		if drain(&framing.Decoder{Limits: own}, [][]byte{text(k, 4)}) == nil {
			t.Errorf("%v of 4 bytes is taken", k)
		}
	}
	if drain(&framing.Decoder{Limits: own}, [][]byte{unhex(t, "0502aabb02aabb00")}) == nil {
		t.Error("chunks of 4 bytes are taken")
	}
	free := framing.Decoder{Limits: framing.Limits{Envelope: -1}}
	if ev, _, err := free.Next(append(framing.AppendInt([]byte{6}, 1<<31-1), 'x')); err != nil || ev.Size != 1<<31-1 || !ev.First || ev.Last {
		t.Errorf("without a bound: %+v, %v", ev, err)
	}
}

// TestPieces: the field case of a streamed request whose chunks fall anywhere, a longer length than needed among them.
func TestPieces(t *testing.T) {
	cuts := []string{
		"0001000101021d6e65742e7463703a2f2f6c6f63616c686f73743a393830382f63616c6303070c",
		"050756020b0173040b", "81", "0001", "1561065608440a1e0082990575726e3a6501560e0101", "00", "07",
	}
	var d framing.Decoder
	var whole []byte
	var kinds []framing.Kind
	for _, cut := range cuts {
		for b := unhex(t, cut); ; {
			ev, n, err := d.Next(b)
			b = b[n:]
			if errors.Is(err, framing.ErrShort) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if ev.Kind == framing.UnsizedEnvelope {
				whole = append(whole, ev.Data...)
				if !ev.Last {
					continue
				}
			}
			kinds = append(kinds, ev.Kind)
		}
	}
	want := unhex(t, "56020b0173040b0161065608440a1e0082990575726e3a6501560e0101")
	if !bytes.Equal(whole, want) {
		t.Errorf("message %x, want %x", whole, want)
	}
	if got := kinds[len(kinds)-2:]; got[0] != framing.UnsizedEnvelope || got[1] != framing.End {
		t.Errorf("records %v", kinds)
	}
}

// TestOctets: a sized singleton is octets to the end of the stream.
func TestOctets(t *testing.T) {
	b := (&framing.Preamble{Mode: framing.SingletonSized, Via: "net.tcp://h/q", Encoding: framing.Binary}).Append(nil)
	var d framing.Decoder
	if err := drain(&d, [][]byte{b}); err != nil {
		t.Fatal(err)
	}
	for i, part := range []string{"07", "0000"} {
		ev, n, err := d.Next(unhex(t, part))
		if err != nil || n != len(part)/2 || ev.Kind != framing.UnsizedEnvelope || ev.First != (i == 0) || ev.Last || d.Finish() != nil {
			t.Errorf("%s: %+v, %v", part, ev, err)
		}
	}
}

// TestTruncated: a stream that ends within a record is seen to, whatever the record.
func TestTruncated(t *testing.T) {
	for _, b := range [][]byte{
		{0, 1, 0}, {1, 2}, {3, 8}, text(framing.Via, 5), text(framing.ExtensibleEncoding, 300/2), framing.AppendFault(nil, framing.ServerTooBusy),
		framing.AppendSized(nil, make([]byte, 200)), append(framing.AppendChunk([]byte{5}, make([]byte, 200)), 0),
	} {
		for at := 1; at < len(b); at++ {
			var d framing.Decoder
			if err := drain(&d, [][]byte{b[:at]}); err != nil {
				t.Fatalf("%x cut at %d: %v", b, at, err)
			}
			if d.Finish() == nil {
				t.Errorf("%x cut at %d is whole", b, at)
			}
		}
	}
}

// TestNoAllocation is the promise for the hot path: records that come whole, messages, chunks.
func TestNoAllocation(t *testing.T) {
	b := (&framing.Preamble{Mode: framing.Duplex, Via: "net.tcp://localhost:9808/calc", Encoding: framing.BinarySession}).Append(nil)
	b = framing.AppendSized(b, make([]byte, 1000))
	b = append(framing.AppendChunk(append(b, 5), make([]byte, 500)), 0, byte(framing.End))
	var d framing.Decoder
	var s framing.Session
	events := 0
	got := testing.AllocsPerRun(200, func() {
		d, s, events = framing.Decoder{}, framing.Session{}, 0
		for rest := b; len(rest) > 0; events++ {
			ev, n, err := d.Next(rest)
			if err != nil {
				t.Fatal(err)
			}
			_ = s.Step(framing.Client, ev.Kind, ev.Data)
			rest = rest[n:]
		}
	})
	if got != 0 || events != 9 {
		t.Errorf("%v allocations for %d events", got, events)
	}
	p, n, err := framing.ParsePreamble(b, framing.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(200, func() {
		pass := framing.NewPassage(p)
		if k, over := pass.Pass(b[n:]); over || k != len(b)-n {
			t.Fatalf("%d of %d bytes passed, over %v", k, len(b)-n, over)
		}
	}); got != 0 {
		t.Errorf("%v allocations a passage", got)
	}
}

// BenchmarkDecoder reads messages of 1 KiB as they come in reads of 32 KiB.
func BenchmarkDecoder(b *testing.B) {
	var stream []byte
	for len(stream) < 32<<10 {
		stream = framing.AppendSized(stream, make([]byte, 1<<10))
	}
	var d framing.Decoder
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		for rest := stream; len(rest) > 0; {
			_, n, err := d.Next(rest)
			if err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
		}
	}
}

// FuzzDecoder: whatever comes, cut anywhere, is read alike, without a panic and without holding more than a text's limit.
func FuzzDecoder(f *testing.F) {
	for _, c := range captures(f) {
		for _, who := range []framing.Role{framing.Client, framing.Server} {
			if b := c.stream(who); len(b) < 4000 {
				f.Add(b, uint64(len(b)))
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		want := digest(t, b)
		rng := rand.New(rand.NewPCG(seed, 1))
		var cuts [][]byte
		for rest := b; len(rest) > 0; {
			n := 1 + rng.IntN(min(len(rest), 40))
			cuts = append(cuts, rest[:n])
			rest = rest[n:]
		}
		if got := digest(t, cuts...); got != want {
			t.Errorf("cut it reads\n%s\nwhole\n%s", got, want)
		}
		if again := encode(t, b); digest(t, again) != want {
			t.Errorf("written again as %x, it was %x", again, b)
		}
	})
}
