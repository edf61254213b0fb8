package names

import (
	"fmt"
	"testing"
)

func TestKinds(t *testing.T) {
	var table Table
	for word, want := range map[string]Entry{
		"a": {Local: "a", Kind: Plain}, "p:a": {Prefix: "p", Local: "a", Kind: Prefixed}, "xmlns": {Local: "xmlns", Kind: XMLNS},
		"xmlns:p": {Prefix: "xmlns", Local: "p", Kind: XMLNSPrefix}, "": {Kind: Bad}, "p:": {Local: "p:", Kind: Bad}, ":a": {Local: ":a", Kind: Bad},
		"a:b:c": {Local: "a:b:c", Kind: Bad}, "1": {Local: "1", Kind: Bad}, "urn:x:y": {Local: "urn:x:y", Kind: Bad},
	} {
		e := table.Intern([]byte(word))
		if e.Raw != word || e.Prefix != want.Prefix || e.Local != want.Local || e.Kind != want.Kind {
			t.Errorf("%q: %+v", word, e)
		}
		if again := table.Intern([]byte(word)); again != e {
			t.Errorf("%q is interned twice", word)
		}
	}
}

func TestLimit(t *testing.T) {
	var table Table
	table.Reset(1000)
	words := 0
	for i := range 1000 {
		if table.Intern(fmt.Appendf(nil, "name%06d", i)) != nil {
			words++
		}
	}
	if words != 100 || table.Bytes() != 1000 {
		t.Errorf("%d words, %d bytes", words, table.Bytes())
	}
	if table.Intern([]byte("name000000")) == nil {
		t.Error("a word that is there is refused")
	}
	table.Reset(1000)
	if table.Bytes() != 0 {
		t.Error("a full table is kept")
	}
	table.Intern([]byte("a"))
	table.Reset(1000)
	if table.Bytes() != 1 {
		t.Error("a small table is not kept")
	}
	word := []byte("a")
	if n := testing.AllocsPerRun(100, func() { table.Intern(word) }); n != 0 {
		t.Errorf("%v allocations for a word that is there", n)
	}
}

func TestMany(t *testing.T) {
	var table Table
	seen := map[*Entry]bool{}
	for i := range 5000 {
		seen[table.Intern(fmt.Appendf(nil, "n%d", i))] = true
	}
	for i := range 5000 {
		if e := table.Intern(fmt.Appendf(nil, "n%d", i)); !seen[e] || e.Raw != fmt.Sprintf("n%d", i) {
			t.Fatalf("word %d is lost", i)
		}
	}
}
