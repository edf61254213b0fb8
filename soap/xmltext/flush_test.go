package xmltext_test

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// TestFlushAnywhere: a Flush behind every call changes nothing of the document.
func TestFlushAnywhere(t *testing.T) {
	const want = `<a x="1"><b>text</b><c></c></a>`
	var out strings.Builder
	w := xmltext.NewWriter(&out, xmltext.WriterOptions{FullEnd: true})
	for _, step := range []func(){
		func() { w.Start(&infoset.Name{Local: "a"}) },
		func() { w.Attr(&infoset.Name{Local: "x"}, infoset.String("1")) },
		func() { w.Start(&infoset.Name{Local: "b"}) },
		func() { w.Text(infoset.String("text")) },
		w.End,
		func() { w.Start(&infoset.Name{Local: "c"}) },
		w.End, w.End,
	} {
		step()
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}
