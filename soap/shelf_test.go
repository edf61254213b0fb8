package soap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/infoset"
	"github.com/causeway-relay/causeway/soap/xmltext"
)

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
