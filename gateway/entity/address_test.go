package entity_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/causeway-relay/causeway/gateway/entity"
)

// TestNewAddress: what is canonical, and what is no address.
func TestNewAddress(t *testing.T) {
	rows := []struct{ in, want string }{
		{"", ""},
		{"/", ""},
		{"hyco", "hyco"},
		{"/HyCo/", "hyco"},
		{"//a//b//", "a//b"},
		{"Plant/Linie 1/Ölpumpe", "plant/linie 1/ölpumpe"},
		{"a/..b/.c/d..", "a/..b/.c/d.."},
		{"...", "..."},
		{strings.Repeat("A", entity.MaxPath), strings.Repeat("a", entity.MaxPath)},
	}
	for _, row := range rows {
		a, err := entity.NewAddress("n", row.in)
		if err != nil || a.Path != row.want || a.Namespace != "n" {
			t.Errorf("%.40q is %+v, %v", row.in, a, err)
		}
	}
	bad := []string{
		".", "..", "a/./b", "a/..", "../a", "/./", "a\x00b", "a\nb", "a\x7f", "a\x1f/b", "a\xff", "\xc3", strings.Repeat("a", entity.MaxPath+1),
	}
	for _, in := range bad {
		if a, err := entity.NewAddress("", in); !errors.Is(err, entity.ErrAddress) || a != (entity.Address{}) {
			t.Errorf("%.40q is %+v, %v", in, a, err)
		}
	}
}

// TestWithin goes by whole segments, in one namespace.
func TestWithin(t *testing.T) {
	rows := []struct {
		a, prefix string
		want      bool
	}{
		{"a", "a", true},
		{"a/b", "a", true},
		{"a/b/c", "a/b", true},
		{"ab", "a", false},
		{"a", "a/b", false},
		{"a-b", "a", false},
		{"a", "", true},
		{"", "", true},
		{"", "a", false},
	}
	for _, row := range rows {
		if got := (entity.Address{Path: row.a}).Within(entity.Address{Path: row.prefix}); got != row.want {
			t.Errorf("%q within %q: %v", row.a, row.prefix, got)
		}
	}
	if (entity.Address{Namespace: "n", Path: "a"}).Within(entity.Address{Path: "a"}) {
		t.Error("namespaces are not one")
	}
	if (entity.Address{Namespace: "n", Path: "a"}).String() != "n:a" || (entity.Address{Path: "a"}).String() != "a" {
		t.Error("the text of an address")
	}
}

// TestAddressLaws: an address made again is the same; every parent is a prefix, by segments, and the way up ends.
func TestAddressLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOf(rapid.StringMatching(`[a-zA-ZÄÖÜßİK0-9 ._-]{0,6}`)).Draw(t, "segments"), "/")
		a, err := entity.NewAddress("n", in)
		if err != nil {
			return
		}
		if again, err := entity.NewAddress("n", a.Path); err != nil || again != a {
			t.Fatalf("%q is %q, and that is %q, %v", in, a.Path, again.Path, err)
		}
		if !utf8.ValidString(a.Path) {
			t.Fatalf("%q is %q", in, a.Path)
		}
		steps := strings.Count(a.Path, "/")
		for at, ok := a, true; ok; at, ok = at.Parent() {
			if !a.Within(at) || at.Namespace != "n" {
				t.Fatalf("%q is not within %q", a.Path, at.Path)
			}
			if steps--; steps < -1 {
				t.Fatalf("%q has too many parents", a.Path)
			}
		}
		if steps != -1 {
			t.Fatalf("%q lacks %d parents", a.Path, steps+1)
		}
	})
}

// FuzzAddress: no path, however odd, gives an address that is not canonical.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"", "/", "hyco", "A/b/", "a/../b", "\xff", "İ/K", "a//b", "$hc/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		a, err := entity.NewAddress("", in)
		if err != nil {
			if !errors.Is(err, entity.ErrAddress) {
				t.Fatalf("%q: %v", in, err)
			}
			return
		}
		if strings.HasPrefix(a.Path, "/") || strings.HasSuffix(a.Path, "/") || a.Path != strings.ToLower(a.Path) || !utf8.ValidString(a.Path) {
			t.Fatalf("%q is %q", in, a.Path)
		}
		if again, err := entity.NewAddress("", a.Path); len(a.Path) <= entity.MaxPath && (err != nil || again != a) {
			t.Fatalf("%q is %q, and that is %q, %v", in, a.Path, again.Path, err)
		}
	})
}
