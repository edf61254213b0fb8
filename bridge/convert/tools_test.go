package convert

import (
	"bytes"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// TestGiven: tools that were given back refer to no message, and hold no more memory than is kept.
func TestGiven(t *testing.T) {
	x := take()
	x.out.most = 1 << 20
	if _, err := x.out.Write(make([]byte, keep+1)); err != nil {
		t.Fatal(err)
	}
	x.text.Begin(append([]byte("<a>"), bytes.Repeat([]byte("b&amp;"), keep)...), xmltext.Options{Quotas: infoset.Buffered()})
	for {
		if _, err := x.text.Next(); err != nil {
			break
		}
	}
	x.give()
	if cap(x.out.b) > keep || x.out.full || len(x.out.b) > 0 {
		t.Errorf("%d bytes of room", cap(x.out.b))
	}
	for name, r := range map[string]infoset.Reader{"text": &x.text, "binary": &x.binary} {
		if tok, err := r.Next(); err == nil {
			t.Errorf("%s: a released reader gives %v", name, tok)
		}
		if r.Depth() != 0 || r.Path() != "" {
			t.Errorf("%s: at %q", name, r.Path())
		}
	}
	if x.told.TableSize() != 1 || x.in.Len() != 0 {
		t.Error("dictionaries are not empty")
	}
}
