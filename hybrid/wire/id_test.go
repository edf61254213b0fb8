package wire

import (
	"strings"
	"testing"
)

var ticket = [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xff}

func TestIDs(t *testing.T) {
	if got, want := string(AppendGUID(nil, ticket)), "00010203-0405-0607-0809-0a0b0c0d0eff"; got != want {
		t.Errorf("GUID %q, want %q", got, want)
	}
	if got, want := string(AppendID([]byte("x"), ticket)), "x00010203-0405-0607-0809-0a0b0c0d0eff_G1"; got != want {
		t.Errorf("id %q, want %q", got, want)
	}
	node := ticket
	node[0], node[1] = 0xFF, 0xFE
	if got := string(AppendID(nil, node)); !strings.HasSuffix(got, "_G65534") {
		t.Errorf("id of node 65534 is %q", got)
	}
	for _, s := range []string{"00010203-0405-0607-0809-0a0b0c0d0eff", "00010203-0405-0607-0809-0A0B0C0D0EFF_G1", "00010203-0405-0607-0809-0a0b0c0d0eff_G1_G2", "00010203-0405-0607-0809-0a0b0c0d0eff_"} {
		if got, ok := ParseID(s); !ok || got != ticket {
			t.Errorf("ParseID(%q) = %x, %v", s, got, ok)
		}
	}
}

func TestParseGUIDRefuses(t *testing.T) {
	const good = "00010203-0405-0607-0809-0a0b0c0d0eff"
	for cut := range len(good) {
		if _, ok := ParseGUID(good[:cut]); ok {
			t.Errorf("ParseGUID takes %q", good[:cut])
		}
	}
	for _, s := range []string{
		good + "_G1", good + " ", "{" + good + "}", "000102030405060708090a0b0c0d0eff", strings.ReplaceAll(good, "-", "0"),
		"0001020-30405-0607-0809-0a0b0c0d0eff", "g0010203-0405-0607-0809-0a0b0c0d0eff", "123456",
	} {
		if _, ok := ParseGUID(s); ok {
			t.Errorf("ParseGUID takes %q", s)
		}
	}
}

func TestTrackingID(t *testing.T) {
	for id, want := range map[string]string{
		"":               "",
		"123456":         "",
		guid1:            guid1,
		guid1 + "_G1_G2": guid1,
		"_" + guid1:      "",
		strings.ToUpper("07bb0eeb-9069-4c0a-9267-15badff72ead"): "07BB0EEB-9069-4C0A-9267-15BADFF72EAD",
	} {
		if got := TrackingID(id); got != want {
			t.Errorf("TrackingID(%q) = %q, want %q", id, got, want)
		}
	}
}

func FuzzID(f *testing.F) {
	f.Add("00010203-0405-0607-0809-0a0b0c0d0eff_G1")
	f.Add("123456")
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := ParseID(s)
		tracking := TrackingID(s)
		if ok != (tracking != "") {
			t.Fatalf("%q: ParseID %v, TrackingID %q", s, ok, tracking)
		}
		if ok && !strings.EqualFold(string(AppendGUID(nil, id)), tracking) {
			t.Fatalf("%q comes back as %s", s, AppendGUID(nil, id))
		}
	})
}
