package xmlbin_test

import (
	"bytes"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmlbin"
)

// TestFlushAnywhere: a Flush behind any call but a text changes nothing of the bytes. Behind a text it keeps the text's record
// from taking the end of its element along: the bytes differ, the infoset does not.
func TestFlushAnywhere(t *testing.T) {
	const textStep = 3
	write := func(flush bool) []byte {
		var out bytes.Buffer
		w := xmlbin.NewWriter(&out, xmlbin.WriterOptions{})
		for i, step := range []func(){
			func() { w.Start(&infoset.Name{Prefix: "p", Local: "a", Space: "urn:a"}) },
			func() { w.Attr(&infoset.Name{Prefix: "q", Local: "x", Space: "urn:q"}, infoset.String("1")) },
			func() { w.Start(&infoset.Name{Local: "b"}) },
			func() { w.Text(infoset.String("text")) },
			w.End,
			func() { w.Start(&infoset.Name{Prefix: "r", Local: "c", Space: "urn:r"}) },
			w.End, w.End,
		} {
			step()
			if flush && i != textStep {
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	if got, want := write(true), write(false); !bytes.Equal(got, want) {
		t.Errorf("with flushes %x, without %x", got, want)
	}
}
