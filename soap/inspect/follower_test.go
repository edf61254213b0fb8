package inspect

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// framedCaptures gives the net.tcp streams of testdata, as bytes.
func framedCaptures(t testing.TB) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	files, err := filepath.Glob("testdata/captures/*/*/*.hex")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		raw, ok := unhex(text)
		if ok && looksFramed(raw) {
			found[filepath.ToSlash(file)] = raw
		}
	}
	if len(found) < 4 {
		t.Fatalf("%d streams", len(found))
	}
	return found
}

// followed gives everything that a Follower says of pieces.
func followed(pieces ...[]byte) (*Report, error) {
	var f Follower
	all := &Report{Kind: "net.tcp stream"}
	var last error
	for _, p := range pieces {
		r, err := f.Add(p)
		all.Size += r.Size
		all.Records = append(all.Records, r.Records...)
		all.Messages = append(all.Messages, r.Messages...)
		last = err
	}
	return all, last
}

// bytewise cuts b into single bytes.
func bytewise(b []byte) (pieces [][]byte) {
	for i := range b {
		pieces = append(pieces, b[i:i+1])
	}
	return pieces
}

// asBytes compares bytes as such: one by one they take seconds under the race detector.
var asBytes = cmp.FilterValues(func(a, b []byte) bool { return len(a)+len(b) > 0 }, cmp.Comparer(bytes.Equal))

// TestFollower: the captures, byte by byte, give what Decode says of all of them at once.
func TestFollower(t *testing.T) {
	for name, raw := range framedCaptures(t) {
		t.Run(name, func(t *testing.T) {
			want, err := Decode(raw)
			if err != nil {
				t.Skip(err) // what it ends with is not framing
			}
			for how, pieces := range map[string][][]byte{"at once": {raw}, "in halves": {raw[:len(raw)/2], raw[len(raw)/2:]}, "byte by byte": bytewise(raw)} {
				got, err := followed(pieces...)
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Message{}), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Report{}, "Hex"), asBytes); diff != "" {
					t.Errorf("%s: %s", how, diff)
				}
			}
		})
	}
}

// TestFollowerEnds: what cannot be read is said once and for all; behind an upgrade nothing is read.
func TestFollowerEnds(t *testing.T) {
	begin, _ := hex.DecodeString("0001000102" + "020c6e65742e7463703a2f2f612f" + "0308")
	tls, _ := hex.DecodeString("0a" + "1603030010")
	for _, row := range []struct {
		name    string
		pieces  [][]byte
		records int
		last    string
		fails   bool
	}{
		{"no framing", [][]byte{[]byte("GET / HTTP/1.1"), begin}, 0, "", true},
		{"upgrade", [][]byte{tls, begin}, 2, "5 bytes of the secured stream", false},
		{"upgrade, cut", [][]byte{tls[:1], tls[1:], begin}, 2, "5 bytes of the secured stream", false},
		{"half a record", [][]byte{begin[:8]}, 2, "mode 2", false},
		{"too long a record", [][]byte{begin, {nmfSized, 0xff, 0xff, 0xff, 0x7f}, make([]byte, maxRest)}, 4, "encoding 8", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := followed(row.pieces...)
			if (err != nil) != row.fails {
				t.Errorf("%v", err)
			}
			if len(got.Records) != row.records {
				t.Fatalf("%+v", got.Records)
			}
			if n := len(got.Records); n > 0 && !strings.Contains(got.Records[n-1].Text, row.last) {
				t.Errorf("last %q", got.Records[n-1].Text)
			}
		})
	}
}

// FuzzFollower: where a stream is cut changes nothing.
func FuzzFollower(f *testing.F) {
	for _, raw := range framedCaptures(f) {
		f.Add(raw, len(raw)/3)
	}
	f.Fuzz(func(t *testing.T, raw []byte, cut int) {
		if len(raw) > 4<<10 || bytes.Contains(raw, []byte{nmfUpgrade}) || bytes.Contains(raw, []byte{nmfUpgradeResp}) {
			return // behind an upgrade it matters what came with it
		}
		cut = min(max(cut, 0), len(raw))
		one, oneErr := followed(raw)
		two, twoErr := followed(raw[:cut], raw[cut:])
		if (oneErr == nil) != (twoErr == nil) {
			t.Fatalf("%v and %v", oneErr, twoErr)
		}
		if diff := cmp.Diff(one, two, cmpopts.IgnoreUnexported(Message{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}
