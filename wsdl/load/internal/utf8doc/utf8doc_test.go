package utf8doc_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/causeway-relay/causeway/wsdl/load/internal/utf8doc"
)

// FuzzDecode: what is given back has no byte-order mark, declares no entity, and is given back as it is a second time.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"<a/>", "\xEF\xBB\xBF<a/>", "\xFF\xFE<\x00a\x00/\x00>\x00", "\xFE\xFF\x00<\x00a", "\x00<\x00!", "<?xml version='1.0' encoding='iso-8859-1'?><a>\xe4</a>",
		"<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>", "<!DOCTYPE a [<!ELEMENT a ANY>]><a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "<!-- > --><!DOCTYPE a SYSTEM '>'><a/>",
		"\xFF\xFE<\x00!\x00D\x00O\x00C\x00T\x00Y\x00P\x00E\x00", "<?xml encoding='shift_jis'?>\x83\x5c",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		was := bytes.Clone(b)
		out, err := utf8doc.Decode(b)
		if !bytes.Equal(b, was) {
			t.Fatal("it changed what it was given")
		}
		if err != nil {
			return
		}
		again, err := utf8doc.Decode(out)
		// A NUL is no character of XML, and beside a "<" looks like 16 bits.
		if err == nil && bytes.IndexByte(out, 0) < 0 && utf8.Valid(out) && !bytes.HasPrefix(out, []byte("\xEF\xBB\xBF")) && len(again) != len(out) {
			t.Fatalf("%q became %q", out, again)
		}
	})
}

// TestKeepsPlaces: nothing moves: what is taken out is as long as what stands there instead.
func TestKeepsPlaces(t *testing.T) {
	for in, want := range map[string]string{
		"<!DOCTYPE a [\n<!ELEMENT a ANY>\n]>\n<a/>":   "             \n                \n  \n<a/>",
		"<?xml version='1.0' encoding='utf-16'?><a/>": "<!--                                --><a/>",
		"<?xml version='1.0'?><a/>":                   "<?xml version='1.0'?><a/>",
	} {
		if got, err := utf8doc.Decode([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
}
