package codec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/causeway-relay/causeway/soap/codec"
)

// models of the tests below, one for each shape that content may have.
func sequence() *codec.Model { return plain(one(0, "a"), opt(1, "b"), many(2, "c")) }

func twice() *codec.Model { return plain(one(0, "a"), opt(1, "b"), one(2, "a")) }

func choice() *codec.Model {
	m := plain(one(0, "s"), in(0, 0, one(1, "code")), in(0, 0, one(2, "name")), in(0, 1, one(3, "error")), in(0, 1, opt(4, "hint")))
	m.Groups = []codec.Group{{Optional: true, Choice: true}}
	return m
}

func mustChoose() *codec.Model {
	m := choice()
	m.Groups[0].Optional = false
	return m
}

func optionalRun() *codec.Model {
	m := plain(in(0, 0, one(0, "a")), in(0, 0, one(1, "b")), one(2, "c"))
	m.Groups = []codec.Group{{Optional: true}}
	return m
}

func repeatedChoice() *codec.Model {
	item := plain(in(0, 0, one(0, "a")), in(0, 1, one(1, "b")))
	item.Groups = []codec.Group{{Choice: true}}
	group := codec.Leaf{Item: item, Field: 0, Min: 1, Max: codec.Unbounded}
	return plain(group, one(1, "z"))
}

func repeatedRun() *codec.Model {
	group := codec.Leaf{Item: plain(one(0, "a"), opt(1, "b")), Field: 0, Min: 0, Max: 2}
	return plain(group, opt(1, "b2"))
}

func substituted() *codec.Model {
	head := plain(in(0, 0, opt(0, "book")), in(0, 1, opt(1, "paper")))
	head.Groups = []codec.Group{{Choice: true}}
	return plain(codec.Leaf{Name: name("item"), OneOf: head, Field: 0, Min: 1, Max: codec.Unbounded}, opt(1, "end"))
}

func wild() *codec.Model {
	return plain(one(0, "a"), codec.Leaf{Wild: &codec.Wildcard{Other: true, Target: "urn:t"}, Field: 1, Max: codec.Unbounded})
}

func all() *codec.Model {
	m := plain(one(0, "a"), opt(1, "b"), one(2, "c"))
	m.All = true
	return m
}

func emptyTurns() *codec.Model {
	group := codec.Leaf{Item: plain(opt(0, "a"), opt(1, "b")), Field: 0, Min: 1, Max: codec.Unbounded}
	return plain(group, opt(1, "z"))
}

