package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/gateway/entity"
	"github.com/causeway-relay/causeway/gateway/store"
)

func at(path string) entity.Address { return entity.Address{Path: path} }

func in(namespace, path string) entity.Address {
	return entity.Address{Namespace: namespace, Path: path}
}

func named(a entity.Address) *entity.Entity { return &entity.Entity{Name: a.Path, At: a} }

func view(paths ...string) *store.View {
	v := &store.View{}
	for _, p := range paths {
		v = v.With(named(at(p)))
	}
	return v
}

func TestFind(t *testing.T) {
	v := view("a", "a/b", "a/b/c/d", "a-b", "a.b/c", "hyco", "hyco/deep/er", "z").With(named(in("other", "q/r")))
	for path, want := range map[string]string{
		"a": "a", "a/x": "a", "a/b": "a/b", "a/bc": "a", "a/b/c": "a/b", "a/b/c/d": "a/b/c/d", "a/b/c/d/e/f": "a/b/c/d",
		"a/b/c/dd": "a/b", "a/b/zzz": "a/b", "a-b/x": "a-b", "a-": "", "ab": "", "a.b": "", "a.b/c": "a.b/c", "a.b/cc": "",
		"hyco": "hyco", "hyc": "", "hyco2": "", "hyco/deep": "hyco", "hyco/deep/er/x": "hyco/deep/er", "hyco/deep/erx": "hyco",
		"": "", "zz": "", "z/y": "z", "0": "", "q/r": "",
	} {
		got := ""
		if e := v.Find(at(path)); e != nil {
			got = e.Name
		}
		if got != want {
			t.Errorf("Find(%q) = %q, want %q", path, got, want)
		}
	}
	if e := v.Find(in("other", "q/r/s")); e == nil || e.Name != "q/r" {
		t.Errorf("another namespace: %v", e)
	}
	if e := v.Find(in("zther", "a")); e != nil {
		t.Errorf("a namespace that has nothing gives %v", e.At)
	}
	if e := v.Find(in("other", "a")); e != nil {
		t.Errorf("another namespace gives %v", e.At)
	}
	if e := (&store.View{}).Find(at("a")); e != nil {
		t.Errorf("an empty view gives %v", e.At)
	}
}

// TestFindLongAddresses: whatever a sender asks for, looking is no more work than the names allow, and finds the entity.
func TestFindLongAddresses(t *testing.T) {
	long := strings.Repeat("a/", 200) + "b"
	v := view("a", strings.Repeat("a/", 100)+"a", long)
	if e := v.Find(at(strings.Repeat("a/", 4000) + "a")); e == nil || len(e.Name) != 201 {
		t.Errorf("got %v", e)
	}
	if e := v.Find(at(long + "/" + strings.Repeat("c/", 3000) + "d")); e == nil || e.Name != long {
		t.Errorf("got %v", e)
	}
	if e := v.Find(at(strings.Repeat("x", 8192))); e != nil {
		t.Errorf("got %v", e)
	}
}

