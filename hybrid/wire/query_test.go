package wire

import (
	"net/url"
	"strings"
	"testing"
)

// filterVectors are section 2.2 and row 27 of section 16.6: what is sent behind "?", what the listener sees.
var filterVectors = [][2]string{
	{"", ""},
	{"foo=bar", "foo=bar"},
	{"&foo=bar", "&foo=bar"},
	{"a=1&a=2&", "a=1&a=2&"},
	{"&&&", "&&&"},
	{"sb-hc-id=1", ""},
	{"sb-hc-id=1&custom=value", "custom=value"},
	{"custom=value&sb-hc-id=1", "custom=value"},
	{"sb-hc-undefined", "sb-hc-undefined"},
	{"sb-hc-undefined=true", ""},
	{"sb-hc-whatever=", ""},
	{"key='value'", "key='value'"},
	{"+", "+"},
	{"%2B", "%2B"},
	{"%20", "%20"},
	{"%2f%3a%3d%26", "%2f%3a%3d%26"},
	{"%C3%b8", "%C3%b8"},
	{"foo=bar&", "foo=bar&"},
	{"sb-hc-whatever=&foo=bar", "foo=bar"},
	{"CustomValue", "CustomValue"},
	{"custom-Value", "custom-Value"},
	{"custom&value", "custom&value"},
	{"&custom&value&", "&custom&value&"},
	{"&&value&&", "&&value&&"},
	{"api-version=abc", "api-version=abc"},
	{"key=%22value%22", "key=%22value%22"},
	{"key=%3Cvalue%3E", "key=%3Cvalue%3E"},
	{"%20Key%20=%20%20Value%20With%20Space", "%20Key%20=%20%20Value%20With%20Space"},
	{"%20Not%20a%20key%20value%20pair", "%20Not%20a%20key%20value%20pair"},
	{"name=%C3%B8", "name=%C3%B8"},
	// Captures 14.1, 14.8, 14.14.
	{"x=1&sb-hc-id=zzz&y", "x=1&y"},
	{"p=v&q=a%20b&sb-hc-action=connect&sb-hc-id=11111111-2222-3333-4444-555555555555", "p=v&q=a%20b"},
	{"foo=b%20r&x=%2f&sb-hc-foo=1&noeq&sb-hc-action=connect&sb-hc-id=58c69e4f-c32c-4523-9649-c37cb8277089", "foo=b%20r&x=%2f&noeq"},
	// The rule's edges: any case, encoded names, a "=" in the value, names that only look alike, the helper's bug.
	{"SB-HC-Token=secret&a", "a"},
	{"%73b-hc-token=secret", ""},
	{"sb%2Dhc%2dtoken=secret&b=2", "b=2"},
	{"sb-hc-token=a=b&c", "c"},
	{"a=sb-hc-token=x", "a=sb-hc-token=x"},
	{"sb-h=1&sb-hc=2&xsb-hc-id=3&sb_hc_id=4", "sb-h=1&sb-hc=2&xsb-hc-id=3&sb_hc_id=4"},
	{"+sb-hc-id=1", "+sb-hc-id=1"},
	{"=sb-hc-id", "=sb-hc-id"},
	{"null?sb-hc-token=secret", ""},
	{"null?sb-hc-tokens=x", "null?sb-hc-tokens=x"},
	{"sb-hc-id=1&", ""},
	{"&sb-hc-id=1", ""},
	{"&sb-hc-id=1&", "&"},
	{"a&sb-hc-id=1&b&sb-hc-x=1&sb-hc-y=2&&c=3", "a&b&&c=3"},
	{"%zz=1&sb-hc-%zz=2", "%zz=1"},
}

// FilterQuery is a filter of all elements of a query.
func FilterQuery(query string) string {
	f := filter{query: query}
	for e := range elements(query) {
		f.take(&e)
	}
	return f.result()
}

func TestFilterQuery(t *testing.T) {
	for _, v := range filterVectors {
		if got := FilterQuery(v[0]); got != v[1] {
			t.Errorf("FilterQuery(%q) = %q, want %q", v[0], got, v[1])
		}
	}
}

func TestFilterQueryAllocatesNothing(t *testing.T) {
	queries := []string{
		"", "a=1&b=2", "sb-hc-action=connect&sb-hc-id=58c69e4f-c32c-4523-9649-c37cb8277089",
		"p=v&q=a%20b&sb-hc-action=connect&sb-hc-id=1", "sb-hc-action=connect&sb-hc-id=1&p=v",
	}
	allocs := testing.AllocsPerRun(100, func() {
		for _, q := range queries {
			FilterQuery(q)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a run", allocs)
	}
}

// FuzzFilterQuery compares with the algorithm as section 2.2 words it.
func FuzzFilterQuery(f *testing.F) {
	for _, v := range filterVectors {
		f.Add(v[0])
	}
	f.Fuzz(func(t *testing.T, query string) {
		var kept []string
		for part := range strings.SplitSeq(query, "&") {
			name, _, ok := strings.Cut(part, "=")
			decoded := strings.ToLower(formDecode(name))
			if !ok || !strings.HasPrefix(decoded, "sb-hc-") && decoded != "null?sb-hc-token" {
				kept = append(kept, part)
			}
		}
		want := strings.Join(kept, "&")
		got := FilterQuery(query)
		if got != want {
			t.Fatalf("FilterQuery(%q) = %q, want %q", query, got, want)
		}
		if again := FilterQuery(got); again != got {
			t.Fatalf("filtered twice: %q, once: %q", again, got)
		}
	})
}

// FuzzFormDecode compares with net/url where that has an opinion.
func FuzzFormDecode(f *testing.F) {
	f.Add("a+b%20c%2B%25")
	f.Add("%")
	f.Add("%4")
	f.Add("%zz")
	f.Fuzz(func(t *testing.T, s string) {
		got := formDecode(s)
		if want, err := url.QueryUnescape(s); err == nil && got != want {
			t.Fatalf("formDecode(%q) = %q, want %q", s, got, want)
		}
		if len(got) > len(s) {
			t.Fatalf("formDecode(%q) grew to %q", s, got)
		}
		if back := formDecode(url.QueryEscape(s)); back != s {
			t.Fatalf("%q comes back as %q", s, back)
		}
	})
}

func TestFormDecodeKeepsWhatIsNoEscape(t *testing.T) {
	for in, want := range map[string]string{"100%": "100%", "%4": "%4", "%zz+%41": "%zz A", "%%41": "%A", "%2": "%2"} {
		if got := formDecode(in); got != want {
			t.Errorf("formDecode(%q) = %q, want %q", in, got, want)
		}
	}
}
