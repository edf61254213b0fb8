package inspect

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestCapturesOfText turns every captured message in text, whatever its encoding
// and transport, into a binary session and back: the canonical form is the same.
func TestCapturesOfText(t *testing.T) {
	n := 0
	for _, root := range roots(t) {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".hex" {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			// Streams that cannot be read to their end have their own tests.
			r, _ := Decode(b)
			for i := range r.Messages {
				m := &r.Messages[i]
				if m.Form != "text" || m.Err != "" {
					continue
				}
				want, err := Encode(m.Doc, Canonical)
				if err != nil {
					t.Errorf("%s at %d: %v", path, m.Offset, err)
					continue
				}
				n++
				binary, err := Encode(m.Doc, Session)
				if err != nil {
					t.Errorf("%s at %d: %v", path, m.Offset, err)
					continue
				}
				if got, err := Encode(binary, Canonical); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s at %d: %v\n%s\n%s", path, m.Offset, err, got, want)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d messages", n)
	if n < 20 {
		t.Error("the captures are not read")
	}
}