// TestViewAgainstMap does whatever to a view and to a map, and compares everything that can be asked. Old views stay as
// they were.
func TestViewAgainstMap(t *testing.T) {
	path := rapid.StringMatching(`[abc.](/[ab-]){0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		v, model := &store.View{}, map[entity.Address]*entity.Entity{}
		old, oldPaths := v, []string(nil)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			a := in(rapid.SampledFrom([]string{"", "", "n"}).Draw(t, "namespace"), path.Draw(t, "path"))
			if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
				v = v.Without(a)
				delete(model, a)
			} else {
				e := named(a)
				v = v.With(e)
				model[a] = e
			}
			if rapid.IntRange(0, 9).Draw(t, "keep") == 0 {
				old, oldPaths = v, paths(v)
			}
			checkView(t, v, model)
			asked := in("", path.Draw(t, "asked")+rapid.SampledFrom([]string{"", "/x", "x", "/a/b/c"}).Draw(t, "suffix"))
			if got, want := v.Find(asked), longest(model, asked); got != want {
				t.Fatalf("Find(%v) = %v, want %v, in %v", asked, got, want, paths(v))
			}
			if got := v.Get(asked); got != model[asked] {
				t.Fatalf("Get(%v) = %v", asked, got)
			}
		}
		if d := cmp.Diff(oldPaths, paths(old)); d != "" {
			t.Fatalf("an old view has changed: %s", d)
		}
	})
}

// TestManyEntities takes a view through 10,000 entities and back, by both ways of making one.
func TestManyEntities(t *testing.T) {
	model := map[entity.Address]*entity.Entity{}
	v := &store.View{}
	var all []*entity.Entity
	for i := range entity.MaxEntities {
		e := named(at(fmt.Sprintf("e%d/x", i*7919%entity.MaxEntities)))
		model[e.At] = e
		v = v.With(e)
		all = append(all, e)
	}
	checkView(t, v, model)
	again := &entity.Entity{Name: "the later one", At: all[5].At}
	whole := store.NewView(nil, append(all, again))
	if whole.Len() != entity.MaxEntities || whole.Get(again.At) != again {
		t.Errorf("NewView has %d entities and gives %v", whole.Len(), whole.Get(again.At))
	}
	model[again.At] = again
	checkView(t, whole, model)
	for i, e := range all {
		v = v.Without(e.At)
		if v.Get(e.At) != nil || v.Len() != len(all)-1-i {
			t.Fatalf("entity %v is still there, or %d are left", e.At, v.Len())
		}
	}
	if len(paths(v)) != 0 {
		t.Error("an empty view is not empty")
	}
}

func TestRulesOfView(t *testing.T) {
	rules := []entity.Rule{{Name: "one"}}
	v := view("a").WithRules(rules, 7)
	changed := v.With(named(at("b"))).Without(at("a"))
	if d := cmp.Diff(rules, changed.Rules()); d != "" || changed.RulesRevision() != 7 || changed.Without(at("b")).With(named(at("c"))).RulesRevision() != 7 {
		t.Errorf("revision %d; %s", changed.RulesRevision(), d)
	}
	if v.WithRules(nil, 8).Rules() != nil || v.WithRules(nil, 8).Len() != 1 {
		t.Error("WithRules touched something else")
	}
	if same := v.Without(at("nothing")); same != v {
		t.Error("taking nothing away makes another view")
	}
}

func TestAllStops(t *testing.T) {
	n := 0
	for range view("a", "b", "c").All() {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d steps", n)
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	v := bigView()
	found, lost, long := at("e5000/x/deep/er"), at("e5000x/y"), at(strings.Repeat("a/", 4000)+"a")
	if n := testing.AllocsPerRun(100, func() {
		if v.Find(found) == nil || v.Find(lost) != nil || v.Find(long) != nil || v.Get(found) != nil {
			t.Fatal("wrong answer")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestChangeIsCheap: a change copies one chunk and the list of chunks, not the view.
func TestChangeIsCheap(t *testing.T) {
	v := bigView()
	e := named(at("new"))
	if n := testing.AllocsPerRun(100, func() { v.With(e) }); n > 6 {
		t.Errorf("%v allocations for a change", n)
	}
}

func checkView(t interface {
	Helper()
	Fatalf(string, ...any)
}, v *store.View, model map[entity.Address]*entity.Entity) {
	t.Helper()
	if v.Len() != len(model) {
		t.Fatalf("%d entities, want %d", v.Len(), len(model))
	}
	seen := 0
	for e := range v.All() {
		seen++
		if model[e.At] != e || v.Get(e.At) != e {
			t.Fatalf("%v is %p, %p by Get, want %p", e.At, e, v.Get(e.At), model[e.At])
		}
	}
	if all := paths(v); seen != len(model) || !slices.IsSorted(all) {
		t.Fatalf("All gives %d entities, want %d, sorted: %v", seen, len(model), all)
	}
}

func paths(v *store.View) []string {
	var all []string
	for e := range v.All() {
		all = append(all, e.At.Namespace+"\x00"+e.At.Path)
	}
	return all
}

// longest finds what Find should, the slow way.
func longest(model map[entity.Address]*entity.Entity, a entity.Address) *entity.Entity {
	for ok := true; ok; a, ok = a.Parent() {
		if e := model[a]; e != nil {
			return e
		}
	}
	return nil
}

func bigView() *store.View {
	var all []*entity.Entity
	for i := range entity.MaxEntities {
		all = append(all, named(at(fmt.Sprintf("e%d/x", i))))
	}
	return store.NewView(nil, all)
}

func BenchmarkFind(b *testing.B) {
	v, a := bigView(), at("e5000/x/deep/er")
	b.ReportAllocs()
	for b.Loop() {
		if v.Find(a) == nil {
			b.Fatal("not found")
		}
	}
}

func BenchmarkFindNothing(b *testing.B) {
	v, a := bigView(), at(strings.Repeat("e/", 4000)+"a")
	b.ReportAllocs()
	for b.Loop() {
		if v.Find(a) != nil {
			b.Fatal("found")
		}
	}
}

func BenchmarkWith(b *testing.B) {
	v, e := bigView(), named(at("e5000/y"))
	b.ReportAllocs()
	for b.Loop() {
		v.With(e)
	}
}

// Example shows the picture that a hot path reads.
func Example() {
	v := store.NewView(nil, []*entity.Entity{{Name: "Plant", At: at("plant")}, {Name: "plant/Line1", At: at("plant/line1")}})
	fmt.Println(v.Find(at("plant/line1/oven")).Name)
	fmt.Println(v.Find(at("plant/line10")).Name)
	fmt.Println(v.Find(at("office")))
	// Output:
	// plant/Line1
	// Plant
	// <nil>
}
