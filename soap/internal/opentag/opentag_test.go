package opentag

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
)

func name(prefix, space string) *infoset.Name {
	return &infoset.Name{Prefix: prefix, Space: space, Local: "n"}
}

// TestPrefixes asks for prefixes that are free, taken by the element, taken by an
// attribute, or bound further out.
func TestPrefixes(t *testing.T) {
	var tag Tag
	tag.Reset()
	tag.Start(name("a", "urn:a"))
	tag.Declare(infoset.Decl{Prefix: "out", Space: "urn:out"})
	tag.Start(name("e", "urn:e"))
	for i, tt := range []struct{ prefix, space, want string }{
		{"", "", ""},
		{"e", "urn:e", "e"},
		{"e", "urn:other", "p1"}, // the element's own prefix means something else
		{"", "urn:out", "out"},
		{"a", "urn:shadow", "a"}, // the parent's, and nobody uses it here
		{"a", "urn:a", "p2"},     // now somebody does
		{"", "urn:new", "p3"},
		{"p1", "urn:p", "p4"},
		{"", infoset.XMLNamespace, "xml"},
		{"x", infoset.XMLNamespace, "xml"},
	} {
		n := name(tt.prefix, tt.space)
		n.Local += strconv.Itoa(i)
		got, why := tag.Attr(n)
		if why != 0 || got != tt.want {
			t.Errorf("%q for %q: %q, %v, want %q", tt.prefix, tt.space, got, why, tt.want)
		}
		if space, _ := tag.Lookup(got); tt.space != "" && space != tt.space {
			t.Errorf("%q is bound to %q, want %q", got, space, tt.space)
		}
	}
}

// TestOrder has the caller's declarations before those that names needed.
func TestOrder(t *testing.T) {
	var tag Tag
	tag.Reset()
	tag.Start(name("a", "1"))
	for _, n := range []*infoset.Name{name("b", "2"), name("c", "3")} {
		if _, why := tag.Attr(n); why != 0 {
			t.Fatal(why)
		}
	}
	for _, d := range []infoset.Decl{{Prefix: "x", Space: "9"}, {Prefix: "b", Space: "2", Dict: infoset.Shared}, {Space: ""}} {
		if why := tag.Declare(d); why != 0 {
			t.Fatalf("%+v: %v", d, why)
		}
	}
	var got []infoset.Decl
	redundant := 0
	for _, d := range tag.Decls() {
		got = append(got, d.Decl)
		if d.Redundant {
			redundant++
		}
	}
	want := []infoset.Decl{{Prefix: "x", Space: "9"}, {Prefix: "b", Space: "2", Dict: infoset.Shared}, {}, {Prefix: "a", Space: "1"}, {Prefix: "c", Space: "3"}}
	if diff := cmp.Diff(want, got); diff != "" || redundant != 1 {
		t.Errorf("%d redundant\n%s", redundant, diff)
	}
}
