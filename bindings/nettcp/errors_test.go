package nettcp

import (
	"testing"

	"github.com/causeway-relay/causeway/bindings/framing"
	"github.com/causeway-relay/causeway/gateway/auth"
	"github.com/causeway-relay/causeway/gateway/fail"
)

// TestErrorsAreTotal: every code has its fault, or closes by intention; none has both.
func TestErrorsAreTotal(t *testing.T) {
	for _, code := range fail.Codes() {
		fault, has := faults[code]
		if has == closes[code] || has && fault == "" {
			t.Errorf("%s: fault %q, closes %v", code, fault, closes[code])
		}
		if got := faultOf(fail.New(code, "")); got != fault {
			t.Errorf("%s is told as %q", code, got)
		}
	}
	if len(faults)+len(closes) != len(fail.Codes()) {
		t.Error("a code that does not exist has a place")
	}
}

// TestBreaches: a breach of the framing is told with its own fault.
func TestBreaches(t *testing.T) {
	for fault, code := range map[framing.Fault]fail.Code{
		framing.ViaTooLong: fail.HeadTooLarge, framing.ContentTypeTooLong: fail.HeadTooLarge, framing.MaxMessageSizeExceeded: fail.TooLarge,
		framing.UnsupportedMode: fail.BadRequest, "": fail.BadRequest,
	} {
		err := &framing.Error{Fault: fault, Text: "x"}
		if codeOf(err) != code {
			t.Errorf("%q is %s", fault, codeOf(err))
		}
		if got := faultOf(fail.Wrap(code, "preamble", err)); fault != "" && got != fault {
			t.Errorf("%q is told as %q", fault, got)
		}
	}
}

// TestParseVia: what a Via says, and what of it goes on.
func TestParseVia(t *testing.T) {
	rows := []struct {
		via                         string
		path, host, target, forward string
		token                       string
		code                        fail.Code
	}{
		{via: "net.tcp://h:9808/Calc/Sub/?a=b", path: "calc/sub", host: "h:9808", target: "/Calc/Sub/?a=b"},
		{via: "net.tcp://h/a%20b", path: "a b", host: "h", target: "/a%20b"},
		{via: "NET.TCP://h/a", path: "a", host: "h", target: "/a"},
		{via: "net.tcp://h/a?sb-hc-token=x%3Dy", path: "a", host: "h", target: "/a", forward: "net.tcp://h/a", token: "x=y"},
		{via: "net.tcp://h/a?b&sb-hc-token=x&c", path: "a", host: "h", target: "/a?b&c", forward: "net.tcp://h/a?b&c", token: "x"},
		{via: "net.tcp://h/a?sb-hc-token=", path: "a", host: "h", target: "/a?sb-hc-token="},
		{via: "net.pipe://h/a", code: fail.UnknownEntity},
		{via: "a", code: fail.UnknownEntity},
		{via: "net.tcp://h:x/a", code: fail.BadRequest},
		{via: "net.tcp://h/a%00", code: fail.BadRequest},
		{via: "net.tcp://h/a?sb-hc-token=%z", code: fail.MalformedToken},
	}
	for _, row := range rows {
		d, err := parseVia(row.via)
		if err != nil {
			if err.Code != row.code {
				t.Errorf("%s: %v", row.via, err)
			}
			continue
		}
		got := []string{d.at.Path, d.host, d.target, d.forward, d.cred.Text}
		want := []string{row.path, row.host, row.target, row.forward, row.token}
		for i := range want {
			if got[i] != want[i] || row.code != "" {
				t.Errorf("%s: %q, want %q", row.via, got, want)
				break
			}
		}
	}
}

// TestSafeFor: a token in the clear is for this machine alone, unless the operator says otherwise.
func TestSafeFor(t *testing.T) {
	bare, shown := destination{}, destination{cred: auth.Credential{Scheme: auth.SAS, Text: "x"}}
	for _, row := range []struct {
		d            *destination
		local, plain bool
		ok           bool
	}{{&bare, false, false, true}, {&shown, true, false, true}, {&shown, false, true, true}, {&shown, false, false, false}} {
		if err := row.d.safeFor(row.local, row.plain); (err == nil) != row.ok {
			t.Errorf("%+v: %v", row, err)
		}
	}
}
