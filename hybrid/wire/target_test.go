package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const guid1 = "11111111-2222-3333-4444-555555555555"

// targets are request lines of real clients and the grammar's edges (sections 2, 13, 14).
var targets = []struct {
	name, raw string
	want      Target
	err       error
}{
	{name: "hyco-https listen (14.1)", raw: "/$hc/a2?sb-hc-action=listen", want: Target{Prefixed: true, Action: ActionListen, Path: "/a2"}},
	{name: "hyco-https sender (14.1)", raw: "/a2/small?x=1&sb-hc-id=zzz&y", want: Target{ID: "zzz", Path: "/a2/small", Query: "x=1&y"}},
	{
		name: "hyco-ws sender (14.8)", raw: "/$hc/hyco/suf/fix?p=v&q=a%20b&sb-hc-action=connect&sb-hc-id=" + guid1,
		want: Target{Prefixed: true, ID: guid1, Path: "/hyco/suf/fix", Query: "p=v&q=a%20b"},
	},
	{
		name: "hyco-ws accept (14.8)", raw: "/$hc/hyco/suf/fix?p=v&q=a%20b&sb-hc-action=accept&sb-hc-id=" + guid1 + "_G1_G2",
		want: Target{Prefixed: true, Action: ActionAccept, ID: guid1 + "_G1_G2", Path: "/hyco/suf/fix", Query: "p=v&q=a%20b"},
	},
	{
		name: "Java listen (14.10)", raw: "/$hc/hyco?sb-hc-action=listen&sb-hc-id=d9181251-ce08-405a-8001-0c73e30ca86e",
		want: Target{Prefixed: true, Action: ActionListen, ID: "d9181251-ce08-405a-8001-0c73e30ca86e", Path: "/hyco"},
	},
	{
		name: "Java reject (14.11)",
		raw:  "/$hc/hyco?foo=bar&sb-hc-action=accept&sb-hc-id=f2040d69-88d3-4f52-9edb-36cd295453aa_G1_G2&sb-hc-statusCode=401&sb-hc-statusDescription=No+way%2C+Jose+%26+co",
		want: Target{
			Prefixed: true, Action: ActionAccept, ID: "f2040d69-88d3-4f52-9edb-36cd295453aa_G1_G2", Path: "/hyco", Query: "foo=bar",
			HasStatus: true, Status: 401, StatusDescription: "No way, Jose & co",
		},
	},
	{
		name: ".NET sender (14.14)",
		raw:  "/$hc/hyco/suf/p%20q?foo=b%20r&x=%2f&sb-hc-foo=1&noeq&sb-hc-action=connect&sb-hc-id=58c69e4f-c32c-4523-9649-c37cb8277089",
		want: Target{Prefixed: true, ID: "58c69e4f-c32c-4523-9649-c37cb8277089", Path: "/hyco/suf/p%20q", Query: "foo=b%20r&x=%2f&noeq"},
	},
	{
		name: ".NET reject (14.15)",
		raw:  "/$hc/hyco?sb-hc-action=accept&sb-hc-id=1_G1_G2&sb-hc-statusCode=401&sb-hc-statusDescription=No+way%2C+Jose+%26+co+%2B+100%25+%22q%22+%3Cx%3E",
		want: Target{
			Prefixed: true, Action: ActionAccept, ID: "1_G1_G2", Path: "/hyco",
			HasStatus: true, Status: 401, StatusDescription: `No way, Jose & co + 100% "q" <x>`,
		},
	},
	{
		name: ".NET reject without text (14.15)", raw: "/$hc/hyco?sb-hc-action=accept&sb-hc-id=1&sb-hc-statusCode=299&sb-hc-statusDescription=",
		want: Target{Prefixed: true, Action: ActionAccept, ID: "1", Path: "/hyco", HasStatus: true, Status: 299},
	},
	{
		name: "Node helper (14.13)", raw: "/$hc/a2?sb-hc-action=connect&sb-hc-token=SharedAccessSignature%20sr%3Dhttp%253A%252F%252Fhost%252Fa2%26sig%3Dx%2By%253D&sb-hc-id=ID",
		want: Target{Prefixed: true, ID: "ID", Token: "SharedAccessSignature sr=http%3A%2F%2Fhost%2Fa2&sig=x+y%3D", Path: "/a2"},
	},
	{
		name: ".NET token form-encoded", raw: "/$hc/a2?sb-hc-token=SharedAccessSignature+sr%3dhttp",
		want: Target{Prefixed: true, Token: "SharedAccessSignature sr=http", Path: "/a2"},
	},
	{
		name: "Node helper's bug (13, row 25)", raw: "/a2?null?sb-hc-token=SharedAccessSignature%20sr%3Dx",
		want: Target{Token: "SharedAccessSignature sr=x", Path: "/a2"},
	},
	{
		name: "encoded question mark (2)", raw: "/$hc/path%3Fsb-hc-action=connect&sb-hc-id=5",
		want: Target{Prefixed: true, ID: "5", Path: "/path"},
	},
	{
		name: "encoded question mark and a query", raw: "/$hc/p/q%3fsb-hc-action=accept&sb-hc-id=5?x=1",
		want: Target{Prefixed: true, Action: ActionAccept, ID: "5", Path: "/p/q", Query: "x=1"},
	},
	{name: "encoded question mark of the sender's", raw: "/a%3Fsb-hcx?b", want: Target{Path: "/a%3Fsb-hcx", Query: "b"}},
	{name: "no action", raw: "/$hc/hyco", want: Target{Prefixed: true, Path: "/hyco"}},
	{name: "empty action", raw: "/$hc/hyco?sb-hc-action=", want: Target{Prefixed: true, Path: "/hyco"}},
	{name: "names and values in any case", raw: "/$HC/hyco?SB-HC-ACTION=Listen&Sb-Hc-Id=A", want: Target{Prefixed: true, Action: ActionListen, ID: "A", Path: "/hyco"}},
	{name: "encoded prefix", raw: "/%24hc/hyco?sb%2dhc-action=request", want: Target{Prefixed: true, Action: ActionRequest, Path: "/hyco"}},
	{name: "trailing slash is kept", raw: "/$hc/hyco/?sb-hc-action=listen", want: Target{Prefixed: true, Action: ActionListen, Path: "/hyco/"}},
	{name: "prefix alone", raw: "/$hc", want: Target{Prefixed: true, Path: "/"}},
	{name: "prefix only as a segment", raw: "/$hcx/a", want: Target{Path: "/$hcx/a"}},
	{name: "prefix only in front", raw: "/a/$hc/b", want: Target{Path: "/a/$hc/b"}},
	{name: "root", raw: "/", want: Target{Path: "/"}},
	{name: "bare question mark", raw: "/a?", want: Target{Path: "/a"}},
	{name: "question mark in the query", raw: "/a?b?c", want: Target{Path: "/a", Query: "b?c"}},
	{name: "first of two counts", raw: "/a?sb-hc-id=1&sb-hc-id=2&sb-hc-token=x&sb-hc-token=y", want: Target{ID: "1", Token: "x", Path: "/a"}},
	{name: "key in the query", raw: "/a?sb-hc-sas-key-name=n&sb-hc-sas-key=a%2Bb%3D", want: Target{KeyName: "n", Key: "a+b=", Path: "/a"}},
	{name: "unknown of ours", raw: "/a?sb-hc-new=1&b", want: Target{Path: "/a", Query: "b"}},
	{name: "standby", raw: "/$hc/a?sb-hc-action=standby&sb-hc-id=L", want: Target{Prefixed: true, Action: ActionStandby, ID: "L", Path: "/a"}},
	{
		name: "status means nothing to others", raw: "/$hc/a?sb-hc-statusCode=5&sb-hc-action=connect",
		want: Target{Prefixed: true, Path: "/a"},
	},
	{
		name: "old names behind the id", raw: "/$hc/a?sb-hc-action=accept&sb-hc-id=1&statusCode=403&statusDescription=Go%20away",
		want: Target{Prefixed: true, Action: ActionAccept, ID: "1", Path: "/a", Query: "statusCode=403&statusDescription=Go%20away", HasStatus: true, Status: 403, StatusDescription: "Go away"},
	},
	{
		name: "old names of the sender", raw: "/$hc/a?statusCode=403&statusDescription=x&sb-hc-action=accept&sb-hc-id=1",
		want: Target{Prefixed: true, Action: ActionAccept, ID: "1", Path: "/a", Query: "statusCode=403&statusDescription=x"},
	},
	{
		name: "old names of both", raw: "/$hc/a?statusCode=7&sb-hc-action=accept&sb-hc-id=1&statuscode=404",
		want: Target{Prefixed: true, Action: ActionAccept, ID: "1", Path: "/a", Query: "statusCode=7&statuscode=404", HasStatus: true, Status: 404},
	},
	{
		name: "new names win", raw: "/$hc/a?sb-hc-action=accept&sb-hc-id=1&statusCode=403&sb-hc-statusCode=404&sb-hc-statusDescription=x",
		want: Target{Prefixed: true, Action: ActionAccept, ID: "1", Path: "/a", Query: "statusCode=403", HasStatus: true, Status: 404, StatusDescription: "x"},
	},
	{
		name: "status before the action", raw: "/$hc/a?sb-hc-statusCode=100&sb-hc-id=1&sb-hc-action=accept",
		want: Target{Prefixed: true, Action: ActionAccept, ID: "1", Path: "/a", HasStatus: true, Status: 100},
	},

	{name: "no path", raw: "", err: ErrTarget},
	{name: "asterisk", raw: "*", err: ErrTarget},
	{name: "absolute", raw: "http://h/a", err: ErrTarget},
	{name: "too long", raw: "/" + strings.Repeat("a", maxTarget), err: ErrTooLarge},
	{name: "unknown action", raw: "/$hc/a?sb-hc-action=dance&sb-hc-id=1", err: ErrTarget, want: Target{Prefixed: true, ID: "1", Path: "/a"}},
	{name: "long id", raw: "/$hc/a?sb-hc-action=request&sb-hc-id=" + strings.Repeat("x", 257), err: ErrTarget, want: Target{Prefixed: true, Action: ActionRequest, Path: "/a"}},
	{name: "id with a line end", raw: "/$hc/a?sb-hc-id=1%0d%0aX", err: ErrTarget, want: Target{Prefixed: true, Path: "/a"}},
	{name: "id with a terminal escape", raw: "/$hc/a?sb-hc-id=%C2%9B31m", err: ErrTarget, want: Target{Prefixed: true, Path: "/a"}},
	{name: "id that is not UTF-8", raw: "/$hc/a?sb-hc-id=%ff", err: ErrTarget, want: Target{Prefixed: true, Path: "/a"}},
	{name: "status 99", raw: "/$hc/a?sb-hc-action=accept&sb-hc-statusCode=99", err: ErrStatus, want: Target{Prefixed: true, Action: ActionAccept, Path: "/a", HasStatus: true}},
	{name: "status 1000", raw: "/$hc/a?sb-hc-action=accept&sb-hc-statusCode=1000", err: ErrStatus, want: Target{Prefixed: true, Action: ActionAccept, Path: "/a", HasStatus: true}},
	{name: "no status", raw: "/$hc/a?sb-hc-action=accept&sb-hc-statusCode=", err: ErrStatus, want: Target{Prefixed: true, Action: ActionAccept, Path: "/a", HasStatus: true}},
	{name: "words for a status", raw: "/$hc/a?sb-hc-action=accept&sb-hc-statusCode=4o4", err: ErrStatus, want: Target{Prefixed: true, Action: ActionAccept, Path: "/a", HasStatus: true}},
}

