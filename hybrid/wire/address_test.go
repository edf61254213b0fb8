package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRendezvous(t *testing.T) {
	const id = "00010203-0405-0607-0809-0a0b0c0d0eff_G1"
	for _, c := range []struct {
		name string
		at   Rendezvous
		want string
	}{
		{
			"accept (14.8)",
			Rendezvous{Authority: "localhost:8443", Path: "/hyco/suf/fix", Query: "p=v&q=a%20b", Action: ActionAccept},
			"wss://localhost:8443/$hc/hyco/suf/fix?p=v&q=a%20b&sb-hc-action=accept&sb-hc-id=" + id,
		},
		{
			"accept without query, no port (16.4)",
			Rendezvous{Authority: "localhost", Path: "/hyco", Action: ActionAccept},
			"wss://localhost/$hc/hyco?sb-hc-action=accept&sb-hc-id=" + id,
		},
		{
			"request has no query",
			Rendezvous{Authority: "localhost:8443", Path: "/a2/small", Query: "x=1&y", Action: ActionRequest},
			"wss://localhost:8443/$hc/a2/small?sb-hc-action=request&sb-hc-id=" + id,
		},
		{
			"plain", Rendezvous{Plain: true, Authority: "[::1]:8080", Path: "/a/", Action: ActionAccept},
			"ws://[::1]:8080/$hc/a/?sb-hc-action=accept&sb-hc-id=" + id,
		},
		{
			"bytes beyond ASCII", Rendezvous{Authority: "h", Path: "/\u00fc\xff", Query: "a=\u20ac'|{}\"&&b", Action: ActionAccept},
			"wss://h/$hc/%C3%BC%FF?a=%E2%82%AC'|{}\"&&b&sb-hc-action=accept&sb-hc-id=" + id,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.at.Ticket = ticket
			if got := c.at.String(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestAddressThere is the way of an address: made by the gateway, dialled by the listener, read by the gateway.
func TestAddressThere(t *testing.T) {
	at := Rendezvous{Authority: "localhost:8443", Path: "/hyco/p%20q", Query: "foo=b%20r&&noeq&statusCode=5", Action: ActionAccept, Ticket: ticket}
	address, err := ParseAddress(at.String())
	if err != nil {
		t.Fatal(err)
	}
	if address.Plain || address.Authority != at.Authority {
		t.Errorf("address %+v", address)
	}
	got, err := ParseTarget(address.Target)
	if err != nil {
		t.Fatal(err)
	}
	want := Target{Prefixed: true, Action: ActionAccept, ID: string(AppendID(nil, ticket)), Path: at.Path, Query: at.Query}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if id, ok := ParseID(got.ID); !ok || id != ticket {
		t.Errorf("ticket %x", id)
	}

	rejected, err := ParseAddress(RejectAddress(at.String(), 401, "No way, Jose & co"))
	if err != nil {
		t.Fatal(err)
	}
	want.HasStatus, want.Status, want.StatusDescription = true, 401, "No way, Jose & co"
	if got, err = ParseTarget(rejected.Target); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRejectAddress has the descriptions of captures 14.11 and 14.15.
func TestRejectAddress(t *testing.T) {
	const address = "wss://h/$hc/hyco?sb-hc-action=accept&sb-hc-id=1"
	for _, c := range []struct {
		status int
		text   string
		want   string
	}{
		{401, `No way, Jose & co + 100% "q" <x>`, "&sb-hc-statusCode=401&sb-hc-statusDescription=No+way%2C+Jose+%26+co+%2B+100%25+%22q%22+%3Cx%3E"},
		{400, "Rejected by user code", "&sb-hc-statusCode=400&sb-hc-statusDescription=Rejected+by+user+code"},
		{299, "", "&sb-hc-statusCode=299&sb-hc-statusDescription="},
		{502, "The Listener's handler", "&sb-hc-statusCode=502&sb-hc-statusDescription=The+Listener%27s+handler"},
	} {
		if got := RejectAddress(address, c.status, c.text); got != address+c.want {
			t.Errorf("got %s, want %s%s", got, address, c.want)
		}
	}
	if got := RejectAddress("wss://h/x", 400, "a"); got != "wss://h/x?sb-hc-statusCode=400&sb-hc-statusDescription=a" {
		t.Errorf("without a query: %s", got)
	}
}

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]Address{
		"wss://localhost:8443/$hc/a?sb-hc-action=accept&sb-hc-id=1":                  {Authority: "localhost:8443", Target: "/$hc/a?sb-hc-action=accept&sb-hc-id=1"},
		"WSS://g17-prod.servicebus.windows.net/$hc/a?sb-hc-id=" + guid1 + "_G17_G30": {Authority: "g17-prod.servicebus.windows.net", Target: "/$hc/a?sb-hc-id=" + guid1 + "_G17_G30"},
		"ws://[::1]:80/$hc/a?x=%2f&sb-hc-id=1":                                       {Plain: true, Authority: "[::1]:80", Target: "/$hc/a?x=%2f&sb-hc-id=1"},
	} {
		got, err := ParseAddress(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
	for _, in := range []string{
		"", "localhost/$hc/a?sb-hc-id=1", "https://h/$hc/a?sb-hc-id=1", "wss:///$hc/a?sb-hc-id=1", "wss://h", "wss://h?sb-hc-id=1",
		"wss://h/a?sb-hc-id=1", "wss://h/$hc/a", "wss://h/$hc/a?sb-hc-id=", "wss://u:p@h/$hc/a?sb-hc-id=1", `wss://e\h/$hc/a?sb-hc-id=1`,
		"wss://h/$hc/a b?sb-hc-id=1", "wss://h/$hc/a?sb-hc-id=1#frag", "wss://h#/$hc/a?sb-hc-id=1", "wss://h/$hc/a?sb-hc-id=1\r\nX: y", "wss://h/$hc/a?sb-hc-id=1&sb-hc-action=dance",
		"wss://h/$hc/" + strings.Repeat("a", maxTarget) + "?sb-hc-id=1",
	} {
		if got, err := ParseAddress(in); !errors.Is(err, ErrAddress) {
			t.Errorf("%.60q = %+v, %v, want ErrAddress", in, got, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("wss://localhost:8443/$hc/a?sb-hc-action=accept&sb-hc-id=1")
	f.Add("ws://h/$hc/?sb-hc-id=1")
	f.Add("wss://h?x")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			if !errors.Is(err, ErrAddress) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		scheme := "wss://"
		if a.Plain {
			scheme = "ws://"
		}
		if whole := scheme + a.Authority + a.Target; !strings.EqualFold(whole, s) || !strings.HasSuffix(s, a.Authority+a.Target) {
			t.Fatalf("%q was taken apart into %+v", s, a)
		}
		if strings.ContainsAny(s, "\r\n ") {
			t.Fatalf("%q would break a request line", s)
		}
	})
}

func FuzzRendezvous(f *testing.F) {
	f.Add("/hyco/p%20q", "a=1&b", ticket[:])
	f.Add("/\xff", "\u00fc", []byte{})
	f.Fuzz(func(t *testing.T, path, query string, id []byte) {
		sender, err := ParseTarget("/" + path + "?" + query)
		if err != nil || len(path)+len(query) > 10000 {
			return
		}
		at := Rendezvous{Authority: "h:1", Path: sender.Path, Query: sender.Query, Action: ActionAccept}
		copy(at.Ticket[:], id)
		address, err := ParseAddress(at.String())
		if err != nil {
			t.Fatalf("%s: %v", at.String(), err)
		}
		got, err := ParseTarget(address.Target)
		if err != nil || got.Action != ActionAccept || got.HasStatus {
			t.Fatalf("%s is read as %+v, %v", at.String(), got, err)
		}
		if back, ok := ParseID(got.ID); !ok || back != at.Ticket {
			t.Fatalf("ticket %x comes back as %x", at.Ticket, back)
		}
		if plain := string(appendASCII(nil, at.Query)); got.Query != plain {
			t.Fatalf("query %q comes back as %q", plain, got.Query)
		}
	})
}
