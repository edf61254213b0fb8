package codec_test

import (
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/codec"
	"github.com/causeway-relay/causeway/soap/infoset"
)

// pair is a document of an element with two integers, as SOAP's encoding has it.
func pair() *codec.Document[[]int32] {
	return &codec.Document[[]int32]{Name: infoset.Name{Local: "r"}, Codec: &codec.ArrayOf[int32]{Item: &codec.Int32}, Encoded: true}
}

// TestReferences: values that stand elsewhere are read where they are referred to.
func TestReferences(t *testing.T) {
	rows := []struct{ name, doc, want string }{
		{"none", `<r><i>1</i><i>2</i></r>`, "1 2"},
		{"within", `<r><i id="a">1</i><i href="#a"/></r>`, "1 1"},
		{"SOAP 1.2", `<r xmlns:e="http://www.w3.org/2003/05/soap-encoding"><i e:id="a">1</i><i e:ref="a"/></r>`, "1 1"},
		{"nothing there", `<r><i href="#a"/></r>`, "nothing has the id"},
		{"twice there", `<r><i id="a">1</i><i id="a">2</i></r>`, "stands twice"},
		{"itself", `<r id="a"><i href="#a"/></r>`, "contains itself"},
		{"of a reference", `<r><i id="a" href="#b"/><i id="b">1</i><i href="#a"/></r>`, "itself a reference"},
	}
	for _, row := range rows {
		v, err := pair().Unmarshal([]byte(row.doc), false)
		if row.want[0] > '9' {
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: %v, %v", row.name, v, err)
			}
			continue
		}
		if err != nil || len(v) != 2 || v[0] != 1 || v[1] != int32(row.want[2]-'0') {
			t.Errorf("%s: %v, %v", row.name, v, err)
		}
	}
}

// TestReferencesGrow: references to references double a message only up to the limit.
func TestReferencesGrow(t *testing.T) {
	var doc strings.Builder
	doc.WriteString(`<r><i id="i0">1</i>`)
	for i := range 40 {
		a, b := string(rune('0'+i/10)), string(rune('0'+i%10))
		next := `"#i` + a + b + `"`
		if i == 0 {
			next = `"#i0"`
		}
		n := i + 1
		doc.WriteString(`<i id="i` + string(rune('0'+n/10)) + string(rune('0'+n%10)) + `"><x href=` + next + `/><x href=` + next + `/></i>`)
	}
	doc.WriteString(`</r>`)
	if _, err := pair().Unmarshal([]byte(doc.String()), false); err == nil || !strings.Contains(err.Error(), "references") {
		t.Errorf("%v", err)
	}
}
