package http1

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFields(t *testing.T) {
	f := Fields{{"Host", "h"}, {"X-a", "1"}, {"Empty", ""}, {"x-A", "2"}, {"Kelvin", "k"}, {"X^@", "caret"}}
	if f.Get("HOST") != "h" || f.Get("x-a") != "1" || f.Get("none") != "" || f.Get("Empty") != "" {
		t.Errorf("Get: %q %q %q", f.Get("HOST"), f.Get("x-a"), f.Get("none"))
	}
	if !f.Has("empty") || f.Has("none") || f.Has("hos") || f.Has("\u212aelvin") || f.Has("X~`") {
		t.Error("Has: wrong")
	}
	if got := f.Values("X-A"); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("Values: %q", got)
	}
	if got := f.Values("none"); got != nil {
		t.Errorf("Values of a missing field: %q", got)
	}
}

func TestChangeFields(t *testing.T) {
	start := Fields{{"A", "1"}, {"b", "2"}, {"a", "3"}, {"C", "4"}, {"A", "5"}}
	for name, test := range map[string]struct {
		change func(*Fields)
		want   Fields
	}{
		"add":            {func(f *Fields) { f.Add("B", "9") }, append(slices.Clone(start), Field{"B", "9"})},
		"set new":        {func(f *Fields) { f.Set("D", "9") }, append(slices.Clone(start), Field{"D", "9"})},
		"set first":      {func(f *Fields) { f.Set("A", "9") }, Fields{{"A", "9"}, {"b", "2"}, {"C", "4"}}},
		"set other case": {func(f *Fields) { f.Set("B", "9") }, Fields{{"A", "1"}, {"B", "9"}, {"a", "3"}, {"C", "4"}, {"A", "5"}}},
		"del":            {func(f *Fields) { f.Del("a") }, Fields{{"b", "2"}, {"C", "4"}}},
		"del none":       {func(f *Fields) { f.Del("x") }, start},
	} {
		f := slices.Clone(start)
		test.change(&f)
		if diff := cmp.Diff(test.want, f); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	var empty Fields
	empty.Set("A", "1")
	if empty.Get("a") != "1" {
		t.Error("the zero value is not usable")
	}
}

func TestTokens(t *testing.T) {
	for value, want := range map[string][]string{
		"":                        nil,
		"a":                       {"a"},
		" a ,\tb ":                {"a", "b"},
		",,a,, ,b,":               {"a", "b"},
		`a="x,y", b`:              {`a="x,y"`, "b"},
		`"a\",b", c`:              {`"a\",b"`, "c"},
		`a;q="\\",b`:              {`a;q="\\"`, "b"},
		`"open, b`:                {`"open, b`},
		`\,b`:                     {`\`, "b"},
		"keep-alive, Upgrade":     {"keep-alive", "Upgrade"},
		"\u00a0a\u00a0":           {"\u00a0a\u00a0"},
		"relay.example, graphql-": {"relay.example", "graphql-"},
	} {
		f := Fields{{"X", "y"}, {"L", value}, {"l", "last"}}
		if got := slices.Collect(f.Tokens("l")); !slices.Equal(got, append(slices.Clone(want), "last")) {
			t.Errorf("%q: %q, want %q and last", value, got, want)
		}
	}
	f := Fields{{"Connection", "keep-alive, UPGRADE"}, {"Connection", "x"}}
	for token, want := range map[string]bool{"upgrade": true, "Keep-Alive": true, "x": true, "keep": false, "": false, "keep-alive, UPGRADE": false} {
		if f.HasToken("connection", token) != want {
			t.Errorf("HasToken %q is %v", token, !want)
		}
	}
	for range f.Tokens("connection") { // leaving early is allowed
		break
	}
	if (Fields{{"Connection", "clo\u017fe"}}).HasToken("Connection", "close") {
		t.Error("a long s passes for an s")
	}
}

func TestDelHop(t *testing.T) {
	f := Fields{
		{"Host", "h"}, {"Connection", "close, X-Hop"}, {"x-hop", "1"}, {"Keep", "1"}, {"connection", "Host, keep-alive"}, {"Keep-Alive", "timeout=5"},
		{"TE", "trailers"}, {"Trailer", "X"}, {"Transfer-Encoding", "chunked"}, {"upgrade", "websocket"}, {"content-length", "1"}, {"Proxy-Connection", "x"},
		{"Close", "x"}, {"Via", "1.1 a"}, {"Cookie", "a"}, {"Cookie", "b"},
	}
	f.DelHop()
	if diff := cmp.Diff(Fields{{"Host", "h"}, {"Keep", "1"}, {"Via", "1.1 a"}, {"Cookie", "a"}, {"Cookie", "b"}}, f); diff != "" {
		t.Error(diff)
	}
}
