package framing_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/causeway-relay/causeway/bindings/framing"
)

// fields compares preambles by what they say.
var fields = cmpopts.IgnoreUnexported(framing.Preamble{})

// TestPreamblesOfCaptures: each recorded client's preamble is read at every cut, replayed byte for byte, and written alike.
func TestPreamblesOfCaptures(t *testing.T) {
	for _, c := range captures(t) {
		b := c.stream(framing.Client)
		p, n, err := framing.ParsePreamble(b, framing.Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !bytes.Equal(p.Replay(), b[:n]) || !bytes.Equal(p.Append(nil), b[:n]) {
			t.Errorf("%s: replayed as %x, written as %x, it was %x", c.name, p.Replay(), p.Append(nil), b[:n])
		}
		for at := range n {
			if _, _, err := framing.ParsePreamble(b[:at], framing.Limits{}); !errors.Is(err, framing.ErrShort) {
				t.Errorf("%s cut at %d: %v", c.name, at, err)
			}
		}
		if secured := strings.Contains(c.name, "dotnet/tcp-ssl") || strings.Contains(c.name, "dotnet/tcp-windows") || strings.Contains(c.name, "fault-upgrade"); secured != (p.Upgrade != "") {
			t.Errorf("%s asks for the upgrade %q", c.name, p.Upgrade)
		}
	}
}

// TestPreamble: what is said in it, in the modes of queues too.
func TestPreamble(t *testing.T) {
	rows := []struct {
		hex  string
		want framing.Preamble
		n    int
	}{
		{"000100 0102 0205 612f622f63 0308 0c 06", framing.Preamble{Mode: 2, Via: "a/b/c", Encoding: 8}, 15},
		{"00010f 0101 0201 61 0403 782f79 0c", framing.Preamble{Mode: 1, Via: "a", ContentType: "x/y"}, 14},
		{"000100 0102 0201 61 03ee 0901 75 0c", framing.Preamble{Mode: 2, Via: "a", Encoding: 0xee, Upgrade: "u"}, 13},
		{"000100 0103 0201 61 0308 06", framing.Preamble{Mode: 3, Via: "a", Encoding: 8}, 10},
		{"000100 0104 0201 61 0307 00", framing.Preamble{Mode: 4, Via: "a", Encoding: 7}, 10},
	}
	for _, row := range rows {
		p, n, err := framing.ParsePreamble(unhex(t, row.hex), framing.Limits{})
		if err != nil || n != row.n {
			t.Errorf("%s: %d bytes, %v", row.hex, n, err)
			continue
		}
		if diff := cmp.Diff(&row.want, p, fields); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.hex, diff)
		}
	}
	for _, p := range []framing.Preamble{{Encoding: 8}, {ContentType: "application/soap+msbinsession1"}} {
		if got := p.MediaType(); got != "application/soap+msbinsession1" {
			t.Error(got)
		}
	}
}

// TestBadPreamble: order, limits and versions, each with its fault.
func TestBadPreamble(t *testing.T) {
	rows := []struct {
		hex   string
		fault framing.Fault
	}{
		{"0102", ""}, {"0c", ""}, {"16 0301", ""}, {"000100 000100", ""}, {"000100 0102 0308", ""}, {"000100 0102 020161 0c", ""},
		{"000100 0102 020161 0308 07", ""}, {"000100 0102 020161 0308 0600", ""}, {"000100 0103 020161 0c", ""},
		{"000200", framing.UnsupportedVersion}, {"000100 0109", framing.UnsupportedMode},
		{"000100 0102 028110", framing.ViaTooLong}, {"000100 0102 020161 048102", framing.ContentTypeTooLong}, {"000100 0102 020161 0308 098102", framing.ContentTypeTooLong},
	}
	for _, row := range rows {
		_, _, err := framing.ParsePreamble(unhex(t, row.hex), framing.Limits{})
		var breach *framing.Error
		if !errors.As(err, &breach) || breach.Fault != row.fault {
			t.Errorf("%s: %v", row.hex, err)
		}
	}
}

// TestReplayTo: another Via in the place of the old one, all else as it was, longer lengths than needed included.
func TestReplayTo(t *testing.T) {
	b := unhex(t, "00010a 0102 028500 612f622f63 048380 00 782f79 0985808000"+"7570706572")
	p, _, err := framing.ParsePreamble(b, framing.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	want := unhex(t, "00010a 0102 0202 7a7a 048380 00 782f79 0985808000"+"7570706572")
	if got := p.ReplayTo("zz"); !bytes.Equal(got, want) || !bytes.Equal(p.Replay(), b) {
		t.Errorf("%x, want %x", got, want)
	}
	long := strings.Repeat("v", 300)
	again, _, err := framing.ParsePreamble(p.ReplayTo(long), framing.Limits{})
	if err != nil || again.Via != long {
		t.Errorf("%v, %v", again, err)
	}
}

// FuzzPreamble: a preamble is read at any cut, and as often as it is written.
func FuzzPreamble(f *testing.F) {
	for _, c := range captures(f) {
		if b := c.stream(framing.Client); len(b) < 2000 {
			f.Add(b)
		}
	}
	f.Add([]byte("\x00\x01\x00\x01\x03\x02\x01a\x03\x08"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, n, err := framing.ParsePreamble(b, framing.Limits{})
		if err != nil {
			return
		}
		if !bytes.Equal(p.Replay(), b[:n]) {
			t.Fatalf("replayed as %x", p.Replay())
		}
		for _, again := range [][]byte{p.Append(nil), p.ReplayTo(p.Via)} {
			q, m, err := framing.ParsePreamble(again, framing.Limits{})
			if err != nil || m != len(again) || !cmp.Equal(p, q, fields) {
				t.Fatalf("written as %x, which reads %+v, %v", again, q, err)
			}
		}
		if _, _, err := framing.ParsePreamble(b[:n-1], framing.Limits{}); !errors.Is(err, framing.ErrShort) {
			t.Fatalf("a byte less: %v", err)
		}
	})
}

// Example reads what a client says first, and passes it on under another address.
func Example() {
	p := framing.Preamble{Mode: framing.Duplex, Via: "net.tcp://relay.example:9808/calc", Encoding: framing.BinarySession}
	sent := p.Append(nil)

	got, n, err := framing.ParsePreamble(sent, framing.Limits{})
	fmt.Println(got.Via, got.MediaType(), n == len(sent), err)

	again, _, _ := framing.ParsePreamble(got.ReplayTo("net.tcp://10.0.0.7:808/calc"), framing.Limits{})
	fmt.Println(again.Via)
	fmt.Printf("%q\n", framing.AppendFault(nil, framing.EndpointNotFound)[2:])
	// Output:
	// net.tcp://relay.example:9808/calc application/soap+msbinsession1 true <nil>
	// net.tcp://10.0.0.7:808/calc
	// "http://schemas.microsoft.com/ws/2006/05/framing/faults/EndpointNotFound"
}
