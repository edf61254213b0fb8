package wire

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodePath(t *testing.T) {
	for raw, want := range map[string]string{
		"/":                    "",
		"":                     "",
		"/hyco":                "hyco",
		"/hyco/":               "hyco",
		"/Hyco/Suf/p%20q":      "Hyco/Suf/p q",
		"//a///b//":            "a/b",
		"/a%2Fb":               "a/b",
		"/%61/b":               "a/b",
		"/a+b":                 "a+b",
		"/%C3%BC/\u00fc":       "\u00fc/\u00fc",
		"/a/.b/c./...":         "a/.b/c./...",
		"/a%25":                "a%",
		"/a%3Fb%23c":           "a?b#c",
		`/a\b`:                 `a\b`,
		"/%2F%2Fa%2F":          "a",
		"/%F0%9F%98%80/%24hc/": "\U0001F600/$hc",
	} {
		got, err := DecodePath(raw)
		if err != nil || got != want {
			t.Errorf("DecodePath(%q) = %q, %v, want %q", raw, got, err, want)
		}
	}
}

func TestDecodePathRefuses(t *testing.T) {
	for _, raw := range []string{
		"/a/../b", "/..", "/.", "/a/%2e%2E/b", "/a%2f..%2fb", "/a/%2e", "/a/./",
		"/%", "/%4", "/%zz", "/a%2", "/%ff", "/%C3", "/\xff", "/%00", "/%0d%0a", "/%7f", "/a\tb", "/%09",
	} {
		if got, err := DecodePath(raw); !errors.Is(err, ErrPath) {
			t.Errorf("DecodePath(%q) = %q, %v, want ErrPath", raw, got, err)
		}
	}
}

func TestDecodePathAllocatesNothing(t *testing.T) {
	if allocs := testing.AllocsPerRun(100, func() {
		if got, err := DecodePath("/hyco/suf/fix/"); err != nil || got != "hyco/suf/fix" {
			t.Fatal(got, err)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations a run", allocs)
	}
}

func FuzzDecodePath(f *testing.F) {
	for _, s := range []string{"/hyco/p%20q", "//a//", "/a/%2e%2e/b", "/%C3%BC", "/%zz", "a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		path, err := DecodePath(raw)
		decoded, urlErr := url.PathUnescape(raw)
		if err != nil {
			segments := strings.Split(decoded, "/")
			good := urlErr == nil && utf8.ValidString(decoded) && !strings.ContainsFunc(decoded, isControl) &&
				!slices.Contains(segments, ".") && !slices.Contains(segments, "..")
			if good || !errors.Is(err, ErrPath) {
				t.Fatalf("DecodePath(%q): %v", raw, err)
			}
			return
		}
		segments := slices.DeleteFunc(strings.Split(decoded, "/"), func(s string) bool { return s == "" })
		if want := strings.Join(segments, "/"); urlErr != nil || path != want {
			t.Fatalf("DecodePath(%q) = %q, want %q, %v", raw, path, want, urlErr)
		}
	})
}

// TestRequestTarget follows section 2.2; the second line is capture 14.16.
func TestRequestTarget(t *testing.T) {
	for _, c := range []struct{ path, query, service, raw string }{
		{"/a2/small", "x=1&y", "/a2/small?x=1&y", "/a2/small?x=1&y"},
		{"/hyco/a%20b/c", "x=1&y", "/hyco/a b/c?x=1&y", "/hyco/a%20b/c?x=1&y"},
		{"/h", "", "/h", "/h"},
		{"/h/%25%2F%2f%5C%3F%23", "", "/h/%25%2F%2f%5C%3F%23", "/h/%25%2F%2f%5C%3F%23"},
		{"/h/%0d%0A%00%7f%1F", "", "/h/%0d%0A%00%7f%1F", "/h/%0d%0A%00%7f%1F"},
		{"/h/%C3%BC%e2%82%ac", "q=%C3%BC", "/h/\u00fc\u20ac?q=%C3%BC", "/h/%C3%BC%e2%82%ac?q=%C3%BC"},
		{"/h/%ff%41%C3", "", "/h/%ffA%C3", "/h/%ff%41%C3"},
		{"/h/%EF%BF%BD", "", "/h/\uFFFD", "/h/%EF%BF%BD"},
		{"/h/%C3x%BC", "", "/h/%C3x%BC", "/h/%C3x%BC"},
		{"/h/%22%3c%7B", "", `/h/"<{`, "/h/%22%3c%7B"},
		{"/h/%zz%4", "", "/h/%zz%4", "/h/%zz%4"},
		{"/a%2520b", "", "/a%2520b", "/a%2520b"},
	} {
		if got := RequestTarget(c.path, c.query, false); got != c.service {
			t.Errorf("RequestTarget(%q) = %q, want %q", c.path, got, c.service)
		}
		if got := RequestTarget(c.path, c.query, true); got != c.raw {
			t.Errorf("RequestTarget(%q) raw = %q, want %q", c.path, got, c.raw)
		}
		whole := c.path
		if c.query != "" {
			whole += "?" + c.query
		}
		for raw, want := range map[bool]string{false: c.service, true: c.raw} {
			if got := TargetOf(whole, raw); got != want {
				t.Errorf("TargetOf(%q, %v) = %q, want %q", whole, raw, got, want)
			}
		}
	}
}

// FuzzRequestTarget: decoding once more what is shown gives the bytes of the sender's path, whatever was left encoded.
func FuzzRequestTarget(f *testing.F) {
	for _, s := range []string{"/a%20b", "/%25%2F", "/%ff%C3", "/%C3%BC", "/%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		shown := RequestTarget(path, "", false)
		want, err := url.PathUnescape(path)
		if err != nil {
			return
		}
		got, err := url.PathUnescape(shown)
		if err != nil || got != want {
			t.Fatalf("%q is shown as %q, which is %q, %v", path, shown, got, err)
		}
		if utf8.ValidString(path) && !utf8.ValidString(shown) {
			t.Fatalf("%q is shown as %q, no UTF-8", path, shown)
		}
	})
}
