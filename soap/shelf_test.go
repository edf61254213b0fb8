package soap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

// TestShelf: pieces of a pile have no byte in common and no room behind them, whatever their sizes, and are empty at first.
func TestShelf(t *testing.T) {
	var p pile[int]
	var cuts [][]int
	for i := range 400 {
		c := p.cut(i*7%23, 4)
		if len(c) != i*7%23 || cap(c) != len(c) {
			t.Fatalf("%d of %d", len(c), cap(c))
		}
		for j := range c {
			if c[j] != 0 {
				t.Fatal("a piece was given out before")
			}
			c[j] = i + 1
		}
		cuts = append(cuts, c)
	}
	for i, c := range cuts {
		for _, n := range c {
			if n != i+1 {
				t.Fatalf("piece %d has a value of piece %d", i, n-1)
			}
		}
	}
}

// TestHeadStays: what a message keeps of its head stays when the bytes it came in are overwritten and the reader reads another one.
func TestHeadStays(t *testing.T) {
	envelope := func(word string) []byte {
		header := strings.Repeat(fmt.Sprintf(`<q:h xmlns:q="urn:%[1]s" q:a="%[1]s"><c><d>%[1]s</d>%[1]s</c> <e xmlns="%[1]s"/></q:h>`, word), 20)
		return []byte(`<s:Envelope xmlns:s="` + Namespace11 + `"><s:Header>` + header + `</s:Header><s:Body/></s:Envelope>`)
	}
	b := envelope("first")
	r := xmltext.NewBytes(b, xmltext.Options{Quotas: infoset.Buffered()})
	m, err := Read(r, None, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var before []string
	for _, h := range m.Headers {
		before = append(before, fmt.Sprintf("%v %+v", h.Name(), h.Children()))
	}
	copy(b, envelope("other"))
	r.ResetBytes(b)
	if _, err := Read(r, None, Limits{}); err != nil {
		t.Fatal(err)
	}
	for i, h := range m.Headers {
		value, _ := h.Attr("urn:first", "a")
		if now := fmt.Sprintf("%v %+v", h.Name(), h.Children()); now != before[i] || value.String() != "first" || h.Children()[0].Children()[0].Text() != "first" {
			t.Fatalf("block %d: %s, was %s", i, now, before[i])
		}
		if start, end := h.tokens[0].Name, h.tokens[len(h.tokens)-1].Name; start != end || end.Local != "h" {
			t.Errorf("block %d begins as %v and ends as %v", i, start, end)
		}
	}
}
