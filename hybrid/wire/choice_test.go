package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/internal/http1"
)

func TestProtocols(t *testing.T) {
	const name = "Sec-WebSocket-Protocol"
	for _, c := range []struct {
		in   http1.Fields
		want []string
	}{
		{nil, nil},
		{fields("Host", "p1"), nil},
		{fields("sec-websocket-protocol", "p1,p2"), []string{"p1", "p2"}},
		{fields(name, " a , ,b", "X", "y", name, "c"), []string{"a", "b", "c"}},
	} {
		if diff := cmp.Diff(c.want, Protocols(c.in)); diff != "" {
			t.Errorf("%v: %s", c.in, diff)
		}
	}
	if got := Protocols(fields(name, strings.Repeat("p,", 1000))); len(got) != maxListed {
		t.Errorf("%d offers, want %d", len(got), maxListed)
	}
}

// TestChooseProtocol follows section 7: .NET and hyco-ws answer the first offered, Java none, a Rust client all.
func TestChooseProtocol(t *testing.T) {
	for _, c := range []struct {
		offers, answer []string
		want           string
	}{
		{[]string{"p1", "p2"}, []string{"p1"}, "p1"},
		{[]string{"p1", "p2"}, nil, ""},
		{[]string{"p1", "p2"}, []string{"p1", "p2"}, "p1"},
		{[]string{"p1", "p2"}, []string{"p2", "p1"}, "p2"},
		{[]string{"p1", "p2"}, []string{"other", "p2"}, "p2"},
		{[]string{"p1"}, []string{"P1"}, ""},
		{nil, []string{"p1"}, ""},
		{nil, nil, ""},
	} {
		if got := ChooseProtocol(c.offers, c.answer); got != c.want {
			t.Errorf("offers %v, answer %v: %q, want %q", c.offers, c.answer, got, c.want)
		}
	}
}

func TestListeners(t *testing.T) {
	const allow, deny = "Microsoft-Relay-AllowedListeners", "microsoft-relay-disallowedlisteners"
	one := [16]byte{0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55}
	const text = "00010203-0405-0607-0809-0A0B0C0D0EFF"
	for _, c := range []struct {
		in            http1.Fields
		allowed, deny [][16]byte
	}{
		{nil, nil, nil},
		{fields(allow, guid1), [][16]byte{one}, nil},
		{fields(deny, guid1+", "+text, deny, ""), nil, [][16]byte{one, ticket}},
		{fields(allow, text+","+guid1+"_G1", deny, text), [][16]byte{ticket, one}, [][16]byte{ticket}},
		{fields(allow, "123456"), [][16]byte{}, nil},
		{fields(allow, ""), [][16]byte{}, nil},
	} {
		allowed, disallowed, err := Listeners(c.in)
		if err != nil {
			t.Errorf("%v: %v", c.in, err)
		}
		if diff := cmp.Diff(c.allowed, allowed); diff != "" {
			t.Errorf("%v allows %s", c.in, diff)
		}
		if diff := cmp.Diff(c.deny, disallowed); diff != "" {
			t.Errorf("%v disallows %s", c.in, diff)
		}
	}
	for _, name := range []string{allow, deny} {
		if _, _, err := Listeners(fields(name, strings.Repeat("x,", maxListed)+"x")); !errors.Is(err, ErrTooLarge) {
			t.Errorf("long %s: %v", name, err)
		}
	}
}

func FuzzListeners(f *testing.F) {
	f.Add(guid1+", 123456", "")
	f.Fuzz(func(t *testing.T, allow, deny string) {
		in := fields("Microsoft-Relay-AllowedListeners", allow, "Microsoft-Relay-DisallowedListeners", deny)
		allowed, disallowed, err := Listeners(in)
		if err != nil {
			if !errors.Is(err, ErrTooLarge) {
				t.Fatal(err)
			}
			return
		}
		if allowed == nil || disallowed == nil || len(allowed) > maxListed || len(disallowed) > maxListed {
			t.Fatalf("%d allowed, %d disallowed", len(allowed), len(disallowed))
		}
		for _, id := range allowed {
			if !strings.Contains(strings.ToLower(allow), string(AppendGUID(nil, id))) {
				t.Fatalf("%x is not in %q", id, allow)
			}
		}
	})
}

// TestSplitSetCookie has the joined values of section 8.5, 14.16 and 16.8.
func TestSplitSetCookie(t *testing.T) {
	for in, want := range map[string][]string{
		"":                       {""},
		"c1=1":                   {"c1=1"},
		"a=1,b=2":                {"a=1", "b=2"},
		"a=1; path=/,b=2":        {"a=1; path=/", "b=2"},
		"a=1; HttpOnly, b=2,c=3": {"a=1; HttpOnly", "b=2", "c=3"},
		"a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Path=/": {"a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Path=/"},
		"a=1; expires=Wed, 09-Jun-2027 10:18:14 GMT,b=2":     {"a=1; expires=Wed, 09-Jun-2027 10:18:14 GMT", "b=2"},
		"a=1,":      {"a=1,"},
		"a=1,b":     {"a=1,b"},
		"a=1,=2":    {"a=1,=2"},
		"a=1,b c=2": {"a=1,b c=2"},
		`a="x,y"`:   {`a="x,y"`},
	} {
		if diff := cmp.Diff(want, SplitSetCookie(in)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func FuzzSplitSetCookie(f *testing.F) {
	f.Add("a=1; path=/,b=2, c=3")
	f.Fuzz(func(t *testing.T, value string) {
		strip := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if parts := SplitSetCookie(value); strip(strings.Join(parts, ",")) != strip(value) {
			t.Fatalf("%q falls into %q", value, parts)
		}
	})
}