// TestRead: what comes where it may, and what is told of the rest.
func TestRead(t *testing.T) {
	rows := []struct {
		name string
		m    *codec.Model
		doc  string
		want string
		told string
	}{
		{"sequence", sequence(), `<a>1</a><b>2</b><c>3</c><c>4</c>`, "0=1 1=2 2=3 2=4", ""},
		{"sequence, least", sequence(), `<a/>`, "0=", ""},
		{"missing", sequence(), `<b>2</b>`, "1=2", "missing element a"},
		{"unknown", sequence(), `<a>1</a><x><y/></x><c>2</c>`, "0=1 2=2", "unknown element x"},
		{"late", sequence(), `<a>1</a><c>3</c><b>2</b><c>4</c>`, "0=1 2=3 1=2 2=4", "misplaced element b"},
		{"duplicate", sequence(), `<a>1</a><a>2</a>`, "0=1", "duplicate element a"},
		{"text between", sequence(), `<a>1</a>loose`, "0=1", `unexpected text "loose"`},
		{"same name twice", twice(), `<a>1</a><a>2</a>`, "0=1 2=2", ""},
		{"same name around", twice(), `<a>1</a><b>x</b><a>2</a>`, "0=1 1=x 2=2", ""},
		{"first branch", choice(), `<s>1</s><code>c</code><name>n</name>`, "0=1 1=c 2=n", ""},
		{"second branch", choice(), `<s>1</s><error>e</error>`, "0=1 3=e", ""},
		{"no branch", choice(), `<s>1</s>`, "0=1", ""},
		{"no branch where one must be", mustChoose(), `<s>1</s>`, "0=1", "missing element one of a choice"},
		{"half a branch", choice(), `<s>1</s><code>c</code>`, "0=1 1=c", "missing element name"},
		{"two branches", choice(), `<s>1</s><code>c</code><name>n</name><error>e</error>`, "0=1 1=c 2=n 3=e", "second branch of a choice error"},
		{"run that may be absent", optionalRun(), `<c>1</c>`, "2=1", ""},
		{"run that is there", optionalRun(), `<a>1</a><b>2</b><c>3</c>`, "0=1 1=2 2=3", ""},
		{"run that is half there", optionalRun(), `<a>1</a><c>3</c>`, "0=1 2=3", "missing element b"},
		{"choice that repeats", repeatedChoice(), `<a>1</a><b>2</b><a>3</a><z>4</z>`, "0=[0=1] 0=[1=2] 0=[0=3] 1=4", ""},
		{"choice that must be there", repeatedChoice(), `<z>4</z>`, "1=4", "missing element a group of a"},
		{"run that repeats", repeatedRun(), `<a>1</a><b>2</b><a>3</a><b2>4</b2>`, "0=[0=1 1=2] 0=[0=3] 1=4", ""},
		{"turns that may be empty", emptyTurns(), `<z>1</z>`, "1=1", ""},
		{"element for another", substituted(), `<paper>1</paper><book>2</book><end>3</end>`, "0=[1=1] 0=[0=2] 1=3", ""},
		{"wildcard", wild(), `<a>1</a><q:x xmlns:q="urn:q"><q:y/></q:x><q:z xmlns:q="urn:q"/>`, "0=1 1=*x 1=*z", ""},
		{"not the wildcard's", wild(), `<a>1</a><q:x xmlns:q="urn:t"/>`, "0=1", "unknown element q:x"},
		{"any order", all(), `<c>3</c><a>1</a>`, "2=3 0=1", ""},
		{"any order, twice", all(), `<c>3</c><a>1</a><c>4</c>`, "2=3 0=1", "duplicate element c"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b, told, err := read(t, row.m, "<r>"+row.doc+"</r>", false)
			if err != nil || b.String() != row.want || strings.Join(told, ", ") != row.told {
				t.Errorf("%s\n got %s (%v; told %q)\nwant %s (told %q)", row.doc, b, err, told, row.want, row.told)
			}
			_, _, err = read(t, row.m, "<r>"+row.doc+"</r>", true)
			p, isProblem := errors.AsType[*codec.Problem](err)
			if (row.told != "") != isProblem {
				t.Errorf("strict: %v", err)
			}
			if isProblem && (!strings.HasPrefix(row.told, p.Kind.String()) || p.Path == "") {
				t.Errorf("strict: %v where %q is told", p, row.told)
			}
			if row.told != "" {
				return
			}
			came := b.String()
			again, err := write(t, b)
			if err != nil {
				t.Fatalf("write: %v", err)
			}
			if back, _, err := read(t, row.m, again, true); err != nil || back.String() != came && row.name != "any order" {
				t.Errorf("written and read again: %s: %v, %v", again, back, err)
			}
		})
	}
}

// TestWriteRefuses: what a schema does not allow is not written.
func TestWriteRefuses(t *testing.T) {
	rows := []struct {
		name string
		m    *codec.Model
		text map[int][]string
		want string
	}{
		{"missing", sequence(), map[int][]string{1: {"x"}}, "/r: missing element a"},
		{"too many", sequence(), map[int][]string{0: {"x", "y"}}, "/r: duplicate element a: 2 of at most 1"},
		{"two branches", choice(), map[int][]string{0: {"s"}, 1: {"c"}, 2: {"n"}, 3: {"e"}}, "/r: second branch of a choice error beside code"},
		{"no branch", mustChoose(), map[int][]string{0: {"s"}}, "/r: missing element one of a choice"},
		{"half a branch", choice(), map[int][]string{0: {"s"}, 2: {"n"}}, "/r: missing element code"},
		{"half a run", optionalRun(), map[int][]string{0: {"a"}, 2: {"c"}}, "/r: missing element b"},
	}
	for _, row := range rows {
		b := newBag(row.m)
		for field, list := range row.text {
			*b.text[field] = list
		}
		if doc, err := write(t, b); err == nil || err.Error() != row.want {
			t.Errorf("%s: %q, %v; want %s", row.name, doc, err, row.want)
		}
	}
}

// TestAttributes: required, unknown, and in namespaces.
func TestAttributes(t *testing.T) {
	m := plain()
	m.Attrs = []codec.Attr{{Name: name("a"), Field: 0, Required: true}, {Name: name("b"), Field: 1}}
	b, told, err := read(t, m, `<r b="2" c="3" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="x y"/>`, false)
	if err != nil || b.String() != "1=2" || strings.Join(told, ",") != "unknown attribute c,missing element @a" {
		t.Errorf("%s, %q, %v", b, told, err)
	}
	if _, err := write(t, b); err == nil || err.Error() != "/r: missing element @a" {
		t.Errorf("write: %v", err)
	}
	one := "1"
	*b.attrs[0] = &one
	if doc, err := write(t, b); err != nil || doc != `<r a="1" b="2"></r>` && doc != `<r a="1" b="2"/>` {
		t.Errorf("%s, %v", doc, err)
	}
}
