package framing_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// said is what one side of a capture sent at once.
type said struct {
	who   framing.Role
	bytes []byte
}

// capture is one recorded connection.
type capture struct {
	name string
	said []said
}

// stream is everything that one side sent.
func (c *capture) stream(who framing.Role) []byte {
	var all []byte
	for _, s := range c.said {
		if s.who == who {
			all = append(all, s.bytes...)
		}
	}
	return all
}

// captures reads the recorded connections.
func captures(t testing.TB) []capture {
	t.Helper()
	text, err := os.ReadFile("testdata/captures.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []capture
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, named := strings.CutPrefix(line, "-- ")
		switch {
		case strings.HasPrefix(line, "#"):
		case named:
			list = append(list, capture{name: name})
		default:
			side, digits, _ := strings.Cut(line, " ")
			b, err := hex.DecodeString(digits)
			if err != nil {
				t.Fatal(err)
			}
			who := framing.Client
			if side == "s" {
				who = framing.Server
			}
			last := &list[len(list)-1]
			last.said = append(last.said, said{who, b})
		}
	}
	if len(list) < 70 {
		t.Fatalf("%d captures only", len(list))
	}
	return list
}

// secured are captures of the wire itself, where an upgrade hides what follows.
func secured(name string) bool {
	return strings.Contains(name, "tcp-ssl-raw") || strings.Contains(name, "dotnet/tcp-windows")
}

// TestCaptures: every recorded session keeps the rules of the table, both sides in the order of the wire, and is written again
// byte for byte.
func TestCaptures(t *testing.T) {
	for _, c := range captures(t) {
		t.Run(c.name, func(t *testing.T) {
			var s framing.Session
			var dec [2]framing.Decoder
			var again [2][]byte
			for i := range dec {
				dec[i].Limits.Envelope = 2 << 20
			}
			for _, said := range c.said {
				follow(t, &s, &dec[said.who], said, func(*framing.Event) {
					if !secured(c.name) || s.State(framing.Client) <= framing.Upgrading {
						return
					}
					t.Error("read on behind an upgrade")
				})
				if secured(c.name) && s.State(framing.Client) == framing.GotEncoding && said.who == framing.Server {
					return // the rest is TLS, or NegotiateStream
				}
			}
			for _, who := range []framing.Role{framing.Client, framing.Server} {
				whole := c.stream(who)
				again[who] = encode(t, whole)
				if !bytes.Equal(again[who], whole) {
					t.Errorf("%v: written again as\n%x, want\n%x", who, again[who], whole)
				}
				if err := dec[who].Finish(); err != nil && !strings.Contains(c.name, "abort") && !strings.Contains(c.name, "down") {
					t.Errorf("%v: at its end: %v", who, err)
				}
			}
		})
	}
}

// follow decodes what one side sent and steps through the rules.
func follow(t *testing.T, s *framing.Session, d *framing.Decoder, said said, see func(*framing.Event)) {
	t.Helper()
	for b := said.bytes; len(b) > 0; {
		ev, n, err := d.Next(b)
		b = b[n:]
		if errors.Is(err, framing.ErrShort) {
			return
		}
		if err != nil {
			t.Fatalf("%v: %v", said.who, err)
		}
		envelope := ev.Kind == framing.SizedEnvelope || ev.Kind == framing.UnsizedEnvelope
		if envelope && !ev.First {
			continue
		}
		if err := s.Step(said.who, ev.Kind, ev.Data); err != nil {
			t.Fatalf("%v sends %v in %v/%v: %v", said.who, ev.Kind, s.State(framing.Client), s.State(framing.Server), err)
		}
		see(&ev)
	}
}

// encode writes a stream anew from its records. What is incomplete at the end is copied.
func encode(t *testing.T, b []byte) []byte {
	t.Helper()
	d := framing.Decoder{Limits: framing.Limits{Envelope: -1}}
	var out []byte
	for len(b) > 0 {
		ev, n, err := d.Next(b)
		if err != nil {
			return append(out, b...)
		}
		if ev.Kind == framing.SizedEnvelope && !ev.Last {
			return append(out, b...)
		}
		out = appendEvent(out, &ev)
		b = b[n:]
	}
	return out
}

// appendEvent writes one event. A sized envelope comes whole.
func appendEvent(dst []byte, ev *framing.Event) []byte {
	switch ev.Kind {
	case framing.Version, framing.ModeRecord, framing.KnownEncoding:
		return append(append(dst, byte(ev.Kind)), ev.Data...)
	case framing.Via, framing.ExtensibleEncoding, framing.UpgradeRequest:
		return framing.AppendText(dst, ev.Kind, string(ev.Data))
	case framing.FaultRecord:
		f, ok := framing.ParseFault(ev.Data)
		if !ok {
			return framing.AppendText(dst, ev.Kind, string(ev.Data))
		}
		return framing.AppendFault(dst, f)
	case framing.SizedEnvelope:
		return framing.AppendSized(dst, ev.Data)
	case framing.UnsizedEnvelope:
		if ev.First {
			dst = append(dst, byte(ev.Kind))
		}
		dst = framing.AppendChunk(dst, ev.Data)
		if ev.Last {
			dst = append(dst, 0)
		}
		return dst
	default:
		return append(dst, byte(ev.Kind))
	}
}

// TestAnyCut: a stream gives the same records and contents however it is cut: byte by byte, in two at every place, whole.
func TestAnyCut(t *testing.T) {
	for _, c := range captures(t) {
		if secured(c.name) {
			continue
		}
		for _, who := range []framing.Role{framing.Client, framing.Server} {
			b := c.stream(who)
			want := digest(t, b)
			if got := digest(t, pieces(b, 1)...); got != want {
				t.Errorf("%s, %v: byte by byte it reads\n%s, whole\n%s", c.name, who, got, want)
			}
			if len(b) > 2000 {
				continue
			}
			for at := range b {
				if got := digest(t, b[:at], b[at:]); got != want {
					t.Fatalf("%s, %v: cut at %d it reads\n%s, whole\n%s", c.name, who, at, got, want)
				}
			}
		}
	}
}

func pieces(b []byte, n int) [][]byte {
	var list [][]byte
	for len(b) > 0 {
		k := min(n, len(b))
		list = append(list, b[:k])
		b = b[k:]
	}
	return list
}

// digest tells a stream's records, the parts of an envelope put together.
func digest(t *testing.T, cuts ...[]byte) string {
	t.Helper()
	d := framing.Decoder{Limits: framing.Limits{Envelope: -1}}
	var out strings.Builder
	for _, b := range cuts {
		b = bytes.Clone(b) // what the decoder keeps must be its own
		whole := b
		for {
			ev, n, err := d.Next(b)
			b = b[n:]
			if errors.Is(err, framing.ErrShort) {
				if len(b) != 0 {
					t.Fatal("bytes were left although more is needed")
				}
				break
			}
			if err != nil {
				out.WriteString(err.Error())
				return out.String()
			}
			envelope := ev.Kind == framing.SizedEnvelope || ev.Kind == framing.UnsizedEnvelope
			if !envelope || ev.First {
				out.WriteString(" " + ev.Kind.String() + " ")
			}
			out.WriteString(hex.EncodeToString(ev.Data))
			if ev.Last {
				out.WriteString(".")
			}
		}
		clear(whole)
	}
	if d.Finish() != nil {
		out.WriteString(" cut")
	}
	return out.String()
}