func TestParseTarget(t *testing.T) {
	for _, c := range targets {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseTarget(c.raw)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestStatusText is the sentence that section 5.1 gives for a reject that cannot be read.
func TestStatusText(t *testing.T) {
	_, err := ParseTarget("/$hc/a?sb-hc-action=accept&sb-hc-statusCode=x")
	var e *Error
	if !errors.As(err, &e) || e.Text != "sb-hc-statusCode must be an integer between 100 and 999." {
		t.Errorf("got %v", err)
	}
}

func TestTargetVisible(t *testing.T) {
	for raw, want := range map[string]string{
		"/$hc/a/b?sb-hc-action=connect":     "/a/b",
		"/$hc/a/b?x&sb-hc-action=connect&y": "/a/b?x&y",
		"/a?":                               "/a",
		"/a/b?x=1&y":                        "/a/b?x=1&y",
		"/$hc/a?x":                          "/a?x",
		"/$hc?x":                            "/?x",
		"/a?sb-hc-token=t&x":                "/a?x",
		"/a?x&sb-hc-token=t":                "/a?x",
		"/a?x?y":                            "/a?x?y",
		"/a%3Fsb-hc-id=1?x?y":               "/a?x?y",
		"/a?sb-hc-token=/a?/a":              "/a",
		"/a?sb-hc-token=t&/a?/a":            "/a?/a?/a",
	} {
		target, err := ParseTarget(raw)
		if PathOf(raw) != target.Path {
			t.Errorf("%s has the path %q, want %q", raw, PathOf(raw), target.Path)
		}
		if err != nil || target.Visible() != want || target.VisibleIn(raw) != want || target.VisibleIn("") != want {
			t.Errorf("%s shows %q, %q in its text, %v, want %q", raw, target.Visible(), target.VisibleIn(raw), err, want)
		}
	}
	const raw = "/a/b?x=1"
	target, err := ParseTarget(raw)
	if n := testing.AllocsPerRun(10, func() { _ = target.VisibleIn(raw) }); err != nil || n != 0 {
		t.Errorf("%v allocations, %v", n, err)
	}
}

// TestTargetHidesSecrets prints a target in every way a log might.
func TestTargetHidesSecrets(t *testing.T) {
	target, err := ParseTarget("/$hc/a?x=1&sb-hc-action=listen&sb-hc-token=hunter2&sb-hc-sas-key-name=n&sb-hc-sas-key=hunter2")
	if err != nil || target.Token != "hunter2" || target.Key != "hunter2" {
		t.Fatal(target, err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, target); got != "listen /a?x=1" {
			t.Errorf("%s shows %s", verb, got)
		}
	}
}

// TestSecretsStayOut makes sure that no error repeats what it was given.
func TestSecretsStayOut(t *testing.T) {
	for _, raw := range []string{
		"/a?sb-hc-token=hunter2&sb-hc-action=hunter2", "/a?sb-hc-id=hunter2%00", "hunter2", "/" + strings.Repeat("hunter2", 10000),
		"/a?sb-hc-action=accept&sb-hc-statusCode=hunter2",
	} {
		if _, err := ParseTarget(raw); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error %v", err)
		}
	}
}

func TestParseTargetAllocatesLittle(t *testing.T) {
	raw := "/$hc/hyco/suf/fix?p=v&sb-hc-action=accept&sb-hc-id=11111111-2222-3333-4444-555555555555_G1"
	if allocs := testing.AllocsPerRun(100, func() {
		if _, err := ParseTarget(raw); err != nil {
			t.Fatal(err)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations a run", allocs)
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, c := range targets {
		if len(c.raw) < 1000 {
			f.Add(c.raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := ParseTarget(raw)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, ErrTarget) && !errors.Is(err, ErrStatus) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if got.Path == "" || got.Path[0] != '/' {
			t.Fatalf("path %q", got.Path)
		}
		if got.HasStatus && (got.Action != ActionAccept || got.Status < 100 || got.Status > 999) {
			t.Fatalf("status %d with %s", got.Status, got.Action)
		}
		// What is shown to the listener has nothing of ours left, so it parses to itself as a plain request.
		again, err := ParseTarget(got.Visible())
		if err != nil || again.Query != got.Query || again.ID != "" || again.Token != "" || again.Key != "" || again.Action != ActionConnect {
			t.Fatalf("%q shows %q, which is read as %+v, %v", raw, got.Visible(), again, err)
		}
	})
}
