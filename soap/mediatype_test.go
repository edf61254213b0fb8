package soap

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/causeway-relay/causeway/soap/infoset"
)

func TestMediaTypes(t *testing.T) {
	for in, want := range map[string]string{
		`a/b`:                                    `a/b`,
		`A/B ; X=y;;z="q;\"r" ;`:                 `a/b; x=y; z="q;\"r"`,
		`a/b; action=http://x/y; type=text/xml`:  `a/b; action="http://x/y"; type="text/xml"`,
		`multipart/related;boundary=uuid:1+id=1`: `multipart/related; boundary="uuid:1+id=1"`,
		`a/b; start-info="application/soap+xml; action=\"u\""`:   `a/b; start-info="application/soap+xml; action=\"u\""`,
		`a/b; start-info="application/soap+xml; action="u"";x=y`: `a/b; start-info="application/soap+xml; action=\"u\""; x=y`,
		`a/b; type="c/d; action="u"; charset=utf-8"`:             `a/b; type="c/d; action=\"u\"; charset=utf-8"`,
		`a/b; x="c/d; action="u""`:                               "", // only where a content type stands
		`a/b; type="c/d; action="u"`:                             "", `a/b; type="c/d; action="u`: "", `a/b; type="="`: `a/b; type="="`, `a/b; type="="x`: "",
		`a/b; type="c; a="u"x"y`: "", `a/b; type=x="u`: `a/b; type="x=\"u"`, `a/b; type="c; a="u\""`: "",
		`a/b; x = y`: `a/b; x=y`,
		`a/b; x=`:    `a/b; x=""`,
		`a/b; x`:     "", `a/b; x="y`: "", `a/b; x="y"z`: "", `a/b; x=1; X=2`: "", "a/b\r\n; x=1": "", "a/b\xc7": "", "a/b; x\xc7=1": "", "a/b; x=\xc7": "a/b; x=\"\xc7\"", `a`: "", `/b`: "", `a/b c`: "", `a/b; =x`: "", `a/b; x y=1`: "", `a/b; x="\`: "",
		`a/b;` + strings.Repeat("x", 5000): "",
	} {
		m, err := ParseMediaType(in)
		if (err == nil) != (want != "") || err == nil && m.String() != want {
			t.Errorf("%q: %q %v", in, m.String(), err)
		}
		if err == nil {
			again, err := ParseMediaType(m.String())
			if diff := cmp.Diff(m, again); err != nil || diff != "" {
				t.Errorf("%q: %v %s", in, err, diff)
			}
		}
	}
}

func TestReadAction(t *testing.T) {
	for _, tc := range []struct {
		name, contentType string
		v                 Version
		header            []string
		want              HTTPAction
		bad               string
	}{
		{"quoted", "text/xml", V11, []string{`"urn:a"`}, HTTPAction{"urn:a", true}, ""},
		{"bare", "text/xml", V11, []string{` urn:a `}, HTTPAction{"urn:a", true}, ""},
		{"absent", "text/xml", V11, nil, HTTPAction{}, ""},
		{"empty", "text/xml", V11, []string{``}, HTTPAction{"", true}, ""},
		{"empty quotes", "text/xml", V11, []string{`""`}, HTTPAction{"", true}, ""},
		{"one quote", "text/xml", V11, []string{`"urn:a`}, HTTPAction{}, "quotes that do not fit"},
		{"lone quote", "text/xml", V11, []string{`"`}, HTTPAction{}, "quotes that do not fit"},
		{"quote inside", "text/xml", V11, []string{`"a"b"`}, HTTPAction{}, "quotes that do not fit"},
		{"control character", "text/xml", V11, []string{"a\x01"}, HTTPAction{}, "control character"},
		{"twice the same", "text/xml", V11, []string{`"a"`, `a`}, HTTPAction{"a", true}, ""},
		{"twice different", "text/xml", V11, []string{`"a"`, `"b"`}, HTTPAction{}, "two headers SOAPAction"},
		{"parameter is not 1.1's", `text/xml; action="urn:p"`, V11, []string{`"urn:a"`}, HTTPAction{"urn:a", true}, ""},
		{"parameter", `application/soap+xml; action="urn:p"`, V12, nil, HTTPAction{"urn:p", true}, ""},
		{"parameter and empty header", `application/soap+xml; action="urn:p"`, V12, []string{`""`}, HTTPAction{"urn:p", true}, ""},
		{"parameter and the same", `application/soap+xml; action="urn:p"`, V12, []string{`"urn:p"`}, HTTPAction{"urn:p", true}, ""},
		{"parameter and another", `application/soap+xml; action="urn:p"`, V12, []string{`"urn:a"`}, HTTPAction{}, "differ"},
		{"header in 1.2", `application/soap+xml`, V12, []string{`"urn:a"`}, HTTPAction{"urn:a", true}, ""},
	} {
		m, err := ParseMediaType(tc.contentType)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadAction(tc.v, &m, tc.header)
		if tc.bad != "" {
			if e, ok := errors.AsType[*Error](err); !ok || e.Version != tc.v || !strings.Contains(err.Error(), tc.bad) {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if err != nil || got != tc.want {
			t.Errorf("%s: %+v %v", tc.name, got, err)
		}
	}
	for in, want := range map[string]string{"urn:a": `"urn:a"`, "": `""`, "a\"b\r\né": `"a%22b%0D%0A%C3%A9"`} {
		if got := QuoteAction(in); got != want {
			t.Errorf("%q quoted as %s", in, got)
		}
		if !SameAction(strings.Trim(QuoteAction(in), `"`), in) {
			t.Errorf("%q is not the same behind quotes", in)
		}
	}
	if SameAction("urn:a", "urn:A") || SameAction("a%2", "a") || !SameAction("a%2", "a%2") || !SameAction("a%C3%A9%zz", "aé%zz") {
		t.Error("comparison of actions")
	}
}

// TestExplain: what is not the sender's fault tells nothing of itself.
func TestExplain(t *testing.T) {
	secret := errors.New("password=1234")
	for _, err := range []error{secret, fmt.Errorf("x: %w", secret), &infoset.Error{Reason: infoset.Source, Err: secret}, &infoset.Error{Reason: infoset.Misuse, Detail: "1234"}} {
		e := Explain(err, V12)
		if e.Fault.Code != Receiver || e.Fault.Effective().Local != "InternalServiceFault" || strings.Contains(e.Error(), "1234") || !errors.Is(e, err) {
			t.Errorf("%v", e)
		}
	}
	once := Refuse(V12, Sender, "first")
	if again := Explain(fmt.Errorf("op: %w", once), V11); again != once {
		t.Error(again)
	}
	inner := &infoset.Error{Reason: infoset.Malformed, Detail: "gzip"}
	if e := Explain(&infoset.Error{Reason: infoset.Source, Err: inner}, V12); e.Fault.Code != Sender {
		t.Error(e)
	}
}
